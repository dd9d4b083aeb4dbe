"""Moments as logs write them: ISO 8601, epochs, dates of mails and servers, days of a spreadsheet, day or month first.

No time zone is ever guessed, and neither is which of two numbers is the month: both readings of such a date are given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Literal
from zoneinfo import ZoneInfo

from workbench.ingest.logs.numbers import number_of

EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""(above this, units a second): nanoseconds, microseconds, milliseconds; anything lower is seconds."""
YEARS = range(2000, 2101)
SHEET_BEGINNING = datetime(1899, 12, 30)
"""Day 0 of a spreadsheet's calendar, for every day from March 1900 on."""
SHEET_DAYS = range(36_526, 73_416)
"""Days of `YEARS` in it; as seconds since 1970 they would all be in 1970."""
MAX_TIME = 80
"""Characters of the longest text that is tried as a time."""

_CLOCK = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?|\s*Uhr)?"
)
_REST = rf"(?:(?:[T ,]|\bat\b){{1,5}}{_CLOCK})?\s*(?P<offset>Z|UTC|GMT|[+-]\d{{2}}:?\d{{2}})?"
_DATES = tuple(
    re.compile(shape + _REST, re.IGNORECASE)
    for shape in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<next>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})",
        r"(?:[a-z]{3,9}\.?,? )?(?P<day>\d{1,2})(?:st|nd|rd|th)?[ .-]{1,2}(?P<name>[a-z]{3,9})\.?[ ,.-]{1,2}(?P<year>\d{4})",
        r"(?:[a-z]{3,9}\.?,? )?(?P<name>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
    )
)
_ONLY_CLOCK = re.compile(_CLOCK, re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SINCE_MIDNIGHT = re.compile(r"[T ]0?0:00(?::00(?:\.0+)?)?$")


def time_of(value: object, zone: tzinfo | None = None) -> datetime | Literal["local"] | None:
    """A moment with its time zone; "local" for a time that names no zone, or can be two days; None for what is no time.

    Numbers count from 1970 in nano-, micro-, milliseconds or seconds by their size, or the days of a spreadsheet.

    Args:
        value: as logged.
        zone: the zone of times that name none themselves.
    """
    number = number_of(value)
    if number is not None:
        return _from_number(number, zone)
    if isinstance(value, datetime):
        value = value.isoformat()
    if not isinstance(value, str) or len(value) > MAX_TIME:
        return None
    moment = _from_text(re.sub(r"\s*\b(UTC|GMT)$", "Z", value.strip()))
    if moment is None:
        readings = {reading for reading in written_both_ways(value) or () if reading}
        if len(readings) != 1:
            return "local" if readings else None
        return time_of(readings.pop(), zone)
    return _with_zone(moment, zone)


def _with_zone(moment: datetime, zone: tzinfo | None) -> datetime | Literal["local"] | None:
    if moment.year not in YEARS:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone) if zone else "local"
    return moment


def _from_number(number: float, zone: tzinfo | None) -> datetime | Literal["local"] | None:
    if int(number) in SHEET_DAYS:
        return _with_zone(SHEET_BEGINNING + timedelta(milliseconds=round(number * 86_400_000)), zone)
    per_second = next((unit for above, unit in EPOCH_UNITS if number > above), 1.0)
    try:
        moment = datetime.fromtimestamp(number / per_second, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment if moment.year in YEARS else None


def _from_text(text: str) -> datetime | None:
    text = re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$|Z$)", "", text)
    for parse in (datetime.fromisoformat, _from_mail_date, _from_server_date):
        try:
            if re.search(r"\d:\d|\d{4}-\d{2}-\d{2}|T\d", text):
                return parse(text)
        except (ValueError, IndexError, TypeError, OverflowError):
            continue
    return None


def _from_mail_date(text: str) -> datetime:
    if not re.match(r"[A-Z][a-z]{2}, \d", text):
        raise ValueError(text)
    return parsedate_to_datetime(re.sub(r"Z$", " +0000", text))


