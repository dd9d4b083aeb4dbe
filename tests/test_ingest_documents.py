import os
from datetime import date
from pathlib import Path

import pytest
from test_ingest_readers import write_pdf

from workbench.errors import InputError
from workbench.ingest.chunking import chunk_all
from workbench.ingest.documents import read_corpus
from workbench.ingest.labels import judged_queries, read_qrels, read_queries


@pytest.fixture
def share(tmp_path: Path) -> Path:
    (tmp_path / "corpus" / "motor").mkdir(parents=True)
    return tmp_path


def by_path(root: Path) -> dict[str, str]:
    _, intake = read_corpus(root)
    return {entry.path: entry.status for entry in intake}


def test_every_file_is_accounted_for(share: Path) -> None:
    corpus = share / "corpus"
    (corpus / "motor" / "Excess 2025.txt").write_text("Excess is 350.")
    (corpus / "empty.txt").write_text("  \n")
    (corpus / "broken.pdf").write_bytes(b"%PDF-1.7")
    (corpus / "scan.bmp").write_bytes(b"BM")
    (corpus / "Thumbs.db").write_bytes(b"x")
    write_pdf(corpus / "blank.pdf", "")
    assert by_path(share) == {
        "corpus/motor/Excess 2025.txt": "loaded",
        "corpus/empty.txt": "empty",
        "corpus/broken.pdf": "unreadable",
        "corpus/scan.bmp": "skipped",
        "corpus/Thumbs.db": "skipped",
        "corpus/blank.pdf": "empty",
    }
    _, intake = read_corpus(share)
    assert all(entry.reason for entry in intake if entry.status != "loaded")


def test_a_document_is_named_by_its_path_below_corpus(share: Path) -> None:
    (share / "corpus" / "motor" / "Excess 2025.txt").write_text("Excess is 350.")
    documents, _ = read_corpus(share)
    assert [(d.doc_id, d.title, d.source.path) for d in documents] == [
        ("motor/Excess 2025.txt", "Excess 2025", "corpus/motor/Excess 2025.txt")
    ]


def test_a_table_gives_one_document_a_row(share: Path) -> None:
    text = "question;answer;updated\nWhich form?;CF-207b;2025-03-31\nHow long?;eight weeks;\n"
    (share / "corpus" / "faq.csv").write_text(text)
    documents, _ = read_corpus(share)
    assert [(d.doc_id, d.source.locator, d.updated_on) for d in documents] == [
        ("faq.csv#1", "row 1", date(2025, 3, 31)),
        ("faq.csv#2", "row 2", None),
    ]
    assert "answer: CF-207b" in documents[0].text


def texts_of(share: Path, name: str, text: str) -> list[str]:
    (share / "corpus" / name).write_text(text, encoding="utf-8")
    return [document.text for document in read_corpus(share)[0]]


def test_quotes_inside_cells_lose_no_text(share: Path) -> None:
    text = 'title,text\n"A","He said ""no"", and left"\n"B","Second, with comma"\n'
    assert texts_of(share, "faq.csv", text) == ['A\nHe said "no", and left', "B\nSecond, with comma"]


def test_cells_beyond_the_header_are_kept(share: Path) -> None:
    text = "title,text\nForm,Use CF-207b, not CF-207a\n"
    assert texts_of(share, "faq.csv", text) == ["Form\nUse CF-207b, not CF-207a"]
    assert texts_of(share, "faq.csv", "clause;limit\n4.3;1,500;see note\n") == ["clause: 4.3\nlimit: 1,500;see note"]


def test_a_cell_of_any_length_is_read(share: Path) -> None:
    (text,) = texts_of(share, "faq.csv", f"title,text\nLong,{'word ' * 40_000}\n")
    assert len(text) > 131_072


def test_json_lines_with_one_id_twice_are_all_kept_under_ids_of_their_own(share: Path) -> None:
    lines = ['{"text": "first"}', '{"id": 1, "text": "second"}', '{"id": 1, "text": "third"}']
    (share / "corpus" / "faq.jsonl").write_text("\n".join(lines))
    documents, intake = read_corpus(share)
    assert [(document.doc_id, document.text) for document in documents] == [
        ("faq.jsonl#line 1", "first"),
        ("faq.jsonl#1", "second"),
        ("faq.jsonl#1 (line 3)", "third"),
    ]
    assert intake[0].warnings == ("ids that repeat an earlier one, with the line added: 1",)


def test_half_characters_in_json_lines_are_replaced(share: Path) -> None:
    assert texts_of(share, "faq.jsonl", '{"id": "a\\ud800", "no\\ud800te": "x\\udc00"}') == ["id: a?\nno?te: x?"]
    assert read_corpus(share)[0][0].doc_id == "faq.jsonl#a?"


def test_a_beir_corpus_leaves_no_other_file_unaccounted(share: Path) -> None:
    (share / "corpus" / "corpus.jsonl").write_text('{"_id": "d1", "text": "one"}\n')
    (share / "corpus" / "motor" / "a.txt").write_text("x")
    _, intake = read_corpus(share)
    assert [(entry.path, entry.status) for entry in intake] == [
        ("corpus/corpus.jsonl", "loaded"),
        ("corpus/motor/a.txt", "skipped"),
    ]
    assert "corpus.jsonl is there and wins" in (intake[1].reason or "")


