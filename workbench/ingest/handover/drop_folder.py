"""Sorts what lies in the drop folder `<case>/inbox/` into the parts of the case, and moves a file where a person wants it.

Archives are unpacked first. A run that is stopped or killed at any point loses nothing: what it planned is written down before
anything is moved, and the next run goes on from there. Links are never followed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.case import INBOX, KEPT, PARTS, Case, derived_folder, files_below, shown
from workbench.errors import CaseError, InputError
from workbench.ingest.archives.containers import CONTAINERS
from workbench.ingest.archives.names import JUNK_NAMES
from workbench.ingest.archives.unpacking import DiskFullError, Unpacked
from workbench.ingest.handover.entries import archive_kind, is_regular, left_reason, remove_empty, safe_stem, writing
from workbench.ingest.handover.journal import Placing, note
from workbench.ingest.handover.moves import free_place, move, same_file
from workbench.ingest.handover.placing import BESIDE, Handed, Place, places, target_in
from workbench.ingest.handover.plans import PLAN, Move, Plan, alone, read_plan, write_plan
from workbench.ingest.handover.sorting import LABELS
from workbench.ingest.handover.table_sorting import Placement

STATE = "inbox"
UNPACKED = "files"

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one file of the drop folder.

    Attributes:
        from_path: where it was handed over, relative to the case folder: "inbox/share.zip/a/b.pdf".
        to_path: where it lies now, relative to the case folder; None where it was not placed.
        placement: why there; None where it was not placed.
        reason: why it was not placed, or what else should be known; "" otherwise.
    """

    from_path: str
    to_path: str | None
    placement: Placement | None
    reason: str = ""


def take_in(
    root: Path,
    *,
    progress: Progress | None = None,
    now: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
) -> list[Placed]:
    """Sort everything in `<root>/inbox/` into the parts of the case.

    A file that is still being written is left for the next time, and so is its whole folder. An archive that cannot be read goes
    to the corpus as it is, where it is reported; one of which something is refused is kept in `inbox/_kept/`.

    Args:
        root: the case folder.
        progress: called with the share done, 0 to 1, and the file at hand. It may raise to stop: nothing is lost.
        now: the time, seconds since 1970.
        pause: waits for so many seconds.

    Raises:
        CaseError: the case is read-only, another run is sorting it, or a part of it is a link.
    """
    inbox = root / INBOX
    if inbox.is_symlink() or not inbox.is_dir():
        return []
    state = derived_folder(root) / STATE
    if not state.is_relative_to(root):
        raise CaseError(f"{root.name}: is marked read-only, so nothing can be sorted in; allow writing to the folder")
    with alone(state):
        return list(_Sorter(root, state, writing(inbox, now, pause), progress).run())


def move_to(root: Path, relative: str, part: str) -> str:
    """Move a file of the case to another part, where a person says so, and return where it lies now.

    Args:
        root: the case folder.
        relative: the file, relative to the case folder.
        part: one of the parts, or "labels".

    Raises:
        InputError: no such part or file, the file is a link or in none of the parts, or the place is taken.
        CaseError: the path leaves the case folder.
    """
    if part not in (*PARTS, LABELS):
        raise InputError(f"'{part}' is no part of a case; known are {', '.join((*PARTS, LABELS))}")
    path = Case(root.resolve(), root.name, root.name).resolve(relative)
    name = path.relative_to(root.resolve()).as_posix()
    if path != root.resolve() / relative or not is_regular(path):
        raise InputError(f"{relative}: no such file in the case (links are not followed); read the files again")
    if name.partition("/")[0] not in (*PARTS, INBOX, "qrels") and name not in BESIDE:
        raise InputError(f"{relative}: lies in none of the parts of the case; only their files can be moved")
    wanted = target_in(part, name.removeprefix(f"{INBOX}/"))
    if wanted == name:
        return name
    target, _ = free_place(root, wanted, path)
    if target != root / wanted or os.path.lexists(target):
        raise InputError(f"{wanted}: is there already; rename one of the two files and move it again")
    note(root, Placing(wanted, name, part, 1.0, "moved by a person"))
    try:
        scratch = derived_folder(root) / STATE
        scratch.mkdir(parents=True, exist_ok=True)
        move(path, target, scratch)
    except OSError as error:
        raise InputError(f"{relative}: could not be moved ({error.strerror}); check its permissions") from error
    return wanted


