"""Which words of a question are exact terms: numbers, codes, and words that are rare in the corpus.

It counts documents by token and decides nothing about retrieval quality.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from workbench.records import Passage
from workbench.retrieval.sparse import tokenize

RARE_QUANTILE = 0.95
"""A token counts as rare from this quantile of inverse document frequency on."""


class CorpusTerms:
    """Document frequencies of a corpus's tokens."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Count in how many passages each token occurs."""
        self._passages = len(passages)
        self._frequency = Counter(token for passage in passages for token in set(tokenize(passage.text)))

    @cached_property
    def _rare_from(self) -> float:
        """Highest passage frequency at which a token is still rare; the quantile is taken over running text."""
        if not self._frequency:
            return 0.0
        counts = np.sort(np.fromiter(self._frequency.values(), dtype=np.int64))
        share_of_text = np.cumsum(counts) / counts.sum()
        return float(counts[np.searchsorted(share_of_text, 1 - RARE_QUANTILE)])

    def exact_terms(self, text: str) -> tuple[str, ...]:
        """Tokens of the text that are in the corpus and hold a digit or are rare, in text order."""
        known = (token for token in tokenize(text) if token in self._frequency)
        return tuple(t for t in known if any(c.isdigit() for c in t) or self._frequency[t] <= self._rare_from)
