"""Outlook messages (msg): the properties of a mail in the compound file that Outlook saves.

Property numbers are those of MS-OXPROPS. Of several forms of the body the plain text is read, else HTML, else rich text.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.ingest.readers.compressed_rtf import unpacked_rtf
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.inner_html import inner_html
from workbench.ingest.readers.mail import Attachment, Mail, mail_text
from workbench.ingest.readers.rich_text import read_rtf
from workbench.ingest.readers.text import decode

if TYPE_CHECKING:
    from olefile import OleFileIO

MAX_MESSAGE_BYTES = 256 * 2**20
SUBJECT, BODY, HTML, RTF, TO, CC, MESSAGE_ID = "0037", "1000", "1013", "1009", "0E04", "0E03", "1035"
SENDER_NAME, SENDER_ADDRESSES = "0C1A", ("5D01", "0C1F")
FILE_NAMES, FILE_DATA = ("3707", "3704", "3001"), "3701"
SENT_AT, DELIVERED_AT, CODE_PAGES = 0x0039, 0x0E06, (0x3FFD, 0x3FDE)
ATTACHMENT = "__attach_version1.0_#"
ENCODINGS = {
    65001: "utf-8", 20127: "ascii", 1200: "utf-16-le", 20866: "koi8-r", 21866: "koi8-u", 50220: "iso2022_jp", 51932: "euc_jp",
}  # fmt: skip
"""Code pages that Python knows under another name."""
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_msg(path: Path) -> Extracted:
    """An Outlook message: header lines and body, plain text where the message has it, else its HTML or rich text as text.

    Raises:
        InputError: not an Outlook message, damaged, or too large.
    """
    with _opened(path) as message:
        sender, address = message.text(SENDER_NAME), next(filter(None, map(message.text, SENDER_ADDRESSES)), "")
        body, warnings = _body(message)
        return mail_text(
            Mail(
                subject=_line(message.text(SUBJECT)),
                sender=_line(
                    f"{sender} <{address}>" if sender and "@" in address and sender != address else sender or address
                ),
                to=_line(message.text(TO)),
                cc=_line(message.text(CC)),
                sent=message.moment(SENT_AT) or message.moment(DELIVERED_AT),
                message_id=_line(message.text(MESSAGE_ID)),
                body=body,
                attachments=tuple(_name(message, folder) for folder in message.attachments()),
                warnings=warnings,
            )
        )


def msg_attachments(path: Path) -> Iterator[Attachment]:
    """What is attached to an Outlook message, one at a time; a message inside it comes without its data.

    Raises:
        InputError: not an Outlook message, damaged, or too large.
    """
    with _opened(path) as message:
        for folder in message.attachments():
            name = _name(message, folder)
            data = message.stream(f"{folder}/__substg1.0_{FILE_DATA}0102")
            if data is not None:
                yield Attachment(name, data)
            elif message.holds(f"{folder}/__substg1.0_{FILE_DATA}000D"):
                yield Attachment(name, None, "not unpacked: a message inside the message; save it as a file of its own")
            else:
                yield Attachment(name, None, "not unpacked: only a link to a file elsewhere; ask for the file itself")


class _Message:
    """The properties of one message, whatever their type."""

    def __init__(self, ole: OleFileIO, name: str) -> None:
        self._ole, self.name = ole, name
        self._numbers = _fixed_properties(self.stream("__properties_version1.0") or b"")
        pages = (self._numbers.get(tag, 0) & 0xFFFFFFFF for tag in CODE_PAGES)
        self._encoding = _encoding(next(filter(None, pages), 1252))

    def holds(self, name: str) -> bool:
        return bool(self._ole.exists(name))

    def stream(self, name: str) -> bytes | None:
        if not self._ole.exists(name) or self._ole.get_type(name) != 2:
            return None
        return bytes(self._ole.openstream(name).read())

    def text(self, number: str, folder: str = "") -> str:
        """A property of characters; "" where the message has none."""
        stored = self.stream(f"{folder}__substg1.0_{number}001F")
        if stored is not None:
            return _clean(stored.decode("utf-16-le", errors="replace"))
        stored = self.stream(f"{folder}__substg1.0_{number}001E") or b""
        return _clean(stored.decode(self._encoding, errors="replace"))

    def moment(self, tag: int) -> datetime | None:
        """A property of time: tenths of a microsecond since 1601."""
        stored = self._numbers.get(tag, 0)
        try:
            return EPOCH + timedelta(microseconds=stored // 10) if stored else None
        except OverflowError:
            return None

    def attachments(self) -> list[str]:
        return sorted(
            {entry[0] for entry in self._ole.listdir(streams=True, storages=True) if entry[0].startswith(ATTACHMENT)}
        )


@contextmanager
def _opened(path: Path) -> Iterator[_Message]:
    import olefile

    size = path.stat().st_size
    if size > MAX_MESSAGE_BYTES:
        raise InputError(
            f"{path.name}: a message of {size // 2**20} MiB, more than the {MAX_MESSAGE_BYTES // 2**20} MiB one may have; "
            "save its attachments and add them by themselves"
        )
    try:
        with olefile.OleFileIO(path) as ole:
            message = _Message(ole, path.name)
            if not message.holds("__properties_version1.0"):
                raise InputError(
                    f"{path.name}: not an Outlook message (it holds no message properties); check what it is"
                )
            yield message
    except InputError:
        raise
    except Exception as error:  # a damaged compound file raises whatever its parser meets first
        raise InputError(f"{path.name}: damaged Outlook message ({type(error).__name__}); save it again") from error


def _fixed_properties(stream: bytes) -> dict[int, int]:
    """Property number -> the eight bytes it is stored in, as a number; behind a header of 32 bytes, 16 bytes each."""
    found: dict[int, int] = {}
    for start in range(32, len(stream) - 15, 16):
        _, number, _, value = struct.unpack("<HHLQ", stream[start : start + 16])
        found.setdefault(number, value)
    return found


def _encoding(code_page: int) -> str:
    latin = f"iso8859-{code_page - 28590}" if 28591 <= code_page <= 28606 else f"cp{code_page}"
    name = ENCODINGS.get(code_page, latin)
    try:
        return name if "a".encode(name) else "cp1252"
    except LookupError:
        return "cp1252"


def _body(message: _Message) -> tuple[str, tuple[str, ...]]:
    plain = message.text(BODY)
    if plain.strip():
        return plain, ()
    markup = message.stream(f"__substg1.0_{HTML}0102")
    html = _html(markup) if markup else message.text(HTML)
    if html.strip():
        read = inner_html(html, message.name)
        return read.text, read.warnings
    packed = message.stream(f"__substg1.0_{RTF}0102")
    return _rich_text(packed) if packed else ("", ())


def _rich_text(packed: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        markup = unpacked_rtf(packed)
        with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
            path = Path(folder) / "body.rtf"
            path.write_bytes(markup)
            read = read_rtf(path)
    except (ValueError, InputError):
        return "", (
            "its body is kept only as Outlook's own rich text, which is damaged; save the message as eml or pdf",
        )
    return read.text, read.warnings


def _html(stored: bytes) -> str:
    try:
        return decode(stored, "body")
    except InputError:
        return stored.decode("cp1252", errors="replace")


def _name(message: _Message, folder: str) -> str:
    named = next(filter(None, (message.text(number, f"{folder}/") for number in FILE_NAMES)), "")
    return _line(named) or f"attachment {folder.removeprefix(ATTACHMENT).lstrip('0') or '0'}"


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
