"""The records of a JSON file of any size, one after the other: items of an array, also one inside an object, or values in a row.

It finds where a record begins and ends without keeping the file; what a record means is the business of its reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.tables.rows import MAX_LINE
from workbench.ingest.tables.text_files import short, text_chunks

MAX_VALUE = 64 * 2**20
"""Characters one value beside the records may have; anything longer in a file is a fault."""
ITEMS_LOOKED_AT = 3
_SPACE = " \t\r\n"


@dataclass(slots=True)
class _Buffer:
    """The part of a text that is looked at."""

    chunks: Iterator[tuple[float, str]]
    text: str = ""
    at: int = 0
    share: float = 0.0
    ended: bool = False
    decoder: json.JSONDecoder = field(default_factory=json.JSONDecoder)

    def more(self) -> bool:
        found = next(self.chunks, None)
        if found is None:
            self.ended = True
            return False
        self.share, chunk = found
        self.text, self.at = self.text[self.at :] + chunk, 0
        return True

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _SPACE:
                    return self.text[self.at]
                self.at += 1
            if not self.more():
                return ""

    def value(self, limit: int) -> tuple[object, str]:
        """The next value, and its text.

        Raises:
            ValueError: there is none, or it is over the limit.
        """
        self.peek()
        wanted = 0
        while True:
            try:
                if len(self.text) - self.at >= wanted or self.ended:
                    found, end = self.decoder.raw_decode(self.text, self.at)
                    if end < len(self.text) or self.ended:
                        text, self.at = self.text[self.at : end], end
                        return found, text
            except RecursionError as error:
                raise ValueError("nested too deep") from error
            except json.JSONDecodeError as error:
                # An error far before the end of what was read is no matter of reading on.
                if self.ended or (error.pos < len(self.text) - 64 and not error.msg.startswith("Unterminated")):
                    raise
            if len(self.text) - self.at > limit:
                raise ValueError(f"a value of more than {limit // 2**20} MiB")
            # Twice as much each time: a long value is not begun again and again.
            wanted = 2 * (len(self.text) - self.at)
            if not self.more() and self.ended and self.at >= len(self.text):
                raise ValueError("it ends in the middle")


def json_items(path: Path, encoding: str, envelopes: Sequence[str]) -> Iterator[tuple[float, str]]:
    """(share of the file read, text of a record) of every record of a JSON file.

    Raises:
        InputError: the file is not JSON from some place on; what came before was given.
    """
    buffer = _Buffer(text_chunks(path, encoding))
    number = 0
    try:
        while first := buffer.peek():
            if first == "[":
                for text in _array(buffer):
                    number += 1
                    yield buffer.share, text
            elif first == "{":
                for text in _object(buffer, envelopes):
                    number += 1
                    yield buffer.share, text
            else:
                number += 1
                yield buffer.share, buffer.value(MAX_LINE)[1]
    except ValueError as error:
        behind = f" behind record {number:,}" if number else ""
        raise InputError(f"not valid JSON{behind} ({short(error)}); export it again") from error


def _array(buffer: _Buffer) -> Iterator[str]:
    buffer.at += 1
    if buffer.peek() == "]":
        buffer.at += 1
        return
    while True:
        yield buffer.value(MAX_LINE)[1]
        mark = buffer.peek()
        buffer.at += 1
        if mark == "]":
            return
        if mark != ",":
            raise ValueError("a comma or bracket is missing" if mark else "it ends in the middle of a list")


def _object(buffer: _Buffer, envelopes: Sequence[str]) -> Iterator[str]:
    """Items of the first list of records an object holds under an envelope's name, else the object itself."""
    kept: list[str] = []
    size, given = 0, False
    for name, written in _names(buffer):
        if not given and name in envelopes and buffer.peek() == "[":
            looked_at: list[str] = []
            records = _array(buffer)
            given = _begins_with_records(records, looked_at)
            if given:
                yield from looked_at
                yield from records
                continue
            value = f"[{','.join((*looked_at, *records))}]"
        else:
            value = buffer.value(MAX_VALUE)[1]
        size += len(value)
        if given:
            continue
        if size > MAX_VALUE:
            raise ValueError(f"one object of more than {MAX_VALUE // 2**20} MiB without a list of records")
        kept.append(f"{written}:{value}")
    if not given:
        yield f"{{{','.join(kept)}}}"


def _begins_with_records(items: Iterator[str], looked_at: list[str]) -> bool:
    """Whether one of the first items of a list is an object; those that were looked at are added to a list."""
    for item in islice(items, ITEMS_LOOKED_AT):
        looked_at.append(item)
        if item[:1] == "{":
            return True
    return False


def _names(buffer: _Buffer) -> Iterator[tuple[object, str]]:
    """(name, name as written) of each member of an object, with the buffer before its value."""
    buffer.at += 1
    while (mark := buffer.peek()) != "}":
        if mark == ",":
            buffer.at += 1
            mark = buffer.peek()
        if mark != '"':
            raise ValueError("a name is missing" if mark else "it ends in the middle of an object")
        name, written = buffer.value(MAX_LINE)
        if buffer.peek() != ":":
            raise ValueError(f"no value for {written[:40]}")
        buffer.at += 1
        yield name, written
    buffer.at += 1
