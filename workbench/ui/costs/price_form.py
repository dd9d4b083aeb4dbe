"""Prices and assumptions as people enter them; what is not a price is said and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from workbench.records import Assumptions
from workbench.ui.costs.state import Costs
from workbench.ui.fields import amount, currency_code, day, field, status, whole, written
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
        self.fields = {name: field(words, written(getattr(prices, name))) for name, words in FIELDS.items()}
        self.currency = field("Currency", prices.currency)
        self.held_on = field("Held on", prices.as_of.isoformat() if prices.as_of else "", "2026-11-22")
        writable = state.case is not None and state.case.writable
        self.keep = widgets.Button(description="Keep these prices", disabled=not writable)
        self._said = html(status(_origin(state)))
        super().__init__(
            [html("<h2>Prices</h2>"), *self.fields.values(), self.currency, self.held_on, self.keep, self._said]
        )
        self.add_class("wb-fields")
        for entry in (*self.fields.values(), self.currency, self.held_on):
            entry.observe(safe_callback(self._entered), "value")
        self.keep.on_click(safe_callback(self._kept))

    def _entered(self, _change: object) -> None:
        try:
            entered: dict[str, Any] = {name: amount(entry.value, FIELDS[name]) for name, entry in self.fields.items()}
            currency, as_of = currency_code(self.currency.value), day(self.held_on.value, "Held on")
        except ValueError as error:
            self._said.value = status(f"Not taken: {error}.")
            return
        prices = replace(self._state.prices, **entered, currency=currency, as_of=as_of)
        if prices != self._state.prices:
            self._state.prices = replace(prices, source=ENTERED)
        self._said.value = status(_origin(self._state))

    def _kept(self, _button: object) -> None:
        self._state.keep_prices()
        self._said.value = status("Kept with the case, in prices.json.")


class AssumptionForm(widgets.VBox):  # type: ignore[misc]
    """Fields for what is assumed of the months to come; each takes effect when it is left.

    Attributes:
        per_month, growth, months: fields. warm: whether the later half of the log, with the cache filled, stands for them.
    """

    def __init__(self, state: Costs) -> None:
        self._state = state
        assumed = state.assumptions
        self.per_month = field("Questions a month", "", "as in the log")
        self.growth = field("Growth a month, %", written(100 * assumed.growth))
        self.months = field("Months", str(assumed.months))
        self.warm = widgets.Checkbox(value=assumed.warm, description="With the cache already filled", indent=False)
        self._said = html("")
        super().__init__(
            [html("<h2>Assumptions</h2>"), self.per_month, self.growth, self.months, self.warm, self._said]
        )
        self.add_class("wb-fields")
        for entry in (self.per_month, self.growth, self.months, self.warm):
            entry.observe(safe_callback(self._entered), "value")

    def _entered(self, _change: object) -> None:
        try:
            growth = amount(self.growth.value, "Growth", least=-99.0, most=1000.0) or 0.0
            months = whole(self.months.value, "Months", least=1, most=120)
            per_month = amount(self.per_month.value, "Questions a month")
            if months is None:
                raise ValueError("Months: expected a whole number from 1 to 120")
        except ValueError as error:
            self._said.value = status(f"Not taken: {error}.")
            return
        self._said.value = ""
        self._state.assumptions = Assumptions(per_month or None, growth / 100, months, bool(self.warm.value))


def _origin(state: Costs) -> str:
    prices = state.prices
    if not prices.source:
        return "No prices are known yet; what depends on them is not measured."
    held = f"of {prices.as_of.isoformat()}" if prices.as_of else "undated: check that they still hold"
    return f"Prices: {prices.source}, {held}. {state.spending.basis.said}"
