"""Which sentences of an answer are marked for reading: those without support for a judge, else by the proxy.

The mark by the proxy is relative to the case, for no level of it means "unsupported" everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.answers.sentences import Sentence, sentences
from workbench.answers.support import tokens
from workbench.records import JudgedPart, RowSupport, SentenceSupport

MARKED_SHARE = 0.2
"""Share of all sentences that are marked at most."""
SAME_WORDS = 0.5
"""Share of a statement's words a sentence must hold to count as where the statement was taken from."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked place of an answer, from `start` to `end`, and why it is marked."""

    start: int
    end: int
    why: str


def mark_below(rows: Sequence[RowSupport]) -> float:
    """The support below which a sentence is marked: the lowest fifth of all sentences of these rows.

    0 without sentences. Where more than a fifth share the least support, none of them stands out, and none is marked.

    >>> from workbench.records import SentenceSupport
    >>> values = (0.9, 0.2, 0.8, 0.7, 0.6)
    >>> mark_below([RowSupport("r", 0.6, tuple(SentenceSupport(0, 1, None, v, v, 0) for v in values))])
    0.6
    """
    values = np.sort([sentence.support for row in rows for sentence in row.sentences])
    return float(values[int(MARKED_SHARE * len(values))]) if len(values) else 0.0


def marks_by_proxy(found: Sequence[SentenceSupport], below: float) -> tuple[Mark, ...]:
    """The sentences with less of the support proxy than `below`."""
    return tuple(
        Mark(one.start, one.end, f"little of it is found in the contexts: support proxy {one.support:.2f}")
        for one in found
        if one.support < below
    )


def marks_by_judge(answer: str, statements: Sequence[JudgedPart]) -> tuple[tuple[Mark, ...], int]:
    """The sentences from which statements were taken that the judge could not infer from the contexts.

    A statement is the judge's own wording: it is laid to the sentence that holds most of its words, half of them at least.

    Args:
        answer: as it was given.
        statements: with their verdicts; those with 0 are looked for.

    Returns:
        the marks in the order of the answer, and how many of the statements could be laid to no sentence.

    >>> marks, lost = marks_by_judge("Hail is covered. Rockets are too.", [JudgedPart("Rockets are covered.", 0)])
    >>> marks[0].start, marks[0].end, lost
    (17, 33, 0)
    """
    places = sentences(answer)
    why: dict[Sentence, list[str]] = {}
    lost = 0
    for statement in statements:
        if statement.verdict != 0:
            continue
        place = _origin(statement.text, places)
        if place is None:
            lost += 1
        else:
            why.setdefault(place, []).append(statement.text)
    marks = [
        Mark(place.start, place.end, f"the judge found no support for: {'; '.join(said)}")
        for place, said in why.items()
    ]
    return tuple(sorted(marks, key=lambda mark: mark.start)), lost


def _origin(statement: str, places: Sequence[Sentence]) -> Sentence | None:
    wanted = Counter(tokens(statement))
    shares = [(wanted & Counter(tokens(place.text))).total() / max(wanted.total(), 1) for place in places]
    best = max(shares, default=0.0)
    return places[shares.index(best)] if best >= SAME_WORDS else None
