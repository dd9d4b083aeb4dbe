"""t-SNE of passages, with the questions placed into it afterwards: the picture that shows which texts belong together.

Where a method would go its own way at random or by the number of threads, it is held: the same vectors give the same picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.comparison.corpus_map.neighbours import Distances, Indices, nearest, without_self
from workbench.comparison.corpus_map.vectors import Points
from workbench.compute import Progress, scaled
from workbench.retrieval.protocols import Vectors

PERPLEXITY = 30
"""Neighbours a passage is drawn to, roughly (van der Maaten & Hinton 2008 name 5 to 50)."""
TOGETHER, APART = 250, 500
"""Iterations of early exaggeration and of the rest; openTSNE's own numbers."""
PLACING = 250
"""Iterations in which questions are placed; openTSNE's own number."""
PERPLEXITY_OF_QUESTIONS, NEIGHBOURS_OF_QUESTIONS = 5, 25
"""A question goes to its nearest few passages; openTSNE's own numbers."""
LOOK_EVERY = 10
"""Iterations between two looks at whether the job was stopped: some tenths of a second at 20,000 passages."""

BY_GRID = 3_000
"""Passages from which forces are interpolated on a grid (Linderman et al. 2019); for fewer a tree is faster."""
COARSE = 2
"""Width of a grid cell. 1 is openTSNE's own and takes 2.7 times as long for the same neighbours kept (`bench/corpus_map.py`)."""

START_SPREAD = 1e-4
"""Spread of the points at the start, along the wider axis (Kobak & Berens 2019: from a PCA, and small)."""

KNN_SHARE, FIT_SHARE = 0.2, 0.9
"""Shares of the progress at which neighbours are found and passages have their place."""


def t_sne(
    passages: Vectors, questions: Vectors, start: Points, progress: Progress | None = None
) -> tuple[Points, Points]:
    """Places of passages and questions in two dimensions.

    Questions have no say in where passages lie. One thread computes: with two, sums depend on which ends first, and so would
    the picture.

    Args:
        passages: different passages, 4 or more.
        questions: any number.
        start: where the passages lie before, a PCA.
        progress: called every few iterations with the share done; what it raises ends the computation.
    """
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN

    index = _index(passages, scaled(progress, 0.0, KNN_SHARE))
    perplexity = min(PERPLEXITY, (len(passages) - 1) / 3)
    steps = _Steps(scaled(progress, KNN_SHARE, FIT_SHARE), TOGETHER + APART, "drawing the map")
    model = TSNE(
        early_exaggeration_iter=TOGETHER,
        n_iter=APART,
        negative_gradient_method="fft" if len(passages) >= BY_GRID else "bh",
        ints_in_interval=COARSE,
        n_jobs=1,
        random_state=0,
        callbacks=steps,
        callbacks_every_iters=LOOK_EVERY,
    )
    affinities = PerplexityBasedNN(perplexity=perplexity, knn_index=index, n_jobs=1, random_state=0)
    spread = max(float(start.std(axis=0).max()), np.finfo(np.float64).tiny)
    embedding = model.fit(X=None, affinities=affinities, initialization=start / spread * START_SPREAD)
    placed = np.empty((0, 2))
    if len(questions):
        steps.begin(scaled(progress, FIT_SHARE, 1.0), PLACING, "placing the questions")
        placed = embedding.transform(
            questions,
            perplexity=min(PERPLEXITY_OF_QUESTIONS, len(passages) / 3),
            k=min(NEIGHBOURS_OF_QUESTIONS, len(passages)),
            n_iter=PLACING,
        )
    # Only now: placing questions moves the passages as one, to the middle of their range.
    middle = np.mean(embedding, axis=0)
    return np.array(embedding - middle, dtype=np.float64), np.array(placed - middle, dtype=np.float64)


class _Steps:
    """Told by openTSNE every few iterations; its phases count from 1 again, the progress does not."""

    def __init__(self, tell: Progress, iterations: int, what: str) -> None:
        self.begin(tell, iterations, what)

    def begin(self, tell: Progress, iterations: int, what: str) -> None:
        """Count anew, for another stretch of the work."""
        self._tell, self._iterations, self._what = tell, iterations, what
        self._done = 0

    def __call__(self, iteration: int, error: float, embedding: Points) -> bool:
        """Never asks to stop: a stopped job raises."""
        self._done += LOOK_EVERY
        self._tell(min(1.0, self._done / self._iterations), self._what)
        return False


def _index(passages: Vectors, progress: Progress) -> Any:  # noqa: ANN401 - openTSNE ships no types
    """Exact neighbours in the form openTSNE asks for: its own search from 1,000 passages on is approximate and random."""
    from openTSNE.nearest_neighbors import KNNIndex

    class ExactNeighbours(KNNIndex):  # type: ignore[misc]
        VALID_METRICS = ("euclidean",)

        def build(self) -> tuple[Indices, Distances]:
            found = nearest(self.data, self.data, self.k + 1, progress)
            return without_self(*found, np.arange(len(self.data)))

        def query(self, query: Vectors, k: int) -> tuple[Indices, Distances]:
            return nearest(self.data, query, k)

    return ExactNeighbours(passages, k=min(len(passages) - 1, 3 * PERPLEXITY))
