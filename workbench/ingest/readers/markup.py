"""HTML: the text a reader of the page would read, with its headings, tables and lists.

What surrounds the text on every page of a site is left out by `html_clutter`; nothing is fetched, run or laid out.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.ingest.readers.extracted import Extracted, TextBuilder
from workbench.ingest.readers.flat_html import flat_text, nesting
from workbench.ingest.readers.html_clutter import without_clutter
from workbench.ingest.readers.html_facts import html_dates, html_facts, html_title
from workbench.ingest.readers.text import bounded_bytes, declared_charset, decode_text

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

MAX_MARKUP_BYTES = 24 * 2**20
"""A page above this is refused: as a tree it takes some twenty times its size in memory."""
MAX_NESTING = 500
"""Elements open at once; beyond, time grows with the square of the depth, and only a fault or an attack nests so."""
MAX_COLUMNS = 60
"""Columns a cell may span; more are a joke or an attack."""

HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "html", "li", "main", "menu", "ol", "p",
    "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "br",
})  # fmt: skip
"""Elements that begin a new line."""


def read_html(path: Path) -> Extracted:
    """HTML: one line a block, one line a table row with cells separated by ` | `, headings as sections, images by their alt text.

    Scripts, styles, navigation and hidden elements are left out.

    Raises:
        InputError: larger than `MAX_MARKUP_BYTES`, or not text.
    """
    data = bounded_bytes(path, MAX_MARKUP_BYTES)
    decoded = decode_text(data, path.name, declared_charset(data))
    found = html_content(decoded.text)
    return Extracted(
        found.title, found.text, found.metadata, found.dates, found.sections, (*decoded.warnings, *found.warnings)
    )


def html_content(html: str) -> Extracted:
    """The same for a page that is already decoded: a part of a mail, a chapter of a book."""
    if nesting(html) > MAX_NESTING:
        return Extracted(
            "", flat_text(html), warnings=("elements nest too deep to tell headings and menus; read as plain text",)
        )
    soup = parse_html(html)
    title, facts, dates = html_title(soup), html_facts(soup), html_dates(soup)
    notes = without_clutter(soup)
    images = soup.find_all("img")
    silent = sum(not str(image.get("alt") or "").strip() for image in images)
    if silent:
        notes = (*notes, f"{silent} of {len(images)} images have no text that describes them and were not read")
    builder = TextBuilder()
    for line, level in _lines(soup):
        if level:
            builder.heading(line, level)
        else:
            builder.add(line)
    return Extracted(title, builder.text(), facts, dates, builder.sections(), notes)


def parse_html(html: str) -> BeautifulSoup:
    """The tree of a page, however malformed."""
    from bs4 import BeautifulSoup

    html = re.sub(r"\A\s*<\?xml[^>]{0,200}\?>", "", html)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # it warns of pages that are short like a file name, or XML: neither matters here
        return BeautifulSoup(html, "lxml")


def _lines(soup: BeautifulSoup) -> Iterator[tuple[str, int]]:
    """Lines of the page, each with its heading level, 0 for text. Walks without recursion: pages nest as deep as they like."""
    from bs4.element import NavigableString, PreformattedString, Tag

    line: list[str] = []
    waiting: list[object] = [soup]
    while waiting:
        node = waiting.pop()
        if node is _BREAK:
            yield from _flushed(line)
            line = []
        elif isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString):
                line.append(str(node))
        elif isinstance(node, Tag):
            whole = list(_whole(node))
            if whole:
                yield from _flushed(line)
                line = []
                yield from whole
            elif node.name == "img":
                line.append(f" {str(node.get('alt') or '').strip()} ")
            elif node.name in BLOCKS:
                waiting += [_BREAK, *reversed(node.contents), _BREAK]
            else:
                waiting += reversed(node.contents)
    yield from _flushed(line)


_BREAK = object()


def _flushed(line: list[str]) -> Iterator[tuple[str, int]]:
    text = " ".join("".join(line).split())
    if text:
        yield text, 0


def _whole(tag: Tag) -> Iterator[tuple[str, int]]:
    """Lines of an element that is read as a whole: a heading, preformatted text, a table of data."""
    if tag.name in HEADINGS:
        text = _one_line(tag)
        if text:
            yield text, HEADINGS[tag.name]
    elif tag.name == "pre":
        yield from ((line.rstrip(), 0) for line in tag.get_text().split("\n") if line.strip())
    elif tag.name == "table" and not tag.find(["table", *HEADINGS]):
        yield from ((row, 0) for row in _table_rows(tag))


def _one_line(tag: Tag) -> str:
    """All text of an element in one line, blocks within separated by a blank."""
    from bs4.element import NavigableString, PreformattedString, Tag

    pieces: list[str] = []
    for node in tag.descendants:
        if isinstance(node, Tag):
            pieces.append(f" {node.get('alt') or ''} " if node.name == "img" else " " if node.name in BLOCKS else "")
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            pieces.append(str(node))
    return " ".join("".join(pieces).split())


def _table_rows(table: Tag) -> Iterator[str]:
    """Caption and rows; columns without any text, which only space the table out, are left out."""
    captions = table.find_all("caption")
    yield from filter(None, map(_one_line, captions))
    rows = [_cells(row) for row in table.find_all("tr")]
    width = max(map(len, rows), default=0)
    filled = [any(len(row) > column and row[column] for row in rows) for column in range(width)]
    for row in rows:
        cells = [cell for cell, kept in zip(row, filled, strict=False) if kept]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield " | ".join(cells)


def _cells(row: Tag) -> list[str]:
    cells: list[str] = []
    for cell in row.find_all(["td", "th"]):
        span = str(cell.get("colspan", "1"))
        columns = min(int(span), MAX_COLUMNS) if span.isascii() and span.isdigit() and len(span) < 5 else 1
        cells += [_one_line(cell), *[""] * (columns - 1)]
    return cells
