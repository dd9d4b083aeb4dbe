"""Scores of rows put together: one metric over all rows, with what could not be scored always beside the value.

Whether a value is good enough is decided in `workbench.answers.targets`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.evaluation.statistics import difference_estimate, mean_estimate
from workbench.records import Estimate, MetricKind, MetricScore, MetricStatus, MetricSummary

DIGITS = 9
"""RAGAS adds 1e-10 to a denominator, so that a perfect context precision is a little under 1: rounded, it is 1."""


@dataclass(frozen=True, slots=True)
class About:
    """What a metric is; see `MetricSummary`. `embedded` tells that its values depend on an encoder."""

    title: str
    kind: MetricKind
    meaning: str
    embedded: bool = False


JUDGED_ABOUT: Mapping[str, About] = {
    "faithfulness": About(
        "faithfulness",
        "judged",
        "Share of the statements of an answer that the judge could infer from its contexts (RAGAS).",
    ),
    "answer_relevancy": About(
        "answer relevancy",
        "judged",
        "Mean cosine of the question with three questions the judge made from the answer; 0 for an evasive answer (RAGAS).",
        embedded=True,
    ),
    "context_precision": About(
        "context precision",
        "judged",
        "Average precision of the contexts in their order; each counts where the judge found it useful (RAGAS).",
    ),
    "context_recall": About(
        "context recall",
        "judged",
        "Share of the statements of the reference answer that the judge could attribute to the contexts (RAGAS).",
    ),
}
"""The metrics of RAGAS; those that need no judge bring their own account."""


def summarise(
    scores: Sequence[MetricScore],
    rng: np.random.Generator,
    *,
    about: Mapping[str, About] = JUDGED_ABOUT,
    embedding: str = "",
) -> tuple[MetricSummary, ...]:
    """One summary a metric, in the order in which metrics first appear among the scores.

    Args:
        scores: any number, of any metrics of `about`.
        rng: source of the resamples behind the intervals.
        about: what each metric is.
        embedding: name of the encoder, for metrics that depend on one.

    >>> scores = [MetricScore("1", "faithfulness", "ok", 1.0), MetricScore("2", "faithfulness", "failed", reason="HTTP 500")]
    >>> [found] = summarise(scores, np.random.default_rng(7))
    >>> found.scored, found.failed, dict(found.reasons)
    (1, 1, {'failed: HTTP 500': 1})
    """
    by_metric: dict[str, list[MetricScore]] = {}
    for score in scores:
        by_metric.setdefault(score.metric, []).append(score)
    return tuple(
        _summary(metric, own, about[metric], rng, embedding if about[metric].embedded else "")
        for metric, own in by_metric.items()
    )


def _summary(
    metric: str, scores: Sequence[MetricScore], about: About, rng: np.random.Generator, embedding: str
) -> MetricSummary:
    values = [score.value for score in scores if score.status == "ok" and score.value is not None]
    counts: Counter[MetricStatus] = Counter(score.status for score in scores)
    reasons = Counter(f"{score.status}: {score.reason}" for score in scores if score.status != "ok")
    return MetricSummary(
        metric=metric,
        title=about.title,
        kind=about.kind,
        value=_estimate(values, rng) if values else Estimate.not_measured(_why_none(scores)),
        scored=counts["ok"],
        undefined=counts["undefined"],
        failed=counts["failed"],
        skipped=counts["skipped"],
        reasons=dict(reasons.most_common()),
        embedding=embedding,
        meaning=about.meaning,
    )


def _estimate(values: Sequence[float], rng: np.random.Generator) -> Estimate:
    rounded = [round(value, DIGITS) for value in values]
    if min(rounded) >= 0:
        return mean_estimate(rounded, rng)
    # A cosine may be below 0, and an interval cut off at 0 would not hold its own mean.
    estimate = difference_estimate(rounded, rng)
    return replace(estimate, method=estimate.method.removeprefix("paired "))


def _why_none(scores: Sequence[MetricScore]) -> str:
    """Why no row has a value, where none has: what became of most of them, and the reason most of these have."""
    [(status, rows)] = Counter(score.status for score in scores).most_common(1)
    reasons = Counter(score.reason or "no reason given" for score in scores if score.status == status)
    [(reason, _)] = reasons.most_common(1)
    if status == "skipped" and reasons.total() == len(scores) and len(reasons) == 1:
        return f"{reason} in any row" if reason.startswith("no ") else reason
    return f"no row has a value; {rows} of {len(scores)} {status}{', mostly' if len(reasons) > 1 else ''}: {reason}"
