"""The tables behind a comparison: rankings, texts, labels and failures as frames for pages and files.

They hold what was computed and nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.records import CaseInputs, Comparison, Passage, Query, Run

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: dict[str, tuple[str, ...]] = {
    "per_query": ("run", "query_id", "measure", "value"),
    "rankings": ("run", "query_id", "rank", "doc_id", "passage_id", "score"),
    "passages": ("passage_id", "doc_id", "text", "start", "end"),
    "documents": ("doc_id", "title", "path", "locator", "updated_on"),
    "queries": ("query_id", "text", "judged"),
    "qrels": ("query_id", "doc_id", "grade"),
    "failures": ("run", "query_id", "code", "rule", "first", "failed"),
    "harm": ("before", "after", "query_id", "doc_id", "rank_before", "rank_after", "kind"),
    "inspection": ("query_id", "priority", "why"),
    "probes": ("doc_id", "kind", "probe", "run", "rank"),
    "reasons": ("query_id", "doc_id", "feature", "text", "value", "contribution"),
}
"""Columns of each table, in order."""


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """A comparison with the tables behind it.

    Attributes:
        per_query: run, query_id, measure, value.
        rankings: run, query_id, rank (from 1), doc_id, passage_id ("" when only the document is known), score.
        passages: passage_id, doc_id, text, start, end; those that occur in a ranking.
        documents: doc_id, title, path, locator, updated_on (ISO date or "").
        queries: query_id, text, judged.
        qrels: query_id, doc_id, grade.
        failures: run, query_id, code, rule (the sentence with its ranks), first (of a failed question), failed.
        harm: before, after, query_id, doc_id, rank_before, rank_after (0: not in the ranking), kind ("out" or "in").
        inspection: query_id, priority (1 is first), why; an order to look in, no figure of quality.
        probes: doc_id, kind, probe, run, rank (0: not found).
        reasons: query_id, doc_id, feature, text, value, contribution: why the built-in reranker put a document among the first.
    """

    comparison: Comparison
    per_query: pd.DataFrame
    rankings: pd.DataFrame
    passages: pd.DataFrame
    documents: pd.DataFrame
    queries: pd.DataFrame
    qrels: pd.DataFrame
    failures: pd.DataFrame
    harm: pd.DataFrame
    inspection: pd.DataFrame
    probes: pd.DataFrame
    reasons: pd.DataFrame


def frame(name: str, rows: Iterable[Sequence[object]]) -> pd.DataFrame:
    """A table by its name; no rows give its columns alone."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))


def tables(
    inputs: CaseInputs, queries: Sequence[Query], judged: set[str], runs: Mapping[str, Run], passages: Sequence[Passage]
) -> dict[str, pd.DataFrame]:
    """The tables of what was asked, found and labelled, by name.

    Args:
        inputs: the case as read.
        queries: the questions that were run.
        judged: ids of those with a relevant document.
        runs: what each arm retrieved.
        passages: those that occur in a ranking.
    """
    rankings = (
        (run.name, query_id, rank, document.doc_id, document.passage_id, document.score)
        for run in runs.values()
        for query_id, ranking in run.rankings.items()
        for rank, document in enumerate(ranking, start=1)
    )
    documents = (
        (d.doc_id, d.title, d.source.path, d.source.locator, d.updated_on.isoformat() if d.updated_on else "")
        for d in inputs.documents
    )
    grades = ((q, d, grade) for q in sorted(judged) for d, grade in inputs.qrels[q].items())
    return {
        "rankings": frame("rankings", rankings),
        "passages": frame("passages", ((p.passage_id, p.doc_id, p.text, p.start, p.end) for p in passages)),
        "documents": frame("documents", documents),
        "queries": frame("queries", ((query.query_id, query.text, query.query_id in judged) for query in queries)),
        "qrels": frame("qrels", grades),
    }