def _from_server_date(text: str) -> datetime:
    return datetime.strptime(text.strip("[]"), "%d/%b/%Y:%H:%M:%S%z")


def written_both_ways(value: object) -> tuple[str | None, str | None] | None:
    """(day first, month first) readings of a written date in ISO 8601, None where one cannot be; None for what is no such date.

    With points the day comes first wherever a date is written, and with the year first or a month's name there is one reading.

    >>> written_both_ways("03/09/2026 9:05 PM")
    ('2026-09-03T21:05:00', '2026-03-09T21:05:00')
    >>> written_both_ways("14/09/2026 09:00"), written_both_ways("14.09.2026")
    (('2026-09-14T09:00:00', None), ('2026-09-14T00:00:00', '2026-09-14T00:00:00'))
    """
    if not isinstance(value, str) or len(value) > MAX_TIME:
        return None
    match = next((found for shape in _DATES if (found := shape.fullmatch(value.strip()))), None)
    if match is None:
        return None
    parts = match.groupdict()
    if "first" not in parts:
        month = int(parts["month"]) if "month" in parts else _month(parts["name"])
        reading = _iso(parts, month, int(parts["day"]))
        return (reading, reading) if reading else None
    first, after = int(parts["first"]), int(parts["next"])
    day_first = _iso(parts, after, first)
    month_first = day_first if parts["mark"] == "." else _iso(parts, first, after)
    return (day_first, month_first) if day_first or month_first else None


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1 if name[:3].lower() in _MONTHS else 0


def _iso(parts: dict[str, str | None], month: int, day: int) -> str | None:
    year = int(parts["year"] or 0)
    try:
        date = datetime(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return None
    offset = (parts["offset"] or "").upper().replace("UTC", "Z").replace("GMT", "Z")
    clock = _clock(parts)
    return None if clock is None else f"{date:%Y-%m-%d}T{clock}{offset}"


def _clock(parts: dict[str, str | None]) -> str | None:
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    if half := parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction = f".{parts['fraction'][:6]:0<3}" if parts["fraction"] else ""
    return f"{hour:02}:{minute:02}:{second:02}{fraction}"


def clock_of(value: object) -> str | None:
    """The time of day a value states, for logs that keep it in a column beside the date; None for anything else.

    >>> clock_of("9:05 PM"), clock_of(0.375), clock_of("2026-09-14")
    ('21:05:00', '09:00:00', None)
    """
    if isinstance(value, str) and (match := _ONLY_CLOCK.fullmatch(value.strip())):
        return _clock(match.groupdict())
    number = number_of(value) if not isinstance(value, str) or value.startswith(("0.", "0,")) else None
    if number is None or not 0 <= number < 1:
        return None
    moment = SHEET_BEGINNING + timedelta(seconds=min(86_399, round(number * 86_400)))
    return f"{moment:%H:%M:%S}"


def date_of(value: object) -> str | None:
    """The date a value states as it is written, when it states no time of day, or midnight; None for anything else.

    >>> date_of("14/09/2026"), date_of("2026-09-14 00:00:00"), date_of("2026-09-14 10:00")
    ('14/09/2026', '2026-09-14', None)
    """
    number = number_of(value)
    if number is not None and int(number) in SHEET_DAYS and number == int(number):
        return f"{SHEET_BEGINNING + timedelta(days=int(number)):%Y-%m-%d}"
    text = _SINCE_MIDNIGHT.sub("", value.strip()) if isinstance(value, str) else ""
    matches: Iterator[re.Match[str] | None] = (shape.fullmatch(text) for shape in _DATES)
    match = next((found for found in matches if found), None)
    return text if match and match["hour"] is None and match["offset"] is None else None


def zone_of(value: object) -> tzinfo | None:
    """A time zone by name ("Europe/London", "UTC") or offset ("+01:00"); None when unknown."""
    text = value.strip() if isinstance(value, str) else ""
    offset = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", text)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes)) if minutes < 24 * 60 else None
    try:
        return ZoneInfo("UTC" if text in ("Z", "GMT") else text) if text else None
    except (ValueError, OSError, KeyError):
        return None
