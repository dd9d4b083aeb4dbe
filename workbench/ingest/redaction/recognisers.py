"""Presidio's pattern recognisers, asked about one short candidate at a time.

Importing presidio takes seconds and 400 MB (it loads spaCy and torch), so it happens when the first candidate is found, and most
texts hold none. Only pattern recognisers are made: no language model is loaded, and none of those that ask the network.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from presidio_analyzer import PatternRecognizer

CACHED = 4096


@lru_cache(maxsize=CACHED)
def recognised(recogniser: str, candidate: str, score: float) -> bool:
    """Whether a recogniser takes the whole of a candidate for what it knows, with at least this score (0 to 1).

    Args:
        recogniser: name of a class in `presidio_analyzer.predefined_recognizers`.
        candidate: the piece of text alone.
        score: presidio gives 1.0 where a check digit fits, the pattern's own score where there is none, 0 where it fails.
    """
    results = _recogniser(recogniser).analyze(candidate, [])
    return any(result.score >= score and result.start == 0 and result.end == len(candidate) for result in results)


@lru_cache(maxsize=64)
def _recogniser(name: str) -> PatternRecognizer:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # deprecations inside the libraries that presidio loads are no business of the reader
        import presidio_analyzer.predefined_recognizers as recognisers

    recogniser: PatternRecognizer = getattr(recognisers, name)()
    return recogniser
