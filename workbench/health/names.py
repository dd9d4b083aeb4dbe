"""What the names of two documents say about which is the newer version: an edition, a year, "old" or "superseded".

A name alone makes no version; whether the texts overlap is looked at in `versions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from workbench.records import Document

SAME_NAME = 0.5
SAME_TEXT_SHORT_NAME = 0.6
SAME_TEXT_EDITION = 0.5
"""Below this "v20" and "v21" may be two papers of one layout: change logs, minutes, issues of a newsletter."""

EDITION_WORDS = frozenset({"edition", "ed", "version", "v", "rev", "revision", "issue", "release"})
OLD_WORDS = frozenset({"old", "superseded", "obsolete", "outdated", "withdrawn"})
STATE_WORDS = OLD_WORDS | {
    "final",
    "copy",
    "draft",
    "new",
    "latest",
    "section",
    "sec",
    "s",
    "current",
    "signed",
    "the",
    "of",
}
_PART = re.compile(r"[^\W\d_]+|\d+")

EDITION, YEAR, STATE = "edition in the name", "year in the name", "state in the name"


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart.

    Attributes:
        letters: its words, without those for editions and states.
        numbers: its numbers, without a stated edition.
        edition: the edition it states ("v2", "rev 3"), None where it states none.
        old: whether it says that it is old, superseded or the like.
    """

    letters: frozenset[str]
    numbers: frozenset[int]
    edition: int | None
    old: bool


def names_of(document: Document) -> tuple[Name, Name]:
    """The name of the file, without folder and suffix, and the title."""
    path = document.doc_id.partition("#")[0]
    return read_name(PurePosixPath(path).stem if "/" in path or "." in path else ""), read_name(document.title)


def read_name(name: str) -> Name:
    """A name taken apart.

    >>> name = read_name("HO-W-23 Section 03 Contents FINAL_v2")
    >>> sorted(name.letters), sorted(name.numbers), name.edition, name.old
    (['contents', 'ho', 'w'], [3, 23], 2, False)
    """
    parts = [part.casefold() for part in _PART.findall(name)]
    edition: int | None = None
    numbers = set()
    for before, part in zip(["", *parts], parts, strict=False):
        if not part.isdecimal() or len(part) > 18:
            continue
        if before in EDITION_WORDS:
            edition = max(edition or 0, int(part))
        else:
            numbers.add(int(part))
    return Name(_letters(parts), frozenset(numbers), edition, not OLD_WORDS.isdisjoint(parts))


def order_of_names(left: Name, right: Name, likeness: float) -> tuple[int, str]:
    """-1 where the left name says that it is the older version, 1 the newer, 0 where the names do not tell; and by what.

    Args:
        left: a name.
        right: another.
        likeness: share of the shorter text that stands in the other one, 0 to 1.
    """
    if not alike(left, right) and not (likeness >= SAME_TEXT_SHORT_NAME and _shortened(left, right)):
        return 0, ""
    ours, theirs = left.numbers - right.numbers, right.numbers - left.numbers
    if len(ours) == len(theirs) == 1:
        # "MB 2026-17" and "MB 2026-18" are two papers of one year, not two editions.
        years = all(map(is_year, ours | theirs)) and not any(map(is_year, left.numbers & right.numbers))
        return (_compare(min(ours), min(theirs)), YEAR) if years else (0, "")
    by_edition = _order_of_editions(left, right) if not ours and not theirs else 0
    if by_edition and likeness >= SAME_TEXT_EDITION:
        return by_edition, EDITION
    if left.old != right.old and _only_dates(ours) and _only_dates(theirs):
        return (-1 if left.old else 1), STATE
    return 0, ""


def alike(left: Name, right: Name) -> bool:
    """Whether two names share at least half of their words."""
    every = left.letters | right.letters
    return bool(every) and len(left.letters & right.letters) / len(every) >= SAME_NAME


def own_numbers(name: Name) -> frozenset[int]:
    """Numbers of a name that are no years: two papers with different ones are different papers."""
    return frozenset(number for number in name.numbers if not is_year(number))


def is_year(number: int) -> bool:
    """Whether a number of a name reads as a year, of two digits or four."""
    return 15 <= number <= 39 or 1990 <= number <= 2039


def _letters(parts: Iterable[str]) -> frozenset[str]:
    return frozenset(part for part in parts if not part.isdecimal() and part not in STATE_WORDS | EDITION_WORDS)


def _shortened(left: Name, right: Name) -> bool:
    """Whether all words of one name are in the other, at least two of them."""
    fewer, more = sorted((left.letters, right.letters), key=len)
    return len(fewer) > 1 and fewer <= more


def _order_of_editions(left: Name, right: Name) -> int:
    if left.edition is None or right.edition is None:
        # A name without an edition beside the same name with one is the first.
        return _compare(left.edition or 1, right.edition or 1) if left.letters == right.letters else 0
    return _compare(left.edition, right.edition)


def _only_dates(numbers: Iterable[int]) -> bool:
    return all(is_year(number) or number <= 31 for number in numbers) and (not numbers or any(map(is_year, numbers)))


def _compare(left: int, right: int) -> int:
    return (left > right) - (left < right)
