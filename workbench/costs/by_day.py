"""Ratios with intervals over days: questions of one day resemble each other, so the day is what is drawn anew.

Sums by day are made once; a resample is then one product of matrices, whatever the number of questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from workbench.costs.arrays import Floats, Traffic
from workbench.intervals import wilson
from workbench.records import Estimate

RESAMPLES = 1_999
LEAST_DAYS = 5
"""Fewer days than this say nothing about how days differ; the question is the unit then."""
SEED = 20_260_101
METHOD = "bootstrap over days"
BY_QUESTION = "bootstrap over questions"
MOST_UNITS = 2_000
"""Units resampled at most; where questions are the unit and there are more, neighbouring ones are drawn together."""

Draws = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Units:
    """What is drawn anew: the days of a log, or its questions where it has no times or too few days.

    Attributes:
        of_row: unit of each row. number: how many there are. method: name of the interval method.
    """

    of_row: npt.NDArray[np.intp]
    number: int
    method: str

    def sums(self, values: Floats) -> Floats:
        """Sum of a value a row by unit; NaN counts nothing."""
        return np.bincount(self.of_row, np.nan_to_num(values, nan=0.0), self.number).astype(np.float64)


def units_of(traffic: Traffic) -> Units:
    """The days with traffic, where there are five or more; else the questions."""
    if traffic.timed and len(traffic):
        days, of_row = np.unique(traffic.day, return_inverse=True)
        if len(days) >= LEAST_DAYS:
            return Units(of_row, len(days), METHOD)
    rows = len(traffic)
    number = min(rows, MOST_UNITS)
    return Units(np.arange(rows) * number // max(rows, 1), number, BY_QUESTION)


@lru_cache(maxsize=8)
def draws(units: int, seed: int = SEED) -> Draws:
    """(`RESAMPLES`, units) how often each unit is drawn in each resample; the same for the same number of units."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(units, np.full(units, 1 / units), size=RESAMPLES).astype(np.float64)


def ratio(units: Units, numerators: Floats, denominators: Floats, n: int, *, level: float = 0.95) -> Estimate:
    """Sum of numerators over sum of denominators, with an interval over units.

    Args:
        units: what is drawn.
        numerators: one a unit.
        denominators: one a unit.
        n: questions it rests on.
        level: confidence level.

    Returns:
        Not measured where the denominators add up to nothing, or there are fewer than two units.
    """
    below = float(denominators.sum())
    if n == 0 or below <= 0:
        return Estimate.not_measured("nothing to count", n)
    value = float(numerators.sum()) / below
    if units.number < 2:
        return Estimate(value, None, None, n, "none", level, "one question has no interval")
    drawn = draws(units.number)
    return spread(value, _divided(drawn @ numerators, drawn @ denominators), units, n, level=level)


def spread(value: float, resampled: Draws, units: Units, n: int, *, level: float = 0.95) -> Estimate:
    """An estimate from its resamples: percentiles, widened for few units as a t interval is.

    Source: Hesterberg 2015, "What teachers should know about the bootstrap", The American Statistician 69, section 4.
    """
    resampled = resampled[np.isfinite(resampled)]
    if not len(resampled):
        return Estimate.not_measured("too few units for an interval", n)
    low, high = np.quantile(resampled, _tails(units.number, level))
    return Estimate(value, min(float(low), value), max(float(high), value), n, units.method, level)


def share(units: Units, marked: npt.NDArray[np.bool_], *, level: float = 0.95) -> Estimate:
    """Share of rows that are marked: over days where there are enough, else Wilson over questions.

    No interval is narrower than 3 / n where every question is alike (rule of three).
    """
    n = len(marked)
    hits = int(np.count_nonzero(marked))
    alone = wilson(hits, n, level=level)
    if units.method != METHOD or hits in (0, n):
        return alone
    return ratio(units, units.sums(marked.astype(np.float64)), units.sums(np.ones(n)), n, level=level)


def _divided(above: Draws, below: Draws) -> Draws:
    divided: Draws = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return divided


@lru_cache(maxsize=64)
def _tails(units: int, level: float) -> tuple[float, float]:
    from scipy.special import ndtr
    from scipy.stats import t

    reach = np.sqrt(units / (units - 1)) * t.ppf(0.5 + level / 2, units - 1)
    tail = float(ndtr(-reach))
    return tail, 1 - tail
