"""The frozen values that travel between the parts: documents, runs, log lines, observations, results.

They hold data and nothing else: no file access, no computation beyond counting themselves, no formatting for people.
JSON written by the workbench is `dataclasses.asdict` of these values, so a field name here is a field name there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Qrels = Mapping[str, Mapping[str, int]]
"""query_id -> doc_id -> relevance grade (int, 0 or more; 0 means judged and not relevant)."""

Cause = Literal["evaluation", "governance", "retrieval", "outcome", "cost", "operations"]
CAUSES: tuple[Cause, ...] = ("evaluation", "governance", "retrieval", "outcome", "cost", "operations")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, its denominator and how it was obtained.

    Attributes:
        value: the estimate; None means not measured, and then `reason` says why.
        low: lower bound of the interval; None where not measured. Equal to `value` for an exact count.
        high: upper bound of the interval.
        n: how many units (queries, lines, documents) it rests on.
        method: name of the interval method, e.g. "bootstrap", "wilson", "exact".
        level: confidence level of the interval, 0 to 1.
        reason: why there is no value.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    level: float = 0.95
    reason: str | None = None

    @classmethod
    def not_measured(cls, reason: str, n: int = 0) -> Estimate:
        """An estimate without a value: what a missing input turns into, never 0 or 1."""
        return cls(None, None, None, n, "not measured", reason=reason)

    @classmethod
    def exact(cls, value: float, n: int) -> Estimate:
        """A count or share over everything there is: no sampling, so no width."""
        return cls(value, value, value, n, "exact", level=1.0)


@dataclass(frozen=True, slots=True)
class Source:
    """Where something stands in the client's files.

    Attributes:
        path: relative to the case folder, `/` separated.
        locator: place in the file: "line 14", "row 3", "page 2", "commit 1a2b3c4", "document 'x'"; "" is the whole file.
    """

    path: str
    locator: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the corpus.

    Attributes:
        doc_id: the id labels and logs refer to: BEIR `_id`, or the path below `corpus/` (records of one file: `path#record`).
        title: title as the file states it, else the file name without suffix.
        text: the text that is searched; passages hold offsets into it.
        source: the file it was read from.
        updated_on: date the document claims or carries, None when it shows none.
        metadata: whatever else the reader found: kind, pages, author, language.
    """

    doc_id: str
    title: str
    text: str
    source: Source
    updated_on: date | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a document: `document.text[start:end] == text`."""

    passage_id: str
    doc_id: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Query:
    """A question that is run against the arms."""

    query_id: str
    text: str
    reference_answer: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage as one retriever scored it; its rank is its position, from 1, and is never stored."""

    passage_id: str
    score: float


@dataclass(frozen=True, slots=True)
class RankedDocument:
    """A document in a ranking, with the passage that carried it there ("" when only the document is known)."""

    doc_id: str
    score: float
    passage_id: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What one arm retrieved: rankings best first, and what it cost in seconds.

    Attributes:
        name: the arm.
        rankings: query_id -> documents, best first, each document once.
        index_seconds: time to build the index, cached parts included as they were found.
        search_seconds: time for all queries together.
        depth: how many documents a ranking may hold at most (a log that kept five cannot be judged at ten).
    """

    name: str
    rankings: Mapping[str, tuple[RankedDocument, ...]]
    index_seconds: float
    search_seconds: float
    depth: int


# ---------------------------------------------------------------- what the client's files hold


FileStatus = Literal["loaded", "empty", "unreadable", "skipped"]


@dataclass(frozen=True, slots=True)
class IntakeFile:
    """What became of one client file; `reason` says why it is not loaded and what to do about it."""

    path: str
    kind: str
    status: FileStatus
    reason: str | None = None
    documents: int = 0
    characters: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievedItem:
    """One thing the deployed system retrieved for a query, as far as the log tells; unknown parts are None."""

    doc_id: str | None = None
    text: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """One question to the deployed system as its log recorded it; what was not logged is None.

    Attributes:
        at: time of the question; timezone-aware, or None.
        feedback: 1 liked, -1 disliked, None no feedback.
        latency_ms: milliseconds. cost: in the currency of `case.toml`.
        review: what a human reviewer decided ("approved", "edited", "rejected", as logged), None when nobody reviewed it.
        review_seconds: time the reviewer took.
    """

    interaction_id: str
    query: str
    source: Source
    answer: str | None = None
    retrieved: tuple[RetrievedItem, ...] | None = None
    at: datetime | None = None
    session_id: str | None = None
    user_id: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    index_version: str | None = None
    policy_version: str | None = None
    policy_decision: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    latency_ms: float | None = None
    cost: float | None = None
    feedback: int | None = None
    review: str | None = None
    review_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class QueryLog:
    """All interactions of a case, oldest first where times are known.

    Attributes:
        interactions: every line that could be read, all files together.
        logged_fields: names of the `Interaction` fields that at least one file logs at all (a field never logged is evidence).
        field_sources: `Interaction` field -> the column or key it was read from, per file, for people to check.
        faults: one sentence per line or file that could not be read.
    """

    interactions: tuple[Interaction, ...] = ()
    logged_fields: frozenset[str] = frozenset()
    field_sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvalItem:
    """One item of the client's eval set."""

    item_id: str
    question: str
    reference: str | None = None
    reference_doc_ids: tuple[str, ...] = ()
    kind: str | None = None
    source_trace_id: str | None = None
    author: str | None = None
    added_on: date | None = None
    source: Source = Source("")


