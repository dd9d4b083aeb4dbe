"""The scoreboard of the lab: how each search does, which differences are real, and which search to go on with.

It shows what a comparison holds and computes nothing; why questions are missed is in `failures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
import plotly.graph_objects as go

from workbench.comparison.deployed import DEPLOYED
from workbench.numbers import count, seconds
from workbench.records import ArmReport, Comparison, Difference
from workbench.report.outcomes import changes
from workbench.report.words import arm_reason, comparison_sentence, measure_labels
from workbench.retrieval.recipes import arm_name
from workbench.ui import charts
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import (
    arm_label,
    badge,
    bullets,
    comparison_table,
    details,
    difference_table,
    empty_state,
    escape,
    paragraph,
    sentence,
    table,
)
from workbench.ui.lab.arms import main_arms
from workbench.ui.lab.causes import blame_section, few_labels_section
from workbench.ui.lab.query_charts import refresh
from workbench.ui.lab.state import Lab
from workbench.ui.page import column, html, safe_callback

MOST_DIFFERENCES = 12
"""Rows of the chart of differences a projector page has room for."""
MAIN_MEASURE, DEPLOYED_MEASURE = "nDCG@10", "success@5"
"""What the chart of differences opens with; the second where a deployed system, which logs few results, is compared."""


def opening(lab: Lab) -> str:
    """The sentence to read aloud, as markup; it follows the two arms compared and the grades."""
    pair = (lab.baseline, lab.candidate)
    changed = None
    if lab.comparison.judged and lab.baseline != lab.candidate:
        changed = changes(lab.stored.per_query, lab.baseline, lab.candidate, lab.k)
    return f'<div class="wb-opening">{sentence(comparison_sentence(lab.comparison, changed, pair=pair))}</div>'


def recommendation(comparison: Comparison) -> str:
    """The arm to go on with and why, or that nothing was measured; "" for a comparison made before there were any."""
    advised = comparison.recommended
    if advised is None or (advised.arm is None and not comparison.judged):
        return ""  # without labels the sentence says already that nothing is measured
    known = badge(f"shown by {advised.basis}", "accent") if advised.shown else badge("a lead, not shown", "muted")
    head = f"{badge('recommended', 'accent')} {arm_label(advised.arm)} {known}" if advised.arm else ""
    return f'<div class="wb-recommended" data-arm="{escape(advised.arm or "")}">{head}{paragraph(advised.reason)}</div>'


class Scoreboard(widgets.VBox):  # type: ignore[misc]
    """The search to go on with, arms by measure, differences with their verdicts, and what a few grades say.

    Attributes:
        advice, scores, grades, every_difference, rest: markup.
        measure: the measure differences are drawn in.
        forest: their chart; None where nothing is compared.
        as_chart: draws the table of measures as a chart when it is pressed.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.advice, self.scores, self.grades, self.every_difference, self.rest = (html("") for _ in range(5))
        measures = _compared_measures(lab.comparison)
        self.measure = widgets.Dropdown(options=measures, description="Measure")
        if measures:
            self.measure.value = _first_measure(lab.comparison, measures)
        self.forest = _forest_frame(lab, self.measure.value) if measures else None
        self.forest_note = html("")
        self.as_chart = widgets.ToggleButton(value=False, description="Show the measures as a chart")
        self._chart_place = widgets.VBox([])
        super().__init__(self._parts())
        self.add_class("wb-scoreboard")
        self._show()
        lab.observe(safe_callback(self._compared_anew), ["comparison", "baseline", "candidate"])
        self.measure.observe(safe_callback(self._draw), "value")
        self.as_chart.observe(safe_callback(self._chart_asked), "value")

    def _parts(self) -> list[widgets.Widget]:
        if not self._lab.comparison.judged:
            return [self.advice, self.grades, self.scores, self.rest]
        head = widgets.HBox([html("<h2>Is the difference real</h2>"), self.measure])
        head.add_class("wb-forest-head")
        forest = [head, self.forest_note, self.forest, self.every_difference] if self.forest else []
        return [self.advice, self.scores, *forest, self.grades, self.as_chart, self._chart_place, self.rest]

    def _show(self) -> None:
        comparison = self._lab.comparison
        shown, folded = main_arms(self._lab, comparison.arms)
        self.advice.value = recommendation(comparison)
        self.scores.value = scores_markup(comparison, shown, folded)
        self.grades.value = few_labels_section(comparison.few_labels)
        self.rest.value = blame_section(comparison.blame) + method_markup(comparison)
        self.every_difference.value = _differences_behind(comparison)
        self._note()

    def _note(self) -> None:
        if self.forest is not None:
            drawn = shown_differences(self._lab, str(self.measure.value))
            self.forest_note.value = _forest_note(self._lab.comparison, str(self.measure.value), len(drawn))

    def _compared_anew(self, _change: object) -> None:
        self._show()
        self._draw(_change)

    def _draw(self, _change: object) -> None:
        if self.forest is not None:
            refresh(self.forest.chart, _forest_figure(self._lab, str(self.measure.value)))
            self._note()

    def _chart_asked(self, _change: object) -> None:
        # Drawn when it is asked for: a chart built out of sight has no width.
        self.as_chart.description = f"{'Hide' if self.as_chart.value else 'Show'} the measures as a chart"
        self._chart_place.children = [self._measures_frame()] if self.as_chart.value else []

    def _measures_frame(self) -> ChartFrame:
        comparison = self._lab.comparison
        shown, _ = main_arms(self._lab, comparison.arms)
        figure = charts.measures_chart(_only(comparison, shown))
        return ChartFrame(figure, name="measures", label="Every measure of every search with its 95 % interval.")


