"""How large the sheets of a workbook are, told before they are opened.

The spreadsheet library lays a sheet out as a full grid, so two cells at opposite corners take hundreds of gigabytes; here
the cells are only looked at as they pass, and nothing is kept.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.errors import InputError
from workbench.ingest.readers.packages import relations

MAX_GRID_CELLS = 15_000_000
"""Rows times columns of the grid a workbook may need at once, some 32 bytes each."""
CHUNK = 2**20
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_SHARED_STRINGS = 159
_NO_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*"  # a formula ends
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"  # and nothing follows in its cell
)


@dataclass(frozen=True, slots=True)
class Extent:
    """Rows and columns a sheet reaches to, and formulas in it without a stored result."""

    rows: int
    columns: int
    unanswered: int = 0


def check_grid(name: str, extents: Iterator[Extent], *, together: bool) -> int:
    """Refuse a workbook whose sheets are too large to lay out; gives the number of formulas without a result.

    Args:
        name: of the file.
        extents: one for each sheet.
        together: whether the library lays out all sheets at once.

    Raises:
        InputError: too large, most of it empty.
    """
    total = unanswered = 0
    for extent in extents:
        size = extent.rows * extent.columns
        total = total + size if together else size
        unanswered += extent.unanswered
        if total > MAX_GRID_CELLS:
            raise InputError(
                f"{name}: a sheet reaches to row {extent.rows:,} and column {extent.columns:,}, {total:,} cells in all, more "
                f"than the {MAX_GRID_CELLS:,} that are read; delete the cells far outside the table, or save the sheet as csv"
            )
    return unanswered


def xlsx_extents(name: str, package: zipfile.ZipFile) -> Iterator[Extent]:
    """Extent of each part of an xlsx file; a sheet may have any name, and other parts have no extent.

    Raises:
        InputError: a part unpacks to more than it claims.
    """
    for part in package.infolist():
        yield _xml_extent(_chunks(name, package, part))


def xlsb_extents(name: str, package: zipfile.ZipFile) -> Iterator[Extent]:
    """Extent of each part of an xlsb file that its workbook links to, which sheets must be.

    Raises:
        InputError: a part unpacks to more than it claims.
    """
    linked = {link.target for link in relations(package, "xl/workbook.bin")}
    for part in package.infolist():
        chunks = _chunks(name, package, part)
        if part.filename in linked and not part.filename.endswith(".xml"):
            yield _records_extent(b"".join(chunks))
        else:
            deque(chunks, maxlen=0)  # only its claimed size is checked


def check_claim(name: str, claimed: int, size: int) -> None:
    """Refuse a workbook that claims more shared texts than its bytes can hold: the library makes room for all of them at once.

    Raises:
        InputError: the claim is false.
    """
    if claimed > size:
        raise InputError(
            f"{name}: damaged Excel file, which claims {claimed:,} texts in {size:,} bytes; "
            "open it in Excel, save it again and replace it"
        )


def xlsb_strings(name: str, package: zipfile.ZipFile) -> tuple[int, int]:
    """Texts that the table of an xlsb file claims to hold, and its size."""
    claimed = size = 0
    for part in package.infolist():
        if part.filename.casefold().endswith("sharedstrings.bin"):
            data = b"".join(_chunks(name, package, part))
            kind, position = _variable(data, 0, 2)
            _, position = _variable(data, position, 4)
            size += len(data)
            if kind == _SHARED_STRINGS and position + 8 <= len(data):
                claimed = max(claimed, *struct.unpack_from("<II", data, position))
    return claimed, size


def _chunks(name: str, package: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part piece by piece. The library below does not stop at the claimed size, so a false claim is found here."""
    claimed, part.file_size = part.file_size, part.file_size + 1
    try:
        with package.open(part) as stream:
            while data := stream.read(CHUNK):
                claimed -= len(data)
                if claimed < 0:
                    raise InputError(
                        f"{name}: a part unpacks to more than it claims; save the workbook again and replace it"
                    )
                yield data
    finally:
        part.file_size -= 1


def _xml_extent(chunks: Iterator[bytes]) -> Extent:
    rows = columns = unanswered = 0
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        cut = max(data.rfind(b"</row>"), data.rfind(b":row>")) + 1 or data.rfind(b">") + 1
        data, rest = data[:cut], data[cut:]
        rows, columns = _furthest(data, rows, columns)
        unanswered += sum(1 for _ in _NO_RESULT.finditer(data))
        rest = rest[-CHUNK:]
    rows, columns = _furthest(rest, rows, columns)
    return Extent(rows, columns, unanswered + sum(1 for _ in _NO_RESULT.finditer(rest)))


def _furthest(data: bytes, rows: int, columns: int) -> tuple[int, int]:
    names: set[bytes] = set()
    for letters, digits in _REFERENCE.findall(data):
        rows = max(rows, int(digits[:9]))
        names.add(letters)
    return rows, max([columns, *(_column(letters) for letters in names)])


def _column(letters: bytes) -> int:
    """Number of a column by its letters.

    >>> _column(b"A"), _column(b"ZZ"), _column(b"XFD")
    (1, 702, 16384)
    """
    number = 0
    for letter in letters[:6].upper():
        number = number * 26 + letter - 64
    return number


def _records_extent(data: bytes) -> Extent:
    """Extent from the records of a binary sheet ([MS-XLSB] 2.1.4): row headers are type 0, cells types 1 to 11."""
    rows = columns = position = 0
    while position < len(data):
        kind, position = _variable(data, position, 2)
        size, position = _variable(data, position, 4)
        if kind <= 11 and position + 4 <= len(data):
            (number,) = struct.unpack_from("<I", data, position)
            if kind == 0:
                rows = max(rows, number + 1)
            else:
                columns = max(columns, number + 1)
        position += size
    return Extent(rows, columns)


def _variable(data: bytes, position: int, longest: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends; a record type keeps its high bits, as the format says."""
    value = 0
    for index in range(longest):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            break
    return value, position
