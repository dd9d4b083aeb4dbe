"""Pages without text: scans, pictures, pages left blank.

It counts what the reader left empty; whether there was something to read on a page is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.records import Document, EmptyPages

_PAGE = re.compile(r"page (\d+)")
_NUMBER = re.compile(r"\d+")


def empty_pages(documents: Sequence[Document]) -> tuple[EmptyPages, ...]:
    """Documents with pages that hold no text, the most such pages first."""
    found = [EmptyPages(document.doc_id, *counted) for document in documents if (counted := _count(document))]
    return tuple(sorted((entry for entry in found if entry.empty), key=lambda entry: -entry.empty))


def paged(documents: Sequence[Document]) -> int:
    """How many documents have pages that could be looked at."""
    return sum(_count(document) is not None for document in documents)


def _count(document: Document) -> tuple[int, int] | None:
    """Empty pages and pages; None where the document has no pages, or they cannot be told apart."""
    stated = document.metadata.get("pages", "").strip()
    # Nine digits: what is longer is no count of pages but a mistake, and would cost time to read.
    pages = int(stated) if stated.isdecimal() and len(stated) < 10 else 0
    if not pages:
        return None
    listed = document.metadata.get("empty_pages")
    if listed is not None:
        return min(pages, len(set(_NUMBER.findall(listed)))), pages
    starts = [section for section in document.sections if _PAGE.fullmatch(section.locator)]
    if starts:
        with_text = {section.locator for section in starts}
        return max(0, pages - len(with_text)), pages
    parts = document.text.split("\f")
    return (sum(not part.strip() for part in parts), pages) if len(parts) == pages else None
