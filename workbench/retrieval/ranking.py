"""Small operations on rankings: the top k of scores, reciprocal rank fusion, passages pooled to documents.

No index and no model is touched here; every function takes rankings and returns new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from workbench.records import RankedDocument, ScoredPassage

RRF_K = 60
"""Smoothing constant of reciprocal rank fusion (Cormack, Clarke & Buettcher 2009)."""

_GROUPS_A_RESULT = 4
_LEAST_GROUPS = 512
_LEAST_ROWS = 4
_WORTH_CUTTING = 2
"""Where dealing scores to groups, and cutting before sorting, pays: measured between 1,000 and 1,000,000 scores."""


Mask = npt.NDArray[np.bool_]
"""(passages,) True for a passage that a query may find."""


def masks(among: Sequence[Mask | None] | None, queries: int, passages: int) -> Sequence[Mask | None]:
    """One mask a query, None where it may find every passage.

    Raises:
        ValueError: another number of masks than queries, or a mask of another corpus.

    >>> masks(None, 2, 5)
    [None, None]
    """
    if among is None:
        return [None] * queries
    if len(among) != queries:
        raise ValueError(f"{len(among)} masks for {queries} queries; give one a query, None for no mask")
    lengths = {len(mask) for mask in among if mask is not None} - {passages}
    if lengths:
        raise ValueError(f"a mask of {min(lengths)} passages for a corpus of {passages}")
    return among


def top_k(scores: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.intp]:
    """Positions of the `k` highest scores, best first.

    Ties go to the lower position, so that a ranking never depends on the sorting algorithm. Fewer than `k` scores
    give all of them; `k` of 0 gives none.

    Args:
        scores: one dimension, no NaN.
        k: how many, 0 or more.

    >>> top_k(np.array([1.0, 3.0, 3.0, 2.0]), 3).tolist()
    [1, 2, 3]
    """
    if k <= 0:
        return np.empty(0, dtype=np.intp)
    positions = _contenders(scores, k)
    values = scores[positions]
    if len(values) > _WORTH_CUTTING * k:
        kept = values >= _kth_highest(values, k)
        positions, values = positions[kept], values[kept]
    # Positions ascend, so a stable sort leaves ties in their order.
    return positions[np.argsort(-values, kind="stable")[:k]]


def kth_highest(scores: npt.NDArray[np.floating], k: int) -> float:
    """The `k`-th highest of at least `k` scores, counted from 1.

    >>> kth_highest(np.array([1.0, 3.0, 3.0, 2.0]), 3)
    2.0
    """
    return _kth_highest(scores[_contenders(scores, k)], k)


def _kth_highest(scores: npt.NDArray[np.floating], k: int) -> float:
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])


def _contenders(scores: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.intp]:
    """Positions, ascending, that hold the best `k` and everything tied with the last of them; usually few more.

    The scores are dealt to many more groups than `k`. The `k`-th highest of the groups' maxima is reached by `k` scores
    at least, and costs one pass; selecting among all of them costs several.
    """
    groups = max(_GROUPS_A_RESULT * k, _LEAST_GROUPS)
    rows = len(scores) // groups
    if rows < _LEAST_ROWS:
        return np.arange(len(scores))
    maxima = scores[: rows * groups].reshape(rows, groups).max(axis=0)
    return np.flatnonzero(scores >= _kth_highest(maxima, k))


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[ScoredPassage]], *, weights: Sequence[float] | None = None, rrf_k: int = RRF_K
) -> list[ScoredPassage]:
    """One ranking out of several: each passage scores the weighted sum of `1 / (rrf_k + rank)` over the rankings it is in.

    Ties go to the passage id. No rankings, or empty ones, give an empty ranking.

    Args:
        rankings: best first; only the order counts, not the scores.
        weights: one a ranking; all 1 unless given. A ranking of weight 0 takes no part.
        rrf_k: smoothing constant, 0 or more.

    Raises:
        ValueError: the number of weights is not the number of rankings.

    Source: Cormack, Clarke & Buettcher 2009, "Reciprocal rank fusion outperforms Condorcet ...", SIGIR.

    >>> fused = reciprocal_rank_fusion([[ScoredPassage("a", 9), ScoredPassage("b", 8)], [ScoredPassage("b", 1)]])
    >>> [(p.passage_id, round(p.score, 5)) for p in fused]
    [('b', 0.03252), ('a', 0.01639)]
    """
    shares = [1.0] * len(rankings) if weights is None else list(weights)
    if len(shares) != len(rankings):
        raise ValueError(f"{len(shares)} weights for {len(rankings)} rankings; give one a ranking")
    fused: dict[str, float] = {}
    for ranking, weight in zip(rankings, shares, strict=True):
        for rank, passage in enumerate(ranking if weight else (), start=1):
            fused[passage.passage_id] = fused.get(passage.passage_id, 0.0) + weight / (rrf_k + rank)
    ordered = sorted(fused.items(), key=lambda item: (-item[1], item[0]))
    return [ScoredPassage(passage_id, score) for passage_id, score in ordered]


def pool_to_documents(
    ranking: Sequence[ScoredPassage], doc_ids: Mapping[str, str], *, depth: int
) -> tuple[RankedDocument, ...]:
    """Documents in the order of their best passage, at most `depth`.

    Args:
        ranking: passages, best first.
        doc_ids: passage_id -> doc_id, for every passage of the ranking.
        depth: how many documents to keep.

    >>> ranking = [ScoredPassage("d1::0", 3), ScoredPassage("d1::1", 2), ScoredPassage("d2::0", 1)]
    >>> pooled = pool_to_documents(ranking, {"d1::0": "d1", "d1::1": "d1", "d2::0": "d2"}, depth=10)
    >>> [(d.doc_id, d.score, d.passage_id) for d in pooled]
    [('d1', 3, 'd1::0'), ('d2', 1, 'd2::0')]
    """
    best: dict[str, RankedDocument] = {}
    for passage in ranking:
        doc_id = doc_ids[passage.passage_id]
        if doc_id not in best:
            best[doc_id] = RankedDocument(doc_id, passage.score, passage.passage_id)
            if len(best) == depth:
                break
    return tuple(best.values())
