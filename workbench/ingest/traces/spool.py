"""Spans on disk, so that a file of millions of them is grouped by trace within bounded memory.

One SQLite file below the scratch folder, removed at the end; nothing here knows what a span says.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from tempfile import mkstemp

from workbench.errors import InputError
from workbench.ingest.traces.forest import LATE
from workbench.ingest.traces.spans import Span

CACHE_KIB = 64 * 1024
"""Memory the spool may hold before it writes to disk."""
GROUP_SPANS = 10_000
"""Spans of one trace that are looked at together; a longer trace is read in stretches of this many, by time."""
GROUP_CHARACTERS = 64 * 2**20
BLOCK = 2000


class Spool:
    """Spans by trace; `groups` gives every trace once, oldest first."""

    def __init__(self, scratch: Path, name: str) -> None:
        self.name = name
        self.spans = self.parents = self.adrift = 0
        self._waiting: list[tuple[str, str, int, int, str]] = []
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            handle, path = mkstemp(".sqlite", "spans-", scratch)
            os.close(handle)
            self.path = Path(path)
            self._store = sqlite3.connect(path, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            kind = type(error).__name__
            raise InputError(f"{name}: no room to sort its spans ({kind}); free disk space and try again") from error
        for line in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{CACHE_KIB}", "temp_store=FILE"):
            self._store.execute(f"PRAGMA {line}")
        self._store.execute("CREATE TABLE span (trace TEXT, id TEXT, start INTEGER, stop INTEGER, body TEXT)")
        self._store.execute("CREATE INDEX by_trace ON span (trace, start, stop)")
        self._store.execute("BEGIN")

    def add(self, span: Span) -> None:
        """Keep a span.

        Raises:
            InputError: the disk is full.
        """
        self.spans += 1
        self.parents += span.parent is not None
        self.adrift += not span.trace
        start = LATE - 1 if span.start is None else span.start
        self._waiting.append((span.trace, span.span, start, -(span.end or 0), span.packed()))
        if len(self._waiting) >= BLOCK:
            self._write()

    def _write(self) -> None:
        self._run("INSERT INTO span VALUES (?, ?, ?, ?, ?)", self._waiting)
        self._waiting = []

    def _run(self, statement: str, rows: list[tuple[str, str, int, int, str]] | None = None) -> sqlite3.Cursor:
        try:
            return self._store.execute(statement) if rows is None else self._store.executemany(statement, rows)
        except sqlite3.Error as error:
            raise InputError(
                f"{self.name}: its spans could not be sorted ({error}); free disk space and try again"
            ) from error

    def finish(self) -> int:
        """Everything is in: find the traces, and the trace of every score that only names a span. Gives the number of traces."""
        self._write()
        if self.adrift:
            self._run("CREATE INDEX by_id ON span (id)")
            self._run(
                "UPDATE span SET trace = coalesce((SELECT max(other.trace) FROM span AS other WHERE other.trace != '' "
                "AND other.id = json_extract(span.body, '$.values.of')), '') WHERE trace = ''"
            )
        self._run("CREATE TABLE trace AS SELECT trace, min(start) AS start, min(stop) AS stop FROM span GROUP BY trace")
        self._run("CREATE INDEX by_age ON trace (start, stop, trace)")
        return int(self._run("SELECT count(*) FROM trace").fetchone()[0])

    def groups(self) -> Iterator[list[Span]]:
        """The spans of every trace, oldest trace first."""
        order = (
            "SELECT span.trace, body FROM trace CROSS JOIN span ON span.trace = trace.trace "
            "ORDER BY trace.start, trace.stop, trace.trace, span.start, span.stop"
        )
        for trace, rows in groupby(self._run(order), key=lambda row: str(row[0])):
            if trace:
                yield from self._bounded(rows)
            else:  # scores of spans that are not in this file
                for row in rows:
                    yield [Span.unpacked(row[1])]

    def _bounded(self, rows: Iterator[tuple[str, str]]) -> Iterator[list[Span]]:
        group: list[Span] = []
        characters = 0
        for _, body in rows:
            if len(group) >= GROUP_SPANS or characters > GROUP_CHARACTERS:
                yield group
                group, characters = [], 0
            group.append(Span.unpacked(body))
            characters += len(body)
        yield group

    def close(self) -> None:
        """Remove the file."""
        self._store.close()
        with suppress(OSError):
            self.path.unlink()
