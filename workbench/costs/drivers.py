"""What makes questions dearer than they need be: repeats, several model calls, long prompts, long answers, a dear few.

Each driver is told by itself; they overlap, so their shares do not add up to a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.costs.arrays import Flags, Floats, Traffic
from workbench.costs.by_day import Units, ratio
from workbench.numbers import count, interval, percent
from workbench.records import CostBasis, CostDriver, Prices

AGAIN = 600.0
"""Seconds within which the same question by the same person counts as a repeat."""
LONG = 2.0
"""Multiple of the median above which a prompt or an answer counts as long."""
DEAREST = 0.01
FIT = 0.9
"""Least share of the variance of costs that tokens must explain before a token's cost is read from the log."""
FEWEST = 30


@dataclass(frozen=True, slots=True)
class _Found:
    """Questions a driver applies to, and what each cost more for it."""

    applies: Flags
    extra: Floats
    said: str
    why: str


def drivers(traffic: Traffic, costs: Floats, basis: CostBasis, prices: Prices, units: Units) -> tuple[CostDriver, ...]:
    """What makes questions dear, the largest share of the spending first.

    Args:
        traffic: the log.
        costs: cost of each question, NaN where not known.
        basis: where the costs come from.
        prices: what a token costs, where costs are priced; logged costs tell it themselves where they follow the tokens.
        units: what intervals are drawn over.
    """
    known = np.isfinite(costs)
    if not known.any() or costs[known].sum() <= 0:
        return ()
    by_token = _token_costs(traffic, costs, basis, prices)
    rules: dict[str, tuple[str, Callable[[], _Found | None]]] = {
        "repeats": ("the same question again", lambda: _repeats(traffic, costs)),
        "calls": ("several model calls", lambda: _calls(traffic, costs)),
        "long_prompts": (
            "long prompts",
            lambda: _long(traffic.tokens_in, by_token[0], "prompt"),
        ),
        "long_answers": (
            "long answers",
            lambda: _long(traffic.tokens_out, by_token[1], "answer"),
        ),
        "no_cap": ("the dearest hundredth", lambda: _dearest(costs)),
    }
    found = [_driver(key, name, rule(), costs, units) for key, (name, rule) in rules.items()]
    kept = [driver for driver in found if driver is not None]
    return tuple(sorted(kept, key=lambda driver: -(driver.extra.value or 0.0)))


def _driver(key: str, name: str, found: _Found | None, costs: Floats, units: Units) -> CostDriver | None:
    if found is None or not found.applies.any():
        return None
    # No question can cost more for one thing than it costs.
    extra = np.where(found.applies, np.minimum(np.nan_to_num(found.extra), np.nan_to_num(costs)), 0.0)
    known = np.isfinite(costs)
    share = ratio(units, units.sums(extra), units.sums(costs), int(known.sum()))
    queries = int(found.applies.sum())
    part = f"{percent(share.value or 0.0, share.n)} of all spending {interval(share, share=True)}".strip()
    said = f"{found.said.format(n=count(queries))}: {part}."
    return CostDriver(key, name, queries, share, float(extra.sum()), said, found.why)


def _repeats(traffic: Traffic, costs: Floats) -> _Found | None:
    who = np.where(traffic.user >= 0, traffic.user, np.where(traffic.session >= 0, -2 - traffic.session, -1))
    usable = np.flatnonzero((traffic.text >= 0) & (who != -1))
    if not traffic.timed or not len(usable):
        return None
    order = usable[np.lexsort((usable, traffic.text[usable], who[usable]))]
    before, after = order[:-1], order[1:]
    same = (who[before] == who[after]) & (traffic.text[before] == traffic.text[after])
    again = same & (traffic.at[after] - traffic.at[before] <= AGAIN)
    applies = np.zeros(len(traffic), np.bool_)
    applies[after[again]] = True
    why = "The same person asked the same text within ten minutes; the first time does not count."
    return _Found(applies, costs, "{n} questions were asked again within ten minutes", why)


def _calls(traffic: Traffic, costs: Floats) -> _Found | None:
    if not np.isfinite(traffic.calls).any():
        return None
    applies = traffic.calls > 1
    extra = costs * (1 - 1 / np.where(applies, traffic.calls, 1.0))
    why = "The log counts model calls; each call of a question is taken to cost the same, and one would have done."
    return _Found(
        applies, extra, "{n} questions took more than one call of the model (retries, loops of an agent)", why
    )


def _long(tokens: Floats, token_cost: float | None, what: str) -> _Found | None:
    known = tokens[np.isfinite(tokens)]
    if token_cost is None or not len(known) or np.median(known) <= 0:
        return None
    allowed = LONG * float(np.median(known))
    applies = tokens > allowed
    why = f"The median {what} has {count(round(allowed / LONG))} tokens; counted is what the tokens above twice that cost."
    return _Found(
        applies, (tokens - allowed) * token_cost, f"{{n}} {what}s are more than twice as long as the median", why
    )


def _dearest(costs: Floats) -> _Found | None:
    known = costs[np.isfinite(costs)]
    if len(known) < 1 / DEAREST:
        return None
    middle, limit = float(np.median(known)), float(np.quantile(known, 1 - DEAREST))
    applies = np.nan_to_num(costs, nan=-np.inf) > limit
    why = "Counted is what they cost above the median question: the most that a cap a question could save."
    return _Found(applies, costs - middle, "{n} questions, the dearest hundredth", why)


def _token_costs(
    traffic: Traffic, costs: Floats, basis: CostBasis, prices: Prices
) -> tuple[float | None, float | None]:
    """(cost of a prompt token, cost of an answer token): as priced, or as the log's own costs follow its tokens.

    Prices never price a part of a logged cost: they may be of another model, day or currency.
    """
    if basis.kind == "priced" and prices.input_per_million is not None and prices.output_per_million is not None:
        return prices.input_per_million / 1e6, prices.output_per_million / 1e6
    rows = np.isfinite(costs) & np.isfinite(traffic.tokens_in) & np.isfinite(traffic.tokens_out)
    if rows.sum() < FEWEST:
        return None, None
    tokens = np.column_stack([traffic.tokens_in[rows], traffic.tokens_out[rows]])
    slopes, *_ = np.linalg.lstsq(tokens, costs[rows], rcond=None)
    rest = costs[rows] - tokens @ slopes
    spread = float(np.var(costs[rows]))
    if spread <= 0 or 1 - float(np.var(rest)) / spread < FIT or (slopes <= 0).any():
        return None, None
    return float(slopes[0]), float(slopes[1])
