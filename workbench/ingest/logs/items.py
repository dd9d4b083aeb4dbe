"""The lists of what was retrieved as one Arrow array; the regular ways logs write them are read without a detour.

Everything irregular goes through `workbench.ingest.logs.retrieved`, and both ways give the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.ingest.logs.arrays import name
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.retrieved import retrieved_of
from workbench.ingest.logs.values import as_structure
from workbench.records import RetrievedItem

if TYPE_CHECKING:
    import pyarrow as pa

_decoder = json.JSONDecoder()


def retrieved_array(
    lists: Mapping[str, Sequence[object] | None], rows: int, distances: bool, redaction: LogRedaction
) -> pa.Array:
    """What each row says was retrieved; null where it says nothing.

    Args:
        lists: raw values by list name ("retrieved.items", ".ids", ".texts", ".scores"); None for a list no row holds.
        rows: how many.
        distances: whether scores are distances, which are negated.
        redaction: applied to every text and id.
    """
    builder = _Builder(redaction, -1.0 if distances else 1.0)
    nothing: list[object] = [None] * rows
    items, ids, texts, scores = (
        found if (found := lists.get(f"retrieved.{name}")) is not None else nothing
        for name in ("items", "ids", "texts", "scores")
    )
    for item, doc_ids, text, score in zip(items, ids, texts, scores, strict=True):
        if item is None and doc_ids is None and text is None:
            builder.offsets.append(None)
        elif item is not None or text is not None or not builder.add_ids(doc_ids, score):
            raw = {
                "retrieved.items": item,
                "retrieved.ids": doc_ids,
                "retrieved.texts": text,
                "retrieved.scores": score,
            }
            builder.add(retrieved_of(raw, distances, redaction))
    return builder.array()


@dataclass(slots=True)
class _Builder:
    redaction: LogRedaction
    sign: float
    doc_ids: list[str | None] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    offsets: list[int | None] = field(default_factory=list)
    names: dict[str, str | None] = field(default_factory=dict)

    def add(self, items: Sequence[RetrievedItem] | None) -> None:
        """One row."""
        self.offsets.append(None if items is None else len(self.doc_ids))
        for item in items or ():
            self.doc_ids.append(item.doc_id)
            self.texts.append(item.text)
            self.scores.append(item.score)

    def add_ids(self, ids: object, scores: object) -> bool:
        """One row of ids as a list of text with scores as a list of numbers; False, and nothing added, for anything else."""
        ids, scores = _listed(ids), _listed(scores)
        if type(ids) is not list or not (scores is None or type(scores) is list):
            return False
        for doc_id in ids:
            if type(doc_id) is not str:
                return False
        numbers: list[float | None] = [None] * len(ids)
        for place, score in enumerate((scores or ())[: len(ids)]):
            if type(score) is int or type(score) is float:
                number = float(score) if abs(score) < 1e300 else math.nan
                numbers[place] = self.sign * number if math.isfinite(number) else None
            elif score is not None:
                return False
        self.offsets.append(len(self.doc_ids))
        known = self.names
        for doc_id in ids:
            if doc_id in known:
                self.doc_ids.append(known[doc_id])
                continue
            read = name(doc_id, self.redaction)
            if read is None or "[" not in read:  # what was masked is masked again, for every time is counted
                known[doc_id] = read
            self.doc_ids.append(read)
        self.texts.extend([None] * len(ids))
        self.scores.extend(numbers)
        return True

    def array(self) -> pa.Array:
        """All rows."""
        import pyarrow as pa

        inner = pa.StructArray.from_arrays(
            [
                pa.array(self.doc_ids, pa.string()),
                pa.array(self.texts, pa.string()),
                pa.array(self.scores, pa.float64()),
            ],
            names=["doc_id", "text", "score"],
        )
        offsets = pa.array([*self.offsets, len(self.doc_ids)], pa.int32())
        return pa.ListArray.from_arrays(offsets, inner)


def _listed(value: object) -> object:
    if type(value) is str and value[:1] == "[":
        try:
            listed, end = _decoder.raw_decode(
                value
            )  # `json.loads` without its look for white space: millions of short lists
        except (ValueError, RecursionError):
            return value
        return listed if end == len(value) else as_structure(value)
    return value
