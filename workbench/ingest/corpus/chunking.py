"""Cuts documents into passages that keep their place: every passage is a slice of its document's text.

Cuts fall between sentences or lines where that is possible, and always at a new sheet, slide, chapter or section of one; nothing
is rewritten, merged or repeated.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from workbench.records import Document, Passage, Section

MAX_WORDS = 220
"""White-space words a passage may hold, about 290 word pieces of English; the embedded encoder reads the first 256 of them.

On SciFact, 180, 200 and 220 words gave nDCG@10 of 0.640, 0.638 and 0.641 dense, 0.715 and 0.722 hybrid (180 and 220).
"""

MIN_WORDS = 40
"""Words below which a sheet, slide or section is not cut off by itself: a heading with one line says nothing alone."""
CUTTING_LEVEL = 2
"""Headings of this level and above begin a passage; those below stand inside one."""

_WORD = re.compile(r"\S+")
_UNIT_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|\n+|\f")


def chunk_all(documents: Iterable[Document], *, max_words: int = MAX_WORDS) -> list[Passage]:
    """Passages of all documents, in document order."""
    return [passage for document in documents for passage in chunk(document, max_words=max_words)]


def chunk(document: Document, *, max_words: int = MAX_WORDS) -> list[Passage]:
    """Passages of one document, at most `max_words` white-space words each, in text order.

    A document without words gives no passage. A sentence longer than `max_words` is cut between words.

    Raises:
        ValueError: `max_words` is below 1.

    >>> from workbench.records import Source
    >>> text = "One two three. Four five six. Seven."
    >>> [p.text for p in chunk(Document("d", "t", text, Source("d.txt")), max_words=4)]
    ['One two three.', 'Four five six. Seven.']
    """
    if max_words < 1:
        raise ValueError(f"max_words must be 1 or more, got {max_words}")
    spans = (
        (begin + start, begin + end)
        for begin, stretch in _stretches(document)
        for start, end in _pack(_units(stretch, max_words), max_words)
    )
    starts = [section.start for section in document.sections]
    return [_passage(document, number, span, starts) for number, span in enumerate(spans)]


def with_context(passage: Passage) -> str:
    r"""The passage with its document's title and the headings above it in a line before, for an encoder that should see them.

    >>> with_context(Passage("d::0", "d", "Report it.", 0, 10, "Manual", ("Claims", "Theft")))
    'Manual > Claims > Theft\nReport it.'
    """
    names = [name for name in (passage.title, *passage.headings) if name]
    path = [name for number, name in enumerate(names) if number == 0 or name != names[number - 1]]
    return f"{' > '.join(path)}\n{passage.text}" if path else passage.text


def _passage(document: Document, number: int, span: tuple[int, int], starts: Sequence[int]) -> Passage:
    start, end = span
    above = bisect_right(starts, start) - 1
    section = document.sections[above] if above >= 0 else Section(0)
    return Passage(
        f"{document.doc_id}::{number}",
        document.doc_id,
        document.text[start:end],
        start,
        end,
        document.title,
        section.headings,
        section.locator,
    )


def _stretches(document: Document) -> Iterator[tuple[int, str]]:
    """Where each stretch begins that passages stay inside of, and its text; those of few words are joined to the next one."""
    begin, text = 0, document.text
    cuts = [later.start for earlier, later in pairwise((Section(0), *document.sections)) if _cuts(earlier, later)]
    for cut in cuts:
        # A short rest stays with the stretch before it: there is nothing behind it to be joined to.
        if _is_long(text, begin, cut) and _is_long(text, cut, len(text)):
            yield begin, text[begin:cut]
            begin = cut
    yield begin, text[begin:]


def _cuts(earlier: Section, later: Section) -> bool:
    """Whether a new sheet or slide begins, or another heading of a high level; a new page does not matter."""
    if later.locator != earlier.locator and later.locator.startswith(("sheet", "slide")):
        return True
    return later.headings[:CUTTING_LEVEL] != earlier.headings[:CUTTING_LEVEL]


def _is_long(text: str, begin: int, end: int) -> bool:
    words = _WORD.finditer(text, begin, end)
    return sum(1 for _ in zip(range(MIN_WORDS), words, strict=False)) == MIN_WORDS


def _units(text: str, max_words: int) -> Iterator[list[tuple[int, int]]]:
    """Word spans of each sentence or line, cut where one is longer than a passage may be."""
    cuts = [match.start() for match in _UNIT_END.finditer(text)]
    words = [match.span() for match in _WORD.finditer(text)]
    unit: list[tuple[int, int]] = []
    following = 0
    for span in words:
        while following < len(cuts) and cuts[following] <= span[0]:
            if unit:
                yield unit
                unit = []
            following += 1
        if len(unit) == max_words:
            yield unit
            unit = []
        unit.append(span)
    if unit:
        yield unit


def _pack(units: Iterable[Sequence[tuple[int, int]]], max_words: int) -> Iterator[tuple[int, int]]:
    """Character spans of passages: as many whole units as fit."""
    start, end, words = 0, 0, 0
    for unit in units:
        if words and words + len(unit) > max_words:
            yield start, end
            words = 0
        if not words:
            start = unit[0][0]
        end = unit[-1][1]
        words += len(unit)
    if words:
        yield start, end
