"""Words and signs of questions, and those by which one group of questions differs from the others.

It counts in how many questions a word stands; what the difference means is for readers to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

LONGEST = 2_000
"""Characters of a question that are looked at; what follows is a pasted document."""
CAPITAL = "capital letter at the start"
"""Stands among the words of a question that begins with one."""
LONG_NUMBER = "long number"
"""Stands for every number of five digits and more: no two questions share one, and it may be a person's."""

_TOKEN = re.compile(r"\d{5,}|[^\W_]+|[?!:;\"'()/&%#…]")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f]+")
"""Scripts that put no space between words: kana, Han characters, Thai."""

_SIGN_NAMES = {
    "?": "question mark", "!": "exclamation mark", ":": "colon", ";": "semicolon", '"': "quotation mark", "'": "apostrophe",
    "(": "bracket", ")": "bracket", "/": "slash", "&": "&", "%": "%", "#": "#", "…": "dots",
}  # fmt: skip
_LETTER = re.compile("[a-z]")

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


def signs_of(text: str) -> list[str]:
    """Words in lower case and punctuation in their order; scripts without spaces give pairs of characters.

    >>> signs_of("Which form, CF-207b?")
    ['which', 'form', 'cf', '207b', '?', 'capital letter at the start']
    >>> signs_of("保险理赔 1234567")
    ['保险', '险理', '理赔', 'long number']
    """
    cut = text[:LONGEST].strip()
    found = [sign for token in _TOKEN.findall(cut) for sign in _pieces(token.casefold())]
    return [*found, CAPITAL] if cut[:1].isupper() and not cut[:2].isupper() else found


def _pieces(token: str) -> list[str]:
    if token.isdecimal() and len(token) >= 5:
        return [LONG_NUMBER]
    if _UNSPACED.fullmatch(token):
        return [token[start : start + 2] for start in range(max(1, len(token) - 1))]
    return [token]


def spoken(sign: str) -> str | None:
    """A word or sign as one can read it aloud; None for a letter that stands alone, the rest of a code, which says nothing.

    >>> spoken("cyber"), spoken(":"), spoken("w")
    ('cyber', 'colon', None)
    """
    return None if _LETTER.fullmatch(sign) else _SIGN_NAMES.get(sign, sign)


def log_likelihood(here: Numbers, n_here: float, there: Numbers, n_there: float) -> Numbers:
    """How sure it is that a word is commoner here than there; negative where it is rarer, 0 where the shares are equal.

    G squared of the table of two groups by holding the word or not, with the sign of the difference of shares.

    Args:
        here: questions of this group that hold each word.
        n_here: questions of this group.
        there: the same for the others.
        n_there: questions of the others.

    Source: Dunning 1993, "Accurate methods for the statistics of surprise and coincidence", Computational Linguistics 19.

    >>> log_likelihood(np.array([8.0, 5.0, 2.0]), 10, np.array([2.0, 5.0, 8.0]), 10).round(2).tolist()
    [7.71, 0.0, -7.71]
    """
    from scipy.special import xlogy

    held = (here + there) / (n_here + n_there)
    total = np.zeros(len(here))
    for count, n in ((here, n_here), (there, n_there)):
        total += xlogy(count, count / np.maximum(n * held, 1e-300))
        total += xlogy(n - count, (n - count) / np.maximum(n * (1 - held), 1e-300))
    return np.asarray(2 * total * np.sign(here / n_here - there / n_there), dtype=np.float64)


class WordTable:
    """Which question holds which word; each text counts once, so that repeats do not make a word telling.

    Args:
        texts: questions, in any number; of equal ones only the first counts.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer

        first: dict[tuple[str, ...], int] = {}
        signs = [signs_of(text) for text in texts]
        for row, found in enumerate(signs):
            first.setdefault(tuple(found), row)
        self.rows = np.array(sorted(first.values()), dtype=np.int64)
        self.words: tuple[str, ...] = ()
        self.held: Any = None
        if any(signs):
            counter = CountVectorizer(analyzer=_as_they_are, binary=True)
            self.held = counter.fit_transform([signs[row] for row in self.rows])
            self.words = tuple(counter.get_feature_names_out())

    def weights(self, here: Flags) -> Numbers:
        """`log_likelihood` of each word for the questions marked, against all others.

        Args:
            here: one flag a text, in the order they were given; both values must occur among the different ones.
        """
        marked = here[self.rows]
        inside, all_of_them = self.held[marked].sum(axis=0), self.held.sum(axis=0)
        in_here = np.asarray(inside, dtype=np.float64).ravel()
        everywhere = np.asarray(all_of_them, dtype=np.float64).ravel()
        return log_likelihood(in_here, int(marked.sum()), everywhere - in_here, int((~marked).sum()))

    def common(self, here: Flags) -> Numbers:
        """How many of the questions marked hold each word."""
        return np.asarray(self.held[here[self.rows]].sum(axis=0), dtype=np.float64).ravel()


def _as_they_are(signs: list[str]) -> list[str]:
    return signs


def topic_names(texts: Sequence[str], labels: npt.NDArray[np.int64], topics: int, *, words: int = 3) -> list[str]:
    """A name for each group of questions: up to three words that are commoner in it than in the others.

    A word names the one topic it tells most; "topic 3" where no word is left.

    Args:
        texts: questions.
        labels: the topic of each, 0 to `topics` - 1.
        topics: how many there are.
        words: of a name.

    >>> topic_names(["hail on roof", "roof hail claim", "stolen bike", "bike claim stolen"], np.array([0, 0, 1, 1]), 2)
    ['hail, roof', 'bike, stolen']
    """
    table = WordTable(texts)
    if not table.words:
        return [f"topic {number + 1}" for number in range(topics)]
    readable = np.array([_readable(word) for word in table.words])
    weights = np.array([_weights_of_topic(table, labels == topic) for topic in range(topics)])
    weights = np.where(readable & (weights == weights.max(axis=0)), weights, 0.0)
    names = []
    for row in weights:
        best = np.lexsort((np.arange(len(row)), -row))[:words]
        names.append(", ".join(table.words[place] for place in best if row[place] > 0))
    return [name or f"topic {number + 1}" for number, name in enumerate(names)]


def _weights_of_topic(table: WordTable, here: Flags) -> Numbers:
    marked = here[table.rows]
    if marked.all():
        return table.common(here)
    return table.weights(here) if marked.any() else np.zeros(len(table.words))


def _readable(word: str) -> bool:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return len(word) > 1 and " " not in word and not word.isdecimal() and word not in ENGLISH_STOP_WORDS
