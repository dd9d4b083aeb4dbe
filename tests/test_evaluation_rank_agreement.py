"""Rank correlation, its interval, and the second half of E-15: scores beside users' feedback on the same items."""

from dataclasses import replace

import numpy as np
import pytest
from fabricated_case import EMPTY, check, evals, item, line, log, run
from hypothesis import assume, given
from hypothesis import strategies as st

from workbench.evaluation.eval_runs import score_and_feedback, trust_gap
from workbench.evaluation.rank_agreement import spearman_estimate

RISING = list(range(10))


def test_rank_correlation_is_one_minus_six_times_the_squared_rank_differences():
    # Two neighbours exchanged: 1 - 6 * (1 + 1) / (10 * 99) = 0.98788.
    assert spearman_estimate(RISING, [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]).value == pytest.approx(1 - 12 / 990, abs=1e-6)
    assert spearman_estimate(RISING, RISING[::-1]).value == -1


def test_two_values_each_give_the_phi_coefficient():
    # 6 right and liked, 2 right and disliked, 1 wrong and liked, 3 wrong and disliked:
    # (6 * 3 - 2 * 1) / sqrt(8 * 4 * 7 * 5) = 16 / 33.466 = 0.4781.
    right = [1] * 8 + [0] * 4
    liked = [1] * 6 + [-1] * 2 + [1] + [-1] * 3
    assert spearman_estimate(right, liked).value == pytest.approx(16 / np.sqrt(1120), abs=1e-6)


def test_the_interval_is_fishers_with_the_width_for_ranks():
    # r = 16 / sqrt(1120) = 0.4781 on 12: half = 1.96 * sqrt((1 + 0.4781^2 / 2) / 9) = 0.6897; atanh(0.4781) = 0.5205.
    found = spearman_estimate([1] * 8 + [0] * 4, [1] * 6 + [-1] * 2 + [1] + [-1] * 3)
    assert (found.low, found.high) == pytest.approx((np.tanh(0.5205 - 0.6897), np.tanh(0.5205 + 0.6897)), abs=2e-4)


def test_too_few_or_equal_values_are_not_measured():
    assert "fewer than 10" in spearman_estimate([1] * 9, [2] * 9).reason
    assert "same for all" in spearman_estimate([1] * 20, list(range(20))).reason
    with pytest.raises(ValueError, match="both sides"):
        spearman_estimate([1], [1, 2])


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=10, max_size=60))
def test_rank_correlation_lies_in_its_interval_and_knows_only_ranks(pairs):
    first, second = zip(*pairs, strict=True)
    assume(len(set(first)) > 1 and len(set(second)) > 1)
    found = spearman_estimate(first, second)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert spearman_estimate(second, first) == found
    assert spearman_estimate([one**3 for one in first], second) == found
    assert spearman_estimate([-one for one in first], second).value == pytest.approx(-found.value)


@pytest.mark.parametrize(("phi", "least"), [(0.0, 0.93), (0.2, 0.92), (0.5, 0.88)])
def test_the_interval_holds_the_truth_as_often_as_it_says_for_ratings_of_two_values(phi, least):
    # 70 % right, 60 % liked, n = 30: about 95 of 100, and 92 at 0.5; three standard errors of 600 samples are 2.7 points.
    right, liked, n = 0.7, 0.6, 30
    both = right * liked + phi * np.sqrt(right * liked * (1 - right) * (1 - liked))
    cells = [both, right - both, liked - both, 1 - right - liked + both]
    rng = np.random.default_rng(11)
    held = []
    for _ in range(600):
        drawn = rng.choice(4, size=n, p=cells)
        found = spearman_estimate((drawn < 2).astype(float), np.isin(drawn, (0, 2)).astype(float))
        if found.value is not None:
            held.append(found.low <= phi <= found.high)
    assert np.mean(held) > least


# ---------------------------------------------------------------- E-15 item by item


def rated_case(*groups: tuple[int, bool, int]):
    """`groups`: how many, whether the item passes, feedback on its logged question."""
    rows = [(passed, feedback) for count, passed, feedback in groups for _ in range(count)]
    items = [item(number, source_trace_id=f"i{number}") for number in range(1, len(rows) + 1)]
    lines = [line(number, feedback=feedback) for number, (_, feedback) in enumerate(rows, 1)]
    passed = {f"q{number}": passed for number, (passed, _) in enumerate(rows, 1)}
    return replace(EMPTY, evals=evals(*items, runs=(run(1, passed=passed),)), log=log(*lines))


def test_e15_is_seen_when_scores_do_not_order_answers_as_users_do():
    # 24, 24, 16, 16: the products are equal, so phi is 0; 50 of 80 pass, so the sum says nothing.
    inputs = rated_case((24, True, 1), (24, True, -1), (16, False, 1), (16, False, -1))
    found = check(trust_gap, inputs, "seen", "On 80 items", "do not order", "rank correlation 0 [", "48 of 80 (60 %)")
    assert (found.n, found.n_min, found.value.value) == (80, 30, 0)
    places = {source.path for source in found.sources}
    assert places == {"evals/run1.json", "evals/set.jsonl", "logs/log.jsonl"}


def test_e15_is_clean_when_scores_and_users_agree():
    inputs = rated_case((30, True, 1), (5, True, -1), (5, False, 1), (30, False, -1))
    check(trust_gap, inputs, "clean", "order the answers as users do")


def test_e15_cannot_tell_from_few_items_but_keeps_what_the_sums_say():
    inputs = rated_case((4, True, 1), (4, True, -1), (3, False, 1), (3, False, -1))
    check(trust_gap, inputs, "clean", "may not order")
    many = rated_case((30, True, 1), (40, True, -1), (3, False, 1), (4, False, -1))
    check(trust_gap, many, "seen", "do not order")


def test_e15_takes_the_mean_of_graded_metrics_where_no_verdict_is_stated():
    items = [item(number, source_trace_id=f"i{number}") for number in range(1, 13)]
    lines = [line(number, feedback=1 if number > 6 else -1) for number in range(1, 13)]
    scores = {
        "faithfulness": {f"q{number}": number / 12 for number in range(1, 13)},
        "recall": {f"q{number}": number / 12 for number in range(1, 13)},
        "hallucination": {f"q{number}": 1.0 for number in range(1, 13)},
    }
    inputs = replace(EMPTY, evals=evals(*items, runs=(run(1, scores=scores),)), log=log(*lines))
    # Mean ranks 3.5 and 9.5 against 1 to 12: 6 * 2 * 3 * 3 / sqrt(143 * 108) = 108 / 124.27 = 0.869.
    assert score_and_feedback(inputs).value == pytest.approx(108 / np.sqrt(143 * 108), abs=1e-6)
    check(trust_gap, inputs, "clean", "On 12 items")


def test_e15_without_common_items_rests_on_the_sums_alone():
    inputs = rated_case((10, True, 1), (2, True, -1))
    apart = replace(inputs, evals=evals(*(item(n) for n in range(3)), runs=inputs.evals.runs))
    assert score_and_feedback(apart).value is None
    assert "items made from rated" not in check(trust_gap, apart, "clean").finding
    assert score_and_feedback(EMPTY) is None
