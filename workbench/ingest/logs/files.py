"""One log file from its bytes to its parts: what it holds, which columns are which, and the reading of it in blocks.

Archives are opened here; the order of files and the table are the business of `workbench.ingest.logs.reading`.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from workbench.case import shown
from workbench.errors import InputError
from workbench.ingest.archives.containers import unpack_zip
from workbench.ingest.logs.blocks import Block, LogFile, blocks_of_rows, open_log
from workbench.ingest.logs.columns import Columns, flatten
from workbench.ingest.logs.convert import FilePlan
from workbench.ingest.logs.corrections import FIELDS, FileCorrections
from workbench.ingest.logs.mapping import column_of, date_order, guesses
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.parts import PartState, read_parts
from workbench.ingest.logs.records import Records, rows_of, tables_of
from workbench.ingest.logs.turns import turns_key, unfolded_chats
from workbench.ingest.logs.workers import Workers
from workbench.ingest.tables.rows import Row
from workbench.ingest.traces import read_traces, trace_format

SAMPLE_RECORDS = 200
SHEET_MEMBERS = {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}
"""Members of which one is in every zip that is a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Found:
    """A log file of a case, perhaps unpacked from an archive.

    Attributes:
        name: as people see it; a member of an archive stands below it.
        path: where its bytes lie.
        origin: what tells the archive it came from apart from a later one of the same name.
    """

    name: str
    path: Path
    size: int
    origin: tuple[str, ...] = ()


def found_files(root: Path, paths: Sequence[Path], unpacked_into: Path) -> tuple[list[Found], list[str]]:
    """(every log file with archives opened, faults of archives).

    Args:
        root: the case folder.
        paths: files below `logs/`.
        unpacked_into: folder for members of archives; those of archives that are gone are deleted.
    """
    files: list[Found] = []
    faults: list[str] = []
    folders: set[str] = set()
    for path in paths:
        name = path.relative_to(root).as_posix()
        if not _is_archive(path):
            files.append(Found(name, path, path.stat().st_size))
            continue
        facts = path.stat()
        folder = unpacked_into / f"{len(folders):04}-{facts.st_size}-{facts.st_mtime_ns}"
        folders.add(folder.name)
        origin = (name, str(facts.st_size), str(facts.st_mtime_ns))
        try:
            files.extend(_members(name, path, folder, origin, faults))
        except InputError as error:
            faults.append(f"{name}: {error}")
    if unpacked_into.is_dir():
        for entry in unpacked_into.iterdir():
            if entry.name not in folders:
                shutil.rmtree(entry, ignore_errors=True)
    return files, faults


