"""Intervals and tests for means over queries: bootstrap, sign-flip randomisation, Holm, equivalence.

The unit is always the query; passages or judgments of one query are never treated as independent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from workbench.evaluation.resampling import Values, bca_bounds, bootstrap_means, sign_flip_p_value
from workbench.intervals import wilson
from workbench.records import DifferenceVerdict, Estimate

EQUIVALENCE_MARGIN = 0.03
"""Differences below this are of no practical interest; both bounds inside it is what "equivalent" means."""

ALPHA = 0.05
POWER = 0.8
_EQUIVALENCE_FACTOR = NormalDist().inv_cdf(1 - ALPHA) + NormalDist().inv_cdf(POWER)
"""Room to the margin over standard error at which a one-sided test at 5 % has 80 % power; 2.49."""

RULE_OF_THREE = 3.0
"""n units that are all alike leave up to 3 / n of them unseen (Hanley & Lippman-Hand 1983, JAMA 249), each worth at most 1."""

FEW = "fewer than five questions"
SAME = "rule of three: nearly every question alike"

MIN_FOR_EQUIVALENCE = 30
"""Fewer questions than this never make two arms equivalent: a handful of ties is a small sample, not a finding."""

MIN_UNITS = 5
"""Below this an interval would say more about the method than about the data."""


def mean_estimate(values: Sequence[float] | Values, rng: np.random.Generator, *, level: float = 0.95) -> Estimate:
    """Mean over queries with its interval.

    Values that are all 0 or 1 are a share and get a Wilson interval; others a BCa bootstrap over queries. None
    gives "not measured"; fewer than five queries give the mean and the widest interval, 0 to 1. Where fewer than five
    queries differ from all others, the interval reaches at least 3 / n to either side.

    Args:
        values: one a query, 0 to 1.
        rng: source of the resamples.
        level: confidence level.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.size == 0:
        return Estimate.not_measured("no judged questions")
    if np.isin(sample, (0.0, 1.0)).all():
        return wilson(int(sample.sum()), sample.size, level=level)
    return _estimates(sample[:, None], rng, level, bounds=(0.0, 1.0), method="bootstrap BCa")[0]


def difference_estimate(
    differences: Sequence[float] | Values, rng: np.random.Generator, *, level: float = 0.95
) -> Estimate:
    """Mean paired difference over queries with its BCa bootstrap interval, -1 to 1.

    None gives "not measured". Where fewer than five queries differ from all others, the interval reaches at least 3 / n
    to either side: a bootstrap of nearly equal values would claim certainty.
    """
    sample = np.asarray(differences, dtype=np.float64)
    return difference_estimates(sample[:, None], rng, level=level)[0]


def difference_estimates(differences: Values, rng: np.random.Generator, *, level: float = 0.95) -> list[Estimate]:
    """`difference_estimate` of each column; all columns see the same resamples, so that columns that add up still do.

    Args:
        differences: one row a query, one column a difference.
        rng: source of the resamples.
        level: confidence level.
    """
    if not len(differences):
        return [Estimate.not_measured("no question was judged for both") for _ in range(differences.shape[1])]
    return _estimates(differences, rng, level, bounds=(-1.0, 1.0), method="paired bootstrap BCa")


def randomisation_p_value(differences: Sequence[float] | Values, rng: np.random.Generator) -> float:
    """Two-sided p-value of "the two systems are exchangeable on each query", by flipping signs at random.

    Exact up to 13 queries, where all sign patterns are counted. No queries, or no difference on any, gives 1.

    Source: Smucker, Allan & Carterette 2007, "A comparison of statistical significance tests for IR evaluation", CIKM.
    """
    sample = np.asarray(differences, dtype=np.float64)
    return sign_flip_p_value(sample, rng) if sample.any() else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order given.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [0.0] * len(p_values)
    running = 0.0
    for position, i in enumerate(order):
        running = max(running, min(1.0, p_values[i] * (len(p_values) - position)))
        corrected[i] = running
    return corrected


