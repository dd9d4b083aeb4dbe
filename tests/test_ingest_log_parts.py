"""What is kept behind a part of a log is what the reading reached."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.ingest.logs.corrections import FileCorrections
from workbench.ingest.logs.files import Found, read_file
from workbench.ingest.logs.parts import PartState
from workbench.ingest.logs.workers import Workers


def test_the_state_of_a_trace_that_asks_for_its_time_zone_is_kept_as_it_was_reached(tmp_path: Path) -> None:
    span = {
        "context.trace_id": "t",
        "context.span_id": "a",
        "attributes.openinference.span.kind": "LLM",
        "attributes.input.value": "Who pays?",
        "start_time": "2026-09-14T10:00:00",
    }
    path, parts = tmp_path / "spans.jsonl", tmp_path / "parts"
    path.write_text(json.dumps(span), encoding="utf-8")
    parts.mkdir()
    found = Found("logs/spans.jsonl", path, path.stat().st_size)
    *_, (_, state) = read_file(found, parts, PartState(), FileCorrections(), b"k" * 32, Workers(0))
    assert [question["ask"] for question in state.questions] == ["time zone"]
    assert PartState.of(parts) == state
