"""From grades to what they say: each arm's share of failures and each pair's difference, with intervals.

A question fails for an arm when none of its first k documents has a grade of 2 or 3. Only questions the plan drew count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from workbench.evaluation.few_labels.agreement import same_documents
from workbench.evaluation.few_labels.plan import Plan
from workbench.evaluation.few_labels.pool import Pool, pool_of
from workbench.evaluation.few_labels.powered import Kind, powered_mean
from workbench.evaluation.few_labels.predictor import Predictor, agreement_predictor
from workbench.evaluation.few_labels.standing import standing
from workbench.ingest.grades import Grade
from workbench.records import Estimate, FewLabels, PoweredDifference, PoweredEstimate, Run

Value = Callable[[str], float]
"""Something known of a question."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The sample: questions that count, their probabilities, and whether each arm fails them."""

    pool: Pool
    counted: tuple[str, ...]
    probability: Mapping[str, float]
    fails: Mapping[str, Mapping[str, bool]]
    predictor: Predictor
    seed: int
    level: float

    def asked(self, *arms: str) -> list[str]:
        """Questions all of these arms were asked."""
        return [query_id for query_id, tops in self.pool.tops.items() if tops.keys() >= set(arms)]

    def mean(self, queries: Sequence[str], outcome: Value, prediction: Value, kind: Kind) -> PoweredEstimate:
        """Estimate of the mean outcome over some questions."""
        own = set(queries)
        graded = [query_id for query_id in self.counted if query_id in own]
        return powered_mean(
            np.array([outcome(query_id) for query_id in graded], dtype=np.float64),
            np.array([prediction(query_id) for query_id in graded], dtype=np.float64),
            np.array([prediction(query_id) for query_id in queries], dtype=np.float64),
            np.array([1 / self.probability[query_id] for query_id in graded], dtype=np.float64),
            kind=kind,
            rng=np.random.default_rng(self.seed),
            level=self.level,
        )


def few_labels(
    plan: Plan,
    grades: Iterable[Grade],
    runs: Mapping[str, Run],
    predictor: Predictor | None = None,
    *,
    pool: Pool | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
    level: float = 0.95,
) -> FewLabels:
    """What the grades given so far say about each arm and each pair of arms.

    Args:
        plan: as `draw_plan` drew it for these arms; it need not be drawn with this predictor.
        grades: all grades of the case in the order they were given.
        runs: arm -> what it retrieved. An arm without an entry for a question was not asked it, and is estimated over the
            questions it was asked; one that keeps fewer than k documents is not measured.
        predictor: predicted chances of failure; None is the agreement of the arms.
        pool: the pool of these runs, where it is known already; None makes it.
        pairs: baseline and candidate of each difference; None is every pair in the order of the arms.
        level: confidence level.
    """
    pool = pool or pool_of(runs, k=plan.k, seed=plan.seed)
    stands = standing(plan, pool, grades)
    outcomes = {query_id: pool.outcomes(query_id, stands.grades) for query_id in stands.counted}
    chosen = predictor or agreement_predictor(runs, k=plan.k)
    drawn = _Drawn(
        pool,
        stands.counted,
        plan.inclusion(len(stands.counted)),
        {q: {arm: not succeeded for arm, succeeded in by_arm.items()} for q, by_arm in outcomes.items()},
        chosen,
        plan.seed,
        level,
    )
    wanted = pairs if pairs is not None else tuple(combinations(runs, 2))
    return FewLabels(
        k=plan.k,
        graded=stands.given,
        queries=len(stands.counted),
        outside=len(stands.outside),
        arms={arm: _share(drawn, runs[arm]) for arm in runs},
        differences=tuple(
            PoweredDifference(baseline, candidate, _difference(drawn, runs[baseline], runs[candidate]))
            for baseline, candidate in wanted
            if baseline in runs and candidate in runs
        ),
        predictor=chosen.name,
    )


def _share(drawn: _Drawn, run: Run) -> PoweredEstimate:
    if run.depth < drawn.pool.k:
        return _too_shallow(drawn, run)
    chances = drawn.predictor.fails[run.name]
    return drawn.mean(drawn.asked(run.name), lambda q: drawn.fails[q][run.name], chances.__getitem__, "share")


def _difference(drawn: _Drawn, baseline: Run, candidate: Run) -> PoweredEstimate:
    for run in (baseline, candidate):
        if run.depth < drawn.pool.k:
            return _too_shallow(drawn, run)
    first, second = baseline.name, candidate.name
    queries = drawn.asked(first, second)
    differing = {q for q in queries if not same_documents(drawn.pool.tops[q][first], drawn.pool.tops[q][second])}
    if queries and not differing:
        nothing = Estimate.exact(0.0, len(queries))
        return PoweredEstimate(nothing, nothing)
    before, after = drawn.predictor.fails[first], drawn.predictor.fails[second]
    found = drawn.mean(
        queries,
        lambda q: float(drawn.fails[q][second]) - float(drawn.fails[q][first]),
        # Where both return the same documents the difference is 0 whatever was predicted for either.
        lambda q: after[q] - before[q] if q in differing else 0.0,
        "difference",
    )
    most = len(differing) / len(queries) if queries else 1.0
    return PoweredEstimate(_within(found.estimate, most), _within(found.human_only, most))


def _within(estimate: Estimate, most: float) -> Estimate:
    """Bounds no wider than the share of questions on which the two arms return different documents at all."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate
    value, low, high = (min(most, max(-most, bound)) for bound in (estimate.value, estimate.low, estimate.high))
    return replace(estimate, value=value, low=low, high=high)


def _too_shallow(drawn: _Drawn, run: Run) -> PoweredEstimate:
    missing = Estimate.not_measured(
        f"{run.name} keeps {run.depth} results a question, too few to look at {drawn.pool.k}"
    )
    return PoweredEstimate(missing, missing)
