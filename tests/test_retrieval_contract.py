"""What every retriever must keep, whoever wrote it; run against each implementation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from fabricated_retrieval import HashingEncoder, passages_of, query

from workbench.records import Passage
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.protocols import Retriever
from workbench.retrieval.sparse import SparseRetriever


def _dense(passages: Sequence[Passage]) -> Retriever:
    encoder = HashingEncoder()
    return DenseRetriever(passages, encoder.encode([p.text for p in passages]), encoder)


RETRIEVERS: dict[str, Callable[[Sequence[Passage]], Retriever]] = {
    "dense": _dense,
    "bm25s": SparseRetriever,
    "bm25s okapi": lambda passages: SparseRetriever(passages, variant="okapi"),
    "rank-bm25": lambda passages: SparseRetriever(passages, engine="rank-bm25", variant="okapi"),
}
TEXTS = {
    "a": "escape of water excess under the home policy",
    "b": "windscreen claims need form CF-207b",
    "c": "windscreen repair network and windscreen excess",
    "d": "complaints are answered within eight weeks",
    "e": "total loss settlement uses the pre-accident value",
}
QUERIES = [query("q1", "windscreen excess"), query("q2", "CF-207b"), query("q3", "zzz qqq"), query("q4", "")]


@pytest.fixture(params=sorted(RETRIEVERS))
def build(request: pytest.FixtureRequest) -> Callable[[Sequence[Passage]], Retriever]:
    return RETRIEVERS[request.param]


def test_one_ranking_a_query_in_their_order(build) -> None:
    rankings = build(passages_of(TEXTS)).retrieve_all(QUERIES, 3)
    assert len(rankings) == len(QUERIES)
    assert rankings[0][0].passage_id == "c::0"
    assert rankings[1][0].passage_id == "b::0"


def test_at_most_k_each_once_best_first(build) -> None:
    for ranking in build(passages_of(TEXTS)).retrieve_all(QUERIES, 3):
        ids = [p.passage_id for p in ranking]
        assert len(ids) <= 3
        assert len(set(ids)) == len(ids)
        assert [p.score for p in ranking] == sorted((p.score for p in ranking), reverse=True)


def test_same_call_same_answer(build) -> None:
    retriever = build(passages_of(TEXTS))
    assert retriever.retrieve_all(QUERIES, 5) == retriever.retrieve_all(QUERIES, 5)


def test_no_queries_give_no_rankings(build) -> None:
    assert build(passages_of(TEXTS)).retrieve_all([], 5) == []


def test_no_passages_give_empty_rankings(build) -> None:
    assert build([]).retrieve_all(QUERIES, 5) == [[], [], [], []]


def test_ties_keep_passage_order(build) -> None:
    twins = passages_of(
        {"x": "windscreen repair", "y": "windscreen repair", "z": "eight weeks", "w": "eight years", "v": "other"}
    )
    ranking = build(twins).retrieve_all([query("q", "windscreen repair")], 2)[0]
    assert [p.passage_id for p in ranking] == ["x::0", "y::0"]
