"""Prints seconds and memory of searching 10,000 to 100,000 passages with 1,000 questions, one process a size.

Usage: python bench/retrieval_scale.py [passages ...]. Texts are made-up words (`synthetic_corpus.py`) and vectors are random
unit vectors that lie in the store already: encoding is measured elsewhere. Figures only: nothing here passes or fails.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from synthetic_corpus import synthetic_passages, synthetic_queries

from workbench.records import Passage, Query
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.embeddings import CachedEncoder, encode_cached
from workbench.retrieval.ranking import pool_to_documents, reciprocal_rank_fusion
from workbench.retrieval.sparse import SparseRetriever
from workbench.retrieval.terms import CorpusTerms

SIZES = (10_000, 30_000, 100_000)
QUESTIONS = 1_000
LEG_DEPTH, DEPTH = 300, 100
MEGABYTE = 2**20
T = TypeVar("T")


class RandomEncoder:
    """Random unit vectors, seeded by the text."""

    name = "random"
    fingerprint = "random-unit-vectors"
    dimension = 384

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One vector a text, the same whenever the text is the same."""
        digests = (hashlib.sha256(text.encode()).digest() for text in texts)
        rows = [
            np.random.default_rng(list(digest)).standard_normal(self.dimension, dtype=np.float32) for digest in digests
        ]
        vectors = np.stack(rows)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main(arguments: list[str]) -> None:
    """Measure each size in a process of its own, after another one has filled the store."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{QUESTIONS:,} questions, {LEG_DEPTH} passages deep, pooled to {DEPTH} documents; load at the start {load}")
    first: dict[str, Any] | None = None
    for size in [int(argument) for argument in arguments] or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            _child("fill", size, Path(folder))
            figures = _child("measure", size, Path(folder))
        first = first or figures
        _print(figures, first)


def _print(figures: dict[str, Any], first: dict[str, Any]) -> None:
    size, seconds, processor = figures["passages"], figures["seconds"], figures["processor"]
    print(
        f"\n{size:,} passages: {sum(seconds.values()):.1f} s in all, {figures['peak']:,.0f} MB at the peak "
        f"({figures['corpus']:,.0f} MB of it before any search: Python and the texts); load {os.getloadavg()[0]:.1f}"
    )
    for what in seconds:
        ratio = processor[what] / first["processor"][what]
        print(
            f"  {what:<32} {seconds[what]:6.2f} s, {processor[what]:6.2f} s of processor time, {ratio:5.1f} times the first"
        )
    ratio = sum(processor.values()) / sum(first["processor"].values())
    print(f"  {size / first['passages']:.1f} times the passages of the first take {ratio:.1f} times its processor time")


def _child(task: str, size: int, store: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, f"--{task}", str(size), str(store)]
    figures: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return figures


def _fill(size: int, store: Path) -> dict[str, Any]:
    for texts in ([passage.text for passage in synthetic_passages(size)], _texts(synthetic_queries(size, QUESTIONS))):
        encode_cached(texts, RandomEncoder(), store)
    return {}


def _texts(queries: Sequence[Query]) -> list[str]:
    return [query.text for query in queries]


def _measure(size: int, store: Path) -> dict[str, Any]:
    passages, queries = synthetic_passages(size), synthetic_queries(size, QUESTIONS)
    before = _peak()
    seconds: dict[str, float] = {}
    processor: dict[str, float] = {}

    def timed(what: str, work: Callable[[], T]) -> T:
        started, busy = time.perf_counter(), time.process_time()
        result = work()
        seconds[what], processor[what] = time.perf_counter() - started, time.process_time() - busy
        return result

    dense = timed("dense, open the vectors", lambda: _dense(passages, store))
    by_dense = timed("dense, search", lambda: dense.retrieve_all(queries, LEG_DEPTH))
    sparse = timed("bm25, tokenize and index", lambda: SparseRetriever(passages))
    by_words = timed("bm25, search", lambda: sparse.retrieve_all(queries, LEG_DEPTH))
    timed("exact terms of the questions", lambda: _exact_terms(passages, queries, sparse))
    fused = timed("fusion", lambda: [reciprocal_rank_fusion(pair) for pair in zip(by_dense, by_words, strict=True)])
    doc_ids = {passage.passage_id: passage.doc_id for passage in passages}
    timed(
        "three arms pooled to documents",
        lambda: [[pool_to_documents(r, doc_ids, depth=DEPTH) for r in arm] for arm in (by_dense, by_words, fused)],
    )
    return {"passages": size, "seconds": seconds, "processor": processor, "peak": _peak(), "corpus": before}


def _dense(passages: Sequence[Passage], store: Path) -> DenseRetriever:
    vectors = encode_cached([passage.text for passage in passages], RandomEncoder(), store)
    return DenseRetriever(passages, vectors, CachedEncoder(RandomEncoder(), store, "questions"))


def _exact_terms(
    passages: Sequence[Passage], queries: Sequence[Query], index: SparseRetriever
) -> list[tuple[str, ...]]:
    terms = CorpusTerms(passages, tokens=index.tokens)
    return [terms.exact_terms(query.text) for query in queries]


def _peak() -> float:
    """Most memory this process ever held, in MB; pages of mapped files that were read count too."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in ("--fill", "--measure"):
        work = {"--fill": _fill, "--measure": _measure}[sys.argv[1]]
        print(json.dumps(work(int(sys.argv[2]), Path(sys.argv[3]))))
    else:
        main(sys.argv[1:])
