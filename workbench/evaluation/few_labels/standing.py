"""How far the grading of a plan has come: which questions count, which lie outside, which comes next.

Only the beginning of the plan that is graded without a gap counts. Questions graded elsewhere in it were chosen by a person,
not drawn; they are shown and wait until the gap is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from workbench.evaluation.few_labels.plan import Plan
from workbench.evaluation.few_labels.pool import Grades, Pool, PoolItem, in_force
from workbench.ingest.grades import Grade


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the grading stands.

    Attributes:
        counted: questions that count, in the plan's order. outside: graded questions that do not.
        next_query: the question to go on with; None when the plan is done.
        grades: those in force that were given under this plan. given: all in force, imported ones too.
    """

    counted: tuple[str, ...]
    outside: tuple[str, ...]
    next_query: str | None
    grades: Grades
    given: int


def standing(plan: Plan, pool: Pool, grades: Iterable[Grade]) -> Standing:
    """Where the grading of a plan stands.

    Args:
        plan: the order.
        pool: the same arms' documents.
        grades: all grades in the order they were given; the last one for a document counts. Those without this plan's name
            were given otherwise (imported, or under another seed): they never count, and never replace one that does.

    Raises:
        ValueError: plan and pool hold different questions.
    """
    if {entry.query_id for entry in plan.queries} != pool.tops.keys():
        raise ValueError("the plan holds other questions than the pool; draw it again for these arms")
    kept = list(grades)
    mine = _values(grade for grade in kept if grade.planned and grade.plan == plan.name)
    everyone = in_force(kept).keys() | mine.keys()
    order = [entry.query_id for entry in plan.queries]
    counted = tuple(takewhile(lambda query_id: pool.settled(query_id, mine), order))
    next_query = next(iter(order[len(counted) :]), None)
    # An empty pool settles a question without a grade: it counts, and is not something anybody graded.
    elsewhere = {query_id for query_id, _ in everyone} - {*counted, next_query}
    return Standing(counted, tuple(sorted(elsewhere)), next_query, mine, len(everyone))


def planned_grade(plan: Plan, item: PoolItem, grade: int | None, *, at: datetime, by: str = "") -> Grade:
    """A grade with the facts of the plan it was given under; None withdraws an earlier one.

    Raises:
        ValueError: the question is not in the plan.
    """
    share = next((entry.share for entry in plan.queries if entry.query_id == item.query_id), None)
    if share is None:
        raise ValueError(f"question '{item.query_id}' is not in the plan")
    passage_id = item.passage_ids[0] if item.passage_ids else ""
    return Grade(item.query_id, item.doc_id, grade, passage_id, at, by, plan.name, share)


def _values(grades: Iterable[Grade]) -> dict[tuple[str, str], int]:
    return {pair: grade.grade for pair, grade in in_force(grades).items() if grade.grade is not None}
