"""Prints how often the intervals of few labels hold the truth, and what the predictions gain beside the grades alone.

Usage: python bench/few_labels.py [DATA_FOLDER] [name ...]. First made-up populations, unless sets are named: failure shares of
0.05 to 0.5, arms alike and not, predictions good, useless and pointing the wrong way; then looking after every question.
Then real sets: their judgments are hidden, and those of 40 planned questions are revealed, 200 times with other seeds; the truth
is taken over all questions. Figures only: nothing here passes or fails.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import combinations, product
from pathlib import Path
from statistics import NormalDist, fmean

import numpy as np

from workbench.case import open_case
from workbench.evaluation.few_labels import (
    UNIFORM_PART,
    K,
    Plan,
    Planned,
    Pool,
    agreement_predictor,
    draw_plan,
    few_labels,
    planned_grade,
    pool_of,
    powered_mean,
)
from workbench.ingest.grades import Grade
from workbench.ingest.labels import judged_queries
from workbench.ingest.load import load_inputs
from workbench.records import FewLabels, PoweredEstimate, Qrels, Run
from workbench.retrieval.arms import Corpus, Search

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NAMES = ("scifact", "mtrag", "cranfield", "chunking_eval")
ARMS = ("dense", "bm25", "hybrid")
QUERIES = 40
REPETITIONS = 200
QUESTIONS = 300
STOPPED = range(10, 81)
"""Numbers of questions after which somebody looks whether an interval leaves out 0."""
LOOKERS = 1_500
SIMULATIONS, DRAWS = 500, 20
"""Samples of a cell of the simulation, and how many of them are drawn from one population."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main(arguments: list[str]) -> None:
    """Run the named sets, all of them unless some are named."""
    data = Path(arguments[0]) if arguments else DATA
    if len(arguments) < 2:
        simulate()
        stop_early()
    for name in arguments[1:] or NAMES:
        if (data / name).is_dir():
            runs, qrels = hidden(data / name)
            for uniform_part in (UNIFORM_PART, 0.5, 1.0):
                show(f"{name}, uniform part {uniform_part:g}", runs, qrels, uniform_part)
        else:
            print(f"{name}: not there, skipped")


