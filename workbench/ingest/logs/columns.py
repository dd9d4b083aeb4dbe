"""Which column or key of a client's log holds what: aliases from `log_formats.yaml`, confirmed by the values.

It decides per file and says what it decided; turning values into records is the business of `workbench.ingest.logs.values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from workbench.ingest.logs.feedback import is_feedback
from workbench.ingest.logs.formats import log_formats
from workbench.ingest.logs.values import (
    amount_of,
    as_structure,
    count_of,
    decision_of,
    is_document_list,
    is_passage,
    is_question,
    is_score_list,
    list_of,
    name_of,
    text_of,
    texts_of,
    time_of,
    zone_of,
)

LISTS = ("retrieved.items", "retrieved.ids", "retrieved.texts", "retrieved.scores")

CONFIRMED_SHARE = 0.5
"""Share of a column's values in the sample that must fit a field before the column is believed to hold it."""
MAX_DEPTH = 4
MOST_PATHS = 2_000
"""Paths of one file that are remembered by name: a hostile log can hold as many as it has lines."""
MOST_PATHS_A_FIELD = 8
ASKING_SHARE = 0.3
"""Share of a column's values that must end with a question mark before it counts as the question by its content alone."""
QUESTION_WORDS = 3
ANSWER_WORDS = 5
FILE_NAME = re.compile(r"[\w)\]]\.(pdf|docx?|pptx?|xlsx?|html?|md|txt|csv|odt|rtf|eml|msg)(#.*)?$", re.IGNORECASE)

Flat = Mapping[str, object]
"""A record with nested objects spread out: "policy.version" -> value; lists stay whole."""


def flatten(record: Mapping[str, object]) -> dict[str, object]:
    """Spread nested objects out, also those stored as text in a csv cell; empty cells become None.

    >>> flatten({"id": 7, "policy": {"version": "p3"}, "note": ""})
    {'id': 7, 'policy.version': 'p3', 'note': None}
    """
    return dict(_leaves(record, "", MAX_DEPTH))


def _leaves(record: Mapping[str, object], prefix: str, depth: int) -> Iterator[tuple[str, object]]:
    for key, value in record.items():
        path = f"{prefix}{key}"
        inner = as_structure(value) if isinstance(value, str) and value[:1] == "{" else value
        if isinstance(inner, dict) and depth > 0:
            yield from _leaves({str(name): part for name, part in inner.items()}, f"{path}.", depth - 1)
        if not isinstance(value, dict):
            yield path, None if value == "" else value


def normalised(name: str) -> str:
    """A column name as it is compared: lower case, letters and digits only."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


@lru_cache(maxsize=4096)
def names_of(path: str) -> tuple[str, ...]:
    """Names a path may be known by, the most specific first: all of it, then without grouping prefixes and a "_utc" ending."""
    wrappers = set(log_formats()["wrappers"])
    parts = path.split(".")
    found = [normalised(path)]
    while len(parts) > 1 and normalised(parts[0]) in wrappers:
        parts = parts[1:]
        found.append(normalised("".join(parts)))
    return tuple(found + [re.sub(r"(utc|gmt)$", "", name) for name in found if name.endswith(("utc", "gmt"))])


def _is_label(value: object) -> bool:
    return name_of(value) is not None and not is_passage(str(value))


def _yields(convert: Callable[[object], object]) -> Callable[[object], bool]:
    return lambda value: convert(value) is not None


_LABELS = (
    "interaction_id",
    "session_id",
    "user_id",
    "model",
    "prompt_version",
    "index_version",
    "policy_version",
    "review",
)
CONFIRMS: Mapping[str, Callable[[object], bool]] = {
    "query": is_question,
    "answer": _yields(text_of),
    "at": _yields(time_of),
    "timezone": _yields(zone_of),
    **dict.fromkeys(_LABELS, _is_label),
    "policy_decision": _yields(decision_of),
    **dict.fromkeys(("tokens_in", "tokens_out"), _yields(count_of)),
    **dict.fromkeys(("latency_ms", "cost", "review_seconds"), _yields(amount_of)),
    "feedback": is_feedback,
    "retrieved.items": is_document_list,
    "retrieved.ids": is_document_list,
    "retrieved.texts": lambda value: bool(texts_of(value)),
    "retrieved.scores": is_score_list,
}
"""Field -> whether a value can be one of it: a name alone convinces nobody."""


@lru_cache(maxsize=1)
def _fields_by_alias() -> Mapping[str, tuple[str, int]]:
    """Alias to (field, rank); `retrieved.ids` and the like stand for the lists of retrieved things."""
    table = log_formats()
    groups = {**table["fields"], **{f"retrieved.{name}": aliases for name, aliases in table["retrieved"].items()}}
    groups["timezone"] = table["timezone"]
    found: dict[str, tuple[str, int]] = {}
    for name, aliases in groups.items():
        for rank, alias in enumerate(aliases):
            found.setdefault(alias, (name, rank))
    return found


@lru_cache(maxsize=4096)
def field_of(path: str) -> tuple[str, int] | None:
    """(field, rank of the match: lower is better) that a path's name suggests; None when it suggests nothing."""
    aliases = _fields_by_alias()
    for stripped, name in enumerate(names_of(path)):
        if name in aliases:
            found, rank = aliases[name]
            return found, rank + 1000 * stripped
    return None


