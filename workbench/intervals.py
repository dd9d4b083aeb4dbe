"""Intervals for shares: small, shared by every analysis, and nothing beyond the formula.

Intervals for means of paired or per-query values live in `workbench.evaluation.statistics`.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from workbench.records import Estimate


def wilson(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """Share of successes with its Wilson score interval.

    Args:
        successes: how many of `n` count, 0 to `n`.
        n: units looked at. Zero gives an estimate that is not measured.
        level: confidence level, between 0 and 1.

    Raises:
        ValueError: `successes` lies outside 0 to `n`.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.

    >>> share = wilson(8, 10)
    >>> round(share.low, 3), share.value, round(share.high, 3)
    (0.49, 0.8, 0.943)
    """
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n: got {successes} of {n}")
    if n == 0:
        return Estimate.not_measured("nothing to count", n=0)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 and n the bound is exactly 0 or 1; floating point would leave it a hair outside the share.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Estimate(share, low, high, n, "wilson", level)
