"""Which words of a question are exact terms: numbers, codes, and words that are rare in the corpus.

It counts documents by token and decides nothing about retrieval quality.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from workbench.records import Passage
from workbench.retrieval.tokens import TokenizedCorpus, tokenize

RARE_QUANTILE = 0.95
"""A token counts as rare from this quantile of inverse document frequency on."""


class CorpusTerms:
    """Document frequencies of a corpus's tokens."""

    def __init__(self, passages: Sequence[Passage], *, tokens: TokenizedCorpus | None = None) -> None:
        """Count in how many passages each token occurs.

        Args:
            passages: the corpus.
            tokens: the texts of the passages, tokenized, where that was done before (an index has them).
        """
        self._tokens = TokenizedCorpus.of(passage.text for passage in passages) if tokens is None else tokens

    @cached_property
    def _rare_from(self) -> float:
        """Highest passage frequency at which a token is still rare; the quantile is taken over running text."""
        counts = np.sort(self._tokens.document_frequency)
        if not len(counts):
            return 0.0
        share_of_text = np.cumsum(counts) / counts.sum()
        return float(counts[np.searchsorted(share_of_text, 1 - RARE_QUANTILE)])

    def exact_terms(self, text: str) -> tuple[str, ...]:
        """Tokens of the text that are in the corpus and hold a digit or are rare, in text order."""
        vocabulary, frequency = self._tokens.vocabulary, self._tokens.document_frequency
        known = (token for token in tokenize(text) if token in vocabulary)
        return tuple(
            token
            for token in known
            if any(character.isdigit() for character in token) or frequency[vocabulary[token]] <= self._rare_from
        )