@lru_cache(maxsize=4096)
def alias_rank(path: str) -> tuple[float, bool]:
    """(place of a path's alias among those of its field, 0 first to 1 last; whether a grouping prefix was taken off)."""
    suggestion = field_of(path)
    if suggestion is None:
        return 1.0, True
    name, rank = suggestion
    others = sum(found == name for found, _ in _fields_by_alias().values())
    return (rank % 1000) / max(1, others - 1), rank >= 1000


@lru_cache(maxsize=4096)
def numbered(path: str) -> tuple[str, int] | None:
    """(list, number) for one of several numbered columns such as "doc_1" or "score2"; None for any other column."""
    match = re.fullmatch(r"(.*?\D)[ ._-]?(\d{1,2})", path)
    suggestion = field_of(match.group(1)) if match and field_of(path) is None else None
    if match is None or suggestion is None or suggestion[0] not in LISTS:
        return None
    return suggestion[0], int(match.group(2))


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
    """

    chosen: dict[str, list[str]] = field(default_factory=dict)
    parallel: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)
    fixed: set[str] = field(default_factory=set)
    by_content: set[str] = field(default_factory=set)
    turns: str = ""

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
        columns._take_by_content({path: found for path, found in values.items() if path not in taken})
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
        )


def values_by_path(sample: Sequence[Flat]) -> dict[str, list[object]]:
    """Path -> the values the sample holds there."""
    values: dict[str, list[object]] = {}
    for record in sample:
        for path, value in record.items():
            if value is not None:
                values.setdefault(path, []).append(value)
    return values


def _suggested(path: str) -> str:
    suggestion = field_of(path)
    return suggestion[0] if suggestion else ""


def fitting(name: str, values: Sequence[object]) -> float:
    """Share of values that can be of a field, 0 to 1; 0 without values."""
    return sum(map(CONFIRMS[name], values)) / len(values) if values else 0.0


def confirmed(name: str, values: Sequence[object]) -> bool:
    """Whether the values of a column can be of a field."""
    share = fitting(name, values)
    return share > 0 and share >= CONFIRMED_SHARE


def _questions(values: Sequence[object]) -> float:
    """Share of values that are sentences; 0 unless some of them ask."""
    texts = [value for value in values if isinstance(value, str) and is_question(value)]
    asking = sum(text.rstrip().endswith(("?", "？", "؟")) for text in texts)
    worded = sum(len(text.split()) >= QUESTION_WORDS for text in texts)
    return len(texts) / len(values) if asking >= ASKING_SHARE * len(values) and worded >= len(values) / 2 else 0.0


def _times(values: Sequence[object]) -> float:
    return float(all(isinstance(value, str) and time_of(value) is not None and ":" in value for value in values))


def _file_names(values: Sequence[object]) -> float:
    names = [part for value in values for part in list_of(value)]
    fits = [isinstance(name, str) and FILE_NAME.search(name) is not None for name in names]
    return float(bool(fits) and sum(fits) >= 0.8 * len(fits))


def _sentences(values: Sequence[object]) -> float:
    """Share of values that are running text."""
    fits = sum(isinstance(value, str) and len(value.split()) >= ANSWER_WORDS for value in values)
    return fits / len(values) if fits >= 0.8 * len(values) else 0.0


CONTENT: Mapping[str, Callable[[Sequence[object]], float]] = {
    "query": _questions,
    "at": _times,
    "retrieved.ids": _file_names,
    "answer": _sentences,
}
"""Field -> how surely values alone are of it, 0 to 1: for headers in no known language, or none at all."""
