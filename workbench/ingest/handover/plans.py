"""What a run over the drop folder is about to do, written down before it does it; and the lock that keeps runs apart."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.errors import CaseError

PLAN = "plan.json"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Move:
    """One file to be moved.

    Attributes:
        handed: where it was handed over: "inbox/share.zip/a/b.pdf".
        source: where it lies, relative to the case folder. target: where it goes, likewise.
        part, confidence, reason: its placement.
    """

    handed: str
    source: str
    target: str
    part: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All moves of one group of files; for an archive its name, size, time of change, and the members that were refused."""

    moves: tuple[Move, ...]
    archive: str = ""
    size: int = 0
    changed: int = 0
    refused: tuple[tuple[str, str], ...] = ()


def write_plan(path: Path, plan: Plan) -> None:
    """Write a plan; it is there as a whole, on the disk, or not at all."""
    scratch = path.with_suffix(".part")
    with scratch.open("w", encoding="utf-8") as stream:
        json.dump(asdict(plan), stream)
        stream.flush()
        os.fsync(stream.fileno())
    scratch.replace(path)


def read_plan(path: Path) -> Plan | None:
    """A plan as it was written; None where there is none, or nothing that can be read."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        moves = tuple(Move(**entry) for entry in stored.pop("moves"))
        refused = tuple((str(name), str(reason)) for name, reason in stored.pop("refused"))
        return Plan(moves=moves, refused=refused, **stored)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep every other run out while this one works; the system lets go of the lock when the process ends, however it ends.

    Raises:
        CaseError: another run is at work.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+b") as stream:
        try:
            _lock(stream.fileno())
        except OSError as error:
            raise CaseError("the drop folder is being sorted by another run; wait until it is done") from error
        yield


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
