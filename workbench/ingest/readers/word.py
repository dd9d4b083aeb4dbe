"""Word documents (docx)."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted, embedded

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

MAX_WORD_BYTES = 200 * 2**20
"""Unpacked size above which a Word file is refused: it is a zip archive, and one of kilobytes can unpack to gigabytes."""
SUSPECT_WORD_BYTES, SUSPECT_RATIO = 20 * 2**20, 100
"""A Word file that unpacks to more than this, and to more than this many times its own size, was made to fill memory."""


def read_docx(path: Path) -> Extracted:
    """Word: paragraphs and tables in document order, cells separated by ` | `.

    Raises:
        InputError: not a Word file, damaged, or unpacking to an absurd size.
    """
    from docx import Document as open_docx

    try:
        _check_unpacked_size(path)
        return _word_content(open_docx(str(path)))
    except (InputError, OSError):
        raise
    except Exception as error:  # python-docx lets KeyError, BadZipFile and XML errors through, also behind the opening
        raise InputError(f"{path.name}: damaged Word file; open it in Word, save it again and replace it") from error


def _check_unpacked_size(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
    ratio = unpacked / max(1, path.stat().st_size)
    if unpacked > MAX_WORD_BYTES or (unpacked > SUSPECT_WORD_BYTES and ratio > SUSPECT_RATIO):
        raise InputError(
            f"{path.name}: unpacks to {unpacked // 2**20} MiB, {ratio:,.0f} times its size, and was not opened; "
            "save its text as a smaller file"
        )


def _word_content(doc: WordDocument) -> Extracted:
    from docx.table import Table

    blocks: list[str] = []
    heading = ""
    for block in doc.iter_inner_content():
        if isinstance(block, Table):
            blocks.extend(" | ".join(cell.text.strip() for cell in row.cells) for row in block.rows)
            continue
        style = (block.style.name or "") if block.style is not None else ""
        if not heading and (style.startswith("Heading") or style == "Title"):
            heading = block.text.strip()
        blocks.append(block.text)
    core = doc.core_properties
    metadata = {"author": core.author} if core.author else {}
    pictures = len(doc.inline_shapes)
    warnings = (f"{pictures} pictures were not read",) if pictures else ()
    created, modified = (_day(moment) for moment in (core.created, core.modified))
    return Extracted(
        core.title or heading, "\n".join(blocks).strip(), metadata, embedded(created, modified), warnings=warnings
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
