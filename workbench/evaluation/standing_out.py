"""What the documents of a small group have in common more often than the documents they were taken from.

It counts what it is given and says when chance would do as well; it looks for no cause.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import comb

from workbench.evaluation.statistics import ALPHA, holm

FEWEST = 3
"""Documents of the group that must share something before it is looked at."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that stands out: `count` of the `n` documents of the group have it, and `count_all` of all `n_all`."""

    words: str
    count: int
    n: int
    count_all: int
    n_all: int


def standing_out(
    group: Collection[str], every: Collection[str], features: Mapping[str, Collection[str]]
) -> list[Shared]:
    """Features more frequent in a group than drawing it at random would make them, the most telling first.

    One-sided hypergeometric test, Holm-corrected over the features that at least three of the group have; level 5 %.

    Args:
        group: doc_ids looked at.
        every: doc_ids they are a part of.
        features: what is said of a document -> doc_ids it holds for.

    >>> [s.words for s in standing_out("abc", "abcdefghijklmnopqrst", {"old": "abc", "any": "abcdefghijklmnopqr"})]
    ['old']
    """
    own, whole = set(group), set(every) | set(group)
    tallies = {words: (len(own & set(holders)), len(whole & set(holders))) for words, holders in features.items()}
    looked = {words: tally for words, tally in tallies.items() if tally[0] >= FEWEST}
    values = [_tail(count, len(own), total, len(whole)) for count, total in looked.values()]
    told = [
        (p, Shared(words, count, len(own), total, len(whole)))
        for (words, (count, total)), p in zip(looked.items(), holm(values), strict=True)
        if p < ALPHA
    ]
    return [shared for _, shared in sorted(told, key=lambda entry: (entry[0], entry[1].words))]


def _tail(count: int, n: int, count_all: int, n_all: int) -> float:
    """Probability that n of n_all documents, drawn at random, hold `count` or more of the count_all."""
    ways = sum(comb(count_all, i) * comb(n_all - count_all, n - i) for i in range(count, min(n, count_all) + 1))
    return ways / comb(n_all, n)
