"""What is said of documents that cannot be asked for by their own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from fabricated_retrieval import HashingEncoder, WriteCase

from workbench.case import open_case
from workbench.comparison import compare as comparing
from workbench.comparison.compare import compare
from workbench.comparison.finding import EMPTY_TITLE
from workbench.ingest.load import load_inputs


def test_a_document_without_probe_is_kept_with_its_reason_and_told_in_words(
    write_case: WriteCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "load_encoder", lambda model: HashingEncoder())
    corpus = {"d1": "The handler writes to the holder of the storm policy within ten days.", "d2": "12 44"}
    inputs = load_inputs(open_case(write_case(corpus, {"q1": "storm policy"}, {"q1": {"d1": 1}})))
    comparison = compare(inputs, tmp_path / "vectors", arms=["bm25"]).comparison
    assert comparison.findability is not None
    assert comparison.findability.sampled == 1
    assert comparison.findability.without_probe == {"d2": EMPTY_TITLE}
    told = "1 of 2 documents drawn could not be searched for by its own words and is left out of the shares of documents found"
    assert f"{told}: {EMPTY_TITLE} (1)" in comparison.notes
