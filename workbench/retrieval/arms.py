"""Runs the arms of a comparison over one corpus: each leg is searched once, fusions and rerankings are built from the legs.

An arm that cannot run is reported with the reason; it never gets an empty run, which would read as a score of 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from workbench.errors import MissingPartError
from workbench.records import Document, Passage, Query, RankedDocument, Run, ScoredPassage
from workbench.retrieval.contract import usable_rankings
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.fusion import weighted_fusion
from workbench.retrieval.learned import FeatureReason
from workbench.retrieval.metadata_filter import MetadataFilter
from workbench.retrieval.protocols import Encoder, Progress, Reranker, Retriever, Vectors
from workbench.retrieval.ranking import RRF_K, Mask, pool_to_documents, reciprocal_rank_fusion
from workbench.retrieval.recipes import Leg, Recipe, recipe
from workbench.retrieval.rerank import load_cross_encoder
from workbench.retrieval.rerank_step import reasons_of, rerank_by_cross_encoder, rerank_learned
from workbench.retrieval.sparse import Engine, SparseRetriever
from workbench.retrieval.views import EncoderInUse, PassageView, Views

ARMS = ("dense", "bm25", "hybrid", "hybrid+rerank")
DEPTH = 100
"""Documents a run keeps: the depth TREC runs are usually scored at."""

LEG_DEPTH = 300
"""Passages searched for, so that pooling passages to documents still leaves `DEPTH` documents."""

LEARNED = "learned"
SCORES = "scores.sqlite"
"""File of the cross-encoder's kept scores, beside the vectors."""


@dataclass(frozen=True, slots=True)
class ArmSettings:
    """What the arms are run with.

    Attributes:
        encoder: model folder or hub name; None is the embedded encoder.
        reranker: what `+rerank` stands for: None or "learned" is the built-in one, else a cross-encoder's folder or hub name.
        bm25_engine: "workbench", "bm25s" or "rank-bm25".
        weights: of the dense leg and of BM25 in a fusion.
        rrf_k: smoothing constant of fusion by rank.
    """

    encoder: str | None = None
    reranker: str | None = None
    bm25_engine: Engine = "workbench"
    weights: tuple[float, float] = (1.0, 1.0)
    rrf_k: int = RRF_K

    @property
    def cross_encoder(self) -> str | None:
        """The cross-encoder that was set; None when the reranker is the built-in one."""
        return None if self.reranker in (None, LEARNED) else self.reranker


@dataclass
class Corpus:
    """A corpus with everything that is built over it once, whatever questions are searched.

    Attributes:
        documents: as read. passages: the documents cut.
        store: where vectors and scores are kept.
        retrievers: a client's own, by the name of their arm.
        progress: called with the share of the whole done and what is being done.
    """

    documents: Sequence[Document]
    passages: Sequence[Passage]
    store: Path
    settings: ArmSettings = field(default_factory=ArmSettings)
    retrievers: Mapping[str, Retriever] = field(default_factory=dict)
    progress: Progress | None = None
    load_encoder: Callable[[str | None], Encoder] = load_encoder
    load_reranker: Callable[[str | None, Path], Reranker] = load_cross_encoder
    _no_encoder: MissingPartError | None = None

    @cached_property
    def views(self) -> Views:
        """The passages in every form an arm searches."""
        return Views(self.documents, self.passages, self.settings.bm25_engine)

    @cached_property
    def filter(self) -> MetadataFilter:
        """What of the documents' metadata a question may name."""
        return MetadataFilter.of(self.documents)

    @cached_property
    def doc_ids(self) -> frozenset[str]:
        """Ids of the documents."""
        return frozenset(document.doc_id for document in self.documents)

    @cached_property
    def cross_encoder(self) -> Reranker:
        """The cross-encoder that was set, else the usual one where its weights are on this machine.

        Raises:
            MissingPartError: no model.
        """
        return self.load_reranker(self.settings.cross_encoder, self.store / SCORES)

    @property
    def encoder(self) -> EncoderInUse:
        """The encoder; a model that could not be had is not asked for again by the next arm.

        Raises:
            MissingPartError: the model is not there.
        """
        if self._no_encoder is not None:
            raise self._no_encoder
        try:
            return EncoderInUse(self.load_encoder(self.settings.encoder), self.store, self.progress)
        except MissingPartError as error:
            self._no_encoder = error
            raise

    def tell(self, share: float, what: str) -> None:
        """Report progress to whoever wants it."""
        if self.progress:
            self.progress(share, what)


