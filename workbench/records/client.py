"""What the client's files hold: intake, query log, evaluation material, papers with dates, repository, the whole case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from workbench.records.corpus import Document, Passage, Qrels, Query, Source
from workbench.records.near_questions import NearQuestions

FileStatus = Literal["loaded", "empty", "unreadable", "skipped"]


@dataclass(frozen=True, slots=True)
class IntakeFile:
    """What became of one client file.

    Attributes:
        path: relative to the case folder; a file inside an archive or a mail stands below it: `corpus/share.zip/a/b.pdf`.
        kind: what the content is ("pdf", "docx", "mail"), whatever its suffix says.
        reason: why it is not loaded and what to do about it.
        documents: documents read from it (corpus), records of any other part.
        warnings: text that could not be reached, and what else a person should know, one sentence each.
        part: the part of the case it belongs to: one of `workbench.case.PARTS`, or "labels".
        size: bytes.
        masked: kind of secret or personal data -> how many were masked. found: the same for what was seen and left in place.
        sorted_by: why it was put into this part where it came through the drop folder: "columns question, answer: a query log".
    """

    path: str
    kind: str
    status: FileStatus
    reason: str | None = None
    documents: int = 0
    characters: int = 0
    warnings: tuple[str, ...] = ()
    part: str = "corpus"
    size: int = 0
    masked: Mapping[str, int] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    sorted_by: str | None = None


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
        tenant: the client of the client whose question it is. access_group: team, department or role that decides what a person
            may read; several are sorted and joined by ", ".
        answer_group: label that questions share which want the same answer, such as an intent.
        model_calls: how often a model was called for the question.
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
    tenant: str | None = None
    access_group: str | None = None
    answer_group: str | None = None
    model_calls: int | None = None


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """Which column or key of a log file a field is read from.

    Attributes:
        field: name of an `Interaction` field, "retrieved.ids" and the like for the lists of what was retrieved, or "timezone".
        column: column or key path; "" when nothing in the file holds the field.
        confidence: 0 to 1: how well the name matches times the share of the sampled values that can be such a field.
        values: how many filled values of the sample that share rests on.
        example: one masked value, at most 80 characters.
        set_by_user: whether a person chose the column.
    """

    field: str
    column: str
    confidence: float
    values: int = 0
    example: str = ""
    set_by_user: bool = False


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """Something a log file does not say and only a person can: a unit, a time zone, a currency.

    What depends on it is not measured until it is answered.
    """

    path: str
    field: str
    ask: Literal["unit", "time zone", "currency"]
    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How one log file was read.

    Attributes:
        format: "table" (one question a line), or the name of a trace format of `log_formats.yaml`.
        columns: one guess a field that was looked for and found, surest first.
        unused: columns and keys of the file that no field is read from.
        units: field -> unit its values were read in, with who says so: "milliseconds (name)", "seconds (set by a person)".
        questions: what has to be asked.
        lines: records the file holds. interactions: questions read from them. bad_lines: records that could not be read.
    """

    path: str
    format: str
    columns: tuple[ColumnGuess, ...] = ()
    unused: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[LogQuestion, ...] = ()
    lines: int = 0
    interactions: int = 0
    bad_lines: int = 0


@dataclass(frozen=True, slots=True)
class QueryLog:
    """The interactions of a case, oldest first where times are known.

    Attributes:
        interactions: every line that could be read, all files together; of a log above
            `workbench.ingest.logs.table.KEPT_INTERACTIONS` a random sample of whole sessions.
        logged_fields: names of the `Interaction` fields that at least one file logs at all (a field never logged is evidence).
        field_sources: `Interaction` field -> the column or key it was read from, per file, for people to check.
        faults: one sentence per line or file that could not be read.
        total: interactions of the whole log; more than `len(interactions)` where they are a sample.
        mappings: how each file was read.
        masked: kind of secret or personal data -> how many were masked in the whole log.
        table: the Parquet file with every interaction, None when nothing was stored.
    """

    interactions: tuple[Interaction, ...] = ()
    logged_fields: frozenset[str] = frozenset()
    field_sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    total: int = 0
    mappings: tuple[FileMapping, ...] = ()
    masked: Mapping[str, int] = field(default_factory=dict)
    table: str | None = None


@dataclass(frozen=True, slots=True)
class EvalItem:
    """One item of the client's eval set.

    Attributes:
        held_out: whether it is kept back from those who tune the system; None where the set does not say.
    """

    item_id: str
    question: str
    reference: str | None = None
    reference_doc_ids: tuple[str, ...] = ()
    kind: str | None = None
    source_trace_id: str | None = None
    author: str | None = None
    added_on: date | None = None
    source: Source = field(default_factory=lambda: Source(""))
    held_out: bool | None = None


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
    """Everything under `evals/`: sets, runs, and the files that could not be recognised.

    Attributes:
        baselines: pinned copies that runs are held against; a case that holds nothing else has them as its runs.
        live: scores of logged answers, by the ids of the log in place of items.
        formats: path -> what the file was recognised as: "ragas result", "deepeval test run", "csv".
        masked: path -> kind of secret or personal data -> how many were masked in what was taken from the file.
    """

    items: tuple[EvalItem, ...] = ()
    runs: tuple[EvalRun, ...] = ()
    unrecognised: tuple[str, ...] = ()
    formats: Mapping[str, str] = field(default_factory=dict)
    masked: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    baselines: tuple[EvalRun, ...] = ()
    live: tuple[EvalRun, ...] = ()


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
        fault: why the file could not be read; its text is empty then.
    """

    kind: str
    title: str
    text: str
    source: Source
    dates: tuple[DatedFact, ...] = ()
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: tuple[Mapping[str, str], ...] = ()
    fault: str | None = None


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
        near: which evaluation questions mean nearly the same, worked out after reading; None where nobody looked.
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
    near: NearQuestions | None = None
