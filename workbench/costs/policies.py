"""Ways of running a cache on one log side by side: exact repeats, a usual threshold, the chosen one, one an answer.

Each row is one replay; which hits are right is told in `workbench.costs.safety`.
"""

from __future__ import annotations

from dataclasses import replace

from workbench.costs.arrays import Marks, Neighbours, Traffic
from workbench.costs.curve import point_at
from workbench.records import CacheCurve, CachePoint, CacheSettings, Estimate, PolicyResult

USUAL = 0.80
"""The threshold that semantic caches are commonly started with."""


def policies(
    traffic: Traffic,
    neighbours: Neighbours,
    settings: CacheSettings,
    curve: CacheCurve,
    marks: Marks | None,
    *,
    adaptive: PolicyResult | None = None,
) -> tuple[PolicyResult, ...]:
    """The policies of a log, the most careful first.

    Args:
        traffic: the log.
        neighbours: of its nodes.
        settings: of all replays but their thresholds.
        curve: of these settings.
        marks: pairs a person marked.
        adaptive: the adaptive policy, which takes seconds and is made once; None leaves it out.
    """
    exact, chosen = curve.points[0], curve.chosen
    usual = point_at(traffic, neighbours, replace(settings, threshold=USUAL), marks)
    rows = [
        _row("exact", "exact repeats only", exact, "Serves an answer only for the same words."),
        _row("fixed", f"a fixed threshold of {USUAL:.2f}", usual, "What semantic caches are commonly started with."),
        _row("chosen", f"the threshold the budget allows, {chosen.threshold:.2f}", chosen, curve.why)
        if chosen and chosen.threshold <= 1
        else _unchosen(curve),
    ]
    return (*rows, adaptive) if adaptive else tuple(rows)


def _row(key: str, name: str, point: CachePoint, note: str) -> PolicyResult:
    return PolicyResult(key, name, point.exact_hits, point.semantic_hits, point.hit_rate, point.false_hit_rate, note)


def _unchosen(curve: CacheCurve) -> PolicyResult:
    reason = "no threshold for similar questions keeps the budget"
    none = Estimate.not_measured(reason)
    return PolicyResult("chosen", "the threshold the budget allows: none", 0, 0, none, none, curve.why)
