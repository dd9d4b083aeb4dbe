"""Charts of a comparison and a diagnosis: pure functions from a value to a plotly figure.

Every series is labelled where it stands, every axis says unit and n, and whatever comes from a client's files passes
through `chart_text`. Nothing is computed here but positions.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import numbers
from workbench.records import ArmReport, Comparison, Diagnosis, Difference, Estimate
from workbench.report.words import CAUSE_NAMES, DIFFERENCE_WORDS, Changes, failure_name, measure_labels
from workbench.retrieval.recipes import arm_name
from workbench.ui.tokens import CHART_TEXT, OTHER_COLOUR, TYPE_SCALE, arm_colour, cause_colour, plotly_template

ROW = 34
"""Pixels of one row of a horizontal chart."""
FRAME = 72
"""Pixels for the axis under the rows and the title above a panel."""


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


def differences_chart(differences: Sequence[Difference]) -> go.Figure:
    """Each candidate minus its baseline with its interval around a line at zero (a forest plot), verdict beside it."""
    measured = [d for d in differences if d.difference.value is not None]
    if not measured:
        return empty_chart("not measured: no two arms have the same labelled questions")
    rows = [f"{arm_name(d.candidate)} against {arm_name(d.baseline)}, {d.measure}" for d in measured]
    figure = _horizontal(len(rows))
    for row, each in zip(rows, measured, strict=True):
        figure.add_trace(_point(each.difference, row, arm_colour(each.candidate), text=""))
        # Words start at the upper end of an interval, so that they never lie on its bar.
        figure.add_annotation(
            x=each.difference.high, y=row, text=_difference_label(each), showarrow=False, xanchor="left", xshift=12
        )
    bounds = [abs(b) for d in measured for b in (d.difference.low, d.difference.high) if b is not None]
    reach = 1.1 * max([*bounds, 0.05])
    most = max(d.difference.n for d in measured)
    # Half the width is left for the words beside the intervals.
    figure.update_xaxes(range=[-reach, 2.6 * reach], title_text=f"difference, better to the right, n = {most}")
    ticks = _symmetric_ticks(reach)
    figure.update_xaxes(tickvals=ticks, ticktext=[numbers.signed(tick) for tick in ticks])
    figure.update_yaxes(categoryarray=rows[::-1])
    figure.add_vline(x=0, line_width=1, line_color=CHART_TEXT)
    return figure


def failures_chart(comparison: Comparison) -> go.Figure:
    """Missed questions by failure code: one panel per arm, one row per code, the count at the end of its bar."""
    arms = [arm for arm, failures in comparison.failures.items() if failures.share.value is not None]
    codes = sorted(
        {code for arm in arms for code in comparison.failures[arm].by_code},
        key=lambda code: (-sum(comparison.failures[arm].by_code.get(code, 0) for arm in arms), code),
    )
    if not codes:
        return empty_chart("no question was missed" if arms else "not measured: no question has a labelled document")
    rows = [chart_text(failure_name(code)) for code in codes]
    titles = [_wrapped(arm_name(arm), len(arms)) for arm in arms]
    figure = _panels(titles, rows)
    lines = max(title.count("<br>") for title in titles)
    figure.update_layout(margin_t=32 + 20 * lines, height=figure.layout.height + 20 * lines)
    highest = max(comparison.failures[arm].by_code.get(code, 0) for arm in arms for code in codes)
    for column, arm in enumerate(arms, start=1):
        failures = comparison.failures[arm]
        counts = [failures.by_code.get(code, 0) for code in codes]
        figure.add_trace(_bar(counts, rows, arm_colour(arm)), row=1, col=column)
        figure.update_xaxes(
            range=[0, highest * 1.25],
            nticks=3,
            tickformat="d",
            title_text=_wrapped(f"questions of {failures.share.n}, top {failures.k}", len(arms)),
            col=column,
        )
    return figure


def changes_chart(changes: Sequence[Changes]) -> go.Figure:
    """Questions a candidate gets back (to the right) and loses (to the left) against its baseline."""
    if not changes:
        return empty_chart("not measured: no two arms have the same labelled questions")
    rows = [arm_name(change.candidate) for change in changes]
    colours = [arm_colour(change.candidate) for change in changes]
    figure = _horizontal(len(rows))
    figure.add_trace(_bar([c.recovered for c in changes], rows, colours, words="back"))
    figure.add_trace(_bar([-c.lost for c in changes], rows, colours, words="lost", opacity=0.45))
    reach = 1.35 * max(1, *(c.recovered for c in changes), *(c.lost for c in changes))
    missed = changes[0].recovered + changes[0].still_failing
    figure.update_xaxes(
        range=[-reach, reach],
        showticklabels=False,
        title_text=f"questions against {arm_name(changes[0].baseline)}, which misses {missed}",
    )
    figure.update_yaxes(categoryarray=rows[::-1])
    figure.update_layout(barmode="overlay")
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


def _wrapped(words: str, panels: int) -> str:
    """Words in lines as long as one of so many panels beside each other has room for."""
    return "<br>".join(textwrap.wrap(words, max(12, 110 // panels), break_long_words=False)) if panels > 5 else words


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


def _bar(
    counts: Sequence[int], rows: Sequence[str], colour: str | list[str], *, words: str = "", opacity: float = 1.0
) -> go.Bar:
    written = [f"{numbers.count(abs(value))} {words}".rstrip() for value in counts]
    return go.Bar(
        x=list(counts), y=list(rows), orientation="h", width=0.5, marker={"color": colour, "opacity": opacity},
        text=written, textposition="outside", cliponaxis=False, hoverinfo="y+text",
    )  # fmt: skip


def _difference_label(each: Difference) -> str:
    value = each.difference.value or 0.0
    written = numbers.points(value, each.difference.n) if numbers.is_share(each.measure) else numbers.signed(value)
    return f"{written}: {DIFFERENCE_WORDS[each.verdict]}"


def _largest_n(comparison: Comparison, label: str) -> str:
    return numbers.count(max((a.measures[label].n for a in comparison.arms.values() if label in a.measures), default=0))


def _symmetric_ticks(reach: float) -> list[float]:
    step = next((s for s in (0.02, 0.05, 0.1, 0.2, 0.5) if reach / s <= 3), 0.5)
    return [round(step * i, 2) for i in range(-int(reach / step), int(reach / step) + 1)]
