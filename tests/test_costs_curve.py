"""Hits and false hits at every threshold, which one is chosen, and what is said of it; counted by hand where a log is small."""

import math
from dataclasses import replace
from functools import partial
from statistics import NormalDist

import numpy as np
import pytest
from fabricated_traffic import DAY, marks_of, neighbours_of, traffic
from hypothesis import given
from hypothesis import strategies as st

from workbench.costs.curve import THRESHOLDS, cache_curve, choose, marks_needed, point_at
from workbench.costs.curve_words import why_chosen, why_none
from workbench.intervals import wilson
from workbench.records import CachePoint, CacheSettings, Estimate

SETTINGS = CacheSettings(budget=0.05)
"""A budget of 5 % needs 73 judged hits."""


def point(threshold, hits, judged, false, exact=0, queries=10_000):
    rate = wilson(false, judged) if judged else Estimate.not_measured("none")
    return CachePoint(threshold, queries, exact, hits - exact, wilson(hits, queries), rate, rate, judged, false)


def tiny():
    """Six questions about "a": itself, one that wants its answer, one that does not, one without label, and an empty one."""
    log = traffic(["a", "b", "c", "a", "", "d"], group=[1, 1, 2, 1, 1, -1])
    return log, neighbours_of({(0, 1): 0.95, (0, 2): 0.85, (0, 3): 0.75}, log)


def counts(made):
    return (made.exact_hits, made.semantic_hits, made.judged, made.false_hits)


def test_the_thresholds_run_from_exact_repeats_alone_to_seventy_hundredths():
    assert (1.01, *(round(0.99 - 0.01 * step, 2) for step in range(30))) == THRESHOLDS
    log, near = tiny()
    assert [made.threshold for made in cache_curve(log, near, SETTINGS).points] == list(THRESHOLDS)


def test_points_count_what_was_served_what_could_be_judged_and_what_was_false():
    log, near = tiny()
    curve = cache_curve(log, near, SETTINGS, thresholds=(1.01, 0.90, 0.80, 0.70))
    assert [counts(made) for made in curve.points] == [(1, 0, 1, 0), (1, 1, 2, 0), (1, 2, 3, 1), (1, 3, 3, 1)]
    assert curve.method == "labelled"
    lowest = curve.points[-1]
    # The empty question counts among the six; the hit without a label counts in no rate of false ones.
    assert lowest.hit_rate == wilson(4, 6)
    assert lowest.false_hit_rate == wilson(1, 3)
    assert lowest.semantic_false_hit_rate == wilson(1, 2)
    assert curve.points[0].semantic_false_hit_rate.reason == "no hits"


def test_a_point_alone_is_the_point_of_the_curve():
    log, near = tiny()
    for made in cache_curve(log, near, SETTINGS).points:
        assert point_at(log, near, replace(SETTINGS, threshold=made.threshold)) == made
    with pytest.raises(ValueError, match="needs a threshold"):
        point_at(log, near, SETTINGS)


def test_the_settings_of_the_cache_hold_for_every_point_and_their_threshold_does_not():
    log, near = tiny()
    with_limits = replace(SETTINGS, threshold=0.70, ttl=60.0)  # a question a minute: only the next question is in time
    curve = cache_curve(log, near, with_limits, thresholds=(1.01, 0.90, 0.80))
    # "c" comes two minutes after "a", too late for it, and at 0.80 serves the second "a" a minute later.
    assert [counts(made)[:2] for made in curve.points] == [(0, 0), (0, 1), (0, 2)]


def test_hits_never_fall_as_the_threshold_falls_where_questions_are_similar_to_one_alone():
    questions = ["hub", *(f"question {row}" for row in range(30)), "hub", "question 3"]
    log = traffic(questions)
    near = neighbours_of({(0, 1 + row): 0.70 + row / 100 for row in range(30)}, log)
    hits = [made.exact_hits + made.semantic_hits for made in cache_curve(log, near, SETTINGS).points]
    # "question 3" lies at 0.73: its repeat is an exact hit above that, and is served by the hub from there on.
    assert hits == [2 + more for more in range(31)]