@dataclass(frozen=True, slots=True)
class EvalRun:
    """One run of the client's harness.

    Attributes:
        scores: metric -> item_id -> score; items that failed to score are left out.
        passed: item_id -> verdict, where the run states one.
        summary: metric -> aggregate score where only an aggregate was kept.
    """

    run_id: str
    at: datetime | None
    scores: Mapping[str, Mapping[str, float]]
    passed: Mapping[str, bool]
    summary: Mapping[str, float]
    source: Source


@dataclass(frozen=True, slots=True)
class EvalMaterial:
    """Everything under `evals/`: sets, runs, and the files that could not be recognised."""

    items: tuple[EvalItem, ...] = ()
    runs: tuple[EvalRun, ...] = ()
    unrecognised: tuple[str, ...] = ()


DateBasis = Literal["commit", "event", "embedded", "claimed", "file"]
"""How a date is known, strongest first: a commit, a signed or ticketed event, document metadata, text, file time."""


@dataclass(frozen=True, slots=True)
class DatedFact:
    """A date with how it is known and where it stands."""

    on: date
    basis: DateBasis
    source: Source


@dataclass(frozen=True, slots=True)
class Artefact:
    """One governance paper: its text, what kind of paper it is, every date it shows.

    Attributes:
        kind: adr, risk_register, impact_assessment, approval, policy, runbook, model_card, system_card, charter,
            incident_log, log_schema or other.
        dates: all dates known, strongest basis first.
        people: names or roles by function: decision-makers, consulted, informed, approver, author, owner.
        rows: the table rows when the paper is a table (csv), else empty.
    """

    kind: str
    title: str
    text: str
    source: Source
    dates: tuple[DatedFact, ...] = ()
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the pilot's repository; `files` are (status letter, path) pairs."""

    commit_id: str
    author: str
    authored: datetime
    committed: datetime
    subject: str
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Repository:
    """A snapshot of the pilot's repository: paths of its files (relative to the case folder), history where given, tags."""

    files: tuple[str, ...] = ()
    commits: tuple[Commit, ...] = ()
    tags: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseInputs:
    """Everything read from a case folder. A part the client did not hand over is empty or None, and `missing` names it.

    Attributes:
        root: the case folder.
        missing: part name ("corpus", "queries", "qrels", "logs", "evals", "governance", "repo") -> what was not there.
        key_dates: build_start, first_demo, first_users, go_live as `case.toml` states them.
    """

    root: str
    name: str
    documents: tuple[Document, ...] = ()
    passages: tuple[Passage, ...] = ()
    queries: tuple[Query, ...] = ()
    qrels: Qrels = field(default_factory=dict)
    log: QueryLog = QueryLog()
    evals: EvalMaterial = EvalMaterial()
    artefacts: tuple[Artefact, ...] = ()
    repository: Repository | None = None
    intake: tuple[IntakeFile, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    key_dates: Mapping[str, date] = field(default_factory=dict)
    regulated: bool | None = None


# ---------------------------------------------------------------- what the analyses find


Status = Literal["seen", "clean", "unknown"]


@dataclass(frozen=True, slots=True)
class Observation:
    """What one signal says about this case: the only thing the diagnosis knows.

    Attributes:
        signal: id in `signals.yaml`, e.g. "R-05".
        status: seen (it speaks for its cause), clean (looked and not there), unknown (could not look: weighs nothing).
        finding: one sentence with the numbers in it; for unknown, what was missing.
        sources: places in the client's files that show it, the best first.
        quality: 0 to 1, how far the evidence can be trusted: 1.0 computed from logs or commits, 0.7 a dated paper,
            0.5 an undated one, 0.4 spoken.
        n: units looked at; `n_min` units are needed for full weight (weight scales with n / n_min).
        value: the number behind the finding, where there is one.
    """

    signal: str
    status: Status
    finding: str
    sources: tuple[Source, ...] = ()
    quality: float = 1.0
    n: int = 0
    n_min: int = 1
    value: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Seconds:
    """Wall-clock seconds of one arm."""

    index: float
    search: float


@dataclass(frozen=True, slots=True)
class ArmReport:
    """How one arm did: measure label -> estimate over judged queries; `reason` when the arm could not run."""

    measures: Mapping[str, Estimate]
    seconds: Seconds | None
    depth: int
    reason: str | None = None


DifferenceVerdict = Literal["better", "worse", "equivalent", "undetermined"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus baseline on the same queries.

    Attributes:
        p_value: two-sided sign-flip randomisation test.
        p_corrected: Holm-corrected over all differences of the comparison.
        more_queries_needed: further judged queries for 80 % power at the observed spread; None where decided.
    """

    baseline: str
    candidate: str
    measure: str
    difference: Estimate
    p_value: float
    p_corrected: float
    verdict: DifferenceVerdict
    more_queries_needed: int | None


@dataclass(frozen=True, slots=True)
class FailureBreakdown:
    """Share of judged queries with no relevant document in the top k, and why by failure code (query counts)."""

    share: Estimate
    k: int
    by_code: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CorpusSize:
    """How much was searched."""

    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Arms side by side on one corpus and one set of judged queries."""

    case: str
    corpus: CorpusSize
    queries: int
    judged: int
    arms: Mapping[str, ArmReport]
    differences: tuple[Difference, ...]
    failures: Mapping[str, FailureBreakdown]
    settings: Mapping[str, str]
    notes: tuple[str, ...] = ()


CauseVerdict = Literal["established", "likely", "open", "unlikely", "not_enough_evidence"]
CaseVerdict = Literal["established", "likely", "open", "none_found", "not_enough_evidence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of a cause's ledger. Decibans are 10 log10 of the likelihood ratio after quality and cluster discount."""

    signal: str
    title: str
    cluster: str
    observed: Status
    finding: str
    decibans: float
    quality: float
    n: int
    source: Source | None
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class CauseFinding:
    """What the evidence says about one cause.

    Attributes:
        probability: 0 to 1; `low` and `high` bound the middle 80 % of draws over weights and priors.
        coverage: observed share of the attainable weight of evidence, 0 to 1.
    """

    cause: Cause
    probability: float
    low: float
    high: float
    coverage: float
    prior: float
    verdict: CauseVerdict
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something to ask, fetch or compute; `expected_gain` in bits of entropy over the causes."""

    kind: Literal["question", "file", "computation"]
    text: str
    minutes: int
    expected_gain: float
    signals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The verdict on a case, with everything needed to dispute it."""

    case: str
    primary: Cause | None
    verdict: CaseVerdict
    sentence: str
    causes: tuple[CauseFinding, ...]
    next_steps: tuple[NextStep, ...]
    would_change: tuple[str, ...]
    not_measured: tuple[str, ...]
    top_cause_stability: float
    signals_version: str
