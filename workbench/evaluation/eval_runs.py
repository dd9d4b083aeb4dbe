"""What the client's evaluation runs can tell: intervals, metrics, trust, live scoring (E-04, 13, 15, 18).

It reads recorded runs and the log; it scores no answer itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from workbench.intervals import wilson
from workbench.observing import (
    Signal,
    first_sources,
    in_utc,
    listed,
    of,
    seen_if,
    share_observation,
    share_status,
    unknown,
)
from workbench.records import CaseInputs, EvalRun, Observation

PASSING = 0.80
DISLIKED_LIMIT = 0.40
LIVE_WINDOW = timedelta(days=30)

RETRIEVAL_METRIC = re.compile(
    r"context|retriev|recall|ndcg|\bmrr|hit[_ ]?rate|success@|precision[_ ]?(at|@)", re.IGNORECASE
)
_NO_RUNS = "No evaluation runs were handed over."


def bare_scores(inputs: CaseInputs) -> Observation:
    """E-04. Seen: more than half of the runs keep only an aggregate score, with no item scores to count (share rule)."""
    runs = inputs.evals.runs
    if not runs:
        return unknown("E-04", _NO_RUNS)
    bare = [run for run in runs if not run.scores and not run.passed]
    finding = f"{of(len(runs) - len(bare), len(runs))} evaluation runs keep the score of each question"
    finding += "; the others report a score with no number of questions and no interval." if bare else "."
    sources = [run.source for run in (bare or runs)]
    return share_observation("E-04", len(bare), len(runs), 0.5, finding, sources=sources, n_min=3)


def retrieval_metric(inputs: CaseInputs) -> Observation:
    """E-13. Seen: metrics are recorded and none of them is about retrieval."""
    names = metric_names(inputs)
    if not names:
        return unknown("E-13", "No evaluation run with named metrics was handed over.")
    retrieval = [name for name in names if RETRIEVAL_METRIC.search(name)]
    finding = (
        f"Retrieval is scored apart from the answer, by {listed(retrieval[:4])}."
        if retrieval
        else f"Only the answer is scored ({listed(names[:5])}); what was retrieved for it is not."
    )
    sources = first_sources(run.source for run in reversed(inputs.evals.runs))
    return Observation("E-13", seen_if(not retrieval), finding, sources, n=len(names))


def metric_names(inputs: CaseInputs) -> list[str]:
    """Names of all metrics of all runs, each once, sorted."""
    return sorted({name for run in inputs.evals.runs for name in (*run.scores, *run.summary)})


def trust_gap(inputs: CaseInputs) -> Observation:
    """E-15. Seen: the newest run with verdicts passes 80 % or more while more than 40 % of ratings are dislikes (share rule).

    Full weight from 30 ratings. Clean as well when the harness itself reports failure: then nobody is misled.
    """
    run = _newest_with_verdicts(inputs)
    rated = [line for line in inputs.log.interactions if line.feedback]
    if run is None or not rated:
        return unknown("E-15", "Needs an evaluation run with a verdict per question and a log with users' ratings.")
    passed, n = sum(run.passed.values()), len(run.passed)
    disliked = [line for line in rated if (line.feedback or 0) < 0]
    gap = share_status(wilson(len(disliked), len(rated)), DISLIKED_LIMIT)
    status = gap if passed / n >= PASSING else "clean"
    finding = (
        f"The newest evaluation passes {of(passed, n)} questions; users liked {_liked(len(rated), len(disliked))}."
    )
    sources = first_sources([run.source, *(line.source for line in disliked)])
    return Observation(
        "E-15", status, finding, sources, n=len(rated), n_min=30, value=wilson(len(disliked), len(rated))
    )


def _liked(rated: int, disliked: int) -> str:
    return f"{of(rated - disliked, rated)} rated answers"


def _newest_with_verdicts(inputs: CaseInputs) -> EvalRun | None:
    oldest = datetime.min.replace(tzinfo=UTC)
    runs = [run for run in inputs.evals.runs if run.passed]
    return max(runs, key=lambda run: in_utc(run.at) if run.at else oldest, default=None)


def live_scores(inputs: CaseInputs) -> Observation:
    """E-18. Seen: no answer of the last 30 logged days was reviewed, or scored in a run that names it.

    Quality 0.7 where nothing was found: live scores may be kept outside the files handed over.
    """
    dated = [line for line in inputs.log.interactions if line.at is not None]
    if not dated:
        return unknown("E-18", "No log with times was handed over.")
    newest = max(in_utc(line.at) for line in dated if line.at is not None)
    recent = [line for line in dated if line.at is not None and newest - in_utc(line.at) <= LIVE_WINDOW]
    scored_ids = {item_id for run in inputs.evals.runs for scores in run.scores.values() for item_id in scores}
    scored = [line for line in recent if line.review is not None or line.interaction_id in scored_ids]
    finding = f"{of(len(scored), len(recent))} answers of the 30 days to {newest.date()} were reviewed or scored."
    sources = first_sources(line.source for line in scored or recent)
    quality = 1.0 if scored else 0.7
    value = wilson(len(scored), len(recent))
    return Observation("E-18", seen_if(not scored), finding, sources, quality, len(recent), 30, value)


SIGNALS: Mapping[str, Signal] = {
    "E-04": bare_scores,
    "E-13": retrieval_metric,
    "E-15": trust_gap,
    "E-18": live_scores,
}
