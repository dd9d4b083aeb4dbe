"""Feedback of users and decisions of reviewers, out of scores, annotations, assessments and evaluations.

What a machine judged is neither. Whether feedback is good or bad is told elsewhere: here it stays as logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from workbench.ingest.traces.formats import table, words_of
from workbench.ingest.traces.keys import find, named, parsed


@lru_cache(maxsize=1)
def _feedback_names() -> re.Pattern[str]:
    return re.compile(table()["scores"]["feedback_names"])


def is_feedback_name(name: str) -> bool:
    """Whether a score of this name is what a user thought of an answer."""
    return _feedback_names().search(name.lower()) is not None


def judged(value: object) -> tuple[dict[str, object], str]:
    """({"feedback" or "review": value as logged}, key it was read from) of one score; ({}, "") of a machine's.

    >>> judged({"name": "user-feedback", "value": 1, "source": "API"})
    ({'feedback': 1}, 'value')
    >>> judged({"name": "correctness", "value": 0, "source": "EVAL"})
    ({}, '')
    """
    value = parsed(value)
    if not isinstance(value, Mapping):
        return {}, ""
    keys: Mapping[str, list[str]] = table()["scores"]
    by = words_of(_label(value, keys["by"]) or "")
    if by in keys["machines"]:
        return {}, ""
    if find(value, keys["correction"][0]) is not None:
        return {"review": "edited"}, keys["correction"][0]
    if any(value.get(key) == "CORRECTION" for key in keys["correction_kinds"]):
        return {"review": "edited"}, next(key for key in keys["correction_kinds"] if value.get(key) == "CORRECTION")
    name = _label(value, keys["name"]) or ""
    path = next((path for path in keys["value"] if _scalar(find(value, path)) is not None), None)
    if path is None:
        return {}, ""
    given = _scalar(find(value, path))
    if is_feedback_name(name):
        return {"feedback": given}, path
    if by in keys["reviewers"]:
        return {"review": given if isinstance(given, str) else f"{name} {given}".strip()}, path
    return {}, ""


def judged_table(value: object) -> dict[str, object]:
    """Feedback out of a table of averages by name.

    >>> judged_table({"user_score": {"n": 1, "avg": 0.0}, "correctness": {"n": 1, "avg": 1.0}})
    {'feedback': 0.0}
    """
    value = parsed(value)
    if not isinstance(value, Mapping):
        return {}
    named_so = ((str(name), entry) for name, entry in value.items() if is_feedback_name(str(name)))
    averages = (_scalar(find(entry, "avg")) for _, entry in sorted(named_so, key=lambda pair: pair[0]))
    average = next((found for found in averages if found is not None), None)
    return {} if average is None else {"feedback": average}


def _label(value: Mapping[object, object], paths: list[str]) -> str | None:
    return next((label for path in paths if (label := named(find(value, path)))), None)


def _scalar(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value if named(str(value)) else None
    return named(value)
