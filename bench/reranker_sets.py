"""Retrieval sets the learned reranker is trained and tested on, each searched with the workbench's own legs.

The data folder is read and never written to; vectors are kept in the cache folder, so that a second run encodes nothing.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from workbench.case import open_case
from workbench.ingest.corpus.chunking import chunk_all
from workbench.ingest.load import load_inputs
from workbench.records import Document, Passage, Qrels, Query, ScoredPassage, Source
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.embeddings import CachedEncoder, encode_cached
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.learned import Candidate, FeatureExtractor
from workbench.retrieval.ranking import reciprocal_rank_fusion
from workbench.retrieval.sparse import SparseRetriever
from workbench.retrieval.tokens import TokenizedCorpus

LEG_DEPTH = 300
DEPTH = 50
"""Passages that are reranked, as `hybrid+rerank` does it."""

KEPT = 150
"""Passages of a ranking that are kept: those below the reranked ones follow them as they were."""

QUESTIONS = 900
"""Questions taken of a source, the same number of each file in it as far as there are so many."""

PASSAGES = 4_000
"""Passages taken of the one source that has many more, whole diseases at a time."""

LICENCES = {
    "mtrag": "Apache-2.0 (IBM/mt-rag-benchmark)",
    "chunking_eval": "MIT (brandonstarxel/chunking_evaluation)",
    "covid": "Apache-2.0 (deepset-ai/COVID-QA)",
    "medquad": "CC BY 4.0 (abachaa/MedQuAD)",
    "wiki": "Apache-2.0 (stanford-futuredata/ARES); CC BY-SA 4.0 (google-deepmind/xquad, English)",
    "policyqa": "MIT (wasiahmad/PolicyQA)",
    "scifact": "not used for training (claims CC BY-NC 2.0)",
    "cranfield": "not used for training (no licence stated)",
}
SOURCES = {
    "covid": ("covidqa", "covidfaq"),
    "wiki": ("ares_nq", "ares_hotpotqa", "ares_fever", "ares_wow", "ares_multirc", "ares_record", "xquad_en"),
    "medquad": ("medquad",),
    "policyqa": ("policyqa",),
}
"""Set -> sources of rerank_train it is made of."""

_FORMS = re.compile(
    r"^(what are the (symptoms|treatments|genetic changes|complications|stages) (of|for|related to)|"
    r"what (is|are) the outlook for|what (is|are) \(are\)|what (is|are)|what causes|how to (diagnose|prevent)|is|"
    r"how many people are affected by|who is at risk for|do you have information about|what to do for|"
    r"what research \(or clinical trials\) is being done for|how (is|are|do people inherit)) "
)
_ENDINGS = re.compile(r" (inherited|diagnosed|treated)$")

_REPEATED = re.compile(r"^[^.?!\n]{3,300}\?\s+(?=\S)")
"""Many MedQuAD answers begin with the question itself, which would teach that an answer does."""

Rankings = Sequence[Sequence[ScoredPassage]]


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Questions with their relevant documents, and what was computed for the top of each ranking.

    Attributes:
        unclear: query_id -> documents that may well answer it and are not labelled; no negatives are made of them.
        rankings: "dense", "bm25", "hybrid" -> one ranking a question.
        candidates: of the fusion, one list a question. features: one matrix a question.
        word_candidates, word_features: the same over the BM25 ranking, without vectors.
        seconds: time the features over the fusion took.
    """

    name: str
    passages: Sequence[Passage]
    queries: Sequence[Query]
    qrels: Qrels
    rankings: Mapping[str, Rankings]
    candidates: Sequence[Sequence[Candidate]]
    features: Sequence[np.ndarray]
    word_candidates: Sequence[Sequence[Candidate]]
    word_features: Sequence[np.ndarray]
    seconds: float
    unclear: Mapping[str, set[str]] = field(default_factory=dict)


def load_set(name: str, data: Path, cache: Path, seed: int, tell: Callable[[str], None]) -> RetrievalSet:
    """One set by name: a case folder in the data folder, a set made of rerank_train, or any case folder by its path."""
    if name in SOURCES:
        passages, queries, qrels, unclear = _from_pairs(name, data / "rerank_train" / "pairs.jsonl.gz", seed)
    else:
        inputs = load_inputs(open_case(data / name))
        passages, queries, qrels, unclear = inputs.passages, inputs.queries, inputs.qrels, {}
    judged = [query for query in queries if any(grade > 0 for grade in qrels.get(query.query_id, {}).values())]
    tell(f"{Path(name).name}: {len(passages)} passages, {len(judged)} questions")
    return _searched(Path(name).name, passages, judged, qrels, unclear, cache)


