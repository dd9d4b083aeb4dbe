"""Rank-biased overlap by hand arithmetic and by its properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.overlap import rank_biased_overlap

rankings = st.lists(st.integers(0, 30).map(str), unique=True, max_size=12)


def test_overlap_of_two_rankings_is_the_extrapolated_sum_worked_out_by_hand() -> None:
    # In common among the first 1, 2, 3: 1, 1, 2.
    common = 1 / 1 * 0.9 + 1 / 2 * 0.81 + 2 / 3 * 0.729
    expected = 2 / 3 * 0.729 + 0.1 / 0.9 * common
    assert rank_biased_overlap(["a", "b", "c"], ["a", "c", "d"], depth=3) == pytest.approx(expected)
    assert rank_biased_overlap(["a", "b", "c"], ["a", "c", "d"]) == pytest.approx(expected)


def test_overlap_with_p_of_one_half_and_one_shared_document_at_rank_two() -> None:
    # X = 0, 1: 1/2 * 1/4 + 1 * (0 + 1/2 * 1/4)
    assert rank_biased_overlap(["a", "b"], ["c", "b"], p=0.5) == pytest.approx(0.25)


def test_lists_of_different_length_use_the_uneven_form() -> None:
    # s = 1, l = 2, X_1 = 1, X_2 = 1, p = 1/2: (1-p)/p * (1 * 1/2 + 1/2 * 1/4 + 1 * (2-1)/(1*2) * 1/4) + ((1-1)/2 + 1) * 1/4
    assert rank_biased_overlap(["a"], ["a", "b"], p=0.5) == pytest.approx(0.5 + 0.125 + 0.125 + 0.25)


def test_only_the_first_ranks_count() -> None:
    left, right = ["a", "b", "x"], ["a", "b", "y"]
    assert rank_biased_overlap(left, right, depth=2) == pytest.approx(1)


def test_empty_rankings_are_the_same_and_unlike_any_other() -> None:
    assert rank_biased_overlap([], []) == 1
    assert rank_biased_overlap([], ["a"]) == 0


@pytest.mark.parametrize("p", [0, 1, -0.1, 2])
def test_a_weight_outside_zero_and_one_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="p must lie between 0 and 1"):
        rank_biased_overlap(["a"], ["a"], p=p)


@given(rankings, rankings, st.floats(0.05, 0.95))
def test_overlap_lies_between_zero_and_one_whichever_ranking_comes_first(
    left: list[str], right: list[str], p: float
) -> None:
    found = rank_biased_overlap(left, right, p=p)
    assert 0 <= found <= 1
    assert found == pytest.approx(rank_biased_overlap(right, left, p=p))


@given(rankings, st.floats(0.05, 0.95))
def test_a_ranking_overlaps_itself_wholly(ranking: list[str], p: float) -> None:
    assert rank_biased_overlap(ranking, ranking, p=p) == pytest.approx(1)


@given(rankings.filter(bool), rankings.filter(bool))
def test_rankings_without_a_common_document_do_not_overlap(left: list[str], right: list[str]) -> None:
    assert rank_biased_overlap(left, [f"other {name}" for name in right]) == 0


@given(rankings.filter(lambda ranking: len(ranking) > 2))
def test_a_swap_at_the_top_costs_more_than_one_at_the_bottom(ranking: list[str]) -> None:
    ranking = ranking[:10]
    top = [ranking[1], ranking[0], *ranking[2:]]
    bottom = [*ranking[:-2], ranking[-1], ranking[-2]]
    assert rank_biased_overlap(ranking, top) <= rank_biased_overlap(ranking, bottom) + 1e-12
