"""One block of a log file turned into rows of the interaction table, as far as one block can tell.

The scale of feedback, the numbers of records in the file and their order are settled when all of the file is known, in
`workbench.ingest.logs.parts` and `workbench.ingest.logs.table`. Runs in this process or in a worker; the result is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.ingest.logs.arrays import amounts, counts, decisions, moments, names, strings, texts
from workbench.ingest.logs.blocks import Block
from workbench.ingest.logs.columns import LISTS, Columns
from workbench.ingest.logs.feedback import leading_number, liked_word, stated_top
from workbench.ingest.logs.items import retrieved_array
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.records import Table, tables_of, unpacked
from workbench.ingest.logs.schema import part_schema
from workbench.ingest.logs.turns import unfolded_chats
from workbench.ingest.logs.values import FACTORS, currency_of, duration_of, name_of, unit_of_name, zone_of
from workbench.ingest.tables.csv_rows import DEFAULT_DIALECT, Dialect

if TYPE_CHECKING:
    import pyarrow as pa

KEPT_BAD = 20
"""Records that could not be read which a block names; the others are counted."""
_NAMES = ("session_id", "user_id", "model", "prompt_version", "index_version", "policy_version")
_COUNTS = ("tokens_in", "tokens_out")


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How the blocks of one file are read.

    Attributes:
        name: the file's path, relative to the case folder.
        units: field -> unit a person stated. zone: time zone a person stated.
        key: secret of the case that tells masked names apart.
        traces: whether the rows come from the reader of traces.
    """

    name: str
    columns: Columns
    header: tuple[str, ...] = ()
    dialect: Dialect = DEFAULT_DIALECT
    encoding: str = "utf-8"
    units: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    key: bytes = b""
    traces: bool = False

    def unit(self, name: str, path: str) -> str | None:
        """The unit of time a column is in: as a person stated it, as its name does, or None."""
        return self.units.get(name) or unit_of_name(path)


