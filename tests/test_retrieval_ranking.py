import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workbench.records import ScoredPassage
from workbench.retrieval.ranking import RRF_K, kth_highest, masks, pool_to_documents, reciprocal_rank_fusion, top_k


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


@given(st.integers(1, 4), st.integers(0, 2**32), st.integers(1, 3), st.sampled_from([np.float32, np.float64]))
def test_top_k_of_many_scores_equals_a_full_sort(k: int, seed: int, different: int, kind: type) -> None:
    # Enough scores for the way that deals them to groups; few different ones, so that ties cross the last place.
    scores = np.random.default_rng(seed).integers(0, 10**different, size=3_000).astype(kind) / 7
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    assert top_k(scores, k).tolist() == expected[:k]
    assert kth_highest(scores, k) == scores[expected[k - 1]]


@given(arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-5, 5)), st.data())
def test_the_kth_highest_is_the_kth_of_a_full_sort(scores: np.ndarray, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(scores)))
    assert kth_highest(scores, k) == sorted(scores, reverse=True)[k - 1]


def test_masks_of_another_number_or_length_are_refused() -> None:
    mask = np.ones(3, dtype=bool)
    assert masks([mask, None], 2, 3) == [mask, None]
    with pytest.raises(ValueError, match="1 masks for 2 queries"):
        masks([None], 2, 3)
    with pytest.raises(ValueError, match="a mask of 3 passages for a corpus of 4"):
        masks([mask, None], 2, 4)


def test_pooling_keeps_the_best_passage_of_each_document_once() -> None:
    doc_ids = {"d1::0": "d1", "d1::1": "d1", "d2::0": "d2", "d3::0": "d3"}
    pooled = pool_to_documents(ranking("d1::0", "d2::0", "d1::1", "d3::0"), doc_ids, depth=2)
    assert [(d.doc_id, d.passage_id) for d in pooled] == [("d1", "d1::0"), ("d2", "d2::0")]
