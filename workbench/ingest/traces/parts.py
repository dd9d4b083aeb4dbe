"""Messages that a gateway split over several records, put together again in their order.

The parts of one message may stand anywhere in the file; they are kept on disk until all are in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from workbench.errors import InputError
from workbench.ingest.logs.values import number_of
from workbench.ingest.tables.rows import BadRow, Row
from workbench.ingest.traces.formats import Format
from workbench.ingest.traces.keys import find, named, parsed

MAX_PARTS = 1000
"""Parts of one message that are put together; a longer one is cut."""


def whole_records(rows: Iterable[Row | BadRow], form: Format, scratch: Path, name: str) -> Iterator[Row | BadRow]:
    """The records of a file with split messages joined; a record that names no message of its own comes as it is.

    Raises:
        InputError: there is no room for the parts.
    """
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="parts-", dir=scratch) as folder:
            store = sqlite3.connect(Path(folder) / "parts.sqlite", isolation_level=None)
            try:
                yield from _joined(rows, form, store)
            finally:
                store.close()
    except (OSError, sqlite3.Error) as error:
        raise InputError(
            f"{name}: no room to put its messages together ({type(error).__name__}); free disk space and try again"
        ) from error


def _joined(rows: Iterable[Row | BadRow], form: Format, store: sqlite3.Connection) -> Iterator[Row | BadRow]:
    store.execute("PRAGMA journal_mode=OFF")
    store.execute("CREATE TABLE part (message TEXT, place REAL, body TEXT, locator TEXT)")
    store.execute("BEGIN")
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            continue
        record = _plain(row.values, form)
        message = _first(record, form.parts.of if form.parts else ())
        if message is None:
            yield Row(row.locator, record)
            continue
        place = number_of(_first(record, form.parts.order if form.parts else ()))
        body = json.dumps(record, default=str)
        store.execute("INSERT INTO part VALUES (?, ?, ?, ?)", (message, place or 0.0, body, row.locator))
    store.execute("CREATE INDEX by_message ON part (message, place, body)")
    every = store.execute("SELECT message, body, locator FROM part ORDER BY message, place, body")
    for _, parts in groupby(every, key=lambda part: str(part[0])):
        yield _one([(json.loads(body), locator) for _, body, locator in parts][:MAX_PARTS], form)


def _plain(values: Mapping[str, object], form: Format) -> dict[str, object]:
    """The record with the keys below a prefix ("properties.") on top."""
    record = dict(values)
    for prefix in form.prefixes:
        inner = parsed(record.get(prefix.removesuffix("."))) if prefix else None
        if isinstance(inner, Mapping):
            record = {**record, **{str(key): value for key, value in inner.items()}}
    return record


def _first(record: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    return next((name for key in keys if (name := named(find(record, key)))), None)


def _one(parts: list[tuple[dict[str, object], str]], form: Format) -> Row:
    first, locator = parts[0]
    record = dict(first)
    for part, _ in parts[1:]:
        for key, value in part.items():
            if record.get(key) in (None, "", 0, "0"):
                record[key] = value
    for key in form.parts.join if form.parts else ():
        pieces = [part[key] for part, _ in parts if part.get(key) not in (None, "")]
        if len(pieces) > 1:
            record[key] = _whole(pieces)
    return Row(locator, record)


def _whole(pieces: list[object]) -> object:
    """Pieces of one message: texts are set end to end; lists, or texts that each hold one, one after the other."""
    lists = [inner for piece in pieces if isinstance(inner := parsed(piece), list)]
    if len(lists) == len(pieces):
        return [item for inner in lists for item in inner]
    return "".join(piece if isinstance(piece, str) else json.dumps(piece, default=str) for piece in pieces)
