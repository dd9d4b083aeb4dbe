"""Where logged questions and evaluation questions lie on a picture of the traffic: at most 2,000 of them, drawn by a seed.

It places points; topics are found in `workbench.evaluation.coverage`, in the full space and never in the picture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

MOST_POINTS = 2_000
MOST_ITEMS = 600
"""Evaluation questions among them; a set has seldom more, and the traffic must stay to be seen."""
FEWEST = 30
"""Different questions for t-SNE; for fewer two principal components are as good a picture."""
PERPLEXITY = 30
TOGETHER, APART = 125, 250
"""Iterations of early exaggeration and of the rest: half of openTSNE's own, enough for 2,000 points from a PCA."""
START_SPREAD = 1e-4
"""Spread of the points at the start, along the wider axis (Kobak & Berens 2019: from a PCA, and small)."""


def chosen(queries: int, items: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Rows of the queries and of the items that are on the picture, each in its order.

    Args:
        queries: logged questions there are.
        items: evaluation questions there are.
        rng: draws.
    """
    shown = _drawn(items, min(items, MOST_ITEMS), rng)
    return _drawn(queries, min(queries, MOST_POINTS - len(shown)), rng), shown


def _drawn(n: int, wanted: int, rng: np.random.Generator) -> Rows:
    return np.sort(rng.choice(n, wanted, replace=False)).astype(np.int64) if wanted else np.empty(0, dtype=np.int64)


def places(vectors: Points) -> Points:
    """(n, 2) places of some vectors; equal vectors have one place, and the same vectors the same picture.

    t-SNE on exact neighbours and one thread, from the first two principal components; these alone for fewer than 30 different
    vectors.

    Args:
        vectors: (n, dimensions), any n.
    """
    if not len(vectors):
        return np.empty((0, 2))
    different, copies = np.unique(vectors.round(9), axis=0, return_inverse=True)
    start = _plane(different)
    placed = _t_sne(different, start) if len(different) >= FEWEST and start.std() > 0 else start
    return np.asarray(placed[copies.ravel()], dtype=np.float64)


def _plane(vectors: Points) -> Points:
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    best = directions[:, ::-1][:, :2]
    largest = np.abs(best).argmax(axis=0)
    # The sign of a direction is the library's whim; a fixed one gives the same picture everywhere.
    best = best * np.where(best[largest, np.arange(best.shape[1])] < 0, -1.0, 1.0)
    flat = np.zeros((len(vectors), 2))
    flat[:, : best.shape[1]] = centred @ best
    return flat


def _t_sne(vectors: Points, start: Points) -> Points:
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    # One thread: with more, sums are added in the order in which the threads happen to end, and the picture is another.
    with threadpool_limits(limits=1):
        index = NearestNeighbors(n_neighbors=min(len(vectors) - 1, int(3 * perplexity)), algorithm="brute").fit(vectors)
        distances, neighbours = index.kneighbors()
        affinities = PerplexityBasedNN(
            perplexity=perplexity, knn_index=PrecomputedNeighbors(neighbours, distances), n_jobs=1, random_state=0
        )
        model = TSNE(
            early_exaggeration_iter=TOGETHER,
            n_iter=APART,
            negative_gradient_method="bh",
            n_jobs=1,
            random_state=0,
        )
        first = start / float(start.std(axis=0).max()) * START_SPREAD
        found = np.array(model.fit(X=None, affinities=affinities, initialization=first), dtype=np.float64)
    return np.asarray(found - found.mean(axis=0), dtype=np.float64)
