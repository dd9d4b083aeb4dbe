from collections.abc import Callable, Iterable
from datetime import date
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen import canvas

from workbench.errors import InputError
from workbench.ingest.readers import pdf as pdf_module
from workbench.ingest.readers import read_file
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.hyphens import rejoined
from workbench.ingest.readers.pdf_columns import Box, bands_to_reorder

PROSE = (
    "The claims handler reads every file with some",
    "care and writes down each date, name and sum",
    "that is needed for the case before the deadline",
    "has passed, since late reports are answered by",
    "the second team, which has fewer people there",
)
Draw = Callable[[canvas.Canvas], None]


def drawn(folder: Path, *pages: Draw, **options: object) -> Extracted:
    path = folder / "a.pdf"
    pdf = canvas.Canvas(str(path), **options)
    for page in pages:
        page(pdf)
        pdf.showPage()
    pdf.save()
    return read_file(path)


def text_page(text: str) -> Draw:
    return lambda pdf: pdf.drawString(72, 720, text)


def picture_page(pdf: canvas.Canvas) -> None:
    pdf.rect(72, 72, 300, 300, fill=1)


def blank_page(pdf: canvas.Canvas) -> None:
    pass


def column(letter: str, lines: int) -> list[str]:
    return [f"{letter}{number} {PROSE[number % len(PROSE)]}" for number in range(lines)]


def at(left: float, lines: Iterable[str], top: float = 700) -> list[tuple[float, float, str]]:
    return [(left, top - 12 * number, line) for number, line in enumerate(lines)]


def page_of(pieces: Iterable[tuple[float, float, str]]) -> Draw:
    def draw(pdf: canvas.Canvas) -> None:
        pdf.setFont("Helvetica", 10)
        for left, height, text in pieces:
            pdf.drawString(left, height, text)

    return draw


