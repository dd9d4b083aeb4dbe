"""A chart as the pages show it: the picture, what it says in words, and its export as PNG and as a page of its own."""

from __future__ import annotations

import ipywidgets as widgets
import plotly.graph_objects as go

from workbench.ui.figure import Fig


class ChartFrame(widgets.VBox):  # type: ignore[misc]
    """A chart with its tools.

    Attributes:
        chart: the plotly widget, for callbacks and updates (`query_charts.refresh`, `batch_update`).

    Args:
        figure: the finished figure.
        name: file name of its exports, without ending.
        label: what the chart shows, in one sentence, for people who do not see it.
    """

    def __init__(self, figure: go.Figure, *, name: str, label: str) -> None:
        self.name, self.label = name, label
        self.chart = Fig(figure)
        super().__init__([self.chart])
        self.add_class("wb-chart")
