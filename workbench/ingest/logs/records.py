"""A block of a log file unpacked into columns: path -> values, row by row, with the number of each record in the block.

Nested objects are spread out and several turns in one record become rows of their own; what a column means is told elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.ingest.logs.blocks import Block, LogFile
from workbench.ingest.logs.flattening import MAX_DEPTH
from workbench.ingest.logs.record_ends import decoded
from workbench.ingest.logs.spreading import Table, spread, spread_text
from workbench.ingest.logs.values import as_structure
from workbench.ingest.tables.csv_rows import Dialect, allow_long_cells
from workbench.ingest.tables.rows import MAX_LINE, BadRow, Row
from workbench.ingest.tables.text_files import NOT_JSON, short


@dataclass(slots=True)
class Records:
    """Records as they were found, before they are spread out."""

    total: int = 0
    header: Sequence[str] | None = None
    rows: list[Sequence[object]] = field(default_factory=list)
    objects: list[Mapping[str, object]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    places: list[str] | None = None
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    """(number, place where known, reason) of each record that could not be read."""
    braces: bool = True


def unpacked(block: Block, header: Sequence[str], dialect: Dialect, encoding: str) -> Records:
    """The records of a block.

    Args:
        block: as `LogFile.blocks` gave it.
        header: names of the columns of a csv text.
        dialect: of a csv text.
        encoding: of a text.
    """
    if block.form == "too long":
        return Records(1, bad=[(1, "", f"longer than {MAX_LINE // 2**20} MiB")])
    if block.form == "csv":
        return _csv(decoded(bytes(block.data), encoding), header, dialect)  # type: ignore[arg-type]
    if block.form == "jsonl":
        # Only these end a line: text has other characters that split lines elsewhere.
        return _json(io.StringIO(decoded(bytes(block.data), encoding), newline=""))  # type: ignore[arg-type]
    if block.form == "json":
        return _json(str(text) for text in block.data)
    return _values(block.data)


def _csv(text: str, header: Sequence[str], dialect: Dialect) -> Records:
    allow_long_cells()
    found = Records(header=header, braces="{" in text)
    if "\0" in text:
        text = text.replace("\0", "")
    reader = csv.reader(io.StringIO(text, newline=""), **dialect.settings())
    width, number = len(header), 0
    rows, numbers = found.rows, found.numbers
    while True:
        try:
            for cells in reader:
                if not cells:
                    continue
                number += 1
                if len(cells) != width:
                    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
                        found.bad.append((number, "", f"{len(cells)} cells under a header of {width}"))
                        continue
                    cells = (cells + [""] * width)[:width]
                rows.append(cells)
                numbers.append(number)
            break
        except csv.Error as error:
            number += 1
            found.bad.append((number, "", f"not readable as csv ({error})"))
    found.total = number
    return found


def _json(lines: Iterable[str]) -> Records:
    found = Records()
    number = 0
    loads, objects, numbers = json.loads, found.objects, found.numbers
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            found.bad.append((number, "", f"longer than {MAX_LINE // 2**20} MiB"))
            continue
        try:
            value = loads(line)
        except NOT_JSON as error:
            if line.strip():
                found.bad.append((number, "", f"not JSON ({short(error)})"))
            continue
        if type(value) is dict:
            objects.append(value)
            numbers.append(number)
        else:
            found.bad.append((number, "", f"expected an object, found {type(value).__name__}"))
    found.total = number
    return found


def _values(values: Iterable[object]) -> Records:
    """Records that are values already: objects, or rows of another reader, which know their place."""
    found = Records()
    places: list[str] = []
    number = 0
    for number, value in enumerate(values, start=1):
        if isinstance(value, BadRow):
            found.bad.append((number, value.locator, value.reason))
        elif isinstance(value, Row):
            found.objects.append(value.values)
            found.numbers.append(number)
            places.append(value.locator)
        elif isinstance(value, dict):
            found.objects.append(value)
            found.numbers.append(number)
        else:
            found.bad.append((number, "", f"expected an object, found {type(value).__name__}"))
    found.places = places or None
    found.total = number
    return found


def rows_of(log: LogFile) -> Iterator[Row | BadRow]:
    """Every record of a log file with its place, one after the other.

    Raises:
        InputError: the file cannot be read on.
    """
    before = 0
    for block in log.blocks():
        records = unpacked(block, log.header, log.dialect, log.encoding)
        if records.header is not None:
            objects: Iterable[Mapping[str, object]] = (
                dict(reversed(list(zip(records.header, cells, strict=True)))) for cells in records.rows
            )
        else:
            objects = records.objects
        places = records.places or [f"{block.kind} {before + number}" for number in records.numbers]
        for place, values in zip(places, objects, strict=True):
            yield Row(place, values)
        for number, where, reason in records.bad:
            yield BadRow(where or f"{block.kind} {before + number}", reason)
        before += records.total


def tables_of(records: Records, turns: str = "") -> Iterable[Table]:
    """Records as tables, mostly one; more where they share few keys.

    Args:
        records: of a block.
        turns: key of the list in which a record holds several turns of a conversation; "" for none.
    """
    if records.header is not None:
        yield _table_of_cells(records)
        return
    objects, numbers, places = records.objects, records.numbers, records.places
    turn_numbers = [0] * len(objects)
    if turns:
        objects, numbers, turn_numbers, places = _unfolded(records, turns)
    yield from _halved(objects, numbers, turn_numbers, places)


def _halved(
    objects: Sequence[Mapping[str, object]],
    numbers: Sequence[int],
    turns: Sequence[int],
    places: Sequence[str] | None,
) -> Iterable[Table]:
    columns: dict[str, Sequence[object]] = {}
    if spread(objects, "", MAX_DEPTH, columns):
        yield Table(columns, numbers, turns, places)
        return
    middle = len(objects) // 2
    for part in (slice(0, middle), slice(middle, None)):
        yield from _halved(objects[part], numbers[part], turns[part], places[part] if places else None)


def _unfolded(records: Records, key: str) -> tuple[list[Mapping[str, object]], list[int], list[int], list[str] | None]:
    objects: list[Mapping[str, object]] = []
    numbers: list[int] = []
    turns: list[int] = []
    places: list[str] = []
    for place, (record, number) in enumerate(zip(records.objects, records.numbers, strict=True)):
        listed = as_structure(record.get(key))
        parts = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
        shared = {name: value for name, value in record.items() if name != key}
        for turn, part in enumerate(parts, start=1):
            objects.append({**shared, **part})
            turns.append(turn if len(parts) > 1 else 0)
        if not parts:
            objects.append(record)
            turns.append(0)
        added = max(1, len(parts))
        numbers.extend([number] * added)
        if records.places:
            places.extend([records.places[place]] * added)
    return objects, numbers, turns, places or None


def _table_of_cells(records: Records) -> Table:
    columns: dict[str, Sequence[object]] = {}
    if records.rows:
        cells: Sequence[object]
        for name, cells in zip(records.header or (), zip(*records.rows, strict=True), strict=True):
            # The first of two columns with one name wins, as a person reading from the left would have it.
            if name not in columns:
                columns[name] = cells
    inner: dict[str, Sequence[object]] = {}
    if records.braces:
        for name, cells in columns.items():
            spread_text(cells, name, MAX_DEPTH, inner)
    for name, cells in columns.items():
        if "" in cells:
            columns[name] = [cell or None for cell in cells]
    return Table({**inner, **columns}, records.numbers, [0] * len(records.numbers))
