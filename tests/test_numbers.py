import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import numbers
from workbench.records import Estimate


def estimate(value, low, high, n=300):
    return Estimate(value, low, high, n, "bootstrap")


def test_what_a_sum_of_fractions_leaves_behind_is_nothing():
    assert numbers.significant(-6.02e-19) == "0"
    assert numbers.signed(6.02e-19) == "0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.6, "0.600"),
        (0.0812, "0.0812"),
        (0.99951, "1.00"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (999.6, "1,000"),
        (1234.5, "1,234"),
        (-0.5, "−0.500"),
        (0, "0"),
    ],
)
def test_a_number_has_three_significant_digits(value, text):
    assert numbers.significant(value) == text


def test_a_number_that_is_not_finite_is_refused_with_a_remedy():
    with pytest.raises(ValueError, match="not_measured"):
        numbers.significant(float("nan"))


@pytest.mark.parametrize(
    ("share", "n", "text"),
    [
        (0.2533, 300, "25 %"),
        (0.2533, 999, "25 %"),
        (0.2533, 1000, "25.3 %"),
        (0.0, 300, "0 %"),
        (1.0, 300, "100 %"),
        (0.003, 300, "under 1 %"),
        (0.997, 300, "over 99 %"),
        (1.0, 4000, "100 %"),
        (0.0, 4000, "0 %"),
    ],
)
def test_a_share_has_decimals_only_from_a_thousand_on(share, n, text):
    assert numbers.percent(share, n) == text


def test_an_estimate_of_a_share_reads_value_and_interval():
    assert numbers.measured(estimate(0.25, 0.2, 0.3), share=True) == "25 % [20, 30]"


def test_an_estimate_of_a_score_reads_value_and_interval():
    assert numbers.measured(estimate(0.612, 0.54, 0.68)) == "0.612 [0.540, 0.680]"


def test_a_unit_follows_the_number():
    assert numbers.number(estimate(6.04, 5, 7), unit="s") == "6.04 s"


def test_an_exact_count_says_so_instead_of_showing_a_width():
    assert numbers.measured(Estimate.exact(0.4, 10), share=True) == "40 % exact"


def test_what_was_not_measured_says_why():
    missing = Estimate.not_measured("no labels")
    assert numbers.number(missing) == "not measured: no labels"
    assert numbers.measured(missing, share=True) == "not measured: no labels"
    assert numbers.difference(missing) == "not measured: no labels"
    assert numbers.interval(missing) == ""


def test_a_difference_of_shares_is_in_points():
    assert numbers.difference(estimate(0.08, 0.03, 0.13), share=True) == "+8 points [3, 13]"
    assert numbers.difference(estimate(-0.051, -0.1, 0.0), share=True) == "−5 points [−10, 0]"


def test_a_difference_of_scores_carries_its_sign():
    assert numbers.difference(estimate(0.0812, 0.031, 0.131)) == "+0.0812 [0.0310, 0.131]"


def test_a_difference_that_rounds_to_nothing_has_no_sign():
    assert numbers.points(0.001, 300) == "0 points"
    assert numbers.points(-0.001, 300) == "0 points"


@pytest.mark.parametrize(
    ("value", "text"), [(6.34, "+6.3 dban"), (-2.0, "−2.0 dban"), (0.0, "0.0 dban"), (-0.04, "0.0 dban")]
)
def test_decibans_carry_their_sign_and_unit(value, text):
    assert numbers.decibans(value) == text


def test_a_tiny_p_value_is_bounded_not_shown_as_zero():
    assert numbers.p_value(0.0) == "p < 0.001"
    assert numbers.p_value(0.012) == "p = 0.0120"


def test_a_probability_is_whole_percent():
    assert numbers.probability(0.873) == "87 %"
    assert numbers.probability(0.9991) == "over 99 %"


def test_durations_turn_to_minutes_when_long():
    assert numbers.seconds(0.04211) == "0.0421 s"
    assert numbers.seconds(150) == "2.5 min"


def test_counts_separate_thousands():
    assert numbers.count(12345) == "12,345"


@pytest.mark.parametrize(("measure", "share"), [("recall@10", True), ("success@5", True), ("nDCG@10", False)])
def test_a_measure_knows_whether_it_is_a_share(measure, share):
    assert numbers.is_share(measure) is share


@given(st.floats(-1e9, 1e9, allow_subnormal=False).filter(lambda x: abs(x) > 1e-9))
def test_three_significant_digits_parse_back_within_half_a_percent(value):
    parsed = float(numbers.significant(value).replace("−", "-").replace(",", ""))
    assert parsed == pytest.approx(value, rel=0.0051)


@given(st.floats(0, 1), st.integers(1, 100_000))
def test_a_share_is_zero_or_all_only_when_it_is(share, n):
    text = numbers.percent(share, n)
    assert re.fullmatch(r"(under |over )?[\d.,]+ %", text)
    if n < 1000:
        assert (text == "0 %") == (share == 0)
        assert (text == "100 %") == (share == 1)
