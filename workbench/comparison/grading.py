"""A comparison with a few grades: what to grade next, and what the grades given so far say about each arm.

Grades change nothing that was run, so they are joined to a stored comparison whenever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from workbench.case import GRADES
from workbench.comparison.deployed import DEPLOYED
from workbench.comparison.recommendation import recommend
from workbench.comparison.tables import StoredComparison
from workbench.errors import InputError
from workbench.evaluation.few_labels.estimates import few_labels
from workbench.evaluation.few_labels.plan import Plan, draw_plan
from workbench.evaluation.few_labels.pool import K, Pool, pool_of, reaching, runs_of
from workbench.evaluation.few_labels.predictor import Predictor, agreement_predictor
from workbench.evaluation.few_labels.standing import Standing, planned_grade, standing
from workbench.ingest.grades import append_grade, read_grade_file
from workbench.records import Run

SEED = 0
"""Of the plan and of the order within a pool: one case has one plan, whoever opens it."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """What is to be graded in a comparison.

    Attributes:
        runs: the arms that are compared, those that keep too few results left out.
        pool: documents to grade, question by question. plan: the order of the questions.
    """

    runs: dict[str, Run]
    pool: Pool
    plan: Plan
    predictor: Predictor

    def standing(self, case_root: Path) -> Standing:
        """How far the grading has come.

        Raises:
            InputError: the file of grades cannot be read.
        """
        return standing(self.plan, self.pool, read_grade_file(case_root).grades)


def labelling_of(stored: StoredComparison) -> Labelling:
    """The pool and plan of a comparison; the same for the same rankings, whoever asks."""
    comparison = stored.comparison
    ran = set(stored.rankings["run"])
    depths = {arm: report.depth for arm, report in comparison.arms.items() if arm in ran}
    # The deployed system was asked some of the questions only: those it is measured on, found nothing or not.
    own = stored.per_query.loc[stored.per_query["run"] == DEPLOYED, "query_id"]
    asked = {DEPLOYED: list(own.unique())}
    runs = reaching(runs_of(stored.rankings, list(stored.queries["query_id"]), depths, asked), K)
    predictor = agreement_predictor(runs)
    pool = pool_of(runs, seed=SEED)
    return Labelling(runs, pool, draw_plan(pool, predictor, seed=SEED), predictor)


def with_grades(stored: StoredComparison, case_root: Path) -> StoredComparison:
    """The comparison with what the case's grades say; unchanged where nothing was graded.

    A file of grades that cannot be read is told among the notes: it must not hide the comparison. Joining them anew takes
    the place of what was joined before.
    """
    comparison = stored.comparison
    # What was said of the file the last time may be mended by now.
    notes = tuple(note for note in comparison.notes if not note.startswith(f"{GRADES}:"))
    try:
        file = read_grade_file(case_root)
    except InputError as error:
        return replace(stored, comparison=replace(comparison, notes=(*notes, str(error))))
    comparison = replace(comparison, notes=(*notes, *file.notes))
    if not file.grades:
        return replace(stored, comparison=comparison)
    labelling = labelling_of(stored)
    few = few_labels(labelling.plan, file.grades, labelling.runs, labelling.predictor)
    advised = recommend(comparison.arms, comparison.differences, few)
    return replace(stored, comparison=replace(comparison, few_labels=few, recommended=advised))


def keep_grade(
    stored: StoredComparison, case_root: Path, query_id: str, doc_id: str, grade: int | None, *, by: str = ""
) -> None:
    """Keep one grade for a document of the pool, with the facts of the plan; None withdraws an earlier one.

    Raises:
        CaseError: the case is read-only. InputError: not a grade, or no document that is to be graded for this question.
    """
    labelling = labelling_of(stored)
    items = labelling.pool.items.get(query_id, ())
    item = next((item for item in items if item.doc_id == doc_id), None)
    if item is None:
        raise InputError(
            f"'{doc_id}' is not to be graded for question '{query_id}': no arm has it among its first {labelling.pool.k}"
        )
    append_grade(case_root, planned_grade(labelling.plan, item, grade, at=datetime.now(UTC), by=by))
