"""A log added up by day, and resampled by day: each sum as it is and as it would be had other days been drawn.

Everything a projection needs is a ratio of such sums, so that 100,000 questions are read once. It knows no prices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.costs.arrays import Flags, Floats, Ints, Traffic
from workbench.records import Estimate

RESAMPLES = 2_000
MIN_DAYS = 5
MIN_QUESTIONS = 5
GROUPS = 200
"""Questions are dealt in turn into so many groups where there are too few days; groups drawn vary as questions drawn do."""


@dataclass(frozen=True, slots=True)
class Units:
    """What is drawn: days, or questions.

    Attributes:
        unit: unit of each row, those of the earlier part before those of the later. later: rows the cache is measured on.
        early, late: how many units there are of each. method: for the estimates. by_day: whether they are days.
    """

    unit: Ints
    later: Flags
    early: int
    late: int
    method: str
    by_day: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the log: element 0 as it is, the others resampled.

    Attributes:
        whole: over all rows. later: over the rows the cache is measured on.
    """

    whole: Mapping[str, Floats]
    later: Mapping[str, Floats]
    units: Units

    def estimate(self, values: Floats, n: int, *, nothing: str = "nothing to divide by") -> Estimate:
        """Element 0 with the middle 95 % of the others, widened for few units as a t interval is.

        Source: Hesterberg 2015, "What teachers should know about the bootstrap", The American Statistician 69, section 4.
        """
        from scipy.special import ndtr, stdtrit

        count = self.units.late
        if not math.isfinite(values[0]):
            return Estimate.not_measured(nothing, n)
        if count < MIN_QUESTIONS:
            return Estimate.not_measured("fewer than five questions to draw from", n)
        tail = float(ndtr(-math.sqrt(count / (count - 1)) * stdtrit(count - 1, 0.975)))
        drawn = values[1:][np.isfinite(values[1:])]
        low, high = np.quantile(drawn, [tail, 1 - tail]) if drawn.size else (values[0], values[0])
        value = float(values[0])
        return Estimate(value, min(float(low), value), max(float(high), value), n, self.units.method)


def units_of(traffic: Traffic, *, warm: bool) -> Units:
    """Days to draw, where each part has five; else questions.

    Args:
        traffic: at least one row.
        warm: whether the cache is measured on the later half of the log alone.
    """
    rows = len(traffic)
    start = rows // 2 if warm else 0
    if traffic.timed:
        days, unit = np.unique(traffic.day, return_inverse=True)
        early = int(unit[start]) if warm else 0
        late = len(days) - early
        if late >= MIN_DAYS and (early >= MIN_DAYS or not early):
            return Units(unit.astype(np.int32), unit >= early, early, late, f"bootstrap over {len(days)} days", True)
    later = np.arange(rows) >= start
    early, late = min(GROUPS, start), min(GROUPS, rows - start)
    place = np.arange(rows)
    dealt = np.where(later, early + (place - start) % max(1, late), place % max(1, early))
    return Units(dealt.astype(np.int32), later, early, late, "bootstrap over questions", False)


def sums_of(columns: Mapping[str, Floats], units: Units, rng: np.random.Generator) -> Sums:
    """Sums of each column over the log and over its later part, as they are and resampled.

    Args:
        columns: name -> one finite value a row.
        units: what is drawn; the earlier and the later part are drawn apart, so that neither comes up empty.
        rng: source of the draws.
    """
    count = units.early + units.late
    table = np.column_stack([np.bincount(units.unit, weights=values, minlength=count) for values in columns.values()])
    weights = np.ones((RESAMPLES + 1, count))
    weights[1:, : units.early] = _draw(units.early, rng)
    weights[1:, units.early :] = _draw(units.late, rng)
    early = weights[:, : units.early] @ table[: units.early]
    late = weights[:, units.early :] @ table[units.early :]
    both = early + late
    return Sums(
        {name: both[:, place] for place, name in enumerate(columns)},
        {name: late[:, place] for place, name in enumerate(columns)},
        units,
    )


def ratio(above: Floats, below: Floats) -> Floats:
    """One sum over another; NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0)


def _draw(units: int, rng: np.random.Generator) -> Floats:
    """How often each unit is drawn in each resample."""
    if not units:
        return np.zeros((RESAMPLES, 0))
    drawn = rng.integers(0, units, size=(RESAMPLES, units)) + units * np.arange(RESAMPLES)[:, None]
    return np.bincount(drawn.ravel(), minlength=RESAMPLES * units).reshape(RESAMPLES, units).astype(np.float64)
