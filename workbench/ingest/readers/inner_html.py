"""HTML that stands inside another file, a mail or a book, read as the HTML reader reads a file, and as large at most."""

from __future__ import annotations

from workbench.errors import InputError
from workbench.ingest.readers.extracted import Extracted
from workbench.ingest.readers.markup import MAX_MARKUP_BYTES, html_content


def inner_html(markup: str, name: str) -> Extracted:
    """The text of HTML markup.

    Args:
        markup: the HTML.
        name: the file it stands in, for messages.

    Raises:
        InputError: too large.
    """
    if len(markup) > MAX_MARKUP_BYTES:
        raise InputError(
            f"{name}: {len(markup) // 2**20} MiB of HTML in one piece, above the {MAX_MARKUP_BYTES // 2**20} MiB that are read; "
            "save it as text"
        )
    return html_content(markup)
