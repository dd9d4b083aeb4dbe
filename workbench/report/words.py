"""Words for results: causes, verdicts, failure codes, and the sentence a page opens with.

It says only what the values hold; it escapes nothing, which belongs to whoever shows the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.evaluation.failures import CODES, OTHER
from workbench.numbers import count, measured, not_measured
from workbench.records import ArmReport, Comparison, Difference, Estimate, Evidence
from workbench.retrieval.recipes import arm_name

CAUSE_NAMES = {
    "evaluation": "No evaluation harness",
    "governance": "Governance retrofitted",
    "retrieval": "Wrong retrieval",
    "outcome": "Outcome unclear",
    "cost": "Cost too high",
    "operations": "Operations not ready",
}
MAIN_CAUSES = ("evaluation", "governance", "retrieval")
VERDICT_WORDS = {
    "established": "established",
    "likely": "likely",
    "open": "open",
    "unlikely": "unlikely",
    "none_found": "none found",
    "not_enough_evidence": "not enough evidence",
}
DIFFERENCE_WORDS = {
    "better": "better",
    "worse": "worse",
    "equivalent": "no difference that matters",
    "undetermined": "cannot tell yet",
}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a candidate arm changes against a baseline, in judged questions: gets back, loses, still fails."""

    baseline: str
    candidate: str
    recovered: int
    lost: int
    still_failing: int


def failure_name(code: str) -> str:
    """A failure code with its words: "C3" -> "exact term missed (C3)"; unknown codes stay as they are."""
    if code not in CODES:
        return code
    name = CODES[code].partition(":")[0]
    return name if code == OTHER else f"{name} ({code})"


def comparison_sentence(comparison: Comparison, changes: Changes | None = None) -> str:
    """What the comparison found, to be read aloud: how often naive retrieval misses and what the candidate changes.

    Says what is missing instead where there are no labels or where dense retrieval could not run.
    """
    if comparison.judged == 0:
        return (
            f"Not measured: none of the {count(comparison.queries)} questions has a labelled document, "
            "so the rankings can be read side by side but not scored."
        )
    return f"{_miss_sentence(comparison)}{_change_clause(changes)}."


def evidence_title(evidence: Evidence) -> str:
    """What a line of the ledger is about: the signal when it was seen, its denial when it was looked for and is not there.

    Read aloud, "Nobody scores live answers" would accuse a client whose answers are scored.
    """
    title = evidence.title
    return f"{title}." if evidence.observed == "seen" else f"Not so: {title[:1].lower()}{title[1:]}."


def difference_words(difference: Difference) -> str:
    """The verdict on a difference in words, with the questions still needed where it is undetermined."""
    words = DIFFERENCE_WORDS[difference.verdict]
    if difference.more_queries_needed is None:
        return words
    needed = difference.more_queries_needed
    return f"{words}: about {count(needed)} more question{'' if needed == 1 else 's'} needed"


def arm_reason(report: ArmReport) -> str | None:
    """Why an arm has no numbers, None when it has."""
    if report.reason is not None:
        # "not available: no model" says it already.
        return report.reason if report.reason.startswith("not available") else not_measured(report.reason)
    return None if report.measures else not_measured(None)


def measure_labels(comparison: Comparison) -> tuple[str, ...]:
    """Every measure any arm has, in the order the arms state them."""
    return tuple(dict.fromkeys(label for arm in comparison.arms.values() for label in arm.measures))


def listing(words: Iterable[str]) -> str:
    """Words joined for a sentence: "a, b and c"."""
    parts = list(words)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _miss_sentence(comparison: Comparison) -> str:
    failures = comparison.failures.get("dense")
    if failures is None or failures.share.value is None:
        reason = failures.share.reason if failures else _missing_arm_reason(comparison, "dense")
        return f"How often naive retrieval misses the right document is {not_measured(reason)}"
    return (
        f"On {_questions(failures.share)} naive retrieval misses the right document in the top {failures.k} "
        f"for {measured(failures.share, share=True)}"
    )


def _missing_arm_reason(comparison: Comparison, arm: str) -> str:
    report = comparison.arms.get(arm)
    return report.reason if report and report.reason else "it was not among the arms that ran"


def _questions(estimate: Estimate) -> str:
    return f"{count(estimate.n)} question{'' if estimate.n == 1 else 's'}"


def _change_clause(changes: Changes | None) -> str:
    if changes is None:
        return ""
    missed = changes.recovered + changes.still_failing
    return (
        f"; {arm_name(changes.candidate)} gets {count(changes.recovered)} of those {count(missed)} back "
        f"and loses {count(changes.lost)}"
    )
