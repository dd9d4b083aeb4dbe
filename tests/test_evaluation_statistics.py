import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.evaluation.resampling import bca_bounds, bootstrap_means, sign_flip_p_value
from workbench.evaluation.statistics import (
    difference_estimate,
    difference_estimates,
    holm,
    mean_estimate,
    more_queries_needed,
    randomisation_p_value,
    verdict,
)
from workbench.intervals import wilson


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_shares_get_a_wilson_interval() -> None:
    estimate = mean_estimate([1.0] * 8 + [0.0] * 2, rng())
    assert (estimate.method, estimate.n) == ("wilson", 10)
    assert (estimate.low, estimate.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_no_values_are_not_measured_rather_than_zero() -> None:
    estimate = mean_estimate([], rng())
    assert estimate.value is None
    assert estimate.reason == "no judged questions"


def test_few_values_get_the_widest_interval() -> None:
    estimate = mean_estimate([0.2, 0.4], rng())
    assert (estimate.value, estimate.low, estimate.high) == (pytest.approx(0.3), 0.0, 1.0)


def test_the_bootstrap_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    source = np.random.default_rng(11)
    hits = 0
    trials = 200
    for _ in range(trials):
        estimate = mean_estimate(source.beta(2, 3, size=40), source)
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= 0.4 <= estimate.high
    # 95 % nominal; three standard errors of 200 trials are 0.046.
    assert 0.90 <= hits / trials <= 1.0


@pytest.mark.parametrize("count", [8, 15, 60])
def test_intervals_of_differences_cover_also_where_few_questions_differ(count: int) -> None:
    source = np.random.default_rng(3)
    trials = 200
    hits = 0
    for _ in range(trials):
        # Of ten questions one is won outright, half of one lost, the rest are equal: the mean is 0.05.
        estimate = difference_estimate(source.choice([1.0, -1.0, 0.0], count, p=[0.1, 0.05, 0.85]), source)
        hits += estimate.low <= 0.05 <= estimate.high
    assert hits / trials >= 0.90


def test_bca_bounds_equal_those_of_scipy_at_the_widened_level() -> None:
    sample = np.random.default_rng(2).gamma(2, 0.1, size=40)
    quantile = np.sqrt(40 / 39) * stats.t(39).ppf(0.975)
    drawn = stats.bootstrap(
        (sample,),
        np.mean,
        n_resamples=2_000,
        confidence_level=2 * stats.norm.cdf(quantile) - 1,
        method="BCa",
        rng=rng(),
    )
    bounds = bca_bounds(drawn.bootstrap_distribution, sample, 0.95)
    assert bounds == pytest.approx(tuple(drawn.confidence_interval), abs=1e-12)


def test_means_of_columns_come_from_the_same_draws() -> None:
    columns = np.random.default_rng(1).normal(size=(30, 2))
    means = bootstrap_means(np.column_stack([columns, columns.sum(axis=1)]), rng(), 500)
    assert np.allclose(means[:, 0] + means[:, 1], means[:, 2])
    assert means[:, 0].std() == pytest.approx(columns[:, 0].std() / np.sqrt(30), rel=0.15)
    alone = difference_estimate(columns[:, 0] / 10, rng())
    assert difference_estimates(columns / 10, rng())[0] == alone


def test_the_randomisation_test_counts_sign_flips_exactly_for_few_queries() -> None:
    # Of 2^4 sign patterns only all-plus and all-minus are as extreme: 2 / 16.
    assert randomisation_p_value([0.1, 0.2, 0.3, 0.4], rng()) == 2 / 16
    # 0.3 = 0.1 + 0.2 up to rounding: the patterns + + -, - - + and those of one sign are as extreme as none of them.
    assert randomisation_p_value([0.1, 0.2, -0.3], rng()) == 1.0


# Quarters add up without rounding, where scipy would take equal sums for different ones.
@given(st.lists(st.sampled_from([-0.5, -0.25, 0.0, 0.25, 0.75, 1.0]), min_size=2, max_size=9).filter(any))
def test_exact_p_values_equal_those_of_scipy(values: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = stats.permutation_test((values,), np.sum, permutation_type="samples", n_resamples=9_999).pvalue
    assert randomisation_p_value(values, rng()) == pytest.approx(oracle, abs=1e-12)


def test_random_signs_give_the_p_value_that_counting_all_of_them_gives() -> None:
    sample = np.random.default_rng(4).normal(0.06, 0.2, size=16)
    exact = sign_flip_p_value(sample, rng(), resamples=2**16)
    assert 0.05 < exact < 0.5
    # Three standard errors of twice a share of 9,999 draws are at most 0.03.
    assert randomisation_p_value(sample, rng()) == pytest.approx(exact, abs=0.03)


def test_no_p_value_is_zero() -> None:
    assert randomisation_p_value([0.5] * 200, rng()) == pytest.approx(2 / 10_000)


def test_identical_systems_have_p_one_and_a_width_that_shrinks_with_n() -> None:
    assert randomisation_p_value([0.0] * 20, rng()) == 1.0
    assert difference_estimate([0.0] * 20, rng()).high == pytest.approx(3 / 20)


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=30))
def test_every_interval_is_finite_and_holds_the_mean(values: list[float]) -> None:
    for estimate in (mean_estimate(values, rng()), difference_estimate(values, rng())):
        assert np.isfinite([estimate.low, estimate.high]).all()
        assert estimate.low <= estimate.value + 1e-9
        assert estimate.value <= estimate.high + 1e-9


