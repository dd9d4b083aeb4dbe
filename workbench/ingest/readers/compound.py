"""Old Office files: OLE containers with streams inside.

It opens the container, tells encryption and reads what the file says about itself; the streams are the business of each reader.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.packages import PASSWORD, Properties, damage_named, telling_title

if TYPE_CHECKING:
    from olefile import OleFileIO

MAX_COMPOUND_BYTES = 256 * 2**20
"""An old Office file above this is refused: its streams are read into memory."""


def read_encrypted(path: Path) -> Extracted:
    """An Office file behind a password.

    Raises:
        InputError: always; there is nothing to read.
    """
    raise InputError(f"{path.name}: {PASSWORD}")


@contextmanager
def open_compound(path: Path, noun: str, program: str) -> Iterator[OleFileIO]:
    """Open an old Office file.

    Args:
        path: the file.
        noun: what it should be: "Word file (doc)".
        program: what opens such a file, for the advice.

    Raises:
        InputError: damaged, too large, or with a password.
    """
    import olefile

    size = path.stat().st_size
    if size > MAX_COMPOUND_BYTES:
        raise InputError(
            f"{path.name}: {size // 2**20} MiB, more than the {MAX_COMPOUND_BYTES // 2**20} MiB of an old Office file that are "
            f"read; save it from {program} in today's format"
        )
    with damage_named(path, noun, program), olefile.OleFileIO(str(path)) as container:
        if container.exists("EncryptedPackage") or _is_encrypted(path):
            raise InputError(f"{path.name}: {PASSWORD}")
        yield container


def _is_encrypted(path: Path) -> bool:
    import msoffcrypto

    with path.open("rb") as stream:
        try:
            return bool(msoffcrypto.OfficeFile(stream).is_encrypted())
        except Exception:  # a file it does not understand is for the reader to judge, which says more
            return False


def stream_of(container: OleFileIO, name: str) -> bytes:
    """All bytes of a stream.

    Raises:
        KeyError: no such stream.
    """
    if not container.exists(name):
        raise KeyError(name)
    with container.openstream(name) as stream:
        return bytes(stream.read())


def summary(container: OleFileIO) -> Properties:
    """Title, author and dates of an old Office file; nothing where that part is missing or broken."""
    try:
        facts = _facts(stream_of(container, "\x05SummaryInformation"))
    except (KeyError, OSError, struct.error):
        return Properties()
    coding = _coding(facts.get(_CODEPAGE))
    title, author = (_text(facts.get(key), coding) for key in (_TITLE, _AUTHOR))
    return Properties(telling_title(title), author, _day(facts.get(_CREATED)), _day(facts.get(_SAVED)))


_CODEPAGE, _TITLE, _AUTHOR, _CREATED, _SAVED = 1, 2, 4, 12, 13
_SHORT, _BYTES, _WIDE, _TIME = 2, 30, 31, 64
MAX_FACTS = 1000
"""Properties that are looked at; a file has some twenty."""


def _facts(data: bytes) -> dict[int, bytes | int]:
    """Properties of the first set of a property stream ([MS-OLEPS]).

    They are read here because olefile trusts the counts in the stream, and one broken file keeps it busy for hours.
    """
    (start,) = struct.unpack_from("<I", data, 44)
    (count,) = struct.unpack_from("<I", data, start + 4)
    facts: dict[int, bytes | int] = {}
    for number in range(min(count, MAX_FACTS)):
        key, offset = struct.unpack_from("<II", data, start + 8 + 8 * number)
        at = start + offset
        kind, length = struct.unpack_from("<II", data, at)
        if kind in {_BYTES, _WIDE}:
            size = length * (2 if kind == _WIDE else 1)
            text = data[at + 8 : at + 8 + size]
            facts[key] = text.decode("utf-16-le", errors="replace").encode("utf-8") if kind == _WIDE else text
        elif kind == _TIME:
            (facts[key],) = struct.unpack_from("<Q", data, at + 4)
        elif kind == _SHORT:
            facts[key] = length & 0xFFFF
    return facts


def _coding(codepage: bytes | int | None) -> str:
    number = codepage if isinstance(codepage, int) else 1252
    return {65001: "utf-8", 1200: "utf-8", 10000: "mac-roman"}.get(number, f"cp{number}")


def _text(value: bytes | int | None, coding: str) -> str:
    data = value if isinstance(value, bytes) else b""
    try:
        text = data.decode(coding, errors="replace")
    except LookupError:
        text = data.decode("cp1252", errors="replace")
    return " ".join(text.replace("\x00", " ").split())


def _day(ticks: bytes | int | None) -> date | None:
    """The day of a number of 100 nanoseconds since 1601; none for times before there were such files."""
    if not isinstance(ticks, int):
        return None
    day = ticks // (10_000_000 * 86_400)
    return date(1601, 1, 1) + timedelta(days=day) if 138_426 < day < 200_000 else None
