"""Text out of one file, by kind: plain text, Markdown, HTML, PDF, Word.

It reads what a file states about itself (title, dates, author) and never guesses it from the surroundings;
tables of records (csv, jsonl) are the business of `workbench.ingest.documents`.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from docx.document import Document as WordDocument
    from pypdfium2 import PdfDocument

MAX_TEXT_BYTES = 64 * 2**20
"""A single text file above this is refused: nobody wrote it, and it would fill a laptop's memory."""
MAX_WORD_BYTES = 200 * 2**20
"""Unpacked size above which a Word file is refused: it is a zip archive, and one of kilobytes can unpack to gigabytes."""
SUSPECT_WORD_BYTES, SUSPECT_RATIO = 20 * 2**20, 100
"""A Word file that unpacks to more than this, and to more than this many times its own size, was made to fill memory."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a reader got out of a file.

    Attributes:
        title: the title the file states; "" when it states none.
        text: the whole text, newline separated.
        metadata: kind-specific facts: author, pages, language.
        created: creation date the file's own metadata carries.
        modified: last change the file's own metadata carries.
        warnings: text that could not be reached, one sentence each.
    """

    title: str
    text: str
    metadata: dict[str, str] = field(default_factory=dict)
    created: date | None = None
    modified: date | None = None
    warnings: tuple[str, ...] = ()


def read_file(path: Path) -> Extracted:
    """Read one file by its suffix.

    An empty file gives empty text, without an error.

    Raises:
        InputError: the kind is not known, or the file is damaged, encrypted, or too large.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path.name}: no reader for '{path.suffix}' files; readable are {', '.join(sorted(READERS))}")
    try:
        return reader(path)
    except OSError as error:
        raise InputError(
            f"{path.name}: could not be opened ({error.strerror}); check that it is there and may be read"
        ) from error


def decode(data: bytes, name: str) -> str:
    """Text of a file in whatever encoding it has; a byte order mark wins, then UTF-8, then detection.

    Raises:
        InputError: the bytes are not text in any encoding that can be told.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(data).best()
        if best is None:
            raise InputError(f"{name}: not text in any known encoding; save it as UTF-8 and add it again") from None
        text = str(best)
    if "\x00" in text:
        raise InputError(f"{name}: holds binary data where text was expected; check the file's suffix")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_plain(path: Path) -> Extracted:
    """Plain text: no title, the text as it stands."""
    return Extracted("", _bounded_text(path))


def read_markdown(path: Path) -> Extracted:
    """Markdown: front matter gives title and dates where there is one, else the first heading gives the title."""
    text = _bounded_text(path)
    front = _front_matter(text)
    heading = re.search(r"^#[ \t]+(\S.*)$", text, flags=re.MULTILINE)
    title = front.pop("title", "") or (heading.group(1).rstrip().rstrip("#").rstrip() if heading else "")
    day = parse_date(front.get("updated", "") or front.get("date", ""))
    return Extracted(title, text, front, modified=day)


def read_html(path: Path) -> Extracted:
    """HTML: visible text with one line per block; scripts, styles and navigation are left out."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(_bounded_text(path), "html.parser")
    heading = soup.title or soup.h1
    title = heading.get_text(" ", strip=True) if heading else ""
    modified = _html_date(soup)
    for tag in soup(["script", "style", "template", "noscript", "nav", "title"]):
        tag.decompose()
    lines = (re.sub(r"\s+", " ", line).strip() for line in soup.get_text("\n").split("\n"))
    return Extracted(title, "\n".join(line for line in lines if line), modified=modified)


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
    return Extracted(facts.get("Title", ""), text, metadata, created, modified, warnings)


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


def parse_date(text: str) -> date | None:
    """The calendar date at the start of a string: `2025-03-31...`, `20250331...`, `31/03/2025`, `31 March 2025`.

    Two-digit years, and anything else, give None.

    >>> parse_date("2025-03-31T10:00:00Z"), parse_date("31 March 2025"), parse_date("soon")
    (datetime.date(2025, 3, 31), datetime.date(2025, 3, 31), None)
    """
    text = text.strip()
    for pattern, form, length in _DATE_FORMS:
        match = re.match(pattern, text)
        if match:
            try:
                return datetime.strptime(" ".join(match.group(0)[:length].split()), form).date()
            except ValueError:
                continue
    return None


_DATE_FORMS = (
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d", 10),
    (r"\d{8}", "%Y%m%d", 8),
    (r"\d{1,2}/\d{1,2}/\d{4}", "%d/%m/%Y", 10),
    (r"\d{1,2}\s+[A-Z][a-z]{2}\s+\d{4}", "%d %b %Y", 40),
    (r"\d{1,2}\s+[A-Z][a-z]+\s+\d{4}", "%d %B %Y", 40),
)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _bounded_text(path: Path) -> str:
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        limit = MAX_TEXT_BYTES // 2**20
        raise InputError(
            f"{path.name}: {size // 2**20} MiB of text, more than the {limit} MiB one document may have; split it"
        )
    return decode(path.read_bytes(), path.name)


def _front_matter(text: str) -> dict[str, str]:
    match = re.match(r"---\n(.*?)\n---\n", text, flags=re.DOTALL)
    if not match:
        return {}
    pairs = (line.partition(":") for line in match.group(1).split("\n"))
    return {key.strip().lower(): value.strip().strip("\"'") for key, colon, value in pairs if colon and key.strip()}


def _html_date(soup: BeautifulSoup) -> date | None:
    names = {"date", "dcterms.modified", "last-modified", "article:modified_time"}
    for tag in soup.find_all("meta"):
        if str(tag.get("name") or tag.get("property") or "").lower() in names:
            return parse_date(str(tag.get("content", "")))
    return None


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
    return Extracted(core.title or heading, "\n".join(blocks).strip(), metadata, created, modified, warnings)


READERS: dict[str, Callable[[Path], Extracted]] = {
    ".txt": read_plain,
    ".text": read_plain,
    ".log": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}
