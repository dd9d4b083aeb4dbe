"""Whether the intervals of few labels hold the truth as often as they say: seeded simulations, and real judgments hidden.

`bench/few_labels.py` prints the long version: more populations, and the workbench's own arms on four sets.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from datetime import UTC, datetime
from itertools import combinations, product
from pathlib import Path
from statistics import NormalDist, fmean

import numpy as np
import pytest
from scipy import stats

from workbench.evaluation.few_labels import (
    Plan,
    Planned,
    agreement_predictor,
    draw_plan,
    few_labels,
    planned_grade,
    pool_of,
    powered_mean,
)
from workbench.records import Estimate, RankedDocument, Run

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEAST = 0.93
"""Coverage that is asked for at a nominal 95 %."""
QUESTIONS = 300
SAMPLES = 150


def margin(repetitions: int) -> float:
    """Two standard errors of a share of 0.93 over that many repetitions: what chance may take off."""
    return 2 * math.sqrt(LEAST * (1 - LEAST) / repetitions)


def population(rng: np.random.Generator, judge: str, base: float, alike: float) -> tuple[np.ndarray, ...]:
    """Failures of two arms whose ease is correlated, what a judge says of them, and sizes for a weighted plan.

    A fifth of the questions have the same documents in both arms. Failures of the second are 0.06 more frequent.
    """
    common, *own = rng.normal(size=(3, QUESTIONS))
    first, second = (math.sqrt(alike) * common + math.sqrt(1 - alike) * part for part in own)
    noise = rng.normal(size=(2, QUESTIONS))
    direction, spread = {"good": (-1, 0.7), "useless": (0, 1), "adversarial": (1, 0.3)}[judge]
    said = [
        1 / (1 + np.exp(-2 * (direction * ease + spread * n))) for ease, n in zip((first, second), noise, strict=True)
    ]
    fails = [
        (ease < NormalDist().inv_cdf(share)).astype(float)
        for ease, share in zip((first, second), (base, base + 0.06), strict=True)
    ]
    same = rng.random(QUESTIONS) < 0.2
    sizes = np.where(same, 0.5, 0.5 + np.minimum(1.5, np.abs(own[0] - own[1])))
    return fails[0], np.where(same, fails[0], fails[1]), said[0], np.where(same, said[0], said[1]), sizes


def inclusion(sizes: np.ndarray, n: int) -> np.ndarray:
    plan = Plan(tuple(Planned(str(i), float(s / sizes.sum()), 0, 0) for i, s in enumerate(sizes)), 0, 5, 0.5, 0.05)
    found = plan.inclusion(n)
    return np.array([found[str(i)] for i in range(len(sizes))])


def holds(estimate: Estimate, truth: float) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low <= truth <= estimate.high


@pytest.mark.parametrize("judge", ["good", "useless", "adversarial"])
def test_intervals_hold_the_truth_in_at_least_93_of_100_samples_whatever_the_judge(judge: str) -> None:
    # pytest's own seed must not decide: the populations are always the same.
    rng = np.random.default_rng(20)
    inside: dict[str, list[float]] = defaultdict(list)
    for n, base, alike, weighted in product((20, 40), (0.05, 0.4), (0.2, 0.9), (False, True)):
        first, second, said_first, said_second, sizes = population(rng, judge, base, alike)
        sizes = sizes if weighted else np.ones(QUESTIONS)
        weights = 1 / inclusion(sizes, n)
        cell: dict[str, list[bool]] = defaultdict(list)
        for _ in range(SAMPLES):
            drawn = np.argsort(rng.random(QUESTIONS) / sizes)[:n]
            for kind, outcomes, said in (
                ("share", first, said_first),
                ("difference", second - first, said_second - said_first),
            ):
                found = powered_mean(outcomes[drawn], said[drawn], said, weights[drawn], kind=kind, rng=rng)
                cell[f"{kind}, powered"].append(holds(found.estimate, outcomes.mean()))
                cell[f"{kind}, grades alone"].append(holds(found.human_only, outcomes.mean()))
        for name, hits in cell.items():
            inside[name].append(fmean(hits))
            assert fmean(hits) >= LEAST - margin(SAMPLES), (name, n, base, alike, weighted)
    for name, shares in inside.items():
        assert fmean(shares) >= LEAST, name


def test_the_difference_holds_where_every_change_is_for_the_worse() -> None:
    # The hardest case: one arm never wins, and changes are rare. Exact, by summing over all samples.
    for n in (10, 20, 40, 80):
        bounds = [
            powered_mean(
                np.array([1.0] * changed + [0.0] * (n - changed)),
                np.zeros(n),
                np.zeros(1000),
                np.ones(n),
                kind="difference",
                rng=np.random.default_rng(0),
            ).estimate
            for changed in range(n + 1)
        ]
        for share in np.linspace(0.005, 0.5, 34):
            chance = stats.binom.pmf(np.arange(n + 1), n, share)
            assert sum(p for p, found in zip(chance, bounds, strict=True) if holds(found, share)) >= LEAST


def test_estimates_are_unbiased_under_the_weighted_plan_even_with_an_adversarial_judge() -> None:
    rng = np.random.default_rng(3)
    first, _, said, _, sizes = population(rng, "adversarial", 0.3, 0.5)
    weights = 1 / inclusion(sizes, 40)
    values = []
    for _ in range(600):
        drawn = np.argsort(rng.random(QUESTIONS) / sizes)[:40]
        values.append(
            powered_mean(first[drawn], said[drawn], said, weights[drawn], kind="share", rng=rng).estimate.value
        )
    # three standard errors of the mean of 600 estimates
    assert fmean(values) == pytest.approx(first.mean(), abs=3 * float(np.std(values)) / math.sqrt(600))


@pytest.mark.shared_data
def test_revealing_forty_of_the_hidden_judgments_gives_intervals_that_hold_the_truth() -> None:
    folder = DATA / "cranfield"
    if not folder.is_dir():
        pytest.skip("the development data 'cranfield' is not beside this checkout")
    qrels, runs = judgments(folder), lexical_arms(folder)
    predictor = agreement_predictor(runs)
    fails = {
        arm: {q: not any(qrels[q].get(d.doc_id, 0) > 0 for d in ranking[:5]) for q, ranking in run.rankings.items()}
        for arm, run in runs.items()
    }
    truth = {arm: fmean(by_query.values()) for arm, by_query in fails.items()}
    truth |= {f"{b} - {a}": truth[b] - truth[a] for a, b in combinations(runs, 2)}
    inside: dict[str, list[bool]] = defaultdict(list)
    for seed in range(200):
        pool = pool_of(runs, seed=seed)
        plan = draw_plan(pool, predictor, seed=seed)
        grades = []
        for entry in plan.queries[:40]:
            known: dict[tuple[str, str], int] = {}
            while item := pool.next_item(entry.query_id, known):
                relevant = qrels[item.query_id].get(item.doc_id, 0) > 0
                known[item.query_id, item.doc_id] = 2 if relevant else 0
                grades.append(planned_grade(plan, item, 2 if relevant else 0, at=datetime(2026, 1, 1, tzinfo=UTC)))
        said = few_labels(plan, grades, runs, predictor)
        assert said.queries == 40
        for arm, estimate in said.arms.items():
            inside[arm].append(holds(estimate.estimate, truth[arm]))
        for pair in said.differences:
            name = f"{pair.candidate} - {pair.baseline}"
            inside[name].append(holds(pair.difference.estimate, truth[name]))
    assert len(inside) == 6
    for name, hits in inside.items():
        assert fmean(hits) >= LEAST, name


def judgments(folder: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, doc_id, grade = line.split("\t")
        qrels[query_id][doc_id] = int(grade)
    return {query_id: grades for query_id, grades in qrels.items() if any(grade > 0 for grade in grades.values())}


def lexical_arms(folder: Path) -> dict[str, Run]:
    """Three arms that need no model: words, letters, and their fusion by rank."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    documents, queries = (
        {entry["_id"]: f"{entry.get('title', '')} {entry['text']}" for entry in map(json.loads, lines)}
        for lines in (
            (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines() for name in ("corpus", "queries")
        )
    )
    judged = [query_id for query_id in judgments(folder) if query_id in queries]
    names = np.array(list(documents))
    orders = {}
    for arm, form in (
        ("words", TfidfVectorizer(sublinear_tf=True, stop_words="english")),
        ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), sublinear_tf=True)),
    ):
        matrix = form.fit_transform(documents.values())
        scores = (form.transform([queries[q] for q in judged]) @ matrix.T).toarray()
        orders[arm] = np.argsort(-scores, axis=1, kind="stable")
    ranks = {arm: np.argsort(order, axis=1) + 1 for arm, order in orders.items()}
    orders["fused"] = np.argsort(-sum(1 / (60 + rank) for rank in ranks.values()), axis=1, kind="stable")
    return {
        arm: Run(
            arm,
            {
                query_id: tuple(
                    RankedDocument(str(doc), -float(position)) for position, doc in enumerate(names[row[:100]])
                )
                for query_id, row in zip(judged, order, strict=True)
            },
            0.0,
            0.0,
            100,
        )
        for arm, order in orders.items()
    }
