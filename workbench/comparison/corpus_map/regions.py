"""Regions of a corpus: passages grouped by what they mean, never by where a picture puts them.

It numbers them and finds the region of each question; their names and what goes wrong in them are told beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Coordinates = npt.NDArray[np.float64]

QUESTIONS_A_REGION = 20
"""Questions a region should have on average: with fewer, a share of 25 % is known to worse than 20 points."""
PASSAGES_A_REGION = 10
"""Different passages a region should have on average."""
FEWEST, MOST = 3, 12
"""Regions, where there are passages for them: fewer tell nothing apart, more names cannot be read on one picture."""

STARTS = 4
"""Random starts of k-means, of which the best is taken."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """The region of each passage and of each question; regions are numbered by their passages, the largest 0."""

    passages: Labels
    questions: Labels
    regions: int


def number_of_regions(questions: int, passages: int) -> int:
    """Regions by rule: one for 20 questions and 10 different passages, 3 to 12 of them where the passages allow it.

    Args:
        questions: those that are judged; all, where none is.
        passages: different passages on the map.

    >>> number_of_regions(300, 20_000), number_of_regions(130, 600), number_of_regions(30, 600), number_of_regions(300, 25)
    (12, 6, 3, 2)
    """
    by_questions = min(MOST, max(FEWEST, questions // QUESTIONS_A_REGION))
    return max(1, min(by_questions, passages // PASSAGES_A_REGION))


def group(passages: Coordinates, copies: Labels, questions: Coordinates, regions: int, seed: int) -> Grouping:
    """k-means over different passages; each question goes to the region whose centre is nearest.

    Args:
        passages: (n, components), each text once.
        copies: for every passage of the map its row in `passages`.
        questions: (m, components).
        regions: how many.
        seed: of the random starts.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if regions == 1 or not passages.shape[1]:
        return Grouping(np.zeros(len(copies), dtype=np.int64), np.zeros(len(questions), dtype=np.int64), 1)
    # One thread: with more, sums are added in the order in which the threads happen to end.
    with threadpool_limits(limits=1):
        model = KMeans(regions, n_init=STARTS, random_state=seed).fit(passages)
        asked = model.predict(questions) if len(questions) else np.empty(0, dtype=np.int64)
    labels = model.labels_[copies]
    sizes = np.bincount(labels, minlength=regions)
    number = np.empty(regions, dtype=np.int64)
    number[np.lexsort((np.arange(regions), -sizes))] = np.arange(regions)
    return Grouping(number[labels], number[asked], regions)