def alternating(*columns: list[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    return [piece for row in zip(*columns, strict=True) for piece in row]


def test_columns_whose_lines_alternate_are_read_one_after_the_other(tmp_path: Path) -> None:
    pieces = alternating(at(60, column("l", 20)), at(320, column("r", 20)))
    read = drawn(tmp_path, page_of(pieces))
    assert [line.split()[0] for line in read.text.split("\n")] == [
        *(f"l{n}" for n in range(20)),
        *(f"r{n}" for n in range(20)),
    ]


def test_justified_columns_that_the_file_holds_word_by_word_are_read_one_after_the_other(tmp_path: Path) -> None:
    def spread(left: float, height: float, line: str) -> list[tuple[float, float, str]]:
        words = line.split()
        space = (240 - sum(stringWidth(word, "Helvetica", 10) for word in words)) / (len(words) - 1)
        starts = accumulate((stringWidth(word, "Helvetica", 10) + space for word in words[:-1]), initial=left)
        return [(start, height, word) for start, word in zip(starts, words, strict=True)]

    left, right = at(50, column("l", 20)), at(305, column("r", 20))
    read = drawn(tmp_path, page_of(word for piece in alternating(left, right) for word in spread(*piece)))
    assert read.text.split() == [word for _, _, line in [*left, *right] for word in line.split()]


def test_a_title_over_and_a_note_below_both_columns_keep_their_places(tmp_path: Path) -> None:
    title = (60, 730, "A title that runs across both of the columns of this page, from one side to the other one")
    note = (60, 440, "A note that runs across both of the columns of this page, from one side to the other one")
    pieces = [title, *alternating(at(60, column("l", 20)), at(320, column("r", 20))), note]
    lines = drawn(tmp_path, page_of(pieces)).text.split("\n")
    assert (lines[0], lines[1][:3], lines[20][:4], lines[21][:3], lines[-1]) == (
        title[2],
        "l0 ",
        "l19 ",
        "r0 ",
        note[2],
    )


def test_three_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    short = [" ".join(line.split()[:5]) for line in column("x", 15)]
    columns = [at(left, [f"{name}{line[1:]}" for line in short]) for name, left in (("a", 50), ("b", 230), ("c", 410))]
    lines = drawn(tmp_path, page_of(alternating(*columns))).text.split("\n")
    assert [line.split()[0] for line in lines] == [f"{name}{n}" for name in "abc" for n in range(15)]


def test_a_right_column_that_the_file_holds_first_is_read_second(tmp_path: Path) -> None:
    lines = drawn(tmp_path, page_of([*at(320, column("r", 20)), *at(60, column("l", 20))])).text.split("\n")
    assert (lines[0][:2], lines[19][:3], lines[20][:2]) == ("l0", "l19", "r0")


@pytest.mark.parametrize(
    "pieces",
    [
        at(60, [f"{line} and {line}" for line in column("l", 30)]),
        [*at(60, column("l", 20)), *at(320, column("r", 20))],
        alternating(at(60, [f"Tariff {n}" for n in range(20)]), at(320, [f"{n},500 euros a year" for n in range(20)])),
        alternating(
            at(60, [f"Claims department number {n}" for n in range(20)]), at(320, ["Open on weekdays after noon"] * 20)
        ),
        alternating(*(at(left, ["1,500"] * 20) for left in (60, 160, 260, 360, 460))),
        at(60, ["short", "lines", "alone"]),
    ],
    ids=["one column", "two columns in order", "labels and values", "table of words", "table of numbers", "few lines"],
)
def test_text_in_order_and_tables_are_left_as_the_file_has_them(
    tmp_path: Path, pieces: list[tuple[float, float, str]]
) -> None:
    read = drawn(tmp_path, page_of(pieces))
    assert read.text.split() == [word for _, _, text in pieces for word in text.split()]


@given(st.lists(st.tuples(*[st.floats(-1e5, 1e5)] * 4), max_size=60))
def test_any_rectangles_have_an_order_or_keep_theirs(corners: list[tuple[float, ...]]) -> None:
    boxes = [Box(min(a, c), min(b, d), max(a, c), max(b, d)) for a, b, c, d in corners]
    for band in bands_to_reorder(boxes):
        assert all(band.box.left <= part.left and part.right <= band.box.right for part in band.columns)


def test_page_numbers_stay_right_after_blank_pages(tmp_path: Path) -> None:
    read = drawn(tmp_path, text_page("First"), blank_page, picture_page, text_page("Fourth"))
    assert read.text.split("\f") == ["First", "", "", "Fourth"]
    assert [(read.text[section.start :][:6].strip(), section.locator) for section in read.sections] == [
        ("First", "page 1"),
        ("Fourth", "page 4"),
    ]
    assert read.metadata["pages"] == "4"
    assert read.metadata["empty_pages"] == "2"
    assert read.warnings == (
        "1 of 4 pages has no text layer, only pictures (page 3); run text recognition (OCR) on the file and add it again",
        "1 of 4 pages is blank (page 2)",
    )


def test_a_scan_has_no_text_and_names_text_recognition(tmp_path: Path) -> None:
    read = drawn(tmp_path, *[picture_page] * 12)
    assert read.text.strip() == ""
    assert read.warnings == (
        "12 of 12 pages have no text layer, only pictures; run text recognition (OCR) on the file and add it again",
    )


def test_a_warning_names_ten_pages_at_most(tmp_path: Path) -> None:
    read = drawn(tmp_path, text_page("x"), *[picture_page] * 12)
    assert "(pages 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...)" in read.warnings[0]


def test_a_pdf_states_title_author_and_dates(tmp_path: Path) -> None:
    def facts(pdf: canvas.Canvas) -> None:
        pdf.setTitle("Microsoft Word - Claims\x00 manual")
        pdf.setAuthor("R. Hale")
        pdf.setSubject("Home")
        pdf.drawString(72, 720, "text")

    read = drawn(tmp_path, facts, invariant=1)
    assert (read.title, read.metadata) == ("Claims manual", {"pages": "1", "author": "R. Hale", "subject": "Home"})
    assert read.date_of("created") == date(2000, 1, 1)
    assert {known.basis for known in read.dates} == {"embedded"}


def test_bookmarks_are_headings_where_the_page_shows_them(tmp_path: Path) -> None:
    def chapter(number: int, *words: str) -> Draw:
        def draw(pdf: canvas.Canvas) -> None:
            for level, kind in enumerate(("Chapter", "Part")):
                pdf.bookmarkPage(f"{kind} {number}")
                pdf.addOutlineEntry(f"{kind} {number}", f"{kind} {number}", level=level)
            for place, line in enumerate(words):
                pdf.drawString(72, 720 - 20 * place, line)

        return draw

    read = drawn(
        tmp_path, chapter(1, "Chapter 1", "Intro", "1.1 Part 1", "Body"), text_page("More"), chapter(2, "Other")
    )
    assert [
        (read.text[section.start :].split("\n")[0].split("\f")[0], section.headings, section.locator)
        for section in read.sections
    ] == [
        ("Chapter 1", ("Chapter 1",), "page 1"),
        ("1.1 Part 1", ("Chapter 1", "Part 1"), "page 1"),
        ("More", ("Chapter 1", "Part 1"), "page 2"),
        ("Other", ("Chapter 2", "Part 2"), "page 3"),
    ]


def test_comments_and_form_fields_are_counted_and_links_are_not(tmp_path: Path) -> None:
    def draw(pdf: canvas.Canvas) -> None:
        pdf.drawString(72, 720, "text")
        pdf.textAnnotation("check this", Rect=[72, 72, 92, 92])
        pdf.linkURL("https://example.com", (72, 700, 172, 730))
        pdf.acroForm.textfield(name="sum", value="1,500", x=72, y=400)
        pdf.acroForm.checkbox(name="paid", x=72, y=300)

    assert drawn(tmp_path, draw).warnings == (
        "1 comment or other annotation was not read",
        "2 form fields were not read; print the form to a PDF to keep what was filled in",
    )


def test_attached_files_are_counted(tmp_path: Path) -> None:
    import pypdfium2

    drawn(tmp_path, text_page("text"))
    pdf = pypdfium2.PdfDocument(tmp_path / "a.pdf")
    pdf.new_attachment("table.csv").set_data(b"a,b")
    pdf.save(tmp_path / "b.pdf")
    pdf.close()
    assert read_file(tmp_path / "b.pdf").warnings == (
        "1 attached file was not read; save and add attached files as files of their own",
    )


def test_a_file_that_only_its_owner_may_change_is_read(tmp_path: Path) -> None:
    lock = StandardEncryption("", ownerPassword="owner", canPrint=0, canCopy=0)
    assert drawn(tmp_path, text_page("Readable"), encrypt=lock).text == "Readable"


def test_a_file_with_a_password_says_what_to_ask_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.pdf: encrypted; ask for a copy without a password"):
        drawn(tmp_path, text_page("Secret"), encrypt=StandardEncryption("user", ownerPassword="owner"))


def test_a_file_of_too_many_pages_is_read_as_far_as_bounds_allow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_module, "MAX_PAGES", 2)
    read = drawn(tmp_path, *map(text_page, ("one", "two", "three")))
    assert read.text.split("\f") == ["one", "two"]
    assert read.warnings == ("only the first 2 of 3 pages were read; split the file",)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=30), st.booleans())
