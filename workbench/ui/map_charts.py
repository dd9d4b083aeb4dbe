"""The map of a corpus as a plotly figure: passages and questions as WebGL points, regions named where they lie.

Pure functions from a stored map to figures and to the parts of one that change; positions were computed elsewhere, and
client text passes through `charts.chart_text`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench import numbers
from workbench.records import Estimate, Region
from workbench.ui.charts import chart_text
from workbench.ui.lab_queries import NOT_LABELLED
from workbench.ui.map_colours import SHARE_COLOURS, Colouring, channels, share_of
from workbench.ui.query_charts import RIGHT_COLOUR
from workbench.ui.tokens import CHART_TEXT, OTHER_COLOUR, TYPE_SCALE, plotly_template

if TYPE_CHECKING:
    import pandas as pd

    from workbench.comparison.corpus_map.tables import StoredMap

PASSAGES, QUESTIONS, SCALE = range(3)
"""Traces of the map, in the order they are drawn: what is looked at lies above what it is looked at among."""
HEIGHT = 400
CLICK = 14
"""Pixels around a passage that was clicked in which a question is meant."""
SMALLEST = 560
"""Width in pixels of the map in the narrowest window; labels that do not overlap there overlap nowhere."""

DARK, WHITE = "#1a1e23", "#ffffff"
FADED = 0.1

# Fill, edge and shape of a question; shape and fill alone tell them apart. A dark point keeps a white edge and a white
# one a dark edge, for a drawn point cannot follow the theme.
LOOKS: Mapping[str, tuple[str, str, str]] = {
    "missed": (DARK, WHITE, "diamond"),
    "found": (WHITE, DARK, "diamond"),
    "still failing": (DARK, WHITE, "diamond"),
    "found by both": (WHITE, DARK, "diamond"),
    "recovered": (RIGHT_COLOUR, WHITE, "triangle-up"),
    "lost": (SHARE_COLOURS[-1], WHITE, "triangle-down"),
    NOT_LABELLED: (OTHER_COLOUR, WHITE, "circle"),
}
SIGNS = {"diamond": "◆", "triangle-up": "▲", "triangle-down": "▼", "circle": "●"}
"""The shapes as characters, for the key in words."""


def map_figure(
    stored: StoredMap, colouring: Colouring, states: Sequence[str], questions: Sequence[str], arm: str
) -> go.Figure:
    """The map without anything chosen.

    Args:
        stored: the map.
        colouring: colours of the passages.
        states: of each question of the map one of `LOOKS`.
        questions: what each question of the map is called when it is pointed at.
        arm: the arm whose share missed labels the regions.
    """
    figure = go.Figure(layout={"template": plotly_template(), "height": HEIGHT, "hovermode": "closest"})
    figure.add_trace(go.Scattergl(mode="markers", hoverinfo="text", **passage_points(stored, colouring)))
    figure.add_trace(go.Scattergl(mode="markers", hoverinfo="text", **question_points(stored, states, questions)))
    figure.add_trace(_colour_bar(colouring))
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
        annotations=region_labels(stored, arm),
        **axes(stored),
    )
    return figure


def axes(stored: StoredMap) -> dict[str, Any]:
    """Both axes: no ticks, one scale for both, everything in view. Distances mean little on a map, positions nothing."""
    bare = {"visible": False, "showgrid": False, "zeroline": False}
    across, up = (_reach(stored, column) for column in ("x", "y"))
    return {
        "xaxis": {**bare, "range": across},
        "yaxis": {**bare, "range": up, "scaleanchor": "x", "scaleratio": 1},
    }


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
        "marker": {"size": 9, "opacity": 1, **question_looks(stored, states, matching)},
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
        "line": {"width": 1.5, "color": [_rgba(look[1], alpha) for look, alpha in zip(looks, shown, strict=True)]},
        "symbol": [look[2] for look in looks],
    }


def nearest_question(stored: StoredMap, spot: tuple[float, float], reach: float) -> str:
    """The question nearest to a place of the map, at most `reach` away; "" for none."""
    away = np.hypot(stored.queries["x"].to_numpy(float) - spot[0], stored.queries["y"].to_numpy(float) - spot[1])
    if not len(away) or away.min() > reach:
        return ""
    return str(stored.queries["query_id"].iloc[int(away.argmin())])


# ---------------------------------------------------------------- names of regions


def region_labels(stored: StoredMap, arm: str) -> list[dict[str, Any]]:
    """Name, share missed and n at the middle of each region; of those that would overlap the one with more questions stays."""
    middles = stored.passages.groupby("region")[["x", "y"]].median()
    pixels = _pixels_per_unit(stored)
    kept: list[tuple[float, float, float, float]] = []
    labels = []
    for region in sorted(stored.map.regions, key=lambda r: (-r.queries, -r.passages, r.region)):
        if region.region not in middles.index:
            continue
        x, y = (float(value) for value in middles.loc[region.region].to_numpy(dtype=float))
        lines = [chart_text(region.name, limit=30), region_words(region.missed.get(arm))]
        box = _box(x * pixels, y * pixels, max(map(len, lines)))
        if not any(_overlap(box, other) for other in kept):
            kept.append(box)
            labels.append({"x": x, "y": y, "text": f"<b>{lines[0]}</b><br>{lines[1]}", "showarrow": False})
    return [{**label, "font": {"size": TYPE_SCALE[1] - 1}} for label in labels]


def region_words(missed: Estimate | None) -> str:
    """Share missed and n in the words of a label: "24 % missed, n = 30"."""
    if missed is None or missed.value is None:
        return "no labelled question"
    return f"{numbers.percent(missed.value, missed.n)} missed, n = {numbers.count(missed.n)}"


def ranked(regions: Sequence[Region], arm: str) -> list[Region]:
    """Regions by the share an arm misses, most first; those without a labelled question last."""

    def key(region: Region) -> tuple[float, int, int]:
        share = share_of(region.missed.get(arm))
        return (1.0 if share is None else -share, -region.queries, region.region)

    return sorted(regions, key=key)


# ---------------------------------------------------------------- pieces


def _colour_bar(colouring: Colouring) -> go.Scatter:
    """A trace without a point that carries the colour bar: the passages themselves are coloured in steps."""
    return go.Scatter(x=[None], y=[None], mode="markers", hoverinfo="skip", **colour_bar(colouring))


def colour_bar(colouring: Colouring) -> dict[str, Any]:
    """The colour bar of a colouring, or none where its colours are no scale."""
    if colouring.highest is None:
        return {"visible": False}
    ticks = [0.0, colouring.highest / 2, colouring.highest]
    *lower, upper = (numbers.percent(tick, 1) for tick in ticks)
    bar = {
        "len": 0.45, "thickness": 10, "x": 0, "xanchor": "left", "y": 0, "yanchor": "bottom", "outlinewidth": 0,
        "ypad": 12, "xpad": 8, "tickvals": ticks, "ticktext": [*lower, f"{upper} of questions<br>missed"],
    }  # fmt: skip
    marker = {
        "color": [0], "colorscale": list(SHARE_COLOURS), "cmin": 0, "cmax": colouring.highest, "showscale": True,
        "colorbar": bar,
    }  # fmt: skip
    return {"visible": True, "marker": marker}


def _positions(points: pd.DataFrame) -> dict[str, Any]:
    # Single precision goes to the page as bytes, a quarter of the same numbers as text.
    return {axis: points[axis].to_numpy(dtype=np.float32) for axis in ("x", "y")}


def _reach(stored: StoredMap, column: str) -> list[float]:
    values = np.concatenate([stored.passages[column].to_numpy(float), stored.queries[column].to_numpy(float)])
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    margin = 0.04 * (high - low) or 1.0
    return [low - margin, high + margin]


def _pixels_per_unit(stored: StoredMap) -> float:
    (left, right), (bottom, top) = (_reach(stored, column) for column in ("x", "y"))
    return min(SMALLEST / (right - left), HEIGHT / (top - bottom))


def _box(x: float, y: float, letters: int) -> tuple[float, float, float, float]:
    width, height = 7.8 * letters, 50
    return (x - width / 2, x + width / 2, y - height / 2, y + height / 2)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _rgba(colour: str, alpha: float) -> str:
    return colour if alpha == 1 else f"rgba({','.join(map(str, channels(colour)))},{alpha})"
