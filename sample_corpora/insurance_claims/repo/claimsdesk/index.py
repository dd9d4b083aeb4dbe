"""Build, save and load the dense index of the claims share."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from claimsdesk.chunk import Chunk, chunk_text

Encoder = Callable[[Sequence[str]], NDArray[np.float32]]
BATCH = 64


@dataclass(frozen=True)
class SourceFile:
    """A readable file of the share; `version` is empty where the file carries no edition."""

    doc_id: str
    path: str
    text: str
    version: str
    acl: str


@dataclass(frozen=True)
class Index:
    """Unit vectors, one row for each chunk, and what each row stands for."""

    name: str
    vectors: NDArray[np.float32]
    chunks: tuple[Chunk, ...]
    sources: dict[str, SourceFile]


def build_index(name: str, files: Iterable[SourceFile], encode: Encoder) -> Index:
    """Chunk and encode every file of the share, as it stands."""
    sources = {file.doc_id: file for file in files}
    chunks = tuple(chunk for file in sources.values() for chunk in chunk_text(file.doc_id, file.text))
    if not chunks:
        raise ValueError(f"{name}: no readable text in {len(sources)} files")
    texts = [chunk.text for chunk in chunks]
    batches = [encode(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)]
    return Index(name, unit_rows(np.vstack(batches)), chunks, sources)


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale each row to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)


def save_index(index: Index, folder: Path) -> None:
    """Write vectors and chunks beside each other under the index name."""
    target = folder / index.name
    target.mkdir(parents=True, exist_ok=False)
    np.save(target / "vectors.npy", index.vectors)
    rows = {
        "chunks": [asdict(chunk) for chunk in index.chunks],
        "sources": [asdict(source) for source in index.sources.values()],
    }
    (target / "rows.json").write_text(json.dumps(rows), encoding="utf-8")


def load_index(name: str, folder: Path) -> Index:
    """Read an index that `save_index` wrote."""
    rows = json.loads((folder / name / "rows.json").read_text(encoding="utf-8"))
    vectors = np.load(folder / name / "vectors.npy", allow_pickle=False)
    sources = {row["doc_id"]: SourceFile(**row) for row in rows["sources"]}
    return Index(name, vectors, tuple(Chunk(**row) for row in rows["chunks"]), sources)
