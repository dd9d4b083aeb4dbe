from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.statistics import (
    difference_estimate,
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
    # 95 % nominal; three standard errors of 200 trials are 0.046, and BCa runs slightly short at n = 40.
    assert 0.89 <= hits / trials <= 0.99


def test_the_randomisation_test_counts_sign_flips_exactly_for_few_queries() -> None:
    # Of 2^4 sign patterns only all-plus and all-minus are as extreme: 2 / 16.
    assert randomisation_p_value([0.1, 0.2, 0.3, 0.4], rng()) == pytest.approx(2 / 16, abs=0.01)


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
    assert more_queries_needed([0.0] * 6) == 24
    assert verdict([0.0] * 120, 1.0, rng()) == "equivalent"


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
    assert more_queries_needed(gains) == int(np.ceil((2.8 * sd / 0.05) ** 2)) - 20


def test_wilson_refuses_more_successes_than_units() -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(3, 2)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_share_and_stays_in_range(pair: tuple[int, int]) -> None:
    share = wilson(*pair)
    assert 0 <= share.low <= share.value <= share.high <= 1
