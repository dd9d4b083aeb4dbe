"""Which arm is recommended, from tables of differences small enough to decide by eye."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.comparison.recommendation import complexity, recommend
from workbench.records import (
    ArmReport,
    Difference,
    Estimate,
    FewLabels,
    PoweredDifference,
    PoweredEstimate,
)


def near(value: float, n: int = 100) -> Estimate:
    return Estimate(value, value - 0.05, value + 0.05, n, "bootstrap BCa")


def arms(**values: float) -> dict[str, ArmReport]:
    return {name.replace("_", "+"): ArmReport({"nDCG@10": near(value)}, None, 100) for name, value in values.items()}


def gap(baseline: str, candidate: str, value: float, verdict: str, more: int | None = None) -> Difference:
    return Difference(baseline, candidate, "nDCG@10", near(value), 0.01, 0.02, verdict, more)


def test_the_best_arm_is_recommended_when_it_is_shown_to_beat_the_others() -> None:
    found = recommend(
        arms(dense=0.5, bm25=0.6, hybrid=0.7),
        [gap("dense", "hybrid", 0.2, "better"), gap("bm25", "hybrid", 0.1, "better")],
        None,
    )
    assert (found.arm, found.basis, found.shown) == ("hybrid", "labels", True)
    assert "shown to do better than naive dense and keyword (BM25)" in found.reason


def test_a_simpler_arm_that_is_as_good_takes_its_place() -> None:
    found = recommend(arms(bm25=0.70, hybrid=0.71), [gap("bm25", "hybrid", 0.01, "equivalent")], None)
    assert (found.arm, found.shown) == ("bm25", True)
    assert "Hybrid is at 0.710 [0.660, 0.760]: no difference that matters, and it needs more to run." in found.reason


def test_a_simpler_arm_that_is_near_and_not_told_apart_takes_its_place_without_being_shown() -> None:
    found = recommend(arms(bm25=0.69, hybrid=0.71), [gap("bm25", "hybrid", 0.02, "undetermined", 300)], None)
    assert (found.arm, found.shown) == ("bm25", False)


def test_a_lead_that_could_matter_is_followed_though_it_is_not_shown() -> None:
    found = recommend(arms(bm25=0.60, hybrid=0.71), [gap("bm25", "hybrid", 0.11, "undetermined", 40)], None)
    assert (found.arm, found.shown) == ("hybrid", False)
    assert "not told apart from keyword (BM25); about 40 more judged questions would probably tell." in found.reason


def test_the_deployed_system_is_never_the_choice() -> None:
    found = recommend(arms(deployed=0.9, dense=0.5), [gap("deployed", "dense", -0.4, "worse")], None)
    assert found.arm == "dense"


def test_an_arm_nobody_compared_with_the_choice_leaves_it_not_shown() -> None:
    found = recommend(arms(dense=0.5, ours=0.7), [], None)
    assert not found.shown
    assert found.reason.endswith("not tested against naive dense.")


def test_nothing_labelled_recommends_nothing() -> None:
    unmeasured = {"dense": ArmReport({"nDCG@10": Estimate.not_measured("no judged questions")}, None, 100)}
    found = recommend(unmeasured, [], None)
    assert (found.arm, found.basis, found.shown) == (None, "none", False)


def few(**shares: float) -> FewLabels:
    estimates = {name: PoweredEstimate(near(value, 40), near(value, 40)) for name, value in shares.items()}
    names = list(shares)
    pairs = tuple(
        PoweredDifference(a, b, PoweredEstimate(near(shares[b] - shares[a], 40), near(0.0, 40)))
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    )
    return FewLabels(5, 200, 40, 0, estimates, pairs, "agreement of the arms")


def test_few_labels_decide_where_there_are_no_others() -> None:
    unmeasured = {"dense": ArmReport({"nDCG@10": Estimate.not_measured("no judged questions")}, None, 100)}
    found = recommend(unmeasured, [], few(dense=0.4, hybrid=0.2))
    assert (found.arm, found.basis, found.shown) == ("hybrid", "few labels", True)
    assert found.reason == (
        "By 40 graded questions hybrid misses 20 % [15, 25] of all questions. It is shown to miss fewer than naive dense."
    )


def test_few_labels_that_do_not_tell_two_arms_apart_choose_the_simpler() -> None:
    found = recommend({}, [], few(dense=0.22, hybrid=0.20))
    assert (found.arm, found.shown) == ("dense", False)


def test_labels_come_before_few_labels() -> None:
    assert recommend(arms(dense=0.5), [], few(dense=0.4, hybrid=0.2)).basis == "labels"


@pytest.mark.parametrize(
    ("simple", "complicated"),
    [("bm25", "dense"), ("dense", "hybrid"), ("hybrid", "hybrid+rerank"), ("hybrid+title+rerank", "ours")],
)
def test_arms_that_need_less_come_first(simple: str, complicated: str) -> None:
    assert complexity(simple) < complexity(complicated)


def test_a_simpler_arm_that_another_one_is_shown_to_beat_is_not_taken() -> None:
    found = recommend(
        arms(bm25=0.690, hybrid=0.705, hybrid_title=0.710),
        [
            gap("bm25", "hybrid", 0.015, "better"),
            gap("bm25", "hybrid+title", 0.020, "equivalent"),
            gap("hybrid", "hybrid+title", 0.005, "equivalent"),
        ],
        None,
    )
    assert (found.arm, found.shown) == ("hybrid", True)
    assert "shown to do better than keyword (BM25)" in found.reason
    assert "better than hybrid" not in found.reason


def test_a_difference_is_read_from_the_side_of_the_choice() -> None:
    found = recommend(arms(hybrid=0.7, ours=0.5), [gap("hybrid", "ours", -0.2, "worse")], None)
    assert (found.arm, found.shown) == ("hybrid", True)
    assert "It is shown to do better than ours." in found.reason


def test_a_deployed_system_that_does_better_is_said_and_leaves_nothing_shown() -> None:
    found = recommend(arms(deployed=0.9, dense=0.5), [gap("deployed", "dense", -0.4, "worse")], None)
    assert (found.arm, found.shown) == ("dense", False)
    assert found.reason.endswith("The deployed system is shown to do better than it.")


def test_an_arm_alone_is_not_shown_to_be_anything() -> None:
    by_labels, by_grades = recommend(arms(dense=0.5), [], None), recommend({}, [], few(dense=0.4))
    for found in (by_labels, by_grades):
        assert (found.arm, found.shown) == ("dense", False)
        assert found.reason.endswith("No other arm was measured, so nothing speaks for it but its own figure.")


def test_the_reason_says_over_how_many_questions() -> None:
    assert "over 100 judged questions" in recommend(arms(dense=0.5), [], None).reason
    assert recommend({}, [], few(dense=0.4)).reason.startswith(
        "By 40 graded questions naive dense misses 40 % [35, 45]"
    )


def test_what_a_clients_own_arm_needs_is_not_guessed() -> None:
    found = recommend(arms(hybrid=0.70, ours=0.71), [gap("hybrid", "ours", 0.01, "equivalent")], None)
    assert found.arm == "hybrid"
    assert "no difference that matters, and what it needs to run is not known here" in found.reason


def test_several_arms_that_are_not_told_apart_share_the_number_of_the_first() -> None:
    found = recommend(
        arms(dense=0.60, bm25=0.61, hybrid=0.71),
        [gap("dense", "hybrid", 0.11, "undetermined", 40), gap("bm25", "hybrid", 0.10, "undetermined", 60)],
        None,
    )
    assert "about 40 more judged questions would probably tell the first of them" in found.reason


def test_arms_that_return_the_same_documents_are_equal_whatever_is_graded() -> None:
    same = few(bm25=0.3, dense=0.3)
    nothing = PoweredEstimate(Estimate.exact(0.0, 200), Estimate.exact(0.0, 200))
    found = recommend({}, [], replace(same, differences=(PoweredDifference("bm25", "dense", nothing),)))
    assert (found.arm, found.shown) == ("bm25", True)
    assert "It misses as many as naive dense." in found.reason


def test_one_lucky_interval_of_several_does_not_show_an_arm() -> None:
    alone = few(bm25=0.260, hybrid=0.200)
    among_four = few(bm25=0.260, dense=0.260, hybrid=0.200, ours=0.260)
    assert recommend({}, [], alone).shown  # 6 points, the interval reaches 5
    assert not recommend({}, [], among_four).shown


def test_a_few_grades_too_few_are_not_called_nothing_labelled() -> None:
    missing = Estimate.not_measured("7 of the 10 graded questions an interval needs", 7)
    grades = FewLabels(5, 30, 7, 0, {"dense": PoweredEstimate(missing, missing)}, (), "agreement of the arms")
    found = recommend({}, [], grades)
    assert found.arm is None
    assert found.reason == "No arm is recommended yet: 7 of the 10 graded questions an interval needs."


def test_a_reranker_makes_the_simplest_search_less_simple_than_hybrid() -> None:
    assert complexity("bm25") < complexity("dense+title") < complexity("hybrid") < complexity("bm25+cross-encoder")


VERDICTS = st.sampled_from(["better", "worse", "equivalent", "undetermined"])
NAMES = ["bm25", "dense", "hybrid", "hybrid+rerank", "hybrid+title", "ours", "deployed"]


@given(data=st.data())
def test_shown_is_never_said_against_the_evidence(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    values = {name: data.draw(st.integers(0, 20)) / 20 for name in names}
    reports = {name: ArmReport({"nDCG@10": near(value)}, None, 100) for name, value in values.items()}
    gaps = []
    for number, baseline in enumerate(names):
        for candidate in names[number + 1 :]:
            value = round(values[candidate] - values[baseline], 2)
            verdict = data.draw(VERDICTS)
            signed = {"better": "better" if value > 0 else "worse", "worse": "better" if value > 0 else "worse"}
            if value or verdict not in signed:
                gaps.append(gap(baseline, candidate, value, signed.get(verdict, verdict), 7))
    found = recommend(reports, gaps, None)
    assert found.arm != "deployed"
    if found.arm is None:
        assert names == ["deployed"]
        return
    own = [(g, g.candidate == found.arm) for g in gaps if found.arm in (g.baseline, g.candidate)]
    beaten = [g for g, candidate in own if g.verdict == ("better" if candidate else "worse")]
    equal = [g for g, _ in own if g.verdict == "equivalent"]
    assert found.shown == (len(names) > 1 and len(beaten) + len(equal) == len(names) - 1)
    losing = [g for g, candidate in own if g.verdict == ("worse" if candidate else "better")]
    assert {g.baseline for g in losing} | {g.candidate for g in losing} <= {"deployed", found.arm}
    assert ("is shown to do better than" in found.reason) == bool(beaten or losing)
    assert found.reason.endswith(".")
    assert ".." not in found.reason


def test_the_arm_the_choice_stands_in_for_is_told_once() -> None:
    found = recommend(arms(bm25=0.69, hybrid=0.71), [gap("bm25", "hybrid", 0.02, "undetermined", 300)], None)
    assert found.reason == (
        "Keyword (BM25) has nDCG@10 0.690 [0.640, 0.740] over 100 judged questions. "
        "Hybrid is at 0.710 [0.660, 0.760]: not told apart, and it needs more to run; "
        "about 300 more judged questions would probably tell."
    )
    same = recommend({}, [], few(dense=0.22, hybrid=0.20))
    assert same.reason == (
        "By 40 graded questions naive dense misses 22 % [17, 27] of all questions. "
        "Hybrid misses 20 % [15, 25]: not told apart, and it needs more to run; more grades may tell."
    )


def test_after_another_arm_was_named_the_choice_is_called_by_its_name() -> None:
    found = recommend(
        arms(bm25=0.70, dense=0.50, hybrid=0.71),
        [gap("bm25", "hybrid", 0.01, "equivalent"), gap("dense", "bm25", 0.2, "better")],
        None,
    )
    assert found.reason.endswith("and it needs more to run. Keyword (BM25) is shown to do better than naive dense.")
