"""BM25 retrieval through bm25s, with rank-bm25 as the selectable reference engine.

Both engines see the same tokens: lower case, English stop words out, Snowball stems, identifiers cut at punctuation.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from workbench.records import Passage, Query, ScoredPassage
from workbench.retrieval.ranking import top_k

K1 = 1.5
B = 0.75
"""Defaults of bm25s and rank-bm25; Robertson & Zaragoza 2009 give 1.2 to 2 and 0.5 to 0.8 as the useful range."""

Engine = Literal["bm25s", "rank-bm25"]
Variant = Literal["lucene", "okapi"]

_TOKEN = re.compile(r"\b\w\w+\b")


@cache
def _stemmer() -> Any:  # noqa: ANN401 - the library ships no types
    import Stemmer

    return Stemmer.Stemmer("english")


@cache
def _stop_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN)


def tokenize(text: str) -> list[str]:
    """Stemmed tokens of two or more word characters, stop words left out.

    >>> tokenize("The claims for END-H-114 were rejected")
    ['claim', 'end', '114', 'were', 'reject']
    """
    words = [word for word in _TOKEN.findall(text.lower()) if word not in _stop_words()]
    return list(_stemmer().stemWords(words))


class SparseRetriever:
    """Ranks passages by BM25; passages that share no token with the query are left out."""

    name = "bm25"

    def __init__(self, passages: Sequence[Passage], *, engine: Engine = "bm25s", variant: Variant = "lucene") -> None:
        """Index the passages.

        Args:
            passages: in corpus order; none gives an index that finds nothing.
            engine: bm25s does the work; rank-bm25 is slow and there to check it.
            variant: "lucene" never gives a term a negative weight and is the default; "okapi" is the weighting
                under which both engines give the same scores. rank-bm25 knows "okapi" alone.

        Raises:
            ValueError: rank-bm25 with another variant than "okapi", or an unknown engine.
        """
        if engine not in ENGINES:
            raise ValueError(f"unknown BM25 engine '{engine}'; known are {', '.join(sorted(ENGINES))}")
        self._ids = [passage.passage_id for passage in passages]
        tokens = [tokenize(passage.text) for passage in passages]
        # Both engines divide by the average length and cannot index a corpus without a single token.
        self._scores = ENGINES[engine](tokens, variant) if any(tokens) else None

    def retrieve_all(self, queries: Sequence[Query], k: int) -> list[list[ScoredPassage]]:
        """For each query the `k` passages of highest BM25 score above 0; see `protocols.Retriever`."""
        return [self._retrieve(query, k) for query in queries]

    def _retrieve(self, query: Query, k: int) -> list[ScoredPassage]:
        tokens = tokenize(query.text)
        if not tokens or self._scores is None:
            return []
        scores = self._scores(tokens)
        return [ScoredPassage(self._ids[i], float(scores[i])) for i in top_k(scores, k) if scores[i] > 0]


Scorer = Callable[[list[str]], npt.NDArray[np.floating]]


def _bm25s(corpus: list[list[str]], variant: Variant) -> Scorer:
    import bm25s

    # The library sets its own logger to DEBUG when it is imported.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    methods = {"lucene": {"method": "lucene"}, "okapi": {"method": "atire", "idf_method": "robertson"}}
    index = bm25s.BM25(k1=K1, b=B, **methods[variant])
    index.index(corpus, show_progress=False)
    vocabulary = index.vocab_dict

    def scores(tokens: list[str]) -> npt.NDArray[np.floating]:
        known = [token for token in tokens if token in vocabulary]
        return index.get_scores(known) if known else np.zeros(len(corpus), dtype=np.float32)

    return scores


def _rank_bm25(corpus: list[list[str]], variant: Variant) -> Scorer:
    from rank_bm25 import BM25Okapi

    if variant != "okapi":
        raise ValueError("rank-bm25 knows the variant 'okapi' alone; choose it, or the engine bm25s")
    # epsilon=0 takes the floor for negative weights out, which bm25s does not have.
    index = BM25Okapi(corpus, k1=K1, b=B, epsilon=0)
    return lambda tokens: np.asarray(index.get_scores(tokens))


ENGINES: dict[str, Callable[[list[list[str]], Variant], Scorer]] = {"bm25s": _bm25s, "rank-bm25": _rank_bm25}
