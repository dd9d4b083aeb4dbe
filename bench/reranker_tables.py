"""What the training of the reranker prints: measured values, tables with intervals and tests, losses, weights.

Nothing is trained here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from reranker_sets import RetrievalSet

from workbench.evaluation.measures import MEASURES, per_query
from workbench.evaluation.statistics import difference_estimate, holm, mean_estimate, randomisation_p_value, verdict
from workbench.records import Run
from workbench.retrieval.learned.catalogue import FEATURES
from workbench.retrieval.learned.features import Candidate
from workbench.retrieval.learned.weights import AdditiveWeights
from workbench.retrieval.ranking import pool_to_documents

BENCHMARKS = ("cranfield", "chunking_eval", "scifact", "mtrag")
NDCG = MEASURES["nDCG@10"]
SEED = 20_261_122

Scorer = Callable[[np.ndarray], np.ndarray]


def values(one: RetrievalSet, arm: str, score: Scorer | None = None, *, with_vectors: bool = True) -> np.ndarray:
    """nDCG@10 of every question in the order of the questions' ids: of a leg, or of its top reordered by a score."""
    doc_ids = {passage.passage_id: passage.doc_id for passage in one.passages}
    features, _ = computed(one, with_vectors=with_vectors)
    rankings = {}
    for query, ranking, matrix in zip(one.queries, one.rankings[arm], features, strict=True):
        top = [ranking[i] for i in np.argsort(-score(matrix), kind="stable")] if score else []
        reordered = top + list(ranking[len(top) :])
        rankings[query.query_id] = pool_to_documents(reordered, doc_ids, depth=100)
    frame = per_query(
        Run(arm, rankings, 0.0, 0.0, 100), {q.query_id: one.qrels[q.query_id] for q in one.queries}, [NDCG]
    )
    return frame["value"].to_numpy(dtype=np.float64)


def additive(model: AdditiveWeights) -> Scorer:
    """The score of a model."""
    return lambda matrix: model.contributions(matrix).sum(axis=1)


def computed(one: RetrievalSet, *, with_vectors: bool) -> tuple[Sequence[np.ndarray], Sequence[Sequence[Candidate]]]:
    """Features and candidates of every question, with vectors over the fusion or by words alone over BM25."""
    return (one.features, one.candidates) if with_vectors else (one.word_features, one.word_candidates)


def print_table(title: str, sets: Mapping[str, RetrievalSet], found: Mapping[str, np.ndarray]) -> None:
    """A Markdown table of the reranked sets beside their legs, with intervals and Holm over all tests of the table."""
    print(f"\n{title}: nDCG@10 with 95 % intervals, Holm over the table")
    rng = np.random.default_rng(SEED)
    legs = {name: {leg: values(sets[name], leg) for leg in ("dense", "bm25", "hybrid")} for name in found}
    differences = {(name, leg): found[name] - legs[name][leg] for name in found for leg in legs[name]}
    corrected = holm([randomisation_p_value(difference, rng) for difference in differences.values()])
    p_values = dict(zip(differences, corrected, strict=True))
    print(
        "| set | n | dense | BM25 | hybrid | reranked | against hybrid | p hybrid | p BM25 | p dense | better/same/worse |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, reranked in found.items():
        mean, gain = mean_estimate(reranked, rng), difference_estimate(differences[name, "hybrid"], rng)
        change = differences[name, "hybrid"]
        tallied = f"{(change > 1e-9).sum()}/{(abs(change) <= 1e-9).sum()}/{(change < -1e-9).sum()}"
        single = " | ".join(f"{legs[name][leg].mean():.3f}" for leg in ("dense", "bm25", "hybrid"))
        tested = " | ".join(
            f"{p_values[name, leg]:.4f} {verdict(differences[name, leg], p_values[name, leg], rng)}"
            for leg in ("hybrid", "bm25", "dense")
        )
        print(
            f"| {name} | {len(reranked)} | {single} | {mean.value:.3f} ({mean.low:.3f} to {mean.high:.3f}) "
            f"| {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) | {tested} | {tallied} |"
        )
    measured = [name for name in found if name in BENCHMARKS]
    print(f"mean of the benchmarks {np.mean([found[name].mean() for name in measured]):.4f}")


def print_losses(sets: Mapping[str, RetrievalSet], found: Mapping[str, np.ndarray]) -> None:
    """The three questions of each set that lose most against the fusion."""
    print("\nWhere it loses to the fusion")
    for name, one in sets.items():
        change = found[name] - values(one, "hybrid")
        queries = sorted(one.queries, key=lambda query: query.query_id)
        for place in np.argsort(change, kind="stable")[:3]:
            print(f"  {name:<14} {change[place]:+.2f}  {queries[place].text[:110]}")


def print_weights(models: Mapping[str, AdditiveWeights]) -> None:
    """The weights of the models side by side, as a Markdown table."""
    print("\nWeights a standard deviation of the training data, with vectors and by words alone")
    for i, feature in enumerate(FEATURES):
        print(f"| {feature.label} | " + " | ".join(f"{model.weight[i]:+.3f}" for model in models.values()) + " |")
