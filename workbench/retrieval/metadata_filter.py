"""Takes a year, product, customer or other fact of the documents out of a question, so that a search can leave the others out.

Made to err on the side of leaving documents in: what is not recognised for certain is no filter, and a document is left out only
when it has another value and does not name the asked one. It ranks nothing and understands no question.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.records import Document
from workbench.retrieval.metadata_values import (
    MOST_WORDS,
    YEAR,
    Condition,
    documents_left,
    spelled,
    words_in,
    years_named,
)

MOST_OF_A_QUESTION = 2_000
"""Characters of a question that are read."""

_YEAR = re.compile(r"(?<![\w.,/£$€#-])((?:199|20\d)\d)(?![\w/%-]|[.,]\d)")
_AMOUNT_AFTER = re.compile(
    r"\s*(?:pounds?|euros?|dollars?|gbp|eur|usd|chf|miles?|km|kg|g|m|metres?|meters?|words?|people|customers?|claims?|units?"
    r"|hours?|days?|percent|per|k)\b",
    re.I,
)
_DAY_BEFORE = re.compile(
    r"(?:\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?,?\s*(?:\d{1,2}(?:st|nd|rd|th)?,?\s*)?|\d\s)$",
    re.I,
)
_BOUND_BEFORE = re.compile(
    r"\b(?:before|after|since|until|till|from|by|between|and|or|to|than|not|except|excluding|without|built|born|founded)"
    r"\s+(?:the\s+)?(?:year\s+)?$",
    re.I,
)
_NOT_BEFORE = re.compile(
    r"\b(?:not|no|except|excluding|without|unlike|than|instead of|other than|apart from|isn't)\s+(?:\w+\s+){0,2}$", re.I
)
_COMPARED = re.compile(r"\b(?:vs|versus|compared?|comparison|differen(?:ce|ces|t)|differs?|instead|changed?)\b", re.I)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a question asks for: every condition must hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class MetadataFilter:
    """What the documents of a corpus can be told apart by, and which of them a question leaves.

    Attributes:
        fields: field -> its values, those a question can be filtered by; may be empty.
    """

    fields: Mapping[str, tuple[str, ...]]
    _doc_ids: frozenset[str]
    _left: Mapping[Condition, frozenset[str]] = field(repr=False)
    _spellings: Mapping[str, tuple[Condition, ...]] = field(repr=False)
    _allowed: dict[Filter, frozenset[str]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, documents: Sequence[Document]) -> MetadataFilter:
        """Learn fields and values from the documents.

        A field is any entry of `Document.metadata` that is about the content, a level of folders, or the year, where at
        least half of the documents have it and it has 2 to 50 short values. A value must be had by at least two documents,
        and at least half of the documents that name it must have it: a value every second text names is a word. Years are
        those of a document's dates, title and path.
        """
        left = documents_left(documents)
        known: dict[str, list[str]] = defaultdict(list)
        spellings: dict[str, list[Condition]] = defaultdict(list)
        for condition in left:
            known[condition.name].append(condition.value)
            spellings[spelled(condition.value)].append(condition)
        return cls(
            {name: tuple(sorted(values)) for name, values in known.items()},
            frozenset(document.doc_id for document in documents),
            left,
            {spelling: tuple(conditions) for spelling, conditions in spellings.items()},
        )

    def matches(self, query_text: str) -> Filter | None:
        """What the question asks for, None where it names no value, or none for certain.

        Two values of one field, a value of two fields, a negation or a comparison, a year that is part of a date, an amount
        or a bound ("before 2020") make no condition.
        """
        text = query_text[:MOST_OF_A_QUESTION]
        if _COMPARED.search(text):
            return None
        found = {*self._years(text), *self._values(text)}
        by_field = Counter(condition.name for condition in found)
        conditions = sorted(
            (c for c in found if by_field[c.name] == 1), key=lambda c: (c.name != YEAR, c.name, c.value)
        )
        return Filter(tuple(conditions)) if conditions else None

    def allowed(self, wanted: Filter) -> frozenset[str]:
        """Documents the filter leaves: those that have the values, do not have the fields, or name the values."""
        if wanted not in self._allowed:  # many questions share a filter, and documents are many
            left = (self._left[c] for c in wanted.conditions if c in self._left)
            self._allowed[wanted] = frozenset.intersection(self._doc_ids, *left)
        return self._allowed[wanted]

    def allowed_documents(self, query_text: str) -> frozenset[str] | None:
        """Documents a question leaves; None where there is no filter, or one that would leave nothing."""
        wanted = self.matches(query_text)
        return (self.allowed(wanted) or None) if wanted else None

    def _years(self, text: str) -> Iterator[Condition]:
        found = {match[1] for match in _YEAR.finditer(text)}
        if len(found) != 1 or len(years_named(text)) != 1:
            return
        for match in _YEAR.finditer(text):
            before, after = text[: match.start()], text[match.end() :]
            if _DAY_BEFORE.search(before) or _BOUND_BEFORE.search(before) or _AMOUNT_AFTER.match(after):
                return
        yield from (c for c in self._spellings.get(min(found), ()) if c.name == YEAR)

    def _values(self, text: str) -> Iterator[Condition]:
        """Values named as whole words, the longest where one is part of another."""
        words = words_in(text)
        at = 0
        while at < len(words):
            for length in range(min(MOST_WORDS, len(words) - at), 0, -1):
                stretch = [word for word, _ in words[at : at + length]]
                conditions = [c for c in self._spellings.get(spelled(" ".join(stretch)), ()) if c.name != YEAR]
                if conditions and _written_as(conditions[0].value, stretch):
                    if len(conditions) == 1 and not _NOT_BEFORE.search(text[: words[at][1]]):
                        yield conditions[0]
                    at += length - 1
                    break
            at += 1


def _written_as(value: str, stretch: Sequence[str]) -> bool:
    """Whether a value of up to three letters is written as it is: "IT" and "US" are not "it" and "us"."""
    return len(value) > 3 or value == "".join(stretch)
