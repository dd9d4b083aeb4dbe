"""What levers make of the bill: worked out by hand on tiny logs, properties of the sums, and coverage by simulation."""

from dataclasses import replace
from math import fsum

import numpy as np
import pytest
from fabricated_traffic import DAY, replay_of, traffic
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.costs.claims import claims, verdict
from workbench.costs.projection import project
from workbench.costs.projection_text import break_even
from workbench.costs.rates import DAYS_A_MONTH
from workbench.records import Assumptions, ContextTradeOff, CostBasis, Estimate, Prices

COLD = Assumptions(warm=False)
NONE = Estimate.not_measured("nothing")
LOGGED = CostBasis("logged", 0, 0, "GBP", "Costs are those of the log.")


def log(days=10, a_day=4, cost=1.0, tokens_in=np.nan, tokens_out=np.nan, start=0, **columns):
    """So many questions a day, an hour apart, each of four characters."""
    at = [day * DAY + hour * 3600.0 for day in range(start, start + days) for hour in range(a_day)]
    questions = [f"{number:04d}" for number in range(len(at))]
    return traffic(questions, at=at, cost=cost, tokens_in=tokens_in, tokens_out=tokens_out, **columns)


def judged_of(replay, false=()):
    judged = np.where(replay.hits, 1, -1).astype(np.int8)
    judged[list(false)] = 0
    return judged


def shorter(share, low=None, high=None):
    saved = Estimate(share, share if low is None else low, share if high is None else high, 100, "delta method")
    return ContextTradeOff(None, NONE, NONE, (), None, saved, 0.03, "said")


def projected(log, replay, *, prices=None, assumptions=COLD, context=None, false=(), seed=1, **more):
    return project(
        log,
        replay,
        judged_of(replay, false),
        log.cost,
        LOGGED,
        prices or Prices(),
        assumptions,
        context,
        np.random.default_rng(seed),
        **more,
    )


def levers(projection):
    return {lever.key: lever for lever in projection.levers}


def test_a_hit_saves_its_own_cost_and_nothing_else():
    # 40 questions: costs 1 but for row 7, which costs 5: 44 in all. Rows 7 (exact) and 9 (similar) are served.
    cost = np.ones(40)
    cost[7] = 5.0
    found = projected(log(cost=cost), replay_of({7: 1, 9: 2}, 40, cosine={9: 0.9}))
    assert levers(found)["none"].per_query.value == pytest.approx(44 / 40)
    assert levers(found)["cache"].per_query.value == pytest.approx(38 / 40)
    assert levers(found)["cache"].saved.value == pytest.approx(6 / 44)
    assert levers(found)["cache"].calls_saved.value == pytest.approx(2 / 40)


def test_a_month_has_the_traffic_of_the_days_from_first_to_last():
    found = projected(log(), replay_of({}, 40))
    assert found.queries_per_month.value == pytest.approx(40 / 10 * DAYS_A_MONTH)
    assert levers(found)["none"].per_month.value == pytest.approx(4 * DAYS_A_MONTH)


def test_growth_compounds_from_the_second_month_on():
    given = Assumptions(queries_per_month=100, growth=0.1, months=3, warm=False)
    found = projected(log(), replay_of({}, 40), assumptions=given)
    assert levers(found)["none"].total.value == pytest.approx(100 * (1 + 1.1 + 1.21))


def test_a_question_that_is_no_exact_repeat_pays_its_embedding():
    # Four characters are one token; 39 of 40 questions are embedded, at 1 a token.
    found = projected(log(), replay_of({7: 1}, 40), prices=Prices(embedding_per_million=1e6))
    assert levers(found)["cache"].per_query.value == pytest.approx(39 / 40 + 39 / 40)
    assert levers(found)["none"].per_query.value == 1.0
    assert any("four characters a token" in sentence for sentence in found.assumptions)


def test_shorter_contexts_save_their_share_of_the_prompts_part_of_the_cost():
    # 300 prompt tokens at 1 and 100 answer tokens at 1: the prompt makes 3/4 of a cost; 40 % of it is 0.3.
    prices = Prices(input_per_million=1.0, output_per_million=1.0)
    found = projected(
        log(tokens_in=300.0, tokens_out=100.0), replay_of({7: 1}, 40), prices=prices, context=shorter(0.4)
    )
    assert levers(found)["context"].per_query.value == pytest.approx(0.7)
    # Both: 39 misses of 40 at 0.7 each.
    assert levers(found)["both"].per_query.value == pytest.approx(0.7 * 39 / 40)


