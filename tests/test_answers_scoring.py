"""Scores of rows: RAGAS' own values to the last bit, and a reason instead of a number wherever something is missing or wrong."""

from __future__ import annotations

import asyncio
import math
import random
import time

import pytest
from fabricated_retrieval import HashingEncoder
from fake_endpoint import serving
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.answers.judge import Judge
from workbench.answers.ragas_metrics import JUDGED, _ragas, score_row
from workbench.answers.scoring import NOT_REACHED, is_unfinished, score_rows
from workbench.errors import CancelledError, WorkbenchError
from workbench.records import AnswerRow, JudgeSettings

ROW = AnswerRow(
    "r1",
    "Is hail covered by the motor policy?",
    "Hail is covered. The excess is 250.",
    ("Hail is covered by motor policies.", "Flood needs another policy."),
    reference="Hail is covered by motor policies.",
)


class Scripted:
    """Judges by a script: a function of schema name and number of the question; keeps the sample numbers it was given."""

    def __init__(self, script):
        self.script, self.samples, self.asked = script, [], []

    async def ask(self, prompt, schema, *, sample=0):
        self.samples.append(sample)
        self.asked.append(schema.__name__)
        made = self.script(schema.__name__, len(self.asked) - 1)
        if isinstance(made, Exception):
            raise made
        return schema(**made)


def scored(metric, script, row=ROW, encoder=None):
    judge = Scripted(script)
    return asyncio.run(score_row(row, metric, judge, encoder or HashingEncoder())), judge


def replies(seed):
    """Random replies of the right form, the same for the same seed and number."""

    def script(schema, number):
        draw = random.Random(f"{seed} {number}")
        count = random.Random(seed).randrange(1, 7)
        if schema == "StatementGeneratorOutput":
            return {"statements": [f"statement {place}" for place in range(count)]}
        if schema == "NLIStatementOutput":
            verdicts = [
                {"statement": f"s{place}", "reason": "", "verdict": draw.randrange(2)} for place in range(count)
            ]
            return {"statements": verdicts}
        if schema == "ContextPrecisionOutput":
            return {"reason": "", "verdict": draw.randrange(2)}
        if schema == "ContextRecallOutput":
            made = [{"statement": "s", "reason": "", "attributed": draw.randrange(2)} for _ in range(count)]
            return {"classifications": made}
        question = " ".join(draw.choice(["is", "hail", "covered", "flood", "policy?"]) for _ in range(4))
        return {"question": question if number == 0 or draw.random() < 0.8 else "", "noncommittal": draw.randrange(2)}

    return script


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), metric=st.sampled_from(sorted(JUDGED)), contexts=st.integers(1, 6))
def test_values_are_those_of_ragas_for_the_same_replies(seed, metric, contexts):
    row = AnswerRow(
        "1", "Is hail covered?", "Yes, hail is.", tuple(f"context {n}" for n in range(contexts)), reference="Yes."
    )
    score, _ = scored(metric, replies(seed), row)
    ragas = _ragas()
    llm = ragas.llm(Scripted(replies(seed)), numbered=False)
    asked = {
        "faithfulness": {"user_input": row.question, "response": row.answer, "retrieved_contexts": list(row.contexts)},
        "answer_relevancy": {"user_input": row.question, "response": row.answer},
    }.get(metric, {"user_input": row.question, "reference": row.reference, "retrieved_contexts": list(row.contexts)})
    more = {"embeddings": ragas.embeddings(HashingEncoder())} if metric == "answer_relevancy" else {}
    expected = asyncio.run(ragas.metrics[metric](llm=llm, **more).ascore(**asked)).value
    assert score.status == "ok"
    assert score.value == expected
    assert math.isfinite(expected)


def test_the_three_questions_of_answer_relevancy_are_three_samples():
    score, judge = scored(
        "answer_relevancy", lambda schema, number: {"question": "Is hail covered?", "noncommittal": 0}
    )
    assert judge.samples == [0, 1, 2]
    assert [part.text for part in score.parts] == ["Is hail covered?"] * 3
    assert [part.verdict for part in score.parts] == [1, 1, 1]


def test_an_evasive_answer_has_relevancy_0_and_shows_the_flags():
    score, _ = scored("answer_relevancy", lambda schema, number: {"question": "Is hail covered?", "noncommittal": 1})
    assert (score.status, score.value) == ("ok", 0.0)
    assert [part.reason for part in score.parts] == ["noncommittal"] * 3


def verdicts(*given):
    def script(schema, number):
        if schema == "StatementGeneratorOutput":
            return {"statements": ["Hail is covered.", "The excess is 250."]}
        return {
            "statements": [
                {"statement": text, "reason": "r", "verdict": v} for text, v in zip("ab", given, strict=False)
            ]
        }

    return script


def test_faithfulness_keeps_statements_and_verdicts():
    score, _ = scored("faithfulness", verdicts(1, 0))
    assert (score.status, score.value) == ("ok", 0.5)
    assert [(part.text, part.verdict, part.reason) for part in score.parts] == [("a", 1, "r"), ("b", 0, "r")]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((1,), "1 verdict for 2 statements"),
        ((), "0 verdicts for 2 statements"),
        ((1, 2), "verdict 2, expected 0 or 1"),
        ((-1, 1), "verdict -1, expected 0 or 1"),
    ],
)
def test_verdicts_ragas_would_count_anyhow_are_failures(given, reason):
    score, _ = scored("faithfulness", verdicts(*given))
    assert (score.status, score.value, score.reason) == ("failed", None, reason)


