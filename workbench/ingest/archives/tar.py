"""Unpacks tar archives, also compressed by gzip, bzip2 or xz, and single files compressed by these.

Files alone come out of an archive: links, devices and pipes are refused by name, owners and permissions are not looked at.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, cast

from workbench.errors import InputError
from workbench.ingest.archives.faults import DAMAGED, refusing, said, size_of
from workbench.ingest.archives.names import decoded_name
from workbench.ingest.archives.unpacking import BLOCK, LIMITS, Limits, Refused, Unpacked, Unpacking, blocks_of

MARK, MARK_AT = b"ustar", 257
MAX_READ = 4 * 2**20
"""Bytes that one header of a tar archive may make its reader take into memory; members come in smaller pieces."""
MAX_WINDOW = 256 * 2**20
"""Bytes of memory an xz file may ask for; its best usual setting takes 65 MiB."""
KINDS_REFUSED: Mapping[bytes, str] = {
    tarfile.SYMTYPE: "a link", tarfile.LNKTYPE: "a link", tarfile.CHRTYPE: "a device", tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
}  # fmt: skip
ENDINGS = {
    ".gz": "", ".tgz": ".tar", ".bz2": "", ".tbz2": ".tar", ".tbz": ".tar", ".xz": "", ".txz": ".tar", ".svgz": ".svg",
}  # fmt: skip
"""Suffix of a compressed file -> what stands in its place when it is unpacked."""


class _Bounded(io.RawIOBase):
    """A stream that gives no more at once than a sound archive asks for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_READ:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


class _Xz(lzma.LZMAFile):
    """An xz file that may not ask for more memory than `MAX_WINDOW`."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            lzma.LZMADecompressor(memlimit=MAX_WINDOW).decompress(stream.read(2**16), 1)
        super().__init__(path)


OPENERS: Mapping[str, Callable[[Path], IO[bytes]]] = {
    "bzip2": cast("Callable[[Path], IO[bytes]]", bz2.BZ2File),
    "gzip": cast("Callable[[Path], IO[bytes]]", gzip.GzipFile),
    "xz": cast("Callable[[Path], IO[bytes]]", _Xz),
}


def is_tar(head: bytes) -> bool:
    """Whether a file begins as a tar archive."""
    return head[MARK_AT : MARK_AT + len(MARK)] == MARK


def holds_tar(path: Path, kind: str) -> bool:
    """Whether a compressed file of this kind holds a tar archive."""
    try:
        with OPENERS[kind](path) as stream:
            return is_tar(stream.read(512))
    except DAMAGED:
        return False


def unpack_tar(path: Path, into: Path, *, limits: Limits = LIMITS) -> Unpacked:
    """Unpack a tar archive; of a damaged one what stands before the damage.

    Raises:
        InputError: nothing of it can be read.
        DiskFullError: the disk has no room for it.
    """
    unpacking = Unpacking(into, path.name, size_of(path), limits)
    try:
        with path.open("rb") as stream:
            return _entries(stream, path, unpacking, limits)
    except OSError as error:
        raise InputError(f"{path.name}: could not be read ({said(error)}); check its permissions") from error


def unpack_compressed(path: Path, into: Path, kind: str, *, limits: Limits = LIMITS) -> Unpacked:
    """Unpack a compressed file: the files of the tar archive in it, else the one file, under its name without the suffix.

    Raises:
        InputError: damaged, or larger than allowed.
        DiskFullError: the disk has no room for it.
    """
    unpacking = Unpacking(into, path.name, size_of(path), limits)
    if holds_tar(path, kind):
        with OPENERS[kind](path) as stream:
            return _entries(stream, path, unpacking, limits)
    suffix = path.suffix.lower()
    name = f"{path.stem}{ENDINGS[suffix]}" if suffix in ENDINGS else path.name
    parts = unpacking.parts_of(name)
    if parts is not None:
        with refusing(unpacking, name), OPENERS[kind](path) as stream:
            unpacking.write(parts, blocks_of(stream), size_of(path))
    found = unpacking.result()
    if not found.members:
        raise InputError(f"{path.name}: {kind} file {found.refused[0].reason}")
    return found


def _entries(stream: IO[bytes], path: Path, unpacking: Unpacking, limits: Limits) -> Unpacked:
    damage = ""
    try:
        archive = tarfile.open(fileobj=_Bounded(stream), mode="r:", errors="surrogateescape")  # noqa: SIM115
        for entry in _members(archive, limits, unpacking):
            _unpack(archive, entry, unpacking, path)
    except DAMAGED as error:
        if isinstance(error, InputError):
            raise
        damage = said(error)
    found = unpacking.result()
    if damage and not found.members:
        raise InputError(f"{path.name}: damaged tar ({damage}); ask for it again")
    lost = Refused(path.name, f"damaged tar ({damage}): what stood behind the damage is lost; ask for it again")
    return Unpacked(found.members, (*found.refused, lost)) if damage else found


def _members(archive: tarfile.TarFile, limits: Limits, unpacking: Unpacking) -> Iterator[tarfile.TarInfo]:
    """Everything but folders, one after the other; ends where a member, or all that was passed over, is larger than allowed."""
    passed = count = 0
    while entry := archive.next():
        archive.members = []  # type: ignore[attr-defined]  # tarfile keeps every header it has seen
        count += 1
        passed += entry.size
        if unpacking.over or count > 2 * limits.members or passed > 2 * limits.total_bytes:
            unpacking.refuse("further files", unpacking.over or "not unpacked: the archive is too large; split it")
            return
        if not entry.isdir():
            yield entry


def _unpack(archive: tarfile.TarFile, entry: tarfile.TarInfo, unpacking: Unpacking, path: Path) -> None:
    name = _name(entry.name)
    if not entry.isreg():
        unpacking.refuse(name, f"not unpacked: {KINDS_REFUSED.get(entry.type, 'a device')}, not a file")
        return
    parts = unpacking.parts_of(name)
    if parts is None:
        return
    with refusing(unpacking, name):
        stream = archive.extractfile(entry)
        if stream is None:
            raise tarfile.ReadError("no data")
        packed = min(entry.size, size_of(path))
        unpacking.write(parts, _whole(stream, entry.size), packed, float(entry.mtime))


def _whole(stream: IO[bytes], size: int) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        size -= len(block)
        yield block
    if size:
        raise EOFError("the file ends in the middle of it")


def _name(stored: str) -> str:
    """The name as text; bytes that are not UTF-8 were smuggled in as half surrogate pairs."""
    return decoded_name(stored.encode("utf-8", "surrogateescape"))
