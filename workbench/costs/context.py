"""Fewer passages for the model after reranking: context tokens against success@k, beside the present system.

Tokens come from the log's own counts, success from the judged questions of a comparison; nothing is retrieved here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from workbench.costs.arrays import Floats, Traffic
from workbench.costs.prompt_tokens import PromptTokens, mean_of, product, prompt_tokens
from workbench.evaluation.measures import MIN_RELEVANCE
from workbench.evaluation.statistics import POWER, difference_estimates, mean_estimate
from workbench.numbers import difference, measured, number
from workbench.records import ContextPoint, ContextTradeOff, Estimate

if TYPE_CHECKING:
    import pandas as pd

DEPTHS = 10
MARGIN = 0.03
DEPLOYED, NAIVE, NAIVE_DEPTH = "deployed", "dense", 5
RERANKERS = frozenset({"rerank", "learned", "cross-encoder"})
_FACTOR = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(POWER)
"""Room to the margin over standard error at which the lower 95 % bound clears it with 80 % power; 2.80."""
ASSUMED = "It takes the best passage of each document, one a document, as the lab ranks them"


@dataclass(frozen=True, slots=True)
class _Arm:
    """One arm on its judged questions: success, recall and characters of its first k passages, (questions, depths)."""

    name: str
    questions: tuple[str, ...]
    success: Floats
    recall: Floats
    characters: Floats | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A point with what it is compared by: its differences to the baseline, and its context in tokens or passages."""

    point: ContextPoint
    differences: Floats
    size: float


def context_trade_off(
    traffic: Traffic,
    per_query: pd.DataFrame,
    rankings: pd.DataFrame,
    passages: pd.DataFrame,
    qrels: pd.DataFrame,
    rng: np.random.Generator,
    *,
    margin: float = MARGIN,
    cut: Floats | None = None,
) -> ContextTradeOff:
    """What the first k passages of each arm give, and what they cost.

    With a stored comparison `compared`: `context_trade_off(traffic, compared.per_query, compared.rankings, compared.passages,
    compared.qrels, rng, cut=cut_passages(table))`.

    Args:
        traffic: the log, for its token counts.
        per_query: run, query_id: the judged questions of each arm.
        rankings: run, query_id, rank (from 1), doc_id, passage_id ("" where only the document is known).
        passages: passage_id, text.
        qrels: query_id, doc_id, grade.
        rng: source of the resamples.
        margin: of success@k that may be lost.
        cut: see `workbench.costs.cut_texts.cut_passages`; texts cut short would make each character look dear.
    """
    tokens = prompt_tokens(traffic, cut)
    arms = _arms(per_query, rankings, passages, qrels)
    if not arms:
        return no_trade_off("there is no comparison of arms on judged questions", tokens, margin)
    base = _baseline(arms, tokens)
    if base is None:
        return no_trade_off(f"neither the deployed system nor {NAIVE} retrieval was measured", tokens, margin)
    arm, depth = base
    at_base = arm.success[:, depth - 1]
    base_of = dict(zip(arm.questions, at_base.tolist(), strict=True))
    found = [one for other in arms for one in _points(other, base_of, (arm.name, depth), tokens, rng)]
    baseline = next(one for one in found if (one.point.arm, one.point.k) == (arm.name, depth))
    reranked = [one for one in found if RERANKERS & set(one.point.arm.split("+"))]
    chosen = _chosen(reranked, baseline, margin)
    reason = None if chosen else _why_none(reranked, baseline, margin)
    return ContextTradeOff(
        baseline=baseline.point,
        tokens_per_passage=tokens.per_passage,
        overhead=tokens.overhead,
        points=tuple(one.point for one in found),
        chosen=chosen.point if chosen else None,
        saved_tokens=_saved(baseline.point, chosen.point, tokens) if chosen else Estimate.not_measured(reason or ""),
        margin=margin,
        said=_said(baseline.point, chosen, reason, tokens),
        reason=reason,
    )


def no_trade_off(reason: str, tokens: PromptTokens, margin: float = MARGIN) -> ContextTradeOff:
    """What stands where there is no comparison: the tokens of the log, and why there is no more."""
    said = f"What fewer passages would save is not measured: {reason}. {tokens.said}"
    none = Estimate.not_measured(reason)
    return ContextTradeOff(None, tokens.per_passage, tokens.overhead, (), None, none, margin, said, reason)


