"""Feedback and reviews: what the values mean, and lines that bring them in after the question was logged.

Neither is interpreted beyond liked or disliked; a review stays the word the log uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.ingest.log_formats import log_formats
from workbench.ingest.log_values import number_of
from workbench.records import Interaction, Source


@dataclass(frozen=True, slots=True)
class Addition:
    """A line without a question that adds feedback or a review to the interaction of the same id; feedback as logged."""

    interaction_id: str
    feedback: object
    review: str | None
    review_seconds: float | None
    place: Source


def liked(value: object, scale: Sequence[float]) -> int | None:
    """Feedback as 1 (liked), -1 (disliked) or None (none, or neither).

    Args:
        value: as logged: words, thumbs, yes or no, 1/-1, 1/0, stars.
        scale: all numbers the column holds. One above 1 means stars (4 and 5 liked, 1 and 2 not); without a -1, 0 means disliked.
    """
    number = _leading_number(value)
    if number is not None and max(scale, default=0) > 1:
        return 1 if number >= 4 else -1 if number <= 2 else None
    if number is not None:
        disliked = number < 0 or (number == 0 and min(scale, default=0) >= 0)
        return 1 if number > 0 else -1 if disliked else None
    word = re.sub(r"[\s_:-]", "", str(value).lower()) if isinstance(value, str | bool) else ""
    words = log_formats()["feedback_words"]
    return 1 if word in words["up"] else -1 if word in words["down"] else None


def feedback_scale(values: Iterable[object]) -> tuple[float, ...]:
    """The distinct numbers among feedback values, lowest first; "4/5" counts as 4."""
    numbers = map(_leading_number, values)
    return tuple(sorted({number for number in numbers if number is not None}))


def is_feedback(value: object) -> bool:
    """Whether a value can be feedback at all."""
    return liked(value, (-1.0, 1.0)) is not None or _leading_number(value) is not None


def _leading_number(value: object) -> float | None:
    return number_of(re.sub(r"\s*(/\s*\d+|stars?)$", "", value) if isinstance(value, str) else value)


def with_feedback(interactions: Iterable[Interaction], raw: Mapping[str, object]) -> Iterator[Interaction]:
    """Interactions of one file with their feedback read on the scale the whole file uses.

    Args:
        interactions: of one file.
        raw: locator -> feedback as logged.
    """
    scale = feedback_scale(raw.values())
    for entry in interactions:
        given = raw.get(entry.source.locator)
        yield entry if given is None else replace(entry, feedback=liked(given, scale))


def with_additions(
    interactions: Sequence[Interaction], additions: Sequence[Addition]
) -> tuple[list[Interaction], list[str]]:
    """Interactions with later feedback and reviews of the same id added, and a fault when additions fit none."""
    scale = feedback_scale(entry.feedback for entry in additions)
    later: dict[str, list[Addition]] = {}
    for addition in additions:
        later.setdefault(addition.interaction_id, []).append(addition)
    merged = [_merged(entry, later.get(entry.interaction_id, ()), scale) for entry in interactions]
    asked = {entry.interaction_id for entry in interactions}
    lost = [addition for addition in additions if addition.interaction_id not in asked]
    if not lost:
        return merged, []
    place = lost[0].place
    return merged, [
        f"{place.path} {place.locator}: feedback or review for '{lost[0].interaction_id}', which no line asks; "
        f"{len(lost):,} such lines are left out; add the file that holds the questions"
    ]


def _merged(entry: Interaction, additions: Sequence[Addition], scale: Sequence[float]) -> Interaction:
    for addition in additions:
        given = None if addition.feedback is None else liked(addition.feedback, scale)
        entry = replace(
            entry,
            feedback=entry.feedback if given is None else given,
            review=addition.review or entry.review,
            review_seconds=entry.review_seconds if addition.review_seconds is None else addition.review_seconds,
        )
    return entry