def simulate() -> None:
    """Coverage over made-up populations of 300 questions: mean over the cells of a row, and the worst cell."""
    started = time.perf_counter()
    found: dict[tuple[int, str, str, str], list[tuple[float, float, float, float]]] = defaultdict(list)
    rng = np.random.default_rng(0)
    for n, judge, plan, base, gap, alike in product(
        (20, 40, 80),
        ("good", "useless", "wrong way"),
        ("uniform", "weighted"),
        (0.05, 0.1, 0.2, 0.5),
        (0.0, 0.06),
        (0.3, 0.9),
    ):
        runs = [_simulated(rng, n, judge, plan, base, gap, alike) for _ in range(SIMULATIONS // DRAWS)]
        for position, kind in enumerate(("share", "difference")):
            found[n, judge, plan, kind].append(tuple(np.mean([one[position] for one in runs], axis=(0, 1))))
    print(f"made-up populations, {SIMULATIONS} samples a cell, 16 cells a row, {time.perf_counter() - started:.0f} s")
    print("    n  predictions  plan      of          inside: PPI (worst)  alone (worst)   width: PPI  alone")
    for (n, judge, plan, kind), cells in found.items():
        powered, alone, width, wide = np.array(cells).T
        print(
            f"  {n:>3}  {judge:<11}  {plan:<8}  {kind:<10}         {powered.mean():.3f} ({powered.min():.3f})  "
            f"{alone.mean():.3f} ({alone.min():.3f})        {width.mean():.3f}  {wide.mean():.3f}"
        )


def stop_early() -> None:
    """How often an interval of two arms alike leaves out 0 at the end, and ever, for whoever looks after every question."""
    rng = np.random.default_rng(0)
    most = max(STOPPED)
    print(
        f"two arms alike, {LOOKERS} samples: the interval leaves out 0 after {most} questions, and at any time before"
    )
    for change in (0.1, 0.2, 0.3):
        samples = rng.choice([-1.0, 0.0, 1.0], p=[change / 2, 1 - change, change / 2], size=(LOOKERS, most))
        at_the_end = fmean(_leaves_out_zero(sample) for sample in samples)
        ever = fmean(any(_leaves_out_zero(sample[:n]) for n in STOPPED) for sample in samples)
        print(f"  they differ on {change:.0%} of questions:  {at_the_end:.3f}  {ever:.3f}")


def _leaves_out_zero(differences: np.ndarray) -> bool:
    nothing, alike = np.zeros(len(differences)), np.ones(len(differences))
    rng = np.random.default_rng(0)
    found = powered_mean(differences, nothing, nothing, alike, kind="difference", rng=rng).human_only
    return not found.low <= 0 <= found.high


def _simulated(
    rng: np.random.Generator, n: int, judge: str, plan: str, base: float, gap: float, alike: float
) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """Inside, inside alone, width, width alone of one population's samples: of the first arm's share, and of the difference."""
    first, second, predicted_first, predicted_second, differing = population(rng, judge, base, gap, alike)
    chance = (predicted_first + predicted_second) / 2
    telling = 4 * chance * (1 - chance) * differing
    sizes = 0.5 + 0.5 * telling / telling.mean() if plan == "weighted" else np.ones(QUESTIONS)
    shares = sizes / sizes.sum()
    whole = Plan(tuple(Planned(str(i), float(share), 0, 0) for i, share in enumerate(shares)), 0, K, 0.5, 0.05)
    inclusion = np.array([whole.inclusion(n)[str(i)] for i in range(QUESTIONS)])
    results: tuple[list[tuple[float, ...]], list[tuple[float, ...]]] = ([], [])
    for _ in range(DRAWS):
        drawn = np.argsort(rng.random(QUESTIONS) / sizes)[:n]
        for kind, outcomes, predicted, kept in (
            ("share", first, predicted_first, results[0]),
            ("difference", second - first, predicted_second - predicted_first, results[1]),
        ):
            found = powered_mean(outcomes[drawn], predicted[drawn], predicted, 1 / inclusion[drawn], kind=kind, rng=rng)
            truth, (powered, alone) = outcomes.mean(), (found.estimate, found.human_only)
            kept.append(
                (
                    powered.low <= truth <= powered.high,
                    alone.low <= truth <= alone.high,
                    powered.high - powered.low,
                    alone.high - alone.low,
                )
            )
    return results


def population(rng: np.random.Generator, judge: str, base: float, gap: float, alike: float) -> tuple[np.ndarray, ...]:
    """Failures of two arms, predictions of them, and how much their lists differ (0: the same documents, the same outcome).

    An arm fails a question below a quantile of its ease; `alike` is the correlation of the two eases.
    """
    common, *own = rng.normal(size=(3, QUESTIONS))
    ease = [np.sqrt(alike) * common + np.sqrt(1 - alike) * part for part in own]
    fails = [
        (value < NormalDist().inv_cdf(share)).astype(float)
        for value, share in zip(ease, (base, base + gap), strict=True)
    ]
    noise = rng.normal(size=(2, QUESTIONS))
    said = {
        "good": [0.7 * error - value for value, error in zip(ease, noise, strict=True)],
        "useless": list(noise),
        "wrong way": [0.3 * error + value for value, error in zip(ease, noise, strict=True)],
    }[judge]
    predicted = [1 / (1 + np.exp(-2 * (value - 0.8))) for value in said]
    same = rng.random(QUESTIONS) < 0.2
    differing = np.where(same, 0.0, 1 / (1 + np.exp(-2 * (np.abs(own[0] - own[1]) - 1))))
    second, second_said = np.where(same, fails[0], fails[1]), np.where(same, predicted[0], predicted[1])
    return fails[0], second, predicted[0], second_said, differing


def hidden(root: Path) -> tuple[dict[str, Run], Qrels]:
    """Runs over the judged questions of a set, and the judgments that the estimates do not see."""
    case = open_case(root)
    inputs = load_inputs(case)
    judged = judged_queries(inputs.queries, inputs.qrels)
    search = Search(Corpus(inputs.documents, inputs.passages, case.derived / "embeddings.sqlite"), judged)
    return {arm: search.run(arm) for arm in ARMS}, inputs.qrels


def show(title: str, runs: Mapping[str, Run], qrels: Qrels, uniform_part: float) -> None:
    """One table: an estimate a row."""
    started = time.perf_counter()
    predictor = agreement_predictor(runs)
    found: dict[str, list[PoweredEstimate]] = defaultdict(list)
    asked = []
    for seed in range(REPETITIONS):
        pool = pool_of(runs, seed=seed)
        plan = draw_plan(pool, predictor, seed=seed, uniform_part=uniform_part)
        grades = reveal(plan, pool, qrels)
        asked.append(len(grades))
        for name, estimate in estimates(few_labels(plan, grades, runs, predictor)):
            found[name].append(estimate)
    pooled = fmean(len(items) for items in pool.items.values()) * QUERIES
    print(
        f"\n{title}: {len(pool.items)} judged questions, {QUERIES} graded, {REPETITIONS} repetitions, "
        f"{fmean(asked):.0f} grades given of {pooled:.0f} pooled, {time.perf_counter() - started:.0f} s"
    )
    print(
        f"  {'failure share @' + str(K):<18} truth   inside: PPI  alone   width: PPI  alone   gain   bias   rmse ratio"
    )
    truth = dict(estimates_of_all(runs, qrels))
    for name, estimates_of_one in found.items():
        print(f"  {name:<18} {row(truth[name], estimates_of_one)}")


def reveal(plan: Plan, pool: Pool, qrels: Qrels) -> list[Grade]:
    """Grades of the plan's first questions, asked as a page would: one after the other, until every arm is settled."""
    grades: list[Grade] = []
    for entry in plan.queries[:QUERIES]:
        known: dict[tuple[str, str], int] = {}
        while item := pool.next_item(entry.query_id, known):
            grade = 2 if qrels.get(item.query_id, {}).get(item.doc_id, 0) > 0 else 0
            known[item.query_id, item.doc_id] = grade
            grades.append(planned_grade(plan, item, grade, at=NOW))
    return grades


def estimates(result: FewLabels) -> list[tuple[str, PoweredEstimate]]:
    """Every estimate by name."""
    return [
        *result.arms.items(),
        *((f"{pair.candidate} - {pair.baseline}", pair.difference) for pair in result.differences),
    ]


def estimates_of_all(runs: Mapping[str, Run], qrels: Qrels) -> list[tuple[str, float]]:
    """The same from every judgment."""
    share = {
        arm: fmean(
            not any(qrels[query_id].get(document.doc_id, 0) > 0 for document in ranking[:K])
            for query_id, ranking in run.rankings.items()
        )
        for arm, run in runs.items()
    }
    return [*share.items(), *((f"{b} - {a}", share[b] - share[a]) for a, b in combinations(runs, 2))]


def row(truth: float, found: list[PoweredEstimate]) -> str:
    """How often the truth was inside, how wide the intervals were, and how far off the estimates."""
    figures = []
    for kind in ("estimate", "human_only"):
        own = [getattr(entry, kind) for entry in found]
        inside = fmean(entry.low <= truth <= entry.high for entry in own)
        width = fmean(entry.high - entry.low for entry in own)
        bias = fmean(entry.value for entry in own) - truth
        figures.append((inside, width, bias, fmean((entry.value - truth) ** 2 for entry in own) ** 0.5))
    (inside, width, bias, error), (alone, wide, _, error_alone) = figures
    return (
        f"{truth:+.3f}       {inside:.3f}  {alone:.3f}        {width:.3f}  {wide:.3f}  {1 - width / wide:+.1%}  {bias:+.3f}"
        f"   {error / error_alone:.2f}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
