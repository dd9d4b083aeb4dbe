"""The retrieval lab: naive retrieval beside the other arms on the client's own documents, and question by question.

It puts together what a stored comparison holds; arms run elsewhere, through `workbench.session`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from workbench.case import Case
from workbench.comparison.deployed import DEPLOYED
from workbench.evaluation.failures import CODES, FAILURE_K, FIXES
from workbench.numbers import count
from workbench.records import Comparison, Difference
from workbench.report.outcomes import changes
from workbench.report.words import Changes, comparison_sentence, failure_name
from workbench.retrieval.recipes import arm_name
from workbench.session import stored_comparison
from workbench.ui import charts
from workbench.ui.analysis import AnalysisPanel
from workbench.ui.components import (
    bullets,
    comparison_table,
    details,
    difference_table,
    escape,
    join,
    section,
    sentence,
    table,
)
from workbench.ui.figure import Fig
from workbench.ui.lab_causes import (
    blame_section,
    few_labels_section,
    findability_section,
    harm_section,
    recommendation,
)
from workbench.ui.lab_questions import QuestionPanel
from workbench.ui.page import PageContext, column, html

if TYPE_CHECKING:
    from workbench.comparison.tables import StoredComparison

BASELINE = "dense"
CANDIDATES = ("hybrid+rerank", "hybrid", "bm25", "deployed")
"""Arms set against naive dense retrieval, the one a page opens with first; variants follow them."""
DIFFERENCE_NOTE = (
    "Bars are 95 % intervals, each for itself. The words are stricter, for they count every comparison made: "
    "a bar beside zero can still be “cannot tell yet”."
)
MOST_DIFFERENCES = 12
"""Rows of the chart of differences a projector page has room for."""
MAIN_MEASURE, DEPLOYED_MEASURE = "nDCG@10", "success@5"
"""What the chart of differences shows: one measure for all, and one that a log of five results allows for the deployed system."""


def build_lab_page(context: PageContext) -> widgets.Widget:
    """The page of a case: its comparison, or what to do when there is none yet."""
    case = context.case
    assert case is not None  # the page is shown with needs_case
    return AnalysisPanel(
        case,
        missing="Retrieval has not been compared yet.",
        gives="It shows on these documents how often naive retrieval misses, and what other ways of searching find.",
        result=lambda: _stored_panel(case, context.query.get("question")),
    )


def _stored_panel(case: Case, question: str | None) -> widgets.Widget | None:
    stored = stored_comparison(case)
    return build_lab_panel(stored, case_slug=case.slug, question=question) if stored else None


def build_lab_panel(
    stored: StoredComparison, *, case_slug: str | None = None, question: str | None = None
) -> widgets.Widget:
    """Everything the lab shows of one comparison.

    Args:
        stored: the comparison with its tables.
        case_slug: the case in links to sources; None writes places as plain text.
        question: query_id that is open at first; the first of the list when None or unknown.
    """
    comparison = stored.comparison
    runs = [arm for arm in comparison.arms if arm in set(stored.rankings["run"])]
    baseline = BASELINE if BASELINE in runs else runs[0]
    ordered = dict.fromkeys([*(arm for arm in CANDIDATES if arm in runs), *runs])
    others = [arm for arm in ordered if arm != baseline] or [baseline]
    k = _cut(comparison)
    changed = [c for c in (changes(stored.per_query, baseline, arm, k) for arm in others) if c is not None]
    titles = dict(zip(stored.documents["doc_id"], stored.documents["title"], strict=True))
    panel = QuestionPanel(
        stored, runs, baseline=baseline, candidate=others[0], k=k, case_slug=case_slug, question=question
    )
    return column(
        *_arms(comparison, sentence(comparison_sentence(comparison, changed[0] if changed else None))),
        *(_changes(comparison, changed) if comparison.judged else ()),
        html(few_labels_section(comparison.few_labels) + findability_section(comparison.findability, titles)),
        panel.widget,
        html(_method(comparison)),
    )


def failure_table(comparison: Comparison) -> str:
    """Missed questions by failure code and arm, with what each code means and what to do about it."""
    arms = list(comparison.failures)
    seen = {code for failures in comparison.failures.values() for code in failures.by_code}
    codes = [code for code in CODES if code in seen]
    rows = [
        [
            escape(failure_name(code)),
            *(count(comparison.failures[arm].by_code.get(code, 0)) for arm in arms),
            escape(CODES[code].partition(": ")[2]),
            escape(FIXES[code]),
        ]
        for code in codes
    ]
    headings = ["Failure", *(arm_name(arm) for arm in arms), "Meaning", "What to do"]
    open_codes = [f"{failure_name(code)}: {reason}" for code, reason in comparison.codes_not_tested.items()]
    behind = details("Not looked at, or not in full", bullets(open_codes)) if open_codes else ""
    return table(headings, rows, numeric=range(1, len(arms) + 1)) + behind


def _arms(comparison: Comparison, opening: str) -> list[widgets.Widget]:
    size = f"{count(comparison.corpus.documents)} documents in {count(comparison.corpus.passages)} passages"
    size += _left_out(comparison)
    arms = section("The same questions, searched in different ways", comparison_table(comparison), note=size)
    chart = [Fig(charts.measures_chart(comparison))] if comparison.judged else []
    return [html(opening + recommendation(comparison) + arms), *chart]


def _left_out(comparison: Comparison) -> str:
    """Questions no measure is computed for: counted here, averaged nowhere."""
    parts = [
        f"{count(comparison.unjudged)} questions nobody judged" if comparison.unjudged and comparison.judged else "",
        f"{count(comparison.without_relevant)} judged without a right document" if comparison.without_relevant else "",
    ]
    told = [part for part in parts if part]
    return f"; not averaged: {' and '.join(told)}" if told else ""


def _changes(comparison: Comparison, changed: list[Changes]) -> list[widgets.Widget]:
    main = _shown_differences(comparison)
    behind = details("All differences", difference_table(comparison.differences, judged=comparison.judged))
    return [
        html(section("What changes against naive retrieval")),
        Fig(charts.changes_chart(changed)),
        html(section("Is the difference real", note=DIFFERENCE_NOTE)),
        Fig(charts.differences_chart(main)),
        html(behind),
        html(section("Why questions are missed")),
        Fig(charts.failures_chart(comparison)),
        html(details("What the failures mean", failure_table(comparison))),
        html(harm_section(comparison.harm) + blame_section(comparison.blame)),
    ]


def _shown_differences(comparison: Comparison) -> list[Difference]:
    """One measure of every pair; of many only those with naive retrieval, the deployed system or the arm recommended."""
    main = [
        d for d in comparison.differences if d.measure == (DEPLOYED_MEASURE if d.baseline == DEPLOYED else MAIN_MEASURE)
    ]
    if len(main) <= MOST_DIFFERENCES:
        return main
    advised = comparison.recommended.arm if comparison.recommended else None
    return [d for d in main if d.baseline in (BASELINE, DEPLOYED) or advised in (d.baseline, d.candidate)]


def _cut(comparison: Comparison) -> int:
    return next((failures.k for failures in comparison.failures.values()), FAILURE_K)


def _method(comparison: Comparison) -> str:
    rows = [[escape(name), escape(value)] for name, value in comparison.settings.items()]
    seconds = [
        [f"seconds, {escape(arm_name(arm))}", f"index {report.seconds.index:,.1f}, search {report.seconds.search:,.1f}"]
        for arm, report in comparison.arms.items()
        if report.seconds is not None
    ]
    settings = details("Settings and times", table(["Setting", "Value"], [*rows, *seconds]))
    return section("How this was obtained", join([bullets(comparison.notes), settings]))
