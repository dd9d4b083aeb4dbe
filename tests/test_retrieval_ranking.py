import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workbench.records import ScoredPassage
from workbench.retrieval.ranking import RRF_K, pool_to_documents, reciprocal_rank_fusion, top_k


def ranking(*ids: str) -> list[ScoredPassage]:
    return [ScoredPassage(name, float(-position)) for position, name in enumerate(ids)]


def test_fusion_adds_reciprocal_ranks() -> None:
    fused = {p.passage_id: p.score for p in reciprocal_rank_fusion([ranking("a", "b"), ranking("b", "c")])}
    assert fused == pytest.approx({"a": 1 / (60 + 1), "b": 1 / (60 + 2) + 1 / (60 + 1), "c": 1 / (60 + 2)})


def test_fusion_weights_scale_a_ranking() -> None:
    fused = reciprocal_rank_fusion([ranking("a"), ranking("b")], weights=[1, 3])
    assert [p.passage_id for p in fused] == ["b", "a"]
    assert fused[0].score == pytest.approx(3 / (RRF_K + 1))


def test_fusion_with_a_weight_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="1 weights for 2 rankings"):
        reciprocal_rank_fusion([ranking("a"), ranking("b")], weights=[1])


def test_fusion_of_nothing_is_empty() -> None:
    assert reciprocal_rank_fusion([]) == []
    assert reciprocal_rank_fusion([[], []]) == []


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), max_size=4), st.randoms())
def test_fusion_does_not_depend_on_the_order_of_rankings(names: list[list[str]], random) -> None:
    rankings = [ranking(*ids) for ids in names]
    shuffled = rankings[:]
    random.shuffle(shuffled)
    one, other = reciprocal_rank_fusion(rankings), reciprocal_rank_fusion(shuffled)
    assert [p.passage_id for p in one] == [p.passage_id for p in other] or {
        p.passage_id: pytest.approx(p.score) for p in one
    } == {p.passage_id: p.score for p in other}


@given(st.lists(st.sampled_from("abcdefgh"), unique=True), st.floats(0.1, 10), st.floats(-5, 5))
def test_fusion_sees_ranks_not_scores(ids: list[str], factor: float, shift: float) -> None:
    rescored = [ScoredPassage(p.passage_id, p.score * factor + shift) for p in ranking(*ids)]
    assert reciprocal_rank_fusion([ranking(*ids)]) == reciprocal_rank_fusion([rescored])


@given(
    arrays.arrays(np.float32, st.integers(0, 60), elements=st.sampled_from([0.0, 0.5, 1.0, 2.0])), st.integers(0, 70)
)
def test_top_k_equals_a_full_sort(scores: np.ndarray, k: int) -> None:
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]
    assert top_k(scores, k).tolist() == expected


def test_pooling_keeps_the_best_passage_of_each_document_once() -> None:
    doc_ids = {"d1::0": "d1", "d1::1": "d1", "d2::0": "d2", "d3::0": "d3"}
    pooled = pool_to_documents(ranking("d1::0", "d2::0", "d1::1", "d3::0"), doc_ids, depth=2)
    assert [(d.doc_id, d.passage_id) for d in pooled] == [("d1", "d1::0"), ("d2", "d2::0")]
