"""Forms a log comes in: Parquet, spreadsheets, archives, encodings, csv dialects, large JSON, conversations in one record."""

import csv
import gzip
import io
import json
import zipfile
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.logs.blocks import open_log
from workbench.ingest.logs.items import retrieved_array
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.reading import read_logs
from workbench.ingest.logs.records import rows_of
from workbench.ingest.logs.retrieved import retrieved_of
from workbench.ingest.tables.json_items import json_items
from workbench.ingest.tables.rows import BadRow
from workbench.records import QueryLog, RetrievedItem


def put(root, name, content):
    path = root / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def questions(log):
    return [entry.query for entry in log.interactions]


def test_parquet_is_read_with_its_lists_and_times(tmp_path):
    (tmp_path / "logs").mkdir()
    table = pa.table(
        {
            "question": ["Who pays?", "What is it?"],
            "asked_at": pa.array([datetime(2026, 9, 14, 10, tzinfo=UTC)] * 2, pa.timestamp("ns", "UTC")),
            "docs": [[{"doc_id": "a.pdf", "score": 0.5}], None],
            "tokens_in": pa.array([7, 8], pa.int32()),
        }
    )
    pq.write_table(table, tmp_path / "logs" / "a.bin")
    log = read_logs(tmp_path)
    first, second = log.interactions
    assert first.at == datetime(2026, 9, 14, 10, tzinfo=UTC)
    assert (first.retrieved, second.retrieved) == ((RetrievedItem("a.pdf", None, 0.5),), None)
    assert (first.tokens_in, second.tokens_in) == (7, 8)
    assert first.source.locator == "record 1"


def test_a_spreadsheet_is_one_table_a_sheet_and_sheets_without_a_log_are_left_out(tmp_path):
    (tmp_path / "logs").mkdir()
    with xlsxwriter.Workbook(tmp_path / "logs" / "a.xlsx") as book:
        cover = book.add_worksheet("cover")
        cover.write_row(0, 0, ["made by", "somebody"])
        for name in ("May", "June"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Question", "User ID", "rating"])
            sheet.write_row(1, 0, [f"Who pays in {name}?", 17, 5])
    log = read_logs(tmp_path)
    assert questions(log) == ["Who pays in May?", "Who pays in June?"]
    assert [entry.user_id for entry in log.interactions] == ["17", "17"]
    assert [entry.feedback for entry in log.interactions] == [1, 1]
    assert [entry.source.locator for entry in log.interactions] == ["sheet 'May' row 1", "sheet 'June' row 1"]
    assert len({entry.interaction_id for entry in log.interactions}) == 2


def test_an_archive_of_logs_is_opened_and_its_members_stand_below_it(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("deep/a.jsonl", '{"query": "Who pays?"}\n{"query": "What is it?"}\n')
        archive.writestr("../evil.jsonl", '{"query": "Who?"}\n')
    log = read_logs(put(tmp_path, "share.zip", packed.getvalue()), derived=tmp_path / "d")
    assert [entry.source.path for entry in log.interactions[:2]] == ["logs/share.zip/deep/a.jsonl"] * 2
    assert "evil" in " ".join(log.faults)
    assert not list(tmp_path.glob("evil*"))
    assert read_logs(tmp_path, derived=tmp_path / "d") == log


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_any_encoding_of_the_usual_ones_is_read(tmp_path, encoding, form):
    text = "query;answer\nWas heißt Prämie?;Größe\n"
    if form == "jsonl":
        lines = [{"query": "Was heißt Prämie?", "answer": "Größe"}] * 2
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    log = read_logs(put(tmp_path, "a", text.encode(encoding)))
    assert (log.interactions[0].query, log.interactions[0].answer) == ("Was heißt Prämie?", "Größe")
    assert log.faults == ()


def test_a_line_in_another_encoding_does_not_spoil_the_others(tmp_path):
    lines = b'{"query": "Pr\xc3\xa4mie?"}\n' + b'{"query": "x?"}\n' * 9000 + b'{"query": "Pr\xe4mie?"}\n'
    log = read_logs(put(tmp_path, "a.jsonl", lines))
    assert questions(log)[0] == questions(log)[-1] == "Prämie?"


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nid;query;answer\n1;Who pays?;Nobody; says he\n".replace("Nobody; says he", '"Nobody; says he"'),
        "id|query|answer\r\n1|Who pays?|Nobody; says he\r\n",
        "id\tquery\tanswer\r1\tWho pays?\tNobody; says he\r",
        'id, query, answer\n1, "Who pays?", "Nobody; says he"\n',
        "'id','query','answer'\n'1','Who pays?','Nobody; says he'\n",
        'made on Monday\nid,query,answer\n1,Who pays?,"Nobody; says he"\n',
    ],
)
def test_csv_of_any_dialect_is_read(tmp_path, text):
    (entry,) = read_logs(put(tmp_path, "a", text)).interactions
    assert (entry.interaction_id, entry.query, entry.answer) == ("1", "Who pays?", "Nobody; says he")


