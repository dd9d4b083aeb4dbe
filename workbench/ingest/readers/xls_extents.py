"""What an old Excel workbook claims about itself ([MS-XLS]), looked at before a library believes it.

The library makes room for as many cells and texts as the file claims, and ends the whole process where there is no such room.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from workbench.ingest.readers.sheet_extents import Extent

MAX_SHEETS = 1024
MAX_ROWS, MAX_COLUMNS = 65_536, 256
"""Rows and columns of a sheet in this format."""
_END, _SHEET, _STRINGS, _DIMENSIONS = 0x000A, 0x0085, 0x00FC, 0x0200
_MULTIPLE = {0x00BD, 0x00BE}
_CELLS = {0x0006, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, *_MULTIPLE}
_OLD_CELLS = {0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0206, 0x0406}


def xls_extents(workbook: bytes) -> Iterator[Extent]:
    """Extent of each sheet of a workbook stream, begun where its table of sheets says.

    Raises:
        ValueError: a sheet claims to reach further than one can, or the workbook has too many sheets.
        struct.error: a record is cut off.
    """
    starts = dict.fromkeys(
        struct.unpack_from("<I", workbook, at)[0]
        for kind, at, size in _records(workbook, 0)
        if kind == _SHEET and size >= 4
    )
    if len(starts) > MAX_SHEETS:
        raise ValueError("too many sheets")
    for start in starts:
        yield _extent(workbook, start)


def check_strings(workbook: bytes) -> None:
    """Refuse a table of texts that claims more of them than the stream has bytes.

    Raises:
        ValueError: it does.
    """
    for kind, at, size in _records(workbook, 0):
        if kind == _STRINGS and (size < 8 or max(struct.unpack_from("<II", workbook, at)) > len(workbook)):
            raise ValueError("more texts than bytes")


def _extent(workbook: bytes, start: int) -> Extent:
    rows = columns = 0
    for kind, at, size in _records(workbook, start):
        if kind == _END:
            break
        if kind == _DIMENSIONS:
            _check_dimensions(workbook, at, size)
        elif kind in _CELLS | _OLD_CELLS and size >= 6:
            row, column = struct.unpack_from("<HH", workbook, at)
            if kind in _MULTIPLE:
                (column,) = struct.unpack_from("<H", workbook, at + size - 2)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
    return Extent(rows, columns)


def _check_dimensions(workbook: bytes, at: int, size: int) -> None:
    first_row, last_row, first_column, last_column = struct.unpack_from("<IIHH" if size >= 14 else "<4H", workbook, at)
    empty = not last_row or not last_column
    if not empty and not (first_row <= last_row <= MAX_ROWS and first_column <= last_column <= MAX_COLUMNS):
        raise ValueError("a sheet that reaches further than one can")


def _records(workbook: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of each record from a place on."""
    while start + 4 <= len(workbook):
        kind, size = struct.unpack_from("<HH", workbook, start)
        if start + 4 + size > len(workbook):
            return
        yield kind, start + 4, size
        start += 4 + size