def test_a_mangled_file_gives_text_or_a_typed_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, noise: bytes, cut: bool
) -> None:
    path = hand_made(tmp_path_factory.getbasetemp() / "mangled.pdf", {"a": SHALOM, "b": "x"}, "ab")
    data = path.read_bytes()
    place %= len(data)
    path.write_bytes(data[:place] + noise + (b"" if cut else data[place + len(noise) :]))
    try:
        assert "\x00" not in read_file(path, "pdf").text
    except InputError as error:
        assert str(error).startswith("mangled.pdf: ")


def hand_made(path: Path, mapping: dict[str, str], shown: str) -> Path:
    """A PDF whose font says which text each of its letters stands for."""
    lines = "\n".join(f"<{ord(code):02x}> <{text.encode('utf-16-be').hex()}>" for code, text in mapping.items())
    to_unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        f"1 begincodespacerange <00> <ff> endcodespacerange {len(mapping)} beginbfchar\n{lines}\nendbfchar endcmap end end"
    )
    drawing = f"BT /F 12 Tf 72 700 Td ({shown}) Tj ET"
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
        f"<< /Length {len(to_unicode)} >>\nstream\n{to_unicode}\nendstream",
    ]
    data, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        starts.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{start:010d} 00000 n \n" for start in starts)
    size = len(bodies) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF"
    path.write_bytes(data + tail.encode())
    return path


SHALOM = "\u05e9\u05dc\u05d5\u05dd"


def test_right_to_left_text_is_in_the_order_it_is_read_in(tmp_path: Path) -> None:
    # Drawn from left to right the last letter comes first.
    path = hand_made(tmp_path / "a.pdf", dict(zip("abcd", reversed(SHALOM), strict=True)), "abcd")
    assert read_file(path).text == SHALOM


def test_letters_that_one_glyph_stands_for_are_in_order_too(tmp_path: Path) -> None:
    path = hand_made(tmp_path / "a.pdf", {"a": SHALOM, "b": "x", "c": "y"}, "abc")
    assert SHALOM in read_file(path).text


def test_ligatures_are_letters(tmp_path: Path) -> None:
    assert read_file(hand_made(tmp_path / "a.pdf", {"a": "o", "b": "\ufb03", "c": "ce"}, "abc")).text == "office"


def test_fonts_that_do_not_say_what_they_show_are_named(tmp_path: Path) -> None:
    read = read_file(hand_made(tmp_path / "a.pdf", {"a": "\ue001", "b": "\ue002"}, "abab"))
    assert read.warnings[0].startswith("the fonts do not say which letters they show")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("an im\x02portant point", "an important point"),
        ("an im-\nportant point", "an important point"),
        ("a non-\nprofit, or the non-profit", "a non-profit, or the non-profit"),
        ("state-of-the-\nart", "state-of-the-art"),
        ("Haus-\nund Gartenversicherung", "Haus-\nund Gartenversicherung"),
        ("Haus\x02und Garten", "Haus- und Garten"),
        ("COVID-\nrelated", "COVID-related"),
        ("the years 2019-\n2020", "the years 2019-2020"),
        ("Baden-\nBaden", "Baden-Baden"),
        ("a list:\n-\nitem", "a list:\n-\nitem"),
        ("in-\nfor-\nmation", "information"),
    ],
)
def test_words_broken_at_a_line_end_are_joined_where_that_is_safe(page: str, expected: str) -> None:
    assert rejoined([page], "\x02") == [expected]


def test_the_rest_of_the_document_tells_how_a_broken_word_is_written() -> None:
    assert rejoined(["co-\noperation", "co-operation"], "\x02") == ["co-operation", "co-operation"]
