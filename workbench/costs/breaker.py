"""Budgets that would have let ordinary traffic pass, what they would have cut off, and a configuration that holds them.

A budget is suggested from the log alone. What the business can bear is for people to say.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import yaml

from workbench.costs.arrays import Floats, Traffic
from workbench.costs.prices import costs_of
from workbench.numbers import count, percent
from workbench.records import Breaker, BreakerLimit, Prices

HOUR, DAY = 3_600.0, 86_400.0
TIMES_MEDIAN = 3.0
ABOVE_HIGHEST = 1.25
ORDINARY = 0.99
"""Quantile of the periods with traffic that counts as ordinary."""
FEW_PERIODS = 100
"""Fewer periods than this tell little about a hundredth of them."""
ALARMS = (0.5, 0.8, 1.0)
Scope = Literal["hour", "user_hour", "user_day"]
NAMES: dict[Scope, str] = {
    "hour": "all traffic in an hour",
    "user_hour": "one person in an hour",
    "user_day": "one person in a day",
}


def breaker(traffic: Traffic, prices: Prices) -> Breaker:
    """Suggested budgets by hour and by person.

    A budget is the larger of three times the median of the periods with traffic and 1.25 times their 99th percentile, rounded
    up to two digits: so at most one period in a hundred of this log trips it, and most of those only at their end.

    Args:
        traffic: the log.
        prices: for questions whose cost is not logged.

    Returns:
        In the currency where costs are known, else in tokens, else in questions; without times a reason and no limits.
    """
    amounts, unit = _amounts(traffic, prices)
    if not traffic.timed or not len(traffic):
        reason = "the log holds no times" if len(traffic) else "the log is empty"
        return Breaker(unit, (), "", f"No budget can be suggested: {reason}.", reason)
    limits = [_limit("hour", _periods(traffic.at, HOUR), amounts)]
    if (traffic.user >= 0).any():
        limits.append(_limit("user_hour", _of_user(traffic, HOUR), amounts))
        limits.append(_limit("user_day", _of_user(traffic, DAY), amounts))
    return Breaker(unit, tuple(limits), _config(limits, unit, traffic), _said(limits, unit))


def spent_by_hour(traffic: Traffic, prices: Prices) -> tuple[Floats, Floats]:
    """Every hour with traffic, by time: when it begins in seconds since 1970, and what was spent in it in the breaker's unit."""
    if not traffic.timed or not len(traffic):
        return np.empty(0), np.empty(0)
    amounts, _ = _amounts(traffic, prices)
    hours, place = np.unique(_periods(traffic.at, HOUR), return_inverse=True)
    spent = np.bincount(place, amounts, minlength=len(hours))
    return hours.astype(np.float64) * HOUR, spent.astype(np.float64)


def _amounts(traffic: Traffic, prices: Prices) -> tuple[Floats, str]:
    """What each question counts, and in which unit; what is not known counts nothing."""
    costs, basis = costs_of(traffic, prices)
    if basis.known:
        return np.nan_to_num(costs), basis.currency or "currency of the log"
    tokens = np.nan_to_num(traffic.tokens_in) + np.nan_to_num(traffic.tokens_out)
    return (tokens, "tokens") if tokens.any() else (np.ones(len(traffic)), "questions")


def _periods(at: Floats, length: float) -> npt.NDArray[np.int64]:
    return (at // length).astype(np.int64)


def _of_user(traffic: Traffic, length: float) -> npt.NDArray[np.int64]:
    """A code for each person's period; -1 where it is not known who asked."""
    period = _periods(traffic.at, length)
    period -= period.min()
    code = traffic.user.astype(np.int64) * (int(period.max()) + 1) + period
    return np.where(traffic.user >= 0, code, -1)


def _limit(scope: Scope, period: npt.NDArray[np.int64], amounts: Floats) -> BreakerLimit:
    rows = np.flatnonzero(period >= 0)
    _, place = np.unique(period[rows], return_inverse=True)
    spent = np.bincount(place, amounts[rows])
    active = spent[spent > 0]
    if not len(active):
        return BreakerLimit(scope, 0.0, 0.0, 0.0, 0, 0, len(spent), 0.0)
    typical = float(np.median(active))
    budget = _rounded_up(max(TIMES_MEDIAN * typical, ABOVE_HIGHEST * float(np.quantile(active, ORDINARY))))
    cut = _before(place, amounts[rows]) >= budget
    total = float(amounts.sum())
    return BreakerLimit(
        scope=scope,
        budget=budget,
        typical=typical,
        highest=float(active.max()),
        cut=int(cut.sum()),
        periods=len(np.unique(place[cut])),
        of_periods=len(spent),
        saved=float(amounts[rows][cut].sum()) / total if total else 0.0,
    )


def _before(place: npt.NDArray[np.intp], amounts: Floats) -> Floats:
    """What was spent in the period of each question before it."""
    order = np.argsort(place, kind="stable")
    running = np.cumsum(amounts[order])
    begins = np.flatnonzero(np.diff(place[order], prepend=-1))
    until = np.repeat(running[begins] - amounts[order][begins], np.diff(begins, append=len(order)))
    before = np.empty(len(order))
    # Sums that were added and taken away again must not fall below nothing.
    before[order] = np.maximum(running - amounts[order] - until, 0.0)
    return before


def _rounded_up(value: float) -> float:
    """The next number of two digits, so that nobody takes a suggestion for a measurement."""
    if value <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(round(value / step, 6)) * step:.12g}")


