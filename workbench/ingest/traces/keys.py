"""Values of a record by dotted key path, however the export nests, flattens or quotes them.

What a path means is told in `trace_formats.yaml`; nothing here knows a format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from workbench.ingest.logs.values import as_structure, sound

MISSING_TEXTS = {"", "none", "null", "nan", "nat", "undefined"}
"""What exports write into a cell that holds nothing."""
MAX_QUOTED = 2**20
"""Characters of a text that is still tried as JSON or as a Python literal where it is met inside a record."""
MAX_PARTS = 24
MAX_SCANNED = 1000
"""Items of a list that are looked through for a key."""
MAX_GATHERED = 20_000


def parsed(value: object) -> object:
    r"""A structure or a text stored as text (JSON, also twice quoted, or a Python literal); anything else unchanged.

    >>> parsed('"{\\"question\\": \\"why?\\"}"')
    {'question': 'why?'}
    >>> parsed("why?")
    'why?'
    """
    for _ in range(3):
        if not isinstance(value, str) or len(value) > 16 * MAX_QUOTED:
            return value
        text = value.strip()
        if text[:1] in ("{", "[", "("):
            value = as_structure(text) if len(text) <= MAX_QUOTED or text[:1] != "(" else text
        elif text[:1] == '"' and text[-1:] == '"' and len(text) > 1:
            value = _unquoted(text)
        if isinstance(value, str) and value.strip() == text:
            return value
    return value


def _unquoted(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def filled(value: object) -> bool:
    """Whether a value holds anything: not None, not a word exports write for nothing."""
    return value is not None and not (isinstance(value, str) and value.strip().lower() in MISSING_TEXTS)


def named(value: object) -> str | None:
    """An identifier or label as sound text of at most 500 characters, without JSON's quotes; None for anything that is none."""
    if isinstance(value, str) and value[:1] == '"':
        value = _unquoted(value.strip())
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not filled(value):
        return None
    try:
        return sound(str(value)).strip()[:500] or None
    except ValueError:  # an integer with more digits than Python writes out
        return None


@lru_cache(maxsize=8192)
def _splits(path: str) -> tuple[tuple[str, str], ...]:
    """Ways to take a path apart in (key, rest), the longest key first: exports flatten by joining keys with dots."""
    parts = path.split(".")[:MAX_PARTS]
    return tuple((".".join(parts[:size]), ".".join(parts[size:])) for size in range(len(parts), 0, -1))


def find(node: object, path: str) -> object:
    """The first filled value at a path; lists are entered by number, or item by item; None where there is none.

    >>> find({"choices": [{"message": {"content": "yes"}}]}, "choices.message.content")
    'yes'
    >>> find({"attributes.llm.model_name": "m"}, "attributes.llm.model_name")
    'm'
    """
    if not path:
        return node if filled(node) else None
    if isinstance(node, str):
        node = parsed(node) if len(node) <= MAX_QUOTED else node
    if isinstance(node, dict):
        for key, rest in _splits(path):
            if key in node:
                found = find(node[key], rest)
                if found is not None:
                    return found
        return None
    return _find_in_list(node, path) if isinstance(node, list | tuple) else None


def _find_in_list(items: Sequence[object], path: str) -> object:
    number, _, rest = path.partition(".")
    if number.isdecimal() and len(number) < 6:
        return find(items[int(number)], rest) if int(number) < len(items) else None
    tries = (find(item, path) for item in items[:MAX_SCANNED] if isinstance(item, Mapping))
    return next((found for found in tries if found is not None), None)


def find_all(node: object, path: str) -> list[object]:
    """Every filled value at a path, through all lists on the way; at most `MAX_GATHERED`.

    >>> find_all({"a": [{"b": 1}, {"b": 2}]}, "a.b")
    [1, 2]
    """
    found: list[object] = []
    for value in _walk(node, path):
        found.append(value)
        if len(found) >= MAX_GATHERED:
            break
    return found


def _walk(node: object, path: str) -> Iterator[object]:
    node = parsed(node) if isinstance(node, str) else node
    if isinstance(node, list | tuple):
        for item in node:
            yield from _walk(item, path)
    elif not path:
        yield from _items(node)
    elif isinstance(node, dict):
        yield from _walk_object(node, path)


def _walk_object(node: Mapping[str, object], path: str) -> Iterator[object]:
    for key, rest in _splits(path):
        if key == "*":
            for value in node.values():
                yield from _walk(value, rest)
        elif key in node:
            yield from _walk(node[key], rest) if rest else _items(node[key])


def _items(value: object) -> Iterator[object]:
    value = parsed(value) if isinstance(value, str) else value
    yield from (item for item in (value if isinstance(value, list | tuple) else [value]) if filled(item))


def gather(node: object, path: str) -> object:
    """What stands below a path when the export flattened it: numbered keys become lists; None where nothing does.

    >>> gather({"llm.messages.0.role": "user", "llm.messages.1.role": "tool"}, "llm.messages")
    [{'role': 'user'}, {'role': 'tool'}]
    """
    if isinstance(node, str):
        node = parsed(node) if len(node) <= MAX_QUOTED else node
    if not isinstance(node, Mapping):
        return None
    start = f"{path}."
    flat = {str(key)[len(start) :]: value for key, value in node.items() if str(key).startswith(start)}
    if flat:
        return unflattened(flat)
    tries = (gather(node[key], rest) for key, rest in _splits(path) if rest and key in node)
    return next((found for found in tries if found is not None), None)


def unflattened(flat: Mapping[str, object]) -> object:
    """Dotted keys as nested objects, and objects whose keys are all numbers as lists.

    >>> unflattened({"0.message.role": "user", "0.message.content": "why?"})
    [{'message': {'role': 'user', 'content': 'why?'}}]
    """
    tree: dict[str, object] = {}
    for key, value in list(flat.items())[:MAX_GATHERED]:
        node, parts = tree, key.split(".")[:MAX_PARTS]
        for part in parts[:-1]:
            inner = node.get(part)
            if not isinstance(inner, _Branch):
                inner = _Branch() if inner is None else _Branch({"": inner})
                node[part] = inner
            node = inner
        if not isinstance(node.get(parts[-1]), _Branch):
            node[parts[-1]] = value
    return _listed(_Branch(tree))


class _Branch(dict[str, object]):
    """An object made from dotted keys, told apart from objects the client logged."""


def _listed(value: object) -> object:
    if not isinstance(value, _Branch):
        return value
    if value and all(key.isdecimal() and len(key) < 9 for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(inner) for key, inner in value.items()}


def paths_of(record: Mapping[str, object], depth: int = 3) -> Iterator[tuple[str, object]]:
    """(dotted path, value) of the leaves of a record; lists are leaves, numbers in paths become `{i}`."""
    for key, value in list(record.items())[:MAX_SCANNED]:
        path = "{i}" if str(key).isdecimal() else _without_numbers(str(key)[:200])
        if isinstance(value, Mapping) and value and depth:
            for rest, inner in paths_of(value, depth - 1):
                yield f"{path}.{rest}", inner
        else:
            yield path, value


@lru_cache(maxsize=4096)
def _without_numbers(path: str) -> str:
    return ".".join("{i}" if part.isdecimal() else part for part in path.split("."))