def build_scoreboard_view(lab: Lab) -> widgets.Widget:
    """The view: it follows the pair of arms chosen and the comparison, which changes with every grade."""
    return column(Scoreboard(lab))


# ---------------------------------------------------------------- measures


def scores_markup(comparison: Comparison, shown: Sequence[str], folded: Sequence[str] = ()) -> str:
    """Arms by measure; without a labelled question one sentence and the times instead of empty columns.

    Args:
        comparison: the comparison.
        shown: arms of the table.
        folded: arms behind a line that opens them.
    """
    corpus = comparison.corpus
    size = f"{count(corpus.documents)} documents in {count(corpus.passages)} passages{_left_out(comparison)}."
    if not comparison.judged:
        return _unscored(comparison, size)
    labels = _measured_labels(comparison)
    markup = comparison_table(_only(comparison, shown), labels, note=size)
    if folded:
        names = "variant" if len(folded) == 1 else "variants"
        markup += details(f"{count(len(folded))} more {names}", comparison_table(_only(comparison, folded), labels))
    return (
        f'<div class="wb-scores"><h2 class="wb-said">The same questions, searched in different ways</h2>{markup}</div>'
    )


def _unscored(comparison: Comparison, size: str) -> str:
    missing = empty_state(
        "No measure has a value: nobody has said which documents are right for these questions.",
        "With labels this table says how often each search finds the right document, and which differences are real.",
        "Hand over questions with their right documents, or open Grading above: grading a few dozen questions is enough "
        "for a first number.",
    )
    if comparison.few_labels is not None and comparison.few_labels.arms:
        missing = ""  # the grades stand above
    return missing + paragraph(f"{count(comparison.queries)} questions; {size}", muted=True)


def _times(report: ArmReport) -> str:
    if report.seconds is None:
        return (arm_reason(report) if report.reason else None) or "taken from the log"
    return f"index {seconds(report.seconds.index)}, search {seconds(report.seconds.search)}"


def _only(comparison: Comparison, arms: Sequence[str]) -> Comparison:
    return replace(comparison, arms={arm: comparison.arms[arm] for arm in arms})


def _measured_labels(comparison: Comparison) -> list[str]:
    def has_value(label: str) -> bool:
        return any(label in arm.measures and arm.measures[label].value is not None for arm in comparison.arms.values())

    return [label for label in measure_labels(comparison) if has_value(label)]


