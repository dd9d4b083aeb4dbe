"""Chat messages in the shapes models, chains and agents are logged in: who speaks, and what is said.

Calls of tools, what tools gave back and thoughts say nothing; the shapes themselves are data in `trace_formats.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from workbench.ingest.logs.values import sound
from workbench.ingest.traces.formats import table, words_of
from workbench.ingest.traces.keys import filled, parsed, unflattened

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
        if is_silent(part):
            return ""
        keys = ("text", "content", "parts", "contents", "message_content", "value", "refusal")
        return next((text for key in keys if (text := text_in(part.get(key), depth - 1))), "")
    return ""


def is_silent(part: Mapping[object, object]) -> bool:
    """Whether a part of a message says nothing: a call of a tool, what it gave back, a thought, a picture."""
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
class Message:
    """Who speaks ("user", "assistant", "other", "unknown", or "" where nobody is named), and what was said, as logged."""

    role: str
    content: object


def message_of(value: object) -> Message | None:
    """A chat message in any of its shapes; None for what is none. The role is "" where none is told."""
    value = parsed(value)
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, str) for part in value):
        role = _roles().get(words_of(value[0]), "")
        return Message(role, value[1]) if role else None
    if not isinstance(value, Mapping):
        return None
    value = _plain_part({**value, "message": parsed(value["message"])} if "message" in value else value)
    if is_silent(value):
        return Message("other", None)
    inner = value.get("kwargs") if "lc" in value else value.get("data")
    if isinstance(inner, Mapping) and "content" in inner:
        return Message(_role(value), inner["content"])
    keys = ("content", "parts", "contents", "tool_calls")
    if any(key in value for key in keys) and not is_document(value):
        content = next((value[key] for key in keys[:3] if filled(value.get(key))), None)
        return Message(_role(value), parsed(content))
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


def is_document(value: Mapping[object, object]) -> bool:
    """Whether an object is a retrieved thing rather than something said."""
    if "role" in value or "finish_reason" in value:
        return False
    holds_text = any(isinstance(value.get(key), str) for key in ("content", "text"))
    return "page_content" in value or (holds_text and bool(value.keys() & {"metadata", "score", "distance"}))


def messages_of(items: Sequence[object]) -> list[Message]:
    """The chat messages in a list, also where the list stands in a list; what is none is left out."""
    inner = parsed(items[0]) if len(items) == 1 else None
    nested = isinstance(inner, list) and inner and not isinstance(inner[0], str)
    found = map(message_of, inner if nested and isinstance(inner, list) else items[-MAX_MESSAGES:])
    return [message for message in found if message is not None]


def only_text(by_name: Mapping[str, object]) -> Said | None:
    """The one text of more than a word in an object whose keys say nothing; None where there are several, or none."""
    texts = [text for text in by_name.values() if isinstance(text, str) and len(text.split()) > 1]
    return Said(sound(texts[0]).strip()[:MAX_TEXT], sure=False) if len(texts) == 1 else None