def test_a_file_whose_name_is_not_utf8_is_accounted_for(share: Path) -> None:
    (share / "corpus" / os.fsdecode(b"Pr\xe4mie.txt")).write_text("x")
    assert by_path(share) == {"corpus/Pr\\xe4mie.txt": "unreadable"}


def test_folders_and_files_that_may_not_be_read_are_accounted_for(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (share / "corpus" / "a.csv").write_text("title,text\nA,b\n")
    scandir = os.scandir

    def refuse(path: object, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) if Path(path).name == "motor" else scandir(path))
    monkeypatch.setattr(Path, "read_bytes", refuse)
    _, intake = read_corpus(share)
    assert {(entry.path, entry.status) for entry in intake} == {
        ("corpus/motor", "unreadable"),
        ("corpus/a.csv", "unreadable"),
    }
    assert all("Permission denied" in (entry.reason or "") for entry in intake)


def test_secrets_are_masked_before_passages_are_cut_and_counted(share: Path) -> None:
    text = "Ring 0117 496 0400, ann@example.org.\npassword = S3cret!pw\nkey AKIAIOSFODNN7EXAMPLE\n"
    (share / "corpus" / "a.txt").write_text(text)
    documents, intake = read_corpus(share)
    assert documents[0].text == "Ring 0117 496 0400, ann@example.org.\npassword = [secret]\nkey [secret]\n"
    assert intake[0].warnings == ("2 secrets were masked",)
    assert intake[0].characters == len(documents[0].text)
    passages = chunk_all(documents)
    assert all(documents[0].text[passage.start : passage.end] == passage.text for passage in passages)


def test_secrets_of_a_beir_corpus_and_its_queries_are_masked(write_case) -> None:
    root = write_case({"d1": "password = S3cret!pw"}, {"q1": "is password = S3cret!pw right?"})
    documents, intake = read_corpus(root)
    assert documents[0].text == "password = [secret]"
    assert intake[0].warnings == ("1 secret was masked",)
    assert read_queries(root / "queries.jsonl")[0].text == "is password = [secret] right?"


def test_json_lines_use_their_own_ids(share: Path) -> None:
    (share / "corpus" / "faq.jsonl").write_text('{"id": "F-1", "title": "Form", "text": "Use CF-207b."}\n\n')
    documents, _ = read_corpus(share)
    assert [(d.doc_id, d.text) for d in documents] == [("faq.jsonl#F-1", "Form\nUse CF-207b.")]


def test_a_link_out_of_the_case_is_not_followed(share: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("outside") / "secret.txt"
    secret.write_text("not the client's")
    (share / "corpus" / "link.txt").symlink_to(secret)
    (share / "corpus" / "folder").symlink_to(secret.parent)
    assert read_corpus(share) == ([], [])


def test_a_beir_corpus_keeps_ids_and_puts_the_title_into_the_text(write_case) -> None:
    root = write_case({"d1": "Text one"})
    (root / "corpus.jsonl").write_text('{"_id": "d1", "title": "T", "text": "one\\u2028still one"}\n')
    documents, _ = read_corpus(root)
    assert documents[0].text == "T\none\u2028still one"


def test_repeated_ids_are_all_reported(write_case) -> None:
    root = write_case({"d1": "x"})
    (root / "corpus.jsonl").write_text('{"_id": "a", "text": "x"}\n{"_id": "a", "text": "y"}\n{"text": "z"}\n')
    with pytest.raises(InputError, match=r"line 2 repeats the id 'a' of line 1; line 3 has no '_id'"):
        read_corpus(root)


def test_qrels_with_unknown_ids_name_line_id_and_remedy(write_case) -> None:
    root = write_case({"d1": "x"}, {"q1": "y"}, {"q1": {"d9": 1}, "q7": {"d1": 1}})
    documents, _ = read_corpus(root)
    queries = read_queries(root / "queries.jsonl")
    expected = (
        r"qrels/test\.tsv: line 2: document 'd9' is not in the corpus; line 3: query 'q7' .*1 queries, 1 documents"
    )
    with pytest.raises(InputError, match=expected):
        read_qrels(root / "qrels", queries, documents)


def test_only_the_test_split_is_used_where_there_are_several(write_case) -> None:
    root = write_case({"d1": "x", "d2": "x"}, {"q1": "y"}, {"q1": {"d1": 1}})
    (root / "qrels" / "train.tsv").write_text("q1\td2\t1\n")
    documents, _ = read_corpus(root)
    assert read_qrels(root / "qrels", read_queries(root / "queries.jsonl"), documents) == {"q1": {"d1": 1}}


def test_a_query_whose_grades_are_all_zero_is_not_judged(write_case) -> None:
    root = write_case({"d1": "x"}, {"q1": "y"}, {"q1": {"d1": 0}})
    queries = read_queries(root / "queries.jsonl")
    assert judged_queries(queries, {"q1": {"d1": 0}}) == []
