"""Why a threshold was chosen, or why none could be, in one sentence.

It says what the points hold; numbers come from `workbench.costs.curve`.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.numbers import count, percent
from workbench.records import CachePoint, FalseHitMethod

FOUND = {"labelled": "are false", "marked": "are false", "proxy": "rest on other evidence", "none": "are false"}
"""How false hits are named by each method: a proxy does not say that a hit is false."""


def why_chosen(point: CachePoint, method: FalseHitMethod, budget: float) -> str:
    """What was chosen, and what shows that it keeps the budget."""
    which = "Exact repeats alone serve" if point.threshold > 1 else f"A threshold of {point.threshold:.2f} serves"
    served = percent(point.hit_rate.value or 0.0, point.queries)
    return (
        f"{which} most questions ({served}) within the budget of {_share(budget)}: {_counted(point, method)}, "
        f"at most {_bound(point)} with 95 % confidence."
    )


def why_none(points: Sequence[CachePoint], method: FalseHitMethod, budget: float, needed: int) -> str:
    """Why no threshold keeps the budget: no hits, no way to judge them, too few judged, or too many false."""
    if not any(point.exact_hits + point.semantic_hits for point in points):
        return "No threshold gives a hit: no question comes back, and none is similar enough to an earlier one."
    if method == "none":
        return (
            "No threshold can be chosen: the log holds neither labels nor retrieved documents, and no pair has been "
            "marked, so nothing tells a right hit from a false one."
        )
    judged = [point for point in points if point.judged]
    if not judged:
        return "No threshold can be chosen: there are hits, but none of them can be judged."
    enough = [point for point in judged if point.judged >= needed]
    if not enough:
        most = max(judged, key=lambda point: (point.judged, -point.false_hits, point.threshold))
        return (
            f"{_counted(most, method)}, which still allows up to {_bound(most)}; {count(needed)} without a false one "
            f"would be needed for {_share(budget)}."
        )
    best = min(enough, key=lambda point: (point.false_hit_rate.high or 0.0, -point.exact_hits - point.semantic_hits))
    if (best.false_hit_rate.high or 0.0) <= budget:
        first = max(enough, key=lambda point: point.threshold)
        return (
            f"No threshold is chosen: at {_name(first)} {_counted(first, method)}, up to {_bound(first)}, above the "
            f"budget of {_share(budget)}; lower thresholds look better, but only because they add hits to these."
        )
    return (
        f"No threshold keeps the budget of {_share(budget)}; the best that could be shown is {_name(best)}: "
        f"{_counted(best, method)}, up to {_bound(best)}."
    )


def _name(point: CachePoint) -> str:
    return "exact repeats alone" if point.threshold > 1 else f"{point.threshold:.2f}"


def _counted(point: CachePoint, method: FalseHitMethod) -> str:
    what = "judged pairs" if method == "marked" else "judged hits"
    return f"{count(point.false_hits)} of {count(point.judged)} {what} {FOUND[method]}"


def _bound(point: CachePoint) -> str:
    return _share(point.false_hit_rate.high or 0.0)


def _share(value: float) -> str:
    """A bound in percent, two significant digits: small ones matter here."""
    return f"{float(f'{100 * value:.2g}'):g} %"
