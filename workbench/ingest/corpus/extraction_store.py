"""What was read from each client file, kept so that a run that is killed or repeated reads only what is new or changed.

One SQLite file a case, safe to delete at any time: whatever it holds can be read again from the client's files. A store that is
damaged is thrown away, one that cannot be used (locked, disk full) is done without; neither ever ends a run.
"""

from __future__ import annotations

import logging
import sqlite3
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from workbench.records import Document, IntakeFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import TypeAdapter

log = logging.getLogger(__name__)

READER_VERSION = 2
"""Raised whenever the same file would be read differently than before: readings of an older version are read again."""
MAX_KEPT_CHARACTERS = 100_000_000
"""Readings with more text are not kept: packing holds them in memory three times."""

_COMMIT_SECONDS = 0.5
_COMMIT_BYTES = 8 * 2**20
_TIMEOUT_SECONDS = 5.0
_OUT_OF_REACH = tuple(f"SQLITE_{name}" for name in ("BUSY", "LOCKED", "CANTOPEN", "READONLY", "FULL", "IOERR", "PERM"))
"""Errors that say nothing against the file: the store is done without, not thrown away."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS readings (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, reading BLOB NOT NULL)"
_PUT = "INSERT OR REPLACE INTO readings VALUES (?, ?, ?)"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadingKey:
    """What a reading depends on: the same key gives the same reading.

    Attributes:
        path: relative to the case folder; members of archives stand below the archive.
        size: bytes. modified_ns: time of change of the client file, nanoseconds.
        settings: what else decides on the reading: how it is masked.
    """

    path: str
    size: int
    modified_ns: int
    settings: str = ""

    @property
    def stamp(self) -> str:
        """Everything but the path, as text."""
        return f"{READER_VERSION} {self.size} {self.modified_ns} {self.settings}"


@dataclass(frozen=True, slots=True)
class FileReading:
    """Everything that came out of one client file: an intake line for it and for each file inside, and the documents."""

    files: tuple[IntakeFile, ...]
    documents: tuple[Document, ...] = ()

    @property
    def characters(self) -> int:
        """Characters of all documents."""
        return sum(len(document.text) for document in self.documents)


class ExtractionStore:
    """Readings by key; a context manager, for one process and thread at a time (several may share the file).

    Args:
        path: the SQLite file; made when missing, with its folder.
        timeout: seconds to wait for another process before the store is done without.

    Attributes:
        usable: False once the store could not be opened or written; every `get` gives None from then on.
    """

    def __init__(self, path: Path, *, timeout: float = _TIMEOUT_SECONDS) -> None:
        self.path = path
        self._timeout = timeout
        self._connection: sqlite3.Connection | None = None
        self._opened_file: tuple[int, int] | None = None
        self._waiting: list[tuple[str, str, bytes]] = []
        self._committed = time.monotonic()
        self._used: set[str] = set()
        self._replaced = False
        self.usable = True

    def __enter__(self) -> ExtractionStore:
        self._attempt(lambda _: None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._commit()
        self._close()

    def get(self, key: ReadingKey) -> FileReading | None:
        """The reading kept under a key; None when there is none, or none that can be read."""
        self._used.add(key.path)
        waiting = next((body for path, stamp, body in self._waiting if (path, stamp) == (key.path, key.stamp)), None)
        row = (waiting,) if waiting else self._attempt(lambda connection: _row(connection, key))
        return _unpacked(row[0]) if row else None

    def put(self, key: ReadingKey, reading: FileReading) -> None:
        """Keep a reading in place of any other of the same path; it is on disk half a second later, or at the end."""
        self._used.add(key.path)
        if reading.characters > MAX_KEPT_CHARACTERS:
            return
        self._waiting.append((key.path, key.stamp, _packed(reading)))
        size = sum(len(body) for _, _, body in self._waiting)
        if size > _COMMIT_BYTES or time.monotonic() - self._committed > _COMMIT_SECONDS:
            self._commit()

    def drop_unused(self) -> None:
        """Forget every path that was neither asked for nor put since the store was opened: its file is gone."""
        self._commit()
        kept = self._used

        def drop(connection: sqlite3.Connection) -> None:
            gone = [(path,) for (path,) in connection.execute("SELECT path FROM readings") if path not in kept]
            with connection:
                connection.executemany("DELETE FROM readings WHERE path = ?", gone)

        self._attempt(drop)

    def _commit(self) -> None:
        rows, self._waiting = self._waiting, []
        self._committed = time.monotonic()

        def write(connection: sqlite3.Connection) -> None:
            with connection:
                connection.executemany(_PUT, rows)

        if rows:
            self._attempt(write)

    def _attempt(self, act: Callable[[sqlite3.Connection], T]) -> T | None:
        """What the action gives; None without a usable store. A damaged store is replaced once, and the action repeated."""
        if not self.usable:
            return None
        try:
            if self._connection is None:
                self._connection = self._open()
            return act(self._connection)
        except (sqlite3.Error, OSError, ValueError) as error:  # ValueError: damaged bytes where sqlite3 expects text
            self._close()
            told = getattr(error, "sqlite_errorname", "")
            if isinstance(error, OSError) or told.startswith(_OUT_OF_REACH) or self._replaced:
                log.warning("%s is not used (%s); files are read again next time", self.path.name, error)
                self.usable = False
                return None
            log.info("%s is damaged (%s) and made anew", self.path.name, error)
            self._replaced = True
            with suppress(OSError):
                self._discard()
            return self._attempt(act)

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=self._timeout)
        facts = self.path.stat()
        self._opened_file = facts.st_dev, facts.st_ino
        try:
            connection.execute(_SCHEMA)
            connection.execute("SELECT path, stamp, reading FROM readings LIMIT 1").fetchone()
        except (sqlite3.Error, ValueError):
            connection.close()
            raise
        return connection

    def _discard(self) -> None:
        """Deletes the damaged file and its journals, unless another process has put a new one in its place meanwhile."""
        facts = self.path.stat()
        if (facts.st_dev, facts.st_ino) == self._opened_file:
            self.path.unlink()
            for suffix in ("-journal", "-wal", "-shm"):
                self.path.with_name(f"{self.path.name}{suffix}").unlink(missing_ok=True)

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _row(connection: sqlite3.Connection, key: ReadingKey) -> tuple[bytes] | None:
    asked = "SELECT reading FROM readings WHERE path = ? AND stamp = ?"
    row: tuple[bytes] | None = connection.execute(asked, (key.path, key.stamp)).fetchone()
    return row


def _packed(reading: FileReading) -> bytes:
    return zlib.compress(_adapter().dump_json(reading), level=1)


def _unpacked(body: object) -> FileReading | None:
    """The reading; None for bytes that are damaged or of another form."""
    try:
        return _adapter().validate_json(zlib.decompress(body)) if isinstance(body, bytes) else None
    except (zlib.error, ValueError):
        return None


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[FileReading]:
    from pydantic import TypeAdapter

    return TypeAdapter(FileReading)
