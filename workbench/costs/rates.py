"""What a question costs and what each lever takes off it, as ratios of sums over the log.

Levers are put together from these in `workbench.costs.projection`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.costs.arrays import Floats, Replay, Traffic
from workbench.costs.input_share import InputShare
from workbench.costs.sums import MIN_DAYS, Sums, ratio
from workbench.records import Assumptions, ContextTradeOff, Estimate, Prices

DAYS_A_MONTH = 30.44
CHARACTERS_A_TOKEN = 4.0
"""Of questions, for the price of their embedding: a rule of thumb for English, named among the assumptions."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Cost of a question and what changes it, in currency a question; element 0 as it is, the others resampled.

    `month` is questions a month; arrays of NaN stand for what is not known.
    """

    now: Floats
    exact: Floats
    semantic: Floats
    embedding: Floats
    context: Floats
    context_of_misses: Floats
    rerank: Floats
    rerank_of_misses: Floats
    calls_saved: Floats
    hit_rate: Floats
    month: Floats


def columns_of(traffic: Traffic, replay: Replay, costs: Floats, shares: InputShare) -> dict[str, Floats]:
    """What is added up, one value a row."""
    known = np.isfinite(costs)
    cost = np.where(known, costs, 0.0)
    calls = np.where(np.isfinite(traffic.calls), traffic.calls, 1.0)
    hit, exact = replay.hits, replay.exact & replay.hits
    parted = known & np.isfinite(shares.of_row)
    prompt = np.where(parted, cost * np.where(parted, shares.of_row, 0.0), 0.0)
    asked = (traffic.node >= 0) & ~exact
    characters = np.array([len(text) for text in traffic.texts], dtype=np.float64)
    return {
        "rows": np.ones(len(traffic)),
        "known": known.astype(np.float64),
        "cost": cost,
        "cost_exact": np.where(exact, cost, 0.0),
        "cost_semantic": np.where(hit & ~exact, cost, 0.0),
        "calls": calls,
        "calls_hit": np.where(hit, calls, 0.0),
        "hits": hit.astype(np.float64),
        "parted": np.where(parted, cost, 0.0),
        "prompt": prompt,
        "prompt_missed": np.where(hit, 0.0, prompt),
        "characters": np.where(asked, characters, 0.0),
    }


def rates_of(
    traffic: Traffic,
    sums: Sums,
    prices: Prices,
    assumptions: Assumptions,
    context: ContextTradeOff | None,
    rng: np.random.Generator,
) -> Rates:
    """The rates of a log: costs, what each lever takes off them, calls, hits and questions a month."""
    whole, later = sums.whole, sums.later
    now = ratio(whole["cost"], whole["known"])
    # The cache is measured on the later part; its shares are applied to the cost of the whole log.
    exact, semantic = (now * ratio(later[name], later["cost"]) for name in ("cost_exact", "cost_semantic"))
    hit_rate = ratio(later["hits"], later["rows"])
    embedding = np.zeros_like(now)
    if prices.embedding_per_million is not None:
        tokens = ratio(later["characters"], later["rows"]) / CHARACTERS_A_TOKEN
        embedding = tokens * prices.embedding_per_million / 1e6
    saved = _saved_tokens(context, len(now), rng)
    rerank = np.full_like(now, (prices.rerank_per_thousand or 0.0) / 1000)
    return Rates(
        now=now,
        exact=exact,
        semantic=semantic,
        embedding=embedding,
        context=now * saved * ratio(whole["prompt"], whole["parted"]),
        context_of_misses=now * saved * ratio(later["prompt_missed"], later["parted"]),
        rerank=rerank,
        rerank_of_misses=rerank * (1 - hit_rate),
        calls_saved=ratio(later["calls_hit"], later["calls"]),
        hit_rate=hit_rate,
        month=_queries(traffic, sums, assumptions),
    )


def _saved_tokens(context: ContextTradeOff | None, size: int, rng: np.random.Generator) -> Floats:
    """Share of prompt tokens saved; drawn from a normal of its own interval, for it comes from other questions."""
    saved = context.saved_tokens if context else Estimate.not_measured("")
    value = saved.value
    if value is None:
        return np.full(size, np.nan)
    wide = (saved.high - saved.low) / (2 * 1.96) if saved.high is not None and saved.low is not None else 0.0
    drawn = np.clip(rng.normal(value, wide, size), 0.0, 1.0)
    drawn[0] = value
    return drawn


def _queries(traffic: Traffic, sums: Sums, assumptions: Assumptions) -> Floats:
    """Questions a month, by the log or as given; NaN where neither tells."""
    rows = sums.whole["rows"]
    if assumptions.queries_per_month is not None:
        return np.full_like(rows, assumptions.queries_per_month)
    span = int(traffic.day[-1] - traffic.day[0]) + 1 if traffic.timed else 0
    return rows / span * DAYS_A_MONTH if span >= MIN_DAYS else np.full_like(rows, np.nan)
