"""Context tokens against success: what fewer passages for the model save and what they lose, one line a search.

A pure function from a value to a figure; arms keep the colours they have everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from workbench.numbers import count
from workbench.records import ContextPoint, ContextTradeOff
from workbench.retrieval.recipes import arm_name
from workbench.ui.charts import chart_text, empty_chart
from workbench.ui.tokens import CHART_TEXT, TYPE_SCALE, arm_colour, plotly_template

HEIGHT = 380
NAME = 18
"""Pixels a name needs."""


def context_figure(trade_off: ContextTradeOff) -> go.Figure:
    """A line for every arm, a point for every k; the present system is ringed, the chosen point has a diamond."""
    points = [point for point in trade_off.points if point.tokens.value is not None and point.success.value is not None]
    if not points:
        return empty_chart(f"not measured: {trade_off.reason or 'no arm has tokens and labelled questions'}")
    figure = go.Figure(
        layout={"template": plotly_template(), "height": HEIGHT, "margin": {"l": 72, "r": 130, "t": 24, "b": 48}}
    )
    ends = []
    for arm in dict.fromkeys(point.arm for point in points):
        own = sorted((point for point in points if point.arm == arm), key=lambda point: point.k)
        figure.add_trace(_line(arm, own))
        ends.append(own[-1])
    for end, shift in zip(ends, _apart(ends, points), strict=True):
        figure.add_annotation(
            x=end.tokens.value, y=end.success.value, text=chart_text(arm_name(end.arm)), showarrow=False, xanchor="left",
            xshift=12, yshift=shift, font={"size": TYPE_SCALE[1], "color": CHART_TEXT},
        )  # fmt: skip
    for place, words, symbol, up in (
        (trade_off.baseline, "present system", "circle-open", 26),
        (trade_off.chosen, "chosen", "diamond-open", -26),
    ):
        if place is not None and place.tokens.value is not None and place.success.value is not None:
            figure.add_trace(_ring(place, symbol))
            figure.add_annotation(
                x=place.tokens.value, y=place.success.value, text=f"{words}, k = {place.k}", showarrow=True, arrowhead=0,
                arrowcolor=CHART_TEXT, ax=0, ay=-up - 24 if up > 0 else 50, font={"size": TYPE_SCALE[1], "color": CHART_TEXT},
            )  # fmt: skip
    judged = max(point.success.n for point in points)
    figure.update_xaxes(title_text="context tokens of a question, mean", rangemode="tozero", showgrid=True)
    figure.update_yaxes(title_text=f"success@k, n = {count(judged)} judged", tickformat=".0%")
    return figure


def _apart(ends: Sequence[ContextPoint], points: Sequence[ContextPoint]) -> list[float]:
    """Pixels each name at the end of a line is moved up or down, so that names of lines that end together can be read."""
    values = [point.success.value or 0.0 for point in points]
    pixels = (HEIGHT - 72) / max(max(values) - min(values), 0.05)
    order = sorted(range(len(ends)), key=lambda place: -(ends[place].success.value or 0.0))
    shifts, free = [0.0] * len(ends), math.inf
    for place in order:
        at = (ends[place].success.value or 0.0) * pixels
        free = min(at, free - NAME)
        shifts[place] = free - at
    return shifts


def _line(arm: str, points: list[ContextPoint]) -> go.Scatter:
    values = [point.success.value or 0.0 for point in points]
    highs = [
        point.success.high if point.success.high is not None else v for point, v in zip(points, values, strict=True)
    ]
    lows = [point.success.low if point.success.low is not None else v for point, v in zip(points, values, strict=True)]
    colour = arm_colour(arm)
    return go.Scatter(
        x=[point.tokens.value for point in points],
        y=values,
        mode="lines+markers+text",
        text=[str(point.k) for point in points],
        textposition="bottom center",
        textfont={"size": TYPE_SCALE[0], "color": CHART_TEXT},
        line={"color": colour, "width": 2},
        marker={"size": 7, "color": colour},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [max(high - value, 0.0) for high, value in zip(highs, values, strict=True)],
            "arrayminus": [max(value - low, 0.0) for low, value in zip(lows, values, strict=True)],
            "thickness": 1,
            "width": 0,
            "color": colour,
        },
        name=chart_text(arm_name(arm)),
        hovertemplate=f"{chart_text(arm_name(arm))}, k = %{{text}}: %{{y:.1%}} at %{{x:.0f}} tokens<extra></extra>",
    )


def _ring(point: ContextPoint, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=[point.tokens.value], y=[point.success.value], mode="markers", hoverinfo="skip",
        marker={"symbol": symbol, "size": 16, "color": CHART_TEXT, "line": {"width": 2}},
    )  # fmt: skip
