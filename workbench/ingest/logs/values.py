"""What a log's raw values mean: texts, messages, labels, amounts, decisions, lists of retrieved things.

A converter returns None for a value it cannot make sense of. Numbers and times are read in modules of their own.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping

from workbench.ingest.logs.durations import duration_of, unit_of_name
from workbench.ingest.logs.numbers import number_of
from workbench.ingest.logs.times import time_of, zone_of

__all__ = [
    "amount_of",
    "as_structure",
    "count_of",
    "currency_of",
    "decision_of",
    "duration_of",
    "is_document_list",
    "is_passage",
    "is_question",
    "is_score_list",
    "labels_of",
    "list_of",
    "messages_of",
    "name_of",
    "number_of",
    "sound",
    "text_of",
    "texts_of",
    "time_of",
    "unit_of_name",
    "zone_of",
]

MAX_LITERAL = 2**20
"""Characters of a cell that is still tried as a Python literal; JSON has no such limit."""
PASSAGE_WORDS = 12
"""A string of at least this many words in a list of retrieved things is a passage, not a name."""
_CURRENCY = re.compile(
    r"(?<![a-z])(?:gbp|usd|eur|chf|jpy|cad|aud|sek|nok|dkk|pln|czk|inr|cny)(?![a-z])|[£$€¥]", re.IGNORECASE
)
_ROLES = {
    **dict.fromkeys(("user", "human", "customer", "client", "text", "input_text"), "user"),
    **dict.fromkeys(("assistant", "ai", "bot", "gpt", "model", "chatbot"), "assistant"),
}
_MISSING = {"", "null", "none", "nan", "n/a", "na", "-", "undefined"}


def as_structure(value: object) -> object:
    """A list or object stored as text in a cell: JSON, else a Python literal (`ast.literal_eval`); anything else unchanged."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{", "("):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return _literal(value)


def _literal(text: str) -> object:
    if len(text) > MAX_LITERAL or text.rstrip()[-1:] not in ("]", "}", ")"):
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash in client text is no mistake of ours
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def text_of(value: object) -> str | None:
    """A text as logged; a list of chat messages gives the last one of the user. None when there is no text."""
    if isinstance(value, str) and not value.startswith(("[{", "{'", '{"')):
        return sound(value) if value.strip() else None
    structure = as_structure(value)
    if isinstance(structure, list):
        spoken = [text for role, text in messages_of(structure) if role == "user"]
        return sound(spoken[-1]) if spoken and spoken[-1].strip() else None
    return sound(value) if isinstance(value, str) and value.strip() else None


def messages_of(structure: object) -> list[tuple[str, str]]:
    """(role, text) of the messages of a chat; roles are "user", "assistant" and "other". A message without a role is a user's."""
    if not isinstance(structure, list):
        return []
    return [(_role(part), _spoken(part)) for part in structure if isinstance(part, dict)]


def _role(message: Mapping[object, object]) -> str:
    named = next((message[key] for key in ("role", "from", "sender", "author", "type") if key in message), "user")
    if isinstance(named, dict):
        named = named.get("role", named.get("name"))
    return _ROLES.get(str(named).lower(), "other")


def _spoken(message: Mapping[object, object]) -> str:
    content = next((message[key] for key in ("content", "text", "value", "message") if key in message), None)
    if isinstance(content, dict):
        content = content.get("parts", content.get("text"))
    if isinstance(content, list):  # parts: {"type": "text", "text": "..."}
        parts = (part.get("text") if isinstance(part, dict) else part for part in content)
        content = "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def sound(text: str) -> str:
    """The text without half surrogate pairs, which JSON can smuggle in and no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def name_of(value: object) -> str | None:
    """An identifier or label as text; None for missing values, lists and objects."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = sound(str(value)).strip()
    return None if text.lower() in _MISSING else text


def labels_of(value: object) -> list[str]:
    """A label, or the labels of a list; empty for missing values and objects.

    >>> labels_of('["claims", "motor"]'), labels_of("claims; motor"), labels_of(None)
    (['claims', 'motor'], ['claims; motor'], [])
    """
    structure = as_structure(value)
    parts = structure if isinstance(structure, list | tuple) else [structure]
    return [label for part in parts if (label := name_of(part)) is not None]


def amount_of(value: object, decimal: str = ".") -> float | None:
    """A number of 0 or more."""
    number = number_of(value, decimal)
    return number if number is not None and number >= 0 else None


def count_of(value: object, decimal: str = ".") -> int | None:
    """A whole number of 0 or more."""
    number = amount_of(value, decimal)
    return int(number) if number is not None and number == int(number) else None


def decision_of(value: object) -> str | None:
    """A decision as logged; a yes-or-no becomes "allow" or "deny"."""
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false")):
        return "allow" if str(value).lower() == "true" else "deny"
    return name_of(value)


def currency_of(text: str) -> str | None:
    """The currency a column's name or a value states, as its code; None when it states none.

    >>> currency_of("cost_gbp"), currency_of("£0.02"), currency_of("spend")
    ('GBP', '£', None)
    """
    code = _CURRENCY.search(text)
    return None if code is None else code.group(0).upper()


def list_of(value: object) -> list[object]:
    """A list cell: JSON or a Python literal, else text split at `|`, `;` or a comma; a single value is a list of one."""
    structure = as_structure(value)
    if isinstance(structure, list | tuple):
        return list(structure)
    if isinstance(structure, str) and not is_passage(structure):
        parts = next((structure.split(mark) for mark in ("|", ";", ",") if mark in structure), [structure])
        return [part.strip() for part in parts if part.strip()]
    return [] if structure is None else [structure]


def texts_of(value: object) -> list[object]:
    """A cell of passages: a list, or the whole text as one passage."""
    structure = as_structure(value)
    if isinstance(structure, list | tuple):
        return list(structure)
    return [structure] if isinstance(structure, str | dict) else []


def is_passage(text: str) -> bool:
    """Whether a string is running text rather than an identifier or a file name."""
    return "\n" in text.strip() or len(text.split()) >= PASSAGE_WORDS


def is_question(value: object) -> bool:
    """Whether a value can be a question: text with letters that is no hash and no number."""
    text = text_of(value)
    return text is not None and any(character.isalpha() for character in text) and not _is_opaque(text)


def _is_opaque(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F-]{16,}|\d+", text.strip()) is not None


def is_document_list(value: object) -> bool:
    """Whether a value can be a list of documents, or the name of one."""
    structure = as_structure(value)
    if isinstance(structure, list | tuple):
        return True
    # One word without digit, dot or slash is a channel or a label ("web", "sharepoint"), not a document.
    return isinstance(structure, str | int) and re.search(r"[\d./|;]", str(structure)) is not None


def is_score_list(value: object) -> bool:
    """Whether a value can be a list of scores, or one."""
    return isinstance(as_structure(value), list | tuple) or any(number_of(part) is not None for part in list_of(value))
