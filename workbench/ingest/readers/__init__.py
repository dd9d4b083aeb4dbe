"""Text out of one file, by kind: each module beside this one reads one family of formats.

A reader takes what a file states about itself (title, dates, author) and never guesses it from the surroundings; tables of
records (csv, jsonl) are the business of `workbench.ingest.corpus.documents`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.readers.cards import read_cards
from workbench.ingest.readers.compound import read_encrypted
from workbench.ingest.readers.epub import read_epub
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.kinds import kind_of
from workbench.ingest.readers.legacy_slides import read_ppt
from workbench.ingest.readers.legacy_word import read_doc
from workbench.ingest.readers.mail import read_eml
from workbench.ingest.readers.markup import read_html
from workbench.ingest.readers.notebook import read_notebook
from workbench.ingest.readers.open_document import read_odp, read_odt
from workbench.ingest.readers.open_sheets import read_ods
from workbench.ingest.readers.outlook import read_msg
from workbench.ingest.readers.pdf import read_pdf
from workbench.ingest.readers.plain import read_empty, read_markdown, read_plain
from workbench.ingest.readers.rich_text import read_rtf
from workbench.ingest.readers.sheets import read_xls, read_xlsb, read_xlsx
from workbench.ingest.readers.slides import read_pptx
from workbench.ingest.readers.text import decode, parse_date
from workbench.ingest.readers.word import read_docx
from workbench.ingest.readers.xml import read_svg, read_xml

READERS: Mapping[str, Callable[[Path], Extracted]] = {
    "doc": read_doc,
    "docx": read_docx,
    "eml": read_eml,
    "empty": read_empty,
    "encrypted": read_encrypted,
    "epub": read_epub,
    "html": read_html,
    "ics": read_cards,
    "ipynb": read_notebook,
    "md": read_markdown,
    "msg": read_msg,
    "odp": read_odp,
    "ods": read_ods,
    "odt": read_odt,
    "pdf": read_pdf,
    "ppt": read_ppt,
    "pptx": read_pptx,
    "rtf": read_rtf,
    "svg": read_svg,
    "txt": read_plain,
    "vcf": read_cards,
    "xls": read_xls,
    "xlsb": read_xlsb,
    "xlsx": read_xlsx,
    "xml": read_xml,
}
"""Kind -> reader. A reader raises `InputError` for a file that is damaged, encrypted or too large."""


def read_file(path: Path, kind: str | None = None) -> Extracted:
    """Read one file.

    An empty file gives empty text, without an error.

    Args:
        path: the file.
        kind: what it is; told by `kind_of` when not given.

    Raises:
        InputError: the kind is not known, or the file is damaged, encrypted, or too large.
    """
    try:
        kind = kind or kind_of(path)
        reader = READERS.get(kind)
        if reader is None:
            raise InputError(f"{path.name}: no reader for '{kind}' files; readable are {', '.join(sorted(READERS))}")
        return reader(path)
    except OSError as error:
        raise InputError(
            f"{path.name}: could not be opened ({error.strerror}); check that it is there and may be read"
        ) from error


__all__ = ["READERS", "Extracted", "decode", "kind_of", "parse_date", "read_file"]
