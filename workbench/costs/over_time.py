"""Mean cost of a question period by period, and whether it drifts.

Drift is told from the first and the last third of the days; the periods are there to be looked at.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import numpy as np

from workbench.costs.arrays import Floats, Ints, Traffic
from workbench.costs.by_day import RESAMPLES, SEED, Units, spread
from workbench.numbers import difference
from workbench.records import CostOverTime, Estimate

Drift = Literal["rising", "falling", "steady", "undetermined"]

WEEKS_FROM = 60
"""Days from which on periods are weeks."""
LEAST_DAYS = 6
STEADY = 0.10
"""Relative change either way that counts as none."""
_EPOCH = date(1970, 1, 1)


def over_time(traffic: Traffic, costs: Floats) -> CostOverTime:
    """The cost of a question over time.

    Args:
        traffic: the log.
        costs: cost of each question, NaN where not known.
    """
    known = np.isfinite(costs)
    if not traffic.timed or not known.any():
        reason = "the log holds no times" if not traffic.timed else "no costs are known"
        return CostOverTime((), "day", Estimate.not_measured(reason), "undetermined", f"Not measured: {reason}.")
    days = np.unique(traffic.day[known])
    unit = 7 if days[-1] - days[0] >= WEEKS_FROM else 1
    first = int(days[0])
    place = (traffic.day[known] - first) // unit
    periods = [
        (_EPOCH + timedelta(days=first + unit * int(period)), _mean(costs[known][place == period]))
        for period in np.unique(place)
    ]
    change = _change(traffic.day[known], costs[known], days)
    verdict = _verdict(change)
    return CostOverTime(tuple(periods), "week" if unit == 7 else "day", change, verdict, _said(change, verdict))


def _mean(costs: Floats) -> Estimate:
    n = len(costs)
    if n < 2:
        return Estimate(float(costs[0]), None, None, n, "none", reason="one question has no interval")
    from scipy.stats import t

    half = float(t.ppf(0.975, n - 1) * np.std(costs, ddof=1) / np.sqrt(n))
    centre = float(np.mean(costs))
    return Estimate(centre, centre - half, centre + half, n, "t")


def _change(day: Ints, costs: Floats, days: Ints) -> Estimate:
    """Mean of the last third of the days over that of the first third, less one; days are drawn within each third."""
    if len(days) < LEAST_DAYS:
        return Estimate.not_measured(f"drift needs {LEAST_DAYS} days with costs, there are {len(days)}", len(costs))
    third = len(days) // 3
    rng = np.random.default_rng(SEED)
    sides = []
    for part in (days[:third], days[-third:]):
        of_row = np.searchsorted(part, day)
        inside = np.isin(day, part)
        sums = np.bincount(of_row[inside], costs[inside], third)
        numbers = np.bincount(of_row[inside], minlength=third).astype(np.float64)
        drawn = rng.multinomial(third, np.full(third, 1 / third), size=RESAMPLES)
        sides.append((sums.sum() / numbers.sum(), (drawn @ sums) / np.maximum(drawn @ numbers, 1e-300)))
    (before, early), (after, late) = sides
    if before <= 0:
        return Estimate.not_measured("the first days cost nothing", len(costs))
    ratios = np.divide(late, early, out=np.full(len(early), np.nan), where=early > 0)
    return spread(after / before - 1, ratios - 1, Units(np.empty(0, np.intp), third, "bootstrap over days"), len(costs))


def _verdict(change: Estimate) -> Drift:
    if change.low is None or change.high is None:
        return "undetermined"
    if change.low > 0:
        return "steady" if change.high <= STEADY else "rising"
    if change.high < 0:
        return "steady" if change.low >= -STEADY else "falling"
    return "steady" if change.low >= -STEADY and change.high <= STEADY else "undetermined"


def _said(change: Estimate, verdict: Drift) -> str:
    if change.value is None:
        return f"Drift of the cost of a question: not measured, {change.reason}."
    words: dict[Drift, str] = {
        "rising": "A question costs more at the end of the log than at its beginning",
        "falling": "A question costs less at the end of the log than at its beginning",
        "steady": "The cost of a question is steady",
        "undetermined": "Whether the cost of a question drifts cannot be told from this log",
    }
    return f"{words[verdict]}: {difference(change, share=True)} between the first and the last third of the days."
