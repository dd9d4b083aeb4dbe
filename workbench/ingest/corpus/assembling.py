"""One document out of what a reader extracted: its title, dates, owner and language, each as far as anything states it.

It takes what is there and invents nothing: a document without a title is called after its file, one without a date stays undated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from workbench.ingest.corpus.dates import NEAR_TOP, claimed_dates, updated_on
from workbench.ingest.corpus.languages import UNKNOWN, language_of
from workbench.ingest.logs.values import sound
from workbench.ingest.readers import Extracted
from workbench.records import Document, DocumentDate, Source

NEAR_BOTTOM = 500
"""Characters at the end of a text that are searched for an owner: the footer of a page."""
MAX_TITLE = 300
"""Characters of a title: some files carry their whole first page as one."""

_OWNER = re.compile(
    r"(?:^[ \t|*#-]{0,4}|[.;|] )(?:(?:document|policy|content|process|page) )?owner[ \t]?[:|][ \t|*]{0,8}"
    r"(?P<name>[^\W\d_][^\n|:;.]{1,60})",
    re.IGNORECASE | re.MULTILINE,
)


def document_of(read: Extracted, kind: str, doc_id: str, source: Source) -> Document:
    """The document one file gives; text, headings and metadata without half characters, so that they can be stored.

    Args:
        read: what the reader extracted.
        kind: what the file is.
        doc_id: the path it is known by.
        source: where it stands.
    """
    text = sound(read.text)
    dates = tuple(dict.fromkeys((*read.dates, *claimed_dates(text))))
    title = " ".join(sound(read.title).split())[:MAX_TITLE] or PurePosixPath(doc_id).stem
    facts = {"kind": kind, **{sound(key): sound(value) for key, value in read.metadata.items() if value}}
    sections = tuple(replace(section, headings=tuple(map(sound, section.headings))) for section in read.sections)
    return Document(doc_id, title, text, source, updated_on(dates), facts | _owner(text, facts), dates, sections)


def completed(documents: Iterable[Document], written: tuple[DocumentDate, ...]) -> Iterator[Document]:
    """Documents with the language of their text, and the file's own time behind the dates they show themselves."""
    for document in documents:
        language = language_of(document.text)
        declared = document.metadata.get("language", "")[:2].lower()
        if language == UNKNOWN and re.fullmatch("[a-z]{2}", declared):
            language = declared
        facts = {**document.metadata, "language": language}
        yield replace(document, metadata=facts, dates=(*document.dates, *written))


def _owner(text: str, facts: dict[str, str]) -> dict[str, str]:
    """Whom the text names as its owner near its beginning or end, unless the file itself says it: "Document owner: Legal"."""
    places = (text[:NEAR_TOP], text[-NEAR_BOTTOM:])
    stated = None if facts.get("owner") else next(filter(None, map(_OWNER.search, places)), None)
    return {"owner": stated["name"].strip(" *_")} if stated else {}
