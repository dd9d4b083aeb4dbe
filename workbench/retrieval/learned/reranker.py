"""Reorders the top of a ranking by the learned weights, and says of every passage why it stands where it stands.

The model is a sum, so what each feature contributes is exact and not an approximation made afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.records import Passage, Query
from workbench.retrieval.learned.catalogue import FEATURES
from workbench.retrieval.learned.features import Candidate, FeatureExtractor, Matrix
from workbench.retrieval.learned.matching import Floats
from workbench.retrieval.learned.weights import load_weights
from workbench.retrieval.learned.wording import in_words
from workbench.retrieval.tokens import TokenizedCorpus

QueryVector = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Reranked:
    """A passage in the new order; its place is its position in the list."""

    passage_id: str
    score: float


@dataclass(frozen=True, slots=True)
class FeatureReason:
    """What one feature adds to the score of a passage.

    Attributes:
        feature: its name in the weights file.
        text: the feature and its value, for people.
        value: as the model computes it, in the unit of the feature's label.
        contribution: points of the score, above 0 where it lifts the passage; all of a passage sum to its score.
    """

    feature: str
    text: str
    value: float
    contribution: float


class LearnedReranker:
    """The built-in reranker over one corpus."""

    name = "learned"

    def __init__(
        self,
        passages: Sequence[Passage],
        tokens: TokenizedCorpus,
        vectors: npt.NDArray[np.floating] | None,
        weights: Path | None = None,
    ) -> None:
        """Load the weights.

        Args:
            passages: in corpus order.
            tokens: of the passages' texts, in the same order.
            vectors: (passages, dimension), rows of length 1; None where there is no encoder: then the model that knows words
                alone is used.
            weights: file of weights; None takes those of the package.

        Raises:
            InputError: the weights are damaged or were learned for other features.
            ValueError: tokens or vectors are not those of the passages.
        """
        self._features = FeatureExtractor(passages, tokens, vectors)
        loaded = load_weights(weights)
        self._with_vectors, self._words_alone = loaded.with_vectors, loaded.words_alone
        self._has_vectors = vectors is not None

    def rerank(self, query: Query, query_vector: QueryVector | None, candidates: Sequence[Candidate]) -> list[Reranked]:
        """The candidates, best first; equal scores keep the order they had.

        Args:
            query: the question.
            query_vector: its vector; None has it judged by words alone.
            candidates: the top of a ranking, in any order.
        """
        _, contributions = self._contributions(query, query_vector, candidates)
        scores = contributions.sum(axis=1)
        ranks = np.array([candidate.fused_rank for candidate in candidates], dtype=np.int64)
        return [Reranked(candidates[i].passage.passage_id, float(scores[i])) for i in np.lexsort((ranks, -scores))]

    def explain(
        self,
        query: Query,
        query_vector: QueryVector | None,
        candidates: Sequence[Candidate],
        passage_ids: Collection[str] | None = None,
    ) -> dict[str, tuple[FeatureReason, ...]]:
        """Why candidates have their score: passage_id -> every feature that adds or takes anything, the weightiest first.

        Contributions are measured from a middling candidate of the training data; those of a passage sum to the score that
        `rerank` gives it.

        Args:
            query: the question.
            query_vector: as for `rerank`.
            candidates: all of them: a candidate's features are seen beside the others.
            passage_ids: those that are asked about; None for all.
        """
        values, contributions = self._contributions(query, query_vector, candidates)
        return {
            candidate.passage.passage_id: _reasons(value, contribution)
            for candidate, value, contribution in zip(candidates, values, contributions, strict=True)
            if passage_ids is None or candidate.passage.passage_id in passage_ids
        }

    def _contributions(
        self, query: Query, query_vector: QueryVector | None, candidates: Sequence[Candidate]
    ) -> tuple[Matrix, Matrix]:
        """(values, contributions), both (candidates, features)."""
        values = self._features.matrix(query.text, query_vector, candidates)
        known = self._has_vectors and query_vector is not None
        return values, (self._with_vectors if known else self._words_alone).contributions(values)


def _reasons(values: Floats, contributions: Floats) -> tuple[FeatureReason, ...]:
    reasons = [
        FeatureReason(feature.name, in_words(feature.name, float(value)), float(value), float(contribution))
        for feature, value, contribution in zip(FEATURES, values, contributions, strict=True)
        if contribution != 0
    ]
    return tuple(sorted(reasons, key=lambda reason: -abs(reason.contribution)))
