"""What the candidates say about each other: a passage like many good ones is likely good (the cluster hypothesis).

Source: Diaz 2005, "Regularizing ad hoc retrieval scores", CIKM; van Rijsbergen 1979, "Information Retrieval", chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.retrieval.learned.matching import CandidateTexts, Floats, Ints

NEIGHBOURS = 5
SHARPNESS = 4
"""Power of the similarity by which a neighbour counts: the nearest count most."""

TYPICAL_OF = 5
TYPICAL_WORDS = 20
"""Words taken from the first candidates, as in pseudo relevance feedback (Lavrenko & Croft 2001)."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WordWeights:
    """Candidates as rows of word weights, `ln(1 + occurrences) * idf`, each row of length 1.

    Attributes:
        tokens: token id of each column.
        rows: (candidates, columns).
    """

    tokens: Ints
    rows: Matrix

    @classmethod
    def of(cls, texts: CandidateTexts, idf: Floats) -> WordWeights:
        """Weigh the words of the candidates; a candidate without words is a row of zeros."""
        tokens, column = np.unique(texts.tokens, return_inverse=True)
        shape = (len(texts.lengths), len(tokens))
        counts = np.bincount(texts.owner * len(tokens) + column, minlength=shape[0] * shape[1]).reshape(shape)
        weighed = np.log1p(counts) * idf[tokens]
        norms = np.sqrt((weighed * weighed).sum(axis=1, keepdims=True))
        return cls(tokens.astype(np.int64), weighed / np.where(norms > 0, norms, 1.0))

    def typical(self, first: Ints, *, without: npt.NDArray[np.int32]) -> Floats:
        """(candidates,) how much a candidate holds of the words that weigh most in the first ones.

        Args:
            first: numbers of the first candidates.
            without: token ids that do not count: the question's own.
        """
        weight = self.rows[first].mean(axis=0) * ~np.isin(self.tokens, without)
        words = np.lexsort((self.tokens, -weight))[:TYPICAL_WORDS]
        overlap: Floats = self.rows[:, words] @ weight[words]
        return overlap


def similarities(rows: Matrix) -> Matrix:
    """(candidates, candidates) dot products; a candidate is nothing to itself, so that none speaks for itself."""
    products = rows @ rows.T
    np.fill_diagonal(products, 0.0)
    return products


def to_the_first(similar: Matrix, first: Ints) -> Floats:
    """(candidates,) mean similarity to the first candidates, itself left out; a lone candidate gives 0.

    >>> to_the_first(np.array([[0.0, 0.8, 0.1], [0.8, 0.0, 0.3], [0.1, 0.3, 0.0]]), np.array([0, 1])).tolist()
    [0.8, 0.8, 0.2]
    """
    others = np.full(len(similar), float(len(first)))
    others[first] -= 1
    mean: Floats = similar[:, first].sum(axis=1) / np.maximum(others, 1)
    return mean


def smoothed(similar: Matrix, values: Floats) -> Floats:
    """(candidates,) mean of the values of the most similar other candidates, the more similar the more weight.

    A lone candidate, or one that is similar to none, gives 0.
    """
    count = min(NEIGHBOURS, len(values) - 1)
    if count < 1:
        return np.zeros(len(values))
    closeness = np.maximum(similar, 0.0) ** SHARPNESS
    threshold = np.partition(closeness, -count, axis=1)[:, -count]
    closeness = np.where(closeness >= threshold[:, None], closeness, 0.0)
    total = closeness.sum(axis=1)
    mean: Floats = closeness @ values / np.where(total > 0, total, 1.0)
    return mean
