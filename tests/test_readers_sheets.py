"""Spreadsheets: rows with their headers, and sheets that are hidden, huge or behind a password."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from fabricated_compound import write_compound
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.sheet_extents import Extent, xlsb_extents
from workbench.ingest.readers.sheet_tables import Merged, Value, row_of, table_lines
from workbench.ingest.readers.sheets import read_xlsb, read_xlsx


def lines(*rows: list[Value], merged: Merged | None = None) -> list[str]:
    return list(table_lines((row_of(number, row) for number, row in enumerate(rows)), merged))


def workbook(path: Path, fill: Callable[[xlsxwriter.Workbook], object]) -> Path:
    book = xlsxwriter.Workbook(str(path / "a.xlsx"))
    fill(book)
    book.close()
    return path / "a.xlsx"


def test_every_row_carries_its_header() -> None:
    assert lines(["Team", "Location"], ["Blues", "STL"], ["Flyers", ""]) == [
        "Team | Location",
        "Team: Blues; Location: STL",
        "Team: Flyers",
    ]


def test_title_rows_above_the_header_stay_plain_lines() -> None:
    report = [["Claims 2024", "", ""], ["Made by:", "Ann", ""], ["Region", "Quarter", "Sum"], ["North", "Q1", 10.0]]
    assert lines(*report) == [
        "Claims 2024",
        "Made by: Ann",
        "Region | Quarter | Sum",
        "Region: North; Quarter: Q1; Sum: 10",
    ]


def test_a_merged_header_cell_names_all_its_columns() -> None:
    merged = Merged.of([((0, 1), (0, 2)), ((0, 3), (0, 4))])
    rows = [["Region", 2023.0, "", 2024.0, ""], ["", "Q1", "Q2", "Q1", "Q2"], ["North", 1.0, 2.0, 3.0, 4.0]]
    assert lines(*rows, merged=merged)[-1] == "Region: North; 2023 Q1: 1; 2023 Q2: 2; 2024 Q1: 3; 2024 Q2: 4"


def test_a_cell_merged_over_rows_stands_in_each_of_them() -> None:
    rows = [["Region", "Town", "Sum"], ["North", "Leeds", 1.0], ["", "York", 2.0], ["South", "Bath", 3.0]]
    merged = Merged.of([((1, 0), (2, 0))])
    assert lines(*rows, merged=merged)[1:] == [
        "Region: North; Town: Leeds; Sum: 1",
        "Region: North; Town: York; Sum: 2",
        "Region: South; Town: Bath; Sum: 3",
    ]


def test_two_tables_on_a_sheet_have_their_own_headers() -> None:
    first = [["Topic", "Page"], ["Revenue", 1.0]]
    second = [["Other", "", ""], ["Code", "Name", "Limit"], ["A1", "Water", 5.0]]
    assert lines(*first, ["", ""], *second) == [
        "Topic | Page", "Topic: Revenue; Page: 1", "Other", "Code | Name | Limit", "Code: A1; Name: Water; Limit: 5",
    ]  # fmt: skip


def test_a_table_that_goes_on_behind_an_empty_row_keeps_its_header() -> None:
    assert lines(["Question", "Answer"], ["How?", "So."], [], ["Why?", "Thus."], ["When?", "Now."])[-2:] == [
        "Question: Why?; Answer: Thus.",
        "Question: When?; Answer: Now.",
    ]


def test_rows_without_a_header_are_joined_as_they_stand() -> None:
    assert lines(["Blues", 1.0, 2.0], ["Flyers", 3.0, 4.0]) == ["Blues | 1 | 2", "Flyers | 3 | 4"]


def test_names_and_values_in_two_columns_are_no_table() -> None:
    assert lines(["Policy", "HO-W-23"], ["Limit", 500.0], ["Insured", "Ann"]) == [
        "Policy | HO-W-23",
        "Limit | 500",
        "Insured | Ann",
    ]


@given(st.lists(st.lists(st.one_of(st.text("ab:1 ", max_size=4), st.floats(0, 9), st.none()), max_size=5), max_size=8))
def test_no_filled_cell_is_ever_lost(rows: list[list[Value]]) -> None:
    text = "\n".join(lines(*rows))
    for number, row in enumerate(rows):
        assert all(cell in text for cell in row_of(number, row).cells.values())


def test_sheets_are_places_and_values_are_written_as_people_read_them(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet, day = book.add_worksheet("Claims"), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(2, 1, ["Claim", "Opened", "Sum", "Paid"])
        sheet.write_row(3, 1, ["C-1", "", 13, True])
        sheet.write_datetime(3, 2, datetime(2024, 5, 1), day)
        book.add_worksheet("Empty")
        book.add_worksheet("Sheet3").write(0, 0, "a note")
        book.set_properties({"title": "Report", "author": "Ann"})

    read = read_xlsx(workbook(tmp_path, fill))
    assert read.text == (
        "Claims\nClaim | Opened | Sum | Paid\nClaim: C-1; Opened: 2024-05-01; Sum: 13; Paid: TRUE\na note"
    )
    assert [(section.headings, section.locator) for section in read.sections] == [
        (("Claims",), "sheet 'Claims'"),
        ((), "sheet 'Sheet3'"),
    ]
    assert (read.title, read.metadata) == ("Report", {"sheets": "3", "author": "Ann"})


def test_hidden_sheets_comments_and_charts_are_told(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Shown").write(0, 0, "x")
        sheet = book.add_worksheet("Rates")
        sheet.write(0, 0, "y")
        sheet.write_comment(0, 0, "why")
        sheet.hide()
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=Rates!$A$1:$A$2"})
        sheet.insert_chart("C3", chart)

    read = read_xlsx(workbook(tmp_path, fill))
    assert read.text == "Shown\nx\nRates\ny"
    assert read.warnings == (
        "hidden sheets were read: 'Rates'",
        "1 chart: not read; the cells behind them were",
        "1 sheet with comments: the comments were not read",
    )


def replaced(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    with zipfile.ZipFile(path) as package:
        parts = {part: package.read(part) for part in package.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for part, data in parts.items():
            package.writestr(part, change(data) if part == name else data)
    return path


def test_formulas_without_a_stored_result_are_counted(tmp_path: Path) -> None:
    path = workbook(tmp_path, lambda book: book.add_worksheet("A").write_formula(0, 0, "=1+1"))
    read = read_xlsx(replaced(path, "xl/worksheets/sheet1.xml", lambda data: data.replace(b"<v>0</v>", b"")))
    assert read.warnings == ("1 formula: no result is stored; open the file in Excel and save it",)


def test_rows_behind_the_limit_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.ingest.readers.sheets.MAX_ROWS", 3)
    path = workbook(tmp_path, lambda book: book.add_worksheet("A").write_column(0, 0, ["a", "b", "c", "d", "e"]))
    read = read_xlsx(path)
    assert read.text == "A\na\nb\nc"
    assert read.warnings == ("sheet 'A': 2 rows were left out after the first 3",)


def test_two_cells_at_opposite_corners_are_refused_before_a_grid_is_laid_out(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("A")
        sheet.write(0, 0, "x")
        sheet.write(1_048_575, 16_383, "y")

    with pytest.raises(
        InputError, match=r"a\.xlsx: a sheet reaches to row 1,048,576 and column 16,384.*save the sheet as csv"
    ):
        read_xlsx(workbook(tmp_path, fill))


def test_a_sheet_under_another_name_is_looked_at_too(tmp_path: Path) -> None:
    path = workbook(tmp_path, lambda book: book.add_worksheet("A").write(1_048_575, 16_383, "y"))
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    sheet = parts.pop("xl/worksheets/sheet1.xml").replace(
        b"<sheetData>", b'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    )
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("xl/other/data", sheet)
        for name, data in parts.items():
            package.writestr(name, data.replace(b"worksheets/sheet1.xml", b"other/data"))
    with pytest.raises(InputError, match=r"a\.xlsx: a sheet reaches to row 1,048,576"):
        read_xlsx(path)


def test_a_part_larger_than_it_claims_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path, lambda book: book.add_worksheet("A").write_column(0, 0, ["text"] * 2000))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    (size,) = struct.unpack_from("<I", data, at + 24)
    struct.pack_into("<I", data, at + 24, size - 1000)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.xlsx: (a part unpacks to more than it claims|damaged Excel file)"):
        read_xlsx(path)


def test_an_encrypted_workbook_is_named_as_such(tmp_path: Path) -> None:
    path = write_compound(tmp_path / "a.xlsx", {"EncryptedPackage": b"x", "EncryptionInfo": b"y"})
    with pytest.raises(InputError, match=r"a\.xlsx: password-protected; ask for a copy without a password"):
        read_xlsx(path)


def xlsb_record(kind: int, data: bytes) -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(path: Path, cells: list[tuple[int, int, str]]) -> Path:
    """A binary workbook with one sheet named Claims, its cells as row, column and text."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'.format
    )
    sheet = xlsb_record(129, b"") + xlsb_record(148, struct.pack("<IIII", 0, 9, 0, 9)) + xlsb_record(145, b"")
    for row, column, text in cells:
        sheet += xlsb_record(0, struct.pack("<IIHHB", row, 0, 300, 0, 0) + struct.pack("<I", 0))
        sheet += xlsb_record(6, struct.pack("<II", column, 0) + wide(text))
    sheet += xlsb_record(146, b"") + xlsb_record(130, b"")
    bundle = struct.pack("<II", 0, 1) + wide("rId1") + wide("Claims")
    book = (
        xlsb_record(131, b"")
        + xlsb_record(143, b"")
        + xlsb_record(156, bundle)
        + xlsb_record(144, b"")
        + xlsb_record(132, b"")
    )
    with zipfile.ZipFile(path / "a.xlsb", "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr(
            "_rels/.rels", links(f'<Relationship Id="r" Type="{relation}/officeDocument" Target="xl/workbook.bin"/>')
        )
        link = f'<Relationship Id="rId1" Type="{relation}/worksheet" Target="worksheets/sheet1.bin"/>'
        package.writestr("xl/_rels/workbook.bin.rels", links(link))
        package.writestr("xl/workbook.bin", book)
        package.writestr("xl/worksheets/sheet1.bin", sheet)
    return path / "a.xlsb"


def test_a_binary_workbook_is_read(tmp_path: Path) -> None:
    read: Extracted = read_xlsb(xlsb(tmp_path, [(0, 0, "note"), (1, 0, "more")]))
    assert read.text == "Claims\nnote\nmore"
    assert read.sections[0].locator == "sheet 'Claims'"


def test_the_extent_of_a_binary_sheet_is_that_of_its_cells(tmp_path: Path) -> None:
    path = xlsb(tmp_path, [(0, 0, "a"), (999_999, 16_000, "b")])
    with zipfile.ZipFile(path) as package:
        assert list(xlsb_extents("a.xlsb", package)) == [Extent(1_000_000, 16_001)]
    with pytest.raises(InputError, match=r"a\.xlsb: a sheet reaches to row 1,000,000 and column 16,001"):
        read_xlsb(path)


@pytest.mark.parametrize("keep", [0, 30, 400, 3000])
def test_a_cut_workbook_is_named_with_what_to_do(tmp_path: Path, keep: int) -> None:
    path = workbook(tmp_path, lambda book: book.add_worksheet("A").write(0, 0, "x"))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(
        InputError, match=r"a\.xlsx: damaged Excel file; open it in Excel, save it again and replace it"
    ):
        read_xlsx(path)