def _said(limits: list[BreakerLimit], unit: str) -> str:
    hour = limits[0]
    parts = [
        f"A budget of {amount(hour.budget, unit)} an hour is {hour.budget / hour.typical:.1f} times the median hour"
        if hour.typical
        else "Nothing was spent in this log"
    ]
    parts.append(
        f"it would have cut off {_questions(hour.cut)} in {count(hour.periods)} of {count(hour.of_periods)} hours"
    )
    if len(limits) > 1:
        person = limits[-1]
        parts.append(
            f"{amount(person.budget, unit)} a person and day would have cut off {_questions(person.cut)}, "
            f"{percent(person.saved, person.of_periods)} of all spending"
        )
    said = "; ".join(parts) + "."
    if hour.of_periods < FEW_PERIODS:
        said += f" {count(hour.of_periods)} hours with traffic are few: look again after some weeks."
    return said


def amount(value: float, unit: str) -> str:
    """An amount in the unit of a breaker: "1.5 GBP", "12,000 tokens"."""
    digits = f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:.3g}"
    return f"{digits} {unit}"


def _questions(number: int) -> str:
    return f"{count(number)} question{'' if number == 1 else 's'}"


def _config(limits: list[BreakerLimit], unit: str, traffic: Traffic) -> str:
    by_scope = {limit.scope: limit for limit in limits}
    days = len(np.unique(traffic.day))
    own = {
        "circuit_breaker": {
            "unit": unit,
            "budgets": {scope: limit.budget for scope, limit in by_scope.items()},
            "alarms": [{"at": share, "notify": who} for share, who in zip(ALARMS, _NOTIFIED, strict=True)],
            "states": {
                "closed": "answers as usual",
                "open": "from 100 % of a budget until its period ends: degraded mode",
                "half_open": "one question in ten as usual; closed again when the next period begins below 50 %",
            },
            "degraded_mode": [
                "cached answer, marked as such",
                "smaller model with a short context",
                "hand over to a person",
            ],
        }
    }
    head = (
        f"# Suggested from {count(len(traffic))} questions on {count(days)} days of the log,\n"
        "# not from what the business can bear.\n"
        "# Whoever owns the budget decides the amounts.\n"
    )
    return head + yaml.safe_dump(own, sort_keys=False, allow_unicode=True, width=110) + _proxy(by_scope, unit)


_NOTIFIED = ("channel of the team", "owner of the budget", "on call; the breaker opens")


def _proxy(limits: dict[Scope, BreakerLimit], unit: str) -> str:
    """The same budgets with the keys of LiteLLM's proxy, which counts in US dollars; "" where costs are not known.

    Source: LiteLLM's documentation, "Budgets, Rate Limits": `max_budget` and `budget_duration` under `litellm_settings` for all
    traffic, and in the body of /key/generate for the key of one person.
    """
    if unit in ("tokens", "questions"):
        return ""
    written: dict[str, dict[str, object]] = {
        "litellm_settings": {"max_budget": limits["hour"].budget, "budget_duration": "1h"}
    }
    if "user_day" in limits:
        written["key_of_one_person"] = {"max_budget": limits["user_day"].budget, "budget_duration": "1d"}
    note = "" if unit == "USD" else f"# It counts in US dollars: convert the amounts from {unit}.\n"
    head = (
        "\n# The same for LiteLLM's proxy: its configuration, and what a person's key is made with (/key/generate).\n"
    )
    return head + note + yaml.safe_dump(written, sort_keys=False)
