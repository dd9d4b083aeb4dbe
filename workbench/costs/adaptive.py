"""A cache without one threshold for all: each kept answer learns from which similarity on it may be served.

This is the policy of vCache (Schroeder et al. 2025, "vCache: Verified Semantic Prompt Caching") played over a log. It
learns from labels, or else from the overlap of evidence; a live system would ask a model or a person instead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.costs.adaptive_loop import play
from workbench.costs.arrays import Neighbours, Replay, Traffic
from workbench.costs.by_day import share, units_of
from workbench.costs.safety import PROXY_OVERLAP, Judge
from workbench.intervals import wilson
from workbench.records import CacheSettings, Estimate, PolicyResult

SEEDS = 5
LEAST_SEEN = 6
"""Judged similarities of a kept answer below which the model is always called."""
BOUNDS = np.linspace(0.02, 0.98, 49)
"""Levels of the bound on an answer's threshold among which the policy takes the most favourable."""


def adaptive(
    traffic: Traffic, neighbours: Neighbours, judge: Judge, settings: CacheSettings, *, seeds: int = SEEDS
) -> PolicyResult:
    """The adaptive policy on a log, with the budget as the error it accepts.

    The error it promises is a share of all questions, called ones included, as in the paper; other policies here are judged by
    the share of false hits among hits, which is higher. Both are told.

    For each kept answer a logistic curve of "right" over similarity is fitted to what was observed of it. The upper bound of
    its threshold at each level, and how sure the curve then is of this similarity, tell how often the model must still be
    called so that no more than the budget goes wrong; a draw decides. A called model shows whether the kept answer would have
    been right, which is the next observation; its answer is kept beside the other only where that one was wrong.

    The fit has wide normal priors (a ridge penalty) and two observations that are always there, so that perfectly separated
    ones have a finite threshold and variance. Capacity does not apply. Exact repeats are neighbours with a similarity of one and
    are learned about like others. Pairs nobody can judge call the model and teach nothing, and the new answer is kept.

    Args:
        traffic: rows by time.
        neighbours: of its nodes; below their floor a question is like none.
        judge: tells which answers are right.
        settings: ttl, invalidation and budget.
        seeds: runs; rates are those of the median run by hits.
    """
    runs = [_run(traffic, neighbours, judge, settings, seed) for seed in range(seeds)]
    replay, judged = sorted(runs, key=lambda run: int(run[0].hits.sum()))[len(runs) // 2]
    known = judged[judged >= 0]
    false = int((known == 0).sum())
    counts = [int(run.hits.sum()) for run, _ in runs]
    units = units_of(traffic)
    return PolicyResult(
        key="adaptive",
        name="a threshold for each answer (vCache)",
        exact_hits=int(replay.exact.sum()),
        semantic_hits=int((replay.hits & ~replay.exact).sum()),
        hit_rate=share(units, replay.hits) if len(traffic) else Estimate.not_measured("no questions"),
        false_hit_rate=wilson(false, len(known)) if len(known) else Estimate.not_measured("no hit could be judged"),
        note=_note(judge, counts, false / len(traffic) if len(traffic) else 0.0, settings.budget),
    )


def _run(
    traffic: Traffic, neighbours: Neighbours, judge: Judge, settings: CacheSettings, seed: int
) -> tuple[Replay, npt.NDArray[np.int8]]:
    rows = len(traffic)
    server = np.full(rows, -1, np.int32)
    cosine = np.full(rows, np.nan, np.float32)
    exact = np.zeros(rows, np.bool_)
    timed = traffic.timed
    ttl = np.inf if settings.ttl is None or not timed else float(settings.ttl)
    expires = traffic.expires if settings.invalidate and timed else np.full(rows, np.inf)
    draws = np.random.default_rng(seed).random(rows)
    play(
        traffic.at,
        traffic.node,
        traffic.answered,
        expires,
        neighbours.indptr,
        neighbours.index,
        neighbours.cosine,
        traffic.group,
        traffic.evidence,
        judge.method == "labelled",
        PROXY_OVERLAP,
        settings.budget,
        ttl,
        LEAST_SEEN,
        BOUNDS,
        _normal_quantiles(),
        draws,
        server,
        cosine,
        exact,
    )
    replay = Replay(server, cosine, exact, 0, 0, 0)
    return replay, judge.judge(replay)


def _normal_quantiles() -> npt.NDArray[np.float64]:
    from scipy.special import ndtri

    quantiles: npt.NDArray[np.float64] = ndtri(1 - BOUNDS)
    return quantiles


def _note(judge: Judge, counts: list[int], wrong: float, budget: float) -> str:
    by = {
        "labelled": "the labels of the log",
        "marked": "the overlap of evidence, a proxy; the marks judge its hits",
        "proxy": "the overlap of evidence, a proxy",
        "none": "nothing: no pair can be judged",
    }
    return (
        f"It learns from {by[judge.method]}; {min(counts):,} to {max(counts):,} hits in {len(counts)} runs. Its budget counts "
        f"wrong answers among all questions: {wrong:.2%} of {budget:.1%}."
    )
