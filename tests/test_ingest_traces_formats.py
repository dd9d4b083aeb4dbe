"""Every trace and gateway format: found by its keys, read into exactly the rows a person would write down."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from workbench.ingest.tables.rows import BadRow, Row
from workbench.ingest.traces import TraceReading, read_traces, trace_format

NS = 1_700_000_000_000_000_000
"""2023-11-14T22:13:20+00:00 in nanoseconds."""
AT = "2023-11-14T22:13:20+00:00"
Record = Mapping[str, object]


@pytest.fixture
def reading(tmp_path: Path):
    def read(records: Sequence[Record], expected: str) -> tuple[list[dict[str, object]], TraceReading]:
        assert trace_format(records) == expected
        rows = [Row(f"line {number}", record) for number, record in enumerate(records, start=1)]
        found = read_traces(rows, expected, "logs/export.jsonl", tmp_path / "scratch")
        read_rows = list(found)
        assert not [row for row in read_rows if isinstance(row, BadRow)]
        assert list((tmp_path / "scratch").iterdir()) == []
        return [dict(row.values) for row in read_rows if isinstance(row, Row)], found

    return read


def otlp(**attributes: object) -> list[dict[str, object]]:
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue", bool: "boolValue"}
    return [
        {"key": key, "value": {kinds[type(value)]: str(value) if type(value) is int else value}}
        for key, value in attributes.items()
    ]


def otel_span(span: str, parent: str, start: int, end: int, attributes: Record, **more: object) -> dict[str, object]:
    return {
        "traceId": "t1",
        "spanId": span,
        "parentSpanId": parent,
        "name": span,
        "startTimeUnixNano": str(NS + start * 1_000_000),
        "endTimeUnixNano": str(NS + end * 1_000_000),
        "attributes": otlp(**attributes),
        **more,
    }


def test_otlp_with_agent_retrieval_and_model_gives_one_row(reading):
    messages = [
        {"role": "system", "parts": [{"type": "text", "content": "Answer from the documents."}]},
        {
            "role": "user",
            "parts": [{"type": "text", "content": "Context: Tea is served at four.\nQuestion: When is tea?"}],
        },
    ]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "At four."}], "finish_reason": "stop"}]
    spans = [
        otel_span(
            "call",
            "root",
            300,
            900,
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-x",
                "gen_ai.response.model": "gpt-x-2024",
                "gen_ai.usage.input_tokens": 41,
                "gen_ai.usage.output_tokens": 7,
                "gen_ai.input.messages": json.dumps(messages),
                "gen_ai.output.messages": json.dumps(answer),
                "gen_ai.prompt.name": "tea-prompt",
            },
        ),
        otel_span(
            "lookup",
            "root",
            100,
            200,
            {
                "gen_ai.operation.name": "retrieval",
                "gen_ai.retrieval.query.text": "When is tea?",
                "gen_ai.retrieval.documents": json.dumps([{"id": "tea.md", "score": 0.8}]),
                "gen_ai.data_source.id": "kb-7",
            },
        ),
        otel_span(
            "root",
            "",
            0,
            1000,
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.conversation.id": "c9",
                "user.id": "u4",
                "gen_ai.usage.input_tokens": 41,
                "app.policy.decision": "allow",
            },
        ),
    ]
    record = {
        "resourceSpans": [
            {"resource": {"attributes": otlp(**{"service.version": "3"})}, "scopeSpans": [{"spans": spans}]}
        ]
    }
    rows, found = reading([record], "OpenTelemetry GenAI")
    assert rows == [
        {
            "query": "When is tea?",
            "answer": "At four.",
            "retrieved": [{"doc_id": "tea.md", "text": None, "score": 0.8}],
            "model_calls": 1,
            "interaction_id": "t1",
            "at": AT,
            "latency_ms": 1000.0,
            "session_id": "c9",
            "user_id": "u4",
            "model": "gpt-x-2024",
            "prompt_version": "tea-prompt",
            "index_version": "kb-7",
            "policy_decision": "allow",
            "tokens_in": 41,
            "tokens_out": 7,
        }
    ]
    assert found.sources["retrieved"] == "attributes.gen_ai.retrieval.documents"
    assert found.sources["model"] == "attributes.gen_ai.response.model"
    assert "cost" not in found.sources
    assert "resource.attributes.service.version" in found.unused
    assert (found.spans, found.traces, found.questions) == (3, 1, ())


@pytest.mark.parametrize(
    "attributes",
    [
        {
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "Be brief.",
            "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "Why is it cold?",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "It is winter.",
            "gen_ai.usage.prompt_tokens": 12,
            "gen_ai.usage.completion_tokens": 3,
        },
        {
            "gen_ai.prompt": "Why is it cold?",
            "gen_ai.completion": "It is winter.",
            "gen_ai.usage.prompt_tokens": 12,
            "gen_ai.usage.completion_tokens": 3,
        },
        {
            "traceloop.entity.input": '{"args": [], "kwargs": {"question": "Why is it cold?"}}',
            "traceloop.entity.output": '"It is winter."',
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 3,
        },
    ],
    ids=["OpenLLMetry", "one text", "Traceloop"],
)
def test_older_otel_attributes_are_read_too(reading, attributes):
    span = {
        "name": "chat",
        "context": {"trace_id": "0x1", "span_id": "0x2", "trace_state": "[]"},
        "parent_id": None,
        "start_time": "2024-05-01T10:00:00.000000Z",
        "end_time": "2024-05-01T10:00:02.500000Z",
        "attributes": {
            "gen_ai.system": "openai",
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            **attributes,
        },
        "resource": {"attributes": {"service.name": "x"}},
    }
    rows, _ = reading([span], "OpenTelemetry GenAI")
    assert rows == [
        {
            "query": "Why is it cold?",
            "answer": "It is winter.",
            "model_calls": 1,
            "interaction_id": "0x1",
            "at": "2024-05-01T10:00:00+00:00",
            "latency_ms": 2500.0,
            "model": "m",
            "tokens_in": 12,
            "tokens_out": 3,
        }
    ]


def test_otel_messages_and_documents_in_events_are_read(reading):
    events = [
        {"name": "gen_ai.system.message", "attributes": {"content": "Be kind."}},
        {"name": "gen_ai.user.message", "attributes": {"content": "First?"}},
        {"name": "gen_ai.user.message", "attributes": {"content": "How many seats?"}},
        {"name": "gen_ai.choice", "attributes": {"message": '{"role": "assistant", "content": "Forty."}', "index": 0}},
        {
            "name": "gen_ai.evaluation.result",
            "attributes": {"gen_ai.evaluation.name": "user_feedback", "gen_ai.evaluation.score.value": 1},
        },
    ]
    found_events = [
        {
            "name": "db.query.result",
            "attributes": {
                "db.query.result.id": "7",
                "db.query.result.document": "Hall seats forty",
                "db.query.result.distance": 0.25,
            },
        }
    ]
    common = {"trace_id": "t", "start_time": "2024-05-01T10:00:00Z", "end_time": "2024-05-01T10:00:01Z"}
    spans = [
        {
            **common,
            "span_id": "a",
            "parent_id": None,
            "attributes": {"gen_ai.operation.name": "chat"},
            "events": events,
        },
        {
            **common,
            "span_id": "b",
            "parent_id": "a",
            "name": "chroma.query",
            "attributes": {"gen_ai.operation.name": "retrieval"},
            "events": found_events,
        },
    ]
    rows, _ = reading(spans, "OpenTelemetry GenAI")
    assert rows == [
        {
            "query": "How many seats?",
            "answer": "Forty.",
            "retrieved": [{"doc_id": "7", "text": "Hall seats forty", "score": -0.25}],
            "model_calls": 1,
            "interaction_id": "t",
            "at": "2024-05-01T10:00:00+00:00",
            "latency_ms": 1000.0,
            "feedback": 1,
        }
    ]


def phoenix_span(span: str, parent: str | None, kind: str, second: float, **attributes: object) -> dict[str, object]:
    return {
        "name": span,
        "context": {"trace_id": "tr", "span_id": span},
        "span_kind": kind,
        "parent_id": parent,
        "start_time": f"2025-01-02T03:04:{second:09.6f}+00:00",
        "end_time": f"2025-01-02T03:04:{second + 1:09.6f}+00:00",
        "attributes": {key.replace("__", "."): value for key, value in attributes.items()},
    }


def test_openinference_with_reranker_guardrail_and_human_annotations(reading):
    spans = [
        phoenix_span(
            "root",
            None,
            "CHAIN",
            0,
            input__value="Who signs?",
            output__value="The director.",
            session__id="s",
            user__id="u",
        ),
        phoenix_span(
            "find",
            "root",
            "RETRIEVER",
            0.1,
            **{
                "retrieval.documents.0.document.id": "a.md",
                "retrieval.documents.0.document.content": "Directors sign.",
                "retrieval.documents.0.document.score": 0.5,
                "retrieval.documents.1.document.id": "b.md",
                "retrieval.documents.1.document.content": "Lunch.",
                "retrieval.documents.1.document.score": 0.4,
            },
        ),
        phoenix_span(
            "rank",
            "root",
            "RERANKER",
            0.2,
            **{
                "reranker.query": "Who signs?",
                "reranker.output_documents.0.document.id": "b.md",
                "reranker.output_documents.0.document.score": 0.9,
            },
        ),
        phoenix_span("guard", "root", "GUARDRAIL", 0.3, output__value='{"action": "blocked", "reason": "x"}'),
        phoenix_span("judge", "root", "EVALUATOR", 0.4),
        phoenix_span("judging", "judge", "LLM", 0.5, llm__token_count__prompt=999, llm__model_name="judge-model"),
        phoenix_span(
            "outer",
            "root",
            "LLM",
            0.5,
            llm__token_count__prompt=20,
            llm__token_count__completion=5,
            llm__cost__total=0.02,
        ),
        phoenix_span(
            "inner",
            "outer",
            "LLM",
            0.6,
            llm__token_count__prompt=20,
            llm__token_count__completion=5,
            llm__cost__total=0.02,
            llm__model_name="gpt-y",
        ),
    ]
    spans[0]["annotations"] = [
        {"name": "correctness", "annotator_kind": "LLM", "result": {"label": "correct", "score": 1}},
        {"name": "thumbs", "annotator_kind": "HUMAN", "result": {"label": "thumbs_down", "score": 0}},
        {"name": "review", "annotator_kind": "HUMAN", "result": {"label": "approved"}},
    ]
    rows, _ = reading(spans, "OpenInference")
    assert rows == [
        {
            "query": "Who signs?",
            "answer": "The director.",
            "retrieved": [{"doc_id": "b.md", "text": None, "score": 0.9}],
            "model_calls": 1,
            "interaction_id": "tr",
            "at": "2025-01-02T03:04:00+00:00",
            "latency_ms": 1000.0,
            "session_id": "s",
            "user_id": "u",
            "model": "gpt-y",
            "tokens_in": 20,
            "tokens_out": 5,
            "cost": 0.02,
            "policy_decision": "blocked",
            "feedback": "thumbs_down",
            "review": "approved",
        }
    ]


def test_a_phoenix_data_frame_as_csv_with_python_literals_is_read(reading):
    empty = {"attributes.llm.input_messages": "None", "attributes.retrieval.documents": "nan", "parent_id": "None"}
    rows, _ = reading(
        [
            {
                **empty,
                "context.trace_id": "t",
                "context.span_id": "a",
                "span_kind": "LLM",
                "start_time": "2025-01-02 03:04:05+00:00",
                "end_time": "2025-01-02 03:04:06+00:00",
                "attributes.llm.input_messages": "[{'message.role': 'user', 'message.content': \"What's new?\"}]",
                "attributes.llm.output_messages": "[{'message.role': 'assistant', 'message.content': 'Nothing.'}]",
                "attributes.llm.token_count.prompt": "11.0",
            },
            {
                **empty,
                "context.trace_id": "t",
                "context.span_id": "b",
                "parent_id": "a",
                "span_kind": "RETRIEVER",
                "start_time": "2025-01-02 03:04:05+00:00",
                "end_time": "2025-01-02 03:04:05.5+00:00",
                "attributes.retrieval.documents": "[]",
            },
        ],
        "OpenInference",
    )
    assert rows == [
        {
            "query": "What's new?",
            "answer": "Nothing.",
            "retrieved": [],
            "model_calls": 1,
            "interaction_id": "t",
            "at": "2025-01-02T03:04:05+00:00",
            "latency_ms": 1000.0,
            "tokens_in": 11,
        }
    ]


def test_annotations_exported_beside_the_spans_find_their_trace(reading):
    spans = [
        phoenix_span("root", None, "CHAIN", 0, input__value="Where is it?", output__value="Here."),
        {
            "id": "an1",
            "span_id": "root",
            "annotation_name": "user_feedback",
            "annotator_kind": "HUMAN",
            "result": {"score": 0},
        },
    ]
    rows, _ = reading(spans, "OpenInference")
    assert [(row["query"], row["feedback"]) for row in rows] == [("Where is it?", 0)]


def test_spans_that_lost_their_parents_are_put_together_by_time(reading):
    def alone(number: int, kind: str, start: float, end: float, **attributes: object) -> dict[str, object]:
        span = phoenix_span(f"s{number}", None, kind, 0, **attributes)
        return {
            **span,
            "context": {"trace_id": f"t{number}", "span_id": f"s{number}"},
            "start_time": f"2025-01-02T03:04:{start:09.6f}+00:00",
            "end_time": f"2025-01-02T03:04:{end:09.6f}+00:00",
        }

    document = {"retrieval.documents": "[{'document.id': 'a.md', 'document.content': 'Ann leads the team.'}]"}
    text = "Context information is below.\\nAnn leads the team.\\nQuery: Who leads?\\nAnswer:"
    prompt = f"[{{'message.role': 'user', 'message.content': '{text}'}}]"
    rows, found = reading(
        [
            alone(1, "CHAIN", 1, 3, input__value="Who leads?", output__value="Ann."),
            alone(2, "RETRIEVER", 1, 2, **document),
            alone(3, "LLM", 2, 3, llm__input_messages=prompt, llm__model_name="m"),
            alone(4, "CHAIN", 10, 11, input__value="Who follows?", output__value="Bob."),
        ],
        "OpenInference",
    )
    assert [(row["query"], row["answer"], row.get("retrieved"), row.get("model")) for row in rows] == [
        ("Who leads?", "Ann.", [{"doc_id": "a.md", "text": "Ann leads the team.", "score": None}], "m"),
        ("Who follows?", "Bob.", None, None),
    ]
    assert found.sources["retrieved"] == "attributes.retrieval.documents (belonging together told by time)"


def test_a_trulens_event_table_as_csv(reading):
    def event(span: str, parent: str, kind: str, attributes: Record) -> dict[str, object]:
        told = {
            f"ai.observability.{key}": value
            for key, value in {"span_type": kind, "record_id": "rec", **attributes}.items()
        }
        return {
            "record": repr({"name": span, "parent_span_id": parent}),
            "event_id": span,
            "record_attributes": repr(told),
            "record_type": "EventRecordType.SPAN",
            "start_timestamp": "2025-11-14 12:28:26.000000",
            "timestamp": "2025-11-14 12:28:26.500000",
            "trace": repr({"trace_id": "42", "parent_id": parent, "span_id": span}),
        }

    node = "Node ID: 11112222-3333-4444-5555-666677778888\nText: Water boils at a hundred...\nScore:  0.900\n"
    rows, found = reading(
        [
            event(
                "1",
                "",
                "record_root",
                {"record_root.input": "When does water boil?", "record_root.output": "At 100 C."},
            ),
            event(
                "2",
                "1",
                "retrieval",
                {
                    "retrieval.query_text": "When does water boil?",
                    "retrieval.retrieved_contexts": [
                        "Water boils at a hundred degrees at sea level, so they say, mostly."
                    ],
                    "call.return": [node],
                },
            ),
            event(
                "3",
                "1",
                "generation",
                {
                    "call.kwargs.query": "When does water boil?",
                    "call.return": "At 100 C.",
                    "cost.model": "m",
                    "cost.num_prompt_tokens": 9,
                    "cost.num_completion_tokens": 4,
                    "cost.cost": 0.5,
                },
            ),
            event("4", "1", "eval", {"call.kwargs.question": "Is this grounded?", "cost.num_prompt_tokens": 100}),
        ],
        "TruLens",
    )
    assert rows == [
        {
            "query": "When does water boil?",
            "answer": "At 100 C.",
            "retrieved": [
                {
                    "doc_id": "11112222-3333-4444-5555-666677778888",
                    "text": "Water boils at a hundred degrees at sea level, so they say, mostly.",
                    "score": 0.9,
                }
            ],
            "model_calls": 1,
            "interaction_id": "rec",
            "at": "2025-11-14 12:28:26.000000",
            "latency_ms": 500.0,
            "model": "m",
            "tokens_in": 9,
            "tokens_out": 4,
            "cost": 0.5,
        }
    ]
    assert [(question.field, question.ask) for question in found.questions] == [("at", "time zone")]


LANGFUSE_ROW = {
    "query": "How do I renew?",
    "answer": "Fill in form 7.",
    "retrieved": [{"doc_id": "renewal.pdf", "text": "Form 7 renews.", "score": 0.7}],
    "model_calls": 1,
    "interaction_id": "lf1",
    "at": "2026-05-01T08:00:00+00:00",
    "latency_ms": 2000.0,
    "model": "gpt-z",
    "tokens_in": 30,
    "tokens_out": 6,
    "cost": 0.004,
    "prompt_version": "3",
    "policy_decision": "allow",
}


def test_langfuse_observations_with_snake_case_keys(reading):
    common = {
        "trace_id": "lf1",
        "provided_model_name": None,
        "usage_details": "{}",
        "start_time": "2026-05-01T08:00:00Z",
    }
    rows, _ = reading(
        [
            {
                **common,
                "id": "o1",
                "parent_observation_id": "",
                "type": "SPAN",
                "end_time": "2026-05-01T08:00:02Z",
                "total_cost": 0,
                "input": '{"question": "How do I renew?"}',
                "output": '{"answer": "Fill in form 7."}',
                "latency": 2.0,
            },
            {
                **common,
                "id": "o2",
                "parent_observation_id": "o1",
                "type": "RETRIEVER",
                "end_time": "2026-05-01T08:00:01Z",
                "output": '[{"text": "Form 7 renews.", "metadata": {"file": "renewal.pdf"}, "similarity": 0.7}]',
            },
            {
                **common,
                "id": "o3",
                "parent_observation_id": "o1",
                "type": "GENERATION",
                "end_time": "2026-05-01T08:00:02Z",
                "provided_model_name": "gpt-z",
                "usage_details": '{"input": 30, "output": 6, "total": 36}',
                "total_cost": 0.004,
                "prompt_name": "renew",
                "prompt_version": 3,
                "input": '{"messages": []}',
                "output": "Fill in form 7.",
            },
            {
                **common,
                "id": "o4",
                "parent_observation_id": "o1",
                "type": "GUARDRAIL",
                "output": '{"allowed": true}',
                "level": "DEFAULT",
            },
        ],
        "Langfuse",
    )
    assert rows == [LANGFUSE_ROW]


def test_langfuse_trace_with_observations_and_scores_in_camel_case(reading):
    observations = [
        {
            "id": "o1",
            "traceId": "lf1",
            "parentObservationId": None,
            "type": "SPAN",
            "startTime": "2026-05-01T08:00:00Z",
            "endTime": "2026-05-01T08:00:02Z",
            "totalCost": 0,
        },
        {
            "id": "o2",
            "traceId": "lf1",
            "parentObservationId": "o1",
            "type": "RETRIEVER",
            "startTime": "2026-05-01T08:00:00Z",
            "output": {
                "documents": [{"page_content": "Form 7 renews.", "metadata": {"source": "renewal.pdf", "score": 0.7}}]
            },
        },
        {
            "id": "o3",
            "traceId": "lf1",
            "parentObservationId": "o1",
            "type": "GENERATION",
            "startTime": "2026-05-01T08:00:01Z",
            "model": "gpt-z",
            "usageDetails": {"input": 30, "output": 6},
            "totalCost": 0.004,
            "promptVersion": 3,
        },
        {"id": "o4", "traceId": "lf1", "parentObservationId": "o1", "type": "GUARDRAIL", "output": True},
    ]
    scores = [
        {"id": "s1", "traceId": "lf1", "name": "hallucination", "value": 1, "source": "EVAL", "dataType": "NUMERIC"},
        {"id": "s2", "traceId": "lf1", "name": "user-thumbs", "value": 0, "source": "API", "dataType": "BOOLEAN"},
        {
            "id": "s3",
            "traceId": "lf1",
            "name": "quality",
            "stringValue": "approved",
            "source": "ANNOTATION",
            "dataType": "CATEGORICAL",
        },
    ]
    trace = {
        "id": "lf1",
        "timestamp": "2026-05-01T08:00:00Z",
        "userId": "u",
        "sessionId": "s",
        "input": '"How do I renew?"',
        "output": "Fill in form 7.",
        "scores": scores,
        "observations": [],
    }
    rows, _ = reading([{"trace": trace, "observations": observations}], "Langfuse")
    assert rows == [{**LANGFUSE_ROW, "user_id": "u", "session_id": "s", "feedback": 0, "review": "approved"}]


def test_langfuse_traces_without_observations_still_answer_and_scores_alone_are_additions(reading):
    trace = {
        "id": "lf1",
        "timestamp": "2026-05-01T08:00:00Z",
        "session_id": "s",
        "public": False,
        "bookmarked": False,
        "release": None,
        "input": {"messages": [{"role": "user", "content": "Hello?"}]},
        "output": {"role": "assistant", "content": "Hi."},
    }
    rows, _ = reading([trace], "Langfuse")
    assert rows == [
        {
            "query": "Hello?",
            "answer": "Hi.",
            "interaction_id": "lf1",
            "at": "2026-05-01T08:00:00+00:00",
            "session_id": "s",
        }
    ]
    score = {
        "id": "s1",
        "trace_id": "lf1",
        "name": "user_feedback",
        "value": 1.0,
        "data_type": "NUMERIC",
        "source": "API",
    }
    rows, _ = reading([score], "Langfuse")
    assert rows == [{"interaction_id": "lf1", "feedback": 1.0}]


def test_langfuse_observations_alone_are_told_by_their_trace_type_and_start(reading):
    observation = {"id": "o1", "traceId": "lf1", "type": "GENERATION", "startTime": "2026-05-01T08:00:00Z"}
    rows, _ = reading([{**observation, "input": "Hello?", "output": "Hi."}], "Langfuse")
    assert [(row["query"], row["answer"], row["interaction_id"]) for row in rows] == [("Hello?", "Hi.", "lf1")]


def test_the_package_can_be_imported_before_any_other():
    command = [sys.executable, "-c", "import workbench.ingest.traces"]
    assert subprocess.run(command, capture_output=True, check=False).stderr == b""


def test_a_langfuse_latency_without_times_asks_for_its_unit(reading):
    rows, found = reading(
        [
            {
                "trace_id": "x",
                "id": "o",
                "parent_observation_id": "",
                "type": "GENERATION",
                "provided_model_name": "m",
                "usage_details": {},
                "input": "Why so slow?",
                "output": "Sorry.",
                "latency": 1.5,
            }
        ],
        "Langfuse",
    )
    assert rows == [
        {
            "query": "Why so slow?",
            "answer": "Sorry.",
            "model_calls": 1,
            "interaction_id": "x",
            "model": "m",
            "latency": 1.5,
        }
    ]
    assert [(question.field, question.ask, question.choices) for question in found.questions] == [
        ("latency_ms", "unit", ("seconds", "milliseconds"))
    ]


def test_langsmith_runs_with_feedback_and_correction(reading):
    common = {"trace_id": "r1", "session_id": "the-project", "end_time": "2025-03-01T00:00:04Z"}
    runs = [
        {
            **common,
            "id": "r1",
            "dotted_order": "1",
            "run_type": "chain",
            "parent_run_id": None,
            "start_time": "2025-03-01T00:00:00Z",
            "inputs": {"input": "What is due?", "chat_history": []},
            "outputs": {"output": "Rent."},
            "extra": '{"metadata": {"user_id": "u", "thread_id": "th", "revision_id": "abc"}}',
            "prompt_tokens": 9,
            "completion_tokens": 2,
            "total_cost": "0.01",
            "feedback_stats": {"user_score": {"n": 1, "avg": 0.0}},
        },
        {
            **common,
            "id": "r2",
            "dotted_order": "1.2",
            "run_type": "retriever",
            "parent_run_id": "r1",
            "start_time": "2025-03-01T00:00:01Z",
            "inputs": {"query": "due"},
            "outputs": {
                "documents": [{"page_content": "Rent is due.", "metadata": {"source": "lease.md"}, "type": "Document"}]
            },
        },
        {
            **common,
            "id": "r3",
            "dotted_order": "1.3",
            "run_type": "llm",
            "parent_run_id": "r1",
            "start_time": "2025-03-01T00:00:02Z",
            "inputs": {
                "messages": [
                    [
                        {
                            "lc": 1,
                            "type": "constructor",
                            "id": ["langchain", "schema", "HumanMessage"],
                            "kwargs": {"content": "Sources: Rent is due.\nQuestion: What is due?"},
                        }
                    ]
                ]
            },
            "outputs": {
                "generations": [
                    [{"text": "Rent.", "message": {"lc": 1, "id": ["x", "AIMessage"], "kwargs": {"content": "Rent."}}}]
                ]
            },
            "extra": {"metadata": {"ls_model_name": "claude"}},
            "prompt_tokens": 9,
            "completion_tokens": 2,
            "total_cost": 0.01,
        },
        {
            **common,
            "id": "r4",
            "dotted_order": "1.4",
            "run_type": "tool",
            "name": "policy_check",
            "parent_run_id": "r1",
            "start_time": "2025-03-01T00:00:03Z",
            "outputs": {"output": "deny"},
        },
        {
            "id": "f1",
            "run_id": "r1",
            "trace_id": "r1",
            "key": "quality",
            "score": 0,
            "correction": {"answer": "Rent and gas."},
            "feedback_source": {"type": "app"},
        },
    ]
    rows, _ = reading(runs, "LangSmith")
    assert rows == [
        {
            "query": "What is due?",
            "answer": "Rent.",
            "retrieved": [{"doc_id": "lease.md", "text": "Rent is due.", "score": None}],
            "model_calls": 1,
            "interaction_id": "r1",
            "at": "2025-03-01T00:00:00+00:00",
            "latency_ms": 4000.0,
            "user_id": "u",
            "session_id": "th",
            "prompt_version": "abc",
            "model": "claude",
            "tokens_in": 9,
            "tokens_out": 2,
            "cost": 0.01,
            "policy_decision": "deny",
            "feedback": 0.0,
            "review": "edited",
        }
    ]


def test_mlflow_spans_win_over_previews_that_were_cut(reading):
    question = "Which of the rules " + "about leave " * 30 + "applies?"
    spans = [
        {
            "span_id": "a",
            "parent_span_id": None,
            "trace_id": "b64",
            "start_time_unix_nano": NS,
            "end_time_unix_nano": NS + 3_000_000_000,
            "attributes": {
                "mlflow.spanType": '"CHAIN"',
                "mlflow.spanInputs": json.dumps({"question": question}),
                "mlflow.spanOutputs": '"Rule 4."',
            },
        },
        {
            "span_id": "b",
            "parent_span_id": "a",
            "trace_id": "b64",
            "start_time_unix_nano": NS,
            "end_time_unix_nano": NS + 1,
            "attributes": {
                "mlflow.spanType": '"RETRIEVER"',
                "mlflow.spanInputs": '"leave"',
                "mlflow.spanOutputs": '[{"page_content": "Rule 4.", "metadata": {"doc_uri": "rules.pdf"}, "id": "9"}]',
            },
        },
        {
            "span_id": "c",
            "parent_span_id": "a",
            "trace_id": "b64",
            "start_time_unix_nano": NS + 9,
            "end_time_unix_nano": NS + 10,
            "attributes": {
                "mlflow.spanType": '"CHAT_MODEL"',
                "mlflow.llm.model": '"dbrx"',
                "mlflow.chat.tokenUsage": '{"input_tokens": 50, "output_tokens": 5, "total_tokens": 55}',
                "mlflow.llm.cost": '{"total_cost": 0.25}',
            },
        },
    ]
    info = {
        "trace_id": "tr-1",
        "request_time": "2023-11-14T22:13:20Z",
        "execution_duration_ms": 3000,
        "request_preview": question[:250],
        "response_preview": "Rule 4.",
        "trace_metadata": {
            "mlflow.traceInputs": question[:250],
            "mlflow.trace.user": "u",
            "mlflow.trace.session": "s",
            "mlflow.user": "developer",
            "mlflow.trace.tokenUsage": '{"input_tokens": 50, "output_tokens": 5}',
        },
        "tags": {"mlflow.linkedPrompts": '[{"name": "leave", "version": "12"}]'},
        "assessments": [
            {
                "assessment_name": "user_satisfaction",
                "source": {"source_type": "HUMAN", "source_id": "u"},
                "feedback": {"value": True},
            },
            {"assessment_name": "safety", "source": {"source_type": "LLM_JUDGE"}, "feedback": {"value": "no"}},
        ],
    }
    row = {
        "query": question,
        "answer": "Rule 4.",
        "interaction_id": "tr-1",
        "at": AT,
        "latency_ms": 3000.0,
        "user_id": "u",
        "session_id": "s",
        "prompt_version": "12",
        "tokens_in": 50,
        "tokens_out": 5,
        "feedback": True,
    }
    rows, _ = reading([{"info": info, "data": {"spans": spans}}], "MLflow")
    assert rows == [
        {
            **row,
            "retrieved": [{"doc_id": "rules.pdf", "text": "Rule 4.", "score": None}],
            "model": "dbrx",
            "cost": 0.25,
            "model_calls": 1,
        }
    ]
    rows, _ = reading([{"info": info, "data": {"spans": []}}], "MLflow")
    assert rows == [{**row, "query": question[:250].strip()}]


def test_a_bedrock_invocation_log_with_guardrail_and_citations(reading):
    record = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2025-02-03T04:05:06Z",
        "accountId": "1",
        "identity": {"arn": "arn:aws:iam::1:role/app"},
        "region": "eu-west-2",
        "requestId": "req-1",
        "operation": "Converse",
        "modelId": "anthropic.claude",
        "requestMetadata": {"sessionId": "s1"},
        "input": {
            "inputContentType": "application/json",
            "inputTokenCount": 21,
            "inputBodyJson": {
                "messages": [{"role": "user", "content": [{"text": "May I share this?"}]}],
                "system": [{"text": "Be careful."}],
                "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "DRAFT"},
            },
        },
        "output": {
            "outputContentType": "application/json",
            "outputTokenCount": 8,
            "outputBodyJson": {
                "output": {"message": {"role": "assistant", "content": [{"text": "I cannot help with that."}]}},
                "stopReason": "guardrail_intervened",
                "metrics": {"latencyMs": 812},
                "citations": [
                    {
                        "retrievedReferences": [
                            {
                                "content": {"text": "Never share."},
                                "location": {"type": "S3", "s3Location": {"uri": "s3://kb/rules.pdf"}},
                            },
                            {
                                "content": {"text": "Ask first."},
                                "location": {"type": "S3", "s3Location": {"uri": "s3://kb/ask.pdf"}},
                            },
                        ]
                    }
                ],
            },
        },
    }
    row = {
        "query": "May I share this?",
        "answer": "I cannot help with that.",
        "retrieved": [
            {"doc_id": "s3://kb/rules.pdf", "text": "Never share.", "score": None},
            {"doc_id": "s3://kb/ask.pdf", "text": "Ask first.", "score": None},
        ],
        "model_calls": 1,
        "interaction_id": "req-1",
        "at": "2025-02-03T04:05:06+00:00",
        "latency_ms": 812.0,
        "model": "anthropic.claude",
        "tokens_in": 21,
        "tokens_out": 8,
        "user_id": "arn:aws:iam::1:role/app",
        "session_id": "s1",
        "policy_version": "DRAFT",
        "policy_decision": "guardrail_intervened",
    }
    assert reading([record], "Bedrock invocation log")[0] == [row]
    assert reading([{"timestamp": 1, "message": json.dumps(record)}], "Bedrock invocation log")[0] == [row]


def test_a_streamed_bedrock_answer_is_put_together(reading):
    chunks = [{"type": "message_start", "message": {"role": "assistant", "content": []}}]
    chunks += [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in ("On ", "Monday.")
    ]
    record = {
        "schemaType": "ModelInvocationLog",
        "timestamp": "2025-02-03T04:05:06Z",
        "requestId": "r",
        "modelId": "m",
        "input": {"inputBodyJson": {"messages": [{"role": "user", "content": "When is it?"}]}},
        "output": {"outputBodyJson": chunks},
    }
    rows, _ = reading([record], "Bedrock invocation log")
    assert [(row["query"], row["answer"]) for row in rows] == [("When is it?", "On Monday.")]


def test_azure_api_management_parts_are_joined_by_their_sequence_numbers(reading):
    messages = json.dumps([{"role": "user", "content": "What is the notice period?"}])
    answer = json.dumps([{"role": "assistant", "content": "One month."}])
    common = {
        "TimeGenerated": "2025-06-01T10:00:00Z",
        "CorrelationId": "c1",
        "RequestId": "q1",
        "DeploymentName": "chat-4",
    }
    parts = [
        {**common, "SequenceNumber": 2, "RequestMessages": messages[30:], "ResponseMessages": answer[25:]},
        {
            "TimeGenerated": "2025-06-01T11:00:00Z",
            "CorrelationId": "c2",
            "RequestId": "q2",
            "SequenceNumber": 1,
            "ModelName": "gpt-4.1",
            "PromptTokens": 4,
            "RequestMessages": messages,
            "ResponseMessages": "[]",
        },
        {
            **common,
            "SequenceNumber": 1,
            "RequestMessages": messages[:30],
            "ResponseMessages": answer[:25],
            "ModelName": "gpt-4.1",
            "PromptTokens": 17,
            "CompletionTokens": 3,
        },
    ]
    rows, _ = reading(parts, "Azure API Management")
    first = {
        "query": "What is the notice period?",
        "answer": "One month.",
        "model_calls": 1,
        "interaction_id": "c1",
        "at": "2025-06-01T10:00:00+00:00",
        "model": "gpt-4.1",
        "tokens_in": 17,
        "tokens_out": 3,
    }
    second = {
        "query": first["query"],
        "model_calls": 1,
        "interaction_id": "c2",
        "at": "2025-06-01T11:00:00+00:00",
        "model": "gpt-4.1",
        "tokens_in": 4,
    }
    assert rows == [first, second]
    wrapped = [{"time": "x", "category": "GatewayLlmLogs", "properties": json.dumps(part)} for part in parts]
    assert reading(wrapped, "Azure API Management")[0] == [first, second]


def test_openai_chat_completions_with_azure_content_filters(reading):
    safe = {"hate": {"filtered": False, "severity": "safe"}, "jailbreak": {"filtered": False, "detected": False}}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-4o-2024",
        "choices": [
            {
                "index": 0,
                "finish_reason": "content_filter",
                "message": {"role": "assistant", "content": "I would rather not."},
                "content_filter_results": {"violence": {"filtered": True, "severity": "high"}},
            }
        ],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": safe}],
        "usage": {"prompt_tokens": 14, "completion_tokens": 5, "total_tokens": 19},
    }
    request = {
        "model": "gpt-4o",
        "user": "u7",
        "messages": [
            {"role": "system", "content": "Hi"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "How to fight?"},
                    {"type": "image_url", "image_url": {"url": "x"}},
                ],
            },
        ],
    }
    row = {
        "query": "How to fight?",
        "answer": "I would rather not.",
        "model_calls": 1,
        "interaction_id": "chatcmpl-1",
        "at": AT,
        "model": "gpt-4o-2024",
        "tokens_in": 14,
        "tokens_out": 5,
        "user_id": "u7",
        "policy_decision": "deny (violence)",
    }
    assert reading([{"request": request, "response": body}], "OpenAI response")[0] == [row]
    assert reading([{"request": {"body": request}, "response": {"status_code": 200, "body": body}}], "OpenAI response")[
        0
    ] == [row]
    assert reading([{**request, **body}], "OpenAI response")[0] == [{**row, "user_id": "u7"}]


def test_openai_responses_with_file_search(reading):
    body = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "model": "gpt-5",
        "output": [
            {"type": "reasoning", "summary": []},
            {
                "type": "file_search_call",
                "results": [{"file_id": "file-1", "filename": "faq.md", "score": 0.93, "text": "Open at nine."}],
            },
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "At nine.", "annotations": []}],
            },
        ],
        "usage": {"input_tokens": 100, "output_tokens": 9},
        "safety_identifier": "hash-1",
    }
    rows, _ = reading(
        [{"request": {"model": "gpt-5", "input": "When do you open?", "instructions": "Be brief."}, "response": body}],
        "OpenAI response",
    )
    assert rows == [
        {
            "query": "When do you open?",
            "answer": "At nine.",
            "retrieved": [{"doc_id": "faq.md", "text": "Open at nine.", "score": 0.93}],
            "model_calls": 1,
            "interaction_id": "resp_1",
            "at": AT,
            "model": "gpt-5",
            "tokens_in": 100,
            "tokens_out": 9,
            "user_id": "hash-1",
        }
    ]


def test_litellm_payloads_with_guardrails(reading):
    payload = {
        "id": "chatcmpl-9",
        "trace_id": "tr-9",
        "call_type": "acompletion",
        "response_cost": 0.0021,
        "model": "gpt-4o",
        "prompt_tokens": 33,
        "completion_tokens": 4,
        "startTime": 1_700_000_000.0,
        "endTime": 1_700_000_001.5,
        "response_time": 1.4,
        "end_user": "customer-1",
        "metadata": {"user_api_key_alias": "team"},
        "messages": [{"role": "user", "content": "My card is blocked, what now?"}],
        "response": {
            "choices": [{"message": {"role": "assistant", "content": "Call us."}, "finish_reason": "stop"}],
            "model": "gpt-4o-2024",
        },
        "guardrail_information": [
            {"guardrail_name": "pii", "guardrail_status": "success"},
            {"guardrail_name": "topic", "guardrail_status": "guardrail_intervened"},
        ],
    }
    rows, _ = reading([payload], "LiteLLM")
    assert rows == [
        {
            "query": "My card is blocked, what now?",
            "answer": "Call us.",
            "model_calls": 1,
            "interaction_id": "tr-9",
            "at": AT,
            "latency_ms": 1500.0,
            "model": "gpt-4o-2024",
            "tokens_in": 33,
            "tokens_out": 4,
            "cost": 0.0021,
            "user_id": "customer-1",
            "policy_decision": "guardrail_intervened",
        }
    ]


def test_litellm_without_stored_prompts_gives_no_row_and_says_so(reading):
    payload = {
        "id": "x",
        "call_type": "acompletion",
        "response_cost": 0.1,
        "startTime": 1_700_000_000.0,
        "messages": None,
        "response": None,
    }
    rows, found = reading([payload], "LiteLLM")
    assert rows == []
    assert found.left_out == {"no question in it": 1}


def test_opa_decisions_are_rows_without_a_question_to_be_joined_by_trace(reading):
    decision = {
        "decision_id": "d1",
        "trace_id": "t1",
        "timestamp": "2025-01-01T00:00:00Z",
        "path": "rag/allow",
        "bundles": {"main": {"revision": "rev-77"}},
        "input": {"user": {"id": "u3"}},
        "result": {"allow": False, "reason": "clearance"},
        "requested_by": "10.0.0.1",
    }
    rows, _ = reading([decision], "OPA decision log")
    assert rows == [
        {
            "interaction_id": "t1",
            "at": "2025-01-01T00:00:00+00:00",
            "user_id": "u3",
            "policy_version": "rev-77",
            "policy_decision": "deny",
        }
    ]


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "question": "Why?", "answer": "Because.", "timestamp": "2025-01-01T00:00:00Z", "trace_id": "t"},
        {
            "trace_id": "t",
            "input": "Why?",
            "output": "Because.",
            "model": "m",
            "latency_ms": 3,
            "user_id": "u",
            "session_id": "s",
        },
        {"query": "Why?", "response": "Because.", "contexts": ["a"], "request_id": "r"},
        {"messages": [{"role": "user", "content": "Why?"}], "model": "m"},
        {"input": "Why?", "output": "Because.", "model": "m", "usage": {"input_tokens": 1}, "contexts": ["a"]},
        {"request_id": "r", "request": "Why?", "response": "Because.", "execution_time_ms": 7},
        {"trace_id": "t", "span_id": "s", "parent_span_id": None, "question": "Why?", "answer": "Because."},
        {"name": "x", "value": 1, "source": "web"},
        {"timestamp": "x", "message": "{not json"},
        {},
    ],
)
def test_a_plain_table_of_questions_is_no_trace(record):
    assert trace_format([record]) is None


def test_otlp_spans_with_openinference_attributes_are_told_by_what_the_spans_hold():
    span = otel_span("a", "", 0, 1, {"openinference.span.kind": "LLM"})
    record = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    assert trace_format([record]) == "OpenInference"


def test_langsmith_runs_nested_in_their_root_are_read_like_a_list_of_runs(reading):
    child = {
        "id": "r2",
        "trace_id": "r1",
        "parent_run_id": "r1",
        "run_type": "llm",
        "start_time": "2025-03-01T00:00:01Z",
    }
    grandchild = {**child, "id": "r3", "parent_run_id": "r2", "run_type": "retriever", "outputs": {"documents": []}}
    root = {
        "id": "r1",
        "trace_id": "r1",
        "run_type": "chain",
        "start_time": "2025-03-01T00:00:00+00:00",
        "inputs": {"question": "Why?"},
        "outputs": {"answer": "So."},
        "child_runs": [{**child, "prompt_tokens": 8, "child_runs": [grandchild]}],
    }
    rows, found = reading([root], "LangSmith")
    assert found.spans == 3
    assert [(row["query"], row["answer"], row["tokens_in"], row["retrieved"]) for row in rows] == [
        ("Why?", "So.", 8, [])
    ]


def test_an_mlflow_search_table_with_spans_as_text_is_read(reading):
    spans = [
        {
            "span_id": "a",
            "parent_span_id": None,
            "start_time_ns": NS,
            "end_time_ns": NS + 10**9,
            "attributes": {
                "mlflow.spanType": "AGENT",
                "mlflow.spanInputs": {"messages": [{"role": "user", "content": "Why?"}]},
                "mlflow.spanOutputs": "So.",
            },
        },
    ]
    record = {
        "trace_id": "tr-2",
        "state": "OK",
        "request_time": NS // 10**6,
        "execution_duration": 1000,
        "request": "cut off",
        "response": "So.",
        "trace_metadata": "{'mlflow.trace.user': 'u'}",
        "tags": {},
        "spans": json.dumps(spans),
        "assessments": [],
    }
    rows, _ = reading([record], "MLflow")
    assert rows == [
        {"query": "Why?", "answer": "So.", "interaction_id": "tr-2", "at": AT, "latency_ms": 1000.0, "user_id": "u"}
    ]


def test_otel_events_exported_as_log_records_join_their_span(reading):
    logs = [
        {
            "traceId": "t1",
            "spanId": "a",
            "timeUnixNano": str(NS),
            "eventName": "gen_ai.client.inference.operation.details",
            "attributes": otlp(
                **{
                    "gen_ai.operation.name": "chat",
                    "gen_ai.input.messages": json.dumps(
                        [{"role": "user", "parts": [{"type": "text", "content": "Why?"}]}]
                    ),
                    "gen_ai.output.messages": json.dumps(
                        [{"role": "assistant", "parts": [{"type": "text", "content": "So."}]}]
                    ),
                }
            ),
        },
    ]
    span = otel_span("a", "", 0, 500, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
    records = [
        {"resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]},
    ]
    rows, _ = reading(records, "OpenTelemetry GenAI")
    assert rows == [
        {
            "query": "Why?",
            "answer": "So.",
            "model_calls": 1,
            "interaction_id": "t1",
            "at": AT,
            "latency_ms": 500.0,
            "model": "m",
        }
    ]


def test_what_people_add_to_any_export_is_found_by_the_end_of_its_key(reading):
    span = {
        "trace_id": "t",
        "span_id": "a",
        "parent_id": None,
        "attributes": {
            "openinference.span.kind": "CHAIN",
            "input.value": "Why?",
            "output.value": "So.",
            "metadata": {
                "policy_version": "p4",
                "index.version": "i9",
                "human_review": "approved",
                "review_seconds": "31",
            },
            "app.policy.decision": "escalate",
        },
    }
    rows, found = reading([span], "OpenInference")
    assert rows == [
        {
            "query": "Why?",
            "answer": "So.",
            "interaction_id": "t",
            "policy_version": "p4",
            "index_version": "i9",
            "review": "approved",
            "review_seconds": 31.0,
            "policy_decision": "escalate",
        }
    ]
    assert found.sources["policy_decision"] == "attributes.app.policy.decision"


def test_calls_of_a_model_are_counted_and_what_wraps_them_is_none(reading):
    spans = [
        otel_span("agent", "", 0, 90, {"gen_ai.operation.name": "invoke_agent", "input.value": "Why?"}),
        otel_span("wrapper", "agent", 1, 40, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
        otel_span("first", "wrapper", 2, 20, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
        otel_span("again", "wrapper", 21, 39, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
        otel_span("vector", "agent", 41, 50, {"gen_ai.operation.name": "embeddings"}),
        otel_span("answer", "agent", 51, 80, {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
    ]
    rows, found = reading(spans, "OpenTelemetry GenAI")
    assert [row["model_calls"] for row in rows] == [3]
    assert found.sources["model_calls"] == "spans that call a model"


def test_tenant_and_groups_are_read_from_what_people_add_to_a_trace(reading):
    groups = {
        "key": "user.roles",
        "value": {"arrayValue": {"values": [{"stringValue": "motor"}, {"stringValue": "all"}]}},
    }
    span = otel_span(
        "s",
        "",
        0,
        9,
        {"gen_ai.operation.name": "chat", "input.value": "Why?", "tenant.id": "north", "intent": "reason"},
    )
    rows, _ = reading([{**span, "attributes": [*span["attributes"], groups]}], "OpenTelemetry GenAI")
    assert (rows[0]["tenant"], rows[0]["answer_group"]) == ("north", "reason")
    assert rows[0]["access_group"] == ["motor", "all"]


def test_the_workspace_of_a_langsmith_run_is_no_tenant_of_the_client(reading):
    run = {
        "id": "r1",
        "trace_id": "r1",
        "dotted_order": "1",
        "run_type": "chain",
        "name": "chat",
        "tenant_id": "workspace",
        "inputs": {"question": "Why?"},
        "outputs": {"answer": "So."},
        "extra": {"metadata": {"tenant_id": "north", "department": "motor"}},
    }
    rows, _ = reading([run], "LangSmith")
    assert (rows[0]["tenant"], rows[0]["access_group"]) == ("north", "motor")
    rows, _ = reading([{**run, "extra": {}}], "LangSmith")
    assert "tenant" not in rows[0]
