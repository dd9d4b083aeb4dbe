"""Fixtures shared by all tests: fabricated cases small enough to check by hand, and no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from fabricated_retrieval import HashingEncoder, WriteCase
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

# Timings are printed by the bench; a busy machine must not turn a property into a failure.
settings.register_profile("workbench", deadline=None)
settings.load_profile("workbench")


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest):
    """Unit tests open no socket; browser and worker tests talk to this machine alone."""
    if request.node.get_closest_marker("browser") or request.node.get_closest_marker("local_network"):
        yield
        return
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture
def hashing_encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def write_case(tmp_path: Path) -> WriteCase:
    """Writes a BEIR-form case from dictionaries and returns its folder."""

    def write(
        corpus: Mapping[str, str],
        queries: Mapping[str, str] | None = None,
        qrels: Mapping[str, Mapping[str, int]] | None = None,
        name: str = "case",
    ) -> Path:
        root = tmp_path / name
        (root / "qrels").mkdir(parents=True)
        lines = [json.dumps({"_id": key, "title": "", "text": text}) for key, text in corpus.items()]
        (root / "corpus.jsonl").write_text("\n".join(lines), encoding="utf-8")
        if queries is not None:
            asked = [json.dumps({"_id": key, "text": text}) for key, text in queries.items()]
            (root / "queries.jsonl").write_text("\n".join(asked), encoding="utf-8")
        rows = ["query-id\tcorpus-id\tscore"]
        rows += [f"{q}\t{d}\t{grade}" for q, grades in (qrels or {}).items() for d, grade in grades.items()]
        (root / "qrels" / "test.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        return root

    return write
