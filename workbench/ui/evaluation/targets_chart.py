"""Targets as bullets: on one lane a metric's value with its interval, and the levels it is held against; the same as a table.

A metric that was not measured keeps its lane and says why; nothing is decided here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from workbench.numbers import count, interval, measured, number, significant
from workbench.observing import listed
from workbench.records import Target
from workbench.report.answers_text import VERDICTS, counts_words, target_words
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.charts import chart_text, empty_chart
from workbench.ui.components import Tone, badge, escape, table
from workbench.ui.evaluation.error_bars import error_bars
from workbench.ui.lab.query_charts import RIGHT_COLOUR, refresh
from workbench.ui.tokens import CHART_GRID, CHART_TEXT, OTHER_COLOUR, TYPE_SCALE, plotly_template

LINE, BETWEEN, FRAME, LOWEST = 20, 20, 44, 76
"""Pixels of a line beside a lane, between two lanes, for the axis below them, and of the lowest lane."""
LANE_END, WORDS_FROM = 0.53, 0.575
"""Where the lanes end and the words beside them start, as shares of the width."""
LONGEST_LINE = 44
"""Characters of a line beside a lane."""
HALF, LEVEL_HALF, NAME_AWAY = 9, 17, 26
"""Pixels from the middle of a lane to the edge of its ground, to the end of a level's line, and to the level's name."""
NO_TARGETS = "No target is set."


@dataclass(frozen=True, slots=True)
class Lane:
    """One metric with every level it is held against."""

    metric: str
    targets: tuple[Target, ...]

    @property
    def first(self) -> Target:
        """The target whose value stands for the metric; all of them share it."""
        return self.targets[0]

    @property
    def decided(self) -> bool:
        """Whether the interval lies on one side of every level."""
        return all(target.verdict in ("met", "missed") for target in self.targets)


def lanes(targets: Sequence[Target]) -> tuple[Lane, ...]:
    """Targets by metric, in the order they come; those production sets stand first."""
    by_metric: dict[str, list[Target]] = {}
    for target in targets:
        by_metric.setdefault(target.metric, []).append(target)
    return tuple(
        Lane(metric, tuple(sorted(found, key=lambda target: target.set_by != "production")))
        for metric, found in by_metric.items()
    )


def targets_frame(targets: Sequence[Target]) -> ChartFrame:
    """The chart with its exports; `show_targets` turns it into that of another report."""
    return ChartFrame(targets_figure(targets), name="targets", label=_label(targets), table="A table stands below.")


def show_targets(frame: ChartFrame, targets: Sequence[Target]) -> None:
    """Turn a chart that is shown into that of these targets."""
    refresh(frame.chart, targets_figure(targets))
    frame.label = _label(targets)


def targets_figure(targets: Sequence[Target]) -> go.Figure:
    """A lane a metric: the interval as a bar, the value on it (hollow where it is not decided), each level as an upright line.

    Three traces whatever the lanes, so that a shown chart can turn into another one.
    """
    rows = lanes(targets)
    if not rows:
        figure = empty_chart(NO_TARGETS)
        return figure.add_traces([go.Scatter(x=[], y=[]) for _ in range(3)])
    placed = list(enumerate(rows))
    row = max(LOWEST, BETWEEN + LINE * max(len(_lines(lane)) for lane in rows))
    figure = go.Figure(layout={"template": plotly_template(), "height": FRAME + row * len(rows)})
    figure.add_trace(_values([(y, lane) for y, lane in placed if lane.decided], RIGHT_COLOUR, "circle"))
    figure.add_trace(_values([(y, lane) for y, lane in placed if not lane.decided], OTHER_COLOUR, "circle-open"))
    figure.add_trace(_levels(placed, row))
    figure.update_layout(shapes=[shape for y, lane in placed for shape in _grounds(y, lane, row)])
    figure.update_layout(annotations=[_words(y, lane) for y, lane in placed])
    figure.update_xaxes(
        domain=[0, LANE_END],
        range=[0, 1],
        tickvals=[0, 0.25, 0.5, 0.75, 1],
        ticktext=["0", "0.25", "0.5", "0.75", "1"],
        showgrid=False,
        title_text="bar: 95 % interval; upright line: the level it must lie above",
        title_font_size=TYPE_SCALE[1],
    )
    figure.update_yaxes(
        showgrid=False,
        range=[len(rows) - 0.5, -0.5],
        tickvals=list(range(len(rows))),
        ticktext=[_name(lane) for lane in rows],
        ticklabelstandoff=12,
    )
    return figure


def targets_markup(targets: Sequence[Target]) -> str:
    """A line a target; "" without targets."""
    if not targets:
        return ""
    rows = [
        [_metric(each), escape(measured(each.value)), escape(counts_words(each)), _verdict(each)] for each in targets
    ]
    caption = "95 % intervals; a target is met where the whole interval lies above its level."
    return table(["Metric", "Value", "Rows", "Against the target"], rows, caption=caption)


def _values(placed: Sequence[tuple[int, Lane]], colour: str, symbol: str) -> go.Scatter:
    measured_lanes = [(y, lane) for y, lane in placed if lane.first.value.value is not None]
    estimates = [lane.first.value for _, lane in measured_lanes]
    return go.Scatter(
        x=[estimate.value for estimate in estimates],
        y=[y for y, _ in measured_lanes],
        mode="markers",
        marker={"size": 13, "color": colour, "symbol": symbol, "line": {"width": 2.5, "color": colour}},
        error_x={**error_bars(estimates, colour), "thickness": 6},
        cliponaxis=False,
        hovertext=[
            "<br>".join(chart_text(target_words(one), limit=200) for one in lane.targets) for _, lane in measured_lanes
        ],
        hoverinfo="text",
    )


def _levels(placed: Sequence[tuple[int, Lane]], row: int) -> go.Scatter:
    """What each level is, above its tick where production sets it, below where the case does: the two are often near."""
    marked = [(y, target) for y, lane in placed for target in lane.targets]
    side = {"production": -1, "case": 1}
    return go.Scatter(
        x=[target.level for _, target in marked],
        y=[y + side[target.set_by] * NAME_AWAY / row for y, target in marked],
        mode="text",
        text=[f"{target.set_by} {significant(target.level)}" for _, target in marked],
        textposition="middle center",
        cliponaxis=False,
        hoverinfo="skip",
    )


def _grounds(y: int, lane: Lane, row: int) -> list[dict[str, object]]:
    """The ground of a lane, darker above its highest level, and the upright lines of the levels."""
    half, level_half = HALF / row, LEVEL_HALF / row
    highest = max(target.level for target in lane.targets)
    ground = {
        "type": "rect",
        "y0": y - half,
        "y1": y + half,
        "line": {"width": 0},
        "fillcolor": CHART_GRID,
        "layer": "below",
    }
    lines = [
        {"type": "line", "x0": one.level, "x1": one.level, "y0": y - level_half, "y1": y + level_half,
         "line": {"width": 3, "color": CHART_TEXT}, "layer": "below"}
        for one in lane.targets
    ]  # fmt: skip
    return [{**ground, "x0": 0, "x1": 1, "opacity": 0.4}, {**ground, "x0": highest, "x1": 1, "opacity": 0.8}, *lines]


def _words(y: int, lane: Lane) -> dict[str, object]:
    return {
        "text": "<br>".join(_lines(lane)),
        "x": WORDS_FROM,
        "y": y,
        "xref": "paper",
        "yref": "y",
        "xanchor": "left",
        "align": "left",
        "showarrow": False,
        "font": {"size": TYPE_SCALE[1]},
    }


def _lines(lane: Lane) -> list[str]:
    """What stands beside a lane: value, rows, and what follows for each level, those that come to the same in one line."""
    target = lane.first
    if target.value.value is None:
        return ["<b>not measured</b>", *_wrapped(target.reason or "no reason given")]
    lines = [f"<b>{number(target.value)}</b> {interval(target.value)}".rstrip(), counts_words(target)]
    same: dict[tuple[str, str], list[str]] = {}
    for each in lane.targets:
        why = f"about {count(each.more_rows)} more rows" if each.more_rows else each.reason or ""
        same.setdefault((VERDICTS[each.verdict], why), []).append(f"{each.set_by} {significant(each.level)}")
    for (verdict, why), levels in same.items():
        lines += [f"<b>{verdict}</b> ({listed(levels)})", *_wrapped(why)]
    return lines


def _wrapped(text: str) -> list[str]:
    return [chart_text(line) for line in textwrap.wrap(text, LONGEST_LINE, max_lines=2, placeholder=" …")]


def _name(lane: Lane) -> str:
    name = chart_text(lane.metric.replace("_", " "), limit=30)
    return f"{name}<br>with {chart_text(lane.first.embedding, limit=24)}" if lane.first.embedding else name


def _label(targets: Sequence[Target]) -> str:
    return "; ".join(["Targets", *(target_words(target) for target in targets)]) + "."


def _metric(target: Target) -> str:
    name = escape(target.metric.replace("_", " "))
    return f"{name} <small>with {escape(target.embedding)}</small>" if target.embedding else name


def _verdict(target: Target) -> str:
    tone: Tone = "muted" if target.verdict in ("not_measured", "undetermined") else "accent"
    more = f"about {count(target.more_rows)} more rows" if target.more_rows else ""
    why = "; ".join(part for part in (target.reason, more) if part)
    asked = f"over {significant(target.level)}" + (", set by the case" if target.set_by == "case" else "")
    return f"{badge(VERDICTS[target.verdict], tone)} {escape(asked)}" + (
        f"<br><small>{escape(why)}</small>" if why else ""
    )
