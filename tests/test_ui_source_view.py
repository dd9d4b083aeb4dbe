import gzip
import io
import json
import zipfile

import pytest

from workbench.case import open_case
from workbench.errors import CaseError, InputError
from workbench.ui.source_view import AROUND, LONGEST, WHOLE, excerpt


@pytest.fixture
def case(tmp_path):
    root = tmp_path / "acme"
    (root / "logs").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("url = https://user:secret@host/")
    (tmp_path / "outside.txt").write_text("outside")
    return open_case(root)


def write(case, name: str, text: str) -> str:
    (case.root / "logs" / name).write_text(text, encoding="utf-8")
    return f"logs/{name}"


def marked(found) -> list[tuple[str, str]]:
    return [(line.label, line.text) for line in found.lines if line.marked]


def test_a_line_is_marked_with_those_around_it(case):
    path = write(case, "a.txt", "".join(f"text {n}\n" for n in range(1, 101)))
    found = excerpt(case, path, "line 50")
    assert marked(found) == [("50", "text 50")]
    assert (found.lines[0].label, found.lines[-1].label) == (str(50 - AROUND), str(50 + AROUND))
    assert found.title == "logs/a.txt, line 50"


def test_the_first_and_last_line_are_shown_without_what_is_not_there(case):
    path = write(case, "a.txt", "one\ntwo\nthree\n")
    assert [line.text for line in excerpt(case, path, "line 1").lines] == ["one", "two", "three"]
    assert marked(excerpt(case, path, "line 3")) == [("3", "three")]


@pytest.mark.parametrize(
    "at",
    [
        "line 4",
        "line 0",
        "line x",
        "row 3",
        "page 2",
        "page x",
        "sheet 'Q1'",
        "slide 1",
        "commit zzz",
        "document 'none'",
    ],
)
def test_a_place_the_file_does_not_reach_is_said(case, at):
    path = write(case, "a.txt", "one\ntwo\nthree\n")
    with pytest.raises(InputError, match="has no"):
        excerpt(case, path, at)


def test_rows_count_from_one_below_the_header_and_may_span_lines(case):
    # Row 2 begins in line 3 and its quoted cell goes on in line 4.
    path = write(case, "log.csv", 'id,text\n1,short\n2,"two\nlines"\n3,last\n')
    assert marked(excerpt(case, path, "row 2")) == [("3", '2,"two'), ("4", 'lines"')]
    assert marked(excerpt(case, path, "row 3")) == [("5", "3,last")]


def test_a_row_far_down_is_shown_with_the_header(case):
    path = write(case, "log.csv", "id,text\n" + "".join(f"{n},x\n" for n in range(1, 101)))
    assert excerpt(case, path, "row 60").lines[0].text == "id,text"


def test_a_document_is_found_by_its_id_in_json_lines(case):
    path = write(case, "corpus.jsonl", '{"_id": "d1"}\n{"_id": "d\\"2"}\n')
    assert marked(excerpt(case, path, "document 'd\"2'")) == [("2", '{"_id": "d\\"2"}')]


def test_a_record_of_a_json_array_is_laid_out(case):
    path = write(case, "runs.json", json.dumps([{"id": 1}, {"id": 2}]))
    assert [line.text for line in excerpt(case, path, "record 2").lines] == ["{", '  "id": 2', "}"]


