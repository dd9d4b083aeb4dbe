"""How good the answers are: targets, metrics, and the rows to read first; where nothing is scored, the job that does it.

Answers are scored by `workbench.scoring`; a view without a judge shows what can be measured without one.
"""

from __future__ import annotations

from functools import partial

import ipywidgets as widgets

from workbench import scoring
from workbench.compute import JobState
from workbench.numbers import count, measured
from workbench.records import AnswerRow, AnswersReport, MetricSummary
from workbench.report.exports import Cell, csv_text
from workbench.ui.components import badge, bullets, empty_state, escape, paragraph, section, table
from workbench.ui.downloads import Download, Work
from workbench.ui.evaluation.row_view import row_markup
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.evaluation.targets_chart import targets_markup
from workbench.ui.keys import KeyCatcher
from workbench.ui.page import column, html, safe_callback
from workbench.ui.progress import JobProgress

SHOWN = 30
"""Rows listed at a time."""
HEAD = ("row", "metric", "status", "value", "reason")
MISSING = (
    "No answer has been scored yet.",
    "It shows the targets, what each metric says of the answers, and which answers to read first.",
    "It needs a query log with answers in logs/, or results with answers in evals/.",
)


class AnswersView(widgets.VBox):  # type: ignore[misc]
    """Targets and metrics above a list of rows beside the one that is read; j and k go through the list.

    Attributes:
        list: the rows shown. earlier, later: the pages of the list. again: starts the scoring. progress: the job;
            None without a case.
    """

    def __init__(self, state: Evaluation) -> None:
        self._state, self._first = state, 0
        self._ids: tuple[str, ...] = ()
        self.list = widgets.Select(options=[], rows=12, layout=widgets.Layout(width="100%"))
        self.list.add_class("wb-pairs-list")
        self.earlier, self.later = widgets.Button(description="Earlier"), widgets.Button(description="Later")
        self.again = widgets.Button(description="Score without a judge")
        self.keyboard = KeyCatcher(caught=["j", "k"])
        self._summary, self._said, self._reading = html(""), html(""), html("")
        save = Download("CSV", work=self._work, hint="Save the scores of all rows as CSV", quiet=True)
        tools = widgets.HBox([self.earlier, self.later, save, self.keyboard])
        tools.add_class("wb-controls")
        both = widgets.HBox([column(self._said, self.list, tools), column(self._reading)])
        both.add_class("wb-pairs-both")
        self._scored = [self._summary, both]
        super().__init__([])
        self.add_class("wb-answers")
        self.list.observe(safe_callback(lambda _: self._read()), "index")
        self.earlier.on_click(safe_callback(lambda _: self._turn(-SHOWN)))
        self.later.on_click(safe_callback(lambda _: self._turn(SHOWN)))
        self.again.on_click(safe_callback(lambda _: self._begin()))
        self.keyboard.on_key(lambda key: self._step(1 if key == "j" else -1))
        self.progress = JobProgress(state.case, scoring.SCORING, self._ended, what="scoring") if state.case else None
        state.observe(safe_callback(self._follow), ["answers", "rows"])
        if state.answers is None and self.progress and not self.progress.under_way and not self.progress.children:
            self._begin()
        if state.answers is not None and not state.rows and state.case is not None:
            state.rows = scoring.stored_rows(state.case)
        self._show()

    def _follow(self, _change: object) -> None:
        self._show()

    def _begin(self) -> None:
        case = self._state.case
        if self.progress is not None and case is not None:
            self.progress.follow(partial(scoring.start_scoring, case, None))
            self._show()

    def _ended(self, _state: JobState) -> None:
        case = self._state.case
        found = scoring.stored_answers(case) if case else None
        if case is not None and found is not None:
            with self._state.hold_trait_notifications():
                self._state.rows, self._state.answers = scoring.stored_rows(case), found
        self._show()

    def _show(self) -> None:
        report, job = self._state.answers, [self.progress] if self.progress else []
        idle = self.progress is not None and not self.progress.under_way
        if report is None:
            self.children = [html(empty_state(*MISSING)), *job, *([self.again] if idle else [])]
            return
        self._summary.value = report_markup(report)
        self._ids = tuple(report.worst)
        self._first = 0
        self._list_again()
        self.children = [*job, *self._scored]

    def _turn(self, by: int) -> None:
        self._first = min(max(self._first + by, 0), max(len(self._ids) - 1, 0) // SHOWN * SHOWN)
        self._list_again()

    def _list_again(self) -> None:
        rows: tuple[AnswerRow, ...] = self._state.rows
        asked = {row.row_id: row.question for row in rows}
        shown = self._ids[self._first : self._first + SHOWN]
        self.list.options = [(_short(asked.get(key, key)), place) for place, key in enumerate(shown)]
        self.earlier.disabled = self._first == 0
        self.later.disabled = self._first + SHOWN >= len(self._ids)
        last = self._first + len(shown)
        self._said.value = paragraph(
            f"Answers to read first, {count(self._first + 1)} to {count(last)} of {count(len(self._ids))}."
            if shown
            else "No row stands out to be read first."
        )
        if shown:
            self.list.index = 0
        self._read()

    def _step(self, by: int) -> None:
        index, last = self.list.index, len(self.list.options) - 1
        if index is not None:
            self.list.index = min(max(index + by, 0), last)

    def _read(self) -> None:
        report, index = self._state.answers, self.list.index
        if report is None or index is None or self._first + index >= len(self._ids):
            self._reading.value = ""
            return
        key = self._ids[self._first + index]
        rows: tuple[AnswerRow, ...] = self._state.rows
        row = next((each for each in rows if each.row_id == key), None)
        if row is None:
            self._reading.value = paragraph("The text of this row is not kept; score the answers again.", muted=True)
            return
        scores = [score for score in report.scores if score.row_id == key]
        support = next((each for each in report.support if each.row_id == key), None)
        self._reading.value = row_markup(row, scores, support, self._state.slug)

    def _work(self) -> Work:
        report = self._state.answers
        return lambda: ("answers.csv", scores_csv(report).encode("utf-8"))


def build_answers_view(state: Evaluation) -> widgets.Widget:
    """The view; it follows the report and starts the scoring that needs no judge where there is none."""
    return AnswersView(state)


def report_markup(report: AnswersReport) -> str:
    """Targets and metrics of a report."""
    judge = f"Judged by {report.judge.model}." if report.judge else "No model has judged these answers."
    stopped = " The run was stopped before all rows were judged." if report.stopped else ""
    taken = f"{count(report.rows)} of {count(report.available)} answers. {judge}{stopped}"
    metrics = table(["Metric", "Value", "Scored", "Undefined", "Failed", "Skipped", "What it says"],
                    [_metric(one) for one in report.metrics], numeric=(2, 3, 4, 5))  # fmt: skip
    return (
        section("Targets", targets_markup(report.targets) or paragraph("No target is set."), note=taken)
        + section("Metrics", metrics if report.metrics else paragraph("Nothing could be measured."))
        + bullets(report.notes)
    )


def scores_csv(report: AnswersReport | None) -> str:
    """Scores as CSV, a line a row and metric; client text cannot become a formula."""
    lines: list[list[Cell]] = [
        [one.row_id, one.metric, one.status, one.value, one.reason] for one in (report.scores if report else ())
    ]
    return csv_text(HEAD, lines)


def _metric(one: MetricSummary) -> list[str]:
    why = "; ".join(f"{reason} ({count(times)})" for reason, times in list(one.reasons.items())[:3])
    says = escape(one.meaning) + (f"<br><small>{escape(why)}</small>" if why else "")
    return [
        f"{escape(one.title)} {badge(one.kind, 'muted')}",
        escape(measured(one.value)),
        *(escape(count(number)) for number in (one.scored, one.undefined, one.failed, one.skipped)),
        says,
    ]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else f"{flat[:79]}…"
