"""How an interval narrows as more questions are graded, if those to come are like those graded.

It forecasts widths alone. When a difference will be shown is not forecast: who stops as soon as it is finds differences that
are not there (docs/few_labels.md).
"""

from __future__ import annotations

import math

from workbench.evaluation.few_labels.powered import MIN_QUERIES, PSEUDO, Kind
from workbench.records import Estimate


def width_of(estimate: Estimate) -> float | None:
    """Upper bound less lower bound; None where nothing is measured."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    return estimate.high - estimate.low


def width_at(estimate: Estimate, questions: int, kind: Kind) -> float | None:
    """The width of the interval after so many questions in all; None where nothing is measured, or below `MIN_QUERIES`.

    With n questions and J pseudo-questions the width goes with t(n - 1) / sqrt(n + J): the variance of a share or a difference
    stays what it is. The tuning of the predictions and the cut at 0 and 1 are taken as they are.

    >>> round(width_at(Estimate(0.3, 0.2, 0.4, 21, "t"), 96, "share"), 4), round(0.2 * 1.98525 / 2.08596 * (25 / 100) ** 0.5, 4)
    (0.0952, 0.0952)
    """
    from scipy.special import stdtrit

    now = width_of(estimate)
    if now is None or min(questions, estimate.n) < MIN_QUERIES:
        return None
    if estimate.method == "exact":
        return now
    extra = PSEUDO[kind].count
    narrower = float(stdtrit(questions - 1, 0.975) / stdtrit(estimate.n - 1, 0.975))
    return now * narrower * math.sqrt((estimate.n + extra) / (questions + extra))


def questions_for(estimate: Estimate, width: float, most: int, kind: Kind) -> int | None:
    """How many questions in all it takes until the interval is no wider; None where it is not measured, or more than `most`.

    >>> questions_for(Estimate(0.3, 0.2, 0.4, 21, "t"), 0.0952, 200, "share")
    96
    >>> questions_for(Estimate(0.3, 0.2, 0.4, 21, "t"), 0.0952, 90, "share") is None
    True
    """
    now = width_of(estimate)
    if now is None:
        return None
    if now <= width:
        return estimate.n

    def enough(questions: int) -> bool:
        then = width_at(estimate, questions, kind)
        return then is not None and then <= width

    few, many = estimate.n, most
    if many <= few or not enough(many):
        return None
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many
