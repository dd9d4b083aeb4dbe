"""Lines that stand in many documents: headers, footers, disclaimers, page numbers.

A line counts by its words with digits set aside, so "Page 3 of 12" is one line wherever it stands; in the record of a table
digits are data and count. Whether such a line may be dropped from a search index is not decided here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.compute import Progress, scaled
from workbench.health.progress import told
from workbench.health.versions import TABLE_SUFFIXES
from workbench.records import Boilerplate, Document

FEWEST_DOCUMENTS = 5
SHARE_OF_DOCUMENTS = 0.10
FEWEST_LETTERS = 3
LONGEST_SHOWN = 200
MOST_LINES = 100
SLOTS = 1 << 24

# What `str.splitlines` calls a line end, without a copy of the text.
_LINE = re.compile("[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class BoilerplateLines:
    """Boilerplate of a corpus.

    Attributes:
        lines: the hundred that make up most of it, the most first.
        characters: what all such lines make up together.
        documents: documents with at least two different lines, the only ones looked at.
    """

    lines: tuple[Boilerplate, ...]
    characters: int
    documents: int


@dataclass(slots=True)
class _Tally:
    shown: str
    texts: int = 0
    documents: int = 0
    characters: int = 0


def boilerplate_of(
    documents: Sequence[Document], copies: frozenset[int] = frozenset(), *, progress: Progress | None = None
) -> BoilerplateLines:
    """Lines in at least 5 documents and at least 10 % of those with two or more lines.

    A copy does not make its lines stand in one document more for that rule, but its lines are counted. Lines with fewer than
    three letters are left out. Memory is bounded: a first reading counts lines in a table of 16 million slots, a second one
    keeps only lines whose slot is full enough, and those are counted exactly.

    Args:
        documents: the corpus.
        copies: positions of documents with the same words as an earlier one.
        progress: called with the share done, 0 to 1, and what is being done.
    """
    slots, looked_at, distinct = _count(documents, copies, scaled(progress, 0.0, 0.5))
    fewest = max(FEWEST_DOCUMENTS, SHARE_OF_DOCUMENTS * distinct)
    tallies: dict[str, _Tally] = {}
    for position, document in enumerate(told(documents, scaled(progress, 0.5, 1.0), "Counting repeated lines")):
        if position in looked_at:
            _tally(document, tallies, slots, fewest, position in copies)
    found = [
        Boilerplate(tally.shown[:LONGEST_SHOWN], tally.documents, tally.characters)
        for tally in tallies.values()
        if tally.texts >= fewest
    ]
    found.sort(key=lambda line: (-line.characters, -line.documents, line.line))
    return BoilerplateLines(tuple(found[:MOST_LINES]), sum(line.characters for line in found), len(looked_at))


def _count(
    documents: Sequence[Document], copies: frozenset[int], progress: Progress
) -> tuple[np.ndarray, set[int], int]:
    """Documents a slot, positions of the documents with two lines, and how many of those are no copies."""
    slots = np.zeros(SLOTS, dtype=np.uint32)
    looked_at: set[int] = set()
    for position, document in enumerate(told(documents, progress, "Looking for repeated lines")):
        keys = {key for key, _ in lines_of(document.text, digits=_digits_count(document))}
        if len(keys) > 1:
            looked_at.add(position)
            if position not in copies:
                slots[list({_slot(key) for key in keys})] += 1
    return slots, looked_at, len(looked_at - copies)


def _tally(document: Document, tallies: dict[str, _Tally], slots: np.ndarray, fewest: float, copy: bool) -> None:
    met: set[str] = set()
    for key, line in lines_of(document.text, digits=_digits_count(document)):
        if slots[_slot(key)] < fewest:
            continue
        tally = tallies.setdefault(key, _Tally(line))
        tally.characters += len(line)
        if key not in met:
            met.add(key)
            tally.documents += 1
            tally.texts += not copy


def lines_of(text: str, *, digits: bool = False) -> Iterator[tuple[str, str]]:
    r"""Each line with three letters or more: what it is counted by, and itself with single spaces.

    Args:
        text: of a document.
        digits: whether lines with different digits are different lines.

    >>> list(lines_of("Page 3  of 12\f--\n17\nPage 4 of 12"))
    [('page 0 of 0', 'Page 3 of 12'), ('page 0 of 0', 'Page 4 of 12')]
    """
    for match in _LINE.finditer(text):
        line = " ".join(match[0].split())
        if sum(map(str.isalpha, line[:LONGEST_SHOWN])) >= FEWEST_LETTERS:
            yield (line if digits else _DIGITS.sub("0", line)).casefold(), line


def holds_line(document: Document, shown: str) -> bool:
    """Whether a document holds a boilerplate line, given as it is shown."""
    digits = _digits_count(document)
    key = next((key for key, _ in lines_of(shown, digits=digits)), None)
    return key is not None and any(
        found == key or (len(shown) == LONGEST_SHOWN and found.startswith(key))
        for found, _ in lines_of(document.text, digits=digits)
    )


def _digits_count(document: Document) -> bool:
    return document.source.path.endswith(TABLE_SUFFIXES)


def _slot(key: str) -> int:
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) % SLOTS
