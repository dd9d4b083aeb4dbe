"""Prints what `workbench compare` gives on the development data, beside peers run in the same process.

Usage: python bench/retrieval_quality.py [DATA_FOLDER] [name ...]. Figures only: nothing here passes or fails.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import ir_measures

from workbench import session
from workbench.case import open_case
from workbench.ingest.load import load_inputs
from workbench.numbers import measured
from workbench.records import CaseInputs
from workbench.retrieval.sparse import SparseRetriever

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NAMES = ("scifact", "mtrag", "chunking_eval", "cranfield")
EXPECTED = {
    "scifact": {"dense": 0.646, "bm25": 0.686, "hybrid": 0.716},
    "cranfield": {"dense": 0.511, "bm25": 0.518, "hybrid": 0.557},
    "chunking_eval": {"dense": 0.677, "bm25": 0.794, "hybrid": 0.741},
    "mtrag": {"dense": 0.725, "bm25": 0.703, "hybrid": 0.748},
}
"""nDCG@10 of the same weights elsewhere, one vector a document."""


def main(arguments: list[str]) -> None:
    """Run the named sets, all of them unless some are named."""
    data = Path(arguments[0]) if arguments else DATA
    for name in arguments[1:] or NAMES:
        if (data / name).is_dir():
            _quality(data / name, name)
        else:
            print(f"{name}: not there, skipped")
    if (data / "scifact").is_dir():
        _bm25_speed(load_inputs(open_case(data / "scifact")))


def _quality(root: Path, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        started = time.perf_counter()
        result = session.compare(root, arms=("dense", "bm25", "hybrid"), out=out)
        first = time.perf_counter() - started
        started = time.perf_counter()
        session.compare(root, arms=("dense", "bm25", "hybrid"))
        again = time.perf_counter() - started
        size = result.comparison.corpus
        print(
            f"\n{name}: {size.documents} documents, {size.passages} passages, {result.comparison.judged} judged questions"
        )
        print(f"  first call {first:.1f} s, second {again:.1f} s: {first / again:.1f} times")
        qrels = load_inputs(open_case(root)).qrels
        for arm, report in result.comparison.arms.items():
            run = ir_measures.read_trec_run(str(out / "runs" / f"{arm}.trec"))
            rescored = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, run)[ir_measures.nDCG @ 10]
            estimate = report.measures["nDCG@10"]
            print(
                f"  {arm:<8} nDCG@10 {measured(estimate)}  elsewhere {EXPECTED[name][arm]:.3f}"
                f"  re-scored from the run file {rescored:.6f} (off by {abs(rescored - (estimate.value or 0)):.1e})"
            )


def _bm25_speed(inputs: CaseInputs) -> None:
    rates = {}
    for engine in ("bm25s", "rank-bm25"):
        retriever = SparseRetriever(inputs.passages, engine=engine, variant="okapi")
        queries = inputs.queries if engine == "bm25s" else inputs.queries[:40]
        started = time.perf_counter()
        retriever.retrieve_all(queries, 10)
        rates[engine] = len(queries) / (time.perf_counter() - started)
    print(
        f"\nBM25 on {len(inputs.passages)} passages: bm25s {rates['bm25s']:.0f} queries/s, rank-bm25 {rates['rank-bm25']:.1f}"
    )
    print(f"  ratio {rates['bm25s'] / rates['rank-bm25']:.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
