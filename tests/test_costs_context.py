"""Tokens that context makes of a prompt, and what fewer passages lose: by hand, and on logs whose truth is known."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fabricated_traffic import traffic
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.costs.context import context_trade_off, more_needed, no_trade_off
from workbench.costs.cut_texts import cut_passages
from workbench.costs.prompt_tokens import prompt_tokens
from workbench.ingest.logs.schema import interaction_schema
from workbench.records import Estimate


def log(rows=60, *, per_character=0.25, overhead=300.0, items=5.0, seed=1, noise=0.0, **columns):
    """Prompts whose tokens follow the characters of their context; lengths vary."""
    generator = np.random.default_rng(seed)
    characters = generator.integers(500, 4000, rows).astype(float)
    tokens = overhead + per_character * characters + noise * generator.standard_normal(rows)
    given = {"context_characters": characters, "context_items": items, "tokens_in": tokens, **columns}
    return traffic([f"q{row}" for row in range(rows)], **given)


def test_a_log_on_a_line_gives_its_slope_and_overhead():
    found = prompt_tokens(log())
    assert found.slope.value == pytest.approx(0.25)
    assert found.overhead.value == pytest.approx(300)
    assert (found.unit, found.passages, found.slope.n) == ("characters", 5, 60)


def test_prompts_off_the_line_do_not_bend_it():
    held = log(100, noise=5.0)
    bent = held.tokens_in.copy()
    bent[:5] *= 10
    found = prompt_tokens(log(100, tokens_in=bent))
    assert found.slope.value == pytest.approx(0.25, abs=0.01)
    assert "5.0% lie off the line" in found.said


def test_questions_with_several_calls_are_left_out():
    calls = np.ones(60)
    calls[:20] = 3
    held = log()
    summed = held.tokens_in * np.where(calls > 1, 3, 1)
    found = prompt_tokens(log(tokens_in=summed, calls=calls))
    assert (found.slope.value, found.slope.n) == (pytest.approx(0.25), 40)


def test_without_texts_a_passage_is_the_unit():
    items = np.tile([3.0, 4.0, 5.0], 20)
    found = prompt_tokens(log(context_characters=np.nan, context_items=items, tokens_in=200 + 150 * items))
    assert found.unit == "items"
    assert found.per_passage.value == pytest.approx(150)
    assert found.overhead.value == pytest.approx(200)


def test_texts_cut_short_in_the_log_get_a_term_of_their_own():
    # Five passages of 100 to 1,000 characters, a quarter token each; the log keeps 400 characters of each.
    found = []
    for seed in range(30):
        true = np.random.default_rng(seed).integers(100, 1000, (500, 5))
        logged = np.minimum(true, 400).sum(axis=1) * 1.0
        held = log(500, context_characters=logged, tokens_in=300 + 0.25 * true.sum(axis=1))
        plain, corrected = prompt_tokens(held), prompt_tokens(held, (true > 400).sum(axis=1) * 1.0)
        assert plain.slope.value is None or plain.slope.value > 0.4
        found.append((corrected.slope.value, corrected.overhead.value, corrected.per_passage.value))
    # One fit is off by 0.029, 36 and 7.4 tokens; the mean of thirty by less than a fifth of that.
    assert np.mean(found, axis=0) == pytest.approx([0.25, 300, 0.25 * 549.5], rel=0.08)


def table(folder, lengths):
    """A log's table with texts of these lengths."""
    schema = pa.schema([interaction_schema().field("retrieved")])
    rows = [[{"doc_id": "d", "text": None if length is None else "x" * length} for length in row] for row in lengths]
    path = folder / "interactions.parquet"
    pq.write_table(pa.table({"retrieved": rows}, schema=schema), path)
    return path


def test_passages_as_long_as_the_longest_count_as_cut_where_lengths_pile_up_there(tmp_path):
    found = cut_passages(table(tmp_path, [[400, 120, 399], [400], [], [None, 80]]))
    assert found.tolist() == [2, 1, 0, 0]


def test_lengths_that_do_not_pile_up_were_not_cut(tmp_path):
    assert cut_passages(table(tmp_path, [[10, 20, 30], [40, 50]])) is None
    assert cut_passages(table(tmp_path, [[None], []])) is None


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (log(29), "only 29 questions"),
        (log(context_characters=1000.0, tokens_in=np.arange(60.0)), "same number of passages of like length"),
        (log(per_character=0.01), "tokens a logged character cannot be"),
        (log(per_character=0.7), "0.70 tokens a logged character cannot be (0.1 to 0.5 can)"),
        (log(per_character=-0.01), "do not grow"),
        (log(2000, noise=600.0), "under 50%"),
        (log(tokens_in=np.nan), "no question of the log has both"),
    ],
)
def test_a_fit_that_the_log_does_not_carry_is_refused(held, reason):
    found = prompt_tokens(held)
    assert found.slope.value is None and found.overhead.value is None
    assert reason in found.slope.reason


def test_scripts_without_spaces_may_make_a_token_of_every_character():
    generator = np.random.default_rng(1)
    characters = generator.integers(500, 4000, 60) * 1.0
    held = traffic(
        ["保険金の請求"] * 60, context_characters=characters, context_items=5.0, tokens_in=characters * 0.8 + 300
    )
    assert prompt_tokens(held).slope.value == pytest.approx(0.8)


