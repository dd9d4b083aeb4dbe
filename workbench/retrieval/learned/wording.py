"""A feature's value in plain words: places as places, shares as percent, logarithms turned back.

The labels of the catalogue stay beside the weights, with the unit the model computes in; these are what people read.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from workbench.numbers import count, percent, significant
from workbench.retrieval.ranking import RRF_K

_UNDER_A_THOUSAND = 1


def _yes_or_no(value: float) -> str:
    return "yes" if value else "no"


def _share(value: float) -> str:
    # Sums of weights end a hair below 1 where everything was found.
    return percent(round(value, 9), _UNDER_A_THOUSAND)


def _cosine(value: float) -> str:
    return f"{significant(value)} (cosine)"


def _beside_the_others(value: float) -> str:
    if significant(value) == "0":
        return "average"
    side = "above" if value > 0 else "below"
    return f"{significant(abs(value))} standard deviations {side} average"


def _times_the_average(value: float) -> str:
    return f"{significant(math.exp(value))} times the average"


def _place_in_the_fusion(value: float) -> str:
    return count(round((RRF_K + 1) / value - RRF_K))


def _place(value: float) -> str:
    return count(round(2**value - 1))


def _how_many(value: float) -> str:
    return count(round(math.expm1(value)))


_WORDS: dict[str, tuple[str, Callable[[float], str]]] = {
    "fused_rank": ("place before reranking", _place_in_the_fusion),
    "best_rank": ("better of its places by meaning and by words", _place),
    "both_top": ("in the first ten both by meaning and by words", _yes_or_no),
    "cosine": ("close in meaning to the question", _cosine),
    "cosine_gap": ("close in meaning, beside the closest passage", _cosine),
    "cosine_z": ("close in meaning, beside the other passages", _beside_the_others),
    "bm25_z": ("match of words (BM25), beside the other passages", _beside_the_others),
    "words_z": ("words of the question found, whatever its length", _beside_the_others),
    "coverage": ("words of the question found, rare words counting more", _share),
    "rarest_found": ("rarest word of the question found", _yes_or_no),
    "heaviest_missed": ("share of the question its rarest missing word makes up", _share),
    "window": ("words of the question found within about 30 words", _share),
    "pairs": ("neighbouring words of the question side by side", _share),
    "near_pairs": ("neighbouring words of the question close together", _share),
    "run": ("longest part of the question found word for word", _share),
    "numbers": ("numbers of the question found", _share),
    "identifiers": ("codes and reference numbers of the question found", _share),
    "title": ("words of the question in title and headings", _share),
    "lead": ("words of the question at the very beginning", _share),
    "asked_number": ("numbers in it where the question asks for one", _how_many),
    "length": ("length", _times_the_average),
    "like_top3": ("close in meaning to the first three before reranking", _cosine),
    "like_top10_z": ("close in meaning to the first ten before reranking", _beside_the_others),
    "words_like_top3_z": ("words shared with the first three before reranking", _beside_the_others),
    "typical_words_z": ("words typical of the first five before reranking", _beside_the_others),
    "neighbours": ("match of the five passages most like it", _beside_the_others),
}


def in_words(feature: str, value: float) -> str:
    """A feature of a passage with its value, for people.

    >>> in_words("best_rank", 2.0), in_words("length", 0.0)
    ('better of its places by meaning and by words: 3', 'length: 1.00 times the average')
    """
    words, shown = _WORDS[feature]
    return f"{words}: {shown(value)}"
