"""What each step of a search did to the right documents of one question: gained, harmed, lost.

A step is told by what an arm is made of: fusion builds on its two legs, a reranker on what it reorders. BM25 is no step
after dense retrieval, though it stands beside it. Ranks come from the comparison; nothing is drawn here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.comparison.deployed import DEPLOYED
from workbench.retrieval.recipes import arm_name, recipe
from workbench.ui.lab.places import Standing
from workbench.ui.lab.queries import Rankings

PIPELINE = ("dense", "bm25", "hybrid", "hybrid+rerank")
"""Order of the usual arms; others follow them, the deployed system last."""

Kind = Literal["gained", "harmed", "lost"]
MEANINGS: Mapping[Kind, str] = {
    "gained": "a right document enters the top {cut}",
    "harmed": "a right document leaves the top {cut}",
    "lost": "a right document is no longer ranked at all",
}


@dataclass(frozen=True, slots=True)
class Flow:
    """Where every arm puts the documents of one question.

    Attributes:
        columns: arms in the order they are drawn. standings: arm -> where it puts the documents.
        titles: doc_id -> title. grades: doc_id -> grade; above 0 is right.
        k: ranks drawn one by one. cut: rank at which a question counts as missed.
    """

    columns: tuple[str, ...]
    standings: Mapping[str, Standing]
    titles: Mapping[str, str]
    grades: Mapping[str, int]
    k: int
    cut: int

    @property
    def right(self) -> list[str]:
        """Documents labelled right, the highest grade first."""
        return sorted((d for d, grade in self.grades.items() if grade > 0), key=lambda d: -self.grades[d])

    @property
    def others(self) -> list[str]:
        """Every other document in the top k of some arm, in the order of the columns."""
        tops = (self.standings[run].ranks for run in self.columns)
        seen = dict.fromkeys(d for ranks in tops for d, rank in ranks.items() if rank <= self.k)
        return [doc_id for doc_id in seen if self.grades.get(doc_id, 0) <= 0]

    def title(self, doc_id: str) -> str:
        """A document's title, its id where it has none."""
        return self.titles.get(doc_id, doc_id)

    def unknown(self, run: str, doc_id: str) -> bool:
        """Whether an arm says nothing about a document: it has no ranking here, or is a log that ends above it."""
        return self.standings[run].silent(doc_id, self.k)

    def words(self, run: str, doc_id: str) -> str:
        """Where an arm puts a document."""
        return self.standings[run].words(doc_id)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a step did to one right document.

    Attributes:
        run: the arm after the step. befores: the arms it builds on whose place of the document was across the cut.
    """

    kind: Kind
    doc_id: str
    run: str
    befores: tuple[str, ...]


def flow_of(rankings: Rankings, query_id: str, runs: Sequence[str], *, k: int, cut: int) -> Flow:
    """The flow of one question through the arms, in pipeline order."""
    ranks = rankings.ranks(query_id)
    columns = pipeline(runs)
    standings = {run: Standing(run, ranks.get(run, {}), rankings.depths.get(run, 0)) for run in columns}
    return Flow(columns, standings, rankings.titles, rankings.grades(query_id), k, cut)


def pipeline(runs: Sequence[str]) -> tuple[str, ...]:
    """Arms in the order a search passes through them: the usual ones, then others, the deployed system last.

    >>> pipeline(["deployed", "hybrid+rerank", "ours", "dense"])
    ('dense', 'hybrid+rerank', 'ours', 'deployed')
    """
    usual = [run for run in PIPELINE if run in runs]
    last = [run for run in runs if run == DEPLOYED]
    return (*usual, *(run for run in runs if run not in PIPELINE and run != DEPLOYED), *last)


def built_on(run: str, runs: Sequence[str]) -> tuple[str, ...]:
    """The arms among these that a step leads from to this one; none for a leg, a client's retriever, the deployed system.

    >>> built_on("hybrid", ["dense", "bm25", "hybrid"]), built_on("bm25", ["dense", "bm25"])
    (('dense', 'bm25'), ())
    """
    try:
        made = recipe(run)
    except ValueError:
        return ()
    before = made.before_reranking()
    if before is not None and before in runs:
        return (before,)
    return tuple(leg for leg in (made.leg(name) for name in made.legs) if leg != run and leg in runs)


def marks_of(flow: Flow) -> list[Mark]:
    """What every step did, in the order of the columns, the highest grade first."""
    return [
        mark
        for run in flow.columns
        if flow.standings[run].ranks
        for doc_id in flow.right
        if (mark := _mark(flow, run, doc_id)) is not None
    ]


def mark_words(flow: Flow, mark: Mark) -> str:
    """A mark in a sentence, without the title: "gained by hybrid: rank 12 in naive dense, rank 3 after"."""
    befores = ", ".join(f"{flow.words(run, mark.doc_id)} in {arm_name(run)}" for run in mark.befores)
    return f"{mark.kind} by {arm_name(mark.run)}: {befores}, {flow.words(mark.run, mark.doc_id)} after"


def _mark(flow: Flow, run: str, doc_id: str) -> Mark | None:
    rank = flow.standings[run].ranks.get(doc_id)
    inside = _inside(flow, run, doc_id)
    befores = [before for before in built_on(run, flow.columns) if flow.standings[before].ranks]
    across = tuple(before for before in befores if _inside(flow, before, doc_id) != inside)
    if not across:
        return None
    return Mark("gained" if inside else "lost" if rank is None else "harmed", doc_id, run, across)


def _inside(flow: Flow, run: str, doc_id: str) -> bool:
    return flow.standings[run].ranks.get(doc_id, flow.cut + 1) <= flow.cut
