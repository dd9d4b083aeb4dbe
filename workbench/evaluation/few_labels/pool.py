"""The documents an analyst is asked to grade: the union of the arms' first k, in an order that does not tell the arms apart.

Each document of a question is graded once, for all arms. The pool knows which arm returned what; what it hands out for
grading (`PoolItem`) does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING

from workbench.evaluation.few_labels.random_numbers import permanent
from workbench.ingest.grades import Grade
from workbench.records import RankedDocument, Run

if TYPE_CHECKING:
    import pandas as pd

K = 5
"""Documents of each arm that are looked at."""
RELEVANT = 2
"""Grade from which a document answers the question: 2 in part or buried, 3 exactly."""

Grades = Mapping[tuple[str, str], int]
"""(query_id, doc_id) -> grade in force."""


@dataclass(frozen=True, slots=True)
class PoolItem:
    """A document to grade for a question; it says neither which arm found it nor where.

    Attributes:
        passage_ids: the passages that carried it, in an order of their own; empty where only the document is known.
    """

    query_id: str
    doc_id: str
    passage_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pool:
    """What is to be graded, question by question.

    Attributes:
        items: query_id -> documents in the order they are asked for.
        tops: query_id -> arm -> its first k document ids, best first; only arms that were asked the question. Not for the
            grader's eyes.
    """

    k: int
    seed: int
    items: Mapping[str, tuple[PoolItem, ...]]
    tops: Mapping[str, Mapping[str, tuple[str, ...]]]

    def outcomes(self, query_id: str, grades: Grades) -> dict[str, bool | None]:
        """Arm -> whether it succeeds on the question; None while the grades do not settle it.

        An arm succeeds as soon as one of its first k documents has a grade of 2 or 3, and fails when all have a lower one; an
        arm that returned nothing fails.
        """
        return {arm: _outcome(query_id, top, grades) for arm, top in self.tops[query_id].items()}

    def settled(self, query_id: str, grades: Grades) -> bool:
        """Whether the outcome of every arm is known, so that grading may go on to the next question."""
        return None not in self.outcomes(query_id, grades).values()

    def next_item(self, query_id: str, grades: Grades) -> PoolItem | None:
        """The next document to grade: the first without a grade that can still settle an arm; None when all are settled."""
        open_arms = [arm for arm, outcome in self.outcomes(query_id, grades).items() if outcome is None]
        wanted = {doc_id for arm in open_arms for doc_id in self.tops[query_id][arm]}
        return next(
            (item for item in self.items[query_id] if item.doc_id in wanted and (query_id, item.doc_id) not in grades),
            None,
        )


def pool_of(runs: Mapping[str, Run], *, k: int = K, seed: int = 0) -> Pool:
    """The pool of some arms.

    Documents that every arm returned come first, then the others, both shuffled: one relevant document among the first
    settles every arm at once, and neither half tells one arm from another. Adding an arm leaves the order of what was there
    alone, but for documents that are no longer shared by all.

    Args:
        runs: arm -> what it retrieved; arms that keep fewer than k documents are left out, for they cannot be judged at k.
        k: documents of each arm that are looked at.
        seed: of the order.
    """
    usable = reaching(runs, k)
    tops: dict[str, dict[str, tuple[str, ...]]] = {}
    carriers: dict[str, dict[str, set[str]]] = {}
    for arm, run in usable.items():
        for query_id, ranking in run.rankings.items():
            first = ranking[:k]
            tops.setdefault(query_id, {})[arm] = tuple(document.doc_id for document in first)
            found = carriers.setdefault(query_id, {})
            for document in first:
                found.setdefault(document.doc_id, set()).update({document.passage_id} - {""})
    items = {query_id: _ordered(query_id, tops[query_id], carriers[query_id], seed) for query_id in tops}
    return Pool(k, seed, items, tops)


def reaching(runs: Mapping[str, Run], k: int) -> dict[str, Run]:
    """Arms that keep at least k documents a question."""
    return {arm: run for arm, run in runs.items() if run.depth >= k}


def in_force(grades: Iterable[Grade]) -> dict[tuple[str, str], Grade]:
    """(query_id, doc_id) -> its last grade; those withdrawn are left out."""
    last = {(grade.query_id, grade.doc_id): grade for grade in grades}
    return {pair: grade for pair, grade in last.items() if grade.grade is not None}


def runs_of(
    rankings: pd.DataFrame,
    query_ids: Sequence[str],
    depths: Mapping[str, int],
    asked: Mapping[str, Collection[str]] | None = None,
) -> dict[str, Run]:
    """Runs from the table of rankings that a stored comparison holds.

    Args:
        rankings: run, query_id, rank, doc_id, passage_id, score.
        query_ids: the questions that were run; an arm without a row for one returned nothing.
        depths: arm -> documents it keeps a question (`ArmReport.depth`); the arms that are wanted, in their order.
        asked: arm -> the questions it was asked, for arms that were not asked all of them (the deployed system).
    """
    found: dict[str, dict[str, list[tuple[int, RankedDocument]]]] = {arm: {} for arm in depths}
    # Lists and not rows: a table of a few hundred thousand rows is read at every grade.
    columns = (rankings[name].tolist() for name in ("run", "query_id", "rank", "doc_id", "passage_id", "score"))
    for arm, query_id, rank, doc_id, passage_id, score in zip(*columns, strict=True):
        if arm in found:
            found[arm].setdefault(query_id, []).append((rank, RankedDocument(doc_id, score, passage_id)))
    return {
        arm: Run(arm, _whole(found[arm], (asked or {}).get(arm, query_ids)), 0.0, 0.0, depth)
        for arm, depth in depths.items()
    }


def _whole(
    rankings: Mapping[str, Sequence[tuple[int, RankedDocument]]], asked: Collection[str]
) -> dict[str, tuple[RankedDocument, ...]]:
    nothing: tuple[RankedDocument, ...] = ()
    ordered = {
        query_id: tuple(document for _, document in sorted(ranking, key=itemgetter(0)))
        for query_id, ranking in rankings.items()
    }
    return dict.fromkeys(asked, nothing) | ordered


def _outcome(query_id: str, top: Sequence[str], grades: Grades) -> bool | None:
    given = [grades.get((query_id, doc_id)) for doc_id in top]
    if any(grade is not None and grade >= RELEVANT for grade in given):
        return True
    return None if None in given else False


def _ordered(
    query_id: str, tops: Mapping[str, Sequence[str]], carriers: Mapping[str, Collection[str]], seed: int
) -> tuple[PoolItem, ...]:
    shared = set.intersection(*(set(top) for top in tops.values()))
    order = sorted(carriers, key=lambda doc_id: (doc_id not in shared, permanent(seed, query_id, doc_id)))
    return tuple(
        PoolItem(
            query_id, doc_id, tuple(sorted(carriers[doc_id], key=lambda name: permanent(seed, query_id, doc_id, name)))
        )
        for doc_id in order
    )
