import math

import pytest

from workbench.evaluation.measures import MEASURES, first_relevant_rank, per_query
from workbench.records import RankedDocument, Run


def run_of(rankings: dict[str, list[str]], depth: int = 100) -> Run:
    ranked = {q: tuple(RankedDocument(d, 1.0) for d in ids) for q, ids in rankings.items()}
    return Run("arm", ranked, 0.0, 0.0, depth)


def values(run: Run, qrels: dict[str, dict[str, int]]) -> dict[tuple[str, str], float]:
    frame = per_query(run, qrels, list(MEASURES.values()))
    return {(row.query_id, row.measure): row.value for row in frame.itertuples()}


def test_measures_are_what_hand_arithmetic_gives() -> None:
    found = values(run_of({"q": ["x", "a", "y", "b"]}), {"q": {"a": 2, "b": 1, "c": 1}})
    gained = 2 / math.log2(3) + 1 / math.log2(5)
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["q", "nDCG@10"] == pytest.approx(gained / ideal)
    assert found["q", "recall@10"] == pytest.approx(2 / 3)
    assert found["q", "success@5"] == 1.0
    assert found["q", "MRR@10"] == pytest.approx(1 / 2)


def test_equal_scores_keep_the_order_of_the_ranking() -> None:
    assert values(run_of({"q": ["z", "a"]}), {"q": {"a": 1}})["q", "MRR@10"] == pytest.approx(0.5)
    assert values(run_of({"q": ["a", "z"]}), {"q": {"a": 1}})["q", "MRR@10"] == pytest.approx(1.0)


def test_a_query_the_run_missed_scores_zero() -> None:
    assert values(run_of({}), {"q": {"a": 1}})["q", "recall@10"] == 0.0


def test_a_query_without_relevant_documents_has_no_row() -> None:
    assert values(run_of({"q": ["a"]}), {"q": {"a": 0}}) == {}


def test_a_run_of_five_is_not_scored_at_ten() -> None:
    found = values(run_of({"q": ["a"]}, depth=5), {"q": {"a": 1}})
    assert {measure for _, measure in found} == {"recall@5", "success@5"}


def test_first_relevant_rank_counts_from_one() -> None:
    ranking = [RankedDocument("x", 3), RankedDocument("a", 2)]
    assert first_relevant_rank(ranking, {"a": 1}) == 2
    assert first_relevant_rank(ranking, {"a": 0}) is None
