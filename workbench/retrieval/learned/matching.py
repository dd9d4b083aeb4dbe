"""Where the terms of a question stand in the candidates: how often, how close together, in which order.

It reads token ids alone; what follows from a match for the ranking is learned elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from workbench.retrieval.tokens import TokenIds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_APART = 10_000_000
"""Distance between two candidates laid one after the other, more tokens than a passage has: nothing is near across a border."""

_NEVER = np.iinfo(np.int64).max // 2


@dataclass(frozen=True, slots=True, eq=False)
class CandidateTexts:
    """Token ids of the candidates of one question, laid one after the other: title first where the text does not begin with it.

    Attributes:
        tokens: all token ids. owner: number of the candidate each belongs to. place: its place in the candidate, from 0.
        lengths: tokens of each candidate. title_lengths: how many of them are its title and headings.
    """

    tokens: TokenIds
    owner: Ints
    place: Ints
    lengths: Ints
    title_lengths: Ints

    @classmethod
    def of(cls, texts: Sequence[tuple[TokenIds, TokenIds]]) -> CandidateTexts:
        """Lay (title, text) pairs one after the other.

        >>> title, begins_with_it = np.array([7, 8], np.int32), np.array([7, 8, 9], np.int32)
        >>> CandidateTexts.of([(title, begins_with_it), (title, title[:1])]).tokens.tolist()
        [7, 8, 9, 7, 8, 7]
        """
        titles = [len(title) for title, _ in texts]
        parts = [part for title, text in texts for part in (_unless_repeated(title, text), text)]
        lengths = np.array([len(parts[i]) + len(parts[i + 1]) for i in range(0, len(parts), 2)], dtype=np.int64)
        owner = np.repeat(np.arange(len(texts)), lengths)
        place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        tokens: TokenIds = np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)
        return cls(tokens, owner, place, lengths, np.array(titles, dtype=np.int64))


def _unless_repeated(title: TokenIds, text: TokenIds) -> TokenIds:
    return title[:0] if np.array_equal(text[: len(title)], title) else title


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The occurrences of a question's terms ("hits") in its candidates.

    Terms are numbered 0 and up in the order of the question; a term the corpus does not hold is none.

    Attributes:
        weights: idf of each term. order: the question as term numbers, repeats kept.
        frequency: (candidates, terms) how often a term is in a candidate.
        owner, term, place: candidate, term and place of each hit, in text order.
    """

    weights: Floats
    order: Ints
    frequency: Ints
    owner: Ints
    term: Ints
    place: Ints

    @classmethod
    def of(cls, question: TokenIds, texts: CandidateTexts, idf: Floats) -> Matches:
        """Find the terms of a question in the candidates.

        Args:
            question: token ids of the question in its order.
            texts: the candidates.
            idf: weight of every token of the corpus.
        """
        terms = np.array(list(dict.fromkeys(question.tolist())), dtype=np.int64)
        number = np.full(len(idf), -1, dtype=np.int64)
        number[terms] = np.arange(len(terms))
        found = number[texts.tokens]
        hits = np.flatnonzero(found >= 0)
        owner, term = texts.owner[hits], found[hits]
        shape = (len(texts.lengths), len(terms))
        frequency = np.bincount(owner * len(terms) + term, minlength=shape[0] * shape[1]).reshape(shape)
        return cls(idf[terms], number[question], frequency, owner, term, texts.place[hits])

    @property
    def present(self) -> Bools:
        """(candidates, terms) whether a term is in a candidate."""
        return self.frequency > 0

    def share(self, present: Bools) -> Floats:
        """(candidates,) summed idf of the terms marked present over that of all terms, 0 to 1; no term gives 0."""
        total = self.weights.sum()
        return present @ self.weights / total if total else np.zeros(len(present))

    def present_where(self, hits: Bools) -> Bools:
        """(candidates, terms) whether a term is in a candidate by one of the hits marked."""
        present = np.zeros(self.frequency.shape, dtype=bool)
        present[self.owner[hits], self.term[hits]] = True
        return present

    def distances(self) -> Ints:
        """(hits, terms) tokens from each hit on to the next occurrence of each term in the same candidate; huge where none."""
        at = self.place + self.owner * _APART
        following = np.full((len(at), len(self.weights)), _NEVER, dtype=np.int64)
        for term in range(len(self.weights)):
            occurrences = at[self.term == term]
            index = np.searchsorted(occurrences, at)
            there = index < len(occurrences)
            following[there, term] = occurrences[index[there]]
        following -= at[:, None]
        return following


def best_window(matches: Matches, distances: Ints, size: int) -> Floats:
    """(candidates,) largest share of the terms, by idf, that stands within `size` consecutive tokens, 0 to 1."""
    return _best_of_hits(matches, matches.share(distances < size))


def adjacent_pairs(matches: Matches, distances: Ints, *, within: int, ordered: bool) -> Floats:
    """(candidates,) share of the question's neighbouring terms that stand within a few tokens in the text, 0 to 1, by idf.

    Args:
        matches: the hits.
        distances: as `Matches.distances` gives them.
        within: tokens from one to the other; 1 is side by side.
        ordered: whether the order of the question must be kept.
    """
    pairs = list(dict.fromkeys(_neighbours(matches.order)))
    found = np.zeros((len(matches.frequency), len(pairs)), dtype=bool)
    for column, (first, second) in enumerate(pairs):
        for one, other in [(first, second)] if ordered else [(first, second), (second, first)]:
            near = (matches.term == one) & (distances[:, other] <= within)
            found[matches.owner[near], column] = True
    weights = np.array([matches.weights[first] + matches.weights[second] for first, second in pairs])
    return found @ weights / weights.sum() if pairs else np.zeros(len(found))


def longest_run(matches: Matches) -> Floats:
    """(candidates,) share of the terms, by idf, in the longest stretch of the question that stands in the text word for word."""
    total = matches.weights.sum()
    if not len(matches.term) or not total:
        return np.zeros(len(matches.frequency))
    first_at = np.array([int(np.flatnonzero(matches.order == term)[0]) for term in range(len(matches.weights))])
    at, asked_at = matches.place + matches.owner * _APART, first_at[matches.term]
    goes_on = np.r_[False, (np.diff(at) == 1) & (np.diff(asked_at) == 1)]
    run = np.cumsum(~goes_on)
    return _best_of_hits(matches, np.bincount(run, matches.weights[matches.term])[run] / total)


def _neighbours(order: Ints) -> list[tuple[int, int]]:
    numbers = order.tolist()
    return [(first, second) for first, second in pairwise(numbers) if first != second]


def _best_of_hits(matches: Matches, values: Floats) -> Floats:
    """(candidates,) the highest value among the hits of each candidate; 0 where it has none."""
    best = np.zeros(len(matches.frequency))
    np.maximum.at(best, matches.owner, values)
    return best
