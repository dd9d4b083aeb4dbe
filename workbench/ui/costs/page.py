"""The costs page: one state, and the views that read and change it.

Above the tabs the sentence to read aloud; where nothing is computed yet, the job that does it. The log is replayed by
`workbench.costing`.
"""

from __future__ import annotations

import ipywidgets as widgets

from workbench import costing
from workbench.case import Case
from workbench.compute import JobState
from workbench.report.costs_text import opening
from workbench.ui.address import Address
from workbench.ui.arrival import Arrival
from workbench.ui.components import empty_state, paragraph, sentence
from workbench.ui.costs.bill_view import build_bill_view
from workbench.ui.costs.breaker_view import build_breaker_view
from workbench.ui.costs.cache_view import build_cache_view
from workbench.ui.costs.context_view import build_context_view
from workbench.ui.costs.pairs_view import build_pairs_view
from workbench.ui.costs.state import Costs
from workbench.ui.page import PageContext, column, html, safe_callback
from workbench.ui.progress import UNFINISHED, JobProgress
from workbench.ui.tabs import Tabs, View

MISSING = (
    "What answers cost has not been looked at yet.",
    "It replays the log through a cache: how many questions that would have answered, how many wrongly, and what it saves.",
    "It takes seconds for some thousand questions, a few minutes for a hundred thousand.",
)


def build_costs_page(context: PageContext) -> widgets.Widget:
    """The page of a case: its cost study, or the job that makes it."""
    case = context.case
    assert case is not None  # the page is shown with needs_case
    return CostsPanel(case, context.query.get("view", ""))


class CostsPanel(widgets.VBox):  # type: ignore[misc]
    """The study where there is one, and the job that makes it.

    Attributes:
        progress: the job; starts by itself where there is no study, unless the last attempt ended badly.
        again: starts it by hand after it was stopped or failed.
    """

    def __init__(self, case: Case, view: str) -> None:
        super().__init__()
        self.add_class("wb-column")
        self._case, self._view = case, view
        self.again = widgets.Button(description="Replay the log", button_style="primary")
        self.again.on_click(safe_callback(lambda _: self._begin()))
        self.progress = JobProgress(case, costing.COSTS, self._ended, what="replay of the log")
        if not self._show():
            if not self.progress.under_way and not self.progress.children:
                self._begin()
            self._wait(stopped=not self.progress.under_way)

    def _begin(self) -> None:
        self.progress.follow(lambda: costing.start_costs(self._case))
        self._wait(stopped=False)

    def _ended(self, state: JobState) -> None:
        if not self._show():
            self._wait(stopped=state.status in UNFINISHED)

    def _wait(self, *, stopped: bool) -> None:
        missing = html(empty_state(*MISSING))
        self.children = [missing, self.progress, *([self.again] if stopped else [])]

    def _show(self) -> bool:
        study = costing.stored_costs(self._case)
        if study is None:
            return False
        self.children = [build_costs_panel(Costs(study, case=self._case, view=self._view))]
        return True


def build_costs_panel(state: Costs) -> widgets.Widget:
    """Everything the page shows of one study."""
    headline = html(_opening(state))
    tabs = Tabs(_views(state), selected=state.view, label="What to look at")
    state.view = tabs.selected
    address = Address(values={"view": state.view})

    def opened(_change: object) -> None:
        state.view = tabs.selected
        address.values = {"view": state.view}

    def reworded(_change: object) -> None:
        headline.value = _opening(state)

    tabs.bar.observe(safe_callback(opened), "selected")
    state.observe(safe_callback(reworded), ["projection", "outcome"])
    return column(headline, tabs, address, Arrival(tabs.build_open))


def _opening(state: Costs) -> str:
    said = opening(state.outcome.point, state.curve, state.projection, state.spending)
    notes = " ".join(state.study.traffic.notes)
    return f'<div class="wb-opening">{sentence(said)}{paragraph(notes, muted=True) if notes else ""}</div>'


def _views(state: Costs) -> list[View]:
    return [
        View(
            "cache", "Cache", "What a cache would have answered, and how often wrongly", lambda: build_cache_view(state)
        ),
        View("pairs", "Pairs", "Read what would have been served for what", lambda: build_pairs_view(state)),
        View("context", "Context", "Fewer passages for the model", lambda: build_context_view(state)),
        View("bill", "Bill", "What it costs, and what would be saved", lambda: build_bill_view(state)),
        View("breaker", "Breaker", "Budgets that stop a runaway", lambda: build_breaker_view(state)),
    ]
