"""Vectors kept by the text they stand for, so that nothing is encoded twice and an interrupted run loses a block at most.

One SQLite file a case: transactions make half-written vectors impossible, and two processes may use it at once.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import MissingPartError
from workbench.retrieval.protocols import Encoder, Progress, Vectors

BLOCK = 64
"""Texts encoded between two commits: about two seconds of work, the most a cancel has to wait."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"

_LOOKUP = 500
"""Keys asked for in one statement, below SQLite's limit on parameters."""


@dataclass(frozen=True, slots=True)
class CachedEncoder:
    """An encoder that keeps what it encodes: questions are asked again in every run, like passages."""

    encoder: Encoder
    store: Path
    what: str
    progress: Progress | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `encode_cached`."""
        return encode_cached(texts, self.encoder, self.store, what=self.what, progress=self.progress)


def encode_cached(
    texts: Sequence[str], encoder: Encoder, store: Path, *, what: str = "passages", progress: Progress | None = None
) -> Vectors:
    """Vectors of the texts, encoding only those the store does not hold.

    Args:
        texts: in any order, repeats allowed.
        encoder: called with blocks of texts of similar length.
        store: the SQLite file; made when missing.
        what: what the texts are, for the progress.
        progress: called after each block with the share encoded.

    Returns:
        (len(texts), encoder.dimension) float32 in the order of the texts.
    """
    keys = [_key(encoder, text) for text in texts]
    with closing(_open(store)) as connection:
        size = encoder.dimension * np.dtype(np.float32).itemsize
        known = {key: vector for key, vector in _stored(connection, set(keys)).items() if len(vector) == size}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        # Similar lengths in one block: a batch is padded to its longest text.
        order = sorted(missing, key=lambda key: len(missing[key]))
        for start in range(0, len(order), BLOCK):
            block = order[start : start + BLOCK]
            vectors = encoder.encode([missing[key] for key in block])
            known.update((key, vector.tobytes()) for key, vector in zip(block, vectors, strict=True))
            with connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO vectors VALUES (?, ?)", ((key, known[key]) for key in block)
                )
            if progress:
                done = start + len(block)
                progress(done / len(order), f"encoding {what} ({done:,} of {len(order):,})")
    rows = [np.frombuffer(known[key], dtype=np.float32) for key in keys]
    return np.stack(rows) if rows else np.empty((0, encoder.dimension), dtype=np.float32)


def _open(store: Path) -> sqlite3.Connection:
    """The store, made when missing; a file that is no database is replaced, for all it can hold can be computed again.

    Raises:
        MissingPartError: the store is locked for a minute, or cannot be written.
    """
    store.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(store, timeout=60)
    try:
        connection.execute(_SCHEMA)
    except sqlite3.OperationalError as error:
        connection.close()
        raise MissingPartError(f"{store.name}: the kept vectors cannot be opened ({error}); check the disk") from error
    except sqlite3.DatabaseError:
        connection.close()
        store.unlink()
        connection = sqlite3.connect(store, timeout=60)
        connection.execute(_SCHEMA)
    return connection


def _key(encoder: Encoder, text: str) -> bytes:
    return hashlib.sha256(f"{encoder.fingerprint}\0{text}".encode("utf-8", "surrogatepass")).digest()


def _stored(connection: sqlite3.Connection, keys: Iterable[bytes]) -> dict[bytes, bytes]:
    wanted = sorted(keys)
    found: dict[bytes, bytes] = {}
    for start in range(0, len(wanted), _LOOKUP):
        part = wanted[start : start + _LOOKUP]
        marks = ",".join("?" * len(part))
        found.update(connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part))
    return found
