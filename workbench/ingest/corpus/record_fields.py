"""Which fields of a record hold its title, text, id, date and author, whatever they are called and however deep they lie.

It reads one record at a time and knows no file format; nothing is looked up in other records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from workbench.ingest.logs.values import sound
from workbench.ingest.readers import parse_date
from workbench.records import DocumentDate

TITLE_KEYS = ("title", "question", "name", "subject", "heading", "headline")
TEXT_KEYS = ("text", "body", "content", "page_content", "passage", "document_text", "full_text")
ID_KEYS = ("_id", "id", "doc_id")
AUTHOR_KEYS = ("author", "created_by", "written_by", "editor")
OWNER_KEYS = ("owner", "document_owner", "owned_by", "maintainer")
DATE_KEYS: Mapping[str, tuple[str, ...]] = {
    "modified": (
        "updated", "updated_on", "updated_at", "last_updated", "modified", "last_modified", "modified_at", "date_modified",
        "date",
    ),
    "effective": ("effective_date", "effective", "effective_from", "valid_from"),
    "created": ("created", "created_at", "created_on", "date_created", "published", "published_at", "publication_date"),
}  # fmt: skip
"""What happened -> names of fields that say when; the first that holds a date counts."""
FIRST_YEAR = 1970
"""Seconds since 1970 look like the day 1720-05-03 to whoever reads eight digits as a date: no record was changed before."""

WANTED = frozenset(
    {*TITLE_KEYS, *TEXT_KEYS, *ID_KEYS, *AUTHOR_KEYS, *OWNER_KEYS, *(k for ks in DATE_KEYS.values() for k in ks)}
)
"""Every name that is looked for."""

MAX_LEAVES = 5_000
"""Values read from one record; more are no document but a table in disguise."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What was found in one record.

    Attributes:
        record_id, title, author, owner: "" when there is none.
        text: the text field with the title above it; where no field can be told to be the text, all values, "name: value" a line.
        unused: names of fields that hold a value and went into none of these.
        has_body: whether a field was told to be the text.
    """

    record_id: str
    title: str
    text: str
    dates: tuple[DocumentDate, ...]
    author: str
    owner: str
    unused: tuple[str, ...]
    has_body: bool


Leaf = tuple[tuple[str, ...], str]
"""A value of a record as text, and the names that lead to it, outermost first."""


def fields_of(record: object) -> Fields:
    r"""Title, text and the rest of one record of a JSON file: an object, or text alone.

    >>> fields_of({"id": 7, "fields": {"Title": "Form", "Body": "Use CF-207b."}}).text
    'Form\nUse CF-207b.'
    >>> fields_of({"Team": "Blues", "Cups": 1}).text
    'Team: Blues\nCups: 1'
    """
    return fields_in(list(_leaves(record)))


def fields_in(leaves: Sequence[Leaf]) -> Fields:
    """Title, text and the rest of the values of one record, in order."""
    filled = [(path, value.strip()) for path, value in leaves if value.strip()]
    named = _by_name(filled)
    body_at, body = _find(named, TEXT_KEYS)
    # A title deeper than the text is the title of something else: {"text": ..., "chapter": {"name": ...}}.
    level = {name: leaf for name, leaf in named.items() if len(leaf[0]) <= max(1, len(body_at))}
    (title_at, title), (_, record_id) = _find(level, TITLE_KEYS), _find(level, ID_KEYS)
    lines = "" if body else "\n".join(f"{'.'.join(path)}: {value}" if any(path) else value for path, value in filled)
    text = f"{title}\n{body}".strip() if body else lines
    others = (".".join(path) for path, _ in filled if path not in (body_at, title_at) and _name(path) not in WANTED)
    author, owner = (_find(named, keys)[1] for keys in (AUTHOR_KEYS, OWNER_KEYS))
    return Fields(
        record_id, title, text, tuple(_dates(named)), author, owner, tuple(others) if body else (), bool(body)
    )


def first_value(leaves: Sequence[Leaf]) -> str:
    """The first filled value: the name of a record without a title."""
    return next((value.strip() for _, value in leaves if value.strip()), "")


def has_text(record: object) -> bool:
    """Whether a record has a field known to hold text or a title: tells a document from an object that wraps several."""
    return isinstance(record, Mapping) and any(
        _name((str(key),)) in {*TEXT_KEYS, *TITLE_KEYS} and isinstance(value, str) and value.strip()
        for key, value in record.items()
    )


def leaves_of(record: object) -> list[Leaf]:
    """Every value of a record of a JSON file, in order; a list of plain values is one."""
    return list(_leaves(record))


def _leaves(record: object) -> Iterator[Leaf]:
    waiting: list[tuple[tuple[str, ...], object]] = [((), record)]
    count = 0
    while waiting and count < MAX_LEAVES:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(((*path, sound(str(key)).strip()), inner) for key, inner in reversed(value.items()))
        elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
            waiting.extend((path, item) for item in reversed(value))
        else:
            count += 1
            yield path, cell_text(value)


def cell_text(value: object) -> str:
    """A plain value as text; the items of a list separated by spaces, nothing for null."""
    if isinstance(value, list):
        return sound(" ".join(map(cell_text, value)))
    return "" if value is None else sound(str(value))


def _by_name(leaves: Sequence[Leaf]) -> Mapping[str, Leaf]:
    """Name -> the leaf least deep that has it, the first of several; {"author": {"name": ...}} is an author and a name."""
    found: dict[str, Leaf] = {}
    for leaf in leaves:
        path = leaf[0]
        name = _name(path)
        for called in (name, _name(path[:-1])) if name == "name" else (name,):
            if called not in found or len(path) < len(found[called][0]):
                found[called] = leaf
    return found


def _name(path: tuple[str, ...]) -> str:
    return _normal(path[-1]) if path else ""


@lru_cache(maxsize=4096)
def _normal(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _find(named: Mapping[str, Leaf], keys: Sequence[str]) -> Leaf:
    """The leaf with the first of these names that any has; ((), "") when none has one."""
    return next((named[key] for key in keys if key in named), ((), ""))


def _dates(named: Mapping[str, Leaf]) -> Iterator[DocumentDate]:
    for event, keys in DATE_KEYS.items():
        days = (parse_date(named[key][1]) for key in keys if key in named)
        on = next((day for day in days if day is not None and day.year >= FIRST_YEAR), None)
        if on is not None:
            yield DocumentDate(on, "claimed", event)
