"""A text as words and as runs of five words: what copies, near duplicates and versions are told by.

Case, spacing, punctuation and invisible characters do not count. Nothing is stemmed, dropped or understood.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RUN = 5
PIECE = 1_000_000
MOST_UNSAMPLED = 300_000
"""Characters: of a longer text every second, fourth, ... run is kept, the same ones in all texts."""

Runs = NDArray[np.uint64]

# Chinese, Japanese and Thai are written without spaces: there a character stands for a word.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_SPACE = re.compile(r"\s")


def word_pieces(text: str) -> Iterator[list[str]]:
    r"""The words of a text, lower case and in order, in pieces of a million characters: a long text is never held twice.

    >>> list(word_pieces("The\u00a0limit is \ufb01ve\u00ad teen: \u00a35,000."))
    [['the', 'limit', 'is', 'five', 'teen', '5', '000']]
    """
    for piece in _pieces(text):
        plain = piece
        if not piece.isascii():
            plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", piece))
        yield _WORD.findall(plain.casefold())


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        space = _SPACE.search(text, start + PIECE, start + 2 * PIECE) if len(text) - start > PIECE else None
        end = space.start() if space else min(len(text), start + 2 * PIECE)
        yield text[start:end]
        start = end


def run_pieces(text: str) -> Iterator[Runs]:
    """The runs of five words as 64-bit hashes, in order and with repeats, piece by piece."""
    carried = np.empty(0, dtype=np.uint64)
    for words in word_pieces(text):
        carried = np.concatenate([carried, _word_hashes(words)])
        yield _hashes_of_runs(carried)
        carried = carried[max(0, len(carried) - RUN + 1) :]


def runs_of(text: str, step: int = 1) -> Runs:
    """The different runs of five words of a text, sorted; only those whose hash `step` divides."""
    found = [np.unique(runs[runs % np.uint64(step) == 0] if step > 1 else runs) for runs in run_pieces(text)]
    if len(found) == 1:
        return found[0]
    return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.uint64)


def step_of(text: str) -> int:
    """1 up to 300,000 characters, then 2, 4, 8, ...: the sample of a longer text lies within that of a shorter one."""
    return 1 << (len(text) // MOST_UNSAMPLED).bit_length()


def jaccard(left: Runs, right: Runs) -> float:
    """Shared runs by all runs of two sorted sets, 0 to 1; two empty sets share nothing."""
    if not len(left) or not len(right):
        return 0.0
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)


@dataclass(frozen=True, slots=True)
class WordCount:
    """The words of a text: how many, and a digest that texts with the same words in the same order share."""

    digest: bytes
    words: int


def count_words(text: str) -> WordCount:
    """Words and digest of a text of any length."""
    digest, total = hashlib.blake2b(digest_size=16), 0
    for words in word_pieces(text):
        total += len(words)
        digest.update("".join(f"{word} " for word in words).encode("utf-8", "surrogatepass"))
    return WordCount(digest.digest(), total)


def _word_hashes(words: list[str]) -> Runs:
    # crc32, since the built-in hash of a text differs from one process to the next.
    hashes = (zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words)
    return np.fromiter(hashes, dtype=np.uint64, count=len(words))


def _hashes_of_runs(words: Runs) -> Runs:
    if len(words) < RUN:
        return np.empty(0, dtype=np.uint64)
    length = len(words) - RUN + 1
    mixed = np.zeros(length, dtype=np.uint64)
    for offset in range(RUN):
        mixed = _mix(mixed ^ words[offset : offset + length])
    return mixed


def _mix(values: Runs) -> Runs:
    """Spreads 64-bit values evenly, one to one (splitmix64, Steele, Lea & Flood 2014)."""
    spread = values + np.uint64(0x9E3779B97F4A7C15)
    spread = (spread ^ (spread >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    spread = (spread ^ (spread >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(spread ^ (spread >> np.uint64(31)))