def test_rows_left_unresolved_are_told():
    log = traffic(["a", "b", "d"], answered=[False, True, True])
    near = neighbours_of({(0, 2): 0.95, (1, 2): 0.92}, log, most=1)
    curve = cache_curve(log, near, SETTINGS, thresholds=(0.96, 0.90))
    assert [made.unresolved for made in curve.points] == [0, 1]


def test_a_marked_pair_counts_once_in_a_point():
    log = traffic(["a", *["b"] * 50, "c"])
    near = neighbours_of({(0, 1): 0.9, (0, 2): 0.9}, log)
    marks = marks_of(log, {("a", "b"): False, ("a", "c"): True})
    made = point_at(log, near, replace(SETTINGS, threshold=0.9), marks)
    assert counts(made) == (0, 51, 2, 1)
    assert cache_curve(log, near, SETTINGS, marks).method == "marked"


@pytest.mark.parametrize(
    ("columns", "marks", "method", "said"),
    [
        ({"group": [1, -1]}, None, "labelled", "no hit has a label on both of its questions"),
        ({}, {("a", "a"): True}, "marked", "none of these hits has been marked"),
        ({"evidence": [[1], None]}, None, "proxy", "no hit has logged evidence on both of its questions"),
        ({}, None, "none", "the log holds neither labels nor evidence, and no pair has been marked"),
    ],
)
def test_hits_that_cannot_be_judged_have_no_rate_and_a_reason(columns, marks, method, said):
    log = traffic(["a", "b"], **columns)
    near = neighbours_of({(0, 1): 0.9}, log)
    curve = cache_curve(log, near, SETTINGS, marks and marks_of(log, marks), thresholds=(0.9,))
    made = curve.points[0]
    assert (curve.method, counts(made)) == (method, (0, 1, 0, 0))
    assert (made.false_hit_rate.value, made.false_hit_rate.reason) == (None, said)


def test_a_log_of_nothing_has_points_without_numbers():
    log = traffic([])
    curve = cache_curve(log, neighbours_of({}, 0), SETTINGS)
    assert {counts(made) for made in curve.points} == {(0, 0, 0, 0)}
    assert (curve.points[0].hit_rate.value, curve.chosen, curve.held_out.value) == (None, None, None)


def zero_bound(judged):
    """Wilson's upper bound where none of the judged hits is false."""
    z2 = NormalDist().inv_cdf(0.975) ** 2
    return z2 / (judged + z2)


def test_one_per_cent_needs_381_marks():
    assert marks_needed(0.01) == 381
    assert zero_bound(381) <= 0.01 < zero_bound(380)
    assert round(100 * zero_bound(40), 1) == 8.8
    assert (marks_needed(0.05), marks_needed(0.5), marks_needed(1.0), marks_needed(2.0)) == (73, 4, 1, 1)


@given(st.floats(1e-4, 0.999))
def test_the_marks_needed_are_the_fewest_that_keep_the_budget(budget):
    needed = marks_needed(budget)
    assert zero_bound(needed) <= budget * (1 + 1e-12)
    assert needed == 1 or zero_bound(needed - 1) > budget * (1 - 1e-12)


@pytest.mark.parametrize("budget", [0.0, -0.1, math.nan])
def test_no_number_of_marks_shows_a_budget_of_nothing(budget):
    with pytest.raises(ValueError, match="above 0"):
        marks_needed(budget)


def test_the_chosen_point_has_most_hits_among_those_that_keep_the_budget():
    # Upper bounds: 0 of 100 3.7 %, 2 of 200 3.6 %, 5 of 300 3.8 %, 20 of 400 7.6 %.
    points = [point(0.9, 100, 100, 0), point(0.8, 200, 200, 2), point(0.7, 300, 300, 5), point(0.6, 400, 400, 20)]
    assert choose(points, 0.05) == points[2]
    assert choose(points[::-1], 0.05) == points[2]
    assert choose(points, 0.10) == points[3]
    assert choose(points, 0.01) is None
    assert choose([], 0.05) is None


