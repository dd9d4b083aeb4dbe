"""The one object a model was asked for, read out of what it wrote, and checked.

It forgives what surrounds the object (fences, reasoning, prose), never what is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from workbench.answers.judge.schemas import outside_binary

Model = TypeVar("Model", bound=BaseModel)

_TAG = "(?P<tag>think|thinking|reasoning)>"
_MARK = re.compile(rf"\{{|<(?P<closing>/?){_TAG}", re.I)
_CLOSING = re.compile(rf"<(?P<closing>/){_TAG}", re.I)
_MOST_STARTS = 200
"""Braces tried as the beginning of an object, so that a text of braces alone costs little."""
_MOST_IN_VAIN, _LEAST_IN_VAIN = 4_000_000, 100
"""Characters read behind braces that begin no object, all together, and how many each counts for at least."""


class Unreadable(ValueError):
    """A reply that holds no object of the schema; the message is the reason."""


def read_reply(text: str, schema: type[Model]) -> Model:
    """The last object in a text that fits the schema.

    Raises:
        Unreadable: no JSON object, none with the fields asked for, or a verdict other than 0 and 1.
    """
    reason = "no JSON in the reply"
    fitting: Model | None = None
    for found in objects(text):
        try:
            read = schema.model_validate(found)
            outside = outside_binary(read.model_dump())
        except (ValueError, RecursionError):
            reason = "the reply lacks what was asked for" if fitting is None else reason
            continue
        if outside:
            reason = "a verdict other than 0 and 1"
            continue
        fitting = read
    if fitting is None:
        raise Unreadable(reason)
    return fitting


def objects(text: str) -> Iterator[Any]:
    r"""The outermost JSON objects in a text, in their order, reasoning between <think> tags left out.

    >>> list(objects('<think>{"a": 0}</think> So: ```json\n{"a": {"b": 1}}\n``` {not json}'))
    [{'a': {'b': 1}}]
    """
    # One way through the text, from mark to mark: a tag within an object's own texts is no tag.
    found: list[Any] = []
    decoder = json.JSONDecoder()
    at, tried, in_vain = 0, 0, 0
    while mark := (_MARK if tried < _MOST_STARTS and in_vain < _MOST_IN_VAIN else _CLOSING).search(text, at):
        at = mark.end()
        if mark[0] == "{":
            tried += 1
            try:
                value, at = decoder.raw_decode(text, mark.start())
            except (ValueError, RecursionError) as error:
                end = error.pos if isinstance(error, json.JSONDecodeError) else len(text)
                in_vain += _LEAST_IN_VAIN + end - mark.start()
            else:
                found.append(value)
        elif mark["closing"]:
            # Some servers swallow the opening tag; what stands before a lone closing one is reasoning all the same.
            found.clear()
            tried = 0
        else:
            closing = re.compile(f"</{mark['tag']}>", re.I).search(text, at)
            at = closing.end() if closing else len(text)
    yield from found
