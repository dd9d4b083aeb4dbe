"""Word documents (docx, also macro-enabled ones and templates): headings, paragraphs, tables and lists in reading order.

Notes, text boxes, headers and comments follow at the end under headings of their own, so that none breaks a sentence of the
main text. Page numbers are not known: Word computes them when it prints.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.ingest.readers.extracted import Extracted, TextBuilder, embedded
from workbench.ingest.readers.packages import (
    Relation,
    attribute,
    child,
    counted,
    damage_named,
    local,
    open_package,
    parse_part,
    pictures,
    properties,
    relations,
)  # fmt: skip
from workbench.ingest.readers.word_headings import body_size, looks_like_level
from workbench.ingest.readers.word_styles import Paragraphs, read_styles
from workbench.ingest.readers.word_text import (
    blocks,
    cell_text,
    is_page_number,
    line_of,
    plain_lines,
    row_text,
    table_rows,
    text_boxes,
    tracked,
    unread,
)  # fmt: skip

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NOTES = {"footnotes": "Footnotes", "endnotes": "Endnotes"}
SEPARATORS = {"separator", "continuationSeparator", "continuationNotice"}


def read_docx(path: Path) -> Extracted:
    """Word: paragraphs and tables in document order, cells separated by ` | `, list numbers as Word prints them.

    Tracked insertions are read and deletions are not; both are counted in a warning, like pictures, charts and objects.

    Raises:
        InputError: not a Word file, damaged, with a password, or unpacking to an absurd size.
    """
    with damage_named(path, "Word file", "Word"), open_package(path) as package:
        main = next(link.target for link in relations(package, "") if link.kind == "officeDocument")
        return _read(package, main)


def _read(package: zipfile.ZipFile, main: str) -> Extracted:
    body = child(parse_part(package, main), "body")
    if body is None:
        raise ValueError("a Word file without a body")
    links = relations(package, main)
    parts = {link.kind: parse_part(package, link.target) for link in links if link.kind in {"styles", "numbering"}}
    flow = _Flow(Paragraphs(read_styles(parts.get("styles")), parts.get("numbering")), body)
    flow.read(body)
    flow.append("Text boxes", text_boxes(body))
    for kind, heading in NOTES.items():
        flow.append(heading, (text for link in _of(links, kind) for text in _notes(parse_part(package, link.target))))
    headers = (parse_part(package, link.target) for kind in ("header", "footer") for link in _of(links, kind))
    flow.append("Header and footer", _margins(headers))
    flow.append("Comments", (text for link in _of(links, "comments") for text in _comments(package, link)))
    known = properties(package)
    return Extracted(
        known.title or flow.title or flow.first_heading,
        flow.builder.text(),
        {"author": known.author} if known.author else {},
        embedded(known.created, known.modified),
        flow.builder.sections(),
        (*_changes(*tracked(body)), *_unread_warnings(unread(body))),
    )


class _Flow:
    """The text as it is read: a block at a time, with the title and first heading met on the way."""

    def __init__(self, paragraphs: Paragraphs, body: Element) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self.first_heading = ""
        self._paragraphs = paragraphs
        plain = [block for block in blocks(body) if local(block) == "p"]
        self._styled = any(paragraphs.style(paragraph).level for paragraph in plain)
        self._usual_size = 0 if self._styled else body_size(plain)

    def read(self, parent: Element) -> None:
        """Add what stands below an element."""
        for block in blocks(parent):
            if local(block) == "p":
                self._paragraph(block)
            else:
                self._table(block)

    def append(self, heading: str, lines: Iterable[str]) -> None:
        """Add lines that stand outside the flow under a heading of their own; nothing when there are none."""
        found = [line for line in lines if line]
        if found:
            self.builder.heading(heading, 1)
            for line in found:
                self.builder.add(line)

    def _paragraph(self, paragraph: Element) -> None:
        text, style = self._line(paragraph), self._paragraphs.style(paragraph)
        if not text:
            return
        if style.level:
            self.first_heading = self.first_heading or " ".join(text.split())
            self.builder.heading(text, style.level)
            return
        if style.title:
            self.title = self.title or " ".join(text.split())
        level = 0 if self._styled or style.title else looks_like_level(paragraph, text, self._usual_size)
        if level:
            self.builder.heading(text, level)
        else:
            self.builder.add(text)

    def _line(self, paragraph: Element) -> str:
        """Text with its list number; an empty paragraph does not count in its list."""
        text = line_of(paragraph)
        return f"{self._paragraphs.label(paragraph)} {text}".strip() if text else ""

    def _table(self, table: Element) -> None:
        for row in table_rows(table):
            if len(row) == 1:  # a frame around text rather than a row of a table
                self.read(row[0])
            else:
                self.builder.add(row_text([cell_text(cell, self._line) for cell in row]))


def _of(links: tuple[Relation, ...], kind: str) -> Iterator[Relation]:
    return (link for link in links if link.kind == kind)


def _notes(root: Element) -> Iterator[str]:
    notes = (note for note in root if attribute(note, "type") not in SEPARATORS)
    texts = (" ".join(plain_lines(note)) for note in notes)
    return (f"{number}. {text}" for number, text in enumerate((text for text in texts if text), start=1))


def _comments(package: zipfile.ZipFile, link: Relation) -> Iterator[str]:
    for comment in parse_part(package, link.target):
        text = " ".join(plain_lines(comment))
        if text:
            yield f"{attribute(comment, 'author') or 'unnamed'}: {text}"


def _margins(parts: Iterator[Element]) -> list[str]:
    """Lines of headers and footers, each once however many pages and sections show it."""
    lines = (line for part in parts for line in (*plain_lines(part), *text_boxes(part)))
    return list(dict.fromkeys(line for line in lines if not is_page_number(line)))


def _changes(inserted: int, deleted: int) -> tuple[str, ...]:
    if not inserted and not deleted:
        return ()
    return (f"tracked changes: {inserted:,} insertions were read, {deleted:,} deletions were left out",)


def _unread_warnings(counts: Counter[str]) -> tuple[str, ...]:
    return (
        *pictures(counts["picture"]),
        *counted(counts["chart"], "chart", "charts", "not read"),
        *counted(counts["diagram"], "diagram", "diagrams", "not read"),
        *counted(counts["object"], "embedded object", "embedded objects", "not read"),
        *counted(counts["file"], "inserted file", "inserted files", "not read"),
    )
