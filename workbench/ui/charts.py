"""Charts of a comparison and a diagnosis: pure functions from a value to a plotly figure.

Every series is labelled where it stands, every axis says unit and n, and whatever comes from a client's files passes
through `chart_text`. Nothing is computed here but positions.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import numbers
from workbench.records import ArmReport, Comparison, Diagnosis, Difference, Estimate
from workbench.report.words import CAUSE_NAMES, DIFFERENCE_WORDS, measure_labels
from workbench.retrieval.recipes import arm_name
from workbench.ui.tokens import (
    CHART_GRID,
    CHART_TEXT,
    OTHER_COLOUR,
    TYPE_SCALE,
    arm_colour,
    cause_colour,
    plotly_template,
)

ROW = 34
"""Pixels of one row of a horizontal chart."""
FRAME = 72
"""Pixels for the axis under the rows and the title above a panel."""
FOREST_ROW, FOREST_FRAME = 26, 64
"""The same for the chart of differences, whose rows hold no text above their marks."""
WORDS_FROM = 0.38
"""Where the words beside the differences start, as a share of the width."""


def chart_text(text: str, *, limit: int = 70) -> str:
    """Client text as a plotly label: shown letter by letter, at most `limit` characters, never markup or a formula.

    Plotly reads a subset of HTML in labels and, where MathJax is loaded, `$...$` as a formula; entities keep both out.
    """
    short = text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
    return html.escape(short, quote=False).replace("$", "&#36;")


def measures_chart(comparison: Comparison, measures: Sequence[str] | None = None) -> go.Figure:
    """Arms by measures: one panel per measure, one row per arm, a thin bar over the 95 % interval."""
    labels = tuple(measures) if measures is not None else measure_labels(comparison)
    arms = list(comparison.arms)
    if comparison.judged == 0 or not labels:
        return empty_chart("not measured: no question has a labelled document")
    figure = _panels(labels, arms)
    for column, label in enumerate(labels, start=1):
        for arm in arms:
            figure.add_trace(_arm_point(arm, comparison.arms[arm], label), row=1, col=column)
        share = numbers.is_share(label)
        unit = "share" if share else "0 to 1"
        figure.update_xaxes(
            range=[0, 1.02],
            tickvals=[0, 0.5, 1],
            ticktext=["0 %", "50 %", "100 %"] if share else ["0", "0.5", "1"],
            title_text=f"{unit}, n = {_largest_n(comparison, label)}",
            col=column,
        )
    # The numbers stand above their marks: the first row needs room under the panel's title.
    figure.update_yaxes(range=[-0.6, len(arms) - 0.2])
    return figure


def differences_chart(differences: Sequence[Difference], *, chosen: Collection[str] = ()) -> go.Figure:
    """Each candidate minus its baseline with its interval around a line at zero (a forest plot), verdict beside it.

    One trace whatever the rows, so that a shown chart can turn into another one; a difference nobody can tell yet is hollow.

    Args:
        differences: those drawn, top down; what has no value is left out.
        chosen: the two arms compared elsewhere on the page; their row has a ground.
    """
    measured = [d for d in differences if d.difference.value is not None]
    if not measured:
        return empty_chart("not measured: no two arms have the same labelled questions").add_trace(_forest(()))
    one_measure = len({d.measure for d in measured}) == 1
    rows = [_row_name(d, "" if one_measure else f", {d.measure}") for d in measured]
    figure = go.Figure(layout={"template": plotly_template(), "height": FOREST_FRAME + FOREST_ROW * len(rows)})
    figure.add_trace(_forest(measured))
    for place, each in enumerate(measured):
        figure.add_annotation(
            x=WORDS_FROM, xref="paper", y=place, text=chart_text(_difference_label(each), limit=120), showarrow=False,
            xanchor="left", align="left",
        )  # fmt: skip
        if {each.baseline, each.candidate} == set(chosen):
            figure.add_shape(
                type="rect", xref="paper", x0=0, x1=1, y0=place - 0.5, y1=place + 0.5, fillcolor=CHART_GRID, line_width=0,
                layer="below", opacity=0.5,
            )  # fmt: skip
    bounds = [abs(b) for d in measured for b in (d.difference.low, d.difference.high) if b is not None]
    reach = 1.1 * max([*bounds, 0.05])
    most = numbers.count(max(d.difference.n for d in measured))
    ticks = _symmetric_ticks(reach)
    points = one_measure and numbers.is_share(measured[0].measure)
    figure.update_xaxes(
        showgrid=True,
        domain=[0, WORDS_FROM - 0.02],
        range=[-reach, reach],
        tickvals=ticks,
        ticktext=[_tick(100 * tick if points else tick) for tick in ticks],
        title_text=f"difference in {measured[0].measure if one_measure else 'the measure named'}"
        f"{', points' if points else ''}; better to the right; n = {most}",
        title_font_size=TYPE_SCALE[1],
    )
    figure.update_yaxes(
        showgrid=False,
        range=[len(rows) - 0.5, -0.5],
        tickvals=list(range(len(rows))),
        ticktext=rows,
        ticklabelstandoff=8,
    )
    figure.add_vline(x=0, line_width=1, line_color=CHART_TEXT)
    return figure


def causes_chart(diagnosis: Diagnosis) -> go.Figure:
    """How far the evidence moved each cause: a diamond where it started, a bar to where it is, a line over the band."""
    if not diagnosis.causes:
        return empty_chart("not measured: no cause could be looked at")
    rows = [CAUSE_NAMES[cause.cause] for cause in diagnosis.causes]
    figure = _horizontal(len(rows))
    figure.add_trace(
        go.Bar(
            x=[cause.probability for cause in diagnosis.causes],
            y=rows,
            orientation="h",
            width=0.5,
            marker={"color": [cause_colour(cause.cause) for cause in diagnosis.causes], "opacity": 0.55},
            error_x={
                "type": "data",
                "array": [cause.high - cause.probability for cause in diagnosis.causes],
                "arrayminus": [cause.probability - cause.low for cause in diagnosis.causes],
                "thickness": 2,
                "width": 0,
                "color": CHART_TEXT,
            },
            hovertext=[f"{numbers.probability(c.probability)}, {c.verdict}" for c in diagnosis.causes],
            hoverinfo="text",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[cause.prior for cause in diagnosis.causes],
            y=rows,
            mode="markers",
            marker={"symbol": "diamond-open", "size": 11, "color": CHART_TEXT, "line": {"width": 2}},
            hovertext=[f"before any evidence: {numbers.probability(c.prior)}" for c in diagnosis.causes],
            hoverinfo="text",
        )
    )
    ticks = [0, 0.25, 0.5, 0.75, 1]
    figure.update_xaxes(
        range=[0, 1.02],
        tickvals=ticks,
        ticktext=[numbers.probability(tick) for tick in ticks],
        title_text="probability; diamond: before any evidence, line: middle 80 % of draws",
    )
    figure.update_yaxes(categoryarray=rows[::-1])
    return figure


def empty_chart(reason: str) -> go.Figure:
    """A chart-sized place that says why there is no chart."""
    figure = go.Figure(layout={"template": plotly_template(), "height": ROW * 3})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=chart_text(reason, limit=200), showarrow=False, x=0, y=0.5, xref="paper", yref="paper")
    return figure


# ---------------------------------------------------------------- pieces


def _horizontal(rows: int) -> go.Figure:
    figure = go.Figure(layout={"template": plotly_template(), "height": FRAME + ROW * rows})
    return _rows_down(figure)


def _panels(titles: Sequence[str], rows: Sequence[str]) -> go.Figure:
    named = [arm_name(row) for row in rows]
    figure = make_subplots(rows=1, cols=len(titles), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.04)
    figure.update_layout(template=plotly_template(), height=FRAME + 24 + ROW * len(rows), margin_t=32)
    figure.update_annotations(font_size=TYPE_SCALE[1])
    return _rows_down(figure).update_yaxes(categoryarray=named[::-1])


def _rows_down(figure: go.Figure) -> go.Figure:
    figure.update_xaxes(showgrid=True, title_font_size=TYPE_SCALE[1])
    return figure.update_yaxes(showgrid=False, type="category", categoryorder="array", ticklabelstandoff=8)


def _arm_point(arm: str, report: ArmReport, label: str) -> go.Scatter:
    estimate = report.measures.get(label, Estimate.not_measured(report.reason or "not among its measures"))
    if estimate.value is None:
        reason = chart_text(numbers.not_measured(estimate.reason), limit=200)
        return go.Scatter(
            x=[0.02], y=[arm_name(arm)], mode="text", text=["not measured"], textposition="middle right",
            hovertext=[reason], hoverinfo="text", textfont_color=OTHER_COLOUR,
        )  # fmt: skip
    share = numbers.is_share(label)
    return _point(estimate, arm_name(arm), arm_colour(arm), text=numbers.number(estimate, share=share))


def _point(estimate: Estimate, row: str, colour: str, *, text: str) -> go.Scatter:
    """A marker with its interval, the number above it."""
    return go.Scatter(
        x=[estimate.value],
        y=[row],
        mode="markers+text",
        marker={"size": 9, "color": colour},
        error_x=_interval(estimate, colour),
        text=[text],
        textposition="top center",
        cliponaxis=False,
        hovertext=[f"{row}: {text} {numbers.interval(estimate)}, n = {estimate.n}"],
        hoverinfo="text",
    )


def _interval(estimate: Estimate, colour: str) -> dict[str, object]:
    value, low, high = estimate.value or 0.0, estimate.low or 0.0, estimate.high or 0.0
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value],
        "arrayminus": [value - low],
        "thickness": 2,
        "width": 0,
        "color": colour,
    }


def _forest(measured: Sequence[Difference]) -> go.Scatter:
    values = [d.difference.value or 0.0 for d in measured]
    lows, highs = [d.difference.low or 0.0 for d in measured], [d.difference.high or 0.0 for d in measured]
    return go.Scatter(
        x=values,
        y=list(range(len(measured))),
        mode="markers",
        marker={
            "size": 10,
            "color": [arm_colour(d.candidate) for d in measured],
            "symbol": ["circle-open" if d.verdict == "undetermined" else "circle" for d in measured],
            "line": {"width": 2, "color": [arm_colour(d.candidate) for d in measured]},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - value for high, value in zip(highs, values, strict=True)],
            "arrayminus": [value - low for low, value in zip(lows, values, strict=True)],
            "thickness": 2,
            "width": 0,
            "color": CHART_TEXT,
        },
        customdata=[f"{d.baseline}\n{d.candidate}" for d in measured],
        hovertext=[f"{_row_name(d)}: {_difference_label(d)}, n = {numbers.count(d.difference.n)}" for d in measured],
        hoverinfo="text",
    )  # fmt: skip


def _row_name(each: Difference, measure: str = "") -> str:
    return chart_text(f"{arm_name(each.candidate)} against {arm_name(each.baseline)}{measure}", limit=80)


def _difference_label(each: Difference) -> str:
    value = each.difference.value or 0.0
    written = numbers.points(value, each.difference.n) if numbers.is_share(each.measure) else numbers.signed(value)
    bounds = numbers.interval(each.difference, share=numbers.is_share(each.measure))
    needed = each.more_queries_needed
    # The words beside a bar have little room; the table behind the chart says the same at length.
    more = "" if needed is None else f" ({numbers.count(needed)} more)"
    return f"{written} {bounds}, {DIFFERENCE_WORDS[each.verdict]}{more}"


def _largest_n(comparison: Comparison, label: str) -> str:
    return numbers.count(max((a.measures[label].n for a in comparison.arms.values() if label in a.measures), default=0))


def _tick(value: float) -> str:
    """A round number on an axis around zero: +0.1, not +0.100."""
    return f"{value:+g}".replace("-", numbers.MINUS) if value else "0"


def _symmetric_ticks(reach: float) -> list[float]:
    step = next((s for s in (0.02, 0.05, 0.1, 0.2, 0.5) if reach / s <= 3), 0.5)
    return [round(step * i, 2) for i in range(-int(reach / step), int(reach / step) + 1)]
