"""Drift as pictures: how well two sets of questions are told apart, and the same week by week.

Pure functions from records to figures; 0.5 is a coin, and whether a difference matters is said by the records.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from workbench.numbers import count, interval, number
from workbench.records import Drift, Estimate, WeekOfQuestions
from workbench.ui.charts import chart_text, empty_chart
from workbench.ui.evaluation.error_bars import error_bars
from workbench.ui.lab.query_charts import RIGHT_COLOUR
from workbench.ui.tokens import CHART_TEXT, OTHER_COLOUR, TYPE_SCALE, plotly_template

ROW, FRAME, WEEKS_HEIGHT = 56, 72, 260
COIN = 0.5
TICKS = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
AUC = "AUC; 0.5: cannot be told apart, 1: always told apart"


def drift_figure(drifts: Sequence[Drift]) -> go.Figure:
    """A row for each pair of sets: AUC with its interval, filled where the two differ."""
    measured = [drift for drift in drifts if drift.auc.value is not None]
    if not measured:
        reason = next((drift.auc.reason for drift in drifts if drift.auc.reason), "there are no two sets of questions")
        return empty_chart(f"not measured: {reason}").add_trace(go.Scatter(x=[], y=[]))
    figure = go.Figure(layout={"template": plotly_template(), "height": FRAME + ROW * len(measured)})
    estimates = [drift.auc for drift in measured]
    names = [_name(drift) for drift in measured]
    colours = [RIGHT_COLOUR if drift.drifted else OTHER_COLOUR for drift in measured]
    figure.add_trace(
        go.Scatter(
            x=[estimate.value for estimate in estimates],
            y=list(range(len(measured))),
            mode="markers+text",
            marker={
                "size": 11,
                "color": colours,
                "symbol": ["circle" if drift.drifted else "circle-open" for drift in measured],
                "line": {"width": 2, "color": colours},
            },
            error_x=error_bars(estimates, CHART_TEXT),
            text=[number(estimate) for estimate in estimates],
            textposition="top center",
            cliponaxis=False,
            hovertext=[
                f"{name}: {number(one)} {interval(one)}, n = {count(one.n)}"
                for name, one in zip(names, estimates, strict=True)
            ],
            hoverinfo="text",
        )
    )
    low = min([0.45, *(estimate.low for estimate in estimates if estimate.low is not None)])
    ends = sorted({estimate.n for estimate in estimates})
    n = count(ends[0]) if len(ends) == 1 else f"{count(ends[0])} to {count(ends[-1])}"
    figure.update_xaxes(
        showgrid=True,
        range=[low - 0.02, 1.02],
        tickvals=TICKS,
        title_text=f"{AUC}; n = {n}",
        title_font_size=TYPE_SCALE[1],
    )
    figure.update_yaxes(
        showgrid=False,
        range=[len(names) - 0.5, -0.6],
        tickvals=list(range(len(names))),
        ticktext=names,
        ticklabelstandoff=8,
    )
    figure.add_vline(x=COIN, line_width=1, line_color=CHART_TEXT)
    return figure


def weeks_figure(weeks: Sequence[WeekOfQuestions]) -> go.Figure:
    """AUC of every measured week against the first weeks, with 95 % intervals."""
    measured = [week for week in weeks if week.auc.value is not None]
    if not measured:
        reason = next((week.auc.reason for week in weeks if week.auc.reason), "the log has no times")
        return empty_chart(f"not measured week by week: {reason}").add_trace(go.Scatter(x=[], y=[]))
    estimates: list[Estimate] = [week.auc for week in measured]
    figure = go.Figure(layout={"template": plotly_template(), "height": WEEKS_HEIGHT})
    figure.add_trace(
        go.Scatter(
            x=[week.starts for week in measured],
            y=[estimate.value for estimate in estimates],
            mode="lines+markers",
            line={"color": RIGHT_COLOUR, "width": 1.5},
            marker={"color": RIGHT_COLOUR, "size": 8},
            error_y=error_bars(estimates, RIGHT_COLOUR),
            hovertext=[
                f"week of {week.starts:%Y-%m-%d}: {number(week.auc)} {interval(week.auc)}, {count(week.n)} questions"
                for week in measured
            ],
            hoverinfo="text",
        )
    )
    lows = [estimate.low for estimate in estimates if estimate.low is not None]
    figure.update_yaxes(
        title_text="AUC against the first weeks", range=[min([0.45, *lows]) - 0.02, 1.02], tickvals=TICKS,
        title_font_size=TYPE_SCALE[1],
    )  # fmt: skip
    asked = sum(week.n for week in measured)
    figure.update_xaxes(
        type="date",
        title_text=f"weeks from Monday (UTC), n = {count(asked)} questions; thin bars: 95 % intervals; line: a coin",
        title_font_size=TYPE_SCALE[1],
    )
    figure.add_hline(y=COIN, line_width=1, line_color=CHART_TEXT)
    return figure


def _name(drift: Drift) -> str:
    return f"{chart_text(drift.reference, limit=36)}<br>against {chart_text(drift.current, limit=36)}"
