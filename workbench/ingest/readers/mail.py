"""Mails as eml files: who wrote what to whom and when, and what is attached.

Quoted earlier mails stay in the text. Attachments are named here and written by
`workbench.ingest.archives.containers`, never read here.
"""

from __future__ import annotations

import binascii
import email
import email.errors
import email.policy
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.inner_html import inner_html
from workbench.ingest.readers.text import decode
from workbench.records import DocumentDate

MAX_MAIL_BYTES = 128 * 2**20
"""A mail above this is refused: it is held in memory several times over while it is taken apart."""
MAX_HEADER = 8_192
"""Characters of one header line that are looked at."""
SHOWN_ATTACHMENTS = 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a mail; `data` is None, with the reason, where it cannot be taken out."""

    name: str
    data: bytes | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in any form, as far as people read it. What it does not state is "" or None."""

    subject: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    sent: datetime | None = None
    message_id: str = ""
    body: str = ""
    attachments: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def mail_text(mail: Mail) -> Extracted:
    """A mail as one text with its header lines on top; one without subject and body has no text at all."""
    sent = mail.sent.isoformat(" ", "minutes") if mail.sent else ""
    shown = (("Subject", mail.subject), ("From", mail.sender), ("To", mail.to), ("Cc", mail.cc), ("Date", sent))
    head = "\n".join(f"{name}: {value}" for name, value in shown if value)
    facts = {"author": mail.sender, "to": mail.to, "cc": mail.cc, "date": sent, "message_id": mail.message_id}
    facts["attachments"] = "; ".join(mail.attachments[:SHOWN_ATTACHMENTS])
    empty = not mail.subject.strip() and not mail.body.strip()
    return Extracted(
        mail.subject,
        "" if empty else f"{head}\n\n{mail.body.strip()}".strip(),
        {name: value for name, value in facts.items() if value},
        (DocumentDate(mail.sent.date(), "embedded", "sent"),) if mail.sent else (),
        warnings=(*mail.warnings, *_attachments_warning(mail.attachments)),
    )


def _attachments_warning(names: Sequence[str]) -> Iterator[str]:
    if names:
        many = "1 attachment is" if len(names) == 1 else f"{len(names)} attachments are"
        more = f" and {len(names) - SHOWN_ATTACHMENTS} more" if len(names) > SHOWN_ATTACHMENTS else ""
        yield f"{many} not part of this text: {', '.join(names[:SHOWN_ATTACHMENTS])}{more}"


def read_eml(path: Path) -> Extracted:
    """A mail: header lines and body; plain text where the mail has it, else its HTML as text.

    Wrong or unknown encodings and broken structure are read as well as can be, with a warning.

    Raises:
        InputError: too large, or nested so deep that it cannot be taken apart.
    """
    message = _parsed(path)
    reading = _Reading(path.name)
    body = reading.guarded(lambda: reading.body(message))
    return mail_text(
        Mail(
            subject=_header(message, "subject"),
            sender=_header(message, "from"),
            to=_header(message, "to"),
            cc=_header(message, "cc"),
            sent=_sent(_header(message, "date")),
            message_id=_header(message, "message-id"),
            body=body,
            attachments=tuple(name for name, _ in reading.guarded(lambda: _attached_parts(message))),
            warnings=tuple(dict.fromkeys((*reading.warnings, *reading.guarded(lambda: _defects(message))))),
        )
    )


def eml_attachments(path: Path) -> Iterator[Attachment]:
    """What is attached to a mail; an attached mail comes as an eml file.

    Raises:
        InputError: too large, or nested so deep that it cannot be taken apart.
    """
    message = _parsed(path)
    for name, part in _Reading(path.name).guarded(lambda: _attached_parts(message)):
        try:
            yield Attachment(name, _bytes_of(part))
        except Exception:  # the email package raises whatever its parser meets in malformed parts
            yield Attachment(name, None, "not unpacked: malformed; ask for the file itself")


def _parsed(path: Path) -> Message:
    size = path.stat().st_size
    if size > MAX_MAIL_BYTES:
        raise InputError(
            f"{path.name}: a mail of {size // 2**20} MiB, more than the {MAX_MAIL_BYTES // 2**20} MiB one may have; "
            "save its attachments and add them by themselves"
        )
    # compat32 keeps headers as they stand: the newer policies raise on many malformed ones. From a stream: parsing from
    # bytes holds every character in four.
    with path.open("rb") as stream:
        return _Reading(path.name).guarded(lambda: email.message_from_binary_file(stream, policy=email.policy.compat32))


