"""Vectors kept by the text they stand for, so that nothing is encoded twice and an interrupted run loses a block at most.

One SQLite file a case: transactions make half-written vectors impossible, and two processes may use it at once.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from workbench.retrieval.protocols import Encoder, Progress, Vectors

BLOCK = 64
"""Texts encoded between two commits: about two seconds of work, the most a cancel has to wait."""

_LOOKUP = 500
"""Keys asked for in one statement, below SQLite's limit on parameters."""


def encode_cached(texts: Sequence[str], encoder: Encoder, store: Path, *, progress: Progress | None = None) -> Vectors:
    """Vectors of the texts, encoding only those the store does not hold.

    Args:
        texts: in any order, repeats allowed.
        encoder: called with blocks of texts of similar length.
        store: the SQLite file; made when missing.
        progress: called after each block with the share encoded.

    Returns:
        (len(texts), encoder.dimension) float32 in the order of the texts.
    """
    keys = [_key(encoder, text) for text in texts]
    store.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(store, timeout=60)) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
        )
        known = _stored(connection, set(keys))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        # Similar lengths in one block: a batch is padded to its longest text.
        order = sorted(missing, key=lambda key: len(missing[key]))
        for start in range(0, len(order), BLOCK):
            block = order[start : start + BLOCK]
            vectors = encoder.encode([missing[key] for key in block])
            known.update((key, vector.tobytes()) for key, vector in zip(block, vectors, strict=True))
            with connection:
                connection.executemany(
                    "INSERT OR IGNORE INTO vectors VALUES (?, ?)", ((key, known[key]) for key in block)
                )
            if progress:
                progress(
                    min(1.0, (start + len(block)) / len(order)),
                    f"encoding passages ({start + len(block):,} of {len(order):,})",
                )
    rows = [np.frombuffer(known[key], dtype=np.float32) for key in keys]
    return np.stack(rows) if rows else np.empty((0, encoder.dimension), dtype=np.float32)


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
