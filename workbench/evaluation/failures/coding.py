"""Failure codes of every question and arm, with the rule that fired, and their shares.

Rules are tried in the order of `RULES`. All that fire are kept; the first one names a failure. Which codes could not be looked
at is told by `workbench.evaluation.failures.not_tested`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from workbench.evaluation.failures import content_rules, rank_rules
from workbench.evaluation.failures.attempt import Attempt, Question
from workbench.evaluation.failures.codes import CODES, UNJUDGED
from workbench.evaluation.failures.evidence import FailureEvidence
from workbench.evaluation.measures import MIN_RELEVANCE
from workbench.intervals import wilson
from workbench.records import Estimate, FailureBreakdown

Rule = Callable[[Attempt], str | None]

RULES: dict[str, Rule] = {
    "C1": rank_rules.not_reached,
    "C2": rank_rules.cut_apart,
    "C3": rank_rules.exact_term_missed,
    "C4": rank_rules.paraphrase_missed,
    "C5": rank_rules.too_deep,
    "C6": rank_rules.lost_in_fusion,
    "C7": rank_rules.lost_in_reranking,
    "C8": content_rules.crowded,
    "C9": content_rules.hub,
    "C10": content_rules.out_of_date,
    "C11": content_rules.partly_covered,
    "C12": content_rules.access,
}
"""Code -> rule, in the order in which the first that fits names a failure."""

IN_THE_WAY: dict[str, Callable[[Attempt], bool]] = {
    "C9": content_rules.hub_in_the_way,
    "C10": content_rules.version_in_the_way,
}
"""Code -> whether what its rule found explains a failure; where not, the rule is kept and does not name it."""

NOTHING_GRADED = "nothing is graded for this question"


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A rule that fired for one question and arm.

    Attributes:
        rule: why, in a sentence with the ranks.
        first: whether it names the failure, as the first rule that can; one row of a failed question, none of any other.
        failed: whether the arm failed the question.
    """

    run: str
    query_id: str
    code: str
    rule: str
    first: bool
    failed: bool


def code_failures(evidence: FailureEvidence) -> tuple[FailureRow, ...]:
    """Every rule that fires, for every question and every arm that was asked it.

    A question fails when none of the first k documents is relevant though one exists. A question nobody judged has code C0
    and is never a failure, nor is one all of whose graded documents are irrelevant. A run that keeps fewer than k documents
    cannot be said to fail.
    """
    return tuple(row for query in evidence.queries for row in _question_rows(Question(evidence, query)))


def breakdown(evidence: FailureEvidence, rows: Sequence[FailureRow], arm: str) -> FailureBreakdown:
    """How often an arm fails and why; shares carry a Wilson interval over the questions with a relevant document."""
    run, k = evidence.runs[arm], evidence.k
    own = [row for row in rows if row.run == arm]
    also = {code: count for code in CODES if (count := sum(row.code == code for row in own))}
    unjudged = also.pop(UNJUDGED, 0)
    if run.depth < k:
        too_few = Estimate.not_measured(f"the log keeps {run.depth} results a question, too few to look at {k}")
        return FailureBreakdown(too_few, k, {}, also=also, unjudged=unjudged)
    first = [row.code for row in own if row.first]
    by_code = {code: count for code in CODES if (count := first.count(code))}
    judged = sum(_has_relevant(evidence, q.query_id) and evidence.asked(arm, q.query_id) for q in evidence.queries)
    shares = {code: wilson(count, judged) for code, count in by_code.items()}
    return FailureBreakdown(wilson(len(first), judged), k, by_code, shares, also, unjudged)


def _question_rows(question: Question) -> Iterator[FailureRow]:
    for arm in question.evidence.coded_arms:
        if arm in question.standings:
            yield from _rows(question, arm)


def _rows(question: Question, arm: str) -> Iterator[FailureRow]:
    evidence, query_id = question.evidence, question.query.query_id
    missed = bool(question.relevant) and not question.standings[arm].within(evidence.k)
    failed = missed and evidence.runs[arm].depth >= evidence.k
    attempt = Attempt(question, arm, failed)
    fired = [(code, why) for code, rule in RULES.items() if (why := rule(attempt)) is not None]
    naming = [code for code, _ in fired if code not in IN_THE_WAY or IN_THE_WAY[code](attempt)] if failed else []
    if failed and not naming:
        left_over = rank_rules.left_over(attempt)
        fired, naming = [*fired, left_over], [left_over[0]]
    if not question.grades:
        yield FailureRow(arm, query_id, UNJUDGED, NOTHING_GRADED, first=False, failed=False)
    for code, why in fired:
        yield FailureRow(arm, query_id, code, why, first=code in naming[:1], failed=failed)


def _has_relevant(evidence: FailureEvidence, query_id: str) -> bool:
    return any(grade >= MIN_RELEVANCE for grade in evidence.qrels.get(query_id, {}).values())
