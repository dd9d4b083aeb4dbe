"""What a log's raw values mean: times, numbers, feedback, decisions, lists of retrieved things.

A converter returns None for a value it cannot make sense of, and never guesses a time zone.
"""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Literal
from zoneinfo import ZoneInfo

MAX_LITERAL = 2**20
"""Characters of a cell that is still tried as a Python literal; JSON has no such limit."""
PASSAGE_WORDS = 12
"""A string of at least this many words in a list of retrieved things is a passage, not a name."""
EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""(above this, units a second): nanoseconds, microseconds, milliseconds; anything lower is seconds."""
YEARS = range(2000, 2101)
FACTORS = {"ms": 1.0, "milliseconds": 1.0, "s": 1000.0, "sec": 1000.0, "seconds": 1000.0}
"""Unit of time -> milliseconds."""

_CURRENCY = re.compile(
    r"(?<![a-z])(?:gbp|usd|eur|chf|jpy|cad|aud|sek|nok|dkk|pln|czk|inr|cny)(?![a-z])|[£$€¥]", re.IGNORECASE
)
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})[T ,]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(.*)", re.DOTALL)
_ROLES = {
    **dict.fromkeys(("user", "human", "customer", "client", "text", "input_text"), "user"),
    **dict.fromkeys(("assistant", "ai", "bot", "gpt", "model", "chatbot"), "assistant"),
}
_MISSING = {"", "null", "none", "nan", "n/a", "na", "-", "undefined"}
_LOCAL_TIME = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]([A-Za-z]{3,9}|\d{1,2})[-/. ]\d{2,4})([T ,]+\d{1,2}[:.]\d{2}.*)?"
)


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


def number_of(value: object) -> float | None:
    """A finite number, also from text with a currency sign or a unit behind it; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = re.fullmatch(
            r"\s*[£$€]?\s*([+-]?\d{1,15}(?:\.\d+)?(?:[eE][+-]?\d{1,3})?|[+-]?\.\d+)\s*(?:ms|s|sec|GBP|USD|EUR)?\s*",
            value,
        )
        value = float(match.group(1)) if match else None
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def amount_of(value: object) -> float | None:
    """A number of 0 or more."""
    number = number_of(value)
    return number if number is not None and number >= 0 else None


def count_of(value: object) -> int | None:
    """A whole number of 0 or more."""
    number = amount_of(value)
    return int(number) if number is not None and number == int(number) else None


def decision_of(value: object) -> str | None:
    """A decision as logged; a yes-or-no becomes "allow" or "deny"."""
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in ("true", "false")):
        return "allow" if str(value).lower() == "true" else "deny"
    return name_of(value)


def time_of(value: object, zone: tzinfo | None = None) -> datetime | Literal["local"] | None:
    """A moment with its time zone; "local" for a time that names no zone; None for what is no time.

    Numbers count from 1970 in nano-, micro-, milliseconds or seconds by their size.

    Args:
        value: as logged.
        zone: the zone another column states for times that name none themselves.
    """
    number = number_of(value)
    if number is not None:
        return _from_epoch(number)
    if isinstance(value, datetime):
        value = value.isoformat()
    if not isinstance(value, str):
        return None
    moment = _from_text(re.sub(r"\s*\b(UTC|GMT)$", "Z", value.strip()))
    if moment is None:
        return "local" if _LOCAL_TIME.fullmatch(value.strip()) else None
    if moment.year not in YEARS:
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone) if zone else "local"
    return moment


def _from_epoch(number: float) -> datetime | None:
    per_second = next((unit for above, unit in EPOCH_UNITS if number > above), 1.0)
    try:
        moment = datetime.fromtimestamp(number / per_second, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment if moment.year in YEARS else None


def _from_text(text: str) -> datetime | None:
    text = re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$|Z$)", "", text)
    if german := _DAY_FIRST.fullmatch(text):  # with points it is the day that comes first, wherever it is written
        day, month, year, clock, offset = german.groups()
        text = f"{year}-{month:0>2}-{day:0>2} {clock:0>5}{offset}"
    for parse in (datetime.fromisoformat, _from_mail_date, _from_server_date):
        try:
            if re.search(r"\d:\d|\d{4}-\d{2}-\d{2}|T\d", text):
                return parse(text)
        except (ValueError, IndexError, TypeError, OverflowError):
            continue
    return None


def _from_mail_date(text: str) -> datetime:
    if not re.match(r"[A-Z][a-z]{2}, \d", text):
        raise ValueError(text)
    return parsedate_to_datetime(re.sub(r"Z$", " +0000", text))


def _from_server_date(text: str) -> datetime:
    return datetime.strptime(text.strip("[]"), "%d/%b/%Y:%H:%M:%S%z")


def zone_of(value: object) -> tzinfo | None:
    """A time zone by name ("Europe/London", "UTC") or offset ("+01:00"); None when unknown."""
    text = name_of(value) or ""
    offset = re.fullmatch(r"(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?", text)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes)) if minutes < 24 * 60 else None
    try:
        return ZoneInfo("UTC" if text in ("Z", "GMT") else text) if text else None
    except (ValueError, OSError, KeyError):
        return None


def unit_of_name(column: str) -> str | None:
    """The unit of time the ending of a column's name states: "milliseconds", "seconds" or None."""
    if re.search(r"(?:_ms|\bms|Ms|[ (\[]ms[)\]]?|millis\w*|milliseconds)$", column) or column.lower() == "ms":
        return "milliseconds"
    if re.search(r"(?:_s|_secs?|[ (\[]s(?:ecs?)?[)\]]?|\.secs?|seconds|Seconds)$", column):
        return "seconds"
    return None


def duration_of(value: object) -> tuple[float, float | None] | None:
    """(amount of 0 or more, factor to milliseconds where the value itself states a unit); None for what is no duration."""
    amount = amount_of(value)
    if amount is None or not isinstance(value, str):
        return None if amount is None else (amount, None)
    unit = re.search(r"(ms|s|sec)\s*$", value)
    return amount, FACTORS[unit.group(1)] if unit else None


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
