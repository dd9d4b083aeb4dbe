"""The interaction table read back: in batches, by column, or as records.

How it is made is told in `workbench.ingest.logs.table`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError
from workbench.ingest.logs.schema import interaction_schema
from workbench.ingest.tables.text_files import short
from workbench.records import Interaction, RetrievedItem, Source

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 5_000


def interaction_batches(table: str | Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Every interaction of the log, oldest first, in batches of `interaction_schema`.

    Args:
        table: `QueryLog.table`.
        columns: names of `interaction_schema`; None for all.

    Raises:
        InputError: the table is gone or cannot be read.
    """
    yield from _batches(table, columns)


def read_interactions(table: str | Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The whole interaction table, or some of its columns, oldest first.

    Args:
        table: `QueryLog.table`.
        columns: names of `interaction_schema`; None for all.

    Raises:
        InputError: the table is gone or cannot be read.
    """
    import pyarrow as pa

    schema = interaction_schema()
    wanted = pa.schema([schema.field(name) for name in columns]) if columns is not None else schema
    return pa.Table.from_batches(_batches(table, columns), wanted)


def interactions_at(table: str | Path, rows: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Some rows of the interaction table, in the order asked for; only the row groups they stand in are read.

    Args:
        table: `QueryLog.table`.
        rows: places in the table, from 0.
        columns: names of `interaction_schema`.

    Raises:
        InputError: the table is gone or cannot be read. IndexError: no such row.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = np.asarray(rows, dtype=np.int64)
    found: list[dict[str, Any]] = [{}] * len(wanted)
    try:
        with pq.ParquetFile(table) as file:
            sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
            bounds = np.cumsum([0, *sizes])
            if len(wanted) and not (wanted.min() >= 0 and wanted.max() < bounds[-1]):
                raise IndexError(f"rows of the log are 0 to {bounds[-1] - 1}")
            groups = np.searchsorted(bounds, wanted, side="right") - 1
            for number in np.unique(groups).tolist():
                places = np.flatnonzero(groups == number)
                taken = file.read_row_group(number, columns=list(columns)).take(wanted[places] - bounds[number])
                for place, row in zip(places.tolist(), taken.to_pylist(), strict=True):
                    found[place] = row
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(table, error) from error
    return found


def _unreadable(table: str | Path, error: Exception) -> InputError:
    return InputError(
        f"{Path(table).name}: the kept query log could not be read ({short(error)}); run the command again to read it anew"
    )


def _batches(table: str | Path, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = interaction_schema()
    try:
        with pq.ParquetFile(table) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=columns):
                named = pa.schema([schema.field(name) for name in batch.schema.names])
                yield batch.cast(named)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(table, error) from error


def interactions_in(table: Path) -> tuple[Interaction, ...]:
    """The interactions of a table as records.

    Raises:
        InputError: the table is gone or cannot be read.
    """
    # The same passages and names come back for many questions: each is held once.
    seen: dict[str, str] = {}
    return tuple(_interaction(row, seen) for batch in _batches(table, None) for row in batch.to_pylist())


def _interaction(row: dict[str, Any], seen: dict[str, str]) -> Interaction:
    source = Source(row.pop("source_path"), row.pop("source_locator"))
    retrieved = row.pop("retrieved")
    items = None if retrieved is None else tuple(_item(item, seen) for item in retrieved)
    at = row.pop("at")
    return Interaction(source=source, retrieved=items, at=None if at is None else at.astimezone(UTC), **row)


def _item(item: dict[str, Any], seen: dict[str, str]) -> RetrievedItem:
    doc_id, text = item["doc_id"], item["text"]
    return RetrievedItem(
        None if doc_id is None else seen.setdefault(doc_id, doc_id),
        None if text is None else seen.setdefault(text, text),
        item["score"],
    )
