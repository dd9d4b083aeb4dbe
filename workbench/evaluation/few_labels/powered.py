"""Prediction-powered means: a few outcomes by people, predictions for all questions, and an interval that holds either way.

It is arithmetic over arrays, one entry a question; documents of one question are never treated as independent. What is
estimated, and from which grades, is decided in `estimates`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.records import Estimate, PoweredEstimate

MIN_QUERIES = 10
"""Below this nothing is measured: the half on which lambda is fitted would hold fewer than five questions."""
CROSS_FIT_BELOW = 50
"""Fewer questions than this fit lambda on one half and use it on the other."""

Values = npt.NDArray[np.float64]
Kind = Literal["share", "difference"]


@dataclass(frozen=True, slots=True)
class PseudoQuestions:
    """Questions added to the sample for the interval, so that outcomes that are all alike do not claim certainty."""

    count: float
    total: float
    squares: float
    bounds: tuple[float, float]
    source: str


PSEUDO: dict[Kind, PseudoQuestions] = {
    "share": PseudoQuestions(4, 2, 2, (0.0, 1.0), "plus four"),  # two failures, two successes: Agresti & Coull 1998
    "difference": PseudoQuestions(2, 0, 2, (-1.0, 1.0), "Bonett-Price"),  # one for either arm: Bonett & Price 2012
}


def powered_mean(
    outcomes: Values,
    predicted: Values,
    everywhere: Values,
    weights: Values,
    *,
    kind: Kind,
    rng: np.random.Generator,
    level: float = 0.95,
) -> PoweredEstimate:
    """Mean outcome over all questions from a sample of them, with and without the predictions.

    `theta = mean_N(F) lambda + sum w (Y - lambda F) / sum w`, w = 1 / probability of being drawn (equal weights: PPI++ as in
    Angelopoulos, Duchi & Zrnic 2023, arXiv 2311.01453; others: the difference estimator of Särndal, Swensson & Wretman 1992).
    lambda = cov(Y, F) / ((1 + n / N) var(F)) in squared weights, kept within 0 to 1, fitted on the other half of the sample
    below 50 questions. The variance is that of drawing with replacement plus lambda^2 var_N(F) / N, with no correction for the
    share of the questions graded: it speaks for questions like these too. Bounds: t with Kish's effective sample size less 1,
    after adding pseudo-questions (`PSEUDO`).

    Args:
        outcomes: of the n questions graded.
        predicted: predictions for the same questions.
        everywhere: predictions for all N questions, those graded among them.
        weights: 1 / probability of being drawn of each question graded.
        kind: "share" for 0 or 1, "difference" for -1, 0 or 1.
        rng: splits the sample in halves.
        level: confidence level.

    Returns:
        Not measured below `MIN_QUERIES` questions, with the reason.
    """
    n = len(outcomes)
    if n < MIN_QUERIES:
        reason = (
            "no question is graded to the end"
            if n == 0
            else f"{n} of the {MIN_QUERIES} graded questions an interval needs"
        )
        return PoweredEstimate(Estimate.not_measured(reason, n), Estimate.not_measured(reason, n))
    centred = predicted - everywhere.mean()
    weighted = "" if np.ptp(weights) == 0 else "weighted "
    rules = PSEUDO[kind]
    tuned = _tuning(outcomes, centred, weights, len(everywhere), rng)
    extra = float(tuned.mean()) ** 2 * (float(everywhere.var(ddof=1)) / len(everywhere) if len(everywhere) > 1 else 0.0)
    powered = _interval(outcomes - tuned * centred, weights, extra, rules, level)
    alone = _interval(outcomes, weights, 0.0, rules, level)
    return PoweredEstimate(
        Estimate(*powered, n, f"{weighted}PPI++, lambda {tuned.mean():.2f}, {rules.source}, t", level),
        Estimate(*alone, n, f"{weighted}grades alone, {rules.source}, t", level),
    )


def power_tuning(outcomes: Values, predicted: Values, weights: Values, population: int) -> float:
    """How far to trust the predictions, 0 (not at all) to 1; 0 where they are all alike or point the wrong way.

    >>> power_tuning(np.array([0., 0., 1., 1.]), np.array([.2, .2, .7, .7]), np.ones(4), 10**9)
    1.0
    >>> power_tuning(np.array([0., 0., 1., 1.]), np.array([.7, .7, .2, .2]), np.ones(4), 10**9)
    0.0
    """
    squared = weights**2
    spread = predicted - np.average(predicted, weights=weights)
    variance = float(squared @ spread**2)
    if variance <= 1e-12:
        return 0.0
    covariance = float(squared @ (spread * (outcomes - np.average(outcomes, weights=weights))))
    return min(1.0, max(0.0, covariance / ((1 + len(outcomes) / population) * variance)))


def _tuning(outcomes: Values, predicted: Values, weights: Values, population: int, rng: np.random.Generator) -> Values:
    """The lambda of each question; below `CROSS_FIT_BELOW` from the half it is not in."""
    n = len(outcomes)
    if n >= CROSS_FIT_BELOW:
        return np.full(n, power_tuning(outcomes, predicted, weights, population))
    shuffled = rng.permutation(n)
    tuned = np.empty(n)
    for own, other in ((shuffled[: n // 2], shuffled[n // 2 :]), (shuffled[n // 2 :], shuffled[: n // 2])):
        tuned[own] = power_tuning(outcomes[other], predicted[other], weights[other], population)
    return tuned


def _interval(
    values: Values, weights: Values, extra: float, rules: PseudoQuestions, level: float
) -> tuple[float, float, float]:
    """Mean, low and high of weighted values."""
    from scipy import stats

    n, total = len(values), float(weights.sum())
    size = total**2 / float(weights @ weights)  # Kish 1965: equal weights give n
    mean = float(weights @ values) / total
    variance = n / (n - 1) * float(weights**2 @ (values - mean) ** 2) / total**2 + extra
    counted = size + rules.count
    centre = (size * mean + rules.total) / counted
    around = rules.squares - 2 * rules.total * centre + rules.count * centre**2
    spread = (size * size * variance + size * (mean - centre) ** 2 + around) / counted**2
    half = float(stats.t.ppf(0.5 + level / 2, size - 1)) * math.sqrt(spread)
    least, most = rules.bounds
    return (
        min(most, max(least, mean)),
        max(least, min(mean, centre - half)),
        min(most, max(mean, centre + half)),
    )
