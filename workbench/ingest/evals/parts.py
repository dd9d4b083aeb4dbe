"""Small readings shared by the formats of evaluation tools: an object or a list where one is expected, scores with their names.

What a tool's file looks like as a whole is the business of the modules that use them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.ingest.logs.values import number_of

Json = Mapping[str, object]

MAIN_KEYS = (
    "question",
    "query",
    "input",
    "prompt",
    "user_input",
    "answer",
    "output",
    "reference",
    "expected",
    "response",
    "text",
)


def json_object(value: object) -> dict[str, object]:
    """The value where it is an object, else an empty one."""
    return dict(value) if isinstance(value, dict) else {}


def json_list(value: object) -> list[object]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def main_text(value: object, first: str) -> object:
    """The text an object is about: under the key named first, under a usual one, or its only value; anything else as it is."""
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        return next(iter(value.values()))
    return next((value[key] for key in (first, *MAIN_KEYS) if isinstance(value.get(key), str)), None)


CONTEXT_KEYS = ("retrieved_contexts", "contexts", "context", "retrieval_context", "documents", "sources", "docs")


def contexts_in(output: object) -> list[object] | None:
    """The list of texts an object of outputs names beside the answer; None where it names none."""
    held = json_object(output)
    return next((json_list(held[key]) for key in CONTEXT_KEYS if isinstance(held.get(key), list)), None)


def named_scores(parts: Sequence[object], keys: Sequence[str]) -> dict[str, object]:
    """Name -> score of a list of {name, score} objects; the first of two with one name counts, those without a number do not."""
    found: dict[str, object] = {}
    for part in map(json_object, parts):
        name = next((part[key] for key in keys if isinstance(part.get(key), str)), None)
        score = number_of(part.get("score") if "score" in part else part.get("value"))
        if isinstance(name, str) and score is not None:
            found.setdefault(name, score)
    return found
