"""Whether the newest run is precise enough for what is decided on it: its interval against levels and claimed margins (E-03).

It takes the scores as recorded; whether they mean anything is judged in `eval_runs` and `judge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.evaluation.levels import Claim, Level, claims, levels
from workbench.evaluation.run_pairs import PASSED, item_scores
from workbench.evaluation.statistics import MIN_UNITS, mean_estimate
from workbench.numbers import measured
from workbench.observing import Signal, counted, first_sources, in_utc, of, unknown
from workbench.records import CaseInputs, Estimate, EvalRun, Observation, Source, Status

SEED = 20261123
UNDECIDED_LIMIT = 0.5


@dataclass(frozen=True, slots=True)
class Held:
    """One thing a score is held against.

    Attributes:
        gap: what the half width must stay below: distance to the level, or the claimed margin.
        said: it in words.
    """

    metric: str
    score: Estimate
    gap: float
    said: str
    source: Source

    @property
    def undecided(self) -> bool:
        """Whether the interval is too wide: its half on the side of the level reaches it."""
        return half_width(self.score) > self.gap


def half_width(score: Estimate) -> float:
    """Half the width of an interval, in the unit of the score; infinite where it has none.

    >>> half_width(Estimate(0.8, 0.7, 0.88, 60, "wilson"))
    0.09
    """
    if score.low is None or score.high is None:
        return float("inf")
    return round((score.high - score.low) / 2, 12)


def precise_enough(inputs: CaseInputs) -> Observation:
    """E-03. Seen: half of what the newest run is held against, or more, is finer than its intervals.

    Held against: levels stated in settings, eval code, the case file and papers (finer: the 95 % interval's half width is larger
    than the distance of the score to the level), and margins claimed in words (larger than the margin). One level that happens
    to lie near the score among several that are decided is clean: no set decides every level.
    """
    run = newest_scored(inputs)
    if run is None:
        return unknown("E-03", "No evaluation run with a score or a verdict for each question was handed over.")
    scores = _estimates(run)
    stated, claimed = levels(inputs, list(scores)), claims(inputs, list(scores))
    held = [_at_level(scores[level.metric], level) for level in stated]
    held += [_at_claim(scores[claim.metric], claim) for claim in claimed]
    if not held:
        widest = max(scores.items(), key=lambda pair: half_width(pair[1]))
        finding = f"No level and no claimed margin was found to hold the newest run against ({_said(*widest)})."
        return unknown("E-03", finding, [run.source])
    return _observation(run, held)


def newest_scored(inputs: CaseInputs) -> EvalRun | None:
    """The newest run with at least five items scored; dated ones before undated ones."""
    runs = [run for run in inputs.evals.runs if max(map(len, item_scores(run).values()), default=0) >= MIN_UNITS]
    dated = [run for run in runs if run.at is not None]
    if dated:
        return max(dated, key=lambda run: in_utc(run.at).timestamp() if run.at else 0.0)
    return runs[-1] if runs else None


def _estimates(run: EvalRun) -> dict[str, Estimate]:
    """Means of the metrics between 0 and 1, with their intervals."""
    kept = {metric: list(scores.values()) for metric, scores in item_scores(run).items() if len(scores) >= MIN_UNITS}
    rng = np.random.default_rng(SEED)
    return {
        metric: mean_estimate(values, rng) for metric, values in kept.items() if min(values) >= 0 and max(values) <= 1
    }


def _at_level(score: Estimate, level: Level) -> Held:
    gap = abs((score.value or 0.0) - level.value)
    return Held(level.metric, score, gap, f"the level {level.value:.2f}", level.source)


def _at_claim(score: Estimate, claim: Claim) -> Held:
    return Held(claim.metric, score, claim.margin, f"a claimed margin of {claim.margin:.3g}", claim.source)


def _observation(run: EvalRun, held: list[Held]) -> Observation:
    open_ones = sorted((one for one in held if one.undecided), key=lambda one: one.gap - half_width(one.score))
    status: Status = "seen" if len(open_ones) >= UNDECIDED_LIMIT * len(held) else "clean"
    shown = open_ones[0] if open_ones else min(held, key=lambda one: one.gap - half_width(one.score))
    cannot = f"{of(len(open_ones), len(held))} levels and margins are finer than the newest run can tell"
    finding = (
        f"{cannot}{': ' if open_ones else '; the nearest: '}{_said(shown.metric, shown.score)} against {shown.said}."
    )
    sources = first_sources([shown.source, run.source, *(one.source for one in (*open_ones, *held))])
    return Observation("E-03", status, finding, sources, n=shown.score.n, value=shown.score)


def _said(metric: str, score: Estimate) -> str:
    name = "pass rate" if metric == PASSED else metric.replace("_", " ")
    return f"{name} {measured(score, share=metric == PASSED)} on {counted(score.n, 'item')}"


SIGNALS: Mapping[str, Signal] = {"E-03": precise_enough}
