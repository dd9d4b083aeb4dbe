"""What the learned reranker knows of a candidate: 26 numbers that mean the same on every corpus.

Scores of the legs are not read, only ranks: cosines and BM25 are computed here, so that a leg may score as it likes. Nothing is
weighed here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from workbench.records import Passage
from workbench.retrieval.identifiers import holds, identifiers, squeezed
from workbench.retrieval.learned import neighbours
from workbench.retrieval.learned.catalogue import FEATURES
from workbench.retrieval.learned.matching import (
    CandidateTexts,
    Floats,
    Matches,
    adjacent_pairs,
    best_window,
    longest_run,
)
from workbench.retrieval.ranking import RRF_K
from workbench.retrieval.sparse import K1, B
from workbench.retrieval.tokens import TokenIds, TokenizedCorpus

HALF = 0.5
"""Occurrences at which a term counts half where length is left aside: the second mention adds little."""

WINDOW = 15
"""Tokens without stop words, about 30 words of running text."""

LEAD = 16
"""Tokens at the beginning that say what a passage is about."""

NEAR = 5
BOTH_TOP = 10

_ASKS_NUMBER = re.compile(
    r"\b(how (many|much|long|old|often|large|big|far|fast|high)|when|"
    r"(what|in which|which) (year|date|percent\w*|number|amount|age|share|rate))\b",
    re.I,
)

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One passage of the ranking that is reordered, with where the legs found it.

    Attributes:
        fused_rank: place in the ranking that is reordered, from 1.
        dense_rank, sparse_rank: place in each leg, None where that leg did not find it.
        row: position of the passage in the corpus.
    """

    passage: Passage
    fused_rank: int
    dense_rank: int | None
    sparse_rank: int | None
    row: int


class FeatureExtractor:
    """Computes the features of the candidates of a question over one corpus."""

    def __init__(
        self, passages: Sequence[Passage], tokens: TokenizedCorpus, vectors: npt.NDArray[np.floating] | None
    ) -> None:
        """Keep what the features are computed from: row i of tokens and vectors stands for passage i.

        Raises:
            ValueError: there are not as many token rows or vectors as passages.
        """
        if len(tokens) != len(passages) or (vectors is not None and len(vectors) != len(passages)):
            counts = f"{len(tokens)} tokenized texts and {'no' if vectors is None else len(vectors)} vectors"
            raise ValueError(f"{counts} for {len(passages)} passages; give one a passage")
        self._tokens = tokens
        self._vectors = vectors
        self._idf = tokens.idf("lucene")
        self._average_length = float(tokens.lengths.mean()) if len(tokens) and tokens.token_ids.size else 1.0
        self._numeric = np.array([any(map(str.isdigit, token)) for token in tokens.vocabulary], dtype=bool)
        self._titles: dict[tuple[str, tuple[str, ...]], TokenIds] = {}

    def matrix(
        self, question: str, question_vector: npt.NDArray[np.floating] | None, candidates: Sequence[Candidate]
    ) -> Matrix:
        """(candidates, features) in the order of `FEATURES`; what needs vectors is 0 where there are none."""
        if not candidates:
            return np.empty((0, len(FEATURES)))
        texts = CandidateTexts.of([(self._title(c.passage), self._tokens.tokens(c.row)) for c in candidates])
        vectors = None
        values = _rank_features(candidates)
        if self._vectors is not None and question_vector is not None:
            vectors = np.asarray(self._vectors[[c.row for c in candidates]], dtype=np.float64)
            values |= _cosine_features(vectors @ np.asarray(question_vector, dtype=np.float64))
        matches = Matches.of(self._tokens.ids(question), texts, self._idf)
        values |= self._word_features(matches, texts) | _order_features(matches)
        values |= self._exact_features(question, matches, texts, candidates)
        values |= self._neighbour_features(values, matches, texts, vectors, candidates)
        nothing = np.zeros(len(candidates))
        return np.column_stack([values.get(feature.name, nothing) for feature in FEATURES])

    def _title(self, passage: Passage) -> TokenIds:
        key = (passage.title, passage.headings)
        if key not in self._titles:
            # A heading that repeats the name above it is left out, as where passages are shown with their titles.
            names = [name for name, _ in groupby(filter(None, (passage.title, *passage.headings)))]
            self._titles[key] = self._tokens.ids(" ".join(names))
        return self._titles[key]

    def _word_features(self, matches: Matches, texts: CandidateTexts) -> dict[str, Floats]:
        present, weights = matches.present, matches.weights
        frequency = matches.frequency.astype(np.float64)
        expected = K1 * (1 - B + B * texts.lengths / self._average_length)
        total = weights.sum() or 1.0
        in_title = matches.present_where(matches.place < texts.title_lengths[matches.owner])
        rarest = present[:, int(weights.argmax())] if len(weights) else np.zeros(len(present))
        return {
            "bm25_z": standardised((frequency / (frequency + expected[:, None])) @ weights),
            "words_z": standardised((frequency / (frequency + HALF)) @ weights),
            "coverage": matches.share(present),
            "rarest_found": rarest.astype(np.float64),
            "heaviest_missed": np.where(present, 0.0, weights).max(axis=1, initial=0.0) / total,
            "title": matches.share(in_title),
            "lead": matches.share(matches.present_where(matches.place < LEAD)),
            "length": np.log(np.maximum(texts.lengths, 1) / self._average_length),
        }

    def _exact_features(
        self, question: str, matches: Matches, texts: CandidateTexts, candidates: Sequence[Candidate]
    ) -> dict[str, Floats]:
        numeric = self._numeric[list(dict.fromkeys(self._tokens.ids(question).tolist()))]
        weights = matches.weights[numeric]
        numbers = matches.present[:, numeric] @ weights / weights.sum() if numeric.any() else np.zeros(len(candidates))
        codes = identifiers(question)
        held = [_held(codes, candidate.passage) for candidate in candidates] if codes else np.zeros(len(candidates))
        count = np.bincount(texts.owner, self._numeric[texts.tokens], minlength=len(candidates))
        asks = _ASKS_NUMBER.search(question) is not None
        return {"numbers": numbers, "identifiers": np.asarray(held), "asked_number": np.log1p(count) * asks}

    def _neighbour_features(
        self,
        known: dict[str, Floats],
        matches: Matches,
        texts: CandidateTexts,
        vectors: Matrix | None,
        candidates: Sequence[Candidate],
    ) -> dict[str, Floats]:
        best_first = np.argsort([candidate.fused_rank for candidate in candidates], kind="stable")
        words = neighbours.WordWeights.of(texts, self._idf)
        by_words = neighbours.similarities(words.rows)
        typical = words.typical(best_first[: neighbours.TYPICAL_OF], without=self._asked(matches, texts))
        values = {
            "words_like_top3_z": standardised(neighbours.to_the_first(by_words, best_first[:3])),
            "typical_words_z": standardised(typical),
        }
        matching = known["bm25_z"] + known.get("cosine_z", 0.0)
        if vectors is None:
            return values | {"neighbours": neighbours.smoothed(by_words, matching)}
        by_meaning = neighbours.similarities(vectors)
        return values | {
            "like_top3": neighbours.to_the_first(by_meaning, best_first[:3]),
            "like_top10_z": standardised(neighbours.to_the_first(by_meaning, best_first[:10])),
            "neighbours": neighbours.smoothed(by_meaning, matching),
        }

    @staticmethod
    def _asked(matches: Matches, texts: CandidateTexts) -> TokenIds:
        """Ids of the question's terms that stand in a candidate."""
        starts = np.cumsum(texts.lengths) - texts.lengths
        asked: TokenIds = texts.tokens[starts[matches.owner] + matches.place]
        return asked


