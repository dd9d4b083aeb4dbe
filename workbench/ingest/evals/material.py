"""Everything under `evals/`: eval sets, runs of the client's harness, and the files that are neither.

Kinds are told by content. Scores are taken as they stand: what they are worth is the business of `workbench.evaluation`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench.case import files_below, shown
from workbench.errors import InputError
from workbench.ingest.evals.columns import eval_formats, held_out_of, passed_of, question_id
from workbench.ingest.evals.files import LANGFUSE_RUN, LANGFUSE_SCORES
from workbench.ingest.evals.reading import OWN_METRICS, EvalFile, read_eval_file
from workbench.ingest.evals.roles import FORMATS, answer_column, held_out_by_name, role_of, without_copies
from workbench.ingest.evals.tables import Record, Table, runs_by_trace, table_of, with_traces_named
from workbench.ingest.logs.columns import normalised
from workbench.ingest.logs.masking import LogRedaction
from workbench.records import EvalItem, EvalMaterial, EvalRun, Source

PLAIN_FORMS = frozenset({"json", "json lines", "yaml", "csv", "spreadsheet", "parquet"})
"""What a file is recognised as whose columns could be anybody's."""
IGNORED_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep"}


@dataclass(slots=True)
class _Reading:
    """What the files gave so far; made and used by `read_evals` alone."""

    items: list[EvalItem] = field(default_factory=list)
    repeated: list[EvalItem] = field(default_factory=list)
    runs: list[EvalRun] = field(default_factory=list)
    baselines: list[EvalRun] = field(default_factory=list)
    live: list[EvalRun] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    formats: dict[str, str] = field(default_factory=dict)
    masked: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(self, table: Table) -> None:
        runs = list(_runs(table))
        (self.repeated if runs else self.items).extend(_items(table, result=bool(runs)))
        role = role_of(table) if runs else "run"
        if role == "live":
            self.live.append(_live(table))
        elif role != "marks":  # marks say how good a judge is, and nothing about the system
            (self.baselines if role == "baseline" else self.runs).extend(runs)
        self.formats[table.name] = FORMATS.get(role, table.format) if table.format in PLAIN_FORMS else table.format


def read_evals(root: Path, *, key: bytes | None = None) -> EvalMaterial:
    """Eval sets and runs under `<root>/evals/`; no folder, or an empty one, gives an empty value.

    A result file that repeats question and reference gives items too, where no eval set holds the question. Runs of one id in
    several files (scores here, a summary there) become one. A pinned baseline, marks of people beside a judge and scores of
    logged answers are no runs (`roles.role_of`). A file that cannot be read or recognised is named, with the reason.
    Questions, references, ids and names are masked before anything else sees them.

    Args:
        root: the case folder.
        key: the case's key for masked names (`workbench.ingest.logs.masking.case_key`), so that a person has the same name
            here and in the log; without it names are masked with a key of this reading alone.
    """
    key = key or LogRedaction().key
    reading = _Reading()
    files = [file for path in _paths(root, reading) if (file := _read(path, root, key, reading))]
    links = runs_by_trace([file for file in files if file.tool == LANGFUSE_RUN])
    for file in files:
        redaction = LogRedaction(key)
        try:
            scored = with_traces_named(file, links) if file.tool == LANGFUSE_SCORES else file
            reading.take(table_of(scored, redaction))
        except InputError as error:
            _leave_out(file, error, files, redaction, reading)
        if redaction.counts:
            reading.masked[file.name] = redaction.counts
    return _material(reading)


def _paths(root: Path, reading: _Reading) -> list[Path]:
    def left_out(path: Path, reason: str) -> None:
        reading.unrecognised.append(f"{shown(path.relative_to(root))}: {reason}")

    folder = root / "evals"
    found = [] if folder.is_symlink() else list(files_below(folder, left_out))
    return [path for path in found if path.name.lower() not in IGNORED_NAMES]


def _read(path: Path, root: Path, key: bytes, reading: _Reading) -> EvalFile | None:
    name = path.relative_to(root).as_posix()
    if name == f"evals/{OWN_METRICS}":
        reading.formats[name] = "settings of own metrics"
        return None
    try:
        return read_eval_file(path, name)
    except (InputError, OSError) as error:
        reading.unrecognised.append(f"{name}: {LogRedaction(key).text(str(error))}")
        return None


def _leave_out(
    file: EvalFile, error: InputError, files: Sequence[EvalFile], redaction: LogRedaction, reading: _Reading
) -> None:
    if file.tool == LANGFUSE_RUN and any(other.tool == LANGFUSE_SCORES for other in files):
        reading.formats[file.name] = file.tool  # it says which item a trace was of; the scores stand in the other file
    else:
        reading.unrecognised.append(f"{file.name}: {redaction.text(str(error))}")


