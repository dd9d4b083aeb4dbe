"""Fusion by normalised score, with the arithmetic written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.records import ScoredPassage
from workbench.retrieval.fusion import weighted_fusion
from workbench.retrieval.ranking import reciprocal_rank_fusion

DENSE = [ScoredPassage("a", 0.9), ScoredPassage("b", 0.5), ScoredPassage("c", 0.1)]
SPARSE = [ScoredPassage("c", 12.0), ScoredPassage("d", 9.0), ScoredPassage("a", 2.0)]


def test_scores_are_brought_to_one_scale_and_weighed() -> None:
    fused = {p.passage_id: p.score for p in weighted_fusion([DENSE, SPARSE], [3, 1])}
    assert fused == pytest.approx(
        {
            "a": 0.75 * 1.0 + 0.25 * 0.0,
            "b": 0.75 * 0.5,
            "c": 0.75 * 0.0 + 0.25 * 1.0,
            "d": 0.25 * 0.7,
        }
    )


def test_a_ranking_of_weight_zero_takes_no_part() -> None:
    assert [p.passage_id for p in weighted_fusion([DENSE, SPARSE], [0, 1])] == ["c", "d", "a"]
    assert [p.passage_id for p in reciprocal_rank_fusion([DENSE, SPARSE], weights=[0, 1])] == ["c", "d", "a"]
    assert reciprocal_rank_fusion([DENSE, []], weights=[0, 1]) == []  # nothing found, not what the other found by name


def test_equal_scores_count_one_each() -> None:
    flat = [ScoredPassage("x", 3.0), ScoredPassage("y", 3.0)]
    assert [(p.passage_id, p.score) for p in weighted_fusion([flat], [1])] == [("x", 1.0), ("y", 1.0)]


def test_nothing_found_fuses_to_nothing() -> None:
    assert weighted_fusion([], []) == []
    assert weighted_fusion([[], []], [1, 1]) == []


def test_weights_must_fit_and_weigh_something() -> None:
    with pytest.raises(ValueError, match="1 weights for 2 rankings"):
        weighted_fusion([DENSE, SPARSE], [1])
    with pytest.raises(ValueError, match="all weights are 0"):
        weighted_fusion([DENSE, SPARSE], [0, 0])


@given(st.floats(0.1, 50), st.floats(-20, 20))
def test_the_scale_of_a_leg_does_not_matter(factor: float, shift: float) -> None:
    scaled = [ScoredPassage(p.passage_id, p.score * factor + shift) for p in SPARSE]
    ours, theirs = weighted_fusion([DENSE, SPARSE], [1, 1]), weighted_fusion([DENSE, scaled], [1, 1])
    assert {p.passage_id: round(p.score, 6) for p in ours} == {p.passage_id: round(p.score, 6) for p in theirs}
