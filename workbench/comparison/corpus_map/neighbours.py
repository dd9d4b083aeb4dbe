"""Nearest neighbours: exact ones in the embedding space, and how many of them a map keeps together.

It says how far a map can be trusted; making one is the business of the modules beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.comparison.corpus_map.vectors import Points
from workbench.compute import Progress
from workbench.evaluation.statistics import mean_estimate
from workbench.numbers import count
from workbench.records import Estimate
from workbench.retrieval.protocols import Vectors

NEIGHBOURS = 10
SAMPLE = 1_000
"""Passages whose neighbours are compared."""
ENOUGH = 30
"""Different passages below which nothing is said: ten neighbours would be a third of all there are."""
BLOCK = 2_000
"""Rows searched at a time; between two blocks a job can be stopped."""

Indices = npt.NDArray[np.int64]
Distances = npt.NDArray[np.float64]


def nearest(
    among: npt.NDArray[Any], vectors: npt.NDArray[Any], k: int, progress: Progress | None = None
) -> tuple[Indices, Distances]:
    """Rows and Euclidean distances of the k nearest of some vectors, nearest first; exact.

    Args:
        among: what is searched.
        vectors: what is looked for.
        k: neighbours.
        progress: called after each block of rows with the share done.
    """
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(algorithm="brute").fit(among)
    rows = np.empty((len(vectors), k), dtype=np.int64)
    distances = np.empty((len(vectors), k))
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        distances[part], rows[part] = index.kneighbors(vectors[part], k)
        if progress:
            progress(min(1.0, (start + BLOCK) / len(vectors)), "finding neighbours")
    return rows, distances


def without_self(rows: Indices, distances: Distances, own: Indices) -> tuple[Indices, Distances]:
    """Neighbours without the passage itself; where it is not among them for ties, the farthest goes.

    Args:
        rows: (n, k + 1) neighbours, nearest first.
        distances: theirs.
        own: (n,) row of each passage itself.

    Returns:
        Rows and distances, (n, k).
    """
    itself = rows == own[:, None]
    itself[~itself.any(axis=1), -1] = True
    kept = ~itself
    shape = (len(rows), rows.shape[1] - 1)
    return rows[kept].reshape(shape), distances[kept].reshape(shape)


@dataclass(frozen=True, slots=True)
class Neighbourhoods:
    """The ten nearest neighbours of some passages in the embedding space.

    Attributes:
        sample: rows of the passages. neighbours: (sample, 10), rows. among: different passages there are.
    """

    sample: Indices
    neighbours: Indices
    among: int

    @classmethod
    def of(cls, vectors: Vectors, rng: np.random.Generator) -> Neighbourhoods:
        """Neighbours of up to 1,000 passages drawn at random; none where there are fewer than 30.

        Args:
            vectors: different passages.
            rng: draws the sample.
        """
        if len(vectors) < ENOUGH:
            return cls(np.empty(0, dtype=np.int64), np.empty((0, NEIGHBOURS), dtype=np.int64), len(vectors))
        drawn = np.sort(rng.choice(len(vectors), min(SAMPLE, len(vectors)), replace=False)).astype(np.int64)
        return cls(drawn, _ten_nearest(vectors, drawn), len(vectors))

    def kept(self, points: Points, rng: np.random.Generator) -> Estimate:
        """Share of the ten that are among the ten nearest on a map: 0 none, 1 all.

        Args:
            points: the place of each different passage on the map.
            rng: source of the resamples.
        """
        if not len(self.sample):
            few = "different passages are too few: ten neighbours would be a third of them or more"
            return Estimate.not_measured(f"{count(self.among)} {few}")
        shared = _shared(self.neighbours, _ten_nearest(points, self.sample)) / NEIGHBOURS
        if len(shared) == self.among:
            return Estimate.exact(float(shared.mean()), len(shared))
        return mean_estimate(shared, rng)


def _ten_nearest(vectors: npt.NDArray[Any], rows: Indices) -> Indices:
    return without_self(*nearest(vectors, vectors[rows], NEIGHBOURS + 1), rows)[0]


def _shared(one: Indices, other: Indices) -> npt.NDArray[np.int64]:
    """How many entries two rows have in common, row by row."""
    return np.asarray((one[:, :, None] == other[:, None, :]).any(axis=2).sum(axis=1), dtype=np.int64)
