"""PowerPoint files before 2007 (ppt): the text of each slide and its notes, in the order of the show.

The binary format is read as far as text needs it ([MS-PPT]); shapes are taken as they lie in the file, not by their place.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.readers.compound import open_compound, stream_of, summary
from workbench.ingest.readers.extracted import Extracted, TextBuilder, embedded

DOCUMENT, SLIDE_LIST, SLIDE_ENTRY = 1000, 4080, 1011
TEXT_KIND, WIDE_TEXT, NARROW_TEXT, LISTED_TEXT = 3999, 4000, 4008, 3998
USER_EDIT, DIRECTORY = 4085, 6002
TITLE_KINDS = {0, 6}
"""Kinds of text that are a slide's title: title, and centred title."""
MAX_SLIDES, MAX_EDITS = 5_000, 10_000
MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the stream: containers hold records, atoms hold data."""

    kind: int
    instance: int
    container: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Text:
    kind: int
    text: str


def read_ppt(path: Path) -> Extracted:
    """PowerPoint before 2007: per slide its title as heading, its text, and its notes.

    Raises:
        InputError: damaged, with a password, or laid out in a way that is not read.
    """
    with open_compound(path, "PowerPoint file (ppt)", "PowerPoint") as container:
        try:
            data = stream_of(container, "PowerPoint Document")
            places = _places(data, stream_of(container, "Current User"))
            builder, slides, title = _read(data, places)
        except (struct.error, KeyError, ValueError, StopIteration) as error:
            raise InputError(
                f"{path.name}: legacy PowerPoint file whose text could not be found; open it in PowerPoint, save it as pptx "
                "and add that"
            ) from error
        known = summary(container)
    text = builder.text()
    warnings = ["pictures, charts and comments were not looked for: the file has the format before 2007"]
    if not text:
        warnings.insert(0, f"no text on any slide ({slides} in all): they are pictures, or empty")
    metadata = {"slides": str(slides)} | ({"author": known.author} if known.author else {})
    dates = embedded(known.created, known.modified)
    sections = builder.sections() if text else ()
    return Extracted(known.title or title, text, metadata, dates, sections, tuple(warnings))


def records(data: bytes, start: int, end: int) -> Iterator[Record]:
    """Records side by side between two offsets."""
    while start + 8 <= end:
        version, kind, length = struct.unpack_from("<HHI", data, start)
        stop = min(start + 8 + length, end)
        yield Record(kind, version >> 4, version & 0xF == 0xF, start + 8, stop)
        start += 8 + length


def _places(data: bytes, user: bytes) -> dict[int, int]:
    """Where each persistent object lies now; "document" under number 0. Newer edits, which come first, win."""
    (edit,) = struct.unpack_from("<I", user, 16)
    places: dict[int, int] = {}
    document, seen = 0, set[int]()
    while edit and edit not in seen and len(seen) < MAX_EDITS:
        seen.add(edit)
        (kind,) = struct.unpack_from("<H", data, edit + 2)
        if kind != USER_EDIT:
            raise ValueError("no edit where one was promised")
        previous, directory, number = struct.unpack_from("<III", data, edit + 8 + 8)
        document = document or number
        for key, offset in _directory(data, directory):
            places.setdefault(key, offset)
        edit = previous
    places[0] = places[document]
    return places


def _directory(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    record = next(records(data, at, len(data)))
    if record.kind != DIRECTORY:
        raise ValueError("no directory where one was promised")
    position = record.start
    while position + 4 <= record.end:
        (head,) = struct.unpack_from("<I", data, position)
        first, count = head & 0xFFFFF, head >> 20
        for number in range(count):
            yield first + number, struct.unpack_from("<I", data, position + 4 + 4 * number)[0]
        position += 4 + 4 * count


def _read(data: bytes, places: dict[int, int]) -> tuple[TextBuilder, int, str]:
    document = next(records(data, places[0], len(data)))
    if document.kind != DOCUMENT:
        raise ValueError("no document where one was promised")
    lists = {
        record.instance: record for record in records(data, document.start, document.end) if record.kind == SLIDE_LIST
    }
    slides = _listed(data, lists.get(0))
    found_at = [places[reference] for reference, _, _ in slides if reference in places]
    if len(set(found_at)) < len(found_at):
        raise ValueError("one slide stands for several")  # a small file would make an endless text
    notes = {slide: texts for slide, texts in _notes(data, lists.get(2), places)}
    builder, title = TextBuilder(), ""
    for number, (reference, slide_id, listed) in enumerate(slides, start=1):
        texts = _on_slide(data, places.get(reference), listed)
        heading = next((found.text for found in texts if found.kind in TITLE_KINDS), "")
        title = title or " ".join(heading.split())
        builder.place(f"slide {number}")
        builder.heading(heading, 1)
        for found in texts:
            if found.text != heading:
                builder.add(found.text)
        if notes.get(slide_id):
            builder.heading("Notes", 2)
            builder.add("\n".join(found.text for found in notes[slide_id]))
    return builder, len(slides), title


def _listed(data: bytes, slide_list: Record | None) -> list[tuple[int, int, list[_Text]]]:
    """Slides in order: number of the object, id of the slide, and the texts the list itself holds."""
    slides: list[tuple[int, int, list[_Text]]] = []
    kind = 0
    for record in records(data, slide_list.start, slide_list.end) if slide_list else ():
        if record.kind == SLIDE_ENTRY:
            reference, _, _, slide_id = struct.unpack_from("<IIII", data, record.start)
            if len(slides) >= MAX_SLIDES:
                raise ValueError("more slides than a show has")
            slides.append((reference, slide_id, []))
        elif record.kind == TEXT_KIND:
            (kind,) = struct.unpack_from("<I", data, record.start)
        elif record.kind in {WIDE_TEXT, NARROW_TEXT} and slides:
            slides[-1][2].append(_Text(kind, _decoded(data, record)))
    return slides


def _on_slide(data: bytes, at: int | None, listed: list[_Text]) -> list[_Text]:
    """Texts of the list, then those that stand on the slide alone."""
    texts = [found for found in listed if found.text]
    if at is None:
        return texts
    slide = next(records(data, at, len(data)))
    return texts + [found for found in _texts(data, slide.start, slide.end) if found.text]


def _notes(data: bytes, note_list: Record | None, places: dict[int, int]) -> Iterator[tuple[int, list[_Text]]]:
    for reference, _, listed in _listed(data, note_list):
        at = places.get(reference)
        if at is None:
            continue
        page = next(records(data, at, len(data)))
        head = next(records(data, page.start, page.end))
        (slide_id,) = struct.unpack_from("<I", data, head.start)
        yield slide_id, [found for found in _on_slide(data, at, listed) if not re.fullmatch(r"[\d*]*", found.text)]


def _texts(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[_Text]:
    kind = 4
    for record in records(data, start, end):
        if record.kind == TEXT_KIND:
            (kind,) = struct.unpack_from("<I", data, record.start)
        elif record.kind in {WIDE_TEXT, NARROW_TEXT}:
            yield _Text(kind, _decoded(data, record))
        elif (record.container and depth < MAX_DEPTH) or record.kind == 0xF00D:
            yield from _texts(data, record.start, record.end, depth + 1)


def _decoded(data: bytes, record: Record) -> str:
    raw = data[record.start : record.end]
    text = raw.decode("utf-16-le", errors="replace") if record.kind == WIDE_TEXT else raw.decode("latin-1")
    lines = (" ".join(line.split()) for line in re.split("[\r\n\x0b]", text))
    return "\n".join(re.sub("[\x00-\x08\x0c-\x1f]", "", line) for line in lines if line)
