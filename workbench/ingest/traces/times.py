"""Moments as traces log them: nanoseconds, epochs of any unit, ISO text with and without a time zone.

A local time is kept beside its number, so that durations can be told and its zone be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from workbench.ingest.logs.values import time_of
from workbench.ingest.traces.keys import parsed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(value: object) -> tuple[int | None, str | None]:
    """(nanoseconds since 1970, the text where it names no time zone) of a time as logged; (None, None) for what is no time.

    >>> moment_of("1733239442000000001")
    (1733239442000000001, None)
    >>> moment_of("2025-04-11 10:19:56")
    (1744366796000000000, '2025-04-11 10:19:56')
    """
    value = parsed(value) if isinstance(value, str) else value
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 25:
        value = int(value)
    if isinstance(value, Mapping):  # protobuf's {"seconds": ..., "nanos": ...}
        value = value.get("seconds")
    if isinstance(value, int) and not isinstance(value, bool) and 10**17 < value < 5 * 10**18:
        return value, None
    moment = time_of(value)
    if moment == "local":
        moment = time_of(value, UTC)
        return (_nanoseconds(moment), str(value)[:40]) if isinstance(moment, datetime) else (None, None)
    return (_nanoseconds(moment), None) if isinstance(moment, datetime) else (None, None)


def _nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def iso(nanoseconds: int) -> str:
    """A moment as ISO text in UTC.

    >>> iso(1733239442000000000)
    '2024-12-03T15:24:02+00:00'
    """
    return (EPOCH + timedelta(microseconds=nanoseconds // 1000)).isoformat()