def _material(reading: _Reading) -> EvalMaterial:
    known = {question_id(item.question) for item in reading.items}
    extra = {
        question_id(item.question): item
        for item in reversed(reading.repeated)
        if question_id(item.question) not in known
    }
    runs, baselines = without_copies(reading.runs, reading.baselines)
    held_out = held_out_by_name({item.source.path for item in reading.items})
    items = (
        item if item.held_out is not None else replace(item, held_out=held_out.get(item.source.path))
        for item in (*reading.items, *reversed(extra.values()))
    )
    return EvalMaterial(
        items=tuple(items),
        runs=tuple(_merged(runs)),
        unrecognised=tuple(sorted(reading.unrecognised)),
        formats=reading.formats,
        masked=reading.masked,
        baselines=tuple(_merged(baselines)),
        live=tuple(reading.live),
    )


def _items(table: Table, *, result: bool) -> Iterator[EvalItem]:
    """Items of a set; of a result file only those with a reference, for its answers are the system's own."""
    paths = table.columns.paths
    own_answers = normalised(paths.get("reference", "")) in eval_formats()["answered"]
    if result and ("reference" not in paths or own_answers):
        return
    # A result's trace is that of the run; only a set's can be the one in production its question came from.
    from_production = not result or normalised(paths.get("source_trace_id", "")).startswith(("source", "production"))
    for record in table.records:
        if record.question is None or record.item_id is None:
            continue
        added = table.moment("added_on", record)
        yield EvalItem(
            item_id=record.item_id,
            question=record.question,
            reference=table.text("reference", record),
            reference_doc_ids=table.ids("reference_doc_ids", record),
            kind=table.label("kind", record),
            source_trace_id=table.label("source_trace_id", record) if from_production else None,
            author=table.label("author", record),
            added_on=added.date() if added else None,
            source=Source(table.name, record.locator),
            held_out=held_out_of(table.columns.value("held_out", record.cells)),
        )


def _runs(table: Table) -> Iterator[EvalRun]:
    """The runs in a file: one for each run id or date in it; none when it holds no scores and no verdicts."""
    columns = table.columns
    if not columns.metrics and "passed" not in columns.paths and "metric" not in columns.paths:
        return
    groups: dict[str, list[Record]] = {}
    by_day = _by_day(table)
    for record in table.records:
        groups.setdefault(_run_key(table, record, by_day), []).append(record)
    for key, records in groups.items():
        yield _run(table, key, records, alone=len(groups) == 1)


def _run_key(table: Table, record: Record, by_day: bool) -> str:
    stem = Path(table.name).stem.removesuffix(".jsonl").removesuffix(".csv").removesuffix(".json")
    moment = table.moment("at", record)
    named = table.run_id(record) or (f"{stem} {moment.date()}" if by_day and moment else stem)
    repetition = _repetition(record)
    return named if repetition == "1" else f"{named} repetition {repetition}"


def _by_day(table: Table) -> bool:
    """Whether rows without a run id belong to several runs: the same item comes more than once, or rows are runs themselves."""
    names = [(record.item_id, _repetition(record)) for record in table.records]
    repeated = "metric" not in table.columns.paths and max(Counter(names).values(), default=0) > 1
    return repeated or all(item is None for item, _ in names)


def _repetition(record: Record) -> str:
    """Which time the item was run in this run, from 1; Phoenix counts them."""
    return str(record.cells.get("repetition") or record.cells.get("repetition_number") or 1)


def _run(table: Table, key: str, records: Sequence[Record], *, alone: bool) -> EvalRun:
    scores: dict[str, dict[str, float]] = {}
    summary: dict[str, float] = {}
    passed: dict[str, bool] = {}
    for record in records:
        for metric, score in table.scores(record):
            if record.item_id is None:
                summary[metric] = score
            else:
                scores.setdefault(metric, {})[record.item_id] = score
        verdict = passed_of(table.columns.value("passed", record.cells))
        if record.item_id is not None and verdict is not None:
            passed[record.item_id] = verdict
    if alone:
        summary |= table.stated_scores()
    moments = [moment for record in records if (moment := table.moment("at", record))]
    source = Source(table.name, "" if alone else records[0].locator)
    return EvalRun(key, min(moments, default=None) or table.stated_moment(), scores, passed, summary, source)


def _live(table: Table) -> EvalRun:
    """Scores of logged answers by the masked ids of the log; rows without one say nothing that can be found again."""
    column = answer_column(table)
    scores: dict[str, dict[str, float]] = {}
    for record in table.records:
        answer = table.redaction.name(record.cells.get(column or ""))
        for metric, score in table.scores(record):
            if answer is not None:
                scores.setdefault(metric, {})[answer] = score
    return EvalRun(Path(table.name).stem, None, scores, {}, {}, Source(table.name))


def _merged(runs: Sequence[EvalRun]) -> Iterator[EvalRun]:
    """Runs oldest first, those of one id joined; a run without a date comes last."""
    joined: dict[str, EvalRun] = {}
    for run in sorted(runs, key=lambda run: not run.scores):
        known = joined.get(run.run_id)
        joined[run.run_id] = _joined(known, run) if known else run
    yield from sorted(joined.values(), key=lambda run: (run.at is None, run.at.timestamp() if run.at else 0.0))


def _joined(first: EvalRun, second: EvalRun) -> EvalRun:
    return replace(
        first,
        at=first.at or second.at,
        scores={**second.scores, **first.scores},
        passed={**second.passed, **first.passed},
        summary={**second.summary, **first.summary},
    )
