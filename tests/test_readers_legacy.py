"""Old Word, PowerPoint and Excel files, OpenDocument and rich text."""

from __future__ import annotations

import struct
import zipfile
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from fabricated_compound import slide_streams, summary_stream, word_streams, workbook_stream, write_compound
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.readers.compound import read_encrypted
from workbench.ingest.readers.legacy_slides import read_ppt
from workbench.ingest.readers.legacy_word import read_doc, without_fields
from workbench.ingest.readers.open_document import read_odp, read_odt
from workbench.ingest.readers.open_sheets import read_ods
from workbench.ingest.readers.rich_text import read_rtf
from workbench.ingest.readers.sheets import read_xls
from workbench.ingest.readers.word_binary import LayoutError, Piece, read_pieces
from workbench.ingest.readers.xls_extents import check_strings, xls_extents

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "messy_files" / "files"


def doc(path: Path, *pieces: tuple[str, bool], **parts: object) -> Path:
    return write_compound(path / "a.doc", word_streams(pieces, **parts))


def test_pieces_of_one_and_two_bytes_a_character_are_put_together(tmp_path: Path) -> None:
    read = read_doc(doc(tmp_path, ("Report within ", False), ("30 days – żółć.\r", True), ("Café.\r", False)))
    assert read.text == "Report within 30 days – żółć.\nCafé."
    assert read.warnings == ()


def test_a_field_shows_its_result_and_not_its_instruction(tmp_path: Path) -> None:
    read = read_doc(doc(tmp_path, ('See \x13 HYPERLINK "http://x" \x14the form\x15 \x13 PAGE \x15now.\r', False)))
    assert read.text == "See the form now."


def test_a_table_row_is_one_line_also_with_an_empty_cell(tmp_path: Path) -> None:
    text = "Name\x07\x07Sum\x07\x07Ann\x07b\x0712\x07\x07After\r"
    marks = [0, 5, 6, 10, 11, 15, 17, 20, 21]
    styles = [(at, 0, at in {10, 20}) for at in marks]
    read = read_doc(doc(tmp_path, (text, False), styles=styles))
    assert read.text == "Name |  | Sum\nAnn | b | 12\nAfter"


def test_built_in_heading_styles_give_sections(tmp_path: Path) -> None:
    text = "Claims\rIntro\rTime limits\rThirty days.\r"
    read = read_doc(doc(tmp_path, (text, False), styles=[(0, 1, False), (7, 0, False), (13, 2, False), (25, 0, False)]))
    assert read.title == "Claims"
    assert [(read.text[section.start :].split("\n")[0], section.headings) for section in read.sections] == [
        ("Claims", ("Claims",)),
        ("Time limits", ("Claims", "Time limits")),
    ]


def test_notes_and_comments_never_stand_inside_a_sentence(tmp_path: Path) -> None:
    main, note, header, comment = (
        "A sentence\x02 goes on\x05.\r",
        "\x02The note.\r",
        "Page 3\rPolicy\r",
        "\x05Check this.\r",
    )
    lengths = {"footnotes": len(note), "headers": len(header), "comments": len(comment)}
    read = read_doc(doc(tmp_path, (main + note + header + comment, False), lengths=lengths))
    assert read.text == "A sentence goes on.\nFootnotes\nThe note.\nHeader and footer\nPolicy\nComments\nCheck this."


def test_title_author_and_dates_are_read_in_the_code_page_of_the_file(tmp_path: Path) -> None:
    ticks = (date(2024, 5, 2) - date(1601, 1, 1)).days * 86_400 * 10_000_000
    title = "Żółć\x00".encode("cp1250")
    facts = {
        1: (2, struct.pack("<H", 1250)),
        2: (30, struct.pack("<I", len(title)) + title),
        4: (30, struct.pack("<I", 4) + b"Ann\x00"),
        12: (64, struct.pack("<Q", ticks)),
    }
    streams = word_streams([("Text\r", False)]) | {"\x05SummaryInformation": summary_stream(facts)}
    read = read_doc(write_compound(tmp_path / "a.doc", streams))
    assert (read.title, read.metadata, read.date_of("created")) == ("Żółć", {"author": "Ann"}, date(2024, 5, 2))


def test_properties_that_claim_to_be_endless_do_not_keep_the_reader(tmp_path: Path) -> None:
    endless = summary_stream({2: (0x101E, struct.pack("<I", 0xFFFFFFF0))}, count=0xFFFFFFF0)
    streams = word_streams([("Text\r", False)]) | {"\x05SummaryInformation": endless}
    read = read_doc(write_compound(tmp_path / "a.doc", streams))
    assert (read.text, read.title) == ("Text", "")


