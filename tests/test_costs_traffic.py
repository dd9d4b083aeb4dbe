"""A log as columns: order and times, codes of texts and scopes, what was retrieved and when it changed, what is said of gaps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.costs import traffic as traffic_module
from workbench.costs.arrays import Traffic
from workbench.costs.traffic import answers_at, normalised, read_traffic, sources_at
from workbench.errors import InputError
from workbench.ingest.logs.reading import read_logs
from workbench.ingest.logs.schema import interaction_schema
from workbench.records import Document, DocumentDate, Source

DAY = 86_400.0
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
NEVER = float("inf")


def table_of(tmp_path: Path, rows: Sequence[Mapping[str, object]], *, group_size: int | None = None) -> Path:
    """A log's table with these rows; what a row does not say is null."""
    schema = interaction_schema()
    filled = [
        {"interaction_id": f"q{number}", "source_path": "logs/a.jsonl", "source_locator": f"line {number + 1}"}
        | dict(row)
        for number, row in enumerate(rows)
    ]
    path = tmp_path / "interactions.parquet"
    pq.write_table(pa.Table.from_pylist(filled, schema), path, row_group_size=group_size)
    return path


def read(tmp_path: Path, rows: Sequence[Mapping[str, object]], **more: object) -> Traffic:
    return read_traffic(table_of(tmp_path, rows), **({"field_sources": {}} | more))


def at(day: int, hour: int = 0) -> datetime:
    return MONDAY.replace(day=MONDAY.day + day, hour=hour)


def found(*items: str | Mapping[str, object]) -> list[Mapping[str, object]]:
    return [{"doc_id": item, "text": None, "score": None} if isinstance(item, str) else item for item in items]


def document(doc_id: str, *dates: DocumentDate, updated: date | None = None) -> Document:
    return Document(doc_id, doc_id, "Text.", Source(doc_id), updated_on=updated, dates=dates)


def said(traffic: Traffic, part: str) -> bool:
    return any(part in note for note in traffic.notes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is hail covered?", "is  HAIL covered"),
        ("Is hail covered ?!", "Is hail covered."),
        ("\u00a0Is hail\tcovered\n", "Is hail covered"),
        ("STRASSE", "straße"),
        ("re\u0301gler", "régler"),
        ("Ｉｓ ｈａｉｌ？", "is hail"),
        ("ﬁle a claim…", "file a claim"),
    ],
)
def test_width_case_white_space_and_end_marks_make_no_other_question(one, other):
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), [("cover 1.5", "cover 15"), ("is it?no", "is it no"), ("resume", "résumé")])
def test_what_stands_inside_a_question_tells_it_apart(one, other):
    assert normalised(one) != normalised(other)


@given(st.text())
def test_a_normalised_text_is_normalised(text):
    once = normalised(text)
    assert normalised(once) == once
    assert once == once.strip()


def test_rows_are_those_of_the_table_and_texts_as_they_were_asked(tmp_path):
    rows = [
        {"query": "Who pays?", "at": at(0)},
        {"query": "WHO PAYS", "at": at(1)},
        {"query": "Since when?", "at": at(1, 6)},
    ]
    traffic = read(tmp_path, rows)
    assert traffic.texts == ("Who pays?", "WHO PAYS", "Since when?")
    assert traffic.timed
    assert traffic.at.tolist() == [MONDAY.timestamp() + seconds for seconds in (0, DAY, 1.25 * DAY)]
    assert traffic.day.tolist() == [20458, 20459, 20459]  # days from 1970-01-01 to 2026-01-05 and 06
    assert traffic.node.tolist() == [0, 0, 1]
    assert (traffic.nodes, traffic.first.tolist()) == (2, [0, 2])
    assert len(traffic) == 3


def test_a_log_without_times_is_taken_in_the_order_of_the_file_and_says_so(tmp_path):
    traffic = read(tmp_path, [{"query": "A?"}, {"query": "B?"}, {"query": "A?"}])
    assert not traffic.timed
    assert traffic.at.tolist() == [0, 1, 2]
    assert traffic.day.size == 0
    assert said(traffic, "no question has a usable time")


def test_one_question_in_ten_may_lack_its_time_and_gets_that_of_the_one_before(tmp_path):
    rows = [{"query": f"Q{n}?", "at": at(n) if n < 9 else None} for n in range(10)]
    traffic = read(tmp_path, rows)
    assert traffic.timed
    assert traffic.at[9] == traffic.at[8] == at(8).timestamp()
    assert said(traffic, "1 question of 10 without a usable time")


