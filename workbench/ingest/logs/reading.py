"""The query log of a case: every file under `logs/` read into the interaction table, and what analyses need of it.

It orders the work, keeps faults apart from lines, and judges nothing: how a file is read is told in `logs.files`, how the
table is made in `logs.table`. What was read once is only opened the next time, and an interrupted reading goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.case import files_below, shown
from workbench.errors import InputError
from workbench.ingest.logs.corrections import FileCorrections, read_corrections
from workbench.ingest.logs.files import Found, found_files, read_file
from workbench.ingest.logs.mapping import date_order, field_sources, file_mapping, mapping_from_json, top_mark
from workbench.ingest.logs.masking import LogRedaction, case_key
from workbench.ingest.logs.parts import PartState, forget_parts, part_name, replace_text
from workbench.ingest.logs.schema import FORMAT_VERSION
from workbench.ingest.logs.table import (
    KEPT_INTERACTIONS,
    Built,
    Scale,
    build_table,
    interactions_in,
    write_sample,
)
from workbench.ingest.logs.turn import turn
from workbench.ingest.logs.workers import workers
from workbench.records import QueryLog

KEPT_FAULTS = 20
"""Faults of single lines told in full; the rest is counted file by file."""
IGNORED_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep"}
TABLE_NAME = "interactions.parquet"
SAMPLE_NAME = "sample.parquet"
SUMMARY_NAME = "summary.json"
PARALLEL_FROM = 32 * 2**20
"""Bytes of logs from which further processes are started: they take a second to come up."""
READING_SHARE = 0.8
"""Share of the time that reading the files takes, the table the rest: for progress alone."""

Progress = Callable[[float, str], None]


def read_logs(root: Path, *, derived: Path | None = None, progress: Progress | None = None) -> QueryLog:
    """Every interaction under `<root>/logs/`, oldest first; lines without a time follow in file order.

    Questions, answers, retrieved texts, names and faults are masked (`workbench.ingest.logs.masking`). Times that name no
    time zone, and durations that name no unit, are left out until a person says which (`workbench.ingest.logs.corrections`). No
    folder, or an empty one, gives an empty log. Of a log above `KEPT_INTERACTIONS` the interactions are a sample of whole
    sessions; all of them stand in `QueryLog.table`.

    Args:
        root: the case folder.
        derived: folder for derived results, where the table is kept and found again; without one nothing is kept.
        progress: called with the share done, 0 to 1, and what is at hand; what it raises ends the reading, and what was
            read is kept.

    Raises:
        InputError: the folder for derived results cannot be written. Nothing here raises for what a client's file holds.
    """
    folder = root / "logs"
    unread: list[str] = []

    def left_out(path: Path, reason: str) -> None:
        unread.append(f"{shown(path.relative_to(root))}: {reason}")

    found = () if folder.is_symlink() else files_below(folder, left_out)
    paths = [path for path in found if path.name.lower() not in IGNORED_NAMES]
    if not paths:
        return QueryLog(faults=tuple(map(LogRedaction().text, unread)))
    corrections = _corrections(root, unread)
    try:
        with _place(derived) as place:
            reading = _Reading(root, place, case_key(place), corrections, progress or _silent)
            return reading.log(paths, unread, kept=derived is not None)
    except OSError as error:
        raise InputError(
            f"the query log could not be kept ({error.strerror or error}); free some disk space, check permissions and try again"
        ) from error


def _silent(_share: float, _text: str) -> None:
    """For those who need no progress."""


def _corrections(root: Path, faults: list[str]) -> Mapping[str, FileCorrections]:
    try:
        return read_corrections(root)
    except InputError as error:
        faults.append(f"{error}; until then nothing it says is used")
        return {}


@contextmanager
def _place(derived: Path | None) -> Iterator[Path]:
    if derived is not None:
        yield derived
        return
    with tempfile.TemporaryDirectory(prefix="workbench-log-") as folder:
        yield Path(folder)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of the logs of a case.

    Attributes:
        place: the folder for derived results, or a temporary one.
        key: of the masked names.
    """

    root: Path
    place: Path
    key: bytes
    corrections: Mapping[str, FileCorrections]
    progress: Progress

    def log(self, paths: Sequence[Path], unread: Sequence[str], *, kept: bool) -> QueryLog:
        """The log, opened where it was read before."""
        folder = self.place / "logs" / self._fingerprint(paths)
        summary = folder / SUMMARY_NAME
        if not summary.is_file():
            with turn(self.place / "logs", self._waiting):
                if not summary.is_file():  # else whoever came first has read it
                    self._build(paths, folder)
        told = json.loads(summary.read_text(encoding="utf-8"))
        sample = folder / SAMPLE_NAME
        table = folder / TABLE_NAME
        redaction = LogRedaction(self.key)
        return QueryLog(
            interactions=interactions_in(sample if sample.is_file() else table),
            logged_fields=frozenset(name for columns in told["sources"].values() for name in columns),
            field_sources=told["sources"],
            faults=(*map(redaction.text, unread), *told["faults"]),
            total=told["total"],
            mappings=tuple(map(mapping_from_json, told["mappings"])),
            masked=told["masked"],
            table=str(table) if kept else None,
        )

    def _waiting(self) -> None:
        self.progress(0.0, "waiting for another reading of the log")

    def _fingerprint(self, paths: Sequence[Path]) -> str:
        facts = [facts_of(path, path.relative_to(self.root).as_posix()) for path in paths]
        said = {name: asdict(entry) for name, entry in sorted(self.corrections.items())}
        return digest(FORMAT_VERSION, facts, said, self.key.hex())

    def _build(self, paths: Sequence[Path], target: Path) -> None:
        files, faults = found_files(self.root, paths, self.place / "logs" / "unpacked")
        keys = {file.name: self._file_key(file) for file in files}
        parts = self.place / "logs" / "parts"
        states = self._read(files, keys, parts)
        scratch = target.with_name(f".building-{os.getpid()}-{target.name}")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            self._write(states, {name: parts / key for name, key in keys.items()}, faults, scratch)
            shutil.rmtree(target, ignore_errors=True)  # one without a summary is none
            scratch.replace(target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        forget_parts(parts, keys.values())
        _forget_tables(target)

    def _file_key(self, file: Found) -> str:
        said = asdict(self.corrections.get(file.name, FileCorrections()))
        return digest(FORMAT_VERSION, file.origin or facts_of(file.path, file.name), file.name, said, self.key.hex())

    def _read(self, files: Sequence[Found], keys: Mapping[str, str], parts: Path) -> dict[str, PartState]:
        total = max(1, sum(file.size for file in files))
        done = 0
        states: dict[str, PartState] = {}
        with workers(min(2, os.cpu_count() or 1) if total >= PARALLEL_FROM else 0) as pool:
            for file in files:
                folder = parts / keys[file.name]
                folder.mkdir(parents=True, exist_ok=True)
                kept = self.corrections.get(file.name, FileCorrections())
                before, said = done, f"reading {file.name}"
                self.progress(READING_SHARE * before / total, said)
                for share, state in read_file(file, folder, PartState.of(folder), kept, self.key, pool):
                    self.progress(READING_SHARE * (before + share * file.size) / total, said)
                    states[file.name] = state
                done += file.size
        return states

    def _write(
        self, states: Mapping[str, PartState], folders: Mapping[str, Path], faults: Sequence[str], scratch: Path
    ) -> None:
        self.progress(READING_SHARE, "sorting the query log")
        redaction = LogRedaction(self.key)
        said = {name: self.corrections.get(name, FileCorrections()) for name in states}
        scales = [
            Scale(
                name,
                state.tally.lowest,
                state.tally.highest,
                top_mark(state, said[name]),
                date_order(state, said[name]),
            )
            for name, state in states.items()
        ]
        files = [folders[name] / part_name(number) for name, state in states.items() for number in range(state.parts)]
        built = build_table(files, scales, scratch / TABLE_NAME, scratch / "scratch")
        told = [*map(redaction.text, faults), *map(redaction.text, _all_faults(states)), *_lost(built)]
        if built.total > KEPT_INTERACTIONS:
            self.progress(0.97, "drawing a sample of sessions")
            drawn = write_sample(scratch / TABLE_NAME, built.total, scratch / SAMPLE_NAME, scratch / "scratch")
            told.append(
                f"logs: figures rest on a random sample of {drawn:,} of {built.total:,} interactions, whole sessions of them; "
                "counts of the whole log are exact"
            )
        shutil.rmtree(scratch / "scratch", ignore_errors=True)
        masked: dict[str, int] = {}
        for state in states.values():
            for kind, count in state.tally.masked.items():
                masked[kind] = masked.get(kind, 0) + count
        asked = {name: state for name, state in states.items() if state.tally.interactions or state.tally.additions}
        summary = {
            "total": built.total,
            "faults": told,
            "sources": {
                name: sources
                for name, state in asked.items()
                if (sources := state.sources or field_sources(state, said[name], redaction))
            },
            "mappings": [asdict(file_mapping(name, state, said[name], redaction)) for name, state in states.items()],
            "masked": masked,
        }
        replace_text(scratch / SUMMARY_NAME, json.dumps(summary, ensure_ascii=False))
        self.progress(1.0, "query log read")


def _all_faults(states: Mapping[str, PartState]) -> Iterator[str]:
    left = KEPT_FAULTS
    for name, state in states.items():
        yield from state.faults
        if not state.tally.interactions and not state.tally.additions:
            continue
        yield from state.bad[:left]
        hidden = state.tally.bad - min(left, len(state.bad))
        left = max(0, left - len(state.bad))
        if hidden:
            yield f"{name}: {hidden:,} more lines could not be read; correct the export and add it again"


def _lost(built: Built) -> Iterator[str]:
    if built.repeated:
        yield (
            f"logs: repeated lines of one id, in one file or several: {built.repeated:,}; each interaction is counted once, with "
            "what all its lines say"
        )
    if built.first_lost:
        path, place, name = built.first_lost
        yield (
            f"{path} {place}: feedback or review for '{name}', which no line asks; {built.lost:,} such lines are left out; add "
            "the file that holds the questions"
        )


def _forget_tables(current: Path) -> None:
    """Delete tables of earlier logs but the last: a page may still read from it."""
    others = [
        entry
        for entry in current.parent.iterdir()
        if entry.is_dir() and entry != current and entry.name not in ("parts", "unpacked")
    ]
    others.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
    leftovers = [entry for entry in others if entry.name.startswith(".")]
    for entry in [*leftovers, *[entry for entry in others if entry not in leftovers][1:]]:
        shutil.rmtree(entry, ignore_errors=True)


def facts_of(path: Path, name: str) -> str:
    """What tells whether a file has changed: its name, size and time of change."""
    facts = path.stat()
    return f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}"


def digest(*parts: object) -> str:
    """A short name for what something was made from."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]
