"""The population stability index: how far one set of counts over groups is from another, beside what chance alone gives.

It knows counts; what the groups are is told by `workbench.evaluation.coverage`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.records import Estimate

SHIFTED = 0.25
"""Above it a population counts as shifted, by the convention of credit scoring; 0.1 to 0.25 is worth watching."""
DRAWS = 1_999
CHANCE = 0.95
HALF = 0.5
"""Added to every count, so that an empty group gives a large number instead of none."""

Counts = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


def population_stability(expected: Counts, found: Counts) -> Numbers:
    """Sum over groups of (q - p) ln(q / p), p the share of the expected counts and q of those found; 0 or more.

    Every count is raised by a half first. 0 only where the shares are equal.

    Args:
        expected: counts of each group in the last axis.
        found: the same groups.

    >>> float(population_stability(np.array([10, 10]), np.array([10, 10])))
    0.0
    """
    p = (expected + HALF) / (expected + HALF).sum(axis=-1, keepdims=True)
    q = (found + HALF) / (found + HALF).sum(axis=-1, keepdims=True)
    return np.asarray(((q - p) * np.log(q / p)).sum(axis=-1), dtype=np.float64)


def chance_limit(expected: Counts, found: Counts, rng: np.random.Generator) -> float:
    """The 95 % point of the index where both sets are drawn from the same questions: all are pooled and dealt out anew.

    With few questions over many groups it lies far above 0.25.

    Args:
        expected: counts of each group.
        found: the same groups; at least one question in each set.
        rng: deals.
    """
    pooled = expected + found
    drawn = rng.multivariate_hypergeometric(pooled, int(found.sum()), size=DRAWS)
    return float(np.quantile(population_stability(pooled - drawn, drawn), CHANCE))


def stability_estimate(expected: Counts, found: Counts, rng: np.random.Generator) -> Estimate:
    """The index with an interval, from redrawing both sets.

    An index of two samples is too large by nature, and one of resamples by as much again: the interval is the distance of the
    resamples turned round ("basic" bootstrap), so that it lies around what the index would be without that surplus.

    Args:
        expected: counts of each group.
        found: the same groups.
        rng: source of the resamples.
    """
    n_expected, n_found = int(expected.sum()), int(found.sum())
    if not n_expected or not n_found:
        return Estimate.not_measured("one of the two sets is empty")
    value = float(population_stability(expected, found))
    redrawn = population_stability(
        rng.multinomial(n_expected, expected / n_expected, size=DRAWS),
        rng.multinomial(n_found, found / n_found, size=DRAWS),
    )
    low, high = (2 * value - np.quantile(redrawn, share) for share in (0.975, 0.025))
    return Estimate(value, min(value, max(0.0, float(low))), max(value, float(high)), n_found, "basic bootstrap")
