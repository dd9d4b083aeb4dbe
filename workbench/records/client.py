"""What the client's files hold: intake, query log, evaluation material, papers with dates, repository, the whole case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from workbench.records.corpus import Document, Passage, Qrels, Query, Source

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
    source: Source = field(default_factory=lambda: Source(""))


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
