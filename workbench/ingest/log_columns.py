"""Which column or key of a client's log holds what: aliases from `log_formats.yaml`, confirmed by the values.

It decides per file and says what it decided; turning values into records is the business of `workbench.ingest.log_values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from workbench.ingest.log_feedback import is_feedback
from workbench.ingest.log_formats import log_formats
from workbench.ingest.log_values import (
    amount_of,
    as_structure,
    count_of,
    decision_of,
    is_document_list,
    is_passage,
    is_question,
    is_score_list,
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


def trace_format(records: Sequence[Mapping[str, object]]) -> str | None:
    """Name of the trace export whose keys the first records show; None when they show none."""
    keys = [set(record) | set(flatten(record)) for record in records[:5]]
    signatures = ((str(name), set(keys)) for name, entries in log_formats()["traces"].items() for keys in entries)
    return next((name for name, signature in signatures if any(signature <= found for found in keys)), None)


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
        known: every path met with a value. empty: paths met without one.
    """

    chosen: dict[str, list[str]] = field(default_factory=dict)
    parallel: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, sample: Sequence[Flat]) -> Columns:
        """Columns as the first records of a file suggest and confirm them."""
        columns = cls()
        values: dict[str, list[object]] = {}
        for record in sample:
            for path, value in record.items():
                if value is None:
                    columns.empty.add(path)
                else:
                    values.setdefault(path, []).append(value)
        columns.known.update(values)
        ranked = sorted((suggestion[1], path) for path in values if (suggestion := field_of(path)))
        for _, path in ranked:
            name = _suggested(path)
            if name not in columns.chosen and _confirmed(name, values[path]):
                columns.chosen[name] = [path]
        columns._take_numbered(values)
        return columns

    def meet(self, record: Flat) -> None:
        """Take in the paths of a record that no earlier one had: a log's shape changes when the pilot does."""
        for path in record.keys() - self.known:
            if record[path] is None:
                self.empty.add(path)
                continue
            self.known.add(path)
            name = _suggested(path)
            if name and _confirmed(name, [record[path]]):
                self.chosen.setdefault(name, []).append(path)
            self._take_numbered({path: [record[path]]})

    def value(self, name: str, record: Flat) -> object:
        """The raw value of a field in a record; None where there is none."""
        if name in self.parallel:
            found = [record.get(path) for _, path in self.parallel[name]]
            return found if any(value is not None for value in found) else None
        return next((record[path] for path in self.chosen.get(name, ()) if record.get(path) is not None), None)

    def source(self, name: str) -> str:
        """The columns a field is read from, as people should see them; "" for none."""
        return ", ".join(self.chosen.get(name, ()) or [path for _, path in self.parallel.get(name, ())])

    def unfilled(self) -> Mapping[str, str]:
        """Field -> a column named for it that never held a value, for fields read from nowhere else."""
        named = ((_suggested(path), path) for path in sorted(self.empty - self.known))
        return {name: path for name, path in named if name and not self.source(name)}

    def _take_numbered(self, values: Mapping[str, object]) -> None:
        for path in values:
            place = numbered(path)
            if place and place[0] not in self.chosen:
                self.parallel[place[0]] = sorted([*self.parallel.get(place[0], ()), (place[1], path)])


def _suggested(path: str) -> str:
    suggestion = field_of(path)
    return suggestion[0] if suggestion else ""


def _confirmed(name: str, values: Sequence[object]) -> bool:
    fitting = sum(CONFIRMS[name](value) for value in values)
    return fitting > 0 and fitting >= CONFIRMED_SHARE * len(values)
