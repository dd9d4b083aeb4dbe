"""MinHash signatures of texts, and the pairs of texts that deserve a look because their signatures agree in a band.

Signatures only propose; whether two texts are near duplicates is decided on their runs of words, in `duplicates`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from workbench.health.shingles import run_pieces

SEED = 1
BANDS = 21
ROWS = 6
"""With 21 bands of 6 rows a pair of Jaccard similarity 0.85 is proposed with a chance of 1 - (1 - 0.85 ** 6) ** 21 > 0.9999."""
VALUES = BANDS * ROWS
BATCH = 4096
SMALL_BUCKET = 50
NEIGHBOURS = 10
LIKELY = 0.70
"""Agreement of signatures below which a similarity of 0.85 is out of the question: more than four standard errors away."""

Signatures = NDArray[np.uint32]


class Signer:
    """Signs texts with one seeded set of permutations, a batch of runs at a time."""

    def __init__(self) -> None:
        from datasketch import MinHash

        self._minhash = MinHash
        self._blank = MinHash(num_perm=VALUES, seed=SEED, hashfunc=int)

    def sign(self, text: str) -> Signatures:
        """The signature of all runs of a text; alike for all texts without a run."""
        signature = self._minhash(
            hashfunc=int,
            hashvalues=self._blank.hashvalues,
            permutations=self._blank.permutations,
            scheme=self._blank.scheme,
        )
        for runs in run_pieces(text):
            values = (runs & np.uint64(0xFFFFFFFF)).tolist()
            for start in range(0, len(values), BATCH):
                signature.update_batch(values[start : start + BATCH])
        return np.asarray(signature.hashvalues, dtype=np.uint32)


def likely_pairs(signatures: Signatures) -> Iterator[tuple[int, int]]:
    """Pairs of rows (smaller first) that agree in a whole band and in at least 70 % of all values; some come more than once.

    In a bucket of more than 50 rows each is paired with the next ten only, so that the pairs grow with the rows, not with
    their square. The order of the rows decides which: give them in an order that the texts alone define.
    """
    for band in range(BANDS):
        for bucket in _buckets(signatures[:, band * ROWS : (band + 1) * ROWS]):
            reach = len(bucket) if len(bucket) <= SMALL_BUCKET else NEIGHBOURS
            for position, row in enumerate(bucket.tolist()):
                later = bucket[position + 1 : position + 1 + reach]
                agreement = (signatures[later] == signatures[row]).mean(axis=1)
                for other in later[agreement >= LIKELY].tolist():
                    yield row, other


def _buckets(band: Signatures) -> Iterator[NDArray[np.int64]]:
    """Rows with equal values, two at least, each bucket in row order."""
    if not len(band):
        return
    _, bucket_of = np.unique(np.ascontiguousarray(band).view(f"V{band.shape[1] * 4}").ravel(), return_inverse=True)
    order = np.argsort(bucket_of, kind="stable")
    for bucket in np.split(order, np.flatnonzero(np.diff(bucket_of[order])) + 1):
        if len(bucket) > 1:
            yield bucket
