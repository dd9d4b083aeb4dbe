"""The query log: forms of files, columns, values, faults."""

import csv
import dataclasses
import gzip
import json
import os
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.ingest.logs.feedback import feedback_scale, liked
from workbench.ingest.logs.reading import KEPT_FAULTS, read_logs
from workbench.ingest.logs.values import as_structure, duration_of, time_of, unit_of_name, zone_of
from workbench.records import QueryLog, RetrievedItem, Source


def put(root, name, content):
    path = root / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def jsonl(*lines):
    return "\n".join(json.dumps(line) for line in lines) + "\n"


ROW = {"query": "What is the excess?", "time": "2026-09-14T10:00:00Z"}


def test_no_folder_and_an_empty_folder_give_an_empty_log(tmp_path):
    assert read_logs(tmp_path) == QueryLog()
    (tmp_path / "logs").mkdir()
    assert read_logs(tmp_path) == QueryLog()


def test_a_jsonl_line_becomes_an_interaction_with_its_line_number(tmp_path):
    line = {
        "event_time": "2026-09-14T11:00:00+01:00",
        "request_id": "r-1",
        "session_id": "s",
        "user_id": "u7",
        "query": "What is the excess under HO-W-25?",
        "answer": "500",
        "retrieved": [{"doc_id": "a.pdf", "doc_version": "2", "score": 0.8, "source": "share"}, {"doc_id": "b.pdf"}],
        "model": "m",
        "prompt_version": "p14",
        "index_version": "idx-1",
        "policy": {"decision": "allow", "version": "pol-7"},
        "usage": {"input_tokens": 900, "output_tokens": 80},
        "cost_gbp": 0.004,
        "latency_ms": 2300,
        "feedback": {"value": "up", "comment": "thanks"},
        "review": {"required": True, "decision": "edited", "seconds": 40},
    }
    log = read_logs(put(tmp_path, "a.jsonl", jsonl(line)))
    (entry,) = log.interactions
    assert entry.at == datetime(2026, 9, 14, 10, tzinfo=UTC)
    assert (entry.interaction_id, entry.session_id, entry.user_id, entry.answer) == ("r-1", "s", "u7", "500")
    assert entry.retrieved == (RetrievedItem("a.pdf", None, 0.8), RetrievedItem("b.pdf"))
    assert (entry.model, entry.prompt_version, entry.index_version) == ("m", "p14", "idx-1")
    assert (entry.policy_decision, entry.policy_version) == ("allow", "pol-7")
    assert (entry.tokens_in, entry.tokens_out, entry.cost, entry.latency_ms) == (900, 80, 0.004, 2300.0)
    assert (entry.feedback, entry.review, entry.review_seconds) == (1, "edited", 40.0)
    assert (entry.source.path, entry.source.locator) == ("logs/a.jsonl", "line 1")
    assert log.field_sources["logs/a.jsonl"]["policy_version"] == "policy.version"
    assert log.faults == ()


def test_csv_with_semicolons_bom_and_python_lists_is_read_by_its_headers(tmp_path):
    text = (
        "\ufeffTimestamp;User Question;Response;Retrieved Doc IDs;Scores;Rating;Duration_s\r\n"
        '2026-09-14 10:00:00Z;"How; when?";yes;"[\'a.pdf\', \'b.pdf\']";"[0.9, 0.5]";5;1.5\r\n'
        "2026-09-14 11:00:00Z;Who?;no;a.pdf|c.pdf;0.7|0.1;2;2\r\n"
    )
    log = read_logs(put(tmp_path, "x.csv", text))
    first, second = log.interactions
    assert first.query == "How; when?"
    assert first.retrieved == (RetrievedItem("a.pdf", None, 0.9), RetrievedItem("b.pdf", None, 0.5))
    assert second.retrieved == (RetrievedItem("a.pdf", None, 0.7), RetrievedItem("c.pdf", None, 0.1))
    assert (first.feedback, second.feedback) == (1, -1)
    assert first.latency_ms == 1500
    assert (first.source.locator, second.source.locator) == ("row 1", "row 2")
    assert first.interaction_id == "logs/x.csv#1"


