"""Reranking as a step of an arm: the top of each ranking in a new order, the rest as it was.

Which reranker an arm uses is decided in `workbench.retrieval.arms`; the models stand in `rerank` and `learned`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager

import numpy as np
import numpy.typing as npt

from workbench.records import Passage, Query, ScoredPassage
from workbench.retrieval.learned import Candidate, FeatureReason
from workbench.retrieval.protocols import BatchReranker, Reranker, Vectors
from workbench.retrieval.views import EncoderInUse, PassageView

RERANK_DEPTH = 50
"""Passages of the fusion that are scored anew: what a production reranker is usually given."""

TELL_EVERY = 20
"""Questions between two reports of progress."""

Tell = Callable[[float, str], None]
QueryVector = npt.NDArray[np.floating]


def rerank_by_cross_encoder(
    queries: Sequence[Query],
    rankings: Sequence[Sequence[ScoredPassage]],
    view: PassageView,
    model: Reranker,
    tell: Tell,
    *,
    depth: int = RERANK_DEPTH,
) -> list[list[ScoredPassage]]:
    """Each ranking with its first `depth` passages in the cross-encoder's order."""
    heads = [ranking[:depth] for ranking in rankings]
    asked = [
        (query, [view.passages[view.rows[passage.passage_id]] for passage in head])
        for query, head in zip(queries, heads, strict=True)
    ]
    reordered = []
    for head, ranking, scores in zip(heads, rankings, _scores(model, asked, tell), strict=True):
        order = sorted(range(len(head)), key=lambda i: (-scores[i], i))
        best_first = [ScoredPassage(head[i].passage_id, float(scores[i])) for i in order]
        reordered.append(with_tail(best_first, ranking[depth:]))
    return reordered


def _scores(model: Reranker, asked: Sequence[tuple[Query, Sequence[Passage]]], tell: Tell) -> list[Sequence[float]]:
    """Scores of each question's passages; all at once where the model can, for it then sorts them by length."""
    if isinstance(model, BatchReranker):
        pairs = [(query.text, passage.text) for query, passages in asked for passage in passages]
        scores = iter(model.score_many(pairs, progress=tell))
        return [[next(scores) for _ in passages] for _, passages in asked]
    found = []
    for number, (query, passages) in enumerate(asked, start=1):
        found.append(model.score(query, passages))
        _report(number, len(asked), tell)
    return found


def rerank_learned(
    queries: Sequence[Query],
    vectors: Vectors | None,
    rankings: Sequence[Sequence[ScoredPassage]],
    legs: Mapping[str, Sequence[Sequence[ScoredPassage]]],
    view: PassageView,
    encoder: EncoderInUse | None,
    tell: Tell,
    *,
    depth: int = RERANK_DEPTH,
) -> list[list[ScoredPassage]]:
    """Each ranking with its first `depth` passages in the learned model's order.

    Args:
        queries: as the rankings.
        vectors: of the questions, one row each; None where there is no encoder.
        rankings: what is reordered, best first.
        legs: "dense" and "bm25" -> their rankings; one that was not searched is left out.
        view: the passages.
        encoder: None leaves what needs vectors out.
        tell: told how far it is.
        depth: passages that are reordered.
    """
    tell(0.0, "preparing the reranker")
    model = view.learned(encoder)
    reordered = []
    with one_thread():
        for number, (query, ranking) in enumerate(zip(queries, rankings, strict=True), start=1):
            found = candidates(ranking[:depth], {leg: ranked[number - 1] for leg, ranked in legs.items()}, view)
            ranked = model.rerank(query, vectors[number - 1] if vectors is not None else None, found)
            best_first = [ScoredPassage(passage.passage_id, passage.score) for passage in ranked]
            reordered.append(with_tail(best_first, ranking[depth:]))
            _report(number, len(queries), tell)
    return reordered


def one_thread() -> AbstractContextManager[object]:
    """Matrix products on one thread: those of fifty candidates are too small to share, and waiting for a busy core costs more."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")  # type: ignore[no-any-return]


def reasons_of(
    query: Query,
    vector: QueryVector | None,
    ranking: Sequence[ScoredPassage],
    legs: Mapping[str, Sequence[ScoredPassage]],
    view: PassageView,
    encoder: EncoderInUse | None,
    passage_ids: Collection[str],
    *,
    depth: int = RERANK_DEPTH,
) -> dict[str, tuple[FeatureReason, ...]]:
    """passage_id -> what each feature adds to its score, for those of these passages that are reordered."""
    model = view.learned(encoder)
    return model.explain(query, vector, candidates(ranking[:depth], legs, view), passage_ids)


def candidates(
    head: Sequence[ScoredPassage], legs: Mapping[str, Sequence[ScoredPassage]], view: PassageView
) -> list[Candidate]:
    """The top of a ranking with the place of every passage of it in each leg."""
    ranks = {
        leg: {passage.passage_id: rank for rank, passage in enumerate(ranking, start=1)}
        for leg, ranking in legs.items()
    }
    by_meaning, by_words = ranks.get("dense", {}), ranks.get("bm25", {})
    found = []
    for rank, passage in enumerate(head, start=1):
        row = view.rows[passage.passage_id]
        places = by_meaning.get(passage.passage_id), by_words.get(passage.passage_id)
        found.append(Candidate(view.passages[row], rank, *places, row))
    return found


def with_tail(best_first: Sequence[ScoredPassage], tail: Sequence[ScoredPassage]) -> list[ScoredPassage]:
    """The reordered top and what followed it, whose scores are lowered so that they still fall with rank."""
    floor = min((passage.score for passage in best_first), default=0.0)
    return [*best_first, *(ScoredPassage(p.passage_id, floor - rank) for rank, p in enumerate(tail, start=1))]


def _report(number: int, total: int, tell: Tell) -> None:
    if number % TELL_EVERY == 0 or number == total:
        tell(number / total, f"reranking ({number:,} of {total:,} questions)")
