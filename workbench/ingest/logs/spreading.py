"""Nested objects of many records spread out into columns, all records of a block at once.

Where records end, and which of them could not be read, is told in `workbench.ingest.logs.records`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.ingest.logs.values import as_structure

MAX_CELLS = 4_000_000
"""Cells of one block spread out; a block of records that share few keys is taken in smaller pieces."""
_NOTHING: Mapping[str, object] = {}


@dataclass(slots=True)
class Table:
    """Records of a block side by side.

    Attributes:
        columns: path -> values; None where a record has none.
        numbers: of each row its record's number in the block, from 1.
        turns: of each row its turn in the record, 0 where there is only one.
        places: where each record stands, when it does not follow from its number.
    """

    columns: dict[str, Sequence[object]]
    numbers: Sequence[int]
    turns: Sequence[int]
    places: Sequence[str] | None = None

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.numbers)


def spread(
    objects: Sequence[Mapping[str, object]], prefix: str, depth: int, columns: dict[str, Sequence[object]]
) -> bool:
    """Columns of nested objects, added to those there; False when there would be too many cells."""
    keys: dict[str, None] = {}
    for shape in dict.fromkeys(map(tuple, objects)):
        keys.update(dict.fromkeys(shape))
    if len(objects) > 1 and len(keys) * len(objects) + sum(map(len, columns.values())) > MAX_CELLS:
        return False
    return all(_spread_key(objects, key, f"{prefix}{key}", depth, columns) for key in keys)


def _spread_key(
    objects: Sequence[Mapping[str, object]], key: str, path: str, depth: int, columns: dict[str, Sequence[object]]
) -> bool:
    values = [record.get(key) for record in objects]
    kinds = set(map(type, values))
    if dict in kinds:
        if depth > 0:
            inner = [_named(value) if isinstance(value, dict) else _NOTHING for value in values]
            if not spread(inner, f"{path}.", depth - 1, columns):
                return False
        if kinds <= {dict, type(None)}:
            return True
        values = [None if type(value) is dict else value for value in values]
    if str in kinds:
        if depth > 0 and not spread_text(values, path, depth, columns):
            return False
        if "" in values:
            values = [None if value == "" else value for value in values]
    columns.setdefault(path, values)
    return True


def _named(part: Mapping[object, object]) -> Mapping[str, object]:
    if all(type(key) is str for key in part):
        return part  # type: ignore[return-value]
    return {str(name): value for name, value in part.items()}


def spread_text(values: Sequence[object], path: str, depth: int, columns: dict[str, Sequence[object]]) -> bool:
    """Columns of objects stored as text in a cell."""
    opening = [type(value) is str and value[:1] == "{" for value in values]
    if not any(opening):
        return True
    inner: list[Mapping[str, object]] = []
    for value, opens in zip(values, opening, strict=True):
        structure = as_structure(value) if opens else None
        inner.append(_named(structure) if isinstance(structure, dict) else _NOTHING)
    return spread(inner, f"{path}.", depth - 1, columns)
