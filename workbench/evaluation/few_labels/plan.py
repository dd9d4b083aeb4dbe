"""Which questions to grade, in which order, and how probable each was: any beginning of the plan is a sample on its own.

The plan knows the arms' lists and the predictions, never a grade. Who graded what is the business of `standing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from workbench.evaluation.few_labels.agreement import disagreement
from workbench.evaluation.few_labels.pool import Pool
from workbench.evaluation.few_labels.predictor import Predictor
from workbench.evaluation.few_labels.random_numbers import permanent

UNIFORM_PART = 0.8
"""Share of the drawing that ignores the predictions. An arm's own failure share needs questions on which arms agree too, and
questions on which they disagree take more grades each: at equal grades a part of 0.5 gave intervals up to 16 % wider than 1 on
the sets tried, 0.8 up to 5 % wider with a little less error on differences (docs/few_labels.md)."""
FLOOR = 0.05
"""Least size of a question beside the largest: with no uniform part, no weight is more than 20 times another."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A question in the plan.

    Attributes:
        share: its chance at one draw; the shares of a plan sum to 1.
        uncertainty: 4 F (1 - F), F the mean predicted chance of failure; 0 to 1. disagreement: as `agreement.disagreement`.
    """

    query_id: str
    share: float
    uncertainty: float
    disagreement: float


@dataclass(frozen=True, slots=True)
class Plan:
    """All questions in the order they should be graded.

    Attributes:
        queries: the order. seed, k, uniform_part, floor: the design it was drawn by.
    """

    queries: tuple[Planned, ...]
    seed: int
    k: int
    uniform_part: float
    floor: float

    @property
    def name(self) -> str:
        """The design in words, kept with each grade; a grade with another one was not drawn by this plan."""
        return f"sequential Poisson, seed {self.seed}, top {self.k}, uniform part {self.uniform_part:g}, floor {self.floor:g}"

    def inclusion(self, n: int) -> dict[str, float]:
        """query_id -> probability that it is among the first n of the plan.

        n times its share; where that is 1 or more the question is certain, and the rest of n is shared out among the others.

        Raises:
            ValueError: n is not between 0 and the number of questions.

        Source: Ohlsson 1998, "Sequential Poisson sampling", J. Official Statistics 14; exact for equal shares, and to within
        terms of order 1 / n for others.
        """
        if not 0 <= n <= len(self.queries):
            raise ValueError(f"a plan of {len(self.queries)} questions has no first {n}")
        certain: set[str] = set()
        while True:
            rest = {entry.query_id: entry.share for entry in self.queries if entry.query_id not in certain}
            if not rest:
                return dict.fromkeys(certain, 1.0)
            scale = (n - len(certain)) / sum(rest.values())
            # A hair below 1: what is certain must not depend on how a sum was rounded.
            new = {query_id for query_id, share in rest.items() if scale * share >= 1 - 1e-9}
            if not new:
                return dict.fromkeys(certain, 1.0) | {query_id: scale * share for query_id, share in rest.items()}
            certain |= new


def draw_plan(
    pool: Pool,
    predictor: Predictor,
    *,
    seed: int = 0,
    uniform_part: float = UNIFORM_PART,
    floor: float = FLOOR,
) -> Plan:
    """Order the questions of a pool for grading, those that tell the arms apart more probably first.

    A question's size is `uniform_part` plus the rest times its uncertainty x disagreement, relative to their mean, and at
    least `floor` times the largest size. Questions are ordered by permanent random number / size (sequential Poisson
    sampling), so that the first n are a sample with probabilities proportional to size for every n.

    Args:
        pool: the arms' first k.
        predictor: predicted chances of failure.
        seed: of the permanent random numbers.
        uniform_part: 0 to 1; 1 draws every question with the same probability.
        floor: above 0, at most 1.

    Raises:
        ValueError: `uniform_part` or `floor` is out of range.
    """
    if not (0 <= uniform_part <= 1 and 0 < floor <= 1):
        raise ValueError(f"uniform_part must be 0 to 1 and floor above 0 up to 1; found {uniform_part} and {floor}")
    telling = {
        query_id: (_uncertainty(query_id, tops, predictor), disagreement(tops)) for query_id, tops in pool.tops.items()
    }
    sizes = _sizes({query_id: u * d for query_id, (u, d) in telling.items()}, uniform_part, floor)
    total = sum(sizes.values())
    order = sorted(sizes, key=lambda query_id: (permanent(seed, query_id) / sizes[query_id], query_id))
    queries = tuple(Planned(query_id, sizes[query_id] / total, *telling[query_id]) for query_id in order)
    return Plan(queries, seed, pool.k, uniform_part, floor)


def _uncertainty(query_id: str, tops: Mapping[str, object], predictor: Predictor) -> float:
    chance = fmean(predictor.fails[arm][query_id] for arm in tops)
    return 4 * chance * (1 - chance)


def _sizes(telling: Mapping[str, float], uniform_part: float, floor: float) -> dict[str, float]:
    mean = fmean(telling.values()) if telling else 0.0
    if mean <= 0:
        return dict.fromkeys(telling, 1.0)
    sizes = {query_id: uniform_part + (1 - uniform_part) * value / mean for query_id, value in telling.items()}
    least = floor * max(sizes.values())
    return {query_id: max(size, least) for query_id, size in sizes.items()}
