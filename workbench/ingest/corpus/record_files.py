"""Records out of csv of any dialect, JSON and JSON lines, one at a time, with everything that stands beside the header kept.

What a record means is the business of `workbench.ingest.corpus.record_fields`. Unlike
`workbench.ingest.tables.text_files`, which looks for the columns of a query log, nothing is left out here: these are
documents, and any cell may hold the answer.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.corpus.record_fields import WANTED, Leaf, has_text, leaves_of
from workbench.ingest.logs.values import sound
from workbench.ingest.readers import decode
from workbench.ingest.tables.csv_rows import allow_long_cells
from workbench.ingest.tables.rows import MAX_LINE
from workbench.ingest.tables.text_files import NOT_JSON, open_text, short

MAX_WHOLE_BYTES = 64 * 2**20
"""A file up to this size is decoded in one piece, which tells any encoding; a larger one is UTF-8 or Windows-1252."""
SAMPLE = 64 * 2**10
SAMPLED_ROWS = 20
HEADER_ROWS = 5
LONGEST_NAME = 60
"""Characters of a name of a column."""
RAREST_FIRST = "\t|;,"
"""Delimiters, those first that stand least often in prose."""
ENVELOPES = (
    "data", "records", "items", "results", "documents", "docs", "rows", "entries", "hits", "articles", "pages", "passages",
    "chunks", "value", "values", "response", "result", "faqs", "questions", "corpus",
)  # fmt: skip
"""Keys under which an object may hold the list of records, also one below the other."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its place in the file, the id it is given where it states none, its values, what stood beside them.

    Attributes:
        number: "" for the only record of a file.
        surplus: cells beyond the header, as they stood. headings: what stood above the header of the table.
    """

    locator: str
    number: str
    leaves: Sequence[Leaf]
    surplus: str = ""
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be read, and why."""

    locator: str
    reason: str


def _lines(path: Path) -> Iterator[str]:
    """Lines of a text file with their ends; a line over the limit comes in pieces of that size."""
    if path.stat().st_size <= MAX_WHOLE_BYTES:
        text = decode(path.read_bytes(), path.name)
        begin = 0
        while begin < len(text):
            end = text.find("\n", begin) + 1 or len(text)
            yield text[begin:end]
            begin = end
        return
    with open_text(path) as stream:
        try:
            while line := stream.readline(MAX_LINE):
                yield line.replace("\x00", "")
        except (OSError, EOFError) as error:
            raise InputError(f"{path.name}: could not be read ({short(error)}); copy or export it again") from error


def _csv_records(path: Path) -> Iterator[Record | BadRecord]:
    """Rows are numbered from the first line of the file, which is 0 and usually the header.

    Another table may begin behind a blank line: its title, or its header right away.
    """
    lines = _lines(path)
    sample = _sample(lines)
    delimiter, header_row = _shape("".join(sample))
    spaced = any(f'{delimiter} "' in line for line in sample)
    allow_long_cells()
    rows = _numbered(csv.reader(chain(sample, lines), delimiter=delimiter, skipinitialspace=spaced))
    above = [_title(cells) for _, cells in islice(_whole_rows(rows), header_row)]
    header = _names(next(_whole_rows(rows), (0, []))[1])
    waiting: list[tuple[int, list[str]]] = []
    behind_blank = False
    for number, cells in rows:
        if isinstance(cells, BadRecord):
            yield cells
            continue
        if not any(cell.strip() for cell in cells):
            behind_blank = True
        elif behind_blank and _title(cells) and len(header) > 1 and sum(map(bool, map(str.strip, cells))) == 1:
            waiting.append((number, cells))
        elif behind_blank and (_names(cells) == header or (waiting and _like_header(cells))):
            # Titles stand right above their header; what stood alone before was text.
            above = [_title(title) for _, title in waiting] or above
            header, waiting, behind_blank = _names(cells), [], False
        else:
            yield from (
                _row(*row, header, delimiter, tuple(filter(None, above))) for row in (*waiting, (number, cells))
            )
            waiting, behind_blank = [], False
    yield from (_row(*row, header, delimiter, tuple(filter(None, above))) for row in waiting)


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | BadRecord]]:
    """Rows with their number; a blank line, which has none of its own, as a row without cells."""
    number = -1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            number += 1
            yield number, BadRecord(f"row {number}", f"not readable as csv ({error})")
            continue
        if cells is None:
            return
        number += bool(cells)
        yield number, cells


def _whole_rows(rows: Iterable[tuple[int, list[str] | BadRecord]]) -> Iterator[tuple[int, list[str]]]:
    return ((number, cells) for number, cells in rows if isinstance(cells, list) and cells)


def _title(cells: Sequence[str]) -> str:
    return " ".join(sound(cell).strip() for cell in cells if cell.strip())


