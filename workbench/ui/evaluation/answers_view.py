"""How good the answers are: targets, who judged, the rows to read first, the metrics; where nothing is scored, the job for it.

Answers are scored by `workbench.scoring`; without a judge the view shows what can be measured without one.
"""

from __future__ import annotations

from functools import partial

import ipywidgets as widgets

from workbench import judging, scoring
from workbench.case import Case
from workbench.compute import JobState
from workbench.judging import Judging
from workbench.numbers import count, measured
from workbench.records import AnswerRow, AnswersReport, MetricSummary
from workbench.report.answers_text import judge_sentence
from workbench.ui.background import Background
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import badge, bullets, details, empty_state, escape, paragraph, section, skeleton, table
from workbench.ui.evaluation.judge_form import JudgeForm
from workbench.ui.evaluation.rows_view import RowsView
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.evaluation.targets_chart import show_targets, targets_frame, targets_markup
from workbench.ui.evaluation.words import client_scores
from workbench.ui.fields import status
from workbench.ui.page import column, html, safe_callback
from workbench.ui.progress import JobProgress

MISSING = (
    "No answer has been scored yet.",
    "It shows the targets, what each metric says of the answers, and which answers to read first.",
    "It needs a query log with answers in logs/, or results with answers in evals/.",
)
EARLIER_KEPT = "The run is done, but it scored less than the earlier one with a judge, which stays the one shown."
JUDGE, HIDE = "Have a model judge them", "Hide the judge"


class AnswersView(widgets.VBox):  # type: ignore[misc]
    """Targets, who judged, the rows to read first, the metrics.

    Attributes:
        again: scores what needs no judge. judge: shows and hides the form. form: the form; None until it is shown, and
            without a case. progress: the job that scores; None without a case.
    """

    def __init__(self, state: Evaluation) -> None:
        self._state = state
        self._reading = Background()
        self.form: JudgeForm | None = None
        self.again = widgets.Button(description="Score without a judge")
        self.judge = widgets.Button(description=JUDGE)
        self._head, self._judged, self._metrics, self._said = html(""), html(""), html(""), html("")
        self._targets: ChartFrame | None = None
        self._place, self._rows = column(), column(html(skeleton(6)))
        super().__init__([])
        self.add_class("wb-answers")
        self.again.on_click(safe_callback(lambda _: self._unjudged()))
        self.judge.on_click(safe_callback(lambda _: self._toggle()))
        self.progress = JobProgress(state.case, scoring.SCORING, self._ended, what="scoring") if state.case else None
        state.observe(safe_callback(self._follow), "answers")
        if state.answers is None and self.progress and not self.progress.under_way and not self.progress.children:
            self._unjudged()
        self._show()

    def _follow(self, _change: object) -> None:
        self._show()

    def _unjudged(self) -> None:
        case = self._state.case
        if self.progress is not None and case is not None:
            self.progress.follow(partial(scoring.start_scoring, case, None))
            self._working()

    def _judging(self, asked: Judging) -> None:
        case = self._state.case
        if self.progress is not None and case is not None:
            self.progress.follow(partial(judging.start_judging, case, asked))
            self._working()

    def _ended(self, state: JobState) -> None:
        self._said.value = status(EARLIER_KEPT) if state.message == scoring.EARLIER_SHOWN else ""
        if self._state.case is not None:
            self._reading.run(partial(_stored, self._state.case), self._take)

    def _take(self, found: tuple[AnswersReport | None, tuple[AnswerRow, ...]]) -> None:
        answers, rows = found
        if answers is not None:
            with self._state.hold_trait_notifications():
                self._state.rows, self._state.answers = rows, answers
            self._show_rows()  # also where the report is equal, and nothing else would say that the rows are there
        if self.form is not None:
            self.form.forget_plan()
        self._working()

    def _toggle(self) -> None:
        case = self._state.case
        if self.form is None and case is not None:
            self.form = JudgeForm(case, self._judging)
        open_now = not self._place.children
        self._place.children = [self.form] if open_now and self.form is not None else []
        self.judge.description = HIDE if open_now else JUDGE
        self._working()

    def _working(self) -> None:
        """What can be pressed while answers are scored, and what cannot."""
        busy = self.progress is not None and self.progress.under_way
        if self.form is not None:
            self.form.busy = busy
        self.again.disabled = busy
        if self._state.answers is None:
            self._show()

    def _show(self) -> None:
        report, case = self._state.answers, self._state.case
        job = [self.progress] if self.progress else []
        tools = widgets.HBox([])
        tools.add_class("wb-controls")
        if report is None:
            idle = self.progress is not None and not self.progress.under_way
            tools.children = [self.again]
            # A job that failed says itself what it needs.
            told = bool(self.progress and self.progress.children)
            lacking = paragraph(MISSING[0]) if told else empty_state(*MISSING)
            self.children = [html(lacking), *job, *([tools] if idle else [])]
            return
        tools.children = [self.judge] if case else []
        self._head.value = section("Targets", note=f"{count(report.rows)} of {count(report.available)} answers.")
        if self._targets is None:
            self._targets = targets_frame(report.targets)
        else:
            show_targets(self._targets, report.targets)
        listed = details("Targets as a table", targets_markup(report.targets)) if report.targets else ""
        theirs = client_scores(self._state.report.history)
        self._judged.value = listed + paragraph(judge_sentence(report)) + (paragraph(theirs) if theirs else "")
        self._metrics.value = metrics_markup(report)
        shown = [self._head, self._targets, self._judged, tools, self._place, *job, self._said, self._rows]
        self.children = [*shown, self._metrics]
        self._show_rows()

    def _show_rows(self) -> None:
        state = self._state
        if state.case is not None and not state.rows:
            self._reading.run(partial(scoring.stored_rows, state.case, state.answers), self._take_rows)
        elif not isinstance(self._rows.children[0], RowsView):
            self._rows.children = [RowsView(state)]

    def _take_rows(self, rows: tuple[AnswerRow, ...]) -> None:
        self._state.rows = rows
        if not isinstance(self._rows.children[0], RowsView):
            self._rows.children = [RowsView(self._state)]


def build_answers_view(state: Evaluation) -> widgets.Widget:
    """The view; it follows the report and starts the scoring that needs no judge where there is none."""
    return AnswersView(state)


def metrics_markup(report: AnswersReport) -> str:
    """Every metric of a report, with the rows it could and could not score."""
    head = ["Metric", "Value", "Scored", "Undefined", "Failed", "Skipped", "What it says"]
    told = table(head, [_metric(one) for one in report.metrics], numeric=(2, 3, 4, 5))
    return section("Metrics", told if report.metrics else paragraph("Nothing could be measured.")) + bullets(
        report.notes
    )


def _stored(case: Case) -> tuple[AnswersReport | None, tuple[AnswerRow, ...]]:
    report = scoring.stored_answers(case)
    return report, scoring.stored_rows(case, report) if report else ()


def _metric(one: MetricSummary) -> list[str]:
    why = "; ".join(f"{reason} ({count(times)})" for reason, times in list(one.reasons.items())[:3])
    says = escape(one.meaning) + (f"<br><small>{escape(why)}</small>" if why else "")
    return [
        f"{escape(one.title)} {badge(one.kind, 'muted')}",
        escape(measured(one.value)),
        *(escape(count(number)) for number in (one.scored, one.undefined, one.failed, one.skipped)),
        says,
    ]
