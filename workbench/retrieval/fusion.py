"""Fusion by normalised score: the other way, beside fusion by rank, to make one ranking out of two.

Reciprocal rank fusion stands in `workbench.retrieval.ranking`; which of them an arm uses is said by its recipe.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.records import ScoredPassage


def weighted_fusion(rankings: Sequence[Sequence[ScoredPassage]], weights: Sequence[float]) -> list[ScoredPassage]:
    """One ranking by the weighted mean of each ranking's scores, brought to 0 to 1 within the ranking.

    A passage a ranking does not hold counts 0 there: it is no better than that ranking's last. A ranking of equal scores counts
    1 for each. Ties go to the passage id; no rankings, or empty ones, give an empty ranking.

    Args:
        rankings: best first, scores falling.
        weights: one a ranking, 0 or more, not all 0. A ranking of weight 0 takes no part.

    Raises:
        ValueError: the number of weights is not the number of rankings, or they are all 0.

    Source: Bruch, Gai & Ingber 2023, "An analysis of fusion functions for hybrid retrieval", ACM TOIS 42.

    >>> dense = [ScoredPassage("a", 0.8), ScoredPassage("b", 0.6), ScoredPassage("c", 0.4)]
    >>> [(p.passage_id, round(p.score, 2)) for p in weighted_fusion([dense, [ScoredPassage("b", 7.0)]], [1, 1])]
    [('b', 0.75), ('a', 0.5), ('c', 0.0)]
    """
    if len(weights) != len(rankings):
        raise ValueError(f"{len(weights)} weights for {len(rankings)} rankings; give one a ranking")
    total = sum(weights)
    if rankings and total <= 0:
        raise ValueError("all weights are 0; give at least one ranking a weight")
    fused: dict[str, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        if not ranking or not weight:
            continue
        low = ranking[-1].score
        span = ranking[0].score - low
        for passage in ranking:
            share = (passage.score - low) / span if span > 0 else 1.0
            fused[passage.passage_id] = fused.get(passage.passage_id, 0.0) + weight / total * share
    ordered = sorted(fused.items(), key=lambda item: (-item[1], item[0]))
    return [ScoredPassage(passage_id, score) for passage_id, score in ordered]