def _names(cells: Sequence[str]) -> list[str]:
    names = [sound(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _like_header(cells: Sequence[str]) -> bool:
    """Whether a row reads like names of columns: several, no two alike, none a number or a sentence."""
    names = [cell.strip() for cell in cells if cell.strip()]
    words = all(any(map(str.isalpha, name)) and len(name) <= LONGEST_NAME and name[-1] not in ".!?" for name in names)
    return len(names) > 1 and len(set(names)) == len(names) and words


def _row(number: int, cells: Sequence[str], header: Sequence[str], delimiter: str, above: tuple[str, ...]) -> Record:
    leaves = [((name,), sound(cell)) for name, cell in zip(header, cells, strict=False)]
    extra = cells[len(header) :]
    surplus = "".join(f"{delimiter}{sound(cell)}" for cell in extra) if any(cell.strip() for cell in extra) else ""
    return Record(f"row {number}", str(number), leaves, surplus, above)


def _sample(lines: Iterator[str]) -> list[str]:
    """The first lines of a file, taken from the iterator: enough to tell its dialect."""
    taken: list[str] = []
    for line in lines:
        taken.append(line)
        if len(taken) >= SAMPLED_ROWS or sum(map(len, taken)) > SAMPLE:
            break
    return taken


def _shape(sample: str) -> tuple[str, int]:
    """(delimiter, number of the header row): the delimiter under which most names are known, then most rows are equally long."""
    tables = {delimiter: _rows(sample, delimiter) for delimiter in RAREST_FIRST}

    def merit(delimiter: str) -> tuple[int, int, int]:
        known = max((_known(cells) for cells in tables[delimiter][:HEADER_ROWS]), default=0)
        widths = Counter(len(cells) for cells in tables[delimiter] if len(cells) > 1)
        width, rows = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return known, rows, width

    # Where two are alike the one that is rarer in prose: every cell of a table may hold a comma.
    delimiter = max(RAREST_FIRST, key=merit)
    return delimiter, _header_row(tables[delimiter])


def _header_row(rows: Sequence[Sequence[str]]) -> int:
    """The first row with as many filled cells as any of the first ones; titles and blank lines above a header have fewer."""
    filled = [sum(bool(cell.strip()) for cell in cells) for cells in _first_table(rows)]
    if not filled or _known(rows[0]):
        return 0
    # A first row with two names or more is a header with gaps rather than a title.
    return 0 if filled[0] > 1 else filled.index(max(filled))


def _first_table(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The first rows, lines without cells left out, up to the blank line behind two rows of a table: another one may follow."""
    first: list[Sequence[str]] = []
    wide = 0
    for cells in rows:
        count = sum(bool(cell.strip()) for cell in cells)
        wide += count > 1
        if len(first) == HEADER_ROWS or (not count and wide > 1):
            break
        if cells:
            first.append(cells)
    return first


def _known(cells: Iterable[str]) -> int:
    return sum(cell.strip().lower() in WANTED for cell in cells)


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        found = list(islice(reader, SAMPLED_ROWS))
        return found[next((number for number, cells in enumerate(found) if cells), 0) :]
    except csv.Error:
        return []


def _jsonl_records(path: Path) -> Iterator[Record | BadRecord]:
    number, goes_on = 0, False
    for line in _lines(path):
        beginning, goes_on = not goes_on, not line.endswith("\n")
        number += beginning
        if not beginning or (goes_on and len(line) >= MAX_LINE):
            if beginning:
                yield BadRecord(f"line {number}", f"longer than {MAX_LINE // 2**20} MiB")
            continue
        if line.strip():
            try:
                yield Record(f"line {number}", str(number), leaves_of(json.loads(line)))
            except NOT_JSON as error:
                yield BadRecord(f"line {number}", f"not JSON ({short(error)})")


def _json_records(path: Path) -> Iterator[Record | BadRecord]:
    """Items of an array or of the array an object wraps; any other value is one record."""
    if path.stat().st_size > MAX_WHOLE_BYTES:
        limit = MAX_WHOLE_BYTES // 2**20
        raise InputError(
            f"{path.name}: more than {limit} MiB in one JSON value; export it as JSON lines, one record a line"
        )
    text = decode(path.read_bytes(), path.name)
    try:
        value = json.loads(text)
    except NOT_JSON as error:
        records = list(_jsonl_records(path))
        if sum(isinstance(record, Record) for record in records) > 1:  # JSON lines under the name of a JSON file
            yield from records
            return
        raise InputError(f"{path.name}: not valid JSON ({short(error)}); export it again") from error
    items = value if isinstance(value, list) else _wrapped(value)
    if items is None:
        yield Record("", "", leaves_of(value))
        return
    for number, item in enumerate(items, start=1):
        yield Record(f"record {number}", str(number), leaves_of(item))


def _wrapped(value: object, depth: int = 2) -> list[object] | None:
    """The list of records an object wraps; None for an object that is a document itself."""
    if not isinstance(value, dict) or has_text(value):
        return None
    by_name = {str(key).strip().lower(): inner for key, inner in value.items()}
    for name in (name for name in ENVELOPES if name in by_name):
        inner = by_name[name]
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            return inner
        found = _wrapped(inner, depth - 1) if depth else None
        if found:
            return found
    return None


RECORD_KINDS: Mapping[str, Callable[[Path], Iterator[Record | BadRecord]]] = {
    "csv": _csv_records,
    "json": _json_records,
    "jsonl": _jsonl_records,
    "ndjson": _jsonl_records,
    "tsv": _csv_records,
}
"""Kind of file -> its records in order. Each raises `InputError` where the file as a whole cannot be read."""
