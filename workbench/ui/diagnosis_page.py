"""The diagnosis of a case: the verdict, how probable each cause is, and the evidence with its places in the files.

It shows what a stored diagnosis holds; the weighing is done elsewhere, through `workbench.session`.
"""

from __future__ import annotations

import ipywidgets as widgets

from workbench import numbers
from workbench.case import Case
from workbench.records import Diagnosis
from workbench.report.ledgers import Ledger, ledgers, main_causes, other_causes
from workbench.report.words import CAUSE_NAMES
from workbench.session import stored_diagnosis
from workbench.ui.analysis import AnalysisPanel
from workbench.ui.charts import causes_chart
from workbench.ui.components import (
    bullets,
    details,
    escape,
    join,
    ledger,
    paragraph,
    section,
    sentence,
    table,
    verdict_bar,
)
from workbench.ui.figure import Fig
from workbench.ui.page import PageContext, column, html

OPEN_LINES = 6
"""Lines of a ledger that are shown before it is opened."""


def build_diagnosis_page(context: PageContext) -> widgets.Widget:
    """The page of a case: its diagnosis, or what to do when there is none yet."""
    case = context.case
    assert case is not None  # the page is shown with needs_case
    return AnalysisPanel(
        case,
        missing="This case has not been diagnosed yet.",
        gives="It shows which of three causes holds the pilot up, with the evidence for and against each of them.",
        result=lambda: _stored_panel(case),
    )


def _stored_panel(case: Case) -> widgets.Widget | None:
    diagnosis = stored_diagnosis(case)
    return build_diagnosis_panel(diagnosis, case_slug=case.slug) if diagnosis else None


def build_diagnosis_panel(diagnosis: Diagnosis, *, case_slug: str | None = None) -> widgets.Widget:
    """Everything the page shows of one diagnosis; `case_slug` is the case in links to sources, None writes plain text."""
    return column(
        html(sentence(diagnosis.sentence) + _causes(diagnosis)),
        html(join(_ledger(entry, case_slug) for entry in ledgers(diagnosis))),
        html(_next_steps(diagnosis) + _would_change(diagnosis) + _not_measured(diagnosis)),
        html(section("How far the evidence moved each cause", note=_stability(diagnosis))),
        Fig(causes_chart(diagnosis)),
    )


def _causes(diagnosis: Diagnosis) -> str:
    main = join(verdict_bar(cause) for cause in main_causes(diagnosis))
    others = join(verdict_bar(cause) for cause in other_causes(diagnosis))
    beside = f'<div class="wb-verdicts-small"><h3>Beside them</h3>{others}</div>' if others else ""
    return f'<div class="wb-verdicts">{main}</div>{beside}'


def _ledger(entry: Ledger, case_slug: str | None) -> str:
    first, rest = entry.weighed[:OPEN_LINES], entry.weighed[OPEN_LINES:]
    parts = [ledger(first, case_slug)]
    if rest:
        parts.append(details(f"Weighing less: {len(rest)}", ledger(rest, case_slug)))
    if entry.silent:
        looked_for = [f"{line.title}: {line.finding}" for line in entry.silent]
        parts.append(details(f"Could not be looked at: {len(entry.silent)}", bullets(looked_for)))
    name = CAUSE_NAMES[entry.cause.cause]
    title = f"{name}: what speaks for and against it"
    return f'<div data-cause-ledger="{escape(entry.cause.cause)}">{section(title, *parts)}</div>'


def _next_steps(diagnosis: Diagnosis) -> str:
    if not diagnosis.next_steps:
        return ""
    rows = [
        [
            escape(step.text),
            escape(step.kind),
            f"{numbers.count(step.minutes)} min",
            f"{numbers.significant(step.expected_gain)} bits",
        ]
        for step in diagnosis.next_steps
    ]
    return section("Next steps", table(["What", "Kind", "Takes", "Expected to tell"], rows, numeric=(2, 3)))


def _would_change(diagnosis: Diagnosis) -> str:
    lines = bullets(diagnosis.would_change) or paragraph("No single finding that is still open would change it.")
    return section("What would change the verdict", lines)


def _not_measured(diagnosis: Diagnosis) -> str:
    lines = bullets(diagnosis.not_measured) or paragraph("Every signal could be looked at.")
    return section("What was not measured", lines)


def _stability(diagnosis: Diagnosis) -> str:
    share = numbers.probability(diagnosis.top_cause_stability)
    return (
        f"The same cause leads in {share} of draws over uncertain weights and starting odds; "
        f"weights of evidence {diagnosis.signals_version}."
    )
