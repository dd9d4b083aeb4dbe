"""What is told of the parts of a search when not all of them can be run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from fabricated_retrieval import HashingEncoder, WriteCase

from workbench.case import open_case
from workbench.comparison import compare as comparing
from workbench.comparison.compare import compare
from workbench.ingest.load import load_inputs
from workbench.records import CaseInputs, Passage, Query
from workbench.retrieval.arms import ArmSettings

CORPUS = {f"d{i}": f"clause {i} of the policy and code X-{100 + i}" for i in range(12)}
QUERIES = {f"q{i}": f"what about code X-{100 + i}" for i in range(8)}
QRELS = {f"q{i}": {f"d{i}": 1} for i in range(8)}


@pytest.fixture(autouse=True)
def _tiny_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "load_encoder", lambda model: HashingEncoder())


@pytest.fixture
def inputs(write_case: WriteCase) -> CaseInputs:
    return load_inputs(open_case(write_case(CORPUS, QUERIES, QRELS)))


def test_a_reranker_that_is_not_there_is_a_part_not_tested_and_costs_nothing_else(
    inputs: CaseInputs, tmp_path: Path
) -> None:
    settings = ArmSettings(reranker=str(tmp_path / "no such model"))
    found = compare(inputs, tmp_path / "v", settings=settings, probed=0).comparison
    assert found.arms["hybrid+rerank"].reason
    assert found.blame is not None
    assert set(found.blame.gains) == {"bm25", "weights"}
    assert found.blame.not_tested["rerank"] == "no arm with a reranker ran"


def test_a_reranker_nobody_asked_for_is_not_run_for_blame_alone(inputs: CaseInputs, tmp_path: Path) -> None:
    found = compare(inputs, tmp_path / "v", arms=["dense", "bm25"], probed=0).comparison
    assert found.blame is not None
    assert set(found.blame.gains) == {"bm25", "weights"}
    assert set(found.blame.not_tested) == {"rerank", "title", "small"}


def test_an_arm_of_words_alone_encodes_no_passage(
    inputs: CaseInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HashingEncoder()
    monkeypatch.setattr(comparing, "load_encoder", lambda model: encoder)
    found = compare(inputs, tmp_path / "v", arms=["bm25"]).comparison
    assert encoder.encoded == 0
    assert found.codes_not_tested["C8"] == "passages of different documents were not compared: no vectors"


def test_passages_that_an_arm_encoded_are_compared(inputs: CaseInputs, tmp_path: Path) -> None:
    assert "C8" not in compare(inputs, tmp_path / "v", arms=["dense"], probed=0).comparison.codes_not_tested


class LongestFirst:
    """A reranker of a kind: what it prefers does not matter here."""

    name = fingerprint = "longest first"

    def score(self, query: Query, passages: Sequence[Passage]) -> list[float]:
        return [float(len(passage.text)) for passage in passages]


@pytest.mark.parametrize("arm", ["hybrid+rerank", "hybrid+cross-encoder"])
def test_the_reranker_is_a_part_under_whatever_name_it_ran(
    inputs: CaseInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: str
) -> None:
    monkeypatch.setattr(comparing, "Corpus", partial(comparing.Corpus, load_reranker=lambda *_: LongestFirst()))
    found = compare(inputs, tmp_path / "v", arms=["dense", arm], settings=ArmSettings(reranker="any"), probed=0)
    blame = found.comparison.blame
    assert blame is not None
    assert list(blame.gains) == ["bm25", "weights", "rerank"]
    values = {subset.components: subset.value.value for subset in blame.subsets}
    assert sum(gain.value for gain in blame.gains.values()) == pytest.approx(
        values["bm25", "weights", "rerank"] - values[()]
    )
    assert values["weights",] == values[()]
