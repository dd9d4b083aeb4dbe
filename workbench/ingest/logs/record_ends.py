"""Where the last whole record of some bytes of a text ends, and the text of whole lines.

What is in the records is told in `workbench.ingest.logs.records`.
"""

from __future__ import annotations

import csv
from itertools import chain

from workbench.ingest.tables.csv_rows import Dialect, allow_long_cells

_SENTINEL = "\0end of block"


def decoded(data: bytes, encoding: str) -> str:
    """Text of some whole lines; lines that are not UTF-8 in a file that begins as UTF-8 are read as Windows-1252."""
    if encoding == "cp1252":
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(map(_line_of_either, data.splitlines(keepends=True)))


def _line_of_either(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def line_end(data: bytes) -> int:
    """Bytes up to the end of the last whole line; 0 when there is none."""
    # A "\r" at the very end may be half of "\r\n".
    return data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1


def record_end(data: bytes, dialect: Dialect, encoding: str) -> int:
    """Bytes up to the end of the last whole csv record; 0 when there is none."""
    cut = line_end(data)
    if not cut or _ends_outside_quotes(data[:cut], dialect):
        return cut
    lines = data[:cut].splitlines(keepends=True)
    text = [decoded(line, encoding).replace("\0", "") for line in lines]
    allow_long_cells()
    reader = csv.reader(chain(text, [_SENTINEL]), **dialect.settings())
    whole = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            whole = min(reader.line_num, len(lines))
            continue
        if row == [_SENTINEL] or row is None:
            return cut
        if reader.line_num > len(lines):  # the end of the block fell into a quoted cell
            return sum(map(len, lines[:whole]))
        whole = reader.line_num


def _ends_outside_quotes(data: bytes, dialect: Dialect) -> bool:
    """Whether lines surely end with a whole record; told by counting, for reading them takes much longer.

    Every quote opens a cell or closes one, there are as many of both, and the last one closes. Any other text is read.
    """
    quote, delimiter = dialect.quotechar.encode(), dialect.delimiter.encode()
    if quote not in data:
        return True
    if dialect.escapechar is not None:
        return False
    single = data.replace(quote + quote, b"")
    opens = [delimiter + quote, b"\n" + quote]
    closes = [quote + delimiter, quote + b"\n", quote + b"\r"]
    opened = sum(map(single.count, opens)) + single.startswith(quote)
    closed = sum(map(single.count, closes))
    last_opened, last_closed = (max(map(single.rfind, marks)) for marks in (opens, closes))
    return opened == closed and 2 * opened == single.count(quote) and last_opened <= last_closed
