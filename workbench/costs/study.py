"""A log made ready for replays: everything that is computed once, so that a page can answer while a slider moves.

It puts the parts of the cost analysis in order; each number comes from its own module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workbench.costs.adaptive import adaptive
from workbench.costs.arrays import Marks, Neighbours, Replay, Traffic
from workbench.costs.breaker import breaker
from workbench.costs.curve import cache_curve, point_at
from workbench.costs.policies import policies
from workbench.costs.prices import costs_of
from workbench.costs.projection import project
from workbench.costs.replay import replay
from workbench.costs.safety import Judge
from workbench.costs.spending import spending
from workbench.records import (
    Assumptions,
    CacheCurve,
    CachePoint,
    CacheReport,
    CacheSettings,
    ContextTradeOff,
    CostBlock,
    Estimate,
    PolicyResult,
    Prices,
    Projection,
)

EXACT_ONLY = 1.01
"""A threshold no cosine reaches: only exact repeats are served."""
SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class CostStudy:
    """A log made ready for replays.

    Attributes:
        encoder: name of the encoder the similarities rest on.
        context: what fewer passages would save; says why where it could not be worked out.
        adaptive: the adaptive policy under the settings it was run with.
        table: the Parquet table of the log, for the texts of answers. root: the case folder; None for a log without a case.
        ceiling: what an answer may cost by a paper of the case. prices: those of the case.
    """

    traffic: Traffic
    neighbours: Neighbours
    encoder: str
    context: ContextTradeOff
    adaptive: PolicyResult | None
    table: str
    root: str | None
    ceiling: float | None
    prices: Prices


@dataclass(frozen=True, slots=True)
class Outcome:
    """One setting played through: its replay, which hits are right, and the point of the curve it is."""

    settings: CacheSettings
    replay: Replay
    judged: np.ndarray[tuple[int], np.dtype[np.int8]]
    point: CachePoint


def served_threshold(settings: CacheSettings, curve: CacheCurve) -> float:
    """The threshold a replay runs with: the one set, else the one chosen, else exact repeats only."""
    if settings.threshold is not None:
        return settings.threshold
    return curve.chosen.threshold if curve.chosen else EXACT_ONLY


def play(study: CostStudy, settings: CacheSettings, curve: CacheCurve, marks: Marks) -> Outcome:
    """Replay the log with one setting; a threshold left open is the one the curve chose."""
    settings = replace(settings, threshold=served_threshold(settings, curve))
    played = replay(study.traffic, study.neighbours, settings)
    judged = Judge(study.traffic, marks).judge(played)
    return Outcome(settings, played, judged, point_at(study.traffic, study.neighbours, settings, marks))


def projected(
    study: CostStudy, outcome: Outcome, curve: CacheCurve, prices: Prices, assumptions: Assumptions
) -> Projection:
    """What the cache of an outcome, shorter contexts and both would save."""
    costs, basis = costs_of(study.traffic, prices)
    return project(
        study.traffic,
        outcome.replay,
        outcome.judged,
        costs,
        basis,
        prices,
        assumptions,
        study.context,
        np.random.default_rng(SEED),
        false_hit_rate=outcome.point.false_hit_rate,
        proxy=curve.method == "proxy",
    )


def adaptive_of(traffic: Traffic, neighbours: Neighbours, settings: CacheSettings, marks: Marks) -> PolicyResult:
    """The adaptive policy on a log; seconds, so it is kept with the study."""
    return adaptive(traffic, neighbours, Judge(traffic, marks), settings)


def report_of(
    study: CostStudy, settings: CacheSettings, prices: Prices, assumptions: Assumptions, marks: Marks
) -> CacheReport:
    """Everything that is written as `cache.json`."""
    traffic = study.traffic
    curve = cache_curve(traffic, study.neighbours, settings, marks)
    outcome = play(study, settings, curve, marks)
    projection = projected(study, outcome, curve, prices, assumptions)
    point = outcome.point
    return CacheReport(
        queries=len(traffic),
        empty=int((traffic.node < 0).sum()),
        exact_hits=point.exact_hits,
        semantic_hits=point.semantic_hits,
        cross_scope=cross_scope(traffic),
        threshold=point.threshold if point.threshold <= 1 else None,
        settings=outcome.settings,
        hit_rate=point.hit_rate,
        false_hit_rate=point.false_hit_rate,
        false_hit_method=curve.method,
        cost=cost_block(projection),
        curve=curve,
        policies=policies(traffic, study.neighbours, settings, curve, marks, adaptive=study.adaptive),
        spending=spending(traffic, prices, study.ceiling),
        context=study.context,
        projection=projection,
        breaker=breaker(traffic, prices),
        scope=traffic.scope_fields,
        scope_missing=traffic.scope_missing,
        encoder=study.encoder,
        notes=traffic.notes,
    )


def cross_scope(traffic: Traffic) -> int:
    """Questions whose text was asked before, but never within their own scope.

    A cache that knew no scopes would have handed them an answer across a boundary.
    """
    rows = np.flatnonzero(traffic.node >= 0)
    first_of_text = np.full(int(traffic.text.max(initial=-1)) + 1, len(traffic), dtype=np.int64)
    np.minimum.at(first_of_text, traffic.text[rows], rows)
    first_here = traffic.first[traffic.node[rows]] == rows
    return int((first_here & (first_of_text[traffic.text[rows]] < rows)).sum())


def cost_block(projection: Projection) -> CostBlock:
    """Cost of a question before and after the cache."""
    levers = {lever.key: lever for lever in projection.levers}
    none = Estimate.not_measured("no costs")
    before, cache = levers.get("none"), levers.get("cache")
    return CostBlock(
        before.per_query if before else none,
        cache.per_query if cache else none,
        cache.saved if cache else none,
        projection.currency,
    )
