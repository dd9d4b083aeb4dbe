"""A predicted chance that each arm fails each question, made before anybody grades; grades correct whatever it gets wrong.

A bad predictor widens no interval by much and moves no estimate, because `powered` weighs it by how well it agreed with the
grades. It is never shown as quality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from statistics import fmean

from workbench.evaluation.few_labels.pool import K, reaching
from workbench.records import Run

LEAST_CHANCE, MOST_CHANCE = 0.05, 0.5
"""Chance of being relevant lent to a document that no other arm returns, and to one that every other ranks first. Arms share
blind spots, and one may be right alone, so neither is certain. Only the order of the predictions matters much: lambda scales."""


@dataclass(frozen=True, slots=True)
class Predictor:
    """Predicted chances of failure.

    Attributes:
        name: what made them, in words.
        fails: arm -> query_id -> chance that none of its first k documents is relevant, 0 to 1.
    """

    name: str
    fails: Mapping[str, Mapping[str, float]]


def agreement_predictor(runs: Mapping[str, Run], *, k: int = K) -> Predictor:
    """Predictions from the agreement of the arms alone: nobody's model, no text, no scores.

    An arm is judged by where the *other* arms rank the documents it returned: `F = prod_d (1 - p_d)` over its first k, with
    `p_d = 0.05 + 0.45 s_d`, `s_d` being the mean over the other arms of 1 / rank of the document there, 0 where it is missing.
    So no arm vouches for its own documents. A fusion and its legs do know each other: that makes the prediction worse for
    them, not the estimate. An arm alone has nobody to agree with: 1/2 throughout, which changes nothing.
    """
    usable = reaching(runs, k)
    ranks = {
        arm: {
            query_id: {document.doc_id: rank for rank, document in enumerate(ranking, start=1)}
            for query_id, ranking in run.rankings.items()
        }
        for arm, run in usable.items()
    }
    fails = {
        arm: {
            query_id: _chance(
                [document.doc_id for document in ranking[:k]],
                [ranks[other][query_id] for other in usable if other != arm and query_id in ranks[other]],
            )
            for query_id, ranking in run.rankings.items()
        }
        for arm, run in usable.items()
    }
    return Predictor("agreement of the arms", fails)


def external_predictor(
    name: str, chances: Mapping[tuple[str, str], float], runs: Mapping[str, Run], *, k: int = K
) -> Predictor:
    """Predictions from judgments made elsewhere, such as a language model's: `F = prod_d (1 - chance of d)`.

    A document without a judgment counts with the mean of all judgments.

    Args:
        name: who judged, in words; shown beside the estimates.
        chances: (query_id, doc_id) -> chance that the document answers the question; a grade of 2 or 3 is 1, a lower one 0.
        runs: arm -> what it retrieved.
        k: documents of each arm that are looked at.

    Raises:
        ValueError: no judgments, or one that is not a chance.
    """
    wrong = [pair for pair, chance in chances.items() if not 0 <= chance <= 1]
    if wrong or not chances:
        raise ValueError(f"judgments of '{name}' must be chances between 0 and 1; found {wrong[:1] or 'none'}")
    usual = fmean(chances.values())
    fails = {
        arm: {
            query_id: prod(1 - chances.get((query_id, document.doc_id), usual) for document in ranking[:k])
            for query_id, ranking in run.rankings.items()
        }
        for arm, run in reaching(runs, k).items()
    }
    return Predictor(name, fails)


def _chance(top: Sequence[str], others: Sequence[Mapping[str, int]]) -> float:
    if not others:
        return 0.5
    return prod(1 - LEAST_CHANCE - (MOST_CHANCE - LEAST_CHANCE) * _support(doc_id, others) for doc_id in top)


def _support(doc_id: str, others: Sequence[Mapping[str, int]]) -> float:
    return fmean(1 / ranks[doc_id] if doc_id in ranks else 0.0 for ranks in others)
