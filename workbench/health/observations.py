"""What the health of a corpus says, in sentences with numbers and places: for the intake page and `intake.json`.

These are observations for people. Their ids are not in the catalogue of signals and they weigh nothing in a diagnosis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from workbench.health.boilerplate import holds_line
from workbench.numbers import percent
from workbench.observing import MOST_SOURCES, counted, first_sources, listed, of, share_status, unknown
from workbench.records import CorpusHealth, Document, Observation, Source

DUPLICATES_LIMIT = 0.05
OUTDATED_LIMIT = 0.10
BOILERPLATE_LIMIT = 0.20
UNDATED_LIMIT = 0.30
OWNERLESS_LIMIT = 0.50
OTHER_LANGUAGE_LIMIT = 0.05
EMPTY_PAGES_LIMIT = 0.05
"""Above these shares an observation reads "seen". Expert guesses, but for the outdated ones: that is the limit of R-04."""

MOST_LANGUAGES = 5

_NO_DOCUMENTS = "No documents were handed over."


def observe_corpus(health: CorpusHealth, documents: Sequence[Document]) -> list[Observation]:
    """One observation each about copies, versions, dates, owners, languages, empty pages and boilerplate.

    Seen: the share is above its limit. Clean: it was looked at and is not. Unknown: there was nothing to look at.

    Args:
        health: of the corpus.
        documents: the same corpus; the observations name places in its files.
    """
    sources = {document.doc_id: document.source for document in documents}

    def places(doc_ids: Iterable[str]) -> tuple[Source, ...]:
        return first_sources(sources[doc_id] for doc_id in doc_ids if doc_id in sources)

    lines = first_sources(islice(_holders(health, documents), MOST_SOURCES))
    observed = (_duplicates, _versions, _undated, _ownerless, _languages, _pages)
    return [*(observe(health, places) for observe in observed), _boilerplate(health, lines)]


def findings_sentence(health: CorpusHealth) -> str:
    """The corpus in one sentence to read aloud; what is not there is left out, and a document may count more than once.

    >>> findings_sentence(CorpusHealth(documents=0, characters=0))
    'No documents were handed over.'
    """
    if not health.documents:
        return _NO_DOCUMENTS
    outdated, copies = (_documents(health, share) for share in ("outdated", "copies"))
    parts = [
        (outdated, "has a newer version beside it", "have a newer version beside them"),
        (copies, "is a copy", "are copies"),
        (_near(health), "is nearly the same as another", "are nearly the same as another"),
        (len(health.undated), "carries no date", "carry no date"),
        (len(health.empty_pages), "has pages without text", "have pages without text"),
    ]
    said = [f"{count:,} {one if count == 1 else many}" for count, one, many in parts if count]
    if not said:
        return f"None of {counted(health.documents, 'document')} is outdated, copied, without a date or without text on a page."
    return f"Of {counted(health.documents, 'document')} {listed(said)}."


_Places = Callable[[Iterable[str]], tuple[Source, ...]]


def _observation(
    health: CorpusHealth, name: str, share: str, limit: float, finding: str, sources: tuple[Source, ...]
) -> Observation:
    value = health.shares.get(share)
    if value is None or value.value is None:
        return unknown(name, f"Not measured: {value.reason if value else 'nothing was looked at'}.")
    return Observation(name, share_status(value, limit), finding, sources, n=value.n, value=value)


def _duplicates(health: CorpusHealth, places: _Places) -> Observation:
    inside = sum(len(group.doc_ids) for group in health.duplicates)
    exact = _documents(health, "copies")
    finding = f"{of(inside, health.documents)} documents say word for word or nearly what another one says"
    if inside:
        finding += f", in {counted(len(health.duplicates), 'group')}"
    if exact:
        finding += f"; {counted(exact, 'document')} {'is an exact copy' if exact == 1 else 'are exact copies'}"
    pairs = places(doc_id for group in health.duplicates for doc_id in group.doc_ids[:2])
    return _observation(health, "corpus.duplicates", "in_duplicates", DUPLICATES_LIMIT, f"{finding}.", pairs)


def _versions(health: CorpusHealth, places: _Places) -> Observation:
    outdated = _documents(health, "outdated")
    example = ""
    if health.versions:
        family = health.versions[0]
        example = f', for example "{_file(family.doc_ids[0])}" although "{_file(family.newest)}" is there'
    finding = f"{of(outdated, health.documents)} documents have a newer version beside them{example}."
    old = places(family.doc_ids[0] for family in health.versions)
    return _observation(health, "corpus.versions", "outdated", OUTDATED_LIMIT, finding, old)


def _boilerplate(health: CorpusHealth, sources: tuple[Source, ...]) -> Observation:
    share = health.shares.get("boilerplate")
    part = percent(share.value, share.n) if share and share.value is not None else "0 %"
    finding = f"Lines that repeat from document to document make up {part} of the text"
    if health.boilerplate:
        line = health.boilerplate[0]
        finding += f'; the one with most of it stands in {counted(line.documents, "document")}: "{line.line}"'
    return _observation(health, "corpus.boilerplate", "boilerplate", BOILERPLATE_LIMIT, f"{finding}.", sources)


def _undated(health: CorpusHealth, places: _Places) -> Observation:
    finding = (
        f"{of(len(health.undated), health.documents)} documents carry no date: nothing says whether they are current."
    )
    return _observation(health, "corpus.undated", "undated", UNDATED_LIMIT, finding, places(health.undated))


def _ownerless(health: CorpusHealth, places: _Places) -> Observation:
    finding = f"{of(len(health.ownerless), health.documents)} documents name no author, owner or sender."
    return _observation(health, "corpus.ownerless", "ownerless", OWNERLESS_LIMIT, finding, places(health.ownerless))


def _languages(health: CorpusHealth, places: _Places) -> Observation:
    named = [f"{language} {count:,}" for language, count in list(health.languages.items())[:MOST_LANGUAGES]]
    finding = f"Documents by language: {listed(named)}."
    return _observation(health, "corpus.languages", "other_language", OTHER_LANGUAGE_LIMIT, finding, places(()))


def _pages(health: CorpusHealth, places: _Places) -> Observation:
    share = health.shares.get("with_empty_pages")
    looked_at = share.n if share else 0
    empty = sum(entry.empty for entry in health.empty_pages)
    in_all = f", {counted(empty, 'page')} in all" if empty else ""
    finding = f"{of(len(health.empty_pages), looked_at)} documents with pages have some without text{in_all}."
    holders = places(entry.doc_id for entry in health.empty_pages)
    return _observation(health, "corpus.empty_pages", "with_empty_pages", EMPTY_PAGES_LIMIT, finding, holders)


def _holders(health: CorpusHealth, documents: Sequence[Document]) -> Iterator[Source]:
    """Documents that hold the line which makes up most boilerplate."""
    if health.boilerplate:
        shown = health.boilerplate[0].line
        yield from (document.source for document in documents if holds_line(document, shown))


def _near(health: CorpusHealth) -> int:
    """Documents in groups of near duplicates."""
    return sum(len(group.doc_ids) for group in health.duplicates if not group.exact)


def _documents(health: CorpusHealth, share: str) -> int:
    """How many documents a share of them counts."""
    estimate = health.shares.get(share)
    return round((estimate.value or 0.0) * estimate.n) if estimate else 0


def _file(doc_id: str) -> str:
    return doc_id.rpartition("/")[2]
