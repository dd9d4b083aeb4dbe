"""Variants, a client's own retriever and what a comparison says of failures, on a case small enough to know every answer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fabricated_retrieval import HashingEncoder, WriteCase

from workbench.case import open_case
from workbench.comparison import compare as comparing
from workbench.comparison import reasons
from workbench.comparison.compare import compare
from workbench.comparison.reasons import explain
from workbench.comparison.tables import COLUMNS, StoredComparison
from workbench.errors import InputError
from workbench.ingest.load import load_inputs
from workbench.records import CaseInputs, Interaction, QueryLog, ScoredPassage, Source
from workbench.retrieval.arms import ArmSettings

WORDS = ["storm", "flood", "theft", "glass", "fire", "subsidence", "liability", "baggage", "excess", "cancellation"]
CORPUS = {
    f"d{i}": f"Clause {i} deals with {word} and names code X-{100 + i}. The handler writes to the holder within ten days."
    for i, word in enumerate(WORDS)
}
QUERIES = {f"q{i}": f"what about code X-{100 + i}" for i in range(10)} | {"open": "who writes to the holder"}
QRELS = {f"q{i}": {f"d{i}": 1} for i in range(10)}


@pytest.fixture(autouse=True)
def _tiny_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "load_encoder", lambda model: HashingEncoder())
    monkeypatch.setattr(reasons, "load_encoder", lambda model: HashingEncoder())


@pytest.fixture
def inputs(write_case: WriteCase) -> CaseInputs:
    return load_inputs(open_case(write_case(CORPUS, QUERIES, QRELS)))


@pytest.fixture
def stored(inputs: CaseInputs, tmp_path: Path) -> StoredComparison:
    return compare(inputs, tmp_path / "vectors")


def test_every_variant_runs_and_is_measured(inputs: CaseInputs, tmp_path: Path) -> None:
    arms = ["dense", "hybrid", "dense+title", "bm25+small", "hybrid+weighted", "hybrid+title+small+filter+rerank"]
    result = compare(inputs, tmp_path / "vectors", arms=arms)
    for arm in arms:
        assert result.comparison.arms[arm].measures["nDCG@10"].n == 10
    assert set(arms) <= set(result.comparison.failures)
    assert any(note.startswith("filter: 0 of 11") for note in result.comparison.notes)


def test_small_passages_are_kept_with_their_own_text(inputs: CaseInputs, tmp_path: Path) -> None:
    result = compare(inputs, tmp_path / "vectors", arms=["bm25+small"])
    shown = dict(zip(result.passages["passage_id"], result.passages["text"], strict=True))
    top = result.rankings.query("query_id == 'q3' and rank == 1").iloc[0]
    assert top["doc_id"] == "d3"
    assert "X-103" in shown[top["passage_id"]]
    assert "::s" in top["passage_id"]


def test_titles_are_searched_and_not_shown(write_case: WriteCase, tmp_path: Path) -> None:
    root = write_case({"a": "ten days", "b": "ten weeks"}, {"q": "burglary period"}, {"q": {"b": 1}})
    titled = [
        {"_id": "a", "title": "Storm", "text": "It is ten days."},
        {"_id": "b", "title": "Burglary", "text": "It is ten weeks."},
    ]
    (root / "corpus.jsonl").write_text("\n".join(map(json.dumps, titled)), encoding="utf-8")
    result = compare(load_inputs(open_case(root)), tmp_path / "vectors", arms=["bm25+title"], probed=0)
    assert list(result.rankings["doc_id"]) == ["b"]
    assert result.passages["text"].str.count("Burglary").tolist() == [1]  # as BEIR has it, not twice


def test_the_first_code_of_every_failed_question_makes_up_the_breakdown(stored: StoredComparison) -> None:
    for arm, breakdown in stored.comparison.failures.items():
        own = stored.failures[(stored.failures["run"] == arm) & stored.failures["first"]]
        missed = stored.per_query.query("run == @arm and measure == 'success@5' and value == 0")
        assert len(own) == len(missed) == sum(breakdown.by_code.values())
        assert breakdown.shares.keys() == breakdown.by_code.keys()
        assert breakdown.unjudged == 1


def test_questions_nobody_judged_are_counted_apart(stored: StoredComparison) -> None:
    assert (stored.comparison.queries, stored.comparison.judged) == (11, 10)
    assert (stored.comparison.unjudged, stored.comparison.without_relevant) == (1, 0)


def test_judged_questions_without_a_relevant_document_are_counted_and_not_averaged(
    write_case: WriteCase, tmp_path: Path
) -> None:
    root = write_case(CORPUS, QUERIES, QRELS | {"open": {"d1": 0}})
    comparison = compare(load_inputs(open_case(root)), tmp_path / "vectors").comparison
    assert (comparison.judged, comparison.unjudged, comparison.without_relevant) == (10, 0, 1)
    assert comparison.arms["bm25"].measures["success@5"].n == 10


def test_gains_of_the_parts_add_up_to_the_whole(stored: StoredComparison) -> None:
    blame = stored.comparison.blame
    assert list(blame.gains) == ["bm25", "weights", "rerank"]
    assert set(blame.not_tested) == {"title", "small"}
    values = {subset.components: subset.value.value for subset in blame.subsets}
    whole = values["bm25", "weights", "rerank"] - values[()]
    assert sum(gain.value for gain in blame.gains.values()) == pytest.approx(whole)
    assert values[()] == pytest.approx(stored.comparison.arms["dense"].measures["nDCG@10"].value)


def test_every_step_of_the_pipeline_has_its_ledger(stored: StoredComparison) -> None:
    steps = [(step.before, step.after) for step in stored.comparison.harm]
    assert steps == [("dense", "hybrid"), ("bm25", "hybrid"), ("hybrid", "hybrid+rerank")]
    for step in stored.comparison.harm:
        rows = stored.harm.query("before == @step.before and after == @step.after")
        assert (rows["kind"] == "out").sum() == step.documents_out
        assert (rows["kind"] == "in").sum() == step.documents_in


def test_documents_are_probed_and_none_can_be_asked_for(inputs: CaseInputs, tmp_path: Path) -> None:
    found = compare(inputs, tmp_path / "v").comparison.findability
    assert found.arms["bm25"].value == 1.0
    assert compare(inputs, tmp_path / "v", probed=0).comparison.findability is None


def test_every_question_has_a_place_in_the_queue(stored: StoredComparison) -> None:
    assert sorted(stored.inspection["query_id"]) == sorted(QUERIES)
    assert sorted(stored.inspection["priority"]) == list(range(1, 12))


def test_the_tables_have_the_columns_they_promise(stored: StoredComparison) -> None:
    for name, columns in COLUMNS.items():
        assert tuple(getattr(stored, name).columns) == columns


class Ours:
    """A client's own search: knows documents, finds them by the code in the question."""

    name = "ours"

    def __init__(self, suffix: str = "") -> None:
        self._suffix = suffix

    def retrieve_all(self, queries, k):
        codes = [query.text.rpartition("X-10")[2] for query in queries]
        return [[ScoredPassage(f"d{code}{self._suffix}", 1.0)][:k] if code.isdigit() else [] for code in codes]


