"""Few labels: what is graded, in which order, which grades count, and the arithmetic of the estimates by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.evaluation.few_labels import (
    MIN_QUERIES,
    Plan,
    Planned,
    Pool,
    PoolItem,
    agreement_predictor,
    draw_plan,
    external_predictor,
    few_labels,
    in_force,
    planned_grade,
    pool_of,
    powered_mean,
    runs_of,
    standing,
)
from workbench.evaluation.few_labels.agreement import disagreement, same_documents
from workbench.evaluation.few_labels.powered import power_tuning
from workbench.evaluation.few_labels.random_numbers import permanent
from workbench.ingest.grades import Grade
from workbench.records import FewLabels, RankedDocument, Run

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def run(name: str, rankings: Mapping[str, str], depth: int = 5) -> Run:
    """A run from words: {"q1": "a b c"} ranks a, b and c, each carried by a passage named after arm and document."""
    found = {
        query_id: tuple(RankedDocument(doc, 1.0 / rank, f"{doc}@{name}") for rank, doc in enumerate(docs.split(), 1))
        for query_id, docs in rankings.items()
    }
    return Run(name, found, 0.0, 0.0, depth)


def arms(**rankings: Mapping[str, str]) -> dict[str, Run]:
    return {name: run(name, by_query) for name, by_query in rankings.items()}


def many(n: int = 40) -> dict[str, Run]:
    """Two arms that share no document on even questions and return the same five in another order on odd ones."""
    first = {f"q{i}": "a b c d e" for i in range(n)}
    second = {f"q{i}": "e d c b a" if i % 2 else "f g h i j" for i in range(n)}
    return arms(one=first, two=second)


def graded(plan: Plan, pool: Pool, relevant: Mapping[str, str], queries: Sequence[str] | None = None) -> list[Grade]:
    """Grades as a page would ask for them: 2 for the document named relevant, 0 for others, until every arm is settled."""
    given_ones: list[Grade] = []
    for query_id in queries if queries is not None else [entry.query_id for entry in plan.queries]:
        known: dict[tuple[str, str], int] = {}
        while item := pool.next_item(query_id, known):
            known[query_id, item.doc_id] = 2 if relevant.get(query_id) == item.doc_id else 0
            given_ones.append(planned_grade(plan, item, known[query_id, item.doc_id], at=NOON))
    return given_ones


# --- agreement ---------------------------------------------------------------------------------------------------------


def test_arms_with_the_same_documents_do_not_disagree_whatever_the_order() -> None:
    assert same_documents("abc", "cab")
    assert disagreement({"one": "abc", "two": "cab"}) == 0.0
    assert disagreement({"one": "abc"}) == 0.0


def test_disagreement_is_the_mean_over_pairs() -> None:
    # one and two have the same documents, three shares none with either: (0 + 1 + 1) / 3
    assert disagreement({"one": "ab", "two": "ba", "three": "xy"}) == pytest.approx(2 / 3)


# --- pool --------------------------------------------------------------------------------------------------------------


def test_the_pool_is_the_union_of_the_first_k_with_every_passage_that_carried_a_document() -> None:
    pool = pool_of(arms(one={"q": "a b c d e f"}, two={"q": "b a x y z"}), k=2)
    assert {item.doc_id for item in pool.items["q"]} == {"a", "b"}
    assert {item.doc_id: set(item.passage_ids) for item in pool.items["q"]}["a"] == {"a@one", "a@two"}


def test_what_is_handed_out_for_grading_names_no_arm_rank_or_score() -> None:
    assert set(PoolItem.__dataclass_fields__) == {"query_id", "doc_id", "passage_ids"}


def test_documents_of_all_arms_come_first_and_the_order_of_the_rest_does_not_tell_the_arms_apart() -> None:
    runs = arms(one={f"q{i}": "s a b c d" for i in range(400)}, two={f"q{i}": "w x s y z" for i in range(400)})
    orders = [[item.doc_id for item in items] for items in pool_of(runs).items.values()]
    assert {order[0] for order in orders} == {"s"}
    own = sum(order[1] in "abcd" for order in orders)
    # 400 fair coins: 200 expected, standard deviation 10
    assert 160 < own < 240
    assert len({tuple(order) for order in orders}) > 100


def test_the_order_is_fixed_by_the_seed_and_does_not_ask_which_arm_comes_first() -> None:
    runs = many()
    backwards = dict(reversed(runs.items()))
    assert pool_of(runs, seed=3).items == pool_of(backwards, seed=3).items
    assert pool_of(runs, seed=3).items != pool_of(runs, seed=4).items


def test_an_arm_succeeds_with_one_good_document_and_fails_only_when_all_are_graded() -> None:
    pool = pool_of({"one": run("one", {"q": "a b"}, 2), "two": run("two", {"q": "b c"}, 2)}, k=2)
    assert pool.outcomes("q", {}) == {"one": None, "two": None}
    assert pool.outcomes("q", {("q", "a"): 2}) == {"one": True, "two": None}
    assert pool.outcomes("q", {("q", "a"): 1, ("q", "b"): 1}) == {"one": False, "two": None}
    assert pool.outcomes("q", {("q", "a"): 0, ("q", "b"): 3}) == {"one": True, "two": True}


def test_an_arm_that_returned_nothing_fails_without_a_grade() -> None:
    pool = pool_of(arms(one={"q": ""}, two={"q": "a"}))
    assert pool.outcomes("q", {}) == {"one": False, "two": None}


def test_grading_stops_when_a_shared_document_settles_every_arm_and_skips_what_cannot_settle_anything() -> None:
    runs = {"one": run("one", {"q": "s a"}, 2), "two": run("two", {"q": "b s"}, 2)}
    pool = pool_of(runs, k=2)
    assert pool.next_item("q", {}) is not None
    assert pool.next_item("q", {("q", "s"): 2}) is None
    # one is settled by a; only b is left to tell about two
    assert pool.next_item("q", {("q", "s"): 0, ("q", "a"): 2}).doc_id == "b"
    assert not pool.settled("q", {("q", "s"): 0, ("q", "a"): 2})


@given(st.data())
def test_stopping_early_never_changes_an_outcome(data: st.DataObject) -> None:
    names = st.lists(st.sampled_from("abcdefghij"), min_size=0, max_size=5, unique=True).map(" ".join)
    runs = {name: run(name, {"q": data.draw(names)}) for name in ("one", "two", "three")}
    truth = {("q", doc): data.draw(st.integers(0, 3)) for doc in "abcdefghij"}
    pool = pool_of(runs, seed=data.draw(st.integers(0, 9)))
    known: dict[tuple[str, str], int] = {}
    while item := pool.next_item("q", known):
        known["q", item.doc_id] = truth["q", item.doc_id]
    assert pool.outcomes("q", known) == pool.outcomes("q", truth)
    assert None not in pool.outcomes("q", known).values()


def test_an_arm_that_keeps_fewer_than_k_documents_is_not_pooled() -> None:
    pool = pool_of({"one": run("one", {"q": "a b c d e"}), "log": run("log", {"q": "x y"}, depth=2)})
    assert set(pool.tops["q"]) == {"one"}


def test_the_last_grade_is_in_force_and_a_withdrawn_one_is_gone() -> None:
    history = [Grade("q", "a", 1), Grade("q", "b", 3), Grade("q", "a", 2), Grade("q", "b", None)]
    assert {pair: grade.grade for pair, grade in in_force(history).items()} == {("q", "a"): 2}


def test_runs_come_back_from_the_stored_table_with_questions_that_found_nothing() -> None:
    rows = [("one", "q1", 2, "b", "b::0", 0.5), ("one", "q1", 1, "a", "a::0", 0.9), ("log", "q1", 1, "x", "", 1.0)]
    table = pd.DataFrame(rows, columns=["run", "query_id", "rank", "doc_id", "passage_id", "score"])
    runs = runs_of(table, ["q1", "q2"], {"one": 100, "log": 5, "silent": 100}, asked={"log": ["q1", "q3"]})
    assert [document.doc_id for document in runs["one"].rankings["q1"]] == ["a", "b"]
    assert runs["one"].rankings["q2"] == ()
    assert set(runs["log"].rankings) == {"q1", "q3"}
    assert runs["log"].rankings["q3"] == ()
    assert runs["log"].depth == 5
    assert runs["silent"].rankings == {"q1": (), "q2": ()}


# --- predictor ---------------------------------------------------------------------------------------------------------


def test_the_agreement_predictor_is_the_product_over_documents_by_their_reciprocal_ranks_elsewhere() -> None:
    runs = {"one": run("one", {"q": "a b"}, 2), "two": run("two", {"q": "b c"}, 2)}
    fails = agreement_predictor(runs, k=2).fails
    # one: a is not in two (0.05), b is first there (0.5); two: b is second in one (0.05 + 0.45 / 2), c is not there
    assert fails["one"]["q"] == pytest.approx(0.95 * 0.5)
    assert fails["two"]["q"] == pytest.approx((1 - 0.275) * 0.95)


def test_an_arm_does_not_vouch_for_itself() -> None:
    before = arms(one={"q": "a b c d e"}, two={"q": "a x y z w"}, three={"q": "b a p q r"})
    shuffled = before | {"one": run("one", {"q": "e d c b a"})}
    # Its own order is of no concern, only where the others rank what it returned.
    assert agreement_predictor(before).fails["one"]["q"] == pytest.approx(
        agreement_predictor(shuffled).fails["one"]["q"]
    )


def test_an_arm_alone_has_nobody_to_agree_with() -> None:
    assert agreement_predictor(arms(one={"q": "a b"})).fails == {"one": {"q": 0.5}}


def test_external_judgments_become_chances_and_missing_ones_count_with_the_mean() -> None:
    runs = {"one": run("one", {"q": "a b", "r": "z"}, 2)}
    found = external_predictor("a language model", {("q", "a"): 1.0, ("q", "b"): 0.0}, runs, k=2)
    assert found.name == "a language model"
    assert found.fails["one"] == {"q": 0.0, "r": 0.5}


@pytest.mark.parametrize("chances", [{}, {("q", "a"): 2.0}, {("q", "a"): math.nan}])
def test_external_judgments_that_are_no_chances_are_refused(chances: dict[tuple[str, str], float]) -> None:
    with pytest.raises(ValueError, match="must be chances between 0 and 1"):
        external_predictor("x", chances, arms(one={"q": "a"}))


# --- plan --------------------------------------------------------------------------------------------------------------


def plan_of(runs: Mapping[str, Run], **design: float) -> Plan:
    return draw_plan(pool_of(runs), agreement_predictor(runs), **design)


def test_a_plan_orders_every_question_once_and_its_shares_sum_to_1() -> None:
    plan = plan_of(many())
    assert sorted(entry.query_id for entry in plan.queries) == sorted(many()["one"].rankings)
    assert sum(entry.share for entry in plan.queries) == pytest.approx(1.0)


def test_questions_on_which_the_arms_return_the_same_documents_have_the_uniform_part_alone() -> None:
    plan = plan_of(many(), uniform_part=0.5)
    shares = {entry.query_id: entry.share for entry in plan.queries}
    # Half of 40 questions tell the arms apart, all alike: size 0.5 + 0.5 * 2 for them, 0.5 for the others.
    assert shares["q1"] == pytest.approx(0.5 / 40)
    assert shares["q0"] == pytest.approx(1.5 / 40)
    assert {entry.disagreement for entry in plan.queries if entry.query_id == "q1"} == {0.0}


def test_without_a_uniform_part_the_floor_keeps_every_question_in_reach() -> None:
    shares = {entry.query_id: entry.share for entry in plan_of(many(), uniform_part=0, floor=0.05).queries}
    assert shares["q1"] / shares["q0"] == pytest.approx(0.05)


def test_arms_that_agree_on_everything_give_a_uniform_plan() -> None:
    runs = arms(one={"q1": "a", "q2": "b"}, two={"q1": "a", "q2": "b"})
    assert [entry.share for entry in plan_of(runs).queries] == [0.5, 0.5]


def test_a_seed_gives_the_same_plan_again_and_another_seed_another() -> None:
    assert plan_of(many(), seed=1) == plan_of(many(), seed=1)
    assert plan_of(many(), seed=1) != plan_of(many(), seed=2)


def test_random_numbers_are_permanent_so_a_new_question_leaves_the_order_of_the_others_alone() -> None:
    fewer, more = plan_of(many(30), uniform_part=1), plan_of(many(31), uniform_part=1)
    assert [e.query_id for e in more.queries if e.query_id != "q30"] == [e.query_id for e in fewer.queries]


def test_permanent_numbers_are_uniform() -> None:
    numbers = [permanent(0, str(i)) for i in range(2000)]
    assert stats.kstest(numbers, "uniform").pvalue > 0.01
    assert 0 < min(numbers) < max(numbers) < 1


def test_inclusion_is_n_times_the_share_and_certain_questions_leave_the_rest_to_the_others() -> None:
    shares = {"big": 0.6, "a": 0.2, "b": 0.1, "c": 0.1}
    plan = Plan(tuple(Planned(name, share, 1, 1) for name, share in shares.items()), 0, 5, 0.5, 0.05)
    assert plan.inclusion(1) == pytest.approx(shares)
    # Of two, big would be drawn 1.2 times: it is certain, and one more is shared 2 : 1 : 1.
    assert plan.inclusion(2) == pytest.approx({"big": 1, "a": 0.5, "b": 0.25, "c": 0.25})
    assert plan.inclusion(4) == pytest.approx(dict.fromkeys(shares, 1.0))
    assert plan.inclusion(0) == pytest.approx(dict.fromkeys(shares, 0.0))
    with pytest.raises(ValueError, match="no first 5"):
        plan.inclusion(5)


@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=30), st.data())
def test_inclusion_probabilities_sum_to_n(sizes: list[float], data: st.DataObject) -> None:
    plan = Plan(tuple(Planned(str(i), size / sum(sizes), 1, 1) for i, size in enumerate(sizes)), 0, 5, 0.5, 0.05)
    n = data.draw(st.integers(0, len(sizes)))
    found = plan.inclusion(n)
    assert sum(found.values()) == pytest.approx(n)
    assert all(0 <= probability <= 1 + 1e-9 for probability in found.values())


def test_every_beginning_of_the_plan_is_drawn_with_the_probabilities_stated() -> None:
    runs = many(20)
    pool, predictor = pool_of(runs), agreement_predictor(runs)
    plans = [draw_plan(pool, predictor, seed=seed) for seed in range(1500)]
    for n in (4, 8):
        stated = plans[0].inclusion(n)
        for query_id in ("q0", "q1"):
            seen = sum(query_id in {entry.query_id for entry in plan.queries[:n]} for plan in plans) / len(plans)
            # 1,500 plans: standard error at most 0.013; three of them, and 0.02 for the approximation at n = 4
            assert seen == pytest.approx(stated[query_id], abs=0.06)


@pytest.mark.parametrize("design", [{"uniform_part": 1.5}, {"floor": 0.0}, {"uniform_part": -0.1}])
def test_a_design_out_of_range_is_refused(design: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="uniform_part must be 0 to 1"):
        plan_of(many(), **design)


# --- standing ----------------------------------------------------------------------------------------------------------


def test_only_the_beginning_that_is_graded_without_a_gap_counts() -> None:
    runs = many()
    plan, pool = plan_of(runs), pool_of(runs)
    order = [entry.query_id for entry in plan.queries]
    skipping = graded(plan, pool, {}, [*order[:3], order[5]])
    stands = standing(plan, pool, skipping)
    assert stands.counted == tuple(order[:3])
    assert stands.outside == (order[5],)
    assert stands.next_query == order[3]
    closed = standing(plan, pool, [*skipping, *graded(plan, pool, {}, order[3:5])])
    assert closed.counted == tuple(order[:6])
    assert closed.outside == ()


def test_a_question_under_way_neither_counts_nor_lies_outside() -> None:
    runs = many()
    plan, pool = plan_of(runs), pool_of(runs)
    first = plan.queries[0].query_id
    stands = standing(plan, pool, graded(plan, pool, {}, [first])[:1])
    assert (stands.counted, stands.outside, stands.next_query, stands.given) == ((), (), first, 1)


def test_imported_grades_and_those_of_another_seed_do_not_count_and_do_not_replace_planned_ones() -> None:
    runs = many()
    plan, pool = plan_of(runs), pool_of(runs)
    order = [entry.query_id for entry in plan.queries]
    mine = graded(plan, pool, {}, order[:2])
    imported = [Grade(order[0], grade.doc_id, 3) for grade in mine if grade.query_id == order[0]]
    other = graded(plan_of(runs, seed=9), pool, {}, [order[7]])
    stands = standing(plan, pool, [*mine, *imported, *other])
    assert stands.counted == tuple(order[:2])
    assert stands.outside == (order[7],)
    assert set(stands.grades.values()) == {0}
    assert stands.given == len(mine) + len(other)


def test_withdrawing_a_grade_opens_its_question_again() -> None:
    runs = many()
    plan, pool = plan_of(runs), pool_of(runs)
    order = [entry.query_id for entry in plan.queries]
    mine = graded(plan, pool, {}, order[:3])
    undone = next(grade for grade in mine if grade.query_id == order[1])
    stands = standing(plan, pool, [*mine, replace(undone, grade=None)])
    assert stands.counted == (order[0],)
    assert stands.next_query == order[1]
    assert stands.outside == (order[2],)


def test_a_grade_carries_the_design_and_the_probability_of_its_question() -> None:
    runs = many()
    plan, pool = plan_of(runs), pool_of(runs)
    entry = plan.queries[0]
    grade = planned_grade(plan, pool.items[entry.query_id][0], 2, at=NOON, by="Ada")
    assert grade.plan == "sequential Poisson, seed 0, top 5, uniform part 0.8, floor 0.05"
    assert grade.probability == entry.share
    assert grade.planned
    with pytest.raises(ValueError, match="not in the plan"):
        planned_grade(plan, PoolItem("nowhere", "a"), 2, at=NOON)


def test_a_plan_for_other_questions_is_refused() -> None:
    with pytest.raises(ValueError, match="draw it again"):
        standing(plan_of(many(10)), pool_of(many(12)), [])


# --- powered means -----------------------------------------------------------------------------------------------------


def by_hand(values: np.ndarray, extra: float, pseudo: Sequence[float]) -> tuple[float, float, float]:
    """Mean and t interval after adding pseudo-outcomes, the slow way: append them and take the variance around the mean."""
    n = len(values)
    spread = (np.sum((values - values.mean()) ** 2) / (n - 1) / n + extra) * n  # one question's variance
    joined = (n * values.mean() + sum(pseudo)) / (n + len(pseudo))
    total = n * spread + n * (values.mean() - joined) ** 2 + sum((one - joined) ** 2 for one in pseudo)
    half = stats.t.ppf(0.975, n - 1) * math.sqrt(total / (n + len(pseudo)) ** 2)
    return values.mean(), joined - half, joined + half


def test_an_equal_sample_follows_the_formula_of_ppi_plus_plus() -> None:
    rng = np.random.default_rng(5)
    n, everyone = 60, rng.random(400)
    predicted = everyone[:n]
    outcomes = (rng.random(n) < predicted).astype(float)
    lam = np.cov(outcomes, predicted)[0, 1] / ((1 + n / 400) * predicted.var(ddof=1))
    assert 0 < lam < 1
    theta = outcomes.mean() + lam * (everyone.mean() - predicted.mean())
    residuals = outcomes - lam * (predicted - everyone.mean())
    value, low, high = by_hand(residuals, lam**2 * everyone.var(ddof=1) / 400, [1, 1, 0, 0])
    found = powered_mean(outcomes, predicted, everyone, np.ones(n), kind="share", rng=rng)
    assert value == pytest.approx(theta)
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == pytest.approx((theta, low, high))
    alone = by_hand(outcomes, 0.0, [1, 1, 0, 0])
    assert (found.human_only.value, found.human_only.low, found.human_only.high) == pytest.approx(alone)


def test_without_predictions_a_share_has_the_agresti_coull_interval_with_a_t_quantile() -> None:
    outcomes = np.array([1.0] * 3 + [0.0] * 17)
    found = powered_mean(outcomes, np.zeros(20), np.zeros(99), np.ones(20), kind="share", rng=np.random.default_rng(0))
    centre = 5 / 24  # (3 + 2) / (20 + 4)
    # variance with n - 1 in the sample: 20 * (0.1275 * 20 / 19) + 20 (0.15 - 5/24)^2 + 2 (1 - 5/24)^2 + 2 (5/24)^2
    total = 20 * 0.1275 * 20 / 19 + 20 * (0.15 - centre) ** 2 + 2 * (1 - centre) ** 2 + 2 * centre**2
    half = stats.t.ppf(0.975, 19) * math.sqrt(total) / 24
    assert found.estimate.value == pytest.approx(0.15)
    assert found.estimate.low == pytest.approx(max(0, centre - half))
    assert found.estimate.high == pytest.approx(centre + half)
    assert found.estimate.value == found.human_only.value


def test_weights_correct_for_drawing_some_questions_more_often() -> None:
    # Failures were drawn with twice the probability: 10 of 20 in the sample stand for 10 of 30.
    outcomes, weights = np.array([1.0] * 10 + [0.0] * 10), np.array([0.5] * 10 + [1.0] * 10)
    found = powered_mean(
        outcomes, np.zeros(20), np.zeros(300), weights, kind="share", rng=np.random.default_rng(0)
    ).human_only
    assert found.value == pytest.approx(1 / 3)
    assert found.method.startswith("weighted")


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_outcomes_that_are_all_alike_leave_an_interval_no_narrower_than_the_rule_of_three(outcome: float) -> None:
    for n in (10, 20, 40, 80):
        found = powered_mean(
            np.full(n, outcome), np.zeros(n), np.zeros(300), np.ones(n), kind="share", rng=np.random.default_rng(0)
        ).estimate
        assert found.value == outcome
        assert found.high - found.low >= 3 / n


def test_arms_that_never_differed_in_the_sample_may_still_differ() -> None:
    for n in (10, 20, 40, 80):
        found = powered_mean(
            np.zeros(n), np.zeros(n), np.zeros(300), np.ones(n), kind="difference", rng=np.random.default_rng(0)
        ).estimate
        assert found.value == 0
        assert found.low == -found.high
        # Bonett & Price: t sqrt(2) / (n + 2)
        assert found.high == pytest.approx(stats.t.ppf(0.975, n - 1) * math.sqrt(2) / (n + 2))


@pytest.mark.parametrize("n", [0, 1, 5, MIN_QUERIES - 1])
def test_too_few_questions_are_not_measured_and_say_how_many_are_needed(n: int) -> None:
    found = powered_mean(np.zeros(n), np.zeros(n), np.zeros(30), np.ones(n), kind="share", rng=np.random.default_rng(0))
    for estimate in (found.estimate, found.human_only):
        assert (estimate.value, estimate.low, estimate.n) == (None, None, n)
        assert estimate.reason == (
            "no question is graded to the end" if n == 0 else f"{n} of the 10 graded questions an interval needs"
        )


def test_predictions_that_point_the_wrong_way_are_not_used() -> None:
    outcomes = np.array([0.0, 1.0] * 30)
    found = powered_mean(
        outcomes, 1 - outcomes, np.full(300, 0.5), np.ones(60), kind="share", rng=np.random.default_rng(0)
    )
    assert (found.estimate.low, found.estimate.high) == (found.human_only.low, found.human_only.high)
    assert "lambda 0.00" in found.estimate.method


def test_perfect_predictions_narrow_the_interval() -> None:
    rng = np.random.default_rng(1)
    everyone = (rng.random(300) < 0.3).astype(float)
    found = powered_mean(everyone[:60], everyone[:60], everyone, np.ones(60), kind="share", rng=rng)
    assert found.estimate.high - found.estimate.low < 0.75 * (found.human_only.high - found.human_only.low)
    # lambda is 1 / (1 + 60 / 300), so most of what the sample missed is made good
    assert abs(found.estimate.value - everyone.mean()) < abs(found.human_only.value - everyone.mean())


def test_trust_in_the_predictions_is_fitted_on_the_other_half_below_fifty_questions() -> None:
    rng = np.random.default_rng(2)
    everyone = rng.random(300)
    outcomes = (rng.random(40) < 0.3 + 0.4 * everyone[:40]).astype(float)
    two = [
        powered_mean(outcomes, everyone[:40], everyone, np.ones(40), kind="share", rng=np.random.default_rng(seed))
        for seed in (0, 1)
    ]
    assert two[0].estimate.value != two[1].estimate.value
    assert two[0].human_only == two[1].human_only
    whole = power_tuning(outcomes, everyone[:40], np.ones(40), 300)
    assert f"lambda {whole:.2f}" not in two[0].estimate.method


@given(
    st.lists(
        st.tuples(st.sampled_from([-1.0, 0.0, 1.0]), st.floats(-1, 1), st.floats(1, 20)), min_size=10, max_size=60
    ),
    st.lists(st.floats(-1, 1), min_size=10, max_size=60),
)
def test_bounds_stay_in_range_around_the_value(sample: list[tuple[float, float, float]], rest: list[float]) -> None:
    outcomes, predicted, weights = (np.array(column) for column in zip(*sample, strict=True))
    everyone = np.concatenate([predicted, rest])
    for kind, least in (("difference", -1.0), ("share", 0.0)):
        found = powered_mean(
            np.abs(outcomes) if kind == "share" else outcomes,
            predicted,
            everyone,
            weights,
            kind=kind,
            rng=np.random.default_rng(0),
        )
        for estimate in (found.estimate, found.human_only):
            assert least <= estimate.low <= estimate.value <= estimate.high <= 1
            assert estimate.high > estimate.low


# --- from grades to estimates ------------------------------------------------------------------------------------------


def said(runs: Mapping[str, Run], relevant: Mapping[str, str], n: int, **options: object) -> FewLabels:
    plan, pool = plan_of(runs), pool_of(runs)
    order = [entry.query_id for entry in plan.queries[:n]]
    return few_labels(plan, graded(plan, pool, relevant, order), runs, **options)


def test_every_question_graded_gives_the_shares_by_counting() -> None:
    runs = many(40)
    # a is relevant to even questions: one finds it, two does not. On odd ones both return the same five and nothing is relevant.
    found = said(runs, {f"q{i}": "a" for i in range(0, 40, 2)}, 40)
    assert (found.k, found.queries, found.outside) == (5, 40, 0)
    assert found.arms["one"].human_only.value == pytest.approx(0.5)
    assert found.arms["two"].human_only.value == pytest.approx(1.0)
    (pair,) = found.differences
    assert (pair.baseline, pair.candidate) == ("one", "two")
    assert pair.difference.human_only.value == pytest.approx(0.5)
    assert found.predictor == "agreement of the arms"


def test_a_difference_is_no_larger_than_the_share_of_questions_on_which_the_documents_differ() -> None:
    (pair,) = said(many(40), {}, 20).differences
    assert pair.difference.estimate.value == 0
    assert -0.5 <= pair.difference.estimate.low < pair.difference.estimate.high <= 0.5
    nearly = arms(
        one={f"q{i}": "a b c d e" for i in range(100)},
        two={f"q{i}": "a b c d x" if i == 0 else "b a c d e" for i in range(100)},
    )
    (pair,) = said(nearly, {}, 20).differences
    assert (pair.difference.estimate.low, pair.difference.estimate.high) == (-0.01, 0.01)


def test_arms_that_return_the_same_documents_everywhere_need_no_grade() -> None:
    runs = arms(one={f"q{i}": "a b c" for i in range(30)}, two={f"q{i}": "c b a" for i in range(30)})
    (pair,) = few_labels(plan_of(runs), [], runs).differences
    assert pair.difference.estimate.method == "exact"
    assert pair.difference.estimate.value == pair.difference.estimate.high == 0.0


def test_without_grades_nothing_is_measured_and_it_says_why() -> None:
    found = few_labels(plan_of(many()), [], many())
    assert (found.graded, found.queries) == (0, 0)
    assert found.arms["one"].estimate.reason == "no question is graded to the end"
    assert found.differences[0].difference.estimate.value is None


def test_an_arm_that_was_not_asked_everything_is_estimated_where_it_was() -> None:
    runs = many(60)
    log = run("deployed", {f"q{i}": "a x y z w" for i in range(0, 60, 2)})
    found = said(runs | {"deployed": log}, {f"q{i}": "a" for i in range(0, 60, 4)}, 60)
    assert found.arms["deployed"].estimate.n == 30
    assert found.arms["deployed"].human_only.value == pytest.approx(0.5)
    assert found.arms["one"].estimate.n == 60
    by_pair = {(pair.baseline, pair.candidate): pair.difference for pair in found.differences}
    assert by_pair["one", "deployed"].estimate.n == 30


def test_an_arm_that_keeps_too_few_results_is_not_measured() -> None:
    runs = many() | {"log": run("log", {f"q{i}": "a b" for i in range(40)}, depth=2)}
    found = said(runs, {}, 20, pairs=[("log", "one")])
    assert found.arms["log"].estimate.reason == "log keeps 2 results a question, too few to look at 5"
    assert found.differences[0].difference.estimate.value is None
    assert found.arms["one"].estimate.value == 1.0


def test_pairs_that_were_asked_for_and_ran_are_told() -> None:
    found = said(many(), {}, 20, pairs=[("two", "one"), ("one", "gone")])
    assert [(pair.baseline, pair.candidate) for pair in found.differences] == [("two", "one")]


def test_predictions_from_elsewhere_are_named() -> None:
    runs = many()
    judge = external_predictor("a language model", {("q0", "a"): 1.0}, runs)
    assert said(runs, {}, 20, predictor=judge).predictor == "a language model"


def test_grades_beyond_a_gap_change_nothing_but_the_count() -> None:
    runs = many()
    plan, pool = plan_of(runs), pool_of(runs)
    order = [entry.query_id for entry in plan.queries]
    counting = graded(plan, pool, {}, order[:15])
    picked = graded(plan, pool, {order[30]: "a"}, [order[30]])
    without, beside = few_labels(plan, counting, runs), few_labels(plan, [*counting, *picked], runs)
    assert beside.outside == 1
    assert beside.arms == without.arms
    assert beside.differences == without.differences
    assert beside.graded == without.graded + len(picked)
