"""The rank flow of one question: every document a line from arm to arm, as a chart and as a table.

Pure functions from a flow to a figure or markup; client text passes through `charts.chart_text` and `components.escape`.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import plotly.graph_objects as go

from workbench.retrieval.recipes import arm_name
from workbench.ui.charts import chart_text
from workbench.ui.components import details, escape, join, table
from workbench.ui.lab.rank_steps import MEANINGS, Flow, Kind, Mark, mark_words, marks_of
from workbench.ui.tokens import CHART_TEXT, OTHER_COLOUR, TYPE_SCALE, plotly_template

GRADE_COLOURS = {1: "#5b97a3", 2: "#2f8d9d", 3: "#0b7d8f"}
"""One hue, stronger with the grade, legible on both grounds; the style sheet widens the steps for each theme."""
WIDTHS = {0: 1.0, 1: 2.0, 2: 3.5, 3: 5.0}
SYMBOLS: dict[Kind, str] = {"gained": "triangle-up", "harmed": "x", "lost": "diamond-open"}
SIGNS: dict[Kind, str] = {"gained": "▲", "harmed": "✕", "lost": "◇"}
HEIGHT = 430
LABEL_GAP = 0.74
"""Least distance between two names at the margin, in ranks: a line of text at this height of the chart."""
ZONE, DECADE, NOWHERE, FLOOR = 0.8, 1.6, 3.4, 3.9
"""Below the last rank drawn one by one, in ranks: where the rest begins, a factor of ten in it, no rank, the end."""
DEEPEST = 100
NAME = 26
"""Characters of a name in one line of the margin, after its grade: what a page of 1024 pixels has room for."""
SIDE = 0.3
"""Room beside the first and the last column, in columns."""
TITLE = 120
"""Characters of a title in a sentence."""
NOTHING: Mapping[str, object] = MappingProxyType(
    {
        "text": "no arm has a ranking for this question",
        "showarrow": False, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper",
    }
)  # fmt: skip


def rank_flow_chart(flow: Flow) -> go.Figure:
    """The rank of every document of one question from arm to arm: right ones thick, by grade, and named; others thin.

    Ranks to `flow.k` are drawn one by one, deeper ones on a logarithmic scale below, and documents an arm does not rank on a
    last line. The dashed line is the cut. Markers say what a step did to a right document.
    """
    figure = go.Figure(layout={"template": plotly_template(), "height": HEIGHT})
    figure.add_trace(_lines(flow, flow.others, 0))
    for grade in GRADE_COLOURS:
        figure.add_trace(_lines(flow, [d for d in flow.right if min(flow.grades[d], 3) == grade], grade))
    marks = marks_of(flow)
    for kind in SYMBOLS:
        figure.add_trace(_markers(flow, [mark for mark in marks if mark.kind == kind], kind))
    figure.layout.annotations = _names(flow) if any(each.ranks for each in flow.standings.values()) else [dict(NOTHING)]
    line = {"width": 1, "dash": "dash", "color": CHART_TEXT}
    figure.add_shape(type="line", xref="x domain", x0=0, x1=1, y0=flow.cut + 0.5, y1=flow.cut + 0.5, line=line)
    _axes(figure, flow)
    return figure


def flow_text(flow: Flow) -> str:
    """The chart in words: what its lines and signs mean, what the steps did, and every rank in a table behind."""
    marks = marks_of(flow)
    return f"{_legend(flow)}{_steps(flow, marks)}{_table(flow, marks)}"


def height_of(flow: Flow, run: str, doc_id: str) -> float | None:
    """Where a document is drawn in the column of an arm; None where the arm says nothing about it."""
    if flow.unknown(run, doc_id):
        return None
    rank = flow.standings[run].ranks.get(doc_id)
    if rank is None:
        return flow.k + NOWHERE
    return float(rank) if rank <= flow.k else flow.k + ZONE + DECADE * math.log10(min(rank, DEEPEST) / flow.k)


def spread(heights: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Heights moved as little as needed to stand `gap` apart, in order, none above `low` or below `high` if they fit.

    >>> spread([3, 3, 9], 1, 1, 10)
    [3, 4, 9]
    >>> spread([10, 10], 1, 1, 10)
    [9, 10]
    """
    placed: list[float] = []
    for height in heights:
        placed.append(max([height, low, *([placed[-1] + gap] if placed else [])]))
    for number in range(len(placed) - 1, -1, -1):
        placed[number] = min(placed[number], high - gap * (len(placed) - 1 - number))
    return placed


