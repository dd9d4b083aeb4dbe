"""Why an arm missed: one code per question, from where each arm ranked the first relevant document.

Codes follow one fixed order and the first match wins; a question nobody judged is never a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEPTH = 100
"""Ranks looked at; beyond it a document counts as not reached."""

FAILURE_K = 5
"""A question fails when no relevant document is among the first five: what a prompt usually holds."""

CODES: dict[str, str] = {
    "C1": "not reached: no arm has a relevant document in its first 100",
    "C3": "exact term missed: BM25 finds it by a number, code or rare word, this arm does not",
    "C4": "paraphrase missed: dense finds it, the words differ",
    "C5": "too deep: an arm has it, but below the cut",
    "C6": "lost in fusion: one leg has it above the cut, the fusion does not",
    "C7": "lost in reranking: the fusion has it above the cut, the reranker does not",
    "C9": "found by another arm for no single reason these codes name",
}


@dataclass(frozen=True, slots=True)
class Ranks:
    """Rank, from 1, of the first relevant document by arm; None where the arm has none in its first 100."""

    by_arm: Mapping[str, int | None]

    def within(self, arm: str, k: int) -> bool:
        """Whether the arm has a relevant document in its first `k`."""
        rank = self.by_arm.get(arm)
        return rank is not None and rank <= k


def failure_code(arm: str, ranks: Ranks, *, exact_term: bool, k: int = FAILURE_K) -> str | None:
    """Code of one question for one arm; None when the arm found a relevant document.

    Args:
        arm: the arm that is judged.
        ranks: ranks of all arms for this question.
        exact_term: the question holds a number, code or rare word of the corpus.
        k: the cut.
    """
    if ranks.within(arm, k):
        return None
    if not any(ranks.within(other, DEPTH) for other in ranks.by_arm):
        return "C1"
    dense, sparse = ranks.within("dense", k), ranks.within("bm25", k)
    if arm == "hybrid+rerank" and ranks.within("hybrid", k):
        return "C7"
    if arm in {"hybrid", "hybrid+rerank"} and (dense or sparse):
        return "C6"
    if sparse and not dense and exact_term:
        return "C3"
    if arm == "bm25" and dense:
        return "C4"
    if not dense and not sparse:
        return "C5"
    return "C9"
