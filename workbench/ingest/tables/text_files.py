"""Rows out of data files whatever their form: JSON lines, a JSON array, an object that wraps one, csv of any dialect; gzip too.

The form is told by content, never by suffix. Rows come one at a time with their place in the file; what a row means is the
business of `workbench.ingest.logs.reading` and `workbench.ingest.evals.material`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

from workbench.errors import InputError
from workbench.ingest.tables.csv_rows import allow_long_cells, csv_records, csv_shape
from workbench.ingest.tables.rows import MAX_LINE, BadRow, Row
from workbench.ingest.tables.text_streams import (
    SAMPLE,
    byte_lines,
    check_size,
    guarded,
    head_of,
    open_text,
    short,
    text_chunks,
    text_encoding,
    utf8_chunks,
)

__all__ = [
    "FIRST_LINES",
    "NOT_JSON",
    "Form",
    "byte_lines",
    "form_of",
    "form_of_lines",
    "head_of",
    "open_text",
    "read_json",
    "read_rows",
    "rows_in",
    "short",
    "text_chunks",
    "text_encoding",
    "utf8_chunks",
]

MAX_WHOLE = 256 * 2**20
"""Characters of a file that must be read in one piece (a JSON array); JSON lines have no such limit."""
FIRST_LINES = 20
HEADER_LINES = 5
NOT_JSON = (ValueError, RecursionError)

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
        text = guarded(path.name, lambda: stream.read(MAX_WHOLE + 1))
    if len(text) > MAX_WHOLE:
        raise InputError(
            f"{path.name}: more than {MAX_WHOLE // 2**20} MiB in one JSON value; export it as JSON lines, one record a line"
        )
    try:
        return json.loads(text)
    except NOT_JSON as error:
        raise InputError(f"{path.name}: not valid JSON ({short(error)}); export it again") from error


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
        while line := guarded(path.name, lambda: stream.readline(MAX_LINE)):
            number, whole = number + 1, line
            while len(line) == MAX_LINE and not line.endswith("\n"):
                line = guarded(path.name, lambda: stream.readline(MAX_LINE))
                characters += len(line)
                check_size(path, characters)
            characters += len(whole)
            check_size(path, characters)
            yield number, whole if line is whole else None


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
