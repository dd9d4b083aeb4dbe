"""The query log of a case: every file under `logs/` read line by line into interactions.

It says which column it took for what, keeps faults apart from lines, and judges nothing. Trace exports, in which one question is
spread over many spans, are recognised by their keys and named as a fault: no reader for them is in `FORMATS` yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from statistics import median

from workbench.case import files_below, shown
from workbench.errors import InputError
from workbench.ingest.log_columns import LISTS, Columns, Flat, field_of, flatten, trace_format
from workbench.ingest.log_feedback import Addition, with_additions, with_feedback
from workbench.ingest.log_formats import log_formats
from workbench.ingest.log_redaction import LogRedaction
from workbench.ingest.log_retrieved import retrieved_of
from workbench.ingest.log_values import (
    amount_of,
    count_of,
    decision_of,
    latency_factor,
    text_of,
    time_of,
    zone_of,
)
from workbench.ingest.rows import BadRow, Row
from workbench.ingest.tables import read_rows
from workbench.records import Interaction, QueryLog, Source

KEPT_FAULTS = 20
"""Faults of single lines told in full; the rest is counted file by file."""
SAMPLE_LINES = 200
IGNORED_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep"}

_NAMES = ("session_id", "user_id", "model", "prompt_version", "index_version", "policy_version", "review")
_COUNTS: tuple[tuple[str, Callable[[object], object]], ...] = (
    ("tokens_in", count_of),
    ("tokens_out", count_of),
    ("cost", amount_of),
)


@dataclass(slots=True)
class FileLog:
    """What one file gave: feedback is still as logged, for its scale shows only when all of it is known."""

    interactions: list[Interaction] = field(default_factory=list)
    feedback: dict[str, object] = field(default_factory=dict)
    additions: list[Addition] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    bad_lines: list[str] = field(default_factory=list)


def read_logs(root: Path) -> QueryLog:
    """Every interaction under `<root>/logs/`, oldest first; lines without a time follow in file order.

    Questions, answers, retrieved texts, names and faults are masked (`workbench.ingest.log_redaction`). Times that name no
    time zone are left out, with a fault that says so. No folder, or an empty one, gives an empty log. Nothing here raises for
    what a file holds.

    Args:
        root: the case folder.
    """
    folder = root / "logs"
    unread: list[str] = []

    def left_out(path: Path, reason: str) -> None:
        unread.append(f"{shown(path.relative_to(root))}: {reason}")

    found = () if folder.is_symlink() else files_below(folder, left_out)
    paths = [path for path in found if path.name.lower() not in IGNORED_NAMES]
    redaction = LogRedaction()
    logs = {
        path.relative_to(root).as_posix(): _read_file(path, path.relative_to(root).as_posix(), redaction)
        for path in paths
    }
    interactions = [entry for log in logs.values() for entry in with_feedback(log.interactions, log.feedback)]
    interactions, unmatched = with_additions(interactions, [entry for log in logs.values() for entry in log.additions])
    sources = {path: log.sources for path, log in logs.items() if log.sources}
    return QueryLog(
        interactions=tuple(sorted(interactions, key=_age)),
        logged_fields=frozenset(name for columns in sources.values() for name in columns),
        field_sources=sources,
        faults=tuple(map(redaction.text, (*unread, *_all_faults(logs), *unmatched))),
    )


def _age(interaction: Interaction) -> tuple[bool, float]:
    return interaction.at is None, interaction.at.timestamp() if interaction.at else 0.0


def _all_faults(logs: Mapping[str, FileLog]) -> Iterator[str]:
    left = KEPT_FAULTS
    for path, log in logs.items():
        yield from log.faults
        yield from log.bad_lines[:left]
        hidden = len(log.bad_lines) - min(left, len(log.bad_lines))
        left = max(0, left - len(log.bad_lines))
        if hidden:
            yield f"{path}: {hidden:,} more lines could not be read; correct the export and add it again"


def _read_file(path: Path, name: str, redaction: LogRedaction) -> FileLog:
    log = FileLog()
    try:
        rows = read_rows(path, log_formats()["envelopes"], lambda cell: field_of(cell) is not None)
        sample = list(islice(rows, SAMPLE_LINES))
        if not sample:
            log.faults.append(f"{name}: empty; check the export")
            return log
        FORMATS.get(_format_of(sample), _refuse)(sample, chain(sample, rows), name, redaction, log)
    except InputError as error:
        log.faults.append(f"{name}: {error}")
    return log


def _format_of(sample: Sequence[Row | BadRow]) -> str:
    """Name of the format a file's first records are in: a trace export by its keys, else "table", one question a line."""
    return trace_format([row.values for row in sample if isinstance(row, Row)]) or "table"


def _refuse(
    sample: Sequence[Row | BadRow], _rows: Iterable[Row | BadRow], name: str, _redaction: LogRedaction, log: FileLog
) -> None:
    log.faults.append(
        f"{name}: a trace export ({_format_of(sample)}), in which one question is spread over spans; no reader for it is there "
        "yet; export one line a question with question, answer, retrieved documents and time"
    )


def _read_table(
    sample: Sequence[Row | BadRow], rows: Iterable[Row | BadRow], name: str, redaction: LogRedaction, log: FileLog
) -> None:
    columns = Columns.of([flatten(row.values) for row in sample if isinstance(row, Row)])
    reader = _TableReader(name, columns, redaction, log, _latency(columns, sample))
    try:
        for row in rows:
            reader.take(row)
    finally:  # a file that breaks off in the middle still says what its lines gave
        reader.finish()


