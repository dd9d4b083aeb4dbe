"""Metrics held against levels: met, missed, undetermined or not measured, decided from the interval and never from the mean.

A target says nothing of why it is missed; that is for the rows and the diagnosis.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Literal

from workbench.answers.ragas_metrics import JUDGED
from workbench.answers.scoring import NOT_REACHED
from workbench.errors import InputError
from workbench.evaluation.statistics import FEW, POWER, SAME
from workbench.numbers import count, percent
from workbench.records import Estimate, MetricSummary, Target, TargetVerdict

PRODUCTION_TARGETS: Mapping[str, float] = {"faithfulness": 0.9, "answer_relevancy": 0.85, "context_precision": 0.8}
"""Levels that are usually asked for before production; the value must lie above."""

LEAST_COVERAGE = 0.9
"""Share of the rows that could be judged which must be scored: what fails may be what is bad."""

NO_JUDGE = "no model was asked to judge"

MOST_MORE_ROWS = 1_000_000
"""Above this a number of further rows says no more than that the mean lies on the level."""


def targets(summaries: Sequence[MetricSummary], case_targets: Mapping[str, float] | None = None) -> tuple[Target, ...]:
    """The production targets, and after them the case's own for metrics of answers.

    Args:
        summaries: of all metrics that were tried.
        case_targets: levels of `case.toml`, by metric; those for other things are left alone.

    Raises:
        InputError: a level outside 0 to 1.
    """
    found = {summary.metric: summary for summary in summaries}
    wanted: list[tuple[str, float, Literal["production", "case"]]] = [
        (metric, level, "production") for metric, level in PRODUCTION_TARGETS.items()
    ]
    for metric, level in (case_targets or {}).items():
        if metric in JUDGED or metric in found:
            wanted.append((metric, _level(metric, level), "case"))
    return tuple(_target(metric, level, set_by, found.get(metric)) for metric, level, set_by in wanted)


def _level(metric: str, level: float) -> float:
    if not 0 <= level <= 1:
        raise InputError(f"case.toml: [targets] {metric} is {level:g}, expected a level from 0 to 1, like 0.9")
    return level


def _target(metric: str, level: float, set_by: Literal["production", "case"], summary: MetricSummary | None) -> Target:
    if summary is None:
        return Target(metric, level, set_by, "not_measured", Estimate.not_measured(NO_JUDGE), reason=NO_JUDGE)
    verdict, more_rows, reason = _decided(summary, level)
    return Target(
        metric=metric,
        level=level,
        set_by=set_by,
        verdict=verdict,
        value=summary.value,
        scored=summary.scored,
        undefined=summary.undefined,
        failed=summary.failed,
        more_rows=more_rows,
        reason=reason,
        embedding=summary.embedding,
    )


def _decided(summary: MetricSummary, level: float) -> tuple[TargetVerdict, int | None, str | None]:
    value = summary.value
    if value.value is None or value.low is None or value.high is None:
        return "not_measured", None, value.reason
    missing = _too_few_scored(summary)
    if missing:
        return "undetermined", None, missing
    if value.method == FEW:
        return "undetermined", None, f"only {summary.scored} of the rows have a value; five at least are needed"
    if value.low > level:
        return "met", None, None
    if value.high <= level:
        return "missed", None, None
    return "undetermined", more_rows(value, level), "the interval holds the level"


def _too_few_scored(summary: MetricSummary) -> str | None:
    left = summary.reasons.get(f"skipped: {NOT_REACHED}", 0)
    could = summary.scored + summary.failed + left
    if summary.scored >= LEAST_COVERAGE * could:
        return None
    lost = [f"{count(summary.failed)} failed"] if summary.failed else []
    lost += [f"{count(left)} were not reached"] if left else []
    share = percent(summary.scored / could, could)
    return f"only {share} of the {count(could)} rows that could be judged have a value; {' and '.join(lost)}"


def more_rows(value: Estimate, level: float) -> int | None:
    """Further rows until the interval can be expected (80 %) to leave the level out, were the rest like those seen.

    None where the mean lies on the level, and nothing can be expected.

    >>> more_rows(Estimate(0.95, 0.89, 0.98, 100, "bootstrap BCa"), 0.9)
    195
    """
    if value.value is None or value.low is None or value.high is None:
        return None
    gap = abs(value.value - level)
    if gap == 0:
        return None
    normal = NormalDist()
    certain, powered = normal.inv_cdf(0.5 + value.level / 2), normal.inv_cdf(POWER)
    if value.method == "wilson":
        at_level, seen = (math.sqrt(share * (1 - share)) for share in (level, value.value))
        rows = ((certain * at_level + powered * seen) / gap) ** 2
    else:
        width = value.value - value.low if value.value > level else value.high - value.value
        shrinking = width / gap
        # An interval by the rule of three shrinks with n, any other with its root.
        rows = value.n * (shrinking if value.method == SAME else (shrinking * (1 + powered / certain)) ** 2)
    more = math.ceil(rows) - value.n
    return max(1, more) if more <= MOST_MORE_ROWS else None
