"""Documents, passages, questions, rankings, and the estimate every number travels in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Qrels = Mapping[str, Mapping[str, int]]
"""query_id -> doc_id -> relevance grade (int, 0 or more; 0 means judged and not relevant)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval, its denominator and how it was obtained.

    Attributes:
        value: the estimate; None means not measured, and then `reason` says why.
        low: lower bound of the interval; None where not measured. Equal to `value` for an exact count.
        high: upper bound of the interval.
        n: how many units (queries, lines, documents) it rests on.
        method: name of the interval method, e.g. "bootstrap", "wilson", "exact".
        level: confidence level of the interval, 0 to 1.
        reason: why there is no value.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    level: float = 0.95
    reason: str | None = None

    @classmethod
    def not_measured(cls, reason: str, n: int = 0) -> Estimate:
        """An estimate without a value: what a missing input turns into, never 0 or 1."""
        return cls(None, None, None, n, "not measured", reason=reason)

    @classmethod
    def exact(cls, value: float, n: int) -> Estimate:
        """A count or share over everything there is: no sampling, so no width."""
        return cls(value, value, value, n, "exact", level=1.0)


@dataclass(frozen=True, slots=True)
class Source:
    """Where something stands in the client's files.

    Attributes:
        path: relative to the case folder, `/` separated.
        locator: place in the file: "line 14", "row 3", "page 2", "commit 1a2b3c4", "document 'x'"; "" is the whole file.
    """

    path: str
    locator: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Where a stretch of a document's text begins; it reaches to the next section, or to the end.

    Attributes:
        start: offset in `Document.text`.
        headings: path of headings above it, outermost first.
        locator: the place in the source: "page 3", "sheet 'Q1'", "slide 4"; "" when the format has no such places.
    """

    start: int
    headings: tuple[str, ...] = ()
    locator: str = ""


@dataclass(frozen=True, slots=True)
class DocumentDate:
    """A date a document shows.

    Attributes:
        basis: how it is known: carried by the file's own metadata ("embedded"), stated in its text or record ("claimed"),
            or only the time the file was last written ("file"), which a copy resets.
        event: what happened then: "created", "modified", "sent", "effective".
    """

    on: date
    basis: Literal["embedded", "claimed", "file"]
    event: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the corpus.

    Attributes:
        doc_id: the id labels and logs refer to: BEIR `_id`, or the path below `corpus/` (records of one file: `path#record`).
        title: title as the file states it, else the file name without suffix.
        text: the text that is searched; passages hold offsets into it.
        source: the file it was read from.
        updated_on: date the document claims or carries, None when it shows none; never the file's own time.
        metadata: whatever else the reader found: kind, pages, author, language (ISO 639-1).
        dates: every date known, the one `updated_on` was taken from among them.
        sections: headings, pages and sheets by where they begin, in text order.
    """

    doc_id: str
    title: str
    text: str
    source: Source
    updated_on: date | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    dates: tuple[DocumentDate, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a document: `document.text[start:end] == text`.

    Attributes:
        title: the document's title.
        headings: path of headings the passage begins under, outermost first.
        locator: where it begins in the source: "page 3"; "" when the format has no such places.
    """

    passage_id: str
    doc_id: str
    text: str
    start: int
    end: int
    title: str = ""
    headings: tuple[str, ...] = ()
    locator: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A question that is run against the arms."""

    query_id: str
    text: str
    reference_answer: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage as one retriever scored it; its rank is its position, from 1, and is never stored."""

    passage_id: str
    score: float


@dataclass(frozen=True, slots=True)
class RankedDocument:
    """A document in a ranking, with the passage that carried it there ("" when only the document is known)."""

    doc_id: str
    score: float
    passage_id: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What one arm retrieved: rankings best first, and what it cost in seconds.

    Attributes:
        name: the arm.
        rankings: query_id -> documents, best first, each document once.
        index_seconds: time to build the index, cached parts included as they were found.
        search_seconds: time for all queries together.
        depth: how many documents a ranking may hold at most (a log that kept five cannot be judged at ten).
    """

    name: str
    rankings: Mapping[str, tuple[RankedDocument, ...]]
    index_seconds: float
    search_seconds: float
    depth: int
