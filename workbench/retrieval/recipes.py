"""What an arm is made of, written as its name: a way of searching, then what is added to it, joined by "+".

"hybrid+title+rerank" searches both legs over passages that carry their title, fuses them and reranks the top. Names are
only read here; `workbench.retrieval.arms` runs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Leg = Literal["dense", "bm25"]
Base = Literal["dense", "bm25", "hybrid"]
RerankerKind = Literal["chosen", "learned", "cross-encoder"]

BASES: dict[str, str] = {
    "dense": "cosine of sentence vectors: the naive baseline",
    "bm25": "word statistics",
    "hybrid": "both, fused by rank",
}
ADDITIONS: dict[str, str] = {
    "title": "passages carry their document's title and headings",
    "small": "smaller passages, pooled to documents",
    "weighted": "fused by normalised score instead of rank",
    "filter": "only documents of the year, product or customer the question names, where it names one",
    "rerank": "the top reordered by the reranker that is set, the built-in one unless another is",
    "learned": "the top reordered by the built-in learned reranker",
    "cross-encoder": "the top reordered by a cross-encoder",
}
RERANKERS: dict[str, RerankerKind] = {"rerank": "chosen", "learned": "learned", "cross-encoder": "cross-encoder"}
ARM_NAMES = {
    "dense": "naive dense",
    "bm25": "keyword (BM25)",
    "hybrid": "hybrid",
    "hybrid+rerank": "hybrid with reranker",
    "deployed": "deployed system",
}
_ADDED = {
    "title": "titles",
    "small": "small passages",
    "weighted": "by score",
    "filter": "filtered",
    "rerank": "reranked",
    "learned": "learned reranker",
    "cross-encoder": "cross-encoder",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """An arm taken apart.

    Attributes:
        base: the legs that are searched.
        title: passages carry title and headings. small: passages are cut smaller.
        weighted: fusion by score. filtered: a filter is taken from the question.
        reranker: what reorders the top; None leaves the order.
    """

    base: Base
    title: bool = False
    small: bool = False
    weighted: bool = False
    filtered: bool = False
    reranker: RerankerKind | None = None

    @property
    def name(self) -> str:
        """The arm's name with its additions in the usual order: however they are written, it is one arm."""
        reranker = next((f"+{name}" for name, kind in RERANKERS.items() if kind == self.reranker), "")
        return f"{self._unranked}{reranker}"

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs that are searched, the dense one first."""
        return ("dense", "bm25") if self.base == "hybrid" else (self.base,)

    def leg(self, leg: Leg) -> str:
        """Name of the arm that is one leg of this one, searched over the same passages with the same filter."""
        return _name(leg, title=self.title, small=self.small, filter=self.filtered)

    @property
    def _unranked(self) -> str:
        return _name(self.base, title=self.title, small=self.small, weighted=self.weighted, filter=self.filtered)

    def before_reranking(self) -> str | None:
        """Name of the arm whose top is reordered; None where nothing is."""
        return None if self.reranker is None else self._unranked


def recipe(arm: str) -> Recipe:
    """What an arm's name says.

    Raises:
        ValueError: an unknown way of searching or addition, one named twice, two rerankers, or fusion of a single leg.

    >>> recipe("hybrid+title+rerank")
    Recipe(base='hybrid', title=True, small=False, weighted=False, filtered=False, reranker='chosen')
    """
    base, *additions = arm.split("+")
    unknown = sorted({name for name in additions if name not in ADDITIONS})
    if base not in BASES or unknown:
        what = f"way of searching '{base}'" if base not in BASES else f"addition '{unknown[0]}'"
        raise ValueError(
            f"unknown arm '{arm}' ({what}); an arm is one of {', '.join(BASES)}, "
            f"then any of {', '.join(f'+{name}' for name in ADDITIONS)}"
        )
    rerankers = [name for name in additions if name in RERANKERS]
    if len(set(additions)) < len(additions) or len(rerankers) > 1:
        raise ValueError(f"arm '{arm}' adds something twice; name each addition once, and one reranker")
    if "weighted" in additions and base != "hybrid":
        raise ValueError(f"arm '{arm}' fuses a single leg; '+weighted' goes with hybrid alone")
    return Recipe(
        base=base,  # type: ignore[arg-type]  # checked against BASES above
        title="title" in additions,
        small="small" in additions,
        weighted="weighted" in additions,
        filtered="filter" in additions,
        reranker=RERANKERS[rerankers[0]] if rerankers else None,
    )


def arm_name(arm: str) -> str:
    """The name people read for an arm; one that is not made here keeps its own.

    >>> arm_name("hybrid+rerank"), arm_name("dense+title+small"), arm_name("ours")
    ('hybrid with reranker', 'naive dense (titles, small passages)', 'ours')
    """
    if arm in ARM_NAMES:
        return ARM_NAMES[arm]
    base, *additions = arm.split("+")
    if base not in ARM_NAMES or any(name not in _ADDED for name in additions):
        return arm
    return f"{ARM_NAMES[base]} ({', '.join(_ADDED[name] for name in additions)})"


def _name(base: str, **additions: bool) -> str:
    return "+".join([base, *(name for name, added in additions.items() if added)])
