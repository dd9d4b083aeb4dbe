"""Word files: what is a heading, what stands in reading order, and what is kept apart."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from docx import Document as new_docx
from docx.shared import Inches

from workbench.errors import InputError
from workbench.ingest.readers.word import read_docx

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def word(path: Path, body: str, parts: dict[str, str] | None = None, space: str = W, extra: str = "") -> Path:
    """A Word file of nothing but these parts: name ("styles", "comments") -> inner XML."""
    space_of = f'xmlns:w="{space}" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:mc="urn:mc" xmlns:pic="urn:pic"'
    links = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/{name}" Target="{name}.xml"/>' for n, name in enumerate(parts or {})
    )
    with zipfile.ZipFile(path / "a.docx", "w") as package:
        package.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r" Type="{OFFICE}/officeDocument" '
            f'Target="word/document.xml"/></Relationships>',
        )
        package.writestr(
            "word/_rels/document.xml.rels", f'<Relationships xmlns="{PACKAGE}">{links}{extra}</Relationships>'
        )
        package.writestr("word/document.xml", f"<w:document {space_of}><w:body>{body}</w:body></w:document>")
        for name, inner in (parts or {}).items():
            package.writestr(f"word/{name}.xml", f"<w:{name} {space_of}>{inner}</w:{name}>")
    return path / "a.docx"


def p(text: str, properties: str = "") -> str:
    told = f"<w:pPr>{properties}</w:pPr>" if properties else ""
    return f'<w:p>{told}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def test_headings_make_a_path_and_properties_give_title_dates_and_author(tmp_path: Path) -> None:
    doc = new_docx()
    doc.core_properties.title, doc.core_properties.author = "Claims manual", "Ann"
    doc.core_properties.created, doc.core_properties.modified = datetime(2024, 1, 2), datetime(2025, 3, 4)
    doc.add_heading("Water", 1)
    doc.add_heading("Time limits", 2)
    doc.add_paragraph("Thirty days.")
    doc.add_heading("Fire", 1)
    doc.add_paragraph("At once.")
    doc.save(str(tmp_path / "a.docx"))
    read = read_docx(tmp_path / "a.docx")
    assert read.title == "Claims manual"
    assert read.metadata == {"author": "Ann"}
    assert (read.date_of("created"), read.date_of("modified")) == (date(2024, 1, 2), date(2025, 3, 4))
    assert [(read.text[section.start :].split("\n")[0], section.headings) for section in read.sections] == [
        ("Water", ("Water",)),
        ("Time limits", ("Water", "Time limits")),
        ("Fire", ("Fire",)),
    ]


def test_a_localised_style_is_a_heading_by_its_built_in_name_or_by_what_it_is_based_on(tmp_path: Path) -> None:
    styles = (
        '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>'
        '<w:style w:styleId="Rund"><w:name w:val="x"/><w:basedOn w:val="Rund"/></w:style>'
    )
    body = p("Wasser", '<w:pStyle w:val="Kapitel"/>') + p("Text", '<w:pStyle w:val="Rund"/>')
    body += p("Fristen", '<w:outlineLvl w:val="1"/>')
    read = read_docx(word(tmp_path, body, {"styles": styles}))
    assert [section.headings for section in read.sections] == [("Wasser",), ("Wasser", "Fristen")]
    assert read.title == "Wasser"


def test_a_file_without_heading_styles_has_its_bold_and_capital_lines_as_headings(tmp_path: Path) -> None:
    def run(text: str, told: str) -> str:
        return f"<w:p><w:r><w:rPr>{told}</w:rPr><w:t>{text}</w:t></w:r></w:p>"

    body = run("Chapter 1", '<w:b/><w:sz w:val="50"/>') + run("A. PURPOSE", '<w:sz w:val="24"/>')
    body += run("The trustee appoints and supervises standing trustees in chapter 13.", '<w:sz w:val="24"/>')
    body += run("This bold sentence ends like one.", '<w:b/><w:sz w:val="24"/>')
    read = read_docx(word(tmp_path, body))
    assert [section.headings for section in read.sections] == [("Chapter 1",), ("Chapter 1", "A. PURPOSE")]
    assert read.title == ""


def test_numbers_that_word_prints_are_read_with_the_clause(tmp_path: Path) -> None:
    numbering = (
        '<w:abstractNum w:abstractNumId="7">'
        '<w:lvl w:ilvl="0"><w:start w:val="5"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1(%2)"/></w:lvl>'
        '</w:abstractNum><w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>'
        '<w:lvlText w:val="&#61623;"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>'
    )

    def item(text: str, number: int, level: int) -> str:
        return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')

    body = item("Water", 1, 0) + item("leaks", 1, 1) + item("seepage", 1, 1) + item("Fire", 1, 0) + item("smoke", 1, 1)
    body += item("pipes", 2, 0) + item("not listed", 0, 0)
    read = read_docx(word(tmp_path, body, {"numbering": numbering}))
    assert read.text == "5. Water\n5(a) leaks\n5(b) seepage\n6. Fire\n6(a) smoke\n- pipes\nnot listed"


def test_tables_stand_where_they_are_and_merged_and_nested_cells_are_read_once(tmp_path: Path) -> None:
    doc = new_docx()
    doc.add_paragraph("Before")
    table = doc.add_table(rows=3, cols=3)
    for row in range(3):
        for column in range(3):
            table.cell(row, column).text = f"{row}{column}"
    table.cell(0, 0).merge(table.cell(0, 1))
    table.cell(1, 2).merge(table.cell(2, 2))
    inner = table.cell(1, 0).add_table(rows=2, cols=2)
    for row in range(2):
        for column in range(2):
            inner.cell(row, column).text = f"n{row}{column}"
    doc.add_paragraph("After")
    doc.save(str(tmp_path / "a.docx"))
    assert read_docx(tmp_path / "a.docx").text == (
        "Before\n00 01 | 02\n10 n00 | n01; n10 | n11 | 11 | 12 22\n20 | 21 |\nAfter"
    )


def test_a_frame_of_one_cell_is_read_as_text(tmp_path: Path) -> None:
    body = f"<w:tbl><w:tr><w:tc>{p('One.')}{p('Two.')}</w:tc></w:tr></w:tbl>"
    assert read_docx(word(tmp_path, body)).text == "One.\nTwo."


def test_comments_notes_headers_and_boxes_follow_the_text(tmp_path: Path) -> None:
    box = "<w:txbxContent>" + p("Boxed") + "</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>Report </w:t></w:r><w:commentRangeStart/><w:r><w:t>within</w:t></w:r><w:commentRangeEnd/>"
        "<w:r><w:commentReference/></w:r><w:r><w:footnoteReference/></w:r><w:r><w:t xml:space='preserve'> 30 days.</w:t></w:r>"
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing>{box}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    parts = {
        "comments": f'<w:comment w:author="Ann">{p("Check this")}</w:comment><w:comment>{p("And that")}</w:comment>',
        "footnotes": f'<w:footnote w:type="separator">{p("---")}</w:footnote><w:footnote>{p("By post.")}</w:footnote>',
        "header": p("Policy HO-W-25"),
        "footer": p("Page 3 of 12") + p("Policy HO-W-25"),
    }
    read = read_docx(word(tmp_path, body, parts))
    assert read.text == (
        "Report within 30 days.\nText boxes\nBoxed\nFootnotes\n1. By post.\n"
        "Header and footer\nPolicy HO-W-25\nComments\nAnn: Check this\nunnamed: And that"
    )
    assert [section.headings for section in read.sections] == [
        ("Text boxes",), ("Footnotes",), ("Header and footer",), ("Comments",),
    ]  # fmt: skip


def test_tracked_insertions_are_read_deletions_are_not_and_both_are_counted(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>Limit </w:t></w:r><w:ins><w:r><w:t>£2,500</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>£1,500</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p>"
    )
    read = read_docx(word(tmp_path, body))
    assert read.text == "Limit £2,500"
    assert read.warnings == ("tracked changes: 1 insertions were read, 2 deletions were left out",)


def test_links_controls_breaks_and_field_results_are_text_and_field_codes_are_not(tmp_path: Path) -> None:
    body = (
        "<w:sdt><w:sdtPr><w:t>no</w:t></w:sdtPr><w:sdtContent><w:p><w:hyperlink><w:r><w:t>Form</w:t></w:r></w:hyperlink>"
        '<w:r><w:tab/></w:r><w:r><w:fldChar/><w:instrText>REF x</w:instrText></w:r><w:fldSimple w:instr="PAGE">'
        "<w:r><w:t>7</w:t></w:r></w:fldSimple><w:r><w:br/><w:t>CF</w:t><w:noBreakHyphen/><w:t>207</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>"
    )
    assert read_docx(word(tmp_path, body)).text == "Form\t7\nCF-207"


def test_pictures_are_counted(tmp_path: Path) -> None:
    (tmp_path / "dot.png").write_bytes(PIXEL)
    doc = new_docx()
    for _ in range(2):
        doc.add_picture(str(tmp_path / "dot.png"), width=Inches(1))
    doc.save(str(tmp_path / "a.docx"))
    assert read_docx(tmp_path / "a.docx").warnings == ("2 pictures were not read",)


def test_the_strict_flavour_and_dangling_links_are_no_obstacle(tmp_path: Path) -> None:
    extra = f'<Relationship Id="x" Type="{OFFICE}/image" Target="NULL"/>'
    path = word(tmp_path, p("Text"), space="http://purl.oclc.org/ooxml/wordprocessingml/main", extra=extra)
    assert read_docx(path).text == "Text"


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    path = word(tmp_path, p("x"))
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("word/extra.xml", '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>')
    with pytest.raises(InputError, match=r"a\.docx: its part 'word/extra\.xml' declares a document type"):
        read_docx(path)


def test_a_document_type_behind_a_long_comment_is_no_text_either(tmp_path: Path) -> None:
    path = tmp_path / "b.docx"
    with zipfile.ZipFile(word(tmp_path, p("x"))) as source, zipfile.ZipFile(path, "w") as package:
        for name in source.namelist():
            data = source.read(name)
            hidden = b"<!--" + b"x" * 5000 + b"--><!DOCTYPE a>" if name == "word/document.xml" else b""
            package.writestr(name, hidden + data)
    with pytest.raises(InputError, match=r"b\.docx: damaged Word file"):
        read_docx(path)


def test_more_parts_than_any_document_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.ingest.readers.packages.MAX_PARTS", 2)
    with pytest.raises(InputError, match=r"a\.docx: holds 3 parts, more than the 2"):
        read_docx(word(tmp_path, p("x")))


def test_half_a_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = word(tmp_path, p("x" * 5000))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"a\.docx: damaged Word file; open it in Word, save it again and replace it"):
        read_docx(path)


def test_a_missing_file_stays_an_error_of_the_file_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_docx(tmp_path / "none.docx")
