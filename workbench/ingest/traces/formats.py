"""The packaged table `trace_formats.yaml` as typed values, and which of its formats a file is in, told by its keys.

It is data to be corrected as new exports turn up; reading a record with it is the business of `workbench.ingest.traces.spans`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from workbench.ingest.traces.keys import find
from workbench.ingest.traces.unfold import Unfold, unfold

LOOKED_AT = 50
"""Records of a file that are looked at to tell its format."""
CHILDREN_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Parts:
    """How a message that was split over several records is put together again: `join` in the `order` of those with one `of`."""

    of: tuple[str, ...]
    order: tuple[str, ...]
    join: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """One entry of the table; see the comments there."""

    name: str
    signature: tuple[tuple[tuple[str, str], ...], ...]
    prefixes: tuple[str, ...]
    records: tuple[Unfold, ...]
    ids: Mapping[str, Mapping[str, tuple[str, ...]]]
    start: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    expand: frozenset[str] = frozenset()
    kind_keys: tuple[str, ...] = ()
    kind_fixed: str = ""
    end: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    score_tables: tuple[str, ...] = ()
    ignored_custom: frozenset[str] = frozenset()
    asked_units: tuple[Mapping[str, Any], ...] = ()
    parts: Parts | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def table() -> Mapping[str, Any]:
    """The table as it stands in the file."""
    text = files("workbench.ingest.traces").joinpath("trace_formats.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded


@lru_cache(maxsize=1)
def formats() -> Mapping[str, Format]:
    """Every format by name, in the order they are tried."""
    return {name: _format(name, entry) for name, entry in table()["formats"].items()}


def _format(name: str, entry: Mapping[str, Any]) -> Format:
    expand = frozenset(entry.get("expand", ()))
    ignored = frozenset(entry.get("ignored_custom", ()))
    return Format(
        name=name,
        signature=tuple(tuple(_condition(text) for text in keys) for keys in entry["signature"]),
        prefixes=tuple(entry["prefixes"]),
        records=tuple(_unfold(step) for step in entry["records"]),
        ids={kind: {key: tuple(paths) for key, paths in ids.items()} for kind, ids in entry["ids"].items()},
        start=tuple(entry["start"]),
        fields={key: tuple(paths) for key, paths in entry["fields"].items()},
        expand=expand,
        kind_keys=tuple(entry["kind"].get("keys", ())),
        kind_fixed=entry["kind"].get("fixed", ""),
        end=tuple(entry.get("end", ())),
        scores=tuple(entry.get("scores", ())),
        score_tables=tuple(entry.get("score_tables", ())),
        ignored_custom=ignored,
        asked_units=tuple(entry.get("asked_units", ())),
        parts=_parts(entry.get("parts")),
        custom={
            alias: target for target, aliases in table()["custom"].items() if target not in ignored for alias in aliases
        },
    )


def _unfold(step: Mapping[str, Any]) -> Unfold:
    return Unfold(
        at=step["at"],
        kind=step["as"],
        when=tuple(tuple(keys) for keys in step.get("when", ())),
        inherit=tuple(step.get("inherit", ())),
        deep=bool(step.get("deep")),
    )


def _parts(entry: Mapping[str, Any] | None) -> Parts | None:
    return Parts(tuple(entry["of"]), tuple(entry["order"]), tuple(entry["join"])) if entry else None


def _condition(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value


def words_of(text: object) -> str:
    """A word as the table compares it: lower case, letters and digits only.

    >>> words_of("SPAN_KIND.Retriever")
    'spankindretriever'
    """
    return re.sub(r"[^0-9a-z]", "", str(text)[:200].lower())


def trace_format(records: Sequence[Mapping[str, object]]) -> str | None:
    """Name of the trace export or gateway log whose keys the first records show; None for a plain table of questions.

    Args:
        records: the first records of a file, as read.
    """
    votes = Counter(name for record in records[:LOOKED_AT] if (name := _format_of(record)) is not None)
    order = list(formats())
    return max(votes, key=lambda name: (votes[name], -order.index(name)), default=None)


def _format_of(record: Mapping[str, object]) -> str | None:
    return next((name for name, form in formats().items() if _shows(record, form)), None)


def _shows(record: Mapping[str, object], form: Format) -> bool:
    if _has_signature(record, form):
        return True
    if all(not step.at or find(record, step.at.partition(".")[0]) is None for step in form.records):
        return False
    children = unfold(record, form.records, form.expand, CHILDREN_LOOKED_AT)
    return any(_has_signature(child.values, form) for child in children)


def _has_signature(record: Mapping[str, object], form: Format) -> bool:
    return any(all(_has(record, key, value) for key, value in keys) for keys in form.signature)


def _has(record: Mapping[str, object], key: str, value: str) -> bool:
    if value:
        return find(record, key) == value
    return key in record or ("." in key and _has_path(record, key))


def _has_path(record: Mapping[str, object], key: str) -> bool:
    """Whether a nested key is there, also with nothing in it; an object stored as text is looked into."""
    head, _, last = key.rpartition(".")
    inner = find(record, head)
    if isinstance(inner, Mapping) and last in inner:
        return True
    return find(record, key) is not None
