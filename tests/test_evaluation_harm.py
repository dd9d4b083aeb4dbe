from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.harm import HarmRow, harm_step
from workbench.records import RankedDocument, Run


def run(name: str, rankings: Mapping[str, Sequence[str]], depth: int = 100) -> Run:
    ranked = {q: tuple(RankedDocument(d, -float(i)) for i, d in enumerate(ids)) for q, ids in rankings.items()}
    return Run(name, ranked, 0.0, 0.0, depth)


BEFORE = run("dense", {"lost": "abc", "kept": "abc", "won": "xyz", "same": "abc"})
AFTER = run("hybrid", {"lost": "xya", "kept": "xbc", "won": "axy", "same": "bac"})
QRELS = {"lost": {"a": 1}, "kept": {"a": 2, "b": 1}, "won": {"a": 1}, "same": {"a": 1, "x": 0}, "none": {"a": 0}}


def test_documents_that_cross_the_cut_are_counted_by_hand() -> None:
    harm = harm_step(BEFORE, AFTER, QRELS, 2)
    # lost: a falls from 1 to 3. kept: a leaves the list, b stays at 2. won: a comes in at 1. same: a falls from 1 to 2.
    assert harm.rows == (
        HarmRow("dense", "hybrid", "lost", "a", 1, 3, "out"),
        HarmRow("dense", "hybrid", "kept", "a", 1, None, "out"),
        HarmRow("dense", "hybrid", "won", "a", None, 1, "in"),
    )
    assert (harm.step.documents_out, harm.step.documents_in) == (2, 1)
    # Of four questions with a relevant document one lost its only one, and one got its first.
    assert (harm.step.harmed.value, harm.step.harmed.n, harm.step.helped.value) == (0.25, 4, 0.25)
    assert harm.step.harmed.method == "wilson"


def test_the_cut_is_between_k_and_the_rank_after_it() -> None:
    kept = harm_step(run("a", {"q": "xw"}), run("b", {"q": "xyw"}), {"q": {"w": 1}}, 3).rows
    assert kept == ()
    (row,) = harm_step(run("a", {"q": "xw"}), run("b", {"q": "xyw"}), {"q": {"w": 1}}, 2).rows
    assert (row.rank_before, row.rank_after, row.kind) == (2, 3, "out")


def test_a_run_that_keeps_too_few_is_not_measured() -> None:
    harm = harm_step(run("deployed", {"lost": "abc"}, depth=3), AFTER, QRELS, 5)
    assert harm.rows == ()
    assert harm.step.harmed.value is None
    assert harm.step.helped.reason == "deployed keeps 3 results a question, too few to look at 5"


def test_without_judged_questions_nothing_is_measured() -> None:
    assert harm_step(BEFORE, AFTER, {}, 2).step.harmed.value is None
    assert harm_step(BEFORE, AFTER, {"none": {"a": 0}}, 2).step.helped.value is None


def test_a_question_that_is_not_ranked_found_nothing() -> None:
    step = harm_step(BEFORE, run("hybrid", {}), {"lost": {"a": 1}}, 2).step
    assert (step.harmed.value, step.documents_out) == (1.0, 1)


RANKINGS = st.dictionaries(st.sampled_from("pqr"), st.permutations("abcdef"), min_size=3)


@given(RANKINGS, RANKINGS, st.integers(1, 6))
def test_the_ledger_read_backwards_swaps_out_and_in(before, after, k) -> None:
    qrels = {q: {"a": 1, "b": 2, "c": 0} for q in "pqr"}
    there = harm_step(run("a", before), run("b", after), qrels, k).step
    back = harm_step(run("b", after), run("a", before), qrels, k).step
    assert (there.documents_out, there.documents_in) == (back.documents_in, back.documents_out)
    assert there.harmed == back.helped
    assert there.harmed.value + there.helped.value <= 1


@given(RANKINGS, st.integers(1, 6))
def test_a_step_that_changes_nothing_harms_nothing(rankings, k) -> None:
    harm = harm_step(run("a", rankings), run("b", rankings), {"p": {"a": 1}}, k)
    assert harm.rows == ()
    assert harm.step.harmed.value == harm.step.helped.value == 0


@pytest.mark.parametrize("k", [1, 3])
def test_net_documents_add_up_to_the_change_in_the_top_k(k: int) -> None:
    def found(which: Run) -> int:
        return sum(QRELS[q].get(d.doc_id, 0) > 0 for q in which.rankings for d in which.rankings[q][:k])

    step = harm_step(BEFORE, AFTER, QRELS, k).step
    assert step.documents_in - step.documents_out == found(AFTER) - found(BEFORE)
