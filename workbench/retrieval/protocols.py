"""What a client's own encoder, retriever or reranker must offer to take part in a comparison.

Only shapes and promises stand here; `tests/test_retrieval_contract.py` holds every implementation to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from workbench.records import Passage, Query, ScoredPassage

Vectors = npt.NDArray[np.float32]
"""(n, dimension), one row a text, rows of length 1."""

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done; may raise `CancelledError`."""


class QueryEncoder(Protocol):
    """What a dense retriever needs to search: vectors of questions."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension) float32, rows of length 1, in the order given."""
        ...


class Encoder(QueryEncoder, Protocol):
    """Turns texts into vectors whose dot product is their similarity.

    Attributes:
        name: model name as people know it.
        fingerprint: digest of the weights, the key under which vectors are kept.
        dimension: length of a vector.
    """

    name: str
    fingerprint: str
    dimension: int


class Retriever(Protocol):
    """Ranks passages for queries."""

    name: str

    def retrieve_all(self, queries: Sequence[Query], k: int) -> list[list[ScoredPassage]]:
        """For each query at most `k` passages, best first, each once; higher scores are better, ties in passage order."""
        ...


class Reranker(Protocol):
    """Scores passages against one query anew."""

    name: str

    def score(self, query: Query, passages: Sequence[Passage]) -> Sequence[float]:
        """One score a passage, in the order given; higher is better."""
        ...


@runtime_checkable
class BatchReranker(Protocol):
    """A reranker that scores pairs of many queries in one go, which is faster."""

    def score_many(self, pairs: Sequence[tuple[str, str]], *, progress: Progress | None = None) -> Sequence[float]:
        """One score a pair of query and passage text, in the order given; higher is better."""
        ...
