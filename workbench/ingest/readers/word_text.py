"""Text inside the parts of a Word file: runs to a line, tables to rows, and what stands outside the flow of the text.

It reads the document as if every tracked change were accepted; it keeps no formatting.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from workbench.ingest.readers.packages import attribute, child, local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

REMOVED = {"del", "moveFrom"}
_NOT_TEXT = REMOVED | {
    "AlternateContent", "commentReference", "delText", "drawing", "fldData", "instrText", "object", "pPr", "pict", "rPr",
    "rt", "sdtPr", "txbxContent",
}  # fmt: skip
_TRANSPARENT = {"body", "customXml", "ins", "moveTo", "sdt", "sdtContent", "smartTag"}
_MARKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def line_of(paragraph: Element) -> str:
    """Text of a paragraph; a line break inside it stays one."""
    return "".join(_pieces(paragraph)).strip()


def _pieces(element: Element) -> Iterator[str]:
    for inner in element:
        name = local(inner)
        if name in _NOT_TEXT:
            continue
        if name == "t":
            yield inner.text or ""
        elif name in _MARKS:
            yield _MARKS[name]
        else:
            yield from _pieces(inner)


def blocks(parent: Element) -> Iterator[Element]:
    """Paragraphs ("p") and tables ("tbl") below an element in reading order, also those in content controls."""
    for element in parent:
        name = local(element)
        if name in {"p", "tbl"}:
            yield element
        elif name in _TRANSPARENT:
            yield from blocks(element)


def table_rows(table: Element) -> Iterator[list[Element]]:
    """Cells of each row; a deleted row is left out."""
    for row in _within(table, "tr"):
        if child(row, "trPr", "del") is None:
            yield list(_within(row, "tc"))


def _within(parent: Element, name: str) -> Iterator[Element]:
    for element in parent:
        if local(element) == name:
            yield element
        elif local(element) in _TRANSPARENT:
            yield from _within(element, name)


def cell_text(cell: Element, line: Callable[[Element], str] = line_of) -> str:
    """Text of a table cell on one line; "" for one that only continues the cell above. A table in it becomes `a | b; c | d`."""
    merged = child(cell, "tcPr", "vMerge")
    if merged is not None and attribute(merged, "val") != "restart":
        return ""
    found = []
    for block in blocks(cell):
        if local(block) == "p":
            found.append(line(block))
        else:
            rows = (row_text([cell_text(inner, line) for inner in row]) for row in table_rows(block))
            found.append("; ".join(row for row in rows if row))
    return " ".join(" ".join(found).split())


def row_text(cells: list[str]) -> str:
    """Cells joined; "" when all are empty."""
    return " | ".join(cells).strip() if any(cells) else ""


def plain_lines(parent: Element) -> list[str]:
    """Lines of a part outside the main text: a note, a comment, a header."""
    lines: list[str] = []
    for block in blocks(parent):
        if local(block) == "p":
            lines.append(line_of(block))
        else:
            lines.extend(row_text([cell_text(cell) for cell in row]) for row in table_rows(block))
    return [line for line in lines if line]


def text_boxes(root: Element) -> list[str]:
    """Text of each text box, once: the copy kept for old programs is left out."""
    boxes = ("\n".join(plain_lines(box)) for box in walk(root) if local(box) == "txbxContent")
    return [box for box in boxes if box]


def walk(root: Element) -> Iterator[Element]:
    """Every element but those of deleted text, and of the copies made for programs that do not know the new form."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        names = {local(inner) for inner in element}
        skipped = REMOVED | ({"Fallback"} if "Choice" in names else set())
        waiting.extend(inner for inner in reversed(element) if local(inner) not in skipped)


def unread(root: Element) -> Counter[str]:
    """Counts of what text cannot be got out of: pictures, charts, diagrams, embedded objects, inserted files."""
    counts: Counter[str] = Counter()
    kinds = {"pic": "picture", "chart": "chart", "relIds": "diagram", "OLEObject": "object", "altChunk": "file"}
    for element in walk(root):
        name = local(element)
        if name in kinds:
            counts[kinds[name]] += 1
        elif name == "pict" and any(local(inner) == "imagedata" for inner in element.iter()):
            counts["picture"] += 1
    return counts


def tracked(root: Element) -> tuple[int, int]:
    """Tracked insertions and deletions that hold text."""
    found = {"ins": 0, "moveTo": 0, "del": 0, "moveFrom": 0}
    for element in root.iter():
        name = local(element)
        if name in found and any(local(inner) in {"t", "delText"} and inner.text for inner in element.iter()):
            found[name] += 1
    return found["ins"] + found["moveTo"], found["del"] + found["moveFrom"]


def is_page_number(line: str) -> bool:
    """Whether a line of a header only counts pages.

    >>> is_page_number("Page 3 of 12"), is_page_number("Issue 3")
    (True, False)
    """
    return re.fullmatch(r"(?i)\W*(?:page|seite|p\.)?\s*\d*\s*(?:(?:of|von|/)\s*\d*)?\W*", line) is not None