def _lines(flow: Flow, doc_ids: Sequence[str], grade: int) -> go.Scatter:
    """All lines of one look as one trace, gaps between documents: an update then never changes the number of traces."""
    across: list[float | None] = []
    down: list[float | None] = []
    said: list[str] = []
    for doc_id in doc_ids:
        name = _named(flow, doc_id)
        across += [*range(len(flow.columns)), None]
        down += [*(height_of(flow, run, doc_id) for run in flow.columns), None]
        said += [*(f"{name}<br>{_at(flow, run, doc_id)}" for run in flow.columns), ""]
    return go.Scatter(
        x=across,
        y=down,
        mode="lines+markers",
        line={"width": WIDTHS[grade], "color": GRADE_COLOURS.get(grade, OTHER_COLOUR)},
        marker={"size": 4 + 2 * WIDTHS[grade], "color": GRADE_COLOURS.get(grade, OTHER_COLOUR)},
        opacity=1.0 if grade else 0.65,
        hovertext=said,
        hoverinfo="text",
    )


def _markers(flow: Flow, marks: Sequence[Mark], kind: Kind) -> go.Scatter:
    # Beside the line, not on it: a point and its mark stay apart.
    return go.Scatter(
        x=[flow.columns.index(mark.run) - 0.13 for mark in marks],
        y=[height_of(flow, mark.run, mark.doc_id) for mark in marks],
        mode="markers",
        marker={"symbol": SYMBOLS[kind], "size": 13, "color": CHART_TEXT, "line": {"width": 2, "color": CHART_TEXT}},
        hovertext=[
            f"{chart_text(flow.title(mark.doc_id))}<br>{chart_text(mark_words(flow, mark), limit=200)}"
            for mark in marks
        ],
        hoverinfo="text",
    )


def _names(flow: Flow) -> list[dict[str, object]]:
    """Names of the right documents in the margin, apart from each other, each with a thin line to where its own ends."""
    ends = sorted((end for d in flow.right if (end := _end(flow, d)) is not None), key=lambda end: end[1])
    bottom = flow.k + FLOOR - 0.3
    room = int((bottom - 0.7) / LABEL_GAP) + 1
    lines = 2 if 2 * len(ends) <= room else 1
    # Where there are more than fit, those of the highest grade are named, and the last line says how many are not.
    named = ends if len(ends) <= room else _foremost(flow, ends, room - 1)
    more = len(ends) - len(named)
    gap = lines * LABEL_GAP
    heights = spread([down for _, down, _ in named], gap, 0.7, bottom - (LABEL_GAP if more else 0))
    margin = len(flow.columns) - 1 + SIDE + 0.1
    beside = {"xanchor": "left", "align": "left", "axref": "x", "ayref": "y", "ax": margin}
    line = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": CHART_TEXT, "standoff": 6}
    notes: list[dict[str, object]] = [
        {"x": across, "y": down, "ay": height, "text": _margin_name(flow, doc_id, lines), **beside, **line}
        for (across, down, doc_id), height in zip(named, heights, strict=True)
    ]
    if more:
        # Without a line of its own: no width, and the point it would lead to is one that is drawn.
        across, down, _ = ends[-1]
        words = {"text": f"and {more} more right documents", "ay": bottom, "arrowcolor": "rgba(0,0,0,0)"}
        notes.append({"x": across, "y": down, **beside, **line, **words})
    return notes


def _foremost(flow: Flow, ends: list[tuple[int, float, str]], room: int) -> list[tuple[int, float, str]]:
    kept = {doc_id for _, _, doc_id in sorted(ends, key=lambda end: (-flow.grades[end[2]], end[1]))[:room]}
    return [end for end in ends if end[2] in kept]


def _end(flow: Flow, doc_id: str) -> tuple[int, float, str] | None:
    """The last column that says something about a document, and where it stands there."""
    known = [(n, at) for n, run in enumerate(flow.columns) if (at := height_of(flow, run, doc_id)) is not None]
    return (*known[-1], doc_id) if known else None


def _named(flow: Flow, doc_id: str) -> str:
    grade = flow.grades.get(doc_id)
    said = "not judged" if grade is None else f"grade {grade}"
    return f"{chart_text(flow.title(doc_id).strip())}, {said}"


