"""OpenDocument spreadsheets (ods), read row by row: one element may stand for a million cells, and is not unfolded.

The same lines as for other spreadsheets are made of them.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.open_document import facts, opened, unread
from workbench.ingest.readers.open_document_text import Aside, child_path, line_of
from workbench.ingest.readers.packages import attribute, child, counted, local, parse_part
from workbench.ingest.readers.sheet_tables import Merged, Row, Span, Value, row_of
from workbench.ingest.readers.sheets import MAX_WORKBOOK_BYTES, Sheet, read_sheets

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_COLUMNS = 16_384
MAX_REPEATED_ROWS = 1_000
"""Equal filled rows that one element may stand for; the rest is left out."""


def read_ods(path: Path) -> Extracted:
    """OpenDocument spreadsheet.

    Raises:
        InputError: damaged, with a password, or too large.
    """
    with opened(path, "OpenDocument spreadsheet", "LibreOffice", MAX_WORKBOOK_BYTES) as package:
        return _read(package)


def _read(package: zipfile.ZipFile) -> Extracted:
    root = parse_part(package, "content.xml")
    hidden = _hidden_styles(root)
    tables = [table for table in child_path(root, "body", "spreadsheet") if local(table) == "table"]
    sheets = (_sheet(table, hidden) for table in tables)
    counts = Counter(local(element) for element in root.iter())
    drawn = Counter(picture=counts["image"] - counts["object"], object=counts["object"])
    comments = counted(counts["annotation"], "comment", "comments", "not read")
    return read_sheets(sheets, facts(package), (*unread(drawn), *comments))


def _hidden_styles(root: Element) -> set[str]:
    styles = child(root, "automatic-styles")
    return {
        attribute(style, "name") or ""
        for style in (styles if styles is not None else ())
        if attribute(child(style, "table-properties"), "display") == "false"
    }


def _sheet(table: Element, hidden: set[str]) -> Sheet:
    name = attribute(table, "name") or "unnamed"
    return Sheet(name, lambda: _rows(table), lambda: _merged(table), (attribute(table, "style-name") or "") in hidden)


def _elements(table: Element) -> Iterator[tuple[int, Element]]:
    """Row elements with the number of the first row they stand for."""
    number = 0
    for row in _row_elements(table):
        yield number, row
        number += _repeats(row, "number-rows-repeated")


def _row_elements(parent: Element) -> Iterator[Element]:
    for element in parent:
        name = local(element)
        if name == "table-row":
            yield element
        elif name in {"table-header-rows", "table-rows", "table-row-group"}:
            yield from _row_elements(element)


def _rows(table: Element) -> Iterator[Row]:
    for number, element in _elements(table):
        row = row_of(number, _values(element))
        repeats = _repeats(element, "number-rows-repeated") if row.cells else 1
        for again in range(min(repeats, MAX_REPEATED_ROWS)):
            yield Row(number + again, row.cells, row.labels)


def _values(row: Element) -> list[Value]:
    values: list[Value] = []
    for cell in row:
        if local(cell) not in {"table-cell", "covered-table-cell"}:
            continue
        repeats = min(_repeats(cell, "number-columns-repeated"), MAX_COLUMNS - len(values))
        values.extend([_value(cell)] * repeats)
    return values


def _value(cell: Element) -> Value:
    kind, text = attribute(cell, "value-type"), attribute(cell, "value") or ""
    if kind in {"float", "currency", "percentage"}:
        try:
            return _shown(cell) if kind != "float" else float(text)
        except ValueError:
            return _shown(cell)
    if kind == "date":
        try:
            return datetime.fromisoformat(attribute(cell, "date-value") or "")
        except ValueError:
            return _shown(cell)
    return _shown(cell)


def _shown(cell: Element) -> str:
    """What the cell shows; a comment on it is no part of that."""
    return " ".join(line_of(line, Aside()) for line in cell if local(line) == "p")


def _merged(table: Element) -> Merged:
    spans: list[Span] = []
    for number, row in _elements(table):
        column = 0
        for cell in row:
            wide, high = _repeats(cell, "number-columns-spanned"), _repeats(cell, "number-rows-spanned")
            if wide > 1 or high > 1:
                spans.append(((number, column), (number + high - 1, column + wide - 1)))
            column += _repeats(cell, "number-columns-repeated")
    return Merged.of(spans)


def _repeats(element: Element, name: str) -> int:
    value = attribute(element, name) or ""
    return max(1, int(value)) if value.isdecimal() and len(value) < 9 else 1
