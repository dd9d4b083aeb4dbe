"""The map of a corpus as a plotly figure: passages and questions as WebGL points, regions named where they lie.

Pure functions from a stored map to figures and to the parts of one that change; positions were computed elsewhere, and
client text passes through `charts.chart_text`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from workbench import numbers
from workbench.records import Estimate, Region
from workbench.ui.charts import chart_text
from workbench.ui.lab.map_colours import Colouring, channels
from workbench.ui.lab.queries import NOT_LABELLED
from workbench.ui.lab.query_charts import RIGHT_COLOUR
from workbench.ui.tokens import CHART_TEXT, OTHER_COLOUR, TYPE_SCALE, plotly_template

if TYPE_CHECKING:
    import pandas as pd

    from workbench.comparison.corpus_map.tables import StoredMap

PASSAGES, QUESTIONS = range(2)
"""Traces of the map, in the order they are drawn: what is looked at lies above what it is looked at among."""
HEIGHT = 400
CLICK = 14
"""Pixels around a passage that was clicked in which a question is meant."""
USUAL, SMALLEST = 750, 560
"""Width in pixels of the map on a projector and in the narrowest window; labels that do not overlap there overlap nowhere."""
MOST_LABELS = 7
"""Regions named on the map: those that miss most; the table names all."""

WHITE = "#ffffff"
MISSED_COLOUR = "#d9480f"
FADED = 0.1
CLEAR = "rgba(0,0,0,0)"

# Fill, edge, shape and size of a question; shape and fill alone tell them apart. A drawn point cannot follow the theme: what
# went wrong is filled and stands out from light and dark alike, what went well is an outline that steps back on both.
LOOKS: Mapping[str, tuple[str, str, str, int]] = {
    "missed": (MISSED_COLOUR, WHITE, "diamond", 11),
    "found": (CLEAR, OTHER_COLOUR, "circle", 6),
    "still failing": (MISSED_COLOUR, WHITE, "diamond", 11),
    "lost": ("#a04fc4", WHITE, "triangle-down", 11),
    "recovered": (RIGHT_COLOUR, WHITE, "triangle-up", 10),
    "found by both": (CLEAR, OTHER_COLOUR, "circle", 6),
    NOT_LABELLED: (OTHER_COLOUR, CLEAR, "square", 5),
}
SIGNS = {"diamond": "◆", "triangle-up": "▲", "triangle-down": "▼", "circle": "●", "square": "■"}
"""The shapes as characters, for the key in words."""


def map_figure(stored: StoredMap, colouring: Colouring, states: Sequence[str], questions: Sequence[str]) -> go.Figure:
    """The map without anything chosen.

    Args:
        stored: the map.
        colouring: colours of the passages.
        states: of each question of the map one of `LOOKS`.
        questions: what each question of the map is called when it is pointed at.
    """
    figure = go.Figure(layout={"template": plotly_template(), "height": HEIGHT, "hovermode": "closest"})
    figure.add_trace(go.Scattergl(mode="markers", hoverinfo="text", **passage_points(stored, colouring)))
    figure.add_trace(go.Scattergl(mode="markers", hoverinfo="text", **question_points(stored, states, questions)))
    figure.update_layout(
        dragmode="lasso",
        hoverlabel_align="left",
        # The gestures have a control of their own, and so has the picture.
        modebar={
            "bgcolor": "rgba(0,0,0,0)",
            "color": CHART_TEXT,
            "remove": ["select2d", "lasso2d", "pan2d", "autoScale2d", "toImage"],
        },
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        **axes(stored),
    )
    return figure


def axes(stored: StoredMap) -> dict[str, Any]:
    """Both axes: no ticks, everything in view. Each has its own scale, so that points have all the room there is.

    Neighbours stay neighbours, and longer distances mean nothing on such a map in any case.
    """
    bare = {"visible": False, "showgrid": False, "zeroline": False}
    return {f"{column}axis": {**bare, "range": _reach(stored, column)} for column in ("x", "y")}


def passage_points(stored: StoredMap, colouring: Colouring) -> dict[str, Any]:
    """What the trace of passages shows: small and quiet, for they are the ground the questions stand on."""
    opacity = 0.6 if len(stored.passages) < 5000 else 0.45
    size = 5 if len(stored.passages) < 5000 else 3.5
    said = [
        f"{chart_text(str(title), limit=60)}<br>{chart_text(str(text), limit=80)}"
        for title, text in zip(stored.passages["title"], stored.passages["text"], strict=True)
    ]
    return {
        **_positions(stored.passages),
        "hovertext": said,
        "marker": {**passage_colours(colouring), "color": colouring.codes, "size": size, "opacity": opacity},
        # A lasso is for questions: passages look the same within it and without. Plotly multiplies the two opacities.
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }


def passage_colours(colouring: Colouring) -> dict[str, Any]:
    """Colours of the groups as a scale in steps, so that another colour of a group does not send the passages again."""
    steps = len(colouring.colours)
    scale = [[edge / steps, c] for i, c in enumerate(colouring.colours) for edge in (i, i + 1)]
    return {"colorscale": scale, "cmin": -0.5, "cmax": steps - 0.5, "showscale": False}


def question_points(
    stored: StoredMap, states: Sequence[str], questions: Sequence[str], matching: AbstractSet[str] | None = None
) -> dict[str, Any]:
    """What the trace of questions shows; those not in `matching` faded, none where it is None."""
    said = [f"{chart_text(text)}<br>{chart_text(state)}" for text, state in zip(questions, states, strict=True)]
    return {
        **_positions(stored.queries),
        "hovertext": said,
        "marker": {"opacity": 1, **question_looks(stored, states, matching)},
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }


def question_looks(stored: StoredMap, states: Sequence[str], matching: AbstractSet[str] | None) -> dict[str, Any]:
    """Fill, edge and shape of each question; those not in `matching` fade, none where it is None."""
    ids = stored.queries["query_id"]
    shown = [1.0 if matching is None or str(query_id) in matching else FADED for query_id in ids]
    looks = [LOOKS[state] for state in states]
    return {
        "color": [_rgba(look[0], alpha) for look, alpha in zip(looks, shown, strict=True)],
        "line": {"width": 1.2, "color": [_rgba(look[1], alpha) for look, alpha in zip(looks, shown, strict=True)]},
        "symbol": [look[2] for look in looks],
        "size": [look[3] for look in looks],
    }


def nearest_question(stored: StoredMap, spot: tuple[float, float], reach: tuple[float, float]) -> str:
    """The question nearest to a place of the map, at most `reach` away, across and up; "" for none."""
    across = (stored.queries["x"].to_numpy(float) - spot[0]) / reach[0]
    up = (stored.queries["y"].to_numpy(float) - spot[1]) / reach[1]
    away = np.hypot(across, up)
    if not len(away) or away.min() > 1:
        return ""
    return str(stored.queries["query_id"].iloc[int(away.argmin())])


# ---------------------------------------------------------------- names of regions


def region_labels(stored: StoredMap, arm: str, chosen: Sequence[tuple[float, float]] = ()) -> list[dict[str, Any]]:
    """Name, share missed and n of the regions that miss most, each where it hides few questions, beside or in the region.

    One that finds no room of its own is left to the table.

    Args:
        stored: the map.
        arm: whose misses are told.
        chosen: places of the map that no name may hide.
    """
    middles = stored.passages.groupby("region")[["x", "y"]].median()
    (left, right), (bottom, top) = (_reach(stored, column) for column in ("x", "y"))
    low, per_unit = np.array([left, bottom]), np.array([SMALLEST / (right - left), HEIGHT / (top - bottom)])
    questions = stored.queries[["x", "y"]].to_numpy(float)
    seen = np.concatenate([questions, np.array(chosen, dtype=float).reshape(-1, 2)])
    weights = np.repeat([1.0, CHOSEN_WEIGHT], [len(questions), len(chosen)])
    points = Weighted((seen - low) * per_unit, weights)
    kept: list[Box] = []
    labels = []
    for region in ranked(stored.map.regions, arm)[:MOST_LABELS]:
        if region.region not in middles.index:
            continue
        place = middles.loc[region.region].to_numpy(dtype=float)
        lines = [chart_text(region.name, limit=30), region_words(region.missed.get(arm))]
        size = (LETTER * max(map(len, lines)), LABEL_HEIGHT)
        moved = _free_place((place - low) * per_unit, size, points, kept)
        if moved is not None:
            leader = {"showarrow": moved != (0, 0), "ax": moved[0], "ay": -moved[1]}
            labels.append({"x": place[0], "y": place[1], "text": f"<b>{lines[0]}</b><br>{lines[1]}", **leader})
    style = {
        "font": {"size": TYPE_SCALE[1] - 1},
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": CHART_TEXT,
        "borderpad": 1,
    }
    return [{**label, **style} for label in labels]


Box = tuple[float, float, float, float]
LETTER, LABEL_HEIGHT = 7.8, 40
"""Pixels of a label."""
AROUND = [(x, y) for x in (0, -50, 50, -100, 100) for y in (0, -32, 32, -64, 64, -96, 96)]
"""Pixels by which a label may lie off the middle of its region."""
OFF = 12
"""Pixels off the middle that weigh as much as one question hidden."""
CHOSEN_WEIGHT = 50.0
"""Questions hidden that weigh as much as one end of the lines of the question chosen."""


class Weighted(NamedTuple):
    """Points in pixels, and what hiding each costs."""

    points: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]


def _free_place(
    middle: npt.NDArray[np.float64], size: tuple[float, float], seen: Weighted, kept: list[Box]
) -> tuple[int, int] | None:
    """How far a label is moved so that it hides least; it joins those `kept`. None where there is no room."""
    best: tuple[float, tuple[int, int], Box] | None = None
    for x, y in AROUND:
        box = _box(middle[0] + x, middle[1] + y, size)
        inside = box[0] >= 0 and box[1] <= SMALLEST and box[2] >= 0 and box[3] <= HEIGHT
        if not inside or any(_overlap(box, other) for other in kept):
            continue
        across, up = seen.points.T
        hidden = (across > box[0]) & (across < box[1]) & (up > box[2]) & (up < box[3])
        cost = float(seen.weights[hidden].sum()) + float(np.hypot(x, y)) / OFF
        if best is None or cost < best[0]:
            best = (cost, (x, y), box)
    if best is None:
        return None
    kept.append(best[2])
    return best[1]


def region_words(missed: Estimate | None) -> str:
    """Share missed and n in the words of a label: "24 % missed, n = 30"."""
    if missed is None or missed.value is None:
        return "no labelled question"
    return f"{numbers.percent(missed.value, missed.n)} missed, n = {numbers.count(missed.n)}"


def ranked(regions: Sequence[Region], arm: str) -> list[Region]:
    """Regions by the share an arm misses at least, the lower end of its interval; those that were not measured last.

    By the share itself one question that is missed would come before 40 of 50.
    """

    def key(region: Region) -> tuple[float, int, int]:
        missed = region.missed.get(arm)
        low = missed.low if missed is not None and missed.value is not None else None
        return (1.0 if low is None else -low, -region.queries, region.region)

    return sorted(regions, key=key)


# ---------------------------------------------------------------- pieces


def _positions(points: pd.DataFrame) -> dict[str, Any]:
    # Single precision goes to the page as bytes, a quarter of the same numbers as text.
    return {axis: points[axis].to_numpy(dtype=np.float32) for axis in ("x", "y")}


def _reach(stored: StoredMap, column: str) -> list[float]:
    values = np.concatenate([stored.passages[column].to_numpy(float), stored.queries[column].to_numpy(float)])
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    margin = 0.04 * (high - low) or 1.0
    return [low - margin, high + margin]


def _box(x: float, y: float, size: tuple[float, float]) -> Box:
    return (x - size[0] / 2, x + size[0] / 2, y - size[1] / 2, y + size[1] / 2)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _rgba(colour: str, alpha: float) -> str:
    if alpha == 1 or colour == CLEAR:
        return colour
    return f"rgba({','.join(map(str, channels(colour)))},{alpha})"
