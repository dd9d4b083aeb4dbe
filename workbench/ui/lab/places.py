"""What is said of a place in a ranking: how it moved, which places below hold nearly the same text, what its score is.

Pure functions over ranks and texts; nothing here is markup and nothing is scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from workbench.comparison.deployed import DEPLOYED
from workbench.health.shingles import Runs, jaccard, runs_of
from workbench.numbers import MINUS
from workbench.report.words import listing
from workbench.retrieval.recipes import arm_name, recipe
from workbench.ui.lab.queries import Hit

NEAR_COPY = 0.85
"""Shared runs of five words, by all runs of both passages, from which two passages are read as copies."""

Direction = Literal["up", "down", "same", "new", "out"]


@dataclass(frozen=True, slots=True)
class Fold:
    """A place and the places below it in the same ranking whose passages are near copies of it."""

    first: Hit
    copies: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class Movement:
    """How a document moved from the arm compared to the one it is compared with.

    Attributes:
        words: what stands beside it: "+7, from 8", "new, from 37", "pushed out".
        meaning: both ranks in a sentence.
    """

    direction: Direction
    words: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ScoreKind:
    """What an arm's score is: a short name beside the number, and what it means."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one arm puts the documents of a question: doc_id -> rank, and how deep its rankings go."""

    run: str
    ranks: Mapping[str, int]
    depth: int

    def words(self, doc_id: str) -> str:
        """Where a document stands: "rank 37", "not among the first 100", "no ranking for this question"."""
        if not self.ranks:
            return "no ranking for this question"
        rank = self.ranks.get(doc_id)
        if rank is not None:
            return f"rank {rank}"
        if self.run == DEPLOYED:
            return f"not among the {len(self.ranks)} logged"
        return f"not among the first {max(self.depth, len(self.ranks))}"

    def silent(self, doc_id: str, k: int) -> bool:
        """Whether it cannot be said if a document is in the top k: no ranking, or a log that ends above k without it."""
        ends_above = self.run == DEPLOYED and len(self.ranks) < k
        return not self.ranks or (ends_above and doc_id not in self.ranks)


def folded(hits: Sequence[Hit]) -> list[Fold]:
    """Places in order, each near copy under the first place it is a copy of."""
    runs = [_runs(hit.text) for hit in hits]
    heads: list[tuple[int, list[Hit]]] = []
    for number, hit in enumerate(hits):
        likeness = (copies for head, copies in heads if jaccard(runs[head], runs[number]) >= NEAR_COPY)
        copies = next(likeness, None)
        if copies is None:
            heads.append((number, []))
        else:
            copies.append(hit)
    return [Fold(hits[head], tuple(copies)) for head, copies in heads]


@lru_cache(maxsize=4096)
def _runs(text: str) -> Runs:
    return runs_of(text)


def fold_words(copies: Sequence[Hit]) -> str:
    """What stands for places that are folded away; right documents among them are named.

    >>> hit = Hit(4, "d", "title", "text", "", None, None)
    >>> fold_words([hit])
    'and 1 near copy, rank 4'
    """
    many = len(copies) > 1
    ranks = listing(str(hit.rank) for hit in copies)
    words = f"and {len(copies)} near {'copies' if many else 'copy'}, rank{'s' if many else ''} {ranks}"
    right = [str(hit.rank) for hit in copies if hit.grade]
    return f"{words}; right: rank{'s' if len(right) > 1 else ''} {listing(right)}" if right else words


def movement(doc_id: str, before: Standing, after: Standing, k: int) -> Movement | None:
    """How a document moved between two arms; None where one of them does not say, or they are the same.

    Read from the arm before to the arm after, in both columns alike: +7 is seven places nearer to the top after.

    Args:
        doc_id: a document in the first k of one of the two.
        before: the arm compared.
        after: the arm it is compared with.
        k: places shown.
    """
    if before.run == after.run or not before.ranks or not after.ranks:
        return None
    was, now = before.ranks.get(doc_id), after.ranks.get(doc_id)
    if before.silent(doc_id, now or k) or after.silent(doc_id, was or k):
        return None
    meaning = f"{before.words(doc_id)} in {arm_name(before.run)}, {after.words(doc_id)} in {arm_name(after.run)}"
    if was is None or was > k:
        return Movement("new", f"new, from {was}" if was else "new", meaning)
    if now is None or now > k:
        return Movement("out", f"pushed out, to {now}" if now else "pushed out", meaning)
    if was == now:
        return Movement("same", "same place", meaning)
    step = f"+{was - now}" if now < was else f"{MINUS}{now - was}"
    return Movement("up" if now < was else "down", f"{step} ({was} to {now})", meaning)


def score_kind(run: str, settings: Mapping[str, str]) -> ScoreKind:
    """What the scores of an arm are.

    Args:
        run: the arm.
        settings: settings of the comparison, for the model and the constants behind a score.
    """
    if run == DEPLOYED:
        return ScoreKind("no score", "The log of the deployed system gives an order and no score.")
    try:
        made = recipe(run)
    except ValueError:
        return ScoreKind("score", f"As the retriever '{run}' gives it; higher is better.")
    if made.reranker is not None:
        chosen = settings.get("reranker", "the reranker") if made.reranker == "chosen" else made.reranker
        if made.reranker == "cross-encoder":
            return ScoreKind("cross-encoder", "Score of the cross-encoder that reads question and passage together.")
        return ScoreKind("reranker", f"Score of the reranker ({chosen}): no fixed range, higher is better.")
    if made.weighted:
        return ScoreKind("fused", "Mean of the normalised dense and BM25 scores, 0 to 1.")
    if made.base == "hybrid":
        return ScoreKind("fused", f"Reciprocal rank fusion of dense and BM25 ({settings.get('fusion', 'RRF')}).")
    if made.base == "bm25":
        return ScoreKind(
            "BM25", "Word statistics (BM25): 0 or more, no upper end, comparable within one question only."
        )
    return ScoreKind("cosine", "Cosine of the vectors of question and passage, −1 to 1.")
