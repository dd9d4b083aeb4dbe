"""Trains the learned reranker, prints how it does on corpora it has not seen, and writes its weights with --write.

Usage: python bench/train_reranker.py [DATA_FOLDER] [--write FILE] [--case FOLDER ...] [--trees]. Nothing passes or fails.
The same data, seed and versions give the same weights.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from reranker_sets import DEPTH, LICENCES, RetrievalSet, load_set
from reranker_tables import (
    BENCHMARKS,
    SEED,
    Scorer,
    additive,
    computed,
    print_losses,
    print_table,
    print_weights,
    values,
)
from scipy.optimize import minimize

from workbench.retrieval.learned.catalogue import FEATURES
from workbench.retrieval.learned.weights import SHIPPED, AdditiveWeights, weights_document
from workbench.store import write_text

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CACHE = Path("~/.cache/pilot-workbench/train_reranker").expanduser()
TRAINED_ON = ("chunking_eval", "mtrag", "covid", "medquad", "wiki")
TEST_ONLY = ("cranfield", "scifact", "policyqa")

RIDGE = {True: 0.03, False: 0.3}
"""Pull of the weights towards 0, with vectors and by words alone.

With vectors 0.03 to 1 gave benchmark means of 0.728 to 0.724. By words alone 0.03 lost to BM25 on scifact, 0.3 on none.
"""

RANK_EMPHASIS = 0.5
"""Power of what swapping two places would change in nDCG by which a pair counts; 0 is every pair alike."""

LEAST_PAIR = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """What a model is fitted to: rows of features, and which row should stand above which.

    Attributes:
        rows: (rows, features). question: number of the question each row is of.
        better, worse: rows of each pair. share: weight of each pair; each set's sum to the same.
    """

    rows: np.ndarray
    question: np.ndarray
    better: np.ndarray
    worse: np.ndarray
    share: np.ndarray


def pairs_of(one: RetrievalSet, *, with_vectors: bool) -> Pairs:
    """The pairs of one set: a question's relevant passages above its other candidates; all its questions count alike.

    Of a relevant document only the passage the fusion ranks highest is used, for it is what the document is ranked by.
    """
    features, candidates = computed(one, with_vectors=with_vectors)
    rows, better, worse, share = [], [], [], []
    questions = offset = 0
    for query, matrix, found in zip(one.queries, features, candidates, strict=True):
        grades = one.qrels[query.query_id]
        documents = [candidate.passage.doc_id for candidate in found]
        good = [i for i, doc in enumerate(documents) if grades.get(doc, 0) > 0 and doc not in documents[:i]]
        unclear = one.unclear.get(query.query_id, set())
        bad = [i for i, doc in enumerate(documents) if not grades.get(doc, 0) and doc not in unclear]
        if not good or not bad:
            continue
        above, below = (side.ravel() for side in np.meshgrid(good, bad, indexing="ij"))
        gain = np.abs(1 / np.log2(2 + above) - 1 / np.log2(2 + below)) ** RANK_EMPHASIS + LEAST_PAIR
        rows.append(matrix)
        better.append(above + offset)
        worse.append(below + offset)
        share.append(gain / gain.sum())
        offset += len(matrix)
        questions += 1
    question = np.repeat(np.arange(questions), [len(matrix) for matrix in rows])
    return Pairs(
        np.concatenate(rows),
        question,
        np.concatenate(better),
        np.concatenate(worse),
        np.concatenate(share) / max(questions, 1),
    )


def fit(sets: Sequence[Pairs], *, with_vectors: bool) -> AdditiveWeights:
    """Pairwise logistic regression with ridge; a feature whose sign is known is kept from taking the other one."""
    rows = np.concatenate([one.rows for one in sets])
    shifts = np.cumsum([0] + [len(one.rows) for one in sets])[:-1]
    better = np.concatenate([one.better + shift for one, shift in zip(sets, shifts, strict=True)])
    worse = np.concatenate([one.worse + shift for one, shift in zip(sets, shifts, strict=True)])
    share = np.concatenate([one.share for one in sets]) / len(sets)
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale < 1e-9] = 1.0
    standard, ridge = (rows - centre) / scale, RIDGE[with_vectors]

    def loss(weight: np.ndarray) -> tuple[float, np.ndarray]:
        scores = standard @ weight
        margin = scores[better] - scores[worse]
        pull = -share / (1 + np.exp(np.clip(margin, -500, 500)))
        per_row = np.bincount(better, pull, len(rows)) - np.bincount(worse, pull, len(rows))
        value = (share * np.logaddexp(0, -margin)).sum() + ridge / 2 * weight @ weight
        return float(value), standard.T @ per_row + ridge * weight

    limits = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    bounds = [limits[f.sign] if with_vectors or not f.needs_vectors else (0.0, 0.0) for f in FEATURES]
    found = minimize(
        loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}
    )
    return AdditiveWeights(found.x, centre, scale)


def trees(sets: Sequence[Pairs]) -> Scorer:
    """LambdaMART over the same features, for comparison only."""
    import lightgbm

    rows, labels, groups, shares = [], [], [], []
    for one in sets:
        label = np.zeros(len(one.rows))
        label[one.better] = 1
        used = np.unique(np.concatenate([one.better, one.worse]))
        rows.append(one.rows[used])
        labels.append(label[used])
        groups.append(np.bincount(one.question[used]))
        shares.append(np.full(len(used), 1e5 / len(used)))
    data = lightgbm.Dataset(
        np.concatenate(rows), np.concatenate(labels), group=np.concatenate(groups), weight=np.concatenate(shares)
    )
    settings = {
        "objective": "lambdarank",
        "num_leaves": 16,
        "learning_rate": 0.03,
        "min_data_in_leaf": 60,
        "feature_fraction": 0.5,
        "lambda_l2": 5.0,
        "seed": SEED,
        "deterministic": True,
        "num_threads": 2,
        "verbose": -1,
    }
    model = lightgbm.train(settings, data, 250)
    return lambda matrix: model.predict(matrix)


def main() -> None:
    """Train, print, and write where asked to."""
    asked = _arguments()
    cases = [str(folder.resolve()) for folder in asked.case]
    sets = {
        Path(name).name: load_set(name, asked.data, asked.cache, SEED, print)
        for name in (*TRAINED_ON, *TEST_ONLY, *cases)
    }
    pairs = {name: pairs_of(sets[name], with_vectors=True) for name in (*TRAINED_ON, *BENCHMARKS)}
    held_out = {name: fit(_others(pairs, TRAINED_ON, name), with_vectors=True) for name in TRAINED_ON}
    shipped = fit([pairs[name] for name in TRAINED_ON], with_vectors=True)
    models = {name: held_out.get(name, shipped) for name in sets}
    found = {name: values(one, "hybrid", additive(models[name])) for name, one in sets.items()}
    print_table("Weights that ship, each set they were learned from held out in turn", sets, found)
    of_four = {}
    for name in BENCHMARKS:
        of_three = fit(_others(pairs, BENCHMARKS, name), with_vectors=True)
        of_four[name] = values(sets[name], "hybrid", additive(of_three))
    print_table(
        "The four benchmarks alone, each held out in turn (for comparison with the trial, never shipped)", sets, of_four
    )
    if asked.trees:
        by_trees = {name: values(sets[name], "hybrid", trees(_others(pairs, TRAINED_ON, name))) for name in found}
        print_table("LambdaMART on the same features and sets, held out in turn", sets, by_trees)
    print_losses(sets, found)
    words = _words_alone(sets)
    print_weights({"with_vectors": shipped, "words_alone": words})
    seconds, questions = sum(s.seconds for s in sets.values()), sum(len(s.queries) for s in sets.values())
    print(f"\nfeatures of {DEPTH} candidates: {questions / seconds:.0f} questions a second, one process")
    if asked.write:
        document = weights_document(_about(sets, asked.date, found), {"with_vectors": shipped, "words_alone": words})
        write_text(asked.write, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        print(f"wrote {asked.write.name}")


def _words_alone(sets: Mapping[str, RetrievalSet]) -> AdditiveWeights:
    """The model for where there is no encoder, over the top of BM25; its own table is printed."""
    pairs = {name: pairs_of(sets[name], with_vectors=False) for name in TRAINED_ON}
    final = fit(list(pairs.values()), with_vectors=False)
    found = {
        name: values(
            one,
            "bm25",
            additive(fit(_others(pairs, TRAINED_ON, name), with_vectors=False) if name in pairs else final),
            with_vectors=False,
        )
        for name, one in sets.items()
    }
    print_table("Words alone: the top of BM25 reordered without any vector, held out in turn", sets, found)
    return final


def _others(pairs: Mapping[str, Pairs], names: Sequence[str], held_out: str) -> list[Pairs]:
    return [pairs[name] for name in names if name != held_out]


def _about(sets: Mapping[str, RetrievalSet], date: str, found: Mapping[str, np.ndarray]) -> dict[str, object]:
    return {
        "model": "learned reranker of the pilot workbench: an additive model, pairwise logistic regression",
        "made_by": "bench/train_reranker.py",
        "date": date,
        "seed": SEED,
        "ridge": {"with_vectors": RIDGE[True], "words_alone": RIDGE[False]},
        "rank_emphasis": RANK_EMPHASIS,
        "candidates": DEPTH,
        "training_data": [
            {
                "set": name,
                "passages": len(sets[name].passages),
                "questions": len(sets[name].queries),
                "licence": LICENCES[name],
            }
            for name in TRAINED_ON
        ],
        "never_trained_on": list(TEST_ONLY),
        "held_out_ndcg_at_10": {name: round(float(found[name].mean()), 4) for name in (*TRAINED_ON, *TEST_ONLY)},
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of kept vectors")
    parser.add_argument("--write", type=Path, nargs="?", const=SHIPPED, help="file the weights are written to")
    parser.add_argument("--date", default=datetime.datetime.now(datetime.UTC).date().isoformat())
    parser.add_argument("--case", type=Path, nargs="*", default=[], help="case folders to test the weights on")
    parser.add_argument("--trees", action="store_true", help="LambdaMART beside it; needs lightgbm")
    return parser.parse_args()


if __name__ == "__main__":
    main()
