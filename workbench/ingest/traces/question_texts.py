"""What was asked, out of the shapes inputs of models, chains and agents are logged in: the last thing a person said.

Instructions, tool calls and what tools gave back are no questions. What was answered is read in `answer_texts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zlib import crc32

from workbench.ingest.logs.values import sound
from workbench.ingest.traces.formats import table
from workbench.ingest.traces.keys import filled, parsed
from workbench.ingest.traces.messages import MAX_DEPTH, MAX_TEXT, Said, message_of, messages_of, only_text, text_in
from workbench.ingest.traces.prompts import last_of_transcript, unstuffed


def question_in(value: object) -> Said | None:
    """The question in an input: the last message of the user, the value of a key that says so, or plain text; None without one.

    >>> question_in('{"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"}]}').text
    'Why?'
    >>> question_in({"city": "Berlin", "days": 3}) is None
    True
    """
    found = _question(value, MAX_DEPTH)
    if found is None:
        return None
    question, stuffed = unstuffed(found.text)
    return Said(question, found.sure, stuffed, found.turns)


def _question(value: object, depth: int) -> Said | None:
    value = parsed(value)
    if isinstance(value, str):
        return _spoken(value) if filled(value) else None
    if not depth:
        return None
    if isinstance(value, list | tuple):
        return _question_in_list(value, depth)
    return _question_in_object(value, depth) if isinstance(value, Mapping) else None


def _spoken(text: str) -> Said:
    """A text; of a transcript ("Human: ... Assistant:") the last words of the human."""
    plain_text = sound(last_of_transcript(text[-MAX_TEXT:])).strip()
    return Said(plain_text, turns=(_checksum(plain_text),))


def _checksum(text: str) -> int:
    return crc32(text.encode(errors="replace"))


def _question_in_list(items: Sequence[object], depth: int) -> Said | None:
    if not items:
        return None
    messages = messages_of(items)
    if messages:
        asked = [
            text
            for message in messages
            if message.role in ("user", "", "unknown") and (text := text_in(message.content))
        ]
        return Said(asked[-1], turns=tuple(map(_checksum, asked[-200:]))) if asked else None
    return next((found for item in reversed(items[-50:]) if (found := _question(item, depth - 1))), None)


def _question_in_object(value: Mapping[object, object], depth: int) -> Said | None:
    by_name = {str(key).lower(): inner for key, inner in value.items() if filled(inner)}
    for key in table()["message_lists"]:
        inner = parsed(by_name.get(key))
        if isinstance(inner, list) and inner:
            return _question_in_list(inner, depth - 1)
    message = message_of(value)
    if message is not None and message.role:
        text = text_in(message.content) if message.role in ("user", "unknown") else ""
        return Said(text, turns=(_checksum(text),)) if text else None
    for key in table()["question_keys"]:
        if key.lower() in by_name and (found := _question(by_name[key.lower()], depth - 1)):
            return found
    return only_text(by_name)
