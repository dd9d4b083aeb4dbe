"""Which passages are on a map: all that some arm retrieved among its first ten, and a sample of the others.

It reads rankings and picks rows of the corpus; where they lie is told by the modules beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.comparison.tables import StoredComparison
from workbench.numbers import count
from workbench.records import Passage

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 20_000
"""Passages on a map: what a page draws and moves without stumbling."""

K_RETRIEVED = 10
"""Ranks of an arm whose passages are all on the map: what a prompt holds, and as much again."""

Rows = npt.NDArray[np.int64]
Nearest = Callable[[str, Sequence[int]], int]
"""Of these rows of the corpus the one nearest to a question, given by its id."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Passages of a map.

    Attributes:
        rows: their places in the corpus: those retrieved, then the others, each part in corpus order.
        retrieved: how many of them were retrieved.
        stand_ins: id of a retrieved passage of another cut -> passage_id that stands for it.
        notes: what a reader has to know of the choice.
    """

    rows: Rows
    retrieved: int
    stand_ins: Mapping[str, str]
    notes: tuple[str, ...]


def choose(
    stored: StoredComparison,
    passages: Sequence[Passage],
    nearest: Nearest,
    rng: np.random.Generator,
    *,
    most: int = MOST_POINTS,
) -> Chosen:
    """The passages of a map.

    An arm that searches smaller passages is shown by the usual passage that covers most of each; a system that names documents
    alone by the passage of the document nearest to the question.

    Args:
        stored: what the arms retrieved.
        passages: the corpus as it is usually cut.
        nearest: tells which of a document's passages stands for it.
        rng: draws the samples.
        most: passages on the map.
    """
    top = stored.rankings[stored.rankings["rank"] <= K_RETRIEVED]
    rows = {passage.passage_id: row for row, passage in enumerate(passages)}
    unknown = set(top["passage_id"]) - rows.keys() - {""}
    covering = _covering(stored.passages[stored.passages["passage_id"].isin(unknown)], passages)
    found = {rows[passage_id] for passage_id in set(top["passage_id"]) & rows.keys()}
    found |= set(covering.values())
    found |= set(_of_documents(top[top["passage_id"] == ""], passages, nearest))
    retrieved = np.array(sorted(found), dtype=np.int64)
    others = np.setdiff1d(np.arange(len(passages)), retrieved, assume_unique=True)
    shown = _sample(retrieved, most, rng)
    filling = _sample(others, most - len(shown), rng)
    stand_ins = {passage_id: passages[row].passage_id for passage_id, row in covering.items()}
    notes = _notes(len(retrieved), len(shown), len(others), len(filling))
    return Chosen(np.concatenate([shown, filling]), len(shown), stand_ins, notes)


def _sample(rows: Rows, most: int, rng: np.random.Generator) -> Rows:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _covering(other: pd.DataFrame, passages: Sequence[Passage]) -> dict[str, int]:
    """Passage of another cut -> row of the usual passage that shares most characters with it, the first of equals."""
    if not len(other):
        return {}
    by_document = _rows_by_document(passages, set(other["doc_id"]))
    covering = {}
    for passage_id, doc_id, start, end in zip(
        other["passage_id"], other["doc_id"], other["start"], other["end"], strict=True
    ):
        candidates = by_document.get(doc_id, [])
        shared = [min(end, passages[row].end) - max(start, passages[row].start) for row in candidates]
        if shared and max(shared) > 0:
            covering[str(passage_id)] = candidates[shared.index(max(shared))]
    return covering


def _of_documents(named: pd.DataFrame, passages: Sequence[Passage], nearest: Nearest) -> Iterator[int]:
    """The row that stands for each document retrieved without a passage; documents the corpus does not hold are left out."""
    pairs = named[["query_id", "doc_id"]].drop_duplicates()
    by_document = _rows_by_document(passages, set(pairs["doc_id"]))
    for query_id, doc_id in zip(pairs["query_id"], pairs["doc_id"], strict=True):
        if doc_id in by_document:
            yield nearest(str(query_id), by_document[doc_id])


def _rows_by_document(passages: Sequence[Passage], wanted: set[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row, passage in enumerate(passages):
        if passage.doc_id in wanted:
            found.setdefault(passage.doc_id, []).append(row)
    return found


def _notes(retrieved: int, shown: int, others: int, filling: int) -> tuple[str, ...]:
    """What of the corpus is missing on the map."""
    parts = (("some", retrieved, shown), ("no", others, filling))
    return tuple(
        f"of the {count(all_of_them)} passages that {who} arm has among its first {K_RETRIEVED}, "
        + (f"{count(drawn)} are on the map, drawn at random" if drawn else "none is on the map")
        for who, all_of_them, drawn in parts
        if drawn < all_of_them
    )
