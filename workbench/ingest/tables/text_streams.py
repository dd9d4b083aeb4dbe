"""Text files as streams and chunks whatever their encoding, gzip too, within a bound of size.

What the text holds is told in `workbench.ingest.tables.text_files`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar, cast

from workbench.errors import InputError
from workbench.ingest.tables.rows import MAX_LINE

MAX_CHARACTERS = 4 * 2**30
"""Characters read from one file, unpacked: stops a gzip file made to fill the machine."""
SAMPLE = 64 * 2**10
DAMAGED = (OSError, EOFError, zlib.error)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
T = TypeVar("T")


@contextmanager
def open_text(path: Path) -> Iterator[IO[str]]:
    """A file opened as text, unpacked where it is gzip, decoded by byte order mark, as UTF-8, else as Windows-1252.

    Raises:
        InputError: the file cannot be opened, is damaged, or is not text.
    """
    encoding = guarded(path.name, lambda: _encoding(path))
    # Newlines stay as they are: the csv reader needs those inside quoted cells.
    with _opened(path) as binary, io.TextIOWrapper(binary, encoding=encoding, errors="replace", newline="") as text:
        yield text


def byte_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) of a file as bytes, unpacked where it is gzip; a line ends at a newline and nowhere else.

    Raises:
        InputError: the file cannot be opened or is damaged, or a line is over the limit.
    """
    with guarded(path.name, lambda: _opened(path)) as stream:
        number = size = 0
        while line := guarded(f"{path.name} line {number + 1}", lambda: stream.readline(MAX_LINE)):
            number, size = number + 1, size + len(line)
            check_size(path, size)
            if len(line) == MAX_LINE:
                raise InputError(f"{path.name} line {number}: longer than {MAX_LINE // 2**20} MiB; split the record")
            yield number, line


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")


def _encoding(path: Path) -> str:
    with _opened(path) as stream:
        head = stream.read(SAMPLE)
    marked = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), None)
    return marked or text_encoding(head, path.name)


def head_of(path: Path) -> bytes:
    """The first bytes of a file, unpacked where it is gzip.

    Raises:
        InputError: the file cannot be opened or is damaged.
    """

    def read() -> bytes:
        with _opened(path) as stream:
            return stream.read(SAMPLE)

    return guarded(path.name, read)


def text_encoding(head: bytes, name: str) -> str:
    """Encoding of a text by its first bytes: the byte order mark, the zero bytes of UTF-16, UTF-8, else Windows-1252.

    Raises:
        InputError: it is not text.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return {"utf-8-sig": "utf-8"}.get(encoding, "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be")
    if b"\x00" in head and not head.startswith((b"%PDF", b"PAR1")):
        even, odd = head[::2].count(0), head[1::2].count(0)
        if len(head) >= 16 and min(even, odd) == 0 and max(even, odd) > len(head) // 5:
            return "utf-16-le" if odd else "utf-16-be"
    if head.startswith(b"%PDF"):
        raise InputError(f"{name}: a PDF document, no records; move it to corpus/ if the pilot reads it")
    if b"\x00" in head or head.startswith(b"PAR1"):
        raise InputError(f"{name}: binary, not text; export it as JSON lines or csv")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def utf8_chunks(path: Path, encoding: str, size: int, start: int = 0) -> Iterator[bytes]:
    """A text in chunks of bytes without byte order mark; UTF-16 is turned into UTF-8, other encodings stay.

    Args:
        path: the file, unpacked where it is gzip.
        encoding: as `text_encoding` told it.
        size: bytes read at a time.
        start: bytes of what is given that are left out.

    Raises:
        InputError: the file cannot be opened, is damaged, or is too large.
    """
    wide = encoding.startswith("utf-16")
    decoder = codecs.getincrementaldecoder(encoding)("replace") if wide else None
    with guarded(path.name, lambda: _opened(path)) as stream:
        guarded(path.name, lambda: _skip_mark(stream))
        read = 0
        if decoder is None and start and not isinstance(stream, gzip.GzipFile):
            stream.seek(stream.tell() + start)
            read = start
        while raw := guarded(path.name, lambda: _read_to_damage(stream, size)):
            chunk = decoder.decode(raw).encode("utf-8", "replace") if decoder else raw
            read += len(chunk)
            check_size(path, read)
            if read > start:
                yield chunk if read - len(chunk) >= start else chunk[start - read :]


def _read_to_damage(stream: IO[bytes], size: int) -> bytes:
    """The next bytes of a stream; of a damaged gzip file those before the damage, and the damage the next time."""
    if not isinstance(stream, gzip.GzipFile):
        return stream.read(size)
    parts: list[bytes] = []
    try:
        while size > 0 and (part := stream.read1(min(size, SAMPLE))):
            parts.append(part)
            size -= len(part)
    except DAMAGED:
        if not parts:
            raise
    return b"".join(parts)


def _skip_mark(stream: IO[bytes]) -> None:
    head = stream.read(3)
    mark = next((mark for mark, _ in _MARKS if head.startswith(mark)), b"")
    stream.seek(len(mark))


def text_chunks(path: Path, encoding: str) -> Iterator[tuple[float, str]]:
    """(share of the file, text) of a file in chunks.

    Raises:
        InputError: as `utf8_chunks`.
    """
    decoder = codecs.getincrementaldecoder("utf-8" if encoding.startswith("utf-16") else encoding)("replace")
    size, read = max(1, path.stat().st_size), 0
    for chunk in utf8_chunks(path, encoding, 2**20):
        read += len(chunk)
        yield min(1.0, read / size), decoder.decode(chunk)
    yield 1.0, decoder.decode(b"", final=True)


def guarded(place: str, read: Callable[[], T]) -> T:
    """What a reading of a file gives.

    Raises:
        InputError: the file cannot be read on, or is damaged.
    """
    try:
        return read()
    except DAMAGED as error:
        raise InputError(f"{place}: could not be read ({short(error)}); copy or export it again") from error


def check_size(path: Path, characters: int) -> None:
    """Stop a text that is too large.

    Raises:
        InputError: it is.
    """
    if characters > MAX_CHARACTERS:
        raise InputError(f"{path.name}: more than {MAX_CHARACTERS // 2**30} GiB of text; split it into several files")


def short(error: BaseException) -> str:
    """What an error says, in one line of at most 120 characters."""
    # What the system says of a file names its whole path, which is nobody's business.
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return re.sub(r"\s+", " ", said or type(error).__name__)[:120]
