"""What documents say about themselves: a date, somebody responsible, a language.

Only what a reader found is used: nothing is taken from a file's own time, and no language is guessed here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from workbench.health.versions import date_of
from workbench.records import Document, Estimate

OWNER_KEYS = ("author", "owner", "from")
UNKNOWN_LANGUAGE = "unknown"


def undated(documents: Sequence[Document]) -> tuple[str, ...]:
    """Documents that neither carry nor claim a date, corpus order."""
    return tuple(document.doc_id for document in documents if date_of(document) is None)


def ownerless(documents: Sequence[Document]) -> tuple[str, ...]:
    """Documents without author, owner or sender, corpus order."""
    return tuple(
        document.doc_id
        for document in documents
        if not any(document.metadata.get(key, "").strip() for key in OWNER_KEYS)
    )


def languages(documents: Sequence[Document]) -> Mapping[str, int]:
    """Language -> documents, the most frequent first; "unknown" where the reader did not say."""
    counts = Counter(language_of(document) for document in documents)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def language_of(document: Document) -> str:
    """ISO 639-1 code, or "unknown"."""
    return document.metadata.get("language", "").strip().lower() or UNKNOWN_LANGUAGE


def other_language(counts: Mapping[str, int]) -> Estimate:
    """Share of documents that are not in the main language, of those whose language is known."""
    known = [count for language, count in counts.items() if language != UNKNOWN_LANGUAGE]
    if not known:
        return Estimate.not_measured("no document has a known language")
    return Estimate.exact(1 - max(known) / sum(known), sum(known))
