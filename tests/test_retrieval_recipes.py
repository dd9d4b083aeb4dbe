"""Names of arms: what they are made of, and which names are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.retrieval.recipes import ADDITIONS, BASES, RERANKERS, Recipe, arm_name, recipe


def test_a_plain_arm_is_its_leg() -> None:
    assert recipe("bm25") == Recipe("bm25")
    assert recipe("bm25").legs == ("bm25",)


def test_a_fused_arm_names_its_legs_over_the_same_passages() -> None:
    made = recipe("hybrid+small+title+filter+rerank")
    assert [made.leg(leg) for leg in made.legs] == ["dense+title+small+filter", "bm25+title+small+filter"]
    assert made.before_reranking() == "hybrid+title+small+filter"


def test_fusion_by_score_is_kept_before_reranking() -> None:
    assert recipe("hybrid+weighted+rerank").before_reranking() == "hybrid+weighted"
    assert recipe("hybrid+weighted").before_reranking() is None


def test_an_arm_has_one_name_however_its_additions_are_ordered() -> None:
    for arm in ("hybrid+rerank+title", "hybrid+title+rerank"):
        assert recipe(arm).name == "hybrid+title+rerank"
    assert recipe("bm25+filter+small").name == recipe("bm25+filter+small").leg("bm25") == "bm25+small+filter"
    assert recipe("hybrid+cross-encoder+weighted").name == "hybrid+weighted+cross-encoder"


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ("sparse", "way of searching 'sparse'"),
        ("hybrid+magic", "addition 'magic'"),
        ("", "way of searching ''"),
        ("hybrid+title+title", "adds something twice"),
        ("hybrid+rerank+learned", "adds something twice"),
        ("dense+weighted", "fuses a single leg"),
        ("hybrid+", "addition ''"),
    ],
)
def test_a_name_that_says_nothing_is_refused_with_what_would_do(arm: str, said: str) -> None:
    with pytest.raises(ValueError, match="arm") as refused:
        recipe(arm)
    assert said in str(refused.value)


@given(
    st.sampled_from(sorted(BASES)),
    st.lists(st.sampled_from(sorted(set(ADDITIONS) - set(RERANKERS) - {"weighted"})), unique=True),
    st.sampled_from([None, *RERANKERS]),
)
def test_every_step_of_an_arm_is_an_arm(base: str, additions: list[str], reranker: str | None) -> None:
    made = recipe("+".join([base, *additions, *([reranker] if reranker else [])]))
    before = made.before_reranking()
    assert recipe(made.name) == made
    assert (before is None) == (reranker is None)
    for name in [*(made.leg(leg) for leg in made.legs), *([before] if before else [])]:
        assert recipe(name).reranker is None
        assert (recipe(name).title, recipe(name).small) == (made.title, made.small)


def test_names_for_people() -> None:
    assert arm_name("hybrid+weighted") == "hybrid (by score)"
    assert arm_name("client_search") == "client_search"
    assert arm_name("client+x") == "client+x"