@settings(max_examples=25, deadline=None)
@given(slope=st.floats(0.15, 0.49), overhead=st.floats(0, 3000), seed=st.integers(0, 1000))
def test_any_line_is_found_again(slope, overhead, seed):
    found = prompt_tokens(log(per_character=slope, overhead=overhead, seed=seed))
    assert found.slope.value == pytest.approx(slope, rel=1e-6)
    assert found.overhead.value == pytest.approx(overhead, abs=1e-2)


def frames(ranks, *, length=400, depth=10, empty=()):
    """Arms by the rank of the one relevant document of each question (0: nowhere); every passage has `length` characters."""
    rankings, scored, passages = [], [], {}
    for run, places in ranks.items():
        for number, place in enumerate(places):
            query_id = f"q{number}"
            scored.append((run, query_id, "success@5", 0.0))
            for rank in range(1, (depth if run != "deployed" else 5) + 1):
                doc_id = f"right{number}" if rank == place else f"wrong{rank}"
                passage_id = "" if run == "deployed" else f"{doc_id}::0"
                passages[f"{doc_id}::0"] = "x" * length
                rankings.append((run, query_id, rank, doc_id, passage_id))
    questions = range(max(map(len, ranks.values())))
    return (
        pd.DataFrame(scored, columns=["run", "query_id", "measure", "value"]),
        pd.DataFrame(rankings, columns=["run", "query_id", "rank", "doc_id", "passage_id"]),
        pd.DataFrame(list(passages.items()), columns=["passage_id", "text"]),
        pd.DataFrame([(f"q{n}", f"right{n}", 2) for n in questions], columns=["query_id", "doc_id", "grade"]),
    )


def trade_off(ranks, held=None, **given):
    return context_trade_off(held or log(), *frames(ranks, **given), np.random.default_rng(1))


def point(found, arm, k):
    return next(one for one in found.points if (one.arm, one.k) == (arm, k))


def test_a_reranked_arm_that_puts_the_answer_first_needs_one_passage():
    # 200 questions: deployed finds 180 among its five, hybrid+rerank all at rank 1.
    found = trade_off({"deployed": [3] * 180 + [0] * 20, "hybrid+rerank": [1] * 200})
    assert (found.baseline.arm, found.baseline.k) == ("deployed", 5)
    assert (found.chosen.arm, found.chosen.k) == ("hybrid+rerank", 1)
    assert found.chosen.against.value == pytest.approx(0.1)
    # 400 characters at a quarter token.
    assert found.chosen.tokens.value == pytest.approx(100)
    held = log()
    expected = (0.25 * held.context_characters.mean() - 100) / held.tokens_in.mean()
    assert found.saved_tokens.value == pytest.approx(expected)
    assert found.saved_tokens.low <= found.saved_tokens.value <= found.saved_tokens.high


def test_success_and_recall_count_documents_among_the_first_k():
    found = trade_off({"dense": [1, 2, 2, 0] * 10, "hybrid+rerank": [1] * 40})
    assert point(found, "dense", 1).success.value == pytest.approx(0.25)
    assert point(found, "dense", 2).success.value == pytest.approx(0.75)
    assert point(found, "dense", 2).recall.value == pytest.approx(0.75)
    assert point(found, "dense", 2).against.value == pytest.approx(0)


def test_dense_stands_for_the_present_system_where_it_was_not_measured():
    found = trade_off({"dense": [1] * 40, "hybrid+rerank": [1] * 40}, log(items=7.0))
    assert (found.baseline.arm, found.baseline.k) == ("dense", 7)
    silent = log(items=np.nan, context_characters=np.nan)
    assert trade_off({"dense": [1] * 40}, silent).baseline.k == 5


def test_arms_without_reranking_are_shown_but_never_chosen():
    found = trade_off({"deployed": [3] * 200, "hybrid": [1] * 200})
    assert found.chosen is None
    assert found.reason == "no arm with reranking was measured"
    assert len([one for one in found.points if one.arm == "hybrid"]) == 10


def test_too_few_questions_choose_nothing_and_say_how_many_more():
    found = trade_off({"deployed": [5] * 18 + [0, 0], "hybrid+rerank": [1] * 18 + [0, 0]})
    assert found.chosen is None
    assert found.saved_tokens.value is None
    assert "20 judged questions are too few" in found.reason
    assert "about 80 more judged questions" in found.reason  # 3 / 0.03 = 100, the rule of three


def test_a_context_that_loses_too_much_is_refused():
    found = trade_off({"deployed": [5] * 200, "hybrid+rerank": [0] * 100 + [1] * 100})
    assert found.chosen is None
    assert "loses more than 3 points" in found.reason


def test_without_a_fit_the_passages_are_still_compared_but_nothing_is_saved_in_numbers():
    found = trade_off({"deployed": [3] * 200, "hybrid+rerank": [1] * 200}, log(tokens_in=np.nan))
    assert found.chosen.k == 1
    assert found.chosen.tokens.value is None
    assert found.saved_tokens.value is None
    assert "prompt tokens" in found.saved_tokens.reason


def test_more_questions_are_needed_where_they_differ_more():
    calm, wild = np.array([0.0] * 98 + [1, -1]), np.array([1.0, -1.0] * 50)
    assert more_needed(calm, 0.03) < more_needed(wild, 0.03)
    assert more_needed(np.full(50, -0.5), 0.03) is None


def test_no_comparison_still_tells_what_a_passage_costs():
    found = no_trade_off("there is no comparison", prompt_tokens(log()))
    assert found.tokens_per_passage.value is not None
    assert found.points == () and found.reason == "there is no comparison"
    assert isinstance(found.saved_tokens, Estimate) and found.saved_tokens.value is None
