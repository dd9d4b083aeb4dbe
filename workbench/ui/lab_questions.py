"""The questions of the lab: a list to search and choose from, and under it what each arm ranked for the one chosen.

Widgets and callbacks only; rows, rankings and charts come from `lab_queries`, `lab_rankings` and `query_charts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anywidget
import ipywidgets as widgets
import traitlets

from workbench.report.words import failure_name
from workbench.retrieval.recipes import arm_name
from workbench.ui.components import section
from workbench.ui.figure import Fig
from workbench.ui.lab_queries import NOT_LABELLED, Rankings, question_rows
from workbench.ui.lab_rankings import rankings_markup
from workbench.ui.page import column, html, safe_callback
from workbench.ui.query_charts import per_query_chart, rank_flow_chart, refresh

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from workbench.comparison.tables import StoredComparison

CHART_MEASURE = "nDCG@10"
SHOWN = 10
"""Ranks shown of each arm."""


class QuestionList(anywidget.AnyWidget):
    """A list of questions to search, filter and sort in the page; `selected` is the query_id chosen."""

    _esm = Path(__file__).parent / "questions.js"
    rows: traitlets.List[list[object]] = traitlets.List().tag(sync=True)
    labels = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)


class QuestionPanel:
    """The list, the two arms that are compared, and the rankings of the chosen question.

    `widget` is what a page shows; `baseline`, `candidate`, `every_arm` and `questions` are its controls.
    """

    def __init__(
        self,
        stored: StoredComparison,
        runs: Sequence[str],
        *,
        baseline: str,
        candidate: str,
        k: int,
        case_slug: str | None,
        question: str | None = None,
    ) -> None:
        self._stored, self._runs, self._k, self._case_slug = stored, list(runs), k, case_slug
        self._rankings = Rankings(stored)
        self._texts = dict(zip(stored.queries["query_id"], stored.queries["text"], strict=True))
        options = [(arm_name(run), run) for run in runs]
        self.baseline = widgets.Dropdown(options=options, value=baseline, description="Compare")
        self.candidate = widgets.Dropdown(options=options, value=candidate, description="with")
        self.every_arm = widgets.Checkbox(value=False, description="show every arm", indent=False)
        self.questions = QuestionList()
        self._list_rows()
        first = str(self.questions.rows[0][0]) if self.questions.rows else ""
        self.questions.selected = question if question is not None and question in self._texts else first
        self.reading = html(self._reading())
        self.flow = Fig(self._flow_chart())
        self.change = Fig(self._change_chart()) if stored.comparison.judged else None
        for control, answer in (
            (self.baseline, self._arms_changed),
            (self.candidate, self._arms_changed),
            (self.every_arm, self._question_changed),
        ):
            control.observe(safe_callback(answer), "value")
        self.questions.observe(safe_callback(self._question_changed), "selected")
        self.widget = self._layout()

    def _layout(self) -> widgets.Widget:
        controls = widgets.HBox([self.baseline, self.candidate, self.every_arm])
        controls.add_class("wb-controls")
        k = self._k
        parts = [
            html(section("Question by question", note=f"A question is found when a right document is in the top {k}.")),
            controls,
            *([self.change] if self.change else []),
            self.questions,
            self.reading,
            html(section("Where its documents stand in each arm", note="Thick and named: documents labelled right.")),
            self.flow,
        ]
        return column(*parts)

    def _list_rows(self) -> None:
        baseline, candidate = self.baseline.value, self.candidate.value
        rows = question_rows(self._stored, baseline, candidate, self._k)
        names = {code: failure_name(code) for row in rows for code in row.codes}
        self.questions.labels = {
            "before": arm_name(baseline),
            "after": arm_name(candidate),
            "codes": names,
            "unlabelled": NOT_LABELLED,
        }
        self.questions.rows = [[r.query_id, r.text, r.outcome, r.before, r.after, list(r.codes)] for r in rows]

    def _arms_changed(self, _change: object) -> None:
        self._list_rows()
        if self.change is not None:
            refresh(self.change, self._change_chart())
        self.reading.value = self._reading()

    def _question_changed(self, _change: object) -> None:
        self.reading.value = self._reading()
        refresh(self.flow, self._flow_chart())

    def _reading(self) -> str:
        chosen = self.questions.selected
        pair = dict.fromkeys([self.baseline.value, self.candidate.value])
        runs = self._runs if self.every_arm.value else list(pair)
        text = self._texts.get(chosen, "")
        return rankings_markup(self._rankings, chosen, text, runs, case_slug=self._case_slug, k=SHOWN)

    def _flow_chart(self) -> go.Figure:
        chosen = self.questions.selected
        rankings = self._rankings
        return rank_flow_chart(rankings.of(chosen), self._runs, rankings.titles, rankings.grades(chosen), k=SHOWN)

    def _change_chart(self) -> go.Figure:
        return per_query_chart(self._stored.per_query, self.baseline.value, self.candidate.value, CHART_MEASURE)