def test_reranking_is_paid_by_every_question_that_reaches_the_model():
    prices = Prices(input_per_million=1.0, output_per_million=1.0, rerank_per_thousand=100.0)
    found = projected(
        log(tokens_in=300.0, tokens_out=100.0), replay_of({7: 1}, 40), prices=prices, context=shorter(0.4)
    )
    assert levers(found)["context"].per_query.value == pytest.approx(0.8)
    assert levers(found)["both"].per_query.value == pytest.approx(0.8 * 39 / 40)


def test_without_prices_the_prompts_part_is_read_off_logged_costs():
    generator = np.random.default_rng(3)
    tokens_in, tokens_out = generator.integers(200, 900, 40) * 1.0, generator.integers(20, 300, 40) * 1.0
    cost = 0.002 * tokens_in + 0.004 * tokens_out
    found = projected(
        log(cost=cost, tokens_in=tokens_in, tokens_out=tokens_out), replay_of({}, 40), context=shorter(0.5)
    )
    assert levers(found)["context"].saved.value == pytest.approx(0.5 * 0.002 * tokens_in.sum() / cost.sum())


def test_costs_that_do_not_follow_tokens_leave_shorter_contexts_unmeasured():
    generator = np.random.default_rng(3)
    flat = log(cost=generator.random(40), tokens_in=generator.random(40), tokens_out=generator.random(40))
    found = projected(flat, replay_of({}, 40), context=shorter(0.5))
    assert levers(found)["context"].per_query.value is None
    assert "do not follow the tokens" in levers(found)["context"].per_query.reason


def test_a_warm_cache_is_measured_on_the_later_half():
    # No hit in the first ten days, one of four questions in each of the last ten.
    served = {row: 0 for row in range(40, 80, 4)}
    found = projected(log(days=20), replay_of(served, 80), assumptions=Assumptions(warm=True))
    assert levers(found)["cache"].saved.value == pytest.approx(0.25)
    assert levers(projected(log(days=20), replay_of(served, 80)))["cache"].saved.value == pytest.approx(0.125)
    assert [part.value for part in found.warming] == pytest.approx([0, 0, 2 / 16, 4 / 16, 4 / 16])


def test_false_hits_are_their_rate_times_hits_with_their_bounds_multiplied():
    # 4 hits of 40, one of the four judged false: a quarter of 0.1 * 1000.
    replay = replay_of({5: 1, 15: 1, 25: 1, 35: 1}, 40)
    found = projected(
        log(), replay, false=[5], prices=Prices(false_hit=2.0), assumptions=replace(COLD, queries_per_month=1000.0)
    )
    cache = levers(found)["cache"]
    assert cache.false_hits.value == pytest.approx(25)
    assert cache.false_hit_cost.value == pytest.approx(50)
    assert "bounds multiplied" in cache.false_hits.method
    assert cache.false_hits.low < 25 < cache.false_hits.high
    # It saves 100 a month: four for each of 25 false hits.
    assert break_even(levers(found)) == pytest.approx(4.0)
    assert "net 50.0 GBP" in found.said
    assert "once one of the false hits costs 4.00 GBP" in found.said


def test_a_proxy_is_never_called_a_false_hit():
    found = projected(log(), replay_of({5: 1}, 40), false=[5], proxy=True, prices=Prices(false_hit=1.0))
    assert "false hit" not in found.said
    assert "hits whose evidence differs" in found.said


def test_no_price_of_a_false_hit_is_made_up():
    found = projected(log(), replay_of({5: 1}, 40), false=[5])
    assert levers(found)["cache"].false_hit_cost.value is None
    assert not any(step.label == "False hits" for step in found.waterfall)
    assert any("was not entered" in sentence for sentence in found.not_measured)


def test_untimed_traffic_has_costs_of_a_question_but_no_month():
    found = projected(log(timed=False), replay_of({5: 1}, 40))
    assert levers(found)["cache"].per_query.value == pytest.approx(39 / 40)
    assert levers(found)["cache"].per_month.value is None
    assert found.waterfall == ()
    assert found.queries_per_month.value is None
    assert levers(found)["none"].per_query.method == "bootstrap over questions"
    entered = projected(log(timed=False), replay_of({5: 1}, 40), assumptions=replace(COLD, queries_per_month=10.0))
    assert levers(entered)["none"].per_month.value == pytest.approx(10)


def test_four_days_are_too_few_to_draw_from():
    assert levers(projected(log(days=4), replay_of({}, 16)))["none"].per_query.method == "bootstrap over questions"
    assert levers(projected(log(days=5), replay_of({}, 20)))["none"].per_query.method == "bootstrap over 5 days"


def test_a_log_without_costs_still_tells_the_calls_saved():
    found = projected(log(cost=np.nan), replay_of({5: 1, 7: 1}, 40))
    assert levers(found)["cache"].per_query.value is None
    assert levers(found)["cache"].calls_saved.value == pytest.approx(0.05)
    assert "of the model calls" in found.said
    assert found.waterfall == ()


