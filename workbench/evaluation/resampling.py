"""Resampling of queries: bootstrap means, BCa bounds and sign flips, for one quantity or several at once.

It knows arrays of values, one row a query; what a mean stands for is told by `workbench.evaluation.statistics`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

RESAMPLES = 9_999
BLOCK = 100_000
"""Values drawn at a time: what stays in a core's cache, whatever the number of queries."""

Values = npt.NDArray[np.float64]


def bootstrap_means(values: Values, rng: np.random.Generator, resamples: int = RESAMPLES) -> Values:
    """Means of queries drawn with replacement, shape (resamples, columns).

    Every column sees the same draws, so that columns that add up query by query still add up in each resample.

    Args:
        values: one row a query, one column a quantity.
        rng: source of the draws.
        resamples: how many.
    """
    queries, columns = values.shape
    drawn = np.empty((resamples, columns))
    contiguous = np.ascontiguousarray(values.T)
    for start, stop in _blocks(resamples, queries):
        rows = rng.integers(0, queries, size=(stop - start, queries))
        for column in range(columns):
            drawn[start:stop, column] = contiguous[column][rows].mean(axis=1)
    return drawn


def bca_bounds(means: Values, values: Values, level: float) -> tuple[float, float]:
    """Bias-corrected and accelerated bounds of a mean; percentile bounds where there are none.

    BCa has no bounds where all resampled means lie on one side of the mean, or the skewness is out of its reach. The level
    is widened for small samples the way a t interval is wider than a normal one; from 100 queries on that hardly shows.

    Args:
        means: resampled means of one quantity.
        values: the quantity, one a query; not all equal.
        level: confidence level.

    Source: Efron 1987, "Better bootstrap confidence intervals", JASA 82; widening: Hesterberg 2015, "What teachers should
    know about the bootstrap", The American Statistician 69, section 4.
    """
    from scipy.special import ndtr, ndtri

    centre = values.mean()
    below = (np.count_nonzero(means < centre) + np.count_nonzero(means <= centre)) / (2 * len(means))
    z = -_wide_normal_quantile(len(values), level)
    tails = np.array([ndtr(z), ndtr(-z)])
    if 0 < below < 1:
        bias = ndtri(below)
        shift = bias + np.array([z, -z])
        stretch = 1 - _acceleration(values) * shift
        if (stretch > 0).all():
            tails = ndtr(bias + shift / stretch)
    low, high = np.quantile(means, tails)
    return float(low), float(high)


def sign_flip_p_value(differences: Values, rng: np.random.Generator, resamples: int = RESAMPLES) -> float:
    """Two-sided p-value of the mean under random signs; exact where there are at most as many sign patterns as resamples.

    Otherwise the sample counts as one of the patterns, so that no p-value is 0.

    Source: Phipson & Smyth 2010, "Permutation p-values should never be zero", Stat. Appl. Genet. Mol. Biol. 9.
    """
    observed = differences.sum()
    # Sums of the same numbers in another order differ by rounding; they count as equal.
    rounding = 1e-12 * np.abs(differences).sum()
    # Whether 2 ** n <= resamples; as a number the power overflows from 1,024 queries on.
    exact = len(differences) < resamples.bit_length()
    sums = np.concatenate(list(_all_sums(differences) if exact else _random_sums(differences, rng, resamples)))
    extra = 0 if exact else 1
    tails = [np.count_nonzero(sums <= observed + rounding), np.count_nonzero(sums >= observed - rounding)]
    return min(1.0, 2 * (min(tails) + extra) / (len(sums) + extra))


def _wide_normal_quantile(queries: int, level: float) -> float:
    from scipy.special import stdtrit

    return float(math.sqrt(queries / (queries - 1)) * stdtrit(queries - 1, 0.5 + level / 2))


def _acceleration(values: Values) -> float:
    """Skewness of the mean's jackknife values over six, which for a mean is that of the sample over six root n."""
    deviations = values - values.mean()
    # Skewness has no scale; tiny values would have squares of zero.
    deviations = deviations / np.abs(deviations).max()
    return float((deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5))


def _all_sums(differences: Values) -> Iterator[Values]:
    patterns = np.arange(2 ** len(differences))[:, None] >> np.arange(len(differences)) & 1
    yield (2 * patterns - 1) @ differences


def _random_sums(differences: Values, rng: np.random.Generator, resamples: int) -> Iterator[Values]:
    total, width = differences.sum(), -(-len(differences) // 8)
    for start, stop in _blocks(resamples, len(differences)):
        drawn = np.frombuffer(rng.bytes((stop - start) * width), dtype=np.uint8).reshape(-1, width)
        kept = np.unpackbits(drawn, axis=1, count=len(differences))
        yield 2 * (kept.astype(np.float64) @ differences) - total


def _blocks(resamples: int, queries: int) -> Iterator[tuple[int, int]]:
    step = max(1, BLOCK // queries)
    for start in range(0, resamples, step):
        yield start, min(resamples, start + step)
