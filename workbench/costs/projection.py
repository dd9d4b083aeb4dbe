"""What a cache, shorter contexts and both would make of the bill: a question, a month, all months, with what false hits cost.

Each figure is a ratio of sums over the log, as it is and over resampled days; what rests on an unknown price is not measured.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from workbench.costs.arrays import Floats, Replay, Traffic
from workbench.costs.claims import claims
from workbench.costs.input_share import InputShare, input_share
from workbench.costs.projection_text import assumptions_said, said_of
from workbench.costs.rates import Rates, columns_of, rates_of
from workbench.costs.sums import MIN_DAYS, Sums, ratio, sums_of, units_of
from workbench.costs.waterfall import waterfall
from workbench.intervals import wilson
from workbench.records import (
    Assumptions,
    ContextTradeOff,
    CostBasis,
    Estimate,
    Lever,
    Prices,
    Projection,
    WaterfallStep,
)

FIFTHS = 5
NAMES = {"none": "As it is", "cache": "Cache", "context": "Shorter contexts", "both": "Cache and shorter contexts"}

Judged = npt.NDArray[np.int8]


def project(
    traffic: Traffic,
    replay: Replay,
    judged: Judged,
    costs: Floats,
    basis: CostBasis,
    prices: Prices,
    assumptions: Assumptions,
    context: ContextTradeOff | None,
    rng: np.random.Generator,
    *,
    false_hit_rate: Estimate | None = None,
    proxy: bool = False,
) -> Projection:
    """What the levers would save.

    Args:
        traffic: the log.
        replay: what the cache would have done.
        judged: a row: 1 right, 0 false, -1 no hit or not to be judged.
        costs: cost of each question, NaN where not known.
        basis: where they come from.
        prices: of embeddings, reranking and a false hit; those of tokens part the costs into prompt and answer.
        assumptions: traffic of the months to come.
        context: what fewer passages would save; None for a log without a comparison.
        rng: source of the resamples.
        false_hit_rate: share of hits that are false, where another estimate than the judged hits themselves is to hold.
        proxy: whether hits are called false because their evidence differs.
    """
    if not len(traffic):
        return _empty(basis)
    units = units_of(traffic, warm=assumptions.warm)
    shares = input_share(traffic, costs, basis, prices)
    sums = sums_of(columns_of(traffic, replay, costs, shares), units, rng)
    rates = rates_of(traffic, sums, prices, assumptions, context, rng)
    false_rate = false_hit_rate or _judged_rate(judged)
    missing = _missing(basis, prices, context, shares, sums, rates, false_rate)
    levers = _levers(sums, rates, prices, assumptions, false_rate, missing)
    monthly = _month(sums, rates, traffic, assumptions)
    warming = _warming(replay)
    by_key = {lever.key: lever for lever in levers}
    names = {"false": "hits whose evidence differs" if proxy else "false hits"}
    return Projection(
        levers=levers,
        waterfall=_waterfall(sums, rates, prices, by_key),
        warming=warming,
        claims=claims(by_key["cache"].calls_saved, by_key["cache"].saved, by_key["both"].saved),
        queries_per_month=monthly,
        currency=basis.currency,
        said=said_of(by_key, false_rate, prices, basis.currency, names["false"]),
        assumptions=assumptions_said(traffic, units, assumptions, prices, context, shares.said, rates.embedding[0]),
        not_measured=tuple(dict.fromkeys(missing.values())),
    )


def _judged_rate(judged: Judged) -> Estimate:
    count = int((judged >= 0).sum())
    if not count:
        return Estimate.not_measured("no hit could be judged")
    return wilson(int((judged == 0).sum()), count)


def _missing(
    basis: CostBasis,
    prices: Prices,
    context: ContextTradeOff | None,
    shares: InputShare,
    sums: Sums,
    rates: Rates,
    false_rate: Estimate,
) -> dict[str, str]:
    """Why something is not measured: "cost", "context", "month", "price", "embedding", "false", where it is not."""
    found: dict[str, str] = {}
    if reason := _without_costs(basis, sums):
        found["cost"] = reason
    if context is None:
        found["context"] = "Shorter contexts: there is no comparison of arms to measure them on."
    elif context.saved_tokens.value is None:
        found["context"] = f"Shorter contexts: {context.reason or context.saved_tokens.reason}"
    elif shares.reason or not np.isfinite(rates.context[0]):
        found["context"] = f"Shorter contexts: {shares.reason or 'no question has both a cost and prompt tokens'}"
    if not np.isfinite(rates.month[0]):
        found["month"] = f"A month: the log does not cover {MIN_DAYS} days; enter the questions a month."
    if prices.embedding_per_million is None:
        found["embedding"] = "Embeddings: their price is not known, so costs with a cache leave them out."
    if prices.false_hit is None:
        found["price"] = "Cost of false hits: what one costs the business was not entered."
    if false_rate.value is None:
        found["false"] = f"False hits: {false_rate.reason}."
    return found


def _without_costs(basis: CostBasis, sums: Sums) -> str | None:
    if not sums.whole["known"][0]:
        return f"Costs are not known. {basis.said}".rstrip()
    if not sums.whole["cost"][0]:
        return "Costs: every cost that is known is 0."
    if not sums.later["cost"][0]:
        return "Costs: the later half of the log, in which the cache is measured, holds none."
    return None


def _levers(
    sums: Sums,
    rates: Rates,
    prices: Prices,
    assumptions: Assumptions,
    false_rate: Estimate,
    missing: dict[str, str],
) -> tuple[Lever, ...]:
    served = rates.exact + rates.semantic
    left = {
        "none": rates.now,
        "cache": rates.now - served + rates.embedding,
        "context": rates.now - rates.context + rates.rerank,
        "both": rates.now - served - rates.context_of_misses + rates.embedding + rates.rerank_of_misses,
    }
    nothing = Estimate.exact(0.0, int(sums.later["rows"][0]))
    calls = sums.estimate(rates.calls_saved, int(sums.later["rows"][0]), nothing="no model call")
    levers = []
    for key, per_query in left.items():
        cached = key in ("cache", "both")
        lever = _lever(key, per_query, sums, rates, assumptions, missing)
        false = _false_hits(sums, rates, false_rate, missing) if cached else nothing
        levers.append(
            replace(
                lever,
                calls_saved=calls if cached else nothing,
                false_hits=false,
                false_hit_cost=_times(false, prices.false_hit, missing) if cached else nothing,
            )
        )
    return tuple(levers)


def _lever(
    key: str, per_query: Floats, sums: Sums, rates: Rates, assumptions: Assumptions, missing: dict[str, str]
) -> Lever:
    n = int(sums.whole["known"][0])
    reason = missing.get("cost") or (missing.get("context") if key in ("context", "both") else None)
    blank = Estimate.not_measured(reason or "")
    saved = 1 - ratio(per_query, rates.now)
    months = sum((1 + assumptions.growth) ** month for month in range(assumptions.months))
    monthly = per_query * rates.month
    no_month = Estimate.not_measured(reason or missing.get("month", ""))
    timed = reason is None and "month" not in missing
    return Lever(
        key=key,
        name=NAMES[key],
        per_query=blank if reason else sums.estimate(per_query, n),
        per_month=sums.estimate(monthly, n) if timed else no_month,
        saved=blank if reason else (sums.estimate(saved, n) if key != "none" else Estimate.exact(0.0, n)),
        calls_saved=blank,
        false_hits=blank,
        false_hit_cost=blank,
        total=sums.estimate(monthly * months, n) if timed else no_month,
    )


def _false_hits(sums: Sums, rates: Rates, rate: Estimate, missing: dict[str, str]) -> Estimate:
    """False hits a month: hits a month times the share that is false, bound by bound, which is wider than 95 % needs."""
    reason = missing.get("false") or missing.get("month")
    hits = sums.estimate(rates.hit_rate * rates.month, int(sums.later["rows"][0]))
    if reason or hits.value is None or rate.value is None:
        return Estimate.not_measured(reason or hits.reason or "not measured")
    assert hits.low is not None and hits.high is not None and rate.low is not None and rate.high is not None
    return Estimate(
        hits.value * rate.value,
        hits.low * rate.low,
        hits.high * rate.high,
        rate.n,
        f"bounds multiplied: {sums.units.method}, {rate.method}",
    )


def _times(count: Estimate, price: float | None, missing: dict[str, str]) -> Estimate:
    if price is None or count.value is None or count.low is None or count.high is None:
        return Estimate.not_measured(missing.get("price") or count.reason or "not measured")
    return replace(count, value=count.value * price, low=count.low * price, high=count.high * price)


def _month(sums: Sums, rates: Rates, traffic: Traffic, assumptions: Assumptions) -> Estimate:
    if assumptions.queries_per_month is not None:
        return Estimate(
            assumptions.queries_per_month,
            assumptions.queries_per_month,
            assumptions.queries_per_month,
            len(traffic),
            "as entered",
        )
    if not np.isfinite(rates.month[0]):
        return Estimate.not_measured(f"the log does not cover {MIN_DAYS} days; enter the questions a month")
    return sums.estimate(rates.month, len(traffic))


def _warming(replay: Replay) -> tuple[Estimate, ...]:
    parts = [part for part in np.array_split(replay.hits, FIFTHS) if part.size]
    return tuple(wilson(int(part.sum()), part.size) for part in parts)


def _waterfall(sums: Sums, rates: Rates, prices: Prices, levers: dict[str, Lever]) -> tuple[WaterfallStep, ...]:
    both = levers["both"].per_month.value is not None
    lever = levers["both" if both else "cache"]
    n = lever.per_month.n
    changes = [("Exact repeats", -rates.exact), ("Similar questions", -rates.semantic)]
    if both:
        changes.append(("Shorter contexts", -rates.context_of_misses))
        if prices.rerank_per_thousand is not None:
            changes.append(("Reranking", rates.rerank_of_misses))
    if prices.embedding_per_million is not None:
        changes.append(("Embeddings", rates.embedding))
    bars = [(label, sums.estimate(values * rates.month, n)) for label, values in changes]
    left = lever.per_month
    false = lever.false_hit_cost
    if false.value is not None and left.value is not None:
        bars.append(("False hits", false))
        left = _added(left, false)
    return waterfall(levers["none"].per_month, bars, left)


def _added(a: Estimate, b: Estimate) -> Estimate:
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return a
    return replace(a, low=a.low + b.low, high=a.high + b.high, method=f"{a.method}; bounds of false hits added")


def _empty(basis: CostBasis) -> Projection:
    reason = "the log holds no question"
    none = Estimate.not_measured(reason)
    levers = tuple(Lever(key, name, none, none, none, none, none, none, none) for key, name in NAMES.items())
    said = "Nothing is projected: the log holds no question."
    return Projection(levers, (), (), claims(none, none, none), none, basis.currency, said, (), (said,))
