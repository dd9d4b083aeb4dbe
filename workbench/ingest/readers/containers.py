"""What a zip or OLE container holds: an Office document, a book, a mail, or just files.

It reads the directory of the container and at most one small member, and unpacks nothing else.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Collection
from pathlib import Path

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
MAX_DIRECTORY = 64 * 2**20
"""Bytes the directory of a zip may take; one above that is no Office document, and reading it would fill memory."""
LONGEST_MIMETYPE = 200

OLE_STREAMS = {
    "EncryptedPackage": "encrypted",
    "WordDocument": "doc",
    "Workbook": "xls",
    "Book": "xls",
    "PowerPoint Document": "ppt",
    "__properties_version1.0": "msg",
}
"""Stream that only this kind has -> kind, in the order they are looked for."""
OFFICE_PARTS = {
    "xl/workbook.bin": "xlsb", "word/": "docx", "ppt/": "pptx", "xl/": "xlsx", "visio/": "drawing",
}  # fmt: skip
"""Beginning of the names of an Office Open XML package -> kind, in the order they are looked for."""
MIMETYPES = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
}
SUFFIXES = {
    "docx": "docx", "docm": "docx", "dotx": "docx", "pptx": "pptx", "pptm": "pptx", "ppsx": "pptx", "xlsx": "xlsx",
    "xlsm": "xlsx", "xltx": "xlsx", "xlsb": "xlsb", "ods": "ods", "odt": "odt", "odp": "odp", "epub": "epub",
    "doc": "doc", "dot": "doc", "xls": "xls", "ppt": "ppt", "pps": "ppt", "msg": "msg",
}  # fmt: skip
"""Suffix -> kind of a container that is broken."""
UNREAD_SUFFIXES = {
    "vsd": "drawing", "vsdx": "drawing", "dwg": "drawing", "mdb": "database", "accdb": "database", "pst": "outlook",
    "ost": "outlook", "iso": "archive", "pub": "other document", "mpp": "other document", "one": "other document",
}  # fmt: skip
"""Suffix -> kind of a binary file that no reader reads, where its content does not tell."""


def ole_kind(path: Path, suffix: str) -> str:
    """Kind of an OLE container by its streams; a broken one by its suffix, else "binary"."""
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as container:
            found = next((kind for stream, kind in OLE_STREAMS.items() if container.exists(stream)), "")
    except OSError as error:
        if error.errno is not None:  # olefile's own errors are OSErrors without a number
            raise
        found = ""
    except Exception:  # a broken container makes olefile fail in any way
        found = ""
    return found or SUFFIXES.get(suffix) or UNREAD_SUFFIXES.get(suffix, "binary")


def zip_kind(path: Path, suffix: str, head: bytes) -> str:
    """Kind of a zip by its members; a broken one by its suffix, else by the names in its head, else "zip"."""
    try:
        if _directory_size(path) > MAX_DIRECTORY:
            return "zip"
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            mimetype = _mimetype(archive) if "mimetype" in names else ""
    except OSError as error:
        if error.errno is not None:
            raise
        return _broken_zip(suffix, head)
    except Exception:  # BadZipFile, but also struct, Unicode and value errors of a mangled directory
        return _broken_zip(suffix, head)
    opendocument = next((kind for stated, kind in MIMETYPES.items() if mimetype.startswith(stated)), "")
    return opendocument or _package_kind(names)


def _broken_zip(suffix: str, head: bytes) -> str:
    in_head = next((kind for part, kind in OFFICE_PARTS.items() if part.encode() in head), "")
    return SUFFIXES.get(suffix) or (in_head if b"[Content_Types].xml" in head else "") or "zip"


def _package_kind(names: Collection[str]) -> str:
    if "[Content_Types].xml" in names:
        parts = (kind for part, kind in OFFICE_PARTS.items() if any(name.startswith(part) for name in names))
        return next(parts, "zip")
    if "META-INF/container.xml" in names and any(name.endswith(".opf") for name in names):
        return "epub"
    if "META-INF/MANIFEST.MF" in names and any(name.endswith(".class") for name in names):
        return "program"
    # Pages, Numbers and Keynote.
    return "other document" if "Index/Document.iwa" in names else "zip"


def _mimetype(archive: zipfile.ZipFile) -> str:
    with archive.open("mimetype") as member:
        return member.read(LONGEST_MIMETYPE).decode("ascii", "replace").strip()


def _directory_size(path: Path) -> int:
    """Bytes of the directory as the end record states them; 0 when it states none (`zipfile` then decides)."""
    with path.open("rb") as stream:
        stream.seek(0, 2)
        stream.seek(max(0, stream.tell() - (1 << 16) - 22))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 16:
        return 0
    size = int(struct.unpack_from("<I", tail, at + 12)[0])
    zip64 = tail.rfind(b"PK\x06\x06", 0, at)
    if size == 0xFFFFFFFF and zip64 >= 0 and len(tail) >= zip64 + 48:
        size = int(struct.unpack_from("<Q", tail, zip64 + 40)[0])
    return size
