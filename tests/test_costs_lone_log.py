"""One log file without a case: read as it is, groups by a column, faults in one sentence, the file untouched."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workbench.costs.lone_log import read_lone_log
from workbench.costs.traffic import read_traffic
from workbench.errors import InputError

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LINES = [
    {"text": "Is hail covered?", "group": "hail", "t": 0},
    {"text": "Does it pay for hail?", "group": "hail", "t": 1},
    {"text": "Where do I call?", "group": "phone", "t": 2},
]
JSONL = "".join(json.dumps(line) + "\n" for line in LINES)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(LINES), path)


WRITERS = {
    "log.jsonl": lambda path: path.write_text(JSONL),
    "log.jsonl.gz": lambda path: path.write_bytes(gzip.compress(JSONL.encode())),
    "log.csv": lambda path: path.write_text(
        "text,group,t\n" + "".join(f"{line['text']},{line['group']},{line['t']}\n" for line in LINES)
    ),
    "log.parquet": parquet,
}


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_every_form_of_log_gives_its_questions_in_their_order_and_their_groups(tmp_path, scratch, name):
    path = tmp_path / name
    WRITERS[name](path)
    before = path.read_bytes()
    log = read_lone_log(path, group_column="group", scratch=scratch)
    traffic = read_traffic(log.table, field_sources=log.field_sources)
    assert traffic.texts == tuple(line["text"] for line in LINES)
    assert traffic.group.tolist() == [0, 0, 1]
    assert not traffic.timed
    assert path.read_bytes() == before


def test_a_bare_group_is_no_label_unless_it_is_named(tmp_path, scratch):
    path = tmp_path / "log.jsonl"
    path.write_text(JSONL)
    log = read_lone_log(path, scratch=scratch)
    assert "answer_group" not in log.logged_fields
    assert "at" not in log.logged_fields
    assert {entry.answer_group for entry in log.interactions} == {None}


def test_a_link_is_followed_and_no_link_is_left_in_the_lent_case(tmp_path, scratch):
    (tmp_path / "log.jsonl").write_text(JSONL)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "log.jsonl")
    assert read_lone_log(tmp_path / "link.jsonl", scratch=scratch).total == 3
    assert not (scratch / "logs" / "link.jsonl").is_symlink()


def test_a_file_on_another_disk_is_copied(tmp_path, scratch, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    (tmp_path / "log.jsonl").write_text(JSONL)
    assert read_lone_log(tmp_path / "log.jsonl", scratch=scratch).total == 3


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("gone.csv", None, "cannot be read"),
        (".", None, "a folder; name one log file"),
        ("nul\0.csv", None, "cannot be read"),
        ("empty.csv", b"", "empty.csv: empty"),
        ("prose.txt", b"Hail is covered under section 4.\nWater is not.\n", "prose.txt: running text"),
        ("broken.parquet", b"PAR1 broken", "broken.parquet: "),
        ("header.csv", b"text,group\n", "header.csv: a line of column names and no line below it"),
        ("thumbs.db", b"x", "thumbs.db: no question in it"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence(tmp_path, scratch, name, content, part):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=part) as told:
        read_lone_log(tmp_path / name, scratch=scratch)
    assert "\n" not in str(told.value)


def test_a_column_of_groups_that_is_not_there_is_named_with_those_that_are(tmp_path, scratch):
    (tmp_path / "log.jsonl").write_text(JSONL)
    with pytest.raises(InputError, match=r"^log\.jsonl: no column 'colour'; it holds group, t, text$"):
        read_lone_log(tmp_path / "log.jsonl", group_column="colour", scratch=scratch)


def test_an_export_of_traces_has_no_columns_to_group_by(tmp_path, scratch):
    span = {"traceId": "t", "spanId": "s", "name": "chat", "startTimeUnixNano": "1700000000000000000"}
    span["attributes"] = [
        {"key": key, "value": {"stringValue": value}}
        for key, value in (("gen_ai.operation.name", "chat"), ("input.value", "Why?"), ("topic", "hail"))
    ]
    (tmp_path / "spans.jsonl").write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")
    with pytest.raises(InputError, match="no table of one question a line"):
        read_lone_log(tmp_path / "spans.jsonl", group_column="resourceSpans", scratch=scratch)


@pytest.mark.shared_data
def test_a_public_stream_with_intents_gives_all_its_questions_and_groups(scratch):
    path = DATA / "cache_banking77" / "queries.jsonl.gz"
    if not path.is_file():
        pytest.skip("the development data 'cache_banking77' is not beside this checkout")
    log = read_lone_log(path, group_column="group", scratch=scratch)
    traffic = read_traffic(log.table, field_sources=log.field_sources)
    assert (len(traffic), len(set(traffic.group.tolist())), traffic.timed) == (13_083, 77, False)
    assert traffic.texts[:2] == ("I want to get a disposable virtual card.", "When will my top up go through?")
