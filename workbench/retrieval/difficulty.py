"""Which questions to look at first: signs in the rankings that a search had a hard time, turned into an order.

Nothing here is a figure of quality. How well such signs go with quality differs from corpus to corpus and from ranker to
ranker (arXiv 2504.01101), so they say where to look and never how good a search is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.overlap import LOOKED_AT, rank_biased_overlap
from workbench.records import Query, ScoredPassage
from workbench.retrieval.tokens import tokenize


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Signs of one question; None where the rankings do not show it. Each is read as "lower is harder".

    Attributes:
        nqc: spread of the dense scores.
        gap: first dense score minus the last one looked at.
        coverage: share of the question's idf that the best passage of BM25 holds, 0 to 1.
        agreement: rank-biased overlap of dense and BM25, 0 to 1.
    """

    nqc: float | None
    gap: float | None
    coverage: float | None
    agreement: float | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """One question in the order to look at: priority 1 comes first; `why` names the signs that put it there."""

    query_id: str
    priority: int
    why: str


def nqc(scores: Sequence[float]) -> float | None:
    """Standard deviation of the scores over their mean, 0 and up; None for fewer than two, or a mean not above 0.

    The normalisation is by the mean of the scores themselves; the original divides by the score of the whole corpus.

    Source: Shtok, Kurland & Carmel 2012, "Predicting query performance by query-drift estimation", TOIS 30.

    >>> nqc([3.0, 1.0])
    0.5
    """
    if len(scores) < 2:
        return None
    mean = float(np.mean(scores))
    return float(np.std(scores)) / mean if mean > 0 else None


def score_gap(scores: Sequence[float]) -> float | None:
    """First score minus the last; None for fewer than two.

    >>> score_gap([0.75, 0.5, 0.25])
    0.5
    """
    return float(scores[0] - scores[-1]) if len(scores) >= 2 else None


def idf_coverage(query: str, texts: Sequence[str], idf: Mapping[str, float]) -> float | None:
    """Share of a question's idf that the text which holds most of it holds, 0 to 1; None for a question without known weight.

    Args:
        query: the question.
        texts: passages that were found; none gives 0.
        idf: token -> weight. A token that is not in it stands nowhere in the corpus and weighs as much as the rarest one.

    >>> idf_coverage("storm roof", ["a roof of slate", "a wall"], {"storm": 3.0, "roof": 1.0, "wall": 1.0})
    0.25
    """
    asked = set(tokenize(query))
    # Only where it is needed: the vocabulary is long, and most questions use words of the corpus.
    rarest = 0.0 if asked <= idf.keys() else max(idf.values(), default=0.0)
    weights = {token: idf.get(token, rarest) for token in asked}
    total = sum(weights.values())
    if total <= 0:
        return None
    held = (sum(weights[token] for token in set(tokenize(text)) & weights.keys()) for text in texts)
    return max(held, default=0.0) / total


def difficulty(
    query: Query,
    dense: Sequence[ScoredPassage] | None,
    bm25: Sequence[ScoredPassage] | None,
    texts: Mapping[str, str],
    idf: Mapping[str, float],
    *,
    depth: int = LOOKED_AT,
) -> Difficulty:
    """The signs of one question from the first ranks of both legs.

    Args:
        query: the question.
        dense: passages best first; None where the leg was not run.
        bm25: the same; an empty ranking is the sign that no word was found.
        texts: passage_id -> text, for the passages of `bm25`.
        idf: token -> weight.
        depth: ranks looked at.
    """
    near, word = list(dense or ())[:depth], list(bm25 or ())[:depth]
    scores = [passage.score for passage in near]
    near_ids, word_ids = [p.passage_id for p in near], [p.passage_id for p in word]
    both = dense is not None and bm25 is not None
    return Difficulty(
        nqc(scores),
        score_gap(scores),
        idf_coverage(query.text, [texts[passage_id] for passage_id in word_ids], idf) if bm25 is not None else None,
        rank_biased_overlap(near_ids, word_ids, depth=depth) if both else None,
    )


def inspection_order(signs: Mapping[str, Difficulty]) -> list[Inspection]:
    """Questions in the order to look at them, the hardest by their signs first.

    Each sign only ranks the questions, ties sharing a rank. One half of the place is the mean rank by what the legs show of
    themselves, spread, gap and coverage; the other half is the rank by their agreement. A
    question that lacks a sign is placed by the others. Equal questions stay in the order given.

    Never a figure of quality: the signs do not transfer across corpora and rankers (arXiv 2504.01101), so the order says
    which question to open next, and must not be summed, averaged, compared between arms or shown as a score.

    Args:
        signs: query_id -> its signs, in the order of the questions.
    """
    ranks = {name: _ranked([getattr(sign, name) for sign in signs.values()]) for name in _WORDS}
    hardness = [
        _mean([_mean([ranks[name][number] for name in group]) for group in _GROUPS]) or 0.0
        for number in range(len(signs))
    ]
    ordered = sorted(range(len(signs)), key=hardness.__getitem__, reverse=True)
    query_ids = list(signs)
    return [
        Inspection(query_ids[number], place, _why(signs[query_ids[number]], {n: r[number] for n, r in ranks.items()}))
        for place, number in enumerate(ordered, start=1)
    ]


_GROUPS: tuple[Collection[str], ...] = (("nqc", "gap", "coverage"), ("agreement",))
_WORDS = {
    "nqc": "dense scores hardly differ (spread {:.2f} of their mean)",
    "gap": "the first dense passage is hardly better than the tenth (by {:.2f})",
    "coverage": "no passage of BM25 holds the question's telling words ({:.0%} of their weight at best)",
    "agreement": "dense and BM25 rank different passages (overlap {:.2f})",
}


def _ranked(values: Sequence[float | None]) -> list[float | None]:
    """Share of the other questions that are easier by one sign, ties counting half; None where the sign is missing."""
    known = np.sort([value for value in values if value is not None])
    if len(known) < 2:
        return [None if value is None else 0.5 for value in values]
    shares: list[float | None] = []
    for value in values:
        if value is None:
            shares.append(None)
            continue
        below, up_to = np.searchsorted(known, value, "left"), np.searchsorted(known, value, "right")
        shares.append(float(len(known) - up_to + (up_to - below - 1) / 2) / (len(known) - 1))
    return shares


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _why(sign: Difficulty, ranks: Mapping[str, float | None]) -> str:
    """The two signs by which the question is hardest, among those by which it is harder than most."""
    known = {name: float(rank) for name, rank in ranks.items() if rank is not None and rank > 0.5}
    hardest = sorted(known, key=known.__getitem__, reverse=True)[:2]
    return "; ".join(_WORDS[name].format(getattr(sign, name)) for name in hardest) or "no sign stands out"
