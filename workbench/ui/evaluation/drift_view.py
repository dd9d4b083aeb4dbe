"""Whether the questions changed: set against traffic, early against late, week by week, and the words that tell them apart.

It shows what the report holds; the classifier ran elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from workbench.numbers import count, measured, p_value
from workbench.records import Drift, TellingWord, WeekOfQuestions
from workbench.ui.chart_frame import ChartFrame
from workbench.ui.components import badge, details, empty_state, escape, join, paragraph, section, table
from workbench.ui.evaluation.drift_chart import drift_figure, weeks_figure
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.page import column, html, safe_callback

LABEL = (
    "How well two sets of questions are told apart, as AUC with 95 % intervals; a line at 0.5, where they cannot be."
)
WEEKS_LABEL = "How well the questions of each week are told from those of the first weeks, as AUC with 95 % intervals."
NO_DRIFT = (
    "Drift is not measured.",
    "It would show whether the questions people ask now are still those the set was made from.",
    "Hand over a query log with times in the folder logs, then read the case again.",
)


def build_drift_view(state: Evaluation) -> widgets.Widget:
    """The view; it follows the report."""
    place = column()
    place.add_class("wb-drift")

    def show(_change: object = None) -> None:
        place.children = _parts(state)

    show()
    state.observe(safe_callback(show), "report")
    return place


def _parts(state: Evaluation) -> list[widgets.Widget]:
    report = state.report
    if not any(drift.auc.value is not None for drift in report.drift):
        return [html(empty_state(*NO_DRIFT) + drifts_markup(report.drift))]
    frame = ChartFrame(
        drift_figure(report.drift), name="drift", label=LABEL, table="The table below holds the numbers."
    )
    parts = [html(join(paragraph(drift_words(drift)) for drift in report.drift)), frame]
    parts.append(html(drifts_markup(report.drift) + words_markup(report.drift)))
    if any(week.auc.value is not None for week in report.weeks):
        by_week = ChartFrame(weeks_figure(report.weeks), name="drift-by-week", label=WEEKS_LABEL)
        parts += [html("<h2>Week by week</h2>"), by_week, html(weeks_markup(report.weeks))]
    elif report.weeks:
        parts.append(html(weeks_markup(report.weeks)))
    return parts


def drift_words(drift: Drift) -> str:
    """One sentence of what two sets of questions are to each other."""
    both = f"{drift.reference} and {drift.current}"
    both = both[:1].upper() + both[1:]
    if drift.auc.value is None or drift.drifted is None:
        return f"{both}: {measured(drift.auc)}."
    auc = f"AUC {measured(drift.auc)}, n = {count(drift.auc.n)}"
    if not drift.drifted:
        return f"{both} cannot be told apart in a way that matters ({auc})."
    words = ", ".join(f"“{word.word}”" for word in drift.words[:3])
    return f"{both} are different questions ({auc}){f': what tells most is {words}' if words else ''}."


def drifts_markup(drifts: Sequence[Drift]) -> str:
    """Every pair of sets with its numbers."""
    rows = [
        [
            escape(drift.reference),
            escape(drift.current),
            count(drift.reference_n),
            count(drift.current_n),
            escape(measured(drift.auc)),
            escape(p_value(drift.p_value)) if drift.p_value is not None else "",
            _verdict(drift),
        ]
        for drift in drifts
    ]
    if not rows:
        return ""
    return table(
        ["Questions", "Against", "n", "n", "AUC", "p", ""],
        rows,
        caption="AUC on questions the classifier has not seen, 95 % interval; p by permutation.",
        numeric=(2, 3),
    )


def _verdict(drift: Drift) -> str:
    if drift.drifted is None:
        return '<span class="wb-muted">not measured</span>'
    return badge("different", "accent") if drift.drifted else escape("no difference that matters")


def words_markup(drifts: Sequence[Drift]) -> str:
    """The words that tell two sets apart, each under the set it is commoner in."""
    found = [drift for drift in drifts if drift.words]
    return join(section(_heading(drift), _sides(drift)) for drift in found)


def _heading(drift: Drift) -> str:
    return f"What tells {drift.reference} from {drift.current}"


def _sides(drift: Drift) -> str:
    sides = join(
        f"<div><h3>Commoner in {escape(name)}</h3>{_words([word for word in drift.words if word.towards == name])}</div>"
        for name in dict.fromkeys([drift.reference, drift.current])
    )
    return f'<div class="wb-row">{sides}</div>'


def _words(words: Sequence[TellingWord]) -> str:
    if not words:
        return paragraph("None among the most telling.", muted=True)
    return f'<p class="wb-telling">{" ".join(badge(word.word) for word in words)}</p>'


def weeks_markup(weeks: Sequence[WeekOfQuestions]) -> str:
    """Every week with its number of questions."""
    rows = [[escape(f"{week.starts:%Y-%m-%d}"), count(week.n), escape(measured(week.auc))] for week in weeks]
    listed = table(["Week from", "Questions", "AUC against the first weeks"], rows, numeric=(1,))
    return details(f"All {count(len(rows))} weeks as a table", listed)
