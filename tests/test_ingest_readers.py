import re
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest
from docx import Document as new_docx
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfgen import canvas

from workbench.errors import InputError
from workbench.ingest.readers import decode, parse_date, read_file


def write_pdf(path: Path, *pages: str) -> Path:
    pdf = canvas.Canvas(str(path))
    for text in pages:
        if text:
            pdf.drawString(72, 720, text)
        pdf.showPage()
    pdf.save()
    return path


def test_markdown_takes_title_and_date_from_front_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: Claims manual\ndate: 2025-03-31\n---\n# Another heading\nText\n", encoding="utf-8")
    read = read_file(path)
    assert (read.title, read.date_of("modified")) == ("Claims manual", date(2025, 3, 31))


def test_html_leaves_scripts_and_navigation_out_and_keeps_markup_as_text(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        "<title>Excess</title><nav>Home</nav><script>steal()</script><p>Excess is &lt;b&gt; 350</p>", encoding="utf-8"
    )
    read = read_file(path)
    assert (read.title, read.text) == ("Excess", "Excess is <b> 350")


def test_pdf_pages_are_separated_and_pages_without_text_are_reported(tmp_path: Path) -> None:
    read = read_file(write_pdf(tmp_path / "a.pdf", "First page", "", "Third page"))
    assert read.text.split("\f") == ["First page", "", "Third page"]
    assert read.warnings == ("1 of 3 pages is blank (page 2)",)
    assert read.metadata["pages"] == "3"


def test_a_broken_pdf_is_one_sentence_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7 and then nothing")
    with pytest.raises(InputError, match=r"broken\.pdf: damaged PDF .* export it again"):
        read_file(path)


def without_page(path: Path, number: int) -> Path:
    """The same PDF with one page object made unusable, at unchanged offsets."""
    data = path.read_bytes()
    starts = [match.start() for match in re.finditer(rb"/Type /Page\b(?!s)", data)]
    path.write_bytes(data[: starts[number]] + b"/Type /Evil" + data[starts[number] + 11 :])
    return path


def test_a_pdf_page_that_cannot_be_loaded_is_a_warning(tmp_path: Path) -> None:
    read = read_file(without_page(write_pdf(tmp_path / "a.pdf", "First page", "Second page"), 1))
    assert read.text == "First page\f"
    assert read.warnings == ("1 of 2 pages could not be loaded (page 2): the file is damaged there",)


def test_a_pdf_of_which_no_page_can_be_loaded_is_one_sentence(tmp_path: Path) -> None:
    path = without_page(write_pdf(tmp_path / "a.pdf", "Only page"), 0)
    with pytest.raises(InputError, match=r"a\.pdf: damaged PDF \(none of its 1 pages can be loaded\); export it again"):
        read_file(path)


def test_word_keeps_paragraphs_and_tables_in_order(tmp_path: Path) -> None:
    doc = new_docx()
    doc.add_heading("Form CF-207b", 1)
    doc.add_paragraph("Before")
    row = doc.add_table(rows=1, cols=2).rows[0]
    row.cells[0].text, row.cells[1].text = "limit", "1,500"
    doc.add_paragraph("After")
    doc.core_properties.author = "R. Hale"
    doc.save(str(tmp_path / "a.docx"))
    read = read_file(tmp_path / "a.docx")
    assert read.text == "Form CF-207b\nBefore\nlimit | 1,500\nAfter"
    assert (read.title, read.metadata["author"]) == ("Form CF-207b", "R. Hale")


def test_a_broken_word_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(InputError, match=r"a\.docx: damaged Word file"):
        read_file(tmp_path / "a.docx")


def word_with_body(path: Path, body: str) -> Path:
    """A Word file whose main part is replaced."""
    new_docx().save(str(path))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/document.xml"] = body.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_a_word_file_that_fails_after_opening_is_one_sentence(tmp_path: Path) -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    path = word_with_body(tmp_path / "a.docx", f"<w:document {space}/>")
    with pytest.raises(InputError, match=r"a\.docx: damaged Word file"):
        read_file(path)


def test_a_word_file_that_unpacks_to_an_absurd_size_is_refused(tmp_path: Path) -> None:
    path = word_with_body(tmp_path / "bomb.docx", " " * (30 * 2**20))
    with pytest.raises(InputError, match=r"bomb\.docx: unpacks to 30 MiB, .* times its size"):
        read_file(path)


def test_a_heading_followed_by_many_spaces_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# Claims manual ##" + " " * 20_000 + "\n#" + " " * 20_000 + "\n", encoding="utf-8")
    start = time.perf_counter()
    assert read_file(path).title == "Claims manual"
    assert time.perf_counter() - start < 1  # milliseconds; the quadratic pattern took seconds


def test_an_unknown_kind_names_the_readable_ones(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=r"no reader for 'binary' files; readable are .*docx"):
        read_file(tmp_path / "a.xyz")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_common_encodings(encoding: str) -> None:
    text = "Prämie für Überschwemmung: fällig am 1. März, Entschädigung höchstens 5.000 Euro für Gebäude."
    assert decode(text.encode(encoding), "a.txt") == text


def test_binary_data_is_not_text() -> None:
    with pytest.raises(InputError, match="binary"):
        decode(b"abc\x00def", "a.txt")


@given(st.binary(max_size=300))
def test_decoding_any_bytes_gives_text_or_a_typed_error(data: bytes) -> None:
    try:
        assert isinstance(decode(data, "a.txt"), str)
    except InputError as error:
        assert str(error).startswith("a.txt")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-03-31T10:00:00Z", date(2025, 3, 31)),
        ("20250331103000", date(2025, 3, 31)),
        ("31/03/2025", date(2025, 3, 31)),
        ("1 Mar 2025", date(2025, 3, 1)),
        ("31 March 2025", date(2025, 3, 31)),
        ("2025-02-30", None),
        ("31/03/25", None),
        ("next week", None),
        ("", None),
    ],
)
def test_dates_are_read_only_where_they_are_certain(text: str, day: date | None) -> None:
    assert parse_date(text) == day
