"""How long something took, as logs write it: "1.2s", "850 ms", "1m 3s", "00:00:01.500", "PT1.5S", or a number alone.

The unit is told by the value or by the name of its column; where neither tells, it is asked for, not guessed.
"""

from __future__ import annotations

import re

from workbench.ingest.logs.numbers import MAX_NUMBER, number_of

FACTORS = {"ms": 1.0, "milliseconds": 1.0, "s": 1000.0, "sec": 1000.0, "seconds": 1000.0}
"""Unit of time -> milliseconds."""

_MILLISECONDS = re.compile(r"(?:_ms|\bms|Ms|[ (\[]ms[)\]]?|(?i:milli\w*|milisegundos|milisekund\w*)[)\]]?)$")
_SECONDS = re.compile(
    r"(?:_s|_secs?|[ (\[]s(?:ecs?)?[)\]]?|\.secs?|Seconds"
    r"|(?:(?<![a-z])(?i:sek)|(?i:seconds|sekunden|secondes|segundos|secondi|seconden|sekund[ay]?))\.?[)\]]?)$"
)
_PART = re.compile(
    r"(\d[\d.,]{0,15})\s*"
    r"(ms(?:ec)?s?|milli(?:second)?s?|s(?:ec(?:ond)?)?s?|sek(?:unden?)?|m(?:in(?:ute)?)?s?|h(?:(?:ou)?r)?s?)\.?(?![a-z])"
    r"[ ,]{0,3}",
    re.IGNORECASE,
)
_IN_MS = {"ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d(?:[.,]\d{1,9})?)")
_ISO = re.compile(r"PT(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?")


def unit_of_name(column: str) -> str | None:
    """The unit of time the ending of a column's name states: "milliseconds", "seconds" or None."""
    if _MILLISECONDS.search(column) or column.lower() == "ms":
        return "milliseconds"
    return "seconds" if _SECONDS.search(column) else None


def duration_of(value: object, decimal: str = ".") -> tuple[float, float | None] | None:
    """(amount of 0 or more, factor to milliseconds where the value itself states a unit); None for what is no duration.

    >>> duration_of("1m 3s"), duration_of("850 ms"), duration_of("1,5"), duration_of("soon")
    ((63.0, 1000.0), (850.0, 1.0), (1.5, None), None)
    """
    if isinstance(value, str) and (stated := _stated(value.strip(), decimal)):
        return stated
    amount = number_of(value, decimal)
    return None if amount is None or amount < 0 else (amount, None)


def _stated(text: str, decimal: str) -> tuple[float, float] | None:
    """(amount, factor) of a text that states its unit."""
    if len(text) > MAX_NUMBER or not text[:1].isalnum():
        return None
    if clock := _CLOCK.fullmatch(text) or _ISO.fullmatch(text):
        hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in clock.groups())
        return 3600 * hours + 60 * minutes + seconds, 1000.0
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    amounts = [number_of(part[1], decimal) for part in parts]
    units = ["ms" if part[2].lower().startswith(("ms", "milli")) else part[2][0].lower() for part in parts]
    if any(amount is None for amount in amounts):
        return None
    # All in the smallest unit there is, so that "850 ms" stays 850 and "1.5 s" stays 1.5.
    smallest = 1.0 if "ms" in units else 1000.0
    return sum((amount or 0.0) * _IN_MS[unit] / smallest for amount, unit in zip(amounts, units, strict=True)), smallest
