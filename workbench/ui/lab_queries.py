"""The questions of a comparison as the lab lists them, and what each arm ranked for one of them.

It reads the stored tables and shapes them for showing; nothing is scored here and nothing is markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from workbench.records import Source
from workbench.report.outcomes import OUTCOMES, outcomes

if TYPE_CHECKING:
    from workbench.comparison.tables import StoredComparison

NOT_LABELLED = "not labelled"
EXPLAINED = "hybrid+rerank"
"""The arm whose order has reasons."""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question in the list.

    Attributes:
        outcome: one of `OUTCOMES`, or `NOT_LABELLED`.
        before: rank of the first right document in the baseline; None where it reaches none.
        after: the same in the candidate.
        codes: failure codes of baseline and candidate.
    """

    query_id: str
    text: str
    outcome: str
    before: int | None
    after: int | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One place of a ranking as it is shown.

    Attributes:
        text: the passage that carried the document there, "" when only the document is known.
        updated_on: ISO date, "" when the document shows none.
        grade: relevance grade; None when nobody judged the document for this question.
        reasons: (feature and its value, what it adds to the reranker's score), the weightiest first; only where kept.
    """

    rank: int
    doc_id: str
    title: str
    text: str
    updated_on: str
    source: Source | None
    grade: int | None
    reasons: tuple[tuple[str, float], ...] = ()


def question_rows(stored: StoredComparison, baseline: str, candidate: str, k: int) -> list[QuestionRow]:
    """Every question, those that change first: recovered, lost, still failing, found by both, not labelled."""
    outcome = outcomes(stored.per_query, baseline, candidate, k)
    before, after = (first_right_ranks(stored, run) for run in (baseline, candidate))
    codes = _codes(stored.failures, (baseline, candidate))
    rows = [
        QuestionRow(
            query_id=query_id,
            text=text,
            outcome=str(outcome.get(query_id, NOT_LABELLED)),
            before=before.get(query_id),
            after=after.get(query_id),
            codes=codes.get(query_id, ()),
        )
        for query_id, text in zip(stored.queries["query_id"], stored.queries["text"], strict=True)
    ]
    order: dict[str, int] = {name: place for place, name in enumerate((*OUTCOMES, NOT_LABELLED))}
    return sorted(rows, key=lambda row: order[row.outcome])


def first_right_ranks(stored: StoredComparison, run: str) -> dict[str, int]:
    """query_id -> rank of the first document with a grade above 0; questions without one are left out."""
    right = stored.qrels.loc[stored.qrels["grade"] > 0, ["query_id", "doc_id"]]
    ranked = stored.rankings.loc[stored.rankings["run"] == run, ["query_id", "doc_id", "rank"]]
    first = ranked.merge(right, on=["query_id", "doc_id"]).groupby("query_id")["rank"].min()
    return {str(query_id): int(rank) for query_id, rank in first.items()}


class Rankings:
    """The rankings of a comparison, indexed once so that one question is found at once among millions of rows."""

    def __init__(self, stored: StoredComparison) -> None:
        self._rankings = stored.rankings
        self._rows = stored.rankings.groupby("query_id", sort=False).indices
        self._passages = dict(zip(stored.passages["passage_id"], stored.passages["text"], strict=True))
        columns = ("title", "path", "locator", "updated_on")
        self._documents = dict(
            zip(stored.documents["doc_id"], zip(*(stored.documents[c] for c in columns), strict=True), strict=True)
        )
        self._grades: dict[str, dict[str, int]] = {}
        for query_id, doc_id, grade in stored.qrels[["query_id", "doc_id", "grade"]].itertuples(index=False):
            self._grades.setdefault(query_id, {})[doc_id] = int(grade)
        self._reasons: dict[tuple[str, str], list[tuple[str, float]]] = {}
        columns = ("query_id", "doc_id", "text", "contribution")
        for query_id, doc_id, text, points in zip(*(stored.reasons[c] for c in columns), strict=True):
            self._reasons.setdefault((query_id, doc_id), []).append((str(text), float(points)))
        self.titles: Mapping[str, str] = {doc_id: str(row[0]) for doc_id, row in self._documents.items()}

    def of(self, query_id: str) -> pd.DataFrame:
        """All rows of one question: run, query_id, rank, doc_id, passage_id, score; empty for an unknown one."""
        return self._rankings.iloc[self._rows.get(query_id, [])]

    def grades(self, query_id: str) -> dict[str, int]:
        """doc_id -> grade of the documents judged for this question; empty when nobody judged it."""
        return self._grades.get(query_id, {})

    def hits(self, query_id: str, run: str, k: int) -> list[Hit]:
        """The top k of one arm for one question, best first."""
        rows = self.of(query_id)
        top = rows[(rows["run"] == run) & (rows["rank"] <= k)].sort_values("rank")
        columns: Sequence[str] = ("rank", "doc_id", "passage_id")
        return [self._hit(query_id, run, int(r), d, p) for r, d, p in zip(*(top[c] for c in columns), strict=True)]

    def _hit(self, query_id: str, run: str, rank: int, doc_id: str, passage_id: str) -> Hit:
        grade = self.grades(query_id).get(doc_id)
        text = self._passages.get(passage_id, "")
        title, path, locator, updated_on = self._documents.get(doc_id, (doc_id, "", "", ""))
        source = Source(path, locator) if path else None
        reasons = tuple(self._reasons.get((query_id, doc_id), ())) if run == EXPLAINED else ()
        return Hit(rank, doc_id, str(title), text, str(updated_on), source, grade, reasons)


def _codes(failures: pd.DataFrame, runs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    own = failures[failures["run"].isin(list(runs)) & failures["first"].astype(bool)]
    grouped: dict[str, dict[str, None]] = {}
    for query_id, code in zip(own["query_id"], own["code"], strict=True):
        grouped.setdefault(query_id, {})[code] = None
    return {query_id: tuple(codes) for query_id, codes in grouped.items()}
