"""How much of the query log each field fills, counted over the stored table of all interactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from workbench.records import Interaction, QueryLog

FIELDS = tuple(name for name in Interaction.__dataclass_fields__ if name != "source")


def logged_counts(log: QueryLog) -> tuple[Mapping[str, int], datetime | None, datetime | None]:
    """(`Interaction` field -> interactions that hold it, time of the first, time of the last) over the whole log.

    Without a stored table the interactions in memory are counted.
    """
    if log.table is None:
        return _in_memory(log)
    import duckdb

    counted = ", ".join(f'count("{name}")' for name in FIELDS)
    with duckdb.connect() as connection:
        # A parameter, not a part of the statement: the path holds the case's name.
        query = f'SELECT {counted}, epoch_us(min("at")), epoch_us(max("at")) FROM read_parquet(?)'
        found = connection.execute(query, [log.table]).fetchone()
    assert found is not None  # an aggregate without groups always gives one row
    *counts, first, last = found
    return dict(zip(FIELDS, counts, strict=True)), _moment(first), _moment(last)


def _in_memory(log: QueryLog) -> tuple[Mapping[str, int], datetime | None, datetime | None]:
    counts = {name: sum(getattr(entry, name) is not None for entry in log.interactions) for name in FIELDS}
    times = [entry.at for entry in log.interactions if entry.at is not None]
    return counts, min(times, default=None), max(times, default=None)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, tz=UTC)
