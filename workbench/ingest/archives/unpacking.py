"""Writes members of an archive to disk within bounds: bytes, ratio, count and free space are those really met, never declared.

It knows no format; `workbench.ingest.archives.containers` opens the archives and hands the streams over.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workbench.errors import InputError
from workbench.ingest.archives.names import JUNK, UniqueNames, UnsafeName, is_junk, printable, safe_parts

BLOCK = 2**20
"""Bytes read and written at a time: all of a member that is ever in memory."""
PARTIAL = ".unpacking-"
"""Beginning of the name under which a member is written until it is whole."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file that was unpacked.

    Attributes:
        name: its path inside the archive, posix, as it could safely be written.
        path: where it lies now.
    """

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Refused:
    """A member that was not unpacked, and why; `junk` where nothing is lost by it."""

    name: str
    reason: str
    junk: bool = False


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of an archive, and what did not."""

    members: tuple[Member, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """How far unpacking goes.

    Attributes:
        members: files of one archive. member_bytes: bytes of one file. total_bytes: bytes written for one archive.
        ratio: bytes written for each packed byte; counts only above `ratio_from` bytes, for small files may well be all blanks.
        keep_free: bytes of the disk that stay free.
    """

    members: int = 50_000
    member_bytes: int = 2 * 2**30
    total_bytes: int = 8 * 2**30
    ratio: int = 200
    ratio_from: int = 64 * 2**20
    keep_free: int = 2**30


LIMITS = Limits()


class DiskFullError(InputError):
    """The disk has no room for what an archive holds; nothing is wrong with the archive."""


class BoundReachedError(Exception):
    """A member, or the archive as a whole, is larger than allowed."""


class Unpacking:
    """One archive being unpacked into an empty folder.

    Args:
        into: made where it is not there.
        archive: the archive's name, for messages.
        packed: its size in bytes.
        limits: how far it goes.

    Raises:
        ValueError: the folder holds something already.
        DiskFullError: the disk is full to begin with.
    """

    def __init__(self, into: Path, archive: str, packed: int, limits: Limits) -> None:
        into.mkdir(parents=True, exist_ok=True)
        if into.is_symlink() or any(into.iterdir()):
            raise ValueError("archives are unpacked into an empty folder")
        self._into, self._archive, self._packed, self._limits = into, archive, packed, limits
        self._names = UniqueNames()
        self._members: list[Member] = []
        self._refused: list[Refused] = []
        self._written = 0
        self._free_checked_at = 0
        self._over = ""
        self._check_disk(0)

    @property
    def over(self) -> str:
        """Why nothing more is taken; "" while there is room."""
        if not self._over and len(self._members) >= self._limits.members:
            self._over = f"not unpacked: the archive holds more than {self._limits.members:,} files; split it"
        return self._over

    def expect(self, declared: int) -> None:
        """Stop before anything is written where even what the archive declares does not fit on the disk.

        Raises:
            DiskFullError: it does not fit.
        """
        self._check_disk(min(declared, self._limits.total_bytes))

    def parts_of(self, name: str) -> tuple[str, ...] | None:
        """The safe parts of a member's name; None where the member is refused for it, which is noted."""
        try:
            parts = safe_parts(name)
        except UnsafeName as error:
            self.refuse(name, f"not unpacked: {error}")
            return None
        if is_junk(parts):
            self._refused.append(Refused(printable(name), JUNK, junk=True))
            return None
        if self.over:
            self.refuse(name, self.over)
            return None
        return parts

    def refuse(self, name: str, reason: str) -> None:
        """Note a member that is not unpacked."""
        self._refused.append(Refused(printable(name), reason))

    def write(self, parts: tuple[str, ...], blocks: Iterable[bytes], packed: int, changed: float | None = None) -> None:
        """Write one member; it appears under its name when it is whole, or not at all.

        Args:
            parts: from `parts_of`.
            blocks: its bytes, in pieces that fit into memory.
            packed: bytes it takes in the archive, as far as known; never taken for more than the archive has.
            changed: time of its last change, seconds since 1970.

        Raises:
            DiskFullError: the disk is full.
            BoundReachedError: it is too large; what was written of it is gone.
        """
        partial = self._into / f"{PARTIAL}{secrets.token_hex(8)}"
        try:
            with partial.open("xb") as stream:
                for block in self._within_bounds(blocks, packed):
                    self._put(stream, block)
            if changed is not None:
                os.utime(partial, (changed, changed))
            name = self._names.take(parts)
            target = self._into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        self._members.append(Member(name, target))

    def result(self) -> Unpacked:
        """What came of it."""
        return Unpacked(tuple(self._members), tuple(self._refused))

    def _within_bounds(self, blocks: Iterable[bytes], packed: int) -> Iterator[bytes]:
        limits, size = self._limits, 0
        for block in blocks:
            size += len(block)
            # What is written for a member that is refused later counts too: it costs the same time.
            self._written += len(block)
            if size > limits.member_bytes:
                raise BoundReachedError(
                    f"not unpacked: larger than {_mib(limits.member_bytes)} MiB; send it by itself, unpacked"
                )
            if _absurd(size, min(packed, self._packed), limits):
                raise BoundReachedError(
                    f"not unpacked: grows to over {limits.ratio} times its packed size; send it unpacked"
                )
            self._check_archive()
            if self._written - self._free_checked_at >= 32 * BLOCK:
                self._check_disk(0)
            yield block

    def _put(self, stream: IO[bytes], block: bytes) -> None:
        try:
            stream.write(block)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFullError(
                    f"{self._archive}: not unpacked: the disk is full; make room and try again"
                ) from error
            raise

    def _check_archive(self) -> None:
        limits = self._limits
        if self._written > limits.total_bytes:
            self._over = f"not unpacked: the archive unpacks to more than {_mib(limits.total_bytes)} MiB; split it"
        elif _absurd(self._written, self._packed, limits):
            self._over = (
                f"not unpacked: the archive grows to more than {limits.ratio} times its size; send the files unpacked"
            )
        if self._over:
            raise BoundReachedError(self._over)

    def _check_disk(self, needed: int) -> None:
        self._free_checked_at = self._written
        free = shutil.disk_usage(self._into).free - self._limits.keep_free
        if free < max(needed, 1):
            raise DiskFullError(
                f"{self._archive}: not unpacked: it needs {_mib(needed)} MiB or more and the disk has room for "
                f"{_mib(max(0, free))} MiB beside the {_mib(self._limits.keep_free)} MiB that stay free; make room and try again"
            )


def _absurd(written: int, packed: int, limits: Limits) -> bool:
    return written > limits.ratio_from and written > limits.ratio * max(1, packed)


def _mib(size: int) -> str:
    return f"{-(-size // 2**20):,}"


def blocks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a stream, block by block."""
    while block := stream.read(BLOCK):
        yield block
