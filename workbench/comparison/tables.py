"""The tables behind a comparison: rankings, texts, labels and failures as frames for pages and files.

They hold what was computed and nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.comparison.versioning import KnownVersions
from workbench.records import CaseInputs, Comparison, Document, Passage, Query, Run

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: dict[str, tuple[str, ...]] = {
    "per_query": ("run", "query_id", "measure", "value"),
    "rankings": ("run", "query_id", "rank", "doc_id", "passage_id", "score"),
    "passages": ("passage_id", "doc_id", "text", "start", "end", "section"),
    "documents": ("doc_id", "title", "path", "locator", "updated_on", "newer", "versions", "language"),
    "queries": ("query_id", "text", "judged"),
    "qrels": ("query_id", "doc_id", "grade"),
    "failures": ("run", "query_id", "code", "rule", "first", "failed"),
    "harm": ("before", "after", "query_id", "doc_id", "rank_before", "rank_after", "kind"),
    "inspection": ("query_id", "priority", "why"),
    "probes": ("doc_id", "kind", "probe", "run", "rank"),
    "reasons": ("query_id", "doc_id", "feature", "text", "value", "contribution"),
}
"""Columns of each table, in order."""
HEADING = " › "
"""Between the headings a passage stands under, outermost first."""


@dataclass(frozen=True, slots=True)
class StoredComparison:
    """A comparison with the tables behind it.

    Attributes:
        per_query: run, query_id, measure, value.
        rankings: run, query_id, rank (from 1), doc_id, passage_id ("" when only the document is known), score.
        passages: passage_id, doc_id, text, start, end, section (headings and place it begins at, "" where there are none);
            those that occur in a ranking.
        documents: doc_id, title, path, locator, updated_on (ISO date or ""), newer (id of its newest version, "" where there
            is no newer one), versions (how many there are of it, itself among them), language (ISO 639-1 or "").
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
    inputs: CaseInputs,
    queries: Sequence[Query],
    judged: set[str],
    runs: Mapping[str, Run],
    passages: Sequence[Passage],
    versions: KnownVersions,
) -> dict[str, pd.DataFrame]:
    """The tables of what was asked, found and labelled, by name.

    Args:
        inputs: the case as read.
        queries: the questions that were run.
        judged: ids of those with a relevant document.
        runs: what each arm retrieved.
        passages: those that occur in a ranking.
        versions: which documents have a newer version.
    """
    rankings = (
        (run.name, query_id, rank, document.doc_id, document.passage_id, document.score)
        for run in runs.values()
        for query_id, ranking in run.rankings.items()
        for rank, document in enumerate(ranking, start=1)
    )
    grades = ((q, d, grade) for q in sorted(judged) for d, grade in inputs.qrels[q].items())
    return {
        "rankings": frame("rankings", rankings),
        "passages": frame("passages", map(_passage, passages)),
        "documents": frame("documents", (_document(document, versions) for document in inputs.documents)),
        "queries": frame("queries", ((query.query_id, query.text, query.query_id in judged) for query in queries)),
        "qrels": frame("qrels", grades),
    }


def _passage(passage: Passage) -> tuple[object, ...]:
    section = ", ".join(part for part in (HEADING.join(passage.headings), passage.locator) if part)
    return (passage.passage_id, passage.doc_id, passage.text, passage.start, passage.end, section)


def _document(document: Document, versions: KnownVersions) -> tuple[object, ...]:
    language = document.metadata.get("language", "")
    return (
        document.doc_id,
        document.title,
        document.source.path,
        document.source.locator,
        document.updated_on.isoformat() if document.updated_on else "",
        versions.newer.get(document.doc_id, ""),
        versions.counts.get(document.doc_id, 1),
        language if len(language) == 2 else "",
    )
