"""What the beginning of a log file tells of its form: its first lines, and whether an object wraps a list of records.

How it is then read is told in `workbench.ingest.logs.blocks`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from workbench.ingest.logs.formats import log_formats
from workbench.ingest.tables.csv_rows import Dialect
from workbench.ingest.tables.rows import MAX_LINE
from workbench.ingest.tables.text_files import FIRST_LINES, NOT_JSON, text_chunks, utf8_chunks
from workbench.ingest.traces import trace_format

MAX_LOOKED_INTO = 64 * 2**20
"""Bytes of a JSON object that is looked at as a whole, to tell one trace from a list of records in an envelope."""


def first_lines(path: Path, encoding: str) -> list[bytes]:
    """The beginning of a file as whole lines: enough of them to tell its form."""
    text, ends = b"", 0
    for chunk in utf8_chunks(path, encoding, 64 * 2**10):
        text += chunk
        ends += chunk.count(b"\n") or chunk.count(b"\r")
        if ends > 2 or len(text) > MAX_LINE:
            break
    lines = text.splitlines(keepends=True)
    return lines[: min(FIRST_LINES, max(1, len(lines) - 1))] if len(text) >= 64 * 2**10 else lines[:FIRST_LINES]


def envelopes_of(path: Path, encoding: str, lines: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Keys of lists that hold the records (none for one trace in an object: its parts stay together), what a record is called."""
    known = tuple(log_formats()["envelopes"])
    begins = "".join(lines).lstrip()[:1]
    if begins != "{" or path.stat().st_size > MAX_LOOKED_INTO:
        return known, "record"
    text = ""
    for _, chunk in text_chunks(path, encoding):
        text += chunk
        if len(text) > MAX_LOOKED_INTO:  # a packed file says little about its size
            return known, "record"
    try:
        whole = json.loads(text)
    except NOT_JSON:
        return known, "record"
    if trace_format([whole]):
        return (), "line"
    listed = next((whole[key] for key in known if _holds_records(whole.get(key))), None)
    return (known, "record") if listed is not None else ((), "line")


def _holds_records(value: object) -> bool:
    return isinstance(value, list) and 2 * sum(isinstance(item, dict) for item in value[:20]) > len(value[:20])


def ragged(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether the first lines have different numbers of cells, as running text has that somebody put commas into."""
    return len({line.count(dialect.delimiter) for line in lines if line.strip() and dialect.quotechar not in line}) > 1
