"""Takes a line of an export apart into its records: spans below envelopes, traces with observations, runs with child runs.

Attribute lists and events become plain objects here; which key means what is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from workbench.ingest.traces.keys import filled, find, parsed

MAX_RECORDS = 1_000_000
"""Records taken out of one line of a file."""
MAX_DEPTH = 50
OTLP_VALUES = ("stringValue", "intValue", "doubleValue", "boolValue", "arrayValue", "kvlistValue", "bytesValue")
OTLP_NAMES = {f"{name[:-5]}_value": name for name in OTLP_VALUES}


@dataclass(frozen=True, slots=True)
class Unfold:
    """One step of the table: where records stand below a line, what they are, and what they take over from around them."""

    at: str
    kind: str
    when: tuple[tuple[str, ...], ...] = ()
    inherit: tuple[str, ...] = ()
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A record with its kind ("span", "trace", "score", ...)."""

    kind: str
    values: Mapping[str, object]


def unfold(
    record: Mapping[str, object], steps: Sequence[Unfold], expand: frozenset[str], limit: int = MAX_RECORDS
) -> list[Found]:
    """The records a line holds; the line itself counts as one where a step takes it.

    >>> steps = (Unfold("spans", "span"), Unfold("", "span", when=(("span_id",),)))
    >>> [found.values["span_id"] for found in unfold({"spans": [{"span_id": "a"}, {"span_id": "b"}]}, steps, frozenset())]
    ['a', 'b']
    """
    line = plain(record, expand)
    below = list(islice(_below(line, steps, expand), limit))
    own = next((step for step in steps if not step.at and _fits(line, step, bool(below))), None)
    return [*below, *([Found(own.kind, line)] if own else [])]


def _below(line: Mapping[str, object], steps: Sequence[Unfold], expand: frozenset[str]) -> Iterator[Found]:
    taken: set[str] = set()
    for step in steps:
        if step.at and step.at not in taken:
            for values in _reached(line, step.at.split("."), step, {}, MAX_DEPTH):
                taken.add(step.at)
                inner = plain(values, expand)
                if _fits(inner, step, False):
                    yield Found(step.kind, inner)


def _fits(values: Mapping[str, object], step: Unfold, has_records_below: bool) -> bool:
    if not step.when:
        # A line that is nothing but an envelope is no record of its own; a trace beside its spans is one.
        return not has_records_below or step.kind in ("trace", "run")
    return any(all(key in values for key in keys) for keys in step.when)


def _reached(
    node: object, keys: Sequence[str], step: Unfold, inherited: Mapping[str, object], depth: int
) -> Iterator[Mapping[str, object]]:
    node = parsed(node) if isinstance(node, str) else node
    if isinstance(node, list):
        for item in node:
            yield from _reached(item, keys, step, inherited, depth)
    elif isinstance(node, Mapping):
        if not keys:
            yield {**inherited, **_named(node)}
            if step.deep and depth:
                yield from _reached(node.get(step.at), (), step, inherited, depth - 1)
            return
        taken = {key: node[key] for key in step.inherit if filled(node.get(key))}
        if keys[0] in node:
            yield from _reached(node[keys[0]], keys[1:], step, {**inherited, **taken}, depth)


def _named(node: Mapping[Any, object]) -> dict[str, object]:
    return {str(key): value for key, value in node.items()}


def plain(record: Mapping[str, object], expand: frozenset[str]) -> dict[str, object]:
    """A record with attribute lists and events as objects, and objects stored as text under the keys in `expand` unpacked."""
    values = _named(record)
    for key in expand & values.keys():
        values[key] = parsed(values[key])
    values.pop("event", None)
    for key in ("attributes", "resource"):
        if key in values:
            values[key] = _attributes(values[key])
    events = values.get("events")
    said = [event for event in events if isinstance(event, Mapping)] if isinstance(events, list) else []
    own = values.get("eventName") or values.get("event_name") or find(values.get("attributes"), "event.name")
    if isinstance(own, str):
        said.append({"name": own, "attributes": values.get("attributes"), "body": values.get("body")})
    by_name: dict[str, list[object]] = {}
    for event in said:
        by_name.setdefault(str(event.get("name"))[:200], []).append(_event(event))
    if by_name:
        values["event"] = by_name
    return values


def _event(event: Mapping[str, object]) -> dict[str, object]:
    body = _attribute_value(event.get("body"), MAX_DEPTH)
    attributes = _attributes(event.get("attributes"))
    return {
        **(attributes if isinstance(attributes, dict) else {}),
        **(_named(body) if isinstance(body, Mapping) else {}),
    }


def _attributes(value: object) -> object:
    """Attributes as one object: OTLP writes them as a list of {key, value: {stringValue: ...}}."""
    if isinstance(value, Mapping):
        inner = value.get("attributes")
        return {**_named(value), "attributes": _attributes(inner)} if isinstance(inner, list) else _named(value)
    if not isinstance(value, list):
        return value
    return {
        str(item["key"]): _attribute_value(item.get("value"), MAX_DEPTH)
        for item in value
        if isinstance(item, Mapping) and "key" in item
    }


def _attribute_value(value: object, depth: int) -> object:
    if not isinstance(value, Mapping) or not depth or len(value) != 1:
        return value
    kind, inner = next(iter(value.items()))
    kind = OTLP_NAMES.get(str(kind), kind)
    if kind == "arrayValue" and isinstance(inner, Mapping):
        items = inner.get("values")
        return [_attribute_value(item, depth - 1) for item in items] if isinstance(items, list) else []
    if kind == "kvlistValue" and isinstance(inner, Mapping):
        pairs = inner.get("values")
        pairs = pairs if isinstance(pairs, list) else []
        found = [pair for pair in pairs if isinstance(pair, Mapping) and "key" in pair]
        return {str(pair["key"]): _attribute_value(pair.get("value"), depth - 1) for pair in found}
    return inner if kind in OTLP_VALUES else value
