"""Why arms fail on the questions of a comparison: failure codes, what each step pushed out, which part brings the gain.

The rules and formulas belong to `workbench.evaluation`; this hands them what the search knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from workbench.comparison.deployed import DEPLOYED
from workbench.comparison.measuring import scores_of
from workbench.comparison.versioning import KnownVersions, known_versions
from workbench.compute import Progress
from workbench.errors import MissingPartError
from workbench.evaluation.blame import component_blame
from workbench.evaluation.failures import (
    FAILURE_K,
    FailureEvidence,
    FailureRow,
    breakdown,
    code_failures,
    codes_not_tested,
)
from workbench.evaluation.harm import Harm, harm_step
from workbench.evaluation.measures import MEASURES, MIN_RELEVANCE
from workbench.records import CaseInputs, ComponentBlame, FailureBreakdown, HarmStep, Qrels, Run, ScoredPassage
from workbench.retrieval.arms import Search
from workbench.retrieval.difficulty import difficulty, inspection_order
from workbench.retrieval.protocols import Vectors
from workbench.retrieval.recipes import RERANKERS, recipe
from workbench.retrieval.sparse import tokenize
from workbench.retrieval.terms import CorpusTerms

BLAME_MEASURE = "nDCG@10"
COMPONENTS = ("bm25", "weights")
"""Parts whose gain over naive dense retrieval is told in every comparison: the keyword leg, fusion by score."""
RERANK = "rerank"
"""The reranker as a part, whichever it is; told when an arm with it ran, for it may need a model and minutes."""
EXTRA_COMPONENTS = ("title", "small")
"""Parts that need the corpus to be encoded again; told when an arm with them was asked for."""

TOP_PASSAGES = 20
"""Passages of a ranking the failure rules look at, before they are pooled to documents."""


@dataclass(frozen=True, slots=True)
class Failing:
    """Failures, harm and blame of a comparison, with the rows of their tables.

    Attributes:
        not_tested: failure code -> why it could not be looked at.
        failures: run, query_id, code, rule, first, failed.
        moved: before, after, query_id, doc_id, rank_before, rank_after, kind.
        inspection: query_id, priority, why.
        versions: which documents have a newer version.
    """

    breakdowns: Mapping[str, FailureBreakdown]
    not_tested: Mapping[str, str]
    failures: Sequence[tuple[object, ...]]
    harm: tuple[HarmStep, ...]
    moved: Sequence[tuple[object, ...]]
    blame: ComponentBlame | None
    inspection: Sequence[tuple[object, ...]]
    versions: KnownVersions


def failing_of(
    inputs: CaseInputs, search: Search, runs: Mapping[str, Run], rng: np.random.Generator, progress: Progress
) -> Failing:
    """Everything that is wrong with the arms that ran.

    Args:
        inputs: the case as read.
        search: what was searched; legs that no arm shows are taken from it.
        runs: the arms, the deployed system among them.
        rng: source of the resamples.
        progress: called with the share done.
    """
    progress(0.0, "finding out why questions fail")
    asked = {query.query_id for query in search.queries}
    qrels = {q: grades for q, grades in inputs.qrels.items() if q in asked}
    all_runs = _with_parts(search, runs)
    versions = known_versions(inputs, all_runs.values())
    evidence = _evidence(inputs, search, runs, all_runs, qrels, versions)
    rows = code_failures(evidence)
    progress(0.4, "telling the parts of the search apart")
    steps = _harm(search, runs, qrels)
    blame = _blame(search, runs, qrels, rng)
    progress(1.0, "ordering questions to look at")
    return Failing(
        {arm: breakdown(evidence, rows, arm) for arm in runs},
        codes_not_tested(evidence),
        [_failure(row) for row in rows],
        tuple(harm.step for harm in steps),
        [
            (r.before, r.after, r.query_id, r.doc_id, r.rank_before or 0, r.rank_after or 0, r.kind)
            for harm in steps
            for r in harm.rows
        ],
        blame,
        _inspection(search, runs),
        versions,
    )


def _failure(row: FailureRow) -> tuple[object, ...]:
    return (row.run, row.query_id, row.code, row.rule, row.first, row.failed)


def _with_parts(search: Search, runs: Mapping[str, Run]) -> dict[str, Run]:
    """The arms, and beside them the legs and steps they are made of."""
    ours = [arm for arm in runs if arm != DEPLOYED]
    parts = [part for arm in ours for part in (*search.legs_of(arm), search.step_before(arm)) if part]
    return {**runs, **{part: search.run(part) for part in parts if part not in runs}}


def _evidence(
    inputs: CaseInputs,
    search: Search,
    runs: Mapping[str, Run],
    all_runs: Mapping[str, Run],
    qrels: Qrels,
    versions: KnownVersions,
) -> FailureEvidence:
    ours = [arm for arm in runs if arm != DEPLOYED]
    searched = [arm for arm in all_runs if arm != DEPLOYED]
    own = search.corpus.retrievers
    view = search.corpus.views.of()
    terms = CorpusTerms(view.passages, tokens=view.tokens)
    return FailureEvidence(
        runs=all_runs,
        queries=search.queries,
        qrels=qrels,
        arms=list(runs),
        legs={arm: search.legs_of(arm) for arm in ours},
        steps={arm: step for arm in ours if (step := search.step_before(arm))},
        dense=frozenset(arm for arm in searched if arm not in own and recipe(arm).legs == ("dense",)),
        lexical=frozenset(arm for arm in searched if arm not in own and recipe(arm).legs == ("bm25",)),
        asked_only=frozenset({DEPLOYED} & runs.keys()),
        documents=inputs.documents,
        passages=inputs.passages,
        other_passages=search.corpus.views.small if any("+small" in arm for arm in searched) else (),
        passage_rankings={arm: _top_passages(search, arm) for arm in searched},
        exact_terms={query.query_id: terms.exact_terms(query.text) for query in search.queries},
        tokens=tokenize,
        newer=versions.newer,
        similar=_Similarity.of(search) if any(arm not in own and _encodes(arm) for arm in searched) else None,
    )


def _encodes(arm: str) -> bool:
    """Whether an arm searches the plain passages by vectors; they are not encoded for the sake of a failure code."""
    made = recipe(arm)
    return "dense" in made.legs and not (made.title or made.small)


def _top_passages(search: Search, arm: str) -> dict[str, Sequence[ScoredPassage]]:
    found = search.rankings(arm).rankings
    return {query.query_id: ranking[:TOP_PASSAGES] for query, ranking in zip(search.queries, found, strict=True)}


@dataclass(frozen=True, slots=True)
class _Similarity:
    """Cosine of two passages by their ids; None for a passage that was not encoded."""

    rows: Mapping[str, int]
    vectors: Vectors

    @classmethod
    def of(cls, search: Search) -> _Similarity | None:
        view = search.corpus.views.of()
        try:
            return cls(view.rows, view.vectors(search.corpus.encoder))
        except MissingPartError:
            return None

    def __call__(self, one: str, other: str) -> float | None:
        if one not in self.rows or other not in self.rows:
            return None
        return float(self.vectors[self.rows[one]] @ self.vectors[self.rows[other]])


def _harm(search: Search, runs: Mapping[str, Run], qrels: Qrels) -> list[Harm]:
    steps: list[tuple[str, str]] = []
    for arm in (name for name in runs if name != DEPLOYED):
        before = search.step_before(arm)
        steps += [(before, arm)] if before else [(leg, arm) for leg in search.legs_of(arm) if leg != arm]
    return [harm_step(search.run(before), runs[after], qrels, FAILURE_K) for before, after in steps]


def _blame(search: Search, runs: Mapping[str, Run], qrels: Qrels, rng: np.random.Generator) -> ComponentBlame | None:
    """Shapley gains over every combination of parts; None without labels or without naive dense retrieval to start from."""
    judged = {q: grades for q, grades in qrels.items() if any(grade >= MIN_RELEVANCE for grade in grades.values())}
    if not judged or "dense" not in runs:
        return None
    ran = {name for arm in runs for name in arm.split("+")[1:]}
    reranker = next((name for name in RERANKERS if name in ran), "")
    asked = [name for name in EXTRA_COMPONENTS if name in ran]
    missing = {name: f"no arm with +{name} was asked for" for name in EXTRA_COMPONENTS if name not in asked}
    if not reranker:
        missing = {RERANK: "no arm with a reranker ran", **missing}
    components = [*COMPONENTS, *([RERANK] if reranker else []), *asked]
    values: dict[frozenset[str], Mapping[str, float]] = {}
    by_arm: dict[str, Mapping[str, float]] = {}  # weights alone change nothing: several subsets are one arm
    for size in range(len(components) + 1):
        for chosen in combinations(components, size):
            arm = _with(chosen, reranker)
            if arm not in by_arm:
                scored = scores_of([search.run(arm)], judged, [MEASURES[BLAME_MEASURE]])
                by_arm[arm] = dict(zip(scored["query_id"], scored["value"].astype(float), strict=True))
            values[frozenset(chosen)] = by_arm[arm]
    return component_blame(BLAME_MEASURE, values, components, rng, missing)


def _with(components: Collection[str], reranker: str) -> str:
    """Name of the arm that is dense retrieval with these parts added; weights fuse nothing without the keyword leg.

    Args:
        components: the parts.
        reranker: what the reranker is called in the names of arms; "" where none is added.
    """
    parts = ["hybrid" if "bm25" in components else "dense"]
    parts += [name for name in EXTRA_COMPONENTS if name in components]
    parts += ["weighted"] if {"bm25", "weights"} <= set(components) else []
    parts += [reranker] if RERANK in components else []
    return "+".join(parts)


def _inspection(search: Search, runs: Mapping[str, Run]) -> list[tuple[object, ...]]:
    legs = {leg: search.rankings(leg).rankings if leg in runs else None for leg in ("dense", "bm25")}
    view = search.corpus.views.of()
    words = legs["bm25"]
    shown = {passage.passage_id for ranking in words or () for passage in ranking[:TOP_PASSAGES]}
    texts = {passage_id: view.passages[view.rows[passage_id]].text for passage_id in shown}
    idf = dict(zip(view.tokens.vocabulary, view.tokens.idf().tolist(), strict=True))
    signs = {}
    for number, query in enumerate(search.queries):
        near = legs["dense"][number] if legs["dense"] is not None else None
        word = words[number] if words is not None else None
        signs[query.query_id] = difficulty(query, near, word, texts, idf)
    return [(one.query_id, one.priority, one.why) for one in inspection_order(signs)]
