import struct
import zipfile
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.ingest.archives.containers import unpack_msg
from workbench.ingest.readers.compressed_rtf import unpacked_rtf
from workbench.ingest.readers.epub import read_epub
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.mail import eml_attachments, read_eml
from workbench.ingest.readers.outlook import read_msg
from workbench.records import DocumentDate, Section


def eml(tmp_path: Path, data: bytes | EmailMessage) -> Extracted:
    path = tmp_path / "a.eml"
    path.write_bytes(bytes(data) if isinstance(data, EmailMessage) else data)
    return read_eml(path)


def a_mail(**headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    return mail


def test_a_mail_is_its_header_lines_and_its_body_with_what_it_quotes(tmp_path: Path) -> None:
    mail = a_mail(
        Subject="Excess on escape of water",
        From="Ann Oke <ann@example.com>",
        To="Bo <bo@example.com>, Cy <cy@example.com>",
        Cc="Di <di@example.com>",
        Date="Fri, 16 Dec 2022 17:04:16 -0500",
        Message_ID="<1@example.com>",
    )
    mail.set_content("It is 350.\n\n> What is it?\n")
    read = eml(tmp_path, mail)
    assert read.title == "Excess on escape of water"
    assert read.text == (
        "Subject: Excess on escape of water\nFrom: Ann Oke <ann@example.com>\n"
        "To: Bo <bo@example.com>, Cy <cy@example.com>\nCc: Di <di@example.com>\nDate: 2022-12-16 17:04-05:00\n\n"
        "It is 350.\n\n> What is it?"
    )
    assert read.dates == (DocumentDate(date(2022, 12, 16), "embedded", "sent"),)
    assert read.metadata == {
        "author": "Ann Oke <ann@example.com>",
        "to": "Bo <bo@example.com>, Cy <cy@example.com>",
        "cc": "Di <di@example.com>",
        "date": "2022-12-16 17:04-05:00",
        "message_id": "<1@example.com>",
    }
    assert read.warnings == ()


def test_plain_text_is_preferred_and_html_is_read_where_there_is_none(tmp_path: Path) -> None:
    mail = a_mail(Subject="s")
    mail.set_content("plain")
    mail.add_alternative("<p>html</p>", subtype="html")
    assert eml(tmp_path, mail).text == "Subject: s\n\nplain"
    mail = a_mail(Subject="s")
    mail.set_content("<style>p{}</style><p>Excess is <b>350</b></p>", subtype="html")
    text = eml(tmp_path, mail).text
    assert "350" in text
    assert "<" not in text
    assert "{" not in text


def test_an_empty_plain_part_gives_way_to_html(tmp_path: Path) -> None:
    mail = a_mail(Subject="s")
    mail.set_content(" \n")
    mail.add_alternative("<p>Only here</p>", subtype="html")
    assert eml(tmp_path, mail).text == "Subject: s\n\nOnly here"


def test_attachments_are_named_and_not_mixed_into_the_text(tmp_path: Path) -> None:
    mail = a_mail(Subject="s")
    mail.set_content("see attached")
    mail.add_attachment("secret,numbers", subtype="csv", filename="Zahlen für März.csv")
    inner = a_mail(Subject="Earlier")
    inner.set_content("inner text")
    mail.add_attachment(inner)
    read = eml(tmp_path, mail)
    assert read.text == "Subject: s\n\nsee attached"
    assert read.warnings == ("2 attachments are not part of this text: Zahlen für März.csv, Earlier.eml",)
    assert [attachment.name for attachment in eml_attachments(tmp_path / "a.eml")] == [
        "Zahlen für März.csv",
        "Earlier.eml",
    ]


@pytest.mark.parametrize("data", [b"", b"      \n\n    ", b"From: a@example.com\nTo: b@example.com\n\n \n"])
def test_a_mail_without_subject_and_body_has_no_text(tmp_path: Path, data: bytes) -> None:
    assert eml(tmp_path, data).text == ""


def test_a_subject_alone_is_text(tmp_path: Path) -> None:
    assert eml(tmp_path, b"Subject: Call me\n\n").text == "Subject: Call me"


def test_encoded_and_raw_headers_are_both_readable(tmp_path: Path) -> None:
    encoded = b"Subject: =?utf-8?q?K=C3=BCndigung?= =?iso-8859-1?q?_f=FCr_M=E4rz?=\n\nx"
    assert eml(tmp_path, encoded).title == "Kündigung für März"
    assert eml(tmp_path, "Subject: Kündigung\n\nx".encode()).title == "Kündigung"
    assert eml(tmp_path, "Subject: Kündigung\n\nx".encode("cp1252")).title == "Kündigung"
    assert eml(tmp_path, b"Subject: =?no-such-charset?q?abc?=\n\nx").title == "=?no-such-charset?q?abc?="


def test_a_malformed_declared_encoding_is_read_with_a_warning(tmp_path: Path) -> None:
    data = b'Subject: s\nContent-Type: text/plain; charset = "UTF-8"Content-Transfer-Encoding: 8bit\n\nRoses are red \xe2\x82\xac'
    read = eml(tmp_path, data)
    assert read.text.endswith("Roses are red €")
    assert len(read.warnings) == 1
    assert "which it is not" in read.warnings[0]


def test_an_encoding_nobody_knows_and_a_wrong_one_are_guessed_with_a_warning(tmp_path: Path) -> None:
    for charset in ("x-unheard-of", "ascii"):
        body = "Grüße aus Köln, wir kündigen den Vertrag für das Gebäude".encode()
        read = eml(tmp_path, f"Subject: s\nContent-Type: text/plain; charset={charset}\n\n".encode() + body)
        assert "Grüße aus Köln" in read.text
        assert f"declared as '{charset}'" in read.warnings[0]


def test_a_multipart_without_its_boundary_is_read_as_text_with_a_warning(tmp_path: Path) -> None:
    read = eml(tmp_path, b"Subject: s\nContent-Type: multipart/mixed\n\nThe only words\n")
    assert "The only words" in read.text
    assert "malformed" in read.warnings[0]


def test_a_date_that_is_none_gives_no_date(tmp_path: Path) -> None:
    assert eml(tmp_path, b"Subject: s\nDate: soon\n\nx").dates == ()


def test_mails_nested_without_end_end_in_an_input_error(tmp_path: Path) -> None:
    data = b"Subject: s\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number) for number in range(3000)
    )
    with pytest.raises(InputError, match="nested too deep"):
        eml(tmp_path, data)


