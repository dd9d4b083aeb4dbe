"""Signs of difficulty by hand arithmetic, and the order they make."""

from __future__ import annotations

import math

import pytest
from fabricated_retrieval import query
from hypothesis import given
from hypothesis import strategies as st

from workbench.overlap import rank_biased_overlap
from workbench.records import ScoredPassage
from workbench.retrieval.difficulty import (
    Difficulty,
    difficulty,
    idf_coverage,
    inspection_order,
    nqc,
    score_gap,
)


def scored(**scores: float) -> list[ScoredPassage]:
    return [ScoredPassage(passage_id, score) for passage_id, score in scores.items()]


def test_spread_and_gap_by_hand() -> None:
    assert nqc([4.0, 2.0, 0.0]) == pytest.approx(math.sqrt(8 / 3) / 2)
    assert score_gap([0.9, 0.7, 0.4]) == pytest.approx(0.5)


def test_too_few_or_negative_scores_show_nothing() -> None:
    assert nqc([1.0]) is None
    assert nqc([0.1, -0.3]) is None
    assert score_gap([]) is None


def test_coverage_takes_the_best_passage_and_weighs_unknown_words_like_the_rarest() -> None:
    idf = {"roof": 1.0, "storm": 2.0, "wall": 4.0}
    assert idf_coverage("roof storm", ["the roof", "a storm came"], idf) == pytest.approx(2 / 3)
    assert idf_coverage("roof zyzzyva", ["the roof"], idf) == pytest.approx(1 / 5)
    assert idf_coverage("roof", [], idf) == 0
    assert idf_coverage("the of", ["the roof"], idf) is None


def test_difficulty_reads_both_legs_and_leaves_out_what_was_not_run() -> None:
    dense, bm25 = scored(a=0.75, b=0.25), scored(a=7.0)
    texts, idf = {"a": "storm roof", "b": "wall"}, {"storm": 2.0, "roof": 1.0, "wall": 4.0}
    found = difficulty(query("q", "storm wall"), dense, bm25, texts, idf)
    assert found.nqc == pytest.approx(0.5)
    assert found.gap == pytest.approx(0.5)
    assert found.coverage == pytest.approx(2 / 6)
    assert found.agreement == pytest.approx(rank_biased_overlap(["a", "b"], ["a"]))
    alone = difficulty(query("q", "storm wall"), dense, None, texts, idf)
    assert (alone.coverage, alone.agreement) == (None, None)
    nothing = difficulty(query("q", "storm wall"), dense, [], texts, idf)
    assert (nothing.coverage, nothing.agreement) == (0, 0)


def test_the_question_that_is_harder_by_every_sign_comes_first_and_says_why() -> None:
    easy = Difficulty(0.4, 0.3, 1.0, 0.9)
    hard = Difficulty(0.1, 0.02, 0.3, 0.0)
    middle = Difficulty(0.2, 0.1, 0.5, 0.4)
    order = inspection_order({"easy": easy, "hard": hard, "middle": middle})
    assert [(entry.query_id, entry.priority) for entry in order] == [("hard", 1), ("middle", 2), ("easy", 3)]
    assert "spread 0.10" in order[0].why
    assert order[2].why == "no sign stands out"


def test_only_the_ranks_of_a_sign_count_so_units_do_not_matter() -> None:
    signs = {name: Difficulty(x, x, x, x) for name, x in (("a", 0.1), ("b", 0.5), ("c", 0.3))}
    stretched = {name: Difficulty(s.nqc and s.nqc * 1000, s.gap, s.coverage, s.agreement) for name, s in signs.items()}
    places = [entry.query_id for entry in inspection_order(signs)]
    assert places == [entry.query_id for entry in inspection_order(stretched)] == ["a", "c", "b"]


def test_agreement_weighs_as_much_as_the_signs_of_the_legs_together() -> None:
    # x is harder by spread, gap and coverage, y by agreement alone: a tie, so the order given stays.
    signs = {"y": Difficulty(0.9, 0.9, 0.9, 0.1), "x": Difficulty(0.1, 0.1, 0.1, 1.0)}
    assert [entry.query_id for entry in inspection_order(signs)] == ["y", "x"]
    # Now one sign of the three speaks for y as well.
    signs = {"x": Difficulty(0.1, 0.1, 0.9, 1.0), "y": Difficulty(0.9, 0.9, 0.1, 0.1)}
    assert [entry.query_id for entry in inspection_order(signs)] == ["y", "x"]


def test_equal_questions_stay_in_order_and_none_gives_none() -> None:
    same = Difficulty(None, None, 0.5, 0.5)
    assert [entry.query_id for entry in inspection_order({"b": same, "a": same})] == ["b", "a"]
    assert inspection_order({}) == []
    assert inspection_order({"only": Difficulty(None, None, None, None)})[0].why == "no sign stands out"


@given(
    st.lists(
        st.builds(Difficulty, *[st.none() | st.floats(0, 1) for _ in range(4)]),
        max_size=12,
    )
)
def test_every_question_has_one_place_in_the_order(signs: list[Difficulty]) -> None:
    order = inspection_order({str(number): sign for number, sign in enumerate(signs)})
    assert [entry.priority for entry in order] == list(range(1, len(signs) + 1))
    assert {entry.query_id for entry in order} == {str(number) for number in range(len(signs))}
