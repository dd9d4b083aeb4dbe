"""PowerPoint presentations (pptx, also shows, templates and macro-enabled ones): slide by slide, from top to bottom.

Speaker notes follow their slide under a heading of their own; what is drawn (pictures, diagrams) is counted, not read.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.ingest.readers.extracted import Extracted, TextBuilder, embedded
from workbench.ingest.readers.packages import counted, damage_named, open_package, pictures, telling_title

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide

BAND = 228_600
"""A quarter of an inch in EMU: shapes whose tops differ by less stand side by side and are read from left to right."""
MAX_CHART_VALUES = 200
_MAIN = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
_OTHER_MAINS = (
    b"application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml",
    b"application/vnd.openxmlformats-officedocument.presentationml.template.main+xml",
    b"application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml",
    b"application/vnd.ms-powerpoint.template.macroEnabled.main+xml",
)
_FURNITURE = {"SLIDE_NUMBER", "DATE"}


def read_pptx(path: Path) -> Extracted:
    """PowerPoint: per slide its title as heading, text, tables (cells separated by ` | `), charts as words, and notes.

    Raises:
        InputError: not a PowerPoint file, damaged, with a password, or unpacking to an absurd size.
    """
    from pptx import Presentation as open_pptx

    with damage_named(path, "PowerPoint file", "PowerPoint"):
        with open_package(path) as package:
            source = _as_presentation(package) or str(path)
            comments = sum(name.startswith("ppt/comments/") and name.endswith(".xml") for name in package.namelist())
        return _read(open_pptx(source), comments)


def _as_presentation(package: zipfile.ZipFile) -> io.BytesIO | None:
    """A show or template, which differ from a presentation in one word, as a presentation; None when it is one."""
    types = package.read("[Content_Types].xml")
    if not any(other in types for other in _OTHER_MAINS):
        return None
    for other in _OTHER_MAINS:
        types = types.replace(other, _MAIN)
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as target:
        for name in dict.fromkeys(package.namelist()):
            target.writestr(name, types if name == "[Content_Types].xml" else package.read(name))
    return copy


def _read(deck: Presentation, comments: int) -> Extracted:
    builder, unread = TextBuilder(), Counter[str]()
    footers: set[str] = set()
    hidden: list[str] = []
    title = ""
    for number, slide in enumerate(deck.slides, start=1):
        builder.place(f"slide {number}")
        heading = _title(slide)
        title = title or heading
        builder.heading(heading, 1)
        for text in _texts(_ordered(_shapes(slide.shapes)), unread):
            builder.add(text)
        for text in _footers(slide):
            if text not in footers:
                footers.add(text)
                builder.add(text)
        notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        if notes is not None and notes.text.strip():
            builder.heading("Notes", 2)
            builder.add(_clean(notes.text))
        if slide.element.get("show") in {"0", "false"}:
            hidden.append(str(number))
    core = deck.core_properties
    text = builder.text()
    return Extracted(
        telling_title(core.title or "") or title,
        text,
        {"slides": str(len(deck.slides))} | ({"author": core.author} if core.author else {}),
        embedded(_day(core.created), _day(core.modified)),
        builder.sections() if text else (),
        _warnings(text, len(deck.slides), unread, hidden, comments),
    )


def _title(slide: Slide) -> str:
    shape = slide.shapes.title
    return " ".join(shape.text_frame.text.split()) if shape is not None else ""


def _shapes(shapes: Any) -> Iterator[Any]:  # noqa: ANN401 - shapes have no common type in python-pptx
    title = getattr(shapes, "title", None)
    for shape in shapes:
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if not (shape.is_placeholder and shape.placeholder_format.type.name in {*_FURNITURE, "FOOTER"}):
            yield shape


def _footers(slide: Slide) -> list[str]:
    shapes = (shape for shape in slide.placeholders if shape.placeholder_format.type.name == "FOOTER")
    return [text for text in (_clean(shape.text_frame.text) for shape in shapes if shape.has_text_frame) if text]


def _ordered(shapes: Iterator[Any]) -> list[Any]:
    """Top to bottom, and left to right among those that begin at about the same height."""
    waiting = sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0))
    rows: list[list[Any]] = []
    for shape in waiting:
        if rows and (shape.top or 0) - (rows[-1][0].top or 0) < BAND:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=lambda shape: shape.left or 0)]


def _texts(shapes: list[Any], unread: Counter[str]) -> Iterator[str]:
    from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER

    for shape in shapes:
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _texts(_ordered(iter(shape.shapes)), unread)
        elif getattr(shape, "has_chart", False) and shape.has_chart:
            yield from _chart(shape.chart)
        elif getattr(shape, "has_table", False) and shape.has_table:
            yield from _rows(shape.table)
        elif shape.has_text_frame:
            yield _clean(shape.text_frame.text)
        elif shape.shape_type in {MSO_SHAPE_TYPE.PICTURE, MSO_SHAPE_TYPE.LINKED_PICTURE} or (
            shape.is_placeholder and shape.placeholder_format.type == PP_PLACEHOLDER.PICTURE
        ):
            unread["picture"] += 1
        elif shape.element.tag.endswith("}graphicFrame"):
            unread["diagram"] += 1


def _rows(table: Any) -> Iterator[str]:  # noqa: ANN401
    for row in table.rows:
        cells = [" ".join(cell.text.split()) for cell in row.cells if not cell.is_spanned]
        if any(cells):
            yield " | ".join(cells)


def _chart(chart: Any) -> Iterator[str]:  # noqa: ANN401
    """A chart in words: its title, and a line for each series with its values."""
    if chart.has_title and chart.chart_title.has_text_frame:
        yield _clean(chart.chart_title.text_frame.text)
    for plot in chart.plots:
        names = [str(name) for name in plot.categories]
        for series in plot.series:
            values = list(series.values)[:MAX_CHART_VALUES]
            labels = [*names, *[""] * len(values)]
            shown = (
                f"{label} {value:.15g}".strip()
                for label, value in zip(labels, values, strict=False)
                if value is not None
            )
            yield f"{series.name or 'series'}: {', '.join(shown)}"


def _clean(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.replace("\v", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _warnings(text: str, slides: int, unread: Counter[str], hidden: list[str], comments: int) -> tuple[str, ...]:
    found: list[str] = []
    if slides and not text.strip():
        found.append(f"no text on any slide ({slides} in all): they are pictures, or empty")
    if hidden:
        found.append(f"hidden slides were read: {', '.join(hidden)}")
    found += pictures(unread["picture"])
    found += counted(unread["diagram"], "diagram or embedded object", "diagrams and embedded objects", "not read")
    found += counted(comments, "slide has comments", "slides have comments", "not read")
    return tuple(found)
