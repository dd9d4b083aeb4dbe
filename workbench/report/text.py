"""Results as plain text for a terminal: the same words and numbers as the pages, without markup."""

from __future__ import annotations

from workbench.numbers import difference, is_share, measured, p_value, probability, seconds
from workbench.records import Comparison, Diagnosis, Difference, Estimate
from workbench.report.words import (
    CAUSE_NAMES,
    MAIN_CAUSES,
    VERDICT_WORDS,
    arm_reason,
    comparison_sentence,
    difference_words,
    measure_labels,
)
from workbench.retrieval.recipes import arm_name

WIDEST = 24
"""Characters of a column of measures."""


def comparison_table(comparison: Comparison) -> str:
    """Sentence, the arm recommended, one line an arm, one line a difference.

    Without a labelled question there are no columns of measures, which would all say the same as the sentence.
    """
    labels = measure_labels(comparison) if comparison.judged else ()
    advised = [comparison.recommended.reason] if comparison.recommended else []
    names = max((len(arm_name(name)) for name in comparison.arms), default=0) + 2
    lines = [
        comparison_sentence(comparison),
        *advised,
        "",
        *([f"{'':<{names}}" + "".join(f"{label:<{WIDEST}}" for label in labels)] if labels else []),
    ]
    for name, report in comparison.arms.items():
        reason = arm_reason(report) if comparison.judged else report.reason
        cells = reason or "".join(_cell(report.measures[label], label) for label in labels)
        timing = (
            f"index {seconds(report.seconds.index)}, search {seconds(report.seconds.search)}" if report.seconds else ""
        )
        lines.append(f"{arm_name(name):<{names}}{cells}{timing}".rstrip())
    compared = [_pair(entry) for entry in comparison.differences]
    widest = max(map(len, compared), default=0) + 2
    decided = [f"{pair:<{widest}}{_said(entry)}" for pair, entry in zip(compared, comparison.differences, strict=True)]
    return "\n".join([*lines, "", *decided]).rstrip()


def diagnosis_summary(diagnosis: Diagnosis) -> str:
    """Sentence, one line a cause, the first next steps."""
    lines = [diagnosis.sentence, ""]
    for cause in sorted(diagnosis.causes, key=lambda cause: cause.cause not in MAIN_CAUSES):
        # Below the least coverage a probability is little more than the starting odds: the word stands alone.
        thin = cause.verdict == "not_enough_evidence"
        band = "" if thin else f"{probability(cause.probability)} [{probability(cause.low)}, {probability(cause.high)}]"
        seen = f"evidence seen {probability(cause.coverage):<10}"
        lines.append(f"{CAUSE_NAMES[cause.cause]:<24}{band:<24}{seen}{VERDICT_WORDS[cause.verdict]}")
    steps = [f"  {step.text} ({step.minutes} min)" for step in diagnosis.next_steps[:3]]
    return "\n".join([*lines, "", *(["Next:", *steps] if steps else [])]).rstrip()


def _cell(estimate: Estimate, measure: str) -> str:
    text = "not measured" if estimate.value is None else measured(estimate, share=is_share(measure))
    return f"{text:<{WIDEST}}"


def _pair(entry: Difference) -> str:
    return f"{arm_name(entry.candidate)} against {arm_name(entry.baseline)}"


def _said(entry: Difference) -> str:
    return (
        f"{entry.measure:<11}{difference(entry.difference, share=is_share(entry.measure)):<31} "
        f"{'corrected ' + p_value(entry.p_corrected):<22}{difference_words(entry)}"
    )
