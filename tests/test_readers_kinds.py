import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest
from docx import Document as new_docx
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.ingest.readers import kind_of

KINDS = {
    "pdf",
    "docx",
    "pptx",
    "xlsx",
    "xlsb",
    "ods",
    "odt",
    "odp",
    "epub",
    "zip",
    "xls",
    "doc",
    "ppt",
    "msg",
    "encrypted",
    "rtf",
    "eml",
    "html",
    "xml",
    "md",
    "txt",
    "csv",
    "tsv",
    "json",
    "jsonl",
    "tar",
    "bzip2",
    "xz",
    "mbox",
    "archive",
    "outlook",
    "database",
    "drawing",
    "postscript",
    "program",
    "key",
    "shortcut",
    "other document",
    "gzip",
    "parquet",
    "sqlite",
    "image",
    "media",
    "binary",
    "empty",
}
PROSE = "The excess is 350 euros, and a claim must be reported within 30 days.\nLate reports go to the second team.\n"


def kind(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return kind_of(path)


def zipped(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "%PDF-1.7\n%\xe2", "pdf"),
        ("a.pdf", PROSE, "txt"),
        ("a.doc", "{\\rtf1\\ansi x}", "rtf"),
        ("a.bin", gzip.compress(b"x", mtime=0), "gzip"),
        ("a", b"PAR1\x15\x00", "parquet"),
        ("a.db", b"SQLite format 3\x00" + bytes(20), "sqlite"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(20), "image"),
        ("a.tar", b"a.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(300), "tar"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(30), "archive"),
        ("a.rar", b"Rar!\x1a\x07\x01\x00" + bytes(30), "archive"),
        ("a.txt", "Rar! she cried.\n", "txt"),
        ("a.pst", b"!BDN" + bytes(30), "outlook"),
        ("a.mdb", b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(30), "database"),
        ("a.dwg", b"AC1032\x00\x00" + bytes(30), "drawing"),
        ("a.dxf", "  0\nSECTION\n  2\nHEADER\n", "drawing"),
        ("a.txt", "%!PS-Adobe-3.0\n%%Title: a\n", "postscript"),
        ("a.chm", b"ITSF\x03\x00\x00\x00" + bytes(30), "other document"),
        ("a.url", "[InternetShortcut]\r\nURL=https://example.com\r\n", "shortcut"),
        ("a.exe", b"MZ\x90\x00" + bytes(30), "program"),
        ("a.pem", "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n", "key"),
        ("a.vsd", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "drawing"),
        ("a.svg", "<?xml version='1.0'?><!DOCTYPE svg PUBLIC 'x' 'y'><svg/>", "svg"),
        ("mail", "From a@b.example Mon Mar  3 10:00:00 2025\nSubject: x\n\nhello\n", "mbox"),
        ("a.txt", "From Monday 10:00 on, 2025 will be\nour year: we hope.\n", "txt"),
        ("a.mp3", b"ID3\x03" + bytes(30), "media"),
        ("a.mp4", b"\x00\x00\x00\x18ftypisom" + bytes(20), "media"),
        ("a.txt", bytes(range(256)) * 4, "binary"),
        ("a.txt", b"", "empty"),
        ("a.eml", b"\xef\xbb\xbf \r\n\t\n", "empty"),
        ("a.txt", " \n".encode("utf-16-le") * 9, "empty"),
        ("a.txt", bytes(900), "binary"),
        ("a.txt", b" " * 70_000 + b"words", "txt"),
        ("a.txt", PROSE, "txt"),
        ("a.log", PROSE, "txt"),
        ("README", "# Not by name\n\ntext", "txt"),
        ("a.md", PROSE, "md"),
        ("README.md", '<div align="center">Logo</div>\n\n# Title', "md"),
        ("a.txt", "MZ was the mark of the programs of that time.", "txt"),
        ("a.txt", PROSE.encode("utf-16-le"), "txt"),
        ("a.txt", PROSE.encode("utf-32"), "txt"),
        ("a.txt", "Prämie für Gebäude".encode("cp1252"), "txt"),
        ("a.txt", "Страхователь обязан сообщить".encode("cp1251"), "txt"),
    ],
)
def test_content_decides_what_a_file_is(tmp_path: Path, name: str, content: str | bytes, expected: str) -> None:
    assert kind(tmp_path, name, content) == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "<!DOCTYPE html><p>x", "html"),
        ("a.txt", "<?xml version='1.0'?>\n<!-- x --><html><body>x</body></html>", "html"),
        ("a", "<div>x</div>", "html"),
        ("a.html", "just words", "html"),
        ("a.txt", "<?xml version='1.0'?><note>x</note>", "xml"),
        ("a", "<note>x</note>", "xml"),
        ("a.txt", "<note> is what she wrote", "txt"),
        ("a.xml", "<broken>", "xml"),
        ("a.txt", '{"a": 1}', "json"),
        ("a.txt", '{\n "a": 1\n}', "json"),
        ("a.json", '{"a": ', "json"),
        ("a.jsonl", '{"a": 1}', "jsonl"),
        ("a.json", '{"a": 1}\n{"a": 2}\n', "jsonl"),
        ("a.jsonl", '[\n {"a": 1}\n]', "json"),
        ("a.txt", "[1] Smith, A. (2001)\n[2] Jones, B. (2002)", "txt"),
        ("a.csv", "one column\nvalue\n", "csv"),
        ("a.csv", "a;b\n1;2\n", "csv"),
        ("a.tsv", "a\tb\n1\t2\n", "tsv"),
        ("a.txt", "name;city\nHale;York\nRoe;Leeds\n", "csv"),
        ("a.txt", "name\tcity\nHale\tYork\nRoe\tLeeds\n", "tsv"),
        ("a.xls", "name\tcity\nHale\tYork\nRoe\tLeeds\n", "tsv"),
        ("a.txt", "Dear all, yes.\nWell, no.\nSo, then.\n", "txt"),
    ],
)
def test_texts_are_told_apart_by_structure(tmp_path: Path, name: str, content: str, expected: str) -> None:
    assert kind(tmp_path, name, content) == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "Received: by mx\nFrom: a@x\nSubject: s\n\nbody", "eml"),
        ("a", "MIME-Version: 1.0\nSubject: s\nFrom: a@x\n\nbody", "eml"),
        ("a.eml", "Subject: s\n\nbody", "eml"),
        ("a.txt", "From: the board\nThe excess changes.", "txt"),
        ("a.txt", "From: Hale\nTo: Roe\nDate: Monday\nSubject: memo\n\nbody", "txt"),
        ("a.md", "MIME-Version: 1.0\nFrom: x\nis how a mail begins", "md"),
    ],
)
def test_a_mail_is_told_by_header_fields_that_only_mail_programs_write(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    assert kind(tmp_path, name, content) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"[Content_Types].xml": "", "word/document.xml": ""}, "docx"),
        ({"[Content_Types].xml": "", "ppt/presentation.xml": ""}, "pptx"),
        ({"[Content_Types].xml": "", "xl/workbook.xml": ""}, "xlsx"),
        ({"[Content_Types].xml": "", "xl/workbook.bin": ""}, "xlsb"),
        ({"mimetype": "application/vnd.oasis.opendocument.text"}, "odt"),
        ({"mimetype": "application/vnd.oasis.opendocument.spreadsheet-template"}, "ods"),
        ({"mimetype": "application/vnd.oasis.opendocument.presentation"}, "odp"),
        ({"mimetype": "application/epub+zip"}, "epub"),
        ({"word/notes.txt": ""}, "zip"),
        ({}, "zip"),
    ],
)
def test_a_zip_is_told_by_its_members_whatever_its_suffix(
    tmp_path: Path, members: dict[str, str], expected: str
) -> None:
    assert kind(tmp_path, "a.txt", zipped(**members)) == expected