@dataclass(slots=True)
class Tally:
    """What is counted on the way.

    Attributes:
        records: found. interactions, additions: rows made of them. bad: records that could not be read.
        local_times: times without a zone, left out; `local_example` is one.
        unitless: field -> durations without a unit, left out.
        no_currency: costs without a currency. lowest, highest: marks given as feedback. top: the highest mark values state.
        masked: kind -> how many were masked.
    """

    records: int = 0
    interactions: int = 0
    additions: int = 0
    bad: int = 0
    local_times: int = 0
    local_example: str = ""
    unitless: dict[str, int] = field(default_factory=dict)
    no_currency: int = 0
    lowest: float | None = None
    highest: float | None = None
    top: float | None = None
    masked: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count another one's in."""
        for name in ("records", "interactions", "additions", "bad", "local_times", "no_currency"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.local_example = self.local_example or other.local_example
        for mine, theirs in ((self.unitless, other.unitless), (self.masked, other.masked)):
            for kind, count in theirs.items():
                mine[kind] = mine.get(kind, 0) + count
        self.lowest = min((mark for mark in (self.lowest, other.lowest) if mark is not None), default=None)
        self.highest = max((mark for mark in (self.highest, other.highest) if mark is not None), default=None)
        self.top = max((mark for mark in (self.top, other.top) if mark is not None), default=None)


@dataclass(slots=True)
class BlockResult:
    """What one block gave.

    Attributes:
        batches: rows of `part_schema`, record numbers counted from the beginning of the block.
        bad: (number, place where known, reason) of the first records that could not be read.
        columns: the columns of the file when this block added some, else None.
        reshaped: whether a field is read from another column than before.
    """

    batches: list[pa.RecordBatch]
    bad: list[tuple[int, str, str]]
    columns: Columns | None
    reshaped: bool
    tally: Tally


def read_block(plan: FilePlan, block: Block) -> BlockResult:
    """The rows of one block."""
    records = unpacked(block, plan.header, plan.dialect, plan.encoding)
    redaction = LogRedaction(plan.key)
    columns = deepcopy(plan.columns)
    tally = Tally(records=records.total)
    bad, batches, changed = list(records.bad), [], False
    for table in tables_of(records, columns.turns):
        changed = columns.meet(table.columns) or changed
        answered = columns.source("answer")
        batch = _Rows(plan, columns, redaction, tally, unfolded_chats(columns, table)).batch(bad)
        changed = changed or columns.source("answer") != answered
        if batch.num_rows:
            batches.append(batch)
    tally.bad = len(bad)
    tally.masked.update(redaction.counts)
    bad.sort(key=lambda fault: fault[0])
    shown = LogRedaction(plan.key)  # what faults show is no further occurrence
    told = [(number, shown.text(place), shown.text(reason)) for number, place, reason in bad[:KEPT_BAD]]
    reshaped = columns.shape() != plan.columns.shape()
    return BlockResult(batches, told, columns if changed else None, reshaped, tally)


@dataclass(slots=True)
class _Rows:
    """The rows of one table of records."""

    plan: FilePlan
    columns: Columns
    redaction: LogRedaction
    tally: Tally
    table: Table

    def batch(self, bad: list[tuple[int, str, str]]) -> pa.RecordBatch:
        """Rows with a question, and rows that add to one; others that should hold a question are named as bad."""
        import pyarrow as pa

        questions = texts(self._raw("query"))
        ids = names(self._raw("interaction_id"), self.redaction)
        if None in questions:
            questions, ids = self._without_question(questions, ids, bad)
        asked = len(questions) - questions.count(None)
        self.tally.interactions += asked
        self.tally.additions += len(questions) - asked
        made = self._arrays(questions, ids)
        empty = {field.name: pa.nulls(len(questions), field.type) for field in part_schema() if field.name not in made}
        return pa.RecordBatch.from_arrays([(made | empty)[field.name] for field in part_schema()], schema=part_schema())

    def _raw(self, name: str) -> Sequence[object]:
        found = self.columns.values(name, self.table.columns, self.table.rows)
        return [None] * self.table.rows if found is None else found

    def _without_question(
        self, questions: list[str | None], ids: list[str | None], bad: list[tuple[int, str, str]]
    ) -> tuple[list[str | None], list[str | None]]:
        feedback, review = self._raw("feedback"), [name_of(value) for value in self._raw("review")]
        source = self.columns.source("query")
        # Decisions of a policy engine stand in a log of their own, or in a trace; elsewhere a line without a question is a fault.
        decided: Sequence[object] = (
            [None] * self.table.rows if source and not self.plan.traces else self._raw("policy_decision")
        )
        keep: list[int] = []
        for row, question in enumerate(questions):
            if question is not None or (
                ids[row] and (feedback[row] is not None or review[row] or decided[row] is not None)
            ):
                keep.append(row)
            elif source:
                place = self.table.places[row] if self.table.places else ""
                bad.append((self.table.numbers[row], place, f"no question in '{source}'"))
        self.table = taken(self.table, keep)
        return [questions[row] for row in keep], [ids[row] for row in keep]

    def _arrays(self, questions: list[str | None], ids: list[str | None]) -> dict[str, pa.Array]:
        import pyarrow as pa

        text = self.redaction.text
        turns = self.table.turns
        if any(turns):
            ids = [f"{name}#{turn}" if name and turn else name for name, turn in zip(ids, turns, strict=True)]
        made = {
            "interaction_id": strings(ids),
            "query": strings([None if question is None else text(question) for question in questions]),
            "source_locator": strings(self._places()),
            "addition": pa.array([question is None for question in questions], pa.bool_()),
            "number": pa.array(self.table.numbers, pa.int64()),
            "turn": pa.array(turns, pa.int32()),
        }
        if self._has("answer"):
            made["answer"] = strings([None if said is None else text(said) for said in texts(self._raw("answer"))])
        for name in _NAMES:
            if self._has(name):
                made[name] = strings(names(self._raw(name), self.redaction))
        for name in _COUNTS:
            if self._has(name):
                made[name] = counts(self._raw(name))
        for name, add in _FURTHER.items():
            if any(self._has(path) for path in _LISTS_OF.get(name, (name,))):
                made.update(add(self))
        return made

    def _places(self) -> Sequence[str | None]:
        return self.table.places if self.table.places is not None else [None] * self.table.rows

    def _has(self, name: str) -> bool:
        return self.columns.values(name, self.table.columns, self.table.rows) is not None

    def _retrieved(self) -> dict[str, pa.Array]:
        lists = {name: self.columns.values(name, self.table.columns, self.table.rows) for name in LISTS}
        distances = "distance" in self.columns.source("retrieved.scores").lower()
        return {"retrieved": retrieved_array(lists, self.table.rows, distances, self.redaction)}

    def _at(self) -> dict[str, pa.Array]:
        values = self._raw("at")
        array, local = moments(values, self._zones())
        if local:
            self.tally.local_times += len(local)
            example = LogRedaction(self.plan.key).text(str(values[local[0]]))[:40]
            self.tally.local_example = self.tally.local_example or example
        return {"at": array}

    def _zones(self) -> Sequence[tzinfo | None] | tzinfo | None:
        if self.plan.zone:
            return zone_of(self.plan.zone)
        column = self.columns.source("at").lower()
        if column.endswith(("utc", "gmt")):
            return zone_of("UTC")
        stated = self.columns.values("timezone", self.table.columns, self.table.rows)
        if stated is None:
            return None
        return [_zone(value) if isinstance(value, str) else zone_of(value) for value in stated]

    def _latency(self) -> dict[str, pa.Array]:
        return {"latency_ms": self._durations("latency_ms", 1.0)}

    def _review_seconds(self) -> dict[str, pa.Array]:
        return {"review_seconds": self._durations("review_seconds", 1000.0)}

    def _durations(self, name: str, per_unit: float) -> pa.Array:
        """Durations in the unit of the field; those that state no unit, in a column that states none, are left out."""
        import pyarrow.compute as pc

        found: list[pa.Array] = []
        for path in self.columns.chosen.get(name, ()):
            values = self.table.columns.get(path)
            if values is None:
                continue
            unit = self.plan.unit(name, path)
            factor = FACTORS[unit] if unit else None
            if factor is not None and not any(type(value) is str and value[-1:] in "sc" for value in values):
                array = pc.multiply(amounts(values), factor / per_unit)
            else:
                array = self._stated(name, values, factor, per_unit)
            found.append(array)
        return found[0] if len(found) == 1 else pc.coalesce(*found)

    def _stated(self, name: str, values: Sequence[object], factor: float | None, per_unit: float) -> pa.Array:
        import pyarrow as pa

        found: list[float | None] = []
        for value in values:
            duration = duration_of(value)
            stated = (duration[1] or factor) if duration else None
            if duration and stated is None:
                self.tally.unitless[name] = self.tally.unitless.get(name, 0) + 1
            found.append(duration[0] * stated / per_unit if duration and stated else None)
        return pa.array(found, pa.float64())

    def _cost(self) -> dict[str, pa.Array]:
        values = self._raw("cost")
        array = amounts(values)
        stated = currency_of(self.columns.source("cost")) or self.plan.units.get("cost")
        if not stated:
            unknown = sum(value is not None and currency_of(str(value)) is None for value in values)
            self.tally.no_currency += unknown
        return {"cost": array}

    def _review(self) -> dict[str, pa.Array]:
        return {"review": strings(names(self._raw("review"), self.redaction))}

    def _decision(self) -> dict[str, pa.Array]:
        return {"policy_decision": strings(decisions(self._raw("policy_decision"), self.redaction))}

    def _feedback(self) -> dict[str, pa.Array]:
        import pyarrow as pa

        marks: list[float | None] = []
        words: list[int | None] = []
        known: dict[object, tuple[float | None, int | None]] = {}
        for value in self._raw("feedback"):
            key = (type(value), value) if isinstance(value, str | int | float) else None
            mark, word = known[key] if key in known else self._one_feedback(value)
            if key is not None and len(known) < 1000:
                known[key] = mark, word
            marks.append(mark)
            words.append(word)
        given = [mark for mark in marks if mark is not None]
        self.tally.add(Tally(lowest=min(given, default=None), highest=max(given, default=None)))
        return {"feedback_mark": pa.array(marks, pa.float64()), "feedback_word": pa.array(words, pa.int8())}

    def _one_feedback(self, value: object) -> tuple[float | None, int | None]:
        mark = leading_number(value)
        if mark is None:
            return None, liked_word(value)
        self.tally.add(Tally(top=stated_top(value)))
        return mark, None


_LISTS_OF = {"retrieved": LISTS}
_FURTHER = {
    "retrieved": _Rows._retrieved,
    "at": _Rows._at,
    "latency_ms": _Rows._latency,
    "review_seconds": _Rows._review_seconds,
    "cost": _Rows._cost,
    "review": _Rows._review,
    "policy_decision": _Rows._decision,
    "feedback": _Rows._feedback,
}


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo | None:
    return zone_of(name)


def taken(table: Table, rows: Sequence[int]) -> Table:
    """Some rows of a table, in the order given."""
    return Table(
        {path: [values[row] for row in rows] for path, values in table.columns.items()},
        [table.numbers[row] for row in rows],
        [table.turns[row] for row in rows],
        [table.places[row] for row in rows] if table.places else None,
    )
