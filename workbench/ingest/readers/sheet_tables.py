"""Rows of a sheet as lines that stand on their own: "Team: Blues; Location: STL".

It finds the header of each table on a sheet, also below title rows and with merged cells; it opens no file. Where no header
can be told, the cells are joined as they stand: a wrong label is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

Value = str | int | float | bool | date | datetime | time | timedelta | None
Span = tuple[tuple[int, int], tuple[int, int]]
"""First and last cell (row, column) of a merged range, both counted from 0."""

LONGEST_LABEL = 80
LOOK_AHEAD = 50
"""Rows of a table that are looked at to tell how wide it is."""
HEADER_WITHIN = 20
"""The header is looked for in so many rows from the top of a table."""
WIDE_ENOUGH = 0.7
"""Share of a table's width that its header row must fill; rows of titles and notes above it fill less."""
TEXT_SHARE = 0.8
"""Share of the filled cells of a header that must be text or years."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its filled cells: column -> text, and the columns whose cell holds a text or a year."""

    number: int
    cells: Mapping[int, str]
    labels: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Header:
    labels: Mapping[int, str]
    columns: frozenset[int]


@dataclass(frozen=True, slots=True)
class Merged:
    """Merged ranges of a sheet by their first cell."""

    ends: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Merged:
        """From first and last cells."""
        return cls({(first[0], first[1]): (last[0], last[1]) for first, last in spans})

    def last_column(self, row: int, column: int) -> int:
        """Where the range that begins at a cell ends to the right; the cell itself when it begins none."""
        return self.ends.get((row, column), (row, column))[1]


