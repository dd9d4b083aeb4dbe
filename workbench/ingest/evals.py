"""Everything under `evals/`: eval sets, runs of the client's harness, and the files that are neither.

Kinds are told by content. Scores are taken as they stand: what they are worth is the business of `workbench.evaluation`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import yaml

from workbench.case import files_below, shown
from workbench.errors import InputError
from workbench.ingest.eval_columns import (
    EvalColumns,
    eval_formats,
    ids_of,
    moment_in_name,
    moment_of,
    passed_of,
    question_id,
    reference_of,
)
from workbench.ingest.eval_files import tool_results
from workbench.ingest.log_columns import Flat, flatten, normalised, trace_format
from workbench.ingest.log_values import name_of, number_of, text_of
from workbench.ingest.rows import BadRow, Row
from workbench.ingest.tables import form_of, open_text, read_json, read_rows, rows_in
from workbench.records import EvalItem, EvalMaterial, EvalRun, Source

MAX_YAML = 8 * 2**20
NOT_DATA = {
    ".md",
    ".markdown",
    ".pdf",
    ".docx",
    ".html",
    ".htm",
    ".py",
    ".ipynb",
    ".xlsx",
    ".parquet",
    ".zip",
    ".png",
    ".toml",
    ".sh",
}
IGNORED_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep"}
_SETTINGS = re.compile(r"threshold|config|settings|gate|target|package|schema")


@dataclass(frozen=True, slots=True)
class Table:
    """The records of one file with their places, the columns recognised in them, and what the file says of itself."""

    name: str
    records: tuple[tuple[str, Flat], ...]
    columns: EvalColumns
    header: Flat


def read_evals(root: Path) -> EvalMaterial:
    """Eval sets and runs under `<root>/evals/`; no folder, or an empty one, gives an empty value.

    A result file that repeats question and reference gives items too, where no eval set holds the question. Runs of one id in
    several files (scores here, a summary there) become one. A file that cannot be read or recognised is named, with the reason.

    Args:
        root: the case folder.
    """
    folder = root / "evals"
    items: list[EvalItem] = []
    repeated: list[EvalItem] = []
    runs: list[EvalRun] = []
    unrecognised: list[str] = []

    def left_out(path: Path, reason: str) -> None:
        unrecognised.append(f"{shown(path.relative_to(root))}: {reason}")

    for path in [] if folder.is_symlink() else files_below(folder, left_out):
        if path.name.lower() in IGNORED_NAMES:
            continue
        name = path.relative_to(root).as_posix()
        try:
            table = _read_table(path, name)
            found_runs = _runs(table)
            (repeated if found_runs else items).extend(_items(table, result=bool(found_runs)))
            runs.extend(found_runs)
        except (InputError, OSError) as error:
            unrecognised.append(f"{name}: {error}")
    known = {question_id(item.question) for item in items}
    extra = {question_id(item.question): item for item in reversed(repeated) if question_id(item.question) not in known}
    return EvalMaterial((*items, *reversed(extra.values())), tuple(_merged(runs)), tuple(unrecognised))


def _read_table(path: Path, name: str) -> Table:
    if path.suffix.lower() in NOT_DATA:
        raise InputError(
            f"'{path.suffix}' files hold no items or scores that can be read; export them as csv or JSON lines"
        )
    envelopes = eval_formats()["envelopes"]
    header: Mapping[str, object] = {}
    if path.suffix.lower() in (".yaml", ".yml"):
        value = _yaml(path)
        rows = list(rows_in(value, envelopes))
        if isinstance(value, dict) and not any(isinstance(value.get(key), list) for key in envelopes):
            raise InputError("settings, not items or scores")
    elif form_of(path) == "json":
        value = read_json(path)
        tool = tool_results(value)
        rows = list(rows_in(list(tool.rows) if tool else value, envelopes))
        header = tool.header if tool else value if isinstance(value, dict) and len(rows) > 1 else {}
    else:
        rows = list(read_rows(path, envelopes, _known))
    return _table(name, rows, header)


def _table(name: str, rows: Sequence[Row | BadRow], header: Mapping[str, object]) -> Table:
    good = [row for row in rows if isinstance(row, Row)]
    if traces := trace_format([row.values for row in good]):
        raise InputError(f"a trace export ({traces}), neither items nor scores; put it into logs/")
    records = tuple((row.locator, flatten(row.values)) for row in good)
    columns = EvalColumns.of([record for _, record in records])
    scored = columns.metrics or "passed" in columns.paths or "metric" in columns.paths
    if not records:
        raise InputError("no records in it; check the export")
    if "question" not in columns.paths and not scored:
        raise InputError(
            f"neither questions nor scores among its columns ({', '.join(sorted(records[0][1])[:8])[:200]})"
        )
    if "question" not in columns.paths and len(records) == 1 and _SETTINGS.search(name.lower()):
        raise InputError("settings, not items or scores")
    return Table(
        name, records, columns, flatten({key: value for key, value in header.items() if not isinstance(value, list)})
    )


def _known(cell: str) -> bool:
    table = eval_formats()
    name = normalised(cell)
    return (
        any(name in aliases for part in ("item", "run") for aliases in table[part].values()) or name in table["metrics"]
    )


def _yaml(path: Path) -> object:
    with open_text(path) as stream:
        text = stream.read(MAX_YAML + 1)
    if len(text) > MAX_YAML:
        raise InputError(f"more than {MAX_YAML // 2**20} MiB of YAML; export it as JSON lines")
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"not valid YAML ({str(error).splitlines()[0][:80]})") from error


def _items(table: Table, *, result: bool) -> Iterator[EvalItem]:
    """Items of a set; of a result file only those with a reference, for its answers are the system's own."""
    columns = table.columns
    own_answers = normalised(columns.paths.get("reference", "")) in eval_formats()["answered"]
    if result and ("reference" not in columns.paths or own_answers):
        return
    for locator, record in table.records:
        question = text_of(columns.value("question", record))
        if question is None:
            continue
        added = moment_of(columns.value("added_on", record))
        yield EvalItem(
            item_id=_item_id(columns, record) or question_id(question),
            question=question,
            reference=reference_of(columns.value("reference", record)),
            reference_doc_ids=ids_of(columns.value("reference_doc_ids", record)),
            kind=name_of(columns.value("kind", record)),
            source_trace_id=name_of(columns.value("source_trace_id", record)),
            author=name_of(columns.value("author", record)),
            added_on=added.date() if added else None,
            source=Source(table.name, locator),
        )


