"""Dense retrieval: exact cosine search over passage vectors, in blocks of questions and passages with a running top k.

No approximation: at the sizes a session sees, exact search costs less than explaining an approximate one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.records import Passage, Query, ScoredPassage
from workbench.retrieval.protocols import QueryEncoder, Vectors
from workbench.retrieval.ranking import Mask, kth_highest, masks, top_k

QUERY_BLOCK = 128
PASSAGE_BLOCK = 32_768
"""Scores held at a time: 16 MB in single precision, whatever the size of the corpus."""

_RESCORED = 2_048
"""Passages rescored at a time: some megabytes in double precision."""

_ROUNDING = 2.0**-24
"""Unit roundoff of single precision."""

Positions = npt.NDArray[np.intp]
Scores = npt.NDArray[np.float64]


class DenseRetriever:
    """Ranks passages by cosine similarity to the query.

    A score is the dot product of the two vectors in double precision, added up in one fixed order. It depends on the
    two vectors alone: not on the other queries, nor on the blocks, nor on the threads of the linear algebra library.
    Passages with the same vector therefore tie, and ties go to the passage that comes first.
    """

    name = "dense"

    def __init__(
        self,
        passages: Sequence[Passage],
        vectors: Vectors,
        encoder: QueryEncoder,
        *,
        query_block: int = QUERY_BLOCK,
        passage_block: int = PASSAGE_BLOCK,
    ) -> None:
        """Keep the vectors of the passages: row i stands for passage i.

        Args:
            passages: in corpus order.
            vectors: may be mapped from a file; it is read block by block.
            encoder: for the questions.
            query_block: questions searched together; changes memory and speed, never the result.
            passage_block: passages searched together; changes memory and speed, never the result.

        Raises:
            ValueError: the number of vectors is not the number of passages.
        """
        if len(passages) != len(vectors):
            raise ValueError(f"{len(vectors)} vectors for {len(passages)} passages; encode the passages first")
        self._ids = [passage.passage_id for passage in passages]
        self._vectors = vectors
        self._encoder = encoder
        self._query_block = query_block
        self._passage_block = passage_block

    def retrieve_all(
        self, queries: Sequence[Query], k: int, *, among: Sequence[Mask | None] | None = None
    ) -> list[list[ScoredPassage]]:
        """For each query the `k` passages of highest cosine; see `workbench.retrieval.protocols.Retriever`.

        Args:
            queries: the questions.
            k: passages a query at most.
            among: the passages each query may find, None for all.
        """
        allowed = masks(among, len(queries), len(self._ids))
        vectors = self._encoder.encode([query.text for query in queries])
        slack = _slack(vectors, self._longest())
        rankings: list[list[ScoredPassage]] = []
        for start in range(0, len(queries), self._query_block):
            block = slice(start, start + self._query_block)
            found = self._search(vectors[block], slack[block], k, allowed[block])
            rankings.extend(self._named(*best) for best in found)
        return rankings

    def _named(self, positions: Positions, scores: Scores) -> list[ScoredPassage]:
        ids = self._ids
        return [ScoredPassage(ids[i], score) for i, score in zip(positions.tolist(), scores.tolist(), strict=True)]

    def _longest(self) -> float:
        """Length of the longest passage vector; 1 for an encoder that keeps its promise."""
        blocks = range(0, len(self._vectors), self._passage_block)
        return max(
            (_lengths(self._vectors[start : start + self._passage_block]).max() for start in blocks), default=0.0
        )

    def _search(
        self, queries: Vectors, slack: Scores, k: int, allowed: Sequence[Mask | None]
    ) -> list[tuple[Positions, Scores]]:
        """The best `k` of all passages for each query: those of each block merged into those of the blocks before."""
        best = [(np.empty(0, dtype=np.intp), np.empty(0)) for _ in queries]
        if k <= 0:
            return best
        for start in range(0, len(self._vectors), self._passage_block):
            block = self._vectors[start : start + self._passage_block]
            approximate = queries @ block.T
            for row, mask in enumerate(allowed):
                scores, places = approximate[row], None
                if mask is not None:
                    places = np.flatnonzero(mask[start : start + self._passage_block])
                    scores = scores[places]
                found = _candidates(scores, best[row][1], k, float(slack[row]))
                found = found if places is None else places[found]
                exact = _dot_products(block, found, queries[row])
                best[row] = _merged(best[row], (found + start, exact), k)
        return best


def _lengths(vectors: Vectors) -> Scores:
    squares: Scores = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    return np.sqrt(squares)


def _slack(queries: Vectors, longest: float) -> Scores:
    """For each query, how far a single-precision dot product with any passage can be from the exact one.

    Source: Higham 2002, "Accuracy and Stability of Numerical Algorithms", 3.1: n u |x| |y| for any order of addition; doubled
    for the terms of higher order.
    """
    underflow = float(np.finfo(np.float32).tiny)
    relative: float = 2 * queries.shape[1] * _ROUNDING
    return underflow + relative * longest * _lengths(queries)


def _candidates(approximate: npt.NDArray[np.float32], kept: Scores, k: int, slack: float) -> Positions:
    """Positions in the block of every passage that may be among the best `k`, ascending.

    What is left out is certain to score below `k` others: of this block, or of the passages kept so far.
    """
    least = -np.inf
    if len(approximate) > k:
        least = kth_highest(approximate, k) - 2 * slack
    if len(kept) == k:
        least = max(least, float(kept[-1]) - slack)
    # Compared in single precision: the bound rounds down, so that nothing is lost.
    return np.flatnonzero(approximate >= np.nextafter(np.float32(least), np.float32(-np.inf)))


def _dot_products(block: Vectors, rows: Positions, query: Vectors) -> Scores:
    """Dot products of some rows with a query; each row is added up by itself, whatever rows stand beside it."""
    scores = np.empty(len(rows))
    precise = query.astype(np.float64)
    for start in range(0, len(rows), _RESCORED):
        part = block[rows[start : start + _RESCORED]].astype(np.float64, order="C")
        part *= precise
        scores[start : start + _RESCORED] = part.sum(axis=1)
    return scores


def _merged(one: tuple[Positions, Scores], other: tuple[Positions, Scores], k: int) -> tuple[Positions, Scores]:
    """The best `k` of two lists; the first stands earlier in the corpus and is in rank order, the second in corpus order."""
    positions = np.concatenate([one[0], other[0]])
    scores = np.concatenate([one[1], other[1]])
    # Equal scores of the first list are in corpus order already, so ties by place are ties by corpus order.
    best = top_k(scores, k)
    return positions[best], scores[best]
