"""The JSON schema a model is held to: plain, closed, and with verdicts pinned to 0 and 1.

RAGAS declares its verdicts as any integer and does not check them; a 2 would count twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

BINARY_FIELDS = frozenset({"verdict", "attributed", "noncommittal"})
"""Fields of RAGAS' schemas that mean yes or no, and are declared as integers."""


def pinned_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model: references resolved, all fields required, none beside them, verdicts 0 or 1.

    >>> class Reply(BaseModel):
    ...     verdict: int
    >>> pinned_schema(Reply)["properties"]["verdict"]["enum"]
    [0, 1]
    """
    plain = schema.model_json_schema()
    pinned: dict[str, Any] = _pinned(plain, plain.get("$defs", {}), ())
    return pinned


def _pinned(node: Any, definitions: Mapping[str, Any], within: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON of others
    if isinstance(node, list):
        return [_pinned(item, definitions, within) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name in within:
            raise ValueError(f"the schema {name} contains itself; a judge is asked for plain objects only")
        return _pinned(definitions[name], definitions, (*within, name))
    properties = node.get("properties")
    kept = {
        key: _pinned(value, definitions, within)
        for key, value in node.items()
        if key not in ("$defs", "default", "properties")
    }
    if properties is None:
        return kept
    named = {name: _field(name, _pinned(value, definitions, within)) for name, value in properties.items()}
    return {**kept, "properties": named, "required": list(named), "additionalProperties": False}


def _field(name: str, node: dict[str, Any]) -> dict[str, Any]:
    return {**node, "enum": [0, 1]} if name in BINARY_FIELDS and node.get("type") == "integer" else node


def outside_binary(value: Any) -> bool:  # noqa: ANN401 - JSON of others
    """Whether a verdict somewhere in a reply is neither 0 nor 1."""
    if isinstance(value, list):
        return any(outside_binary(item) for item in value)
    if not isinstance(value, dict):
        return False
    return any(
        outside_binary(item) or (key in BINARY_FIELDS and isinstance(item, int | float) and item not in (0, 1))
        for key, item in value.items()
    )
