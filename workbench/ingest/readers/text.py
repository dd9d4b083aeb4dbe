"""Bytes to text and text to dates: what the readers of all text formats share.

It tells encodings and bounds sizes; what the text means is the business of the reader.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from workbench.errors import InputError

MAX_TEXT_BYTES = 64 * 2**20
"""A single text file above this is refused: nobody wrote it, and it would fill a laptop's memory."""


def decode(data: bytes, name: str) -> str:
    """Text of a file in whatever encoding it has; a byte order mark wins, then UTF-8, then detection.

    Raises:
        InputError: the bytes are not text in any encoding that can be told.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data).best()
        if best is None:
            raise InputError(f"{name}: not text in any known encoding; save it as UTF-8 and add it again") from None
        text = str(best)
    if "\x00" in text:
        raise InputError(f"{name}: holds binary data where text was expected; check the file's suffix")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_date(text: str) -> date | None:
    """The calendar date at the start of a string: `2025-03-31...`, `20250331...`, `31/03/2025`, `31 March 2025`.

    Two-digit years, and anything else, give None.

    >>> parse_date("2025-03-31T10:00:00Z"), parse_date("31 March 2025"), parse_date("soon")
    (datetime.date(2025, 3, 31), datetime.date(2025, 3, 31), None)
    """
    text = text.strip()
    for pattern, form, length in _DATE_FORMS:
        match = re.match(pattern, text)
        if match:
            try:
                return datetime.strptime(" ".join(match.group(0)[:length].split()), form).date()
            except ValueError:
                continue
    return None


_DATE_FORMS = (
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d", 10),
    (r"\d{8}", "%Y%m%d", 8),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y", 10),
    (r"\d{1,2}\s+[A-Z][a-z]{2}\s+\d{4}", "%d %b %Y", 40),
    (r"\d{1,2}\s+[A-Z][a-z]+\s+\d{4}", "%d %B %Y", 40),
)


def bounded_text(path: Path) -> str:
    """The whole text of a file.

    Raises:
        InputError: too large, or not text.
    """
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        limit = MAX_TEXT_BYTES // 2**20
        raise InputError(
            f"{path.name}: {size // 2**20} MiB of text, more than the {limit} MiB one document may have; split it"
        )
    return decode(path.read_bytes(), path.name)
