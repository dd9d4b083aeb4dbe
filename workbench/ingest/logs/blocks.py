"""A log file as blocks of whole records, a few MiB each, in any form: lines, csv, JSON arrays, Parquet, spreadsheets; gzip too.

Blocks come in order with the place reading goes on behind them, so that reading can stop and start again. What is in a block is
unpacked by `workbench.ingest.logs.records`, in this process or in another.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Literal, TypeVar

from workbench.errors import InputError
from workbench.ingest.logs.aliases import field_of
from workbench.ingest.logs.beginnings import envelopes_of, first_lines, ragged
from workbench.ingest.logs.record_ends import decoded, line_end, record_end
from workbench.ingest.tables.csv_rows import DEFAULT_DIALECT, Dialect, allow_long_cells, dialect_of, is_data
from workbench.ingest.tables.json_items import json_items
from workbench.ingest.tables.rows import MAX_LINE, BadRow, Row
from workbench.ingest.tables.text_files import (
    form_of_lines,
    head_of,
    text_encoding,
    utf8_chunks,
)

BLOCK_BYTES = 4 * 2**20
BLOCK_RECORDS = 5_000
HEADER_LINES = 5
NO_DELIMITER = "\x1f"
"""Parts no cells: a text of one column has none to part."""
T = TypeVar("T")
Form = Literal["jsonl", "csv", "json", "values", "too long"]


@dataclass(frozen=True, slots=True)
class Block:
    """Some records of a file, in order.

    Attributes:
        form: how `data` holds them: lines of JSON, lines of csv, JSON texts, values of records, or one line over the limit.
        kind: what a record is called in the file: "line", "row", "record", "sheet 'Q1' row".
        end: where reading goes on behind it: bytes of the text as UTF-8, or records, by the form of the file.
        share: of the file read so far, 0 to 1.
    """

    form: Form
    kind: str
    data: bytes | Sequence[object]
    end: int
    share: float


@dataclass(frozen=True, slots=True)
class LogFile:
    """How one log file holds its records.

    Attributes:
        form: "jsonl", "csv", "json", "parquet", "sheet" or "empty".
        dialect: of a csv text. data_begins: bytes before its first record.
        headerless: whether the first line holds data, so that columns are called "column 1" and so on.
        envelopes: keys under which a JSON object may hold the list of records. record: what a record of a JSON file is called.
    """

    path: Path
    form: str
    encoding: str = "utf-8"
    dialect: Dialect = DEFAULT_DIALECT
    header: tuple[str, ...] = ()
    data_begins: int = 0
    headerless: bool = False
    envelopes: tuple[str, ...] = ()
    record: str = "record"

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """Blocks of records from a place another block ended at.

        Raises:
            InputError: the file cannot be read on.
        """
        if self.form == "jsonl":
            yield from _line_blocks(self, start)
        elif self.form == "csv":
            yield from _csv_blocks(self, start)
        elif self.form == "json":
            yield from _grouped("json", self.record, json_items(self.path, self.encoding, self.envelopes), start)
        elif self.form == "parquet":
            from workbench.ingest.tables.tabular import parquet_records

            yield from _grouped("values", "record", parquet_records(self.path), start)
        elif self.form == "sheet":
            from workbench.ingest.tables.tabular import sheet_records

            yield from _grouped("values", "row", sheet_records(self.path), start)


def open_log(path: Path) -> LogFile:
    """How a file holds its records, by its content.

    Raises:
        InputError: it cannot be opened, is damaged, or holds nothing a log can be.
    """
    head = head_of(path)
    if head.startswith(b"PAR1"):
        return LogFile(path, "parquet")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return LogFile(path, "sheet")
    encoding = text_encoding(head, path.name)
    byte_lines = first_lines(path, encoding)
    lines = [decoded(line, encoding).replace("\0", "") for line in byte_lines]
    form = form_of_lines(lines)
    if form == "json":
        envelopes, record = envelopes_of(path, encoding, lines)
        return LogFile(path, form, encoding, envelopes=envelopes, record=record)
    if form != "csv":
        return LogFile(path, form, encoding)
    return _csv_file(path, encoding, byte_lines, lines)


def _csv_file(path: Path, encoding: str, byte_lines: Sequence[bytes], lines: Sequence[str]) -> LogFile:
    skip, dialect = dialect_of(lines, HEADER_LINES, lambda cell: field_of(cell) is not None)
    allow_long_cells()
    reader = csv.reader(lines[skip:], **dialect.settings())
    try:
        header = tuple(cell.strip() for cell in next(reader, []))
    except csv.Error as error:
        raise InputError(f"the first line is not readable as csv ({error}); export it again") from error
    headerless = is_data(header, lambda cell: field_of(cell) is not None)
    if len(header) == 1 or (headerless and ragged(lines[skip:], dialect)):
        # A list of questions: the commas in it part no cells.
        dialect, header = replace(dialect, delimiter=NO_DELIMITER), header[:1]
    if headerless:
        names = tuple(f"column {number}" for number in range(1, len(header) + 1))
        return LogFile(path, "csv", encoding, dialect, names, sum(map(len, byte_lines[:skip])), headerless=True)
    begins = sum(map(len, byte_lines[: skip + reader.line_num]))
    return LogFile(path, "csv", encoding, dialect, header, begins)


def _line_blocks(file: LogFile, start: int) -> Iterator[Block]:
    size = max(1, file.path.stat().st_size)
    place = start
    rest = b""
    skipping = False
    damage: list[InputError] = []
    chunks = _before_damage(utf8_chunks(file.path, file.encoding, BLOCK_BYTES, start), damage)
    for chunk in chain(chunks, (b"",)):
        last = not chunk
        rest += chunk
        if skipping:  # the rest of a line over the limit
            found = re.search(rb"[\r\n]", rest)
            if not found and not last:
                place, rest = place + len(rest), b""
                continue
            cut = found.end() if found else len(rest)
            place, rest, skipping = place + cut, rest[cut:], False
        cut = len(rest) if last else line_end(rest)
        if not cut and len(rest) > MAX_LINE:
            place, rest, skipping = place + len(rest), b"", True
            yield Block("too long", "line", b"", place, min(1.0, place / size))
        elif cut:
            place += cut
            yield Block("jsonl", "line", rest[:cut], place, min(1.0, place / size))
            rest = rest[cut:]
    if damage:
        raise damage[0]


def _csv_blocks(file: LogFile, start: int) -> Iterator[Block]:
    size = max(1, file.path.stat().st_size)
    place = max(start, file.data_begins)
    rest = b""
    damage: list[InputError] = []
    chunks = _before_damage(utf8_chunks(file.path, file.encoding, BLOCK_BYTES, place), damage)
    for chunk in chain(chunks, (b"",)):
        rest += chunk
        cut = record_end(rest, file.dialect, file.encoding) if chunk else len(rest)
        if not cut and len(rest) > MAX_LINE:
            raise InputError(
                f"a line or cell behind byte {place:,} is longer than {MAX_LINE // 2**20} MiB; nothing behind it was read; "
                "close the quotes or split the record"
            )
        if cut:
            place += cut
            yield Block("csv", "row", rest[:cut], place, min(1.0, place / size))
            rest = rest[cut:]
    if damage:
        raise damage[0]


def _grouped(form: Form, kind: str, records: Iterator[tuple[float, object]], start: int) -> Iterator[Block]:
    """Records that come one by one, as blocks; those before `start` were read earlier."""
    records = iter(records)
    place, group, size = 0, [], 0
    share = 0.0
    damage: list[InputError] = []
    for share, record in _before_damage(records, damage):
        place += 1
        if place <= start:
            continue
        group.append(record)
        size += len(record) if isinstance(record, str) else 0
        if len(group) >= BLOCK_RECORDS or size > BLOCK_BYTES:
            yield Block(form, kind, group, place, share)
            group, size = [], 0
    if group:
        yield Block(form, kind, group, place, share)
    if damage:
        raise damage[0]


def _before_damage(items: Iterable[T], damage: list[InputError]) -> Iterator[T]:
    """Items up to where a file is damaged; the damage is kept for who has given out what came before."""
    try:
        yield from items
    except InputError as error:
        damage.append(error)


def blocks_of_rows(rows: Iterator[Row | BadRow], start: int = 0) -> Iterator[Block]:
    """Rows that another reader gave, as blocks; those before `start` were read earlier."""
    yield from _grouped("values", "record", ((0.0, row) for row in rows), start)