def test_costs_of_nothing_are_named_as_such():
    found = projected(log(cost=0.0), replay_of({5: 1}, 40))
    assert levers(found)["cache"].saved.reason == "Costs: every cost that is known is 0."


def test_retries_that_a_hit_saves_count_as_calls():
    calls = np.ones(40)
    calls[5] = 4
    assert levers(projected(log(calls=calls), replay_of({5: 1}, 40)))["cache"].calls_saved.value == pytest.approx(
        4 / 43
    )


@pytest.mark.parametrize("questions", [[], ["one"], ["same"] * 4])
def test_a_handful_of_questions_gives_reasons_instead_of_numbers(questions):
    few = traffic(questions, cost=1.0)
    found = projected(few, replay_of({}, len(questions)))
    assert all(lever.per_query.value is None and lever.per_query.reason for lever in found.levers)


def test_a_claim_is_held_against_the_whole_interval():
    assert verdict(Estimate(0.06, 0.04, 0.09, 433, "m"), (0.3, 0.5)) == "refuted: 6 % [4, 9]"
    assert verdict(Estimate(0.35, 0.28, 0.42, 433, "m"), (0.3, 0.5)) == "undetermined: 35 % [28, 42]"
    assert verdict(Estimate(0.7, 0.6, 0.8, 433, "m"), (0.3, 0.5)) == "confirmed: 70 % [60, 80]"
    assert claims(NONE, NONE, NONE)["30 to 50 % fewer model calls"] == "not measured: nothing"


ROWS = 40
rows = st.lists(st.floats(0.001, 10), min_size=ROWS, max_size=ROWS)
served = st.dictionaries(st.integers(1, ROWS - 1), st.just(0), max_size=20)


@settings(max_examples=30, deadline=None)
@given(cost=rows, served=served, share=st.floats(0, 1), false=st.floats(0, 5), embedding=st.floats(0, 1000))
def test_the_waterfall_adds_up_and_savings_are_shares(cost, served, share, false, embedding):
    held = log(cost=np.array(cost), tokens_in=300.0, tokens_out=100.0)
    prices = Prices(input_per_million=1.0, output_per_million=1.0, false_hit=false)
    similar = {row: 0.9 for row in served if row % 2}
    replay = replay_of(served, ROWS, cosine=similar)
    found = projected(held, replay, prices=prices, context=shorter(share), false=list(served)[:1])
    for lever in found.levers:
        assert -1e-12 <= lever.saved.low <= lever.saved.value <= lever.saved.high <= 1 + 1e-12
    priced = replace(prices, embedding_per_million=embedding)
    found = projected(held, replay, prices=priced, context=shorter(share), false=list(served)[:1])
    *bars, last = found.waterfall
    assert fsum(bar.amount.value for bar in bars) == last.amount.value
    both = levers(found)["both"]
    assert last.amount.value == pytest.approx(both.per_month.value + (both.false_hit_cost.value or 0), abs=1e-9)
    for bar in found.waterfall:
        assert bar.amount.low <= bar.amount.value <= bar.amount.high


@settings(max_examples=30, deadline=None)
@given(cost=rows, served=served, fewer=st.integers(0, 20))
def test_more_hits_never_raise_the_cost(cost, served, fewer):
    held = log(cost=np.array(cost))
    some = dict(list(served.items())[:fewer])
    more, less = (
        levers(projected(held, replay_of(which, ROWS), prices=Prices(embedding_per_million=1.0)))[
            "cache"
        ].per_query.value
        for which in (served, some)
    )
    assert more <= less + 1e-12


def test_intervals_of_the_saving_cover_its_truth_about_as_often_as_they_say():
    # Each of 30 days has its own hit rate, 20 % on average; questions cost 1 or 3 alike, so the truth is a saving of 20 %.
    generator = np.random.default_rng(7)
    rounds, covered = 400, 0
    for _ in range(rounds):
        sizes = generator.integers(10, 40, 30)
        at = np.concatenate([day * DAY + np.arange(size) * 600.0 for day, size in enumerate(sizes)])
        hit = generator.random(len(at)) < np.repeat(generator.beta(4, 16, 30), sizes)
        hit[0] = False
        held = traffic(["q"] * len(at), at=at, cost=generator.choice([1.0, 3.0], len(at)))
        replay = replay_of({int(row): 0 for row in np.flatnonzero(hit)}, len(at))
        saved = levers(projected(held, replay, seed=int(generator.integers(1 << 30))))["cache"].saved
        covered += saved.low <= 0.2 <= saved.high
    # 2,100 rounds gave 94 %; three standard errors of 400 rounds are 3.6 points.
    assert 0.90 <= covered / rounds <= 0.98
