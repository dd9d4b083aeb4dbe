"""PDF: the text layer, page by page, with the headings of the outline.

Pictures, comments and form fields are counted in warnings, not read; text recognition is nobody's business here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted, embedded
from workbench.ingest.readers.hyphens import rejoined
from workbench.ingest.readers.pdf_pages import LINE_END_HYPHEN, PageText, page_text
from workbench.ingest.readers.text import parse_date
from workbench.records import Section

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_PAGES = 20_000
"""Pages read of one file; a file that claims more was made to keep a reader busy."""
MAX_CHARACTERS = 64 * 2**20
"""Characters read of one file."""
MAX_BOOKMARKS = 5000
NAMED_PAGES = 10
"""Page numbers a warning names."""
UNREADABLE_SHARE = 0.2
"""Share of characters without a meaning from which on a text layer is called unreadable."""

T = TypeVar("T")
Outline = Mapping[int, Sequence[tuple[int, str]]]
"""Page, from 0 -> level, from 1, and words of the headings that the outline places on it."""


def read_pdf(path: Path) -> Extracted:
    """PDF: text layer page by page, pages separated by a form feed, so that page N is the Nth part whatever is blank.

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
        count = len(pdf)
        pages = _pages(pdf)
        facts = _sound(lambda: _facts(pdf), dict[str, str]())
        outline = _sound(lambda: _outline(pdf), dict[int, list[tuple[int, str]]]())
        attached = _sound(pdf.count_attachments, 0)
    finally:
        pdf.close()
    if all(page is None for page in pages):
        raise InputError(
            f"{path.name}: damaged PDF (none of its {count} pages can be loaded); export it again and replace the file"
        )
    texts = rejoined([page.text if page else "" for page in pages], LINE_END_HYPHEN)
    warnings = (*_warnings(pages, count), *_not_read(pages, attached), *_letter_warning(texts))
    created, modified = (parse_date(facts.get(key, "").removeprefix("D:")) for key in ("CreationDate", "ModDate"))
    sections = _sections(texts, outline)
    return Extracted(
        _title(facts), "\f".join(texts), _metadata(facts, texts, count), embedded(created, modified), sections, warnings
    )


def _sound(ask: Callable[[], T], otherwise: T) -> T:
    """What a part of the file says, or what stands for it when that part is damaged."""
    import pypdfium2

    try:
        return ask()
    except (pypdfium2.PdfiumError, ValueError, RecursionError):
        return otherwise


def _pages(pdf: PdfDocument) -> list[PageText | None]:
    """Pages in order, None for one that cannot be loaded; ends where the file has given more than a file may."""
    pages: list[PageText | None] = []
    characters = 0
    for number in range(min(len(pdf), MAX_PAGES)):
        if characters > MAX_CHARACTERS:
            break
        pages.append(_sound(partial(_page, pdf, number), None))
        characters += len(pages[-1].text) if pages[-1] else 0
    return pages


def _page(pdf: PdfDocument, number: int) -> PageText | None:
    page = pdf[number]
    try:
        return page_text(page)
    finally:
        page.close()


def _warnings(pages: Sequence[PageText | None], count: int) -> list[str]:
    """What could not be read, each with the pages it concerns."""
    no_text = [n for n, page in enumerate(pages, 1) if page and not page.text.strip() and not page.blank]
    blank = [n for n, page in enumerate(pages, 1) if page and page.blank]
    lost = [n for n, page in enumerate(pages, 1) if page is None]
    cut = [n for n, page in enumerate(pages, 1) if page and page.cut]
    told = [
        (no_text, "has no text layer, only pictures", "; run text recognition (OCR) on the file and add it again"),
        (blank, "is blank", ""),
        (lost, "could not be loaded", ": the file is damaged there"),
        (cut, "was too full to be read whole", ""),
    ]
    found = [
        f"{len(numbers)} of {count} pages {_verb(what, len(numbers))}{_numbers(numbers, count)}{remedy}"
        for numbers, what, remedy in told
        if numbers
    ]
    if len(pages) < count:
        found.append(f"only the first {len(pages)} of {count} pages were read; split the file")
    return found


def _verb(what: str, number: int) -> str:
    verb, blank, rest = what.partition(" ")
    return what if number == 1 else f"{_PLURALS.get(verb, verb)}{blank}{rest}"


