"""Columns of raw log values turned into Arrow arrays: whole columns at once where they are regular, value by value elsewhere.

Both ways give the same; what the values mean is told in `workbench.ingest.logs.values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.values import amount_of, decision_of, labels_of, sound, text_of

if TYPE_CHECKING:
    import pyarrow as pa

PLAIN = re.compile(r"[A-Za-z]{1,8}[-_]?[0-9]{1,8}(?:\.[a-z]{2,4})?")
"""Names in which no pattern finds anything ("r-00012", "u7", "d-31.pdf"): they need not be searched."""
EXACT = 1e15
"""Numbers of at least this size are read value by value: text that long is rather an identifier than a number."""
_NUMBERS = frozenset({int, float, type(None)})
_TEXTS = frozenset({str, type(None)})


def strings(values: Sequence[str | None]) -> pa.Array:
    """Text as an array."""
    import pyarrow as pa

    return pa.array(values, pa.string())


def texts(values: Sequence[object]) -> list[str | None]:
    """What was said in each row, not masked yet; None where there is no text."""
    plain = [
        value if type(value) is str and value[:1] not in "[{" and not value.isspace() else text_of(value)
        for value in values
    ]
    try:
        "".join([value for value in plain if value is not None]).encode()
    except UnicodeEncodeError:
        return [None if value is None else sound(value) for value in plain]
    return plain


def names(values: Sequence[object], redaction: LogRedaction) -> list[str | None]:
    """Identifiers or labels, masked."""
    return _each(values, lambda value: name(value, redaction))


def name(value: object, redaction: LogRedaction) -> str | None:
    """An identifier or label, masked; None for what is none."""
    return value if type(value) is str and PLAIN.fullmatch(value) else redaction.name(value)


def groups(values: Sequence[object], redaction: LogRedaction) -> list[str | None]:
    """Labels, masked; those of a list sorted and joined, so that their order makes no other group."""
    return _each(values, lambda value: group(value, redaction))


def group(value: object, redaction: LogRedaction) -> str | None:
    """A label, or those of a list, masked; None where there is none."""
    if type(value) is str and PLAIN.fullmatch(value):
        return value
    named = {label for part in labels_of(value) if (label := name(part, redaction))}
    return ", ".join(sorted(named)) or None


def decisions(values: Sequence[object], redaction: LogRedaction) -> list[str | None]:
    """Decisions, masked."""
    return _each(values, lambda value: redaction.name(decision_of(value)))


def _each(values: Sequence[object], convert: Callable[[object], str | None]) -> list[str | None]:
    known: dict[object, str | None] = {None: None}
    found: list[str | None] = []
    for value in values:
        if value is not None and type(value) is not str:  # 1, 1.0 and True would be one key
            found.append(convert(value))
            continue
        if value in known:
            found.append(known[value])
            continue
        read = convert(value)
        if read is None or "[" not in read:  # what was masked is masked again, for every time is counted
            known[value] = read
        found.append(read)
    return found


def amounts(values: Sequence[object], decimal: str = ".") -> pa.Array:
    """Numbers of 0 or more; null for anything else.

    Args:
        values: as logged.
        decimal: the mark before decimals in texts that can be read both ways.
    """
    import pyarrow as pa

    array = regular_amounts(values, decimal)
    return pa.array([amount_of(value, decimal) for value in values], pa.float64()) if array is None else array


def counts(values: Sequence[object], decimal: str = ".") -> pa.Array:
    """Whole numbers of 0 or more; null for anything else."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = amounts(values, decimal)
    whole = pc.equal(pc.floor(array), array)
    small = pc.less(array, 2.0**62)
    return pc.cast(pc.if_else(pc.and_(whole, small), array, pa.scalar(None, pa.float64())), pa.int64())


def regular_amounts(values: Sequence[object], decimal: str = ".") -> pa.Array | None:
    """The numbers of a column that holds nothing else; None when it takes a look at each value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if decimal != "." and any(type(value) is str and "." in value for value in values):
        return None  # "1.234" is a thousand there

    kinds = set(map(type, values))
    try:
        if kinds <= _NUMBERS:
            array = pa.array(values, pa.float64())
        elif kinds <= _TEXTS:
            array = pc.cast(pa.array(values, pa.string()), pa.float64())
        else:
            return None
    except (pa.ArrowException, OverflowError, ValueError):
        return None
    bounds = pc.min_max(array)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    finite = pc.all(pc.is_finite(array)).as_py()
    return array if low is None or (finite and low >= 0 and high < EXACT) else None
