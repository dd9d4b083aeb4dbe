import errno
import io
import json
import os
import zipfile
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_ingest_readers import write_pdf

from workbench.errors import CancelledError, InputError
from workbench.ingest.corpus import entries as corpus_entries
from workbench.ingest.corpus.chunking import chunk_all
from workbench.ingest.corpus.dates import claimed_dates, updated_on
from workbench.ingest.corpus.documents import read_corpus
from workbench.ingest.corpus.extraction_store import ExtractionStore
from workbench.ingest.corpus.files import SCRATCH
from workbench.ingest.corpus.languages import language_of
from workbench.ingest.corpus.masking import mask_documents, shifted
from workbench.ingest.labels import judged_queries, read_qrels, read_queries
from workbench.ingest.redaction import mask_secrets
from workbench.records import Document, DocumentDate, IntakeFile, Section, Source


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
    (corpus / "scan.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (corpus / "Thumbs.db").write_bytes(b"x")
    write_pdf(corpus / "blank.pdf", "")
    assert by_path(share) == {
        "corpus/motor/Excess 2025.txt": "loaded",
        "corpus/empty.txt": "empty",
        "corpus/broken.pdf": "unreadable",
        "corpus/scan.png": "skipped",
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
    assert (intake[0].masked, intake[0].found) == ({"secret": 2}, {"email": 1, "phone": 1})
    assert intake[0].characters == len(documents[0].text)
    passages = chunk_all(documents)
    assert all(documents[0].text[passage.start : passage.end] == passage.text for passage in passages)


def test_secrets_of_a_beir_corpus_and_its_queries_are_masked(write_case) -> None:
    root = write_case({"d1": "password = S3cret!pw"}, {"q1": "is password = S3cret!pw right?"})
    documents, intake = read_corpus(root)
    assert documents[0].text == "password = [secret]"
    assert intake[0].masked == {"secret": 1}
    assert read_queries(root / "queries.jsonl")[0].text == "is password = [secret] right?"


def test_json_lines_use_their_own_ids(share: Path) -> None:
    (share / "corpus" / "faq.jsonl").write_text('{"id": "F-1", "title": "Form", "text": "Use CF-207b."}\n\n')
    documents, _ = read_corpus(share)
    assert [(d.doc_id, d.text) for d in documents] == [("faq.jsonl#F-1", "Form\nUse CF-207b.")]


def test_a_link_out_of_the_case_is_named_and_not_followed(
    share: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("outside") / "secret.txt"
    secret.write_text("not the client's")
    (share / "corpus" / "link.txt").symlink_to(secret)
    (share / "corpus" / "folder").symlink_to(secret.parent)
    documents, intake = read_corpus(share)
    assert documents == []
    assert {(file.path, file.status, file.reason) for file in intake} == {
        (f"corpus/{name}", "unreadable", "a link, which is not followed; add the file itself")
        for name in ("link.txt", "folder")
    }


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


def entries(root: Path) -> dict[str, IntakeFile]:
    return {entry.path: entry for entry in read_corpus(root)[1]}


def zipped(members: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_files_in_an_archive_are_documents_of_their_own_and_point_back_to_it(share: Path) -> None:
    inner = zipped({"a/claims.txt": "Report a claim."})
    (share / "corpus" / "share.zip").write_bytes(zipped({"inner.zip": inner, "faq.csv": "title,text\nForm,CF-207b\n"}))
    documents, intake = read_corpus(share)
    assert {(d.doc_id, d.source.path, d.source.locator, d.text) for d in documents} == {
        (
            "share.zip/inner.zip/a/claims.txt",
            "corpus/share.zip",
            "member 'inner.zip/a/claims.txt'",
            "Report a claim.",
        ),
        ("share.zip/faq.csv#1", "corpus/share.zip", "member 'faq.csv', row 1", "Form\nCF-207b"),
    }
    assert [(entry.path, entry.kind, entry.status, entry.documents) for entry in intake] == [
        ("corpus/share.zip", "zip", "loaded", 0),
        ("corpus/share.zip/inner.zip", "zip", "loaded", 0),
        ("corpus/share.zip/inner.zip/a/claims.txt", "txt", "loaded", 1),
        ("corpus/share.zip/faq.csv", "csv", "loaded", 1),
    ]
    assert intake[0].reason == "3 of 3 files in it could be read; each is listed"


def test_members_that_point_outside_are_listed_and_written_nowhere(share: Path) -> None:
    (share / "corpus" / "share.zip").write_bytes(zipped({"../../evil.txt": "x", "good.txt": "y", "__MACOSX/z": "junk"}))
    found = entries(share)
    assert found["corpus/share.zip/good.txt"].status == "loaded"
    assert found["corpus/share.zip/../../evil.txt"].status == "unreadable"
    assert found["corpus/share.zip/__MACOSX/z"].status == "skipped"
    assert not list(share.rglob("evil.txt"))


def test_archives_inside_archives_are_opened_three_deep(share: Path) -> None:
    packed: str | bytes = "the text"
    name = "a.txt"
    for depth in range(4):
        packed, name = zipped({name: packed}), f"{depth}.zip"
    (share / "corpus" / name).write_bytes(packed)
    found = entries(share)
    assert found["corpus/3.zip/2.zip/1.zip/0.zip"].status == "skipped"
    assert "unpack them" in (found["corpus/3.zip/2.zip/1.zip/0.zip"].reason or "")


def test_an_archive_of_too_many_files_is_read_as_far_as_allowed(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_entries, "MAX_MEMBERS", 2)
    (share / "corpus" / "share.zip").write_bytes(zipped({f"{name}.txt": name for name in "abc"}))
    statuses = [entry.status for entry in read_corpus(share)[1]]
    assert statuses == ["loaded", "loaded", "loaded", "skipped"]


def test_a_mail_is_a_document_and_its_attachment_another(share: Path) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["Date"] = (
        "Storage cap",
        "R. Hale <r.hale@example.org>",
        "Tue, 10 Mar 2026 16:42:00 +0000",
    )
    mail.set_content("The cap is 25 a day.")
    mail.add_attachment("Yards and caps.", filename="yards.txt")
    (share / "corpus" / "cap.eml").write_bytes(mail.as_bytes())
    documents, intake = read_corpus(share)
    assert [(d.doc_id, d.title, d.updated_on, d.source.locator) for d in documents] == [
        ("cap.eml", "Storage cap", date(2026, 3, 10), ""),
        ("cap.eml/yards.txt", "yards", None, "member 'yards.txt'"),
    ]
    assert [(entry.path, entry.documents) for entry in intake] == [
        ("corpus/cap.eml", 1),
        ("corpus/cap.eml/yards.txt", 1),
    ]


def test_nothing_unpacked_is_left_behind_even_when_reading_is_cancelled(share: Path, tmp_path: Path) -> None:
    (share / "corpus" / "share.zip").write_bytes(zipped({"a.txt": "x", "b.txt": "y"}))
    store_folder = tmp_path / "derived"

    def cancel(share_done: float, name: str) -> None:
        if name.endswith(": b.txt"):
            assert list(store_folder.glob(f"{SCRATCH}*"))
            raise CancelledError("cancelled")

    with ExtractionStore(store_folder / "documents.sqlite") as store, pytest.raises(CancelledError):
        read_corpus(share, store=store, progress=cancel)
    assert {path.name for path in store_folder.iterdir()} == {"documents.sqlite", "unpacking.lock"}


def test_what_a_killed_run_left_unpacked_is_removed_by_the_next(share: Path, tmp_path: Path) -> None:
    (tmp_path / f"{SCRATCH}left").mkdir()
    with ExtractionStore(tmp_path / "documents.sqlite") as store:
        read_corpus(share, store=store)
    assert not (tmp_path / f"{SCRATCH}left").exists()


def test_what_another_run_has_unpacked_stays_while_it_is_at_work(share: Path, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / f"{SCRATCH}in-use").mkdir()
    with (tmp_path / "unpacking.lock").open("a+b") as other, ExtractionStore(tmp_path / "documents.sqlite") as store:
        fcntl.flock(other, fcntl.LOCK_SH)
        read_corpus(share, store=store)
        assert (tmp_path / f"{SCRATCH}in-use").exists()


def test_without_locks_what_is_unpacked_goes_once_it_is_old(
    share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    old, new = tmp_path / f"{SCRATCH}old", tmp_path / f"{SCRATCH}new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    with ExtractionStore(tmp_path / "documents.sqlite") as store:
        read_corpus(share, store=store)
    assert (old.exists(), new.exists()) == (False, True)


def test_content_decides_what_a_file_is(share: Path) -> None:
    write_pdf(share / "corpus" / "really a pdf.txt", "Excess is 350.")
    (share / "corpus" / "picture.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    found = entries(share)
    assert (found["corpus/really a pdf.txt"].kind, found["corpus/really a pdf.txt"].status) == ("pdf", "loaded")
    assert (found["corpus/picture.pdf"].kind, found["corpus/picture.pdf"].status) == ("image", "skipped")
    assert "OCR" in (found["corpus/picture.pdf"].reason or "")


def test_a_corpus_too_large_for_memory_is_read_as_far_as_it_fits(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (share / "corpus" / f"{name}.txt").write_text("12345678")
    monkeypatch.setattr(corpus_entries, "MAX_CORPUS_CHARACTERS", 15)
    documents, intake = read_corpus(share)
    assert [document.doc_id for document in documents] == ["a.txt"]
    assert [(entry.status, entry.characters) for entry in intake] == [("loaded", 8), ("skipped", 0), ("skipped", 0)]
    assert all("split the case" in (entry.reason or "") for entry in intake[1:])


def test_a_fault_of_a_library_costs_one_file_and_no_other(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path, kind: str) -> None:
        raise RecursionError

    (share / "corpus" / "a.txt").write_text("x")
    (share / "corpus" / "b.csv").write_text("title,text\nA,b\n")
    monkeypatch.setattr("workbench.ingest.corpus.documents.read_file", fails)
    assert by_path(share) == {"corpus/a.txt": "unreadable", "corpus/b.csv": "loaded"}


def test_personal_data_is_masked_where_the_case_asks_for_it(share: Path) -> None:
    (share / "corpus" / "a.txt").write_text("Ask ann@example.org, password = S3cret!pw")
    documents, intake = read_corpus(share, mask_personal=True)
    assert documents[0].text == "Ask [email], password = [secret]"
    assert (intake[0].masked, intake[0].found) == ({"email": 1, "secret": 1}, {})


# Headings a secret's pattern never takes for a part of the secret.
HEADINGS = ("First heading\n", "Second heading\n", "Third heading\n", "Fourth heading\n")
PARTS = st.sampled_from(
    ["plain text. ", "password = S3cret!pw\n", "\n", "key AKIAIOSFODNN7EXAMPLE, ", "token: abcdef123456 "]
)


@given(
    st.lists(PARTS, max_size=3), st.lists(st.tuples(st.sampled_from(HEADINGS), st.lists(PARTS, max_size=4)), max_size=6)
)
def test_sections_begin_at_their_heading_after_masking_too(
    front: list[str], parts: list[tuple[str, list[str]]]
) -> None:
    text, sections = "".join(front) + "\n", []
    for heading, bodies in parts:
        sections.append(Section(len(text), (heading.strip(),), ""))
        text += heading + "".join(bodies) + "\n"
    kept = mask_documents([Document("d", "t", text, Source("d"), sections=tuple(sections))], mask_personal=False)
    (masked,) = kept.documents
    assert masked.text == mask_secrets(text)[0]
    assert kept.masked.get("secret", 0) == mask_secrets(text)[1]
    for (heading, _), section in zip(parts, masked.sections, strict=True):
        assert masked.text[section.start :].startswith(heading.strip())


@given(st.text(alphabet="ab1=\n AKI", max_size=80), st.sets(st.integers(0, 80), max_size=8))
def test_shifted_places_stay_in_order_and_inside_the_text(text: str, places: set[int]) -> None:
    starts = sorted(place for place in places if place <= len(text))

    def hide(part: str) -> str:
        return part.replace("1=", "[secret]")

    found = shifted(text, hide(text), starts, hide)
    assert len(found) == len(starts)
    assert list(found) == sorted(found)
    assert all(0 <= place <= len(hide(text)) for place in found)


def test_a_secret_that_spans_two_pages_moves_only_what_is_behind_it() -> None:
    pages = [
        "one\n-----BEGIN PRIVATE KEY-----\nabc\f",
        "def\n-----END PRIVATE KEY-----\nrest of it\f",
        "the third page\f",
        "the last",
    ]
    text = "".join(pages)
    starts = [0, len(pages[0]), len(pages[0] + pages[1]), len(pages[0] + pages[1] + pages[2])]
    masked = mask_secrets(text)[0]
    assert masked == "one\n[secret]\nrest of it\fthe third page\fthe last"
    first, _, third, last = shifted(text, masked, starts, lambda part: mask_secrets(part)[0])
    assert (first, masked[third:], masked[last:]) == (0, "the third page\fthe last", "the last")


@pytest.mark.parametrize(
    ("text", "event", "on"),
    [
        ("Effective 1 March 2025", "effective", date(2025, 3, 1)),
        ("Last updated: March 1st, 2025", "modified", date(2025, 3, 1)),
        ("Version 3 of 2024-05-01", "modified", date(2024, 5, 1)),
        ("Date of issue\n12 June 2019", "created", date(2019, 6, 12)),
        ("Stand: 01.03.2025", "modified", date(2025, 3, 1)),
        ("Gültig ab 1. März 2025", "effective", date(2025, 3, 1)),
        ("| Effective date | 13/01/2025 |", "effective", date(2025, 1, 13)),
        ("Date: Tue, 10 Mar 2026 16:42", "sent", date(2026, 3, 10)),
    ],
)
def test_a_date_behind_a_word_that_says_what_it_is_a_date_of_is_claimed(text: str, event: str, on: date) -> None:
    assert claimed_dates(f"Claims manual\n{text}\nText") == (DocumentDate(on, "claimed", event),)


@pytest.mark.parametrize(
    "text",
    [
        "The storm of 1 March 2025 damaged the roof.",
        "Replaces the manual effective 1 March 2023.",
        "Valid from 03/04/2025",  # the third of April or the fourth of March
        "Updated 2024-13-01",
        "It was updated twice in 2024.",
        " " * 3000 + "Effective 1 March 2025",  # far down
        "the start date: 1 May 2024",
    ],
)
def test_any_other_date_of_a_text_is_not_the_date_of_the_document(text: str) -> None:
    assert claimed_dates(text) == ()


def test_a_document_is_as_current_as_its_own_date_of_change_and_never_as_its_file() -> None:
    created, modified = (
        DocumentDate(date(2020, 1, day), "embedded", event) for day, event in ((1, "created"), (2, "modified"))
    )
    claim, written = (
        DocumentDate(date(2020, 1, 3), "claimed", "effective"),
        DocumentDate(date(2020, 1, 4), "file", "modified"),
    )
    assert updated_on((written, claim, created, modified)) == modified.on
    assert updated_on((written, created, claim)) == claim.on
    assert updated_on((written, created)) == created.on
    assert updated_on((written,)) is None


def test_the_time_of_the_file_is_kept_as_a_date_of_its_own(share: Path) -> None:
    path = share / "corpus" / "a.txt"
    path.write_text("Effective 1 March 2025")
    os.utime(path, (1_700_000_000, 1_700_000_000))  # 2023-11-14 22:13:20 UTC
    (document,) = read_corpus(share)[0]
    assert document.updated_on == date(2025, 3, 1)
    assert document.dates[-1] == DocumentDate(date(2023, 11, 14), "file", "modified")


def test_owner_kind_and_language_are_kept(share: Path) -> None:
    text = "Storm plan\nIssued 2 May 2025. Owner: Home operations. In force from 1 June 2025.\n"
    (share / "corpus" / "plan.txt").write_text(
        text + "All claims handlers report storm losses on the day they are notified."
    )
    (document,) = read_corpus(share)[0]
    assert document.metadata == {"kind": "txt", "owner": "Home operations", "language": "en"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Versicherungsnehmer muss jeden Schaden innerhalb von dreißig Tagen melden.", "de"),
        ("L'assuré doit déclarer tout sinistre dans un délai de trente jours.", "fr"),
        ("Excess is 350.", "unknown"),
        ("CF-207b | 1,500 | 2,300 " * 20, "unknown"),
    ],
)
def test_the_language_is_told_only_where_it_can_be_told(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_title_above_the_header_of_a_table_becomes_the_heading_of_its_rows(share: Path) -> None:
    (share / "corpus" / "cups.csv").write_bytes(b"\xef\xbb\xbfStanley Cups,,\r\nTeam,Location,Cups\r\nBlues,STL,1\r\n")
    documents, intake = read_corpus(share)
    assert [(d.text, d.sections, d.source.locator) for d in documents] == [
        ("Team: Blues\nLocation: STL\nCups: 1", (Section(0, ("Stanley Cups",), ""),), "row 2")
    ]
    assert intake[0].warnings == ("lines above the header, kept as heading of every row: Stanley Cups",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_table_is_told_by_what_makes_its_rows_equally_long(share: Path, delimiter: str) -> None:
    rows = [["clause", "limit, in pounds"], ["4.3", "1,500; see note"], ["4.4", "2,000"]]
    quoted = "\n".join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows)
    assert texts_of(share, "limits.csv", quoted) == [
        "clause: 4.3\nlimit, in pounds: 1,500; see note",
        "clause: 4.4\nlimit, in pounds: 2,000",
    ]


def test_two_columns_of_one_name_and_one_without_a_name_are_all_kept(share: Path) -> None:
    assert texts_of(share, "a.csv", "note,note,\nfirst,second,third\n") == ["note: first\nnote: second,third"]
    assert texts_of(share, "a.csv", "note,,clause\nfirst,second,4.3\n") == ["note: first\nsecond\nclause: 4.3"]


def test_rows_longer_than_the_header_are_counted(share: Path) -> None:
    (share / "corpus" / "a.csv").write_text("a,b\n1,2,3\n4,5\n6,7,8,9\n")
    _, intake = read_corpus(share)
    assert intake[0].warnings == (
        "rows with more cells than the header: 2; the extra cells stand at the end of their text",
    )


@pytest.mark.parametrize(
    "content",
    [
        [{"id": "F-1", "title": "Form", "text": "Use CF-207b."}],
        {"meta": {"count": 1}, "data": [{"id": "F-1", "title": "Form", "text": "Use CF-207b."}]},
        {"response": {"docs": [{"_id": "F-1", "title": "Form", "body": "Use CF-207b."}]}},
        [{"fields": {"doc_id": "F-1", "Title": "Form", "page-content": "Use CF-207b."}}],
    ],
)
def test_records_of_a_json_file_are_found_wherever_they_are(share: Path, content: object) -> None:
    (share / "corpus" / "faq.json").write_text(json.dumps(content))
    documents, _ = read_corpus(share)
    assert [(d.doc_id, d.text, d.source.locator) for d in documents] == [
        ("faq.json#F-1", "Form\nUse CF-207b.", "record 1")
    ]


def test_a_json_object_that_is_no_list_of_records_is_one_document(share: Path) -> None:
    content = {"name": "Storm plan", "yards": [{"town": "Ely", "cap": 25}, {"town": "Hull", "cap": 30}]}
    (share / "corpus" / "plan.json").write_text(json.dumps(content))
    (document,) = read_corpus(share)[0]
    assert (document.doc_id, document.title, document.source.locator) == ("plan.json", "Storm plan", "")
    assert document.text == "name: Storm plan\nyards.town: Ely\nyards.cap: 25\nyards.town: Hull\nyards.cap: 30"


def test_bad_lines_are_counted_and_the_others_read(share: Path) -> None:
    (share / "corpus" / "faq.jsonl").write_text('{"text": "one"}\n{"text": \n{"text": "three"}\n')
    documents, intake = read_corpus(share)
    assert [(d.doc_id, d.text) for d in documents] == [("faq.jsonl#1", "one"), ("faq.jsonl#3", "three")]
    assert "records that could not be read: 1 (line 2: not JSON" in intake[0].warnings[0]


def test_a_file_of_which_no_record_can_be_read_says_so(share: Path) -> None:
    (share / "corpus" / "a.json").write_text('{"a": [1, 2')
    assert entries(share)["corpus/a.json"].status == "unreadable"


def test_fields_that_are_not_searched_are_named(share: Path) -> None:
    (share / "corpus" / "a.csv").write_text("title,text,premium\nForm,Use CF-207b.,350\n")
    assert entries(share)["corpus/a.csv"].warnings == ("fields beside the text that are not searched: premium",)


def test_dates_and_people_of_a_record_are_its_documents(share: Path) -> None:
    record = {
        "text": "x",
        "author": {"name": "R. Hale"},
        "owner": "Claims",
        "created_at": 1720050312,
        "last_updated": "2025-03-31",
    }
    (share / "corpus" / "a.jsonl").write_text(json.dumps(record) + "\n" + json.dumps({"text": "y"}))
    document, _ = read_corpus(share)[0]
    assert document.dates[:-1] == (DocumentDate(date(2025, 3, 31), "claimed", "modified"),)
    assert (document.updated_on, document.title) == (date(2025, 3, 31), "x")
    assert (document.metadata["author"], document.metadata["owner"]) == ("R. Hale", "Claims")


def test_a_table_that_is_a_log_is_refused_before_it_fills_memory(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.ingest.corpus.records.MAX_RECORDS", 2)
    (share / "corpus" / "a.csv").write_text("a,b\n1,2\n3,4\n5,6\n")
    entry = entries(share)["corpus/a.csv"]
    assert (entry.status, entry.documents) == ("unreadable", 0)
    assert "put it in logs/" in (entry.reason or "")


def test_a_large_table_is_read_line_by_line_like_a_small_one(share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'title,text\n"A","two\nlines"\nB,Prämie\n'
    small = texts_of(share, "a.csv", text)
    monkeypatch.setattr("workbench.ingest.corpus.record_files.MAX_WHOLE_BYTES", 1)
    assert texts_of(share, "a.csv", text) == small == ["A\ntwo\nlines", "B\nPrämie"]


@given(st.lists(st.lists(st.text(alphabet='ab,;|\t"\n é', max_size=6), min_size=1, max_size=4), max_size=6))
def test_any_table_gives_documents_or_a_reason(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    root = tmp_path_factory.mktemp("case")
    (root / "corpus").mkdir()
    (root / "corpus" / "a.csv").write_text("\n".join(";".join(row) for row in rows), encoding="utf-8")
    documents, intake = read_corpus(root)
    assert len(intake) == 1
    assert intake[0].documents == len(documents)
    assert intake[0].status == "loaded" or intake[0].reason
    assert len({document.doc_id for document in documents}) == len(documents)


# ---------------------------------------------------------------- programs among documents


def test_source_code_is_searched_with_a_word_of_warning(share: Path) -> None:
    (share / "corpus" / "app.py").write_text("def main():\n    return 1\n")
    (share / "corpus" / "settings.yaml").write_text("model: small\n")
    found = entries(share)
    assert found["corpus/app.py"].status == "loaded"
    assert found["corpus/app.py"].warnings == (
        "source code, searched as text; move it to repo/ if the pilot does not answer from it",
    )
    assert found["corpus/settings.yaml"].warnings[0].startswith("settings of a program, searched as text")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".env", "settings that usually hold passwords"),
        ("package-lock.json", "a list of packages that a machine wrote"),
        ("app.min.js", "written by a machine"),
        (".gitignore", "controls a tool of programmers"),
    ],
)
def test_what_only_machines_read_is_no_document(share: Path, name: str, reason: str) -> None:
    (share / "corpus" / name).write_text('{"a": "b"}')
    found = entries(share)[f"corpus/{name}"]
    assert (found.status, (found.reason or "").startswith(reason)) == ("skipped", True)


def test_a_folder_of_programs_is_one_line(share: Path) -> None:
    objects = share / "corpus" / "pilot" / ".git" / "objects"
    objects.mkdir(parents=True)
    for number in range(3):
        (objects / f"{number}").write_bytes(b"x" * 10)
    (share / "corpus" / "pilot" / "terms.txt").write_text("Terms of the policy.")
    found = entries(share)
    assert set(found) == {"corpus/pilot/.git", "corpus/pilot/terms.txt"}
    assert found["corpus/pilot/.git"].size == 30
    assert (found["corpus/pilot/.git"].reason or "").endswith("; its 3 files are not read")


def test_an_archive_nobody_can_open_is_unreadable_not_empty(share: Path) -> None:
    data = bytearray(zipped({"secret.txt": "hidden"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (share / "corpus" / "a.zip").write_bytes(data)
    found = entries(share)
    assert found["corpus/a.zip/secret.txt"].reason == "password-protected; ask for a copy without a password"
    assert found["corpus/a.zip"].status == "unreadable"


# ---------------------------------------------------------------- several tables in one csv


def test_another_table_behind_a_blank_line_has_its_own_title_and_header(share: Path) -> None:
    table = "Premiums\nProduct,Price\nA,10\n\nDiscounts\nGroup,Percent,Note\nStaff,5,all\n"
    (share / "corpus" / "a.csv").write_text(table)
    documents, _ = read_corpus(share)
    assert [(document.text, document.sections[0].headings) for document in documents] == [
        ("Product: A\nPrice: 10", ("Premiums",)),
        ("Group: Staff\nPercent: 5\nNote: all", ("Discounts",)),
    ]


def test_a_header_that_is_repeated_is_no_record(share: Path) -> None:
    table = "product,price\nA,10\n\nproduct,price\nB,20\n"
    assert texts_of(share, "a.csv", table) == ["product: A\nprice: 10", "product: B\nprice: 20"]


def test_a_blank_line_in_a_table_loses_nothing(share: Path) -> None:
    table = "name,town\nAnn,Bern\n\nBob,Basel\n\nCarl,\n"
    assert texts_of(share, "a.csv", table) == ["name: Ann\ntown: Bern", "name: Bob\ntown: Basel", "name: Carl"]