def test_no_statements_are_undefined():
    score, judge = scored("faithfulness", lambda schema, number: {"statements": []})
    assert (score.status, score.reason, len(judge.asked)) == ("undefined", "no statements in the answer", 1)


def test_an_abstention_is_undefined_without_a_call():
    row = AnswerRow("1", "Is hail covered?", "I could not find this in the documents.", ("Hail.",))
    score, judge = scored("faithfulness", verdicts(1, 1), row)
    assert (score.status, score.reason, judge.asked) == ("undefined", "the answer is an abstention", [])


@pytest.mark.parametrize(
    ("row", "metric", "reason"),
    [
        (AnswerRow("1", "q?", None, ("c",)), "faithfulness", "no answer"),
        (AnswerRow("1", "q?", "  ", ()), "faithfulness", "no answer, no contexts"),
        (AnswerRow("1", "q?", "a", ("", " ")), "faithfulness", "no contexts"),
        (AnswerRow("1", "q?", "a", ("c",)), "context_recall", "no reference answer"),
        (AnswerRow("1", "", "a"), "answer_relevancy", "no question"),
    ],
)
def test_rows_that_lack_something_are_skipped_before_any_call(row, metric, reason):
    score, judge = scored(metric, verdicts(1, 1), row)
    assert (score.status, score.reason, judge.asked) == ("skipped", reason, [])


def test_without_an_encoder_answer_relevancy_is_skipped():
    score = asyncio.run(score_row(ROW, "answer_relevancy", Scripted(replies(1)), None))
    assert (score.status, score.reason) == ("skipped", "no encoder for the cosine of questions")


def test_a_judge_that_fails_or_breaks_gives_failures_with_the_reason():
    score, _ = scored("context_recall", lambda schema, number: WorkbenchError("HTTP 500 after 5 attempts"))
    assert (score.status, score.reason) == ("failed", "HTTP 500 after 5 attempts")
    score, _ = scored("context_recall", lambda schema, number: KeyError("x"))
    assert (score.status, score.reason) == ("failed", "RAGAS stopped on this row (KeyError)")


def test_a_stopped_run_keeps_what_is_there_and_counts_the_rest_as_not_reached():
    class Slow:
        async def ask(self, prompt, schema, *, sample=0):
            await asyncio.sleep(30)

    class First(Slow):
        async def ask(self, prompt, schema, *, sample=0):
            if "first answer" in prompt or schema.__name__ == "NLIStatementOutput":
                return schema(**verdicts(1, 1)(schema.__name__, 0))
            return await super().ask(prompt, schema)

    rows = [AnswerRow(f"r{n}", "q?", "The first answer." if n == 0 else "Another.", ("c",)) for n in range(5)]

    def cancelled(share, message):
        raise CancelledError("stopped")

    start = time.monotonic()
    scores = asyncio.run(score_rows(rows, ["faithfulness"], First(), concurrency=2, progress=cancelled))
    assert time.monotonic() - start < 10
    assert [(score.row_id, score.status, score.reason) for score in scores] == [
        ("r0", "ok", None),
        *((f"r{n}", "skipped", NOT_REACHED) for n in range(1, 5)),
    ]
    assert is_unfinished(scores)


def over_http(mode, metrics=tuple(JUDGED), **options):
    async def run(url):
        settings = JudgeSettings(url=url, model="m", timeout=5, attempts=1)
        async with Judge(settings, None, None) as judge:
            return await score_rows([ROW], metrics, judge, encoder=HashingEncoder())

    with serving(mode, **options) as endpoint:
        return {score.metric: score for score in asyncio.run(run(endpoint.url))}


@pytest.mark.local_network
@pytest.mark.parametrize("mode", ["clean", "fenced", "think", "no_usage"])
def test_over_http_the_values_are_those_worked_out_by_hand(mode):
    # "Hail is covered." stands in the contexts, "The excess is 250." does not; the first context alone is useful.
    scores = over_http(mode)
    assert scores["faithfulness"].value == 0.5
    assert scores["context_precision"].value == pytest.approx(1.0)
    assert scores["context_recall"].value == 1.0
    assert 0 < scores["answer_relevancy"].value < 1
    assert {score.status for score in scores.values()} == {"ok"}


@pytest.mark.local_network
@pytest.mark.parametrize(
    "mode", ["prose", "empty", "truncated", "error_500", "garbage", "html", "verdict_2", "dropped"]
)
def test_an_endpoint_that_talks_nonsense_ends_in_failures_and_never_in_a_number(mode):
    for score in over_http(mode, ("faithfulness", "context_precision", "context_recall")).values():
        assert (score.status, score.value) == ("failed", None)
        assert score.reason


@pytest.mark.local_network
def test_an_endpoint_that_leaves_a_statement_out_gives_no_faithfulness():
    assert over_http("missing_statements", ["faithfulness"])["faithfulness"].reason == "1 verdict for 2 statements"
