"""One question, and one question put to one arm: what a rule gets to see.

Values are worked out when a rule asks for them, once a question; whether they name a failure is told by the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from workbench.evaluation.failures.answers import Whereabouts
from workbench.evaluation.failures.codes import DEPTH
from workbench.evaluation.failures.evidence import FailureEvidence
from workbench.evaluation.failures.facets import facets_of
from workbench.evaluation.measures import MIN_RELEVANCE, first_relevant_rank
from workbench.records import Passage, Query, RankedDocument


@dataclass(frozen=True, slots=True)
class Standing:
    """An arm and the rank, from 1, of its first relevant document; None where it has none within reach."""

    arm: str
    rank: int | None
    reach: int

    def within(self, cut: int) -> bool:
        """Whether the arm has a relevant document in its first `cut`."""
        return self.rank is not None and self.rank <= cut

    def __str__(self) -> str:
        name = self.arm.replace("bm25", "BM25")
        return f"{name} has it at {self.rank}" if self.rank else f"{name} does not have it in its first {self.reach}"


@dataclass(frozen=True)
class Question:
    """A question with its labels and where every arm that was asked has the first relevant document."""

    evidence: FailureEvidence
    query: Query

    @cached_property
    def grades(self) -> Mapping[str, int]:
        """Document -> grade; empty where nobody judged the question."""
        return self.evidence.qrels.get(self.query.query_id, {})

    @cached_property
    def relevant(self) -> tuple[str, ...]:
        """Ids of the relevant documents."""
        return tuple(doc_id for doc_id, grade in self.grades.items() if grade >= MIN_RELEVANCE)

    @cached_property
    def standings(self) -> Mapping[str, Standing]:
        """Every arm that was asked, and where it stands."""
        query_id = self.query.query_id
        found = {}
        for arm, run in self.evidence.runs.items():
            if self.evidence.asked(arm, query_id):
                rank = first_relevant_rank(run.rankings.get(query_id, ())[:DEPTH], self.grades)
                found[arm] = Standing(arm, rank, min(DEPTH, run.depth))
        return found

    @cached_property
    def answer_place(self) -> Whereabouts:
        """Where the reference answer stands in the relevant documents."""
        answer = self.query.reference_answer
        if not answer:
            return "unknown"
        return self.evidence.answers.whereabouts(answer, self.relevant, self._retrieved())

    @cached_property
    def answer_absent(self) -> bool:
        """Whether the words of a short reference answer stand in no document at all."""
        answer = self.query.reference_answer
        return bool(answer) and self.evidence.answers.absent(answer or "")

    @cached_property
    def facets(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Parts of the question with the tokens that are theirs alone; none where it asks one thing."""
        return facets_of(self.query.text, self.evidence.tokens) if self.evidence.tokens else ()

    def best(self, arms: Iterable[str]) -> Standing | None:
        """The first of these arms with the best rank; None when none of them was run."""
        known = [self.standings[arm] for arm in arms if arm in self.standings]
        return min(known, key=lambda one: one.rank or DEPTH + 1, default=None)

    def _retrieved(self) -> list[Passage]:
        known = self.evidence.passages_by_id
        rankings = (by_query.get(self.query.query_id, ()) for by_query in self.evidence.passage_rankings.values())
        ids = dict.fromkeys(scored.passage_id for ranking in rankings for scored in ranking)
        return [known[passage_id] for passage_id in ids if passage_id in known]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One question put to one arm.

    Attributes:
        failed: no relevant document among the first k, though there is one.
    """

    question: Question
    arm: str
    failed: bool

    @property
    def evidence(self) -> FailureEvidence:
        """What is known of the corpus and the runs."""
        return self.question.evidence

    @property
    def k(self) -> int:
        """The cut."""
        return self.question.evidence.k

    @property
    def top_documents(self) -> tuple[str, ...]:
        """Ids of the first k documents."""
        ranking = self.evidence.runs[self.arm].rankings.get(self.question.query.query_id, ())
        return tuple(document.doc_id for document in ranking[: self.k])

    @property
    def above_relevant(self) -> tuple[RankedDocument, ...]:
        """The documents above the first relevant one; empty where there is none in reach."""
        rank = self.question.standings[self.arm].rank or 1
        ranking = self.evidence.runs[self.arm].rankings.get(self.question.query.query_id, ())
        return ranking[: rank - 1]

    @property
    def top_passages(self) -> tuple[Passage, ...]:
        """The first k passages; empty where only documents are known, or not all the passages."""
        rankings = self.evidence.passage_rankings.get(self.arm, {})
        known = self.evidence.passages_by_id
        ids = [scored.passage_id for scored in rankings.get(self.question.query.query_id, ())[: self.k]]
        return tuple(known[passage_id] for passage_id in ids) if all(one in known for one in ids) else ()
