"""What traffic costs and why: worked out by hand on small logs, and the coverage of the intervals by simulation."""

import numpy as np
import pytest
from fabricated_traffic import DAY, traffic
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.costs.by_day import METHOD, draws, ratio, share, units_of
from workbench.costs.over_time import over_time
from workbench.costs.prices import costs_of
from workbench.costs.spending import spending
from workbench.records import Prices

NO_PRICES = Prices()
PRICED = Prices(1e6, 2e6, currency="EUR")
"""One a prompt token and two an answer token, for sums by hand."""


def days(number, a_day=4, **columns):
    at = [day * DAY + hour * 3600.0 for day in range(number) for hour in range(a_day)]
    return traffic([f"question {place}" for place in range(len(at))], at=at, **columns)


def found(log, prices=NO_PRICES, ceiling=None):
    result = spending(log, prices, ceiling)
    return result, {driver.key: driver for driver in result.drivers}


def test_a_steady_log_costs_what_each_question_costs():
    result, drivers = found(days(10, cost=2.0), ceiling=0.5)
    assert (result.per_query.value, result.per_query.low, result.per_query.high) == (2.0, 2.0, 2.0)
    assert result.per_day.value == 8.0
    assert result.times_over.value == 4.0
    assert result.days == 10
    assert drivers == {}


def test_without_a_ceiling_or_costs_nothing_is_said_of_either():
    result, _ = found(days(6, tokens_in=100.0))
    assert result.per_query.value is None
    assert result.times_over.value is None
    assert result.tokens_in.value == 100.0
    assert "prices" in result.basis.said or "cost" in result.basis.said


def test_repeats_count_from_the_second_time_within_ten_minutes_by_one_person():
    log = traffic(
        ["Is hail covered?", "is hail covered", "is hail covered", "is hail covered", "other"],
        at=[0, 60, 700, 760, 800],
        user=[1, 1, 1, 2, 1],
        cost=1.0,
    )
    _, drivers = found(log)
    assert (
        drivers["repeats"].queries == 1
    )  # 60 s after the first; 640 s after that is too late; another person is no repeat
    assert drivers["repeats"].extra.value == pytest.approx(0.2)


def test_repeats_are_told_by_session_where_no_user_is_logged():
    log = traffic(["a", "a"], at=[0, 10], session=[3, 3], cost=1.0)
    assert found(log)[1]["repeats"].queries == 1
    assert "repeats" not in found(traffic(["a", "a"], at=[0, 10], cost=1.0))[1]


def test_several_model_calls_cost_their_share():
    log = traffic(["a", "b", "c"], calls=[1, 2, 4], cost=[1.0, 2.0, 4.0])
    assert found(log)[1]["calls"].extra.value == pytest.approx((1.0 + 3.0) / 7.0)


def test_long_prompts_are_priced_above_twice_the_median():
    log = traffic(["a", "b", "c"], tokens_in=[10, 10, 50], tokens_out=5)
    _, drivers = found(log, PRICED)
    assert drivers["long_prompts"].amount == pytest.approx(30.0)  # 50 tokens, 20 allowed, at 1 each
    assert drivers["long_prompts"].extra.value == pytest.approx(30 / 100)
    assert "long_answers" not in drivers


def test_a_tokens_cost_is_read_from_the_log_only_where_costs_follow_tokens():
    rng = np.random.default_rng(5)
    tokens_in, tokens_out = rng.integers(50, 900, 200).astype(float), rng.integers(5, 90, 200).astype(float)
    tokens_in[:3] = 5000.0
    follows = days(10, 20, tokens_in=tokens_in, tokens_out=tokens_out, cost=2e-6 * tokens_in + 8e-6 * tokens_out)
    extra = 2e-6 * np.maximum(tokens_in - 2 * np.median(tokens_in), 0).sum()
    assert found(follows)[1]["long_prompts"].amount == pytest.approx(extra)
    other = Prices(9e6, 9e6, currency="USD")
    assert found(follows, other)[1]["long_prompts"].amount == pytest.approx(extra), "prices do not part logged costs"
    unrelated = days(10, 20, tokens_in=tokens_in, tokens_out=tokens_out, cost=rng.random(200))
    assert "long_prompts" not in found(unrelated)[1]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9), st.floats(0, 9), st.integers(1, 5)), min_size=1, max_size=30)
)
def test_a_driver_is_never_more_than_all_spending(rows):
    cost, tokens_in, tokens_out, calls = (list(column) for column in zip(*rows, strict=True))
    log = traffic(["q"] * len(rows), cost=cost, tokens_in=tokens_in, tokens_out=tokens_out, calls=calls, user=1)
    for prices in (NO_PRICES, PRICED):
        for driver in found(log, prices)[0].drivers:
            assert 0 <= driver.extra.value <= 1 + 1e-9


def test_drivers_come_by_their_size():
    log = traffic([f"q{n}" for n in range(200)], cost=[100.0, *[1.0] * 199], calls=[2.0, *[1.0] * 199])
    keys = [driver.key for driver in found(log)[0].drivers]
    assert keys == ["no_cap", "calls"]


def test_costs_that_double_half_way_are_rising_and_steady_ones_steady():
    rising = days(30, cost=[1.0] * 60 + [2.0] * 60)
    result = over_time(rising, costs_of(rising, NO_PRICES)[0])
    assert (result.verdict, result.change.value) == ("rising", pytest.approx(1.0))
    assert result.unit == "day"
    steady = days(90, cost=1.0)
    result = over_time(steady, costs_of(steady, NO_PRICES)[0])
    assert (result.verdict, result.unit, len(result.periods)) == ("steady", "week", 13)


def test_five_days_are_too_few_for_drift_and_untimed_logs_have_none():
    short = days(5, cost=1.0)
    assert over_time(short, costs_of(short, NO_PRICES)[0]).verdict == "undetermined"
    untimed = traffic(["a", "b"], timed=False, cost=1.0)
    assert over_time(untimed, costs_of(untimed, NO_PRICES)[0]).periods == ()


@pytest.mark.parametrize(
    "log", [traffic([]), traffic(["a"]), traffic(["a"], cost=1.0), traffic(["a"] * 3, timed=False, cost=0.0)]
)
def test_tiny_logs_are_told_and_never_divided_by_nothing(log):
    result, drivers = found(log, ceiling=1.0)
    assert result.per_query.n in (0, 1, 3)
    assert drivers == {}


def test_days_are_the_unit_from_five_on():
    assert units_of(days(5)).method == METHOD
    assert units_of(days(4)).method != METHOD
    assert units_of(traffic(["a"] * 9, timed=False)).number == 9


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_shares_lie_within_their_bounds(marked):
    log = days(12, 5)
    estimate = share(units_of(log), np.array((marked * 60)[:60]))
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_intervals_over_days_cover_the_mean_of_days_that_differ():
    rng = np.random.default_rng(11)
    log = days(20, 10)
    units, truth, covered = units_of(log), 0.3, 0
    for _ in range(400):
        rates = np.repeat(rng.beta(6, 14, 20), 10)  # mean 0.3, and days that differ
        estimate = share(units, rng.random(200) < rates)
        covered += estimate.low <= truth <= estimate.high
    assert 0.90 <= covered / 400 <= 0.985


def test_a_ratio_of_nothing_is_not_measured_and_draws_repeat():
    log = days(6)
    units = units_of(log)
    assert ratio(units, np.zeros(6), np.zeros(6), 0).value is None
    assert draws(6) is draws(6)
    assert (draws(6).sum(axis=1) == 6).all()