def test_with_fewer_times_the_whole_log_goes_by_its_order(tmp_path):
    rows = [{"query": f"Q{n}?", "at": at(n) if n < 8 else None} for n in range(10)]
    traffic = read(tmp_path, rows)
    assert not traffic.timed
    assert traffic.at.tolist() == list(range(10))
    assert said(traffic, "only 8 of 10 questions have a usable time")


def test_questions_without_text_belong_to_no_node(tmp_path):
    rows = [{"query": "" if n % 5 < 2 else "Who pays?"} for n in range(10)]
    traffic = read(tmp_path, [*rows, {"query": " ?! "}, {"query": None}])
    assert (traffic.node == -1).tolist() == [True, True, False, False, False] * 2 + [True, True]
    assert (traffic.text == traffic.node).all()
    assert (traffic.nodes, traffic.first.tolist()) == (1, [2])
    assert traffic.texts[-1] == ""


def test_one_question_and_no_question_can_be_read(tmp_path):
    one = read(tmp_path, [{"query": "Who pays?"}])
    assert (len(one), one.nodes, one.scope.tolist()) == (1, 1, [0])
    none = read(tmp_path, [])
    assert (len(none), none.nodes, none.evidence.shape, none.timed) == (0, 0, (0, 5), False)
    only_blank = read(tmp_path, [{"query": ""}])
    assert (only_blank.nodes, only_blank.first.size) == (0, 0)


def test_the_same_question_all_the_time_is_one_node(tmp_path):
    traffic = read(tmp_path, [{"query": "Who pays?"}] * 50)
    assert set(traffic.node.tolist()) == {0}
    assert traffic.first.tolist() == [0]


def test_the_same_text_in_another_scope_is_another_node(tmp_path):
    rows = [
        {"query": "Who pays?", "tenant": "north", "access_group": "motor"},
        {"query": "who pays", "tenant": "south", "access_group": "motor"},
        {"query": "Who pays?", "tenant": "north", "access_group": "home"},
        {"query": "Who pays?", "tenant": "north", "access_group": "motor"},
        {"query": "Who pays?", "tenant": "north", "access_group": None},
    ]
    traffic = read(tmp_path, rows)
    assert traffic.scope.tolist() == [0, 1, 2, 0, 3]
    assert traffic.node.tolist() == [0, 1, 2, 0, 3]
    assert traffic.text.tolist() == [0] * 5
    assert traffic.scope_fields == ("tenant", "access_group")
    assert traffic.scope_missing == ("index_version", "prompt_version")
    assert said(traffic, "1 question without access group")


def test_a_new_index_or_prompt_is_a_new_scope(tmp_path):
    rows = [
        {"query": "Who pays?", "index_version": version, "prompt_version": prompt}
        for version, prompt in (("i1", "p1"), ("i1", "p2"), ("i2", "p1"), ("i1", "p1"))
    ]
    assert read(tmp_path, rows).scope.tolist() == [0, 1, 2, 0]


@given(st.lists(st.tuples(*[st.sampled_from((None, "a", "b"))] * 4), min_size=1, max_size=30))
def test_two_questions_share_a_scope_when_all_four_fields_agree(tmp_path_factory, scopes):
    names = ("tenant", "access_group", "index_version", "prompt_version")
    rows = [{"query": "Why?"} | dict(zip(names, scope, strict=True)) for scope in scopes]
    codes = read(tmp_path_factory.mktemp("scopes"), rows).scope.tolist()
    assert len(set(codes)) == len(set(scopes)) == len(set(zip(scopes, codes, strict=True)))


def test_answers_that_are_blank_cannot_be_served(tmp_path):
    rows = [{"query": "A?", "answer": "Yes."}, {"query": "B?", "answer": " \n"}, {"query": "C?", "answer": None}]
    traffic = read(tmp_path, rows)
    assert traffic.answered.tolist() == [True, False, False]
    assert not said(traffic, "no answers")


def test_a_log_without_any_answer_counts_every_question_as_answered_and_says_so(tmp_path):
    traffic = read(tmp_path, [{"query": "A?"}, {"query": "B?", "answer": ""}])
    assert traffic.answered.all()
    assert said(traffic, "The log holds no answers")


