"""Two runs of a client's harness laid side by side, item by item: which metrics can be compared, and whether they differ.

It tests; intervals, verdicts and what was shipped are put together in `regressions`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.evaluation.resampling import Values, sign_flip_p_value
from workbench.evaluation.statistics import MIN_UNITS, holm, randomisation_p_value
from workbench.records import EvalRun

PASSED = "passed"
"""Name of the verdicts of a run among its metrics."""
SEED = 20261123
LARGEST_SCORE = 1e12
SMALL_P = 0.001
FINE_RESAMPLES = 99_999

LOWER_IS_BETTER = re.compile(
    r"halluc|toxic|bias|laten|cost|token|second|duration|error|fail|harm|leak|noise|(^|_)(wer|cer|time)($|_)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pairing:
    """One metric of two runs on the items both scored.

    Attributes:
        items: ids, sorted. before, after: values in that order.
        p_value: of "the runs are exchangeable on each item". p_corrected: after Holm over all metrics of this pair of runs.
    """

    metric: str
    items: tuple[str, ...]
    before: Values
    after: Values
    p_value: float
    p_corrected: float

    @property
    def binary(self) -> bool:
        """Whether all values are 0 or 1."""
        return _binary(self.before, self.after)

    @property
    def gains(self) -> Values:
        """Later minus earlier, turned round where lower is better: above 0 the item improved."""
        difference = self.after - self.before
        return -difference if lower_is_better(self.metric) else difference


def lower_is_better(metric: str) -> bool:
    """Whether a smaller value of a metric is the better one, by its name.

    >>> lower_is_better("hallucination"), lower_is_better("latency_ms"), lower_is_better("context_recall")
    (True, True, False)
    """
    return bool(LOWER_IS_BETTER.search(metric))


def item_scores(run: EvalRun) -> dict[str, Mapping[str, float]]:
    """Metric -> item -> value of what a run scored item by item; its verdicts are the metric "passed".

    Values that are no numbers, or beyond 1e12, are left out.
    A metric with a single value under an id no other metric has is an aggregate that stood in a table of its own: left out.
    A metric that repeats the verdicts of the run under another name is left out as well, so that nothing is counted twice.
    """
    verdicts = {item: float(verdict) for item, verdict in run.passed.items()}
    several = {item for scores in run.scores.values() if len(scores) > 1 for item in scores} | verdicts.keys()
    numbers = {metric: _numbers(scores) for metric, scores in sorted(run.scores.items())}
    kept: dict[str, Mapping[str, float]] = {
        metric: scores
        for metric, scores in numbers.items()
        if scores and dict(scores) != verdicts and not _aggregate(scores, several)
    }
    return {PASSED: verdicts, **kept} if verdicts else kept


def _numbers(scores: Mapping[str, float]) -> dict[str, float]:
    return {item: score for item, score in scores.items() if abs(score) <= LARGEST_SCORE}


def _aggregate(scores: Mapping[str, float], several: set[str]) -> bool:
    return len(scores) == 1 and bool(several) and not scores.keys() & several


def stated_scores(run: EvalRun) -> dict[str, float]:
    """Metric -> aggregate of a run that keeps no item scores for it."""
    scored = item_scores(run)
    verdicts = {item: float(verdict) for item, verdict in run.passed.items()}
    alone = {
        metric: next(iter(scores.values()))
        for metric, scores in run.scores.items()
        if len(scores) == 1 and metric not in scored and dict(scores) != verdicts
    }
    return {metric: value for metric, value in {**run.summary, **alone}.items() if metric not in scored}


def pairings(before: EvalRun, after: EvalRun) -> tuple[Pairing, ...]:
    """Every metric both runs scored on at least five common items, tested; Holm over these metrics.

    McNemar's exact test where all values are 0 or 1, else random signs, with a seed of its own for every pair of runs.
    """
    old, new = item_scores(before), item_scores(after)
    rng = np.random.default_rng(SEED)
    found: list[Pairing] = []
    for metric in (metric for metric in old if metric in new):
        items = tuple(sorted(old[metric].keys() & new[metric].keys()))
        if len(items) < MIN_UNITS:
            continue
        left, right = (np.array([side[metric][item] for item in items], dtype=np.float64) for side in (old, new))
        found.append(Pairing(metric, items, left, right, paired_p_value(left, right, rng), 1.0))
    corrected = holm([pair.p_value for pair in found])
    return tuple(
        Pairing(pair.metric, pair.items, pair.before, pair.after, pair.p_value, p)
        for pair, p in zip(found, corrected, strict=True)
    )


def paired_p_value(before: Values, after: Values, rng: np.random.Generator) -> float:
    """Two-sided p-value of "no item tends to either run": McNemar's where all values are 0 or 1, else random signs.

    A small p-value of random signs is drawn again ten times as finely: 9,999 draws know none below 0.0002, and a correction over
    some hundred comparisons would leave nothing of it.
    """
    if _binary(before, after):
        return mcnemar_p_value(int((after < before).sum()), int((after > before).sum()))
    coarse = randomisation_p_value(after - before, rng)
    return sign_flip_p_value(after - before, rng, FINE_RESAMPLES) if coarse <= SMALL_P else coarse


def _binary(before: Values, after: Values) -> bool:
    return bool(np.isin(before, (0.0, 1.0)).all() and np.isin(after, (0.0, 1.0)).all())


def mcnemar_p_value(lost: int, gained: int) -> float:
    """McNemar's exact test: two-sided p-value of `lost` and `gained` items being equally likely.

    Nothing lost and nothing gained gives 1.

    Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12.

    >>> mcnemar_p_value(6, 0)
    0.03125
    """
    from scipy.special import bdtr

    if not lost + gained:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(lost, gained), lost + gained, 0.5)))
