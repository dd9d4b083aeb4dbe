"""What was answered, out of the shapes outputs of models, chains and agents are logged in: the assistant's last words.

Tool calls and retrieved documents are no answers. What was asked is read in `question_texts`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from workbench.ingest.logs.values import sound
from workbench.ingest.traces.formats import table
from workbench.ingest.traces.keys import filled, parsed
from workbench.ingest.traces.messages import (
    MAX_DEPTH,
    MAX_MESSAGES,
    MAX_TEXT,
    Said,
    is_document,
    is_silent,
    message_of,
    messages_of,
    only_text,
    text_in,
)


def answer_in(value: object, *, whole: bool = False) -> Said | None:
    """The answer in an output: the assistant's last words, without tool calls; None without one.

    >>> answer_in({"choices": [{"message": {"role": "assistant", "content": "Because."}}]}).text
    'Because.'

    Args:
        value: the output as logged.
        whole: whether an object of unknown keys is the answer as it stands (a structured output).
    """
    value = parsed(value)
    found = _answer(value, MAX_DEPTH)
    if found is None and whole and isinstance(value, dict) and value and not _calls_tools(value):
        return Said(json.dumps(value, ensure_ascii=False, default=str)[:MAX_TEXT], sure=False)
    return found


def _answer(value: object, depth: int) -> Said | None:
    value = parsed(value)
    if isinstance(value, str):
        return Said(sound(value)[:MAX_TEXT].strip()) if filled(value) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Said(repr(value)[:100]) if abs(value) < 1e300 else None
    if not depth:
        return None
    if isinstance(value, list | tuple):
        return _answer_in_list(value, depth)
    return _answer_in_object(value, depth) if isinstance(value, Mapping) else None


def _answer_in_list(items: Sequence[object], depth: int) -> Said | None:
    if not items or any(isinstance(item, Mapping) and is_document(item) for item in items[:3]):
        return None
    streamed = "".join(_deltas(items))
    if streamed.strip():
        return Said(sound(streamed).strip()[:MAX_TEXT])
    if all(isinstance(item, str) for item in items):
        joined = text_in(items)
        return Said(joined) if joined else None
    messages = messages_of(items)
    said = [
        text
        for message in messages
        if message.role in ("assistant", "", "unknown") and (text := text_in(message.content))
    ]
    if said:
        return Said(said[-1])
    if messages:
        return None
    return next((found for item in items[:MAX_MESSAGES] if (found := _answer(item, depth - 1))), None)


def _deltas(items: Sequence[object]) -> Iterator[str]:
    """Texts of a streamed answer, piece by piece."""
    for item in items[: 20 * MAX_MESSAGES]:
        node: object = item
        for key in ("chunk", "contentBlockDelta", "choices", "delta"):
            inner = node.get(key) if isinstance(node, Mapping) else None
            node = (inner[0] if isinstance(inner, list) and inner else inner) if inner is not None else node
        if isinstance(node, Mapping) and node is not item:
            text = node.get("text") or node.get("content")
            if isinstance(text, str):
                yield text


def _answer_in_object(value: Mapping[object, object], depth: int) -> Said | None:
    if is_silent(value):
        return None
    message = message_of(value)
    if message is not None and message.role:
        text = text_in(message.content) if message.role in ("assistant", "unknown") else ""
        return Said(text) if text else None
    by_name = {str(key).lower(): inner for key, inner in value.items() if filled(inner)}
    for key in table()["answer_keys"]:
        if key.lower() in by_name and (found := _answer(by_name[key.lower()], depth - 1)):
            return found
    return None if _calls_tools(value) else only_text(by_name)


def _calls_tools(value: Mapping[object, object]) -> bool:
    return bool(
        {"tool_calls", "function_call", "toolUse", "tool_use", "arguments", "choices", "messages"} & value.keys()
    )