def verdict(differences: Sequence[float] | Values, p_corrected: float, rng: np.random.Generator) -> DifferenceVerdict:
    """What the differences allow to say.

    better or worse: the corrected p-value is below 5 %. equivalent: the 90 % interval lies inside plus or minus
    0.03 (two one-sided tests, Schuirmann 1987), over at least 30 questions. undetermined: neither.
    """
    sample = np.asarray(differences, dtype=np.float64)
    if sample.size and p_corrected < ALPHA:
        return "better" if sample.mean() > 0 else "worse"
    narrow = difference_estimate(sample, rng, level=1 - 2 * ALPHA)
    if sample.size < MIN_FOR_EQUIVALENCE or narrow.low is None or narrow.high is None:
        return "undetermined"
    return "equivalent" if narrow.low > -EQUIVALENCE_MARGIN and narrow.high < EQUIVALENCE_MARGIN else "undetermined"


def more_queries_needed(differences: Sequence[float] | Values, *, tests: int = 1) -> int:
    """Further judged queries until the verdict can be expected to be "better", "worse" or "equivalent".

    That many more queries like these, with the mean and spread seen so far, give 80 % power to whichever verdict is nearer:
    that there is a difference, or, where the mean lies within the margin, that there is none that matters. It is a plan, not a
    promise: one study in five of that size still cannot tell.

    Args:
        differences: one a query.
        tests: tests made together. Holm holds the smallest p-value against 5 % / `tests`, and so does this.
    """
    sample = np.asarray(differences, dtype=np.float64)
    if sample.size < 2:
        return MIN_FOR_EQUIVALENCE - sample.size
    observed, spread = abs(float(sample.mean())), float(sample.std(ddof=1))
    # Fewer signs than this cannot give a p-value as small as asked for, whatever they are.
    fewest = math.floor(math.log2(2 * tests / ALPHA)) + 1
    plans = [max(fewest, (_power_factor(tests) * spread / observed) ** 2)] if observed else []
    if observed < EQUIVALENCE_MARGIN:
        room = EQUIVALENCE_MARGIN - observed
        ties = math.floor(RULE_OF_THREE / EQUIVALENCE_MARGIN) + 1 if _nearly_equal(sample) else 0
        plans.append(max(MIN_FOR_EQUIVALENCE, ties, (_EQUIVALENCE_FACTOR * spread / room) ** 2))
    return max(1, math.ceil(min(plans)) - sample.size)


def _power_factor(tests: int) -> float:
    """Effect over standard error at which a two-sided test at 5 % / `tests` has 80 % power; 2.8 for one test."""
    normal = NormalDist()
    return normal.inv_cdf(1 - ALPHA / (2 * tests)) + normal.inv_cdf(POWER)


def _estimates(
    columns: Values, rng: np.random.Generator, level: float, *, bounds: tuple[float, float], method: str
) -> list[Estimate]:
    count = len(columns)
    if count < MIN_UNITS:
        return [Estimate(float(column.mean()), *bounds, count, FEW, level) for column in columns.T]
    # Where nothing varies there is nothing to draw: every resample would be the first row.
    drawn = bootstrap_means(columns, rng) if np.ptp(columns, axis=0).any() else columns[:1]
    return [
        _estimate(column, means, level, bounds=bounds, method=method)
        for column, means in zip(columns.T, drawn.T, strict=True)
    ]


def _estimate(sample: Values, means: Values, level: float, *, bounds: tuple[float, float], method: str) -> Estimate:
    mean = float(sample.mean())
    low, high = bca_bounds(means, sample, level) if np.ptp(sample) else (mean, mean)
    if _nearly_equal(sample):
        unseen = RULE_OF_THREE / sample.size
        low, high, method = min(low, mean - unseen), max(high, mean + unseen), SAME
    return Estimate(mean, max(bounds[0], low), min(bounds[1], high), sample.size, method, level)


def _nearly_equal(sample: Values) -> bool:
    """Whether most queries have one value and fewer than five another: too few to resample a spread from."""
    commonest = int(np.unique(sample, return_counts=True)[1].max())
    return 2 * commonest > sample.size and sample.size - commonest < MIN_UNITS