def test_points_with_too_few_judged_hits_are_passed_over_and_do_not_end_the_search():
    # 3.65 % needs 102 judged hits: 100 are passed over, with or without a false one; 5 of 300 (3.8 %) fail.
    for false in (0, 50):
        points = [point(0.9, 100, 100, false), point(0.8, 200, 200, 2), point(0.7, 300, 300, 5)]
        assert choose(points, 0.0365) == points[1]
    assert choose(points[:1], 0.0365) is None


def test_the_first_threshold_that_breaks_the_budget_ends_the_search():
    points = [point(0.9, 100, 100, 0), point(0.8, 200, 200, 20), point(0.7, 3000, 3000, 20)]
    assert points[2].false_hit_rate.high < 0.02
    assert choose(points, 0.05) == points[0]
    assert choose(points[1:], 0.05) is None


def test_of_points_with_as_many_hits_the_higher_threshold_is_chosen():
    points = [point(0.8, 200, 200, 0), point(0.9, 200, 200, 0), point(0.7, 150, 150, 0)]
    assert choose(points, 0.05) == points[1]


def test_unjudged_hits_count_as_hits_and_not_as_evidence():
    points = [point(0.9, 100, 100, 0), point(0.8, 900, 100, 0), point(0.7, 5000, 50, 0)]
    assert choose(points, 0.05) == points[1]


looks = st.lists(st.tuples(st.integers(1, 600), st.floats(0, 0.2)), min_size=1, max_size=12)


@given(looks, st.sampled_from([0.01, 0.02, 0.05, 0.1]))
def test_what_is_chosen_keeps_the_budget_and_so_does_every_look_before_it(drawn, budget):
    points = [
        point(0.99 - step / 100, judged, judged, int(share * judged)) for step, (judged, share) in enumerate(drawn)
    ]
    chosen = choose(points, budget)
    able = [made for made in points if zero_bound(made.judged) <= budget]
    if chosen is None:
        assert not able or able[0].false_hit_rate.high > budget
        return
    assert chosen.false_hit_rate.high <= budget
    before = [made for made in able if made.threshold >= chosen.threshold]
    assert all(made.false_hit_rate.high <= budget for made in before)
    assert all(made.semantic_hits <= chosen.semantic_hits for made in before)


def fan(rng, cosines, rates):
    """A log of one kept answer and a question at every cosine to it, false with the rate given; and a way to draw its labels."""
    log = traffic(["hub", *(f"question {row}" for row in range(len(cosines)))], every=1.0)
    near = neighbours_of({(0, 1 + row): cosine for row, cosine in enumerate(cosines)}, log)
    while True:
        wrong = rng.random(len(cosines)) < rates
        yield replace(log, group=np.array([0, *np.where(wrong, 1, 0)], dtype=np.int32)), near


STEPS = tuple(hundredths / 100 for hundredths in range(99, 69, -2))
FAN = np.array([STEPS[0]] * 300 + [step for step in STEPS[1:] for _ in range(100)])


@pytest.mark.parametrize(
    ("rates", "often"),
    [
        (np.full(len(FAN), 0.0501), 0.0),
        (np.where(FAN >= 0.95, 0.01, 0.0701), 0.9),
        (0.02 + 0.10 * (0.98 - FAN) / 0.28, 0.8),
    ],
    ids=["just above the budget everywhere", "jumping above it", "rising from within it"],
)
def test_the_chosen_threshold_seldom_breaks_the_budget_in_truth(rates, often):
    """The true rate of the chosen threshold is above the budget in 2.0, 2.3 and 2.5 % of 400 logs; 2.5 % is nominal.

    A log has 1,700 hits of known false-hit rates at fifteen thresholds, the budget is 5 %. Taking the threshold with most hits
    of all whose bound keeps the budget, without stopping at the first that does not, would break it in 7.5 % of the first kind,
    and a bare share within the budget in 87, 53 and 51 %. A threshold is chosen in 2, 98 and 88 % of the logs.
    """
    truth = {step: rates[step <= FAN].mean() for step in STEPS}
    draws = fan(np.random.default_rng(1), FAN, rates)
    found = [cache_curve(*next(draws), SETTINGS, thresholds=STEPS).chosen for _ in range(400)]
    broken = [made is not None and truth[made.threshold] > SETTINGS.budget for made in found]
    assert sum(broken) / 400 <= 0.05
    assert sum(made is not None for made in found) / 400 >= often


