"""The evaluation page: one state, and the views that read and change it.

Above the tabs the sentence to read aloud; where nothing is looked at yet, the job that does it. The harness is looked at by
`workbench.evaluating`, answers are scored by `workbench.scoring`.
"""

from __future__ import annotations

import ipywidgets as widgets

from workbench import evaluating, scoring
from workbench.ui.address import Address
from workbench.ui.arrival import Arrival
from workbench.ui.components import sentence
from workbench.ui.evaluation.coverage_view import build_coverage_view
from workbench.ui.evaluation.drift_view import build_drift_view
from workbench.ui.evaluation.harness_view import build_harness_view
from workbench.ui.evaluation.runs_view import build_runs_view
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.evaluation.words import opening
from workbench.ui.making import MadeOrMaking, Making
from workbench.ui.page import PageContext, column, html, safe_callback
from workbench.ui.tabs import Tabs, View

MISSING = (
    "The evaluation harness has not been looked at yet.",
    "It shows what the harness has and lacks, how small a drop it can see, and which questions it never asks.",
    "It takes seconds for some hundred items, a few minutes for a long log.",
)


def build_evaluation_page(context: PageContext) -> MadeOrMaking:
    """The page of a case: its harness report, or the job that makes it."""
    case = context.case
    assert case is not None  # the page is shown with needs_case

    def result() -> widgets.Widget | None:
        report = evaluating.stored_harness(case)
        if report is None:
            return None
        answers = scoring.stored_answers(case)
        return build_evaluation_panel(Evaluation(report, case=case, answers=answers, asked=context.query))

    def start() -> None:
        evaluating.start_evaluation(case)

    return MadeOrMaking(
        case, Making(evaluating.EVALUATION, "evaluation", "Look at the harness", MISSING, start, result)
    )


def build_evaluation_panel(state: Evaluation) -> widgets.Widget:
    """Everything the page shows of one report."""
    headline = html(_opening(state))
    tabs = Tabs(_views(state), selected=state.view, label="What to look at")
    state.view = tabs.selected
    address = Address(state.address(), tabs.go_to)

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
