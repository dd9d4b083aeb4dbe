"""Slips of the pen in questions: words that a letter left out, put in or swapped keeps from one that others write.

It needs no dictionary and knows no language. A wrong letter is not looked for: crash and crush, staff and stuff are words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from workbench.observing import words

SHORTEST = 5
"""Letters of a word that is looked at; shorter ones have too many neighbours."""
LONGEST = 30
TEXTS = 3
"""Texts a word must stand in to be what was meant, and from which on it is no slip itself."""
LETTERS = 40
"""Commonest letters that may have been left out; more are there only in scripts of thousands of signs."""
ENDING = 2
"""Last letters of a word, in which a change is taken for an ending: claim, claims, claimed."""


class Spelling:
    """Tells how many words of a text are slips.

    Args:
        documents: texts whose every word counts as written rightly.
        questions: texts that hold slips; a word in three of them counts as known.
    """

    def __init__(self, documents: Iterable[str], questions: Iterable[str] = ()) -> None:
        written, asked = _counted(documents), _counted(questions)
        both = written + asked
        self._meant = frozenset(word for word, count in both.items() if count >= TEXTS)
        self._known = self._meant | written.keys()
        letters: Counter[str] = Counter()
        for word in self._meant:
            letters.update(word)
        self._letters = tuple(letter for letter, _ in letters.most_common(LETTERS))
        self._told: dict[str, bool] = {}

    def rate(self, text: str) -> float | None:
        """Share of the words of five letters and more that are slips, 0 to 1; None where there is no such word.

        >>> Spelling(["the excess applies"] * 3).rate("which exess aplpies here")
        0.6666666666666666
        """
        looked_at = [word for word in words(text) if word.isalpha() and len(word) >= SHORTEST]
        return sum(map(self.is_slip, looked_at)) / len(looked_at) if looked_at else None

    def is_slip(self, word: str) -> bool:
        """Whether a word in lower case is unknown, and a letter more, less or swapped before its ending makes it a known one."""
        if word not in self._told:
            self._told[word] = word not in self._known and any(near in self._meant for near in self._neighbours(word))
        return self._told[word]

    def _neighbours(self, word: str) -> Iterator[str]:
        if len(word) > LONGEST:
            return
        for place in range(1, len(word) - ENDING + 1):
            before, after = word[:place], word[place:]
            yield before + after[1:]
            yield before + after[1] + after[0] + after[2:]
            yield from (before + letter + after for letter in self._letters)


def _counted(texts: Iterable[str]) -> Counter[str]:
    """How many texts hold each word."""
    held: Counter[str] = Counter()
    for text in texts:
        held.update({word for word in words(text) if word.isalpha()})
    return held
