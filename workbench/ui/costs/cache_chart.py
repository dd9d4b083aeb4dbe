"""The curve of a replay: what each threshold answers from the cache, and how much of that is wrong.

Two panels one above the other with one axis of thresholds; a pure function from a curve to a figure, redrawn in place.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.numbers import count
from workbench.records import CacheCurve, CachePoint, Estimate
from workbench.report.costs_text import FALSE_HITS
from workbench.ui.tokens import ARM_COLOURS, CHART_TEXT, TYPE_SCALE, plotly_template

HEIGHT = 380
LEAST = 0.70
"""The lowest threshold, at the right end."""
HITS, EXACT, FALSE = 0, 1, 2
"""Traces by place, for callbacks."""
_BLUE, _GREY, _ORANGE = ARM_COLOURS["hybrid+rerank"], ARM_COLOURS["reference"], ARM_COLOURS["dense"]


def cache_figure(curve: CacheCurve, looked_at: CachePoint) -> go.Figure:
    """The curve, with the threshold looked at and the one chosen marked."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.16)
    figure.update_layout(
        template=plotly_template(), height=HEIGHT, margin={"l": 52, "r": 16, "t": 40, "b": 52}, showlegend=False
    )
    for trace in _traces(curve):
        figure.add_trace(trace, row=2 if trace.name == "false" else 1, col=1)
    figure.update_xaxes(
        range=[1.005, 0.695], tickformat=".2f", row=2, col=1, title_text=_x_title(curve), title_font_size=TYPE_SCALE[0]
    )
    figure.update_xaxes(range=[1.005, 0.695], row=1, col=1)
    figure.update_yaxes(rangemode="tozero", tickformat=".0%", nticks=5)
    figure.layout.shapes = _lines(curve, looked_at)
    figure.layout.annotations = _labels(curve, looked_at)
    return figure


def redraw(chart: go.FigureWidget, curve: CacheCurve, looked_at: CachePoint) -> None:
    """Turn a shown chart into that of another curve or another threshold."""
    with chart.batch_update():
        for place, trace in enumerate(_traces(curve)):
            chart.data[place].x = trace.x
            chart.data[place].y = trace.y
            chart.data[place].error_y = trace.error_y
            chart.data[place].customdata = trace.customdata
        chart.layout.shapes = _lines(curve, looked_at)
        chart.layout.annotations = _labels(curve, looked_at)


def _semantic(curve: CacheCurve) -> list[CachePoint]:
    return [point for point in curve.points if point.threshold <= 1]


def _traces(curve: CacheCurve) -> list[go.Scatter]:
    points = _semantic(curve)
    exact = curve.points[0].exact_hits / max(curve.points[0].queries, 1) if curve.points else 0.0
    hits = _line(points, [point.hit_rate for point in points], _BLUE, "hits", "%{y:.1%} answered at %{x:.2f}")
    ground = go.Scatter(
        x=[point.threshold for point in points],
        y=[exact for _ in points],
        mode="lines",
        line={"color": _GREY, "width": 2},
        name="exact",
        hovertemplate="%{y:.1%} exact repeats<extra></extra>",
    )
    false = _line(
        points, [point.false_hit_rate for point in points], _ORANGE, "false", "%{y:.1%} at %{x:.2f}, n = %{customdata}"
    )
    return [hits, ground, false]


def _line(points: Sequence[CachePoint], values: Sequence[Estimate], colour: str, name: str, hover: str) -> go.Scatter:
    return go.Scatter(
        x=[point.threshold for point in points],
        y=[value.value for value in values],
        customdata=[count(value.n) for value in values],
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"color": colour, "size": 6},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [_reach(value.high, value.value) for value in values],
            "arrayminus": [_reach(value.value, value.low) for value in values],
            "color": colour,
            "thickness": 1,
            "width": 0,
        },
        name=name,
        hovertemplate=f"{hover}<extra></extra>",
    )


def _reach(upper: float | None, lower: float | None) -> float:
    return 0.0 if upper is None or lower is None else upper - lower


def _lines(curve: CacheCurve, looked_at: CachePoint) -> list[dict[str, object]]:
    budget: dict[str, object] = {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": curve.budget, "y1": curve.budget,
        "line": {"color": CHART_TEXT, "width": 1, "dash": "dot"},
    }  # fmt: skip
    marks = [_upright(looked_at.threshold, "solid")] if looked_at.threshold <= 1 else []
    if curve.chosen and curve.chosen.threshold <= 1 and curve.chosen.threshold != looked_at.threshold:
        marks.append(_upright(curve.chosen.threshold, "dash"))
    return [budget, *marks]


def _upright(threshold: float, dash: str) -> dict[str, object]:
    return {
        "type": "line", "yref": "paper", "y0": 0, "y1": 1, "xref": "x2", "x0": threshold, "x1": threshold,
        "line": {"color": CHART_TEXT, "width": 1.5, "dash": dash},
    }  # fmt: skip


def _labels(curve: CacheCurve, looked_at: CachePoint) -> list[dict[str, object]]:
    points = _semantic(curve)
    false = FALSE_HITS[curve.method]
    found: list[dict[str, object]] = [
        _title("answered from the cache, of all questions", "y domain"),
        _title(f"{false}, of the hits that could be judged; dotted: the budget", "y2 domain"),
    ]
    if points:
        last = points[-1]
        found.append(_at_the_end(last.hit_rate.value or 0.0, "all hits", "bottom"))
        found.append(_at_the_end(last.exact_hits / max(last.queries, 1), "exact repeats", "top"))
    if looked_at.threshold <= 1:
        found.append(
            {
                "x": looked_at.threshold, "xref": "x2", "y": 1.0, "yref": "paper", "yanchor": "bottom", "showarrow": False,
                "text": f"<b>{looked_at.threshold:.2f}</b>", "yshift": 16,
            }
        )  # fmt: skip
    return found


def _title(text: str, yref: str) -> dict[str, object]:
    return {
        "x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": yref, "yanchor": "bottom", "text": text,
        "showarrow": False, "font": {"size": TYPE_SCALE[0]},
    }  # fmt: skip


def _at_the_end(value: float, text: str, anchor: str) -> dict[str, object]:
    return {
        "x": LEAST, "xref": "x", "xanchor": "right", "y": value, "yref": "y", "yanchor": anchor, "text": text,
        "showarrow": False, "yshift": 6 if anchor == "bottom" else -2, "font": {"size": TYPE_SCALE[0]},
    }  # fmt: skip


def _x_title(curve: CacheCurve) -> str:
    queries = curve.points[0].queries if curve.points else 0
    return f"least cosine of a hit (stricter to the left), n = {count(queries)} questions; thin bars: 95 % intervals"
