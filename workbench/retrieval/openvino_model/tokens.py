"""Texts to word pieces, and word pieces to batches in which no row is much longer than another.

A row is padded to a length that follows from the row alone, so that its result does not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import numpy as np
import numpy.typing as npt

Text = str | tuple[str, str]
"""A text, or a question and a passage to read together."""

Ids = npt.NDArray[np.int32]

LENGTH_STEP = 16
"""Rows are padded to a multiple of this: kernels give other last bits when the padded length passes a register's width."""

BATCH_TOKENS = 2048
"""Word pieces in a batch: 8 passages of 256. Measured: smaller and larger batches are no faster."""

TEXTS_AT_A_TIME = 256
"""Texts tokenized at once: the tokenizer's own records of a text take a hundred times the ids."""

CHARACTERS_PER_TOKEN = 100
"""Characters looked at for each word piece that can be read; more than any text has, and a bound on hostile ones."""


@dataclass(frozen=True, slots=True)
class Row:
    """One text as the model reads it: its word pieces, and for each whether it belongs to the second text of a pair."""

    ids: Ids
    second: Ids


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one padded length, by their places in the list they come from."""

    places: tuple[int, ...]
    length: int


def rows_of(tokenizer: Any, texts: Sequence[Text], max_tokens: int) -> list[Row]:  # noqa: ANN401
    """Each text as a row, in order; the tokenizer cuts at `max_tokens`."""
    rows: list[Row] = []
    for start in range(0, len(texts), TEXTS_AT_A_TIME):
        part = [_bounded(text, max_tokens * CHARACTERS_PER_TOKEN) for text in texts[start : start + TEXTS_AT_A_TIME]]
        encodings = tokenizer.encode_batch_fast(part)
        rows.extend(Row(np.array(e.ids, dtype=np.int32), np.array(e.type_ids, dtype=np.int32)) for e in encodings)
    return rows


def batches_of(rows: Sequence[Row], max_tokens: int) -> Iterator[Batch]:
    """Every row once, longest first: what is left at the end is short, and no core waits long for another."""
    lengths = [min(-(-len(row.ids) // LENGTH_STEP) * LENGTH_STEP, max_tokens) for row in rows]
    places = sorted(range(len(rows)), key=lambda place: (-lengths[place], place))
    for length, group in groupby(places, key=lengths.__getitem__):
        size = max(1, BATCH_TOKENS // length) if length else len(rows)
        while part := tuple(islice(group, size)):
            yield Batch(part, length)


def arrays_of(batch: Batch, rows: Sequence[Row], names: Sequence[str], pad_id: int) -> list[npt.NDArray[np.int64]]:
    """The batch as the arrays a model asks for by these names, each (rows, length)."""
    shape = (len(batch.places), batch.length)
    ids = np.full(shape, pad_id, dtype=np.int64)
    mask, second = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for line, place in enumerate(batch.places):
        row = rows[place]
        ids[line, : len(row.ids)] = row.ids
        mask[line, : len(row.ids)] = 1
        second[line, : len(row.ids)] = row.second
    arrays = {"input_ids": ids, "attention_mask": mask, "token_type_ids": second}
    return [arrays[name] for name in names]


def readable(text: str) -> str:
    """The text with halves of surrogate pairs, which no tokenizer takes, replaced; a good text as it is."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _bounded(text: Text, limit: int) -> Text:
    if isinstance(text, str):
        return readable(text[:limit])
    return readable(text[0][:limit]), readable(text[1][:limit])