def test_equal_scores_have_a_width_that_shrinks_with_n() -> None:
    estimate = mean_estimate([0.5] * 30, rng())
    assert (estimate.low, estimate.high) == (pytest.approx(0.4), pytest.approx(0.6))


def test_a_handful_of_ties_is_not_equivalence() -> None:
    assert verdict([0.0] * 6, 1.0, rng()) == "undetermined"
    assert verdict([0.0] * 100, 1.0, rng()) == "undetermined"
    assert verdict([0.0] * 101, 1.0, rng()) == "equivalent"
    # 3 / n lies below 0.03 from 101 questions on.
    assert more_queries_needed([0.0] * 6) == 95
    assert more_queries_needed([0.0] * 100) == 1


def test_one_small_difference_among_ties_claims_no_more_than_ties_alone() -> None:
    ties, nearly = difference_estimate([0.0] * 60, rng()), difference_estimate([0.0] * 59 + [0.1], rng())
    assert (ties.high, nearly.low) == pytest.approx((0.05, 0.1 / 60 - 0.05))
    assert nearly.high - nearly.low >= ties.high - ties.low - 1e-12
    assert mean_estimate([1.0] * 59 + [0.5], rng()).low <= 1 - 0.5 / 60 - 3 / 60 + 1e-9


def test_a_true_difference_of_the_margin_is_rarely_called_equivalent() -> None:
    source = np.random.default_rng(6)
    wrong = sum(verdict(source.normal(0.03, 0.06, size=60), 1.0, source) == "equivalent" for _ in range(200))
    # 5 % nominal and three standard errors of 200 trials.
    assert wrong / 200 <= 0.05 + 0.047


def test_a_true_tie_is_called_equivalent_once_there_are_enough_questions() -> None:
    source = np.random.default_rng(7)
    right = sum(verdict(source.normal(0.0, 0.06, size=60), 1.0, source) == "equivalent" for _ in range(100))
    assert right >= 90


def test_false_alarms_of_the_randomisation_test_stay_near_five_percent() -> None:
    source = np.random.default_rng(5)
    alarms = sum(randomisation_p_value(source.normal(0, 0.2, size=30), source) < 0.05 for _ in range(200))
    assert alarms / 200 <= 0.10


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(c >= p for c, p in zip(corrected, p_values, strict=True))
    order = np.argsort(p_values, kind="stable")
    assert all(corrected[a] <= corrected[b] for a, b in pairwise(order))


def test_verdicts_say_equivalent_only_when_the_interval_is_narrow() -> None:
    narrow = np.tile([0.01, -0.01], 50)
    wide = np.tile([0.9, -0.9], 5)
    assert verdict(narrow, 1.0, rng()) == "equivalent"
    assert verdict(wide, 1.0, rng()) == "undetermined"
    assert verdict([0.2] * 5 + [0.3] * 5, 0.01, rng()) == "better"
    assert verdict([-0.2] * 5 + [-0.3] * 5, 0.01, rng()) == "worse"


