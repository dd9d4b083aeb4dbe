from datetime import date
from pathlib import Path

import pytest
from test_ingest_readers import write_pdf

from workbench.errors import InputError
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