def test_numbered_columns_are_parallel_lists(tmp_path):
    text = "query,doc_1,score_1,doc_2,score_2\nWho pays?,a.md,0.4,b.md,0.3\n"
    (entry,) = read_logs(put(tmp_path, "x.csv", text)).interactions
    assert entry.retrieved == (RetrievedItem("a.md", None, 0.4), RetrievedItem("b.md", None, 0.3))


def test_distances_are_negated_so_that_higher_is_better(tmp_path):
    log = read_logs(put(tmp_path, "x.jsonl", jsonl({**ROW, "doc_ids": ["a.md", "b.md"], "distances": [0.2, 0.9]})))
    assert [item.score for item in log.interactions[0].retrieved] == [-0.2, -0.9]


def test_retrieved_objects_of_langchain_name_the_file_behind_an_opaque_id(tmp_path):
    item = {
        "id": "550e8400e29b41d4a716446655440000",
        "page_content": "Excess is 500.",
        "metadata": {"source": "ho.pdf"},
    }
    (entry,) = read_logs(put(tmp_path, "x.jsonl", jsonl({**ROW, "documents": [item]}))).interactions
    assert entry.retrieved == (RetrievedItem("ho.pdf", "Excess is 500."),)


def test_nothing_retrieved_differs_from_not_logged(tmp_path):
    log = read_logs(put(tmp_path, "x.jsonl", jsonl({**ROW, "retrieved": []}, ROW)))
    assert [entry.retrieved for entry in log.interactions] == [(), None]


def test_json_arrays_wrapped_objects_and_gzip_are_read(tmp_path):
    put(tmp_path, "a.json", json.dumps([ROW, 7, ROW], indent=1))
    put(tmp_path, "b.json", json.dumps({"exported": "x", "interactions": [ROW]}))
    put(tmp_path, "c.log.gz", gzip.compress(jsonl(ROW, ROW).encode()))
    log = read_logs(tmp_path)
    assert len(log.interactions) == 5
    assert log.faults == ("logs/a.json record 2: expected an object, found int; left out",)


def test_local_times_are_left_out_and_the_fault_names_column_and_count(tmp_path):
    log = read_logs(put(tmp_path, "x.csv", "time,query\n2026-09-14 10:00,Who?\n14/09/2026 10:00,What?\n"))
    assert [entry.at for entry in log.interactions] == [None, None]
    assert "at" in log.logged_fields
    (fault,) = log.faults
    assert "2 of 2 times in 'time'" in fault
    assert "no time zone" in fault


def test_a_utc_column_name_or_a_zone_column_states_the_time_zone(tmp_path):
    put(tmp_path, "a.csv", "time_utc,query\n2026-09-14 10:00,Who?\n")
    put(tmp_path, "b.csv", "time,timezone,query\n2026-09-14 12:00,Europe/London,Who?\n")
    log = read_logs(tmp_path)
    assert [entry.at.astimezone(UTC).hour for entry in log.interactions] == [10, 11]
    assert log.faults == ()


@pytest.mark.parametrize("number", [1789380000, 1789380000000, 1789380000000000, 1789380000000000000, "1789380000"])
def test_the_unit_of_an_epoch_is_told_by_its_size(number):
    assert time_of(number) == datetime(2026, 9, 14, 10, 0, tzinfo=UTC)


def test_times_with_words_and_offsets_are_understood():
    at = datetime(2026, 9, 14, 10, 22, 5, tzinfo=UTC)
    written = (
        "2026-09-14 10:22:05 UTC",
        "Mon, 14 Sep 2026 10:22:05 GMT",
        "14/Sep/2026:10:22:05 +0000",
        "2026-09-14 12:22:05 +0200",
    )
    assert [time_of(text) for text in written] == [at] * 4
    assert time_of("2026-09-14T10:22:05") == "local"
    assert time_of("soon") is None
    assert time_of(3.5) is None
    assert zone_of("../etc/passwd") is None
    assert zone_of("+01:00").utcoffset(None) == timedelta(hours=1)


