"""Small things retrieval tests are made of: an encoder that learns nothing, passages and questions from plain text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from workbench.records import Document, Passage, Query, Source

WriteCase = Callable[..., Path]
"""The fixture `write_case`: corpus, queries and qrels as dictionaries in, case folder out."""


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


def passages_of(texts: Mapping[str, str]) -> list[Passage]:
    """One passage a text, its document named like it."""
    return [Passage(f"{name}::0", name, text, 0, len(text)) for name, text in texts.items()]


def document(doc_id: str, text: str) -> Document:
    return Document(doc_id, doc_id, text, Source(f"corpus/{doc_id}"))


def query(query_id: str, text: str) -> Query:
    return Query(query_id, text)
