"""Which part of a case a file of records belongs to, told by its columns: log, evals, labels, governance, or the corpus.

It looks at the first records and reads nothing out of them; that is done where the part is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from workbench.errors import InputError
from workbench.ingest import artefacts
from workbench.ingest.evals.columns import EvalColumns, eval_formats
from workbench.ingest.evals.files import tool_results, tool_rows
from workbench.ingest.logs.columns import Columns, field_of, flatten, normalised
from workbench.ingest.logs.formats import log_formats
from workbench.ingest.tables.rows import BadRow, Row
from workbench.ingest.tables.tabular import parquet_records, sheet_records
from workbench.ingest.tables.text_files import form_of, read_json, read_rows, rows_in
from workbench.ingest.traces import trace_format

TABLE_KINDS = {"csv", "tsv", "jsonl", "json", "gzip", "parquet", "xlsx", "xls", "ods"}
SHEETS = {"xlsx", "xls", "ods"}
SAMPLE = 200
"""Records looked at."""
MAX_JSON = 64 * 2**20
"""Bytes of a JSON file, which can only be looked into as a whole; a larger one is told by its name."""
MAX_SHEET = 4 * 2**20
"""The same for a spreadsheet."""
USE = (
    "at", "session_id", "user_id", "latency_ms", "tokens_in", "tokens_out", "cost", "feedback", "model",
    "policy_decision", "review",
)  # fmt: skip
"""Fields that only the use of a system leaves behind."""
RETRIEVED = ("retrieved.items", "retrieved.ids", "retrieved.texts")
VAGUE_METRICS = {
    "score", "rating", "quality", "helpfulness", "similarity", "relevance", "completeness", "map", "bias", "precision", "recall",
}  # fmt: skip
"""Names of metrics that a log or a catalogue may well use for something else."""
QRELS = (
    {"queryid", "corpusid", "score"},
    {"queryid", "docid", "score"},
    {"queryid", "docid", "relevance"},
    {"qid", "docid", "rel"},
)
SCORERS = {"scorer", "evaluator", "judge"}
NO_TIME_OF_USE = {"date", "created", "createdat"}
"""Columns of time that every list of documents has."""
EVAL_NAME = re.compile(
    r"\b(evals?|evaluations?|golden|goldens|gold|test ?set|benchmark|regression|ragas|deepeval|promptfoo)\b"
)
LOG_NAME = re.compile(r"\b(logs?|traces?|spans?|interactions?|conversations?|chats?|telemetry|transcripts?|usage)\b")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a file belongs.

    Attributes:
        part: one of `workbench.case.PARTS`, or "labels".
        confidence: 0 to 1; 1 where a person said so.
        reason: one short phrase people understand.
    """

    part: str
    confidence: float
    reason: str


def table_part(path: Path, name: str, kind: str) -> Placement | None:
    """The part a file of records belongs to; None where its columns show nothing.

    Raises:
        InputError: it cannot be read as records.
    """
    spoken = re.sub(r"[\W_]+", " ", name).lower()
    if kind == "parquet":
        records: list[Mapping[str, object]] = [record for _, record in islice(parquet_records(path), SAMPLE)]
        found = _records_part(records, name, spoken) if records else None
        return (
            found or _by_name(spoken, 0.4, "a table") or Placement("logs", 0.4, "a Parquet file: a table, no document")
        )
    if kind in SHEETS:
        records = _sheet_sample(path)
        return _records_part(records, name, spoken) if records else None
    if form_of(path) != "json":
        return _sampled(read_rows(path, _envelopes(), _known), name, spoken)
    if path.stat().st_size > MAX_JSON:
        return _by_name(spoken, 0.4, "too large to be looked into as a whole")
    value = read_json(path)
    if tool_results(value):
        return Placement("evals", 0.95, "results of an evaluation tool")
    return _sampled(rows_in(value, _envelopes()), name, spoken)


def _envelopes() -> tuple[str, ...]:
    return (*log_formats()["envelopes"], *eval_formats()["envelopes"])


def _sheet_sample(path: Path) -> list[Mapping[str, object]]:
    """The first rows of a spreadsheet; none of one that is large, or that only looks like one."""
    try:
        rows = sheet_records(path) if path.stat().st_size <= MAX_SHEET else iter(())
        return [row.values for _, row in islice(rows, SAMPLE)]
    except InputError:
        return []


def _sampled(rows: Iterable[Row | BadRow], name: str, spoken: str) -> Placement | None:
    records = [row.values for row in islice(rows, SAMPLE) if isinstance(row, Row)]
    return _records_part(records, name, spoken) if records else None


def _records_part(records: Sequence[Mapping[str, object]], name: str, spoken: str) -> Placement | None:
    if traces := trace_format(records):
        return Placement("logs", 0.95, f"keys of {traces} traces: a trace export")
    if results := tool_rows(records):
        return Placement("evals", 0.85, f"records of {results.tool}: evaluation")
    flat = [flatten(record) for record in records]
    names = {normalised(str(column)) for record in flat for column in record}
    if any(needed <= names for needed in QRELS) and len(names) <= 5:
        return Placement("labels", 0.95, "columns query-id, corpus-id, score: relevance labels")
    evals, use = EvalColumns.of(flat), Columns.of(flat)
    found = _eval_part(evals, use, names) or _log_part(use, names) or _question_answer(evals, use, spoken)
    return found or _governance_table(records, name)


