"""Budgets that stop a runaway: what they would have cut off on this log, and a configuration that holds them.

A budget is a suggestion from the log; what the business can bear is for people to say.
"""

from __future__ import annotations

import ipywidgets as widgets
import plotly.graph_objects as go

from workbench.costs.breaker import spent_by_hour
from workbench.numbers import percent
from workbench.records import Breaker, BreakerLimit
from workbench.report.costs_text import limit_row
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import empty_state, escape, paragraph, section, table
from workbench.ui.costs.bill_charts import hours_figure
from workbench.ui.costs.copy_button import CopyButton
from workbench.ui.costs.state import Costs
from workbench.ui.downloads import Download, Work
from workbench.ui.lab.query_charts import refresh
from workbench.ui.page import column, html, safe_callback

LABEL = "Spending of every hour with traffic, by time, with the suggested budget as a dashed line."
DEGRADED = (
    "Alarms go out at 50, 80 and 100 % of a budget. At 100 % the breaker opens until the hour or day ends: questions are then "
    "answered from the cache and marked as such, by a smaller model with a short context, or handed to a person. "
    "Nobody is left without an answer, and no loop spends more than the budget."
)


class BreakerView(widgets.VBox):  # type: ignore[misc]
    """Suggested budgets, spending by the hour, and the configuration.

    Attributes:
        frame: the chart. copy, save: the configuration to the clipboard and as a file.
    """

    def __init__(self, state: Costs) -> None:
        self._state = state
        self._said, self._config = html(""), html("")
        self.frame = ChartFrame(
            self._figure(), name="spending-by-hour", label=LABEL, table="The table above holds the budgets."
        )
        self.copy = CopyButton()
        self.save = Download(
            "Save as YAML", work=self._work, hint="Save the suggested budgets as circuit_breaker.yaml", quiet=True
        )
        tools = widgets.HBox([self.copy, self.save])
        tools.add_class("wb-bill-foot")
        super().__init__(
            [self._said, self.frame, html(section("What it does", paragraph(DEGRADED))), tools, self._config]
        )
        self.add_class("wb-bill")
        self._write()
        state.observe(safe_callback(self._changed), "breaker")

    def _changed(self, _change: object) -> None:
        refresh(self.frame.chart, self._figure())
        self._write()

    def _figure(self) -> go.Figure:
        state = self._state
        hours, spent = spent_by_hour(state.study.traffic, state.prices)
        hour = next((limit for limit in state.breaker.limits if limit.scope == "hour"), None)
        return hours_figure(hours, spent, hour, state.breaker.unit)

    def _write(self) -> None:
        breaker = self._state.breaker
        self._said.value = f'<div class="wb-bill-said">{paragraph(breaker.said)}</div>{limits_markup(breaker)}'
        self._config.value = f'<pre class="wb-bill-code" tabindex="0"><code>{escape(breaker.config)}</code></pre>'
        self.copy.text = breaker.config

    def _work(self) -> Work:
        content = self._state.breaker.config.encode("utf-8")
        return lambda: ("circuit_breaker.yaml", content)


def build_breaker_view(state: Costs) -> widgets.Widget:
    """The view; it follows the prices. Without times in the log it says what to ask for."""
    breaker = state.breaker
    if breaker.reason is not None:
        missing = empty_state(
            f"No budget can be suggested: {breaker.reason}.",
            "Budgets by the hour and by person stop a loop before it costs a month's money; the log shows what is ordinary.",
            "Ask for a log with the time of each question; with a person's pseudonym there are budgets by person too.",
        )
        return column(html(missing))
    return column(BreakerView(state))


def limits_markup(breaker: Breaker) -> str:
    """The suggested budgets and what each would have cut off."""
    rows = [[*map(escape, limit_row(limit, breaker.unit)), escape(_saved(limit))] for limit in breaker.limits]
    return table(
        ["Budget for", "Suggested", "Median", "Highest", "Questions cut off", "In", "Of all spending"],
        rows,
        caption="Counted over the whole log, so without intervals. Median and highest are of the hours or days with traffic.",
        numeric=(1, 2, 3, 4, 5, 6),
    )


def _saved(limit: BreakerLimit) -> str:
    return percent(limit.saved, limit.of_periods)
