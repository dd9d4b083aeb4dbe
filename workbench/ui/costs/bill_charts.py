"""The bill as pictures: the waterfall from today's month to the one with both levers, and spending hour by hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import plotly.graph_objects as go

from workbench.costs.arrays import Floats
from workbench.numbers import count
from workbench.records import BreakerLimit, Projection, WaterfallStep
from workbench.report.costs_text import plain
from workbench.ui.charts import chart_text
from workbench.ui.tokens import ARM_COLOURS, CHART_TEXT, plotly_template

HEIGHT, LOW_HEIGHT = 360, 240
HOUR_WIDTH = 3_600_000
"""Milliseconds of an hour: the width of its bar."""
_TOTAL, _LESS, _MORE = ARM_COLOURS["reference"], ARM_COLOURS["hybrid"], ARM_COLOURS["dense"]


def waterfall_figure(projection: Projection) -> go.Figure:
    """Bars from the cost of a month as it is to what is left; intervals as thin bars; one trace whatever it shows."""
    steps = projection.waterfall
    figure = go.Figure(layout={"template": plotly_template(), "height": HEIGHT, "showlegend": False})
    figure.add_trace(_bars(steps))
    figure.update_yaxes(
        exponentformat="none", title_text=f"{chart_text(projection.currency or 'cost')} a month", rangemode="tozero"
    )
    figure.update_xaxes(type="category", tickangle=0)
    if not steps:
        reason = next((lever.per_month.reason for lever in projection.levers if lever.key == "none"), None)
        figure.add_annotation(
            text=chart_text(f"not measured: {reason or 'no costs are known'}"),
            showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5,
        )  # fmt: skip
    return figure


def hours_figure(hours: Floats, spent: Floats, limit: BreakerLimit | None, unit: str) -> go.Figure:
    """What every hour with traffic spent, by time, with the suggested budget as a dashed line."""
    figure = go.Figure(layout={"template": plotly_template(), "height": LOW_HEIGHT, "showlegend": False})
    figure.add_trace(
        go.Bar(
            x=[datetime.fromtimestamp(hour, UTC) for hour in hours.tolist()],
            y=spent,
            width=HOUR_WIDTH,
            marker={"color": ARM_COLOURS["hybrid+rerank"]},
            hovertemplate="%{x|%Y-%m-%d %H:00}: %{y:.3g}<extra></extra>",
        )
    )
    if limit is not None:
        figure.add_hline(y=limit.budget, line={"color": CHART_TEXT, "dash": "dash", "width": 1.5})
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="right",
            y=limit.budget,
            yanchor="bottom",
            text="suggested budget",
            showarrow=False,
        )
    figure.update_yaxes(exponentformat="none", title_text=f"{chart_text(unit)} an hour", rangemode="tozero")
    figure.update_xaxes(title_text=f"hours with traffic (UTC), n = {count(len(hours))}")
    return figure


def _bars(steps: Sequence[WaterfallStep]) -> go.Bar:
    bases, heights, colours, above, below = [], [], [], [], []
    level = 0.0
    for step in steps:
        amount = step.amount.value or 0.0
        bases.append(0.0 if step.kind == "total" else level)
        heights.append(amount)
        level = amount if step.kind == "total" else level + amount
        colours.append(_TOTAL if step.kind == "total" else _LESS if amount <= 0 else _MORE)
        above.append((step.amount.high or amount) - amount)
        below.append(amount - (step.amount.low if step.amount.low is not None else amount))
    return go.Bar(
        # The amount stands under the label: above its bar the interval would run through it.
        x=[f"{_wrapped(step.label)}<br><b>{plain(step.amount.value or 0.0)}</b>" for step in steps],
        y=heights,
        base=bases,
        marker={"color": colours},
        error_y={
            "type": "data", "symmetric": False, "array": above, "arrayminus": below, "color": CHART_TEXT, "thickness": 1,
            "width": 0,
        },
        hovertemplate="%{x}<extra></extra>",
    )  # fmt: skip


def _wrapped(label: str) -> str:
    """A label over two lines where it is long."""
    words, lines = label.split(), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > 16:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(chart_text(line) for line in lines)
