"""Vectors of texts, encoded once and kept: nothing is encoded twice, and an interrupted run loses a block at most.

A corpus comes back mapped from a file, so that opening it costs nothing and its size is bounded by the disk alone.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import MissingPartError
from workbench.retrieval.kept_vectors import DamagedVectorsError, KeptVectors, mapped_matrix, write_matrix
from workbench.retrieval.protocols import Encoder, Progress, Vectors

BLOCK = 64
"""Texts of the first block; the next ones are doubled or halved until encoding one takes a second or two."""
LARGEST_BLOCK = 4_096
_QUICK, _SLOW = 1.0, 3.0
"""Seconds below which a block is doubled and above which it is halved: the most a cancel has to wait."""

MAPPED_FROM = 4_096
"""Texts from which on vectors are mapped from a file of their own; fewer are copied into memory faster than mapped."""

_ATTEMPTS = 5


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
        store: the folder of kept vectors, made when missing; each encoder has a folder of its own in it.
        what: what the texts are, for the progress.
        progress: called after each block with the share encoded; what was encoded before is kept when it raises.

    Returns:
        (len(texts), encoder.dimension) float32 in the order of the texts, read-only; from `MAPPED_FROM` texts on it is
        mapped from a file.

    Raises:
        MissingPartError: the store cannot be written, is locked for a minute, or is damaged again and again.
        ValueError: the encoder does not give one finite vector of its dimension a text.
    """
    _remove_former_store(store)
    folder = store / hashlib.sha256(f"{encoder.fingerprint}\0{encoder.dimension}".encode()).hexdigest()[:16]
    keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
    mapped = len(keys) >= MAPPED_FROM
    for _ in range(_ATTEMPTS):
        vectors = mapped_matrix(folder, keys, encoder.dimension) if mapped else None
        if vectors is not None:
            return vectors
        with suppress(DamagedVectorsError), closing(KeptVectors(folder, encoder.dimension)) as kept:
            _keep_missing(dict(zip(keys, texts, strict=True)), encoder, kept, what, progress)
            blocks = kept.blocks(kept.places(keys))
            if not mapped:
                return _read_only([np.empty((0, encoder.dimension), dtype=np.float32), *blocks])
            write_matrix(folder, keys, blocks)
    raise MissingPartError(f"{store.name}: the kept vectors are damaged again and again; check the disk")


def _keep_missing(
    texts: Mapping[bytes, str], encoder: Encoder, kept: KeptVectors, what: str, progress: Progress | None
) -> None:
    """Encode and keep what is not kept yet, block by block."""
    keys = list(texts)
    missing = [keys[place] for place in np.flatnonzero(kept.places(keys).rows < 0)]
    # Similar lengths in one block: a batch is padded to its longest text.
    missing.sort(key=lambda key: len(texts[key]))
    done, size = 0, BLOCK
    while done < len(missing):
        block = missing[done : done + size]
        started = time.perf_counter()
        kept.append(block, _checked(encoder, [texts[key] for key in block]))
        size = _next_size(size, time.perf_counter() - started)
        done += len(block)
        if progress:
            progress(done / len(missing), f"encoding {what} ({done:,} of {len(missing):,})")


def _checked(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    vectors = np.asarray(encoder.encode(texts), dtype=np.float32)
    expected = (len(texts), encoder.dimension)
    if vectors.shape != expected:
        raise ValueError(f"encoder '{encoder.name}' gave an array of {vectors.shape}, expected {expected}")
    if not np.isfinite(vectors).all():
        raise ValueError(f"encoder '{encoder.name}' gave a vector with numbers that are not finite")
    return vectors


def _next_size(size: int, seconds: float) -> int:
    if seconds < _QUICK:
        return min(2 * size, LARGEST_BLOCK)
    return max(size // 2, BLOCK) if seconds > _SLOW else size


def _read_only(blocks: Sequence[Vectors]) -> Vectors:
    vectors = np.concatenate(blocks)
    vectors.flags.writeable = False
    return vectors


def _remove_former_store(store: Path) -> None:
    """Remove the single file that held the vectors before there was a folder: all it held can be computed again."""
    for former in (store, store.with_suffix(".sqlite")):
        if former.is_file():
            with suppress(OSError):
                former.unlink()
