"""The questions of a comparison as the lab lists them, and what each arm ranked for one of them.

It reads the stored tables and shapes them for showing; nothing is scored here and nothing is markup.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.comparison.deployed import DEPLOYED
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
        passage_id: the passage, "" when only the document is known.
        score: as the arm gives it; None where it gives none.
        section: headings the passage stands under, and its page; "" where not known.
        newer: what the newest version is called, "" where there is no newer one.
        versions: how many versions of the document there are, itself among them.
        language: ISO 639-1 code of the document, "" where not known.
    """

    rank: int
    doc_id: str
    title: str
    text: str
    updated_on: str
    source: Source | None
    grade: int | None
    reasons: tuple[tuple[str, float], ...] = ()
    passage_id: str = ""
    score: float | None = None
    section: str = ""
    newer: str = ""
    versions: int = 1
    language: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an arm missed a question, or what else was noticed: a code with the rule that fired.

    Attributes:
        first: whether it is the code the miss is counted under. failed: whether the arm missed the question.
    """

    run: str
    code: str
    rule: str
    first: bool
    failed: bool


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
    """The rankings of a comparison, indexed once so that one question is found at once among millions of rows.

    Attributes:
        titles: doc_id -> title.
        depths: arm -> how many documents a ranking of it holds at most.
    """

    def __init__(self, stored: StoredComparison) -> None:
        self._rankings = stored.rankings
        self._rows = stored.rankings.groupby("query_id", sort=False).indices
        self._passages = _by_first(stored.passages, ("passage_id", "text", "section"))
        columns = ("doc_id", "title", "path", "locator", "updated_on", "newer", "versions", "language")
        self._documents = _by_first(stored.documents, columns)
        self._grades: dict[str, dict[str, int]] = {}
        for query_id, doc_id, grade in stored.qrels[["query_id", "doc_id", "grade"]].itertuples(index=False):
            self._grades.setdefault(query_id, {})[doc_id] = int(grade)
        self._reasons: dict[tuple[str, str], list[tuple[str, float]]] = {}
        for query_id, doc_id, text, points in _columns(stored.reasons, ("query_id", "doc_id", "text", "contribution")):
            self._reasons.setdefault((query_id, doc_id), []).append((str(text), float(points)))
        self._failures: dict[str, list[Failure]] = {}
        parts = ("query_id", "run", "code", "rule", "first", "failed")
        for query_id, run, code, rule, first, failed in _columns(stored.failures, parts):
            row = Failure(str(run), str(code), str(rule), bool(first), bool(failed))
            self._failures.setdefault(query_id, []).append(row)
        self.titles: Mapping[str, str] = {doc_id: str(row[0]) for doc_id, row in self._documents.items()}
        self.depths: Mapping[str, int] = {arm: report.depth for arm, report in stored.comparison.arms.items()}

    def of(self, query_id: str) -> pd.DataFrame:
        """All rows of one question: run, query_id, rank, doc_id, passage_id, score; empty for an unknown one."""
        return self._rankings.iloc[self._rows.get(query_id, [])]

    def ranks(self, query_id: str) -> dict[str, dict[str, int]]:
        """Ranks of one question by arm, then by doc_id; arms without a ranking for it are left out."""
        found: dict[str, dict[str, int]] = {}
        for run, doc_id, rank in _columns(self.of(query_id), ("run", "doc_id", "rank")):
            found.setdefault(str(run), {})[str(doc_id)] = int(rank)
        return found

    def grades(self, query_id: str) -> dict[str, int]:
        """doc_id -> grade of the documents judged for this question; empty when nobody judged it."""
        return self._grades.get(query_id, {})

    def failures(self, query_id: str) -> list[Failure]:
        """Codes of every arm for one question, those that explain a miss and what else was noticed."""
        return self._failures.get(query_id, [])

    def hits(self, query_id: str, run: str, k: int) -> list[Hit]:
        """The top k of one arm for one question, best first."""
        rows = self.of(query_id)
        top = rows[(rows["run"] == run) & (rows["rank"] <= k)].sort_values("rank")
        places = _columns(top, ("rank", "doc_id", "passage_id", "score"))
        return [self._hit(query_id, run, int(r), d, p, float(s)) for r, d, p, s in places]

    def _hit(self, query_id: str, run: str, rank: int, doc_id: str, passage_id: str, score: float) -> Hit:
        text, section = self._passages.get(passage_id, ("", ""))
        known = self._documents.get(doc_id, (doc_id, "", "", "", "", 1, ""))
        title, path, locator, updated_on, newer, versions, language = known
        return Hit(
            rank=rank,
            doc_id=doc_id,
            title=str(title),
            text=str(text),
            updated_on=str(updated_on),
            source=Source(path, locator) if path else None,
            grade=self.grades(query_id).get(doc_id),
            reasons=tuple(self._reasons.get((query_id, doc_id), ())) if run == EXPLAINED else (),
            passage_id=passage_id if passage_id in self._passages else "",
            score=score if run != DEPLOYED and math.isfinite(score) else None,
            section=str(section),
            newer=self._told_apart(newer, doc_id, str(title)),
            versions=int(versions),
            language=str(language),
        )

    def _told_apart(self, newer: str, doc_id: str, title: str) -> str:
        """The title of a newer version; where both bear the same title its file name, else its id."""
        other = self.titles.get(newer, newer)
        if other != title:
            return other
        name = newer.rpartition("/")[2]
        return newer if name == doc_id.rpartition("/")[2] else name


def _columns(frame: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[column] for column in columns), strict=True)


def _by_first(frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in _columns(frame, columns)}


def _codes(failures: pd.DataFrame, runs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    own = failures[failures["run"].isin(list(runs)) & failures["first"].astype(bool)]
    grouped: dict[str, dict[str, None]] = {}
    for query_id, code in zip(own["query_id"], own["code"], strict=True):
        grouped.setdefault(query_id, {})[code] = None
    return {query_id: tuple(codes) for query_id, codes in grouped.items()}
