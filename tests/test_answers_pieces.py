"""Long work on rows: it is told in steps that only go forward, and a cancel ends it after a few rows."""

from __future__ import annotations

import asyncio
import time

import pytest
from fabricated_retrieval import HashingEncoder
from hypothesis import given
from hypothesis import strategies as st

from workbench.answers.own_metrics import OwnMetric
from workbench.answers.pieces import SLOW, pieces
from workbench.answers.plan import plan
from workbench.answers.report import unjudged
from workbench.answers.support import support
from workbench.errors import CancelledError
from workbench.records import AnswerRow, JudgeSettings

ROWS = [
    AnswerRow(f"r{n}", f"Is {n} covered?", f"Item {n} is covered. So is {n + 1}.", (f"Item {n} is covered.", "Hail."))
    for n in range(300)
]


def cancelled_after(tells):
    told = []

    def progress(share, message):
        told.append(share)
        if len(told) > tells:
            raise CancelledError("cancelled")

    return progress


@given(st.lists(st.integers(), max_size=200), st.integers(1, 50))
def test_pieces_are_the_items_in_their_order_and_shares_go_from_0_to_1(items, most):
    told = []
    found = list(pieces(items, lambda share, _: told.append(share), "adding", most=most))
    assert [item for piece in found for item in piece] == items
    assert all(1 <= len(piece) <= most for piece in found)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) == len(found) + 1


def test_pieces_shrink_while_they_take_long():
    sizes = []
    for piece in pieces(range(16), None, "adding"):
        sizes.append(len(piece))
        time.sleep(SLOW * 1.1 if len(sizes) < 3 else 0)
    assert sizes == [8, 4, 2, 2]  # the third was quick, and two were left


def test_support_does_not_depend_on_which_rows_are_measured_together():
    encoder = HashingEncoder()
    together = {each.row_id: each for each in support(ROWS, encoder.encode)}
    alone = {each.row_id: each for row in ROWS[::37] for each in support([row], encoder.encode)}
    assert alone == {row_id: together[row_id] for row_id in alone}


def test_a_cancel_ends_the_support_proxy_after_few_rows():
    encoder = HashingEncoder()
    with pytest.raises(CancelledError):
        support(ROWS, encoder.encode, progress=cancelled_after(1))
    assert 0 < encoder.encoded < 10 * 4


def test_a_long_context_reaches_the_encoder_in_lots():
    lots = []

    def encode(texts):
        lots.append(len(texts))
        return HashingEncoder().encode(texts)

    context = " ".join(f"Part {n} is covered." for n in range(5_000))
    (found,) = support([AnswerRow("1", "q?", "Part 4999 is covered.", (context,))], encode)
    assert found.support == pytest.approx(1.0)
    assert sum(lots) == 5_000  # the answer's sentence is one of them
    assert max(lots) <= 2_048


def test_everything_measured_without_a_judge_tells_shares_that_only_rise():
    told = []
    metrics = [OwnMetric("short", "regex", pattern="^.{0,30}$"), OwnMetric("full stop", "regex", pattern=r"\.$")]
    found = unjudged(ROWS, HashingEncoder(), metrics, progress=lambda share, message: told.append((share, message)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert {message.partition(" (")[0] for _, message in told} == {
        "computing the client's own metrics",
        "comparing answers with references",
        "comparing answers with their contexts",
    }
    own = [score for score in found.scores if score.metric in {"short", "full stop"}]
    assert [score.metric for score in own] == ["short"] * 300 + ["full stop"] * 300
    assert [score.row_id for score in own[:300]] == [row.row_id for row in ROWS]


def test_a_cancel_ends_a_plan_before_it_is_made():
    settings = JudgeSettings(model="m")
    with pytest.raises(CancelledError):
        asyncio.run(plan(ROWS, ["faithfulness"], settings, progress=cancelled_after(3)))
