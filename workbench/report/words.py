"""Words for results: causes, verdicts, failure codes, and the sentence a page opens with.

It says only what the values hold; it escapes nothing, which belongs to whoever shows the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.evaluation.failures import BURIED, CODES, OTHER
from workbench.numbers import count, measured, not_measured
from workbench.records import ArmReport, Comparison, Difference, Estimate, Evidence, FewLabels
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

NAIVE = "dense"
"""The arm everything is set against."""
SPOKEN_ARMS = {NAIVE: "naive retrieval", "bm25": "keyword search (BM25)", "deployed": "the deployed system"}
"""Arms as the subject of a sentence, where that is not their name."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a candidate arm changes against a baseline, in judged questions: gets back, loses, still fails."""

    baseline: str
    candidate: str
    recovered: int
    lost: int
    still_failing: int


def failure_name(code: str) -> str:
    """A failure code with its words: "C3" -> "exact term missed (C3)"; unknown codes stay as they are.

    What the taxonomy leaves over has a word instead of a number, which says nothing to a reader and is left out.
    """
    if code not in CODES:
        return code
    name = CODES[code].partition(":")[0]
    return name if code in (BURIED, OTHER) else f"{name} ({code})"


def failure_meaning(code: str) -> str:
    """What a failure code means, in one clause; "" for an unknown one."""
    return CODES.get(code, "").partition(": ")[2]


def spoken_arm(arm: str) -> str:
    """An arm's name as the subject of a sentence.

    >>> spoken_arm("dense"), spoken_arm("deployed"), spoken_arm("hybrid+rerank")
    ('naive retrieval', 'the deployed system', 'hybrid with reranker')
    """
    return SPOKEN_ARMS.get(arm, arm_name(arm))


def comparison_sentence(
    comparison: Comparison, changes: Changes | None = None, *, pair: tuple[str, str] | None = None
) -> str:
    """What the comparison found, to be read aloud: how often one arm misses and what another changes.

    Args:
        comparison: the comparison.
        changes: what became of the questions between the two arms; None where no question has both.
        pair: the arm spoken of and the one set against it; those of `changes` when None, else naive retrieval and the arm
            recommended.

    Without labels it says what the grades say, and without grades that nothing is measured; where the arm could not run, why.
    """
    baseline, candidate = pair or _pair_of(comparison, changes)
    if comparison.judged:
        return f"{_miss_sentence(comparison, baseline)}{_change_clause(comparison, changes)}."
    if comparison.few_labels is not None and comparison.few_labels.graded:
        return _graded_sentence(comparison.few_labels, baseline, candidate)
    return (
        f"Not measured: none of the {count(comparison.queries)} questions has a labelled document, "
        "so the rankings can be read side by side but not scored."
    )


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


def _pair_of(comparison: Comparison, changes: Changes | None) -> tuple[str, str]:
    if changes is not None:
        return changes.baseline, changes.candidate
    advised = comparison.recommended.arm if comparison.recommended else None
    return NAIVE, advised or ""


def _miss_sentence(comparison: Comparison, arm: str) -> str:
    failures = comparison.failures.get(arm)
    if failures is None or failures.share.value is None:
        reason = failures.share.reason if failures else _missing_arm_reason(comparison, arm)
        return f"How often {spoken_arm(arm)} misses the right document is {not_measured(reason)}"
    return (
        f"On {_questions(failures.share)} {spoken_arm(arm)} misses the right document in the top {failures.k} "
        f"for {measured(failures.share, share=True)}"
    )


def _graded_sentence(few: FewLabels, baseline: str, candidate: str) -> str:
    """What grades alone can say; they tighten as more come in."""
    given = f"{count(few.graded)} grade{'' if few.graded == 1 else 's'}"
    said = [
        (spoken_arm(arm), measured(few.arms[arm].estimate, share=True))
        for arm in dict.fromkeys([baseline, candidate])
        if arm in few.arms and few.arms[arm].estimate.value is not None
    ]
    if not said:
        return f"Not measured yet: {given} so far, and too few questions are graded to the end to say how often a search misses."
    (first, share), others = said[0], said[1:]
    rest = "".join(f", {name} for {other}" for name, other in others)
    return f"Going by {given}, {first} misses the right document in the top {few.k} for {share} of questions{rest}."


def _missing_arm_reason(comparison: Comparison, arm: str) -> str:
    report = comparison.arms.get(arm)
    return report.reason if report and report.reason else "it was not among the arms that ran"


def _questions(estimate: Estimate) -> str:
    return f"{count(estimate.n)} question{'' if estimate.n == 1 else 's'}"


def _change_clause(comparison: Comparison, changes: Changes | None) -> str:
    if changes is None or changes.baseline == changes.candidate:
        return ""
    missed = changes.recovered + changes.still_failing
    share = comparison.failures[changes.baseline].share if changes.baseline in comparison.failures else None
    whole = share is not None and share.value is not None and round(share.value * share.n) == missed
    # A log may hold some of the questions only: then fewer misses are shared than the baseline has.
    those = f"those {count(missed)}" if whole else f"the {count(missed)} missed that both answered"
    return (
        f"; {spoken_arm(changes.candidate)} gets {count(changes.recovered)} of {those} back "
        f"and loses {count(changes.lost)}"
    )
