"""Text out of one file, by kind: each module beside this one reads one family of formats.

A reader takes what a file states about itself (title, dates, author) and never guesses it from the surroundings; tables of
records (csv, jsonl) are the business of `workbench.ingest.documents`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.kinds import kind_of
from workbench.ingest.readers.markup import read_html
from workbench.ingest.readers.pdf import read_pdf
from workbench.ingest.readers.plain import read_markdown, read_plain
from workbench.ingest.readers.text import decode, parse_date
from workbench.ingest.readers.word import read_docx

READERS: Mapping[str, Callable[[Path], Extracted]] = {
    "docx": read_docx,
    "html": read_html,
    "md": read_markdown,
    "pdf": read_pdf,
    "txt": read_plain,
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
