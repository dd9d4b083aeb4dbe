"""Ranks of the contexts against the documents that hold the reference, by id alone: no model, no text.

Recall, average precision and success of what the system gave its model; whether the answer used it is another question. These are
not RAGAS' context precision and recall, which a model judges, and carry names of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.records import AnswerRow, MetricScore

NO_IDS = "no ids of the retrieved documents"
NO_REFERENCES = "no reference documents"


def recall(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    """Share of the relevant documents that were retrieved, 0 to 1, higher is better.

    >>> recall(["a", "x", "b"], frozenset({"a", "b", "c", "d"}))
    0.5
    """
    return len(relevant.intersection(ranking)) / len(relevant)


def average_precision(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    """Mean of precision at the rank of each relevant document, 0 for one that was not retrieved; 0 to 1, higher is better.

    >>> average_precision(["x", "a", "y", "b"], frozenset({"a", "b"}))
    0.5
    """
    found = [rank for rank, doc_id in enumerate(ranking, start=1) if doc_id in relevant]
    return sum(number / rank for number, rank in enumerate(found, start=1)) / len(relevant)


def success(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    """1 where any relevant document was retrieved, else 0.

    >>> success(["x", "a"], frozenset({"a", "b"}))
    1.0
    """
    return float(not relevant.isdisjoint(ranking))


ID_METRICS: Mapping[str, Callable[[Sequence[str], frozenset[str]], float]] = {
    "id_recall": recall,
    "id_average_precision": average_precision,
    "id_success": success,
}
"""Name -> measure over everything that was retrieved; k is what the log keeps and may differ from row to row (`depths`)."""


def id_scores(rows: Sequence[AnswerRow], names: Sequence[str] = tuple(ID_METRICS)) -> tuple[MetricScore, ...]:
    """Each metric of each row, row by row; rows without ids or without reference documents are skipped with the reason.

    Several passages of one document count once, at the rank of the first. An id that was not logged keeps its rank as wrong.
    Retrieved ids match a reference whole, or as a passage of it: its id followed by "#" and a number that the log added.

    Args:
        rows: with `context_ids` and `reference_doc_ids`.
        names: metrics of `ID_METRICS`.

    Raises:
        ValueError: a name is unknown.
    """
    if unknown := sorted(set(names) - set(ID_METRICS)):
        raise ValueError(f"unknown metric '{unknown[0]}'; known are {', '.join(sorted(ID_METRICS))}")
    return tuple(_score(row, name) for row in rows for name in names)


def depths(rows: Sequence[AnswerRow]) -> tuple[int, int] | None:
    """(fewest, most) contexts of the rows that have both ids and references: the k of these metrics; None without such rows."""
    counts = [len(row.context_ids) for row in rows if row.context_ids and row.reference_doc_ids]
    return (min(counts), max(counts)) if counts else None


def _score(row: AnswerRow, name: str) -> MetricScore:
    missing = [
        reason for reason, ids in ((NO_IDS, row.context_ids), (NO_REFERENCES, row.reference_doc_ids)) if not any(ids)
    ]
    if missing:
        return MetricScore(row.row_id, name, "skipped", reason=", ".join(missing))
    relevant = frozenset(filter(None, row.reference_doc_ids))
    return MetricScore(row.row_id, name, "ok", ID_METRICS[name](_ranking(row.context_ids, relevant), relevant))


def _ranking(ids: Sequence[str], relevant: frozenset[str]) -> list[str]:
    """Document ids in rank order, each once; an unknown id keeps a rank of its own."""
    ranking: list[str] = []
    for place, raw in enumerate(ids):
        doc_id = _document(raw, relevant) if raw else f"\0{place}"
        if doc_id not in ranking:
            ranking.append(doc_id)
    return ranking


def _document(raw: str, relevant: frozenset[str]) -> str:
    stem, mark, number = raw.rpartition("#")
    return stem if raw not in relevant and mark and number.isdecimal() and stem in relevant else raw
