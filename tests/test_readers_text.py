from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.readers import decode, read_file
from workbench.ingest.readers import text as text_module
from workbench.ingest.readers.text import declared_charset, decode_text
from workbench.records import DocumentDate, Section

GERMAN = "Prämie für Überschwemmung: fällig am 1. März, Entschädigung höchstens 5.000 Euro für Gebäude."
FRENCH = "L’assuré déclare le sinistre dès qu’il en a connaissance – au plus tard cinq jours après l’événement."
CZECH = (
    "Pojištěnec je povinen oznámit škodu bez zbytečného odkladu, nejpozději do třiceti dnů; příliš pozdě hlášené škody."
)
RUSSIAN = "Страхователь обязан сообщить о наступлении страхового случая в течение 30 дней."
HEBREW = "המבוטח חייב להודיע על הנזק בתוך שלושים יום מיום האירוע"
JAPANESE = "被保険者は三十日以内に損害を届け出なければならない。"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *(
            (GERMAN, encoding)
            for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp850")
        ),
        ("Café", "cp1252"),
        ("“Hello” – it’s £350… 5 m² at 20 °C", "cp1252"),
        (FRENCH, "cp1252"),
        (CZECH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "utf-16-le"),
        (RUSSIAN, "utf-16-be"),
        (RUSSIAN, "utf-32-be"),
        (HEBREW, "cp1255"),
        (JAPANESE, "shift_jis"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(text: str, encoding: str) -> None:
    decoded = decode_text(text.encode(encoding), "a.txt")
    assert (decoded.text, decoded.warnings) == (text, ())


def test_a_declared_encoding_that_fits_is_heeded_and_one_that_does_not_is_passed_over() -> None:
    assert decode("ąęł".encode("iso-8859-2"), "a", "iso-8859-2") == "ąęł"
    assert decode("日本".encode("iso2022_jp"), "a", "ISO-2022-JP") == "日本"
    assert decode("“x”".encode("cp1252"), "a", "iso-8859-1") == "“x”"  # browsers read the one as the other
    assert decode(GERMAN.encode(), "a", "cp1252") == GERMAN
    for nonsense in ("idna", "rot13", "base64", "no-such", "unicode_escape", "\x00"):
        assert decode(GERMAN.encode("cp1252"), "a", nonsense) == GERMAN


def test_a_declaration_is_found_in_html_and_xml() -> None:
    content_type = b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">'
    assert declared_charset(content_type) == "windows-1252"
    assert declared_charset(b"<p>x") == ""


def test_single_legacy_bytes_in_utf8_do_not_spoil_the_rest() -> None:
    decoded = decode_text("Prämie für Gebäude ".encode() + b"caf\xe9", "a.txt")
    assert decoded.text == "Prämie für Gebäude café"
    assert decoded.warnings == ("1 bytes are not UTF-8 and were read as Windows-1252",)


def test_what_has_to_be_replaced_is_said() -> None:
    cut = decode_text(b"\xff\xfe" + "Prämie".encode("utf-16-le") + b"\x00", "a.txt")
    assert cut.text.startswith("Prämie")
    assert "damaged" in cut.warnings[0]
    lost = decode_text("a \ufffd b".encode(), "a.txt")
    assert lost.warnings == ("1 characters were lost before: the file holds replacement characters in their place",)


@pytest.mark.parametrize("data", [b"abc\x00def", bytes(range(256)), b"\x01\x02\x03\x04text"])
def test_binary_data_is_not_text(data: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.txt: .*binary|a\.txt: not text"):
        decode(data, "a.txt")


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_marked_and_utf8_text_always_comes_back(text: str, encoding: str) -> None:
    assert decode(("a" + text).encode(encoding), "a.txt") == "a" + text


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as stream:
        stream.write(b"words\n")
        stream.truncate(text_module.MAX_TEXT_BYTES + 2**20)
    with pytest.raises(InputError, match=r"a\.txt: 65 MiB of text, more than the 64 MiB"):
        read_file(path, "txt")


def test_an_empty_file_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf\r\n")
    assert read_file(tmp_path / "a.txt").text == ""


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Claims manual\n\nReport within 30 days.", "Claims manual"),
        ("Claims manual\n=============\nReport.", "Claims manual"),
        ("Report within 30 days.\n\nLate reports are refused.", ""),
        ("Report within\n30 days or less", ""),
        ("Claims manual\n\n", ""),
        ("----\n\ntext", ""),
        ("x" * 200 + "\n\ntext", ""),
    ],
)
def test_a_first_line_is_a_title_only_where_it_stands_like_one(tmp_path: Path, text: str, title: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    read = read_file(tmp_path / "a.txt")
    assert (read.title, read.text) == (title, text)


MANUAL = """---
title: "Claims manual"
author: R. Hale
date: 2025-03-31
created: 2024-01-02
tags: [claims, home]
---
# Manual

Intro

## Excess ##
```sh
# not a heading
```
Deductions
----------
text

# Appendix
"""


def test_markdown_headings_are_sections_at_their_place_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(MANUAL)
    read = read_file(tmp_path / "a.md")
    assert read.text == MANUAL
    assert read.sections == (
        Section(MANUAL.index("# Manual"), ("Manual",)),
        Section(MANUAL.index("## Excess"), ("Manual", "Excess")),
        Section(MANUAL.index("Deductions"), ("Manual", "Deductions")),
        Section(MANUAL.index("# Appendix"), ("Appendix",)),
    )


def test_front_matter_gives_title_author_and_claimed_dates(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(MANUAL)
    read = read_file(tmp_path / "a.md")
    assert (read.title, read.metadata) == ("Claims manual", {"author": "R. Hale", "tags": "claims, home"})
    assert read.dates == (
        DocumentDate(date(2024, 1, 2), "claimed", "created"),
        DocumentDate(date(2025, 3, 31), "claimed", "modified"),
    )


def test_a_longer_fence_is_closed_only_by_its_like(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("````\n```\n# inside\n```\n````\n# outside\n")
    assert [section.headings for section in read_file(tmp_path / "a.md").sections] == [("outside",)]
