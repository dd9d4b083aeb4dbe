"""What is known of a client's answers: rows to score, what each metric says of each row, and targets decided from intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from workbench.records.corpus import Estimate, Source

Origin = Literal["evals", "log"]
"""Where rows come from: a file of the client's evaluation that holds answers, or the query log."""

Vendor = Literal["openai", "azure", "anthropic", "bedrock"]
"""Which dialect an endpoint speaks; "openai" is any OpenAI-compatible address."""

MetricStatus = Literal["ok", "undefined", "failed", "skipped"]
"""ok: a value; undefined: the metric has none for this row (no statements in a refusal); failed: the judge gave nothing usable;
skipped: the row lacks what the metric needs, and no call was made."""

MetricKind = Literal["judged", "computed", "proxy", "client"]
"""judged by a model, computed from labels or vectors, a proxy under its own name, or the client's own."""

TargetVerdict = Literal["met", "missed", "undetermined", "not_measured"]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer of the client's system, with what it was given; unknown parts are None or empty.

    Attributes:
        row_id: unique within its origin. item_id: the eval item it answers, where known.
        contexts: retrieved texts in their order. context_ids: their document ids where logged, else empty; the same order.
        reference: reference answer. reference_doc_ids: documents that hold it.
        feedback: 1 liked, -1 disliked.
    """

    row_id: str
    question: str
    answer: str | None = None
    contexts: tuple[str, ...] = ()
    context_ids: tuple[str, ...] = ()
    reference: str | None = None
    reference_doc_ids: tuple[str, ...] = ()
    source: Source = field(default_factory=lambda: Source(""))
    at: datetime | None = None
    item_id: str | None = None
    feedback: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerRows:
    """The rows of one origin.

    Attributes:
        available: origin -> how many rows with an answer it has.
        notes: what a person should know: rows left out, contexts cut by the log.
    """

    origin: Origin
    rows: tuple[AnswerRow, ...]
    available: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """Which model judges, and how it is asked. No key is in it, ever.

    Attributes:
        url: address of the endpoint up to its version ("http://localhost:11434/v1"); for Azure the resource, for Bedrock the
            runtime of the region. "" for the vendor's own.
        model: name of the model; for Azure the deployment.
        temperature: None leaves it out of the request, as reasoning models demand.
        max_tokens: of a reply. max_tokens_name: name of that parameter ("max_completion_tokens" for reasoning models).
        timeout: seconds for one call. attempts: calls at most for one question, the first included, when the endpoint fails.
        concurrency: calls in flight at most.
        input_per_million, output_per_million: price of the judge's tokens; None unknown.
        currency: of these prices. as_of: their day.
        api_version: of Azure's older addresses; "" for the newer ones.
    """

    vendor: Vendor = "openai"
    url: str = ""
    model: str = ""
    temperature: float | None = 0.0
    max_tokens: int = 4096
    max_tokens_name: str = "max_tokens"
    timeout: float = 60.0
    attempts: int = 5
    concurrency: int = 4
    input_per_million: float | None = None
    output_per_million: float | None = None
    currency: str = ""
    as_of: date | None = None
    api_version: str = ""


@dataclass(frozen=True, slots=True)
class JudgeUsage:
    """What judging took.

    Attributes:
        calls: requests that were answered. cached: replies taken from earlier runs. retries: requests made again after the
            endpoint failed. re_asks: questions put again because the reply could not be read. failures: questions given up.
        input_tokens, output_tokens: as the endpoint counted them; None where it counts none. uncounted: calls without a count.
        seconds: of waiting, all calls together. cost: of the counted tokens; None without prices or counts.
    """

    calls: int = 0
    cached: int = 0
    retries: int = 0
    re_asks: int = 0
    failures: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    uncounted: int = 0
    seconds: float = 0.0
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class JudgePlan:
    """What judging would take, told before it begins.

    Attributes:
        rows: rows that would be scored. calls: questions to the model, without those already in the cache.
        input_tokens, output_tokens: (low, high). cost: (low, high); None without prices.
        notes: what the figures rest on.
    """

    rows: int
    metrics: tuple[str, ...]
    calls: int
    cached: int
    input_tokens: tuple[int, int]
    output_tokens: tuple[int, int]
    cost: tuple[float, float] | None
    currency: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """One thing a judge looked at: a statement of the answer, a context, a sentence of the reference, a question made from it.

    Attributes:
        verdict: 1 or 0; None where the part carries none.
    """

    text: str
    verdict: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MetricScore:
    """What one metric says of one row; `value` is None unless `status` is "ok", and then `reason` says why not."""

    row_id: str
    metric: str
    status: MetricStatus
    value: float | None = None
    reason: str | None = None
    parts: tuple[JudgedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric over all rows.

    Attributes:
        value: mean over scored rows, with n = `scored`; not measured where none was.
        scored, undefined, failed, skipped: rows by status; they add up to the rows that were taken.
        reasons: "failed: HTTP 500" -> how often, the commonest first.
        embedding: name of the encoder the value depends on, "" where it depends on none.
        meaning: what the value is, in one sentence; for a proxy also what it is not.
    """

    metric: str
    title: str
    kind: MetricKind
    value: Estimate
    scored: int
    undefined: int
    failed: int
    skipped: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    embedding: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A metric held against a level.

    Attributes:
        level: the value must lie above it. set_by: "production" for the usual targets, "case" for the client's own.
        more_rows: further rows until it can be expected to be decided, where it is undetermined for its width.
        reason: why it is undetermined or not measured.
    """

    metric: str
    level: float
    set_by: Literal["production", "case"]
    verdict: TargetVerdict
    value: Estimate
    scored: int = 0
    undefined: int = 0
    failed: int = 0
    more_rows: int | None = None
    reason: str | None = None
    embedding: str = ""


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """How much of one sentence of an answer is found in its contexts.

    Attributes:
        start, end: offsets in the answer.
        cosine: with the nearest sentence of the contexts, -1 to 1; None without an encoder.
        overlap: share of its pairs of words found in the contexts, 0 to 1.
        support: the proxy for this sentence, 0 to 1. context: index of the context it is nearest to, -1 where there is none.
    """

    start: int
    end: int
    cosine: float | None
    overlap: float
    support: float
    context: int


@dataclass(frozen=True, slots=True)
class RowSupport:
    """The support proxy of one answer: its least supported sentences are what a person should read first."""

    row_id: str
    support: float
    sentences: tuple[SentenceSupport, ...]


@dataclass(frozen=True, slots=True)
class AnswersReport:
    """What was measured of a client's answers, and what was not.

    Attributes:
        rows: rows taken. available: rows there were; more where a limit was set, then a seeded random sample was taken.
        judge: the model that judged, without its key; None where none did. judged_at: when.
        scores: a row and metric each. support: a row each, least supported first.
        worst: ids of the rows to read first.
        stopped: whether the run was stopped before all rows were judged; what is missing counts as "skipped: not reached".
    """

    case: str
    origin: Origin
    rows: int
    available: int
    metrics: tuple[MetricSummary, ...]
    targets: tuple[Target, ...]
    scores: tuple[MetricScore, ...]
    support: tuple[RowSupport, ...]
    worst: tuple[str, ...]
    judge: JudgeSettings | None = None
    judged_at: datetime | None = None
    usage: JudgeUsage = JudgeUsage()
    stopped: bool = False
    notes: tuple[str, ...] = ()
