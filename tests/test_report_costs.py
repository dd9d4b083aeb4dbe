"""The words of the cost analysis: the sentence to read aloud in its variants, tables, and the text of the command."""

import fabricated_traffic as made
import numpy as np
import pytest

from workbench.costing import NO_MARKS
from workbench.costs.context import no_trade_off
from workbench.costs.prompt_tokens import prompt_tokens
from workbench.costs.study import CostStudy, report_of
from workbench.records import Assumptions, CacheSettings, Estimate, Prices
from workbench.report.costs_text import (
    cache_summary,
    money,
    opening,
    plain,
    scope_words,
    share,
    times_over,
    warming_words,
)
from workbench.ui.costs.state import Costs


def study(log, near=None, **fields):
    near = near or made.neighbours_of({}, log)
    context = no_trade_off("nothing was compared", prompt_tokens(log))
    return CostStudy(
        log, near, "an encoder", context, None, "", None, fields.get("ceiling"), fields.get("prices", Prices())
    )


def said(log, near=None, settings=None, **fields):
    state = Costs(study(log, near, **fields))
    if settings:
        state.change(**settings)
    return opening(state.outcome.point, state.curve, state.projection, state.spending)


def test_an_empty_log_and_one_question_are_told():
    assert "no questions" in said(made.traffic([]))
    words = said(made.traffic(["a"]))
    assert words.startswith("On 1 question a cache of exact repeats would have answered 0 %")


def test_repeats_with_labels_tell_their_bound():
    words = said(made.traffic(["a"] * 100, group=1), settings={"threshold": 0.9})
    assert "99 exact repeats, 0 similar questions" in words
    assert "at most 4 % of its answers would have gone to the wrong question (0 of 99 judged)" in words


def test_a_proxy_keeps_its_name():
    words = said(made.traffic(["a"] * 20, evidence=[[1, 2]] * 20), settings={"threshold": 0.9})
    assert "rest on other evidence, a proxy" in words
    assert "wrong question" not in words


def test_what_cannot_be_judged_is_said():
    assert "cannot be told from this log" in said(made.traffic(["a"] * 20))


def test_without_costs_the_saving_is_not_measured():
    assert "what that saves is not measured" in said(made.traffic(["a"] * 20))
    assert "what that saves" not in said(made.traffic(["a"] * 20, cost=1.0))


def test_where_nothing_is_shown_to_be_safe_the_sentence_says_so():
    log = made.traffic(["a", "b", "c"], group=[1, 2, 3])
    near = made.neighbours_of({(0, 1): 0.95, (0, 2): 0.95}, log)
    assert "no threshold for similar questions is shown to be safe" in said(log, near)


def test_hits_that_nobody_could_judge_are_told():
    words = said(made.traffic(["a", "a", "b"], group=[-1, -1, 3]))
    assert "none of its answers could be judged" in words


def test_the_usual_claim_is_answered_either_way():
    few = made.traffic([f"question {number}" for number in range(400)], group=1)
    assert "The usual claim of 30 to 50 % fewer model calls does not hold here." in said(few)
    many = made.traffic(["a"] * 400, group=1)
    assert "fewer model calls holds here" in said(many)


def test_numbers_are_written_with_their_intervals_and_reasons():
    assert share(Estimate(0.5, 0.4, 0.6, 50, "wilson")) == "50 % [40, 60]"
    assert share(Estimate.not_measured("no log")) == "not measured (no log)"
    assert share(Estimate.exact(0.0, 5)) == "0 %"
    assert money(Estimate(0.0041234, 0.0036, 0.0047, 50, "t"), "GBP") == "0.00412 GBP [0.00360, 0.00470]"
    assert money(Estimate(2.0, None, None, 1, "none"), "") == "2.00"
    assert plain(12345.6) == "12,346"
    assert plain(0) == "0"


def test_the_ceiling_is_told_from_both_sides():
    log = made.traffic([f"q{n}" for n in range(200)], cost=[3.0] * 199 + [300.0], calls=1)
    over = Costs(study(log, ceiling=1.0)).spending
    assert times_over(over, "EUR").startswith("A question costs 4.49 times the 1.00 EUR that were agreed.")
    assert "dearest hundredth" in times_over(over, "EUR")
    within = Costs(study(log, ceiling=100.0)).spending
    assert "it is within them" in times_over(within, "EUR")
    assert times_over(Costs(study(log)).spending, "EUR") == ""


def test_the_cache_is_seen_filling():
    state = Costs(study(made.traffic([f"question {number % 20}" for number in range(100)], group=1)))
    assert warming_words(state.projection) == (
        "As the cache fills, fifth by fifth of the log, it answers 0 %, 100 %, 100 %, 100 %, 100 %."
    )
    assert warming_words(Costs(study(made.traffic([]))).projection) == ""


def test_boundaries_are_named_in_words():
    words = scope_words(("tenant", "prompt_version"), ("access_group",))
    assert (
        words
        == "An answer is never shared across tenant and prompt version. The log does not hold access group: one is assumed."
    )


@pytest.mark.parametrize("cost", [np.nan, 0.25])
def test_the_text_of_the_command_holds_what_the_report_says(cost):
    log = made.traffic([f"question {number % 30}" for number in range(60)], cost=cost, group=1, currency="EUR")
    report = report_of(study(log), CacheSettings(), Prices(), Assumptions(), NO_MARKS)
    text = cache_summary(report)
    assert text.startswith("60 questions, 0 without text")
    assert f"answered from the cache: {share(report.hit_rate)}: 30 exact repeats, 0 similar questions" in text
    for policy in report.policies:
        assert policy.name in text
    assert ("0.250 EUR" in text) == (cost == 0.25)
    assert all(f"usual claim: {claim}" in text for claim in report.projection.claims)
    assert "\n\n\n" not in text
