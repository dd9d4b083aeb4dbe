"""The rows of an eval file as records with recognised columns; texts and names leave it masked, and nothing else leaves it.

What the records give together (items, runs) is the business of `workbench.ingest.evals.material`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.errors import InputError
from workbench.ingest.evals.columns import (
    EvalColumns,
    eval_formats,
    format_of,
    ids_of,
    metric_label,
    moment_in_name,
    moment_of,
    question_id,
    question_of,
    reference_of,
    score_of,
)
from workbench.ingest.evals.reading import EvalFile
from workbench.ingest.logs.columns import Flat, flatten, normalised
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.values import name_of, number_of
from workbench.ingest.tables.rows import Row
from workbench.ingest.traces import trace_format

_SETTINGS = re.compile(r"threshold|config|settings|gate|target|package|schema")
_LEVELS = re.compile(r"level|threshold|target|minimum|required", re.IGNORECASE)
"""Parts of a head that say what is asked for, not what was reached."""
_APP = ("app_name", "app_version")
"""Columns with which TruLens names what was run."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its place, its cells, and the masked question and id of its item; None where it has none."""

    locator: str
    cells: Flat
    question: str | None
    item_id: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """The records of one file, the columns recognised in them, and what the file says of itself.

    Attributes:
        format: what the file was recognised as.
        redaction: masks what is read from the cells, and counts it.
    """

    name: str
    records: tuple[Record, ...]
    columns: EvalColumns
    header: Flat
    format: str
    redaction: LogRedaction

    def text(self, field: str, record: Record) -> str | None:
        """A masked text; of several, all of them, one a line."""
        text = reference_of(self.columns.value(field, record.cells))
        return self.redaction.text(text) if text else None

    def label(self, field: str, record: Record) -> str | None:
        """A masked identifier or label."""
        return self.redaction.name(self.columns.value(field, record.cells))

    def ids(self, field: str, record: Record) -> tuple[str, ...]:
        """Masked ids of a list of them."""
        return tuple(filter(None, map(self.redaction.name, ids_of(self.columns.value(field, record.cells)))))

    def moment(self, field: str, record: Record) -> datetime | None:
        """A time or date."""
        return moment_of(self.columns.value(field, record.cells))

    def run_id(self, record: Record) -> str | None:
        """The masked name of the run a record belongs to, where the record or the file states one."""
        app = [text for column in _APP if (text := name_of(record.cells.get(column)))]
        named = self.columns.value("run_id", record.cells) or " ".join(app) or self.header.get("run_id")
        return self.redaction.name(named)

    def scores(self, record: Record) -> Iterator[tuple[str, float]]:
        """(masked name of a metric, score)."""
        if "metric" in self.columns.paths:
            metric, score = self.label("metric", record), number_of(self.columns.value("value", record.cells))
            if metric and score is not None:
                yield metric, score
            return
        for path in self.columns.metrics:
            score = score_of(record.cells.get(path))
            if score is not None:
                yield self.redaction.text(metric_label(path)), score

    def stated_scores(self) -> dict[str, float]:
        """Metric -> score of the whole run, as the head of the file states it; levels that are asked for are no scores."""
        metrics = eval_formats()["metrics"]
        reached = {path: value for path, value in self.header.items() if not _LEVELS.search(path)}
        named = ((path.rpartition(".")[2], number_of(value)) for path, value in reached.items())
        return {name: score for name, score in named if score is not None and normalised(name) in metrics}

    def stated_moment(self) -> datetime | None:
        """When the run was, as the head of the file or its name states it."""
        aliases = eval_formats()["run"]["at"]
        stated = (
            moment_of(value) for path, value in self.header.items() if normalised(path.rpartition(".")[2]) in aliases
        )
        return next((moment for moment in stated if moment), None) or moment_in_name(self.name)


def table_of(file: EvalFile, redaction: LogRedaction) -> Table:
    """The table a file's rows make.

    Args:
        file: as read.
        redaction: counts what is masked in this file.

    Raises:
        InputError: there are neither questions nor scores in it.
    """
    good = [row for row in file.rows if isinstance(row, Row)]
    if traces := trace_format([row.values for row in good]):
        raise InputError(f"a trace export ({traces}), neither items nor scores; put it into logs/")
    # A column without a name is the row number a data frame was written with.
    cells = [{path: value for path, value in flatten(row.values).items() if path.strip()} for row in good]
    if not any(cells):
        raise InputError("no records in it; check the export")
    columns = EvalColumns.of(cells)
    scored = bool(columns.metrics) or "passed" in columns.paths or "metric" in columns.paths
    if "question" not in columns.paths and not scored:
        names = redaction.text(", ".join(sorted(cells[0])[:8]))
        raise InputError(f"neither questions nor scores among its columns ({names[:200]})")
    if "question" not in columns.paths and len(cells) == 1 and _SETTINGS.search(file.name.lower()):
        raise InputError("settings, not items or scores")
    told = file.tool or format_of(cells, scored=scored) or file.form
    records = tuple(_record(row, flat, columns, redaction) for row, flat in zip(good, cells, strict=True))
    return Table(file.name, records, columns, _plain(file.header), told, redaction)


def _record(row: Row, cells: Flat, columns: EvalColumns, redaction: LogRedaction) -> Record:
    question = question_of(columns.value("question", cells))
    masked = redaction.text(question) if question else None
    named = redaction.name(columns.value("item_id", cells))
    return Record(row.locator, cells, masked, named or (question_id(masked) if masked else None))


def _plain(header: Mapping[str, object]) -> Flat:
    return flatten({key: value for key, value in header.items() if not isinstance(value, list)})


def with_traces_named(scores: EvalFile, items: Mapping[str, Flat]) -> EvalFile:
    """Scores of traces as scores of the items that were run; scores of other traces are left out.

    Args:
        scores: rows with a trace, a metric and a value.
        items: trace -> the row of the dataset run that made it.
    """
    rows: list[Row] = []
    for row in scores.rows:
        item = items.get(str(row.values.get("run_trace"))) if isinstance(row, Row) else None
        if isinstance(row, Row) and item is not None:
            rows.append(Row(row.locator, {**_named(item), **row.values}))
    if not rows:
        raise InputError(
            "scores of traces that no dataset run in evals/ names; add the export of the run (datasetRunItems)"
        )
    return EvalFile(scores.name, rows, scores.form, scores.header, scores.tool)


def _named(item: Flat) -> Mapping[str, object]:
    return {name: item.get(name) for name in ("item_id", "run_id", "at")}


def runs_by_trace(files: Sequence[EvalFile]) -> Mapping[str, Flat]:
    """Trace -> the row of the dataset run that made it."""
    rows = (row.values for file in files for row in file.rows if isinstance(row, Row))
    return {trace: values for values in rows if (trace := name_of(values.get("run_trace")))}
