"""Zip files without their table of contents: how large it says it is, and the entries of a file that lost it.

Only what Python's `zipfile` does not do: it reads the table in one piece, whatever its size, and nothing without it.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from workbench.ingest.archives.names import decoded_name

LOCAL, END, END64, LOCATOR64 = b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
END_BYTES, END64_BYTES, LOCATOR_BYTES, LOCAL_BYTES = 22, 56, 20, 30
UNKNOWN = 0xFFFFFFFF
PIECE = 64 * 2**10
BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class LooseEntry:
    """An entry found by its own header. `blocks` reads its bytes, once, and raises what `zipfile` would for damage."""

    name: str
    blocks: Callable[[], Iterator[bytes]]


def directory_size(stream: IO[bytes]) -> int:
    """Bytes that a zip's table of contents claims, the largest of all claims; 0 where the file has no end record."""
    stream.seek(0, 2)
    length = stream.tell()
    start = max(0, length - END_BYTES - 0xFFFF - LOCATOR_BYTES - END64_BYTES)
    stream.seek(start)
    tail = stream.read()
    sizes = [0]
    at = tail.find(END)
    while at >= 0:
        if len(tail) - at >= END_BYTES:
            sizes.append(struct.unpack("<L", tail[at + 12 : at + 16])[0] % UNKNOWN)
        at = tail.find(END, at + 1)
    at = tail.find(LOCATOR64)
    while at >= 0:
        if len(tail) - at >= LOCATOR_BYTES:
            stated = struct.unpack("<Q", tail[at + 8 : at + 16])[0]
            sizes += [_size64(stream, offset) for offset in (stated, start + at - END64_BYTES) if 0 <= offset < length]
        at = tail.find(LOCATOR64, at + 1)
    return max(sizes)


def _size64(stream: IO[bytes], offset: int) -> int:
    stream.seek(offset)
    record = stream.read(END64_BYTES)
    whole = len(record) == END64_BYTES and record.startswith(END64)
    return int(struct.unpack("<Q", record[40:48])[0]) if whole else 0


def entries_in_file(stream: IO[bytes]) -> Iterator[LooseEntry]:
    """Entries from the beginning of a file, each by its own header, up to where no further header can be found.

    The blocks of an entry must be read before the next entry is asked for; one left unread ends the search where its header does
    not say how long it is.
    """
    while True:
        header = stream.read(LOCAL_BYTES)
        if len(header) < LOCAL_BYTES or not header.startswith(LOCAL):
            return
        flags, method, crc, packed, _, name_length, extra_length = struct.unpack("<2xHH4xLLLHH", header[4:])
        name = _decoded(stream.read(name_length), flags)
        stream.seek(extra_length, 1)
        entry = _Loose(stream, flags, method, crc, packed)
        if not name.endswith("/"):
            yield LooseEntry(name, entry.blocks)
        if not entry.go_behind():
            return


def _decoded(raw: bytes, flags: int) -> str:
    return raw.decode(errors="replace") if flags & 0x800 else decoded_name(raw)


class _Loose:
    """One entry being read; remembers where the next begins."""

    def __init__(self, stream: IO[bytes], flags: int, method: int, crc: int, packed: int) -> None:
        self._stream, self._flags, self._method, self._crc = stream, flags, method, crc
        self._start = stream.tell()
        # Bit 3: sizes and checksum stand behind the data, those in the header say nothing.
        self._trailing = bool(flags & 0x8)
        self._packed = None if self._trailing or packed == UNKNOWN else packed
        self._end = None if self._packed is None else self._start + self._packed

    def blocks(self) -> Iterator[bytes]:
        if self._flags & 0x1:
            raise zipfile.BadZipFile("password-protected")
        crc = 0
        for block in self._stored() if self._method == zipfile.ZIP_STORED else self._inflated():
            crc = zlib.crc32(block, crc)
            yield block
        if crc != (self._crc_behind() if self._trailing else self._crc):
            raise zipfile.BadZipFile("its checksum does not fit")

    def go_behind(self) -> bool:
        """Move to the next header; False where it cannot be told where that is."""
        if self._end is None:
            return False
        self._stream.seek(self._end)
        return True

    def _stored(self) -> Iterator[bytes]:
        if self._packed is None:
            raise zipfile.BadZipFile("its size is not known")
        left = self._packed
        while left:
            block = self._stream.read(min(BLOCK, left))
            if not block:
                raise EOFError("the file ends in the middle of it")
            left -= len(block)
            yield block

    def _inflated(self) -> Iterator[bytes]:
        if self._method != zipfile.ZIP_DEFLATED:
            raise zipfile.BadZipFile(f"packed by method {self._method}")
        inflater, left, pending = zlib.decompressobj(-15), self._packed, b""
        while not inflater.eof:
            if not pending:
                pending = self._stream.read(PIECE if left is None else min(PIECE, left))
                left = None if left is None else left - len(pending)
            block = inflater.decompress(pending, BLOCK)
            if not (pending or block or inflater.eof):
                raise EOFError("the file ends in the middle of it")
            pending = inflater.unconsumed_tail
            if block:
                yield block
        if self._end is None:
            self._end = self._stream.tell() - len(inflater.unused_data) - len(pending)

    def _crc_behind(self) -> int:
        """The checksum behind the data; the record it stands in has several lengths, so the next header is looked for."""
        if self._end is None:
            raise EOFError("the file ends behind it")
        self._stream.seek(self._end)
        behind = self._stream.read(24 + len(LOCAL))
        start = 4 if behind.startswith(b"PK\x07\x08") else 0
        if len(behind) < start + 4:
            raise EOFError("the file ends behind it")
        found = behind.find(LOCAL)
        self._end = self._end + found if found >= 0 else None
        return int(struct.unpack("<L", behind[start : start + 4])[0])