HEADERS = ["Subject", "From", "To", "Date", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition"]
HOSTILE = [
    b"multipart/mixed; boundary=b",
    b"multipart/alternative",
    b"text/html; charset=utf-7",
    b"text/plain; charset*0=u; charset*1=tf-8",
    b"message/rfc822",
    b"base64",
    b"uuencode",
    b"attachment; filename*=utf-8''%FF",
    b"=?utf-8?b?////?=",
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.lists(
        st.tuples(st.sampled_from(HEADERS), st.one_of(st.binary(max_size=40), st.sampled_from(HOSTILE))), max_size=6
    ),
    body=st.one_of(st.binary(max_size=200), st.just(b"--b\nContent-Type: text/html\n\n<p>x\n--b--\n")),
)
def test_no_mail_however_malformed_raises_anything_but_input_errors(
    tmp_path: Path, head: list[tuple[str, bytes]], body: bytes
) -> None:
    data = b"".join(name.encode() + b": " + value + b"\n" for name, value in head) + b"\n" + body
    try:
        read = eml(tmp_path, data)
        attachments = list(eml_attachments(tmp_path / "a.eml"))
    except InputError:
        return
    read.text.encode()
    assert all(attachment.name and attachment.name.isprintable() for attachment in attachments)


# ---------------------------------------------------------------- Outlook

SECTOR = 512


def compound_file(streams: dict[str, bytes]) -> bytes:
    """A compound file as Outlook writes it: streams by path, padded to 4,096 bytes so that none needs the small-stream table."""
    tree: dict[str, dict[str, bytes] | bytes] = {}
    for path, data in streams.items():
        folder, _, name = path.rpartition("/")
        (tree.setdefault(folder, {}) if folder else tree)[name] = data  # type: ignore[index]
    entries: list[tuple[str, int, int, int, int]] = []  # name, type, child, start sector, size
    siblings: dict[int, int] = {}
    sectors: list[bytes] = []
    chains: list[int] = []

    def store(data: bytes) -> int:
        pieces = [data[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(data), SECTOR)]
        start = len(sectors)
        sectors.extend(pieces)
        chains.extend([*range(start + 1, start + len(pieces)), 0xFFFFFFFE])
        return start

    def add(items: dict[str, dict[str, bytes] | bytes]) -> int:
        # A chain of right siblings, in the order the format wants: by length, then by name.
        first = previous = 0xFFFFFFFF
        for name, item in sorted(items.items(), key=lambda pair: (len(pair[0]), pair[0].upper())):
            number = len(entries)
            if isinstance(item, bytes):
                size = max(4096, len(item))
                entries.append(
                    (name, 2, 0xFFFFFFFF, store(item.ljust(size, b"\0")), len(item) if len(item) >= 4096 else size)
                )
            else:
                entries.append((name, 1, 0, 0, 0))
                entries[number] = (name, 1, add(item), 0, 0)  # type: ignore[arg-type]
            if previous != 0xFFFFFFFF:
                siblings[previous] = number
            first = number if first == 0xFFFFFFFF else first
            previous = number
        return first

    entries.append(("Root Entry", 5, 0, 0xFFFFFFFE, 0))
    entries[0] = ("Root Entry", 5, add(tree), 0xFFFFFFFE, 0)
    directory = b"".join(
        _directory_entry(entry, siblings.get(number, 0xFFFFFFFF)) for number, entry in enumerate(entries)
    )
    directory_start = store(directory)
    fat_start = len(sectors)
    fat_sectors = 1
    while (fat_start + fat_sectors) * 4 > fat_sectors * SECTOR:
        fat_sectors += 1
    table = [*chains, *[0xFFFFFFFD] * fat_sectors]
    table += [0xFFFFFFFF] * (fat_sectors * SECTOR // 4 - len(table))
    fat = struct.pack(f"<{len(table)}L", *table)
    places = [fat_start + number for number in range(fat_sectors)]
    header = struct.pack(
        "<8s16sHHHHH6sLLLLLLLLLL",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, fat_sectors, directory_start, 0, 4096,
        0xFFFFFFFE, 0, 0xFFFFFFFE, 0, places[0],
    )  # fmt: skip
    header += struct.pack("<108L", *places[1:], *[0xFFFFFFFF] * (108 - len(places[1:])))
    return header + b"".join(sectors) + fat


def _directory_entry(entry: tuple[str, int, int, int, int], sibling: int) -> bytes:
    name, kind, child, start, size = entry
    stored = name.encode("utf-16-le")
    left, black = 0xFFFFFFFF, 1
    return struct.pack(
        "<64sHBBLLL16sLQQLQ", stored, len(stored) + 2, kind, black, left, sibling, child, b"", 0, 0, 0, start, size
    )


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def properties(*values: tuple[int, int, int]) -> bytes:
    """The stream of fixed properties: a header of 32 bytes, then (number, type, value) in 16 bytes each."""
    return bytes(32) + b"".join(struct.pack("<HHLQ", kind, number, 6, value) for number, kind, value in values)


# 2023-04-20 00:00 UTC in tenths of a microsecond since 1601: 422 years with 102 leap days, and 109 days of 2023.
SENT = (422 * 365 + 102 + 109) * 86_400 * 10**7
OUTLOOK = {
    "__properties_version1.0": properties((0x0039, 0x0040, SENT)),
    "__substg1.0_0037001F": wide("Subsidence"),
    "__substg1.0_0C1A001F": wide("Ann Oke"),
    "__substg1.0_0C1F001F": wide("/O=ORG/CN=ANN"),
    "__substg1.0_5D01001F": wide("ann@example.com"),
    "__substg1.0_0E04001F": wide("Bo; Cy"),
    "__substg1.0_1000001F": wide("The excess is 1,000.\r\n"),
    "__attach_version1.0_#00000000/__substg1.0_3707001F": wide("terms.txt"),
    "__attach_version1.0_#00000000/__substg1.0_37010102": b"terms" * 1000,
    "__attach_version1.0_#00000001/__substg1.0_3001001F": wide("FW: earlier"),
    "__attach_version1.0_#00000001/__substg1.0_3701000D": b"",
}


def msg(tmp_path: Path, streams: dict[str, bytes]) -> Path:
    (tmp_path / "a.msg").write_bytes(compound_file(streams))
    return tmp_path / "a.msg"


def test_an_outlook_message_is_read_by_its_properties(tmp_path: Path) -> None:
    read = read_msg(msg(tmp_path, OUTLOOK))
    assert read.title == "Subsidence"
    assert read.text == (
        "Subject: Subsidence\nFrom: Ann Oke <ann@example.com>\nTo: Bo; Cy\nDate: 2023-04-20 00:00+00:00\n\nThe excess is 1,000."
    )
    assert read.dates == (DocumentDate(date(2023, 4, 20), "embedded", "sent"),)
    assert read.warnings == ("2 attachments are not part of this text: terms.txt, FW: earlier",)


def test_text_of_eight_bits_is_read_by_the_code_page_of_the_message(tmp_path: Path) -> None:
    streams = {
        "__properties_version1.0": properties((0x3FFD, 0x0003, 1251)),
        "__substg1.0_1000001E": "Франшиза".encode("cp1251"),
    }
    assert read_msg(msg(tmp_path, streams)).text == "Франшиза"


def test_html_is_read_where_the_message_has_no_plain_text(tmp_path: Path) -> None:
    streams = {
        "__properties_version1.0": properties(),
        "__substg1.0_10130102": b"<p>Excess is <b>350</b></p>".ljust(4096),
    }
    assert "350" in read_msg(msg(tmp_path, streams)).text


def compressed(markup: bytes) -> bytes:
    """Rich text in Outlook's compressed form, every byte for itself, and the reference to the end."""
    groups = [markup[at : at + 8] for at in range(0, len(markup), 8)]
    body = b"".join(b"\x00" + group for group in groups[:-1])
    last = groups[-1]
    end = (207 + len(markup)) % 4096
    ending = bytes([1 << len(last) & 0xFF]) + last + struct.pack(">H", end << 4)
    return struct.pack("<LL4sL", len(body) + len(ending) + 12, len(markup), b"LZFu", 0) + body + ending


def test_a_body_kept_only_as_rich_text_is_unpacked_and_a_damaged_one_reported(tmp_path: Path) -> None:
    markup = rb"{\rtf1\ansi Excess is {\b 350}.\par}"
    assert len(markup) % 8 != 0
    streams = {"__properties_version1.0": properties(), "__substg1.0_10090102": compressed(markup)}
    assert read_msg(msg(tmp_path, streams)).text == "Excess is 350."
    read = read_msg(msg(tmp_path, streams | {"__substg1.0_10090102": b"LZFu"}))
    assert (read.text, len(read.warnings)) == ("", 1)
    assert "rich text, which is damaged" in read.warnings[0]


def test_references_into_the_beginning_that_the_standard_fixes_are_resolved() -> None:
    # The example of MS-OXRTFCP 3.1.1: "{\rtf1\ansi\ansicpg1252\pard hello world}\r\n".
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert unpacked_rtf(struct.pack("<LL4sL", 16, 4, b"MELA", 0) + b"{\\rtf1}") == b"{\\rt"


def test_attachments_of_an_outlook_message_are_written_and_inner_messages_named(tmp_path: Path) -> None:
    found = unpack_msg(msg(tmp_path, OUTLOOK), tmp_path / "out")
    assert [(member.name, member.path.read_bytes()) for member in found.members] == [("terms.txt", b"terms" * 1000)]
    assert [(refused.name, refused.reason.partition(";")[0]) for refused in found.refused] == [
        ("FW: earlier", "not unpacked: a message inside the message")
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=10),
    keep=st.floats(0, 1),
)
def test_no_damaged_outlook_message_raises_anything_but_input_errors(
    tmp_path: Path, changes: list[tuple[float, int]], keep: float
) -> None:
    data = bytearray(compound_file(OUTLOOK))
    for where, value in changes:
        data[int(where * len(data))] = value
    path = tmp_path / "a.msg"
    path.write_bytes(data[: int(len(data) * keep)])
    try:
        read_msg(path)
    except InputError as error:
        assert str(error).startswith("a.msg: ")


# ---------------------------------------------------------------- epub

CONTAINER = '<container xmlns="urn:x"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>Claims Manual</dc:title><dc:creator>Ann Oke</dc:creator><dc:date>2024-03-31</dc:date></metadata>
<manifest><item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="one%20.xhtml" media-type="application/xhtml+xml"/>
<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>
<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>"""
BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": PACKAGE,
    "OPS/nav.xhtml": "<html><body><p>Table of contents</p></body></html>",
    "OPS/one .xhtml": "<html><head><title>One</title></head><body><p>First words.</p></body></html>",
    "OPS/two.xhtml": "<html><head><title>Two</title></head><body><p>Second words.</p></body></html>",
}


def epub(tmp_path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(tmp_path / "a.epub", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return tmp_path / "a.epub"


def test_a_book_is_read_in_the_order_of_its_spine_without_its_navigation(tmp_path: Path) -> None:
    read = read_epub(epub(tmp_path, BOOK))
    assert (read.title, read.metadata["author"]) == ("Claims Manual", "Ann Oke")
    assert read.dates == (DocumentDate(date(2024, 3, 31), "embedded", "created"),)
    assert "Table of contents" not in read.text
    assert read.text.index("First words.") < read.text.index("Second words.")
    second = read.text.index("Second words.")
    at_second = [section for section in read.sections if section.start <= second][-1]
    assert at_second.locator == "chapter 2"
    assert read.sections[0] == Section(0, read.sections[0].headings, "chapter 1")


def test_a_book_bound_to_its_buyer_is_an_error_and_scrambled_fonts_are_not(tmp_path: Path) -> None:
    hidden = (
        '<encryption><EncryptedData><CipherData><CipherReference URI="{}"/></CipherData></EncryptedData></encryption>'
    )
    with pytest.raises(InputError, match=r"a\.epub: protected against copying \(DRM\), 1 of 2 chapters"):
        read_epub(epub(tmp_path, BOOK | {"META-INF/encryption.xml": hidden.format("OPS/two.xhtml")}))
    assert (
        "Second words."
        in read_epub(epub(tmp_path, BOOK | {"META-INF/encryption.xml": hidden.format("OPS/f.otf")})).text
    )


def test_a_missing_chapter_is_a_warning(tmp_path: Path) -> None:
    read = read_epub(epub(tmp_path, {name: text for name, text in BOOK.items() if "two" not in name}))
    assert "First words." in read.text
    assert read.warnings == ("chapter 2 of 2 is missing or damaged and was not read",)


@pytest.mark.parametrize(
    "text", ["<not xml", '<!DOCTYPE a [<!ENTITY b "cc">]><container>&b;</container>', "<container/>"]
)
def test_a_damaged_book_is_one_sentence_and_entities_are_never_expanded(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"a\.epub: damaged epub"):
        read_epub(epub(tmp_path, BOOK | {"META-INF/container.xml": text}))


def test_a_chapter_made_to_fill_memory_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.epub", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in BOOK.items():
            archive.writestr(name, " " * (17 * 2**20) if "two" in name else text)
    with pytest.raises(InputError, match="larger than a book can be"):
        read_epub(tmp_path / "a.epub")
