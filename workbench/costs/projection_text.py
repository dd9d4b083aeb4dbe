"""The sentences of a projection: what the levers save, what one false hit may cost, and what was taken as given.

It works nothing out but the break-even of a false hit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from workbench.costs.arrays import Traffic
from workbench.costs.sums import Units
from workbench.numbers import interval, measured, percent, significant
from workbench.records import Assumptions, ContextTradeOff, Estimate, Lever, Prices


def said_of(levers: Mapping[str, Lever], rate: Estimate, prices: Prices, currency: str, false: str) -> str:
    """What the levers save, and what false hits make of it."""
    cache, both = levers["cache"], levers["both"]
    if cache.saved.value is None:
        if cache.calls_saved.value is None:
            return "Nothing is projected."
        calls = measured(cache.calls_saved, share=True)
        return f"On this log a cache would save {calls} of the model calls; what that saves in money is not known."
    parts = [f"On this log a cache would save {measured(cache.saved, share=True)} of the cost of a question"]
    if both.saved.value is not None:
        parts.append(f"with shorter contexts as well {measured(both.saved, share=True)}")
    said = (f"{', '.join(parts)}.", _net(levers, currency, false), _break_even(levers, rate, currency, false))
    return " ".join(filter(None, said))


def break_even(levers: Mapping[str, Lever]) -> float | None:
    """What one false hit may cost before the cache saves nothing; None where that is not known or there is none."""
    saved, cache = _saved_a_month(levers), levers["cache"]
    if saved is None or not cache.false_hits.value:
        return None
    return saved / cache.false_hits.value


def _saved_a_month(levers: Mapping[str, Lever]) -> float | None:
    now, cache = levers["none"].per_month.value, levers["cache"].per_month.value
    return now - cache if now is not None and cache is not None else None


def _net(levers: Mapping[str, Lever], currency: str, false: str) -> str:
    saved, lost = _saved_a_month(levers), levers["cache"].false_hit_cost
    if saved is None or lost.value is None:
        return ""
    net = saved - lost.value
    return (
        f"It saves {_money(saved, currency)} a month and its {false} cost {_money(lost.value, currency)} {interval(lost)}: "
        f"net {_money(net, currency)}."
    )


def _break_even(levers: Mapping[str, Lever], rate: Estimate, currency: str, false: str) -> str:
    saved, count = _saved_a_month(levers), levers["cache"].false_hits
    if saved is None or count.value is None or not count.high:
        return ""
    if saved <= 0:
        return "It saves nothing even before they are counted."
    worst = _money(saved / count.high, currency)
    if not count.value:
        return (
            f"No {_one(false)} was seen among {rate.n:,} judged; should they be as common as the upper bound of "
            f"{percent(rate.high or 0.0, rate.n)}, the cache saves nothing once one costs {worst}."
        )
    typical = _money(saved / count.value, currency)
    return f"The cache saves nothing once one of the {false} costs {typical} (at their upper bound {worst})."


def _one(false: str) -> str:
    return "false hit" if false == "false hits" else "hit whose evidence differs"


def _money(amount: float, currency: str) -> str:
    return f"{significant(amount)} {currency}".rstrip()


def assumptions_said(
    traffic: Traffic,
    units: Units,
    assumptions: Assumptions,
    prices: Prices,
    context: ContextTradeOff | None,
    parted: str,
    embedding: float,
) -> tuple[str, ...]:
    """One sentence for each thing taken as given."""
    given = [_traffic(traffic, assumptions), _growth(assumptions), _measured_on(units, assumptions)]
    if not units.by_day:
        given.append(
            "There are too few days to draw from, so questions are drawn: days that differ would widen the intervals."
        )
    if prices.embedding_per_million is not None and math.isfinite(embedding):
        given.append(
            "Every question but exact repeats and empty ones is embedded, at four characters a token; an average "
            f"question's embedding costs {_money(embedding, prices.currency)}."
        )
    if context is not None and context.saved_tokens.value is not None:
        given += [
            f"Shorter contexts save {measured(context.saved_tokens, share=True)} of the prompt tokens of every question alike.",
            parted,
            "The reranker runs on the client's own processors and is not charged."
            if prices.rerank_per_thousand is None
            else f"Reranking a thousand questions costs {_money(prices.rerank_per_thousand, prices.currency)}.",
        ]
    given.append("Questions without a known cost cost as much as the others.")
    if not bool((traffic.calls >= 0).any()):
        given.append("Each question is one model call; the log does not count them.")
    return tuple(sentence for sentence in given if sentence)


def _traffic(traffic: Traffic, assumptions: Assumptions) -> str:
    if assumptions.queries_per_month is not None:
        return f"{assumptions.queries_per_month:,.0f} questions a month, as entered."
    if not traffic.timed:
        return ""
    span = int(traffic.day[-1] - traffic.day[0]) + 1
    return f"The months to come have the traffic of the log's {span} days; a month has 30.44 days."


def _growth(assumptions: Assumptions) -> str:
    if not assumptions.growth:
        return f"Traffic does not grow over {assumptions.months} months."
    return f"Traffic changes by {assumptions.growth:+.1%} a month, over {assumptions.months} months."


def _measured_on(units: Units, assumptions: Assumptions) -> str:
    if assumptions.warm:
        return "The cache is measured on the later half of the log, once it has filled."
    return "The cache is measured on the whole log, from empty."
