"""The place in a client's file that a finding points to, with the lines around it.

It reads, it never interprets: every text leaves here as it stands in the file, and whoever shows it escapes it. Secrets
are masked first, in query logs personal data too, for they hold what people typed.
Only files of the case are opened; version-control internals and derived results are not.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from workbench.case import Case
from workbench.errors import CaseError, InputError
from workbench.ingest.readers import READERS, read_file
from workbench.ingest.redaction import mask, mask_secrets
from workbench.ingest.tables.text_files import open_text, read_json
from workbench.ui.commits import commit_lines, repository_above
from workbench.ui.source_parts import content_kind, part_of, unpacked_member

AROUND = 12
"""Lines shown before and after the marked one."""
WHOLE = 400
"""Lines shown of a file when no place in it is named."""
LONGEST = 6000
"""Characters shown of a marked line."""
LONGEST_BESIDE = 200
"""Characters shown of the lines around it: they are there for orientation."""
HIDDEN = frozenset({".git", ".workbench"})
EXTRACTED = frozenset(READERS) - {"empty", "html", "md", "txt", "xml"}
"""Kinds of files shown as the text that was read from them; the others are text themselves."""
_MEMBER = re.compile(r"member '(?P<name>.*?)'(?:, (?P<at>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as shown: its number or name, its text, whether it is the one pointed to."""

    label: str
    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What the viewer shows: the file and place in words, what part of it this is, the lines."""

    title: str
    note: str
    lines: tuple[Line, ...]


def excerpt(case: Case, path: str, at: str) -> Excerpt:
    """The lines of a case file around a place.

    Args:
        case: the case the file belongs to.
        path: relative to the case folder.
        at: "line 14", "row 3", "record 2", "page 2", "sheet 'Q1'", "slide 4", "commit 1a2b3c4", "document 'x'"; "" is the
            beginning of the file. "member 'a/b.pdf'", or "member 'a/b.pdf', page 2", is in an archive or a mail.

    Raises:
        CaseError: outside the case, hidden, or not there.
        InputError: the file has no readable text, or does not reach as far as the place.
    """
    file = _case_file(case, path)
    lines = _lines_at(file, at, case)
    if not lines:
        raise InputError(f"{file.name} has no {at or 'text'}; it may have changed since the analysis, so run it again.")
    hide = mask if file.is_relative_to(case.root / "logs") else mask_secrets
    lines = tuple(Line(line.label, hide(line.text)[0], line.marked) for line in lines)
    pointed = any(line.marked for line in lines)
    shown = tuple(_shortened(line, beside=pointed) for line in lines)
    return Excerpt(f"{path}, {at}" if at else path, _note(lines, at), shown)


def _lines_at(file: Path, at: str, case: Case) -> tuple[Line, ...]:
    member = _MEMBER.fullmatch(at)
    if member:
        with unpacked_member(file, member["name"]) as inner:
            return _lines_at(inner, member["at"] or "", case)
    kind, _, value = at.partition(" ")
    return tuple(_KINDS.get(kind, _beginning)(file, value.strip("'\" "), case))


def _case_file(case: Case, path: str) -> Path:
    file = case.resolve(path)
    inside = file.relative_to(case.root)
    if not path or HIDDEN.intersection(inside.parts) or HIDDEN.intersection(PurePosixPath(path).parts):
        raise CaseError("This file is not shown here.")
    if not file.exists():
        raise CaseError("This file is not in the case any more; it may have been renamed since the analysis.")
    return file


def _at_line(file: Path, value: str, case: Case) -> Iterator[Line]:
    if not value.isdigit():
        return
    for line in _around(_text_lines(file), int(value), int(value)):
        fields = _fields(line.text) if line.marked else None
        if fields is None:
            yield line
        else:
            yield from (Line(line.label if first else "", text, marked=True) for first, text in fields)


def _fields(text: str) -> list[tuple[bool, str]] | None:
    """A line that is one JSON object, laid out field by field, each with whether it is the first; None for other lines."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        laid_out = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return None
    return [(number == 0, line) for number, line in enumerate(laid_out.split("\n"))]


def _at_row(file: Path, value: str, case: Case) -> Iterator[Line]:
    """Rows are counted from 1 below the header; a row may span several lines."""
    if not value.isdigit():
        return
    span = _row_span(file, int(value))
    if span is not None:
        header = next(iter(_text_lines(file)), "")
        if span[0] > AROUND + 1:
            yield Line("header", header)
        yield from _around(_text_lines(file), *span)


