"""Feedback: what the values mean, on the scale the whole file uses.

Nothing is interpreted beyond liked or disliked, and marks on a scale that cannot be told are not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from workbench.ingest.logs.aliases import without_accents
from workbench.ingest.logs.formats import log_formats
from workbench.ingest.logs.values import number_of

SCALES: Mapping[str, float] = {"1 to 5": 5.0, "1 to 10": 10.0, "0 to 100": 100.0}
"""Scale a person can name -> its highest mark; anything up to 1 is thumbs and needs no naming."""
_STARS = re.compile(r"\s*(?=.{0,4}[★⭐])[★⭐☆\ufe0f]{1,10}\s*")
_OF = re.compile(r"\s*(?:(?:/|of|out of)\s*(?P<of>\d{1,3})|(?P<stars>stars?)|(?P<share>%))\s*$")
LIKED_FROM, DISLIKED_TO = 0.8, 0.4
"""Shares of the highest mark: 4 and 5 stars of 5 are liked, 1 and 2 are not; 8 to 10 and 1 to 4 of 10 alike."""


def liked(value: object, scale: Sequence[float], top: float | None = None) -> int | None:
    """Feedback as 1 (liked), -1 (disliked) or None (none, or neither).

    Args:
        value: as logged: words, thumbs, yes or no, 1/-1, 1/0, marks.
        scale: all numbers the column holds. Without a -1, 0 means disliked; one above 1 means marks.
        top: the highest mark, where marks are given; None leaves them unread, unless `scale` tells it (`highest_mark`).
    """
    number = leading_number(value)
    if number is None:
        return liked_word(value)
    if max(scale, default=0) > 1:
        highest = top or highest_mark(scale)
        if highest is None:
            return None
        return 1 if number >= LIKED_FROM * highest else -1 if number <= DISLIKED_TO * highest else None
    disliked = number < 0 or (number == 0 and min(scale, default=0) >= 0)
    return 1 if number > 0 else -1 if disliked else None


def liked_word(value: object) -> int | None:
    """What a word, a thumb or a yes or no says; None for anything else."""
    word = re.sub(r"[\s_:-]", "", without_accents(str(value).lower())) if isinstance(value, str | bool) else ""
    words = log_formats()["feedback_words"]
    return 1 if word in words["up"] else -1 if word in words["down"] else None


def highest_mark(scale: Sequence[float]) -> float | None:
    """The highest mark of a scale as the marks given tell it: 5 or 10; None when they do not, or no marks are given.

    Marks up to 5 are five stars once a 5 was given; with one above 5 they are ten. Lower ones can be of either.
    """
    highest = max(scale, default=0)
    if highest == 5:
        return 5.0
    return 10.0 if 5 < highest <= 10 else None


def feedback_scale(values: Iterable[object]) -> tuple[float, ...]:
    """The distinct numbers among feedback values, lowest first; "4/5" counts as 4."""
    numbers = map(leading_number, values)
    return tuple(sorted({number for number in numbers if number is not None}))


def stated_top(value: object) -> float | None:
    """The highest mark a value states itself: "4/5", "4 stars", "80%"; None when it states none."""
    if not isinstance(value, str):
        return None
    if _STARS.fullmatch(value):
        return 5.0
    match = _OF.search(value)
    if match is None:
        return None
    return {"stars": 5.0, "share": 100.0}.get(match.lastgroup or "") or float(match["of"]) or None


def is_feedback(value: object) -> bool:
    """Whether a value can be feedback at all."""
    return liked(value, (-1.0, 1.0)) is not None or leading_number(value) is not None


def leading_number(value: object, decimal: str = ".") -> float | None:
    """The number a value is or begins with: 4, "4", "4/5", "4 stars", "★★★★☆", "80%".

    Args:
        value: as logged.
        decimal: the mark before decimals in texts that can be read both ways.
    """
    if isinstance(value, str):
        if _STARS.fullmatch(value):
            return float(sum(map(value.count, "★⭐")))
        value = _OF.sub("", value)
    return number_of(value, decimal)