@dataclass
class Search:
    """Searches a corpus for one set of questions; legs are kept, so that three arms do not search the same leg three times."""

    corpus: Corpus
    queries: Sequence[Query]
    _legs: dict[str, ArmRankings] = field(default_factory=dict)

    @cached_property
    def _places(self) -> dict[str, int]:
        """query_id -> its place among the questions."""
        return {query.query_id: place for place, query in enumerate(self.queries)}

    @cached_property
    def _vectors(self) -> Vectors:
        """One row a question."""
        return self.corpus.encoder.questions.encode([query.text for query in self.queries])

    def run(self, arm: str) -> Run:
        """The run of one arm: documents in the order of their best passage.

        Raises:
            MissingPartError: a model the arm needs is not there.
            ValueError: no such arm. InputError: a client's retriever failed or broke its promises.
        """
        found = self.rankings(arm)
        doc_ids = self._doc_ids(arm)
        pooled = [pool_to_documents(ranking, doc_ids, depth=DEPTH) for ranking in found.rankings]
        if arm in self.corpus.retrievers:
            pooled = [tuple(self._named(document) for document in ranking) for ranking in pooled]
        rankings = {query.query_id: ranking for query, ranking in zip(self.queries, pooled, strict=True)}
        return Run(arm, rankings, found.index_seconds, found.search_seconds, DEPTH)

    def rankings(self, arm: str) -> ArmRankings:
        """Passage rankings of an arm, one a question in the order of the questions."""
        if arm not in self._legs:
            self._legs[arm] = self._own(arm) if arm in self.corpus.retrievers else self._made(arm, recipe(arm))
        return self._legs[arm]

    def legs_of(self, arm: str) -> tuple[str, ...]:
        """Names of the arms that are fused in this one; a single leg is its own, a client's retriever too."""
        if arm in self.corpus.retrievers:
            return (arm,)
        made = recipe(arm)
        return tuple(made.leg(leg) for leg in made.legs)

    def step_before(self, arm: str) -> str | None:
        """Name of the arm whose top this one reorders; None where it reorders nothing."""
        return None if arm in self.corpus.retrievers else recipe(arm).before_reranking()

    def reasons(self, arm: str, query: Query, doc_ids: Collection[str]) -> dict[str, tuple[FeatureReason, ...]]:
        """Why the built-in reranker put documents where they are: doc_id -> what each feature adds, the weightiest first.

        A document below what was reordered has no reasons and is left out; so is everything where another reranker was used.

        Args:
            arm: a reranked arm that can run.
            query: one of the questions.
            doc_ids: the documents that are asked about.
        """
        made = recipe(arm)
        before = made.before_reranking()
        if before is None or not self._is_learned(made):
            return {}
        number = self._places[query.query_id]
        view, legs = self._view(made), self._legs_of(made)
        ranking = self.rankings(before).rankings[number]
        encoder = self.corpus.encoder if "dense" in legs else None
        vector = self._vectors[number] if encoder else None
        own = {leg: ranked[number] for leg, ranked in legs.items()}
        best = pool_to_documents(self.rankings(arm).rankings[number], view.doc_ids, depth=DEPTH)
        carriers = {document.passage_id: document.doc_id for document in best if document.doc_id in doc_ids}
        found = reasons_of(query, vector, ranking, own, view, encoder, carriers)
        return {carriers[passage_id]: reasons for passage_id, reasons in found.items()}

    def _made(self, arm: str, made: Recipe) -> ArmRankings:
        before = made.before_reranking()
        if before is not None:
            return self._reranked(made, before)
        if made.base == "hybrid":
            return self._fused(made)
        return self._leg(made)

    def _view(self, made: Recipe) -> PassageView:
        return self.corpus.views.of(title=made.title, small=made.small)

    def _leg(self, made: Recipe) -> ArmRankings:
        leg = made.legs[0]
        view = self._view(made)
        retriever = self._retriever(leg, view)
        started = time.perf_counter()
        among = self._masks(view) if made.filtered else None
        rankings = retriever.retrieve_all(self.queries, LEG_DEPTH, among=among)
        return ArmRankings(rankings, view.seconds.get(leg, 0.0), time.perf_counter() - started)

    def _retriever(self, leg: Leg, view: PassageView) -> DenseRetriever | SparseRetriever:
        if leg == "dense":
            self.corpus.tell(0.0, "loading the encoder")
            return view.dense(self.corpus.encoder)
        self.corpus.tell(1.0, "indexing words")
        return view.sparse()

    def _masks(self, view: PassageView) -> list[Mask | None]:
        """For questions that name a year, product or customer: which passages are of such documents; None for all others."""
        made: dict[frozenset[str] | None, Mask | None] = {None: None}
        allowed = [self.corpus.filter.allowed_documents(query.text) for query in self.queries]
        for documents in allowed:
            if documents is not None and documents not in made:  # many questions share a filter
                made[documents] = np.fromiter((p.doc_id in documents for p in view.passages), dtype=np.bool_)
        return [made[documents] for documents in allowed]

    def _fused(self, made: Recipe) -> ArmRankings:
        legs = [self.rankings(made.leg(leg)) for leg in made.legs]
        started = time.perf_counter()
        weights, rrf_k = self.corpus.settings.weights, self.corpus.settings.rrf_k
        pairs = zip(*(leg.rankings for leg in legs), strict=True)
        fused = [
            weighted_fusion(pair, weights)
            if made.weighted
            else reciprocal_rank_fusion(pair, weights=weights, rrf_k=rrf_k)
            for pair in pairs
        ]
        index, search = sum(leg.index_seconds for leg in legs), sum(leg.search_seconds for leg in legs)
        return ArmRankings(fused, index, search + time.perf_counter() - started)

    def _reranked(self, made: Recipe, before: str) -> ArmRankings:
        model = None if self._is_learned(made) else self.corpus.cross_encoder
        fused = self.rankings(before)
        started = time.perf_counter()
        view = self._view(made)
        if model is not None:
            rankings = rerank_by_cross_encoder(self.queries, fused.rankings, view, model, self.corpus.tell)
        else:
            legs = self._legs_of(made)
            encoder = self.corpus.encoder if "dense" in legs else None
            vectors = self._vectors if encoder else None
            rankings = rerank_learned(self.queries, vectors, fused.rankings, legs, view, encoder, self.corpus.tell)
        return ArmRankings(rankings, fused.index_seconds, fused.search_seconds + time.perf_counter() - started)

    def _is_learned(self, made: Recipe) -> bool:
        return made.reranker == "learned" or (made.reranker == "chosen" and self.corpus.settings.cross_encoder is None)

    def _legs_of(self, made: Recipe) -> dict[str, Sequence[Sequence[ScoredPassage]]]:
        """Leg -> its rankings; legs that are not searched are left out."""
        return {leg: self.rankings(made.leg(leg)).rankings for leg in made.legs}

    def _own(self, arm: str) -> ArmRankings:
        """What a client's own retriever found, held to the promises a comparison rests on."""
        started = time.perf_counter()
        retriever, known = self.corpus.retrievers[arm], self._doc_ids(arm)
        rankings = usable_rankings(arm, retriever, self.queries, LEG_DEPTH, known)
        return ArmRankings(rankings, 0.0, time.perf_counter() - started)

    def _named(self, document: RankedDocument) -> RankedDocument:
        """A document of a client's retriever; where that returned documents no passage is known."""
        return document if document.passage_id in self.corpus.views.of().rows else replace(document, passage_id="")

    def _doc_ids(self, arm: str) -> Mapping[str, str]:
        if arm not in self.corpus.retrievers:
            return self._view(recipe(arm)).doc_ids
        # A client's system may know documents alone, or our passages.
        return {doc_id: doc_id for doc_id in self.corpus.doc_ids} | self.corpus.views.of().doc_ids


@dataclass(frozen=True, slots=True)
class ArmRankings:
    """Passage rankings of one arm, one a question, with the seconds they took."""

    rankings: Sequence[Sequence[ScoredPassage]]
    index_seconds: float
    search_seconds: float


__all__ = ["ARMS", "DEPTH", "LEG_DEPTH", "ArmRankings", "ArmSettings", "Corpus", "Search"]