def test_an_encrypted_word_file_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.doc: password-protected; ask for a copy without a password"):
        read_doc(doc(tmp_path, ("secret\r", False), flags=0x0300))


def test_a_word_file_before_97_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.doc: legacy Word file .* before Word 97.*save it as docx"):
        read_doc(doc(tmp_path, ("old\r", False), version=0x65))


def test_a_piece_that_reaches_behind_the_file_is_no_garbage(tmp_path: Path) -> None:
    streams = word_streams([("x" * 9000, True)])
    streams["WordDocument"] = streams["WordDocument"][:2000]
    with pytest.raises(InputError, match=r"legacy Word file whose text could not be found \(the text is cut off\)"):
        read_doc(write_compound(tmp_path / "a.doc", streams))


def test_the_piece_table_is_found_behind_formatting_groups() -> None:
    table = word_streams([("ab", False), ("cde", True)])["1Table"]
    assert read_pieces(table, (0, len(table))) == [Piece(0, 2, 1536, wide=False), Piece(2, 5, 1538, wide=True)]


@given(st.binary(max_size=200))
def test_any_bytes_for_a_piece_table_are_pieces_in_order_or_an_error(table: bytes) -> None:
    try:
        pieces = read_pieces(table, (0, len(table)))
    except LayoutError:
        return
    assert all(before.end == after.start for before, after in pairwise(pieces))


@given(st.text(alphabet="ab\x13\x14\x15"))
def test_no_field_mark_is_left(text: str) -> None:
    assert not set(without_fields(text)) & {"\x13", "\x14", "\x15"}


def test_old_slides_have_their_title_text_and_notes(tmp_path: Path) -> None:
    slides = [("Claims", "Report\rwithin 30 days", "Say it slowly"), ("Żółć", "Second", "")]
    read = read_ppt(write_compound(tmp_path / "a.ppt", slide_streams(slides)))
    assert read.text == "Claims\nReport\nwithin 30 days\nNotes\nSay it slowly\nŻółć\nSecond"
    assert [(section.headings, section.locator) for section in read.sections] == [
        (("Claims",), "slide 1"),
        (("Claims", "Notes"), "slide 1"),
        (("Żółć",), "slide 2"),
    ]
    assert read.metadata["slides"] == "2"


def test_an_old_presentation_without_its_directory_says_what_to_do(tmp_path: Path) -> None:
    streams = slide_streams([("a", "b", "c")]) | {"Current User": bytes(32)}
    with pytest.raises(InputError, match=r"a\.ppt: legacy PowerPoint file .*save it as pptx"):
        read_ppt(write_compound(tmp_path / "a.ppt", streams))


def test_a_slide_that_stands_for_many_is_refused(tmp_path: Path) -> None:
    streams = slide_streams([("a", "b", "c"), ("d", "e", "f")])
    data = streams["PowerPoint Document"]
    entry = struct.pack("<HHI", 0, 1011, 20)
    first, second = data.index(entry), data.index(entry, data.index(entry) + 1)
    streams["PowerPoint Document"] = data[:second] + data[first : first + 12] + data[second + 12 :]
    with pytest.raises(InputError, match=r"a\.ppt: legacy PowerPoint file"):
        read_ppt(write_compound(tmp_path / "a.ppt", streams))


def test_an_old_workbook_is_read_like_a_new_one(tmp_path: Path) -> None:
    stream = workbook_stream([["Team", "Cups"], ["Blues", 1.0], ["Flyers", 2.5]])
    read = read_xls(write_compound(tmp_path / "a.xls", {"Workbook": stream}))
    assert read.text == "Claims\nTeam | Cups\nTeam: Blues; Cups: 1\nTeam: Flyers; Cups: 2.5"
    assert read.sections[0].locator == "sheet 'Claims'"


def test_an_encrypted_old_workbook_is_named_as_such(tmp_path: Path) -> None:
    stream = workbook_stream([["x"]], encrypted=True)
    with pytest.raises(InputError, match=r"a\.xls: password-protected"):
        read_xls(write_compound(tmp_path / "a.xls", {"Workbook": stream}))


def test_two_cells_at_the_corners_of_an_old_sheet_are_refused(tmp_path: Path) -> None:
    near, far = workbook_stream([["x"]]), workbook_stream([["y"]], at=(65535, 255))
    stream = near[: -len(b"\x0a\x00\x00\x00")] + far[far.rindex(b"\x04\x02") :]
    with pytest.raises(InputError, match=r"a\.xls: a sheet reaches to row 65,536 and column 256"):
        read_xls(write_compound(tmp_path / "a.xls", {"Workbook": stream}))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (0x0200, struct.pack("<IIHHH", 9, 3, 0, 1, 0)),
        (0x0200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 1, 0)),
        (0x00FC, struct.pack("<II", 1, 0xFFFFFFFF)),
    ],
)
def test_a_false_claim_of_an_old_workbook_never_reaches_the_library(tmp_path: Path, kind: int, data: bytes) -> None:
    # The library makes room for what is claimed, and a claim like these ends the process.
    claim = struct.pack("<HH", kind, len(data)) + data
    path = write_compound(tmp_path / "a.xls", {"Workbook": workbook_stream([["x"]], claims=claim)})
    with pytest.raises(InputError, match=r"a\.xls: damaged Excel file"):
        read_xls(path)


