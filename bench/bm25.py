"""Prints how fast BM25 indexes and searches beside rank-bm25 and bm25s in the same process, and whether its ten best are theirs.

Usage: python bench/bm25.py [DATA_FOLDER]. scifact where it is there, else texts of a Zipf vocabulary. Figures only: nothing
here passes or fails. bm25s cuts its own tokens (its default pattern and stop words, the same stemmer); rank-bm25 is given ours.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from rank_bm25 import BM25Okapi
from synthetic_corpus import synthetic_passages, synthetic_queries

from workbench.case import open_case
from workbench.ingest.load import load_inputs
from workbench.records import Passage, Query
from workbench.retrieval.ranking import top_k
from workbench.retrieval.sparse import K1, B, SparseRetriever, tokenize

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PASSAGES = 5_000
REPEATS = 5
PASSES = 5
"""Times the questions are asked in one measurement, so that it lasts as long as that of the slow peer."""
BY_THE_REFERENCE = 100
"""Questions that rank-bm25 answers: it takes milliseconds for one."""


def main(arguments: list[str]) -> None:
    """Measure on 5,000 passages."""
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    name, passages, queries = _corpus(Path(arguments[0]) if arguments else DATA)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{name}: {len(passages):,} passages, {len(queries):,} questions; load {load}; best of {REPEATS}")
    _indexing(passages)
    _searching(passages, queries)


def _corpus(data: Path) -> tuple[str, list[Passage], list[Query]]:
    if not (data / "scifact").is_dir():
        return "synthetic", synthetic_passages(PASSAGES), synthetic_queries(PASSAGES, 1_000)
    inputs = load_inputs(open_case(data / "scifact"))
    return "scifact", list(inputs.passages[:PASSAGES]), list(inputs.queries)


def _indexing(passages: Sequence[Passage]) -> None:
    # In turns, so that whatever else the machine does falls on both.
    ours, theirs = [], []
    for _ in range(REPEATS):
        ours.append(_seconds(lambda: SparseRetriever(passages)))
        theirs.append(_seconds(lambda: _bm25s_index(passages)))
    print(
        f"index, from text: {min(ours):.3f} s, bm25s {min(theirs):.3f} s, {min(theirs) / min(ours):.1f} times as fast"
    )


def _searching(passages: Sequence[Passage], queries: Sequence[Query]) -> None:
    retriever = SparseRetriever(passages, variant="okapi")
    peer, stemmer = _bm25s_index(passages)
    reference = BM25Okapi([tokenize(passage.text) for passage in passages], k1=K1, b=B, epsilon=0)
    many, some = [*queries] * PASSES, queries[:BY_THE_REFERENCE]
    asked = [tokenize(query.text) for query in some]

    def search_bm25s() -> None:
        tokens = bm25s.tokenize([query.text for query in many], stopwords="en", stemmer=stemmer, show_progress=False)
        peer.retrieve(tokens, k=10, show_progress=False)

    rates: dict[str, list[float]] = {"workbench": [], "workbench, 300 deep": [], "bm25s": [], "rank-bm25": []}
    for _ in range(REPEATS):
        rates["workbench"].append(len(many) / _seconds(lambda: retriever.retrieve_all(many, 10)))
        rates["workbench, 300 deep"].append(len(queries) / _seconds(lambda: retriever.retrieve_all(queries, 300)))
        rates["bm25s"].append(len(many) / _seconds(search_bm25s))
        rates["rank-bm25"].append(
            len(some) / _seconds(lambda: [top_k(reference.get_scores(tokens), 10) for tokens in asked])
        )
    slowest = max(rates["rank-bm25"])
    for name, measured in rates.items():
        print(f"{name + ':':<22} {max(measured):>9,.0f} questions/s, {max(measured) / slowest:>5,.0f} times rank-bm25")

    same = bits = 0
    for ranking, tokens in zip(retriever.retrieve_all(some, 10), asked, strict=True):
        scores = np.asarray(reference.get_scores(tokens))
        best = [i for i in top_k(scores, 10) if scores[i] > 0]
        same += [p.passage_id for p in ranking] == [passages[i].passage_id for i in best]
        bits += [p.score for p in ranking] == [float(scores[i]) for i in best]
    print(f"ten best as rank-bm25 has them: {same} of {len(some)} questions; scores equal to the last bit: {bits}")


def _bm25s_index(passages: Sequence[Passage]) -> tuple[bm25s.BM25, Stemmer.Stemmer]:
    stemmer = Stemmer.Stemmer("english")
    texts = [passage.text for passage in passages]
    index = bm25s.BM25(k1=K1, b=B)
    index.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
    return index, stemmer


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1:])
