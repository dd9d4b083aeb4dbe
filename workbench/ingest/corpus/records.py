"""Documents out of files that hold records: one a row of a csv of any dialect, one an object of a JSON file or a line of JSON.

A file is told to hold records by its kind and never by its name; which field of a record is its text is told by
`workbench.ingest.corpus.record_fields`. Lines are read one at a time: beside the documents nothing grows with the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.corpus.dates import updated_on
from workbench.ingest.corpus.record_fields import Fields, fields_in, first_value
from workbench.ingest.corpus.record_files import RECORD_KINDS, BadRecord, Record
from workbench.records import Document, Section, Source

MAX_RECORDS = 1_000_000
MAX_CHARACTERS = 500_000_000
"""Records and characters one file may give: what is larger is a log, and belongs into logs/."""
SHOWN = 5
"""Faults and names quoted in a warning; the rest is counted."""
MAX_TITLE = 120
"""Characters of what stands in for a title."""


def read_records(path: Path, kind: str, doc_id: str, source: Source) -> tuple[list[Document], tuple[str, ...]]:
    """Documents of a file of records, and what a person should know about it.

    Args:
        path: the file.
        kind: one of `RECORD_KINDS`.
        doc_id: the file's; a record adds `#` and its own id, else its row or line.
        source: where the file stands; a record adds its place.

    Raises:
        InputError: damaged, not of its kind at all, or too large.
    """
    documents: list[Document] = []
    stated: list[tuple[str, str]] = []
    faults: list[BadRecord] = []
    unused: Counter[str] = Counter()
    bad = surplus = characters = 0
    headings: tuple[str, ...] = ()
    for record in RECORD_KINDS[kind](path):
        if isinstance(record, BadRecord):
            bad += 1
            faults = [*faults, record][:SHOWN]
            continue
        fields = fields_in(record.leaves)
        surplus += bool(record.surplus)
        headings = record.headings
        document = _document(record, fields, kind, doc_id, source)
        if document is None:
            continue
        unused.update(fields.unused)
        characters += len(document.text)
        _check_size(path, len(documents) + 1, characters)
        documents.append(document)
        stated.append((record.number, "" if kind in ("csv", "tsv") else fields.record_id))
    if faults and not documents:
        raise InputError(f"{path.name}: no readable record; {faults[0].locator}: {faults[0].reason}; export it again")
    ids, repeated = _unique_ids(stated)
    for index, (document, record_id) in enumerate(zip(documents, ids, strict=True)):
        if record_id:
            documents[index] = replace(document, doc_id=f"{doc_id}#{record_id}")
    return documents, tuple(_warnings(bad, faults, repeated, surplus, headings, unused))


def _document(record: Record, fields: Fields, kind: str, doc_id: str, source: Source) -> Document | None:
    text = fields.text + record.surplus
    if not text.strip():
        return None
    place = ", ".join(filter(None, (source.locator, record.locator)))
    facts = {"kind": kind, "author": fields.author, "owner": fields.owner}
    return Document(
        doc_id,
        fields.title or (_first_words(fields, record) if record.number else Path(doc_id).stem),
        text,
        Source(source.path, place),
        updated_on(fields.dates),
        {name: value for name, value in facts.items() if value},
        fields.dates,
        (Section(0, record.headings),) if record.headings else (),
    )


def _first_words(fields: Fields, record: Record) -> str:
    """What names a record without a title: the first line of its text where a field is its text, else its first value."""
    return (fields.text if fields.has_body else first_value(record.leaves)).partition("\n")[0].strip()[:MAX_TITLE]


def _check_size(path: Path, records: int, characters: int) -> None:
    if records > MAX_RECORDS or characters > MAX_CHARACTERS:
        what = f"{MAX_RECORDS:,} records" if records > MAX_RECORDS else f"{MAX_CHARACTERS:,} characters"
        raise InputError(f"{path.name}: more than {what}; split it, or put it in logs/ if it is a log")


def _warnings(
    bad: int,
    faults: Sequence[BadRecord],
    repeated: int,
    surplus: int,
    headings: Sequence[str],
    unused: Mapping[str, int],
) -> Iterator[str]:
    if bad:
        named = "; ".join(f"{fault.locator}: {fault.reason}" for fault in faults)
        more = f"; and {bad - len(faults)} more" if bad > len(faults) else ""
        yield f"records that could not be read: {bad} ({named}{more})"
    if repeated:
        yield f"ids that repeat an earlier one, with the line added: {repeated}"
    if surplus:
        yield f"rows with more cells than the header: {surplus}; the extra cells stand at the end of their text"
    if headings:
        yield f"lines above the header, kept as heading of every row: {' / '.join(headings)[:200]}"
    if unused:
        more = f" and {len(unused) - SHOWN} more" if len(unused) > SHOWN else ""
        yield f"fields beside the text that are not searched: {', '.join(sorted(unused)[:SHOWN])}{more}"


def _unique_ids(named: Sequence[tuple[str, str]]) -> tuple[list[str], int]:
    """An id for each (number, id as stated or ""), no two the same, and how many repeated an earlier one.

    A record that states no id is named by its number, unless another one states that number as its id.
    """
    stated = {name for _, name in named if name}
    met: Counter[str] = Counter()
    ids: list[str] = []
    for number, name in named:
        wanted = name or (f"line {number}" if number in stated else number)
        met[wanted] += 1
        ids.append(wanted if met[wanted] == 1 else f"{wanted} (line {number})")
    return ids, sum(count - 1 for count in met.values())
