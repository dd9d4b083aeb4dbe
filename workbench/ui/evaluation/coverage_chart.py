"""The map of coverage: logged questions and evaluation items where similar ones lie together.

A pure function from a report to a figure; positions were computed elsewhere, and client text passes through `chart_text`.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import plotly.graph_objects as go

from workbench.numbers import count
from workbench.records import Coverage, CoveragePoint, TopicCover
from workbench.ui.charts import chart_text, empty_chart
from workbench.ui.lab.map_charts import MISSED_COLOUR, WHITE
from workbench.ui.lab.query_charts import RIGHT_COLOUR
from workbench.ui.tokens import CHART_TEXT, OTHER_COLOUR, TYPE_SCALE, plotly_template

HEIGHT = 400
COVERED, UNCOVERED, ITEMS, CHOSEN = range(4)
"""Traces by place, in the order they are drawn."""
MOST_NAMES = 5
NAME_WIDTH, NAME_HEIGHT = 0.34, 0.08
"""Room of a name as shares of the picture: another name is not written inside it."""
LONGEST = 30


def coverage_figure(coverage: Coverage, topic: int | None = None) -> go.Figure:
    """Logged questions as circles, filled where no item lies in their topic; items as diamonds; the chosen topic ringed."""
    if not coverage.points:
        figure = empty_chart(f"not measured: {coverage.reason or 'there are no questions to place'}")
        figure.add_traces([go.Scatter(x=[], y=[]) for _ in range(4)])
        return figure
    touched = {one.topic for one in coverage.topics if one.touched}
    queries = [point for point in coverage.points if point.kind == "query"]
    items = [point for point in coverage.points if point.kind == "item"]
    covered = [point for point in queries if point.topic in touched]
    bare = [point for point in queries if point.topic not in touched]
    names = {one.topic: one.name for one in coverage.topics}
    figure = go.Figure(layout={"template": plotly_template(), "height": HEIGHT, "hovermode": "closest"})
    figure.add_traces([
        _points(covered, names, {"color": "rgba(0,0,0,0)", "size": 6, "line": {"color": OTHER_COLOUR, "width": 1.2}}),
        _points(bare, names, {"color": MISSED_COLOUR, "size": 7, "line": {"color": WHITE, "width": 0.8}}),
        _points(items, names, {"color": RIGHT_COLOUR, "size": 10, "symbol": "diamond", "line": {"color": WHITE, "width": 1}}),
        _rings([point for point in coverage.points if topic is not None and point.topic == topic]),
    ])  # fmt: skip
    figure.update_layout(margin={"l": 4, "r": 4, "t": 4, "b": 40}, annotations=_names(coverage, queries))
    figure.update_yaxes(visible=False, range=_reach([point.y for point in coverage.points]))
    figure.update_xaxes(
        showticklabels=False,
        showgrid=False,
        range=_reach([point.x for point in coverage.points]),
        title_text=f"similar questions lie together; n = {count(len(queries))} questions, {count(len(items))} items",
        title_font_size=TYPE_SCALE[1],
    )
    return figure


def _points(points: Sequence[CoveragePoint], names: dict[int, str], marker: dict[str, object]) -> go.Scatter:
    return go.Scatter(
        x=[point.x for point in points],
        y=[point.y for point in points],
        mode="markers",
        marker=marker,
        customdata=[str(point.topic) for point in points],
        hovertext=[
            f"{chart_text(point.text, limit=110)}<br>{'item' if point.kind == 'item' else 'logged question'}, "
            f"topic {chart_text(names.get(point.topic, ''))}"
            for point in points
        ],
        hoverinfo="text",
    )


def _rings(points: Sequence[CoveragePoint]) -> go.Scatter:
    return go.Scatter(
        x=[point.x for point in points],
        y=[point.y for point in points],
        mode="markers",
        hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 14, "color": CHART_TEXT, "line": {"width": 1.5, "color": CHART_TEXT}},
    )


def _names(coverage: Coverage, queries: Sequence[CoveragePoint]) -> list[dict[str, object]]:
    """Names of the largest topics without an item, each at its middle unless another name stands there."""
    wanted: Sequence[TopicCover] = [topic for topic in coverage.topics if not topic.touched]
    across = _reach([point.x for point in coverage.points])
    up = _reach([point.y for point in coverage.points])
    taken: list[tuple[float, float]] = []
    labels: list[dict[str, object]] = []
    for topic in wanted:
        own = [point for point in queries if point.topic == topic.topic]
        if not own or len(labels) == MOST_NAMES:
            continue
        x, y = median(point.x for point in own), median(point.y for point in own)
        place = ((x - across[0]) / (across[1] - across[0]), (y - up[0]) / (up[1] - up[0]))
        if any(abs(place[0] - a) < NAME_WIDTH and abs(place[1] - b) < NAME_HEIGHT for a, b in taken):
            continue
        taken.append(place)
        anchor = "left" if place[0] < 0.2 else "right" if place[0] > 0.8 else "center"
        labels.append({
            "x": x, "y": y, "xanchor": anchor, "showarrow": False, "yshift": 14,
            "text": f"<b>{chart_text(topic.name, limit=LONGEST)}</b>", "font": {"size": TYPE_SCALE[1] - 1},
        })  # fmt: skip
    return labels


def _reach(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 1.0
    return [low - margin, high + margin]
