"""The client's runs in time, one metric at a time: points with intervals, releases as marks.

A pure function from a history to a figure; client text passes through `chart_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go

from workbench.numbers import count, interval, number, percent, significant
from workbench.observing import in_utc
from workbench.records import Estimate, RunHistory, RunSummary
from workbench.ui.charts import chart_text, empty_chart
from workbench.ui.evaluation.error_bars import error_bars
from workbench.ui.evaluation.state import PASSED
from workbench.ui.evaluation.words import in_shares, metric_name
from workbench.ui.tokens import CHART_TEXT, TYPE_SCALE, arm_colour, plotly_template

HEIGHT = 330
MEASURED, STATED = range(2)
"""Traces by place."""
MOST_RELEASES = 12
"""Releases named beside their line; of more all have a line and none a name."""


def runs_figure(history: RunHistory, metric: str, chosen: str = "") -> go.Figure:
    """The runs of one metric.

    Args:
        history: the runs.
        metric: name of a metric, or "passed".
        chosen: id of the run whose change is looked at; ringed.
    """
    runs = [run for run in history.runs if value_of(run, metric).value is not None or metric in run.stated]
    if not runs:
        figure = empty_chart(f"not measured: no run has {metric_name(metric) or 'a metric'}")
        return figure.add_traces([go.Scatter(x=[], y=[]), go.Scatter(x=[], y=[])])
    timed = any(run.at is not None for run in runs)
    pinned = next((run for run in runs if timed and run.at is None and run.run_id == history.baseline), None)
    if timed:  # a run without a date has no place on an axis of time; the table holds it
        runs = [run for run in runs if run.at is not None]
    measured = [run for run in runs if value_of(run, metric).value is not None]
    stated = [run for run in runs if value_of(run, metric).value is None]
    figure = go.Figure(layout={"template": plotly_template(), "height": HEIGHT})
    figure.add_traces([_measured(measured, metric, timed, chosen), _stated(stated, metric, timed)])
    # Numbers of the runs, not their names: a name in a saved page would be the client's text outside of `chart_text`.
    for trace, shown in zip(figure.data, (measured, stated), strict=True):
        trace.customdata = [history.runs.index(run) for run in shown]
    values = [bound for run in measured for bound in _bounds(value_of(run, metric))]
    values += [run.stated[metric] for run in stated]
    values += [value_of(pinned, metric).value or 0.0] if pinned and value_of(pinned, metric).value is not None else []
    unit = "share" if in_shares(metric) else "mean over items"
    figure.update_yaxes(
        title_text=f"{chart_text(metric_name(metric))}, {unit}",
        tickformat=".0%" if in_shares(metric) else None,
        range=_range(values),
        title_font_size=TYPE_SCALE[1],
    )
    if timed:
        _mark_releases(figure, history, [_moment(run) for run in runs])
    if pinned is not None:
        _mark_baseline(figure, pinned, metric)
    figure.update_xaxes(
        type="date" if timed else "category",
        title_text=f"{'runs by time' if timed else 'runs in the order of their files'}, {_items(measured)}",
        title_font_size=TYPE_SCALE[1],
    )
    figure.update_layout(margin={"t": 44, "r": 24})
    return figure


def value_of(run: RunSummary, metric: str) -> Estimate:
    """What a run measures of a metric over its items."""
    missing = Estimate.not_measured("the run does not hold it item by item")
    return run.passed if metric == PASSED else run.metrics.get(metric, missing)


def value_words(run: RunSummary, metric: str) -> str:
    """The value of a run with its interval, or the bare number it states."""
    estimate = value_of(run, metric)
    share = in_shares(metric)
    if estimate.value is not None:
        return f"{number(estimate, share=share)} {interval(estimate, share=share)}".rstrip()
    if metric in run.stated:
        stated = run.stated[metric]
        return f"{percent(stated, 1) if share and 0 <= stated <= 1 else significant(stated)}, stated only"
    return "not measured"


def _measured(runs: Sequence[RunSummary], metric: str, timed: bool, chosen: str) -> go.Scatter:
    estimates = [value_of(run, metric) for run in runs]
    colour = arm_colour("deployed")
    return go.Scatter(
        x=[_place(run, timed) for run in runs],
        y=[estimate.value for estimate in estimates],
        mode="lines+markers",
        line={"color": colour, "width": 1.5},
        marker={
            "color": colour,
            "size": [14 if run.run_id == chosen else 9 for run in runs],
            "line": {"color": CHART_TEXT, "width": [2 if run.run_id == chosen else 0 for run in runs]},
        },
        error_y=error_bars(estimates, colour),
        hovertext=[_hover(run, metric) for run in runs],
        hoverinfo="text",
    )


def _stated(runs: Sequence[RunSummary], metric: str, timed: bool) -> go.Scatter:
    """Runs of which only an aggregate was kept: hollow, for they have no interval."""
    return go.Scatter(
        x=[_place(run, timed) for run in runs],
        y=[run.stated[metric] for run in runs],
        mode="markers",
        marker={"color": arm_colour("deployed"), "size": 9, "symbol": "circle-open", "line": {"width": 2}},
        hovertext=[_hover(run, metric) for run in runs],
        hoverinfo="text",
    )


def _hover(run: RunSummary, metric: str) -> str:
    return f"{chart_text(run.run_id)}: {chart_text(value_words(run, metric))}, n = {count(value_of(run, metric).n)}"


def _mark_releases(figure: go.Figure, history: RunHistory, moments: Sequence[datetime]) -> None:
    """Every release as an upright dotted line; named while there is room."""
    first, last = min(moments), max(moments)
    around = (last - first) * 0.2
    near = [
        (name, in_utc(at)) for name, at in history.releases.items() if first - around <= in_utc(at) <= last + around
    ]
    for place, (name, at) in enumerate(sorted(near, key=lambda release: release[1])):
        figure.add_shape(
            type="line", x0=at, x1=at, yref="paper", y0=0, y1=1, line={"color": CHART_TEXT, "width": 1, "dash": "dot"}
        )
        if len(near) <= MOST_RELEASES:
            figure.add_annotation(
                x=at, yref="paper", y=1, yanchor="bottom", yshift=18 * (place % 2), text=chart_text(name, limit=16),
                showarrow=False, font={"size": TYPE_SCALE[1] - 1},
            )  # fmt: skip


def _mark_baseline(figure: go.Figure, run: RunSummary, metric: str) -> None:
    """A pinned run without a date, as a dashed line across."""
    level = value_of(run, metric).value
    level = run.stated.get(metric) if level is None else level
    if level is not None:
        figure.add_hline(y=level, line={"color": CHART_TEXT, "width": 1, "dash": "dash"})
        figure.add_annotation(
            x=1, xref="paper", xanchor="right", y=level, yanchor="top", text="baseline", showarrow=False,
            font={"size": TYPE_SCALE[1] - 1},
        )  # fmt: skip


def _place(run: RunSummary, timed: bool) -> object:
    return _moment(run) if timed else chart_text(run.run_id, limit=24)


def _moment(run: RunSummary) -> datetime:
    assert run.at is not None  # asked only where every run has a time
    return in_utc(run.at)


def _bounds(estimate: Estimate) -> list[float]:
    return [bound for bound in (estimate.low, estimate.value, estimate.high) if bound is not None]


def _range(values: Sequence[float]) -> list[float]:
    margin = 0.1 * (max(values) - min(values)) or 0.05
    return [min(values) - margin, max(values) + margin]


def _items(measured: Sequence[RunSummary]) -> str:
    if not measured:
        return "stated without items"
    sizes = sorted({run.items for run in measured})
    span = count(sizes[0]) if len(sizes) == 1 else f"{count(sizes[0])} to {count(sizes[-1])}"
    return f"n = {span} items each; thin bars: 95 % intervals; dotted: releases"
