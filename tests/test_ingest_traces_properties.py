"""Properties of the trace reader: the order of spans changes nothing, and no junk is more than a record that is left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.tables.rows import BadRow, Row
from workbench.ingest.traces import read_traces, trace_format
from workbench.ingest.traces.formats import formats
from workbench.ingest.traces.question_texts import question_in

STEPS = ("CHAIN", "LLM", "RETRIEVER", "TOOL", "GUARDRAIL", "EVALUATOR", "AGENT", "EMBEDDING")
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def values_of(records: Sequence[dict[str, object]], form: str, scratch: Path) -> list[str]:
    rows = read_traces([Row(f"line {n}", record) for n, record in enumerate(records)], form, "x.jsonl", scratch)
    return [json.dumps(row.values, sort_keys=True, default=str) for row in rows if isinstance(row, Row)]


@st.composite
def spans(draw: st.DrawFn) -> list[dict[str, object]]:
    """Traces with parents before and after their children, some missing, some in circles, some recorded twice."""
    number = draw(st.integers(1, 14))
    made: list[dict[str, object]] = []
    for index in range(number):
        parent = draw(st.none() | st.integers(0, number + 1))
        start = draw(st.integers(0, 50))
        record = {
            "context": {"trace_id": f"t{draw(st.integers(0, 2))}", "span_id": f"s{index}"},
            "parent_id": None if parent is None else f"s{parent}",
            "span_kind": draw(st.sampled_from(STEPS)),
            "start_time": f"2025-01-01T00:00:{start:02d}Z",
            "end_time": f"2025-01-01T00:01:{draw(st.integers(0, 50)):02d}Z",
            "attributes": {
                "input.value": draw(st.sampled_from(["Why?", "Who is it?", None, '{"x": 1}'])),
                "output.value": draw(st.sampled_from(["So.", None, "[]", '[{"id": "a.md", "text": "b"}]'])),
                "llm.token_count.prompt": draw(st.none() | st.integers(0, 9)),
                "llm.cost.total": draw(st.none() | st.floats(0, 1)),
                "session.id": draw(st.none() | st.sampled_from(["a", "b"])),
            },
        }
        made.append(record)
        if draw(st.booleans()) and index % 5 == 0:
            made.append({**record, "attributes": {}})
    return made


@PROPERTY
@given(st.data(), spans())
def test_any_order_of_the_spans_gives_the_same_rows(
    tmp_path: Path, data: st.DataObject, records: list[dict[str, object]]
) -> None:
    shuffled = data.draw(st.permutations(records))
    assert values_of(shuffled, "OpenInference", tmp_path) == values_of(records, "OpenInference", tmp_path)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            '{"a": [',
            "[[[[",
            '"x',
            "\ud800",
            "('a', 1)",
            "9" * 5000,
            "0x1",
            "2025-99-99T00:00:00Z",
            "NaN",
            '{"role": "user"}',
        ]
    )
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "text",
                    "parts",
                    "type",
                    "part_kind",
                    "lc",
                    "kwargs",
                    "author",
                    "page_content",
                    "metadata",
                    "messages",
                    "choices",
                    "key",
                    "value",
                    "id",
                    "",
                    "0",
                    "a.b",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def keys_of(name: str) -> list[str]:
    form = formats()[name]
    paths = {path.removesuffix(".*") for group in form.fields.values() for path in group}
    paths |= {path for ids in form.ids.values() for group in ids.values() for path in group}
    paths |= {step.at for step in form.records if step.at} | set(form.start) | set(form.kind_keys) | set(form.scores)
    paths |= {
        "attributes",
        "events",
        "resource",
        "record",
        "name",
        *(key for signature in form.signature for key, _ in signature),
    }
    return sorted(paths | {path.partition(".")[0] for path in paths})


@pytest.mark.parametrize("name", list(formats()))
def test_junk_under_the_keys_of_a_format_never_raises(name: str, tmp_path: Path) -> None:
    @PROPERTY
    @given(st.lists(st.dictionaries(st.sampled_from(keys_of(name)), JUNK, max_size=8), max_size=4))
    def holds(records: list[dict[str, object]]) -> None:
        trace_format(records)
        found = read_traces([Row(f"line {n}", record) for n, record in enumerate(records)], name, "x", tmp_path)
        for row in found:
            assert isinstance(row, BadRow) or set(row.values) & {"query", "interaction_id"}
            json.dumps(row.values if isinstance(row, Row) else row.reason).encode()
        assert len(found.unused) <= 50
        assert all(found.sources.values())
        assert list(tmp_path.iterdir()) == []

    holds()


def test_values_nested_beyond_all_reason_leave_the_record_out(tmp_path: Path) -> None:
    deep: object = "why?"
    for _ in range(20_000):
        deep = [deep]
    records = [
        {"openinference.span.kind": "LLM", "input.value": deep, "output.value": "So."},
        {"openinference.span.kind": "LLM", "input.value": "[" * 50_000, "output.value": "So."},
        {"openinference.span.kind": "LLM", "input.value": "Fine?", "output.value": "Yes."},
    ]
    rows = list(
        read_traces([Row(f"line {n}", record) for n, record in enumerate(records, 1)], "OpenInference", "x", tmp_path)
    )
    assert "Fine?" in [row.values.get("query") for row in rows if isinstance(row, Row)]


def test_a_prompt_made_to_stall_the_search_for_its_question_does_not() -> None:
    assert question_in("Context:\n" + "\nQuestion: a" * 200_000) is not None
    assert question_in("Documents:\n" + "Question:" + " \n" * 500_000 + "x") is not None


def test_a_trace_of_many_spans_and_many_traces_are_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.ingest.traces.spool.GROUP_SPANS", 100)
    monkeypatch.setattr("workbench.ingest.traces.spool.BLOCK", 7)

    def record(number: int) -> dict[str, object]:
        return {
            "trace_id": "long" if number < 300 else f"t{number % 50}",
            "span_id": f"s{number}",
            "parent_id": "s0" if 0 < number < 300 else None if number < 350 else f"s{300 + number % 50}",
            "attributes": {"openinference.span.kind": "TOOL" if number % 350 else "CHAIN", "llm.token_count.prompt": 1}
            | (
                {"input.value": f"Question {number}?", "output.value": "So.", "openinference.span.kind": "CHAIN"}
                if 300 <= number < 350 or not number
                else {}
            ),
            "start_time": 1_700_000_000 + number,
            "end_time": 1_700_000_001 + number,
        }

    found = read_traces([Row(f"line {n}", record(n)) for n in reversed(range(450))], "OpenInference", "x", tmp_path)
    rows = [row.values for row in found if isinstance(row, Row)]
    assert (found.spans, found.traces) == (450, 51)
    assert [row["query"] for row in rows] == ["Question 0?", *(f"Question {number}?" for number in range(300, 350))]
    assert found.left_out == {"no question in it": 2}  # the second and third hundred spans of the long trace


def test_no_room_to_sort_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "scratch").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(InputError, match="no room to sort"):
        list(read_traces([Row("line 1", {"span_kind": "LLM"})], "OpenInference", "x.json", tmp_path / "scratch"))
