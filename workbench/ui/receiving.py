"""Takes in one uploaded file block by block: into a scratch file first, and under its name only when it is whole.

It knows cases and files, nothing of the web; the handler in `workbench.ui.uploads` feeds it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from workbench.case import INBOX, PARTS, Case
from workbench.errors import CaseError, InputError

MAX_UPLOAD = 16 * 2**30
"""Bytes one upload may have; larger files go into the drop folder by hand."""
FREE_BYTES = 2**30
"""What has to stay free on the disk."""
STALE_SECONDS = 24 * 3600
"""Age after which a scratch file of an upload that broke off is removed."""
LONGEST = 200
"""Bytes a file name may have: systems allow 255, and a number may have to be added."""
MOST_FOLDERS = 20
TARGETS = (INBOX, *PARTS)


class Receiver:
    """One file on its way into a case.

    Args:
        case: the case it is for.
        name: the file's name, with folders below the target where a folder is uploaded ("share/a/b.pdf").
        target: a part of the case, or the drop folder, whose files are sorted in by content.
        size: bytes announced.

    Raises:
        InputError: the name cannot be used, or the file is too large.
        CaseError: the case cannot be written to, the target is unknown, or the disk is too full.
    """

    def __init__(self, case: Case, name: str, target: str, size: int) -> None:
        if target not in TARGETS:
            raise CaseError(f"'{target}' is no part of a case; known are {', '.join(TARGETS)}")
        if not case.writable:
            raise CaseError(f"{case.slug}: is marked read-only, so nothing can be added to it")
        self._parts = safe_parts(name)
        self._case, self._target, self._size = case, target, size
        self._check_size()
        folder = case.derived / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        for stale in _stale(folder):
            stale.unlink(missing_ok=True)
        self._scratch = folder / f"{secrets.token_hex(8)}.part"
        self._stream = self._scratch.open("wb")
        self._received = 0

    def take(self, block: bytes) -> None:
        """Append a block.

        Raises:
            InputError: more bytes than announced; what came is forgotten.
        """
        self._received += len(block)
        if self._received > self._size:
            self.abandon()
            raise InputError(f"{self._parts[-1]}: more bytes came than were announced; send it again")
        self._stream.write(block)

    def finish(self) -> str:
        """Put the whole file in its place and return where that is, relative to the case; nothing is ever overwritten.

        Raises:
            InputError: fewer bytes came than were announced.
        """
        if self._received != self._size:
            self.abandon()
            raise InputError(f"{self._parts[-1]}: {self._received:,} of {self._size:,} bytes came; send it again")
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        folder = self._folder()
        for name in _free_names(self._parts[-1]):
            path = folder / name
            try:
                os.link(
                    self._scratch, path
                )  # fails where the name is taken: no look before that another could overtake
            except FileExistsError:
                continue
            except OSError:  # a file system without links
                if path.exists():
                    continue
                self._scratch.replace(path)
            self._scratch.unlink(missing_ok=True)
            return path.relative_to(self._case.root).as_posix()
        raise AssertionError("there is always a free name")

    def abandon(self) -> None:
        """Forget what came so far."""
        self._stream.close()
        self._scratch.unlink(missing_ok=True)

    def _folder(self) -> Path:
        """The folder the file goes into, made where it is not there; a link on the way is not followed."""
        folder = self._case.root / self._target
        for part in ("", *self._parts[:-1]):
            folder = folder / part
            folder.mkdir(exist_ok=True)
            if folder.is_symlink():
                raise CaseError(f"{folder.name}: is a link to somewhere else; nothing is put through it")
        return folder

    def _check_size(self) -> None:
        if self._size > MAX_UPLOAD:
            raise InputError(
                f"{self._parts[-1]}: larger than {MAX_UPLOAD // 2**30} GiB; copy it into the drop folder of the case instead"
            )
        free = shutil.disk_usage(self._case.root).free
        if self._size + FREE_BYTES > free:
            raise CaseError(
                f"the disk has {free // 2**20:,} MiB left, too little for a file of {self._size // 2**20:,} MiB; make room first"
            )


def safe_parts(name: str) -> tuple[str, ...]:
    r"""The folders and the file name of an uploaded name.

    Raises:
        InputError: it leaves the folder, is empty, too long or too deep, or holds characters no file name should have.

    >>> safe_parts("share/a.pdf")
    ('share', 'a.pdf')
    """
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part)
    wrong = (
        not parts
        or len(parts) > MOST_FOLDERS
        or name.startswith(("/", "\\"))
        or any(part in (".", "..") or part != part.strip() or ":" in part for part in parts)
        or any(not character.isprintable() for character in name)
        or any(len(part.encode(errors="replace")) > LONGEST for part in parts)
    )
    if wrong:
        raise InputError(
            f"{ascii(name)[:80]}: cannot be used as a file name; rename the file (no '..', no ':', at most {LONGEST} bytes)"
        )
    return parts


def _free_names(name: str) -> Iterator[str]:
    path = Path(name)
    yield name
    number = 2
    while True:
        yield f"{path.stem} ({number}){path.suffix}"
        number += 1


def _stale(folder: Path) -> list[Path]:
    oldest = time.time() - STALE_SECONDS
    return [path for path in folder.glob("*.part") if path.stat().st_mtime < oldest]