FORMATS: Mapping[str, Callable[[Sequence[Row | BadRow], Iterable[Row | BadRow], str, LogRedaction, FileLog], None]] = {
    "table": _read_table
}
"""Format -> reader of (first records, all records, file, redaction, where results go)."""


def _latency(columns: Columns, sample: Sequence[Row | BadRow]) -> tuple[float, str]:
    records = [flatten(row.values) for row in sample if isinstance(row, Row)]
    values = [amount for record in records if (amount := amount_of(columns.value("latency_ms", record))) is not None]
    return latency_factor(columns.source("latency_ms"), median(values) if values else 0.0)


@dataclass(slots=True)
class _TableReader:
    """Turns the rows of one file into interactions, and counts what it leaves out."""

    name: str
    columns: Columns
    redaction: LogRedaction
    log: FileLog
    latency: tuple[float, str]
    local_times: int = 0
    local_example: str = ""
    with_question: int = 0

    def take(self, row: Row | BadRow) -> None:
        if isinstance(row, BadRow):
            self.log.bad_lines.append(f"{self.name} {row.locator}: {row.reason}; left out")
            return
        record = flatten(row.values)
        self.columns.meet(record)
        query = text_of(self.columns.value("query", record))
        place = Source(self.name, row.locator)
        if query is None:
            self._without_question(record, place)
        else:
            self.log.interactions.append(self._interaction(record, query, place))

    def _interaction(self, record: Flat, query: str, place: Source) -> Interaction:
        columns = self.columns
        named = self.redaction.name(columns.value("interaction_id", record))
        interaction_id = named or f"{self.name}#{place.locator.rpartition(' ')[2]}"
        feedback = columns.value("feedback", record)
        if feedback is not None:
            self.log.feedback[place.locator] = feedback
        answer = text_of(columns.value("answer", record))
        lists = {name: columns.value(name, record) for name in LISTS}
        latency = amount_of(columns.value("latency_ms", record))
        entry = Interaction(
            interaction_id=interaction_id,
            query=self.redaction.text(query),
            source=place,
            answer=self.redaction.text(answer) if answer else None,
            retrieved=retrieved_of(lists, "distance" in columns.source("retrieved.scores").lower(), self.redaction),
            at=self._time(record),
            latency_ms=None if latency is None else latency * self.latency[0],
            review_seconds=self._review_seconds(record),
        )
        names = {name: self.redaction.name(columns.value(name, record)) for name in _NAMES}
        counts = {name: convert(columns.value(name, record)) for name, convert in _COUNTS}
        decision = self.redaction.name(decision_of(columns.value("policy_decision", record)))
        return replace(entry, policy_decision=decision, **names, **counts)  # type: ignore[arg-type]

    def _time(self, record: Flat) -> datetime | None:
        raw = self.columns.value("at", record)
        column = self.columns.source("at").lower()
        stated = "UTC" if column.endswith(("utc", "gmt")) else self.columns.value("timezone", record)
        moment = time_of(raw, zone_of(stated))
        if moment == "local":
            self.local_times += 1
            self.local_example = self.local_example or self.redaction.text(str(raw))[:40]
            return None
        return moment

    def _review_seconds(self, record: Flat) -> float | None:
        seconds = amount_of(self.columns.value("review_seconds", record))
        in_ms = self.columns.source("review_seconds").lower().endswith("ms")
        return seconds / 1000 if seconds is not None and in_ms else seconds

    def _without_question(self, record: Flat, place: Source) -> None:
        columns = self.columns
        interaction_id = self.redaction.name(columns.value("interaction_id", record))
        feedback, review = columns.value("feedback", record), self.redaction.name(columns.value("review", record))
        if interaction_id and (feedback is not None or review):
            seconds = self._review_seconds(record)
            self.log.additions.append(Addition(interaction_id, feedback, review, seconds, place))
        elif columns.source("query"):
            self.log.bad_lines.append(
                f"{self.name} {place.locator}: no question in '{columns.source('query')}'; left out"
            )

    def finish(self) -> None:
        """File-level faults and the columns each field was read from."""
        names = [name for name in Interaction.__dataclass_fields__ if name not in ("source", "retrieved")]
        sources = {name: self.columns.source(name) for name in names if self.columns.source(name)}
        lists = [self.columns.source(name) for name in LISTS if self.columns.source(name)]
        if lists:
            sources["retrieved"] = ", ".join(lists)
        if "latency_ms" in sources:
            sources["latency_ms"] += f" ({self.latency[1]})"
        unfilled = {
            name.partition(".")[0]: path for name, path in self.columns.unfilled().items() if name != "timezone"
        }
        self.log.sources.update({name: f"{path} (never filled)" for name, path in unfilled.items()} | sources)
        if not self.log.interactions and not self.log.additions:
            self.log.sources.clear()
            self.log.bad_lines.clear()
            self.log.faults.append(self._no_question())
        if self.local_times:
            self.log.faults.append(self._no_time_zone())

    def _no_question(self) -> str:
        names = self.redaction.text(", ".join(sorted(self.columns.known)[:8])) or "none"
        return f"{self.name}: no column holds the question (found: {names[:200]}); name the column 'query' and add the file again"

    def _no_time_zone(self) -> str:
        column, lines = self.columns.source("at"), len(self.log.interactions)
        return (
            f"{self.name}: {self.local_times:,} of {lines:,} times in '{column}' (such as {self.local_example}) name no time "
            "zone and are left out; export them with an offset (+01:00) or in UTC with Z"
        )