def test_quotes_behind_backslashes_are_read(tmp_path):
    text = 'query,answer\n"Who said \\"no\\", and why?","He did"\n"Who?","She"\n'
    assert questions(read_logs(put(tmp_path, "a.csv", text))) == ['Who said "no", and why?', "Who?"]


def test_a_log_without_header_is_read_by_its_values_and_said_to_have_none(tmp_path):
    text = "2026-09-14T10:00:00Z,ann@example.org,Who pays for the storm?\n2026-09-14T11:00:00Z,b,What is the excess?\n"
    log = read_logs(put(tmp_path, "a.csv", text))
    assert questions(log) == ["Who pays for the storm?", "What is the excess?"]
    assert log.interactions[0].at == datetime(2026, 9, 14, 10, tzinfo=UTC)
    assert log.interactions[0].source.locator == "row 1"
    assert "no header" in log.faults[0]
    assert "example.org" not in repr(log)


def test_names_that_hold_values_are_masked(tmp_path):
    log = read_logs(put(tmp_path, "a.jsonl", json.dumps({"ann@example.org": 1, "query": "Who?"}) + "\n"))
    assert log.mappings[0].unused == ("[email]",)
    assert "example.org" not in repr(log)


def test_a_whole_chat_in_one_record_is_one_interaction_a_question(tmp_path):
    chat = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Who pays?"},
        {"role": "assistant", "content": "The insurer."},
        {"role": "user", "content": [{"type": "text", "text": "When?"}]},
        {"role": "assistant", "content": "In May."},
    ]
    log = read_logs(put(tmp_path, "a.jsonl", json.dumps({"id": "c1", "session_id": "s", "messages": chat}) + "\n"))
    assert [(entry.query, entry.answer) for entry in log.interactions] == [
        ("Who pays?", "The insurer."),
        ("When?", "In May."),
    ]
    assert [entry.interaction_id for entry in log.interactions] == ["c1#1", "c1#2"]
    assert [entry.source.locator for entry in log.interactions] == ["line 1, turn 1", "line 1, turn 2"]
    assert {entry.session_id for entry in log.interactions} == {"s"}
    assert (log.total, log.mappings[0].lines) == (2, 1)


def test_the_history_in_a_request_is_no_further_question(tmp_path):
    history = [
        {"role": "user", "content": "Who pays?"},
        {"role": "assistant", "content": "The insurer."},
        {"role": "user", "content": "When?"},
    ]
    log = read_logs(put(tmp_path, "a.jsonl", json.dumps({"messages": history, "response": "In May."}) + "\n"))
    assert [(entry.query, entry.answer) for entry in log.interactions] == [("When?", "In May.")]


def test_several_turns_in_one_record_are_one_interaction_each(tmp_path):
    turns = [
        {"question": "Who pays?", "answer": "The insurer.", "time": "2026-09-14T10:00:00Z"},
        {"question": "When?", "answer": "In May.", "time": "2026-09-14T10:01:00Z"},
    ]
    record = {"conversation_id": "c1", "user_id": "u1", "turns": turns}
    log = read_logs(put(tmp_path, "a.json", json.dumps([record, record])))
    assert questions(log) == ["Who pays?", "Who pays?", "When?", "When?"]
    assert {(entry.session_id, entry.user_id) for entry in log.interactions} == {("c1", "u1")}
    assert len({entry.interaction_id for entry in log.interactions}) == 4


