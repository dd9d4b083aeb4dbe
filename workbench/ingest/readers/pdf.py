"""PDF: the text layer, page by page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted, embedded
from workbench.ingest.readers.text import parse_date

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument


def read_pdf(path: Path) -> Extracted:
    """PDF: text layer page by page, pages separated by a form feed.

    Pages without text, and pages that cannot be loaded, are counted in a warning each; a file with no text at all is the
    caller's "empty".

    Raises:
        InputError: damaged, so that no page can be loaded, or encrypted with a user password.
    """
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        detail = str(error)
        if "password" in detail.lower():
            raise InputError(f"{path.name}: encrypted; ask for a copy without a password") from error
        raise InputError(f"{path.name}: damaged PDF ({detail}); export it again and replace the file") from error
    try:
        pages = [_pdf_page_text(pdf, number) for number in range(len(pdf))]
        facts = _pdf_facts(pdf)
    finally:
        pdf.close()
    lost, blank = pages.count(None), sum(page is not None and not page.strip() for page in pages)
    if pages and lost == len(pages):
        raise InputError(
            f"{path.name}: damaged PDF (none of its {lost} pages can be loaded); export it again and replace the file"
        )
    counted = ((blank, "have no text layer"), (lost, "could not be loaded: the file is damaged there"))
    warnings = tuple(f"{number} of {len(pages)} pages {what}" for number, what in counted if number)
    metadata = {"pages": str(len(pages))} | ({"author": facts["Author"]} if facts.get("Author") else {})
    created, modified = (parse_date(facts.get(key, "").removeprefix("D:")) for key in ("CreationDate", "ModDate"))
    text = "\f".join(page or "" for page in pages)
    return Extracted(facts.get("Title", ""), text, metadata, embedded(created, modified), warnings=warnings)


def _pdf_page_text(pdf: PdfDocument, number: int) -> str | None:
    """Text of one page; None when the page cannot be loaded."""
    import pypdfium2

    try:
        textpage = pdf[number].get_textpage()
        try:
            return str(textpage.get_text_bounded()).replace("\r\n", "\n")
        finally:
            textpage.close()
    except (pypdfium2.PdfiumError, ValueError):
        return None


def _pdf_facts(pdf: PdfDocument) -> dict[str, str]:
    """What the file says about itself; nothing when that part is damaged."""
    import pypdfium2

    try:
        return dict(pdf.get_metadata_dict())
    except (pypdfium2.PdfiumError, ValueError):
        return {}
