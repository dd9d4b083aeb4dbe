"""Which spans make one question: sessions in one trace, lost parents, prompts with texts stuffed into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.ingest.tables.rows import Row
from workbench.ingest.traces import read_traces
from workbench.ingest.traces.answer_texts import answer_in
from workbench.ingest.traces.documents import documents_in
from workbench.ingest.traces.question_texts import question_in


def span(name: str, parent: str | None, kind: str, start: int, end: int, **values: object) -> dict[str, object]:
    attributes = {"openinference.span.kind": kind, **{key.replace("__", "."): value for key, value in values.items()}}
    return {
        "trace_id": "t",
        "span_id": name,
        "parent_id": parent,
        "start_time": f"2025-01-01T00:00:{start:02d}Z",
        "end_time": f"2025-01-01T00:00:{end:02d}Z",
        "attributes": attributes,
    }


def chat(*said: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in said]


@pytest.fixture
def rows(tmp_path: Path):
    def read(*spans: dict[str, object]) -> list[dict[str, object]]:
        found = read_traces(
            [Row(f"line {n}", record) for n, record in enumerate(spans, 1)], "OpenInference", "x", tmp_path
        )
        return [dict(row.values) for row in found if isinstance(row, Row)]

    return read


def picked(found: list[dict[str, object]], *names: str) -> list[tuple[object, ...]]:
    return [tuple(row.get(name) for name in names) for row in found]


def test_a_session_in_one_trace_gives_one_row_a_turn(rows):
    found = rows(
        span("session", None, "CHAIN", 0, 40, session__id="s", user__id="u"),
        span("one", "session", "AGENT", 1, 5, input__value="What is rent?", output__value="A payment."),
        span("call1", "one", "LLM", 2, 4, llm__token_count__prompt=5, llm__model_name="m1"),
        span("two", "session", "AGENT", 11, 15, input__value="When is it due?", output__value="On the first."),
        span("call2", "two", "LLM", 12, 14, llm__token_count__prompt=7, llm__model_name="m2"),
    )
    assert picked(
        found, "query", "answer", "interaction_id", "tokens_in", "model", "session_id", "user_id", "latency_ms"
    ) == [
        ("What is rent?", "A payment.", "one", 5, "m1", "s", "u", 4000.0),
        ("When is it due?", "On the first.", "two", 7, "m2", "s", "u", 4000.0),
    ]


def test_a_chat_is_split_where_the_history_holds_the_question_before(rows):
    first = chat(("user", "What is rent?"))
    second = [*first, *chat(("assistant", "A payment."), ("user", "When is it due?"))]
    found = rows(
        span("root", None, "CHAIN", 0, 40),
        span(
            "call1",
            "root",
            "LLM",
            2,
            4,
            llm__input_messages=first,
            llm__output_messages=chat(("assistant", "A payment.")),
        ),
        span("find", "root", "RETRIEVER", 10, 11, retrieval__documents=[{"id": "due.md"}]),
        span(
            "call2",
            "root",
            "LLM",
            12,
            14,
            llm__input_messages=second,
            llm__output_messages=chat(("assistant", "On the first.")),
        ),
    )
    assert picked(found, "query", "answer", "retrieved") == [
        ("What is rent?", "A payment.", None),
        ("When is it due?", "On the first.", [{"doc_id": "due.md", "text": None, "score": None}]),
    ]


def test_a_pipeline_that_rewrites_the_question_is_one_turn(rows):
    found = rows(
        span("root", None, "CHAIN", 0, 9),
        span(
            "rewrite",
            "root",
            "LLM",
            1,
            2,
            llm__input_messages=chat(("user", "Is rent due?")),
            llm__output_messages=chat(("assistant", "rent due date")),
        ),
        span(
            "answer",
            "root",
            "LLM",
            3,
            4,
            llm__input_messages=chat(("user", "rent due date")),
            llm__output_messages=chat(("assistant", "Yes.")),
        ),
    )
    assert picked(found, "query", "answer") == [("Is rent due?", "Yes.")]


def test_steps_that_are_asked_what_the_step_before_answered_are_one_turn(rows):
    found = rows(
        span("server", None, "", 0, 9),
        span("rewrite", "server", "CHAIN", 1, 2, input__value="Is rent due?", output__value="rent due date"),
        span("answer", "server", "CHAIN", 3, 4, input__value="rent due date", output__value="Yes."),
    )
    assert picked(found, "query", "latency_ms") == [("Is rent due?", 9000.0)]
    assert len(found) == 1


def test_an_agent_that_calls_its_model_again_and_again_is_one_turn_and_its_last_words_are_the_answer(rows):
    asked = chat(("user", "Book a room"))
    call = {
        "message.role": "assistant",
        "message.tool_calls": [{"tool_call.function.name": "book", "tool_call.function.arguments": "{}"}],
    }
    found = rows(
        span(
            "a",
            None,
            "LLM",
            1,
            2,
            llm__input_messages=asked,
            llm__output_messages=[call],
            llm__token_count__completion=3,
        ),
        span("tool", None, "TOOL", 3, 4, input__value='{"room": 7}', output__value="Booked"),
        span(
            "b",
            None,
            "LLM",
            5,
            6,
            llm__input_messages=[*asked, {"role": "tool", "content": "Booked"}],
            llm__output_messages=chat(("assistant", "Done.")),
            llm__token_count__completion=4,
        ),
    )
    assert picked(found, "query", "answer", "tokens_out") == [("Book a room", "Done.", 7)]


def test_calls_without_parents_and_with_questions_of_their_own_are_rows_of_their_own(rows):
    found = rows(
        span(
            "a",
            None,
            "LLM",
            1,
            2,
            llm__input_messages=chat(("user", "Why?")),
            llm__output_messages=chat(("assistant", "So.")),
        ),
        span(
            "b",
            None,
            "LLM",
            5,
            6,
            llm__input_messages=chat(("user", "Who?")),
            llm__output_messages=chat(("assistant", "Ann.")),
        ),
    )
    assert picked(found, "query", "answer", "interaction_id") == [("Why?", "So.", "a"), ("Who?", "Ann.", "b")]


def test_spans_whose_parent_is_not_in_the_file_still_make_a_row(rows):
    found = rows(
        span("find", "gone", "RETRIEVER", 1, 2, input__value="Why is it cold?", retrieval__documents=[]),
        span(
            "call",
            "gone",
            "LLM",
            3,
            4,
            llm__input_messages=chat(("user", "Sources:\nnone\nQuestion: Why is it cold?")),
            llm__output_messages=chat(("assistant", "Winter.")),
        ),
    )
    assert picked(found, "query", "answer", "retrieved", "latency_ms") == [("Why is it cold?", "Winter.", [], 3000.0)]


def test_a_prompt_that_quotes_what_was_retrieved_is_not_the_question(rows):
    passage = "The tenant shall give notice in writing at least one month before the end of the term agreed upon."
    found = rows(
        span("root", None, "CHAIN", 0, 9, output__value="In writing."),
        span(
            "find",
            "root",
            "RETRIEVER",
            1,
            2,
            input__value="How do I give notice?",
            retrieval__documents=[{"content": passage}],
        ),
        span("call", "root", "LLM", 3, 4, llm__input_messages=chat(("user", f"{passage} How do I give notice?"))),
    )
    assert picked(found, "query", "retrieved") == [
        ("How do I give notice?", [{"doc_id": None, "text": passage, "score": None}])
    ]


def test_a_retriever_that_calls_retrievers_is_counted_once_and_several_are_put_together(rows):
    one, two = {"id": "a.md", "score": 0.9}, {"id": "b.md", "score": 0.8}
    found = rows(
        span("root", None, "CHAIN", 0, 9, input__value="Why?", output__value="So."),
        span("outer", "root", "RETRIEVER", 1, 3, retrieval__documents=[one]),
        span("inner", "outer", "RETRIEVER", 1, 2, retrieval__documents=[one, two]),
        span("other", "root", "RETRIEVER", 4, 5, retrieval__documents=[one, two]),
    )
    assert [item["doc_id"] for item in found[0]["retrieved"]] == ["a.md", "b.md"]


def test_no_retrieval_logged_is_told_apart_from_one_that_found_nothing(rows):
    question = {"input__value": "Why?", "output__value": "So."}
    assert "retrieved" not in rows(span("root", None, "CHAIN", 0, 9, **question))[0]
    empty = rows(
        span("root", None, "CHAIN", 0, 9, **question), span("r", "root", "RETRIEVER", 1, 2, output__value="[]")
    )
    assert empty[0]["retrieved"] == []
    untold = rows(span("root", None, "CHAIN", 0, 9, **question), span("r", "root", "RETRIEVER", 1, 2))
    assert "retrieved" not in untold[0]


def test_several_guardrails_give_the_decision_that_stopped_something(rows):
    found = rows(
        span("root", None, "CHAIN", 0, 9, input__value="Why?", output__value="No."),
        span("in", "root", "GUARDRAIL", 1, 2, output__value="pass"),
        span("out", "root", "GUARDRAIL", 3, 4, output__value='{"flagged": true}'),
    )
    assert found[0]["policy_decision"] == "deny"


def test_a_trace_of_a_judge_holds_no_question_of_a_user(rows):
    assert rows(span("judge", None, "EVALUATOR", 0, 9, input__value="Is it grounded?", output__value="Yes")) == []


def test_a_root_that_repeats_the_sum_of_its_calls_is_not_counted_twice(rows):
    tokens = {"llm__token_count__prompt": 10, "llm__cost__total": 0.5}
    found = rows(
        span("root", None, "AGENT", 0, 9, input__value="Why?", llm__token_count__prompt=20, llm__cost__total=1.0),
        span("a", "root", "LLM", 1, 2, **tokens),
        span("b", "root", "LLM", 3, 4, **tokens),
    )
    assert picked(found, "tokens_in", "cost") == [(20, 1.0)]


@pytest.mark.parametrize(
    ("value", "question"),
    [
        ("Why?", "Why?"),
        ('"Why?"', "Why?"),
        ({"args": ["Why?"], "kwargs": {}}, "Why?"),
        ({"inputs": {"question": "Why?", "context": ["x y z"]}}, "Why?"),
        ({"contents": [{"role": "user", "parts": [{"text": "Why?"}]}], "model": "m"}, "Why?"),
        ({"input": "Why?", "chat_history": [{"role": "user", "content": "Who?"}]}, "Why?"),
        ([["system", "Be brief."], ["human", "Why?"]], "Why?"),
        ([{"type": "human", "data": {"content": "Why?"}}, {"type": "ai", "data": {"content": "So."}}], "Why?"),
        (
            [
                {"role": "user", "content": "Why?"},
                {"role": "user", "content": [{"type": "tool_result", "content": "7"}]},
            ],
            "Why?",
        ),
        (
            [
                {
                    "kind": "request",
                    "parts": [
                        {"part_kind": "system-prompt", "content": "x"},
                        {"part_kind": "user-prompt", "content": "Why?"},
                    ],
                }
            ],
            "Why?",
        ),
        ({"prompt": "\n\nHuman: Why?\n\nAssistant:"}, "Why?"),
        ({"inputText": "Why?"}, "Why?"),
        ({"customer_request": "Why is that?", "limit": 4}, "Why is that?"),
        ("Question: Why?\nContext: a b c\nMore.", "Why?"),
        ("<documents>x</documents>\n<question>Why?</question>", "Why?"),
        ({"city": "Berlin"}, None),
        ([{"role": "system", "content": "Be brief."}], None),
        ({}, None),
        ("None", None),
        (True, None),
    ],
)
def test_a_question_is_found_in_every_shape_inputs_are_logged_in(value, question):
    found = question_in(value)
    assert (found.text if found else None) == question


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("So.", "So."),
        ({"output": "So."}, "So."),
        ({"candidates": [{"content": {"role": "model", "parts": [{"text": "So."}]}, "score": 0.0}]}, "So."),
        ({"generations": [[{"text": "So.", "message": {"lc": 1}}]]}, "So."),
        ({"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]}, "So."),
        (
            [
                {"role": "user", "content": "Why?"},
                {"role": "assistant", "content": [{"type": "text", "text": "So."}, {"type": "tool_use", "input": {}}]},
            ],
            "So.",
        ),
        ({"results": [{"outputText": "So."}]}, "So."),
        ([{"choices": [{"delta": {"content": "S"}}]}, {"choices": [{"delta": {"content": "o."}}]}], "So."),
        ({"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": "{}"}}]}, None),
        ([{"type": "tool_use", "name": "x", "input": {"a": 1}}], None),
        ([{"page_content": "A passage.", "metadata": {}}], None),
        ({}, None),
        (42, "42"),
    ],
)
def test_an_answer_is_found_in_every_shape_outputs_are_logged_in(value, answer):
    found = answer_in(value)
    assert (found.text if found else None) == answer


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ([{"document.id": "a", "document.content": "A.", "document.score": 1}], [("a", "A.", 1.0)]),
        ([{"document": {"id": "a", "content": "A.", "score": 1}}], [("a", "A.", 1.0)]),
        (
            [{"node": {"id_": "77", "text": "A.", "metadata": {"file_name": "a.md"}}, "score": 0.5}],
            [("a.md", "A.", 0.5)],
        ),
        (
            {"ids": [["a", "b"]], "documents": [["A.", "B."]], "distances": [[0.1, 0.3]]},
            [("a", "A.", -0.1), ("b", "B.", -0.3)],
        ),
        ([[{"page_content": "A.", "metadata": {"source": "a.md"}}, 0.7]], [("a.md", "A.", 0.7)]),
        (
            {
                "retrievalResults": [
                    {"content": {"text": "A."}, "location": {"s3Location": {"uri": "s3://x/a"}}, "score": 1}
                ]
            },
            [("s3://x/a", "A.", 1.0)],
        ),
        ({"result": "So.", "source_documents": [{"page_content": "A.", "metadata": {}}]}, [(None, "A.", None)]),
        ("[{'text': \"A's.\", 'id': 'a'}]", [("a", "A's.", None)]),
        ([], []),
        ({"documents": []}, []),
        ([{"role": "user", "content": "Why?"}], None),
        ("plain", None),
        ({"a": 1}, None),
    ],
)
def test_retrieved_things_are_found_in_every_shape_they_are_logged_in(value, items):
    found = documents_in(value)
    assert (None if found is None else [(item["doc_id"], item["text"], item["score"]) for item in found]) == items
