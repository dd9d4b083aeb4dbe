"""Which documents of a corpus have a newer version beside them, and which are copies of one another.

Two documents are versions when their texts overlap and their names or dates say which is newer; nothing is read from
meaning. It does not decide which version was the right one for a question.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from workbench.observing import words
from workbench.records import Document

RUN = 5
TABLE_SUFFIXES = (".csv", ".tsv", ".xlsx")
LARGEST_GROUP = 25
MOST_CHARACTERS = 5_000_000
SAME_TEXT = 0.30
SAME_TEXT_WITHOUT_NAME = 0.80
SAME_NAME = 0.5

EDITION_WORDS = frozenset({"edition", "ed", "version", "v", "rev", "revision", "issue", "release"})
STATE_WORDS = frozenset({
    "final", "copy", "draft", "new", "old", "latest", "superseded", "section", "sec", "s", "current", "signed", "the", "of"
})  # fmt: skip
_PART = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Versions:
    """Version relations of a corpus.

    Attributes:
        newer: doc_id -> id of a newer version, where there is one.
        copies: ids of documents whose words equal those of an earlier one.
    """

    newer: Mapping[str, str]
    copies: frozenset[str]


def versions_of(documents: Sequence[Document]) -> Versions:
    """Finds versions among documents that share rare runs of five words.

    A pair are versions when at least 30 % of the runs of the shorter text are in the other and their names, file name first,
    differ in one edition number or year, or when at least 80 % are and both carry different dates.
    Runs shared by more than 25 documents are boilerplate and count for nothing. Above 5 million characters only every
    second, third, ... run is looked at, the same ones in all documents.
    """
    runs = _rare_runs(documents)
    newer: dict[str, str] = {}
    for left, right in sorted(_candidates(runs)):
        older, younger = documents[left], documents[right]
        likeness = len(runs[left] & runs[right]) / min(len(runs[left]), len(runs[right]))
        order = _order(older, younger, likeness)
        if order > 0:
            older, younger = younger, older
        if order:
            newer.setdefault(older.doc_id, younger.doc_id)
    return Versions(newer, _copies(documents))


def _rare_runs(documents: Sequence[Document]) -> list[frozenset[int]]:
    step = max(1, sum(len(document.text) for document in documents) // MOST_CHARACTERS)
    runs = [frozenset(run for run in _hashed_runs(document.text) if run % step == 0) for document in documents]
    holders: dict[int, int] = defaultdict(int)
    for run in (run for found in runs for run in found):
        holders[run] += 1
    return [frozenset(run for run in found if holders[run] <= LARGEST_GROUP) for found in runs]


def _hashed_runs(text: str) -> Iterator[int]:
    tokens = words(text)
    for start in range(len(tokens) - RUN + 1):
        # crc32, since the built-in hash of a text differs from one process to the next.
        yield zlib.crc32(" ".join(tokens[start : start + RUN]).encode())


def _candidates(runs: Sequence[frozenset[int]]) -> Iterator[tuple[int, int]]:
    """Pairs of documents that share at least 30 % of the rare runs of the shorter one."""
    holders: dict[int, list[int]] = defaultdict(list)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for index, found in enumerate(runs):
        for run in found:
            for other in holders[run]:
                shared[other, index] += 1
            holders[run].append(index)
    return (pair for pair, count in shared.items() if count >= SAME_TEXT * min(len(runs[pair[0]]), len(runs[pair[1]])))


def _order(left: Document, right: Document, likeness: float) -> int:
    """-1 where the left document is older, 1 where it is newer, 0 where the two are no versions of each other."""
    if left.source.path == right.source.path and left.source.path.endswith(TABLE_SUFFIXES):
        return 0  # Rows of one table look alike and are different things.
    names = zip(_names(left), _names(right), strict=True)
    by_name = next((order for pair in names if (order := _order_of_names(*pair))), 0)
    if by_name:
        return by_name
    dated = left.updated_on and right.updated_on and left.updated_on != right.updated_on
    if not dated or likeness < SAME_TEXT_WITHOUT_NAME or words(left.text) == words(right.text):
        return 0
    if not _alike(_letters(_names(left)[0]), _letters(_names(right)[0])) or _identity(left) != _identity(right):
        return 0
    return -1 if str(left.updated_on) < str(right.updated_on) else 1


def _names(document: Document) -> tuple[list[str], list[str]]:
    stem = (
        PurePosixPath(document.doc_id.partition("#")[0]).stem
        if "/" in document.doc_id or "." in document.doc_id
        else ""
    )
    return _parts(stem), _parts(document.title)


def _parts(name: str) -> list[str]:
    return [part.casefold() for part in _PART.findall(name)]


def _letters(parts: Iterable[str]) -> frozenset[str]:
    return frozenset(part for part in parts if not part.isdigit() and part not in STATE_WORDS | EDITION_WORDS)


def _identity(document: Document) -> frozenset[int]:
    """Numbers of the file name that are no years: two papers with different ones are different papers."""
    return frozenset(int(part) for part in _names(document)[0] if part.isdigit() and not _is_year(part))


def _alike(left: frozenset[str], right: frozenset[str]) -> bool:
    return bool(left | right) and len(left & right) / len(left | right) >= SAME_NAME


def _order_of_names(left: list[str], right: list[str]) -> int:
    if not _alike(_letters(left), _letters(right)):
        return 0
    ours, theirs = _edition(left, right), _edition(right, left)
    if ours is None or theirs is None or ours == theirs:
        return 0
    return -1 if ours < theirs else 1


def _edition(parts: list[str], other: list[str]) -> int | None:
    """The one number in which a name differs from the other, where it reads as an edition or a year; else None."""
    numbers, others = _numbers(parts), _numbers(other)
    own = [number for number in numbers if number not in others]
    if len(own) != 1:
        return None
    number = own[0]
    stated = any(
        before in EDITION_WORDS and after.isdigit() and int(after) == number for before, after in pairwise(parts)
    )
    years = {found for found in numbers & others if _is_year(str(found))}
    # "MB 2026-17" and "MB 2026-18" are two papers of one year, not two editions.
    return number if stated or (_is_year(str(number)) and not years) else None


def _numbers(parts: Iterable[str]) -> frozenset[int]:
    return frozenset(int(part) for part in parts if part.isdigit())


def _is_year(part: str) -> bool:
    return (len(part) == 2 and 15 <= int(part) <= 39) or (len(part) == 4 and 1990 <= int(part) <= 2039)


def _copies(documents: Sequence[Document]) -> frozenset[str]:
    seen: set[str] = set()
    copies = set()
    for document in documents:
        text = " ".join(words(document.text))
        if text and text in seen:
            copies.add(document.doc_id)
        seen.add(text)
    return frozenset(copies)