def standardised(values: Floats) -> Floats:
    """Distance from the mean in standard deviations; equal values give 0.

    >>> standardised(np.array([1.0, 3.0])).tolist(), standardised(np.array([2.0, 2.0])).tolist()
    ([-1.0, 1.0], [0.0, 0.0])
    """
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros(len(values))


def _rank_features(candidates: Sequence[Candidate]) -> dict[str, Floats]:
    fused = np.array([c.fused_rank for c in candidates], dtype=np.float64)
    dense = np.array([c.dense_rank or np.inf for c in candidates])
    sparse = np.array([c.sparse_rank or np.inf for c in candidates])
    best = np.minimum(dense, sparse)
    # In neither leg: the ranking came from elsewhere, its own place is all that is known.
    best = np.where(np.isinf(best), fused, best)
    return {
        "fused_rank": (RRF_K + 1) / (RRF_K + fused),
        "best_rank": np.log2(1 + best),
        "both_top": (np.maximum(dense, sparse) <= BOTH_TOP).astype(np.float64),
    }


def _cosine_features(cosine: Floats) -> dict[str, Floats]:
    return {"cosine": cosine, "cosine_gap": cosine - cosine.max(), "cosine_z": standardised(cosine)}


def _order_features(matches: Matches) -> dict[str, Floats]:
    distances = matches.distances()
    return {
        "window": best_window(matches, distances, WINDOW),
        "pairs": adjacent_pairs(matches, distances, within=1, ordered=True),
        "near_pairs": adjacent_pairs(matches, distances, within=NEAR, ordered=False),
        "run": longest_run(matches),
    }


def _held(codes: Sequence[str], passage: Passage) -> float:
    text = squeezed(passage.text)
    return sum(holds(text, code) for code in codes) / len(codes)
