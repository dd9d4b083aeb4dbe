"""What a cache, shorter contexts and a breaker would do to the cost of a client's traffic: settings, curves, projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from workbench.records.corpus import Estimate

Eviction = Literal["lru", "lfu"]
FalseHitMethod = Literal["labelled", "marked", "proxy", "none"]
"""How false hits are told: groups in the log, pairs a person marked, overlap of evidence, or not at all."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """How a cache is run in a replay.

    Attributes:
        threshold: least cosine of a semantic hit; None for the one that `budget` allows.
        ttl: seconds an answer may be served after it was given; None for ever.
        capacity: answers kept at most, all scopes together; None for no limit.
        eviction: which answer leaves a full cache: the one not used for longest ("lru") or used least often ("lfu").
        budget: highest share of false hits among hits that is accepted, judged by the upper bound of its interval.
        invalidate: whether an answer is dropped once a document it cites has changed.
    """

    threshold: float | None = None
    ttl: float | None = None
    capacity: int | None = None
    eviction: Eviction = "lru"
    budget: float = 0.01
    invalidate: bool = True


@dataclass(frozen=True, slots=True)
class CachePoint:
    """What one threshold does.

    Attributes:
        threshold: least cosine of a semantic hit; above 1 there are none, only exact hits.
        exact_hits: questions whose normalised text was answered before. semantic_hits: those answered for a similar one.
        hit_rate: share of all questions, empty ones included, answered from the cache.
        false_hit_rate: share of the judged hits whose answer was given for another question; see `CacheCurve.method`.
        semantic_false_hit_rate: the same among semantic hits alone.
        judged: hits that could be judged. false_hits: those found false.
        unresolved: questions counted as misses because more similar questions exist than were kept for them: hits may be
            missing here, never false ones.
    """

    threshold: float
    queries: int
    exact_hits: int
    semantic_hits: int
    hit_rate: Estimate
    false_hit_rate: Estimate
    semantic_false_hit_rate: Estimate
    judged: int
    false_hits: int
    unresolved: int = 0


@dataclass(frozen=True, slots=True)
class CacheCurve:
    """Every threshold of a replay, and the one chosen.

    Attributes:
        points: by falling threshold; the first has exact hits only.
        chosen: the point with most hits whose upper bound of false hits stays within the budget; None where no point
            with hits does.
        why: one sentence: what was chosen, or why nothing could be.
        held_out: false-hit rate on the later part of the log of a threshold chosen on the earlier part.
        marks_needed: judged hits without a false one that would be needed to keep the budget; 381 for 1 %.
    """

    points: tuple[CachePoint, ...]
    method: FalseHitMethod
    budget: float
    chosen: CachePoint | None
    why: str
    held_out: Estimate
    marks_needed: int


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """One way of running a cache on the same questions, for the table of policies.

    Attributes:
        key: "exact", "fixed", "chosen", "adaptive". name: as people read it.
        note: what it assumes, in one sentence.
    """

    key: str
    name: str
    exact_hits: int
    semantic_hits: int
    hit_rate: Estimate
    false_hit_rate: Estimate
    note: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices as they were entered or read; what is None is not known, and what depends on it is not measured.

    Attributes:
        input_per_million, output_per_million, embedding_per_million: per million tokens, in `currency`.
        rerank_per_thousand: per thousand reranked questions; the built-in reranker runs on the client's processors.
        false_hit: what one false hit costs the business, in `currency`; None leaves it out and says so.
        as_of: day the prices held. source: where they come from: "case.toml", "entered on the page", "command line".
    """

    input_per_million: float | None = None
    output_per_million: float | None = None
    embedding_per_million: float | None = None
    rerank_per_thousand: float | None = None
    false_hit: float | None = None
    currency: str = ""
    as_of: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class CostBasis:
    """Where the cost of a question comes from.

    Attributes:
        kind: "logged" (the log's own cost column), "priced" (tokens times prices), "none".
        known: questions with a cost. queries: all questions.
        said: one sentence on where the costs come from and what is missing.
    """

    kind: Literal["logged", "priced", "none"]
    known: int
    queries: int
    currency: str
    said: str


