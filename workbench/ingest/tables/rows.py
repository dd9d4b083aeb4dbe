"""A record of a data file with its place, as every reader of tables gives it; what it means is told elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_LINE = 16 * 2**20
"""Characters one line or cell may have; a longer line is a fault, and the reader goes on behind it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record and where it stands: "line 14" (JSON lines), "row 3" (csv, header not counted), "record 2" (JSON array)."""

    locator: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A record that could not be read, and why."""

    locator: str
    reason: str