def test_a_json_array_that_breaks_off_gives_what_comes_before(tmp_path):
    whole = json.dumps([{"query": f"Who pays for {number}?"} for number in range(300)], indent=1)
    log = read_logs(put(tmp_path, "a.json", whole[: len(whole) // 2]))
    assert 145 <= len(log.interactions) <= 155
    assert "not valid JSON behind record" in log.faults[0]


def test_a_packed_log_that_breaks_off_gives_what_comes_before(tmp_path):
    lines = "".join(json.dumps({"query": f"Who pays for {number * 7919}?"}) + "\n" for number in range(3000))
    log = read_logs(put(tmp_path, "a.gz", gzip.compress(lines.encode())[:-500]))
    assert 0 < len(log.interactions) < 3000
    assert "could not be read" in log.faults[0]


def test_records_in_an_envelope_are_read_in_order_with_what_is_no_record_named(tmp_path):
    text = json.dumps({"made": {"by": "x"}, "rows": [{"query": "Who?"}, 7, {"query": "What?"}], "more": [1]})
    log = read_logs(put(tmp_path, "a.json", text))
    assert questions(log) == ["Who?", "What?"]


texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.dictionaries(texts, values, max_size=4), max_size=6), st.sampled_from([None, 0, 3]))
def test_items_of_an_array_are_those_the_json_module_finds(tmp_path, items, indent):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(items, indent=indent, ensure_ascii=False), encoding="utf-8")
    assert [json.loads(text) for _, text in json_items(path, "utf-8", ())] == items


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (r'"0","0","\"', ["0", "0", "\\"]),
        (r'"C:\temp\","b","c"', ["C:\\temp\\", "b", "c"]),
        (r'"he said \"no\"","b","c"', ['he said "no"', "b", "c"]),
        (r'"he said \"no\", twice","b","c"', ['he said "no", twice', "b", "c"]),
    ],
)
def test_a_backslash_before_a_quote_is_read_as_the_rows_demand(tmp_path, line, cells):
    path = tmp_path / "a.csv"
    path.write_text(f'"query","answer","id"\n{line}\n', encoding="utf-8")
    found = list(rows_of(open_log(path)))
    assert [[row.values[name] for name in ("query", "answer", "id")] for row in found] == [cells]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(texts, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_cells_of_a_csv_are_those_the_csv_module_wrote(tmp_path, rows, delimiter):
    rows = [[cell.replace("\0", "") for cell in row] for row in rows]
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([["query", "answer", "id"], *rows])
    found = list(rows_of(open_log(path)))
    assert not any(isinstance(row, BadRow) for row in found)
    assert [[row.values[name] for name in ("query", "answer", "id")] for row in found] == rows


cells = (
    st.none() | texts | st.floats() | st.integers(-5, 5) | st.lists(texts | st.integers(0, 3) | st.none(), max_size=4)
)
listed = (
    cells
    | cells.map(json.dumps)
    | st.lists(st.dictionaries(st.sampled_from(["id", "text", "score"]), cells), max_size=3)
)


@given(st.lists(st.tuples(listed, listed, listed, listed), max_size=4), st.booleans())
def test_lists_read_at_once_are_those_read_one_by_one(rows, distances):
    names = ("retrieved.items", "retrieved.ids", "retrieved.texts", "retrieved.scores")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    array = retrieved_array(columns, len(rows), distances, LogRedaction(b"k" * 32))
    for row, found in zip(rows, array.to_pylist(), strict=True):
        expected = retrieved_of(dict(zip(names, row, strict=True)), distances, LogRedaction(b"k" * 32))
        assert (None if found is None else tuple(RetrievedItem(**item) for item in found)) == expected


pieces = st.sampled_from(
    [
        "query",
        "time",
        "rating",
        "feedback",
        '"',
        ",",
        ";",
        "\n",
        "\r\n",
        "\t",
        "{",
        "}",
        "[",
        "]",
        ":",
        "7",
        "Who?",
        "\\",
        " ",
        "é",
        "\0",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.lists(pieces, max_size=60), st.sampled_from(["utf-8", "utf-16", "gzip"]))
def test_whatever_looks_like_csv_or_json_never_raises(tmp_path, parts, encoding):
    text = "".join(parts)
    put(tmp_path, "a", gzip.compress(text.encode()) if encoding == "gzip" else text.encode(encoding))
    assert isinstance(read_logs(tmp_path), QueryLog)


@pytest.mark.parametrize(
    "content", [b"PAR1" + b"\0" * 40 + b"PAR1", b"PK\x03\x04" + b"\0" * 60, b"\xd0\xcf\x11\xe0" + b"x" * 600]
)
def test_damaged_files_are_faults(tmp_path, content):
    log = read_logs(put(tmp_path, "a", content))
    assert len(log.faults) == 1
    assert log.faults[0].startswith("logs/a: ")


def test_a_zip_that_holds_no_spreadsheet_is_no_log(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.bin", b"x")
    with pytest.raises(InputError, match="no spreadsheet"):
        next(open_log(path).blocks())
