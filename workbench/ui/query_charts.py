"""Charts of single questions: where each document stands in each arm, and how every question changes between two arms.

Pure functions from tidy frames to a plotly figure; client text passes through `charts.chart_text`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from workbench import numbers
from workbench.comparison.deployed import DEPLOYED
from workbench.retrieval.recipes import arm_name
from workbench.ui.charts import chart_text
from workbench.ui.tokens import CHART_TEXT, OTHER_COLOUR, TYPE_SCALE, arm_colour, plotly_template

RIGHT_COLOUR = "#0b7d8f"
"""Documents labelled right for the question; the accent, in a shade that reads on light and dark."""


def rank_flow_chart(
    rankings: pd.DataFrame, runs: Sequence[str], titles: Mapping[str, str], grades: Mapping[str, int], *, k: int = 10
) -> go.Figure:
    """The rank of every document of one question from arm to arm, right ones thick and named, the others thin.

    Args:
        rankings: rows of one question with columns run, rank (from 1), doc_id.
        runs: arms in the order they are drawn.
        titles: doc_id -> title.
        grades: doc_id -> relevance grade; above 0 is right.
        k: ranks shown; what stands lower or nowhere is drawn on one line below. The deployed system shows
            nothing there when its log keeps fewer: what it ranked lower is not known.
    """
    top = rankings[(rankings["rank"] <= k) & rankings["run"].isin(list(runs))]
    right = [doc_id for doc_id, grade in grades.items() if grade > 0]
    places = top.pivot_table(index="doc_id", columns="run", values="rank", aggfunc="min").reindex(columns=list(runs))
    places = places.reindex([*places.index, *(d for d in right if d not in places.index)])
    logged = int((rankings["run"] == DEPLOYED).sum())
    known = [run for run in runs if run != DEPLOYED or logged >= k]
    places[known] = places[known].fillna(k + 1)
    figure = go.Figure(layout={"template": plotly_template(), "height": 380})
    others = [doc_id for doc_id in places.index if doc_id not in right]
    figure.add_trace(_flows(places.loc[others], titles, k, width=1, size=5, colour=OTHER_COLOUR, opacity=0.45))
    figure.add_trace(_flows(places.loc[right], titles, k, width=3, size=9, colour=RIGHT_COLOUR, opacity=1))
    _name_right_documents(figure, places.loc[right], titles)
    if top.empty:
        _say(figure, "no arm has a ranking for this question")
    ticks = list(range(1, k + 1))
    figure.update_yaxes(
        range=[k + 1.6, 0.4],
        tickvals=[*ticks, k + 1],
        ticktext=[*map(str, ticks), f"below {k}"],
        title_text="rank",
        title_font_size=TYPE_SCALE[1],
    )
    room = 0.9 if right else 0.1
    figure.update_xaxes(
        range=[-0.1, len(runs) - 1 + room], tickvals=list(range(len(runs))), ticktext=[arm_name(run) for run in runs]
    )
    return figure


def per_query_chart(per_query: pd.DataFrame, baseline: str, candidate: str, measure: str) -> go.Figure:
    """Candidate minus baseline for every question, sorted: how many gain, how many lose, and by how much."""
    rows = per_query[(per_query["measure"] == measure) & per_query["run"].isin([baseline, candidate])]
    wide = rows.pivot_table(index="query_id", columns="run", values="value").reindex(
        columns=list(dict.fromkeys([baseline, candidate]))
    )
    change = (wide[candidate] - wide[baseline]).dropna().sort_values(ascending=False)
    figure = go.Figure(layout={"template": plotly_template(), "height": 300})
    figure.add_trace(
        go.Bar(
            x=list(range(1, len(change) + 1)),
            y=change.tolist(),
            marker_color=arm_colour(candidate),
            marker_line_width=0,
            hovertext=[f"{chart_text(str(q))}: {numbers.signed(v)}" for q, v in change.items()],
            hoverinfo="text",
        )
    )
    if change.empty:
        _say(figure, f"not measured: {measure} of both arms is needed")
    better, worse = int((change > 0).sum()), int((change < 0).sum())
    same = len(change) - better - worse
    figure.update_xaxes(
        title_text=f"questions, sorted, n = {numbers.count(len(change))}: "
        f"{better} better, {same} the same, {worse} worse",
        title_font_size=TYPE_SCALE[1],
    )
    figure.update_yaxes(
        title_text=f"change in {measure}",
        range=[-1.05, 1.05],
        tickvals=[-1, -0.5, 0, 0.5, 1],
        ticktext=[f"{numbers.MINUS}1", f"{numbers.MINUS}0.5", "0", "+0.5", "+1"],
        title_font_size=TYPE_SCALE[1],
    )
    figure.add_hline(y=0, line_width=1, line_color=CHART_TEXT)
    return figure


def refresh(widget: go.FigureWidget, figure: go.Figure) -> None:
    """Turn a chart that is shown into another one of the same kind, in one message to the page.

    Raises:
        ValueError: the two do not have the same number of traces.
    """
    with widget.batch_update():
        for shown, new in zip(widget.data, figure.data, strict=True):
            shown.update({name: value for name, value in new.to_plotly_json().items() if name != "type"})
        widget.layout.annotations = figure.layout.annotations
        widget.layout.xaxis = figure.layout.xaxis
        widget.layout.yaxis = figure.layout.yaxis


def _say(figure: go.Figure, words: str) -> None:
    figure.add_annotation(text=chart_text(words), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")


def _flows(
    places: pd.DataFrame, titles: Mapping[str, str], k: int, *, width: int, size: int, colour: str, opacity: float
) -> go.Scatter:
    """All lines of one look as one trace, gaps between documents: an update then never changes the number of traces."""
    across: list[float | None] = []
    down: list[float | None] = []
    said: list[str] = []
    for doc_id, row in zip(places.index, places.to_numpy().tolist(), strict=True):
        title = chart_text(titles.get(doc_id, str(doc_id)))
        across += [*range(len(row)), None]
        down += [*(None if math.isnan(rank) else rank for rank in row), None]
        said += [
            f"{title}, {arm_name(run)}: {_rank_words(rank, k)}" for run, rank in zip(places.columns, row, strict=True)
        ]
        said.append("")
    return go.Scatter(
        x=across,
        y=down,
        mode="lines+markers",
        line={"width": width, "color": colour},
        marker={"size": size},
        opacity=opacity,
        hovertext=said,
        hoverinfo="text",
    )


def _rank_words(rank: float, k: int) -> str:
    if math.isnan(rank):
        return "not among the results logged"
    return f"rank {int(rank)}" if rank <= k else f"below {k}"


def _name_right_documents(figure: go.Figure, places: pd.DataFrame, titles: Mapping[str, str]) -> None:
    by_end: dict[tuple[int, float], list[str]] = {}
    for doc_id, row in zip(places.index, places.to_numpy().tolist(), strict=True):
        last = max(place for place, rank in enumerate(row) if place == 0 or not math.isnan(rank))
        by_end.setdefault((last, row[last]), []).append(titles.get(doc_id, str(doc_id)))
    for (across, end), names in by_end.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        text = chart_text(names[0], limit=28) + more
        figure.add_annotation(x=across, y=end, text=text, showarrow=False, xanchor="left", xshift=10, align="left")
