"""The tables behind a comparison: rankings, texts, labels and failures as frames for pages and files.

They hold what was computed and nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.records import CaseInputs, Comparison, Query, Run

if TYPE_CHECKING:
    import pandas as pd


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
        failures: run, query_id, code; one row for each judged question an arm failed.
    """

    comparison: Comparison
    per_query: pd.DataFrame
    rankings: pd.DataFrame
    passages: pd.DataFrame
    documents: pd.DataFrame
    queries: pd.DataFrame
    qrels: pd.DataFrame
    failures: pd.DataFrame


def tables(
    inputs: CaseInputs,
    queries: Sequence[Query],
    judged: set[str],
    runs: Mapping[str, Run],
    codes: Sequence[tuple[str, str, str]],
) -> dict[str, pd.DataFrame]:
    """Every table of `StoredComparison` but `per_query`, by name.

    Args:
        inputs: the case as read.
        queries: the questions that were run.
        judged: ids of those with a relevant document.
        runs: what each arm retrieved.
        codes: (run, query_id, failure code) of each judged question an arm failed.
    """
    import pandas as pd

    rankings = pd.DataFrame(
        [
            (run.name, query_id, rank, document.doc_id, document.passage_id, document.score)
            for run in runs.values()
            for query_id, ranking in run.rankings.items()
            for rank, document in enumerate(ranking, start=1)
        ],
        columns=["run", "query_id", "rank", "doc_id", "passage_id", "score"],
    )
    shown = set(rankings["passage_id"])
    passages = [(p.passage_id, p.doc_id, p.text, p.start, p.end) for p in inputs.passages if p.passage_id in shown]
    documents = [
        (d.doc_id, d.title, d.source.path, d.source.locator, d.updated_on.isoformat() if d.updated_on else "")
        for d in inputs.documents
    ]
    grades = [(q, d, grade) for q in sorted(judged) for d, grade in inputs.qrels[q].items()]
    judgments = [(query.query_id, query.text, query.query_id in judged) for query in queries]
    return {
        "rankings": rankings,
        "passages": pd.DataFrame(passages, columns=["passage_id", "doc_id", "text", "start", "end"]),
        "documents": pd.DataFrame(documents, columns=["doc_id", "title", "path", "locator", "updated_on"]),
        "queries": pd.DataFrame(judgments, columns=["query_id", "text", "judged"]),
        "qrels": pd.DataFrame(grades, columns=["query_id", "doc_id", "grade"]),
        "failures": pd.DataFrame(codes, columns=["run", "query_id", "code"]),
    }
