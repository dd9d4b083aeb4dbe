"""Budgets suggested from a log, and what they would have cut off: by hand, and as properties."""

import numpy as np
import pytest
import yaml
from fabricated_traffic import DAY, traffic
from hypothesis import given
from hypothesis import strategies as st

from workbench.costs.breaker import breaker
from workbench.records import Prices

HOUR = 3600.0


def limits(log):
    return {limit.scope: limit for limit in breaker(log, Prices()).limits}


def test_ordinary_hours_pass_and_a_runaway_hour_is_cut_where_it_passes_the_budget():
    ordinary = [hour * HOUR + minute for hour in range(300) for minute in (0.0, 60.0)]
    runaway = [300 * HOUR + second for second in range(100)]
    log = traffic(["q"] * (len(ordinary) + 100), at=ordinary + runaway, cost=1.0, currency="EUR")
    hour = limits(log)["hour"]
    # Median hour 2, three times that is 6; the 99th percentile of 301 hours is 2 as well.
    assert (hour.typical, hour.budget, hour.highest) == (2.0, 6.0, 100.0)
    assert (hour.cut, hour.periods, hour.of_periods) == (94, 1, 301)
    assert hour.saved == pytest.approx(94 / 700)
    assert breaker(log, Prices()).unit == "EUR"


def test_people_are_limited_one_by_one_and_never_named():
    log = traffic(["q"] * 40, at=[day * DAY for day in range(20) for _ in range(2)], user=[7, 8] * 20, cost=1.0)
    found = breaker(log, Prices())
    assert {limit.scope for limit in found.limits} == {"hour", "user_hour", "user_day"}
    assert {limit.scope: limit.of_periods for limit in found.limits}["user_day"] == 40
    assert limits(traffic(["q"], cost=1.0)).keys() == {"hour"}


def test_the_unit_is_tokens_or_questions_where_costs_are_not_known():
    assert breaker(traffic(["a", "b"], tokens_in=5.0), Prices()).unit == "tokens"
    found = breaker(traffic(["a", "b"]), Prices())
    assert (found.unit, found.limits[0].budget) == ("questions", 6.0)


def test_without_times_there_is_a_reason_and_no_number():
    found = breaker(traffic(["a", "b"], timed=False, cost=1.0), Prices())
    assert (found.limits, found.config, found.reason) == ((), "", "the log holds no times")
    assert breaker(traffic([]), Prices()).reason == "the log is empty"


def test_the_configuration_is_yaml_with_the_budgets_and_alarms():
    log = traffic(["q"] * 40, at=[day * DAY for day in range(40)], user=1, cost=0.5, currency="USD")
    found = breaker(log, Prices())
    config = yaml.safe_load(found.config)
    assert [alarm["at"] for alarm in config["circuit_breaker"]["alarms"]] == [0.5, 0.8, 1.0]
    assert config["circuit_breaker"]["budgets"]["hour"] == found.limits[0].budget
    assert config["litellm_settings"] == {"max_budget": found.limits[0].budget, "budget_duration": "1h"}
    assert config["key_of_one_person"]["budget_duration"] == "1d"
    assert "40 questions on 40 days" in found.config


@given(
    st.lists(st.tuples(st.integers(0, 40 * 3600), st.integers(0, 9), st.integers(-1, 3)), min_size=1, max_size=60),
)
def test_what_is_cut_comes_after_the_budget_was_spent(rows):
    rows.sort()
    at, cost, user = (list(column) for column in zip(*rows, strict=True))
    log = traffic(["q"] * len(rows), at=at, cost=cost, user=user)
    hour = limits(log)["hour"]
    assert 0 <= hour.saved <= 1
    period = np.floor(log.at / HOUR)
    kept = [sum(c for c, p in zip(cost[:i], period[:i], strict=True) if p == period[i]) for i in range(len(rows))]
    assert hour.cut == (sum(spent >= hour.budget for spent in kept) if hour.budget else 0)
