"""Runs the arms on a case and puts together everything a comparison says.

Measuring, explaining failures and recommending have modules of their own beside this one; it only orders them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from workbench.comparison.deployed import DEPLOYED, deployed_run
from workbench.comparison.failing import Failing, failing_of
from workbench.comparison.finding import Found, findability_of
from workbench.comparison.measuring import arm_report, differences, scores_of
from workbench.comparison.questions import questions_of
from workbench.comparison.reasons import ARM, reason_rows
from workbench.comparison.recommendation import recommend
from workbench.comparison.tables import StoredComparison, frame, tables
from workbench.compute import scaled
from workbench.errors import CaseError, MissingPartError
from workbench.ingest.labels import judged_queries
from workbench.ingest.load import unread_files
from workbench.records import ArmReport, CaseInputs, Comparison, CorpusSize, Query, Run
from workbench.retrieval.arms import ARMS, ArmSettings, Corpus, Search
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.protocols import Encoder, Progress, Retriever
from workbench.retrieval.recipes import BASES, recipe

DEFAULT_SETTINGS = ArmSettings()

SEARCH_SHARE, EXPLAIN_SHARE, FOUND_SHARE = 0.6, 0.75, 0.95
"""Shares of the progress at which the arms have run, their failures are explained, and documents have been looked for."""


def compare(
    inputs: CaseInputs,
    store: Path,
    *,
    arms: Sequence[str] = ARMS,
    settings: ArmSettings = DEFAULT_SETTINGS,
    retrievers: Mapping[str, Retriever] | None = None,
    probed: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> StoredComparison:
    """Run the arms on a case and tell how they differ, why they fail and which one to go on with.

    Without labels the arms still run, on questions of the log, and every measure is "not measured". The deployed
    system takes part as an arm where the log says what it retrieved for judged questions.

    Args:
        inputs: the case as read.
        store: where passage vectors are kept between runs.
        arms: names of arms; `workbench.retrieval.recipes` says how they are written. "deployed" may be among them.
        settings: models, engines and weights.
        retrievers: a client's own, by the name of their arm; they are run beside the arms named.
        probed: documents probed for findability, a sample where there are more; 0 for none, None for the usual number.
        seed: seed of every sample and resampling.
        progress: called with the share done and what is being done.

    Raises:
        CaseError: no document, or no question to run.
        MissingPartError: none of the arms could run.
        ValueError: an unknown arm, or fewer than 0 documents probed. InputError: a client's retriever broke its promises.
    """
    own = dict(retrievers or {})
    named = checked_arms(arms, own)
    if probed is not None and probed < 0:
        raise ValueError(f"documents to be probed must be 0 or more, got {probed}")
    queries, notes = _questions(inputs)
    notes += unread_files(inputs)
    forward = _never_back(progress)
    corpus = Corpus(inputs.documents, inputs.passages, store, settings, own, load_encoder=load_encoder)
    search = Search(corpus, queries)
    runs, reasons = _run_arms(named, search, scaled(forward, 0.0, SEARCH_SHARE))
    if not runs:
        raise MissingPartError(f"no arm could run: {'; '.join(dict.fromkeys(reasons.values()))}")
    judged = judged_queries(queries, inputs.qrels)
    deployed = deployed_run(inputs, judged)
    if not deployed and DEPLOYED in arms:
        reasons[DEPLOYED] = "the log names no document retrieved for a judged question"
    if deployed:
        runs[DEPLOYED] = deployed
        notes.append(
            f"deployed: ids logged for {len(deployed.rankings)} of {len(judged)} judged questions, "
            f"{deployed.depth} a question"
        )
    notes += _notes(corpus, search, runs)
    rng = np.random.default_rng(seed)
    corpus.progress = scaled(forward, SEARCH_SHARE, EXPLAIN_SHARE)
    failing = failing_of(inputs, search, runs, rng, corpus.progress)
    found = findability_of(corpus, inputs, list(runs), probed, seed, scaled(forward, EXPLAIN_SHARE, FOUND_SHARE))
    forward(FOUND_SHARE, "computing intervals")
    ids = [query.query_id for query in judged]
    return _assemble(inputs, search, ids, runs, reasons, settings, seed, notes, failing, found)


def checked_arms(arms: Sequence[str], retrievers: Mapping[str, Retriever]) -> list[str]:
    """Arms to run, each once under its usual name, a client's own last; refused before any work is done.

    Raises:
        ValueError: an unknown arm, none at all, or a client's retriever that takes the name of an arm.
    """
    named = list(dict.fromkeys(recipe(arm).name for arm in arms if arm != DEPLOYED))
    if not named and not retrievers:
        raise ValueError(f"no arm named that can be run; the usual ones are {', '.join(ARMS)}")
    taken = next((name for name in retrievers if name in (*BASES, DEPLOYED) or not name.isidentifier()), None)
    if taken is not None:
        raise ValueError(f"a retriever cannot be called '{taken}'; use a name of letters, digits and _ that no arm has")
    return [*named, *retrievers]


def described(settings: ArmSettings, seed: int = 0) -> dict[str, str]:
    """Settings as a comparison states them."""
    dense, sparse = settings.weights
    return {
        "encoder": settings.encoder or "embedded all-MiniLM-L6-v2",
        "reranker": settings.cross_encoder or "learned, built in",
        "bm25_engine": settings.bm25_engine,
        "fusion": f"RRF, k = {settings.rrf_k}, weights dense {dense:g}, BM25 {sparse:g}",
        "seed": str(seed),
    }


def encoder_of(comparison: Comparison) -> Encoder:
    """The encoder a comparison was run with, by what its settings state.

    Raises:
        MissingPartError: the model is not there.
    """
    named = comparison.settings.get("encoder")
    return load_encoder(None if named in (None, described(DEFAULT_SETTINGS)["encoder"]) else named)


def usual_encoder() -> Encoder:
    """The encoder of the default settings.

    Raises:
        MissingPartError: the model is not there.
    """
    return load_encoder(None)


def _questions(inputs: CaseInputs) -> tuple[list[Query], list[str]]:
    if not inputs.passages:
        raise CaseError(f"{inputs.name}: {inputs.missing.get('corpus', 'no document holds text')}")
    if inputs.queries:
        return list(inputs.queries), []
    queries = questions_of(inputs)
    if not queries:
        raise CaseError(f"{inputs.name}: no questions to run; add queries.jsonl, or a query log to logs/")
    return queries, [f"no labels: {len(queries)} questions of the log were run, and no measure can be computed"]


def _never_back(progress: Progress | None) -> Progress:
    """Progress that never falls: an arm or a probe may begin again with what an earlier one had finished."""
    furthest = 0.0

    def tell(share: float, what: str) -> None:
        nonlocal furthest
        furthest = max(furthest, share)
        if progress:
            progress(furthest, what)

    return tell


def _run_arms(arms: Sequence[str], search: Search, progress: Progress) -> tuple[dict[str, Run], dict[str, str]]:
    runs: dict[str, Run] = {}
    reasons: dict[str, str] = {}
    for name in search.corpus.retrievers:  # first: one that breaks its promises is told before the long work
        search.rankings(name)
    for number, arm in enumerate(arms):
        search.corpus.progress = scaled(progress, number / len(arms), (number + 1) / len(arms))
        try:
            runs[arm] = search.run(arm)
        except MissingPartError as error:
            reasons[arm] = str(error)
    return runs, reasons


def _notes(corpus: Corpus, search: Search, runs: Mapping[str, Run]) -> list[str]:
    """What a reader has to know about the arms that ran."""
    if not any("+filter" in arm for arm in runs):
        return []
    touched = sum(corpus.filter.allowed_documents(query.text) is not None for query in search.queries)
    return [f"filter: {touched} of {len(search.queries)} questions name a year or a value documents can be narrowed by"]


def _assemble(
    inputs: CaseInputs,
    search: Search,
    judged: Sequence[str],
    runs: Mapping[str, Run],
    reasons: Mapping[str, str],
    settings: ArmSettings,
    seed: int,
    notes: Sequence[str],
    failing: Failing,
    found: Found | None,
) -> StoredComparison:
    rng = np.random.default_rng(seed)
    qrels = {query_id: inputs.qrels[query_id] for query_id in sorted(judged)}
    scores = scores_of(runs.values(), qrels)
    arms = {name: arm_report(run, scores, rng) for name, run in runs.items()}
    tested = tuple(differences(scores, rng))
    asked = {query.query_id for query in search.queries}
    comparison = Comparison(
        case=inputs.name,
        corpus=CorpusSize(len(inputs.documents), len(inputs.passages)),
        queries=len(search.queries),
        judged=len(judged),
        arms=arms | {name: ArmReport({}, None, 0, reason) for name, reason in reasons.items()},
        differences=tested,
        failures=failing.breakdowns,
        settings=described(settings, seed),
        notes=(*notes, *(found.notes if found else ())),
        unjudged=len(asked - inputs.qrels.keys()),
        without_relevant=len((asked & inputs.qrels.keys()) - set(judged)),
        codes_not_tested=failing.not_tested,
        harm=failing.harm,
        blame=failing.blame,
        findability=found.findability if found else None,
        recommended=recommend(arms, tested, None),
    )
    shown = {document.passage_id for run in runs.values() for ranking in run.rankings.values() for document in ranking}
    return StoredComparison(
        comparison,
        scores,
        **tables(inputs, search.queries, set(judged), runs, search.corpus.views.named(shown), failing.versions),
        failures=frame("failures", failing.failures),
        harm=frame("harm", failing.moved),
        inspection=frame("inspection", failing.inspection),
        probes=frame("probes", found.rows if found else ()),
        reasons=frame("reasons", reason_rows(search) if ARM in runs else ()),
    )