@dataclass(frozen=True, slots=True)
class CostDriver:
    """One thing that makes questions dearer than they need be.

    Attributes:
        key: "repeats" (the same question asked again within minutes by one person), "calls" (several model calls for one
            question: retries and loops), "long_prompts", "long_answers", "no_cap" (the dearest hundredth).
        queries: questions it applies to.
        extra: what they cost above what they would cost without it, as a share of all spending.
        amount: the same in currency over the whole log.
        said: one sentence with the numbers. why: how it was told, for those who ask.
    """

    key: str
    name: str
    queries: int
    extra: Estimate
    amount: float | None
    said: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class CostOverTime:
    """Mean cost a question, period by period, and whether it drifts.

    Attributes:
        periods: (first day, estimate of the mean cost of a question) by time; days, or weeks from sixty days on.
        change: relative change of the mean cost from the first third of the days to the last, with an interval by days.
        verdict: "rising", "falling", "steady" (the interval lies within 10 % either way), "undetermined".
    """

    periods: tuple[tuple[date, Estimate], ...]
    unit: Literal["day", "week"]
    change: Estimate
    verdict: Literal["rising", "falling", "steady", "undetermined"]
    said: str


@dataclass(frozen=True, slots=True)
class Spending:
    """What the traffic costs as it is.

    Attributes:
        per_query: mean cost of a question. per_day: mean of the days with traffic. ceiling: cost of a question that was agreed.
        times_over: `per_query` over `ceiling`.
        drivers: the largest first; they overlap, so their shares do not add up.
        tokens_in, tokens_out: mean of a question.
    """

    basis: CostBasis
    per_query: Estimate
    per_day: Estimate
    ceiling: float | None
    times_over: Estimate
    drivers: tuple[CostDriver, ...]
    over_time: CostOverTime
    tokens_in: Estimate
    tokens_out: Estimate
    days: int


@dataclass(frozen=True, slots=True)
class ContextPoint:
    """What the first k passages of an arm give, and what they cost in tokens.

    Attributes:
        tokens: context tokens of a question, mean over questions.
        success: share of judged questions with a relevant document among them. recall: mean recall.
        against: success minus that of the present system at its own depth, on the same questions.
    """

    arm: str
    k: int
    tokens: Estimate
    success: Estimate
    recall: Estimate
    against: Estimate


@dataclass(frozen=True, slots=True)
class ContextTradeOff:
    """Fewer passages for the model after reranking: what is saved and what is lost.

    Attributes:
        baseline: arm and k that stand for the present system.
        tokens_per_passage: how many of a prompt's tokens one passage makes, from the log's own token counts.
        overhead: prompt tokens that are no context.
        points: every arm and k looked at.
        chosen: the reranked point with fewest tokens that loses at most `margin` of success against the baseline by its
            lower bound; None where none does.
        saved_tokens: share of a question's prompt tokens that the chosen point saves.
        reason: why there is none of it.
    """

    baseline: ContextPoint | None
    tokens_per_passage: Estimate
    overhead: Estimate
    points: tuple[ContextPoint, ...]
    chosen: ContextPoint | None
    saved_tokens: Estimate
    margin: float
    said: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a projection takes as given beside the log.

    Attributes:
        queries_per_month: None for the rate of the log. growth: of traffic a month, 0.05 for five per cent.
        months: how far it reaches.
        warm: whether the hit rate of the later half of the log, with the cache already filled, stands for the months to come.
    """

    queries_per_month: float | None = None
    growth: float = 0.0
    months: int = 12
    warm: bool = True


@dataclass(frozen=True, slots=True)
class Lever:
    """What one lever, or both, make of the bill; low and high bound the middle 95 % of resampled days.

    Attributes:
        key: "none", "cache", "context", "both".
        per_query: cost of a question, embeddings and reranking included, false hits left out.
        per_month: the same for a month of traffic. saved: share of the cost saved. calls_saved: share of model calls saved.
        false_hits: false hits a month. false_hit_cost: what they cost; not measured without a price for one.
        total: projected cost over all months of the assumptions.
    """

    key: str
    name: str
    per_query: Estimate
    per_month: Estimate
    saved: Estimate
    calls_saved: Estimate
    false_hits: Estimate
    false_hit_cost: Estimate
    total: Estimate


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One bar of the waterfall; `kind` "total" stands on the ground, "change" hangs from the bar before it."""

    label: str
    amount: Estimate
    kind: Literal["total", "change"]


