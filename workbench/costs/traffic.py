"""The log of a case as `Traffic`: the whole table in its order, a column an array.

It codes and counts; nothing is sampled, nothing is embedded, and no missing number is filled in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.costs.arrays import NONE, Flags, Floats, Ints, Traffic
from workbench.costs.currency import named_currency
from workbench.costs.retrieved import DAY, Retrieved, read_retrieved
from workbench.errors import InputError
from workbench.ingest.logs.interactions import interaction_batches, interactions_at, read_interactions
from workbench.ingest.logs.schema import interaction_schema
from workbench.numbers import count
from workbench.observing import counted, listed
from workbench.records import Document, Source

if TYPE_CHECKING:
    import pyarrow as pa

SCOPE: Mapping[str, str] = {
    "tenant": "tenant",
    "access_group": "access group",
    "index_version": "index version",
    "prompt_version": "prompt version",
}
"""Fields an answer is never shared across, and what people call them."""
AMOUNTS: Mapping[str, str] = {
    "tokens_in": "tokens in",
    "tokens_out": "tokens out",
    "cost": "cost",
    "model_calls": "model calls",
}
TIMED_SHARE = 0.9
"""Share of questions that must have a time for the log to count as timed."""
END_MARKS = "?!. "


def normalised(text: str) -> str:
    """A question as exact repeats are compared: width, case, white space and marks at its end do not count.

    >>> normalised("  Is  HAIL covered ?! ")
    'is hail covered'
    """
    if not text.isascii():
        # Folding case can leave characters that compose: both are done until nothing changes.
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(text.casefold().split()).rstrip(END_MARKS)


def read_traffic(
    table: str | Path,
    *,
    field_sources: Mapping[str, Mapping[str, str]],
    documents: Sequence[Document] = (),
    group_column: str | None = None,
) -> Traffic:
    """The whole log as columns; row i is row i of the table.

    A log counts as timed when nine questions in ten have a time; those without one stand last in the table, as it is sorted,
    and get the time of the question before them. An answer expires when a document its question retrieved changed after it:
    dates of documents are whole days, and a change on the day of the question counts from the start of the next day.

    Args:
        table: `QueryLog.table`.
        field_sources: `QueryLog.field_sources`, for the currency.
        documents: of the corpus; without them nothing expires.
        group_column: field of `Interaction` whose equal values want the same answer; None for `answer_group`.

    Raises:
        InputError: the table is gone or cannot be read, or there is no such field.
    """
    group = _group_field(group_column)
    names = list(dict.fromkeys(("query", "at", *SCOPE, "user_id", "session_id", *AMOUNTS, group)))
    read = read_interactions(table, names)
    rows = read.num_rows
    notes: list[str] = []
    at, timed = _times(read.column("at"), notes)
    day = np.floor(at / DAY).astype(np.int32) if timed else np.empty(0, np.int32)
    texts, text = _texts(read.column("query"))
    scope, held, missing = _scope(read, notes)
    node, first = _nodes(text, scope)
    amounts = {name: _amounts(read.column(name), words, notes) for name, words in AMOUNTS.items()}
    user, session, groups = (_codes(read.column(name)) for name in ("user_id", "session_id", group))
    del read
    answered = _answered(table, rows, notes)
    retrieved = read_retrieved(table, rows, day, documents)
    notes.extend(_said_of_documents(retrieved, timed, documents))
    return Traffic(
        texts=texts,
        at=at,
        timed=timed,
        day=day,
        node=node,
        nodes=len(first),
        first=first,
        text=text,
        scope=scope,
        answered=answered,
        expires=retrieved.expires,
        evidence=retrieved.evidence,
        group=groups,
        user=user,
        session=session,
        tokens_in=amounts["tokens_in"],
        tokens_out=amounts["tokens_out"],
        cost=amounts["cost"],
        calls=amounts["model_calls"],
        context_characters=retrieved.characters,
        context_items=retrieved.items,
        scope_fields=held,
        scope_missing=missing,
        currency=named_currency(field_sources),
        notes=tuple(notes),
    )


def answers_at(table: str | Path, rows: Sequence[int]) -> list[str | None]:
    """The answers logged for some rows of the table, in the order asked for; None where there is none.

    Raises:
        InputError: the table is gone or cannot be read. IndexError: no such row.
    """
    return [row["answer"] for row in interactions_at(table, rows, ["answer"])]


def sources_at(table: str | Path, rows: Sequence[int]) -> list[Source]:
    """Where some rows of the table stand in the client's files, in the order asked for.

    Raises:
        InputError: the table is gone or cannot be read. IndexError: no such row.
    """
    found = interactions_at(table, rows, ["source_path", "source_locator"])
    return [Source(row["source_path"] or "", row["source_locator"] or "") for row in found]


def _group_field(group_column: str | None) -> str:
    name = group_column or "answer_group"
    labels = [entry.name for entry in interaction_schema() if str(entry.type) == "string"]
    if name not in labels:
        raise InputError(f"'{name}' is no field of the log to group questions by; expected one of {', '.join(labels)}")
    return name


def _times(column: pa.ChunkedArray, notes: list[str]) -> tuple[Floats, bool]:
    """(seconds since 1970, True), or (place, False) where too few questions have a time."""
    import pyarrow as pa

    at = column.cast(pa.int64()).cast(pa.float64(), safe=False).to_numpy() / 1e6
    rows, without = len(at), int(np.isnan(at).sum())
    if not rows or rows - without < TIMED_SHARE * rows:
        had = f"only {count(rows - without)} of {count(rows)} questions have" if rows > without else "no question has"
        notes.append(f"The order of the file is taken for the order of time: {had} a usable time.")
        return np.arange(rows, dtype=np.float64), False
    if without:
        last = np.maximum.accumulate(np.where(np.isnan(at), 0, np.arange(rows)))
        at = at[last]
        notes.append(
            f"{counted(without, 'question')} of {count(rows)} without a usable time follow in the order of the file, with the "
            "time of the question before them."
        )
    return at, True


def _texts(column: pa.ChunkedArray) -> tuple[tuple[str, ...], Ints]:
    """The questions, and the code of what each says once normalised."""
    codes, distinct = _encoded(column)
    known: dict[str, int] = {}
    said = [normalised(text) for text in distinct]
    coded = np.array([known.setdefault(text, len(known)) if text else NONE for text in said] + [NONE], dtype=np.int32)
    distinct.append("")  # stands for a question that is null
    return tuple([distinct[code] for code in codes.tolist()]), coded[codes]


def _scope(read: pa.Table, notes: list[str]) -> tuple[Ints, tuple[str, ...], tuple[str, ...]]:
    """(code a row, fields logged, fields not logged); a question whose field is empty is in a scope of its own kind."""
    import pandas as pd

    key = np.zeros(read.num_rows, dtype=np.int64)
    held: list[str] = []
    for name, words in SCOPE.items():
        codes = _codes(read.column(name)).astype(np.int64)
        if not (codes >= 0).any():
            continue
        held.append(name)
        if empty := int((codes < 0).sum()):
            notes.append(f"{counted(empty, 'question')} without {words} share answers with no others.")
        key = pd.factorize(key * (codes.max() + 2) + codes + 1)[0]
    return key.astype(np.int32), tuple(held), tuple(name for name in SCOPE if name not in held)


def _nodes(text: Ints, scope: Ints) -> tuple[Ints, Ints]:
    """(node of each row, first row of each node)."""
    import pandas as pd

    rows = np.flatnonzero(text >= 0)
    scopes = int(scope.max(initial=0)) + 1
    codes = pd.factorize(text[rows].astype(np.int64) * scopes + scope[rows])[0]
    node = np.full(len(text), NONE, dtype=np.int32)
    node[rows] = codes
    first = np.empty(int(codes.max(initial=-1)) + 1, dtype=np.int32)
    first[codes[::-1]] = rows[::-1]
    return node, first


def _amounts(column: pa.ChunkedArray, words: str, notes: list[str]) -> Floats:
    import pyarrow as pa

    values = np.array(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    wrong = np.isinf(values) | (values < 0)
    if wrong.any():
        notes.append(f"{counted(int(wrong.sum()), 'value')} of {words} below zero or endless: taken as not logged.")
        values[wrong] = np.nan
    return values


def _codes(column: pa.ChunkedArray) -> Ints:
    return _encoded(column)[0]


def _encoded(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """(code a row, -1 for null; distinct values in order of first appearance)."""
    import pyarrow as pa

    # As one array, of the type that holds more than two gigabytes: chunk by chunk every chunk would get a dictionary of its own.
    encoded = column.cast(pa.large_string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):  # no row
        return np.empty(0, np.int32), []
    codes = encoded.indices.fill_null(NONE).to_numpy(zero_copy_only=False)
    return codes.astype(np.int32), encoded.dictionary.to_pylist()


def _answered(table: str | Path, rows: int, notes: list[str]) -> Flags:
    """Which rows hold an answer; all of them where none does."""
    import pyarrow.compute as pc

    said = [
        pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(batch.column(0))), 0).fill_null(False)
        for batch in interaction_batches(table, ["answer"])
    ]
    answered = np.concatenate([part.to_numpy(zero_copy_only=False) for part in said]) if said else np.empty(0, np.bool_)
    if answered.any() or not rows:
        return answered.astype(np.bool_)
    notes.append("The log holds no answers: every question counts as answered.")
    return np.ones(rows, dtype=np.bool_)


def _said_of_documents(retrieved: Retrieved, timed: bool, documents: Sequence[Document]) -> list[str]:
    if np.isnan(retrieved.items).all():
        return ["The log does not say what was retrieved, so an answer never expires because a document changed."]
    lacks = [
        words
        for words, lacking in (
            ("times of questions", not timed),
            ("documents", not documents),
            ("retrieved ids that name a document", bool(documents) and not retrieved.named),
            ("dated documents", retrieved.named and not retrieved.dated),
        )
        if lacking
    ]
    return [f"Without {listed(lacks)} no answer expires because a document changed."] if lacks else []
