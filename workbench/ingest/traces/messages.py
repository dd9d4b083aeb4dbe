"""What was asked and what was answered, out of the shapes inputs and outputs of models, chains and agents are logged in.

Instructions, tool calls, what tools gave back and thoughts are neither; the shapes themselves are data in `trace_formats.yaml`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from workbench.ingest.logs.values import sound
from workbench.ingest.traces.formats import table, words_of
from workbench.ingest.traces.keys import filled, parsed, unflattened
from workbench.ingest.traces.prompts import last_of_transcript, unstuffed

MAX_DEPTH = 12
MAX_MESSAGES = 5000
MAX_TEXT = 2**20
"""Characters of a question or an answer that are kept."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text with how it was found.

    Attributes:
        sure: whether a user's message, a key that says so, or plain text held it.
        stuffed: whether it stood in, or is, a prompt with texts stuffed into it.
        turns: checksums of the user's messages up to this one, oldest first.
    """

    text: str
    sure: bool = True
    stuffed: bool = False
    turns: tuple[int, ...] = ()

    def packed(self) -> dict[str, object]:
        """The value as plain data."""
        return {"text": self.text, "sure": self.sure, "stuffed": self.stuffed, "turns": self.turns}


@lru_cache(maxsize=1)
def _roles() -> Mapping[str, str]:
    return {word: role for role, words in table()["roles"].items() for word in words}


@lru_cache(maxsize=1)
def _silent() -> frozenset[str]:
    return frozenset(table()["silent_parts"])


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


def text_in(content: object, depth: int = MAX_DEPTH) -> str:
    """The text of a message's content: a string, or the texts of its parts, one a line; "" where nothing is said."""
    if isinstance(content, str):
        return sound(content)[:MAX_TEXT].strip() if filled(content) else ""
    if not depth:
        return ""
    if isinstance(content, list | tuple):
        texts = [text_in(part, depth - 1) for part in content[:MAX_MESSAGES]]
        return "\n".join(text for text in texts if text)[:MAX_TEXT]
    if isinstance(content, Mapping):
        part = _plain_part(content)
        if _is_silent(part):
            return ""
        keys = ("text", "content", "parts", "contents", "message_content", "value", "refusal")
        return next((text for key in keys if (text := text_in(part.get(key), depth - 1))), "")
    return ""


def _is_silent(part: Mapping[object, object]) -> bool:
    kinds = (part.get("type"), part.get("part_kind"))
    return any(isinstance(kind, str) and kind in _silent() for kind in kinds)


def _plain_part(part: Mapping[object, object]) -> Mapping[object, object]:
    """A part without the wrapping of flattened exports: {"message_content.type": ...} and {"message_content": {...}}."""
    if any(isinstance(key, str) and key.startswith(("message.", "message_content.")) for key in part):
        nested = unflattened({str(key): value for key, value in part.items()})
        part = nested if isinstance(nested, dict) else part
    for key in ("message_content", "message"):
        inner = part.get(key)
        if isinstance(inner, Mapping) and "role" not in part and "content" not in part:
            return {**{k: v for k, v in part.items() if k != key}, **inner}
    return part


@dataclass(frozen=True, slots=True)
class _Message:
    role: str
    content: object


def _message(value: object) -> _Message | None:
    """A chat message in any of its shapes; None for what is none. The role is "" where none is told."""
    value = parsed(value)
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, str) for part in value):
        role = _roles().get(words_of(value[0]), "")
        return _Message(role, value[1]) if role else None
    if not isinstance(value, Mapping):
        return None
    value = _plain_part({**value, "message": parsed(value["message"])} if "message" in value else value)
    if _is_silent(value):
        return _Message("other", None)
    inner = value.get("kwargs") if "lc" in value else value.get("data")
    if isinstance(inner, Mapping) and "content" in inner:
        return _Message(_role(value), inner["content"])
    keys = ("content", "parts", "contents", "tool_calls")
    if any(key in value for key in keys) and not _is_document(value):
        content = next((value[key] for key in keys[:3] if filled(value.get(key))), None)
        return _Message(_role(value), parsed(content))
    return None


def _role(value: Mapping[object, object]) -> str:
    author = value.get("author")
    told = value.get("role") or (author.get("role") if isinstance(author, Mapping) else None)
    if told is None and isinstance(value.get("id"), list) and "lc" in value:
        names = value["id"]
        told = names[-1] if isinstance(names, list) and names else None
    if told is None and isinstance(value.get("type"), str) and words_of(value["type"]) in _roles():
        told = value["type"]
    if told is None and isinstance(value.get("parts"), list):
        kinds = {str(part.get("part_kind")) for part in value["parts"] if isinstance(part, Mapping)}  # type: ignore[attr-defined]
        told = "user" if "user-prompt" in kinds else "assistant" if "text" in kinds else None
    if told is None:
        return ""
    return _roles().get(words_of(told), "unknown")


def _is_document(value: Mapping[object, object]) -> bool:
    """Whether an object is a retrieved thing rather than something said."""
    if "role" in value or "finish_reason" in value:
        return False
    holds_text = any(isinstance(value.get(key), str) for key in ("content", "text"))
    return "page_content" in value or (holds_text and bool(value.keys() & {"metadata", "score", "distance"}))


def _messages(items: Sequence[object]) -> list[_Message]:
    inner = parsed(items[0]) if len(items) == 1 else None
    nested = isinstance(inner, list) and inner and not isinstance(inner[0], str)
    found = map(_message, inner if nested and isinstance(inner, list) else items[-MAX_MESSAGES:])
    return [message for message in found if message is not None]


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
    messages = _messages(items)
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
    message = _message(value)
    if message is not None and message.role:
        text = text_in(message.content) if message.role in ("user", "unknown") else ""
        return Said(text, turns=(_checksum(text),)) if text else None
    for key in table()["question_keys"]:
        if key.lower() in by_name and (found := _question(by_name[key.lower()], depth - 1)):
            return found
    return _only_text(by_name)


def _only_text(by_name: Mapping[str, object]) -> Said | None:
    texts = [text for text in by_name.values() if isinstance(text, str) and len(text.split()) > 1]
    return Said(sound(texts[0]).strip()[:MAX_TEXT], sure=False) if len(texts) == 1 else None


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
    if not items or any(isinstance(item, Mapping) and _is_document(item) for item in items[:3]):
        return None
    streamed = "".join(_deltas(items))
    if streamed.strip():
        return Said(sound(streamed).strip()[:MAX_TEXT])
    if all(isinstance(item, str) for item in items):
        joined = text_in(items)
        return Said(joined) if joined else None
    messages = _messages(items)
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
    if _is_silent(value):
        return None
    message = _message(value)
    if message is not None and message.role:
        text = text_in(message.content) if message.role in ("assistant", "unknown") else ""
        return Said(text) if text else None
    by_name = {str(key).lower(): inner for key, inner in value.items() if filled(inner)}
    for key in table()["answer_keys"]:
        if key.lower() in by_name and (found := _answer(by_name[key.lower()], depth - 1)):
            return found
    return None if _calls_tools(value) else _only_text(by_name)


def _calls_tools(value: Mapping[object, object]) -> bool:
    return bool(
        {"tool_calls", "function_call", "toolUse", "tool_use", "arguments", "choices", "messages"} & value.keys()
    )
