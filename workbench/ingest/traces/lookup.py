"""Values of one record by the key paths of its format: the best that is filled, and the path it was read from.

It finds values; what a value means is told by `workbench.ingest.traces.spans`.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.ingest.traces.formats import Format
from workbench.ingest.traces.keys import find, find_all, gather, named
from workbench.ingest.traces.plans import heads_of, plan_of
from workbench.ingest.traces.times import moment_of


class Lookup:
    """Looks paths of a format up in one record, under every prefix of the format and only where the record can hold them."""

    def __init__(self, record: Mapping[str, object], form: Format) -> None:
        self._record = record
        self._plan = plan_of(form.prefixes, frozenset(heads_of(record).items()))

    def variants(self, *paths: str) -> list[str]:
        """Paths under every prefix under which the record can hold them."""
        return [variant for variants in self._plan.of(paths) for variant in variants]

    def candidates(self, paths: tuple[str, ...]) -> list[tuple[str, object]]:
        """(path, value) for every path that holds one, best first."""
        found: list[tuple[str, object]] = []
        for variants in self._plan.of(paths):
            for variant in variants:
                value = self._at(variant)
                if value is not None:
                    found.append((variant.removesuffix(".*"), value))
                    break
        return found

    def _at(self, path: str) -> object:
        if path.endswith(".*"):
            return gather(self._record, path[:-2])
        return next(iter(find_all(self._record, path)), None) if "*" in path else find(self._record, path)

    def first(self, paths: tuple[str, ...]) -> object:
        """The first value that is filled."""
        return next(
            (value for variant in self.variants(*paths) if (value := find(self._record, variant)) is not None), None
        )

    def moment(self, paths: tuple[str, ...]) -> tuple[int | None, str | None, str]:
        """(nanoseconds, text of a local time, key path) of the first value that is a time."""
        for variant in self.variants(*paths):
            moment, local = moment_of(find(self._record, variant))
            if moment is not None:
                return moment, local, variant
        return None, None, ""

    def path_of(self, paths: tuple[str, ...]) -> str:
        """The path of the first value that is filled; "" where none is."""
        return next((variant for variant in self.variants(*paths) if find(self._record, variant) is not None), "")

    def name(self, paths: tuple[str, ...]) -> str | None:
        """The first value that is an identifier or a label."""
        return next((name for _, value in self.candidates(paths) if (name := named(value))), None)
