"""A chart as the pages show it: the picture, what it says in words, and its export as PNG and as a page of its own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import anywidget
import ipywidgets as widgets
import plotly.graph_objects as go
import traitlets

from workbench.ui.chart_page import chart_page
from workbench.ui.downloads import Download, Work, file_name
from workbench.ui.figure import Fig
from workbench.ui.tokens import CHART_GRID, CHART_TEXT


class ChartPicture(anywidget.AnyWidget):
    """The button that saves the chart beside it as PNG, made in the browser.

    It also tells screen readers what the chart shows, and keeps the chart as wide as its place.

    Attributes:
        name: file name without ending.
        label: what the chart shows.
        neutral: the colours of charts that follow the theme, and the custom property each becomes in a picture.
    """

    _esm = Path(__file__).parent / "chart_picture.js"
    name = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    neutral = traitlets.Dict({CHART_TEXT: "--wb-text", CHART_GRID: "--wb-line"}).tag(sync=True)


class ChartFrame(widgets.VBox):  # type: ignore[misc]
    """A chart with its tools.

    Attributes:
        chart: the plotly widget, for callbacks and updates (`query_charts.refresh`, `batch_update`).

    Args:
        figure: the finished figure.
        name: file name of its exports, without ending.
        label: what the chart shows, in one sentence, for people who do not see it.
        table: where on the page the same numbers stand, in one sentence; a saved chart leaves it behind.
    """

    def __init__(self, figure: go.Figure, *, name: str, label: str, table: str = "") -> None:
        self.chart = Fig(figure)
        self._label, self._table = label, table
        self._picture = ChartPicture(name=file_name(name), label=self._said())
        self._page = Download("HTML", work=self._work, hint=_hint(name), quiet=True)
        tools = widgets.HBox([self._picture, self._page])
        tools.add_class("wb-chart-tools")
        super().__init__([self.chart, tools])
        self.add_class("wb-chart")

    @property
    def name(self) -> str:
        """File name of the exports, without ending."""
        return str(self._picture.name)

    @name.setter
    def name(self, name: str) -> None:
        self._picture.name = file_name(name)
        self._page.hint = _hint(name)

    @property
    def label(self) -> str:
        """What the chart shows, in one sentence; it may change with the chart."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        self._label = label
        self._picture.label = self._said()

    def _said(self) -> str:
        return f"{self._label} {self._table}".strip()

    def _work(self) -> Work:
        # The chart as it is at the click: updates go on while the page is written.
        drawn, name, label = self.chart.to_dict(), f"{self.name}.html", self.label
        return lambda: (name, chart_page(drawn, label, date.today()).encode("utf-8"))


def _hint(name: str) -> str:
    return f"Save chart as a page that opens without the workbench: {name}"