def test_feedback_is_read_on_the_scale_its_column_uses():
    assert [liked(value, feedback_scale([1, -1])) for value in (1, -1, "1", "-1", 0)] == [1, -1, 1, -1, None]
    assert [liked(value, feedback_scale([0, 1])) for value in (1, 0)] == [1, -1]
    assert [liked(value, feedback_scale([1, 3, 5])) for value in (5, 4, 3, 2, 1)] == [1, 1, None, -1, -1]
    assert [liked(value, ()) for value in ("thumbs_up", "👎", True, False, "Yes", "hm")] == [1, -1, 1, -1, 1, None]


def test_the_unit_of_a_duration_is_in_the_name_or_in_the_value_and_never_guessed():
    assert [
        unit_of_name(name) for name in ("latency_ms", "durationMs", "elapsed_s", "took (sec)", "latency", "class")
    ] == [
        "milliseconds",
        "milliseconds",
        "seconds",
        "seconds",
        None,
        None,
    ]
    assert duration_of("1.5 s") == (1.5, 1000.0)
    assert duration_of("230ms") == (230.0, 1.0)
    assert duration_of(2300) == (2300.0, None)


def test_feedback_and_review_lines_are_joined_to_their_question(tmp_path):
    asked = {**ROW, "trace_id": "t1"}
    later = [{"trace_id": "t1", "feedback": {"value": "down"}}, {"trace_id": "t1", "review": {"decision": "rejected"}}]
    log = read_logs(put(tmp_path, "x.jsonl", jsonl(asked, *later, {"trace_id": "t9", "feedback": {"value": "up"}})))
    (entry,) = log.interactions
    assert (entry.feedback, entry.review) == (-1, "rejected")
    assert len(log.faults) == 1
    assert "'t9'" in log.faults[0]


def test_fields_are_logged_even_when_never_filled_and_absent_when_no_column_names_them(tmp_path):
    log = read_logs(put(tmp_path, "x.csv", "query,policy_version,model\nWho?,,m\n"))
    assert log.logged_fields == {"query", "policy_version", "model"}
    assert log.field_sources["logs/x.csv"]["policy_version"] == "policy_version (never filled)"


def test_a_column_that_appears_late_is_taken_in(tmp_path):
    lines = [ROW] * 300 + [{**ROW, "policy_version": "p8", "thumbs": "up"}]
    log = read_logs(put(tmp_path, "x.jsonl", jsonl(*lines)))
    assert [entry.policy_version for entry in log.interactions].count("p8") == 1
    assert sum(entry.feedback == 1 for entry in log.interactions) == 1


def test_a_name_alone_convinces_nobody(tmp_path):
    log = read_logs(put(tmp_path, "x.csv", "input,prompt,message\n17,550e8400-e29b-41d4-a716-446655440000,Who pays?\n"))
    assert log.interactions[0].query == "Who pays?"


def test_the_last_user_message_of_a_chat_is_the_question(tmp_path):
    chat = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Who pays?"}]
    assert read_logs(put(tmp_path, "x.jsonl", jsonl({"messages": chat}))).interactions[0].query == "Who pays?"


def test_interactions_are_oldest_first_and_undated_ones_last(tmp_path):
    lines = [
        {"query": "later", "time": "2026-09-15T00:00:00Z"},
        {"query": "undated"},
        {"query": "earlier", "time": "2026-09-14T00:00:00Z"},
    ]
    log = read_logs(put(tmp_path, "x.jsonl", jsonl(*lines)))
    assert [entry.query for entry in log.interactions] == ["earlier", "later", "undated"]


