"""Charts over single questions: how every question changes between two arms, and how a chart that is shown becomes another.

Pure functions from tidy frames to a plotly figure; client text passes through `charts.chart_text`.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench import numbers
from workbench.ui.charts import chart_text
from workbench.ui.tokens import CHART_TEXT, TYPE_SCALE, arm_colour, plotly_template

RIGHT_COLOUR = "#0b7d8f"
"""Documents labelled right for the question; the accent, in a shade that reads on light and dark."""
FAINT = 0.2
"""Opacity of the bars of questions that are not looked at."""


def per_query_chart(
    per_query: pd.DataFrame,
    baseline: str,
    candidate: str,
    measure: str,
    *,
    among: Collection[str] | None = None,
    question: str = "",
) -> go.Figure:
    """Candidate minus baseline for every question, sorted: how many gain, how many lose, and by how much.

    Questions that stay the same have a place and no bar; the query_id of each bar is its `customdata`.

    Args:
        per_query: columns run, query_id, measure, value.
        baseline: the arm counted from.
        candidate: the arm counted to.
        measure: label of the measure.
        among: query_ids looked at; the bars of others are faint. None for all.
        question: query_id chosen, marked where it has a bar.
    """
    change = question_changes(per_query, baseline, candidate, measure)
    figure = go.Figure(layout={"template": plotly_template(), "height": 260})
    drawn = change[change.abs() > numbers.NOTHING]
    places = [place for place, value in enumerate(change, start=1) if abs(value) > numbers.NOTHING]
    figure.add_trace(
        go.Bar(
            x=places,
            y=drawn.tolist(),
            width=1,
            marker={"line": {"width": 0}},
            customdata=[str(q) for q in drawn.index],
            hovertext=[f"{chart_text(str(q))}: {numbers.signed(v)}" for q, v in drawn.items()],
            hoverinfo="text",
        )
    )
    mark_questions(figure, candidate, among=among, question=question)
    if change.empty:
        _say(figure, f"not measured: {measure} of both arms is needed")
    better, worse = int((change > numbers.NOTHING).sum()), int((change < -numbers.NOTHING).sum())
    same = len(change) - better - worse
    figure.update_xaxes(
        range=[0.5, max(len(change), 1) + 0.5],
        showticklabels=False,
        title_text=f"questions, sorted, n = {numbers.count(len(change))}: "
        f"{numbers.count(better)} better, {numbers.count(same)} the same, {numbers.count(worse)} worse",
        title_font_size=TYPE_SCALE[1],
    )
    figure.update_yaxes(
        title_text=f"change in {measure}",
        range=[-1.25, 1.25],
        tickvals=[-1, -0.5, 0, 0.5, 1],
        ticktext=[f"{numbers.MINUS}1", f"{numbers.MINUS}0.5", "0", "+0.5", "+1"],
        title_font_size=TYPE_SCALE[1],
    )
    figure.add_hline(y=0, line_width=1, line_color=CHART_TEXT)
    return figure


def mark_questions(
    figure: go.Figure | go.FigureWidget, candidate: str, *, among: Collection[str] | None, question: str
) -> None:
    """Say in a chart of changes, drawn or shown, which questions are looked at and which one is chosen.

    Args:
        figure: the chart; only the look of its bars and the word beside the chosen one change.
        candidate: the arm whose colour the bars have.
        among: query_ids looked at; the bars of others are faint. None for all.
        question: query_id chosen, named where it has a bar.
    """
    bars = figure.data[0]
    ids = [] if bars.customdata is None else list(bars.customdata)
    kept = None if among is None else set(among)
    opacity = np.array([1.0 if kept is None or q in kept or q == question else FAINT for q in ids])
    chosen = np.array([float(q == question) for q in ids])
    noted: list[dict[str, object]] = []
    if question in ids:
        at = ids.index(question)
        left = bars.x[at] < bars.x[-1] / 2
        noted.append({
            "x": bars.x[at], "y": bars.y[at], "text": "chosen", "arrowhead": 0, "arrowwidth": 1, "arrowcolor": CHART_TEXT,
            "standoff": 2, "ax": 0, "ay": -16 if bars.y[at] > 0 else 16, "xanchor": "left" if left else "right",
        })  # fmt: skip
    with figure.batch_update():
        # Numbers on a scale of two colours: plotly checks a list of ten thousand colours one by one.
        scale = [[0, arm_colour(candidate)], [1, RIGHT_COLOUR]]
        bars.marker.update(color=chosen, colorscale=scale, cmin=0, cmax=1, opacity=opacity)
        if ids:
            figure.layout.annotations = noted


def question_changes(per_query: pd.DataFrame, baseline: str, candidate: str, measure: str) -> pd.Series:
    """Candidate minus baseline per query_id, the largest gain first; questions one of the two has no value for are left out."""
    rows = per_query[(per_query["measure"] == measure) & per_query["run"].isin([baseline, candidate])]
    wide = rows.pivot_table(index="query_id", columns="run", values="value").reindex(
        columns=list(dict.fromkeys([baseline, candidate]))
    )
    return (wide[candidate] - wide[baseline]).dropna().sort_values(ascending=False, kind="stable")


def refresh(widget: go.FigureWidget, figure: go.Figure) -> None:
    """Turn a chart that is shown into another one of the same kind, in one message to the page.

    Raises:
        ValueError: the two do not have the same number of traces.
    """
    with widget.batch_update():
        for shown, new in zip(widget.data, figure.data, strict=True):
            shown.update({name: value for name, value in new.to_plotly_json().items() if name != "type"})
        widget.layout.annotations = figure.layout.annotations
        widget.layout.shapes = figure.layout.shapes
        widget.layout.height = figure.layout.height
        widget.layout.xaxis = figure.layout.xaxis
        widget.layout.yaxis = figure.layout.yaxis


def _say(figure: go.Figure, words: str) -> None:
    figure.add_annotation(text=chart_text(words), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
