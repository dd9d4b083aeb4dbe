"""Masks a document before anything else sees it, and moves its sections to where they begin in the masked text.

Secrets always go. Personal data is counted and left, for a supplier list is there for its phone numbers, unless the case asks for
it to be masked too. What counts as either is the business of `workbench.ingest.redaction`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from workbench.ingest.redaction import mask, mask_secrets, personal
from workbench.records import Document, Section

MIN_ANCHOR = 8
"""Characters a stretch must have to be looked for again behind a secret that spans two stretches; shorter ones are anywhere."""
MAX_MISSES = 100
"""Stretches looked for in vain, in one document; sections behind more stay at the last place known."""

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MaskedDocuments:
    """Documents as they may be kept, with how many of each kind were masked, and how many were found and left."""

    documents: tuple[Document, ...]
    masked: Counts
    found: Counts


def mask_documents(documents: Iterable[Document], *, mask_personal: bool) -> MaskedDocuments:
    """Documents with secrets masked in text, title, headings and metadata, personal data too where asked.

    Args:
        documents: of one file.
        mask_personal: whether personal data is masked like secrets; else it is counted.
    """
    hide = mask if mask_personal else _hide_secrets
    masked: Counter[str] = Counter()
    found: Counter[str] = Counter()
    kept: list[Document] = []
    for document in documents:
        safe, counts = _masked(document, hide)
        masked.update(counts)
        if not mask_personal:
            found.update(personal(safe.text))
        kept.append(safe)
    return MaskedDocuments(tuple(kept), dict(masked), dict(found))


def shifted(text: str, masked: str, starts: Sequence[int], hide: Callable[[str], str]) -> tuple[int, ...]:
    """Where in a masked text the places of the original stand.

    Exact wherever what is masked lies between two places. A place inside a masked stretch becomes the beginning of
    the stretch it ends.

    Args:
        text: the text as it was.
        masked: `hide(text)`.
        starts: offsets into the text, rising.
        hide: masks a text; may change its length.
    """
    if masked == text or not starts:
        return tuple(starts)
    places, at, lost, misses = [0], 0, False, 0
    for begin, end in pairwise((0, *starts, len(text))):
        piece = hide(text[begin:end])
        if lost and len(piece) >= MIN_ANCHOR and misses < MAX_MISSES:
            found = masked.find(piece, at)
            misses += found < 0
            if found >= 0:
                places[-1], at, lost = found, found, False
        lost = lost or not masked.startswith(piece, at)
        at += 0 if lost else len(piece)
        places.append(at)
    return tuple(places[1 : len(starts) + 1])


def _masked(document: Document, hide: Callable[[str], tuple[str, Counts]]) -> tuple[Document, Counts]:
    only_text = partial(_text_of, hide)
    (text, in_text), (title, in_title) = hide(document.text), hide(document.title)
    starts = shifted(document.text, text, [section.start for section in document.sections], only_text)
    headings = {heading: only_text(heading) for section in document.sections for heading in section.headings}
    sections = tuple(
        Section(start, tuple(headings[heading] for heading in section.headings), section.locator)
        for start, section in zip(starts, document.sections, strict=True)
    )
    facts = {key: only_text(value) for key, value in document.metadata.items()}
    safe = replace(document, title=title, text=text, sections=sections, metadata=facts)
    # A title is often the beginning of the text too: what is in it is not counted twice.
    return safe, in_text or in_title


def _hide_secrets(text: str) -> tuple[str, Counts]:
    text, count = mask_secrets(text)
    return text, {"secret": count} if count else {}


def _text_of(hide: Callable[[str], tuple[str, Counts]], text: str) -> str:
    return hide(text)[0]
