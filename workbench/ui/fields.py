"""Fields people fill in by hand, and what they say: amounts, days, currencies.

What a value means belongs to the form it stands in; what is no value is a sentence, never a guess.
"""

from __future__ import annotations

import math
import re
from datetime import date
from decimal import Decimal

import ipywidgets as widgets

from workbench.ui.components import paragraph


def field(words: str, value: str, placeholder: str = "") -> widgets.Text:
    """A field of one line that takes effect when it is left."""
    return widgets.Text(value=value, description=words, placeholder=placeholder, continuous_update=False)


def status(words: str) -> str:
    """A line that says what became of an entry, also to people who do not see it; "" for nothing to say."""
    return f'<div role="status">{paragraph(words, muted=True)}</div>' if words else ""


def amount(text: str, words: str, *, least: float = 0.0, most: float = 1e12) -> float | None:
    """The amount a text says, with a point or a comma before decimals; None for nothing.

    Raises:
        ValueError: it says something else.
    """
    text = text.strip()
    if not text:
        return None
    if re.fullmatch(r"-?[0-9]+,[0-9]{3}", text):
        raise ValueError(f"{words}: '{text[:30]}' may be thousands or decimals; write it without the comma")
    if not re.fullmatch(r"-?[0-9]+([.,][0-9]+)?|[.,][0-9]+", text):
        raise ValueError(f"{words}: '{text[:30]}' is no number")
    value = float(text.replace(",", "."))
    if not math.isfinite(value) or not least <= value <= most:
        raise ValueError(f"{words}: expected a number from {least:g} to {most:,.0f}")
    return value


def whole(text: str, words: str, *, least: int, most: int) -> int | None:
    """The whole number a text says, with or without commas between thousands; None for nothing.

    Raises:
        ValueError: it says something else.
    """
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4}", text):
        raise ValueError(f"{words}: expected a whole number from {least:,} to {most:,}")
    value = int(text.replace(",", ""))
    if not least <= value <= most:
        raise ValueError(f"{words}: expected a whole number from {least:,} to {most:,}")
    return value


def day(text: str, words: str) -> date | None:
    """The day a text says; None for nothing.

    Raises:
        ValueError: it says something else.
    """
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise ValueError(f"{words}: '{text[:30]}' is no day; write it as 2026-11-22") from None


def currency_code(text: str) -> str:
    """The code of a currency in capitals; "" for nothing.

    Raises:
        ValueError: it is no code.
    """
    code = text.strip().upper()
    if code and not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise ValueError("Currency: expected a code of three letters, like EUR")
    return code


def written(value: float | None) -> str:
    """A number as it stands in a field, so that `amount` reads the same again; "" for none.

    >>> written(1e6), written(0.00005), written(2.0), written(None)
    ('1000000', '0.00005', '2', '')
    """
    text = "" if value is None else f"{Decimal(repr(float(value))):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