def test_more_queries_follow_from_power() -> None:
    gains = np.array([0.2, -0.1] * 10)
    sd = gains.std(ddof=1)
    # z(0.975) + z(0.8) = 1.95996 + 0.84162; ten tests ask for z(0.9975) = 2.80703.
    assert more_queries_needed(gains) == int(np.ceil((2.80158 * sd / 0.05) ** 2)) - 20
    assert more_queries_needed(gains, tests=10) == int(np.ceil((3.64865 * sd / 0.05) ** 2)) - 20


def test_that_many_more_queries_show_the_difference_four_times_in_five() -> None:
    source = np.random.default_rng(9)
    pilot = np.array([0.4, -0.2, 0.1, 0.3, -0.3] * 6)
    planned = len(pilot) + more_queries_needed(pilot)
    shown = sum(randomisation_p_value(source.choice(pilot, planned), source) < 0.05 for _ in range(300))
    # 80 % nominal; three standard errors of 300 trials are 0.07.
    assert 0.72 <= shown / 300 <= 0.88


@given(st.lists(st.sampled_from([-1.0, -0.02, 0.0, 0.01, 0.5]), max_size=40), st.integers(1, 200))
def test_more_queries_are_at_least_one_and_more_tests_never_ask_for_fewer(gains: list[float], tests: int) -> None:
    assert 1 <= more_queries_needed(gains) <= more_queries_needed(gains, tests=tests)


def test_a_mean_within_the_margin_is_planned_for_the_nearer_verdict() -> None:
    near, nearer_none = np.array([0.12, -0.08] * 30), np.array([0.11, -0.1] * 30)
    # Mean 0.02: a difference takes (2.80158 sd / 0.02)^2, none that matters (2.48647 sd / 0.01)^2; mean 0.005 the other way.
    assert more_queries_needed(near) == int(np.ceil((2.80158 * near.std(ddof=1) / 0.02) ** 2)) - 60
    assert more_queries_needed(nearer_none) == int(np.ceil((2.48647 * nearer_none.std(ddof=1) / 0.025) ** 2)) - 60


def test_small_differences_that_all_point_one_way_are_soon_shown() -> None:
    assert more_queries_needed([0.011, 0.012, 0.013, 0.014, 0.015, 0.016]) == 1
    assert more_queries_needed([]) == 30
    assert more_queries_needed([0.4]) == 29


def test_a_few_equal_gains_need_enough_signs_for_the_p_value() -> None:
    # 2 / 2^6 is the first below 5 %; for 20 tests 2 / 2^10 is the first below 0.25 %.
    assert more_queries_needed([0.5] * 5) == 1
    assert more_queries_needed([0.5] * 5, tests=20) == 5


def test_wilson_refuses_more_successes_than_units() -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(3, 2)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_share_and_stays_in_range(pair: tuple[int, int]) -> None:
    share = wilson(*pair)
    assert 0 <= share.low <= share.value <= share.high <= 1


@pytest.mark.parametrize("queries", [1_023, 1_024, 5_000])
def test_thousands_of_queries_are_tested_like_any_others(queries: int) -> None:
    alike = np.tile([0.25, -0.25], queries // 2)
    assert randomisation_p_value(alike, np.random.default_rng(0)) > 0.5
    assert randomisation_p_value(np.abs(alike), np.random.default_rng(0)) < 0.001


@pytest.mark.parametrize("size", [1e-300, 2e-205, 1.0, 1e150])
def test_bounds_follow_the_scale_of_the_values_however_small(size: float) -> None:
    values = np.array([0.0, 0.0, 0.0, 1.0, 3.0])
    low, high = bca_bounds(bootstrap_means(values[:, None], rng())[:, 0], values, 0.95)
    scaled = values * size
    found = bca_bounds(bootstrap_means(scaled[:, None], rng())[:, 0], scaled, 0.95)
    assert found == pytest.approx((low * size, high * size), rel=1e-9)