class _Sorter:
    """One run over the drop folder of a case."""

    def __init__(self, root: Path, state: Path, growing: set[Path], progress: Progress | None) -> None:
        self._root, self._state, self._inbox = root, state, root / INBOX
        self._growing, self._progress = growing, progress
        self._done, self._all = 0, 1

    def run(self) -> Iterator[Placed]:
        for folder in sorted(path for path in self._state.iterdir() if path.is_dir()):
            yield from self._resume(folder)
        loose: list[Handed] = []
        entries = sorted(entry for entry in self._inbox.iterdir() if entry.name != KEPT)
        self._all = max(1, len(entries))
        for number, entry in enumerate(entries):
            self._done = number
            reason = left_reason(entry, self._growing)
            if reason is not None:
                if reason:
                    yield Placed(f"{INBOX}/{shown(Path(entry.name))}", None, None, reason)
            elif entry.is_dir():
                yield from self._folder(entry)
            elif kind := archive_kind(entry):
                yield from self._archive(entry, kind)
            else:
                loose.append(Handed(entry.name, entry))
        yield from self._group(loose, "loose files")

    def _folder(self, folder: Path) -> Iterator[Placed]:
        left: list[Placed] = []

        def unread(path: Path, reason: str) -> None:
            left.append(Placed(shown(path.relative_to(self._root)), None, None, reason))

        paths = [path for path in files_below(folder, unread) if path.name.lower() not in JUNK_NAMES]
        yield from left
        yield from self._group([Handed(path.relative_to(self._inbox).as_posix(), path) for path in paths], folder.name)
        remove_empty(folder)

    def _group(self, files: Sequence[Handed], name: str) -> Iterator[Placed]:
        """Files that lie in the drop folder as such."""
        if not files:
            return
        found = places(files, told=self._tell)
        taken = [place for place in found if self._beside_is_taken(place)]
        yield from (
            Placed(
                f"{INBOX}/{place.file.name}",
                None,
                None,
                f"another {place.target} is there already; take one of the two away",
            )
            for place in taken
        )
        moves = tuple(self._move(place, f"{INBOX}/{place.file.name}") for place in found if place not in taken)
        yield from self._carry_out(self._folder_for(name), Plan(moves))

    def _archive(self, path: Path, kind: str) -> Iterator[Placed]:
        facts = path.lstat()
        scratch = self._folder_for(f"{path.name}\0{facts.st_size}\0{facts.st_mtime_ns}")
        self._tell(path.name)
        try:
            unpacked = CONTAINERS[kind](path, scratch / UNPACKED)
        except DiskFullError as error:
            shutil.rmtree(scratch)
            yield Placed(f"{INBOX}/{path.name}", None, None, str(error))
            return
        except InputError:
            unpacked = Unpacked((), ())
        if not unpacked.members:
            shutil.rmtree(scratch)
            yield from self._group([Handed(path.name, path)], path.name)  # the corpus reports what is wrong with it
            return
        yield from self._carry_out(scratch, self._archive_plan(path, facts, unpacked))

    def _archive_plan(self, path: Path, facts: os.stat_result, unpacked: Unpacked) -> Plan:
        files = [Handed(member.name, member.path) for member in unpacked.members]
        found = places(files, safe_stem(path), told=self._tell)
        taken = [place for place in found if self._beside_is_taken(place)]
        moves = tuple(
            self._move(place, f"{INBOX}/{path.name}/{place.file.name}") for place in found if place not in taken
        )
        refused = [(member.name, member.reason) for member in unpacked.refused if not member.junk]
        refused += [(place.file.name, f"another {place.target} is there already") for place in taken]
        return Plan(moves, path.name, facts.st_size, facts.st_mtime_ns, tuple(refused))

    def _folder_for(self, name: str) -> Path:
        folder = self._state / hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def _beside_is_taken(self, place: Place) -> bool:
        """Whether a file that can only have one name finds it taken by another."""
        path = self._root / place.target
        return place.target in BESIDE and os.path.lexists(path) and not same_file(path, place.file.path)

    def _move(self, place: Place, handed: str) -> Move:
        placement = place.placement
        source = place.file.path.relative_to(self._root).as_posix()
        return Move(handed, source, place.target, placement.part, placement.confidence, placement.reason)

    def _resume(self, scratch: Path) -> Iterator[Placed]:
        """Go on with what an earlier run planned; what it had not finished planning is begun anew."""
        plan = read_plan(scratch / PLAN)
        if plan is None:
            shutil.rmtree(scratch)
        else:
            yield from self._carried_out(scratch, plan)

    def _carry_out(self, scratch: Path, plan: Plan) -> Iterator[Placed]:
        write_plan(scratch / PLAN, plan)
        yield from self._carried_out(scratch, plan)

    def _carried_out(self, scratch: Path, plan: Plan) -> Iterator[Placed]:
        failed = False
        for step in plan.moves:
            source = self._root / step.source
            if not is_regular(source) or source in self._growing:
                continue  # moved by a run that was stopped later, or put there since
            self._tell(step.handed)
            placed = self._placed(step, source)
            failed = failed or placed.to_path is None
            yield placed
        if failed and plan.archive:
            return  # its members stay where they are, and the next run tries again
        yield from self._settle(plan)
        shutil.rmtree(scratch)

    def _placed(self, step: Move, source: Path) -> Placed:
        placement = Placement(step.part, step.confidence, step.reason)
        try:
            target, there = free_place(self._root, step.target, source)
            relative = target.relative_to(self._root).as_posix()
            note(self._root, Placing(relative, step.handed, step.part, step.confidence, step.reason))
            if there:
                source.unlink()
            else:
                move(source, target, self._state)
        except OSError as error:
            return Placed(
                step.handed, None, None, f"could not be moved ({error.strerror}); check permissions and free space"
            )
        return Placed(step.handed, relative, placement, "the same file was there already" if there else "")

    def _settle(self, plan: Plan) -> Iterator[Placed]:
        """All members of an archive are placed: take it away, or keep it where something of it was refused."""
        if not plan.archive:
            return
        for name, reason in plan.refused:
            note(self._root, Placing("", f"{INBOX}/{plan.archive}/{name}", "", 0.0, reason))
            yield Placed(f"{INBOX}/{plan.archive}/{name}", None, None, reason)
        archive = self._inbox / plan.archive
        if not is_regular(archive) or (archive.stat().st_size, archive.stat().st_mtime_ns) != (
            plan.size,
            plan.changed,
        ):
            return  # taken away by a run that was stopped later, or replaced by another archive since
        if plan.refused:
            target, there = free_place(self._root, f"{INBOX}/{KEPT}/{plan.archive}", archive)
            if not there:
                move(archive, target, self._state)
                return
        archive.unlink()

    def _tell(self, name: str) -> None:
        if self._progress:
            self._progress(min(1.0, self._done / self._all), PurePosixPath(name).name)
