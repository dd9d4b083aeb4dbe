"""Rows out of data files whatever their form: JSON lines, a JSON array, an object that wraps one, csv of any dialect; gzip too.

The form is told by content, never by suffix. Rows come one at a time with their place in the file; what a row means is the
business of `workbench.ingest.logs.reading` and `workbench.ingest.evals.material`.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Literal, TypeVar, cast

from workbench.errors import InputError
from workbench.ingest.tables.csv_rows import allow_long_cells, csv_records, csv_shape
from workbench.ingest.tables.rows import MAX_LINE, BadRow, Row

MAX_WHOLE = 256 * 2**20
"""Characters of a file that must be read in one piece (a JSON array); JSON lines have no such limit."""
MAX_CHARACTERS = 4 * 2**30
"""Characters read from one file, unpacked: stops a gzip file made to fill the machine."""
SAMPLE = 64 * 2**10
FIRST_LINES = 20
HEADER_LINES = 5
DAMAGED = (OSError, EOFError, zlib.error)
NOT_JSON = (ValueError, RecursionError)

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
T = TypeVar("T")
Form = Literal["jsonl", "json", "csv", "empty"]


def form_of(path: Path) -> Form:
    """How a file holds its records, by content.

    Raises:
        InputError: the file cannot be opened, is damaged, or is not text.
    """
    return form_of_lines(_first_lines(path))


def form_of_lines(lines: Sequence[str]) -> Form:
    """How a text holds its records, by its first lines."""
    lines = [line for line in lines if line.strip()]
    if not lines:
        return "empty"
    first = lines[0].lstrip()
    if first[0] == "[":
        return "json"
    if first[0] != "{":
        return "csv"
    if isinstance(_parsed(first), dict):
        return "jsonl" if len(lines) > 1 else "json"
    opens_a_value = first.rstrip()[-1] in "[{,"
    follow = any(line[0] == "{" and isinstance(_parsed(line), dict) for line in lines[1:])
    return "jsonl" if follow and not opens_a_value else "json"


def read_rows(path: Path, envelopes: Sequence[str], known: Callable[[str], bool]) -> Iterator[Row | BadRow]:
    """Every record of a file in order.

    Args:
        path: the file.
        envelopes: keys under which a JSON object may hold the list of records.
        known: whether a csv header cell names something wanted; decides on delimiter and header line.

    Raises:
        InputError: the file as a whole cannot be read.
    """
    form = form_of(path)
    if form == "jsonl":
        yield from _json_lines(path)
    elif form == "json":
        yield from rows_in(read_json(path), envelopes)
    elif form == "csv":
        yield from _csv_rows(path, known)


def rows_in(value: object, envelopes: Sequence[str]) -> Iterator[Row | BadRow]:
    """Records of a parsed JSON value: the items of a list, of the first filled envelope, or the object itself."""
    if isinstance(value, dict):
        inner = next((value[key] for key in envelopes if _is_records(value.get(key))), None)
        if inner is None:
            yield Row("line 1", value)
        value = inner
    if not isinstance(value, list):
        return
    for number, item in enumerate(value, start=1):
        if isinstance(item, dict):
            yield Row(f"record {number}", item)
        else:
            yield BadRow(f"record {number}", f"expected an object, found {type(item).__name__}")


def read_json(path: Path) -> object:
    """A whole JSON file.

    Raises:
        InputError: not JSON, too large to read in one piece, or damaged.
    """
    with open_text(path) as stream:
        text = _guarded(path.name, lambda: stream.read(MAX_WHOLE + 1))
    if len(text) > MAX_WHOLE:
        raise InputError(
            f"{path.name}: more than {MAX_WHOLE // 2**20} MiB in one JSON value; export it as JSON lines, one record a line"
        )
    try:
        return json.loads(text)
    except NOT_JSON as error:
        raise InputError(f"{path.name}: not valid JSON ({short(error)}); export it again") from error


@contextmanager
def open_text(path: Path) -> Iterator[IO[str]]:
    """A file opened as text, unpacked where it is gzip, decoded by byte order mark, as UTF-8, else as Windows-1252.

    Raises:
        InputError: the file cannot be opened, is damaged, or is not text.
    """
    encoding = _guarded(path.name, lambda: _encoding(path))
    # Newlines stay as they are: the csv reader needs those inside quoted cells.
    with _opened(path) as binary, io.TextIOWrapper(binary, encoding=encoding, errors="replace", newline="") as text:
        yield text


def byte_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) of a file as bytes, unpacked where it is gzip; a line ends at a newline and nowhere else.

    Raises:
        InputError: the file cannot be opened or is damaged, or a line is over the limit.
    """
    with _guarded(path.name, lambda: _opened(path)) as stream:
        number = size = 0
        while line := _guarded(f"{path.name} line {number + 1}", lambda: stream.readline(MAX_LINE)):
            number, size = number + 1, size + len(line)
            _check_size(path, size)
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

    return _guarded(path.name, read)


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
    if b"\x00" in head or head.startswith((b"%PDF", b"PAR1")):
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
    with _guarded(path.name, lambda: _opened(path)) as stream:
        _guarded(path.name, lambda: _skip_mark(stream))
        read = 0
        if decoder is None and start and not isinstance(stream, gzip.GzipFile):
            stream.seek(stream.tell() + start)
            read = start
        while raw := _guarded(path.name, lambda: _read_to_damage(stream, size)):
            chunk = decoder.decode(raw).encode("utf-8", "replace") if decoder else raw
            read += len(chunk)
            _check_size(path, read)
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


