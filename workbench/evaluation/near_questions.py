"""Which questions are nearly the same: by their wording, and by vectors that are handed in.

It makes no vectors and judges no share; what near questions mean for an eval set is said by E-07 and E-08.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import numpy.typing as npt

from workbench.observing import plain, words
from workbench.records import EvalItem, NearQuestions, NearText, Source

NEAR = 0.95
"""Cosine above which two questions count as one; what pairs it finds on real questions is said in `docs/evaluation.md`."""
ALIKE = 0.8
"""Jaccard similarity of runs of four characters from which on two wordings count as one."""
MOST_QUESTIONS = 20_000
"""Questions compared with one another; later ones are left out."""
CELLS = 8_000_000
"""Cosines held at a time: 32 MB, whatever the size of the set."""
MOST_TRIED = 20
"""Texts a question is held against, nearest first, until one passes the rule on wording."""
LONG_WORD = 5
STEM = 4

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with their places and unit vectors, (n, dimension)."""

    texts: Sequence[str]
    sources: Sequence[Source]
    vectors: Vectors


# ---------------------------------------------------------------- by vectors


def near_questions(items: Sequence[EvalItem], vectors: Vectors, prompts: Texts, encoder: str) -> NearQuestions:
    """Near texts of the questions of a set: earlier ones, those that tune beside the held-out ones, lines of prompts.

    Args:
        items: the set, at most `MOST_QUESTIONS`.
        vectors: of their questions, unit length, in that order.
        prompts: lines of the pilot's prompts.
        encoder: name of what made the vectors.
    """
    asked = Texts([item.question for item in items], [item.source for item in items], vectors)
    held = [place for place, item in enumerate(items) if item.held_out]
    tune = [place for place, item in enumerate(items) if item.held_out is False]
    return NearQuestions(
        encoder,
        NEAR,
        len(items),
        repeats=tuple(nearest(asked, asked, before=True)),
        tuned=tuple(_placed(nearest(_part(asked, held), _part(asked, tune)), held, tune)),
        prompted=tuple(replace(near, other=None) for near in nearest(asked, prompts)),
    )


def nearest(asked: Texts, others: Texts, *, before: bool = False) -> Iterator[NearText]:
    """For each text the nearest other with a cosine above `NEAR`, where there is one that may say the same.

    Products are made in blocks of `CELLS`; no (n, n) matrix is held.

    Args:
        asked: texts to find others for.
        others: where to look.
        before: look only at the ones before each text, both being the same list.
    """
    if not asked.texts or not others.texts:
        return
    codes: dict[frozenset[str], int] = {}
    left, right = (
        np.array([codes.setdefault(_numbers(text), len(codes)) for text in side.texts]) for side in (asked, others)
    )
    rows = max(1, CELLS // len(others.texts))
    for start in range(0, len(asked.texts), rows):
        until = start + rows if before else len(others.texts)
        cosines = asked.vectors[start : start + rows] @ others.vectors[:until].T
        for row in np.flatnonzero((cosines > NEAR).any(axis=1)):
            place = start + int(row)
            end = place if before else len(others.texts)
            near = np.flatnonzero((cosines[row, :end] > NEAR) & (right[:end] == left[place]))
            order = near[np.argsort(-cosines[row, near], kind="stable")][:MOST_TRIED]
            found = next((int(one) for one in order if may_say_the_same(asked.texts[place], others.texts[one])), None)
            if found is not None:
                yield NearText(place, round(float(cosines[row, found]), 4), others.sources[found], found)


def may_say_the_same(one: str, other: str) -> bool:
    """Whether wordings allow two near texts one meaning: the same tokens with digits, and no swap of a single long word.

    Opposites are as near as rewordings, and mostly one long word apart; a swapped word that begins alike does not count.

    >>> may_say_the_same("Which drugs raise blood cholesterol?", "Which drugs lower blood cholesterol?")
    False
    >>> may_say_the_same("How do I order a card?", "What must I do to order a card?")
    True
    """
    if _numbers(one) != _numbers(other):
        return False
    left, right = set(words(one)), set(words(other))
    only, instead = left - right, right - left
    if len(only) != 1 or len(instead) != 1:
        return True
    (first,), (second,) = only, instead
    return min(len(first), len(second)) < LONG_WORD or first[:STEM] == second[:STEM]


def _numbers(text: str) -> frozenset[str]:
    return frozenset(token for token in words(text) if any(letter.isdigit() for letter in token))


def _part(texts: Texts, places: Sequence[int]) -> Texts:
    return Texts([texts.texts[p] for p in places], [texts.sources[p] for p in places], texts.vectors[list(places)])


def _placed(found: Iterator[NearText], asked: Sequence[int], others: Sequence[int]) -> Iterator[NearText]:
    for near in found:
        yield replace(near, question=asked[near.question], other=others[near.other or 0])


# ---------------------------------------------------------------- by wording


def repeated_wordings(items: Sequence[EvalItem]) -> list[int]:
    """Places of the questions that nearly repeat the wording of an earlier one."""
    known = _Wordings(item.question for item in items)
    repeats = []
    for place, item in enumerate(items):
        if known.holds(item.question):
            repeats.append(place)
        known.add(item.question)
    return repeats


def wordings_of(items: Sequence[EvalItem], others: Sequence[EvalItem]) -> list[int]:
    """Places of the items whose wording nearly is that of one of the others."""
    known = _Wordings(item.question for item in (*items, *others))
    for other in others:
        known.add(other.question)
    return [place for place, item in enumerate(items) if known.holds(item.question)]


class _Wordings:
    """Wordings seen so far; two are nearly the same by Jaccard similarity of runs of four characters, numbers alike.

    Two sets as alike as that share one of the rarest fifth of their runs, so that only texts filed under those are compared.

    Source: Chaudhuri, Ganti & Kaushik 2006, "A primitive operator for similarity joins in data cleaning" (prefix filter).
    """

    def __init__(self, questions: Iterable[str]) -> None:
        self._often = Counter(run for question in questions for run in _runs(plain(question)))
        self._filed: dict[tuple[frozenset[str], str], dict[frozenset[str], None]] = {}

    def add(self, question: str) -> None:
        runs = _runs(plain(question))
        for run in self._rarest(runs):
            self._filed.setdefault((_numbers(question), run), {})[runs] = None

    def holds(self, question: str) -> bool:
        runs, numbers = _runs(plain(question)), _numbers(question)
        filed = (self._filed.get((numbers, run), {}) for run in self._rarest(runs))
        return any(_alike(runs, other) for others in filed for other in others)

    def _rarest(self, runs: frozenset[str]) -> list[str]:
        needed = ceil(ALIKE * len(runs) - 1e-9)
        return sorted(runs, key=lambda run: (self._often[run], run))[: len(runs) - needed + 1]


def _runs(text: str) -> frozenset[str]:
    return frozenset(text[start : start + 4] for start in range(max(1, len(text) - 3)))


def _alike(left: frozenset[str], right: frozenset[str]) -> bool:
    # Sizes alone tell most pairs apart: no similarity exceeds their ratio.
    if min(len(left), len(right)) < ALIKE * max(len(left), len(right)):
        return False
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared) >= ALIKE
