"""Maps over the questions and passages of `example_results`, or of any size, with hostile text where client text stands."""

import example_results
import numpy as np
import pandas as pd

from workbench.comparison.corpus_map import StoredMap
from workbench.records import CorpusMap, Estimate, Region

REGION_OF = {"hail, repairer": range(0, 20), "flood, excess": range(20, 40)}


def share(missed, n):
    return Estimate(missed / n, max(0.0, missed / n - 0.1), min(1.0, missed / n + 0.1), n, "wilson")


def example_map(method="t-sne", shift=0.0):
    """Questions q01 to q20 lie in region 0, q21 to q40 in region 1, the four nobody judged in region 2.

    Dense misses q01 to q10 (10 of 20 in region 0, none of 20 in region 1); hybrid+rerank misses q07, q08 and q12.
    Question i lies at (i, i mod 5), its document d(i + 1) one unit above it.
    """
    stored = example_results.stored_comparison()
    number = stored.passages["doc_id"].str[1:].astype(int) - 1
    titles = dict(zip(stored.documents["doc_id"], stored.documents["title"], strict=True))
    passages = stored.passages[["passage_id", "doc_id", "text"]].assign(
        title=[titles[doc_id] for doc_id in stored.passages["doc_id"]],
        x=(number + shift).astype("float32"),
        y=(number % 5 + 1.0).astype("float32"),
        region=[0 if i < 20 else 1 if i < 40 else 2 for i in number],
        retrieved=True,
    )  # fmt: skip
    ids = [str(query_id) for query_id in stored.queries["query_id"]]
    queries = pd.DataFrame(
        {
            "query_id": ids,
            "x": np.arange(len(ids), dtype="float32") + shift,
            "y": np.arange(len(ids), dtype="float32") % 5,
            "region": [min(i // 20, 2) for i in range(len(ids))],
        }
    )
    none = Estimate.not_measured("no labelled question lies here")
    regions = (
        Region(0, example_results.HOSTILE, 20, 20, {"dense": share(10, 20), "hybrid+rerank": share(3, 20)}, ("dense",)),
        Region(1, "flood, excess", 20, 20, {"dense": share(0, 20), "hybrid+rerank": share(0, 20)}),
        Region(2, "letters", 60, 4, {"dense": none, "hybrid+rerank": none}),
    )
    kept = Estimate(0.43, 0.41, 0.45, 500, "bootstrap")
    found = CorpusMap(method, 5, 612, len(passages), len(passages), 10, len(ids), regions, kept)
    return StoredMap(found, passages, queries)


def large_map(stored, passages=20_000, seed=1):
    """A map with so many passages over the questions of any stored comparison, in twenty-five regions."""
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-60, 60, size=(25, 2))
    region = rng.integers(0, 25, size=passages)
    spots = (middles[region] + rng.normal(0, 5, size=(passages, 2))).astype("float32")
    own = stored.passages
    number = np.arange(passages) % len(own)
    table = pd.DataFrame(
        {
            "passage_id": [
                p if i < len(own) else f"{p}/{i}" for i, p in enumerate(own["passage_id"].to_numpy()[number])
            ],
            "doc_id": own["doc_id"].to_numpy()[number],
            "title": own["doc_id"].to_numpy()[number],
            "text": own["text"].str.slice(0, 160).to_numpy()[number],
            "x": spots[:, 0],
            "y": spots[:, 1],
            "region": region,
            "retrieved": np.arange(passages) < len(own),
        }
    )
    ids = stored.queries["query_id"].to_numpy()
    near = rng.integers(0, 25, size=len(ids))
    at = (middles[near] + rng.normal(0, 4, size=(len(ids), 2))).astype("float32")
    queries = pd.DataFrame({"query_id": ids, "x": at[:, 0], "y": at[:, 1], "region": near})
    arms = list(dict.fromkeys(stored.rankings["run"]))
    regions = []
    for i in range(25):
        n = int((near == i).sum())
        missed = {
            arm: share(int(rng.integers(0, n // 2 + 1)), n) if n else Estimate.not_measured("no question")
            for arm in arms
        }
        size = int((region == i).sum())
        regions.append(Region(i, f"topic {i}, claim, repairer", size, n, missed, ("dense",) if i == 3 else ()))
    kept = Estimate(0.431, 0.425, 0.437, 2000, "bootstrap")
    found = CorpusMap("t-sne", 5, 61_000, passages, len(own), 10, len(ids), tuple(regions), kept)
    return StoredMap(found, table, queries)
