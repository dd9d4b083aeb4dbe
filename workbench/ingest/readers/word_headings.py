"""Headings of Word files whose author never used heading styles: told by their looks, and only in such files.

A bold or capital line of its own counts; where a single heading style is used in a file, this is never asked.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from workbench.ingest.readers.packages import attribute, child, local
from workbench.ingest.readers.word_text import line_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

LONGEST_HEADING = 100
_OFF = {"0", "false", "off", "none"}


def body_size(paragraphs: Iterable[Element]) -> int:
    """The type size most characters have, in half points; 0 when none is stated."""
    sizes: Counter[int] = Counter()
    for paragraph in paragraphs:
        for run in _runs(paragraph):
            sizes[_size(run)] += len(line_of(run))
    return sizes.most_common(1)[0][0] if sizes else 0


def looks_like_level(paragraph: Element, text: str, usual_size: int) -> int:
    """Heading level by looks: 1 for larger type than usual, 2 for a bold or capital line, 0 for body text."""
    if not 3 <= len(text) <= LONGEST_HEADING or "\n" in text or text.endswith((".", ";", ",", ":", "?", "!")):
        return 0
    runs = [run for run in _runs(paragraph) if line_of(run)]
    bold = bool(runs) and all(_is_bold(run) for run in runs)
    capital = text.isupper() and sum(letter.isalpha() for letter in text) > 3
    if not bold and not capital:
        return 0
    larger = bool(runs) and usual_size > 0 and min(_size(run) for run in runs) > usual_size
    return 1 if larger else 2


def _runs(paragraph: Element) -> list[Element]:
    return [element for element in walk(paragraph) if local(element) == "r"]


def _is_bold(run: Element) -> bool:
    mark = child(run, "rPr", "b")
    return mark is not None and (attribute(mark, "val") or "on").casefold() not in _OFF


def _size(run: Element) -> int:
    value = attribute(child(run, "rPr", "sz"), "val") or ""
    return int(value) if value.isdecimal() and len(value) < 6 else 0