def _guarded(place: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except DAMAGED as error:
        raise InputError(f"{place}: could not be read ({short(error)}); copy or export it again") from error


def _first_lines(path: Path) -> list[str]:
    """The beginning of a file as whole lines: enough of them to tell its form."""
    found: list[str] = []
    for _, line in islice(_lines(path), FIRST_LINES):
        found.append(line or "")
        if sum(map(len, found)) > SAMPLE:
            break
    return found


def _lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """(number from 1, line) of a file; None for a line over the limit."""
    with open_text(path) as stream:
        number = characters = 0
        while line := _guarded(path.name, lambda: stream.readline(MAX_LINE)):
            number, whole = number + 1, line
            while len(line) == MAX_LINE and not line.endswith("\n"):
                line = _guarded(path.name, lambda: stream.readline(MAX_LINE))
                characters += len(line)
                _check_size(path, characters)
            characters += len(whole)
            _check_size(path, characters)
            yield number, whole if line is whole else None


def _check_size(path: Path, characters: int) -> None:
    if characters > MAX_CHARACTERS:
        raise InputError(f"{path.name}: more than {MAX_CHARACTERS // 2**30} GiB of text; split it into several files")


def _json_lines(path: Path) -> Iterator[Row | BadRow]:
    for number, line in _lines(path):
        locator = f"line {number}"
        if line is None:
            yield BadRow(locator, f"longer than {MAX_LINE // 2**20} MiB")
        elif line.strip():
            yield _json_line(locator, line)


def _json_line(locator: str, line: str) -> Row | BadRow:
    try:
        value = json.loads(line)
    except NOT_JSON as error:
        return BadRow(locator, f"not JSON ({short(error)})")
    if isinstance(value, dict):
        return Row(locator, value)
    return BadRow(locator, f"expected an object, found {type(value).__name__}")


def _csv_rows(path: Path, known: Callable[[str], bool]) -> Iterator[Row | BadRow]:
    skip, delimiter = csv_shape(_first_lines(path)[:HEADER_LINES], known)
    allow_long_cells()
    reader = csv.reader(_csv_lines(path, skip), delimiter=delimiter)
    yield from csv_records(reader, [cell.strip() for cell in next(reader, [])])


def _csv_lines(path: Path, skip: int) -> Iterator[str]:
    for number, line in _lines(path):
        if line is None:
            raise InputError(
                f"{path.name} line {number}: longer than {MAX_LINE // 2**20} MiB; nothing behind it was read"
            )
        if number > skip:
            yield line.replace("\x00", "")


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in islice(value, 3))


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except NOT_JSON:
        return None


def short(error: BaseException) -> str:
    """What an error says, in one line of at most 120 characters."""
    # What the system says of a file names its whole path, which is nobody's business.
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return re.sub(r"\s+", " ", said or type(error).__name__)[:120]
