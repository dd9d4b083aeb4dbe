"""Dense retrieval: exact cosine search over passage vectors, by blocks of queries.

No approximation: at the sizes a session sees, exact search costs less than explaining an approximate one.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.records import Passage, Query, ScoredPassage
from workbench.retrieval.protocols import QueryEncoder, Vectors
from workbench.retrieval.ranking import top_k

QUERY_BLOCK = 64


class DenseRetriever:
    """Ranks passages by cosine similarity to the query."""

    name = "dense"

    def __init__(self, passages: Sequence[Passage], vectors: Vectors, encoder: QueryEncoder) -> None:
        """Keep the vectors of the passages: row i stands for passage i.

        Raises:
            ValueError: the number of vectors is not the number of passages.
        """
        if len(passages) != len(vectors):
            raise ValueError(f"{len(vectors)} vectors for {len(passages)} passages; encode the passages first")
        self._ids = [passage.passage_id for passage in passages]
        self._vectors = vectors
        self._encoder = encoder

    def retrieve_all(self, queries: Sequence[Query], k: int) -> list[list[ScoredPassage]]:
        """For each query the `k` passages of highest cosine; see `workbench.retrieval.protocols.Retriever`."""
        vectors = self._encoder.encode([query.text for query in queries])
        rankings: list[list[ScoredPassage]] = []
        for start in range(0, len(queries), QUERY_BLOCK):
            for scores in vectors[start : start + QUERY_BLOCK] @ self._vectors.T:
                best = top_k(scores, k)
                rankings.append([ScoredPassage(self._ids[i], float(scores[i])) for i in best])
        return rankings
