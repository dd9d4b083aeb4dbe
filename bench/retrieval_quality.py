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
from workbench.retrieval.arms import ARMS

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NAMES = ("scifact", "mtrag", "chunking_eval", "cranfield")
EXPECTED = {
    "scifact": {"dense": 0.646, "bm25": 0.686, "hybrid": 0.716, "hybrid+rerank": 0.733},
    "cranfield": {"dense": 0.511, "bm25": 0.518, "hybrid": 0.557, "hybrid+rerank": 0.571},
    "chunking_eval": {"dense": 0.677, "bm25": 0.794, "hybrid": 0.741, "hybrid+rerank": 0.806},
    "mtrag": {"dense": 0.725, "bm25": 0.703, "hybrid": 0.748, "hybrid+rerank": 0.780},
}
"""nDCG@10 of the same encoder elsewhere, one vector a document; the reranked ones of the best model tried there, each set held
out of its training. The built-in reranker has seen mtrag and chunking_eval; `bench/train_reranker.py` holds them out."""


def main(arguments: list[str]) -> None:
    """Run the named sets, all of them unless some are named."""
    data = Path(arguments[0]) if arguments else DATA
    for name in arguments[1:] or NAMES:
        if (data / name).is_dir():
            _quality(data / name, name)
        else:
            print(f"{name}: not there, skipped")


def _quality(root: Path, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        started = time.perf_counter()
        result = session.compare(root, arms=ARMS, probed=0, out=out)
        first = time.perf_counter() - started
        started = time.perf_counter()
        session.compare(root, arms=ARMS, probed=0)
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
                f"  {arm:<14} nDCG@10 {measured(estimate)}  elsewhere {EXPECTED[name][arm]:.3f}"
                f"  re-scored from the run file {rescored:.6f} (off by {abs(rescored - (estimate.value or 0)):.1e})"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
