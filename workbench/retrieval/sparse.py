"""BM25 retrieval over a matrix of weights computed once, with bm25s and rank-bm25 as selectable reference engines.

All engines see the same tokens (`workbench.retrieval.tokens`) and pass through the same selection of the best.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.records import Passage, Query, ScoredPassage
from workbench.retrieval.ranking import Mask, masks, top_k
from workbench.retrieval.tokens import TokenizedCorpus, Variant, tokenize

__all__ = ["ENGINES", "K1", "B", "Engine", "SparseRetriever", "Variant", "tokenize"]

K1 = 1.5
B = 0.75
"""Defaults of bm25s and rank-bm25; Robertson & Zaragoza 2009 give 1.2 to 2 and 0.5 to 0.8 as the useful range."""

_POSTINGS = 65_536
"""Tokens whose place in the index is kept at hand: questions share words. They are views, not copies."""

Engine = Literal["workbench", "bm25s", "rank-bm25"]

Scores = npt.NDArray[np.floating]
Scorer = Callable[[Sequence[str]], Scores]
"""Tokens of a query -> one score a passage."""


class SparseRetriever:
    """Ranks passages by BM25; passages that share no token with the query are left out.

    Attributes:
        tokens: the passages as token ids, for whoever else needs them.
    """

    name = "bm25"

    def __init__(
        self,
        passages: Sequence[Passage],
        *,
        engine: Engine = "workbench",
        variant: Variant = "lucene",
        tokens: TokenizedCorpus | None = None,
    ) -> None:
        """Index the passages.

        Args:
            passages: in corpus order; none gives an index that finds nothing.
            engine: "workbench" does the work; bm25s and rank-bm25 are slower and there to check it.
            variant: "lucene" never gives a token a negative weight and is the default; "okapi" is the weighting
                under which all engines give the same scores. rank-bm25 knows "okapi" alone.
            tokens: the texts of the passages, tokenized, where that was done before.

        Raises:
            ValueError: rank-bm25 with another variant than "okapi", an unknown engine, or tokens of another corpus.
        """
        if engine not in ENGINES:
            raise ValueError(f"unknown BM25 engine '{engine}'; known are {', '.join(sorted(ENGINES))}")
        if engine == "rank-bm25" and variant != "okapi":
            raise ValueError("rank-bm25 knows the variant 'okapi' alone; choose it, or the engine 'workbench'")
        self.tokens = TokenizedCorpus.of(passage.text for passage in passages) if tokens is None else tokens
        if len(self.tokens) != len(passages):
            raise ValueError(
                f"{len(self.tokens)} tokenized texts for {len(passages)} passages; tokenize these passages"
            )
        self._ids = [passage.passage_id for passage in passages]
        # All engines divide by the average length and cannot index a corpus without a single token.
        self._scores = ENGINES[engine](self.tokens, variant) if len(self.tokens.token_ids) else None

    def retrieve_all(
        self, queries: Sequence[Query], k: int, *, among: Sequence[Mask | None] | None = None
    ) -> list[list[ScoredPassage]]:
        """For each query the `k` passages of highest BM25 score above 0; see `protocols.Retriever`.

        Args:
            queries: the questions.
            k: passages a query at most.
            among: the passages each query may find, None for all; scores are the same with it and without.
        """
        allowed = masks(among, len(queries), len(self._ids))
        return [self._retrieve(query, k, mask) for query, mask in zip(queries, allowed, strict=True)]

    def _retrieve(self, query: Query, k: int, mask: Mask | None) -> list[ScoredPassage]:
        tokens = tokenize(query.text)
        if not tokens or self._scores is None:
            return []
        scores = self._scores(tokens)
        if mask is not None:
            scores = np.where(mask, scores, 0)
        found = np.count_nonzero(scores)
        if found < k:  # all others tie at 0: they are not worth sorting
            places = np.flatnonzero(scores)
            best = places[top_k(scores[places], k)]
        else:
            best = top_k(scores, k)
        ids = self._ids
        return [ScoredPassage(ids[i], score) for i, score in zip(best.tolist(), scores[best].tolist(), strict=True)]


def _workbench(corpus: TokenizedCorpus, variant: Variant) -> Scorer:
    """Every token's weight in every passage that holds it, added up for the tokens of a query.

    Double precision, and the order of operations of rank-bm25: under "okapi" its scores to the last bit.
    """
    vocabulary, passages = corpus.vocabulary, len(corpus)
    found_in, starts = corpus.occurrences.indices, corpus.occurrences.indptr.tolist()
    weights = _weights(corpus, variant)

    @lru_cache(_POSTINGS)
    def postings(token: str) -> tuple[npt.NDArray[np.integer], Scores] | None:
        known = vocabulary.get(token)
        if known is None:
            return None
        span = slice(starts[known], starts[known + 1])
        return found_in[span], weights[span]

    def scores(tokens: Sequence[str]) -> Scores:
        found = [posting for token in tokens if (posting := postings(token))]
        if not found:
            return np.zeros(passages)
        places, parts = zip(*found, strict=True)
        return np.asarray(np.bincount(np.concatenate(places), np.concatenate(parts), passages), dtype=np.float64)

    return scores


def _weights(corpus: TokenizedCorpus, variant: Variant) -> npt.NDArray[np.float64]:
    """One weight for each (token, passage) of `corpus.occurrences`, in its order."""
    occurrences = corpus.occurrences
    average = len(corpus.token_ids) / len(corpus)
    saturation = K1 * (1 - B + B * corpus.lengths / average)
    numerator = K1 + 1 if variant == "okapi" else 1.0
    frequency = occurrences.data
    weights = np.multiply(frequency, numerator, dtype=np.float64)
    weights /= frequency + saturation[occurrences.indices]
    weights *= np.repeat(corpus.idf(variant), np.diff(occurrences.indptr))
    return weights


def _bm25s(corpus: TokenizedCorpus, variant: Variant) -> Scorer:
    import bm25s

    # The library sets its own logger to DEBUG when it is imported.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    methods = {"lucene": {"method": "lucene"}, "okapi": {"method": "atire", "idf_method": "robertson"}}
    index = bm25s.BM25(k1=K1, b=B, **methods[variant])
    vocabulary = dict(corpus.vocabulary)
    index.index(([corpus.tokens(i).tolist() for i in range(len(corpus))], vocabulary), show_progress=False)

    def scores(tokens: Sequence[str]) -> Scores:
        known = [token for token in tokens if token in vocabulary]
        return np.asarray(index.get_scores(known)) if known else np.zeros(len(corpus), dtype=np.float32)

    return scores


def _rank_bm25(corpus: TokenizedCorpus, _variant: Variant) -> Scorer:
    from rank_bm25 import BM25Okapi

    words = list(corpus.vocabulary)
    texts = [[words[token] for token in corpus.tokens(i)] for i in range(len(corpus))]
    # epsilon=0 takes the floor for negative weights out, which the others do not have.
    index = BM25Okapi(texts, k1=K1, b=B, epsilon=0)
    return lambda tokens: np.asarray(index.get_scores(tokens))


ENGINES: dict[str, Callable[[TokenizedCorpus, Variant], Scorer]] = {
    "workbench": _workbench,
    "bm25s": _bm25s,
    "rank-bm25": _rank_bm25,
}
