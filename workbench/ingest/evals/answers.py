"""Answers of the client's system that stand in its evaluation files, run by run, with the contexts beside them.

Scores and items of the same files are read by `workbench.ingest.evals.material`; which run is looked at is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from workbench.case import files_below
from workbench.errors import InputError
from workbench.ingest.evals.columns import (
    EvalColumns,
    best_path,
    eval_formats,
    moment_in_name,
    question_id,
    question_of,
)
from workbench.ingest.evals.parts import main_text
from workbench.ingest.evals.reading import EvalFile, read_eval_file
from workbench.ingest.evals.tables import Record, Table
from workbench.ingest.logs.columns import Flat, flatten, normalised
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.retrieved import retrieved_of
from workbench.ingest.logs.values import as_structure, text_of
from workbench.ingest.tables.rows import Row
from workbench.ingest.traces import trace_format
from workbench.records import AnswerRow, RetrievedItem, Source


@dataclass(frozen=True, slots=True)
class AnsweredRun:
    """The answers of one run of the client's harness.

    Attributes:
        run_id: as the file names it, else the file's name without suffix.
        at: the latest time its rows or its file's name state.
        rows: in the order of the file; `question` is "" where the file names the item alone.
    """

    run_id: str
    at: datetime | None
    rows: tuple[AnswerRow, ...]


def read_eval_answers(root: Path, *, key: bytes | None = None) -> tuple[AnsweredRun, ...]:
    """Runs with answers in the files under `<root>/evals/`, the latest last; a run without a date comes first.

    A column is taken for the system's answer by its name ("response", "actual_output"). "answer" and "output" are answers where
    another column holds the reference, or the file holds scores or contexts; else they are the reference themselves. Every text
    and name is masked. Files that cannot be read are left out here: `read_evals` names them.

    Args:
        root: the case folder.
        key: the case's key for masked names.
    """
    folder = root / "evals"
    if folder.is_symlink():
        return ()
    key = key or LogRedaction().key
    found: dict[str, list[AnswerRow]] = {}
    for path in sorted(files_below(folder)):
        for run_id, row in _rows_of_file(path, path.relative_to(root).as_posix(), LogRedaction(key)):
            found.setdefault(run_id, []).append(row)
    runs = [AnsweredRun(run_id, _latest(rows), _told_apart(run_id, rows)) for run_id, rows in found.items()]
    return tuple(sorted(runs, key=lambda run: (run.at is not None, run.at.timestamp() if run.at else 0.0, run.run_id)))


def _rows_of_file(path: Path, name: str, redaction: LogRedaction) -> Iterator[tuple[str, AnswerRow]]:
    try:
        table = _table(read_eval_file(path, name), redaction)
    except (InputError, OSError):
        return
    columns = _answer_columns(table) if table else None
    if table is None or columns is None:
        return
    for record in table.records:
        answer = _answer(record.cells.get(columns["answer"]))
        if answer and (record.question or record.item_id):
            yield table.run_id(record) or path.name.partition(".")[0], _row(table, record, columns, answer)


def _table(file: EvalFile, redaction: LogRedaction) -> Table | None:
    """The records of a file, its columns recognised; None where it holds none, or spans of traces."""
    good = [row for row in file.rows if isinstance(row, Row)]
    cells = [{path: value for path, value in flatten(row.values).items() if path.strip()} for row in good]
    if not any(cells) or trace_format([row.values for row in good]):
        return None
    columns = EvalColumns.of(cells)
    records = tuple(_record(row, flat, columns, redaction) for row, flat in zip(good, cells, strict=True))
    return Table(file.name, records, columns, flatten(_scalars(file.header)), file.tool, redaction)


def _scalars(header: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in header.items() if not isinstance(value, list)}


def _record(row: Row, cells: Flat, columns: EvalColumns, redaction: LogRedaction) -> Record:
    question = question_of(columns.value("question", cells))
    masked = redaction.text(question) if question else None
    named = redaction.name(columns.value("item_id", cells))
    return Record(row.locator, cells, masked, named or (question_id(masked) if masked else None))


def _answer_columns(table: Table) -> Mapping[str, str] | None:
    """Field -> path of what the system said and was given; None where the file holds no answers."""
    filled = {path: None for record in table.records for path, value in record.cells.items() if value is not None}
    aliases = eval_formats()["answers"]
    paths = table.columns.paths
    own = {field: path for field, path in paths.items() if field not in ("reference", "passed", "value")}
    free = {path: None for path in filled if path not in own.values()}
    found = {field: path for field in aliases if (path := best_path(aliases[field], free))}
    if "answer" not in found:
        return None
    told = bool(table.columns.metrics) or "passed" in paths or "contexts" in found
    return None if found["answer"] == paths.get("reference") and not told else found


def _answer(value: object) -> str | None:
    """An answer as text; of an object the answer in it."""
    structure = as_structure(value)
    return text_of(main_text(structure, "answer") if isinstance(structure, dict) else value)


def _row(table: Table, record: Record, columns: Mapping[str, str], answer: str) -> AnswerRow:
    given = _given(record, columns, table.redaction)
    has_reference = columns["answer"] != table.columns.paths.get("reference")
    known_ids = any(item.doc_id for item in given)
    return AnswerRow(
        row_id=record.item_id or record.locator,
        question=record.question or "",
        answer=table.redaction.text(answer),
        contexts=tuple(item.text for item in given if item.text),
        context_ids=tuple(item.doc_id or "" for item in given) if known_ids else (),
        reference=table.text("reference", record) if has_reference else None,
        reference_doc_ids=_reference_ids(table, record, columns),
        source=Source(table.name, record.locator),
        at=table.moment("at", record) or table.stated_moment() or moment_in_name(table.name),
        item_id=record.item_id,
    )


def _reference_ids(table: Table, record: Record, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of the documents that hold the reference; a column named as those that were retrieved names no references."""
    path = table.columns.paths.get("reference_doc_ids", "")
    return (
        ()
        if path in columns.values() or normalised(path) in ("sources", "source")
        else table.ids("reference_doc_ids", record)
    )


def _given(record: Record, columns: Mapping[str, str], redaction: LogRedaction) -> Sequence[RetrievedItem]:
    lists = {"retrieved.texts": "contexts", "retrieved.ids": "context_ids"}
    held = {name: record.cells.get(columns.get(field, "")) for name, field in lists.items()}
    return retrieved_of({name: value for name, value in held.items() if value is not None}, False, redaction) or ()


def _latest(rows: Sequence[AnswerRow]) -> datetime | None:
    return max((row.at for row in rows if row.at), default=None)


def _told_apart(run_id: str, rows: Sequence[AnswerRow]) -> tuple[AnswerRow, ...]:
    seen: dict[str, int] = {}
    told = []
    for row in rows:
        seen[row.row_id] = seen.get(row.row_id, 0) + 1
        repeat = f" ({seen[row.row_id]})" if seen[row.row_id] > 1 else ""
        told.append(replace(row, row_id=f"{run_id}: {row.row_id}{repeat}"))
    return tuple(told)