_PLURALS = {"has": "have", "is": "are", "was": "were"}


def _not_read(pages: Sequence[PageText | None], attached: int) -> list[str]:
    """What a file holds beside its pages' text, counted."""
    comments, fields = (sum(getattr(page, part) for page in pages if page) for part in ("comments", "fields"))
    counted = (
        (comments, "comment or other annotation was", "comments and other annotations were", ""),
        (fields, "form field was", "form fields were", "; print the form to a PDF to keep what was filled in"),
        (attached, "attached file was", "attached files were", "; save and add attached files as files of their own"),
    )
    return [f"{n} {one if n == 1 else more} not read{remedy}" for n, one, more, remedy in counted if n > 0]


def _numbers(numbers: Sequence[int], count: int) -> str:
    """The page numbers in brackets; nothing when all pages are meant."""
    if len(numbers) == count:
        return ""
    more = ", ..." if len(numbers) > NAMED_PAGES else ""
    return f" (page{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:NAMED_PAGES]))}{more})"


def _letter_warning(texts: Sequence[str]) -> tuple[str, ...]:
    """Fonts may say which shapes to draw and not which letters those are."""
    meaningless = sum(len(re.findall("[\ufffd\ue000-\uf8ff]", text)) for text in texts)
    if meaningless <= UNREADABLE_SHARE * sum(map(len, texts)):
        return ()
    return (
        "the fonts do not say which letters they show, and much of the text is unreadable; run text recognition (OCR)",
    )


def _metadata(facts: Mapping[str, str], texts: Sequence[str], count: int) -> dict[str, str]:
    empty = sum(not text.strip() for text in texts)
    named = {
        "author": facts.get("Author", ""),
        "subject": facts.get("Subject", ""),
        "keywords": facts.get("Keywords", ""),
    }
    return {
        "pages": str(count),
        **({"empty_pages": str(empty)} if empty else {}),
        **{key: value.strip() for key, value in named.items() if value.strip()},
    }


def _title(facts: Mapping[str, str]) -> str:
    """The stated title, unless a program put it there: "Microsoft Word - report.doc", "untitled"."""
    title = " ".join(facts.get("Title", "").split())
    title = re.sub(r"^Microsoft (?:Word|PowerPoint|Excel) - ", "", title)
    return (
        ""
        if title.lower() in {"untitled", "untitled document", "slide 1", "powerpoint presentation", "anonymous"}
        else title
    )


def _facts(pdf: PdfDocument) -> dict[str, str]:
    """What the file says about itself, without the control characters that some programs leave there."""
    stated = dict(pdf.get_metadata_dict(skip_empty=True))
    return {
        key: "".join(sign if sign.isprintable() else " " for sign in str(value)).strip()
        for key, value in stated.items()
    }


def _outline(pdf: PdfDocument) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for bookmark in islice(pdf.get_toc(), MAX_BOOKMARKS):
        target = bookmark.get_dest()
        page = target.get_index() if target else None
        words = " ".join(bookmark.get_title().split())
        if page is not None and words:
            found.setdefault(page, []).append((bookmark.level + 1, words))
    return found


def _sections(texts: Sequence[str], outline: Outline) -> tuple[Section, ...]:
    """Where pages and headings begin; blank pages have no section, and every other one keeps its own number."""
    found: list[Section] = []
    above: list[tuple[int, str]] = []
    offset = 0
    for number, text in enumerate(texts):
        begins = {offset: Section(offset, tuple(name for _, name in above), f"page {number + 1}")}
        start = 0
        for level, words in outline.get(number, ()):
            above = [*((depth, name) for depth, name in above if depth < level), (level, words)]
            start = _place(text, words, start)
            at = offset + start
            begins[at] = Section(at, tuple(name for _, name in above), f"page {number + 1}")
        found += begins.values() if text.strip() else ()
        offset += len(text) + 1
    return tuple(found)


def _place(text: str, heading: str, start: int) -> int:
    """Where a heading stands as a line of its page from `start` on, numbered or not; `start` when it does not."""
    words = r"\s+".join(map(re.escape, heading.split()[:30]))
    match = re.compile(rf"^[ \t]*(?:[\dA-Z][\d.]*[ \t]+)?{words}[ \t.]*$", re.MULTILINE | re.IGNORECASE).search(
        text, start
    )
    return match.start() if match else start
