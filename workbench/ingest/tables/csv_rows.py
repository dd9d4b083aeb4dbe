"""Rows out of csv text of any dialect: the delimiter and the header line are told by the cells that are known.

Files, encodings and sizes are the business of `workbench.ingest.tables.text_files`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from workbench.ingest.tables.rows import MAX_LINE, BadRow, Row

DELIMITERS = ",;\t|"

_HASH = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*|\d+([.,]\d+)?")
DATA_WORDS = 9
"""A header cell of at least this many words is a sentence somebody asked or answered, not a name."""


class DialectSettings(TypedDict):
    """What `csv.reader` is told."""

    delimiter: str
    quotechar: str
    doublequote: bool
    escapechar: str | None
    skipinitialspace: bool


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a csv text separates and quotes its cells."""

    delimiter: str = ","
    quotechar: str = '"'
    escapechar: str | None = None
    skipinitialspace: bool = False

    def settings(self) -> DialectSettings:
        """What `csv.reader` is told."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quotechar,
            "doublequote": self.escapechar is None,
            "escapechar": self.escapechar,
            "skipinitialspace": self.skipinitialspace,
        }


DEFAULT_DIALECT = Dialect()
"""Commas and double quotes."""


def dialect_of(lines: Sequence[str], header_lines: int, known: Callable[[str], bool]) -> tuple[int, Dialect]:
    """(lines before the header, dialect), told by the first lines of a csv text."""
    skip, delimiter = csv_shape(lines[:header_lines], known)
    text = "".join(lines[skip:])
    single = '"' not in text and re.search(
        rf"(?:^|{re.escape(delimiter)})'[^'\n]*'(?:{re.escape(delimiter)}|\r?\n)", text
    )
    plain = Dialect(delimiter, "'" if single else '"', skipinitialspace=f'{delimiter} "' in text)
    return skip, replace(plain, escapechar="\\") if _escapes(lines[skip:], text, plain) else plain


def _escapes(lines: Sequence[str], text: str, plain: Dialect) -> bool:
    r"""Whether \" is a quote inside a cell; it can as well be the end of a cell that ends in a backslash.

    The reading under which every row is as wide as the first decides, without escapes first; where both fail, the one that
    doubles no quote.
    """
    if '\\"' not in text:
        return False
    if _one_width(lines, plain):
        return False
    if _one_width(lines, replace(plain, escapechar="\\")):
        return True
    return '""' not in text.replace(f'{plain.delimiter}""{plain.delimiter}', "")


def _one_width(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether some first lines are rows of one width; the last may be cut."""
    allow_long_cells()
    widths = set()
    try:
        for row in csv.reader(lines, strict=True, **dialect.settings()):
            widths.add(len(row))
    except csv.Error as error:
        if "unexpected end of data" not in str(error):
            return False
    return len(widths - {0}) <= 1


def is_data(header: Sequence[str], known: Callable[[str], bool]) -> bool:
    """Whether a first line is plainly no header: no cell of it is known, and one is a time, number, address or sentence."""
    return not any(map(known, header)) and any(map(_is_value, header))


def _is_value(cell: str) -> bool:
    return bool(
        _TIME.fullmatch(cell)
        or _HASH.fullmatch(cell)
        or "@" in cell
        or cell.endswith("?")
        or len(cell.split()) >= DATA_WORDS
    )


def allow_long_cells() -> None:
    """Lets csv cells be as long as a line may be: a limit of the whole process, but only ever raised."""
    csv.field_size_limit(max(MAX_LINE, csv.field_size_limit()))


def csv_records(reader: Iterator[list[str]], header: Sequence[str]) -> Iterator[Row | BadRow]:
    """Records under a header; a row with filled cells beyond it is a fault."""
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            number += 1
            yield BadRow(f"row {number}", f"not readable as csv ({error})")
            continue
        if cells is None:
            return
        if not cells:
            continue
        number += 1
        if any(cell.strip() for cell in cells[len(header) :]):
            yield BadRow(f"row {number}", f"{len(cells)} cells under a header of {len(header)}")
        else:
            # The first of two columns with one name wins, as a person reading from the left would have it.
            values: dict[str, object] = {}
            for name, cell in zip(header, cells, strict=False):
                values.setdefault(name, cell)
            yield Row(f"row {number}", values)


def csv_shape(lines: Sequence[str], known: Callable[[str], bool]) -> tuple[int, str]:
    """(lines before the header, delimiter): the pair under which most header cells are known, then the most cells."""
    shapes = [(skip, delimiter) for skip in range(len(lines)) for delimiter in DELIMITERS]

    def merit(shape: tuple[int, str]) -> tuple[int, int, int]:
        skip, delimiter = shape
        cells = _header_cells(lines[skip], delimiter)
        return sum(map(known, cells)), len(cells) if skip == 0 else 0, -skip

    return max(shapes, key=merit, default=(0, ","))


def _header_cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
