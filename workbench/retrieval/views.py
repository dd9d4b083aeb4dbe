"""The corpus as an arm searches it: which passages, with or without their titles, and the indexes over them.

Each index is built once, when the first arm needs it; rankings are made in `workbench.retrieval.arms`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from workbench.compute import scaled
from workbench.ingest.corpus.chunking import chunk_all, with_context
from workbench.records import Document, Passage
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.embeddings import CachedEncoder, encode_cached
from workbench.retrieval.learned import LearnedReranker
from workbench.retrieval.protocols import Encoder, Progress, Vectors
from workbench.retrieval.sparse import Engine, SparseRetriever, Variant
from workbench.retrieval.tokens import TokenizedCorpus

SMALL_WORDS = 80
"""Words of a small passage: about two or three sentences, what a question is usually answered by."""

PASSAGES_SHARE = 0.8
"""Share of the progress that encoding passages takes; encoding questions takes the rest."""


@dataclass(slots=True)
class EncoderInUse:
    """The encoder of a comparison with the store its vectors are kept in."""

    encoder: Encoder
    store: Path
    progress: Progress | None = None

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of passages, (len(texts), dimension)."""
        progress = scaled(self.progress, 0.0, PASSAGES_SHARE)
        return encode_cached(texts, self.encoder, self.store, progress=progress)

    @property
    def questions(self) -> CachedEncoder:
        """The encoder for questions."""
        return CachedEncoder(self.encoder, self.store, "questions", scaled(self.progress, PASSAGES_SHARE, 1.0))


@dataclass
class PassageView:
    """Passages with the indexes over them.

    Attributes:
        passages: as they are searched; their text holds title and headings where the view adds them.
        engine: of BM25.
    """

    passages: Sequence[Passage]
    engine: Engine = "workbench"
    seconds: dict[str, float] = field(default_factory=dict)
    _vectors: Vectors | None = None
    _dense: DenseRetriever | None = None
    _sparse: SparseRetriever | None = None
    _learned: dict[bool, LearnedReranker] = field(default_factory=dict)

    @cached_property
    def rows(self) -> dict[str, int]:
        """passage_id -> position in the view."""
        return {passage.passage_id: row for row, passage in enumerate(self.passages)}

    @cached_property
    def doc_ids(self) -> dict[str, str]:
        """passage_id -> doc_id."""
        return {passage.passage_id: passage.doc_id for passage in self.passages}

    @cached_property
    def tokens(self) -> TokenizedCorpus:
        """The passages as BM25 sees them."""
        return TokenizedCorpus.of([passage.text for passage in self.passages])

    def vectors(self, encoder: EncoderInUse) -> Vectors:
        """Vectors of the passages, one row a passage."""
        if self._vectors is None:
            started = time.perf_counter()
            self._vectors = encoder.passages([passage.text for passage in self.passages])
            self.seconds["dense"] = time.perf_counter() - started
        return self._vectors

    def dense(self, encoder: EncoderInUse) -> DenseRetriever:
        """Exact cosine search over the passages."""
        if self._dense is None:
            self._dense = DenseRetriever(self.passages, self.vectors(encoder), encoder.questions)
        return self._dense

    def sparse(self) -> SparseRetriever:
        """BM25 over the passages."""
        if self._sparse is None:
            started = time.perf_counter()
            variant: Variant = "okapi" if self.engine == "rank-bm25" else "lucene"
            self._sparse = SparseRetriever(self.passages, engine=self.engine, variant=variant, tokens=self.tokens)
            self.seconds["bm25"] = time.perf_counter() - started
        return self._sparse

    def learned(self, encoder: EncoderInUse | None) -> LearnedReranker:
        """The built-in reranker over the passages; without an encoder it goes by words alone."""
        by_meaning = encoder is not None
        if by_meaning not in self._learned:
            vectors = self.vectors(encoder) if encoder else None
            self._learned[by_meaning] = LearnedReranker(self.passages, self.tokens, vectors)
        return self._learned[by_meaning]


@dataclass
class Views:
    """Every view of one corpus, made when first asked for.

    Attributes:
        documents: needed to cut smaller passages.
        passages: the corpus as it was cut when it was read.
    """

    documents: Sequence[Document]
    passages: Sequence[Passage]
    engine: Engine = "workbench"
    _made: dict[tuple[bool, bool], PassageView] = field(default_factory=dict)

    def of(self, *, title: bool = False, small: bool = False) -> PassageView:
        """The view with titles, with smaller passages, with both or as the corpus was cut."""
        key = (title, small)
        if key not in self._made:
            passages = self.small if small else self.passages
            shown = [replace(passage, text=with_context(passage)) for passage in passages] if title else passages
            self._made[key] = PassageView(shown, self.engine)
        return self._made[key]

    @cached_property
    def small(self) -> list[Passage]:
        """Smaller passages, with ids of their own: `d::3` is the fourth passage as the corpus was cut, `d::s3` the small one."""
        cut = chunk_all(self.documents, max_words=SMALL_WORDS)
        return [replace(passage, passage_id="::s".join(passage.passage_id.rsplit("::", 1))) for passage in cut]

    def named(self, passage_ids: Collection[str]) -> list[Passage]:
        """Those passages with their own text alone, in corpus order, small ones last; ids of no passage are left out."""
        small = self.small if any(key[1] for key in self._made) else []
        return [passage for passage in (*self.passages, *small) if passage.passage_id in passage_ids]