def stretch(groups):
    """One question over and over, a second apart, wanting another answer where the group changes."""
    log = traffic(["a"] * len(groups), group=groups, every=1.0)
    return log, neighbours_of({}, log)


def test_the_rest_of_the_log_tells_how_a_threshold_chosen_on_the_first_part_does():
    # 119 right hits in the first 120 rows keep the budget; of the 80 after them 60 are false, which the whole log knows.
    curve = cache_curve(*stretch([1] * 140 + [2] * 60), SETTINGS, thresholds=(1.01, 0.9))
    assert curve.held_out == wilson(60, 80)
    assert (curve.chosen, counts(curve.points[0])) == (None, (199, 0, 199, 60))


def test_the_first_part_chooses_by_its_own_hits_and_not_by_those_of_the_whole_log():
    # In the first 120 rows 100 hits are exact; "b", similar at 0.9, comes then: 10 false ones, enough to end the search there.
    log = traffic([*["a"] * 100, *["b"] * 20, *["a"] * 80], group=[*[1] * 110, *[2] * 10, *[1] * 80], every=1.0)
    near = neighbours_of({(0, 1): 0.9}, log)
    curve = cache_curve(log, near, SETTINGS, thresholds=(1.01, 0.9))
    # Without similar questions row 100 is kept under "b" itself: of its 19 repeats the last 10 are false.
    assert [counts(made) for made in curve.points] == [(198, 0, 198, 10), (179, 20, 199, 10)]
    assert curve.held_out.reason == "no threshold could be chosen on the first 60 % of the log"
    fine = traffic(log.texts, group=[*[1] * 120, *[1] * 40, *[3] * 40], every=1.0)
    assert cache_curve(fine, near, SETTINGS, thresholds=(1.01, 0.9)).held_out == wilson(40, 80)


def test_nothing_is_said_of_the_rest_where_nothing_could_be_chosen_on_the_first_part():
    # The first 60 of 100 rows hold 59 hits, fewer than the 73 needed; the whole log holds enough.
    curve = cache_curve(*stretch([1] * 100), SETTINGS)
    assert curve.chosen is not None
    assert (curve.held_out.value, curve.held_out.n) == (None, 0)
    assert curve.held_out.reason == "no threshold could be chosen on the first 60 % of the log"
    unlabelled = traffic(["a"] * 300)
    curve = cache_curve(unlabelled, neighbours_of({}, unlabelled), SETTINGS)
    assert (curve.chosen, curve.held_out.value) == (None, None)
    assert curve.held_out.reason == "nothing tells whether a hit is right"
    curve = cache_curve(*stretch([1] * 120 + [-1] * 80), SETTINGS)
    assert (curve.held_out.value, curve.held_out.reason) == (
        None,
        "no hit in the later part of the log could be judged",
    )


def days_of(repeats, apart=1):
    """A hundred questions a day, so many of them repeats of one question; the rest come once."""
    questions = [f"once {day} {row}" if row >= of else "again" for day, of in enumerate(repeats) for row in range(100)]
    at = [apart * day * DAY + row for day in range(len(repeats)) for row in range(100)]
    return traffic(questions, at=at, group=1)


def rate_of(log):
    return point_at(log, neighbours_of({}, log), replace(SETTINGS, threshold=1.01)).hit_rate


def test_from_five_days_on_the_hit_rate_varies_by_day():
    repeats = [11, 80, 5, 60, 20]
    found = rate_of(days_of(repeats))
    assert (found.value, found.n, found.method) == (175 / 500, 500, "bootstrap over days")
    # Days drawn anew; for five of them the tails are wider than 2.5 %: a t of 2.776 with 4 degrees times the root of 5 / 4.
    rates = np.random.default_rng(8).choice(np.array(repeats) - np.eye(5)[0], (50_000, 5)).mean(axis=1) / 100
    tail = NormalDist().cdf(-2.776 * math.sqrt(5 / 4))
    assert found.low == pytest.approx(np.quantile(rates, tail), abs=0.03)
    assert found.high == pytest.approx(np.quantile(rates, 1 - tail), abs=0.03)
    assert found.low < wilson(175, 500).low - 0.1