class _Reading:
    """Turns the parts of one mail into text and collects what went wrong."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.warnings: list[str] = []

    def guarded(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except RecursionError as error:
            raise InputError(f"{self.name}: parts nested too deep to be taken apart; ask for the mail again") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(f"{self.name}: malformed mail ({type(error).__name__}); ask for it again") from error

    def body(self, part: Message) -> str:
        if _is_attachment(part):
            return ""
        kind = part.get_content_type()
        if part.is_multipart():
            texts = [(inner, self.body(inner)) for inner in _inner(part)]
            filled = [(inner, text) for inner, text in texts if text.strip()]
            if kind == "multipart/alternative":
                plain = (text for inner, text in filled if inner.get_content_type() == "text/plain")
                return next(plain, filled[-1][1] if filled else "")
            return "\n\n".join(text.strip("\n") for _, text in filled)
        data = _bytes_of(part)
        return self._html(data, part) if kind == "text/html" else self._text(data, part)

    def _text(self, data: bytes, part: Message) -> str:
        charset = _charset(part)
        try:
            return data.decode(charset or "utf-8").replace("\r\n", "\n").replace("\x00", "")
        except (LookupError, ValueError):
            if charset:
                self.warnings.append(
                    f"its encoding is declared as '{charset[:40]}', which it is not; the encoding was guessed"
                )
        try:
            return decode(data, self.name)
        except InputError:
            self.warnings.append("a part is in no encoding that can be told; characters of it are missing")
            return data.decode("cp1252", errors="replace").replace("\x00", "")

    def _html(self, data: bytes, part: Message) -> str:
        read = inner_html(self._text(data, part), self.name)
        self.warnings.extend(read.warnings)
        return read.text


def _inner(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [inner for inner in payload if isinstance(inner, Message)] if isinstance(payload, list) else []


def _is_attachment(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_content_maintype() == "message":
        return True
    # A multipart without its boundary is no multipart: what stands there is text.
    inline = part.get_content_maintype() == "multipart" or part.get_content_type() in ("text/plain", "text/html")
    return not inline or (bool(part.get_filename()) and not part.is_multipart())


def _attached_parts(message: Message) -> list[tuple[str, Message]]:
    found: list[tuple[str, Message]] = []
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        if part.is_multipart() and not _is_attachment(part):
            waiting = [*_inner(part), *waiting]
        elif _is_attachment(part):
            found.append((_attachment_name(part, len(found) + 1), part))
    return found


def _attachment_name(part: Message, number: int) -> str:
    named = _decoded(part.get_filename() or "").strip()
    if part.get_content_maintype() == "message":
        inner = _inner(part)
        named = named or (_header(inner[0], "subject") if inner else "") or f"attached mail {number}"
        return named if named.lower().endswith(".eml") else f"{named}.eml"
    ending = {"text/calendar": "ics", "application/pdf": "pdf", "text/csv": "csv"}.get(part.get_content_type(), "bin")
    return (
        named
        or f"attachment {number}.{ending if part.get_content_maintype() != 'image' else part.get_content_subtype()}"
    )


def _bytes_of(part: Message) -> bytes:
    if part.get_content_maintype() == "message":
        return b"\n".join(inner.as_bytes() for inner in _inner(part))
    stored = part.get_payload()
    if isinstance(stored, str) and str(part.get("content-transfer-encoding", "")).strip().lower() == "base64":
        # The email package takes four times the size of an attachment to decode it.
        with suppress(ValueError):
            return binascii.a2b_base64(stored)
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _charset(part: Message) -> str:
    stated = part.get_param("charset", "")
    return str(stated[-1] if isinstance(stated, tuple) else stated or "").strip(" \"'").lower()


def _header(message: Message, name: str) -> str:
    """The first header of a name in plain characters, on one line; "" where there is none."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name), "")
    return _decoded(str(raw))


def _decoded(raw: str) -> str:
    raw = raw[:MAX_HEADER]
    # Bytes above ASCII were smuggled into the header as half surrogate pairs.
    stored = raw.encode("utf-8", errors="surrogateescape")
    try:
        raw = stored.decode("utf-8")
    except UnicodeDecodeError:
        raw = stored.decode("cp1252", errors="replace")
    try:
        text = str(make_header(decode_header(raw)))
    except (ValueError, LookupError, email.errors.MessageError):
        text = raw
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _sent(stated: str) -> datetime | None:
    try:
        return parsedate_to_datetime(stated)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _defects(message: Message) -> tuple[str, ...]:
    names = sorted({type(defect).__name__ for part in message.walk() for defect in part.defects})
    if not names:
        return ()
    return (f"the mail is malformed ({', '.join(names)}) and was read as well as it could be",)
