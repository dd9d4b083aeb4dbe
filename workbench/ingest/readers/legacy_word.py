"""Word files before 2007 (doc): text, headings and table rows out of the binary format.

Files of Word 6 and 95 are named as such and not read. Tracked deletions cannot be told apart here and are read as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.readers.compound import open_compound, stream_of, summary
from workbench.ingest.readers.extracted import Extracted, TextBuilder, embedded
from workbench.ingest.readers.packages import PASSWORD, pictures
from workbench.ingest.readers.word_binary import (
    WORD_97,
    Header,
    LayoutError,
    StyleFinder,
    read_header,
    read_paragraph_styles,
    read_pieces,
    whole_text,
)  # fmt: skip
from workbench.ingest.readers.word_text import is_page_number

HEADING_STYLES = range(1, 10)
"""Numbers of the built-in styles "heading 1" to "heading 9", the same in every language."""
_MARKS = str.maketrans(
    {"\x0b": "\n", "\x0c": "\n", "\x0e": "\n", "\x1e": "-", "\xa0": " ", "\t": "\t", "\n": "\n", "\r": "\n"}
)
_APPENDED = (
    ("footnotes", "Footnotes"),
    ("endnotes", "Endnotes"),
    ("boxes", "Text boxes"),
    ("headers", "Header and footer"),
    ("comments", "Comments"),
)


def read_doc(path: Path) -> Extracted:
    """Word before 2007: paragraphs, table rows with cells separated by ` | `; notes and comments at the end.

    Raises:
        InputError: damaged, with a password, or laid out in a way that is not read.
    """
    with open_compound(path, "Word file (doc)", "Word") as container:
        main = stream_of(container, "WordDocument")
        try:
            header = read_header(main)
            if header.version < WORD_97:
                raise LayoutError("it was written by a version before Word 97")
            if header.encrypted:
                raise InputError(f"{path.name}: {PASSWORD}")
            table = stream_of(container, header.table)
            pieces = read_pieces(table, header.pieces_at)
            text = whole_text(main, pieces)
        except (LayoutError, KeyError) as error:
            raise InputError(
                f"{path.name}: legacy Word file whose text could not be found ({str(error).strip(chr(39))}); "
                "open it in Word, save it as docx and add that"
            ) from error
        styles = StyleFinder(pieces, read_paragraph_styles(main, table, header.paragraphs_at))
        known = summary(container)
    builder, title = _read(text, header, styles)
    drawn = len(re.findall("[\x01\x08]", without_fields(text[: header.lengths["text"]])))
    author = {"author": known.author} if known.author else {}
    dates = embedded(known.created, known.modified)
    return Extracted(known.title or title, builder.text(), author, dates, builder.sections(), pictures(drawn))


def _read(text: str, header: Header, styles: StyleFinder) -> tuple[TextBuilder, str]:
    builder, title = TextBuilder(), ""
    for line, level in _paragraphs(text[: header.lengths["text"]], styles):
        if level:
            title = title or " ".join(line.split())
            builder.heading(line, level)
        else:
            builder.add(line)
    parts, start = {}, 0
    for name, length in header.lengths.items():
        parts[name] = text[start : start + length]
        start += length
    for name, heading in _APPENDED:
        found = (clean(line) for line in re.split("[\r\x07]", parts[name]))
        lines = list(dict.fromkeys(line for line in found if line and not (name == "headers" and is_page_number(line))))
        if lines:
            builder.heading(heading, 1)
            for line in lines:
                builder.add(line)
    return builder, title


def _paragraphs(text: str, styles: StyleFinder) -> Iterator[tuple[str, int]]:
    """Lines with their heading level, 0 for none; a row of a table is one line."""
    cells: list[str] = []
    start = 0
    for mark in re.finditer("[\r\x07\x0c]", text):
        raw, style = text[start : mark.start()], styles.at(start)
        start = mark.end()
        if mark.group() == "\x07":
            if (style is not None and style.ends_row) or (style is None and not raw and cells):
                yield _row(cells), 0
                cells = []
            else:
                cells.append(" ".join(clean(raw).split()))
            continue
        level = style.style if style is not None and style.style in HEADING_STYLES else 0
        yield clean(raw), level if clean(raw) else 0
    yield _row(cells), 0
    yield clean(text[start:]), 0


def _row(cells: list[str]) -> str:
    return " | ".join(cells) if any(cells) else ""


def clean(text: str) -> str:
    r"""Text without fields' instructions and without marks that stand for something else than a character.

    >>> clean("see \x13 HYPERLINK \"x\" \x14the form\x15\x02 now")
    'see the form now'
    """
    text = without_fields(text).translate(_MARKS)
    return re.sub("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]", "", text).strip()


def without_fields(text: str) -> str:
    """Fields as their results: what stands between a field's start and its separator is an instruction."""
    kept: list[str] = []
    hidden: list[bool] = []
    for piece in re.split("([\x13\x14\x15])", text):
        if piece == "\x13":
            hidden.append(True)
        elif piece == "\x14":
            hidden[-1:] = [False] if hidden else []
        elif piece == "\x15":
            hidden = hidden[:-1]
        elif not any(hidden):
            kept.append(piece)
    return "".join(kept)