def test_with_fewer_days_or_none_questions_count_as_independent():
    assert rate_of(days_of([11, 80, 5, 60])) == wilson(155, 400)
    assert rate_of(days_of([11, 80, 5, 60], apart=3)) == wilson(155, 400)  # days without a question are none
    untimed = traffic(["a", "a", "b"] * 200, timed=False)
    assert rate_of(untimed) == wilson(598, 600)


def test_days_without_a_hit_keep_an_interval_with_a_width():
    log = days_of([0] * 6)
    assert rate_of(log) == wilson(0, 600)


@given(st.lists(st.integers(0, 100), min_size=5, max_size=9))
def test_the_interval_of_the_hit_rate_holds_its_value(repeats):
    found = rate_of(days_of(repeats))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


def test_what_was_chosen_is_said_with_what_shows_it():
    chosen = point(0.9, 2500, 381, 0)
    assert why_chosen(chosen, "labelled", 0.01) == (
        "A threshold of 0.90 serves most questions (25.0 %) within the budget of 1 %: 0 of 381 judged hits are false, "
        "at most 1 % with 95 % confidence."
    )
    exact = point(1.01, 50, 100, 1, exact=50, queries=200)
    assert why_chosen(exact, "marked", 0.06) == (
        "Exact repeats alone serve most questions (25 %) within the budget of 6 %: 1 of 100 judged pairs are false, "
        "at most 5.4 % with 95 % confidence."
    )
    assert "0 of 381 judged hits rest on other evidence" in why_chosen(chosen, "proxy", 0.01)


def test_why_nothing_was_chosen_is_said_for_each_reason():
    say = partial(why_none, budget=0.01, needed=381)
    nothing = point(0.9, 0, 0, 0)
    assert say([nothing], "labelled").startswith("No threshold gives a hit")
    assert say([nothing, point(0.8, 5, 0, 0)], "none").startswith(
        "No threshold can be chosen: the log holds neither labels nor retrieved documents"
    )
    assert say([nothing, point(0.8, 5, 0, 0)], "labelled") == (
        "No threshold can be chosen: there are hits, but none of them can be judged."
    )
    assert say([point(0.9, 90, 30, 0), point(0.8, 90, 40, 0)], "marked") == (
        "0 of 40 judged pairs are false, which still allows up to 8.8 %; 381 without a false one would be needed for 1 %."
    )
    # 4 of 400 up to 2.5 %, 50 of 500 up to 13 %.
    assert say([point(0.9, 900, 400, 4), point(0.8, 900, 500, 50)], "labelled") == (
        "No threshold keeps the budget of 1 %; the best that could be shown is 0.90: 4 of 400 judged hits are false, up to 2.5 %."
    )
    assert say([point(1.01, 900, 400, 4)], "proxy") == (
        "No threshold keeps the budget of 1 %; the best that could be shown is exact repeats alone: 4 of 400 judged hits rest on "
        "other evidence, up to 2.5 %."
    )
    assert say([point(0.9, 400, 400, 4), point(0.8, 4000, 4000, 4)], "labelled") == (
        "No threshold is chosen: at 0.90 4 of 400 judged hits are false, up to 2.5 %, above the budget of 1 %; lower thresholds "
        "look better, but only because they add hits to these."
    )


def test_a_curve_says_what_it_chose_or_why_it_did_not():
    right = cache_curve(*stretch([1] * 100), SETTINGS)
    assert right.chosen is not None
    assert right.why == why_chosen(right.chosen, "labelled", 0.05)
    assert right.chosen.threshold == 1.01
    few = cache_curve(*stretch([1] * 41), CacheSettings(budget=0.01))
    assert (few.chosen, few.marks_needed) == (None, 381)
    assert few.why == (
        "0 of 40 judged hits are false, which still allows up to 8.8 %; 381 without a false one would be needed for 1 %."
    )
    log = traffic(["a"] * 100)
    assert "nothing tells a right hit from a false one" in cache_curve(log, neighbours_of({}, log), SETTINGS).why
