"""Moves a file to a free place inside a case: nothing is overwritten, no link is followed, nothing half-written is ever seen."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from pathlib import Path, PurePosixPath

from workbench.errors import CaseError
from workbench.ingest.archives.names import numbered

BLOCK = 2**20


def free_place(root: Path, target: str, source: Path) -> tuple[Path, bool]:
    """(where a file can go, whether it lies there already); the name is numbered where another file has it.

    Args:
        root: the case folder.
        target: where it should go, relative to it.
        source: the file, to be compared with what lies there.

    Raises:
        CaseError: the part itself is a link or a file.
    """
    parts = PurePosixPath(target).parts
    folder = root
    for depth, part in enumerate(parts[:-1]):
        folder = _free_folder(folder, part, may_number=depth > 0)
    number = 1
    while True:
        path = folder / (parts[-1] if number == 1 else numbered(parts[-1], number))
        if not os.path.lexists(path):
            return path, False
        if same_file(path, source):
            return path, True
        number += 1


def _free_folder(above: Path, name: str, *, may_number: bool) -> Path:
    number = 1
    while True:
        folder = above / (name if number == 1 else numbered(name, number))
        if not os.path.lexists(folder) or (folder.is_dir() and not folder.is_symlink()):
            return folder
        if not may_number:
            raise CaseError(f"{name}: is a link or a file, expected a folder of the case; move it away and try again")
        number += 1


def same_file(one: Path, other: Path) -> bool:
    """Whether two regular files hold the same bytes; links are never followed."""
    facts, others = one.lstat(), other.lstat()
    if not (stat.S_ISREG(facts.st_mode) and stat.S_ISREG(others.st_mode)) or facts.st_size != others.st_size:
        return False
    if (facts.st_dev, facts.st_ino) == (others.st_dev, others.st_ino):
        return True
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(BLOCK):
            if block != second.read(BLOCK):
                return False
    return True


def move(source: Path, target: Path, scratch: Path) -> None:
    """Move a file to a name that is free.

    Killed in between, it lies in both places and is the same; a copy that is not whole lies in the scratch folder alone.

    Args:
        source: the file.
        target: where it goes; folders are made.
        scratch: a folder on the file system of the target, for a copy on its way.

    Raises:
        FileExistsError: the name was taken in the meantime.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # another file system, or one without links
        _copy(source, target, scratch)
    source.unlink()


def _copy(source: Path, target: Path, scratch: Path) -> None:
    part = scratch / f"{secrets.token_hex(8)}.part"
    try:
        shutil.copy2(source, part, follow_symlinks=False)
        if os.path.lexists(target):
            raise FileExistsError(target)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
