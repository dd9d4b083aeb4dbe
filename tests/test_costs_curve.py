"""The curve of thresholds: its rates and intervals, the threshold chosen, and how often a choice breaks its budget."""

import numpy as np
import pytest
from fabricated_traffic import DAY, marks_of, neighbours_of, traffic

from workbench.costs.curve import THRESHOLDS, cache_curve, choose, marks_needed, point_at
from workbench.costs.replay import replay
from workbench.costs.safety import Judge
from workbench.intervals import wilson
from workbench.records import CachePoint, CacheSettings, Estimate

NOTHING = Estimate.not_measured("not looked at")


def point(threshold, hits, false, judged=None):
    """A point with so many hits, all judged unless it says how many."""
    judged = hits if judged is None else judged
    rate = wilson(false, judged)
    return CachePoint(threshold, 50_000, 0, hits, wilson(hits, 50_000), rate, NOTHING, judged, false)


def repeats(n, **columns):
    """One question asked once, then `n` times again."""
    return traffic(["hail"] * (n + 1), **columns)


def curve_of(log, pairs=None, marks=None, thresholds=THRESHOLDS, **chosen):
    return cache_curve(log, neighbours_of(pairs or {}, log), CacheSettings(**chosen), marks, thresholds)


def test_thresholds_fall_from_exact_repeats_to_seventy():
    assert THRESHOLDS[:3] == (1.01, 0.99, 0.98)
    assert THRESHOLDS[-1] == 0.70
    assert len(THRESHOLDS) == 31


@pytest.mark.parametrize("budget", [0.5, 0.1, 0.05, 0.02, 0.01, 0.003, 0.001])
def test_the_marks_needed_are_the_fewest_that_keep_the_budget(budget):
    needed = marks_needed(budget)
    assert wilson(0, needed).high <= budget < wilson(0, needed - 1).high if needed > 1 else True


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ValueError, match="budget must be above 0"):
        marks_needed(0.0)


def test_the_choice_is_the_point_with_most_hits_before_the_first_that_fails():
    points = [point(0.9, 1_000, 2), point(0.8, 2_000, 5), point(0.7, 4_000, 200)]
    assert choose(points, 0.01) is points[1]
    assert choose(points[::-1], 0.01) is points[1]


def test_a_point_after_one_that_failed_is_not_chosen_however_good_it_looks():
    assert choose([point(0.9, 1_000, 30), point(0.8, 20_000, 30)], 0.01) is None


def test_points_too_small_to_show_anything_do_not_end_the_search():
    points = [point(1.01, 0, 0), point(0.99, 100, 1), point(0.9, 1_000, 1)]
    assert choose(points, 0.01) is points[2]


def test_forty_judged_hits_without_a_false_one_are_said_not_to_be_enough():
    curve = curve_of(repeats(40, group=1))
    assert curve.chosen is None
    assert curve.why == (
        "0 of 40 judged hits are false, which still allows up to 8.8 %; "
        "381 without a false one would be needed for 1 %."
    )
    assert curve.marks_needed == 381


def test_enough_right_repeats_choose_exact_repeats_and_hold_on_the_later_part():
    curve = curve_of(repeats(1_000, group=1))
    assert curve.chosen.threshold == 1.01
    assert "0 of 1,000 judged hits are false" in curve.why
    assert (curve.held_out.value, curve.held_out.n) == (0.0, 401)  # 1,001 rows, 600 before the cut


def test_too_many_false_hits_name_the_best_that_could_be_shown():
    curve = curve_of(repeats(1_000, group=[0] + [1] * 100 + [0] * 900))
    assert curve.chosen is None
    assert (
        "the best that could be shown is exact repeats alone: 100 of 1,000 judged hits are false, up to 12 %"
        in curve.why
    )


def test_no_hits_and_nothing_to_judge_by_are_told_apart():
    assert "No threshold gives a hit" in curve_of(traffic(["a", "b"], group=1)).why
    blind = curve_of(repeats(1_000))
    assert blind.method == "none"
    assert "nothing tells a right hit from a false one" in blind.why
    assert blind.points[0].false_hit_rate.value is None
    assert blind.held_out.value is None


def test_a_proxy_is_never_called_a_false_hit():
    curve = curve_of(repeats(1_000, evidence=[[1]] + [[2]] * 20 + [[1]] * 980))
    assert curve.method == "proxy"
    assert "20 of 1,000 judged hits rest on other evidence" in curve.why
    assert "are false" not in curve.why


def test_one_mark_on_a_frequent_pair_is_one_judgement():
    log = traffic(["a", *["b"] * 1_000])
    curve = curve_of(log, {(0, 1): 0.9}, marks_of(log, {("a", "b"): True}))
    assert curve.chosen is None
    assert curve.points[-1].judged == 1
    assert "0 of 1 judged pairs are false" in curve.why