def _eval_part(evals: EvalColumns, use: Columns, names: set[str]) -> Placement | None:
    reference, question = evals.paths.get("reference", ""), evals.paths.get("question", "")
    stated = bool(reference) and normalised(reference) not in eval_formats()["answered"]
    known = [path for path in evals.metrics if normalised(path.rpartition(".")[2]) in eval_formats()["metrics"]]
    metrics = [path for path in known if normalised(path.rpartition(".")[2]) not in VAGUE_METRICS]
    if question and stated and not normalised(reference).startswith("outputs"):
        said = f"columns {_listed([question, reference, *metrics])}"
        return Placement("evals", 0.9, f"{said}: {'results of an evaluation' if metrics else 'an eval set'}")
    if metrics and len(_use(use)) < 3:
        return Placement("evals", 0.85, f"scores {_listed(metrics)}: results of an evaluation")
    if "metric" in evals.paths and "run_id" in evals.paths:
        shown = [evals.paths["run_id"], evals.paths["metric"]]
        return Placement("evals", 0.75, f"columns {_listed(shown)}: runs of an evaluation")
    if known and "run_id" in evals.paths and not _use(use):
        return Placement("evals", 0.75, f"columns {_listed([evals.paths['run_id'], *known])}: runs of an evaluation")
    marked = any(name.startswith("human") for name in names) and any(name.startswith("judge") for name in names)
    if marked or names & SCORERS:
        return Placement("evals", 0.6, "columns of people's or a judge's marks: an evaluation")
    return None


def _log_part(use: Columns, names: set[str]) -> Placement | None:
    asked, answered = use.source("query"), use.source("answer")
    traces = [use.source(field) for field in _use(use)]
    retrieved = [use.source(field) for field in RETRIEVED if use.source(field)]
    if asked and normalised(asked) != "text" and (traces or retrieved):
        sure = 0.9 if traces and (answered or retrieved) else 0.7
        shown = [column for column in (asked, answered, *traces, *retrieved) if column]
        return Placement("logs", sure, f"columns {_listed(shown)}: a query log")
    if answered and len(traces) > 2:
        return Placement("logs", 0.6, f"columns {_listed([answered, *traces])}: a log of answers")
    return None


def _use(use: Columns) -> list[str]:
    """Fields of use that the columns show, each from another column."""
    sources = {field: use.source(field) for field in USE if use.source(field)}
    return [field for field, column in sources.items() if not (field == "at" and normalised(column) in NO_TIME_OF_USE)]


def _question_answer(evals: EvalColumns, use: Columns, spoken: str) -> Placement | None:
    """Questions with answers and nothing else: an eval set, a log or a FAQ, which only the name can tell."""
    asked, answered = use.source("query"), use.source("answer")
    if not asked or not answered:
        return None
    told = _by_name(spoken, 0.6, f"columns {_listed([asked, answered])}")
    return told or Placement(
        "corpus", 0.4, f"columns {_listed([asked, answered])} and no time or user: taken for a FAQ"
    )


def _by_name(spoken: str, confidence: float, why: str) -> Placement | None:
    for part, pattern in (("evals", EVAL_NAME), ("logs", LOG_NAME)):
        if match := pattern.search(spoken):
            return Placement(part, confidence, f"{why}; its name says '{match.group(0)}'")
    return None


def _governance_table(records: Sequence[Mapping[str, object]], name: str) -> Placement | None:
    columns = tuple(str(column) for column in records[0])
    if {"askedby", "answeredby"} <= {normalised(column) for column in columns}:
        return Placement("governance", 0.6, "columns asked by and answered by: questions people had about the pilot")
    kind = artefacts.kind_of("governance/", "", "", columns)
    if kind == "other":
        # The name alone says little of a table: a list of incidents may be what the pilot is asked about.
        kind = artefacts.kind_of(f"governance/{PurePosixPath(name).name}", "", "", ())
        sure = kind in ("risk_register", "impact_assessment", "model_card", "system_card", "approval")
        return Placement("governance", 0.6, f"named like a {kind.replace('_', ' ')}") if sure else None
    return Placement("governance", 0.75, f"columns {_listed(columns)}: {kind.replace('_', ' ')}")


def _known(cell: str) -> bool:
    name = normalised(cell)
    table = eval_formats()
    aliases = (name in known for part in ("item", "run") for known in table[part].values())
    headings = re.search(r"risk|owner|approver|decision|incident|status", cell, re.IGNORECASE)
    return field_of(cell) is not None or name in table["metrics"] or any(aliases) or headings is not None


def _listed(columns: Sequence[str]) -> str:
    shown = list(dict.fromkeys(column for column in columns if column))
    return ", ".join(shown[:4]) + (", …" if len(shown) > 4 else "")
