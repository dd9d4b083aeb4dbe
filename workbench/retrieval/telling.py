"""Names and sentences of documents, and whether somebody could ask for them: what probe queries are cut from.

It looks at one text at a time and counts nothing over a corpus; see `workbench.retrieval.probes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from workbench.retrieval.tokens import tokenize

FEWEST_WORDS, MOST_WORDS = 6, 30
"""Words of a sentence a probe is made from."""
FEWEST_TELLING = 2
"""Words with a meaning a title or heading needs to be asked for."""
LONGEST_PROBE = 200
LONGEST_WORD = 40
"""Characters; longer ones are addresses and encoded data."""

_OF_FILES = (
    "untitled document doc docx pdf file scan scanned img image page slide sheet book workbook presentation powerpoint "
    "microsoft word excel copy final draft new old version rev revision unnamed unknown title header footer"
)
NAMES_OF_FILES = frozenset(_OF_FILES.split())
"""Words that scanners and office programs put into names."""

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|(?<=[。！？])|\n\s*\n|\n(?!\s*[a-z])|\n(?=[\w ]{1,30}: )|\f")
_LABEL = re.compile(r"[\w ]{1,30}: ")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_DIGITS = re.compile(r"\d+")
_ROW = re.compile(r"[|\t]| {3,}|;.*;|(?:\. ?){4,}|_{3,}")


def says_something(name: str) -> bool:
    """Whether a title or heading has two words with a meaning; ids and names a scanner or an office program gives have none.

    >>> [says_something(name) for name in ("scan0001", "Microsoft Word - Document1", "Escape of water")]
    [False, False, True]
    """
    words = {word.casefold() for word in words_of(name) if word.isalpha() and len(word) > 2}
    unspaced = len(_UNSPACED.findall(name))
    return unspaced >= 2 * FEWEST_TELLING or len({w for w in words if tokenize(w)} - NAMES_OF_FILES) >= FEWEST_TELLING


def sentences(text: str) -> Iterator[str]:
    """Sentences of a text, wrapped lines joined, without the label a record of a table puts before a value."""
    parts = (part.strip() for part in _SENTENCE_END.split(text))
    return (_LABEL.sub("", part, count=1) if _LABEL.match(part) else part for part in parts if part)


def words_of(text: str) -> list[str]:
    """Words as written, joined ones ("Aire-dependent", "3.5", "company's") whole; without addresses and encoded data."""
    return [word for word in _WORD.findall(text) if len(word) <= LONGEST_WORD]


def is_fit(sentence: str, words: Sequence[str]) -> bool:
    """Whether a sentence is one: long enough, no row of a table, no list of numbers or names."""
    if is_unspaced(sentence):
        return FEWEST_WORDS <= len(sentence) <= 2 * MOST_WORDS
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS or _ROW.search(sentence):
        return False
    plain = sum(word.isalpha() or not any(map(str.isdigit, word)) for word in words)
    lower = sum(not word[0].isupper() for word in words)
    return plain >= 0.7 * len(words) and lower >= len(words) / 3


def is_unspaced(text: str) -> bool:
    """Whether most of a text is in a script without spaces between words: Chinese, Japanese, Thai."""
    return len(_UNSPACED.findall(text)) > len(text) / 2


def key_of(text: str) -> str:
    """A text by its words, with digits and case set aside: "Page 3 of 12" and "page 4 of 12" are one."""
    return _DIGITS.sub("0", name_of(text))


def name_of(text: str) -> str:
    """A title by its words and digits: reports of two years are two things."""
    return " ".join(_WORD.findall(text[:1000])).casefold()


def cut_short(text: str) -> str:
    """On one line, at most 200 characters, cut between words where that is possible."""
    line = " ".join(text[: 4 * LONGEST_PROBE].split())
    if len(line) <= LONGEST_PROBE:
        return line
    return line[: LONGEST_PROBE + 1].rpartition(" ")[0] or line[:LONGEST_PROBE]
