"""What the documents of a corpus look like as a whole: the tables of the intake page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from workbench.records.corpus import Estimate


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Documents that say the same.

    Attributes:
        doc_ids: the documents, corpus order.
        similarity: lowest Jaccard similarity of any document to the first, 0 to 1; 1 for exact copies.
        exact: whether all hold the same words in the same order.
    """

    doc_ids: tuple[str, ...]
    similarity: float
    exact: bool


@dataclass(frozen=True, slots=True)
class VersionFamily:
    """Several versions of one document.

    Attributes:
        doc_ids: oldest first.
        dates: date of each where known, in the same order.
        newest: the document that is the newest.
        told_by: what says so, of most: "dates", "edition in the name", "year in the name", "state in the name" ("old").
    """

    doc_ids: tuple[str, ...]
    dates: tuple[date | None, ...]
    newest: str
    told_by: str


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """A line that stands in many documents.

    Attributes:
        line: the line, white space normalised, at most 200 characters.
        documents: how many documents it stands in. characters: how many characters of the corpus it makes up.
    """

    line: str
    documents: int
    characters: int


@dataclass(frozen=True, slots=True)
class EmptyPages:
    """A document with pages that hold no text."""

    doc_id: str
    empty: int
    pages: int


@dataclass(frozen=True, slots=True)
class DocumentSize:
    """Length of a document in words."""

    doc_id: str
    words: int


@dataclass(frozen=True, slots=True)
class CorpusHealth:
    """The health of a corpus; every list is ordered by what deserves a look first, and every share has its denominator.

    Attributes:
        duplicates: exact and near duplicates. versions: documents of which several versions are there.
        boilerplate: lines that stand in many documents.
        undated: documents that neither carry nor claim a date. ownerless: documents without author, owner or sender.
        languages: ISO 639-1 code, or "unknown" for texts too short to tell -> documents.
        empty_pages: documents with pages without text.
        largest, smallest: the longest and the shortest documents.
        words: quantile ("min", "p25", "median", "p75", "p95", "max") -> words a document.
        shares: of the documents "in_duplicates", "copies", "outdated", "undated", "ownerless"; "boilerplate" of their characters;
            "other_language" of those whose language is known; "with_empty_pages" of those with pages -> estimate.
        notes: what was left out or sampled, one sentence each.
    """

    documents: int
    characters: int
    duplicates: tuple[DuplicateGroup, ...] = ()
    versions: tuple[VersionFamily, ...] = ()
    boilerplate: tuple[Boilerplate, ...] = ()
    undated: tuple[str, ...] = ()
    ownerless: tuple[str, ...] = ()
    languages: Mapping[str, int] = field(default_factory=dict)
    empty_pages: tuple[EmptyPages, ...] = ()
    largest: tuple[DocumentSize, ...] = ()
    smallest: tuple[DocumentSize, ...] = ()
    words: Mapping[str, int] = field(default_factory=dict)
    shares: Mapping[str, Estimate] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
