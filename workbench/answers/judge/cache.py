"""Replies kept by what was asked, so that a second run asks only what is missing.

Replies are kept as text and read again like any other; a file that cannot be used costs its replies, never the run.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from workbench.answers.judge.vendors import base_address
from workbench.records import JudgeSettings

FOLDER, FILE = "judge", "replies.sqlite"
VERSION = 1
_SCHEMA = """CREATE TABLE IF NOT EXISTS replies_1
(key BLOB PRIMARY KEY, reply TEXT NOT NULL, input_tokens INTEGER, output_tokens INTEGER) WITHOUT ROWID"""
_LOCKED = 30.0
"""Seconds another run may hold the file."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class KeptReply:
    """A reply that could be read, as JSON text, and the tokens it took; None where the endpoint did not count them."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None


def reply_key(settings: JudgeSettings, schema: Mapping[str, Any], prompt: str, sample: int) -> bytes:
    """Digest of all a reply depends on.

    The limit of tokens is not among it: only whole replies are kept, and a higher limit would not have changed them.
    """
    asked = [
        VERSION,
        base_address(settings),
        settings.vendor,
        settings.model,
        settings.api_version,
        settings.temperature,
        schema,
        prompt,
        sample,
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


class ReplyCache:
    """The kept replies of one case; several runs may use them at once.

    Attributes:
        store: the SQLite file; made when missing, set aside when it is damaged.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self._notes: dict[str, None] = {}
        self._moving = threading.Lock()

    @classmethod
    def of(cls, derived: Path) -> ReplyCache:
        """The cache in a case's folder for derived results."""
        return cls(derived / FOLDER / FILE)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know: a damaged file set aside, replies that could not be kept."""
        return tuple(self._notes)

    def get(self, key: bytes) -> KeptReply | None:
        """The reply kept under a key; None where there is none."""
        row = self._used(lambda connection: connection.execute(_SELECT, (key,)).fetchone(), None)
        return _kept(row) if row else None

    def put(self, key: bytes, reply: KeptReply) -> None:
        """Keep a reply; one that is there already stays, so that two runs agree."""
        values = (key, reply.text, reply.input_tokens, reply.output_tokens)

        def insert(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("INSERT OR IGNORE INTO replies_1 VALUES (?, ?, ?, ?)", values)

        self._used(insert, None)

    def forget(self, key: bytes) -> None:
        """Drop a reply that can no longer be read."""

        def delete(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("DELETE FROM replies_1 WHERE key = ?", (key,))

        self._used(delete, None)

    def _used(self, work: Callable[[sqlite3.Connection], Found], otherwise: Found) -> Found:
        for _ in range(2):
            opened = self._identity()
            try:
                with closing(self._connection()) as connection:
                    return work(connection)
            except sqlite3.OperationalError as error:
                self._note(f"{self.store.name}: the kept replies could not be used for some questions ({error})")
                return otherwise
            except sqlite3.DatabaseError:
                if not self._set_aside(opened):
                    return otherwise
            except OSError as error:
                self._note(
                    f"{self.store.name}: replies cannot be kept ({error.strerror}); check the disk and its rights"
                )
                return otherwise
        return otherwise

    def _connection(self) -> sqlite3.Connection:
        self.store.parent.mkdir(parents=True, exist_ok=True)
        new = not self.store.exists()
        connection = sqlite3.connect(self.store, timeout=_LOCKED)
        try:
            if new:
                # It holds what the client's answers say.
                self.store.chmod(0o600)
            connection.execute(_SCHEMA)
        except (sqlite3.Error, OSError):
            connection.close()
            raise
        return connection

    def _identity(self) -> tuple[int, int] | None:
        """Which file the store is; None where there is none."""
        try:
            found = self.store.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _set_aside(self, damaged: tuple[int, int] | None) -> bool:
        """Move the file that was found damaged out of the way; False where that fails."""
        with self._moving:
            # Several questions may have met the damage at once; the file of those who come later is a new one.
            return self._moved() if self._identity() == damaged else True

    def _moved(self) -> bool:
        number = 1
        while (aside := self.store.with_name(f"{self.store.name}.damaged-{number}")).exists():
            number += 1
        try:
            self.store.replace(aside)
        except FileNotFoundError:
            return True  # another run was quicker
        except OSError as error:
            self._note(f"{self.store.name}: it is damaged and cannot be moved ({error.strerror}); replies are not kept")
            return False
        with suppress(OSError):
            self.store.with_name(f"{self.store.name}-journal").unlink(missing_ok=True)
        self._note(
            f"{self.store.name}: it was damaged and now lies beside it as {aside.name}; its questions are asked again"
        )
        return True

    def _note(self, text: str) -> None:
        self._notes[text] = None


_SELECT = "SELECT reply, input_tokens, output_tokens FROM replies_1 WHERE key = ?"


def _kept(row: tuple[Any, ...]) -> KeptReply | None:
    text, put, made = row
    if not isinstance(text, str):
        return None
    return KeptReply(text, put if isinstance(put, int) else None, made if isinstance(made, int) else None)