def test_bad_lines_are_told_in_full_up_to_a_limit_and_then_counted(tmp_path):
    log = read_logs(put(tmp_path, "x.jsonl", jsonl(ROW) + "{broken\n" * 50 + jsonl(ROW)))
    assert len(log.interactions) == 2
    assert len(log.faults) == KEPT_FAULTS + 1
    assert log.faults[0].startswith("logs/x.jsonl line 2: not JSON")
    assert log.faults[-1].startswith("logs/x.jsonl: 30 more lines")


def test_a_row_with_surplus_cells_is_a_fault_and_not_a_question(tmp_path):
    log = read_logs(put(tmp_path, "x.csv", "query,user_id\nWho pays, and when?,u1,u2\nWho?,u1\n"))
    assert [entry.query for entry in log.interactions] == ["Who?"]
    assert (
        log.faults == ("logs/x.csv row 1: 4 cells under a header of 2; left out",)
        or "cells under a header of 2" in log.faults[0]
    )


def test_one_broken_file_never_hides_the_others(tmp_path):
    put(tmp_path, "a.gz", b"\x1f\x8b broken")
    put(tmp_path, "b.parquet", b"PAR1\x00\x00")
    put(tmp_path, "c.jsonl", jsonl(ROW))
    put(tmp_path, "d.csv", "alpha,beta\n1,2\n")
    log = read_logs(tmp_path)
    assert len(log.interactions) == 1
    assert [fault.split(":")[0] for fault in log.faults] == ["logs/a.gz", "logs/b.parquet", "logs/d.csv"]


def test_a_trace_export_becomes_one_interaction_a_question(tmp_path):
    ids = {"context.trace_id": "t", "attributes.session.id": "s1"}
    root = {
        **ids,
        "context.span_id": "a",
        "parent_id": None,
        "attributes.openinference.span.kind": "CHAIN",
        "attributes.input.value": "Who pays?",
        "attributes.output.value": "The insurer.",
        "start_time": "2026-09-14T10:00:00+00:00",
        "end_time": "2026-09-14T10:00:02+00:00",
    }
    call = {**ids, "context.span_id": "b", "parent_id": "a", "attributes.openinference.span.kind": "LLM"}
    log = read_logs(put(tmp_path, "x.jsonl", jsonl(root, {**call, "attributes.llm.model_name": "m"})))
    (entry,) = log.interactions
    assert (entry.query, entry.answer, entry.model, entry.latency_ms) == ("Who pays?", "The insurer.", "m", 2000.0)
    assert log.mappings[0].format != "table"
    assert "query" in log.field_sources["logs/x.jsonl"]


def test_question_answer_and_passages_are_masked_and_identifiers_kept(tmp_path):
    line = {
        **ROW,
        "query": "mail a@b.example on END-H-114",
        "answer": "ring 0117 496 0400",
        "contexts": ["card 4111111111111111"],
        "doc_ids": ["c@d"],
    }
    (entry,) = read_logs(put(tmp_path, "x.jsonl", jsonl(line))).interactions
    assert (entry.query, entry.answer) == ("mail [email] on END-H-114", "ring [phone]")
    assert entry.retrieved == (RetrievedItem("c@d", "card [card]"),)


def test_names_and_faults_are_masked_and_different_names_stay_different(tmp_path):
    lines = [
        {"id": "ann@example.org", "question": "what is the excess", "user_id": "ann@example.org"},
        {"id": "b", "question": "what is the limit", "user_id": "bob@example.org", "session_id": "0117 496 0400"},
        {"id": "c", "question": "who signs END-H-114", "user_id": "ann@example.org", "review": "ok by ann@example.org"},
        {"id": "ann@example.org", "feedback": 1},
        {"id": "eve@example.org", "feedback": 1},
    ]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "log.jsonl").write_text("\n".join(map(json.dumps, lines)))
    log = read_logs(tmp_path)
    first, second, third = [entry.user_id for entry in log.interactions]
    assert first == third != second
    assert all(re.fullmatch(r"\[email\] [0-9a-f]{8}", name) for name in (first, second))
    assert log.interactions[0].feedback == 1
    assert "example.org" not in repr(log)
    assert "496" not in repr(log)


