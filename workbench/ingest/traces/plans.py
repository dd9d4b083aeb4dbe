"""Which of the many key paths of a format the records of a file can hold at all, so that the others are passed over at once.

It says where something may stand; what stands there is read by `workbench.ingest.traces.keys`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

Heads = Mapping[str, frozenset[str] | None]
"""First part of the keys of a record -> second parts there are below it; None where any may be."""


def heads_of(record: Mapping[str, object]) -> Heads:
    """What the paths of a record can begin with: lets a reader pass over the many keys a record of its format does not have.

    >>> sorted(heads_of({"attributes": {"llm.model_name": "m"}})["attributes"])
    ['llm']
    """
    found: dict[str, set[str] | None] = {}
    for key, value in record.items():
        first, _, rest = key.partition(".")
        if rest:
            seconds = [rest.partition(".")[0]]
        elif isinstance(value, dict):
            seconds = [inner.partition(".")[0] for inner in value if isinstance(inner, str)]
        elif value is None or isinstance(value, bool | int | float):
            found.setdefault(first, set())
            continue
        else:  # a list, or a text that may hold an object
            found[first] = None
            continue
        known = found.setdefault(first, set())
        if known is not None:
            known.update(seconds)
    return {first: None if seconds is None else frozenset(seconds) for first, seconds in found.items()}


@lru_cache(maxsize=8192)
def _first_two(path: str) -> tuple[str, str]:
    first, _, rest = path.partition(".")
    return first, rest.partition(".")[0]


def may_hold(heads: Heads, path: str) -> bool:
    """Whether something can stand at a path of the record these heads are of."""
    first, second = _first_two(path)
    if first not in heads:
        return False
    seconds = heads[first]
    return seconds is None or not second or second == "*" or second in seconds


class Plan:
    """Which of the many paths of a format records of one shape can hold; the spans of a file have few shapes."""

    def __init__(self, prefixes: tuple[str, ...], heads: Heads) -> None:
        self._prefixes, self._heads = prefixes, heads
        self._known: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}

    def of(self, paths: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """For every path that can be there, itself under the prefixes under which it can."""
        if paths not in self._known:
            every = (tuple(f"{prefix}{path}" for prefix in self._prefixes) for path in paths)
            able = (tuple(variant for variant in variants if may_hold(self._heads, variant)) for variants in every)
            self._known[paths] = tuple(variants for variants in able if variants)
        return self._known[paths]


@lru_cache(maxsize=256)
def plan_of(prefixes: tuple[str, ...], heads: frozenset[tuple[str, frozenset[str] | None]]) -> Plan:
    """The plan for records of one shape.

    Args:
        prefixes: of the format.
        heads: items of `heads_of` the record.
    """
    return Plan(prefixes, dict(heads))