def _is_archive(path: Path) -> bool:
    try:
        if not zipfile.is_zipfile(path):
            return False
        with zipfile.ZipFile(path) as archive:
            return not SHEET_MEMBERS & set(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False


def _members(name: str, path: Path, folder: Path, origin: tuple[str, ...], faults: list[str]) -> Iterator[Found]:
    # Unpacked anew on every reading: what an interruption left behind is never looked at.
    shutil.rmtree(folder, ignore_errors=True)
    result = unpack_zip(path, folder)
    for refused in result.refused:
        if not refused.junk:
            faults.append(f"{name}/{refused.name}: {refused.reason}")
    for member in sorted(result.members, key=lambda member: member.name):
        yield Found(f"{name}/{shown(Path(member.name))}", member.path, member.path.stat().st_size, origin)


def read_file(
    file: Found, folder: Path, state: PartState, kept: FileCorrections, key: bytes, pool: Workers
) -> Iterator[tuple[float, PartState]]:
    """Read the rest of a file into parts; (share of the file, state) as it goes, the last when it is done.

    Args:
        file: the file.
        folder: of its parts.
        state: as kept from an earlier reading.
        kept: what a person said about the file.
        key: of the masked names.
        pool: who reads blocks.
    """
    if not state.done:
        try:
            log = open_log(file.path)
            yield from _read(file, log, folder, state, kept, key, pool)
        except InputError as error:
            state.faults.append(f"{file.name}: {str(error).removeprefix(f'{file.path.name}: ')}")
        _conclude(state, file.name, kept)
        state.done = True
        state.keep(folder)
    yield 1.0, state


def _read(
    file: Found, log: LogFile, folder: Path, state: PartState, kept: FileCorrections, key: bytes, pool: Workers
) -> Iterator[tuple[float, PartState]]:
    redaction = LogRedaction(key)
    sample = _Sample.of(log)
    if sample.empty:
        said = "a line of column names and no line below it" if log.header else "empty"
        state.faults.append(f"{file.name}: {said}; check the export")
        return
    form = trace_format(sample.objects)
    if form is not None:
        yield from _read_traces(file, log, form, folder, state, kept, key, pool)
        return
    if not state.parts:
        state.columns, state.guesses = _columns(sample, kept, redaction)
        state.faults.extend(_missing_columns(file.name, sample, kept))
        if log.headerless:
            state.faults.append(
                f"{file.name}: no header: its first line holds data; columns were told by their values alone; add a line of "
                "names and add the file again, or name the columns ('column 1', 'column 2', ...) yourself"
            )
    plan = _plan(file.name, log, state.columns, kept, key)
    blocks: Iterator[Block] = log.blocks(state.end)
    for block, _ in read_parts(folder, state, plan, blocks, pool):
        yield block.share, state


def _plan(name: str, log: LogFile, columns: Columns, kept: FileCorrections, key: bytes) -> FilePlan:
    units = dict(kept.units) | ({"cost": kept.currency} if kept.currency else {})
    return FilePlan(name, columns, log.header, log.dialect, log.encoding, units, kept.time_zone, key)


@dataclass(slots=True)
class _Sample:
    """The first records of a file, as they are and spread out."""

    objects: list[Mapping[str, object]] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    empty: bool = True

    @classmethod
    def of(cls, log: LogFile) -> _Sample:
        found = cls(paths=set(log.header))
        rows = rows_of(log)
        try:
            for row in rows:
                found.empty = False
                if isinstance(row, Row):
                    found.objects.append(row.values)
                if len(found.objects) >= SAMPLE_RECORDS:
                    break
        except InputError:
            if found.empty:
                raise  # else what comes before the damage is read, and the damage is met again
        return found


def _columns(
    sample: _Sample, kept: FileCorrections, redaction: LogRedaction
) -> tuple[Columns, list[dict[str, object]]]:
    """The columns of a table with one question a line, and the guesses they are."""
    turns = turns_key(sample.objects)
    flat: list[dict[str, object]] = []
    for table in tables_of(Records(objects=sample.objects, numbers=list(range(len(sample.objects)))), turns):
        for row in range(table.rows):
            flat.append({path: values[row] for path, values in table.columns.items()})
    known = {path for record in flat for path in record} | sample.paths
    said = {name: path for name, path in kept.columns.items() if path is None or path in known}
    columns = Columns.of(flat, said)
    columns.turns = turns
    columns.empty |= sample.paths - columns.known
    for table in tables_of(Records(objects=sample.objects, numbers=list(range(len(sample.objects)))), turns):
        unfolded_chats(columns, table)  # finds whether the answers are messages of a chat
    return columns, [asdict(guess) for guess in guesses(columns, flat, redaction)]


def _missing_columns(name: str, sample: _Sample, kept: FileCorrections) -> Iterator[str]:
    known = {path for record in sample.objects for path in flatten(record)} | sample.paths
    for wanted, path in kept.columns.items():
        if path is not None and path not in known:
            yield f"{name}: no column '{path}', which log_mapping.json names for {wanted}; correct it there"


def _read_traces(
    file: Found,
    log: LogFile,
    form: str,
    folder: Path,
    state: PartState,
    kept: FileCorrections,
    key: bytes,
    pool: Workers,
) -> Iterator[tuple[float, PartState]]:
    """A trace export: its reader gives rows whose values are named as the fields are."""
    state.format = form
    scratch = folder / "spans"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    reading = read_traces(rows_of(log), form, file.name, scratch)
    if not state.parts:
        state.columns = _as_named()
    plan = replace(_plan(file.name, log, state.columns, kept, key), traces=True)
    for block, _ in read_parts(folder, state, plan, blocks_of_rows(iter(reading), state.end), pool):
        yield block.share, state
    redaction = LogRedaction(key)
    state.sources = {name: redaction.text(path) for name, path in reading.sources.items()}
    state.unused = [redaction.text(path) for path in reading.unused]
    # As JSON gives it back: the state that is reached and the one that is kept are compared.
    state.questions = [{**asdict(question), "choices": list(question.choices)} for question in reading.questions]
    shutil.rmtree(scratch, ignore_errors=True)
    for reason, count in reading.left_out.items():
        state.faults.append(f"{file.name}: {count:,} of {reading.traces:,} traces left out: {reason}")


def _as_named() -> Columns:
    named = {name: [name] for name in FIELDS if "." not in name}
    named["latency_ms"].append("latency")
    named["retrieved.items"] = ["retrieved"]
    return Columns(chosen=named, fixed=set(named))


def _conclude(state: PartState, name: str, kept: FileCorrections) -> None:
    """Faults that only all of a file shows."""
    tally = state.tally
    if tally.records and not tally.interactions and not tally.additions:
        state.faults.append(f"{name}: {_no_question(state)}")
    if tally.either_first and date_order(state, kept) is None:
        state.faults.append(
            f"{name}: {tally.either_first:,} of {tally.interactions:,} dates in '{column_of(state, 'at')}' (such as "
            f"{tally.date_example}) can be read with the day or the month first and are left out; say which"
        )
    if tally.local_times:
        column = column_of(state, "at")
        remedy = "name their zone" if not kept.time_zone else "write them as in 2026-09-14 10:00"
        state.faults.append(
            f"{name}: {tally.local_times:,} of {tally.interactions:,} times in '{column}' (such as {tally.local_example}) "
            f"name no time zone and are left out; export them with an offset (+01:00) or in UTC with Z, or {remedy}"
        )
    for unitless, count in tally.unitless.items():
        state.faults.append(
            f"{name}: {count:,} values in '{column_of(state, unitless)}' state no unit and are left out; say whether they "
            "are seconds or milliseconds"
        )


def _no_question(state: PartState) -> str:
    if state.format != "table":
        return f"a trace export ({state.format}) without a question in it; export its spans with inputs and outputs"
    if len(state.columns.known) == 1:
        return "running text, no log; move it to corpus/ if it is a document the pilot reads"
    names = ", ".join(sorted(state.columns.known)[:8]) or "none"
    return f"no column holds the question (found: {names[:200]}); name the column 'query' and add the file again"
