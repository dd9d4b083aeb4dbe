"""Fixtures shared by all tests: fabricated cases small enough to check by hand, and no network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from pytest_socket import disable_socket, enable_socket

from workbench.records import Document, Passage, Query, Source


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest):
    """Unit tests open no socket; browser and worker tests talk to this machine alone."""
    if request.node.get_closest_marker("browser") or request.node.get_closest_marker("local_network"):
        yield
        return
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


class HashingEncoder:
    """A real, tiny encoder: counts hashed words. Texts that share words are similar; nothing is learned."""

    name = "hashed words"
    fingerprint = "hashed-words-1"
    dimension = 64

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(norms == 0, 1, norms)


@pytest.fixture
def hashing_encoder() -> HashingEncoder:
    return HashingEncoder()


def passages_of(texts: Mapping[str, str]) -> list[Passage]:
    """One passage a text, its document named like it."""
    return [Passage(f"{name}::0", name, text, 0, len(text)) for name, text in texts.items()]


def document(doc_id: str, text: str) -> Document:
    return Document(doc_id, doc_id, text, Source(f"corpus/{doc_id}"))


def query(query_id: str, text: str) -> Query:
    return Query(query_id, text)


WriteCase = Callable[..., Path]


@pytest.fixture
def write_case(tmp_path: Path) -> WriteCase:
    """Writes a BEIR-form case from dictionaries and returns its folder."""

    def write(
        corpus: Mapping[str, str],
        queries: Mapping[str, str] | None = None,
        qrels: Mapping[str, Mapping[str, int]] | None = None,
        name: str = "case",
    ) -> Path:
        root = tmp_path / name
        (root / "qrels").mkdir(parents=True)
        lines = [json.dumps({"_id": key, "title": "", "text": text}) for key, text in corpus.items()]
        (root / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
        if queries is not None:
            asked = [json.dumps({"_id": key, "text": text}) for key, text in queries.items()]
            (root / "queries.jsonl").write_text("\n".join(asked), encoding="utf-8")
        rows = ["query-id\tcorpus-id\tscore"]
        rows += [f"{q}\t{d}\t{grade}" for q, grades in (qrels or {}).items() for d, grade in grades.items()]
        (root / "qrels" / "test.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        return root

    return write
