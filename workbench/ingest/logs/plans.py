"""How the blocks of a log file are read, and what is counted on the way.

Both travel between processes; the reading itself is told in `workbench.ingest.logs.convert`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.ingest.logs.columns import Columns
from workbench.ingest.logs.durations import unit_of_name
from workbench.ingest.tables.csv_rows import DEFAULT_DIALECT, Dialect

COUNTED = (
    "records", "interactions", "additions", "bad", "local_times", "day_first", "month_first", "either_first", "no_currency",
)  # fmt: skip
"""Counts of a `Tally` that add up."""


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How the blocks of one file are read.

    Attributes:
        name: the file's path, relative to the case folder.
        units: field -> unit a person stated. zone: time zone a person stated.
        key: secret of the case that tells masked names apart.
        traces: whether the rows come from the reader of traces.
    """

    name: str
    columns: Columns
    header: tuple[str, ...] = ()
    dialect: Dialect = DEFAULT_DIALECT
    encoding: str = "utf-8"
    units: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None
    key: bytes = b""
    traces: bool = False

    def unit(self, name: str, path: str) -> str | None:
        """The unit of time a column is in: as a person stated it, as its name does, or None."""
        return self.units.get(name) or unit_of_name(path)

    def decimal(self, columns: Columns) -> str:
        """The mark before decimals, as the numbers of the file tell.

        Where they leave a doubt: the point; between semicolons, where the comma is taken, either mark that stands alone ("").
        """
        return columns.decimal or ("" if self.dialect.delimiter == ";" else ".")


@dataclass(slots=True)
class Tally:
    """What is counted on the way.

    Attributes:
        records: found. interactions, additions: rows made of them. bad: records that could not be read.
        local_times: times without a zone, left out; `local_example` is one.
        day_first, month_first, either_first: dates whose numbers can be read in one order alone, or in both; `date_example` is
            one of those.
        unitless: field -> durations without a unit, left out.
        no_currency: costs without a currency. lowest, highest: marks given as feedback. top: the highest mark values state.
        masked: kind -> how many were masked.
    """

    records: int = 0
    interactions: int = 0
    additions: int = 0
    bad: int = 0
    local_times: int = 0
    local_example: str = ""
    day_first: int = 0
    month_first: int = 0
    either_first: int = 0
    date_example: str = ""
    unitless: dict[str, int] = field(default_factory=dict)
    no_currency: int = 0
    lowest: float | None = None
    highest: float | None = None
    top: float | None = None
    masked: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count another one's in."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.local_example = self.local_example or other.local_example
        self.date_example = self.date_example or other.date_example
        for mine, theirs in ((self.unitless, other.unitless), (self.masked, other.masked)):
            for kind, count in theirs.items():
                mine[kind] = mine.get(kind, 0) + count
        self.lowest = min((mark for mark in (self.lowest, other.lowest) if mark is not None), default=None)
        self.highest = max((mark for mark in (self.highest, other.highest) if mark is not None), default=None)
        self.top = max((mark for mark in (self.top, other.top) if mark is not None), default=None)
