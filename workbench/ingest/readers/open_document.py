"""OpenDocument files: text (odt), presentations (odp) and spreadsheets (ods).

Comments and notes follow at the end, or behind their slide; deleted text is left out, pictures are counted.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted, TextBuilder, embedded
from workbench.ingest.readers.open_document_text import Aside, child_path, line_of, lines_of, slide_blocks, table_lines
from workbench.ingest.readers.packages import (
    PASSWORD,
    Properties,
    attribute,
    child,
    counted,
    damage_named,
    local,
    open_package,
    parse_part,
    pictures,
    telling_title,
)  # fmt: skip
from workbench.ingest.readers.text import parse_date

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_odt(path: Path) -> Extracted:
    """OpenDocument text: headings by outline level, paragraphs, lists and tables in reading order.

    Raises:
        InputError: damaged, with a password, or unpacking to an absurd size.
    """
    with opened(path, "OpenDocument text", "LibreOffice") as package:
        body = child_path(parse_part(package, "content.xml"), "body", "text")
        builder, aside = TextBuilder(), Aside()
        first = _add_flow(body, builder, aside)
        for heading, lines in (("Footnotes", aside.notes), ("Text boxes", aside.boxes), ("Comments", aside.comments)):
            if lines:
                builder.heading(heading, 1)
                for line in lines:
                    builder.add(line)
        known = facts(package)
        deleted = sum(local(change) == "deletion" for change in body.iter())
        warnings = (*unread(aside.counts), *counted(deleted, "tracked deletion", "tracked deletions", "left out"))
    return _extracted(builder, known, first, {}, warnings)


def read_odp(path: Path) -> Extracted:
    """OpenDocument presentation: per slide its title as heading, its text from top to bottom, and its notes.

    Raises:
        InputError: damaged, with a password, or unpacking to an absurd size.
    """
    with opened(path, "OpenDocument presentation", "LibreOffice") as package:
        show = child_path(parse_part(package, "content.xml"), "body", "presentation")
        builder, aside, first, number = TextBuilder(), Aside(), "", 0
        for number, page in enumerate((page for page in show if local(page) == "page"), start=1):
            title, lines, notes = slide_blocks(page, aside)
            first = first or title
            builder.place(f"slide {number}")
            builder.heading(title, 1)
            for line in lines:
                builder.add(line)
            for heading, texts in (("Notes", notes), ("Comments", aside.take_comments())):
                if texts:
                    builder.heading(heading, 2)
                    for text in texts:
                        builder.add(text)
        known = facts(package)
    empty = () if builder.text() else (f"no text on any slide ({number} in all): they are pictures, or empty",)
    return _extracted(builder, known, first, {"slides": str(number)}, (*empty, *unread(aside.counts)))


def _extracted(
    builder: TextBuilder, known: Properties, first: str, metadata: dict[str, str], warnings: tuple[str, ...]
) -> Extracted:
    metadata = metadata | ({"author": known.author} if known.author else {})
    dates = embedded(known.created, known.modified)
    sections = builder.sections() if builder.text() else ()
    return Extracted(known.title or first, builder.text(), metadata, dates, sections, warnings)


def _add_flow(body: Element, builder: TextBuilder, aside: Aside) -> str:
    """Add the text in reading order; gives the title on the page, or the first heading."""
    title = first = ""
    for block in lines_of(body, aside):
        level = _level(block)
        line = line_of(block, aside) if level is not None or local(block) == "p" else ""
        if level is not None:
            first = first or " ".join(line.split())
            builder.heading(line, level)
        elif local(block) == "table":
            for row in table_lines(block, aside):
                builder.add(row)
        else:
            if attribute(block, "style-name") == "Title":
                title = title or " ".join(line.split())
            builder.add(line)
    return title or first


def _level(block: Element) -> int | None:
    if local(block) != "h":
        return None
    level = attribute(block, "outline-level") or ""
    return max(1, min(int(level), 10)) if level.isdecimal() and len(level) < 4 else 1


@contextmanager
def opened(path: Path, noun: str, program: str, max_bytes: int | None = None) -> Iterator[zipfile.ZipFile]:
    """An OpenDocument package within bounds; one with a password is refused."""
    bounds: dict[str, int] = {} if max_bytes is None else {"max_bytes": max_bytes}
    with damage_named(path, noun, program), open_package(path, **bounds) as package:
        manifest = "META-INF/manifest.xml"
        if manifest in package.namelist() and any(
            local(element) == "encryption-data" for element in parse_part(package, manifest).iter()
        ):
            raise InputError(f"{path.name}: {PASSWORD}")
        yield package


def facts(package: zipfile.ZipFile) -> Properties:
    """Title, author and dates of an OpenDocument file; nothing where that part is missing or broken."""
    from xml.etree.ElementTree import ParseError

    try:
        meta = child(parse_part(package, "meta.xml"), "meta")
    except (KeyError, ParseError, ValueError):
        return Properties()
    told = (
        {local(element): (element.text or "").strip() for element in meta if element.text} if meta is not None else {}
    )
    author = told.get("initial-creator") or told.get("creator", "")
    created, modified = parse_date(told.get("creation-date", "")), parse_date(told.get("date", ""))
    return Properties(telling_title(told.get("title", "")), author, created, modified)


def unread(counts: Counter[str]) -> tuple[str, ...]:
    """Warnings about what text cannot be got out of."""
    return (
        *pictures(counts["picture"]),
        *counted(counts["object"], "chart or object", "charts and objects", "not read"),
    )
