"""Columns of times turned into Arrow arrays; dates whose numbers can be day or month are given in both readings.

Which reading counts is told by all dates of a file, or by a person, when the table is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from workbench.ingest.logs.times import YEARS, clock_of, date_of, time_of, written_both_ways

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Moments:
    """Times of some rows.

    Attributes:
        at: where there is one reading, or none. day_first, month_first: the readings of dates written in numbers.
        local: rows of times that name no zone and are left out.
        only_day_first, only_month_first, either: how many dates can be read one way alone, or both ways.
        example: a date that can be read both ways.
    """

    at: pa.Array
    day_first: pa.Array
    month_first: pa.Array
    local: Sequence[int] = ()
    only_day_first: int = 0
    only_month_first: int = 0
    either: int = 0
    example: str = ""


def moments(values: Sequence[object], zones: Sequence[tzinfo | None] | tzinfo | None) -> Moments:
    """Times of some rows.

    Args:
        values: as logged.
        zones: the zone of times that name none themselves: one for all, or row by row.
    """
    import pyarrow as pa

    kind = pa.timestamp("us", "UTC")
    array = _regular_times(values)
    if array is not None:
        return Moments(array, pa.nulls(len(values), kind), pa.nulls(len(values), kind))
    readings = [_readings(value) for value in values]
    found: list[list[datetime | None]] = [[], [], []]
    local: list[int] = []
    for row, (value, both) in enumerate(zip(values, readings, strict=True)):
        zone = zones[row] if isinstance(zones, Sequence) else zones
        read = [_read(part, zone) for part in ((None, *both) if both else (value, None, None))]
        if "local" in read:
            local.append(row)
        for column, moment in zip(found, read, strict=True):
            column.append(moment if isinstance(moment, datetime) else None)
    doubted = [both for both in readings if both]
    either = [str(value) for value, both in zip(values, readings, strict=True) if both and all(both)]
    at, day_first, month_first = (pa.array(column, kind) for column in found)
    return Moments(
        at,
        day_first,
        month_first,
        local,
        only_day_first=sum(month is None for _, month in doubted),
        only_month_first=sum(day is None for day, _ in doubted),
        either=len(either),
        example=either[0] if either else "",
    )


def with_clock(dates: Sequence[object], clocks: Sequence[object]) -> list[object]:
    """Dates with the times of day of the column beside them; what is no date, or has no time of day there, stays as it is."""
    joined: list[object] = []
    for value, beside in zip(dates, clocks, strict=True):
        date, clock = date_of(value), clock_of(beside)
        joined.append(f"{date} {clock}" if date and clock else value)
    return joined


def _readings(value: object) -> tuple[str | None, str | None] | None:
    """Both readings of a date in which it matters; None where there is one."""
    both = written_both_ways(value)
    return both if both and both[0] != both[1] else None


def _read(value: object, zone: tzinfo | None) -> datetime | str | None:
    moment = None if value is None else time_of(value, zone)
    try:
        return moment.astimezone(UTC) if isinstance(moment, datetime) else moment
    except (OverflowError, ValueError):  # the first hours of the first year there is
        return None


def _regular_times(values: Sequence[object]) -> pa.Array | None:
    """The times of a column that holds nothing but ISO 8601 with a zone; None when it takes a look at each value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not set(map(type, values)) <= {str, type(None)}:
        return None
    try:
        array = pc.cast(pa.array(values, pa.string()), pa.timestamp("us", "UTC"))
    except (pa.ArrowException, ValueError):
        return None
    bounds = pc.min_max(pc.cast(array, pa.int64()))
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    first, last = (datetime(year, 1, 2, tzinfo=UTC).timestamp() * 1e6 for year in (YEARS[0], YEARS[-1]))
    return array if low is None or (low >= first and high < last) else None
