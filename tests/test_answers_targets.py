"""Summaries and targets: values with all they lack, decided from the interval."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.answers.summaries import summarise
from workbench.answers.targets import PRODUCTION_TARGETS, more_rows, targets
from workbench.errors import InputError
from workbench.intervals import wilson
from workbench.records import Estimate, MetricScore


def summary(values, metric="faithfulness", *, failed=0, undefined=0, left=0, embedding=""):
    scores = [MetricScore(f"r{n}", metric, "ok", value) for n, value in enumerate(values)]
    scores += [MetricScore(f"f{n}", metric, "failed", reason="HTTP 500") for n in range(failed)]
    scores += [
        MetricScore(f"u{n}", metric, "undefined", reason="the answer is an abstention") for n in range(undefined)
    ]
    scores += [MetricScore(f"l{n}", metric, "skipped", reason="not reached") for n in range(left)]
    return summarise(scores, np.random.default_rng(1), embedding=embedding)


def decided(summaries, metric="faithfulness", case=None):
    return next(
        each for each in targets(summaries, case) if each.metric == metric and (not case or each.set_by == "case")
    )


def test_the_counts_of_a_summary_add_up_and_reasons_are_counted_commonest_first():
    [found] = summary([1.0] * 3, failed=2, undefined=4, left=1)
    assert (found.scored, found.failed, found.undefined, found.skipped) == (3, 2, 4, 1)
    assert list(found.reasons.items()) == [
        ("undefined: the answer is an abstention", 4),
        ("failed: HTTP 500", 2),
        ("skipped: not reached", 1),
    ]
    assert found.value.n == 3


def test_failed_rows_never_enter_the_mean():
    [with_failures] = summary([0.8, 0.6] * 5, failed=50)
    assert with_failures.value.value == pytest.approx(0.7)


def test_a_perfect_context_precision_is_1_although_ragas_divides_by_a_little_more():
    [found] = summary([0.9999999999] * 10 + [0.0] * 10, "context_precision")
    assert (found.value.value, found.value.method) == (0.5, "wilson")


def test_a_relevancy_below_0_stays_within_its_interval():
    [found] = summary([-0.2, -0.1, 0.05] * 4, "answer_relevancy", embedding="MiniLM")
    assert found.value.low < found.value.value < 0 < found.value.high + 0.1
    assert found.embedding == "MiniLM"


def test_a_target_is_met_missed_or_undetermined_by_its_interval():
    assert decided(summary([1.0] * 100)).verdict == "met"  # wilson(100, 100).low is 0.963
    assert decided(summary([1.0] * 50 + [0.0] * 50)).verdict == "missed"
    open_ = decided(summary([1.0] * 20))  # wilson(20, 20).low is 0.839
    assert (open_.verdict, open_.more_rows, open_.reason) == ("undetermined", 15, "the interval holds the level")


def test_rows_needed_suffice_where_all_are_alike():
    # z^2 * 0.9 / 0.1 = 34.6: 35 perfect rows are met, 34 are not.
    assert wilson(35, 35).low > 0.9 > wilson(34, 34).low


def test_fewer_than_nine_rows_in_ten_scored_leave_a_target_undetermined():
    found = decided(summary([1.0] * 89, failed=11))
    assert (found.verdict, found.reason) == (
        "undetermined",
        "only 89 % of the 100 rows that could be judged have a value; 11 failed",
    )
    assert decided(summary([1.0] * 90, failed=10)).verdict == "met"
    assert decided(summary([1.0] * 90, undefined=100)).verdict == "met"
    assert "were not reached" in decided(summary([1.0] * 40, left=60)).reason


def test_without_a_judge_every_target_is_not_measured_with_the_reason():
    assert [(each.metric, each.verdict, each.reason) for each in targets(())] == [
        (metric, "not_measured", "no model was asked to judge") for metric in PRODUCTION_TARGETS
    ]


def test_where_every_row_failed_the_target_is_not_measured():
    found = decided(summary([], failed=7))
    assert (found.verdict, found.reason) == ("not_measured", "no row has a value; 7 of 7 failed: HTTP 500")


def test_targets_of_the_case_stand_beside_the_production_ones():
    found = targets(summary([1.0] * 30), {"faithfulness": 0.85, "latency_ms": 2000.0})
    assert [
        (each.metric, each.level, each.set_by, each.verdict) for each in found if each.metric == "faithfulness"
    ] == [
        ("faithfulness", 0.9, "production", "undetermined"),
        ("faithfulness", 0.85, "case", "met"),
    ]
    assert "latency_ms" not in {each.metric for each in found}


def test_a_level_in_per_cent_is_one_sentence():
    with pytest.raises(InputError, match="faithfulness is 90, expected a level from 0 to 1"):
        targets((), {"faithfulness": 90.0})


def test_no_number_of_rows_is_promised_where_the_mean_lies_on_the_level():
    assert more_rows(Estimate(0.9, 0.85, 0.95, 50, "bootstrap BCa"), 0.9) is None
