"""What the documents of a corpus can be told apart by, year, product, customer or folder, and which are not about a value.

It learns from documents alone; what a question asks for is read in `workbench.retrieval.metadata_filter`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from workbench.records import Document
from workbench.retrieval.tokens import tokenize

YEAR = "year"
FOLDER = "folder"

COVERAGE = 0.5
"""Share of the documents that must have a value before a field can be filtered by."""
MOST_VALUES = 50
MOST_FIELDS = 30
FEWEST_OF_A_VALUE = 2
"""Documents a value needs: one that names a single document is a title, not a property."""
LONGEST_VALUE, MOST_WORDS = 40, 5
SPECIFIC = 0.5
"""Share of the documents naming a value that must have it: "home" that stands everywhere is a word, not a product."""
MOST_CHARACTERS = 200_000
"""Characters of a document searched for values and years; a longer one counts as naming every value."""

_NOT_ABOUT = (
    "kind pages empty_pages slides sheets language encoding format mime charset author owner creator producer publisher license "
    "to cc from sender message_id subject keywords title id _id url start end offset hash date src source year folder"
)
NOT_ABOUT = frozenset(_NOT_ABOUT.split())
"""Fields that tell how a file was made, by whom, or where from, and not what it is about; year and folder are read apart."""

KINDS_OF_PAPER = (
    "archive bulletin claim contract correspondence data document draft email endorsement export file form guide guideline "
    "handbook letter list manual memo message minutes misc note notice old paper policy presentation procedure process product "
    "record report request scan sheet shared supplier team template training wording work"
)
"""Names of folders that tell the kind of paper; a question uses such a word for its subject ("fences on older policies")."""

_TWO_DIGITS = re.compile(r"(?<!\d)([1-3]\d)(?!\d)")
LONGEST_SPAN = 5
"""A document that names 2021 and 2024 is about the years between them, too; one that names 1998 and 2024 is not."""

_ANY_YEAR = re.compile(r"(?<!\d)((?:199|20\d)\d)(?!\d)")
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Condition:
    """A field and the value a question asks for, as the documents write it."""

    name: str
    value: str


def documents_left(documents: Sequence[Document]) -> dict[Condition, frozenset[str]]:
    """Every field and value a question can be filtered by, with the documents that stay.

    A document goes only when it has the field with another value and names the asked one nowhere. Values that all documents
    would stay for, or none, are left out.
    """
    fields = _fields(documents)
    searched = _Texts(
        documents, frozenset(spelled(v) for values in fields.values() for held in values.values() for v in held)
    )
    left: dict[Condition, frozenset[str]] = {}
    for name, values in fields.items():
        for value, holders in _by_value(values).items():
            if name == YEAR or _is_specific(value, searched.writing(value), holders, values):
                others = values.keys() - holders - searched.naming(name, value)
                left[Condition(name, value)] = frozenset(searched.doc_ids - others)
    return {condition: kept for condition, kept in left.items() if 0 < len(kept) < len(searched.doc_ids)}


def words_in(text: str) -> list[tuple[str, int]]:
    """Words of a text with the place each begins at."""
    return [(match.group(), match.start()) for match in _WORDS.finditer(text)]


def years_named(text: str) -> set[str]:
    """Years from 1990 to 2099 that stand in a text."""
    return set(_ANY_YEAR.findall(text))


def spelled(value: str) -> str:
    """A value by its words, lower case: "Home-Plus" and "home plus" are one."""
    return " ".join(word.casefold() for word in _WORDS.findall(value))


class _Texts:
    """The documents as texts to look for values in."""

    def __init__(self, documents: Sequence[Document], wanted: frozenset[str]) -> None:
        self.doc_ids = frozenset(document.doc_id for document in documents)
        self._written: dict[str, set[str]] = defaultdict(set)
        self._named: dict[str, set[str]] = defaultdict(set)
        self._years: dict[str, set[str]] = defaultdict(set)
        self._unread = {document.doc_id for document in documents if len(document.text) > MOST_CHARACTERS}
        starts = frozenset(spelling.split(" ", 1)[0] for spelling in wanted)
        for document in documents:
            text = f"{document.title}\n{document.text[:MOST_CHARACTERS]}"
            for spelling in _phrases(text, wanted, starts):
                self._written[spelling].add(document.doc_id)
            for spelling in _phrases(document.doc_id, wanted, starts):
                self._named[spelling].add(document.doc_id)
            for year in _years_in(text, f"{document.title} {document.doc_id}"):
                self._years[year].add(document.doc_id)

    def writing(self, value: str) -> set[str]:
        """Documents that name a value in their title or text."""
        return self._written[spelled(value)]

    def naming(self, name: str, value: str) -> set[str]:
        """Documents that name a value in title, text or path, and those too long to tell."""
        found = self._years[value] if name == YEAR else self._written[spelled(value)] | self._named[spelled(value)]
        return found | self._unread


def _years_in(text: str, names: str) -> set[str]:
    """Years a document names, those between two of them, and two digits of its name that may be short for a year."""
    years = sorted({int(year) for year in _ANY_YEAR.findall(text)} | {int(year) for year in _ANY_YEAR.findall(names)})
    between = (year for a, b in pairwise(years) if b - a <= LONGEST_SPAN for year in range(a, b))
    return {*map(str, years), *map(str, between), *(f"20{short}" for short in _TWO_DIGITS.findall(names))}


def _phrases(text: str, wanted: frozenset[str], starts: frozenset[str]) -> set[str]:
    """Those stretches of one to five words of a text that are wanted; `starts` are the first words of these."""
    words = [word.casefold() for word in _WORDS.findall(text)]
    found: set[str] = set()
    for at, word in enumerate(words):
        if word in starts:
            found.update(" ".join(words[at : at + length]) for length in range(1, MOST_WORDS + 1))
    return found & wanted


def _fields(documents: Sequence[Document]) -> dict[str, dict[str, frozenset[str]]]:
    """Field -> doc_id -> values, of the fields that can be filtered by."""
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    for document in documents:
        for name, value in document.metadata.items():
            if name.casefold() not in NOT_ABOUT and _is_short(value):
                found[name][document.doc_id] = frozenset({" ".join(value.split())})
        for name, values in ((FOLDER, _folders(document)), (YEAR, _years_of(document))):
            if values:
                found[name][document.doc_id] = values
    fit = [(name, values) for name, values in found.items() if _can_be_filtered(values, len(documents))]
    return dict(sorted(fit, key=lambda entry: (entry[0] not in (YEAR, FOLDER), -len(entry[1])))[:MOST_FIELDS])


def _can_be_filtered(values: Mapping[str, frozenset[str]], documents: int) -> bool:
    distinct = {spelled(value) for held in values.values() for value in held}
    return len(values) >= COVERAGE * documents and 2 <= len(distinct) <= MOST_VALUES


def _by_value(values: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Value, as it is written first, -> documents that have it, those with enough of them."""
    shown: dict[str, str] = {}
    holders: dict[str, set[str]] = defaultdict(set)
    for doc_id, held in values.items():
        for value in sorted(held):
            holders[shown.setdefault(spelled(value), value)].add(doc_id)
    return {value: frozenset(found) for value, found in holders.items() if len(found) >= FEWEST_OF_A_VALUE}