def _margin_name(flow: Flow, doc_id: str, lines: int) -> str:
    # The grade first: of a long line a narrow page may cut the end.
    grade, title = f"grade {flow.grades[doc_id]}: ", " ".join(flow.title(doc_id).split())
    if lines == 1 or len(title) <= NAME:
        return f"{grade}{chart_text(title, limit=NAME)}"
    first = textwrap.wrap(title[: 4 * NAME], NAME)[0]
    rest = title[len(first) :].strip()
    return f"{grade}{chart_text(first)}<br>{chart_text(rest, limit=NAME + len(grade))}"


def _at(flow: Flow, run: str, doc_id: str) -> str:
    return chart_text(f"{arm_name(run)}: {flow.words(run, doc_id)}")


def _axes(figure: go.Figure, flow: Flow) -> None:
    ticks = [*range(1, flow.k + 1)]
    deep = [rank for rank in (30, DEEPEST) if rank > flow.k]
    depth = max((standing.depth for standing in flow.standings.values()), default=0)
    figure.update_yaxes(
        range=[flow.k + FLOOR, 0.4],
        tickvals=[*ticks, *(flow.k + ZONE + DECADE * math.log10(rank / flow.k) for rank in deep), flow.k + NOWHERE],
        ticktext=[*(f"top {rank}" if rank == flow.cut else str(rank) for rank in ticks), *map(str, deep), "not ranked"],
        title_text=f"rank, of at most {depth} documents" if depth else "rank",
        title_font_size=TYPE_SCALE[1],
    )
    figure.update_xaxes(
        range=[-SIDE, len(flow.columns) - 1 + SIDE],
        domain=[0, 0.66 if flow.right else 1],
        tickvals=list(range(len(flow.columns))),
        ticktext=[_heading(flow, run) for run in flow.columns],
        side="top",
        tickangle=0,
        ticklabeloverflow="allow",
    )


def _heading(flow: Flow, run: str) -> str:
    lines = textwrap.wrap(arm_name(run), 16 if len(flow.columns) <= 5 else 10, break_long_words=False)
    return "<br>".join(map(chart_text, [*lines, *([] if flow.standings[run].ranks else ["(no ranking)"])]))


# ---------------------------------------------------------------- words and table


def _legend(flow: Flow) -> str:
    grades = sorted({min(flow.grades[d], 3) for d in flow.right}, reverse=True)
    lines = [
        f'<li><i class="wb-flow-line wb-flow-{grade}" aria-hidden="true"></i>right, grade {grade}</li>'
        for grade in grades
    ]
    lines.append('<li><i class="wb-flow-line wb-flow-0" aria-hidden="true"></i>not right, or not judged</li>')
    lines.append(f'<li><i class="wb-flow-line wb-flow-cut" aria-hidden="true"></i>cut, top {flow.cut}</li>')
    signs = [f"<li><b>{SIGNS[kind]}</b> {kind}: {MEANINGS[kind].format(cut=flow.cut)}</li>" for kind in SYMBOLS]
    return f'<ul class="wb-flow-legend">{join([*lines, *signs])}</ul>'


def _steps(flow: Flow, marks: Sequence[Mark]) -> str:
    if not flow.right:
        return (
            '<p class="wb-text wb-muted">No document is labelled right for this question, so no step can be judged.</p>'
        )
    if not marks:
        return f'<p class="wb-text">No step moves a right document across the top {flow.cut}.</p>'
    return f'<ul class="wb-list wb-flow-steps">{join(_step(flow, mark) for mark in marks)}</ul>'


def _step(flow: Flow, mark: Mark) -> str:
    title = escape(_short(flow.title(mark.doc_id)))
    return f"<li><b>{SIGNS[mark.kind]}</b> <bdi>{title}</bdi>: {escape(mark_words(flow, mark))}</li>"


def _table(flow: Flow, marks: Sequence[Mark]) -> str:
    marked = {(mark.run, mark.doc_id): mark.kind for mark in marks}
    rows = [
        [
            f"<bdi>{escape(flow.title(doc_id))}</bdi>",
            escape(flow.grades.get(doc_id, "not judged")),
            *(escape(_cell(flow, run, doc_id, marked.get((run, doc_id)))) for run in flow.columns),
        ]
        for doc_id in [*flow.right, *flow.others]
    ]
    headings = ["Document", "Grade", *(arm_name(run) for run in flow.columns)]
    return details("The same ranks as a table", table(headings, rows))


def _cell(flow: Flow, run: str, doc_id: str, mark: Kind | None) -> str:
    words = flow.words(run, doc_id).removeprefix("rank ")
    return f"{words}, {mark}" if mark else words


def _short(title: str) -> str:
    return title if len(title) <= TITLE else f"{title[: TITLE - 1].rstrip()}…"
