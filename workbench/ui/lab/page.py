"""The retrieval lab: one state, and the views that read and change it.

Above the tabs the sentence to read aloud, behind them the views, below them the questions that are looked at and the one
that is chosen. What a view shows is decided in its own module; arms run elsewhere, through `workbench.session`.
"""

from __future__ import annotations

import threading

import ipywidgets as widgets

from workbench.case import Case
from workbench.session import stored_comparison
from workbench.ui.address import Address
from workbench.ui.analysis import AnalysisPanel
from workbench.ui.arrival import Arrival
from workbench.ui.charts import empty_chart
from workbench.ui.components import skeleton
from workbench.ui.lab.documents import build_documents_view
from workbench.ui.lab.failures import build_failures_view
from workbench.ui.lab.filters import FilterBar
from workbench.ui.lab.grading import build_grading_view
from workbench.ui.lab.map_panel import build_map_view
from workbench.ui.lab.reading import build_reading
from workbench.ui.lab.scoreboard import build_scoreboard_view, opening
from workbench.ui.lab.state import Lab
from workbench.ui.lab.table import build_question_table
from workbench.ui.page import PageContext, column, guarded, html, safe_callback
from workbench.ui.tabs import HIDDEN, Tabs, View

GRADING = "grading"
"""The view that brings questions of its own, in the order in which they teach most."""


def build_lab_page(context: PageContext) -> widgets.Widget:
    """The page of a case: its comparison, or what to do when there is none yet."""
    case = context.case
    assert case is not None  # the page is shown with needs_case
    return AnalysisPanel(
        case,
        missing="Retrieval has not been compared yet.",
        gives="It shows on these documents how often naive retrieval misses, and what other ways of searching find.",
        result=lambda: _stored_panel(case, context),
    )


def _stored_panel(case: Case, context: PageContext) -> widgets.Widget | None:
    stored = stored_comparison(case)
    return build_lab_panel(Lab(stored, case=case, asked=context.query)) if stored else None


def build_lab_panel(lab: Lab) -> widgets.Widget:
    """Everything the lab shows of one comparison."""
    headline = html(opening(lab))
    tabs = Tabs(_views(lab), selected=lab.view, label="What to look at")
    lab.view = tabs.selected
    below = column(html(skeleton(6)))
    below.add_class("wb-lab-below")
    address = Address(_address_of(lab), tabs.go_to)

    def opened(_change: object = None) -> None:
        lab.view = tabs.selected
        (below.add_class if lab.view == GRADING else below.remove_class)(HIDDEN)

    def reworded(_change: object) -> None:
        headline.value = opening(lab)

    def moved(_change: object) -> None:
        address.values = _address_of(lab)

    def asked(change: dict[str, str]) -> None:
        tabs.show_view(change["new"])

    opened()
    tabs.bar.observe(safe_callback(opened), "selected")
    lab.observe(safe_callback(asked), "view")
    lab.observe(safe_callback(reworded), ["baseline", "candidate", "comparison"])
    lab.observe(safe_callback(moved), ["view", "question", "baseline", "candidate", "selection"])
    _warm_up()
    return column(headline, tabs, below, address, Arrival(tabs.build_open, lambda: _fill(below, lab)))


def _fill(below: widgets.VBox, lab: Lab) -> None:
    parts = (lambda: FilterBar(lab), lambda: build_question_table(lab), lambda: build_reading(lab))
    below.children = [guarded(part) for part in parts]


def _warm_up() -> None:
    """Have plotly read its grammar, which takes a second, while the page is loading."""
    threading.Thread(target=empty_chart, args=("",), daemon=True).start()


def _views(lab: Lab) -> list[View]:
    return [
        View("scoreboard", "Scoreboard", "How well each way of searching does", lambda: build_scoreboard_view(lab)),
        View("failures", "Failures", "Which questions are missed, and why", lambda: build_failures_view(lab)),
        View("map", "Map", "Where in the corpus questions are missed", lambda: build_map_view(lab)),
        View("documents", "Documents", "Which documents can be found at all", lambda: build_documents_view(lab)),
        View(GRADING, "Grading", "Judge what was found; the numbers get surer", lambda: build_grading_view(lab)),
    ]


def _address_of(lab: Lab) -> dict[str, str]:
    selection = lab.selection
    return {
        "view": lab.view,
        "question": lab.question,
        "against": lab.baseline,
        "with": lab.candidate,
        "outcome": selection.outcome,
        "failure": selection.failure,
        "failed_arm": selection.failed_arm,
        "region": "" if selection.region is None else str(selection.region),
        "place": selection.place,
    }
