"""Measures of each arm over the judged questions, and which differences between arms are real.

It reads runs and labels; what made an arm fail is told by `workbench.comparison.failing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.comparison.deployed import DEPLOYED
from workbench.evaluation.measures import MEASURES, Measure, per_query
from workbench.evaluation.statistics import (
    difference_estimate,
    holm,
    mean_estimate,
    more_queries_needed,
    randomisation_p_value,
    verdict,
)
from workbench.records import ArmReport, Difference, Estimate, Qrels, Run, Seconds
from workbench.retrieval.arms import ARMS

if TYPE_CHECKING:
    import pandas as pd


def scores_of(
    runs: Iterable[Run], qrels: Qrels, measures: Sequence[Measure] = tuple(MEASURES.values())
) -> pd.DataFrame:
    """Values per question: run, query_id, measure, value."""
    import pandas as pd

    return pd.concat([per_query(run, own_qrels(run, qrels), measures) for run in runs], ignore_index=True)


def own_qrels(run: Run, qrels: Qrels) -> Qrels:
    """The deployed system is judged on the questions it was asked; every other arm on all."""
    return {q: qrels[q] for q in qrels if q in run.rankings} if run.name == DEPLOYED else qrels


def arm_report(run: Run, scores: pd.DataFrame, rng: np.random.Generator) -> ArmReport:
    """Every measure of one arm with its interval."""
    own = scores[scores["run"] == run.name]
    report = {}
    for label, measure in MEASURES.items():
        values = own.loc[own["measure"] == label, "value"].to_numpy()
        too_deep = measure.cutoff > run.depth
        report[label] = mean_estimate(values, rng) if not too_deep else kept_too_few(run, measure.cutoff)
    seconds = None if run.name == DEPLOYED else Seconds(round(run.index_seconds, 3), round(run.search_seconds, 3))
    return ArmReport(report, seconds, run.depth)


def kept_too_few(run: Run, cutoff: int) -> Estimate:
    """What cannot be said of a run that does not go as deep as a measure looks."""
    return Estimate.not_measured(f"the log keeps {run.depth} results a question, too few to look at {cutoff}")


def differences(scores: pd.DataFrame, rng: np.random.Generator) -> list[Difference]:
    """Paired differences of every pair of arms that is worth a test, corrected together."""
    paired = []
    for label in MEASURES:
        table = scores[scores["measure"] == label].pivot(index="query_id", columns="run", values="value")
        for baseline, candidate in pairs(list(scores["run"].unique())):
            if baseline in table and candidate in table:
                both = table[[baseline, candidate]].dropna()
                if len(both):
                    paired.append((baseline, candidate, label, (both[candidate] - both[baseline]).to_numpy()))
    p_values = [randomisation_p_value(gains, rng) for *_, gains in paired]
    return [
        _difference(*entry, p_value, corrected, len(paired), rng)
        for entry, p_value, corrected in zip(paired, p_values, holm(p_values), strict=True)
    ]


def pairs(arms: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Baseline and candidate of each difference that is tested.

    The main arms and a client's own among each other, each variant against these, and the deployed system against the main arms.
    Variants are not tested among each other: every further test costs all others some of their power.

    >>> list(pairs(["dense", "hybrid", "hybrid+title", "deployed"]))[:3]
    [('dense', 'hybrid'), ('dense', 'hybrid+title'), ('hybrid', 'hybrid+title')]
    """
    main = [arm for arm in arms if arm != DEPLOYED and not _is_variant(arm)]
    for number, candidate in enumerate(main):
        yield from ((baseline, candidate) for baseline in main[:number])
    for variant in (arm for arm in arms if _is_variant(arm)):
        yield from ((baseline, variant) for baseline in main)
    if DEPLOYED in arms:
        yield from ((DEPLOYED, candidate) for candidate in main)


def _is_variant(arm: str) -> bool:
    return arm not in ARMS and "+" in arm


def _difference(
    baseline: str,
    candidate: str,
    measure: str,
    gains: np.ndarray,
    p_value: float,
    p_corrected: float,
    tests: int,
    rng: np.random.Generator,
) -> Difference:
    said = verdict(gains, p_corrected, rng)
    more = more_queries_needed(gains, tests=tests) if said == "undetermined" else None
    return Difference(baseline, candidate, measure, difference_estimate(gains, rng), p_value, p_corrected, said, more)
