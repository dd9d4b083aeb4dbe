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
    paragraph,
    section,
    sentence,
    table,
)
from workbench.ui.figure import Fig
from workbench.ui.page import PageContext, column, html
from workbench.ui.verdicts import ledger, verdict_bar

OPEN_LINES = 6
"""Lines of a ledger that are shown before it is opened."""
MUCH, SOMETHING = 0.3, 0.1
"""Expected gain of a step, in bits, from which its answer is expected to tell much, or something."""


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
    covered, steps = _anything_covered(diagnosis), _next_steps(diagnosis)
    # Where nothing could be weighed yet, what to do about it is the answer; it does not wait under empty ledgers.
    first, later = ("", steps) if covered else (steps, "")
    return column(
        html(sentence(diagnosis.sentence) + _causes(diagnosis) + first),
        html(join(_ledger(entry, case_slug) for entry in ledgers(diagnosis))),
        html(later + _would_change(diagnosis) + _not_measured(diagnosis)),
        html(section("How far the evidence moved each cause", note=_stability(diagnosis))),
        *([Fig(causes_chart(diagnosis))] if covered else []),
    )


def gain_words(bits: float) -> str:
    """What a step is expected to tell, for people: "much", "something" or "little"."""
    return "much" if bits >= MUCH else "something" if bits >= SOMETHING else "little"


def _anything_covered(diagnosis: Diagnosis) -> bool:
    return any(cause.verdict != "not_enough_evidence" for cause in diagnosis.causes)


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
            gain_words(step.expected_gain),
        ]
        for step in diagnosis.next_steps
    ]
    return section("Next steps", table(["What", "Kind", "Takes", "Expected to tell"], rows, numeric=(2,)))


def _would_change(diagnosis: Diagnosis) -> str:
    lines = bullets(diagnosis.would_change) or paragraph("No single finding that is still open would change it.")
    return section("What would change the verdict", lines)


def _not_measured(diagnosis: Diagnosis) -> str:
    lines = bullets(diagnosis.not_measured) or paragraph("Every signal could be looked at.")
    return section("What was not measured", lines)


def _stability(diagnosis: Diagnosis) -> str:
    weights = f"weights of evidence {diagnosis.signals_version}"
    if not _anything_covered(diagnosis):
        return f"No cause has enough evidence yet; {weights}."
    share = numbers.probability(diagnosis.top_cause_stability)
    return f"The same cause leads in {share} of draws over uncertain weights and starting odds; {weights}."
