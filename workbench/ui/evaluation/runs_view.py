"""The client's runs: the history, what changed from one to the next, and the items that flipped, to be read.

It shows what the report holds; differences were tested elsewhere.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import ipywidgets as widgets

from workbench.case import Case
from workbench.records import EvalItem, RunChange
from workbench.ui.background import Background
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import (
    bullets,
    empty_state,
    paragraph,
)
from workbench.ui.evaluation.runs_chart import MEASURED, runs_figure
from workbench.ui.evaluation.runs_markup import changes_markup, flipped_markup, history_words, runs_markup
from workbench.ui.evaluation.state import Evaluation, change_key, changes_of, metrics_of
from workbench.ui.evaluation.words import change_words, metric_name
from workbench.ui.lab.query_charts import refresh
from workbench.ui.page import column, html, safe_callback

LABEL = "One metric over the client's runs with 95 % intervals; releases as dotted lines."
NO_RUNS = (
    "There is no run of the harness to look at.",
    "It would show how scores went from run to run, which items flipped, and which drops were released.",
    "Hand over run files with a row an item in the folder evals/runs, then read the case again.",
)


class RunsView(widgets.VBox):  # type: ignore[misc]
    """The metric, its history, its changes, and the items behind one change.

    Attributes:
        which: the metric. change: the change that is read. frame: the history.
    """

    def __init__(self, state: Evaluation) -> None:
        self._state, self._changing = state, False
        history = state.report.history
        metrics = metrics_of(history)
        self.which = widgets.Dropdown(
            options=[(metric_name(metric), metric) for metric in metrics], value=state.metric, description="Metric"
        )
        self.change = widgets.Dropdown(description="Read a change", options=[("none", "")], value="")
        self.frame = ChartFrame(
            runs_figure(history, state.metric, _later(state)),
            name="runs",
            label=LABEL,
            table="The tables below hold runs and changes.",
        )
        self.frame.chart.data[MEASURED].on_click(safe_callback(self._clicked))
        self._said, self._changes, self._items, self._runs = (html("") for _ in range(4))
        head = widgets.HBox([self.which])
        reading = widgets.HBox([self.change])
        for box in (head, reading):
            box.add_class("wb-controls")
        super().__init__([head, self._said, self.frame, self._changes, reading, self._items, self._runs])
        self.add_class("wb-runs")
        self._reading = Background()
        self._offer()
        self._write()
        self.which.observe(safe_callback(self._metric_chosen), "value")
        self.change.observe(safe_callback(self._change_chosen), "value")
        state.observe(safe_callback(self._metric_follows), "metric")
        state.observe(safe_callback(self._run_follows), "run")
        state.observe(safe_callback(self._texts_follow), ["items", "rows"])

    def _metric_chosen(self, change: dict[str, str]) -> None:
        self._state.metric = change["new"]

    def _change_chosen(self, change: dict[str, str]) -> None:
        if not self._changing:
            self._state.run = change["new"] or ""

    def _clicked(self, trace: Any, points: Any, _state: object) -> None:  # noqa: ANN401 - plotly's own
        for place in points.point_inds[:1]:
            history = self._state.report.history
            run = history.runs[int(trace.customdata[place])].run_id
            found = [change for change in changes_of(history, self._state.metric) if change.after == run]
            if found:
                self._state.run = change_key(found[-1])

    def _metric_follows(self, _change: object) -> None:
        self.which.value = self._state.metric
        self._offer()
        self._draw()

    def _run_follows(self, _change: object) -> None:
        self._offer()
        self._draw()

    def _texts_follow(self, _change: object) -> None:
        self._write_items()

    def _draw(self) -> None:
        state = self._state
        refresh(self.frame.chart, runs_figure(state.report.history, state.metric, _later(state)))
        self._write()

    def _offer(self) -> None:
        """List the changes of the metric; one of another metric that has the same runs stays chosen."""
        state = self._state
        changes = changes_of(state.report.history, state.metric)
        options = [("none", ""), *((_change_label(change), change_key(change)) for change in changes)]
        self._changing = True
        self.change.options = options
        self.change.value = state.run if state.chosen_change is not None else ""
        self._changing = False

    def _write(self) -> None:
        state, history = self._state, self._state.report.history
        changes = changes_of(history, state.metric)
        self._said.value = paragraph(history_words(changes, state.metric))
        self._changes.value = changes_markup(changes, state)
        self._runs.value = runs_markup(history, state.metric, state.slug)
        self._write_items()

    def _write_items(self) -> None:
        change = self._state.chosen_change
        self._items.value = flipped_markup(change, self._state) if change is not None else ""

    def read_items(self) -> None:
        """Read the eval sets of the case beside the page's other work, so that items can be read and opened."""
        state = self._state
        if state.case is None or state.items:
            return
        self._reading.run(partial(items_of, state.case), self._take)

    def _take(self, found: dict[str, EvalItem]) -> None:
        self._state.items = found


def build_runs_view(state: Evaluation) -> widgets.Widget:
    """History, changes and flipped items; where no run was handed over, what is missing."""
    place = column()

    def show(_change: object = None) -> None:
        if not state.report.history.runs:
            place.children = [html(empty_state(*NO_RUNS) + bullets(state.report.history.notes))]
            return
        view = RunsView(state)
        place.children = [view]
        view.read_items()

    show()
    state.observe(safe_callback(show), "report")
    return place


def items_of(case: Case) -> dict[str, EvalItem]:
    """The items of a case's eval sets by their id, masked as everywhere.

    Raises:
        InputError: the derived folder cannot be written.
    """
    from workbench.ingest.evals import read_evals
    from workbench.ingest.logs.masking import case_key

    return {item.item_id: item for item in read_evals(case.root, key=case_key(case.derived)).items}


def _change_label(change: RunChange) -> str:
    released = f", released in {change.shipped}" if change.shipped else ""
    return f"{change.after} against {change.before}: {change_words(change)}{released}"


def _later(state: Evaluation) -> str:
    change = state.chosen_change
    return change.after if change is not None else ""
