"""Scores kept by what they were given for, so that a second run scores nothing.

One SQLite file; which model, question and passage a key stands for is its caller's business.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import MissingPartError

_SCHEMA = "CREATE TABLE IF NOT EXISTS scores (key BLOB PRIMARY KEY, score REAL NOT NULL) WITHOUT ROWID"

_LOOKUP = 500
"""Keys asked for in one statement, below SQLite's limit on parameters."""


@dataclass(frozen=True, slots=True)
class KeptScores:
    """Scores by key.

    Attributes:
        store: the SQLite file; made when missing, replaced when it is no database.
    """

    store: Path

    def known(self, keys: Collection[bytes]) -> dict[bytes, float]:
        """The scores that are kept of these.

        Raises:
            MissingPartError: the file is locked for a minute, or cannot be made, read or written.
        """
        wanted = sorted(set(keys))
        found: dict[bytes, float] = {}
        with self._connection() as connection:
            for start in range(0, len(wanted), _LOOKUP):
                part = wanted[start : start + _LOOKUP]
                marks = ",".join("?" * len(part))
                found.update(connection.execute(f"SELECT key, score FROM scores WHERE key IN ({marks})", part))
        return {key: score for key, score in found.items() if isinstance(score, float) and math.isfinite(score)}

    def keep(self, scores: Mapping[bytes, float]) -> None:
        """Keep these, all or none.

        Raises:
            MissingPartError: as for `known`.
        """
        with self._connection() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?)", scores.items())

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self.store.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._opened()) as connection:
                yield connection
        except (OSError, sqlite3.Error) as error:
            raise MissingPartError(
                f"{self.store.name}: the kept scores cannot be used ({error}); check the disk, or delete the file"
            ) from error

    def _opened(self) -> sqlite3.Connection:
        try:
            return _connected(self.store)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # All it can hold can be computed again.
            self.store.unlink()
            return _connected(self.store)


def _connected(store: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(store, timeout=60)
    try:
        connection.execute(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
