"""Files in which a case keeps what people said, a JSON object a line: appended, never changed, safe against a crash.

What a line says is for others to know; here a line is bytes.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from workbench.case import Case
from workbench.errors import CaseError, InputError
from workbench.ingest.tables.text_files import NOT_JSON, short

MAX_BYTES = 64 * 2**20
MAX_LINE = 16 * 2**10
LOCK_SECONDS = 10.0
LOCK_PAUSE = 0.02
REMEDY = "correct these lines, or move the file away to begin anew"


def read_lines(path: Path) -> tuple[list[tuple[int, bytes]], bool]:
    """(number, line) of each line that is not blank; none where the file is not there, or only as a link.

    Returns:
        The lines, and whether a last one without an end that is no JSON was left out: it was cut off by a crash before anybody
        was told that it was kept.

    Raises:
        InputError: the file cannot be read or is too large.
    """
    try:
        if path.is_symlink() or not path.is_file():
            return [], False
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path.name}: could not be read ({short(error)}); check its permissions") from error
    if len(raw) > MAX_BYTES:
        raise InputError(f"{path.name}: more than {MAX_BYTES // 2**20} MiB, which nobody writes by hand; {REMEDY}")
    whole, torn = _without_torn_end(raw)
    return [(number, line) for number, line in enumerate(whole.split(b"\n"), start=1) if line.strip()], torn


def append_line(case_root: Path, name: str, line: bytes) -> tuple[int, int]:
    """Keep a line at the end of a file, on the disk before this returns; two pages may do so at once.

    A half line that a crash left at the end is cut off first.

    Args:
        case_root: the case folder.
        name: of the file in it.
        line: without its end.

    Returns:
        Where the line begins and ends, in bytes: whoever knew the file up to there need not read it again.

    Raises:
        CaseError: the case is read-only. InputError: the file cannot be written to.
    """
    _check_writable(case_root, name)
    try:
        with _opened_alone(case_root / name) as stream:
            _end_last_line(stream, name)
            if stream.tell() + len(line) + 1 > MAX_BYTES:
                raise InputError(f"{name}: not kept, the file holds {MAX_BYTES // 2**20} MiB; {REMEDY}")
            begin = stream.tell()
            stream.write(line + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
            return begin, begin + len(line) + 1
    except OSError as error:
        raise InputError(f"{name}: not kept ({short(error)}); check the case folder's permissions and space") from error


def _without_torn_end(raw: bytes) -> tuple[bytes, bool]:
    """What a file holds, and whether a half line was cut off its end."""
    end = raw.rfind(b"\n") + 1
    last = raw[end:]
    if not last.strip():
        return raw, False
    try:
        json.loads(last.decode("utf-8-sig"))
    except NOT_JSON:
        return raw[:end], True
    return raw, False


def _check_writable(case_root: Path, name: str) -> None:
    try:
        writable = Case(case_root, case_root.name, case_root.name).writable
    except OSError as error:
        raise CaseError(f"{case_root.name}: could not be opened ({short(error)}); check its permissions") from error
    if not writable:
        raise CaseError(
            f"{case_root.name}: the case is read-only, so nothing can be kept in {name}; copy it and work on the copy"
        )
    if (case_root / name).is_symlink():
        raise CaseError(f"{name}: is a link, which is not followed; put the file itself in its place")


@contextmanager
def _opened_alone(path: Path) -> Iterator[IO[bytes]]:
    """A file open for reading and appending that no other page writes to meanwhile; made where it is not there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o644), "r+b") as stream:
        _lock(stream, path.name)
        stream.seek(0, os.SEEK_END)
        yield stream


def _lock(stream: IO[bytes], name: str) -> None:
    """Wait until the file is ours alone; it is given back when it is closed, also by a crash."""
    try:
        import fcntl
    except ImportError:  # a system without it: appending is one write, which is whole there too
        return
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > give_up:
                raise InputError(
                    f"{name}: not kept, another program has held the file for {LOCK_SECONDS:.0f} seconds; try again"
                ) from error
            time.sleep(LOCK_PAUSE)


def _end_last_line(stream: IO[bytes], name: str) -> None:
    """Leave the file at the end of a whole line: a half one is cut off, a whole one without its end gets it."""
    size = stream.seek(0, os.SEEK_END)
    start = max(0, size - MAX_LINE - 1)
    stream.seek(start)
    tail = stream.read()
    if start and b"\n" not in tail:
        raise InputError(f"{name}: not kept, the last line is longer than {MAX_LINE // 2**10} KiB; {REMEDY}")
    whole, torn = _without_torn_end(tail)
    if torn:
        stream.truncate(start + len(whole))
    stream.seek(0, os.SEEK_END)
    if whole and not whole.endswith(b"\n"):
        stream.write(b"\n")
