"""The one object a model was asked for, read out of what it wrote, and checked.

It forgives what surrounds the object (fences, reasoning, prose), never what is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from workbench.answers.judge.schemas import outside_binary

Model = TypeVar("Model", bound=BaseModel)

_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.S | re.I)
_MOST_STARTS = 200
"""Braces tried as the beginning of an object, so that a text of braces alone costs little."""


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
        except (ValidationError, RecursionError):
            reason = "the reply lacks what was asked for" if fitting is None else reason
            continue
        if outside_binary(read.model_dump()):
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
    text = _without_thoughts(text)
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(_MOST_STARTS):
        if at < 0:
            return
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = text.find("{", end)


def _without_thoughts(text: str) -> str:
    shown = _THOUGHTS.sub("", text)
    # Some servers swallow the opening tag; what stands before a lone closing one is reasoning all the same.
    return re.split(r"</(?:think|thinking|reasoning)>", shown, flags=re.I)[-1]