def _arms(per_query: pd.DataFrame, rankings: pd.DataFrame, passages: pd.DataFrame, qrels: pd.DataFrame) -> list[_Arm]:
    relevant: dict[str, set[str]] = {}
    for query_id, doc_id in qrels.loc[qrels.grade >= MIN_RELEVANCE, ["query_id", "doc_id"]].itertuples(index=False):
        relevant.setdefault(query_id, set()).add(doc_id)
    lengths = dict(zip(passages.passage_id, passages.text.str.len(), strict=True))
    scored = per_query.groupby("run").query_id.unique()
    arms = []
    for name, rows in rankings[rankings["rank"] <= DEPTHS].groupby("run", sort=False):
        questions = tuple(sorted(set(scored.get(name, rows.query_id.unique())) & set(relevant)))
        if questions:
            arms.append(_arm(str(name), rows, questions, relevant, lengths))
    return arms


def _arm(
    name: str, rows: pd.DataFrame, questions: tuple[str, ...], relevant: dict[str, set[str]], lengths: dict[str, int]
) -> _Arm:
    place = {query_id: i for i, query_id in enumerate(questions)}
    hits, characters = np.zeros((len(questions), DEPTHS)), np.zeros((len(questions), DEPTHS))
    for query_id, rank, doc_id, passage_id in rows[["query_id", "rank", "doc_id", "passage_id"]].itertuples(
        index=False
    ):
        if query_id in place:
            hits[place[query_id], rank - 1] = doc_id in relevant[query_id]
            characters[place[query_id], rank - 1] = lengths.get(passage_id, math.nan)
    wanted = np.array([len(relevant[query_id]) for query_id in questions], dtype=np.float64)
    found = hits.cumsum(axis=1)
    depth = int(rows["rank"].max())
    known = bool(np.isfinite(characters).all())
    return _Arm(
        name,
        questions,
        (found > 0)[:, :depth].astype(np.float64),
        (found / wanted[:, None])[:, :depth],
        characters.cumsum(axis=1)[:, :depth] if known else None,
    )


def _baseline(arms: Sequence[_Arm], tokens: PromptTokens) -> tuple[_Arm, int] | None:
    """The arm and depth that stand for the present system."""
    by_name = {arm.name: arm for arm in arms}
    arm = by_name.get(DEPLOYED) or by_name.get(NAIVE)
    if arm is None:
        return None
    return arm, max(1, min(tokens.passages or NAIVE_DEPTH, arm.success.shape[1]))


def _points(
    arm: _Arm, base: dict[str, float], same: tuple[str, int], tokens: PromptTokens, rng: np.random.Generator
) -> list[_Found]:
    """Every depth of an arm against the baseline, `same` by arm and depth, question by question."""
    shared = [i for i, query_id in enumerate(arm.questions) if query_id in base]
    differences = arm.success[shared] - np.array([base[arm.questions[i]] for i in shared])[:, None]
    against = difference_estimates(differences, rng)
    found = []
    for depth in range(1, arm.success.shape[1] + 1):
        point = ContextPoint(
            arm=arm.name,
            k=depth,
            tokens=_tokens(arm, depth, tokens),
            success=mean_estimate(arm.success[:, depth - 1], rng),
            recall=mean_estimate(arm.recall[:, depth - 1], rng),
            # Where nothing differs because it is the same thing, there is no doubt about it.
            against=against[depth - 1] if (arm.name, depth) != same else Estimate.exact(0.0, len(shared)),
        )
        size = point.tokens.value if point.tokens.value is not None else math.nan
        found.append(_Found(point, differences[:, depth - 1], size))
    return found


def _tokens(arm: _Arm, depth: int, tokens: PromptTokens) -> Estimate:
    """Context tokens of a question: characters of the arm's own passages times the slope.

    The deployed system's passages are those of the log, and so are all where the log keeps no texts: passages of like length.
    """
    if tokens.unit == "items" or arm.name == DEPLOYED:
        return product(tokens.per_passage, Estimate.exact(float(depth), len(arm.questions)))
    if tokens.slope.value is None:
        return tokens.slope
    if arm.characters is None:
        return Estimate.not_measured("the arm names documents, not passages")
    return product(tokens.slope, mean_of(arm.characters[:, depth - 1], "no judged question"))


def _smaller(one: _Found, baseline: _Found) -> bool:
    if math.isnan(one.size) or math.isnan(baseline.size):
        return one.point.k < baseline.point.k
    return one.size < baseline.size


