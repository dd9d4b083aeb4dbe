"""The client's runs in time: each beside the one before it and beside the pinned baseline, and drops that were shipped (E-16).

It compares what was recorded, item by item; whether the scores mean anything is judged in `eval_runs` and `judge`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np

from workbench.evaluation.releases import Release, releases_of
from workbench.evaluation.resampling import Values
from workbench.evaluation.run_pairs import (
    PASSED,
    SEED,
    Pairing,
    item_scores,
    lower_is_better,
    pairings,
    stated_scores,
)
from workbench.evaluation.statistics import ALPHA, EQUIVALENCE_MARGIN, difference_estimate, holm, mean_estimate, verdict
from workbench.numbers import p_value, points, signed
from workbench.observing import Signal, counted, first_sources, in_utc, listed, unknown
from workbench.records import CaseInputs, Estimate, EvalRun, Observation, RunChange, RunHistory, RunSummary, Status

MOST_PAIRS = 60
"""Pairs of consecutive runs that are compared, the newest ones: a nightly run of a year would keep the page waiting."""
MOST_FLIPPED = 200
"""Ids of items kept for one change."""
FULL_WEIGHT_RELEASES = 3

_BASELINE = re.compile(r"baseline|pinned|champion", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Runs:
    """The runs of a case, put in order.

    Attributes:
        ordered: runs of the harness in time; without any date in the order of their files.
        undated: whether that order is one of files only.
        baseline: the pinned run, not in `ordered`.
        notes: what was left out and why.
    """

    ordered: tuple[EvalRun, ...]
    undated: bool
    baseline: EvalRun | None
    notes: tuple[str, ...]


def run_history(inputs: CaseInputs) -> RunHistory:
    """The runs of a case compared: consecutive ones, and the newest one with the pinned baseline.

    Paired by item id, on metrics both runs scored on five items or more; Holm over the metrics of a pair of runs. At most the
    newest 60 pairs are compared. A file named like a baseline is one; tables without a date and without a metric of the dated
    runs (people's marks, live samples) are no runs of the harness and are named in the notes.
    """
    runs = _runs_of(inputs)
    known = releases_of(inputs)
    pairs = list(pairwise(runs.ordered))
    shipped = {} if runs.undated else _shipped(runs.ordered, known)
    compared = pairs[-MOST_PAIRS:]
    changes = [change for before, after in compared for change in _changes(before, after, shipped.get(after.run_id))]
    against = list(_changes(runs.baseline, runs.ordered[-1], None)) if runs.baseline and runs.ordered else []
    pinned = (runs.baseline,) if runs.baseline else ()
    return RunHistory(
        runs=tuple(_summary(run) for run in (*runs.ordered, *pinned)),
        changes=tuple(changes),
        against_baseline=tuple(against),
        baseline=runs.baseline.run_id if runs.baseline else None,
        releases={release.name: release.at for release in known},
        notes=(*runs.notes, *_notes(runs, len(pairs) - len(compared), known)),
    )


def _notes(runs: _Runs, skipped: int, known: Sequence[Release]) -> Iterator[str]:
    if runs.undated and len(runs.ordered) > 1:
        yield "No run carries a date: they are compared in the order of their files."
    if skipped:
        yield f"Only the newest {MOST_PAIRS} pairs of runs are compared; {counted(skipped, 'older pair')} left out."
    if runs.ordered and not known:
        yield "No release is known, so whether a drop was shipped cannot be told: no tag, changelog or prompt version."
    same = next((run for run in runs.ordered if runs.baseline and item_scores(run) == item_scores(runs.baseline)), None)
    if same is not None and runs.baseline is not None:
        yield f"The baseline ({runs.baseline.source.path}) holds the scores of run {same.run_id}."


# ---------------------------------------------------------------- which runs, in which order


def _runs_of(inputs: CaseInputs) -> _Runs:
    named = [run for run in inputs.evals.runs if _is_baseline(run) and item_scores(run)]
    if len(named) > 1 and len(named) == len(inputs.evals.runs):
        named = []  # every run is named so: the word tells nothing
    pinned = [*named, *(run for run in inputs.evals.baselines if item_scores(run))]
    others = [run for run in inputs.evals.runs if run not in named]
    dated = sorted((run for run in others if run.at is not None), key=_moment)
    undated = [run for run in others if run.at is None]
    strangers = [run for run in undated if not _metrics(run) & {name for one in dated for name in _metrics(one)}]
    notes = []
    if dated:
        for run in undated:
            why = "no metric of the dated runs" if run in strangers else "cannot be put in order"
            notes.append(f"{run.source.path}: carries no date and {why}; not compared.")
    elif not undated and pinned:
        notes.append("Only a baseline was handed over, and no run to hold against it.")
    notes += [f"{run.source.path}: a further baseline; not compared." for run in pinned[:-1]]
    return _Runs(tuple(dated or undated), not dated, pinned[-1] if pinned else None, tuple(notes))


def _is_baseline(run: EvalRun) -> bool:
    return bool(_BASELINE.search(run.run_id) or _BASELINE.search(PurePosixPath(run.source.path).stem))


def _metrics(run: EvalRun) -> set[str]:
    return {*run.scores, *run.summary, *((PASSED,) if run.passed else ())}


def _moment(run: EvalRun) -> float:
    return in_utc(run.at).timestamp() if run.at is not None else float("inf")


def _shipped(runs: Sequence[EvalRun], known: Sequence[Release]) -> Mapping[str, Release]:
    """Run -> the first release after it and before the next run."""
    found: dict[str, Release] = {}
    for place, run in enumerate(runs):
        start = _moment(run)
        end = _moment(runs[place + 1]) if place + 1 < len(runs) else float("inf")
        release = next((one for one in known if start <= one.closes.timestamp() < end), None)
        if release is not None:
            found.setdefault(run.run_id, release)
    return found


# ---------------------------------------------------------------- one run, one change


def _summary(run: EvalRun) -> RunSummary:
    scores = item_scores(run)
    verdicts = scores.get(PASSED, {})
    rng = np.random.default_rng(SEED)
    means = {name: _mean(list(values.values()), rng) for name, values in scores.items() if name != PASSED}
    passed = (
        mean_estimate(list(verdicts.values()), rng)
        if verdicts
        else Estimate.not_measured("the run states no verdict for its items")
    )
    items = len({item for values in scores.values() for item in values})
    return RunSummary(run.run_id, run.at, items, passed, means, stated_scores(run), run.source)


def _mean(values: Sequence[float], rng: np.random.Generator) -> Estimate:
    """Mean of scores on any scale: those outside 0 to 1 are brought to it for the interval and back."""
    sample = np.array(values, dtype=np.float64)
    low, width = float(sample.min()), float(np.ptp(sample)) or 1.0
    if low >= 0 and float(sample.max()) <= 1:
        return mean_estimate(sample, rng)
    return _stretched(mean_estimate((sample - low) / width, rng), width, low)


def _stretched(estimate: Estimate, factor: float, shift: float = 0.0) -> Estimate:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate
    value, low, high = (shift + factor * number for number in (estimate.value, estimate.low, estimate.high))
    return replace(estimate, value=value, low=low, high=high)


def _changes(before: EvalRun, after: EvalRun, release: Release | None) -> Iterator[RunChange]:
    for pairing in pairings(before, after):
        yield _change(pairing, before, after, release)


def _change(pairing: Pairing, before: EvalRun, after: EvalRun, release: Release | None) -> RunChange:
    """One change; values outside 0 to 1 are divided by the largest for intervals and the margin of equivalence."""
    gains = pairing.gains
    decided = verdict(gains / _scale(pairing), pairing.p_corrected, np.random.default_rng(SEED))
    drop = release if decided == "worse" else None
    return RunChange(
        metric=pairing.metric,
        before=before.run_id,
        after=after.run_id,
        items=len(pairing.items),
        difference=_difference(pairing),
        better=int((gains > 0).sum()),
        worse=int((gains < 0).sum()),
        p_value=pairing.p_value,
        p_corrected=pairing.p_corrected,
        verdict=decided,
        flipped=_by_gain(pairing.items, gains),
        recovered=_by_gain(pairing.items, -gains),
        shipped=drop.name if drop else None,
        shipped_source=drop.source if drop else None,
    )


def _scale(pairing: Pairing) -> float:
    return max(1.0, float(np.abs(pairing.before).max()), float(np.abs(pairing.after).max()))


def _difference(pairing: Pairing) -> Estimate:
    scale = _scale(pairing)
    rng = np.random.default_rng(SEED)
    return _stretched(difference_estimate((pairing.after - pairing.before) / scale, rng), scale)


def _by_gain(items: Sequence[str], gains: Values) -> tuple[str, ...]:
    """Items with a gain below 0, the largest loss first; ties in the order of the items."""
    order = np.argsort(gains, kind="stable")
    return tuple(items[place] for place in order[: int((gains < 0).sum())][:MOST_FLIPPED])


# ---------------------------------------------------------------- the signal


@dataclass(frozen=True, slots=True)
class _Shipped:
    """One metric of a pair of runs that a release followed."""

    pairing: Pairing
    before: EvalRun
    after: EvalRun
    release: Release

    @property
    def dropped(self) -> bool:
        least = 0.0 if self.pairing.binary else EQUIVALENCE_MARGIN * _scale(self.pairing)
        return bool(self.pairing.p_corrected < ALPHA and -self.pairing.gains.mean() > least)


def shipped_drop(inputs: CaseInputs) -> Observation:
    """E-16. Seen: a run fell against the one before it on the same items, and a release followed before the next run.

    Fell: p below 5 % by McNemar's exact test (for graded scores random signs, and a drop of 0.03 or more), after Holm over all
    metrics of all pairs of runs that a release followed: among many releases one drop is always found by chance. A drop that only
    stands while its own pair of runs is looked at is unknown. Clean weighs fully from three releases.
    """
    runs = _runs_of(inputs)
    known = releases_of(inputs)
    if len(runs.ordered) < 2 or runs.undated or not known:
        return unknown("E-16", f"Drops cannot be set against releases: {_lacking(runs, known)}.")
    looked = _looked_at(runs, known)
    if not looked:
        return unknown("E-16", "No release followed a run that shares items and metrics with the run before it.")
    corrected = holm([one.pairing.p_value for one in looked])
    sure = [one for one, p in zip(looked, corrected, strict=True) if p < ALPHA and one.dropped]
    drops = sure or [one for one in looked if one.dropped]
    releases = len({one.release.name for one in looked})
    if not drops:
        return _nothing_dropped(looked, releases)
    worst = min(drops, key=lambda one: (one.pairing.p_value, float(one.pairing.gains.mean())))
    others = sorted({one.release.name for one in drops} - {worst.release.name})
    more = f"; further drops went out with {listed(others[:4])}" if others else ""
    chance = "" if sure else f"; among {counted(len(looked), 'comparison')} that can be chance"
    sources = first_sources(
        [worst.after.source, worst.release.source, worst.before.source, *(one.after.source for one in drops)]
    )
    finding = f"{_sentence(worst)}{more}{chance}."
    status: Status = "seen" if sure else "unknown"
    return Observation("E-16", status, finding, sources, n=releases, value=_difference(worst.pairing))


def _lacking(runs: _Runs, known: Sequence[Release]) -> str:
    if len(runs.ordered) < 2:
        return "fewer than two runs were handed over"
    return "no run carries a date" if runs.undated else f"no release is known for {counted(len(runs.ordered), 'run')}"


def _looked_at(runs: _Runs, known: Sequence[Release]) -> list[_Shipped]:
    shipped = _shipped(runs.ordered, known)
    return [
        _Shipped(pairing, before, after, shipped[after.run_id])
        for before, after in list(pairwise(runs.ordered))[-MOST_PAIRS:]
        if after.run_id in shipped
        for pairing in pairings(before, after)
    ]


def _nothing_dropped(looked: Sequence[_Shipped], releases: int) -> Observation:
    finding = (
        f"No significant drop went out with {counted(releases, 'release')} that followed a run paired with the run before it"
        f" ({counted(len(looked), 'comparison')} on the same items)."
    )
    sources = first_sources(place for one in reversed(looked) for place in (one.after.source, one.release.source))
    return Observation("E-16", "clean", finding, sources, n=releases, n_min=FULL_WEIGHT_RELEASES)


def _sentence(one: _Shipped) -> str:
    pairing = one.pairing
    count, gains = len(pairing.items), pairing.gains
    mean = float((pairing.after - pairing.before).mean())
    by = points(mean, count) if pairing.metric == PASSED else signed(mean)
    what = "The pass rate" if pairing.metric == PASSED else pairing.metric.replace("_", " ").capitalize()
    way = "rose" if lower_is_better(pairing.metric) else "fell"
    return (
        f"{what} {way} by {by.lstrip('+−')} from run {one.before.run_id} to {one.after.run_id} on the same"
        f" {counted(count, 'item')} ({int((gains < 0).sum())} worse, {int((gains > 0).sum())} better,"
        f" {p_value(pairing.p_value)}), and {one.release.name} went out on {one.release.at.date()}"
    )


SIGNALS: Mapping[str, Signal] = {"E-16": shipped_drop}
