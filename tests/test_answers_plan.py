"""The plan of a judging: calls, replies that are kept, and ranges of tokens and cost, without asking anything."""

from __future__ import annotations

import asyncio

import pytest

from workbench.answers.plan import plan
from workbench.answers.ragas_metrics import JUDGED
from workbench.records import AnswerRow, JudgeSettings

PRICED = JudgeSettings(model="m", input_per_million=2.0, output_per_million=10.0, currency="EUR")


def rows(number, contexts=5):
    return [
        AnswerRow(
            f"r{n}",
            f"Question {n}?",
            f"Answer {n}.",
            tuple(f"context {n} {c}" for c in range(contexts)),
            reference="Yes.",
        )
        for n in range(number)
    ]


def planned(taken, metrics=tuple(JUDGED), settings=PRICED, cached=None, **further):
    return asyncio.run(plan(taken, metrics, settings, cached, **further))


def test_five_contexts_take_eleven_calls_a_row():
    found = planned(rows(3))
    assert (found.rows, found.calls, found.cached) == (3, 33, 0)  # 2 + 3 + 5 + 1


def test_what_is_kept_is_not_asked_again():
    def all_kept(prompt, schema, sample):
        return (
            None
            if schema.__name__ == "ContextPrecisionOutput"
            else schema.model_construct(statements=["a"], classifications=[], question="", noncommittal=0)
        )

    found = planned(rows(1), ["answer_relevancy", "context_precision"], cached=all_kept)
    assert (found.calls, found.cached) == (5, 3)


def test_without_an_encoder_no_call_is_planned_for_relevancy():
    found = planned(rows(2), ["answer_relevancy"], embeds=False)
    assert (found.rows, found.calls) == (0, 0)
    assert "answer relevancy: no encoder for the cosine of questions" in " ".join(found.notes)


def test_the_same_context_twice_is_asked_once():
    row = AnswerRow("1", "q?", "a", ("same", "same"), reference="r")
    found = planned([row], ["context_precision"])
    assert (found.calls, found.cached) == (1, 1)


def test_the_cost_follows_from_tokens_and_prices():
    found = planned(rows(2))
    for place in (0, 1):
        assert found.cost[place] == pytest.approx(
            (2.0 * found.input_tokens[place] + 10.0 * found.output_tokens[place]) / 1e6, rel=1e-3
        )
    assert 0 < found.input_tokens[0] < found.input_tokens[1]
    assert planned(rows(1), settings=JudgeSettings(model="m")).cost is None


def test_rows_without_a_reference_are_told_and_not_counted():
    found = planned([AnswerRow("1", "q?", "a", ("c",))], ["context_recall"])
    assert (found.rows, found.calls) == (0, 0)
    assert found.notes == ("context recall: no reference answer in 1 of 1 rows; they are skipped",)


def test_the_plan_names_the_host_that_texts_go_to():
    found = planned(rows(1), settings=JudgeSettings(url="https://gateway.example:8443/v1", model="m"))
    assert found.notes[0] == "questions, answers, contexts and references of these rows go to gateway.example:8443"
