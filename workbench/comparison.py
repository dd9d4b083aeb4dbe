"""Arms against questions: the one place where retrieval and evaluation meet.

It runs the arms, scores them with intervals, compares them in pairs and codes their failures; storing and showing
the result is the business of `workbench.session`, `workbench.report` and the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.comparison_tables import StoredComparison, tables
from workbench.deployed import DEPLOYED, deployed_run
from workbench.errors import CaseError, MissingPartError
from workbench.evaluation.failures import FAILURE_K, Ranks, failure_code
from workbench.evaluation.measures import MEASURES, Measure, first_relevant_rank, per_query
from workbench.evaluation.statistics import (
    difference_estimate,
    holm,
    mean_estimate,
    more_queries_needed,
    randomisation_p_value,
    verdict,
)
from workbench.ingest.labels import judged_queries
from workbench.ingest.load import unread_files
from workbench.intervals import wilson
from workbench.records import (
    ArmReport,
    CaseInputs,
    Comparison,
    CorpusSize,
    Difference,
    Estimate,
    FailureBreakdown,
    Qrels,
    Query,
    Run,
    Seconds,
)
from workbench.retrieval.arms import ARMS, ArmRunner, ArmSettings
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.protocols import Progress
from workbench.retrieval.terms import CorpusTerms

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_SETTINGS = ArmSettings()
PAIRS = (
    ("dense", "bm25"),
    ("dense", "hybrid"),
    ("bm25", "hybrid"),
    ("hybrid", "hybrid+rerank"),
    (DEPLOYED, "dense"),
    (DEPLOYED, "hybrid"),
)
"""Baseline and candidate of each difference that is tested."""

MAX_LOG_QUERIES = 500
"""Questions taken from the log when there are no labels: enough to look at, few enough to wait for."""


def compare(
    inputs: CaseInputs,
    store: Path,
    *,
    arms: Sequence[str] = ARMS,
    settings: ArmSettings = DEFAULT_SETTINGS,
    seed: int = 0,
    progress: Progress | None = None,
) -> StoredComparison:
    """Run the arms on a case and tell how they differ.

    Without labels the arms still run, on questions of the log, and every measure is "not measured". The deployed
    system takes part as an arm where the log says what it retrieved for judged questions.

    Args:
        inputs: the case as read.
        store: file in which passage vectors are kept between runs.
        arms: which of `ARMS` to run.
        settings: models and engines.
        seed: seed of every resampling.
        progress: called with the share done and what is being done.

    Raises:
        CaseError: no document, or no question to run.
        MissingPartError: none of the arms could run.
        ValueError: an unknown arm.
    """
    unknown = sorted(set(arms) - set(ARMS))
    if unknown or not arms:
        raise ValueError(
            f"{'unknown arm ' + ', '.join(unknown) if unknown else 'no arm named'}; known are {', '.join(ARMS)}"
        )
    queries, notes = _questions(inputs)
    notes += unread_files(inputs)
    judged = {query.query_id for query in judged_queries(queries, inputs.qrels)}
    runs, reasons = _run_arms(arms, ArmRunner(inputs.passages, queries, store, settings, progress, load_encoder))
    if not runs:
        raise MissingPartError(f"no arm could run: {'; '.join(dict.fromkeys(reasons.values()))}")
    deployed = deployed_run(inputs, [query for query in queries if query.query_id in judged])
    if deployed:
        runs[DEPLOYED] = deployed
        judged_deployed = len(deployed.rankings)
        notes.append(
            f"deployed: ids logged for {judged_deployed} of {len(judged)} judged questions, {deployed.depth} a question"
        )
    if progress:
        progress(1.0, "computing intervals")
    return _assemble(inputs, queries, judged, runs, reasons, settings, seed, notes)


def described(settings: ArmSettings, seed: int = 0) -> dict[str, str]:
    """Settings as a comparison states them."""
    return {
        "encoder": settings.encoder or "embedded all-MiniLM-L6-v2",
        "reranker": settings.reranker or "none",
        "bm25_engine": settings.bm25_engine,
        "seed": str(seed),
    }


def _questions(inputs: CaseInputs) -> tuple[list[Query], list[str]]:
    if not inputs.passages:
        raise CaseError(f"{inputs.name}: {inputs.missing.get('corpus', 'no document holds text')}")
    if inputs.queries:
        return list(inputs.queries), []
    texts = dict.fromkeys(i.query.strip() for i in inputs.log.interactions if i.query.strip())
    if not texts:
        raise CaseError(f"{inputs.name}: no questions to run; add queries.jsonl, or a query log to logs/")
    queries = [Query(f"log-{number}", text) for number, text in enumerate(list(texts)[:MAX_LOG_QUERIES], start=1)]
    return queries, [f"no labels: {len(queries)} questions of the log were run, and no measure can be computed"]


def _run_arms(arms: Sequence[str], runner: ArmRunner) -> tuple[dict[str, Run], dict[str, str]]:
    runs: dict[str, Run] = {}
    reasons: dict[str, str] = {}
    for arm in arms:
        try:
            runs[arm] = runner.run(arm)
        except MissingPartError as error:
            reasons[arm] = str(error)
    return runs, reasons


def _assemble(
    inputs: CaseInputs,
    queries: Sequence[Query],
    judged: set[str],
    runs: Mapping[str, Run],
    reasons: Mapping[str, str],
    settings: ArmSettings,
    seed: int,
    notes: list[str],
) -> StoredComparison:
    import pandas as pd

    rng = np.random.default_rng(seed)
    qrels = {query_id: inputs.qrels[query_id] for query_id in sorted(judged)}
    measures = list(MEASURES.values())
    scores = pd.concat([per_query(run, _own_qrels(run, qrels), measures) for run in runs.values()], ignore_index=True)
    codes = _failure_codes(inputs, [q for q in queries if q.query_id in judged], runs)
    comparison = Comparison(
        case=inputs.name,
        corpus=CorpusSize(len(inputs.documents), len(inputs.passages)),
        queries=len(queries),
        judged=len(judged),
        arms={name: _arm_report(run, scores, measures, rng) for name, run in runs.items()}
        | {name: ArmReport({}, None, 0, reason) for name, reason in reasons.items()},
        differences=tuple(_differences(scores, measures, rng)),
        failures={name: _breakdown(run, codes, len(_own_qrels(run, qrels))) for name, run in runs.items()},
        settings=described(settings, seed),
        notes=tuple(notes),
    )
    return StoredComparison(comparison, scores, **tables(inputs, queries, judged, runs, codes))


def _own_qrels(run: Run, qrels: Qrels) -> Qrels:
    """The deployed system is judged on the questions it was asked; every other arm on all."""
    return {q: qrels[q] for q in qrels if q in run.rankings} if run.name == DEPLOYED else qrels


def _arm_report(run: Run, scores: pd.DataFrame, measures: Iterable[Measure], rng: np.random.Generator) -> ArmReport:
    own = scores[scores["run"] == run.name]
    report = {}
    for measure in measures:
        values = own.loc[own["measure"] == str(measure), "value"].to_numpy()
        too_deep = measure.cutoff > run.depth
        report[str(measure)] = mean_estimate(values, rng) if not too_deep else _too_deep(run, measure.cutoff)
    seconds = None if run.name == DEPLOYED else Seconds(round(run.index_seconds, 3), round(run.search_seconds, 3))
    return ArmReport(report, seconds, run.depth)


def _too_deep(run: Run, cutoff: int) -> Estimate:
    return Estimate.not_measured(f"the log keeps {run.depth} results a question, too few to look at {cutoff}")


def _differences(scores: pd.DataFrame, measures: Iterable[Measure], rng: np.random.Generator) -> list[Difference]:
    paired = []
    for measure in measures:
        table = scores[scores["measure"] == str(measure)].pivot(index="query_id", columns="run", values="value")
        for baseline, candidate in PAIRS:
            if baseline in table and candidate in table:
                both = table[[baseline, candidate]].dropna()
                if len(both):
                    gains = (both[candidate] - both[baseline]).to_numpy()
                    paired.append((baseline, candidate, str(measure), gains))
    p_values = [randomisation_p_value(gains, rng) for *_, gains in paired]
    return [
        _difference(*entry, p_value, corrected, rng)
        for entry, p_value, corrected in zip(paired, p_values, holm(p_values), strict=True)
    ]


def _difference(
    baseline: str,
    candidate: str,
    measure: str,
    gains: np.ndarray,
    p_value: float,
    p_corrected: float,
    rng: np.random.Generator,
) -> Difference:
    said = verdict(gains, p_corrected, rng)
    more = more_queries_needed(gains) if said == "undetermined" else None
    return Difference(baseline, candidate, measure, difference_estimate(gains, rng), p_value, p_corrected, said, more)


def _failure_codes(inputs: CaseInputs, queries: Sequence[Query], runs: Mapping[str, Run]) -> list[tuple[str, str, str]]:
    terms = CorpusTerms(inputs.passages)
    coded: list[tuple[str, str, str]] = []
    for query in queries:
        relevance = inputs.qrels[query.query_id]
        asked = {name: run for name, run in runs.items() if name != DEPLOYED or query.query_id in run.rankings}
        ranks = Ranks(
            {name: first_relevant_rank(run.rankings.get(query.query_id, ()), relevance) for name, run in asked.items()}
        )
        exact = bool(terms.exact_terms(query.text))
        for name in asked:
            code = failure_code(name, ranks, exact_term=exact)
            if code:
                coded.append((name, query.query_id, code))
    return coded


def _breakdown(run: Run, codes: Sequence[tuple[str, str, str]], judged: int) -> FailureBreakdown:
    if run.depth < FAILURE_K:
        return FailureBreakdown(_too_deep(run, FAILURE_K), FAILURE_K, {})
    own = [code for name, _, code in codes if name == run.name]
    return FailureBreakdown(wilson(len(own), judged), FAILURE_K, {code: own.count(code) for code in sorted(set(own))})
