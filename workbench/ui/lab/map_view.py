"""A map that is shown: controls, picture, table of regions, the chosen question, and what it says in words.

Widgets and callbacks; the picture is `map_charts`, its colours `map_colours`, the lines of a question `map_links`, the
table `map_regions`. Where the map comes from is no business of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from workbench.numbers import count
from workbench.report.outcomes import found, outcomes
from workbench.retrieval.recipes import arm_name
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import escape
from workbench.ui.lab import map_charts, map_colours
from workbench.ui.lab.map_charts import PASSAGES, QUESTIONS
from workbench.ui.lab.map_colours import Colouring
from workbench.ui.lab.map_links import Links, Places, link_shapes, links_words
from workbench.ui.lab.map_regions import (
    RegionTable,
    key_markup,
    lines_markup,
    region_caption,
    region_headings,
    region_rows,
    shown_line,
    trust_line,
)
from workbench.ui.lab.queries import NOT_LABELLED
from workbench.ui.lab.state import Lab
from workbench.ui.page import column, html, safe_callback
from workbench.ui.tokens import arm_colour

if TYPE_CHECKING:
    from workbench.comparison.corpus_map.tables import StoredMap

VIEW = "map"
"""Key of this view among those of the lab."""
SHARE, TOPIC, SOURCE, OUTCOME = "share missed", "topic", "source", "outcome"
COLOURS = [
    ("share of questions missed", SHARE),
    ("topic (region)", TOPIC),
    ("source", SOURCE),
    ("what became of questions", OUTCOME),
]
GESTURES = [("lasso", "lasso"), ("box", "select"), ("move", "pan")]
NO_QUESTION = "There is no question in what was drawn around; only questions can be picked."


class MapView(widgets.VBox):  # type: ignore[misc]
    """A map that is shown: controls, picture, table of regions, and what both say in words.

    Attributes:
        stored: the map shown.
        frame: the chart. table: the regions. reading: the chosen question in words. status: a corner of the picture that is free
            for what becomes of it, so that it moves nothing.
        colour, arm, gesture: the controls.
    """

    def __init__(self, lab: Lab, stored: StoredMap) -> None:
        self._lab, self.stored = lab, stored
        self._places = Places(stored)
        self._behind = self._by_source = self._outlined = False
        self._labels: list[dict[str, Any]] = []
        self.colour = widgets.Dropdown(options=COLOURS, value=SHARE, description="Colour by")
        self.arm = widgets.Dropdown(options=self._arms(), value=lab.baseline, description="Missed by")
        self.gesture = widgets.ToggleButtons(options=GESTURES, value="lasso", description="Drag to")
        self._colouring = self._coloured()
        self._states = self._question_states()
        figure = map_charts.map_figure(stored, self._colouring, self._states, self._texts())
        self._draw_lines(figure)
        self.frame = ChartFrame(figure, name="map", label=self._label())
        self.table = RegionTable()
        self.status = widgets.VBox()
        self._key, self._trust, self._said = html(""), html(""), html("")
        self.reading = html("")
        super().__init__(self._layout())
        self.add_class("wb-map")
        self._tell_lab()
        self._write()
        self._listen()

    def replace(self, stored: StoredMap) -> None:
        """Show another map of the same questions in place of this one; colours, question and selection stay."""
        self.stored, self._places = stored, Places(stored)
        self._colouring, self._states = self._coloured(), self._question_states()
        chart = self.frame.chart
        questions = map_charts.question_points(stored, self._states, self._texts(), self._matching())
        # Each property once: in one batch the value given last does not win.
        with chart.batch_update():
            chart.data[PASSAGES].update(map_charts.passage_points(stored, self._colouring))
            chart.data[QUESTIONS].update(questions)
            chart.layout.update(map_charts.axes(stored))
            self._draw_lines(chart)
        self._clear_outline()
        self._tell_lab()
        self._write()

    # ---- what is shown

    def _layout(self) -> list[widgets.Widget]:
        controls = widgets.HBox([self.colour, self.arm, self.gesture])
        controls.add_class("wb-controls")
        self.status.add_class("wb-map-status")
        picture = column(self.status, self.frame, self._key, self._trust)
        picture.add_class("wb-map-picture")
        beside = column(self.table)
        beside.add_class("wb-map-beside")
        both = widgets.HBox([picture, beside])
        both.add_class("wb-map-both")
        return [controls, both, self._said, self.reading]

    def _arms(self) -> list[tuple[str, str]]:
        return [(arm_name(arm), arm) for arm in dict.fromkeys([self._lab.baseline, self._lab.candidate])]

    def _texts(self) -> list[str]:
        return [self._lab.texts.get(str(query_id), str(query_id)) for query_id in self.stored.queries["query_id"]]

    def _coloured(self) -> Colouring:
        stored, documents = self.stored, self._lab.stored.documents
        choices: dict[str, Callable[[], Colouring]] = {
            SHARE: lambda: map_colours.by_share(stored, self.arm.value),
            TOPIC: lambda: map_colours.by_topic(stored),
            SOURCE: lambda: map_colours.by_source(
                stored, dict(zip(documents["doc_id"], documents["path"], strict=True))
            ),
            OUTCOME: lambda: map_colours.quiet(stored),
        }
        return choices[self.colour.value]()

    def _question_states(self) -> list[str]:
        lab = self._lab
        if self.colour.value == OUTCOME:
            became = outcomes(lab.stored.per_query, lab.baseline, lab.candidate, lab.k).to_dict()
        else:
            hits = found(lab.stored.per_query, self.arm.value, lab.k)
            became = {query_id: "found" if hit else "missed" for query_id, hit in hits.items()}
        return [str(became.get(str(query_id), NOT_LABELLED)) for query_id in self.stored.queries["query_id"]]

    def _links(self) -> Links:
        lab = self._lab
        return self._places.links(lab.rankings, lab.question, lab.baseline, lab.candidate, lab.k)

    def _draw_lines(self, chart: Any) -> None:  # noqa: ANN401 - a figure or its widget
        """The lines of the chosen question, and names of regions that keep off them."""
        links = self._links()
        colours = (arm_colour(links.before.arm), arm_colour(links.after.arm))
        chart.layout.shapes = link_shapes(links, colours)
        chosen = [] if links.at is None else [links.at, *links.before.ends, *links.after.ends, *links.rings]
        labels = map_charts.region_labels(self.stored, self.arm.value, chosen)
        if labels != self._labels:  # mostly they stay where they are, and need not be sent and drawn again
            chart.layout.annotations = self._labels = labels

    def _fade(self, chart: Any) -> None:  # noqa: ANN401 - a figure or its widget
        looks = map_charts.question_looks(self.stored, self._states, self._matching())
        chart.data[QUESTIONS].marker.update(looks)

    def _matching(self) -> set[str] | None:
        """Questions that stand out; None where nothing narrows them and all do."""
        return set(self._lab.matching) if self._lab.selection.narrows else None

    # ---- words

    def _write(self) -> None:
        lab, found_map = self._lab, self.stored.map
        pair = list(dict.fromkeys([lab.baseline, lab.candidate]))
        colours = self._swatches()
        with self.table.hold_sync():
            self.table.headings = region_headings(pair, found_map.k)
            self.table.rows = region_rows(found_map.regions, pair, self.arm.value, colours)
            self.table.caption = region_caption(found_map, self.arm.value)
        key = key_markup(self._states, self._colouring)
        self._key.value = f'<p class="wb-map-key">{key}<span>{lines_markup(pair)}</span></p>'
        self._trust.value = f'<p class="wb-map-trust">{escape(trust_line(found_map))}</p>'
        self._write_reading()
        notes = " ".join([shown_line(found_map), *found_map.notes])
        self._shown = notes
        self._say("")

    def _write_reading(self) -> None:
        lab = self._lab
        if not lab.question:
            self.reading.value = ""
            return
        links = self._links()
        region = "" if links.region is None else self._names().get(links.region, "")
        words = links_words(links, lab.texts.get(lab.question, lab.question), region, lab.k)
        self.reading.value = f'<p class="wb-text wb-map-reading" role="status">{escape(" ".join(words))}</p>'

    def _say(self, words: str) -> None:
        told = f'<p class="wb-text" role="status">{escape(words)}</p>' if words else ""
        self._said.value = f'{told}<p class="wb-text wb-muted">{escape(self._shown)}</p>'

    def _label(self) -> str:
        found_map = self.stored.map
        return (
            f"Map of {count(found_map.passages)} passages and {count(found_map.queries)} questions in "
            f"{count(len(found_map.regions))} regions; the table beside it says the same in numbers."
        )

    def _names(self) -> dict[int, str]:
        return {region.region: region.name for region in self.stored.map.regions}

    def _swatches(self) -> dict[int, str]:
        if self.colour.value not in (SHARE, TOPIC):
            return {}
        return {r.region: c for r, c in zip(self.stored.map.regions, self._colouring.colours, strict=False)}

    def _tell_lab(self) -> None:
        queries = self.stored.queries
        self._lab.region_names = self._names()
        self._lab.regions = {str(q): int(r) for q, r in zip(queries["query_id"], queries["region"], strict=True)}

    # ---- answers

    def _listen(self) -> None:
        self.colour.observe(safe_callback(self._colours_changed), "value")
        self.arm.observe(safe_callback(self._colours_changed), "value")
        self.gesture.observe(safe_callback(self._gesture_changed), "value")
        self.table.observe(safe_callback(self._region_pressed), "chosen")
        for trace in (PASSAGES, QUESTIONS):
            self.frame.chart.data[trace].on_click(safe_callback(self._clicked))
        self.frame.chart.data[QUESTIONS].on_selection(safe_callback(self._picked))
        for names, answer in (
            ("view", self._view_changed),
            ("question", self._question_changed),
            (["baseline", "candidate"], self._arms_changed),
            (["matching", "selection"], self._selection_changed),
        ):
            self._lab.observe(safe_callback(answer), names)

    def _colours_changed(self, _change: object) -> None:
        self._colouring, self._states = self._coloured(), self._question_states()
        chart = self.frame.chart
        with chart.batch_update():
            if self._by_source or self.colour.value == SOURCE:
                chart.data[PASSAGES].marker.color = self._colouring.codes
            chart.data[PASSAGES].marker.update(map_charts.passage_colours(self._colouring))
            self._fade(chart)
            self._draw_lines(chart)
        self._by_source = self.colour.value == SOURCE
        self._write()

    def _hidden(self) -> bool:
        """Whether another view is open: what changes meanwhile is drawn when this one is opened again."""
        self._behind = self._lab.view not in ("", VIEW)
        return self._behind

    def _view_changed(self, _change: object) -> None:
        if self._behind and self._lab.view == VIEW:
            self._arms_changed(None)
            self._selection_changed(None)

    def _arms_changed(self, _change: object) -> None:
        if self._hidden():
            return
        role = self.arm.index or 0
        options = self._arms()
        self.arm.options = options
        self.arm.value = options[min(role, len(options) - 1)][1]
        self._colours_changed(None)
        self._question_changed(None)

    def _gesture_changed(self, _change: object) -> None:
        self.frame.chart.layout.dragmode = self.gesture.value

    def _question_changed(self, _change: object) -> None:
        if self._hidden():
            return
        chart = self.frame.chart
        with chart.batch_update():
            self._draw_lines(chart)
        self._write_reading()

    def _selection_changed(self, _change: object) -> None:
        if self._hidden():
            return
        chart = self.frame.chart
        with chart.batch_update():
            self._fade(chart)
        region = self._lab.selection.region
        self.table.chosen = -1 if region is None else region
        if self._lab.selection.picked is None:
            self._clear_outline()
            self._say("")

    def _region_pressed(self, _change: object) -> None:
        chosen = self.table.chosen
        if chosen != (-1 if self._lab.selection.region is None else self._lab.selection.region):
            self._lab.narrow(region=None if chosen < 0 else chosen)

    def _clicked(self, _trace: object, points: Any, _state: object) -> None:  # noqa: ANN401 - a plotly event
        """A click on a passage beside a question is meant for the question, which is drawn above it."""
        if not points.point_inds:
            return
        place = points.point_inds[0]
        if points.trace_index == PASSAGES:
            spot = (points.xs[0], points.ys[0])
            near = map_charts.nearest_question(self.stored, spot, self._reach())
        else:
            near = str(self.stored.queries["query_id"].iloc[place])
        if near:
            self._lab.question = near

    def _reach(self) -> tuple[float, float]:
        """Units of the map a click may miss a question by, across and up, at the zoom that is set."""
        layout = self.frame.chart.layout
        sides = ((layout.xaxis.range, map_charts.USUAL), (layout.yaxis.range, map_charts.HEIGHT))
        across, up = (float(abs(high - low)) * map_charts.CLICK / pixels for (low, high), pixels in sides)
        return across, up

    def _picked(self, _trace: object, points: Any, selector: object) -> None:  # noqa: ANN401 - a plotly event
        if selector is None:  # nothing was drawn: an outline was taken away
            return
        ids = self.stored.queries["query_id"]
        self._outlined = True
        picked = frozenset(str(ids.iloc[place]) for place in points.point_inds)
        if picked:
            self._lab.narrow(picked=picked)
            self._say(f"{count(len(picked))} {'question' if len(picked) == 1 else 'questions'} picked.")
        else:
            self._say(NO_QUESTION)

    def _clear_outline(self) -> None:
        if not self._outlined:
            return
        # What a person drew is known to the browser alone: the figure here has no selection that could be taken away.
        self.frame.chart._send_relayout_msg({"selections": []})
        self._outlined = False
