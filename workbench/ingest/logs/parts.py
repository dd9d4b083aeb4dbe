"""One log file read into parts: Parquet files of some hundred thousand records, each kept with the reader's state behind it.

A part and its state appear whole or not at all, so reading goes on behind the last part after any interruption; nothing that is
half written is ever looked at. How the parts become one table is told in `workbench.ingest.logs.table`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError
from workbench.ingest.logs.blocks import Block
from workbench.ingest.logs.columns import Columns
from workbench.ingest.logs.convert import BlockResult, FilePlan, Tally
from workbench.ingest.logs.schema import part_schema
from workbench.ingest.logs.workers import Workers, in_order

if TYPE_CHECKING:
    import pyarrow as pa

PART_RECORDS = 200_000
PART_BYTES = 128 * 2**20
"""Bytes of rows after which a part is written, however few records that are: passages of a page each add up."""
KEPT_BAD = 20
STATE_NAME = "state.json"


@dataclass(slots=True)
class PartState:
    """How far a file was read.

    Attributes:
        parts: how many are whole. end: where reading goes on, as `Block.end`.
        records: read so far. columns: of the file, as far as known.
        bad: sentences on the first records that could not be read. faults: on the file as a whole.
        done: whether the file was read to its end, or as far as it can be.
        guesses: on the columns of the sample, as JSON.
        sources, unused, questions: of a trace export, as its reader told them.
        format: of the file: "table", or the name of a trace format.
    """

    parts: int = 0
    end: int = 0
    records: int = 0
    columns: Columns = field(default_factory=Columns)
    tally: Tally = field(default_factory=Tally)
    bad: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    done: bool = False
    format: str = "table"
    guesses: list[dict[str, Any]] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> PartState:
        """As it was kept in a folder; the beginning where nothing was, or nothing that can be read."""
        try:
            kept = json.loads((folder / STATE_NAME).read_text(encoding="utf-8"))
            kept["columns"] = Columns.from_json(kept["columns"])
            kept["tally"] = Tally(**kept["tally"])
            state = cls(**kept)
        except (OSError, ValueError, KeyError, TypeError):
            return cls()
        whole = all((folder / part_name(number)).is_file() for number in range(state.parts))
        return state if whole else cls()

    def keep(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        kept = {**asdict(replace(self, columns=Columns())), "columns": self.columns.to_json()}
        replace_text(folder / STATE_NAME, json.dumps(kept, ensure_ascii=False))


def part_name(number: int) -> str:
    """File name of a part."""
    return f"part-{number:05}.parquet"


def read_parts(
    folder: Path, state: PartState, plan: FilePlan, blocks: Iterator[Block], pool: Workers
) -> Iterator[tuple[Block, PartState]]:
    """Read the rest of a file into parts, and give the state after each block.

    Args:
        folder: of the file's parts.
        state: to begin from; it is changed.
        plan: how the blocks are read.
        blocks: behind `state.end`.
        pool: who reads them.

    Raises:
        InputError: the file cannot be read on; the state says how far it was, and `finish` still ends it.
    """
    waiting: list[pa.RecordBatch] = []
    records = state.records
    try:
        for block, used, result in in_order(pool, blocks, plan):
            _count(state, plan.name, block, result)
            waiting.extend(_placed(batch, plan.name, block.kind, state.records) for batch in result.batches)
            state.records += result.tally.records
            state.end, state.columns = block.end, used.columns
            size = sum(batch.nbytes for batch in waiting)
            if state.records - records >= PART_RECORDS or size >= PART_BYTES:
                _keep_part(folder, state, waiting)
                waiting, records = [], state.records
            yield block, state
    except InputError as error:
        state.faults.append(f"{plan.name}: {error}")
    state.done = True
    _keep_part(folder, state, waiting)


def _count(state: PartState, name: str, block: Block, result: BlockResult) -> None:
    state.tally.add(result.tally)
    for number, place, reason in result.bad[: max(0, KEPT_BAD - len(state.bad))]:
        where = place or f"{block.kind} {state.records + number}"
        state.bad.append(f"{name} {where}: {reason}; left out")


def _placed(batch: pa.RecordBatch, name: str, kind: str, before: int) -> pa.RecordBatch:
    """Rows of a block with their place in the file, and with the ids the log itself does not give."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns: dict[str, pa.Array] = dict(zip(batch.schema.names, batch.columns, strict=True))
    columns["number"] = pc.add(columns["number"], before)
    number = pc.cast(columns["number"], pa.string())
    turn = pc.cast(columns["turn"], pa.string())
    unfolded = pc.greater(columns["turn"], 0)
    place = pc.binary_join_element_wise(kind, number, " ")
    place = pc.if_else(unfolded, pc.binary_join_element_wise(place, turn, ", turn "), place)
    locator = pc.coalesce(columns["source_locator"], place)
    number = pc.if_else(unfolded, pc.binary_join_element_wise(number, turn, "."), number)
    own = pc.binary_join_element_wise(name, number, "#")
    columns["interaction_id"] = pc.coalesce(columns["interaction_id"], own)
    columns["source_locator"] = locator
    columns["source_path"] = pa.repeat(pa.scalar(name, pa.string()), batch.num_rows)
    return pa.RecordBatch.from_arrays([columns[field.name] for field in part_schema()], schema=part_schema())


def _keep_part(folder: Path, state: PartState, batches: Iterable[pa.RecordBatch]) -> None:
    batches = list(batches)
    if batches:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = folder / part_name(state.parts)
        with scratch_file(path) as scratch:
            pq.write_table(pa.Table.from_batches(batches, part_schema()), scratch, compression="lz4")
        state.parts += 1
    state.keep(folder)


class scratch_file:
    """A path to write to that becomes the file when all went well."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._scratch = path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> Path:
        return self._scratch

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            with self._scratch.open("rb") as written:
                os.fsync(written.fileno())
            self._scratch.replace(self._path)
        else:
            self._scratch.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """Write a small text file, whole or not at all."""
    with scratch_file(path) as scratch:
        scratch.write_text(text, encoding="utf-8")


def forget_parts(folder: Path, keep: Iterable[str]) -> None:
    """Delete the parts of files that are no longer what they were."""
    kept = set(keep)
    with suppress(OSError):
        for entry in folder.iterdir():
            if entry.name not in kept:
                shutil.rmtree(entry, ignore_errors=True)
