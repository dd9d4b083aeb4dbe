"""A person's round of grading: which document is before them, what was graded last, what was put off.

It knows no page. Grades are kept by the desk; questions come in the order of the plan, and whoever leaves it is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

from workbench.comparison.grading import GradingDesk
from workbench.evaluation.few_labels.plan import Planned
from workbench.evaluation.few_labels.pool import PoolItem
from workbench.ingest.grades import Grade
from workbench.numbers import count

DocumentState = Literal["graded", "open", "spare"]
"""Graded; to be graded; not needed any more, for every arm that returned it is settled."""
MOST_NAME = 100
"""Characters of a grader's name."""


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document of the question before the grader."""

    item: PoolItem
    grade: int | None
    state: DocumentState


@dataclass(frozen=True, slots=True)
class _Given:
    grade: Grade
    before: Grade | None


class GradingRound:
    """Where a grader stands. Acts give one sentence on what happened; only those that keep something touch the disk.

    Attributes:
        item: the document before the grader; None when nothing is left to grade.
        put_off: questions of the plan that were passed over, the first of them first.
        finished: the question that was settled last in this round; "" for none.
        by: the grader, as they call themselves; "" for no name.
    """

    def __init__(self, desk: GradingDesk) -> None:
        self.desk = desk
        self.item: PoolItem | None = None
        self.put_off: list[str] = []
        self.finished = ""
        self._by = ""
        self._given: list[_Given] = []
        self._go_on()

    @property
    def by(self) -> str:
        """The grader's name."""
        return self._by

    @by.setter
    def by(self, name: str) -> None:
        # Half a character, as a page may send one, cannot be written to a file.
        self._by = name.encode("utf-8", "ignore").decode().strip()[:MOST_NAME]

    @property
    def undoable(self) -> bool:
        """Whether there is a grade of this round to take back."""
        return bool(self._given)

    @property
    def entry(self) -> Planned | None:
        """The question before the grader as the plan has it."""
        if self.item is None:
            return None
        return next(entry for entry in self.desk.labelling.plan.queries if entry.query_id == self.item.query_id)

    def documents(self) -> list[ShownDocument]:
        """The documents of the question, in the order they are asked for."""
        if self.item is None:
            return []
        pool, grades, query_id = self.desk.labelling.pool, self.desk.standing.grades, self.item.query_id
        unsettled = [arm for arm, outcome in pool.outcomes(query_id, grades).items() if outcome is None]
        wanted = {doc_id for arm in unsettled for doc_id in pool.tops[query_id][arm]}
        shown = []
        for item in pool.items[query_id]:
            grade = grades.get((query_id, item.doc_id))
            state: DocumentState = "graded" if grade is not None else "open" if item.doc_id in wanted else "spare"
            shown.append(ShownDocument(item, grade, state))
        return shown

    def waiting(self) -> int:
        """Graded questions of the plan that do not count, because one before them is open."""
        standing = self.desk.standing
        pool = self.desk.labelling.pool
        return sum(query_id in pool.tops and pool.settled(query_id, standing.grades) for query_id in standing.outside)

    def coming(self, number: int) -> list[str]:
        """The questions that come after the one before the grader, as the plan goes on."""
        done = {*self.desk.standing.counted, *self.put_off, *([self.item.query_id] if self.item else [])}
        plan = (entry.query_id for entry in self.desk.labelling.plan.queries)
        return list(
            islice((query_id for query_id in plan if query_id not in done and not self._settled(query_id)), number)
        )

    def give(self, query_id: str, doc_id: str, value: int) -> str:
        """Grade the document before the grader; one that is no longer before them is not graded.

        Raises:
            CaseError: the case is read-only. InputError: not a grade, or the file cannot be read or written.
        """
        if self.item is None or (self.item.query_id, self.item.doc_id) != (query_id, doc_id):
            return "Not kept: that document was no longer shown when the grade arrived. Grade the one shown."
        self.desk.refresh()
        before = self.desk.in_force(query_id, doc_id)
        self._given.append(_Given(self.desk.keep(query_id, doc_id, value, by=self._by), before))
        if self.desk.labelling.pool.settled(query_id, self.desk.standing.grades):
            self.finished = query_id
            self._go_on()
            end = (
                "Question finished; the next one is shown." if self.item else "Question finished; it was the last one."
            )
            return f"Graded {value}. {end}"
        self._show(query_id)
        return f"Graded {value}. {self._place()}"

    def undo(self) -> str:
        """Take the last grade of this round back, and show its document again.

        A withdrawal is appended, and after it the grade that was replaced, if there was one. A grade that somebody replaced
        since is left alone.

        Raises:
            CaseError: the case is read-only. InputError: the file cannot be read or written.
        """
        if not self._given:
            return "Nothing to undo: no grade was given since the page was opened."
        self.desk.refresh()
        last = self._given[-1]
        grade = last.grade
        if self.desk.in_force(grade.query_id, grade.doc_id) != grade:
            self._given.pop()
            return "Not undone: somebody graded that document again since."
        self.desk.keep(grade.query_id, grade.doc_id, None, by=self._by)
        self._given.pop()
        if last.before is not None:
            self.desk.append(replace(last.before, at=datetime.now(UTC)))
        if grade.query_id in self.put_off:
            self.put_off.remove(grade.query_id)
        if self.finished == grade.query_id:
            self.finished = ""
        self.item = self.desk.labelling.item(grade.query_id, grade.doc_id)
        return f"Grade {grade.grade} taken back. {self._place()}"

    def move(self, by: int) -> str:
        """Look at a document further on or back in the same question; nothing is kept."""
        documents = [document.item for document in self.documents()]
        if self.item is None:
            return ""
        there = documents.index(self.item) + by
        if not 0 <= there < len(documents):
            return (
                "This is the last document of the question."
                if by > 0
                else "This is the first document of the question."
            )
        self.item = documents[there]
        return self._place()

    def put_question_off(self) -> str:
        """Pass over the question; what is graded after it does not count until it is graded."""
        if self.item is None:
            return ""
        query_id = self.item.query_id
        self.put_off = [other for other in self.put_off if other != query_id]
        if self._settled(query_id):
            self._go_on()
            return f"The question is finished already; the next one is shown. {self._place()}"
        self.put_off.append(query_id)
        self._go_on()
        if self.item is not None and self.item.query_id == query_id:
            return "No other question is open: this one is the only one left."
        return "Question put off. What you grade from here on counts once it is graded."

    def go_back(self) -> str:
        """Take up the question that was put off first."""
        open_ones = [query_id for query_id in self.put_off if not self._settled(query_id)]
        if not open_ones:
            return "No question is put off."
        self._take_up(open_ones[0])
        return f"Back at the question put off. {self._place()}"

    def refresh(self) -> bool:
        """Read what others graded meanwhile; whether they did. The document before the grader stays.

        Raises:
            InputError: the file of grades cannot be read.
        """
        if not self.desk.refresh():
            return False
        self.put_off = [query_id for query_id in self.put_off if not self._settled(query_id)]
        if self.item is None:
            self._go_on()
        return True

    def _go_on(self) -> None:
        """Show the first question of the plan that is open and not put off; then those put off."""
        passed = set(self.put_off)
        plan = self.desk.labelling.plan.queries
        following = (entry.query_id for entry in plan if entry.query_id not in passed)
        query_id = next((query_id for query_id in following if not self._settled(query_id)), None)
        if query_id is None:
            query_id = next((query_id for query_id in self.put_off if not self._settled(query_id)), None)
        if query_id is None:
            self.item = None
        else:
            self._take_up(query_id)

    def _take_up(self, query_id: str) -> None:
        if query_id in self.put_off:
            self.put_off.remove(query_id)
        self._show(query_id)

    def _show(self, query_id: str) -> None:
        self.item = self.desk.labelling.pool.next_item(query_id, self.desk.standing.grades)

    def _settled(self, query_id: str) -> bool:
        return self.desk.labelling.pool.settled(query_id, self.desk.standing.grades)

    def _place(self) -> str:
        documents = self.documents()
        place = next((n for n, document in enumerate(documents, start=1) if document.item == self.item), 0)
        return f"Document {count(place)} of {count(len(documents))}." if place else ""