def _left_out(comparison: Comparison) -> str:
    """Questions no measure is computed for: counted here, averaged nowhere."""
    parts = [
        f"{count(comparison.unjudged)} questions nobody judged" if comparison.unjudged and comparison.judged else "",
        f"{count(comparison.without_relevant)} judged without a right document" if comparison.without_relevant else "",
    ]
    told = [part for part in parts if part]
    return f"; not averaged: {' and '.join(told)}" if told else ""


# ---------------------------------------------------------------- differences


def shown_differences(lab: Lab, measure: str) -> list[Difference]:
    """Differences in one measure between the arms shown, those with the chosen pair, its baseline or the arm advised first kept.

    They stay in the order of the comparison; at most twelve are drawn, and the table behind them lists all.
    """
    shown, _ = main_arms(lab, lab.comparison.arms)
    own = [d for d in lab.comparison.differences if d.measure == measure and {d.baseline, d.candidate} <= set(shown)]
    advised = lab.comparison.recommended.arm if lab.comparison.recommended else None

    def weight(each: Difference) -> tuple[bool, bool, bool, bool]:
        pair = {each.baseline, each.candidate}
        return (
            pair != {lab.baseline, lab.candidate},
            lab.baseline not in pair,
            DEPLOYED not in pair,
            advised not in pair,
        )

    kept = sorted(own, key=weight)[:MOST_DIFFERENCES]
    return [each for each in own if each in kept]


def _compared_measures(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys(d.measure for d in comparison.differences if d.difference.value is not None))


def _first_measure(comparison: Comparison, measures: Sequence[str]) -> str:
    """The measure every arm has: a deployed system that logs five results leaves only what needs no more."""
    with_deployed = any(d.baseline == DEPLOYED and d.measure == DEPLOYED_MEASURE for d in comparison.differences)
    wanted = DEPLOYED_MEASURE if with_deployed else MAIN_MEASURE
    return wanted if wanted in measures else measures[0]


def _forest_figure(lab: Lab, measure: str) -> go.Figure:
    return charts.differences_chart(shown_differences(lab, measure), chosen=(lab.baseline, lab.candidate))


def _forest_frame(lab: Lab, measure: str) -> ChartFrame:
    frame = ChartFrame(
        _forest_figure(lab, measure),
        name="differences",
        label="Differences between searches with 95 % intervals.",
        table="The table “All differences” below holds the same numbers.",
    )

    def choose(_trace: object, points: Any, _state: object) -> None:  # noqa: ANN401 - plotly's own
        for index in points.point_inds[:1]:
            baseline, candidate = str(frame.chart.data[0].customdata[index]).split("\n")
            if {baseline, candidate} <= set(lab.runs):
                with lab.hold_trait_notifications():
                    lab.baseline, lab.candidate = baseline, candidate

    for trace in frame.chart.data:
        if trace.customdata is not None:
            trace.on_click(safe_callback(choose))
    return frame


def _forest_note(comparison: Comparison, measure: str, drawn: int) -> str:
    tests = len(comparison.differences)
    of_measure = sum(d.measure == measure for d in comparison.differences)
    part = f" {count(drawn)} of {count(of_measure)} in {measure} are drawn." if drawn < of_measure else ""
    needed = any(d.measure == measure and d.more_queries_needed is not None for d in comparison.differences)
    more = " In brackets: about how many more questions are needed." if needed else ""
    return paragraph(
        f"Bars: 95 % intervals, each for itself. Words: corrected for all {count(tests)} comparisons (Holm).{more}{part}",
        muted=True,
    )


def _differences_behind(comparison: Comparison) -> str:
    if not comparison.differences:
        return ""
    rows = difference_table(comparison.differences, judged=comparison.judged)
    return details(f"All {count(len(comparison.differences))} differences", rows)


# ---------------------------------------------------------------- method


def method_markup(comparison: Comparison) -> str:
    """How the numbers were obtained, folded away."""
    rows = [[escape(name), escape(value)] for name, value in comparison.settings.items()]
    rows += [
        [f"time, {escape(arm_name(arm))}", escape(_times(report))]
        for arm, report in comparison.arms.items()
        if report.seconds is not None
    ]
    settings = table(["Setting", "Value"], rows) if rows else ""
    told = bullets(comparison.notes) + settings
    return details("How this was obtained: notes, settings and times", told) if told else ""
