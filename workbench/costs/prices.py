"""Prices as people entered them, and what each question of a log cost.

There is no price list here: a price nobody entered and no log names is not known, and what depends on it is not measured.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.case import PRICES
from workbench.costs.arrays import Floats, Traffic
from workbench.errors import InputError
from workbench.numbers import count
from workbench.records import CostBasis, Prices
from workbench.settings_file import read_settings, write_settings

CASE_KEYS = {
    "input_tokens": "input_per_million",
    "output_tokens": "output_per_million",
    "embedding_tokens": "embedding_per_million",
    "rerank": "rerank_per_thousand",
    "false_hit": "false_hit",
}
"""Names under [prices] in `case.toml`; others there are prices of something else."""
AMOUNTS = tuple(CASE_KEYS.values())
MILLION = 1e6
LARGEST = sys.float_info.max
"""A whole number in JSON may be larger than any float."""


def prices_of(case_prices: Mapping[str, float], currency: str) -> Prices:
    """Prices of a case as `case.toml` states them: they carry no day.

    Raises:
        InputError: a price below 0 or not finite.
    """
    known: dict[str, Any] = {CASE_KEYS[key]: value for key, value in case_prices.items() if key in CASE_KEYS}
    return _checked(Prices(**known, currency=currency, source="case.toml" if known else ""), "case.toml [prices]")


def merged(prices: Prices, entered: Prices | None) -> Prices:
    """Prices of which those entered win, field by field; day and origin are those entered.

    Entered prices in another currency replace all others, for amounts of two currencies cannot stand side by side.
    """
    if entered is None:
        return prices
    if entered.currency and prices.currency and entered.currency != prices.currency:
        return entered
    stated = {name: value for name in AMOUNTS if (value := getattr(entered, name)) is not None}
    currency = entered.currency or prices.currency
    source = " and ".join(dict.fromkeys(filter(None, (entered.source, prices.source))))
    return replace(prices, **stated, currency=currency, as_of=entered.as_of or prices.as_of, source=source)


def kept_prices(root: Path) -> Prices | None:
    """Prices a person kept with a case; None where there are none.

    Raises:
        InputError: the file is damaged.
    """
    return read_settings(root / PRICES, Prices, lambda content: _checked(_read(content), PRICES), again="the prices")


def keep_prices(root: Path, prices: Prices) -> None:
    """Keep prices with a case, in one step.

    Raises:
        InputError: a price below 0 or not finite, or the case cannot be written to.
    """
    write_settings(root / PRICES, _checked(prices, "prices"))


def costs_of(traffic: Traffic, prices: Prices) -> tuple[Floats, CostBasis]:
    """What each question cost, NaN where that is not known, and where the amounts come from.

    The log's own costs come first. Questions without one are priced by their tokens only where both prices are known in the
    currency of the log.
    """
    logged = np.isfinite(traffic.cost)
    priced = _priced(traffic, prices)
    if logged.any():
        return _with_logged(traffic, prices, logged, priced)
    known = int(np.isfinite(priced).sum())
    if known:
        said = f"Tokens times prices ({_origin(prices)}) for {_of(known, traffic)}; the log holds no costs."
        return priced, CostBasis("priced", known, len(traffic), prices.currency, said)
    return priced, CostBasis("none", 0, len(traffic), prices.currency, _missing(traffic, prices))


def _with_logged(
    traffic: Traffic, prices: Prices, logged: np.ndarray[Any, np.dtype[np.bool_]], priced: Floats
) -> tuple[Floats, CostBasis]:
    currency = traffic.currency or prices.currency
    comparable = not traffic.currency or traffic.currency == prices.currency
    costs = np.where(logged, traffic.cost, priced if comparable else np.nan)
    known, from_log = int(np.isfinite(costs).sum()), int(logged.sum())
    said = f"Costs as logged for {_of(from_log, traffic)}"
    if known > from_log:
        said += f"; {count(known - from_log)} more from tokens times prices ({_origin(prices)})"
    if known < len(traffic):
        said += f"; {count(len(traffic) - known)} without a cost are left out of all means"
    if not traffic.currency and prices.currency:
        said += f"; the log names no currency, {currency} is assumed"
    return costs, CostBasis("logged", known, len(traffic), currency, said + ".")


def _priced(traffic: Traffic, prices: Prices) -> Floats:
    if prices.input_per_million is None or prices.output_per_million is None:
        return np.full(len(traffic), np.nan)
    tokens_in, tokens_out = traffic.tokens_in, traffic.tokens_out
    return (tokens_in * prices.input_per_million + tokens_out * prices.output_per_million) / MILLION


def _missing(traffic: Traffic, prices: Prices) -> str:
    if np.isfinite(traffic.tokens_in).any() and np.isfinite(traffic.tokens_out).any():
        return "The log holds tokens but no costs: enter what a million prompt tokens and a million answer tokens cost."
    if prices.input_per_million is not None:
        return "The log holds neither costs nor both token counts: prices alone do not tell what a question costs."
    return "The log holds neither costs nor token counts: ask for a log with tokens, or the provider's invoice by day."


def _origin(prices: Prices) -> str:
    day = f"of {prices.as_of.isoformat()}" if prices.as_of else "undated"
    return f"{prices.source or 'entered'}, {day}"


def _of(known: int, traffic: Traffic) -> str:
    return f"{count(known)} of {count(len(traffic))} questions"


def _read(content: Mapping[str, Any]) -> Prices:
    read: dict[str, Any] = {name: content.get(name) or "" for name in ("currency", "source")}
    if not all(isinstance(text, str) for text in read.values()):
        raise ValueError("currency and source are texts")
    read |= {name: content.get(name) for name in AMOUNTS}
    return Prices(**read, as_of=content["as_of"])


def _checked(prices: Prices, place: str) -> Prices:
    for name in AMOUNTS:
        value = getattr(prices, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
            raise InputError(f"{place}: {name} is {repr(value)[:60]}, expected an amount of 0 or more")
    if not re.fullmatch(r"[A-Z]{3}|", prices.currency):
        raise InputError(
            f"{place}: currency is {repr(prices.currency)[:60]}, expected a code of three capital letters, like EUR"
        )
    return prices
