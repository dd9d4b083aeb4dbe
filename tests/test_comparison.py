"""The comparison on a case small enough to know every answer."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import ir_measures
import pytest
from fabricated_retrieval import HashingEncoder, WriteCase

from workbench.case import open_case
from workbench.comparison import compare as comparing
from workbench.comparison.compare import compare
from workbench.comparison.deployed import deployed_run
from workbench.comparison.signals import observe_comparison
from workbench.errors import CaseError, MissingPartError
from workbench.ingest.load import load_inputs
from workbench.records import CaseInputs, Comparison, Interaction, QueryLog, RetrievedItem, Source
from workbench.retrieval.arms import ArmSettings
from workbench.retrieval.rerank import CrossEncoderReranker
from workbench.store import from_json, load_comparison, save_comparison, to_json, write_comparison

CORPUS = {
    f"d{i}": f"clause {i} deals with {word} and code X-{100 + i}"
    for i, word in enumerate(
        ["storm", "flood", "theft", "glass", "fire", "subsidence", "liability", "baggage", "excess", "cancellation"]
    )
}
QUERIES = {f"q{i}": f"what about code X-{100 + i}" for i in range(10)}
QRELS = {f"q{i}": {f"d{i}": 1} for i in range(10)}


@pytest.fixture(autouse=True)
def _tiny_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "load_encoder", lambda model: HashingEncoder())


@pytest.fixture
def inputs(write_case: WriteCase) -> CaseInputs:
    return load_inputs(open_case(write_case(CORPUS, QUERIES, QRELS)))


def test_every_number_has_n_and_an_interval(inputs: CaseInputs, tmp_path: Path) -> None:
    result = compare(inputs, tmp_path / "v.sqlite").comparison
    assert (result.corpus.documents, result.queries, result.judged) == (10, 10, 10)
    for arm in ("dense", "bm25", "hybrid"):
        for estimate in result.arms[arm].measures.values():
            assert estimate.n == 10
            assert estimate.low <= estimate.value <= estimate.high
    assert result.arms["bm25"].measures["success@5"].value == 1.0


def test_a_cross_encoder_without_weights_is_reported_as_not_available(
    inputs: CaseInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(self: CrossEncoderReranker, model: str, **_: object) -> None:
        raise MissingPartError(f"reranker '{model}' could not be loaded")

    monkeypatch.setattr(CrossEncoderReranker, "__init__", missing)
    result = compare(inputs, tmp_path / "v", arms=["bm25", "hybrid+cross-encoder"], probed=0).comparison
    assert result.arms["hybrid+cross-encoder"].reason == "not available: no model, set --reranker PATH"
    assert result.arms["hybrid+cross-encoder"].measures == {}
    named = ArmSettings(reranker="bogus")
    result = compare(inputs, tmp_path / "v", settings=named, probed=0).comparison
    assert result.arms["hybrid+rerank"].reason == "reranker 'bogus' could not be loaded"
    assert result.arms["hybrid"].measures["nDCG@10"].n == 10


def test_the_same_seed_gives_the_same_comparison(inputs: CaseInputs, tmp_path: Path) -> None:
    def without_times(result: Comparison) -> dict:
        return {name: report.measures for name, report in result.arms.items()} | {"differences": result.differences}

    one, other = (compare(inputs, tmp_path / f"{n}.sqlite").comparison for n in "ab")
    assert without_times(one) == without_times(other)


def test_trec_runs_rescore_to_the_same_figures(inputs: CaseInputs, tmp_path: Path) -> None:
    stored = compare(inputs, tmp_path / "v.sqlite")
    write_comparison(stored, tmp_path / "out")
    for arm in ("dense", "bm25", "hybrid"):
        run = list(ir_measures.read_trec_run(str(tmp_path / "out" / "runs" / f"{arm}.trec")))
        score = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], QRELS, run)[ir_measures.nDCG @ 10]
        assert score == pytest.approx(stored.comparison.arms[arm].measures["nDCG@10"].value, abs=1e-9)


def test_a_comparison_survives_being_kept(inputs: CaseInputs, tmp_path: Path) -> None:
    stored = compare(inputs, tmp_path / "v.sqlite")
    save_comparison(stored, tmp_path / "kept")
    loaded = load_comparison(tmp_path / "kept")
    assert loaded is not None
    assert loaded.comparison == stored.comparison
    assert loaded.rankings.equals(stored.rankings)
    content = json.loads((tmp_path / "kept" / "comparison.json").read_text())
    assert content["schema"] == "workbench.comparison/1"
    assert from_json(to_json(stored.comparison, "comparison"), Comparison) == stored.comparison


def test_ids_with_spaces_keep_the_columns_of_a_trec_run(write_case: WriteCase, tmp_path: Path) -> None:
    root = write_case(
        {"My Policy v2.pdf": "storm cover", "b": "flood cover"}, {"q 1": "storm"}, {"q 1": {"My Policy v2.pdf": 1}}
    )
    write_comparison(compare(load_inputs(open_case(root)), tmp_path / "v.sqlite"), tmp_path / "out")
    lines = (tmp_path / "out" / "runs" / "bm25.trec").read_text().splitlines()
    assert [line.split()[:4] for line in lines] == [["q%201", "Q0", "My%20Policy%20v2.pdf", "1"]]


def test_white_space_of_any_script_is_encoded_in_a_trec_run(write_case: WriteCase, tmp_path: Path) -> None:
    root = write_case({"a\u00a0b 5%.pdf": "storm", "5%": "storm damage"}, {"q\u3000": "storm"}, {})
    write_comparison(compare(load_inputs(open_case(root)), tmp_path / "v", arms=["bm25"], probed=0), tmp_path / "out")
    text = (tmp_path / "out" / "runs" / "bm25.trec").read_text(encoding="utf-8")
    assert [line.split()[:4] for line in text.splitlines()] == [
        ["q%E3%80%80", "Q0", "a%C2%A0b%205%25.pdf", "1"],
        ["q%E3%80%80", "Q0", "5%", "2"],
    ]


def logged(number: int, *ids: str) -> Interaction:
    items = tuple(RetrievedItem(doc_id) for doc_id in ids)
    return Interaction(f"i{number}", f"  What about CODE X-{100 + number} ", Source("logs/a.jsonl"), retrieved=items)


def test_the_deployed_system_is_judged_by_what_its_log_says(inputs: CaseInputs, tmp_path: Path) -> None:
    lines = (logged(0, "zz", "d0", "d0"), logged(1, "d0", "zz", "zz"), logged(2))
    run = deployed_run(replace(inputs, log=QueryLog(lines)), inputs.queries)
    assert run is not None
    ids = {query_id: [document.doc_id for document in ranking] for query_id, ranking in run.rankings.items()}
    # An unknown id keeps its place, a document counts once, an empty list is a miss and not an absence.
    assert ids == {"q0": ["zz", "d0"], "q1": ["d0", "zz"], "q2": []}
    assert run.depth == 3


def test_one_deep_line_does_not_stretch_the_depth_of_the_log(inputs: CaseInputs) -> None:
    lines = (logged(0, *"abcdefghij"), logged(1, "d1", "b", "c"), logged(2, "d2", "b", "c"))
    run = deployed_run(replace(inputs, log=QueryLog(lines)), inputs.queries)
    assert run is not None
    assert run.depth == 3


def test_ids_that_name_chunks_find_their_documents(inputs: CaseInputs) -> None:
    run = deployed_run(replace(inputs, log=QueryLog((logged(0, "d0#3"), logged(1, "D1")))), inputs.queries)
    assert run is not None
    assert [ranking[0].doc_id for ranking in run.rankings.values()] == ["d0", "d1"]


def test_a_log_whose_ids_name_no_document_gives_no_arm(inputs: CaseInputs) -> None:
    assert deployed_run(replace(inputs, log=QueryLog((logged(0, "x"), logged(1, "y")))), inputs.queries) is None


def test_a_log_of_three_results_is_not_measured_at_five(inputs: CaseInputs, tmp_path: Path) -> None:
    lines = tuple(logged(n, "a", "b", f"d{n}") for n in range(6))
    result = compare(replace(inputs, log=QueryLog(lines)), tmp_path / "v.sqlite").comparison
    assert {estimate.value for estimate in result.arms["deployed"].measures.values()} == {None}
    assert "keeps 3 results" in str(result.arms["deployed"].measures["recall@5"].reason)
    assert result.failures["deployed"].share.value is None


def test_without_labels_nothing_is_measured_but_questions_are_run(write_case: WriteCase, tmp_path: Path) -> None:
    root = write_case(CORPUS, QUERIES, {})
    result = compare(load_inputs(open_case(root)), tmp_path / "v.sqlite")
    assert result.comparison.judged == 0
    assert all(e.value is None for arm in result.comparison.arms.values() for e in arm.measures.values())
    assert len(result.rankings) > 0


@pytest.mark.parametrize(
    ("corpus", "queries", "fault"), [({}, QUERIES, "no documents"), (CORPUS, None, "no questions to run")]
)
def test_nothing_to_search_or_to_ask_is_one_sentence(
    write_case: WriteCase, tmp_path: Path, corpus, queries, fault
) -> None:
    root = write_case(corpus, queries, {})
    with pytest.raises(CaseError, match=fault):
        compare(load_inputs(open_case(root)), tmp_path / "v.sqlite")


def test_no_arm_that_could_run_says_why(inputs: CaseInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(model: str | None) -> HashingEncoder:
        raise MissingPartError("encoder 'bogus' could not be loaded")

    monkeypatch.setattr(comparing, "load_encoder", missing)
    with pytest.raises(MissingPartError, match="no arm could run: encoder 'bogus' could not be loaded"):
        compare(inputs, tmp_path / "v.sqlite", arms=["dense"])
    with pytest.raises(ValueError, match="no arm named"):
        compare(inputs, tmp_path / "v.sqlite", arms=[])


def test_an_unknown_arm_names_the_known_ones(inputs: CaseInputs, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown arm 'elastic'.* an arm is one of dense, bm25"):
        compare(inputs, tmp_path / "v.sqlite", arms=["elastic"])


def test_signals_are_unknown_without_labels_and_weigh_nothing() -> None:
    assert [(o.signal, o.status) for o in observe_comparison(None)] == [("R-01", "unknown"), ("R-08", "unknown")]


def test_a_better_arm_on_enough_questions_is_seen(write_case: WriteCase, tmp_path: Path) -> None:
    corpus = {f"d{i}": f"general words about cover and claims, code X-{1000 + i}" for i in range(80)}
    queries = {f"q{i}": f"X-{1000 + i}" for i in range(60)}
    qrels = {f"q{i}": {f"d{i}": 1} for i in range(60)}
    result = compare(load_inputs(open_case(write_case(corpus, queries, qrels))), tmp_path / "v.sqlite")
    by_signal = {o.signal: o for o in observe_comparison(result.comparison)}
    dense, sparse = (result.comparison.arms[a].measures["recall@5"].value for a in ("dense", "bm25"))
    assert sparse == 1.0
    assert by_signal["R-08"].status == ("seen" if sparse - dense > 0.1 else "clean")
    assert by_signal["R-08"].n == 60


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import workbench, workbench.cli, sys; print(sorted({'torch', 'ipywidgets', 'plotly', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
