"""Records with nested objects spread out: a column is a path, "policy.version", and lists stay whole.

What a path means is told in `workbench.ingest.logs.aliases`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from workbench.ingest.logs.values import as_structure

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


def values_by_path(sample: Sequence[Flat]) -> dict[str, list[object]]:
    """Path -> the values the sample holds there."""
    values: dict[str, list[object]] = {}
    for record in sample:
        for path, value in record.items():
            if value is not None:
                values.setdefault(path, []).append(value)
    return values
