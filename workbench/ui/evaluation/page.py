"""The evaluation page: one state, and the views that read and change it.

Above the tabs the sentence to read aloud; where nothing is looked at yet, the job that does it. The harness is looked at by
`workbench.evaluating`, answers are scored by `workbench.scoring`.
"""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets

from workbench import evaluating, scoring
from workbench.case import Case
from workbench.compute import JobState
from workbench.ui.address import Address
from workbench.ui.arrival import Arrival
from workbench.ui.components import empty_state, sentence
from workbench.ui.evaluation.coverage_view import build_coverage_view
from workbench.ui.evaluation.drift_view import build_drift_view
from workbench.ui.evaluation.harness_view import build_harness_view
from workbench.ui.evaluation.runs_view import build_runs_view
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.evaluation.words import opening
from workbench.ui.page import PageContext, column, html, safe_callback
from workbench.ui.progress import UNFINISHED, JobProgress
from workbench.ui.tabs import Tabs, View

MISSING = (
    "The evaluation harness has not been looked at yet.",
    "It shows what the harness has and lacks, how small a drop it can see, and which questions it never asks.",
    "It takes seconds for some hundred items, a few minutes for a long log.",
)


def build_evaluation_page(context: PageContext) -> widgets.Widget:
    """The page of a case: its harness report, or the job that makes it."""
    case = context.case
    assert case is not None  # the page is shown with needs_case
    return EvaluationPanel(case, context.query)


class EvaluationPanel(widgets.VBox):  # type: ignore[misc]
    """The report where there is one, and the job that makes it.

    Attributes:
        progress: the job; starts by itself where there is no report, unless the last attempt ended badly.
        again: starts it by hand after it was stopped or failed.
    """

    def __init__(self, case: Case, asked: Mapping[str, str]) -> None:
        super().__init__()
        self.add_class("wb-column")
        self._case, self._asked = case, asked
        self.again = widgets.Button(description="Look at the harness", button_style="primary")
        self.again.on_click(safe_callback(lambda _: self._begin()))
        self.progress = JobProgress(case, evaluating.EVALUATION, self._ended, what="evaluation")
        if not self._show():
            if not self.progress.under_way and not self.progress.children:
                self._begin()
            self._wait(stopped=not self.progress.under_way)

    def _begin(self) -> None:
        self.progress.follow(lambda: evaluating.start_evaluation(self._case))
        self._wait(stopped=False)

    def _ended(self, state: JobState) -> None:
        if not self._show():
            self._wait(stopped=state.status in UNFINISHED)

    def _wait(self, *, stopped: bool) -> None:
        missing = html(empty_state(*MISSING))
        self.children = [missing, self.progress, *([self.again] if stopped else [])]

    def _show(self) -> bool:
        report = evaluating.stored_harness(self._case)
        if report is None:
            return False
        answers = scoring.stored_answers(self._case)
        state = Evaluation(report, case=self._case, answers=answers, asked=self._asked)
        self.children = [build_evaluation_panel(state)]
        return True


def build_evaluation_panel(state: Evaluation) -> widgets.Widget:
    """Everything the page shows of one report."""
    headline = html(_opening(state))
    tabs = Tabs(_views(state), selected=state.view, label="What to look at")
    state.view = tabs.selected
    address = Address(values=state.address())

    def opened(_change: object) -> None:
        state.view = tabs.selected

    def asked(change: dict[str, str]) -> None:
        tabs.show_view(change["new"])

    def moved(_change: object) -> None:
        address.values = state.address()

    def reworded(_change: object) -> None:
        headline.value = _opening(state)

    tabs.bar.observe(safe_callback(opened), "selected")
    state.observe(safe_callback(asked), "view")
    state.observe(safe_callback(moved), list(Evaluation.ADDRESSED))
    state.observe(safe_callback(reworded), ["report", "answers"])
    return column(headline, tabs, address, Arrival(tabs.build_open))


def _opening(state: Evaluation) -> str:
    return f'<div class="wb-opening">{sentence(opening(state.report, state.answers))}</div>'


def _views(state: Evaluation) -> list[View]:
    return [
        View("harness", "Harness", "What the harness has, lacks and can see", lambda: build_harness_view(state)),
        View("coverage", "Coverage", "Which questions no item asks", lambda: build_coverage_view(state)),
        View("answers", "Answers", "How good the answers are, and which to read first", lambda: _answers(state)),
        View("runs", "Runs", "What changed from run to run, and what was released", lambda: build_runs_view(state)),
        View("drift", "Drift", "Whether people still ask what the set asks", lambda: build_drift_view(state)),
    ]


def _answers(state: Evaluation) -> widgets.Widget:
    from workbench.ui.evaluation.answers_view import build_answers_view

    return build_answers_view(state)
