"""Numbers as logs write them: with a decimal point or comma, grouped in thousands, with a currency or a unit beside them.

What decides between "1,234" as a thousand and as one point two is told by all numbers of a file; what they count, elsewhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

MAX_NUMBER = 60
"""Characters of the longest text that is tried as a number in anything but the plain form."""

_BESIDE = r"(?:ms|s|sec|GBP|USD|EUR|CHF|PLN|[£$€])?"
_PLAIN = re.compile(rf"\s*[£$€]?\s*([+-]?\d{{1,15}}(?:\.\d+)?(?:[eE][+-]?\d{{1,3}})?|[+-]?\.\d+)\s*{_BESIDE}\s*")
_GROUPED = re.compile(
    rf"\s*[£$€]?\s*(?P<sign>[+-]?)(?P<whole>\d{{1,15}}|\d{{1,3}}(?P<mark>[.,'’ \u00a0\u202f])\d{{3}}(?:(?P=mark)\d{{3}}){{0,3}})"
    rf"(?:(?P<point>[.,])(?P<part>\d{{1,15}}))?\s*{_BESIDE}\s*"
)


def number_of(value: object, decimal: str = ".") -> float | None:
    """A finite number, also from text with a currency sign or a unit behind it; None for anything else.

    >>> number_of("1.234,5"), number_of("0,85"), number_of("1,234"), number_of("1,234", ","), number_of("1,234", "")
    (1234.5, 0.85, 1234.0, 1.234, 1.234)

    Args:
        value: as logged.
        decimal: the mark before decimals in texts that can be read both ways; "" takes either for it.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) if decimal != "," or "." not in value else None
        value = float(plain.group(1)) if plain else _grouped(value, decimal)
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _grouped(text: str, decimal: str) -> float | None:
    match = _GROUPED.fullmatch(text) if len(text) <= MAX_NUMBER else None
    if match is None or (match["mark"] and match["mark"] == match["point"]):
        return None
    whole, part = re.sub(r"\D", "", match["whole"]), match["part"] or "0"
    if decimal and match["point"] != decimal and _either(match):
        whole, part = whole + part, "0"
    return float(f"{match['sign']}{whole}.{part}")


def _either(match: re.Match[str]) -> bool:
    """Whether the one mark in a number can stand before decimals as well as between thousands: "1,234", not "0,850"."""
    whole = match["whole"]
    return not match["mark"] and len(match["part"] or "") == 3 and len(whole) <= 3 and not whole.startswith("0")


def decimal_mark(values: Iterable[object]) -> str | None:
    """The mark before decimals that some numbers leave no doubt about; None where all leave one, or they contradict each other.

    >>> decimal_mark(["1,250", "0,85"]), decimal_mark(["1,250.5"]), decimal_mark(["1,250"])
    (',', '.', None)
    """
    told = {mark for value in values if isinstance(value, str) and (mark := _told_mark(value))}
    return told.pop() if len(told) == 1 else None


def _told_mark(text: str) -> str | None:
    match = _GROUPED.fullmatch(text) if len(text) <= MAX_NUMBER else None
    if match is None:
        return None
    mark, point = match["mark"], match["point"]
    if point is None:
        return {".": ",", ",": "."}.get(mark)
    return None if mark == point or _either(match) else str(point)


def thousands_mark(counts: Iterable[object]) -> str | None:
    """The mark between thousands in whole numbers, which have no decimals: "." for "1.234"; None where there is none, or two."""
    matches = (_GROUPED.fullmatch(count) for count in counts if isinstance(count, str) and len(count) <= MAX_NUMBER)
    told = {str(match["point"]) for match in matches if match and match["point"] and _either(match)}
    return told.pop() if len(told) == 1 else None