def test_a_broken_container_is_told_by_its_suffix_so_that_its_reader_can_say_damaged(tmp_path: Path) -> None:
    new_docx().save(str(tmp_path / "whole.docx"))
    half = (tmp_path / "whole.docx").read_bytes()[:9000]
    assert kind(tmp_path, "half.docx", half) == "docx"
    assert kind(tmp_path, "half.bin", b"PK\x03\x04 not a zip") == "zip"
    assert kind(tmp_path, "half.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and nothing") == "xls"
    assert kind(tmp_path, "half.bin", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000)) == "binary"


def test_a_zip_with_a_directory_of_absurd_size_is_not_opened_for_it(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65535, 65535, 200 * 2**20, 0, 0)
    assert kind(tmp_path, "a.docx", b"PK\x03\x04" + bytes(100) + end) == "zip"


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kind_of(tmp_path / "gone.pdf")


MAGICS = (
    b"",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"%PDF-1.",
    b"<",
    b"{",
    b"From: ",
    b"\xff\xfe",
    b"a,b,c\n",
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(MAGICS), st.binary(max_size=400), st.sampled_from(["txt", "docx", "xls", "eml", "json", "html", ""])
)
def test_any_bytes_have_a_kind(
    tmp_path_factory: pytest.TempPathFactory, magic: bytes, data: bytes, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{suffix}"
    path.write_bytes(magic + data)
    assert kind_of(path) in KINDS
