"""A cause and the evidence for and against it, as HTML text: one line for the verdict, one for each finding.

Pure functions from the records of a diagnosis to markup; the weighing is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench import numbers
from workbench.records import CauseFinding, Estimate, Evidence
from workbench.report.words import CAUSE_NAMES, VERDICT_WORDS, evidence_title
from workbench.ui.components import escape, interval_bar, join, paragraph, source_link
from workbench.ui.tokens import css_name

DECIBANS = (
    "decibans, the weight of evidence: +10 multiply the odds of the cause by ten, +3 about double them, "
    "negative ones speak against it"
)


def verdict_bar(finding: CauseFinding) -> str:
    """A cause on one line: its name, probability with the band of its uncertainty, the word, and how much was looked at.

    Where too little was looked at the word leads, and the probability is told only as what it is: not yet a finding.
    """
    estimate = Estimate(finding.probability, finding.low, finding.high, 1, "posterior draws", level=0.8)
    undecided = finding.verdict == "not_enough_evidence"
    return (
        f'<div class="wb-verdict" data-cause="{escape(finding.cause)}" data-verdict="{escape(finding.verdict)}">'
        f'<span class="wb-verdict-name">{escape(CAUSE_NAMES.get(finding.cause, finding.cause))}</span>'
        f"{interval_bar(estimate, colour_class=f'wb-cause-{css_name(finding.cause)}')}"
        f"{_before_enough(finding) if undecided else _found(finding)}"
        f'<span class="wb-verdict-coverage">{escape(numbers.probability(finding.coverage))} of evidence seen</span>'
        "</div>"
    )


def ledger_line(evidence: Evidence, case_slug: str | None) -> str:
    """One line of a cause's ledger: for or against, by how much, what was found and where it stands."""
    side = {True: "for", False: "against"}[evidence.decibans > 0] if evidence.decibans else "no weight"
    places = evidence.sources or ((evidence.source,) if evidence.source else ())
    links = join(source_link(place, case_slug) for place in places[:3])
    more = f'<span class="wb-source">and {len(places) - 3} more</span>' if len(places) > 3 else ""
    return (
        f'<li class="wb-ledger wb-ledger-{css_name(side).replace(" ", "-")}" data-signal="{escape(evidence.signal)}">'
        f'<span class="wb-ledger-side">{side}</span>'
        f'<span class="wb-ledger-weight" title="{DECIBANS}">{escape(numbers.decibans(evidence.decibans))}</span>'
        f'<span class="wb-ledger-text"><b>{escape(evidence_title(evidence))}</b> {escape(evidence.finding)}'
        f'<span class="wb-sources">{links}{more}</span></span></li>'
    )


def ledger(lines: Sequence[Evidence], case_slug: str | None) -> str:
    """All lines of a ledger in the order given; says so where there is none."""
    if not lines:
        return paragraph("No evidence for or against was found.", muted=True)
    return f'<ul class="wb-ledgers">{join(ledger_line(line, case_slug) for line in lines)}</ul>'


def _found(finding: CauseFinding) -> str:
    band = f"{numbers.probability(finding.low)} to {numbers.probability(finding.high)}"
    return (
        f'<span class="wb-verdict-value">{escape(numbers.probability(finding.probability))}'
        f"<small>{escape(band)}</small></span>"
        f'<span class="wb-verdict-word">{escape(VERDICT_WORDS[finding.verdict])}</span>'
    )


def _before_enough(finding: CauseFinding) -> str:
    basis = "before enough evidence" if finding.coverage else "starting odds"
    return (
        f'<span class="wb-verdict-word">{escape(VERDICT_WORDS[finding.verdict])}'
        f"<small>{basis}: {escape(numbers.probability(finding.probability))}</small></span>"
    )
