"""How far arms disagree: rank-biased overlap of their lists, and whether two return the same documents at all.

Agreement says where a grade would tell arms apart; it says nothing on which arm is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean

from workbench.overlap import rank_biased_overlap

RBO_P = 0.8
"""Persistence for top-5 lists: 0.8 puts two thirds of the weight on the first five ranks."""


def same_documents(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two arms return the same documents, in any order: then both fail or neither does, graded or not."""
    return set(first) == set(second)


def disagreement(tops: Mapping[str, Sequence[str]]) -> float:
    """Mean of 1 - RBO over pairs of arms, a pair with the same documents counting 0; 0 to 1, 0 for a single arm.

    Args:
        tops: arm -> document ids of its first k.
    """
    pairs = [
        0.0 if same_documents(first, second) else 1.0 - rank_biased_overlap(first, second, p=RBO_P)
        for first, second in combinations(tops.values(), 2)
    ]
    return fmean(pairs) if pairs else 0.0
