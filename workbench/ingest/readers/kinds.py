"""What a file is, told by its content; the suffix only decides between kinds that look alike.

It reads the first 64 KiB, and the directory of a zip or OLE container; whether the rest is sound is for the reader to find.
"""

from __future__ import annotations

import re
from pathlib import Path

from workbench.ingest.readers.containers import OLE_MAGIC, UNREAD_SUFFIXES, ZIP_MAGICS, ole_kind, zip_kind
from workbench.ingest.readers.text import head_text
from workbench.ingest.readers.text_kinds import text_kind

HEAD = 1 << 16
"""Bytes looked at."""
MOST_NULS = 0.75
"""Share of NUL bytes in blanks written as UTF-32; more of them are a hole in a disk image, not a text."""

_MAGICS: tuple[tuple[bytes, str], ...] = (
    (rb"\{\\rtf", "rtf"),
    (rb"\x1f\x8b\x08", "gzip"),
    (rb"PAR1", "parquet"),
    (rb"SQLite format 3\x00", "sqlite"),
    (rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|8BPS|\x00\x00\x01\x00[\x01-\x40]\x00", "image"),
    (rb"BM.{4}\x00{4}.{2}\x00\x00[\x0c-\x7c]\x00\x00\x00", "image"),
    (rb"RIFF.{4}WEBP|\xd7\xcd\xc6\x9a|.{4}ftyp(?:hei|avif|mif1)|\x00\x00\x00\x0cjP  ", "image"),
    (
        rb"RIFF.{4}(?:WAVE|AVI )|.{4}ftyp|ID3[\x02-\x04]|OggS\x00|fLaC\x00|FLV\x01|\x1aE\xdf\xa3|\x00\x00\x01[\xb3\xba]",
        "media",
    ),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11|\xff[\xf1\xf9\xfb\xf3\xfa][\x10-\xef]|#!AMR|MThd\x00\x00\x00\x06", "media"),
    (rb"BZh[1-9]1AY&SY", "bzip2"),
    (rb"\xfd7zXZ\x00", "xz"),
    (rb".{257}ustar", "tar"),
    (rb"From \S[^\r\n]{0,300}\d\d:\d\d[^\r\n]{0,40}\d{4}[^\r\n]{0,40}\r?\n>?[A-Za-z][A-Za-z0-9-]{0,60}:", "mbox"),
    (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|\x28\xb5\x2f\xfd|MSCF\x00{4}", "archive"),
    (rb"!BDN|\xcf\xad\x12\xfe", "outlook"),
    (rb"\x00\x01\x00\x00Standard (?:Jet|ACE) DB", "database"),
    (rb"AC10\d\d\x00|AutoCAD Binary DXF|\s*0\r?\n\s{0,4}SECTION\r?\n\s{0,4}2\r?\n", "drawing"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "postscript"),
    (rb"ITSF\x03|.{60}BOOKMOBI|AT&TFORM|\xffWPC|\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "other document"),
    (rb"L\x00\x00\x00\x01\x14\x02\x00|\[InternetShortcut\]", "shortcut"),
    (rb"\x7fELF|MZ.{2}|\xca\xfe\xba\xbe", "program"),
    (rb"-----BEGIN [A-Z ]{2,40}-----\r?\n", "key"),
)
"""Patterns at the very beginning of a file, and what each shows."""
MAY_BE_TEXT = {"archive", "outlook", "other document", "program"}
"""Kinds whose mark may as well be the first word of a text."""
_BY_MAGIC = tuple((re.compile(pattern, re.DOTALL), kind) for pattern, kind in _MAGICS)
_PDF = re.compile(rb"(?:\xef\xbb\xbf|\s)*%PDF-\d")
_BLANK = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n\f\v"


def kind_of(path: Path) -> str:
    """Kind of a file: "pdf", "docx", "txt", "binary", ...; "empty" when it holds nothing but white space.

    A container that is broken is told by its suffix, so that its reader can say that it is damaged.

    Raises:
        OSError: the file cannot be opened.
    """
    suffix = path.suffix.lower().lstrip(".")
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if not head.strip(_BLANK):
        return "binary" if head.count(0) > MOST_NULS * len(head) else "empty" if len(head) < HEAD else "txt"
    if head.startswith(OLE_MAGIC):
        return ole_kind(path, suffix)
    if head.startswith(ZIP_MAGICS):
        return zip_kind(path, suffix, head)
    return _magic_kind(head, suffix) or _as_text(head, suffix)


def _magic_kind(head: bytes, suffix: str) -> str:
    if _PDF.match(head):
        return "pdf"
    kind = next((kind for pattern, kind in _BY_MAGIC if pattern.match(head)), "")
    if kind in MAY_BE_TEXT and head_text(head):
        return ""  # a text that begins with "MZ" or "Rar!"
    return kind


def _as_text(head: bytes, suffix: str) -> str:
    junk_before_pdf = b"%PDF-" in head[:1024] and (suffix == "pdf" or not head_text(head[:1024]))
    if junk_before_pdf:
        return "pdf"
    text = head_text(head)
    return text_kind(text, suffix, whole=len(head) < HEAD) if text else UNREAD_SUFFIXES.get(suffix, "binary")
