"""Real exports of other people's systems: what a person would call the question and the answer, and what was logged with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.ingest.tables.rows import BadRow, Row
from workbench.ingest.tables.text_files import read_rows
from workbench.ingest.traces import TraceReading, read_traces, trace_format

TRACES = Path(__file__).resolve().parents[2] / "shared" / "data" / "traces"
COLLEGE = "What did the author do in college?"

pytestmark = pytest.mark.shared_data


def read(name: str, scratch: Path) -> tuple[str | None, list[dict[str, object]], TraceReading]:
    path = TRACES / name
    if not path.is_file():
        pytest.skip(f"the development data '{name}' is not beside this checkout")
    rows = list(read_rows(path, ("traces", "records"), lambda _: False))
    form = trace_format([row.values for row in rows if isinstance(row, Row)])
    assert form is not None
    found = read_traces(rows, form, name, scratch)
    values = list(found)
    assert not [row for row in values if isinstance(row, BadRow)]
    return form, [dict(row.values) for row in values if isinstance(row, Row)], found


@pytest.mark.parametrize(
    ("name", "form", "question", "begins", "ends", "holds"),
    [
        (
            "langfuse_claude-agent-2025-12-22.trace.json",
            "Langfuse",
            "What's the weather like in Berlin and New York?",
            "Great! Here's the current weather for both cities:\n\n**Berlin**: Cloudy, 59°F",
            "Is there anything else you'd like to know about these destinations?",
            # 19 + 5 + 5 + 5 tokens in four calls; the root repeats none of them.
            {
                "tokens_in": 34,
                "tokens_out": 232,
                "model": "claude-sonnet-4-5-20250929",
                "latency_ms": 7359.0,
                "cost": 0.003582,
            },
        ),
        (
            "langfuse_llamaindex-2025-06-05.trace.json",
            "Langfuse",
            "What is Langfuse?",
            "Langfuse is a tool designed to help developers monitor and debug applications",
            "integration of language models into applications is smooth and effective.",
            {
                "tokens_in": 13,
                "tokens_out": 81,
                "user_id": "user_123",
                "session_id": "session_abc",
                "latency_ms": 2779.0,
            },
        ),
        (
            "langfuse_pydantic-ai-2025-06-06.trace.json",
            "Langfuse",
            "What is Langfuse?",
            "Langfuse is a tool designed for observability and monitoring of applications",
            "supporting both self-hosted implementations and cloud-based solutions.",
            {"tokens_in": 31, "tokens_out": 96, "review": "edited", "cost": 0.0010375},
        ),
        (
            "langfuse_vertex-ai-2025-08-01.trace.json",
            "Langfuse",
            "What is Langfuse?",
            "**Langfuse** is an **open-source observability and evaluation platform",
            "ensuring they are observable, debuggable, and continuously improving.",
            {"tokens_in": 5, "tokens_out": 845, "latency_ms": 10722.0},
        ),
        (
            "openinference_client_span.json",
            "OpenInference",
            "Weather in Paris?",
            "The weather in Paris is currently rainy with a temperature of 57°F.",
            "rainy with a temperature of 57°F.",
            {"model": "gpt-4-0613", "tokens_in": 97, "tokens_out": 52},
        ),
        (
            "otel_genai_client_span.json",
            "OpenTelemetry GenAI",
            "Weather in Paris?",
            "The weather in Paris is currently rainy with a temperature of 57°F.",
            "rainy with a temperature of 57°F.",
            {"model": "gpt-4-0613", "tokens_in": 97, "tokens_out": 52},
        ),
        (
            "phoenix_agent_turn_trace.json",
            "OpenInference",
            "can you save this trace to a dataset?",
            "Done! I created the dataset [`golden_examples`]",
            "added this trace's root span as its first example.",
            {
                "user_id": "user@example.com",
                "session_id": "fixture-session",
                "latency_ms": 35000.0,
                "tokens_in": 310_222,
                "tokens_out": 1895,
            },
        ),
        (
            "trulens_otel_generation_span.json",
            "TruLens",
            "What is the best coffee?",
            "Hello! I'm happy to help. \n\nWhen it comes to the best coffee, it often depends",
            "I can help you narrow it down further!",
            {"model": "gpt-4o-mini-2024-07-18", "tokens_in": 336, "tokens_out": 93, "at": "2025-04-11 10:19:56.356391"},
        ),
        (
            "trulens_otel_record_root_span.json",
            "TruLens",
            "What is the best coffee?",
            "Hello! I'm happy to help. \n\nWhen it comes to the best coffee, it often depends",
            "I can help you narrow it down further!",
            {"latency_ms": 2172.22},
        ),
        (
            "trulens_otel_llamaindex_rag_events.csv",
            "TruLens",
            "What is multi-headed attention?",
            # The model of this run was a stand-in that repeats its prompt.
            "Context information is below.\n---------------------\npage_label: 2",
            "Query: What is multi-headed attention?\nAnswer:",
            {"interaction_id": "51da4849-f044-44ac-a60e-6bf5dea564aa", "latency_ms": 3.622},
        ),
    ],
)
def test_the_question_and_the_answer_are_those_a_person_would_point_at(
    name, form, question, begins, ends, holds, tmp_path
):
    found_form, rows, _ = read(name, tmp_path)
    assert found_form == form
    assert len(rows) == 1
    assert rows[0]["query"] == question
    answer = str(rows[0]["answer"])
    assert answer.startswith(begins)
    assert answer.endswith(ends)
    assert {key: rows[0].get(key) for key in holds} == holds


def test_a_rag_run_tells_ids_texts_and_scores_of_what_it_retrieved(tmp_path):
    _, rows, found = read("trulens_otel_llamaindex_rag_events.csv", tmp_path)
    retrieved = rows[0]["retrieved"]
    assert isinstance(retrieved, list)
    assert [(item["doc_id"], item["score"]) for item in retrieved] == [
        ("de270429-4ef0-40be-b70c-b678262f23d2", 0.9),
        ("dd93cd0f-42e2-4b06-a04d-bc11c630291a", 0.891),
        ("f2d34b19-276c-44a4-8352-cdaed25f2ac4", 0.88),
    ]
    assert [question.ask for question in found.questions] == ["time zone"]


def test_the_broken_export_gives_every_question_once_with_what_ran_meanwhile(tmp_path):
    _, rows, found = read("phoenix_example_traces_table.jsonl", tmp_path)
    chains = [
        json.loads(line)
        for line in (TRACES / "phoenix_example_traces_table.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    expected = sorted((row for row in chains if row["span_kind"] == "CHAIN"), key=lambda row: row["start_time"])
    assert [row["query"] for row in rows] == [COLLEGE] * 13
    assert [row["answer"] for row in rows] == [row["attributes.output.value"] for row in expected]
    assert [row["interaction_id"] for row in rows] == [row["context.trace_id"] for row in expected]
    assert [len(row["retrieved"]) for row in rows] == [2] * 13  # type: ignore[arg-type]
    assert sum("model" in row for row in rows) == 8
    assert "told by time" in found.sources["retrieved"]
