"""Hits and false hits at every threshold, and the threshold that gives most hits within a budget of false ones.

It counts what replays and the judge say; it does not decide what a hit is or when one is false.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from workbench.costs.arrays import Marks, Neighbours, Traffic
from workbench.costs.curve_words import why_chosen, why_none
from workbench.costs.replay import replay
from workbench.costs.safety import FALSE, UNJUDGED, Judge
from workbench.intervals import wilson
from workbench.records import CacheCurve, CachePoint, CacheSettings, Estimate, FalseHitMethod

THRESHOLDS = (1.01, *(hundredths / 100 for hundredths in range(99, 69, -1)))
"""From exact repeats alone to 0.70."""
EARLIER = 0.6
"""Share of the log a threshold is chosen on before it is tried on the rest."""
DAYS = 5
"""Days from which the bootstrap draws days; with fewer the questions count as independent."""
RESAMPLES = 2_000
SEED = 20_260_101

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tally:
    """What one replay counts to; pairs are (earlier part of the log, rest of it)."""

    point: CachePoint
    by_day: Values
    hits: tuple[int, int]
    judged: tuple[int, int]
    false: tuple[int, int]


def cache_curve(
    traffic: Traffic,
    neighbours: Neighbours,
    settings: CacheSettings,
    marks: Marks | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
) -> CacheCurve:
    """Every threshold, the one chosen, and how it does on the part of the log it was not chosen on.

    The false-hit rate at a threshold rests on the judged hits of that threshold's own replay, with Wilson's interval. Marked
    pairs count once each (`Judge.counted`): they are a sample, and must have been drawn from hits at random to stand for them.
    The threshold of `settings` is not looked at, everything else is.
    """
    judge = Judge(traffic, marks)
    tallies = _tallies(traffic, neighbours, settings, judge, thresholds)
    points = tuple(tally.point for tally in tallies)
    chosen = choose(points, settings.budget)
    needed = marks_needed(settings.budget)
    why = (
        why_chosen(chosen, judge.method, settings.budget)
        if chosen
        else why_none(points, judge.method, settings.budget, needed)
    )
    return CacheCurve(
        points, judge.method, settings.budget, chosen, why, _held_out(tallies, settings.budget, judge.method), needed
    )


def point_at(
    traffic: Traffic, neighbours: Neighbours, settings: CacheSettings, marks: Marks | None = None
) -> CachePoint:
    """The point of the threshold in `settings`."""
    if settings.threshold is None:
        raise ValueError("a point needs a threshold; choose one with cache_curve first")
    return _tallies(traffic, neighbours, settings, Judge(traffic, marks), [settings.threshold])[0].point


def choose(points: Sequence[CachePoint], budget: float) -> CachePoint | None:
    """The point with most hits that is shown to keep the budget; None where none is.

    Points are tried by falling threshold, and the first that fails ends the search: whoever takes the best of thirty looks takes
    the luckiest too, and the budget would be broken more often than the interval says. Points with fewer judged hits than could
    keep the budget without a false one are passed over, for they can show nothing either way.

    Source: fixed-sequence testing, Maurer, Hothorn & Lehmacher 1995; the order and the points passed over do not depend on
    which hits are false.
    """
    ordered = sorted(points, key=lambda point: -point.threshold)
    kept = _passed([(point.judged, point.false_hits) for point in ordered], budget)
    if not kept:
        return None
    return max((ordered[i] for i in kept), key=lambda point: (point.exact_hits + point.semantic_hits, point.threshold))


def marks_needed(budget: float) -> int:
    """Judged hits without a false one whose Wilson upper bound keeps the budget.

    >>> marks_needed(0.01)
    381
    """
    if not budget > 0:
        raise ValueError(f"no number of hits shows a rate of false hits of {budget}; the budget must be above 0")
    if budget >= 1:
        return 1
    z2 = NormalDist().inv_cdf(0.975) ** 2
    needed = max(1, math.floor(z2 * (1 - budget) / budget))  # the bound is z2 / (n + z2)
    while (wilson(0, needed).high or 0.0) > budget:
        needed += 1
    return needed


def _passed(counts: Sequence[tuple[int, int]], budget: float) -> list[int]:
    """Places of the counts (judged, false), by falling threshold, that keep the budget up to the first that does not."""
    needed, kept = marks_needed(budget), []
    for place, (judged, false) in enumerate(counts):
        if judged < needed:
            continue
        if (wilson(false, judged).high or 0.0) > budget:
            break
        kept.append(place)
    return kept


def _held_out(tallies: Sequence[Tally], budget: float, method: FalseHitMethod) -> Estimate:
    """How the threshold chosen on the earlier part does on the rest.

    A cache at a row depends on earlier rows alone, so the first part of a replay is the replay of the first part.
    """
    if method == "none":
        return Estimate.not_measured("nothing tells whether a hit is right")
    ordered = sorted(tallies, key=lambda tally: -tally.point.threshold)
    kept = _passed([(tally.judged[0], tally.false[0]) for tally in ordered], budget)
    if not kept:
        return Estimate.not_measured(
            f"no threshold could be chosen on the first {EARLIER:.0%} of the log".replace("%", " %")
        )
    best = max((ordered[i] for i in kept), key=lambda tally: (tally.hits[0], tally.point.threshold))
    if not best.judged[1]:
        return Estimate.not_measured("no hit in the later part of the log could be judged")
    return wilson(best.false[1], best.judged[1])


def _tallies(
    traffic: Traffic, neighbours: Neighbours, settings: CacheSettings, judge: Judge, thresholds: Sequence[float]
) -> list[Tally]:
    tallies = [_tally(traffic, neighbours, replace(settings, threshold=t), judge) for t in thresholds]
    rates = _hit_rates(traffic, tallies)
    return [
        replace(tally, point=replace(tally.point, hit_rate=rate)) for tally, rate in zip(tallies, rates, strict=True)
    ]


def _tally(traffic: Traffic, neighbours: Neighbours, settings: CacheSettings, judge: Judge) -> Tally:
    played = replay(traffic, neighbours, settings)
    counted = judge.counted(played)
    hits, known, false = played.hits, counted != UNJUDGED, counted == FALSE
    similar = hits & ~played.exact
    judged, wrong = int(known.sum()), int(false.sum())
    total, exact = int(hits.sum()), int(played.exact.sum())
    point = CachePoint(
        threshold=settings.threshold or 0.0,
        queries=len(traffic),
        exact_hits=exact,
        semantic_hits=total - exact,
        hit_rate=wilson(total, len(traffic)),
        false_hit_rate=_false_rate(wrong, judged, total, judge.method),
        semantic_false_hit_rate=_false_rate(
            int((false & similar).sum()), int((known & similar).sum()), total - exact, judge.method
        ),
        judged=judged,
        false_hits=wrong,
        unresolved=played.unresolved,
    )
    cut = math.floor(EARLIER * len(traffic))
    return Tally(point, _by_day(traffic, hits), _split(hits, cut), _split(known, cut), _split(false, cut))


def _split(flags: npt.NDArray[np.bool_], cut: int) -> tuple[int, int]:
    return int(flags[:cut].sum()), int(flags[cut:].sum())


def _false_rate(false: int, judged: int, hits: int, method: FalseHitMethod) -> Estimate:
    if not hits:
        return Estimate.not_measured("no hits")
    if not judged:
        return Estimate.not_measured(UNJUDGEABLE[method])
    return wilson(false, judged)


UNJUDGEABLE = {
    "labelled": "no hit has a label on both of its questions",
    "marked": "none of these hits has been marked",
    "proxy": "no hit has logged evidence on both of its questions",
    "none": "the log holds neither labels nor evidence, and no pair has been marked",
}


def _by_day(traffic: Traffic, hits: npt.NDArray[np.bool_]) -> Values:
    """Hits of each day from the first to the last; empty without times."""
    if not len(traffic.day):
        return np.empty(0)
    days = traffic.day - traffic.day.min()
    return np.bincount(days, weights=hits, minlength=int(days.max()) + 1).astype(np.float64)


def _hit_rates(traffic: Traffic, tallies: Sequence[Tally]) -> list[Estimate]:
    """Hit rates with intervals over resampled days, the same days for every threshold; Wilson's where there are too few."""
    plain = [tally.point.hit_rate for tally in tallies]
    asked = _by_day(traffic, np.ones(len(traffic), dtype=np.bool_))
    with_traffic = np.flatnonzero(asked)
    days = len(with_traffic)
    if days < DAYS:
        return plain
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, days, size=(RESAMPLES, days)) + days * np.arange(RESAMPLES)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=RESAMPLES * days).reshape(RESAMPLES, days).astype(float)
    hits = np.stack([tally.by_day[with_traffic] for tally in tallies], axis=1)
    rates = (weights @ hits) / (weights @ asked[with_traffic])[:, None]
    bounds = np.quantile(rates, _tails(days), axis=0)
    return [
        # Days that are all without hits, or all hits, have nothing to vary; Wilson's interval still has a width there.
        replace(rate, low=float(low), high=float(high), method="bootstrap over days") if low < high else rate
        for rate, low, high in zip(plain, *bounds, strict=True)
    ]


def _tails(days: int, level: float = 0.95) -> Values:
    """Percentiles widened for few days, as a t interval is wider than a normal one (Hesterberg 2015, section 4)."""
    from scipy.special import ndtr, stdtrit

    quantile = math.sqrt(days / (days - 1)) * stdtrit(days - 1, 0.5 + level / 2)
    return np.array([ndtr(-quantile), ndtr(quantile)])