def cell_text(value: Value) -> str:
    """A cell as text on one line: dates as ISO, whole numbers without a point, 15 digits as spreadsheets show.

    >>> cell_text(13.0), cell_text(0.1 + 0.2), cell_text(datetime(2024, 5, 1)), cell_text(True)
    ('13', '0.3', '2024-05-01', 'TRUE')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return " ".join(str(value).split())


def row_of(number: int, values: Sequence[Value], first_column: int = 0) -> Row:
    """A row from its values, of which the first stands in `first_column`."""
    cells = {column: text for column, value in enumerate(values, first_column) if (text := cell_text(value))}
    labels = frozenset(column for column in cells if _is_label(values[column - first_column]))
    return Row(number, cells, labels)


def _is_label(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_LABEL and not re.fullmatch(r"[-+]?[\d.,\s]+%?", value.strip())
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return float(value).is_integer() and 1900 <= value <= 2100
    return isinstance(value, date)


def table_lines(rows: Iterable[Row], merged: Merged | None = None) -> Iterator[str]:
    """Lines of a sheet, top to bottom; each row of a table with its header, everything else as plain cells.

    Tables end at an empty row; one that goes on in the same columns keeps its header.
    """
    spans = merged or Merged()
    header: _Header | None = None
    for block in _blocks(_filled_down(rows, spans)):
        if header is not None and frozenset(block[0].cells) <= header.columns and len(block[0].cells) > 1:
            yield from (_joined(row, header) for row in block)
            continue
        start = _header_row(block, spans)
        if start is None:
            yield from (_plain(row) for row in block)
            header = None
            continue
        header, body = _header(block, start, spans)
        yield from (_plain(row) for row in block[: len(block) - len(body)])
        yield from (_joined(row, header) for row in body if row.cells != block[start].cells)


def _filled_down(rows: Iterable[Row], merged: Merged) -> Iterator[Row]:
    """Rows with the text of cells merged over several rows in each of them."""
    running: dict[int, tuple[int, str, bool]] = {}
    tall = {first: last[0] for first, last in merged.ends.items() if last[0] > first[0]}
    for row in rows:
        if not tall:
            yield row
            continue
        fill = {column: told for column, told in running.items() if told[0] >= row.number and column not in row.cells}
        running = {column: told for column, told in running.items() if told[0] > row.number}
        for column, text in row.cells.items():
            end = tall.get((row.number, column))
            if end is not None:
                running[column] = (end, text, column in row.labels)
        if not fill or not row.cells:
            yield row
            continue
        cells = dict(sorted({**row.cells, **{column: told[1] for column, told in fill.items()}}.items()))
        yield Row(row.number, cells, row.labels | {column for column, told in fill.items() if told[2]})


def _blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        if row.cells:
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _header_row(block: Sequence[Row], merged: Merged) -> int | None:
    """Position of the header in a table: the first wide row, if its cells are labels and the rows below fill its columns."""
    widest = max(len(row.cells) for row in block[:LOOK_AHEAD])
    for position, row in enumerate(block[:HEADER_WITHIN]):
        columns = frozenset(_spread(row, merged))
        if len(row.cells) < 2 or _names_a_value(row) or len(columns) < WIDE_ENOUGH * widest:
            continue
        below = block[position + 1 : position + 6]
        if not below or not _reads_as_labels(row) or _is_form(block[position:]):
            return None
        if any(len(columns & frozenset(other.cells)) >= len(columns) / 2 for other in below):
            return position
    return None


def _reads_as_labels(row: Row) -> bool:
    texts = [text.casefold() for text in row.cells.values()]
    return len(row.labels) >= TEXT_SHARE * len(texts) and len(set(texts)) == len(texts)


def _is_form(rows: Sequence[Row]) -> bool:
    """Whether two columns hold names and values ("Policy: HO-W-23") rather than a table with a header."""
    looked = [row for row in rows[:LOOK_AHEAD] if len(row.cells) > 1]
    if not looked or max(len(row.cells) for row in looked) > 2:
        return False
    names = [text for row in looked for text in list(row.cells.values())[:1]]
    kinds = {column in row.labels for row in looked[1:] for column in list(row.cells)[1:2]}
    return sum(name.endswith(":") for name in names) * 2 > len(names) or len(kinds) == 2


def _spread(row: Row, merged: Merged) -> dict[int, str]:
    """Cells of a row with merged ones in every column they span."""
    spread: dict[int, str] = {}
    for column, text in row.cells.items():
        for covered in range(column, min(merged.last_column(row.number, column), column + 1000) + 1):
            spread.setdefault(covered, text)
    return {**spread, **row.cells}


def _header(block: Sequence[Row], start: int, merged: Merged) -> tuple[_Header, Sequence[Row]]:
    """The header with the lines below it that belong to it, and the rows of the table.

    A header of several lines is told by a merged cell in the line above: "2023" over "Q1" and "Q2" becomes "2023 Q1".
    """
    row = block[start]
    labels = _spread(row, merged)
    body = start + 1
    while (
        body + 1 < len(block)
        and body < start + 3
        and _spans(row, merged)
        and len(block[body].labels) == len(block[body].cells)
    ):
        row = block[body]
        for column, text in _spread(row, merged).items():
            above = labels.get(column, "")
            labels[column] = text if above in ("", text) else f"{above} {text}"
        body += 1
    # A label is repeated in every row, so a paragraph above a column is cut.
    return _Header({column: text[:LONGEST_LABEL] for column, text in labels.items()}, frozenset(labels)), block[body:]


def _spans(row: Row, merged: Merged) -> bool:
    return any(merged.last_column(row.number, column) > column for column in row.cells)


def _plain(row: Row) -> str:
    return (" " if _names_a_value(row) else " | ").join(row.cells.values())


def _names_a_value(row: Row) -> bool:
    """Whether a row is a name with its value ("Made by: | Ann"), as reports have them above a table."""
    return len(row.cells) == 2 and next(iter(row.cells.values())).endswith(":")


def _joined(row: Row, header: _Header) -> str:
    """A row with its labels; a single cell in a wide table is a heading or a note, and stands alone."""
    if len(row.cells) == 1 and len(header.columns) > 2:
        return _plain(row)
    named = ((header.labels.get(column, ""), text) for column, text in row.cells.items())
    return "; ".join(f"{label.rstrip(':')}: {text}" if label and label != text else text for label, text in named)
