"""What a log's questions retrieved, as columns: documents by code, size of the context, the next change of a document.

It reads the log's table in batches, for the texts retrieved are far larger than everything else; whether two questions had the
same evidence is told in `workbench.costs.safety`.
"""

from __future__ import annotations

import hashlib
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.costs.arrays import EVIDENCE, NONE, Floats, Ints
from workbench.ingest.logs.interactions import interaction_batches
from workbench.observing import DocumentNames
from workbench.records import Document

if TYPE_CHECKING:
    import pyarrow as pa

DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_SHIFT = 24
"""Bits a day takes in a key of document and day: enough for 45,000 years."""
_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What each question retrieved; see `Traffic` for the columns.

    Attributes:
        dated: whether any document retrieved shows a date. named: whether any id retrieved names a document of the corpus.
    """

    evidence: Ints
    characters: Floats
    items: Floats
    expires: Floats
    dated: bool
    named: bool


def read_retrieved(table: str | Path, rows: int, day: Ints, documents: Sequence[Document]) -> Retrieved:
    """What was retrieved, row by row.

    Dates of documents are whole days. A change on a later day than the question's counts from the start of that day; one on
    the day of the question from the start of the next, for nobody knows which came first. File times are no changes: a copy
    resets them.

    Args:
        table: of the log.
        rows: of the table.
        day: of each question, days since 1970 in UTC; empty where the log has no times, and then nothing expires.
        documents: of the corpus.

    Raises:
        InputError: the table cannot be read.
    """
    codes = _Codes(DocumentNames(documents))
    evidence = np.full((rows, EVIDENCE), NONE, dtype=np.int32)
    characters, items = np.full(rows, np.nan), np.full(rows, np.nan)
    expires = np.full(rows, np.inf)
    start = 0
    for batch in interaction_batches(table, ["retrieved"]):
        lists = batch.column(0)
        span = slice(start, start + len(lists))
        start = span.stop
        items[span] = _numbers(_lengths(lists))
        row, code, length = _flat(lists, codes)
        characters[span] = _sums(row, length, len(lists))
        evidence[span] = _first_distinct(row, code, len(lists))
        if len(day):
            expires[span] = _next_change(row, code, day[span], codes.changes())
    return Retrieved(evidence, characters, items, expires, bool(codes.days), codes.named)


@dataclass(slots=True)
class _Codes:
    """Codes of what was retrieved, in order of first appearance.

    Attributes:
        names: finds documents by what the log calls them.
        known: id or document -> code. called: what the log calls something -> code.
        days: code and day of every change of a document, as one sorted number each.
    """

    names: DocumentNames
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    called: dict[tuple[str, str], int] = field(default_factory=dict)
    days: list[int] = field(default_factory=list)
    named: bool = False

    def of(self, kind: str, name: str) -> int:
        """The code of an id ("id") or, where there is none, of a text ("text")."""
        key = (kind, name if kind == "id" else hashlib.blake2b(name.encode(), digest_size=16).hexdigest())
        code = self.called.get(key)
        if code is None:
            code = self.called[key] = self._new(key)
        return code

    def _new(self, key: tuple[str, str]) -> int:
        document = self.names.find(key[1]) if key[0] == "id" else None
        if document is None:
            return self.known.setdefault(key, len(self.known))
        self.named = True
        before = len(self.known)
        code = self.known.setdefault(("document", document.doc_id), before)
        if code == before:
            for day in _changes(document):
                insort(self.days, (code << _SHIFT) + day)
        return code

    def changes(self) -> _Rows:
        """Code and day of every change met so far."""
        return np.array(self.days, dtype=np.int64)


def _changes(document: Document) -> set[int]:
    shown = {dated.on for dated in document.dates if dated.basis != "file"}
    shown |= {document.updated_on} if document.updated_on else set()
    return {max(0, on.toordinal() - _EPOCH) for on in shown}


def _lengths(lists: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.list_value_length(lists)


def _numbers(array: pa.Array) -> Floats:
    import pyarrow as pa

    found: Floats = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def _flat(lists: pa.Array, codes: _Codes) -> tuple[_Rows, _Rows, Floats]:
    """(row, code, characters of the text) of every item; code -1 for one without id and text, NaN without text."""
    import pyarrow.compute as pc

    row = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    values = pc.list_flatten(lists)
    ids, texts = pc.struct_field(values, "doc_id"), pc.struct_field(values, "text")
    code = _coded(ids, "id", codes)
    unnamed = np.flatnonzero(code == NONE)
    if len(unnamed):
        code[unnamed] = _coded(texts.take(unnamed), "text", codes)
    return row, code, _numbers(pc.utf8_length(texts))


def _coded(values: pa.Array, kind: str, codes: _Codes) -> _Rows:
    encoded = values.dictionary_encode()
    table = np.array([codes.of(kind, name) if name else NONE for name in encoded.dictionary.to_pylist()] + [NONE])
    found: _Rows = table[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)].astype(np.int64)
    return found


def _sums(row: _Rows, length: Floats, rows: int) -> Floats:
    """Characters retrieved a row; NaN where no text is logged."""
    told = ~np.isnan(length)
    sums = np.bincount(row[told], weights=length[told], minlength=rows).astype(np.float64)
    sums[np.bincount(row[told], minlength=rows) == 0] = np.nan
    return sums


def _first_distinct(row: _Rows, code: _Rows, rows: int) -> Ints:
    """The first documents of each row, each once."""
    found = np.full((rows, EVIDENCE), NONE, dtype=np.int32)
    there = np.flatnonzero(code >= 0)
    if not len(there):
        return found
    row, code = row[there], code[there]
    _, first = np.unique(row * (int(code.max()) + 1) + code, return_index=True)
    first.sort()
    row, code = row[first], code[first]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    kept = place < EVIDENCE
    found[row[kept], place[kept]] = code[kept]
    return found


def _next_change(row: _Rows, code: _Rows, day: Ints, changes: _Rows) -> Floats:
    """When the first document of each row changed after the question, as seconds since 1970."""
    expires = np.full(len(day), np.inf)
    there = code >= 0
    row, code = row[there], code[there]
    if not len(changes) or not len(row):
        return expires
    asked = np.maximum(day[row].astype(np.int64), 0)
    place = np.searchsorted(changes, (code << _SHIFT) + asked)
    change = changes[np.minimum(place, len(changes) - 1)]
    valid = (place < len(changes)) & (change >> _SHIFT == code)
    on = change & ((1 << _SHIFT) - 1)
    seconds = np.where(on > asked, on, asked + 1) * float(DAY)
    np.minimum.at(expires, row[valid], seconds[valid])
    return expires