def _chosen(reranked: Sequence[_Found], baseline: _Found, margin: float) -> _Found | None:
    """The smallest context of a reranked arm whose loss stays within the margin there and at every greater depth.

    Going down from the greatest depth and stopping at the first that fails keeps the level of each test: a fixed sequence
    (Maurer, Hothorn & Lehmacher 1995).
    """
    held = [
        one
        for one in reranked
        if _smaller(one, baseline)
        and all(
            _within(other, margin)
            for other in reranked
            if other.point.arm == one.point.arm and other.point.k >= one.point.k
        )
    ]
    return min(held, key=lambda one: (one.point.k if math.isnan(one.size) else one.size, one.point.k), default=None)


def _within(one: _Found, margin: float) -> bool:
    return one.point.against.low is not None and one.point.against.low >= -margin


def _why_none(reranked: Sequence[_Found], baseline: _Found, margin: float) -> str:
    if not reranked:
        return "no arm with reranking was measured"
    smaller = [one for one in reranked if _smaller(one, baseline)]
    if not smaller:
        return "no reranked arm makes a smaller context than the present system"
    plans = [(needed, one) for one in smaller if (needed := more_needed(one.differences, margin)) is not None]
    best = max(smaller, key=lambda one: one.point.against.value or -1.0)
    if not plans:
        return (
            f"every smaller context loses more than {100 * margin:.0f} points of success; the best, "
            f"{best.point.arm} with {_passages(best.point.k)}, comes to {difference(best.point.against, share=True)}"
        )
    needed, one = min(plans, key=lambda plan: (plan[0], plan[1].point.k))
    n = one.point.against.n
    return (
        f"{n} judged questions are too few to show that nothing is lost: {one.point.arm} with {_passages(one.point.k)} "
        f"lies {difference(one.point.against, share=True)} from the present system, and about {needed:,} "
        "more judged questions would show it"
    )


def more_needed(differences: Floats, margin: float) -> int | None:
    """Further questions until the lower bound can be expected above minus the margin; None where the mean lies below it.

    With the mean and spread seen so far, 80 % power; at least as many as the rule of three asks for.
    """
    if len(differences) < 2:
        return None
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    room = mean + margin
    if room <= 0:
        return None
    return max(1, math.ceil(max((_FACTOR * spread / room) ** 2, 3.0 / margin)) - len(differences))


def _saved(baseline: ContextPoint, chosen: ContextPoint, tokens: PromptTokens) -> Estimate:
    """Share of the log's prompt tokens that the smaller context leaves out; what is no context stays.

    Both contexts carry the slope, so its error scales their difference; lengths vary apart.
    """
    if baseline.tokens.value is None or chosen.tokens.value is None:
        reason = baseline.tokens.reason if baseline.tokens.value is None else chosen.tokens.reason
        return Estimate.not_measured(reason or "not measured")
    prompt = tokens.prompt.value
    if not prompt:
        return Estimate.not_measured(tokens.prompt.reason or "prompts hold no tokens")
    value = (baseline.tokens.value - chosen.tokens.value) / prompt
    half = math.hypot(_half(baseline.tokens), _half(chosen.tokens)) / prompt
    low, high = (min(1.0, max(0.0, bound)) for bound in (value - half, value + half))
    return Estimate(min(1.0, value), low, high, min(baseline.tokens.n, chosen.tokens.n), "delta method")


def _half(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2 if estimate.high is not None and estimate.low is not None else 0.0


def _passages(count: int) -> str:
    return "1 passage" if count == 1 else f"{count} passages"


def _said(baseline: ContextPoint, chosen: _Found | None, reason: str | None, tokens: PromptTokens) -> str:
    if chosen is None:
        return f"No smaller context is shown to do as well: {reason}. {tokens.said}"
    point = chosen.point
    saved = (
        f"{number(point.tokens)} context tokens instead of {number(baseline.tokens)}"
        if point.tokens.value is not None and baseline.tokens.value is not None
        else f"{_passages(point.k)} instead of {baseline.k}"
    )
    success, recall = measured(point.success, share=True), measured(point.recall, share=True)
    return (
        f"{point.arm} with {_passages(point.k)} needs {saved} a question, at success@{point.k} {success} and recall {recall}: "
        f"{difference(point.against, share=True)} against {baseline.arm} with {baseline.k}. {ASSUMED}. {tokens.said}"
    )