def test_the_hit_rate_is_drawn_by_days_from_five_days_on():
    by_day = [0.0, 0.0, 0.25, 0.5, 0.75, 1.0]
    questions, at = [], []
    for day, share in enumerate(by_day):
        for i in range(100):
            questions.append("hail" if i < share * 100 else f"{day} {i}")
            at.append(day * DAY + i)
    days = point_at(log := traffic(questions, at=at), neighbours_of({}, log), CacheSettings(threshold=1.01)).hit_rate
    assert days.value == (250 - 1) / 600
    assert days.method == "bootstrap over days"
    plain = wilson(249, 600)
    assert days.low < plain.low < plain.high < days.high  # days differ far more than questions drawn alone would
    few = traffic(questions[:400], at=at[:400])
    assert point_at(few, neighbours_of({}, few), CacheSettings(threshold=1.01)).hit_rate.method == "wilson"
    untimed = traffic(questions, timed=False)
    assert point_at(untimed, neighbours_of({}, untimed), CacheSettings(threshold=1.01)).hit_rate == plain


def random_log(seed, rows=600):
    rng = np.random.default_rng(seed)
    asked = rng.integers(0, 120, rows)
    log = traffic([f"q{i}" for i in asked], group=asked // 3)
    pairs = {(a, b): rng.uniform(0.65, 1.0) for a in range(log.nodes) for b in range(a) if rng.random() < 0.1}
    return log, pairs


def test_a_point_of_the_curve_is_what_its_replay_and_the_judge_count():
    log, pairs = random_log(1)
    chosen = CacheSettings(capacity=40, budget=0.2)
    curve = cache_curve(log, neighbours_of(pairs, log), chosen)
    for shown in curve.points[::10]:
        setting = CacheSettings(threshold=shown.threshold, capacity=40, budget=0.2)
        played = replay(log, neighbours_of(pairs, log), setting)
        judged = Judge(log).judge(played)
        assert shown == point_at(log, neighbours_of(pairs, log), setting)
        assert (shown.exact_hits, shown.semantic_hits) == (played.exact.sum(), (played.hits & ~played.exact).sum())
        assert (shown.judged, shown.false_hits) == ((judged >= 0).sum(), (judged == 0).sum())


def test_the_held_out_rate_is_that_of_a_threshold_chosen_on_the_earlier_part_alone():
    log, pairs = random_log(2)
    curve = curve_of(log, pairs, budget=0.4)
    cut = 360
    earlier = traffic(log.texts[:cut], group=log.group[:cut])
    # Nodes are numbered by first appearance, so those of the earlier part keep their numbers.
    among = {pair: cosine for pair, cosine in pairs.items() if max(pair) < earlier.nodes}
    chosen = curve_of(earlier, among, budget=0.4).chosen
    played = replay(log, neighbours_of(pairs, log), CacheSettings(threshold=chosen.threshold))
    later = Judge(log).judge(played)[cut:]
    assert curve.held_out == wilson(int((later == 0).sum()), int((later >= 0).sum()))


def broken_budgets(rule, steep, logs=1_500, hits=6_000, budget=0.01):
    """Share of simulated logs in which the true rate at the chosen threshold is above the budget.

    Cosines of hits are even between 0.70 and 1; the chance that a hit is false grows from 0.2 % at 1 by a power of the distance,
    so that the rate of all hits above a threshold crosses the budget on the way down.
    """
    rng = np.random.default_rng(20_260_101)
    broken = 0
    for _ in range(logs):
        distance = np.sort(rng.random(hits))
        chance = 0.002 + 0.05 * distance**steep
        false = np.cumsum(rng.random(hits) < chance)
        true = np.cumsum(chance)
        reach = np.searchsorted(distance, (1 - np.array(THRESHOLDS[1:])) / 0.30, side="right")
        points = [point(t, int(n), int(false[n - 1])) for t, n in zip(THRESHOLDS[1:], reach, strict=True) if n]
        found = rule(points, budget)
        if found is not None:
            n = found.judged
            broken += true[n - 1] / n > budget
    return broken / logs


def most_hits_of_any(points, budget):
    """The rule that looks at every threshold and takes the luckiest."""
    kept = [p for p in points if p.false_hit_rate.high <= budget]
    return max(kept, key=lambda p: p.semantic_hits) if kept else None


@pytest.mark.parametrize("steep", [1, 3])
def test_the_budget_is_broken_no_more_often_than_the_interval_says(steep):
    ours = broken_budgets(choose, steep)
    assert ours <= 0.025 + 3 * (0.025 * 0.975 / 1_500) ** 0.5
    assert ours <= broken_budgets(most_hits_of_any, steep)