def _searched(
    name: str,
    passages: Sequence[Passage],
    queries: Sequence[Query],
    qrels: Qrels,
    unclear: Mapping[str, set[str]],
    cache: Path,
) -> RetrievalSet:
    encoder = load_encoder()
    vectors = encode_cached([passage.text for passage in passages], encoder, cache)
    questions = CachedEncoder(encoder, cache, "questions")
    tokens = TokenizedCorpus.of([passage.text for passage in passages])
    dense = DenseRetriever(passages, vectors, questions).retrieve_all(queries, LEG_DEPTH)
    bm25 = SparseRetriever(passages, tokens=tokens).retrieve_all(queries, LEG_DEPTH)
    hybrid = [reciprocal_rank_fusion(pair) for pair in zip(dense, bm25, strict=True)]
    rows = {passage.passage_id: row for row, passage in enumerate(passages)}
    fused = [_candidates(*legs, passages, rows) for legs in zip(hybrid, dense, bm25, strict=True)]
    words = [_candidates(ranking, [], ranking, passages, rows) for ranking in bm25]
    query_vectors = questions.encode([query.text for query in queries])
    extractor = FeatureExtractor(passages, tokens, vectors)
    asked = [query.text for query in queries]
    started = time.perf_counter()
    features = [extractor.matrix(*one) for one in zip(asked, query_vectors, fused, strict=True)]
    seconds = time.perf_counter() - started
    word_features = [extractor.matrix(text, None, found) for text, found in zip(asked, words, strict=True)]
    kept = {"dense": dense, "bm25": bm25, "hybrid": hybrid}
    rankings = {leg: [ranking[:KEPT] for ranking in found] for leg, found in kept.items()}
    return RetrievalSet(
        name, passages, queries, qrels, rankings, fused, features, words, word_features, seconds, unclear
    )


def _candidates(
    ranking: Sequence[ScoredPassage],
    dense: Sequence[ScoredPassage],
    bm25: Sequence[ScoredPassage],
    passages: Sequence[Passage],
    rows: Mapping[str, int],
) -> list[Candidate]:
    by_meaning = {passage.passage_id: rank for rank, passage in enumerate(dense, start=1)}
    by_words = {passage.passage_id: rank for rank, passage in enumerate(bm25, start=1)}
    return [
        Candidate(passages[row], rank, by_meaning.get(name), by_words.get(name), row)
        for rank, name in enumerate((passage.passage_id for passage in ranking[:DEPTH]), start=1)
        for row in (rows[name],)
    ]


def _from_pairs(
    name: str, path: Path, seed: int
) -> tuple[list[Passage], list[Query], dict[str, dict[str, int]], dict[str, set[str]]]:
    """A retrieval set out of question and passage pairs: the passages are the corpus, a question's own ones are relevant."""
    rng = random.Random(f"{name} {seed}")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        pairs = [pair for pair in map(json.loads, lines) if pair["source"] in SOURCES[name]]
    if name == "medquad":
        pairs = _whole_diseases(pairs, rng)
    ids: dict[str, str] = {}
    relevant: defaultdict[str, dict[str, int]] = defaultdict(dict)
    of_disease: defaultdict[str, set[str]] = defaultdict(set)
    source: dict[str, str] = {}
    for pair in pairs:
        question, text = pair["query"].strip(), pair["positive"].strip()
        if name == "medquad":
            text = _REPEATED.sub("", text)
        document = ids.setdefault(text, f"{name}-{len(ids)}")
        relevant[question][document] = 1
        of_disease[_disease(question)].add(document)
        source[question] = pair["source"]
    asked = _balanced(source, rng)
    queries = [Query(f"{name}-{number}", question) for number, question in enumerate(asked)]
    passages = chunk_all(Document(key, "", text, Source(name)) for text, key in ids.items())
    qrels = {query.query_id: relevant[query.text] for query in queries}
    # Another answer about the same disease often answers too; so does another company's policy, but those cannot be told.
    unclear = {q.query_id: of_disease[_disease(q.text)] - set(relevant[q.text]) for q in queries}
    return passages, queries, qrels, unclear if name == "medquad" else {}


def _whole_diseases(pairs: Sequence[Mapping[str, str]], rng: random.Random) -> list[Mapping[str, str]]:
    by_disease = defaultdict(list)
    for pair in pairs:
        by_disease[_disease(pair["query"])].append(pair)
    names = sorted(by_disease)
    rng.shuffle(names)
    taken: list[Mapping[str, str]] = []
    for name in names:
        if len(taken) >= PASSAGES:
            break
        taken += by_disease[name]
    return taken


def _balanced(source: Mapping[str, str], rng: random.Random) -> list[str]:
    """Up to `QUESTIONS` questions, one of each source in turn."""
    by_source = defaultdict(list)
    for question in sorted(source):
        by_source[source[question]].append(question)
    for questions in by_source.values():
        rng.shuffle(questions)
    taken: list[str] = []
    while len(taken) < QUESTIONS and any(by_source.values()):
        taken += [by_source[name].pop() for name in sorted(by_source) if by_source[name]]
    return taken[:QUESTIONS]


def _disease(question: str) -> str:
    """What a MedQuAD question is about: the question without its form."""
    return _ENDINGS.sub("", _FORMS.sub("", question.lower().strip(" ?"))).strip(" ?")
