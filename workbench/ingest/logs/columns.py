"""Which column or key of a client's log holds what: aliases from `log_formats.yaml`, confirmed by the values.

It decides per file and says what it decided; turning values into records is the business of `workbench.ingest.logs.values`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.ingest.logs.aliases import LISTS, alias_rank, clock_names, field_of, names_of, normalised, numbered
from workbench.ingest.logs.confirming import CONTENT, COUNTS, confirmed, fitting
from workbench.ingest.logs.flattening import MAX_DEPTH, Flat, flatten, values_by_path
from workbench.ingest.logs.numbers import decimal_mark, thousands_mark
from workbench.ingest.logs.times import date_of

__all__ = [
    "LISTS",
    "MAX_DEPTH",
    "Columns",
    "Flat",
    "alias_rank",
    "confirmed",
    "field_of",
    "fitting",
    "flatten",
    "names_of",
    "normalised",
    "numbered",
    "values_by_path",
]

MOST_PATHS = 2_000
"""Paths of one file that are remembered by name: a hostile log can hold as many as it has lines."""
MOST_PATHS_A_FIELD = 8
NUMBERS = (*COUNTS, "latency_ms", "cost", "review_seconds", "feedback")


@dataclass(slots=True)
class Columns:
    """The columns of one file, field by field; a column that turns up later in the file is taken in when it fits.

    Attributes:
        chosen: field -> paths it is read from; the first that holds a value counts.
        parallel: list of retrieved things -> numbered columns (number, path), in order.
        known: every path met with a value (`MOST_PATHS` of them). empty: paths met without one.
        fixed: fields whose column a person chose, or said that there is none.
        by_content: fields whose column was told by its values alone.
        turns: key of the list that holds several turns of one conversation; "" for none.
        decimal: the mark before decimals that the numbers of the sample tell, "" where they leave a doubt.
    """

    chosen: dict[str, list[str]] = field(default_factory=dict)
    parallel: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)
    by_content: set[str] = field(default_factory=set)
    turns: str = ""
    decimal: str = ""

    @classmethod
    def of(cls, sample: Sequence[Flat], corrections: Mapping[str, str | None] | None = None) -> Columns:
        """Columns as a person chose them, and as the first records of a file suggest and confirm them.

        Args:
            sample: the first records.
            corrections: field -> column, or None where no column holds it.
        """
        columns = cls()
        values = values_by_path(sample)
        columns.known.update(values)
        columns.empty.update({path for record in sample for path in record} - columns.known)
        for name, path in (corrections or {}).items():
            columns.fixed.add(name)
            if path is not None:
                columns.chosen[name] = [path]
        taken = {path for path in (corrections or {}).values() if path is not None}
        ranked = sorted(
            (suggestion[1], path) for path in values if (suggestion := field_of(path)) and path not in taken
        )
        for _, path in ranked:
            name = _suggested(path)
            if name not in columns.fixed and name not in columns.chosen and confirmed(name, values[path]):
                columns.chosen[name] = [path]
        columns._take_numbered({path: None for path in values if path not in taken})
        columns._take_clock({path: found for path, found in values.items() if path not in taken})
        columns._take_by_content({path: found for path, found in values.items() if path not in taken})
        columns.decimal = columns._told_decimal(values)
        return columns

    def meet(self, table: Mapping[str, Sequence[object]]) -> bool:
        """Take in the paths that no earlier record had, and say whether any was: a log's shape changes when the pilot does.

        Args:
            table: path -> values, row by row.
        """
        fresh: list[tuple[int, int, str]] = []
        met_empty = False
        for order, path in enumerate(table):
            if path in self.known:
                continue
            first = next((row for row, value in enumerate(table[path]) if value is not None), None)
            if first is not None:
                fresh.append((first, order, path))
            elif path not in self.empty and len(self.empty) < MOST_PATHS:
                self.empty.add(path)
                met_empty = True
        for first, _, path in sorted(fresh):
            self._meet_one(path, table[path][first])
        return met_empty or bool(fresh)

    def _meet_one(self, path: str, value: object) -> None:
        name = _suggested(path)
        if len(self.known) >= MOST_PATHS and not name:
            return
        self.known.add(path)
        paths = self.chosen.get(name, [])
        if name and name not in self.fixed and len(paths) < MOST_PATHS_A_FIELD and confirmed(name, [value]):
            self.chosen[name] = [*paths, path]
        self._take_numbered({path: None})

    def values(self, name: str, table: Mapping[str, Sequence[object]], rows: int) -> Sequence[object] | None:
        """The raw values of a field, row by row; None when no row of the table has one."""
        if name in self.parallel:
            columns = [table.get(path) or [None] * rows for _, path in self.parallel[name]]
            return [
                list(found) if any(value is not None for value in found) else None
                for found in zip(*columns, strict=True)
            ]
        there = [table[path] for path in self.chosen.get(name, ()) if path in table]
        if len(there) < 2:
            return there[0] if there else None
        return [next((value for value in found if value is not None), None) for found in zip(*there, strict=True)]

    def source(self, name: str) -> str:
        """The columns a field is read from, as people should see them; "" for none."""
        return ", ".join(self.chosen.get(name, ()) or [path for _, path in self.parallel.get(name, ())])

    def unfilled(self) -> Mapping[str, str]:
        """Field -> a column named for it that never held a value, for fields read from nowhere else."""
        named = ((_suggested(path), path) for path in sorted(self.empty - self.known))
        return {name: path for name, path in named if name and name not in self.fixed and not self.source(name)}

    def unused(self) -> tuple[str, ...]:
        """Paths that hold values and are read for no field."""
        used = {path for paths in self.chosen.values() for path in paths}
        used.update(path for paths in self.parallel.values() for _, path in paths)
        return tuple(sorted(self.known - used))

    def _take_numbered(self, values: Mapping[str, object]) -> None:
        for path in values:
            place = numbered(path)
            if place and place[0] not in self.chosen and place[0] not in self.fixed:
                self.parallel[place[0]] = sorted([*self.parallel.get(place[0], ()), (place[1], path)])

    def _take_clock(self, values: Mapping[str, Sequence[object]]) -> None:
        """The column with the time of day, where the one with the time holds dates alone."""
        dates = [value for path in self.chosen.get("at", ()) for value in values.get(path, ())]
        if (
            "clock" in self.chosen
            or "clock" in self.fixed
            or not dates
            or any(date_of(value) is None for value in dates)
        ):
            return
        taken = {path for paths in self.chosen.values() for path in paths}
        for path, found in values.items():
            if path not in taken and normalised(path) in clock_names() and confirmed("clock", found):
                self.chosen["clock"] = [path]
                return

    def _told_decimal(self, values: Mapping[str, Sequence[object]]) -> str:
        def held(names: Sequence[str]) -> list[object]:
            return [value for name in names for path in self.chosen.get(name, ()) for value in values.get(path, ())]

        return decimal_mark(held(NUMBERS)) or {",": ".", ".": ","}.get(thousands_mark(held(COUNTS)) or "", "")

    def _take_by_content(self, values: Mapping[str, Sequence[object]]) -> None:
        """Fields nothing was named for, from columns whose values can hardly be anything else."""
        free = {path: found for path, found in values.items() if field_of(path) is None and numbered(path) is None}
        for name, tells in CONTENT.items():
            related = LISTS if name in LISTS else (name,)
            if any(self.source(other) for other in related) or name in self.fixed:
                continue
            if name == "answer" and not self.source("query"):
                continue
            merits = {path: share for path, found in free.items() if (share := tells(found)) > 0}
            if merits:
                best = max(merits, key=lambda path: merits[path])
                self.chosen[name] = [best]
                self.by_content.add(name)
                del free[best]

    def shape(self) -> tuple[object, ...]:
        """What decides how a record is read."""
        chosen = sorted((name, tuple(paths)) for name, paths in self.chosen.items())
        return tuple(chosen), tuple(sorted((name, tuple(paths)) for name, paths in self.parallel.items())), self.turns

    def to_json(self) -> dict[str, object]:
        """As kept between two starts."""
        return {
            "chosen": self.chosen,
            "parallel": self.parallel,
            "known": sorted(self.known),
            "empty": sorted(self.empty),
            "fixed": sorted(self.fixed),
            "by_content": sorted(self.by_content),
            "turns": self.turns,
            "decimal": self.decimal,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Columns:
        """As it was kept."""
        return cls(
            chosen={name: list(paths) for name, paths in kept["chosen"].items()},
            parallel={name: [(number, path) for number, path in paths] for name, paths in kept["parallel"].items()},
            known=set(kept["known"]),
            empty=set(kept["empty"]),
            fixed=set(kept["fixed"]),
            by_content=set(kept["by_content"]),
            turns=kept["turns"],
            decimal=kept["decimal"],
        )


def _suggested(path: str) -> str:
    suggestion = field_of(path)
    return suggestion[0] if suggestion else ""
