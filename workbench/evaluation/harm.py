"""The harm ledger: which relevant documents one step of a pipeline pushed out of the top k, and which it brought in.

A step is two runs over the same questions, before and after fusion or reranking. Which of the two is better over all is the
business of `workbench.evaluation.statistics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workbench.evaluation.measures import MIN_RELEVANCE
from workbench.intervals import wilson
from workbench.records import Estimate, HarmStep, Qrels, Run


@dataclass(frozen=True, slots=True)
class HarmRow:
    """One relevant document that crossed the cut; a rank of None is below what the run keeps."""

    before: str
    after: str
    query_id: str
    doc_id: str
    rank_before: int | None
    rank_after: int | None
    kind: Literal["out", "in"]


@dataclass(frozen=True, slots=True)
class Harm:
    """A step of the pipeline in sum, and every document that crossed the cut."""

    step: HarmStep
    rows: tuple[HarmRow, ...]


def harm_step(before: Run, after: Run, qrels: Qrels, k: int) -> Harm:
    """What the step from one run to the other did to the relevant documents in the top k.

    A question is harmed when it had a relevant document in the top k and has none left there, helped the other way round;
    the rows also hold documents that crossed while another relevant one stayed. Both shares carry a Wilson interval over
    the questions with a relevant document. A question a run does not rank counts as found nothing; leave those nobody
    asked out of the qrels. A run that keeps fewer than k documents gives shares that are not measured, and no rows.
    """
    judged = {q: {d for d, grade in grades.items() if grade >= MIN_RELEVANCE} for q, grades in qrels.items()}
    judged = {query_id: relevant for query_id, relevant in judged.items() if relevant}
    shallow = next((run for run in (before, after) if run.depth < k), None)
    if shallow is not None:
        kept = Estimate.not_measured(f"{shallow.name} keeps {shallow.depth} results a question, too few to look at {k}")
        return Harm(HarmStep(before.name, after.name, k, kept, kept, 0, 0), ())
    rows: list[HarmRow] = []
    harmed = helped = 0
    for query_id, relevant in judged.items():
        had, has = _ranks(before, query_id, relevant), _ranks(after, query_id, relevant)
        found_before, found_after = _within(had, k), _within(has, k)
        harmed += bool(found_before) and not found_after
        helped += bool(found_after) and not found_before
        for doc_id in sorted(found_before ^ found_after):
            kind: Literal["out", "in"] = "out" if doc_id in found_before else "in"
            rows.append(HarmRow(before.name, after.name, query_id, doc_id, had.get(doc_id), has.get(doc_id), kind))
    out = sum(row.kind == "out" for row in rows)
    step = HarmStep(
        before.name, after.name, k, wilson(harmed, len(judged)), wilson(helped, len(judged)), out, len(rows) - out
    )
    return Harm(step, tuple(rows))


def _ranks(run: Run, query_id: str, relevant: set[str]) -> dict[str, int]:
    ranking = run.rankings.get(query_id, ())
    return {document.doc_id: rank for rank, document in enumerate(ranking, start=1) if document.doc_id in relevant}


def _within(ranks: Mapping[str, int], k: int) -> set[str]:
    return {doc_id for doc_id, rank in ranks.items() if rank <= k}
