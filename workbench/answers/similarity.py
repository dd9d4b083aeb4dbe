"""How near an answer is to its reference: cosine of their vectors, computed here and named with the encoder it depends on.

It is `SemanticSimilarity` of RAGAS. Two answers that contradict each other can be near: it says nothing on which is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from workbench.answers.abstention import is_abstention
from workbench.records import AnswerRow, MetricScore
from workbench.retrieval.protocols import Vectors

NAME = "semantic_similarity"
NO_ENCODER = "no encoder for the cosine"

Encode = Callable[[Sequence[str]], Vectors]


def semantic_similarity(rows: Sequence[AnswerRow], encode: Encode | None) -> tuple[MetricScore, ...]:
    """The similarity of each answer to its reference, -1 to 1, higher is better, in the order given.

    Args:
        rows: those without an answer or a reference are skipped. An abstention is undefined, unless its reference is one too.
        encode: texts -> rows of length 1; None skips every row.
    """
    lacking = {row.row_id: _lacks(row, encode) for row in rows}
    texts = list(
        dict.fromkeys(
            text for row in rows if lacking[row.row_id] is None for text in (row.answer or "", row.reference or "")
        )
    )
    vectors = dict(zip(texts, encode(texts), strict=True)) if encode and texts else {}
    return tuple(_score(row, lacking[row.row_id], vectors) for row in rows)


def _lacks(row: AnswerRow, encode: Encode | None) -> str | None:
    missing = [
        name
        for name, text in (("no answer", row.answer), ("no reference answer", row.reference))
        if not (text or "").strip()
    ]
    return ", ".join(missing) or (NO_ENCODER if encode is None else None)


def _score(row: AnswerRow, lacking: str | None, vectors: dict[str, Vectors]) -> MetricScore:
    if lacking:
        return MetricScore(row.row_id, NAME, "skipped", reason=lacking)
    answer, reference = row.answer or "", row.reference or ""
    if is_abstention(answer) and not is_abstention(reference):
        return MetricScore(row.row_id, NAME, "undefined", reason="the answer is an abstention")
    cosine = float(np.clip(vectors[answer] @ vectors[reference], -1.0, 1.0))
    return MetricScore(row.row_id, NAME, "ok", cosine)