def _item_id(columns: EvalColumns, record: Flat) -> str | None:
    named = name_of(columns.value("item_id", record))
    question = text_of(columns.value("question", record))
    return named or (question_id(question) if question else None)


def _runs(table: Table) -> list[EvalRun]:
    """The runs in a file: one for each run id or date in it; none when it holds no scores and no verdicts."""
    columns = table.columns
    if not columns.metrics and "passed" not in columns.paths and "metric" not in columns.paths:
        return []
    groups: dict[str, list[tuple[str, Flat]]] = {}
    by_day = _by_day(table)
    for locator, record in table.records:
        groups.setdefault(_run_key(table, record, by_day), []).append((locator, record))
    return [_run(table, key, records, alone=len(groups) == 1) for key, records in groups.items()]


def _run_key(table: Table, record: Flat, by_day: bool) -> str:
    stem = Path(table.name).stem.removesuffix(".jsonl").removesuffix(".csv").removesuffix(".json")
    named = name_of(table.columns.value("run_id", record)) or name_of(table.header.get("run_id"))
    moment = moment_of(table.columns.value("at", record))
    return named or (f"{stem} {moment.date()}" if by_day and moment else stem)


def _by_day(table: Table) -> bool:
    """Whether rows without a run id belong to several runs: the same item comes more than once, or rows are runs themselves."""
    names = [_item_id(table.columns, record) for _, record in table.records]
    counts = Counter(names)
    repeated = "metric" not in table.columns.paths and max(counts.values(), default=0) > 1
    return repeated or set(names) == {None}


def _run(table: Table, key: str, records: Sequence[tuple[str, Flat]], *, alone: bool) -> EvalRun:
    columns = table.columns
    scores: dict[str, dict[str, float]] = {}
    summary: dict[str, float] = {}
    passed: dict[str, bool] = {}
    for _, record in records:
        item = _item_id(columns, record)
        for metric, score in _scores(columns, record):
            if item is None:
                summary[metric] = score
            else:
                scores.setdefault(metric, {})[item] = score
        verdict = passed_of(columns.value("passed", record))
        if item is not None and verdict is not None:
            passed[item] = verdict
    if alone:
        summary |= _header_summary(table.header)
    moments = [moment for _, record in records if (moment := moment_of(columns.value("at", record)))]
    source = Source(table.name, "" if alone else records[0][0])
    return EvalRun(key, min(moments, default=None) or _stated_moment(table), scores, passed, summary, source)


def _scores(columns: EvalColumns, record: Flat) -> Iterator[tuple[str, float]]:
    if "metric" in columns.paths:
        metric, score = name_of(columns.value("metric", record)), number_of(columns.value("value", record))
        if metric and score is not None:
            yield metric, score
        return
    for path in columns.metrics:
        score = number_of(record.get(path))
        if score is not None:
            yield path.rpartition(".")[2], score


def _header_summary(header: Flat) -> dict[str, float]:
    metrics = eval_formats()["metrics"]
    named = ((path.rpartition(".")[2], number_of(value)) for path, value in header.items())
    return {name: score for name, score in named if score is not None and normalised(name) in metrics}


def _stated_moment(table: Table) -> datetime | None:
    aliases = eval_formats()["run"]["at"]
    stated = (moment_of(table.header[path]) for path in table.header if normalised(path.rpartition(".")[2]) in aliases)
    return next((moment for moment in stated if moment), None) or moment_in_name(table.name)


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