def test_a_clients_own_retriever_is_an_arm_like_any_other(inputs: CaseInputs, tmp_path: Path) -> None:
    result = compare(inputs, tmp_path / "v", arms=["dense"], retrievers={"ours": Ours()})
    assert result.comparison.arms["ours"].measures["success@5"].value == 1.0
    assert {(d.baseline, d.candidate) for d in result.comparison.differences} == {("dense", "ours")}
    assert set(result.rankings.query("run == 'ours'")["passage_id"]) == {""}
    assert "ours" not in result.comparison.findability.arms


def test_a_retriever_that_names_what_is_not_there_is_refused(inputs: CaseInputs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'d0x' is neither a passage nor a document"):
        compare(inputs, tmp_path / "v", arms=[], retrievers={"ours": Ours("x")})


@pytest.mark.parametrize("name", ["dense", "hybrid", "deployed", "our search", "../x", ""])
def test_a_retriever_cannot_take_the_name_of_an_arm_or_a_path(inputs: CaseInputs, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a retriever cannot be called"):
        compare(inputs, tmp_path / "v", retrievers={name: Ours()})


def test_weights_move_the_fusion(inputs: CaseInputs, tmp_path: Path) -> None:
    settings = ArmSettings(weights=(0.0, 1.0))
    result = compare(inputs, tmp_path / "v", arms=["bm25", "hybrid"], settings=settings, probed=0)
    first = result.rankings.query("rank == 1").pivot(index="query_id", columns="run", values="doc_id").dropna()
    assert (first["bm25"] == first["hybrid"]).all()
    assert result.comparison.settings["fusion"] == "RRF, k = 60, weights dense 0, BM25 1"


def test_an_arm_nobody_knows_is_refused_before_any_work(inputs: CaseInputs, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown arm 'hybrid\+magic'"):
        compare(inputs, tmp_path / "v", arms=["dense", "hybrid+magic"])
    assert not (tmp_path / "v").exists()


def test_one_arm_written_in_two_orders_runs_once_and_is_no_step_of_itself(inputs: CaseInputs, tmp_path: Path) -> None:
    found = compare(inputs, tmp_path / "v", arms=["bm25+filter+small", "bm25+small+filter"], probed=0).comparison
    assert list(found.arms) == ["bm25+small+filter"]
    assert found.harm == ()


def test_the_deployed_system_may_be_named_and_says_why_it_is_not_there(inputs: CaseInputs, tmp_path: Path) -> None:
    found = compare(inputs, tmp_path / "v", arms=["deployed", "bm25"], probed=0).comparison
    assert found.arms["deployed"].reason == "the log names no document retrieved for a judged question"
    assert found.arms["deployed"].measures == {}
    with pytest.raises(ValueError, match="no arm named that can be run"):
        compare(inputs, tmp_path / "v", arms=["deployed"])


def test_a_number_of_probes_below_none_is_refused_before_any_work(inputs: CaseInputs, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be 0 or more, got -1"):
        compare(inputs, tmp_path / "v", probed=-1)
    assert not (tmp_path / "v").exists()


def test_progress_never_falls(inputs: CaseInputs, tmp_path: Path) -> None:
    told: list[float] = []
    compare(inputs, tmp_path / "v", progress=lambda share, what: told.append(share))
    assert told == sorted(told)
    assert told[-1] <= 1


def test_a_retriever_that_fails_does_so_before_the_long_work(inputs: CaseInputs, tmp_path: Path) -> None:
    class Down:
        def retrieve_all(self, queries, k):
            raise ConnectionError("down")

    with pytest.raises(InputError, match="retriever 'ours' failed: ConnectionError: down"):
        compare(inputs, tmp_path / "v", retrievers={"ours": Down()})
    assert not (tmp_path / "v").exists()


def test_without_a_cross_encoder_the_parts_that_can_be_tested_still_are(inputs: CaseInputs, tmp_path: Path) -> None:
    settings = ArmSettings(reranker="no-such-model")
    found = compare(inputs, tmp_path / "v", settings=settings, probed=0).comparison
    assert "no-such-model" in found.arms["hybrid+rerank"].reason
    assert found.arms["hybrid"].measures["nDCG@10"].n == 10


def test_a_question_of_the_log_is_explained_by_its_id(inputs: CaseInputs, tmp_path: Path) -> None:
    lines = (Interaction("i1", "what about code X-103", Source("logs/a.jsonl")),)
    unlabelled = replace(inputs, queries=(), qrels={}, log=QueryLog(lines))
    assert explain(unlabelled, tmp_path / "v", "log-1", "d3").query == "what about code X-103"


def test_what_is_kept_of_the_reasons_adds_up_to_the_score(inputs: CaseInputs, tmp_path: Path) -> None:
    stored = compare(inputs, tmp_path / "v", probed=0)
    scores = stored.rankings.query("run == 'hybrid+rerank'").set_index(["query_id", "doc_id"])["score"]
    kept = stored.reasons.groupby(["query_id", "doc_id"])["contribution"].sum()
    assert len(kept) == 3 * 11
    for (query_id, doc_id), total in kept.items():
        assert total == pytest.approx(scores[query_id, doc_id])
