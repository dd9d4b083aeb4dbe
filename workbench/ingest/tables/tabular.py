"""Logs kept as Parquet or in a spreadsheet, record by record, with values as JSON would hold them.

A spreadsheet is one table a sheet, its header among the first rows; sheets without a column a log has are left out.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.ingest.logs.columns import field_of
from workbench.ingest.tables.csv_rows import is_data
from workbench.ingest.tables.rows import Row
from workbench.ingest.tables.text_files import short

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 2_000
HEADER_ROWS = 5
MAX_SHEET_BYTES = 512 * 2**20
"""Bytes of a spreadsheet unpacked: its reader holds a sheet in memory as a whole."""


def parquet_records(path: Path) -> Iterator[tuple[float, dict[str, object]]]:
    """(share read, record) of every row of a Parquet file.

    Raises:
        InputError: it is no Parquet file, or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            rows, done = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                for record in _without_nanoseconds(batch).to_pylist():
                    done += 1
                    yield done / rows, {str(name): as_json(value) for name, value in record.items()}
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError(f"not readable as Parquet ({short(error)}); export it again, or as JSON lines") from error


def _without_nanoseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    def coarse(field: pa.Field) -> pa.Field:
        return field.with_type(pa.timestamp("us", field.type.tz)) if pa.types.is_timestamp(field.type) else field

    schema = pa.schema([coarse(field) for field in batch.schema])
    columns = [column.cast(wanted.type, safe=False) for column, wanted in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def sheet_records(path: Path) -> Iterator[tuple[float, Row]]:
    """(share read, record) of every row of every sheet of a spreadsheet that holds a log.

    Raises:
        InputError: it cannot be read as a spreadsheet.
    """
    import python_calamine

    _check_size(path)
    try:
        book = python_calamine.load_workbook(str(path))
        sheets = [(name, book.get_sheet_by_name(name).to_python()) for name in book.sheet_names]
    except InputError:
        raise
    except BaseException as error:  # also a panic of the library, which is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
            raise
        raise InputError(
            f"not readable as a spreadsheet ({short(error)}); save it as csv in UTF-8 and add that"
        ) from error
    used = [(name, rows, place) for name, rows in sheets if (place := _header_place(rows)) is not None]
    if not used and sheets:
        used = [(sheets[0][0], sheets[0][1], 0)]
    for done, (name, rows, place) in enumerate(used):
        kind = "row" if len(sheets) == 1 else f"sheet '{name}' row"
        for share, number, record in _sheet_rows(rows, place):
            yield (done + share) / len(used), Row(f"{kind} {number}", record)


def _check_size(path: Path) -> None:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                names = packed.namelist()
                size = sum(entry.file_size for entry in packed.infolist())
            if "xl/workbook.xml" not in names and "content.xml" not in names and "xl/workbook.bin" not in names:
                raise InputError("a zip archive that holds no spreadsheet; unpack it and add the files")
        else:
            size = path.stat().st_size
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError(f"not readable as a spreadsheet ({short(error)}); export it again") from error
    if size > MAX_SHEET_BYTES:
        raise InputError(f"more than {MAX_SHEET_BYTES // 2**20} MiB unpacked; save it as csv and add that")


def _header_place(rows: Sequence[Sequence[object]]) -> int | None:
    """Index of the row most of whose cells name fields; None when no cell of the first rows does."""
    counts = [sum(field_of(str(cell).strip()) is not None for cell in row) for row in rows[:HEADER_ROWS]]
    best = max(counts, default=0)
    return counts.index(best) if best else None


def _sheet_rows(rows: Sequence[Sequence[object]], place: int) -> Iterator[tuple[float, int, dict[str, object]]]:
    header = [str(cell).strip() for cell in rows[place]] if rows else []
    begins = place + 1
    if is_data(header, lambda cell: field_of(cell) is not None):
        header, begins = [f"column {number}" for number in range(1, len(header) + 1)], place
    total = max(1, len(rows) - begins)
    for number, row in enumerate(rows[begins:], start=1):
        record: dict[str, object] = {}
        for name, cell in zip(header, row, strict=False):
            record.setdefault(name, as_json(cell))
        if any(cell not in (None, "") for cell in record.values()):
            yield number / total, number, record


def as_json(value: object) -> object:
    """A value as JSON would hold it: times in ISO 8601, whole floats as numbers, bytes as text where they are text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(name): as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(part) for part in value]
    return str(value)