def test_a_packed_file_is_read_like_the_file_in_it(case):
    (case.root / "logs" / "a.jsonl.gz").write_bytes(gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    assert marked(excerpt(case, "logs/a.jsonl.gz", "line 2")) == [("2", "{"), ("", '  "a": 2'), ("", "}")]


def test_a_file_without_a_place_is_shown_from_its_beginning(case):
    path = write(case, "a.txt", "x\n" * (WHOLE + 5))
    found = excerpt(case, path, "")
    assert len(found.lines) == WHOLE
    assert not marked(found)


def test_a_very_long_line_is_cut_and_says_by_how_much(case):
    path = write(case, "a.txt", "y" * (LONGEST + 1234))
    assert excerpt(case, path, "line 1").lines[0].text.endswith("(1,234 more characters)")


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/passwd", "logs/../../outside.txt"])
def test_a_path_out_of_the_case_is_refused(case, path):
    with pytest.raises(CaseError, match="not inside"):
        excerpt(case, path, "")


def test_a_link_out_of_the_case_is_refused(case):
    (case.root / "logs" / "link.txt").symlink_to(case.root.parent / "outside.txt")
    with pytest.raises(CaseError, match="not inside"):
        excerpt(case, "logs/link.txt", "")


@pytest.mark.parametrize("path", [".git/config", "", ".workbench/jobs/analysis.json"])
def test_internals_are_not_shown(case, path):
    with pytest.raises(CaseError, match="not shown"):
        excerpt(case, path, "")


def test_a_missing_file_is_said(case):
    with pytest.raises(CaseError, match="not in the case"):
        excerpt(case, "logs/gone.txt", "")


def test_a_binary_file_is_an_input_error(case):
    (case.root / "logs" / "a.bin").write_bytes(b"\x00\x01\x02")
    with pytest.raises(InputError, match="binary"):
        excerpt(case, "logs/a.bin", "line 1")


def test_a_folder_is_not_a_file(case):
    with pytest.raises(InputError, match="folder"):
        excerpt(case, "logs", "")


def test_a_commit_is_described_from_the_repository(case):
    from dulwich import porcelain

    repository = case.root / "repo"
    porcelain.init(str(repository)).close()
    (repository / "app.py").write_text("x = 1\n")
    porcelain.add(str(repository), [str(repository / "app.py")])
    sha = porcelain.commit(
        str(repository), b"First try", author=b"A Person <a@x>", committer=b"A Person <a@x>"
    ).decode()
    found = excerpt(case, "repo", f"commit {sha[:10]}")
    assert marked(found) == [("commit", sha)]
    assert ("message", "First try") in [(line.label, line.text) for line in found.lines]
    assert ("file", "app.py") in [(line.label, line.text) for line in found.lines]


def test_a_page_of_a_pdf_is_shown_alone(case):
    reportlab = pytest.importorskip("reportlab.pdfgen.canvas")
    canvas = reportlab.Canvas(str(case.root / "logs" / "a.pdf"))
    for text in ("first page", "second page"):
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()
    assert [line.text.strip() for line in excerpt(case, "logs/a.pdf", "page 2").lines] == ["second page"]


def test_a_json_line_is_laid_out_and_its_neighbours_are_cut_short(case):
    lines = [json.dumps({"n": n, "text": "x" * 500}) for n in (1, 2, 3)]
    found = excerpt(case, write(case, "a.jsonl", "\n".join(lines)), "line 2")
    assert [text for _, text in marked(found)] == ["{", '  "n": 2,', f'  "text": "{"x" * 500}"', "}"]
    assert [label for label, _ in marked(found)] == ["2", "", "", ""]
    assert all(len(line.text) < 300 for line in found.lines if not line.marked)


def test_query_logs_are_shown_masked(case):
    path = write(case, "a.jsonl", '{"query": "mail jo@example.com, password=hunter2secret"}')
    shown = " ".join(line.text for line in excerpt(case, path, "line 1").lines)
    assert "jo@example.com" not in shown
    assert "hunter2secret" not in shown


def test_secrets_in_documents_are_masked_and_their_phone_numbers_are_not(case):
    (case.root / "corpus").mkdir()
    (case.root / "corpus" / "a.txt").write_text("call 0117 496 0123\nAPI_KEY=abcd1234efgh5678\n")
    shown = [line.text for line in excerpt(case, "corpus/a.txt", "").lines]
    assert shown[0] == "call 0117 496 0123"
    assert "abcd1234efgh5678" not in shown[1]


def test_a_sheet_is_shown_alone(case):
    xlsxwriter = pytest.importorskip("xlsxwriter")
    with xlsxwriter.Workbook(str(case.root / "logs" / "a.xlsx")) as book:
        for name, cell in (("Q1", "first sheet"), ("The 'old' one", "second sheet")):
            book.add_worksheet(name).write_row(0, 0, [cell, "limit"])
    shown = " ".join(line.text for line in excerpt(case, "logs/a.xlsx", "sheet 'Q1'").lines)
    assert "first sheet" in shown
    assert "second sheet" not in shown
    assert "second sheet" in " ".join(line.text for line in excerpt(case, "logs/a.xlsx", "sheet 'The 'old' one'").lines)


def test_a_slide_is_shown_alone(case):
    pptx = pytest.importorskip("pptx")
    deck = pptx.Presentation()
    for text in ("first slide", "second slide"):
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = text
    deck.save(str(case.root / "logs" / "a.pptx"))
    found = excerpt(case, "logs/a.pptx", "slide 2")
    assert [line.text for line in found.lines] == ["second slide"]
    assert found.note == "All of this slide."


def zipped(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_a_file_inside_an_archive_inside_an_archive_is_shown(case):
    inner = zipped({"a/it's.csv": b"id,text\n1,one\n2,two\n", "b.txt": b"password = S3cret!pw\n"})
    (case.root / "logs" / "share.zip").write_bytes(zipped({"inner.zip": inner}))
    assert marked(excerpt(case, "logs/share.zip", "member 'inner.zip/a/it's.csv', row 2")) == [("3", "2,two")]
    shown = excerpt(case, "logs/share.zip", "member 'inner.zip/b.txt'")
    assert [line.text for line in shown.lines] == ["password = [secret]"]
    assert shown.note == "The whole file."


@pytest.mark.parametrize("name", ["gone.txt", "../../outside.txt", "inner.zip/gone.txt", ""])
def test_a_file_that_is_not_in_the_archive_is_said(case, name):
    (case.root / "logs" / "share.zip").write_bytes(
        zipped({"inner.zip": zipped({"a.txt": b"x"}), "../../outside.txt": b"x"})
    )
    with pytest.raises(InputError, match="in it"):
        excerpt(case, "logs/share.zip", f"member '{name}'")
    (case.root / "logs" / "a.txt").write_text("no archive")
    with pytest.raises(InputError, match=r"a\.txt has no file"):
        excerpt(case, "logs/a.txt", f"member '{name}'")
