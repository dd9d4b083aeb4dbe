"""What the client's evaluation runs can tell: intervals, metrics, trust, live scoring (E-04, 13, 15, 18).

It reads recorded runs and the log; it scores no answer itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from workbench.evaluation.precision import newest_scored
from workbench.evaluation.rank_agreement import spearman_estimate
from workbench.evaluation.run_pairs import PASSED, item_scores, lower_is_better
from workbench.intervals import wilson
from workbench.numbers import measured
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
from workbench.records import CaseInputs, Estimate, EvalItem, EvalRun, Interaction, Observation, Status

PASSING = 0.80
DISLIKED_LIMIT = 0.40
LEAST_AGREEMENT = 0.2
CLEAR_AGREEMENT = 0.5
"""A low rank correlation counts when its interval ends below this: a correlation that people would call moderate is then out."""
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
    """E-15. Seen: the tests say one thing and users another, in sum or item by item.

    In sum: the newest run with verdicts passes 80 % or more while more than 40 % of ratings are dislikes (share rule; full weight
    from 30 ratings; clean as well when the harness itself reports failure, for then nobody is misled). Item by item: where items
    were made from logged questions, the rank correlation of an item's score with what users thought of the answer to its
    question is below 0.2, with the whole interval below 0.5 (full weight from 30 items).
    """
    in_sum, by_item = _gap_in_sum(inputs), _gap_by_item(inputs)
    if by_item is None:
        return in_sum
    if in_sum.status == "unknown" or (by_item.status == "seen" and in_sum.status != "seen"):
        first, second = by_item, in_sum
    else:
        first, second = in_sum, by_item
    said = f"{first.finding} {second.finding}" if second.n else first.finding
    return replace(first, finding=said, sources=first_sources([*first.sources[:3], *second.sources]))


def _gap_in_sum(inputs: CaseInputs) -> Observation:
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


def _gap_by_item(inputs: CaseInputs) -> Observation | None:
    """The second half of E-15; None where no metric can be held against feedback on at least ten of the same items."""
    run = newest_scored(inputs)
    agreement = score_and_feedback(inputs)
    if run is None or agreement is None or agreement.value is None or agreement.high is None:
        return None
    low = agreement.value < LEAST_AGREEMENT
    status: Status = "clean" if not low else "seen" if agreement.high < CLEAR_AGREEMENT else "unknown"
    order = "do not order" if status == "seen" else "order" if status == "clean" else "may not order"
    finding = (
        f"On {agreement.n} items made from rated questions the test scores {order} the answers as users do:"
        f" rank correlation {measured(agreement)}."
    )
    rated = _rated_items(inputs)
    sources = first_sources(place for item, line in rated[:2] for place in (run.source, item.source, line.source))
    return Observation("E-15", status, finding, sources, n=agreement.n, n_min=30, value=agreement)


def score_and_feedback(inputs: CaseInputs) -> Estimate | None:
    """Rank correlation of the newest run's score of an item with the feedback on the logged question it was made from.

    The score is the verdict where the run states verdicts, else the mean of its metrics between 0 and 1. None without a run.
    """
    run = newest_scored(inputs)
    if run is None:
        return None
    score = _item_values(run)
    pairs = [(score[item.item_id], line.feedback or 0) for item, line in _rated_items(inputs) if item.item_id in score]
    return spearman_estimate([one for one, _ in pairs], [float(two) for _, two in pairs])


def _item_values(run: EvalRun) -> dict[str, float]:
    scores = item_scores(run)
    if PASSED in scores:
        return dict(scores[PASSED])
    kept = {
        metric: values
        for metric, values in scores.items()
        if not lower_is_better(metric) and all(0 <= one <= 1 for one in values.values())
    }
    items = {item for values in kept.values() for item in values}
    found = {item: [values[item] for values in kept.values() if item in values] for item in sorted(items)}
    return {item: sum(values) / len(values) for item, values in found.items()}


def _rated_items(inputs: CaseInputs) -> list[tuple[EvalItem, Interaction]]:
    """Items made from a logged question that users rated, with that line of the log."""
    rated = {line.interaction_id: line for line in inputs.log.interactions if line.feedback}
    pairs = ((item, rated.get(item.source_trace_id or "")) for item in inputs.evals.items)
    return [(item, line) for item, line in pairs if line is not None]


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
    scored_in = (*inputs.evals.runs, *inputs.evals.live)
    scored_ids = {item_id for run in scored_in for scores in run.scores.values() for item_id in scores}
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
