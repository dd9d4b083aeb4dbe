"""How alike two rankings are: rank-biased overlap, shared by whoever compares rankings without labels.

It says nothing on which of them is right.
"""

from __future__ import annotations

from collections.abc import Sequence

LOOKED_AT = 10
"""Ranks compared unless another number is named."""
PERSISTENCE = 0.9
"""p of rank-biased overlap: the first ten ranks carry about 86 % of the weight (Webber, Moffat & Zobel 2010)."""


def rank_biased_overlap(
    left: Sequence[str], right: Sequence[str], *, p: float = PERSISTENCE, depth: int = LOOKED_AT
) -> float:
    """How alike two rankings are, top-weighted, 0 (nothing in common) to 1 (the same), extrapolated beyond the depth.

    For k ranks of both, with X_d documents in common among the first d, it is
    `X_k / k * p**k + (1 - p) / p * sum(X_d / d * p**d for d in 1..k)`; for lists of different length the uneven form of the
    same paper. Two empty rankings are the same, an empty one and another have nothing in common.

    Args:
        left: ids, best first, each once.
        right: ids, best first, each once.
        p: weight of going one rank deeper, between 0 and 1, both left out.
        depth: ranks looked at.

    Raises:
        ValueError: p is not between 0 and 1.

    Source: Webber, Moffat & Zobel 2010, "A similarity measure for indefinite rankings", TOIS 28, equations 30 and 32.

    >>> round(rank_biased_overlap(["a", "b"], ["a", "c"], depth=2), 3)
    0.55
    """
    if not 0 < p < 1:
        raise ValueError(f"p must lie between 0 and 1, got {p}")
    short, long = sorted((tuple(left[:depth]), tuple(right[:depth])), key=len)
    s, full = len(short), len(long)
    if not s:
        return 1.0 if not full else 0.0
    common = [len(set(short[:d]) & set(long[:d])) for d in range(1, full + 1)]  # X_d
    seen = sum(common[d - 1] / d * p**d for d in range(1, full + 1))
    unseen = sum(common[s - 1] * (d - s) / (s * d) * p**d for d in range(s + 1, full + 1))
    tail = ((common[full - 1] - common[s - 1]) / full + common[s - 1] / s) * p**full
    return min(1.0, (1 - p) / p * (seen + unseen) + tail)
