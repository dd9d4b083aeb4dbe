"""A comparison with a few grades: what to grade next, and what the grades given so far say about each arm.

Grades change nothing that was run, so they are joined to a stored comparison whenever it is shown. Which document a person
looks at, and taking grades back, is in `grading_round`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from workbench.case import GRADES
from workbench.comparison.deployed import DEPLOYED
from workbench.comparison.recommendation import recommend
from workbench.comparison.tables import StoredComparison
from workbench.errors import InputError
from workbench.evaluation.few_labels.estimates import few_labels
from workbench.evaluation.few_labels.plan import Plan, draw_plan
from workbench.evaluation.few_labels.pool import RELEVANT, K, Pool, PoolItem, in_force, pool_of, reaching, runs_of
from workbench.evaluation.few_labels.predictor import Predictor, agreement_predictor
from workbench.evaluation.few_labels.standing import Standing, planned_grade, standing
from workbench.ingest.grades import FileMark, Grade, GradeFile, append_grade, grade_file_mark, read_grade_file
from workbench.records import Comparison, Run

SEED = 0
"""Of the plan and of the order within a pool: one case has one plan, whoever opens it."""
QRELS_COLUMNS = ("query-id", "corpus-id", "score")
"""Of a qrels file as BEIR has it."""


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

    def item(self, query_id: str, doc_id: str) -> PoolItem:
        """A document of the pool.

        Raises:
            InputError: no document that is to be graded for this question.
        """
        items = self.pool.items.get(query_id, ())
        found = next((item for item in items if item.doc_id == doc_id), None)
        if found is None:
            raise InputError(
                f"'{doc_id}' is not to be graded for question '{query_id}': no arm has it among its first {self.pool.k}"
            )
        return found

    def join(self, comparison: Comparison, file: GradeFile) -> Comparison:
        """The comparison with what some grades say, in place of what was joined before."""
        comparison = _told(comparison, file.notes)
        if not file.grades:
            # Nothing is left of grades that were joined before and whose file is gone.
            alone = recommend(comparison.arms, comparison.differences, None)
            return replace(comparison, few_labels=None, recommended=alone) if comparison.few_labels else comparison
        few = few_labels(self.plan, file.grades, self.runs, self.predictor, pool=self.pool)
        advised = recommend(comparison.arms, comparison.differences, few)
        return replace(comparison, few_labels=few, recommended=advised)


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


class GradingDesk:
    """What is to be graded and the grades so far, held so that one more grade costs no second look at the rankings.

    It reads the file of grades again whenever another program changed it. One thread at a time may use it; what
    `labelling`, `file` and `standing` gave is frozen and may be read anywhere.
    """

    def __init__(self, stored: StoredComparison, case_root: Path) -> None:
        """Take a comparison on.

        Raises:
            InputError: the file of grades cannot be read.
        """
        self.labelling = labelling_of(stored)
        self.file = GradeFile()
        self._comparison, self._root = stored.comparison, case_root
        self._mark: FileMark | None = None
        self._standing: Standing | None = None
        self.refresh()

    @property
    def standing(self) -> Standing:
        """How far the grading has come."""
        if self._standing is None:
            self._standing = standing(self.labelling.plan, self.labelling.pool, self.file.grades)
        return self._standing

    def in_force(self, query_id: str, doc_id: str) -> Grade | None:
        """The grade that counts for a document, given here or elsewhere; None where there is none."""
        pair = (query_id, doc_id)
        last = next((g for g in reversed(self.file.grades) if (g.query_id, g.doc_id) == pair), None)
        return last if last is not None and last.grade is not None else None

    def refresh(self) -> bool:
        """Read the file again if it changed; whether it did.

        Raises:
            InputError: the file of grades cannot be read.
        """
        # The mark comes first: what is written between the two is read again the next time, never missed.
        mark = grade_file_mark(self._root)
        if mark == self._mark:
            return False
        self._take(read_grade_file(self._root), mark)
        return True

    def keep(self, query_id: str, doc_id: str, value: int | None, *, by: str = "") -> Grade:
        """Keep one grade for a document of the pool, with the facts of the plan; None withdraws an earlier one.

        Raises:
            CaseError: the case is read-only.
            InputError: not a grade, no document that is to be graded for this question, or the file cannot be read.
        """
        item = self.labelling.item(query_id, doc_id)
        return self.append(planned_grade(self.labelling.plan, item, value, at=datetime.now(UTC), by=by))

    def append(self, grade: Grade) -> Grade:
        """Keep a grade as it stands.

        Raises:
            CaseError: the case is read-only. InputError: not a grade, or the file cannot be read or written.
        """
        self.refresh()
        known = self._mark.size if self._mark else 0
        begin, end = append_grade(self._root, grade)
        mark = grade_file_mark(self._root)
        if begin == known and mark is not None and mark.size == end:
            self._take(GradeFile((*self.file.grades, grade)), mark)
        else:
            self.refresh()
        return grade

    def comparison(self) -> Comparison:
        """The comparison with what the grades say."""
        return self.labelling.join(self._comparison, self.file)

    def _take(self, file: GradeFile, mark: FileMark | None) -> None:
        self.file, self._mark, self._standing = file, mark, None


def with_grades(stored: StoredComparison, case_root: Path) -> StoredComparison:
    """The comparison with what the case's grades say; unchanged where nothing was graded.

    A file of grades that cannot be read is told among the notes: it must not hide the comparison. Joining them anew takes
    the place of what was joined before.
    """
    try:
        file = read_grade_file(case_root)
    except InputError as error:
        return replace(stored, comparison=_told(stored.comparison, (str(error),)))
    if not file.grades:
        return replace(stored, comparison=_told(stored.comparison, file.notes))
    return replace(stored, comparison=labelling_of(stored).join(stored.comparison, file))


def qrels_tsv(grades: Iterable[Grade]) -> str:
    r"""The grades in force as a qrels file: a header, then question, document and grade, tab-separated, by question and document.

    A tab or line end within an id is percent-encoded, for such a file has no other way to hold it.

    >>> qrels_tsv([Grade("q1", "d1", 2), Grade("q1", "d2", 0), Grade("q1", "d1", None)])
    'query-id\tcorpus-id\tscore\nq1\td2\t0\n'
    """
    rows = [(*pair, str(grade.grade)) for pair, grade in sorted(in_force(grades).items())]
    return "".join("\t".join(map(_one_cell, row)) + "\n" for row in (QRELS_COLUMNS, *rows))


def agreement_with_labels(grades: Iterable[Grade], labels: Mapping[tuple[str, str], int]) -> tuple[int, int]:
    """Documents on which grades in force and labels agree, and documents that have both.

    A grade of 2 or 3 and a label above 0 both call a document right.

    >>> labels = {("q1", "d1"): 1, ("q1", "d2"): 1}
    >>> agreement_with_labels([Grade("q1", "d1", 2), Grade("q1", "d2", 1), Grade("q1", "d3", 0)], labels)
    (1, 2)
    """
    both = [(g.grade or 0, labels[pair]) for pair, g in in_force(grades).items() if pair in labels]
    return sum((given >= RELEVANT) == (label > 0) for given, label in both), len(both)


def _one_cell(text: str) -> str:
    return re.sub(r"[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", lambda found: quote(found.group()), text)


def _told(comparison: Comparison, said: tuple[str, ...]) -> Comparison:
    """What is said of the file of grades now, in place of what was said the last time: that may be mended by now."""
    notes = tuple(note for note in comparison.notes if not note.startswith(f"{GRADES}:"))
    return replace(comparison, notes=(*notes, *said))
