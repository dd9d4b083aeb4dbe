"""The view of scored answers: targets, the list of rows, one row read, and the export."""

from __future__ import annotations

import fabricated_harness as made

from workbench.answers.marking import Mark
from workbench.records import (
    AnswerRow,
    AnswersReport,
    Estimate,
    JudgedPart,
    MetricScore,
    MetricSummary,
    RowSupport,
    SentenceSupport,
    Target,
)
from workbench.ui.evaluation.answers_view import AnswersView, metrics_markup
from workbench.ui.evaluation.row_view import answer_markup, row_markup
from workbench.ui.evaluation.rows_view import RowsView, scores_csv
from workbench.ui.evaluation.state import Evaluation

HOSTILE = "<script>alert(1)</script>"
NOT_MEASURED = Target(
    "faithfulness",
    0.9,
    "production",
    "not_measured",
    Estimate.not_measured("no judge is set"),
    reason="no judge is set",
)


def report(rows: int, text: str = "Is hail covered?") -> tuple[AnswersReport, tuple[AnswerRow, ...]]:
    ids = tuple(f"r{place}" for place in range(rows))
    scores = tuple(MetricScore(key, "exact", "failed", reason=f"=1+1 {text}") for key in ids)
    summary = MetricSummary("exact", text, "client", Estimate.not_measured("all failed"), 0, 0, rows, 0, {text: rows})
    support = tuple(RowSupport(key, 0.1, (SentenceSupport(0, 4, None, 0.1, 0.1, -1),)) for key in ids)
    made_rows = tuple(AnswerRow(key, f"{text} {key}", f"Yes. {text}", (text,), reference=text) for key in ids)
    told = AnswersReport("A", "log", rows, rows, (summary,), (NOT_MEASURED,), scores, support, ids)
    return told, made_rows


def view(rows: int, text: str = "Is hail covered?", **asked: str) -> RowsView:
    told, texts = report(rows, text)
    return RowsView(Evaluation(made.report(), answers=told, rows=texts, asked=asked))


def test_ten_thousand_rows_are_listed_thirty_at_a_time() -> None:
    shown = view(10_000)
    assert len(shown.list.options) == 30
    shown.later.click()
    assert "Is hail covered? r30" in shown._reading.value
    assert "31 to 60 of 10,000" in shown._said.value


def test_the_keys_go_through_the_list_and_stop_at_its_ends() -> None:
    shown = view(2)
    for by, expected in ((-1, 0), (1, 1), (1, 1), (-1, 0)):
        shown._step(by)
        assert shown.list.index == expected


def test_the_keys_go_over_the_end_of_what_is_listed() -> None:
    shown = view(31)
    shown.list.index = 29
    shown._step(1)
    assert (shown._state.answer, len(shown.list.options), shown.list.index) == ("r30", 1, 0)
    shown._step(-1)
    assert (shown._state.answer, len(shown.list.options), shown.list.index) == ("r29", 30, 29)


def test_the_other_page_of_the_list_chooses_nothing_by_itself() -> None:
    shown = view(40)
    shown.later.click()
    asked: list[str] = []
    shown._state.observe(lambda change: asked.append(change["new"]), "answer")
    shown._step(-1)
    assert asked == ["r29"]


def test_the_answer_named_in_the_address_is_the_one_that_is_read() -> None:
    shown = view(100, answer="r64")
    assert (shown._first, shown.list.index) == (60, 4)
    assert "Is hail covered? r64" in shown._reading.value
    shown.list.index = 5
    assert shown._state.address()["answer"] == "r65"


def test_an_answer_that_is_not_there_leaves_the_first() -> None:
    assert view(3, answer="r64")._state.answer == "r0"


def test_the_last_page_may_be_short_and_has_no_later_one() -> None:
    shown = view(31)
    shown.later.click()
    assert len(shown.list.options) == 1
    assert shown.later.disabled
    shown.earlier.click()
    assert len(shown.list.options) == 30


def test_client_text_never_becomes_markup() -> None:
    told, rows = report(1, HOSTILE)
    for markup in (
        metrics_markup(told),
        row_markup(rows[0], told.scores, told.support[0], None, 0.5),
        view(1, HOSTILE)._reading.value,
    ):
        assert "<script" not in markup
        assert "&lt;script&gt;" in markup


def test_an_unsupported_sentence_is_marked_and_the_rest_is_not() -> None:
    told, rows = report(1)
    markup = row_markup(rows[0], told.scores, told.support[0], None, 0.5)
    assert ">Yes.</mark> Is hail covered?" in markup
    assert "1 of 1 sentences, support proxy below 0.500" in markup
    assert "<mark" not in row_markup(rows[0], told.scores, told.support[0], None, 0.1)


def test_where_a_judge_looked_its_marks_take_the_place_of_the_proxys() -> None:
    told, rows = report(1, "Hail is covered.")
    parts = (JudgedPart("Hail is covered.", 0), JudgedPart("Yes.", 1), JudgedPart("Rockets fly at night.", 0))
    judged = (MetricScore("r0", "faithfulness", "ok", 0.33, parts=parts),)
    markup = row_markup(rows[0], judged, told.support[0], None, 0.5)
    assert 'found no support for: Hail is covered.">Hail is covered.</mark>' in markup
    assert "Yes.</mark>" not in markup
    assert "1 such statement could be laid to no sentence." in markup
    failed = (MetricScore("r0", "faithfulness", "failed", reason="HTTP 500"),)
    assert "Yes.</mark>" in row_markup(rows[0], failed, told.support[0], None, 0.5)


def test_marks_outside_the_answer_or_over_another_mark_nothing() -> None:
    marks = (Mark(2, 900, ""), Mark(-3, 2, ""), Mark(0, 2, "a"), Mark(1, 3, "b"))
    assert answer_markup(AnswerRow("r", "q", "Yes."), marks) == '<mark title="a">Ye</mark>s.'


def test_the_export_has_no_formula_and_no_number_for_a_failed_row() -> None:
    told, _ = report(1)
    assert scores_csv(told).splitlines()[1] == "r0,exact,failed,,'=1+1 Is hail covered?"


def test_without_a_report_and_a_case_the_view_says_what_is_missing() -> None:
    shown = AnswersView(Evaluation(made.report()))
    assert shown.form is None
    assert "No answer has been scored yet." in shown.children[0].value


def test_without_rows_the_list_is_empty_and_nothing_breaks() -> None:
    shown = view(0)
    assert shown.list.options == ()
    shown._step(1)
    assert "No row stands out" in shown._said.value


def test_verdicts_are_said_in_the_words_of_their_metric() -> None:
    parts = (JudgedPart("Hail is covered.", 0, "no context says so"), JudgedPart("Theft is not.", 1))
    judged = [
        MetricScore("r0", "faithfulness", "ok", 0.5, parts=parts),
        MetricScore("r0", "answer_relevancy", "ok", 0.8, parts=(JudgedPart("Is hail covered?"),)),
        MetricScore("r0", "context_recall", "skipped", reason="no reference answer"),
    ]
    markup = row_markup(AnswerRow("r0", "q", "Hail is covered."), judged, None, None)
    assert "not in the contexts · Hail is covered. (no context says so)" in markup
    assert "in the contexts · Theft is not." in markup
    assert "<li>Is hail covered?</li>" in markup
    assert "Not applied: 1 metric<" in markup
    assert "context recall: no reference answer" in markup
