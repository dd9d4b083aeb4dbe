"""Passages and questions of made-up words with a Zipf distribution, for measuring speed and memory at any size.

They mean nothing: no figure about quality may rest on them.
"""

from __future__ import annotations

import numpy as np
from bm25s.stopwords import STOPWORDS_EN

from workbench.records import Passage, Query

WORDS_A_PASSAGE = 200
PASSAGES_A_DOCUMENT = 5
_VOCABULARY = 200_000
_SYLLABLES = [consonant + vowel for consonant in "bcdfghklmnprstvz" for vowel in "aeiou"]
_BLOCK = 5_000


def synthetic_passages(number: int) -> list[Passage]:
    """Passages of about 200 words; the most frequent words are English stop words, as in real text."""
    rng = np.random.default_rng(1)
    vocabulary, cumulated = _zipf()
    passages = []
    for start in range(0, number, _BLOCK):
        lengths = rng.integers(WORDS_A_PASSAGE // 2, WORDS_A_PASSAGE * 3 // 2, size=min(_BLOCK, number - start))
        ranks = np.searchsorted(cumulated, rng.random(lengths.sum()))
        words = np.split(vocabulary[ranks], np.cumsum(lengths)[:-1])
        for place, part in enumerate(words, start):
            text = " ".join(part)
            document, chunk = divmod(place, PASSAGES_A_DOCUMENT)
            passages.append(Passage(f"d{document}::{chunk}", f"d{document}", text, 0, len(text)))
    return passages


def synthetic_queries(passages: int, number: int) -> list[Query]:
    """Questions of 6 to 14 words drawn as the passages' words are; `passages` seeds them."""
    rng = np.random.default_rng(passages)
    vocabulary, cumulated = _zipf()
    lengths = rng.integers(6, 15, size=number)
    return [
        Query(f"q{i}", " ".join(vocabulary[np.searchsorted(cumulated, rng.random(length))]))
        for i, length in enumerate(lengths)
    ]


def _zipf() -> tuple[np.ndarray, np.ndarray]:
    """Words by falling frequency, and the cumulated probability 1 / rank."""
    rng = np.random.default_rng(0)
    syllables = np.array(_SYLLABLES)[rng.integers(0, len(_SYLLABLES), size=(_VOCABULARY, 4))]
    lengths = rng.integers(1, 5, size=_VOCABULARY)
    made_up = ["".join(row[:length]) for row, length in zip(syllables, lengths, strict=True)]
    words = np.array([*STOPWORDS_EN, *made_up], dtype=object)
    weights = 1 / np.arange(1, len(words) + 1)
    return words, np.cumsum(weights) / weights.sum()