def test_amounts_that_are_missing_stay_missing_and_those_below_zero_are_counted(tmp_path):
    rows = [
        {"query": "A?", "cost": 0.25, "tokens_in": 900, "tokens_out": 80, "model_calls": 2},
        {"query": "B?", "cost": -0.25, "tokens_in": -1},
        {"query": "C?", "cost": -3.0},
        {"query": "D?", "cost": float("inf"), "tokens_out": 0},
    ]
    traffic = read(tmp_path, rows, field_sources={"logs/a.jsonl": {"cost": "cost_gbp"}})
    np.testing.assert_array_equal(traffic.cost, [0.25, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(traffic.tokens_in, [900, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(traffic.tokens_out, [80, np.nan, np.nan, 0])
    np.testing.assert_array_equal(traffic.calls, [2, np.nan, np.nan, np.nan])
    assert said(traffic, "3 values of cost below zero or endless")
    assert said(traffic, "1 value of tokens in below zero")
    assert traffic.currency == "GBP"


def test_users_sessions_and_groups_are_codes_in_order_of_appearance(tmp_path):
    rows = [
        {"query": "A?", "user_id": "u7", "session_id": "s", "answer_group": "refund"},
        {"query": "B?", "user_id": None, "session_id": "s", "answer_group": None},
        {"query": "C?", "user_id": "u9", "session_id": None, "answer_group": "hail"},
        {"query": "D?", "user_id": "u7", "session_id": "t", "answer_group": "refund"},
    ]
    traffic = read(tmp_path, rows)
    assert traffic.user.tolist() == [0, -1, 1, 0]
    assert traffic.session.tolist() == [0, 0, -1, 1]
    assert traffic.group.tolist() == [0, -1, 1, 0]
    assert read(tmp_path, rows, group_column="session_id").group.tolist() == [0, 0, -1, 1]
    with pytest.raises(InputError, match="'colour' is no field of the log to group questions by"):
        read(tmp_path, rows, group_column="colour")


def test_evidence_is_the_first_five_distinct_documents_best_first(tmp_path):
    rows = [
        {"query": "A?", "retrieved": found("a", "b", "a", "c", "d", "e", "f")},
        {"query": "B?", "retrieved": None},
        {"query": "C?", "retrieved": []},
        {"query": "D?", "retrieved": found("c", "g")},
    ]
    traffic = read(tmp_path, rows)
    assert traffic.evidence.tolist() == [[0, 1, 2, 3, 4], [-1] * 5, [-1] * 5, [2, 6, -1, -1, -1]]
    np.testing.assert_array_equal(traffic.context_items, [7, np.nan, 0, 2])


def test_chunks_of_one_document_are_one_piece_of_evidence_where_the_corpus_knows_it(tmp_path):
    rows = [{"query": "A?", "retrieved": found("share/Hail.pdf#3", "hail", "other.pdf")}]
    traffic = read(tmp_path, rows, documents=[document("Hail.pdf")])
    assert traffic.evidence.tolist() == [[0, 1, -1, -1, -1]]


def test_a_passage_without_an_id_stands_for_itself_and_its_length_is_known(tmp_path):
    passage = {"doc_id": None, "text": "Hail is covered.", "score": None}
    nothing = {"doc_id": None, "text": None, "score": 0.5}
    rows = [
        {"query": "A?", "retrieved": found(passage, {"doc_id": "a", "text": "Été", "score": None}, nothing)},
        {"query": "B?", "retrieved": found("a", passage)},
        {"query": "C?", "retrieved": found("a")},
    ]
    traffic = read(tmp_path, rows)
    shared = [set(row[row >= 0].tolist()) for row in traffic.evidence]
    assert shared[0] == shared[1] and len(shared[0]) == 2
    np.testing.assert_array_equal(traffic.context_characters, [16 + 3, 16, np.nan])
    np.testing.assert_array_equal(traffic.context_items, [3, 2, 1])


def test_what_was_retrieved_is_the_same_whatever_the_batches(tmp_path, monkeypatch):
    rows = [
        {"query": f"Q{n}?", "at": at(n % 20), "retrieved": found(f"d{n % 7}", f"d{n % 3}") if n % 4 else None}
        for n in range(60)
    ]
    documents = [document(f"d{n}", updated=date(2026, 1, 6 + n)) for n in range(7)]
    whole = read(tmp_path, rows, documents=documents)
    monkeypatch.setattr("workbench.ingest.logs.interactions.BATCH_ROWS", 7)
    parts = read(tmp_path, rows, documents=documents)
    for name in ("evidence", "context_items", "expires", "answered"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_an_answer_expires_when_a_document_it_retrieved_changes(tmp_path):
    rows = [
        {"query": "A?", "at": at(0, 9), "retrieved": found("a", "b")},
        {"query": "B?", "at": at(2, 9), "retrieved": found("a")},
        {"query": "C?", "at": at(2, 9), "retrieved": found("b", "unknown")},
        {"query": "D?", "at": at(5, 9), "retrieved": found("a", "b")},
        {"query": "E?", "at": at(0, 9), "retrieved": found("unknown")},
        {"query": "F?", "at": at(5, 9), "retrieved": None},
    ]
    documents = [document("a", updated=date(2026, 1, 7)), document("b", updated=date(2026, 1, 9))]
    traffic = read(tmp_path, rows, documents=documents)
    # A: "a" changes first, on the 7th. B: on the day it was asked, so from the 8th. C: "b" on the 9th. D to F: never.
    start = [at(2).timestamp(), at(3).timestamp(), at(4).timestamp(), NEVER, NEVER, NEVER]
    assert traffic.expires.tolist() == start


def test_every_date_of_a_document_is_a_change_but_the_time_of_its_file(tmp_path):
    dates = (
        DocumentDate(date(2026, 1, 8), "claimed", "effective"),
        DocumentDate(date(2026, 1, 12), "embedded", "modified"),
        DocumentDate(date(2026, 1, 6), "file", "modified"),
    )
    rows = [{"query": f"Q{n}?", "at": at(n, 12), "retrieved": found("a")} for n in (0, 4, 8)]
    traffic = read(tmp_path, rows, documents=[document("a", *dates, updated=date(2026, 1, 12))])
    assert traffic.expires.tolist() == [at(3).timestamp(), at(7).timestamp(), NEVER]


@pytest.mark.parametrize(
    ("rows", "documents", "lacks"),
    [
        ([{"query": "A?", "at": at(0)}], (), "does not say what was retrieved"),
        ([{"query": "A?", "retrieved": found("a")}], (document("a", updated=date(2026, 1, 9)),), "times of questions"),
        ([{"query": "A?", "at": at(0), "retrieved": found("a")}], (), "Without documents"),
        (
            [{"query": "A?", "at": at(0), "retrieved": found("a")}],
            (document("b"),),
            "retrieved ids that name a document",
        ),
        ([{"query": "A?", "at": at(0), "retrieved": found("a")}], (document("a"),), "dated documents"),
    ],
)
def test_where_changes_cannot_be_told_nothing_expires_and_it_is_said_why(tmp_path, rows, documents, lacks):
    traffic = read(tmp_path, rows, documents=documents)
    assert traffic.expires.tolist() == [NEVER]
    assert said(traffic, lacks)


def test_answers_and_sources_are_read_in_the_order_asked_for(tmp_path):
    rows = [{"query": f"Q{n}?", "answer": f"A{n}." if n % 2 else None} for n in range(10)]
    table = table_of(tmp_path, rows, group_size=3)
    assert answers_at(table, [9, 0, 3, 9]) == ["A9.", None, "A3.", "A9."]
    assert sources_at(table, [4, 1]) == [Source("logs/a.jsonl", "line 5"), Source("logs/a.jsonl", "line 2")]
    assert answers_at(table, []) == []
    with pytest.raises(IndexError, match="rows of the log are 0 to 9"):
        answers_at(table, [10])
    with pytest.raises(IndexError):
        answers_at(table, [-1])


def test_a_table_that_is_gone_or_damaged_is_told_in_one_sentence(tmp_path):
    damaged = tmp_path / "interactions.parquet"
    damaged.write_bytes(b"PAR1 no table")
    for table in (tmp_path / "gone.parquet", damaged):
        with pytest.raises(InputError, match="run the command again to read it anew"):
            read_traffic(table, field_sources={})
        with pytest.raises(InputError, match="run the command again to read it anew"):
            answers_at(table, [0])


def test_a_log_as_clients_send_it_becomes_traffic(tmp_path):
    def lines() -> Iterable[Mapping[str, object]]:
        for number, (question, groups) in enumerate(
            [
                ("Is hail covered?", ["motor", "all"]),
                ("is hail covered", ["all", "motor"]),
                ("Is hail covered?", ["home"]),
            ]
        ):
            yield {
                "id": f"q{number}",
                "time": at(number).isoformat(),
                "query": question,
                "answer": "Yes.",
                "acl": groups,
                "intent": "hail",
                "retries": number,
                "cost_eur": 0.01 if number else -0.01,
            }

    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines()))
    log = read_logs(tmp_path, derived=tmp_path / "derived")
    assert log.table is not None
    traffic = read_traffic(log.table, field_sources=log.field_sources)
    assert traffic.node.tolist() == [0, 0, 1]
    assert traffic.scope_fields == ("access_group",)
    assert traffic.group.tolist() == [0, 0, 0]
    assert traffic.calls.tolist() == [1, 2, 3]
    assert traffic.currency == "EUR"
    np.testing.assert_array_equal(traffic.cost, [np.nan, 0.01, 0.01])


def test_scope_fields_have_words_for_people():
    assert set(traffic_module.SCOPE) <= set(interaction_schema().names)
