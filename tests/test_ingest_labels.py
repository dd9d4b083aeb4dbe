"""Labels in BEIR form: damaged files end in one sentence, and judgments are read in the wordings people use."""

import gzip
import json
from pathlib import Path

import pytest

from workbench.errors import InputError
from workbench.ingest.labels import read_beir_corpus, read_qrels, read_queries
from workbench.records import Document, Query, Source

QUERIES = [Query("q1", "one"), Query("q2", "two")]
DOCUMENTS = [Document(name, name, "text", Source("corpus.jsonl")) for name in ("d1", "d2")]


def judgments(tmp_path: Path, text: str) -> object:
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(text, encoding="utf-8")
    return read_qrels(tmp_path / "qrels", QUERIES, DOCUMENTS)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b'{"_id": "q1", "text": "one"}\n' * 2000)[:-40],
        b"\x1f\x8b and then no gzip",
        b"\x00\x01 no gzip at all\n",
    ],
    ids=["truncated", "damaged", "mislabelled"],
)
def test_a_damaged_archive_is_one_sentence_with_file_and_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "queries.jsonl.gz"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"queries\.jsonl\.gz line \d+: (could not be read|not JSON)"):
        read_queries(path)


def test_plain_text_named_gz_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl.gz"
    path.write_text('{"_id": "q1", "text": "one"}\n', encoding="utf-8")
    assert read_queries(path) == [Query("q1", "one")]


@pytest.mark.parametrize("value", ["[" * 100_000, "1" * 5_000], ids=["nested", "huge number"])
def test_json_that_cannot_be_held_is_one_sentence(tmp_path: Path, value: str) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"_id": "q1", "text": "one"}\n{"_id": ' + value + "}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"queries\.jsonl line 2: not JSON"):
        read_queries(path)


def test_half_characters_are_replaced_in_texts_and_refused_in_ids(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    entry = {"_id": "d1", "title": "T\ud800", "text": "x\udc00y", "metadata": {"a\ud800": "b\ud800"}}
    path.write_text(json.dumps(entry), encoding="utf-8")
    (document,) = read_beir_corpus(path, tmp_path)
    assert (document.title, document.text, document.metadata) == ("T?", "T?\nx?y", {"a?": "b?"})
    path.write_text(json.dumps({"_id": "d\ud800", "text": "x"}), encoding="utf-8")
    with pytest.raises(InputError, match=r"line 1 has an '_id' with half a character in it \('d\\ud800'\)"):
        read_beir_corpus(path, tmp_path)
    with pytest.raises(InputError, match="half a character"):
        read_queries(path)


@pytest.mark.parametrize("value", [None, [], {}, True, ""])
def test_an_id_that_is_none_is_missing(tmp_path: Path, value: object) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(json.dumps({"_id": value, "text": "x"}), encoding="utf-8")
    with pytest.raises(InputError, match="line 1 has no '_id'"):
        read_queries(path)


def test_a_query_without_text_has_empty_text(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"_id": 7, "text": null}', encoding="utf-8")
    assert read_queries(path) == [Query("7", "")]


@pytest.mark.parametrize(
    "text",
    [
        "q1\td1\t1\nq2\td2\t0\n",
        "query\tdocument\trelevance\nq1\td1\t1\nq2\td2\t0\n",
        "\nfrage dokument note\nq1 d1 1\nq2 d2 0\n",
        "q1\td1\t1.0\nq2\td2\t0.\n",
        "q1 0 d1 1\nq2 0 d2 0\n",
        "q1\tQ0\td1\t1\nq2\t0\td2\t0\n",
        "q1\td1\t1\nq1\td1\t1\nq2\td2\t0\n",
    ],
)
def test_judgments_are_read_in_every_usual_wording(tmp_path: Path, text: str) -> None:
    assert judgments(tmp_path, text) == {"q1": {"d1": 1}, "q2": {"d2": 0}}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("q1\td1\t1001\n", "line 1: score '1001' is not a whole number of 0 to 1000"),
        ("q1\td1\t1.5\n", "line 1: score '1.5'"),
        ("q1\td1\t-1\n", "line 1: score '-1'"),
        ("q1\td1\thigh\n", "line 1: score 'high'"),
        ("q1\td1\t" + "9" * 5000 + "\n", "line 1: score '9999"),
        ("q1\td1\t1\nq1\td1\t2\n", "line 2: 'q1' and 'd1' have grade 2, and 1 before"),
        ("a\tb\tc\na\tb\tc\n", "line 2: query 'a' is not in queries.jsonl"),
    ],
)
def test_judgments_that_cannot_be_meant_are_faults(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        judgments(tmp_path, text)


def test_labels_that_may_not_be_read_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("q1\td1\t1\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"^queries\.jsonl: could not be read \(Permission denied\)"):
        read_queries(tmp_path / "queries.jsonl")
    with pytest.raises(InputError, match=r"^test\.tsv: could not be read \(Permission denied\)"):
        read_qrels(tmp_path / "qrels", QUERIES, DOCUMENTS)
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=r"^qrels/: could not be read \(Permission denied\)"):
        read_qrels(tmp_path / "qrels", QUERIES, DOCUMENTS)
