"""What the grading view is made of, gathered once away from the page's loop: the plan, the texts, the labels that are there.

It reads a stored comparison and the grades beside the case; nothing here is a widget.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.case import Case
from workbench.comparison.grading import GradingDesk
from workbench.comparison.grading_round import GradingRound
from workbench.comparison.tables import StoredComparison
from workbench.evaluation.few_labels.pool import PoolItem
from workbench.records import Comparison, Source
from workbench.ui.lab.grading_markup import DocumentText, PassageText, nearest

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class GradingMaterial:
    """What is made once, away from the page's loop.

    Attributes:
        positions: query_id -> place in the plan, from 1. by_default: questions without any result.
    """

    round: GradingRound
    start: Comparison
    documents: Mapping[str, DocumentText]
    passages: Mapping[str, PassageText]
    by_document: Mapping[str, Sequence[PassageText]]
    labels: Mapping[tuple[str, str], int]
    positions: Mapping[str, int]
    by_default: int


def grading_material(stored: StoredComparison, case: Case) -> GradingMaterial:
    """Draw the plan, read the grades, estimate where they stand: seconds for thousands of questions."""
    desk = GradingDesk(stored, case.root)
    documents = {
        doc_id: DocumentText(title or doc_id, date, Source(path, locator) if path else None, bool(newer))
        for doc_id, title, path, locator, date, newer in _rows(
            stored.documents, "doc_id", "title", "path", "locator", "updated_on", "newer"
        )
    }
    passages = {
        passage_id: PassageText(text, section)
        for passage_id, text, section in _rows(stored.passages, "passage_id", "text", "section")
    }
    by_document: dict[str, list[PassageText]] = {}
    for passage_id, doc_id in _rows(stored.passages, "passage_id", "doc_id"):
        by_document.setdefault(doc_id, []).append(passages[passage_id])
    labels = {
        (query_id, doc_id): int(grade) for query_id, doc_id, grade in _rows(stored.qrels, "query_id", "doc_id", "grade")
    }
    pool = desk.labelling.pool
    return GradingMaterial(
        GradingRound(desk),
        desk.comparison(),
        documents,
        passages,
        by_document,
        labels,
        {entry.query_id: place for place, entry in enumerate(desk.labelling.plan.queries, start=1)},
        sum(not items for items in pool.items.values()),
    )


def passages_of(material: GradingMaterial, item: PoolItem, question: str) -> list[PassageText]:
    """The passages that carried a document; where only the document is known, its passage that is nearest to the question.

    A document without a passage would tell who returned it: only the deployed system logs documents alone.
    """
    carriers = [material.passages[one] for one in item.passage_ids if one in material.passages]
    return carriers or nearest(material.by_document.get(item.doc_id, ()), question)


def _rows(frame: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[name].tolist() for name in columns), strict=True)
