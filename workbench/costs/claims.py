"""The usual claims for semantic caching beside what was measured on this log.

A claim is held against the whole interval, never against the middle of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.numbers import measured
from workbench.records import Estimate

FEWER_CALLS = (0.30, 0.50)
LOWER_COST = (0.50, 0.70)


def verdict(estimate: Estimate, claimed: tuple[float, float]) -> str:
    """Whether an interval confirms a claimed range, refutes it, or neither.

    confirmed: the interval lies inside or above the range. refuted: it lies wholly below. undetermined: it reaches across.

    >>> verdict(Estimate(0.06, 0.04, 0.09, 433, "bootstrap"), (0.3, 0.5))
    'refuted: 6 % [4, 9]'
    """
    said = measured(estimate, share=True)
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return said
    if estimate.low >= claimed[0]:
        return f"confirmed: {said}"
    return f"refuted: {said}" if estimate.high < claimed[0] else f"undetermined: {said}"


def claims(calls: Estimate, cache: Estimate, both: Estimate) -> Mapping[str, str]:
    """Each usual claim with its verdict.

    Args:
        calls: share of model calls the cache saves.
        cache: share of the cost it saves.
        both: share of the cost that cache and shorter contexts save together.
    """
    return {
        "30 to 50 % fewer model calls": verdict(calls, FEWER_CALLS),
        "50 to 70 % lower cost per query, by a semantic cache": verdict(cache, LOWER_COST),
        "50 to 70 % lower cost per query, by a cache and shorter contexts": verdict(both, LOWER_COST),
    }
