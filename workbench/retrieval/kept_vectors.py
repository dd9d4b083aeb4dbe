"""Vectors on disk, row after row in one file, with an index from text digest to row: nothing in it is ever half written.

It stores and finds; what is encoded, and when, is the business of `workbench.retrieval.embeddings`.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.errors import MissingPartError
from workbench.retrieval.protocols import Vectors

ITEM = np.dtype("<f4")
_CHECKSUM = np.dtype("<u4")
"""At the end of a matrix, over all of its rows."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (row INTEGER PRIMARY KEY, key BLOB UNIQUE NOT NULL, crc INTEGER NOT NULL)"

_LOOKUP = 500
"""Keys asked for in one statement, below SQLite's limit on parameters."""

_ROWS = 4_096
"""Rows copied at a time: some megabytes."""

_MATRICES = 4
"""Mapped corpora kept for one encoder: with and without titles, in large and small passages. Older ones are made again."""

_ABANDONED = 24 * 3600
"""Seconds after which an unfinished matrix belongs to a process that was killed."""

_WAIT = 60
"""Seconds to wait for another process that is writing."""


class DamagedVectorsError(Exception):
    """Something kept was not what had been written; it has been dropped, and asking again will find it missing."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the vectors of some keys are: row -1 where there is none; `crc` is the checksum of each row."""

    rows: npt.NDArray[np.int64]
    crc: npt.NDArray[np.uint32]


