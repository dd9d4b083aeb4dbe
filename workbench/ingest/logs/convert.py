"""One block of a log file turned into rows of the interaction table, as far as one block can tell.

The scale of feedback, the numbers of records in the file and their order are settled when all of the file is known, in
`workbench.ingest.logs.parts` and `workbench.ingest.logs.table`. Runs in this process or in a worker; the result is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.ingest.logs.aliases import holds_retries
from workbench.ingest.logs.arrays import amounts, counts, decisions, groups, names, strings, texts
from workbench.ingest.logs.blocks import Block
from workbench.ingest.logs.columns import LISTS, Columns
from workbench.ingest.logs.durations import FACTORS
from workbench.ingest.logs.items import retrieved_array
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.measures import durations, marks_and_words
from workbench.ingest.logs.moments import moments, with_clock
from workbench.ingest.logs.plans import FilePlan, Tally
from workbench.ingest.logs.records import tables_of, unpacked
from workbench.ingest.logs.schema import part_schema
from workbench.ingest.logs.spreading import Table
from workbench.ingest.logs.turns import unfolded_chats
from workbench.ingest.logs.values import currency_of, name_of, zone_of

__all__ = ["KEPT_BAD", "BlockResult", "FilePlan", "Tally", "read_block", "taken"]

if TYPE_CHECKING:
    import pyarrow as pa

KEPT_BAD = 20
"""Records that could not be read which a block names; the others are counted."""
_NAMES = (
    "session_id",
    "user_id",
    "model",
    "prompt_version",
    "index_version",
    "policy_version",
    "tenant",
    "answer_group",
)
_COUNTS = ("tokens_in", "tokens_out")


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
                made[name] = counts(self._raw(name), self._decimal())
        for name, add in _FURTHER.items():
            if any(self._has(path) for path in _LISTS_OF.get(name, (name,))):
                made.update(add(self))
        return made

    def _decimal(self) -> str:
        return self.plan.decimal(self.columns)

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
        if self._has("clock"):
            values = with_clock(values, self._raw("clock"))
        found = moments(values, self._zones())
        tally = self.tally
        if found.local:
            tally.local_times += len(found.local)
            tally.local_example = tally.local_example or self._example(values[found.local[0]])
        tally.day_first += found.only_day_first
        tally.month_first += found.only_month_first
        tally.either_first += found.either
        tally.date_example = tally.date_example or self._example(found.example)
        return {"at": found.at, "at_day_first": found.day_first, "at_month_first": found.month_first}

    def _example(self, value: object) -> str:
        return LogRedaction(self.plan.key).text(str(value))[:40]

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
            array, unitless = durations(values, FACTORS[unit] if unit else None, per_unit, self._decimal())
            if unitless:
                self.tally.unitless[name] = self.tally.unitless.get(name, 0) + unitless
            found.append(array)
        return found[0] if len(found) == 1 else pc.coalesce(*found)

    def _cost(self) -> dict[str, pa.Array]:
        values = self._raw("cost")
        array = amounts(values, self._decimal())
        stated = currency_of(self.columns.source("cost")) or self.plan.units.get("cost")
        if not stated:
            unknown = sum(value is not None and currency_of(str(value)) is None for value in values)
            self.tally.no_currency += unknown
        return {"cost": array}

    def _review(self) -> dict[str, pa.Array]:
        return {"review": strings(names(self._raw("review"), self.redaction))}

    def _access_group(self) -> dict[str, pa.Array]:
        return {"access_group": strings(groups(self._raw("access_group"), self.redaction))}

    def _model_calls(self) -> dict[str, pa.Array]:
        """Calls as logged, or one more than the retries where those are logged."""
        import pyarrow.compute as pc

        found = [
            pc.add(counts(self.table.columns[path], self._decimal()), int(holds_retries(path)))
            for path in self.columns.chosen["model_calls"]
            if path in self.table.columns
        ]
        return {"model_calls": found[0] if len(found) == 1 else pc.coalesce(*found)}

    def _decision(self) -> dict[str, pa.Array]:
        return {"policy_decision": strings(decisions(self._raw("policy_decision"), self.redaction))}

    def _feedback(self) -> dict[str, pa.Array]:
        found = marks_and_words(self._raw("feedback"), self._decimal())
        self.tally.add(Tally(lowest=found.lowest, highest=found.highest, top=found.top))
        return {"feedback_mark": found.marks, "feedback_word": found.words}


_LISTS_OF = {"retrieved": LISTS}
_FURTHER = {
    "retrieved": _Rows._retrieved,
    "at": _Rows._at,
    "latency_ms": _Rows._latency,
    "review_seconds": _Rows._review_seconds,
    "cost": _Rows._cost,
    "review": _Rows._review,
    "access_group": _Rows._access_group,
    "model_calls": _Rows._model_calls,
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
