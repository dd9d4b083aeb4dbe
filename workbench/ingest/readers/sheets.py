"""Spreadsheets (xlsx, xlsb, xls): each sheet a section, each row a line that names its columns.

Values are read as last computed; nothing is computed anew, and number formats (percent, currency) are not kept.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.ingest.readers.compound import open_compound, stream_of, summary
from workbench.ingest.readers.extracted import Extracted, TextBuilder, embedded
from workbench.ingest.readers.packages import Properties, counted, damage_named, open_package, pictures, properties
from workbench.ingest.readers.sheet_extents import (
    Extent,
    check_claim,
    check_grid,
    xlsb_extents,
    xlsb_strings,
    xlsx_extents,
)
from workbench.ingest.readers.sheet_tables import Merged, Row, row_of, table_lines
from workbench.ingest.readers.xls_extents import check_strings, xls_extents

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

MAX_WORKBOOK_BYTES = 512 * 2**20
"""Unpacked size above which a workbook is refused."""
MAX_ROWS = 100_000
"""Filled rows of one sheet that are read: above this it is a database, not a document."""
MAX_CHARACTERS = 32 * 2**20
"""Characters read from one workbook."""
DEFAULT_NAMES = ("sheet", "tabelle", "feuil", "hoja", "blad", "foglio", "ark", "planilha", "table", "tabla", "arkusz")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as any spreadsheet format gives it; the rows are read when they are asked for."""

    name: str
    rows: Callable[[], Iterable[Row]]
    merged: Callable[[], Merged] = Merged
    hidden: bool = False


def read_xlsx(path: Path) -> Extracted:
    """Excel (xlsx, xlsm).

    Raises:
        InputError: damaged, with a password, or too large to lay out.
    """
    return _read_package(path, xlsx_extents)


def read_xlsb(path: Path) -> Extracted:
    """Excel, binary (xlsb).

    Raises:
        InputError: damaged, with a password, or too large to lay out.
    """
    return _read_package(path, xlsb_extents)


def read_xls(path: Path) -> Extracted:
    """Excel before 2007 (xls).

    Raises:
        InputError: damaged, with a password, or too large to lay out.
    """
    with open_compound(path, "Excel file", "Excel") as container:
        stream = next(name for name in ("Workbook", "Book") if container.exists(name))
        data = stream_of(container, stream)
        check_strings(data)
        check_grid(path.name, xls_extents(data), together=True)
        known = summary(container)
    with damage_named(path, "Excel file", "Excel"):
        return read_sheets(_sheets(path), known, ())


def _read_package(path: Path, extents: Callable[[str, zipfile.ZipFile], Iterator[Extent]]) -> Extracted:
    with damage_named(path, "Excel file", "Excel"):
        with open_package(path, max_bytes=MAX_WORKBOOK_BYTES) as package:
            check_claim(path.name, *xlsb_strings(path.name, package))
            unanswered = check_grid(path.name, extents(path.name, package), together=False)
            known, names = properties(package), package.namelist()
        formulas = counted(unanswered, "formula", "formulas", "no result is stored; open the file in Excel and save it")
        return read_sheets(_sheets(path), known, (*formulas, *_unread(names)))


def _sheets(path: Path) -> Iterator[Sheet]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_path(str(path))
    for told in workbook.sheets_metadata:
        if told.typ in (SheetTypeEnum.WorkSheet, SheetTypeEnum.DialogSheet, SheetTypeEnum.MacroSheet):
            yield _sheet(workbook, told.name, told.visible != SheetVisibleEnum.Visible)


def _sheet(workbook: CalamineWorkbook, name: str, hidden: bool) -> Sheet:
    sheet = workbook.get_sheet_by_name(name)
    first_column = (sheet.start or (0, 0))[1]

    def rows() -> Iterator[Row]:
        if sheet.start is not None:
            for number, values in enumerate(sheet.iter_rows()):
                yield row_of(number, values, first_column)

    return Sheet(name, rows, lambda: Merged.of(sheet.merged_cell_ranges or ()), hidden)


def read_sheets(sheets: Iterable[Sheet], known: Properties, warnings: tuple[str, ...]) -> Extracted:
    """Text of a workbook from its sheets, up to `MAX_ROWS` a sheet and `MAX_CHARACTERS` in all."""
    builder = TextBuilder()
    found: list[str] = []
    hidden: list[str] = []
    left = MAX_CHARACTERS
    names: list[str] = []
    for sheet in sheets:
        names.append(sheet.name)
        rows = _Bounded(sheet.rows())
        lines: list[str] = []
        cut = 0
        for line in table_lines(rows, sheet.merged()):
            left -= len(line)
            if left > 0:
                lines.append(line)
            else:
                cut += 1
        if lines:
            builder.place(f"sheet '{sheet.name}'")
            builder.heading("" if _is_default(sheet.name) else sheet.name, 1)
            for line in lines[lines[0] == sheet.name :]:
                builder.add(line)
            hidden += [sheet.name] if sheet.hidden else []
        if rows.left_out or cut:
            kept = rows.read - cut
            found.append(f"sheet '{sheet.name}': {rows.left_out + cut:,} rows were left out after the first {kept:,}")
    if hidden:
        found.append(f"hidden sheets were read: {', '.join(repr(name) for name in hidden)}")
    metadata = {"sheets": str(len(names))} | ({"author": known.author} if known.author else {})
    dates = embedded(known.created, known.modified)
    return Extracted(known.title, builder.text(), metadata, dates, builder.sections(), (*found, *warnings))


class _Bounded:
    """Rows up to `MAX_ROWS`; those behind are counted."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.read = 0
        self.left_out = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            if not row.cells:
                yield row
            elif self.read >= MAX_ROWS:
                self.left_out += 1
            else:
                self.read += 1
                yield row


def _is_default(name: str) -> bool:
    """Whether a sheet has the name its program gave it.

    >>> _is_default("Sheet1"), _is_default("Claims 2024")
    (True, False)
    """
    return name.rstrip("0123456789 ").casefold() in DEFAULT_NAMES


def _unread(names: Iterable[str]) -> tuple[str, ...]:
    """What a package holds besides its cells, told by the names of its parts."""
    kinds = {
        "xl/media/": "picture",
        "xl/charts/chart": "chart",
        "xl/comments": "comments",
        "xl/threadedComments/": "thread",
    }
    counts = Counter(kind for name in names for start, kind in kinds.items() if name.startswith(start))
    sheets = max(counts["comments"], counts["thread"])  # a thread is kept a second time as a plain comment
    return (
        *pictures(counts["picture"]),
        *counted(counts["chart"], "chart", "charts", "not read; the cells behind them were"),
        *counted(sheets, "sheet with comments", "sheets with comments", "the comments were not read"),
    )
