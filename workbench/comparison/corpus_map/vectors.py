"""Vectors of a corpus and of the questions asked of it, taken from where the comparison kept them; and their projection.

Nothing that was encoded before is encoded again; which passages end up on a map is told by `chosen`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.comparison.compare import encoder_of
from workbench.comparison.tables import StoredComparison
from workbench.compute import Progress
from workbench.records import Passage
from workbench.retrieval.protocols import Vectors
from workbench.retrieval.views import EncoderInUse

Points = npt.NDArray[np.float64]
"""(n, 2), one row a point."""

DIMENSIONS = 50
"""Principal components that regions are found in: the usual number, it keeps half and more of the variance of text vectors."""

NO_VARIANCE = 1e-9
"""Share of the largest variance possible (rows of length 1 have 1 at most) below which a direction is what rounding left."""


@dataclass(frozen=True, slots=True)
class Space:
    """Vectors of the passages of a corpus and of the questions of a comparison, in their orders."""

    passages: Vectors
    questions: Vectors


def space_of(
    stored: StoredComparison, passages: Sequence[Passage], store: Path, progress: Progress | None = None
) -> Space:
    """The vectors a comparison was made with.

    Args:
        stored: a comparison; its settings name the encoder.
        passages: the corpus as it is usually cut.
        store: where vectors are kept.
        progress: called with the share encoded, where something is not kept yet.

    Raises:
        MissingPartError: the encoder is not there, or the store cannot be used.
    """
    encoder = EncoderInUse(encoder_of(stored.comparison), store, progress)
    vectors = encoder.passages([passage.text for passage in passages])
    return Space(vectors, encoder.questions.encode(stored.queries["text"].tolist()))


@dataclass(frozen=True, slots=True)
class Projection:
    """Principal components of some vectors: where they vary, most first.

    Attributes:
        mean: (dimension,). directions: (dimension, components), columns of length 1; fewer than asked for where the vectors
            vary in fewer directions, none where all are equal.
    """

    mean: npt.NDArray[np.float64]
    directions: npt.NDArray[np.float64]

    @classmethod
    def of(cls, vectors: Vectors, components: int = DIMENSIONS) -> Projection:
        """Principal components by the covariance matrix; each points to where its largest coordinate is positive.

        >>> line = np.array([[0, 0], [0, 1], [0, 2]], dtype=np.float32)
        >>> Projection.of(line).apply(line).round(6).tolist()
        [[-1.0], [0.0], [1.0]]
        """
        mean = vectors.mean(axis=0, dtype=np.float64)
        # Not vectors.T @ vectors minus the mean's: that difference loses what little nearly equal vectors vary.
        centred = vectors - mean.astype(vectors.dtype)
        variances, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64) / len(vectors))
        kept = [place for place in np.argsort(-variances)[:components] if variances[place] > NO_VARIANCE]
        chosen = directions[:, kept]
        largest = np.abs(chosen).argmax(axis=0)
        # The sign of a direction is the library's whim; a fixed one gives the same picture everywhere.
        return cls(mean, chosen * np.where(chosen[largest, np.arange(len(kept))] < 0, -1.0, 1.0))

    def apply(self, vectors: Vectors) -> npt.NDArray[np.float64]:
        """(n, components) coordinates of any vectors."""
        return np.asarray((vectors - self.mean) @ self.directions, dtype=np.float64)


def plane(coordinates: npt.NDArray[np.float64]) -> Points:
    """The first two coordinates; those that are not there are 0.

    >>> plane(np.array([[3.0], [4.0]])).tolist()
    [[3.0, 0.0], [4.0, 0.0]]
    """
    points = np.zeros((len(coordinates), 2))
    points[:, : min(2, coordinates.shape[1])] = coordinates[:, :2]
    return points
