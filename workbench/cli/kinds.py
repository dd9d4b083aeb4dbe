"""Types of arguments: what was typed as a number, a pair of weights or a currency, or a sentence why it is none."""

from __future__ import annotations

from argparse import ArgumentTypeError
from math import inf, nan


def weights(text: str) -> tuple[float, float]:
    """Two weights, 0 or more and not both 0."""
    parts = [part.strip() for part in text.split(",")]
    try:
        dense, sparse = (float(part) for part in parts)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is not two numbers; give the weights as 0.7,0.3") from None
    if not (dense >= 0 and sparse >= 0 and 0 < dense + sparse < inf):
        raise ArgumentTypeError(f"'{text}': weights are 0 or more and not both 0; give them as 0.7,0.3")
    return dense, sparse


def amount(text: str) -> float:
    """An amount of money, 0 or more."""
    return _number(text, "an amount of 0 or more", 0.0)


def positive(text: str) -> float:
    """A number above 0."""
    return _number(text, "a number above 0", 1e-12)


def percent(text: str) -> float:
    """A share in per cent, above 0."""
    return _number(text, "a per cent figure above 0 and up to 100", 1e-9, 100.0)


def growth(text: str) -> float:
    """A change in per cent, down to -99."""
    return _number(text, "a per cent figure from -99 to 1000", -99.0, 1000.0)


def count(text: str) -> int:
    """A whole number, 1 or more."""
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def several(text: str) -> int:
    """A whole number, 2 or more."""
    if count(text) < 2:
        raise ArgumentTypeError(f"'{text}' is not a whole number above 1")
    return count(text)


def currency_code(text: str) -> str:
    """Three letters, in capitals."""
    if not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise ArgumentTypeError(f"'{text}' is not a currency code of three letters, like EUR")
    return text.upper()


def _number(text: str, kind: str, low: float, high: float = inf) -> float:
    try:
        value = float(text)
    except ValueError:
        value = nan
    if not low <= value <= high or value == inf:
        raise ArgumentTypeError(f"'{text}' is not {kind}")
    return value
