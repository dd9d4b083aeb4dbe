"""How the eval set lies over what people ask: key figures, the map, and the topics with their items.

It shows what the report holds; topics were found elsewhere.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from workbench.numbers import count, measured, percent, significant
from workbench.records import Coverage, TopicCover
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import (
    badge,
    bullets,
    count_card,
    empty_state,
    escape,
    figure_card,
    interval_bar,
    paragraph,
    row,
    table,
)
from workbench.ui.evaluation.coverage_chart import COVERED, ITEMS, UNCOVERED, coverage_figure
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.lab.map_charts import SIGNS
from workbench.ui.lab.query_charts import refresh
from workbench.ui.page import column, html, safe_callback

LABEL = "Logged questions and evaluation items on a plane where similar ones lie together; topics without an item are filled."
KEY = f"{SIGNS['circle']} filled: no item asks about this. Outline: an item does. {SIGNS['diamond']} evaluation items."
ALL = "all topics"
MOST_EXAMPLES = 8
"""Questions and items of a topic that are listed."""


class CoverageView(widgets.VBox):  # type: ignore[misc]
    """Key figures, the map beside the topics, and the questions of the topic that is looked at.

    Attributes:
        frame: the map. which: the topic, by name.
    """

    def __init__(self, state: Evaluation) -> None:
        self._state = state
        coverage = state.report.coverage
        self.which = widgets.Dropdown(options=_options(coverage), value=state.topic, description="Topic")
        self._topic, self._topics = html(""), html("")
        self.frame = ChartFrame(
            coverage_figure(coverage, _number(state)),
            name="coverage",
            label=LABEL,
            table="The table beside it holds every topic.",
        )
        for place in (COVERED, UNCOVERED, ITEMS):
            self.frame.chart.data[place].on_click(safe_callback(self._clicked))
        controls = widgets.HBox([self.which])
        controls.add_class("wb-controls")
        picture = column(controls, self.frame, html(paragraph(KEY, muted=True)))
        both = widgets.HBox([picture, column(self._topics)])
        both.add_class("wb-coverage-both")
        super().__init__([html(figures_markup(coverage)), both, self._topic])
        self.add_class("wb-coverage")
        self._write()
        self.which.observe(safe_callback(self._chosen), "value")
        state.observe(safe_callback(self._follow), "topic")

    def _chosen(self, change: dict[str, str]) -> None:
        self._state.topic = change["new"]

    def _clicked(self, trace: Any, points: Any, _state: object) -> None:  # noqa: ANN401 - plotly's own
        for place in points.point_inds[:1]:
            self._state.topic = str(trace.customdata[place])

    def _follow(self, _change: object) -> None:
        self.which.value = self._state.topic
        refresh(self.frame.chart, coverage_figure(self._state.report.coverage, _number(self._state)))
        self._write()

    def _write(self) -> None:
        self._topics.value = topics_markup(self._state.report.coverage, self._state.topic)
        self._topic.value = topic_markup(self._state)


def build_coverage_view(state: Evaluation) -> widgets.Widget:
    """The map and its topics; where nothing could be said, what is missing."""
    place = column()

    def show(_change: object = None) -> None:
        place.children = [_shown(state)]

    show()
    state.observe(safe_callback(show), "report")
    return place


def _shown(state: Evaluation) -> widgets.Widget:
    coverage = state.report.coverage
    if coverage.topics:
        return CoverageView(state)
    reason = coverage.reason or "no topics were found"
    return html(
        empty_state(
            f"Coverage is not measured: {reason.rstrip('.')}.",
            "It shows which of the questions people ask no evaluation item asks.",
            "Hand over the query log in the folder logs and eval sets in the folder evals, then read the case again.",
        )
    )


def figures_markup(coverage: Coverage) -> str:
    """Traffic without an item, topics with one, and how unlike the traffic the set is made up."""
    touched = sum(topic.touched for topic in coverage.topics)
    limit = coverage.psi_limit
    by_chance = f"Chance alone gives up to {significant(limit)} for this many items. " if limit is not None else ""
    return row(
        figure_card(
            "traffic no item asks about",
            coverage.uncovered,
            share=True,
            meaning="of logged questions are in a topic without an item.",
        ),
        count_card(
            "topics with an item", touched, meaning=f"of {count(len(coverage.topics))} topics of the logged questions."
        ),
        figure_card(
            "make-up of the set against the traffic (PSI)",
            coverage.psi,
            meaning=f"{by_chance}0 is the same make-up; above 0.25 is usually called a large shift.",
        ),
    )


def topics_markup(coverage: Coverage, chosen: str = "") -> str:
    """Every topic: its share of the traffic, its items, and the question nearest to its middle."""
    top = max([0.05, *(topic.share.high or 0.0 for topic in coverage.topics)])
    rows = [_row(topic, top, chosen) for topic in coverage.topics]
    asked = coverage.uncovered.n or sum(topic.queries for topic in coverage.topics)
    return table(
        ["Topic", "Of the traffic", "Items"],
        rows,
        caption=f"{count(asked)} logged questions, 95 % intervals; untouched topics first, by traffic. "
        "An item may touch several topics.",
        numeric=(2,),
    )


def _row(topic: TopicCover, top: float, chosen: str) -> list[str]:
    here = f" {badge('looked at', 'accent')}" if str(topic.topic) == chosen else ""
    bare = "" if topic.touched else f" {badge('no item asks about this')}"
    return [
        f"<b>{escape(topic.name)}</b>{here}{bare}<small>“{escape(topic.example)}”</small>",
        f"{escape(measured(topic.share, share=True))}{interval_bar(topic.share, high=top)}",
        count(topic.items),
    ]


def topic_markup(state: Evaluation) -> str:
    """Questions and items of the topic that is looked at; "" for none."""
    topic = state.chosen_topic
    if topic is None:
        return ""
    points = [point for point in state.report.coverage.points if point.topic == topic.topic]
    asked = list(dict.fromkeys(point.text for point in points if point.kind == "query"))
    items = list(dict.fromkeys(point.text for point in points if point.kind == "item"))
    share = percent(topic.share.value or 0.0, topic.share.n)
    listed = bullets(items[:MOST_EXAMPLES]) or paragraph("No item asks about this.", muted=True)
    return (
        f'<section class="wb-section wb-topic"><h2>{escape(topic.name)}: {share} of the traffic,'
        f" {count(topic.items)} of the items</h2>"
        f'<div class="wb-row"><div><h3>People ask{_of(asked)}</h3>{bullets(asked[:MOST_EXAMPLES])}</div>'
        f"<div><h3>Items nearest to it{_of(items)}</h3>{listed}</div></div></section>"
    )


def _of(texts: list[str]) -> str:
    return f" ({count(MOST_EXAMPLES)} of {count(len(texts))} on the map)" if len(texts) > MOST_EXAMPLES else ""


def _options(coverage: Coverage) -> list[tuple[str, str]]:
    named = [(f"{topic.name} ({count(topic.items)} items)", str(topic.topic)) for topic in coverage.topics]
    return [(ALL, ""), *named]


def _number(state: Evaluation) -> int | None:
    return int(state.topic) if state.chosen_topic is not None else None
