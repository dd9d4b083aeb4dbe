"""How many tokens of a prompt its context makes, from the log's own counts, and how many are there without any.

A fit that the log does not carry is refused with the reason; no tokenizer is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.costs.arrays import Flags, Floats, Traffic
from workbench.records import Estimate

MIN_ROWS = 30
MIN_SPREAD = 0.05
"""Standard deviation of the context over its mean below which prompts hold as good as the same amount of it."""
MIN_R2 = 0.5
"""Below this most of what makes prompts differ is no context (a conversation's history, say), and may hide in the slope."""
PER_CHARACTER = (0.1, 1.0)
"""Tokens a character that a tokenizer can make; English lies near 0.25, scripts without spaces near 1."""
LATIN = 0.5
"""The most where nearly all characters asked are ASCII; tables of numbers come near it."""
MOSTLY = 0.9
SAMPLE = 2_000
OUTLYING = 6.0
"""Residuals beyond this many scaled median deviations do not belong to the line."""
MOST_OUTLYING = 0.1
HUBER = 1.345  # Huber 1964: 95 % of the efficiency of least squares where errors are normal

Unit = Literal["characters", "items"]


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """What a unit of context adds to a prompt.

    Attributes:
        unit: what context is measured in: "characters" of the passages, or "items" (passages) where no texts are logged.
        slope: tokens a unit. overhead: prompt tokens without context. per_passage: tokens a passage.
        prompt: mean prompt tokens. passages: median passages of a question.
        said: how it was found, in one sentence.
    """

    unit: Unit
    slope: Estimate
    overhead: Estimate
    per_passage: Estimate
    prompt: Estimate
    passages: int | None
    said: str


def prompt_tokens(traffic: Traffic, cut: Floats | None = None) -> PromptTokens:
    """Tokens that context makes of a prompt: `tokens_in` on the context logged beside it, over questions with one model call.

    A Huber line finds the rows that do not belong to it; those are left out, and least squares with errors robust to
    unequal spread (HC3) gives slope, overhead and their intervals.

    Args:
        traffic: the log.
        cut: passages of each question whose logged text was cut short; they get a term of their own.
    """
    single = np.isfinite(traffic.tokens_in) & ~(traffic.calls > 1)
    texts = bool((single & np.isfinite(traffic.context_characters)).any())
    unit: Unit = "characters" if texts else "items"
    context = traffic.context_characters if texts else traffic.context_items
    rows = single & np.isfinite(context)
    terms = [context[rows], *([cut[rows]] if texts and cut is not None else [])]
    slope, overhead, added, said = _fit(terms, traffic.tokens_in[rows], unit, _most_a_character(traffic))
    items = traffic.context_items[rows & np.isfinite(traffic.context_items)]
    return PromptTokens(
        unit=unit,
        slope=slope,
        overhead=overhead,
        per_passage=_per_passage(slope, added, items, unit),
        prompt=mean_of(traffic.tokens_in[np.isfinite(traffic.tokens_in)], "the log keeps no prompt tokens"),
        passages=int(np.median(items)) if items.size else None,
        said=said,
    )


def mean_of(values: Floats, reason: str) -> Estimate:
    """Mean with its t interval; "not measured" with the reason where there is nothing."""
    if not values.size:
        return Estimate.not_measured(reason)
    mean = float(values.mean())
    half = _quantile(values.size - 1) * float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else 0.0
    return Estimate(mean, mean - half, mean + half, values.size, "t interval over questions")


def product(a: Estimate, b: Estimate) -> Estimate:
    """Two independent estimates multiplied; their relative widths add in quadrature."""
    if a.value is None or b.value is None:
        return Estimate.not_measured((a if a.value is None else b).reason or "not measured")
    value = a.value * b.value
    half = math.hypot(a.value * _half(b), b.value * _half(a))
    return Estimate(value, value - half, value + half, min(a.n, b.n), "delta method")


def _half(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2 if estimate.high is not None and estimate.low is not None else 0.0


def _per_passage(slope: Estimate, added: Estimate, items: Floats, unit: Unit) -> Estimate:
    """Tokens a passage: what the context adds to a prompt on average, over the passages of a prompt."""
    if unit == "items" or slope.value is None:
        return slope
    if not items.size or not items.any():
        return Estimate.not_measured("the log does not say how many passages a prompt held")
    return product(added, Estimate.exact(1 / float(items.mean()), items.size))


def _fit(terms: Sequence[Floats], tokens: Floats, unit: Unit, most: float) -> tuple[Estimate, Estimate, Estimate, str]:
    """Slope, overhead, mean tokens that context adds, and how it was found."""
    reason = _unfit(terms[0], unit)
    if reason is None:
        design = np.column_stack([np.ones_like(tokens), *(term for term in terms if term is terms[0] or np.ptp(term))])
        kept = _on_the_line(design, tokens)
        left_out = 1 - float(kept.mean())
        line, covariance, explained = _least_squares(design[kept], tokens[kept])
        centre = design[kept].mean(axis=0)
        n = int(kept.sum())
        slope, overhead, added = (
            _linear(line, covariance, direction, n)
            for direction in (np.eye(len(line))[1], np.eye(len(line))[0], np.concatenate([[0.0], centre[1:]]))
        )
        reason = _refused(slope, explained, left_out, unit, most)
    if reason is not None:
        none = Estimate.not_measured(reason, len(tokens))
        return none, none, none, f"How many tokens a passage makes is not measured: {reason}."
    what = "characters" if unit == "characters" else "number"
    ends = " Passages whose logged text was cut short have a term of their own." if design.shape[1] > 2 else ""
    said = (
        f"Prompt tokens were fitted to the {what} of the retrieved passages over {n:,} logged questions with one model call "
        f"(R² = {explained:.2f}; {left_out:.1%} lie off the line and are left out).{ends}"
    )
    return slope, overhead, added, said


def _most_a_character(traffic: Traffic) -> float:
    """The most tokens a character may make, by the script the questions are written in."""
    text = "".join(traffic.texts[:SAMPLE])
    ascii_only = sum(character.isascii() for character in text)
    return LATIN if ascii_only >= MOSTLY * len(text) else PER_CHARACTER[1]


def _linear(line: Floats, covariance: Floats, direction: Floats, n: int) -> Estimate:
    value = float(direction @ line)
    half = _quantile(n - len(line)) * math.sqrt(max(0.0, float(direction @ covariance @ direction)))
    return Estimate(value, value - half, value + half, n, "least squares, HC3 errors")


def _unfit(context: Floats, unit: Unit) -> str | None:
    what = "passage texts" if unit == "characters" else "a number of passages"
    if not context.size:
        return "no question of the log has both prompt tokens and retrieved passages"
    if context.size < MIN_ROWS:
        return f"only {context.size} questions have both prompt tokens and {what}; {MIN_ROWS} are needed"
    if float(context.std()) < MIN_SPREAD * float(context.mean()) or not context.any():
        return (
            "every prompt holds as good as the same number of passages of like length, so the tokens of the context "
            "cannot be told from those of the instructions; log the tokens of the context apart, or vary the number of passages"
        )
    return None


def _refused(slope: Estimate, explained: float, left_out: float, unit: Unit, most: float) -> str | None:
    assert slope.value is not None and slope.low is not None
    if left_out > MOST_OUTLYING:
        return (
            f"{left_out:.0%} of the prompts do not lie on one line with their context (at most {MOST_OUTLYING:.0%} may)"
        )
    if slope.low <= 0:
        return "prompts do not grow with the context logged beside them"
    if explained < MIN_R2:
        return (
            f"the context explains {explained:.0%} of what makes prompts differ; under {MIN_R2:.0%} something else, "
            "a conversation's history for one, may be counted as context"
        )
    if unit == "characters" and not PER_CHARACTER[0] <= slope.value <= most:
        return (
            f"{slope.value:.2f} tokens a logged character cannot be ({PER_CHARACTER[0]} to {most} can); "
            "the log may hold passages cut short, or others than the prompt held"
        )
    return None


def _on_the_line(design: Floats, tokens: Floats) -> Flags:
    """Rows whose residual from a Huber line is no outlier."""
    weights = np.ones_like(tokens)
    residuals, scale = tokens - tokens.mean(), 0.0
    for _ in range(20):
        root = np.sqrt(weights)
        line = np.linalg.lstsq(design * root[:, None], tokens * root, rcond=None)[0]
        residuals = tokens - design @ line
        scale = 1.4826 * float(np.median(np.abs(residuals)))
        if scale <= 1e-9 * max(1.0, float(np.abs(tokens).max())):
            break
        weights = np.minimum(1.0, HUBER * scale / np.maximum(np.abs(residuals), 1e-12))
    # Tokens are whole numbers: what is less than one off lies on the line.
    kept: Flags = np.abs(residuals) <= max(OUTLYING * scale, 1.0)
    return kept


def _least_squares(design: Floats, tokens: Floats) -> tuple[Floats, Floats, float]:
    """Coefficients with their HC3 covariance, and R².

    Source: MacKinnon & White 1985, "Some heteroskedasticity-consistent covariance matrix estimators", J. Econometrics 29.
    """
    inverse = np.linalg.pinv(design.T @ design)
    line = inverse @ design.T @ tokens
    residuals = tokens - design @ line
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    pulled = design * (residuals / np.maximum(1 - leverage, 1e-9))[:, None]
    spread = float(((tokens - tokens.mean()) ** 2).sum())
    explained = 1 - float((residuals**2).sum()) / spread if spread else 0.0
    return line, inverse @ (pulled.T @ pulled) @ inverse, explained


def _quantile(freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(max(1, freedom), 0.975))