@dataclass(frozen=True, slots=True)
class Projection:
    """What the levers would save.

    Attributes:
        levers: none, cache, context, both; those that cannot be worked out hold reasons.
        waterfall: cost of a month, from what it is to what both leave; empty where there is no cost.
        warming: hit rate in each fifth of the log, by time: how the cache fills.
        claims: the usual claims beside what was measured: "30 to 50 % fewer model calls" -> "refuted: 6 % [4, 9]".
        said: the sentence to read aloud. assumptions: one sentence each.
    """

    levers: tuple[Lever, ...]
    waterfall: tuple[WaterfallStep, ...]
    warming: tuple[Estimate, ...]
    claims: Mapping[str, str]
    queries_per_month: Estimate
    currency: str
    said: str
    assumptions: tuple[str, ...]
    not_measured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BreakerLimit:
    """A budget that would have let ordinary traffic pass.

    Attributes:
        scope: "hour" (all traffic), "user_hour" or "user_day" (one person).
        budget: in `Breaker.unit`. typical: median of the periods with traffic. highest: the largest seen.
        cut: questions of the log that it would have cut off. periods: hours or days it would have tripped in, of `of_periods`.
        saved: what the cut questions cost, as a share of all spending.
    """

    scope: Literal["hour", "user_hour", "user_day"]
    budget: float
    typical: float
    highest: float
    cut: int
    periods: int
    of_periods: int
    saved: float


@dataclass(frozen=True, slots=True)
class Breaker:
    """Suggested budgets and a configuration that holds them.

    Attributes:
        unit: the currency, or "tokens" or "questions" where costs are not known.
        config: YAML with the limits, alarms at 50, 80 and 100 % and what the degraded mode does.
        reason: why there is none: no times in the log.
    """

    unit: str
    limits: tuple[BreakerLimit, ...]
    config: str
    said: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CostBlock:
    """Cost of a question before and after the cache, and what is saved, in `currency`."""

    before: Estimate
    after: Estimate
    saved: Estimate
    currency: str


@dataclass(frozen=True, slots=True)
class CacheReport:
    """What `workbench cache` writes as `cache.json`.

    Attributes:
        scope: fields of the log that an answer is never shared across, those that it holds.
        scope_missing: those it does not hold: one tenant, one group, one version are assumed.
        empty: questions without text: never served, never kept.
        cross_scope: questions whose text was answered before, but only in another scope: serving them would have handed an answer
            across a boundary.
    """

    queries: int
    empty: int
    exact_hits: int
    semantic_hits: int
    cross_scope: int
    threshold: float | None
    settings: CacheSettings
    hit_rate: Estimate
    false_hit_rate: Estimate
    false_hit_method: FalseHitMethod
    cost: CostBlock
    curve: CacheCurve
    policies: tuple[PolicyResult, ...]
    spending: Spending
    context: ContextTradeOff
    projection: Projection
    breaker: Breaker
    scope: tuple[str, ...]
    scope_missing: tuple[str, ...]
    encoder: str
    notes: tuple[str, ...] = field(default=())