class KeptVectors:
    """The vectors of one encoder in a folder.

    `vectors.f32` holds rows of little-endian single-precision numbers and only grows; `index.sqlite` says which rows
    count. A row is flushed to the disk before the index names it, so a process killed at any moment leaves at worst a
    tail that the next one writes over. Writers wait for each other on the index; readers see whole rows or none.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        """Open the folder, made when missing; rows that the file of vectors has lost are forgotten.

        Raises:
            MissingPartError: the folder cannot be written, or is locked for a minute.
            DamagedVectorsError: the index was no database, or a broken one, and was dropped.
        """
        self._folder = folder
        self._dimension = dimension
        self._data = folder / "vectors.f32"
        self._index = folder / "index.sqlite"
        self._connection: sqlite3.Connection | None = None
        with self._guarded():
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._index, timeout=_WAIT, isolation_level=None)
            self._connection.execute(_SCHEMA)
            self._forget_lost_rows()

    def close(self) -> None:
        """Close the index."""
        if self._connection is not None:
            self._connection.close()

    def places(self, keys: Sequence[bytes]) -> Places:
        """Where the vectors of the keys are, in their order; repeats allowed."""
        rows = np.full(len(keys), -1, dtype=np.int64)
        crc = np.zeros(len(keys), dtype=np.uint32)
        with self._guarded():
            for start in range(0, len(keys), _LOOKUP):
                part = keys[start : start + _LOOKUP]
                marks = ",".join("?" * len(part))
                answer = self._execute(f"SELECT key, row, crc FROM vectors WHERE key IN ({marks})", part)
                found = {key: (row, check) for key, row, check in answer}
                for place, key in enumerate(part, start):
                    rows[place], crc[place] = found.get(key, (-1, 0))
        return Places(rows, crc)

    def append(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Keep one vector a key; keys that another process kept in the meantime stay as they are."""
        block = np.ascontiguousarray(vectors, dtype=ITEM)
        with self._guarded(), self._writing():
            first = self._next_row()
            self._data.touch()
            with self._data.open("r+b") as file:
                file.seek(first * self._row_bytes)
                file.write(block.data)
                file.flush()
                os.fsync(file.fileno())
            entries = ((first + i, key, zlib.crc32(block[i])) for i, key in enumerate(keys))
            self._connected.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", entries)

    def blocks(self, places: Places) -> Iterator[Vectors]:
        """The vectors at the places, in their order, some thousand at a time; each is checked against its checksum.

        Raises:
            DamagedVectorsError: some were not what had been written; they are forgotten.
        """
        with self._guarded():
            whole = self._whole_rows()
            for start in range(0, len(places.rows), _ROWS):
                rows, crc = places.rows[start : start + _ROWS], places.crc[start : start + _ROWS]
                self._forget(rows[(rows < 0) | (rows >= len(whole))])
                block = whole[rows]
                checks = np.fromiter(map(zlib.crc32, block), dtype=np.uint32, count=len(block))
                self._forget(rows[checks != crc])
                yield block

    def _forget(self, rows: npt.NDArray[np.int64]) -> None:
        if not len(rows):
            return
        with self._writing():
            self._connected.executemany("DELETE FROM vectors WHERE row = ?", ((row,) for row in rows.tolist()))
        raise DamagedVectorsError(f"{len(rows)} kept vectors were damaged")

    def _forget_lost_rows(self) -> None:
        # The index first: rows are in the file before they are named, so the file cannot seem too short by chance.
        if self._next_row() > self._rows_there():
            with self._writing():
                self._execute("DELETE FROM vectors WHERE row >= ?", (self._rows_there(),))

    def _rows_there(self) -> int:
        return self._data.stat().st_size // self._row_bytes if self._data.exists() else 0

    def _whole_rows(self) -> Vectors:
        shape = (self._rows_there(), self._dimension)
        if not shape[0]:  # a file of no length cannot be mapped
            return np.empty(shape, dtype=np.float32)
        return np.memmap(self._data, dtype=ITEM, mode="r", shape=shape).view(np.ndarray)

    @property
    def _row_bytes(self) -> int:
        return self._dimension * ITEM.itemsize

    @property
    def _connected(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection

    def _execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        return self._connected.execute(statement, values)

    def _next_row(self) -> int:
        return int(self._execute("SELECT coalesce(max(row) + 1, 0) FROM vectors").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One writer at a time: the lock is taken at once, not at the first insert."""
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._execute("ROLLBACK")
            raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            self.close()
            message = f"{self._folder.parent.name}: the kept vectors cannot be used ({error}); check the disk"
            raise MissingPartError(message) from error
        except sqlite3.DatabaseError as error:
            self.close()
            for path in (self._index, self._data):
                with suppress(OSError):
                    path.unlink()
            raise DamagedVectorsError(f"the index of kept vectors was damaged ({error})") from error


def mapped_matrix(folder: Path, keys: Sequence[bytes], dimension: int) -> Vectors | None:
    """The vectors of a corpus in its order, mapped from the file made of them before; None when there is no whole one.

    The file is read once to check it: a tenth of a second for 100 MB, and a search would read it anyway.
    """
    path = _matrix_path(folder, keys)
    size = len(keys) * dimension * ITEM.itemsize
    try:
        if path.stat().st_size == size + _CHECKSUM.itemsize:
            vectors = np.memmap(path, dtype=ITEM, mode="r", shape=(len(keys), dimension)).view(np.ndarray)
            (said,) = np.fromfile(path, dtype=_CHECKSUM, offset=size)
            crc = 0
            for start in range(0, len(vectors), _ROWS):
                crc = zlib.crc32(vectors[start : start + _ROWS].data, crc)
            if crc == said:
                with suppress(OSError):
                    os.utime(path)
                return vectors
        path.unlink()
    except OSError:
        pass
    return None


def write_matrix(folder: Path, keys: Sequence[bytes], blocks: Iterator[Vectors]) -> None:
    """Write the vectors of a corpus in its order; the file gets its name when it is whole.

    Raises:
        MissingPartError: it cannot be written.
    """
    path = _matrix_path(folder, keys)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_old(path.parent)
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                crc = 0
                for block in blocks:
                    rows = np.ascontiguousarray(block, dtype=ITEM)
                    crc = zlib.crc32(rows.data, crc)
                    file.write(rows.data)
                file.write(np.array(crc, dtype=_CHECKSUM).tobytes())
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(path)
        finally:
            Path(unfinished).unlink(missing_ok=True)
    except OSError as error:
        raise MissingPartError(f"{folder.parent.name}: vectors cannot be kept ({error}); check the disk") from error


def _matrix_path(folder: Path, keys: Sequence[bytes]) -> Path:
    return folder / "corpora" / f"{hashlib.sha256(b''.join(keys)).hexdigest()[:32]}.f32"


def _remove_old(corpora: Path) -> None:
    """Make room for one more matrix; a file that is gone or in use is left alone."""
    ages = {path: path.stat().st_mtime for path in corpora.iterdir()}
    matrices = sorted((path for path in ages if path.suffix == ".f32"), key=lambda path: -ages[path])
    abandoned = [path for path in ages if path.suffix == ".part" and time.time() - ages[path] > _ABANDONED]
    for path in [*matrices[_MATRICES - 1 :], *abandoned]:
        with suppress(OSError):
            path.unlink()