@given(st.binary(max_size=300))
def test_any_bytes_of_an_old_workbook_have_extents_or_an_error(data: bytes) -> None:
    try:
        check_strings(data)
        extents = list(xls_extents(data))
    except (ValueError, struct.error):
        return
    assert all(0 <= extent.rows <= 65_536 and 0 <= extent.columns <= 65_536 for extent in extents)


@pytest.mark.parametrize(("name", "reader"), [("a.doc", read_doc), ("a.ppt", read_ppt), ("a.xls", read_xls)])
@pytest.mark.parametrize("data", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"plain text"])
def test_what_is_no_container_is_one_sentence(tmp_path: Path, name: str, reader, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=rf"{name}: damaged .* file"):
        reader(tmp_path / name)


def test_an_encrypted_package_is_always_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.xlsx: password-protected"):
        read_encrypted(tmp_path / "a.xlsx")


NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style"),
        ("presentation", "presentation"), ("svg", "svg-compatible"), ("meta", "meta"), ("manifest", "manifest"),
    )
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip


def open_document(path: Path, body: str, meta: str = "", manifest: str = "", styles: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as package:
        root = f"<office:document-content {NAMESPACES}>"
        package.writestr(
            "content.xml",
            f"{root}<office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body>{body}</office:body></office:document-content>",
        )
        package.writestr("meta.xml", f"{root}<office:meta>{meta}</office:meta></office:document-content>")
        package.writestr("META-INF/manifest.xml", f"<manifest:manifest {NAMESPACES}>{manifest}</manifest:manifest>")
    return path


def test_open_text_keeps_headings_lists_tables_and_puts_the_rest_aside(tmp_path: Path) -> None:
    body = """<office:text>
      <text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region>
      </text:tracked-changes>
      <text:h text:outline-level="1">Claims</text:h>
      <text:p>Report<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>By post.</text:p>
        </text:note-body></text:note> within<text:s text:c="2"/>30<office:annotation><dc:creator>Ann</dc:creator>
        <text:p>Check</text:p></office:annotation> days.</text:p>
      <text:section><text:list><text:list-item><text:p>First</text:p></text:list-item></text:list></text:section>
      <table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>
        <table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>
      <text:p><draw:frame><draw:image/></draw:frame><draw:frame><draw:text-box><text:p>Boxed</text:p></draw:text-box>
        </draw:frame></text:p></office:text>"""
    meta = "<dc:title>Manual</dc:title><meta:initial-creator>Ann</meta:initial-creator><dc:date>2024-05-02T10:00:00</dc:date>"
    read = read_odt(open_document(tmp_path / "a.odt", body, meta))
    assert read.text == (
        "Claims\nReport within  30 days.\nFirst\na | b\nFootnotes\n1. By post.\nText boxes\nBoxed\nComments\nAnn: Check"
    )
    assert (read.title, read.metadata, read.date_of("modified")) == ("Manual", {"author": "Ann"}, date(2024, 5, 2))
    assert [section.headings for section in read.sections][:2] == [("Claims",), ("Footnotes",)]
    assert read.warnings == ("1 picture was not read", "1 tracked deletion: left out")


def test_open_slides_are_read_from_top_to_bottom(tmp_path: Path) -> None:
    def box(text: str, y: int, kind: str = "") -> str:
        told = f'presentation:class="{kind}"' if kind else ""
        return f'<draw:frame svg:y="{y}cm" {told}><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>'

    notes = f"<presentation:notes>{box('Slowly', 1, 'notes')}</presentation:notes>"
    page = f"<draw:page>{box('Below', 9)}{box('Above', 4)}{box('Claims', 1, 'title')}{notes}</draw:page>"
    path = open_document(tmp_path / "a.odp", f"<office:presentation>{page}</office:presentation>")
    read = read_odp(path)
    assert read.text == "Claims\nAbove\nBelow\nNotes\nSlowly"
    assert [(section.headings, section.locator) for section in read.sections] == [
        (("Claims",), "slide 1"),
        (("Claims", "Notes"), "slide 1"),
    ]


def test_open_sheets_read_typed_values_and_do_not_unfold_repeats(tmp_path: Path) -> None:
    def cell(text: str, told: str = "") -> str:
        return f"<table:table-cell {told}><text:p>{text}</text:p></table:table-cell>"

    row = "<table:table-row>{}</table:table-row>".format
    many = '<table:table-row table:number-rows-repeated="1000000">{}</table:table-row>'.format
    empty = '<table:table-cell table:number-columns-repeated="16000"/>'
    dated = cell("2.5.24", 'office:value-type="date" office:date-value="2024-05-02"')
    rows = row(cell("Name") + cell("Since") + cell("Cups")) + row(
        cell("Blues") + dated + cell("13", 'office:value-type="float" office:value="13"')
    )
    share = cell("25%", 'office:value-type="percentage" office:value="0.25"')
    rows += row(cell("Flyers") + dated + share) + many(empty)
    hidden = "<style:style style:name='h'><style:table-properties table:display='false'/></style:style>"
    table = f'<table:table table:name="Cups" table:style-name="h">{rows}</table:table>'
    body = f"<office:spreadsheet>{table}</office:spreadsheet>"
    read = read_ods(open_document(tmp_path / "a.ods", body, styles=hidden))
    assert read.text.split("\n")[2:] == [
        "Name: Blues; Since: 2024-05-02; Cups: 13",
        "Name: Flyers; Since: 2024-05-02; Cups: 25%",
    ]
    assert read.sections[0].locator == "sheet 'Cups'"
    assert read.warnings == ("hidden sheets were read: 'Cups'",)


@pytest.mark.parametrize(("name", "reader"), [("a.odt", read_odt), ("a.odp", read_odp), ("a.ods", read_ods)])
def test_an_open_document_with_a_password_is_named_as_such(tmp_path: Path, name: str, reader) -> None:
    locked = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    with pytest.raises(InputError, match=rf"{name}: password-protected"):
        reader(open_document(tmp_path / name, "", manifest=locked))


def rtf(tmp_path: Path, markup: str, coding: str = "latin-1") -> Path:
    (tmp_path / "a.rtf").write_bytes(markup.encode(coding))
    return tmp_path / "a.rtf"


def test_rich_text_is_text_with_headings_and_rows(tmp_path: Path) -> None:
    markup = (
        r"{\rtf1\ansi\ansicpg1252{\info{\title The caf\'e9}{\author Ann}{\creatim\yr2024\mo5\dy2\hr1}}"
        r"{\pard\outlinelevel0 Claims\par}{\pard Report{\footnote\pard By post.} within 30 days.\par}"
        r"{\trowd\pard\intbl a\cell b\cell\row}{\*\generator Thing;}{\header\pard Policy\par}}"
    )
    read = read_rtf(rtf(tmp_path, markup))
    assert read.text == "Claims\nReport within 30 days.\na | b\nFootnotes\nBy post.\nHeader and footer\nPolicy"
    assert (read.title, read.metadata, read.date_of("created")) == ("The café", {"author": "Ann"}, date(2024, 5, 2))
    assert read.sections[0].headings == ("Claims",)


def test_rich_text_is_read_in_its_own_code_page_and_beyond_it(tmp_path: Path) -> None:
    markup = r"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2 \uc1\u26085? \u-10179?\u-8704?\par}"
    assert read_rtf(rtf(tmp_path, markup)).text == "Привет 日 😀"


def test_pictures_objects_and_deleted_text_are_counted_and_not_read(tmp_path: Path) -> None:
    markup = (
        r"{\rtf1\ansi A{\pict\pngblip "
        + "89504e47" * 200
        + r"}{\object\objemb{\*\objdata 0105}}{\b\deleted\revauth1 gone} b"
        r'{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt  here}}.\par}'
    )
    read = read_rtf(rtf(tmp_path, markup))
    assert read.text == "A b here."
    assert read.warnings == ("1 picture was not read", "1 embedded object: not read", "1 tracked deletion: left out")


@given(st.text(alphabet="ab{}\\ '9\n", max_size=60))
def test_any_rich_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, tail: str) -> None:
    path = tmp_path_factory.mktemp("rtf") / "a.rtf"
    path.write_text(r"{\rtf1 " + tail)
    try:
        read = read_rtf(path)
    except InputError:
        return
    assert "\ue000" not in read.text


@pytest.mark.shared_data
def test_a_real_old_word_file_is_read_without_garbage() -> None:
    if not DATA.is_dir():
        pytest.skip("the development data 'messy_files' is not beside this checkout")
    read = read_doc(DATA / "fake.doc")
    assert read.text == "Lorem ipsum dolor sit amet."
    assert read.date_of("created") == date(2013, 12, 24)
