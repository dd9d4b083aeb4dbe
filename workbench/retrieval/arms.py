"""Runs the arms of a comparison over one corpus: each leg is searched once, fusions are built from the legs.

An arm that cannot run is reported with the reason; it never gets an empty run, which would read as a score of 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.compute import scaled
from workbench.errors import MissingPartError
from workbench.records import Passage, Query, Run, ScoredPassage
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.embeddings import CachedEncoder, encode_cached
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.protocols import Encoder, Progress, Reranker, Retriever
from workbench.retrieval.ranking import pool_to_documents, reciprocal_rank_fusion
from workbench.retrieval.rerank import CrossEncoderReranker, rerank
from workbench.retrieval.sparse import Engine, SparseRetriever, Variant

ARMS = ("dense", "bm25", "hybrid", "hybrid+rerank")
DEPTH = 100
"""Documents a run keeps: the depth TREC runs are usually scored at."""

PASSAGES_SHARE = 0.8
"""Share of the progress that encoding passages takes; encoding questions takes the rest."""

LEG_DEPTH = 300
"""Passages searched for, so that pooling passages to documents still leaves `DEPTH` documents."""


@dataclass(frozen=True, slots=True)
class ArmSettings:
    """What the arms are run with.

    Attributes:
        encoder: model folder or hub name; None is the embedded encoder.
        reranker: model folder or hub name; None leaves the reranked arm out.
        bm25_engine: "bm25s" or "rank-bm25".
    """

    encoder: str | None = None
    reranker: str | None = None
    bm25_engine: Engine = "bm25s"


@dataclass(slots=True)
class ArmRunner:
    """Builds legs on demand and keeps them, so that three arms do not search the same leg three times.

    Attributes:
        passages: the corpus, cut.
        queries: the questions to run.
        store: file of kept vectors.
        progress: called with the share of the whole done and what is being done.
    """

    passages: Sequence[Passage]
    queries: Sequence[Query]
    store: Path
    settings: ArmSettings = field(default_factory=ArmSettings)
    progress: Progress | None = None
    load_encoder: Callable[[str | None], Encoder] = load_encoder
    load_reranker: Callable[[str], Reranker] = CrossEncoderReranker
    _legs: dict[str, _Leg] = field(default_factory=dict)
    _no_encoder: MissingPartError | None = None

    def run(self, arm: str) -> Run:
        """The run of one arm.

        Raises:
            MissingPartError: a model the arm needs is not there.
            ValueError: no such arm.
        """
        builders: dict[str, Callable[[str], _Leg]] = {
            "dense": self._leg,
            "bm25": self._leg,
            "hybrid": self._hybrid,
            "hybrid+rerank": self._reranked,
        }
        if arm not in builders:
            raise ValueError(f"unknown arm '{arm}'; known are {', '.join(ARMS)}")
        leg = builders[arm](arm)
        doc_ids = {passage.passage_id: passage.doc_id for passage in self.passages}
        rankings = {
            query.query_id: pool_to_documents(ranking, doc_ids, depth=DEPTH)
            for query, ranking in zip(self.queries, leg.rankings, strict=True)
        }
        return Run(arm, rankings, leg.index_seconds, leg.search_seconds, DEPTH)

    def _leg(self, name: str) -> _Leg:
        if name not in self._legs:
            started = time.perf_counter()
            retriever: Retriever = self._dense() if name == "dense" else self._sparse()
            indexed = time.perf_counter()
            rankings = retriever.retrieve_all(self.queries, LEG_DEPTH)
            self._legs[name] = _Leg(rankings, indexed - started, time.perf_counter() - indexed)
        return self._legs[name]

    def _dense(self) -> DenseRetriever:
        self._tell(0.0, "loading the encoder")
        encoder = self._encoder()
        texts = [passage.text for passage in self.passages]
        vectors = encode_cached(texts, encoder, self.store, progress=scaled(self.progress, 0.0, PASSAGES_SHARE))
        questions = CachedEncoder(encoder, self.store, "questions", scaled(self.progress, PASSAGES_SHARE, 1.0))
        return DenseRetriever(self.passages, vectors, questions)

    def _encoder(self) -> Encoder:
        """The encoder; a model that could not be had is not asked for again by the next arm."""
        if self._no_encoder is not None:
            raise self._no_encoder
        try:
            return self.load_encoder(self.settings.encoder)
        except MissingPartError as error:
            self._no_encoder = error
            raise

    def _sparse(self) -> SparseRetriever:
        self._tell(1.0, "indexing words")
        variant: Variant = "okapi" if self.settings.bm25_engine == "rank-bm25" else "lucene"
        return SparseRetriever(self.passages, engine=self.settings.bm25_engine, variant=variant)

    def _hybrid(self, _name: str = "hybrid") -> _Leg:
        if "hybrid" not in self._legs:
            dense, sparse = self._leg("dense"), self._leg("bm25")
            started = time.perf_counter()
            pairs = zip(dense.rankings, sparse.rankings, strict=True)
            fused = [reciprocal_rank_fusion(pair) for pair in pairs]
            seconds = dense.search_seconds + sparse.search_seconds + time.perf_counter() - started
            self._legs["hybrid"] = _Leg(fused, dense.index_seconds + sparse.index_seconds, seconds)
        return self._legs["hybrid"]

    def _reranked(self, _name: str) -> _Leg:
        if self.settings.reranker is None:
            raise MissingPartError("not available: no model, set --reranker PATH")
        reranker = self.load_reranker(self.settings.reranker)
        hybrid = self._hybrid()
        passages = {passage.passage_id: passage for passage in self.passages}
        started = time.perf_counter()
        rankings = []
        for number, (query, ranking) in enumerate(zip(self.queries, hybrid.rankings, strict=True), start=1):
            rankings.append(rerank(query, ranking, passages, reranker))
            self._tell(number / len(self.queries), f"reranking ({number:,} of {len(self.queries):,} questions)")
        return _Leg(rankings, hybrid.index_seconds, hybrid.search_seconds + time.perf_counter() - started)

    def _tell(self, share: float, what: str) -> None:
        if self.progress:
            self.progress(share, what)


@dataclass(frozen=True, slots=True)
class _Leg:
    """Passage rankings of one leg, one a query, with the seconds it took."""

    rankings: Sequence[Sequence[ScoredPassage]]
    index_seconds: float
    search_seconds: float
