"""Real public data, where it lies beside the checkout; each test is skipped with a reason where it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import ir_measures
import pytest

from workbench import session
from workbench.case import open_case
from workbench.ingest.corpus.documents import read_corpus
from workbench.ingest.load import load_inputs

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

pytestmark = pytest.mark.shared_data


def shared(name: str) -> Path:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the development data '{name}' is not beside this checkout")
    return folder


def test_a_real_benchmark_gives_the_published_order_and_rescores_to_the_same_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shared("chunking_eval")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    result = session.compare(root, arms=("dense", "bm25", "hybrid"), out=tmp_path / "out").comparison
    score = {arm: report.measures["nDCG@10"].value for arm, report in result.arms.items()}
    # The same weights and BM25 elsewhere: 0.677 dense, 0.794 BM25, 0.741 fused.
    assert score["dense"] == pytest.approx(0.677, abs=0.02)
    assert score["bm25"] == pytest.approx(0.794, abs=0.02)
    assert score["dense"] < score["hybrid"] < score["bm25"]
    qrels = load_inputs(open_case(root)).qrels
    for arm, value in score.items():
        run = ir_measures.read_trec_run(str(tmp_path / "out" / "runs" / f"{arm}.trec"))
        assert ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, run)[ir_measures.nDCG @ 10] == pytest.approx(
            value
        )
    assert not (root / ".workbench").exists()


def test_every_awkward_file_is_accounted_for(tmp_path: Path) -> None:
    shutil.copytree(shared("messy_files") / "files", tmp_path / "corpus")
    documents, intake = read_corpus(tmp_path)
    listed = {entry.path for entry in intake}
    assert listed >= {
        path.relative_to(tmp_path).as_posix() for path in (tmp_path / "corpus").rglob("*") if path.is_file()
    }
    assert all(entry.reason for entry in intake if entry.status != "loaded")
    assert {entry.documents > 0 for entry in intake if entry.status == "loaded" and entry.kind != "zip"} == {True}
    assert len(documents) > 10