def test_a_short_retrieved_string_with_a_finding_is_no_id(tmp_path):
    retrieved = ["ring 0117 496 0400 about CF-207b", "END-H-114.pdf", "motor/Excess 2025.txt"]
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "log.jsonl").write_text(
        json.dumps({"question": "what is the excess", "retrieved_docs": retrieved})
    )
    (entry,) = read_logs(tmp_path).interactions
    assert [part.doc_id for part in entry.retrieved][1:] == retrieved[1:]
    assert re.fullmatch(r"ring \[phone\] about CF-207b [0-9a-f]{8}", entry.retrieved[0].doc_id)


def test_a_log_whose_name_is_not_utf8_is_a_fault(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / os.fsdecode(b"Pr\xe4mie.jsonl")).write_text('{"question": "what is the excess"}')
    assert read_logs(tmp_path).faults == (
        "logs/Pr\\xe4mie.jsonl: its name is not UTF-8 text; rename it and add it again",
    )


def test_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside.jsonl"
    outside.write_text(jsonl(ROW))
    case = tmp_path / "case"
    (case / "logs").mkdir(parents=True)
    (case / "logs" / "x.jsonl").symlink_to(outside)
    log = read_logs(case)
    assert (log.interactions, len(log.faults)) == ((), 1)
    assert "a link, which is not followed" in log.faults[0]
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "logs").symlink_to(tmp_path)
    assert read_logs(linked) == QueryLog()


def test_literals_are_data_and_never_code():
    assert as_structure("['a', 1]") == ["a", 1]
    assert as_structure("[__import__('os').getcwd()]") == "[__import__('os').getcwd()]"
    assert as_structure("[" * 100_000) == "[" * 100_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["x.jsonl", "x.csv", "x.json", "x.gz"]))
def test_arbitrary_bytes_never_raise(tmp_path, content, name):
    put(tmp_path, "x", content)
    assert isinstance(read_logs(tmp_path), QueryLog)
    (tmp_path / "logs" / "x").rename(tmp_path / "logs" / name)
    assert isinstance(read_logs(tmp_path), QueryLog)
    (tmp_path / "logs" / name).unlink()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["query", "time", "retrieved", "feedback", "latency_ms", "x"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "text", "score", "k"]), inner, max_size=3),
    max_leaves=6,
)), min_size=1, max_size=5))  # fmt: skip
def test_any_json_under_known_keys_never_raises(tmp_path, lines):
    read_logs(put(tmp_path, "x.jsonl", jsonl(*lines)))


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=30)
questions = words.map(lambda text: f"Why {text}?")
entries = st.fixed_dictionaries(
    {
        "query": questions,
        "answer": st.none() | questions,
        "user_id": st.none() | st.from_regex(r"u[0-9]{1,4}", fullmatch=True),
        "time": st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.isoformat() + "Z"),
        "doc_ids": st.lists(st.from_regex(r"[a-z]{1,8}-[0-9]{1,3}\.pdf", fullmatch=True), max_size=4),
        "latency_ms": st.none() | st.integers(1, 10_000),
        "feedback": st.sampled_from([None, 1, -1]),
        "cost_gbp": st.none() | st.floats(0, 10),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.lists(entries, min_size=1, max_size=8), st.sampled_from([",", ";", "\t", "|"]))
def test_a_log_says_the_same_as_csv_and_as_json_lines(tmp_path, lines, delimiter):
    as_jsonl, as_csv = tmp_path / "one", tmp_path / "two"
    put(as_jsonl, "x", jsonl(*lines))
    path = as_csv / "logs" / "x"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, lines[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows({**line, "doc_ids": json.dumps(line["doc_ids"])} for line in lines)
    one, two = read_logs(as_jsonl), read_logs(as_csv)

    def told(log):
        return sorted(
            repr(dataclasses.replace(entry, interaction_id="", source=Source(""))) for entry in log.interactions
        )

    assert len(one.interactions) == len(lines)
    assert told(one) == told(two)
    assert one.faults == two.faults == ()
