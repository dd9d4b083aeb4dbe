"""Text inside OpenDocument parts: paragraphs to lines, tables to rows, and what stands beside the flow of the text.

It reads the document as it stands after every tracked change; it keeps no formatting.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.ingest.readers.packages import attribute, child, local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_REPEATS = 1000
"""Spaces, cells or rows one element may stand for; more are there to fill memory."""
_CONTAINERS = {"section", "list", "list-item", "list-header", "index-body", "index-title", "numbered-paragraph"}
_INDEXES = {
    "alphabetical-index", "bibliography", "illustration-index", "object-index", "table-index", "table-of-content", "user-index",
}  # fmt: skip


class Aside:
    """What is met beside the text on the way: notes, text boxes, comments, and counts of what is not read."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.boxes: list[str] = []
        self.comments: list[str] = []
        self.counts: Counter[str] = Counter()

    def take_comments(self) -> list[str]:
        """The comments met since they were last taken."""
        taken, self.comments = self.comments, []
        return taken


def child_path(root: Element, *path: str) -> Element:
    """The element at a path.

    Raises:
        ValueError: it is not there.
    """
    found = child(root, *path)
    if found is None:
        raise ValueError(f"no {'/'.join(path)}")
    return found


def lines_of(parent: Element, aside: Aside) -> Iterator[Element]:
    """Headings ("h"), paragraphs ("p") and tables in reading order; frames between them are put aside."""
    for element in parent:
        name = local(element)
        if name in {"h", "p", "table"}:
            yield element
        elif name in _CONTAINERS | _INDEXES:
            yield from lines_of(element, aside)
        elif name in {"frame", "custom-shape", "g", "rect"}:
            _frame(element, aside)


def line_of(paragraph: Element, aside: Aside) -> str:
    """Text of a paragraph; notes, comments and boxes in it are put aside."""
    return re.sub(r"[ \r\n]*\n[ \r\n]*", "\n", "".join(_pieces(paragraph, aside))).strip()


def _pieces(element: Element, aside: Aside) -> Iterator[str]:
    yield _spaced(element.text)
    for inner in element:
        name = local(inner)
        if name == "s":
            count = attribute(inner, "c") or "1"
            yield " " * min(int(count) if count.isdecimal() and len(count) < 6 else 1, MAX_REPEATS)
        elif name == "tab":
            yield "\t"
        elif name == "line-break":
            yield "\n"
        elif name == "note":
            aside.notes.append(f"{len(aside.notes) + 1}. {_joined(child(inner, 'note-body'), aside)}")
        elif name == "annotation":
            aside.comments.append(_comment(inner))
        elif name in {"frame", "custom-shape", "g", "rect"}:
            _frame(inner, aside)
        elif name not in {"ruby-text", "bookmark-ref-mark", "change", "tracked-changes"}:
            yield from _pieces(inner, aside)
        yield _spaced(inner.tail)


def _spaced(text: str | None) -> str:
    """Text as the format defines it: line ends and indents of the XML are one space."""
    return re.sub(r"[ \t\r\n]+", " ", text or "")


def _joined(parent: Element | None, aside: Aside) -> str:
    return " ".join(text for text in _plain_lines(parent, aside) if text) if parent is not None else ""


def _plain_lines(parent: Element, aside: Aside) -> Iterator[str]:
    for block in lines_of(parent, aside):
        if local(block) == "table":
            yield from table_lines(block, aside)
        else:
            yield line_of(block, aside)


def _comment(annotation: Element) -> str:
    author = child(annotation, "creator")
    return f"{(author.text if author is not None else '') or 'unnamed'}: {_joined(annotation, Aside())}"


def _frame(frame: Element, aside: Aside) -> None:
    aside.boxes.extend(text for text in frame_lines(frame, aside) if text)


def frame_lines(frame: Element, aside: Aside) -> Iterator[str]:
    """Lines in a frame, shape or group; pictures and objects are counted."""
    names = {local(inner) for inner in frame}
    if "object" in names or "object-ole" in names:
        aside.counts["object"] += 1  # the picture beside it is its preview
        return
    if "image" in names:
        aside.counts["picture"] += 1
    for inner in frame:
        name = local(inner)
        if name == "table":
            yield from table_lines(inner, aside)
        elif name == "text-box":
            yield from _plain_lines(inner, aside)
        elif name == "p":
            yield line_of(inner, aside)
        elif name == "list":
            yield from _plain_lines(inner, aside)
        elif name in {"frame", "custom-shape", "g", "rect", "ellipse", "line", "connector", "polygon", "path", "a"}:
            yield from frame_lines(inner, aside)


def table_lines(table: Element, aside: Aside) -> Iterator[str]:
    """Rows of a table, cells separated by ` | `; cells hidden behind a merged one are left out."""
    for row in _rows(table):
        cells = [_joined(cell, aside) for cell in row if local(cell) == "table-cell"]
        if any(cells):
            yield " | ".join(" ".join(cell.split()) for cell in cells).rstrip(" |")


def _rows(table: Element) -> Iterator[Element]:
    for element in table:
        name = local(element)
        if name == "table-row":
            yield element
        elif name in {"table-header-rows", "table-rows", "table-row-group"}:
            yield from _rows(element)


def slide_blocks(page: Element, aside: Aside) -> tuple[str, list[str], list[str]]:
    """Title, lines from top to bottom, and lines of the notes of a slide."""
    title, notes = "", []
    shapes: list[tuple[float, float, list[str]]] = []
    for shape in page:
        name = local(shape)
        if name == "notes":
            # The page number and the small picture of the slide are no notes.
            frames = (frame for frame in shape if attribute(frame, "class") == "notes")
            notes = [line for frame in frames for line in frame_lines(frame, aside) if line]
        elif name == "annotation":
            aside.comments.append(_comment(shape))
        else:
            lines = [line for line in frame_lines(shape, aside) if line]
            if attribute(shape, "class") == "title" and not title:
                title = " ".join(" ".join(lines).split())
            elif attribute(shape, "class") not in {"page-number", "date-time"}:
                shapes.append((_length(shape, "y"), _length(shape, "x"), lines))
    shapes.sort(key=lambda shape: shape[:2])
    return title, [line for _, _, lines in shapes for line in lines], notes


def _length(shape: Element, name: str) -> float:
    found = re.match(r"-?\d{1,6}(?:\.\d{1,6})?", attribute(shape, name) or "")
    return float(found.group()) if found else 0.0
