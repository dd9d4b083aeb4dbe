"""Which part of a question's cost its prompt makes: by the prices of tokens, else by how logged costs follow logged tokens.

A share that neither tells is not measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.costs.arrays import Floats, Traffic
from workbench.records import CostBasis, Prices

MIN_ROWS = 30
MIN_R2 = 0.8
"""Logged costs that follow tokens less closely than this are made of something else as well."""


@dataclass(frozen=True, slots=True)
class InputShare:
    """Share of its cost that a question's prompt makes, NaN where not known; `said` tells how, `reason` why not."""

    of_row: Floats
    said: str
    reason: str | None = None


def input_share(traffic: Traffic, costs: Floats, basis: CostBasis, prices: Prices) -> InputShare:
    """Share of the cost of each question that its prompt tokens make, 0 to 1.

    With both prices known, a cost is parted as the prices part it, so that a logged cost stays whole.
    """
    tokens_in, tokens_out = traffic.tokens_in, traffic.tokens_out
    known = np.isfinite(costs) & np.isfinite(tokens_in)
    if not known.any():
        return _none(costs, "no question has both a cost and prompt tokens")
    price_in, price_out = prices.input_per_million, prices.output_per_million
    if price_in is not None and price_out is not None:
        prompt, answer = tokens_in * price_in, tokens_out * price_out
        return InputShare(
            _over(prompt, prompt + answer), "Costs are parted into prompt and answer by the prices of tokens."
        )
    if price_in is not None and _same_currency(basis, prices):
        share = np.minimum(1.0, _over(tokens_in * price_in / 1e6, costs))
        return InputShare(share, "The prompt's part of a cost is its tokens at the price of input tokens.")
    return _by_regression(tokens_in, tokens_out, costs)


def _by_regression(tokens_in: Floats, tokens_out: Floats, costs: Floats) -> InputShare:
    rows = np.isfinite(tokens_in) & np.isfinite(tokens_out) & np.isfinite(costs)
    prices = "enter the prices of input and output tokens"
    if int(rows.sum()) < MIN_ROWS:
        return _none(costs, f"fewer than {MIN_ROWS} questions have a cost and both token counts; {prices}")
    design = np.column_stack([tokens_in[rows], tokens_out[rows], np.ones(int(rows.sum()))])
    wanted = costs[rows]
    if np.linalg.matrix_rank(design) < 3:
        return _none(costs, f"tokens of prompts and answers do not vary apart; {prices}")
    slopes = np.linalg.lstsq(design, wanted, rcond=None)[0]
    spread = float(((wanted - wanted.mean()) ** 2).sum())
    explained = 1 - float(((wanted - design @ slopes) ** 2).sum()) / spread if spread else 0.0
    if explained < MIN_R2 or slopes[0] <= 0:
        return _none(
            costs, f"logged costs do not follow the tokens logged (R² = {explained:.2f}, {MIN_R2} is needed); {prices}"
        )
    share = np.clip(_over(tokens_in * slopes[0], costs), 0.0, 1.0)
    return InputShare(
        share, f"The prompt's part of a cost is read off the logged costs and tokens (R² = {explained:.2f})."
    )


def _none(costs: Floats, reason: str) -> InputShare:
    return InputShare(np.full_like(costs, np.nan), "", reason)


def _over(part: Floats, whole: Floats) -> Floats:
    usable = np.isfinite(part) & np.isfinite(whole) & (whole > 0)
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=usable)


def _same_currency(basis: CostBasis, prices: Prices) -> bool:
    return not prices.currency or not basis.currency or prices.currency == basis.currency