def _is_short(value: str) -> bool:
    return 0 < len(value) <= LONGEST_VALUE and len(value.split()) <= MOST_WORDS and any(map(str.isalpha, value))


def _folders(document: Document) -> frozenset[str]:
    """Names of the folders above a document; those of records are the folders of their file."""
    path = PurePosixPath(document.doc_id.partition("#")[0])
    return frozenset(name for name in path.parts[:-1] if _is_short(name))


def _years_of(document: Document) -> frozenset[str]:
    """Years of the dates a document shows, of its title, path and stated year; never the file's own time."""
    dates = {date.on for date in document.dates if date.basis != "file"} | {document.updated_on}
    # An id that is no path is a number somebody gave, not a name.
    path = document.doc_id if "/" in document.doc_id or "." in document.doc_id else ""
    title = document.title if document.title != document.doc_id else ""
    named = years_named(f"{title} {path} {document.metadata.get('year', '')[:LONGEST_VALUE]}")
    return frozenset(named | {str(day.year) for day in dates if day and 1990 <= day.year <= 2099})


def _is_specific(
    value: str, naming: Iterable[str], holders: frozenset[str], values: Mapping[str, frozenset[str]]
) -> bool:
    """Whether a value is more than a word: made of more than stop words, and named mostly by documents that have it."""
    if set(tokenize(value)) <= set(tokenize(KINDS_OF_PAPER)):
        return False
    named = [doc_id for doc_id in naming if doc_id in values]
    return not named or sum(doc_id in holders for doc_id in named) >= SPECIFIC * len(named)
