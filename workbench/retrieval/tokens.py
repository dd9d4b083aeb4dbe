"""Texts cut into tokens, and a whole corpus of them as numbers: what BM25, exact terms and reranking features share.

A corpus is tokenized once and kept as token ids, not as strings; nothing is weighed or ranked here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy import sparse

Variant = Literal["lucene", "okapi"]
"""How a token is weighed by the number of passages it is in; see `TokenizedCorpus.idf`."""

TokenIds = npt.NDArray[np.int32]

_TOKEN = re.compile(r"\w\w+")
_NOT_A_TOKEN = -1

# Lower case where it is a letter or digit, a space where no word goes on: one pass instead of a regular expression.
_ASCII_WORDS = bytes(
    ord(chr(code).lower()) if code < 128 and (chr(code).isalnum() or chr(code) == "_") else 32 for code in range(256)
)


@cache
def _stemmer() -> Any:  # noqa: ANN401 - the library ships no types
    import Stemmer

    return Stemmer.Stemmer("english")


@cache
def _stop_words() -> frozenset[str]:
    from bm25s.stopwords import STOPWORDS_EN

    return frozenset(STOPWORDS_EN)


def tokenize(text: str) -> list[str]:
    """Stemmed tokens of two or more word characters, lower case, stop words left out; identifiers are cut at punctuation.

    >>> tokenize("The claims for END-H-114 were rejected")
    ['claim', 'end', '114', 'were', 'reject']
    """
    stop_words = _stop_words()
    return list(_stemmer().stemWords([word for word in _TOKEN.findall(text.lower()) if word not in stop_words]))


@dataclass(frozen=True, eq=False)
class TokenizedCorpus:
    """The tokens of a corpus as numbers, text by text in corpus order.

    Attributes:
        vocabulary: token -> its id, 0 and up in the order of first appearance.
        starts: (texts + 1,) int64; text i is `token_ids[starts[i]:starts[i + 1]]`.
        token_ids: int32, every token of every text in text order, repeats kept.

    >>> corpus = TokenizedCorpus.of(["a storm hit the roof", "roof and roof tiles"])
    >>> corpus.vocabulary
    {'storm': 0, 'hit': 1, 'roof': 2, 'tile': 3}
    >>> corpus.tokens(1).tolist(), corpus.document_frequency.tolist()
    ([2, 2, 3], [1, 1, 2, 1])
    """

    vocabulary: Mapping[str, int]
    starts: npt.NDArray[np.int64]
    token_ids: TokenIds

    @classmethod
    def of(cls, texts: Iterable[str]) -> TokenizedCorpus:
        """Tokenize the texts as `tokenize` does; each distinct word is stemmed once."""
        ids_of_words = _WordIds()
        parts = [_known(ids_of_words, text) for text in texts]
        starts = np.zeros(len(parts) + 1, dtype=np.int64)
        np.cumsum([len(part) for part in parts], out=starts[1:])
        token_ids = np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)
        return cls(ids_of_words.vocabulary, starts, token_ids)

    def __len__(self) -> int:
        """How many texts."""
        return len(self.starts) - 1

    def tokens(self, position: int) -> TokenIds:
        """Ids of the tokens of one text, in text order, repeats kept."""
        return self.token_ids[self.starts[position] : self.starts[position + 1]]

    def ids(self, text: str) -> TokenIds:
        """Ids of the tokens of any text, in text order, repeats kept; tokens the corpus does not hold are left out."""
        known = self.vocabulary
        return np.array([known[token] for token in tokenize(text) if token in known], dtype=np.int32)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """(texts,) number of tokens of each text."""
        return np.diff(self.starts)

    @cached_property
    def occurrences(self) -> sparse.csr_array[np.int32]:
        """(tokens, texts) how often each token is in each text; the texts of a token in corpus order."""
        from scipy import sparse

        ones = np.ones(len(self.token_ids), dtype=np.int32)
        shape = (len(self), len(self.vocabulary))
        by_text = sparse.csr_array((ones, self.token_ids, self.starts), shape=shape)
        by_token = by_text.tocsc()
        by_token.sum_duplicates()
        return by_token.T

    @cached_property
    def document_frequency(self) -> npt.NDArray[np.int64]:
        """(tokens,) in how many texts each token is."""
        return np.diff(self.occurrences.indptr).astype(np.int64)

    def idf(self, variant: Variant = "lucene") -> npt.NDArray[np.float64]:
        """(tokens,) inverse document frequency of each token, higher is rarer, 0 or more.

        With N texts, df of them holding the token: "lucene" is `ln(1 + (N - df + 0.5) / (df + 0.5))`, above 0;
        "okapi" is `ln((N - df + 0.5) / (df + 0.5))`, and 0 for a token that is in half of the texts or more.

        Source: Kamphuis et al. 2020, "Which BM25 do you mean?", ECIR.
        """
        weigh = _IDF[variant]
        frequencies, place = np.unique(self.document_frequency, return_inverse=True)
        # One logarithm for each distinct frequency, of the library the reference engine uses: equal to the last bit.
        weights = [weigh(len(self), int(frequency)) for frequency in frequencies]
        return np.asarray(weights, dtype=np.float64)[place]


def _lucene_idf(texts: int, frequency: int) -> float:
    return math.log(1 + (texts - frequency + 0.5) / (frequency + 0.5))


def _okapi_idf(texts: int, frequency: int) -> float:
    return max(0.0, math.log(texts - frequency + 0.5) - math.log(frequency + 0.5))


_IDF: dict[Variant, Callable[[int, int], float]] = {"lucene": _lucene_idf, "okapi": _okapi_idf}


class _WordIds(dict[bytes | str, int]):
    """Word as it stands in a text -> id of its token, learned at the first look; stop words and single letters have none."""

    def __init__(self) -> None:
        super().__init__()
        self.vocabulary: dict[str, int] = {}
        self._stem: Callable[[str], str] = _stemmer().stemWord
        self._stop_words = _stop_words()

    def __missing__(self, word: bytes | str) -> int:
        text = word if isinstance(word, str) else word.decode("ascii")
        token = _NOT_A_TOKEN
        if len(text) > 1 and text not in self._stop_words:
            token = self.vocabulary.setdefault(self._stem(text), len(self.vocabulary))
        self[word] = token
        return token


def _known(ids_of_words: _WordIds, text: str) -> TokenIds:
    words: list[bytes] | list[str]
    words = text.encode("ascii").translate(_ASCII_WORDS).split() if text.isascii() else _TOKEN.findall(text.lower())
    ids: TokenIds = np.fromiter(map(ids_of_words.__getitem__, words), dtype=np.int32, count=len(words))
    known: TokenIds = ids[ids != _NOT_A_TOKEN]
    return known
