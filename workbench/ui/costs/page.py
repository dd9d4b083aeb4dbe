"""The costs page: one state, and the views that read and change it.

Above the tabs the sentence to read aloud; where nothing is computed yet, the job that does it. The log is replayed by
`workbench.costing`.
"""

from __future__ import annotations

import ipywidgets as widgets

from workbench import costing
from workbench.report.costs_text import opening
from workbench.ui.address import Address
from workbench.ui.arrival import Arrival
from workbench.ui.components import paragraph, sentence
from workbench.ui.costs.bill_view import build_bill_view
from workbench.ui.costs.breaker_view import build_breaker_view
from workbench.ui.costs.cache_view import build_cache_view
from workbench.ui.costs.context_view import build_context_view
from workbench.ui.costs.pairs_view import build_pairs_view
from workbench.ui.costs.state import Costs
from workbench.ui.making import MadeOrMaking, Making
from workbench.ui.page import PageContext, column, html, safe_callback
from workbench.ui.tabs import Tabs, View

MISSING = (
    "What answers cost has not been looked at yet.",
    "It replays the log through a cache: how many questions that would have answered, how many wrongly, and what it saves.",
    "It takes seconds for some thousand questions, a few minutes for a hundred thousand.",
)


def build_costs_page(context: PageContext) -> MadeOrMaking:
    """The page of a case: its cost study, or the job that makes it."""
    case = context.case
    assert case is not None  # the page is shown with needs_case

    def result() -> widgets.Widget | None:
        study = costing.stored_costs(case)
        return build_costs_panel(Costs(study, case=case, view=context.query.get("view", ""))) if study else None

    def start() -> None:
        costing.start_costs(case)

    return MadeOrMaking(case, Making(costing.COSTS, "replay of the log", "Replay the log", MISSING, start, result))


def build_costs_panel(state: Costs) -> widgets.Widget:
    """Everything the page shows of one study."""
    headline = html(_opening(state))
    tabs = Tabs(_views(state), selected=state.view, label="What to look at")
    state.view = tabs.selected
    address = Address({"view": state.view}, tabs.go_to)

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
