"""Prices and assumptions as people enter them; what is not a price is said and changes nothing."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date
from typing import Any

import ipywidgets as widgets

from workbench.records import Assumptions
from workbench.ui.components import paragraph
from workbench.ui.costs.state import Costs
from workbench.ui.page import html, safe_callback

FIELDS = {
    "input_per_million": "A million prompt tokens",
    "output_per_million": "A million answer tokens",
    "embedding_per_million": "A million embedded tokens",
    "rerank_per_thousand": "A thousand reranked questions",
    "false_hit": "One false hit",
}
ENTERED = "entered on the page"


class PriceForm(widgets.VBox):  # type: ignore[misc]
    """Fields for prices; each takes effect when it is left.

    Attributes:
        fields: a field a price. currency: its code. held_on: the day the prices held. keep: keeps the prices with the case.
    """

    def __init__(self, state: Costs) -> None:
        self._state = state
        prices = state.prices
        self.fields = {name: _field(words, _written(getattr(prices, name))) for name, words in FIELDS.items()}
        self.currency = _field("Currency", prices.currency)
        self.held_on = _field("Held on", prices.as_of.isoformat() if prices.as_of else "", "2026-11-22")
        writable = state.case is not None and state.case.writable
        self.keep = widgets.Button(description="Keep these prices", disabled=not writable)
        self._said = html(_status(_origin(state)))
        super().__init__(
            [html("<h2>Prices</h2>"), *self.fields.values(), self.currency, self.held_on, self.keep, self._said]
        )
        self.add_class("wb-bill-form")
        for entry in (*self.fields.values(), self.currency, self.held_on):
            entry.observe(safe_callback(self._entered), "value")
        self.keep.on_click(safe_callback(self._kept))

    def _entered(self, _change: object) -> None:
        try:
            entered: dict[str, Any] = {name: _amount(field.value, FIELDS[name]) for name, field in self.fields.items()}
            currency = self.currency.value.strip().upper()
            if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
                raise ValueError("Currency: expected a code of three letters, like EUR")
            as_of = _day(self.held_on.value)
        except ValueError as error:
            self._said.value = _status(f"Not taken: {error}.")
            return
        prices = replace(self._state.prices, **entered, currency=currency, as_of=as_of)
        if prices != self._state.prices:
            self._state.prices = replace(prices, source=ENTERED)
        self._said.value = _status(_origin(self._state))

    def _kept(self, _button: object) -> None:
        self._state.keep_prices()
        self._said.value = _status("Kept with the case, in prices.json.")


class AssumptionForm(widgets.VBox):  # type: ignore[misc]
    """Fields for what is assumed of the months to come; each takes effect when it is left.

    Attributes:
        per_month, growth, months: fields. warm: whether the later half of the log, with the cache filled, stands for them.
    """

    def __init__(self, state: Costs) -> None:
        self._state = state
        assumed = state.assumptions
        self.per_month = _field("Questions a month", "", "as in the log")
        self.growth = _field("Growth a month, %", _written(100 * assumed.growth))
        self.months = _field("Months", str(assumed.months))
        self.warm = widgets.Checkbox(value=assumed.warm, description="With the cache already filled", indent=False)
        self._said = html("")
        super().__init__(
            [html("<h2>Assumptions</h2>"), self.per_month, self.growth, self.months, self.warm, self._said]
        )
        self.add_class("wb-bill-form")
        for entry in (self.per_month, self.growth, self.months, self.warm):
            entry.observe(safe_callback(self._entered), "value")

    def _entered(self, _change: object) -> None:
        try:
            growth = _amount(self.growth.value, "Growth", least=-99.0, most=1000.0) or 0.0
            months = _amount(self.months.value, "Months", least=1.0, most=120.0)
            per_month = _amount(self.per_month.value, "Questions a month")
            if months is None or months != int(months):
                raise ValueError("Months: expected a whole number from 1 to 120")
        except ValueError as error:
            self._said.value = _status(f"Not taken: {error}.")
            return
        self._said.value = ""
        self._state.assumptions = Assumptions(per_month or None, growth / 100, int(months), bool(self.warm.value))


def _field(words: str, value: str, placeholder: str = "") -> widgets.Text:
    return widgets.Text(value=value, description=words, placeholder=placeholder, continuous_update=False)


def _status(words: str) -> str:
    return f'<div role="status">{paragraph(words, muted=True)}</div>'


def _amount(text: str, words: str, *, least: float = 0.0, most: float = 1e12) -> float | None:
    """The amount a text says; None for nothing.

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


def _day(text: str) -> date | None:
    """The day a text says; None for nothing.

    Raises:
        ValueError: it says something else.
    """
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise ValueError(f"Held on: '{text[:30]}' is no day; write it as 2026-11-22") from None


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _origin(state: Costs) -> str:
    prices = state.prices
    if not prices.source:
        return "No prices are known yet; what depends on them is not measured."
    day = f"of {prices.as_of.isoformat()}" if prices.as_of else "undated: check that they still hold"
    return f"Prices: {prices.source}, {day}. {state.spending.basis.said}"
