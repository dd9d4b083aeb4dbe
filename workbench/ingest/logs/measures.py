"""Columns of durations and of feedback turned into Arrow arrays, with what only all of a file can settle.

What one value means is told in `workbench.ingest.logs.durations` and `workbench.ingest.logs.feedback`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.ingest.logs.arrays import regular_amounts
from workbench.ingest.logs.durations import duration_of
from workbench.ingest.logs.feedback import leading_number, liked_word, stated_top

if TYPE_CHECKING:
    import pyarrow as pa

REMEMBERED = 1_000
"""Distinct values of feedback whose meaning is kept; a column of marks has a handful."""

_NOTHING = (None, None, None)


def durations(
    values: Sequence[object], factor: float | None, per_unit: float, decimal: str = "."
) -> tuple[pa.Array, int]:
    """(durations, how many are left out because neither value nor column states a unit).

    Args:
        values: as logged.
        factor: of the column's unit to milliseconds, None where it states none; a unit in the value goes before it.
        per_unit: milliseconds in the unit that is wanted.
        decimal: the mark before decimals in texts that can be read both ways.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    array = regular_amounts(values, decimal)
    if array is not None and factor is not None:
        return pc.multiply(array, factor / per_unit), 0
    found: list[float | None] = []
    unitless = 0
    for value in values:
        duration = duration_of(value, decimal)
        stated = (duration[1] or factor) if duration else None
        unitless += duration is not None and stated is None
        found.append(duration[0] * stated / per_unit if duration and stated else None)
    return pa.array(found, pa.float64()), unitless


@dataclass(frozen=True, slots=True)
class Feedback:
    """Feedback of some rows.

    Attributes:
        marks: numbers, on a scale that all of the file tells. words: 1 for liked, -1 for disliked.
        lowest, highest: marks given. top: the highest mark there is, where values state it.
    """

    marks: pa.Array
    words: pa.Array
    lowest: float | None
    highest: float | None
    top: float | None


def marks_and_words(values: Sequence[object], decimal: str = ".") -> Feedback:
    """Feedback of some rows.

    Args:
        values: as logged.
        decimal: the mark before decimals in texts that can be read both ways.
    """
    import pyarrow as pa

    known: dict[object, tuple[float | None, int | None, float | None]] = {}
    read: list[tuple[float | None, int | None, float | None]] = []
    for value in values:
        if value is None:
            read.append(_NOTHING)
            continue
        key = (type(value), value) if isinstance(value, str | int | float) else None
        found = known.get(key) if key is not None else None
        if found is None:
            mark = leading_number(value, decimal)
            found = (None, liked_word(value), None) if mark is None else (mark, None, stated_top(value))
            if key is not None and len(known) < REMEMBERED:
                known[key] = found
        read.append(found)
    marks = [mark for mark, _, _ in read]
    given = [mark for mark in marks if mark is not None]
    return Feedback(
        pa.array(marks, pa.float64()),
        pa.array([word for _, word, _ in read], pa.int8()),
        min(given, default=None),
        max(given, default=None),
        max((top for _, _, top in read if top is not None), default=None),
    )