def _at_record(file: Path, value: str, case: Case) -> Iterator[Line]:
    content = read_json(file)
    if isinstance(content, dict):
        content = next((part for part in content.values() if isinstance(part, list) and part), [content])
    if value.isdigit() and isinstance(content, list) and 1 <= int(value) <= len(content):
        laid_out = json.dumps(content[int(value) - 1], ensure_ascii=False, indent=2)
        yield from (Line("", line, marked=True) for line in laid_out.split("\n"))


def _at_page(file: Path, value: str, case: Case) -> Iterator[Line]:
    pages = part_of(file, "page", value) or dict(enumerate(read_file(file).text.split("\f"), start=1)).get(
        _number(value), ""
    )
    yield from _numbered(pages.split("\n")) if pages else ()


def _at_sheet(file: Path, value: str, case: Case) -> Iterator[Line]:
    yield from _numbered(part_of(file, "sheet", value).splitlines())


def _at_slide(file: Path, value: str, case: Case) -> Iterator[Line]:
    yield from _numbered(part_of(file, "slide", value).splitlines())


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else 0


def _at_commit(file: Path, value: str, case: Case) -> Iterator[Line]:
    repository = repository_above(file, case.root)
    if repository is not None and re.fullmatch(r"[0-9a-f]{4,40}", value):
        found = commit_lines(repository, value)
        if found:
            yield from (Line(label, text, marked=label == "commit") for label, text in found)
            return
    yield from _first_mention(file, value)


def _at_document(file: Path, value: str, case: Case) -> Iterator[Line]:
    yield from _first_mention(file, json.dumps(value, ensure_ascii=False)[1:-1])


def _beginning(file: Path, value: str, case: Case) -> Iterator[Line]:
    yield from _numbered(islice(_text_lines(file), WHOLE))


_KINDS: dict[str, Callable[[Path, str, Case], Iterator[Line]]] = {
    "line": _at_line,
    "row": _at_row,
    "record": _at_record,
    "page": _at_page,
    "sheet": _at_sheet,
    "slide": _at_slide,
    "commit": _at_commit,
    "document": _at_document,
}


def _first_mention(file: Path, text: str) -> Iterator[Line]:
    if not text or file.is_dir():
        return
    number = next((n for n, line in enumerate(_text_lines(file), start=1) if text in line), None)
    if number is not None:
        yield from _around(_text_lines(file), number, number)


def _text_lines(file: Path) -> Iterator[str]:
    if file.is_dir():
        raise InputError(f"{file.name} is a folder; open one of the files in it.")
    if content_kind(file) in EXTRACTED:
        yield from re.split(r"[\n\f]", read_file(file).text)
        return
    with open_text(file) as stream:
        for line in stream:
            yield line.rstrip("\r\n")


def _row_span(file: Path, row: int) -> tuple[int, int] | None:
    """First and last line of a row below the header, blank lines not counted; None behind the end."""
    with open_text(file) as stream:
        first = stream.readline()
        delimiter = max(",;\t|", key=first.count)
        stream.seek(0)
        reader = csv.reader(stream, delimiter=delimiter)
        counted, end = -1, 0
        for cells in reader:
            start, end = end + 1, reader.line_num
            counted += bool(cells)
            if cells and counted == row:
                return start, end
    return None


def _around(lines: Iterable[str], first: int, last: int) -> Iterator[Line]:
    """The lines from `first` to `last`, marked, and those around them; nothing when the file ends before."""
    if first < 1:
        return
    begin = max(first - AROUND, 1)
    shown = list(islice(lines, begin - 1, last + AROUND))
    if len(shown) > first - begin:
        yield from (Line(str(n), text, first <= n <= last) for n, text in enumerate(shown, start=begin))


def _numbered(lines: Iterable[str]) -> Iterator[Line]:
    return (Line(str(number), text) for number, text in enumerate(lines, start=1))


def _shortened(line: Line, *, beside: bool) -> Line:
    longest = LONGEST_BESIDE if beside and not line.marked else LONGEST
    if len(line.text) <= longest:
        return line
    return Line(line.label, f"{line.text[:longest]} … ({len(line.text) - longest:,} more characters)", line.marked)


def _note(lines: tuple[Line, ...], at: str) -> str:
    if not at:
        return f"The first {len(lines):,} lines." if len(lines) == WHOLE else "The whole file."
    if at.startswith("record"):
        return "This record, laid out for reading."
    place = _MEMBER.fullmatch(at)
    if place:
        return _note(lines, place["at"] or "")
    shown = at.partition(" ")[0]
    return (
        "The place the finding points to is marked." if any(line.marked for line in lines) else f"All of this {shown}."
    )
