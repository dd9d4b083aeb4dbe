"""What every retriever must keep, whoever wrote it; run against each implementation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from fabricated_retrieval import HashingEncoder, passages_of, query

from workbench.errors import InputError
from workbench.records import Passage, ScoredPassage
from workbench.retrieval.contract import retriever_faults, usable_rankings
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.protocols import Retriever
from workbench.retrieval.sparse import SparseRetriever


def _dense(passages: Sequence[Passage]) -> Retriever:
    encoder = HashingEncoder()
    return DenseRetriever(passages, encoder.encode([p.text for p in passages]), encoder)


RETRIEVERS: dict[str, Callable[[Sequence[Passage]], Retriever]] = {
    "dense": _dense,
    "bm25": SparseRetriever,
    "bm25 okapi": lambda passages: SparseRetriever(passages, variant="okapi"),
    "bm25s": lambda passages: SparseRetriever(passages, engine="bm25s"),
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


def test_the_contract_finds_no_fault(build) -> None:
    passages = passages_of(TEXTS)
    assert retriever_faults(build(passages), passages, QUERIES) == []


class Fixed:
    """A client's retriever in five lines: it knows documents alone and answers everything alike."""

    name = "ours"

    def __init__(self, *results: tuple[str, float]) -> None:
        self._results = [ScoredPassage(name, score) for name, score in results]

    def retrieve_all(self, queries, k):
        return [self._results[:k] for _ in queries]


def test_a_retriever_that_names_documents_keeps_the_contract() -> None:
    assert retriever_faults(Fixed(("a", 2.0), ("b", 1.0)), passages_of(TEXTS), QUERIES) == []


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([("a", 1.0), ("b", 2.0)], "scores rise"),
        ([("a", 2.0), ("a", 1.0)], "twice"),
        ([("nowhere", 1.0)], "neither a passage nor a document"),
        ([("a", float("nan"))], "not a finite number"),
    ],
)
def test_the_contract_names_what_is_broken(results, said) -> None:
    assert any(said in fault for fault in retriever_faults(Fixed(*results), passages_of(TEXTS), QUERIES))


class Moody(Fixed):
    """Answers by the weather, ignores k and drops a query."""

    calls = 0

    def retrieve_all(self, queries, k):
        Moody.calls += 1
        return [self._results[Moody.calls % 2 :] for _ in queries]


def test_the_contract_tells_all_faults_at_once() -> None:
    faults = retriever_faults(Moody(("a", 3.0), ("b", 2.0), ("c", 1.0)), passages_of(TEXTS), QUERIES)
    assert any("another answer" in fault or "only cut" in fault for fault in faults)


def test_a_ranking_too_few_is_told_before_anything_else() -> None:
    class Short(Fixed):
        def retrieve_all(self, queries, k):
            return super().retrieve_all(queries, k)[1:]

    assert retriever_faults(Short(("a", 1.0)), passages_of(TEXTS), QUERIES) == [
        "retriever 'ours' gave 3 rankings for 4 queries; give one a query, in their order"
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "TypeError: 'NoneType' object is not iterable"),
        ([None] * 4, "TypeError: 'NoneType' object is not iterable"),
        ([[("a", 1.0)]] * 4, "a result is ('a', 1.0), expected ScoredPassage"),
        ([["a"]] * 4, "a result is 'a', expected ScoredPassage"),
        ([[ScoredPassage(7, 1.0)]] * 4, "expected ScoredPassage"),
        ([[ScoredPassage("a", "high")]] * 4, "ValueError: could not convert string to float"),
        ([[ScoredPassage("a", None)]] * 4, "TypeError"),
    ],
)
def test_an_answer_of_another_kind_is_named_and_never_a_traceback(answer, said) -> None:
    class Odd:
        def retrieve_all(self, queries, k):
            return answer

    faults = retriever_faults(Odd(), passages_of(TEXTS), QUERIES)
    assert len(faults) == 1
    assert said in faults[0]


def test_a_retriever_that_raises_is_named_with_what_it_raised() -> None:
    class Down:
        name = "ours"

        def retrieve_all(self, queries, k):
            raise ConnectionError("search.example is down")

    assert retriever_faults(Down(), passages_of(TEXTS), QUERIES) == [
        "retriever 'ours' failed: ConnectionError: search.example is down"
    ]


def test_a_usable_answer_may_be_any_iterable_and_is_cut_to_k() -> None:
    class Lazy(Fixed):
        def retrieve_all(self, queries, k):
            return (iter(self._results) for _ in queries)

    lazy = Lazy(("a", 2), ("b", 1), ("a", 1))
    assert usable_rankings("ours", lazy, QUERIES[:1], 2, {"a", "b"}) == [
        [ScoredPassage("a", 2.0), ScoredPassage("b", 1.0)]
    ]


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ([("nowhere", 1.0)], "question 'q1': 'nowhere' is neither a passage nor a document of this corpus"),
        ([("a", float("nan"))], "question 'q1': 'a' has the score nan; return finite numbers"),
        ([("a", -math.inf)], "has the score -inf"),
    ],
)
def test_what_no_comparison_can_use_is_refused(results, said) -> None:
    with pytest.raises(InputError) as refused:
        usable_rankings("ours", Fixed(*results), QUERIES, 5, {"a"})
    assert said in str(refused.value)


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
