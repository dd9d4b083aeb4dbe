"""Files to text and text to dates: what the readers of all text formats share.

It bounds sizes; encodings are told by `workbench.ingest.readers.encodings`, and what the text means by the reader.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.readers.encodings import Decoded, declared_charset, decode, decode_text, head_text

MAX_TEXT_BYTES = 64 * 2**20
"""A single text file above this is refused: nobody wrote it, and it would fill a laptop's memory."""

__all__ = [
    "MAX_TEXT_BYTES",
    "Decoded",
    "bounded_bytes",
    "declared_charset",
    "decode",
    "decode_text",
    "head_text",
    "parse_date",
    "read_text",
]  # fmt: skip


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


def bounded_bytes(path: Path, limit: int = MAX_TEXT_BYTES) -> bytes:
    """The bytes of a text file, told to be too many before any is read.

    Raises:
        InputError: larger than `limit`.
    """
    size = path.stat().st_size
    if size > limit:
        raise InputError(
            f"{path.name}: {size // 2**20} MiB of text, more than the {limit // 2**20} MiB one document may have; split it"
        )
    with path.open("rb") as stream:
        return stream.read(limit)


def read_text(path: Path, limit: int = MAX_TEXT_BYTES) -> Decoded:
    """The whole text of a file.

    Raises:
        InputError: too large, or not text.
    """
    return decode_text(bounded_bytes(path, limit), path.name)
