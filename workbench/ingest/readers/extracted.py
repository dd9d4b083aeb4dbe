"""What every reader gives back: the text of one file with its headings, pages and dates, and a builder for it.

It knows no file format; each has its own module beside this one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from workbench.records import DocumentDate, Section


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a reader got out of a file.

    Attributes:
        title: the title the file states; "" when it states none.
        text: the whole text, newline separated.
        metadata: kind-specific facts: author, pages, subject.
        dates: dates the file carries ("embedded") or its text claims ("claimed"), in the order found.
        sections: where headings, pages, sheets and slides begin in `text`, in text order; empty when the file has no such parts.
        warnings: text that could not be reached, one sentence each.
    """

    title: str
    text: str
    metadata: dict[str, str] = field(default_factory=dict)
    dates: tuple[DocumentDate, ...] = ()
    sections: tuple[Section, ...] = ()
    warnings: tuple[str, ...] = ()

    def date_of(self, event: str) -> date | None:
        """The first date known of an event; None when there is none."""
        return next((known.on for known in self.dates if known.event == event), None)


def embedded(created: date | None, modified: date | None) -> tuple[DocumentDate, ...]:
    """Dates of a file's own metadata; those it does not carry are left out."""
    found = (("created", created), ("modified", modified))
    return tuple(DocumentDate(on, "embedded", event) for event, on in found if on is not None)


class TextBuilder:
    r"""Collects the text of a file block by block and remembers under which heading and on which page each begins.

    >>> builder = TextBuilder()
    >>> builder.heading("Claims", 1)
    >>> builder.add("Report a claim within 30 days.")
    >>> builder.text()
    'Claims\nReport a claim within 30 days.'
    >>> builder.sections()
    (Section(start=0, headings=('Claims',), locator=''),)
    """

    def __init__(self, separator: str = "\n") -> None:
        self._separator = separator
        self._blocks: list[str] = []
        self._length = 0
        self._headings: list[tuple[int, str]] = []
        self._locator = ""
        self._sections: list[Section] = []

    def add(self, text: str) -> None:
        """Append a block; one without a visible character is left out."""
        if text.strip():
            self._length += len(text) + (len(self._separator) if self._blocks else 0)
            self._blocks.append(text)

    def heading(self, text: str, level: int) -> None:
        """Append a heading as a block of its own; what follows stands under it until one of the same or a higher level.

        Args:
            text: the heading; an empty one only closes those below its level.
            level: 1 is the highest.
        """
        text = " ".join(text.split())
        self._headings = [(depth, name) for depth, name in self._headings if depth < level]
        if text:
            self._headings.append((level, text))
        self._mark()
        self.add(text)

    def place(self, locator: str) -> None:
        """What follows stands at this place: "page 3", "sheet 'Q1'", "slide 4"."""
        self._locator = locator
        self._mark()

    def text(self) -> str:
        """All blocks."""
        return self._separator.join(self._blocks)

    def sections(self) -> tuple[Section, ...]:
        """Where headings and places begin; those behind which nothing was added are left out."""
        return tuple(section for section in self._sections if section.start < self._length)

    def _mark(self) -> None:
        start = self._length + (len(self._separator) if self._blocks else 0)
        section = Section(start, tuple(name for _, name in self._headings), self._locator)
        if self._sections and self._sections[-1].start == start:
            self._sections.pop()
        self._sections.append(section)
