"""The text of one PDF page: in reading order, without the marks that typesetting leaves in it.

It reads the text layer alone; what a page shows as a picture, a form field or a comment is counted, never read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

from workbench.ingest.readers.pdf_columns import Band, Box, bands_to_reorder

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

MAX_PAGE_CHARACTERS = 500_000
"""Characters read of one page: a dense broadsheet holds 60,000, a printed log may hold more."""
MAX_ANNOTATIONS = 2000
"""Annotations looked at on one page."""
LOWER_SHARE, FEWEST_WORDS = 0.25, 6
"""A column holds prose when this share of its lines begins with a small letter, or its middle line has so many words."""

_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LETTER_FORMS = re.compile("[\ufb00-\ufb06\ufb13-\ufb4f\ufb50-\ufdfb\ufe70-\ufefc]+")
_NO_TEXT = re.compile("[\x00-\x01\x03-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufff0-\ufffb\uffff]+")
LINE_END_HYPHEN = "\x02"
"""What PDFium puts in place of a hyphen at the end of a line that it joined with the next."""


@dataclass(frozen=True, slots=True)
class PageText:
    """What one page holds.

    Attributes:
        text: its text; hyphens at line ends are still marked.
        blank: whether nothing at all stands on it; a page that only shows a picture is not blank.
        cut: whether text was left out because there was too much.
        comments: annotations a person wrote. fields: form fields.
    """

    text: str
    blank: bool = False
    cut: bool = False
    comments: int = 0
    fields: int = 0


def page_text(page: PdfPage) -> PageText:
    """Read one page.

    Raises:
        pypdfium2.PdfiumError: the page is damaged.
    """
    import pypdfium2.raw as pdfium

    layer = page.get_textpage()
    try:
        count = layer.count_chars()
        cut = count > MAX_PAGE_CHARACTERS
        text = str(layer.get_text_range(0, MAX_PAGE_CHARACTERS)) if cut else _ordered_text(layer) if count > 0 else ""
    finally:
        layer.close()
    comments, fields = _annotations(page)
    cleaned = _cleaned(text)
    blank = not cleaned.strip() and pdfium.FPDFPage_CountObjects(page) <= 0
    return PageText(cleaned, blank, cut, comments, fields)


def _ordered_text(layer: PdfTextPage) -> str:
    plain = str(layer.get_text_bounded())
    bands = bands_to_reorder(_pieces(layer))
    right_to_left = _RTL.search(plain) is not None
    if bands:
        page_box = layer.page.get_bbox()
        parts = [_band_text(layer, band, page_box, right_to_left) for band in bands]
        if any(reordered for _, reordered in parts):
            plain = "\r\n".join(text for text, _ in parts if text.strip())
    return _logical(layer, plain) if right_to_left else plain


def _pieces(layer: PdfTextPage) -> list[Box]:
    """Boxes of the pieces of text, in the order of the file."""
    from ctypes import byref, c_double

    import pypdfium2.raw as pdfium

    left, top, right, bottom = c_double(), c_double(), c_double(), c_double()
    targets = tuple(map(byref, (left, top, right, bottom)))
    found = []
    for number in range(layer.count_rects()):
        if pdfium.FPDFText_GetRect(layer, number, *targets):
            found.append(Box(left.value, bottom.value, right.value, top.value))
    return found


def _band_text(layer: PdfTextPage, band: Band, page: Sequence[float], right_to_left: bool) -> tuple[str, bool]:
    """Text of a band, and whether it was read column by column."""
    if band.columns:
        columns = [str(layer.get_text_bounded(*_widened(box))) for box in band.columns]
        if all(map(_prose, columns)):
            return "\r\n".join(reversed(columns) if right_to_left else columns), True
    box = _widened(band.box)
    return str(layer.get_text_bounded(page[0], box[1], page[2], box[3])), False


def _widened(box: Box) -> tuple[float, float, float, float]:
    """A little larger, for a character belongs to a box by the point it is set at, which may lie on its edge."""
    return box.left - 2, box.bottom - 0.5, box.right + 1, box.top + 0.5


def _prose(text: str) -> bool:
    """Whether lines go on from one to the next, as they do in a column of prose and not in one of a table."""
    lines = [line.split() for line in text.replace(LINE_END_HYPHEN, "\r\n").split("\r\n") if line.strip()]
    lower = sum(line[0][0].isalpha() and not line[0][0].isupper() for line in lines)
    return bool(lines) and (lower >= LOWER_SHARE * len(lines) or median(map(len, lines)) >= FEWEST_WORDS)


def _logical(layer: PdfTextPage, text: str) -> str:
    """Letters that one glyph stands for, put back into the order they are read in.

    PDFium turns right-to-left text round, so that it reads; several letters of one glyph were in order before. They share
    a box, by which they are found here.
    """
    runs = (list(group) for _, group in groupby(_placed(layer), key=lambda placed: placed[1]))
    start = 0
    for run in runs:
        letters = "".join(letter for letter, _ in run)
        if len(run) > 1 and len(_RTL.findall(letters)) > 1:
            found = text.find(letters, start)
            if found >= 0:
                start = found + len(letters)
                core = letters.strip()
                text = text[:found] + letters.replace(core, core[::-1]) + text[start:]
    return text


def _placed(layer: PdfTextPage) -> list[tuple[str, tuple[float, ...]]]:
    import pypdfium2
    import pypdfium2.raw as pdfium

    found: list[tuple[str, tuple[float, ...]]] = []
    for number in range(layer.count_chars()):
        try:
            box = tuple(layer.get_charbox(number))
        except pypdfium2.PdfiumError:
            box = (float(number),)
        found.append((chr(pdfium.FPDFText_GetUnicode(layer, number)), box))
    return found


def _cleaned(text: str) -> str:
    """Newlines made alike, control characters out, letter forms and ligatures as letters."""
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\ufffe", LINE_END_HYPHEN)
        .replace("\xad\n", LINE_END_HYPHEN)
    )
    text = _LETTER_FORMS.sub(lambda run: unicodedata.normalize("NFKC", run.group()), text)
    return _NO_TEXT.sub("", text)


def _annotations(page: PdfPage) -> tuple[int, int]:
    """How many comments and form fields a page has; links and pop-ups of comments are neither."""
    import pypdfium2.raw as pdfium

    kinds = []
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if annotation:
            kinds.append(pdfium.FPDFAnnot_GetSubtype(annotation))
            pdfium.FPDFPage_CloseAnnot(annotation)
    silent = {
        pdfium.FPDF_ANNOT_LINK,
        pdfium.FPDF_ANNOT_POPUP,
        pdfium.FPDF_ANNOT_WIDGET,
        pdfium.FPDF_ANNOT_FILEATTACHMENT,
    }
    return sum(kind not in silent for kind in kinds), kinds.count(pdfium.FPDF_ANNOT_WIDGET)
