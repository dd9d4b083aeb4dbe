"""Intervals and tests for means over queries: bootstrap, sign-flip randomisation, Holm, equivalence.

The unit is always the query; passages or judgments of one query are never treated as independent.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.intervals import wilson
from workbench.records import DifferenceVerdict, Estimate

RESAMPLES = 9_999
EQUIVALENCE_MARGIN = 0.03
"""Differences below this are of no practical interest; both bounds inside it is what "equivalent" means."""

ALPHA = 0.05
POWER_FACTOR = 2.8
"""z(0.975) + z(0.8): effect over standard error at which a two-sided 5 % test has 80 % power."""

RULE_OF_THREE = 3.0
"""n units that are all alike leave up to 3 / n of them unseen (Hanley & Lippman-Hand 1983, JAMA 249), each worth at most 1."""

FEW = "fewer than five questions"
SAME = "rule of three: every question alike"

MIN_FOR_EQUIVALENCE = 30
"""Fewer questions than this never make two arms equivalent: a handful of ties is a small sample, not a finding."""

MIN_UNITS = 5
"""Below this an interval would say more about the method than about the data."""

Values = npt.NDArray[np.float64]


def mean_estimate(values: Sequence[float] | Values, rng: np.random.Generator, *, level: float = 0.95) -> Estimate:
    """Mean over queries with its interval.

    Values that are all 0 or 1 are a share and get a Wilson interval; others a BCa bootstrap over queries. None
    gives "not measured"; fewer than five queries give the mean and the widest interval, 0 to 1; equal values give
    plus or minus 3 / n.

    Args:
        values: one a query, 0 to 1.
        rng: source of the resamples.
        level: confidence level.

    Source: Efron 1987, "Better bootstrap confidence intervals", JASA 82.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.size == 0:
        return Estimate.not_measured("no judged questions")
    mean = float(sample.mean())
    if np.isin(sample, (0.0, 1.0)).all():
        return wilson(int(sample.sum()), sample.size, level=level)
    if sample.size < MIN_UNITS:
        return Estimate(mean, 0.0, 1.0, sample.size, FEW, level)
    if np.ptp(sample) == 0:
        bound = RULE_OF_THREE / sample.size
        return Estimate(mean, max(0.0, mean - bound), min(1.0, mean + bound), sample.size, SAME, level)
    low, high = _bootstrap(sample, rng, level)
    return Estimate(mean, low, high, sample.size, "bootstrap BCa", level)


def difference_estimate(
    differences: Sequence[float] | Values, rng: np.random.Generator, *, level: float = 0.95
) -> Estimate:
    """Mean paired difference over queries with its bootstrap interval, -1 to 1.

    None gives "not measured". Where every question differs by the same, the interval is plus or minus 3 / n: a
    bootstrap of equal values would claim certainty.
    """
    sample = np.asarray(differences, dtype=np.float64)
    if sample.size == 0:
        return Estimate.not_measured("no question was judged for both")
    mean = float(sample.mean())
    if sample.size < MIN_UNITS:
        return Estimate(mean, -1.0, 1.0, sample.size, FEW, level)
    if np.ptp(sample) == 0:
        bound = RULE_OF_THREE / sample.size
        return Estimate(mean, max(-1.0, mean - bound), min(1.0, mean + bound), sample.size, SAME, level)
    low, high = _bootstrap(sample, rng, level)
    return Estimate(mean, low, high, sample.size, "paired bootstrap BCa", level)


def randomisation_p_value(differences: Sequence[float] | Values, rng: np.random.Generator) -> float:
    """Two-sided p-value of "the two systems are exchangeable on each query", by flipping signs at random.

    No queries, or no difference on any, gives 1.

    Source: Smucker, Allan & Carterette 2007, "A comparison of statistical significance tests for IR evaluation", CIKM.
    """
    sample = np.asarray(differences, dtype=np.float64)
    if not sample.any():
        return 1.0
    from scipy import stats

    result = stats.permutation_test(
        (sample,), np.mean, permutation_type="samples", vectorized=True, n_resamples=RESAMPLES, batch=1_000, rng=rng
    )
    return float(result.pvalue)


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


def more_queries_needed(differences: Sequence[float] | Values) -> int | None:
    """Further judged queries until a difference of the observed size, or of the margin if larger, shows with 80 % power.

    For one test at 5 %; the correction for several asks for more.

    Without any spread the questions missing to the 30 that "equivalent" asks for; None when those are there too.
    """
    sample = np.asarray(differences, dtype=np.float64)
    if sample.size < 2 or np.ptp(sample) == 0:
        return max(0, MIN_FOR_EQUIVALENCE - sample.size) or None
    effect = max(abs(float(sample.mean())), EQUIVALENCE_MARGIN)
    needed = math.ceil((POWER_FACTOR * float(sample.std(ddof=1)) / effect) ** 2)
    return max(1, needed - sample.size)


def _bootstrap(sample: Values, rng: np.random.Generator, level: float) -> tuple[float, float]:
    """BCa bounds; percentile bounds where BCa has none, as when nearly all resamples give the same mean."""
    low, high = _bounds(sample, rng, level, "BCa")
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    return _bounds(sample, rng, level, "percentile")


def _bounds(
    sample: Values, rng: np.random.Generator, level: float, method: Literal["BCa", "percentile"]
) -> tuple[float, float]:
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degenerate data is told by bounds that are not finite
        interval = stats.bootstrap(
            (sample,),
            np.mean,
            confidence_level=level,
            n_resamples=RESAMPLES,
            batch=1_000,
            method=method,
            vectorized=True,
            rng=rng,
        ).confidence_interval
    return float(interval.low), float(interval.high)
