"""Conversations kept in one record: chats of several questions become one row a question.

A list of messages that ends with the user is the request of one question, with what was said before it; one that ends with the
assistant is a whole conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.ingest.logs.columns import Columns, Flat, confirmed, field_of, flatten
from workbench.ingest.logs.formats import log_formats
from workbench.ingest.logs.spreading import Table
from workbench.ingest.logs.values import as_structure, messages_of, text_of

SAMPLED_LISTS = 20


def turns_key(sample: Sequence[Mapping[str, object]]) -> str:
    """The key under which records hold a list of turns, each with a question of its own; "" when they do not."""
    asked_outside = any(_asks(flatten(record)) for record in sample)
    for key in log_formats()["turns"] if not asked_outside else ():
        for record in sample:
            for name, value in record.items():
                if name.lower().replace("_", "") == key and _asks_inside(value):
                    return name
    return ""


def _asks(record: Flat) -> bool:
    return any(
        (suggestion := field_of(path)) is not None and suggestion[0] == "query" and confirmed("query", [value])
        for path, value in record.items()
        if value is not None
    )


def _asks_inside(value: object) -> bool:
    structure = as_structure(value)
    parts = structure[:SAMPLED_LISTS] if isinstance(structure, list) else []
    # A message has a role: those are told apart below.
    turns = [part for part in parts if isinstance(part, dict) and "role" not in part]
    return bool(turns) and any(_asks(flatten({str(name): inner for name, inner in turn.items()})) for turn in turns)


def unfolded_chats(columns: Columns, table: Table) -> Table:
    """The table with one row for each question of whole conversations kept as the question of one record."""
    paths = [path for path in columns.chosen.get("query", ()) if path in table.columns]
    chats = {path: _chats(table.columns[path]) for path in paths}
    if not any(chats.values()):
        return table
    answers = columns.values("answer", table.columns, table.rows) or [None] * table.rows
    rows: list[int] = []
    turns: list[int] = []
    said: list[tuple[str, str | None] | None] = []
    for row in range(table.rows):
        chat = next((found[row] for found in chats.values() if row in found), None)
        pairs = _pairs(chat) if chat and text_of(answers[row]) is None else []
        for turn, pair in enumerate(pairs or [None], start=1):
            rows.append(row)
            turns.append(turn if len(pairs) > 1 else table.turns[row])
            said.append(pair)
    made: dict[str, Sequence[object]] = {path: [values[row] for row in rows] for path, values in table.columns.items()}
    asked = next(iter(chats))
    answered = next(iter(columns.chosen.get("answer", ())), CHAT_ANSWER)
    columns.chosen.setdefault("answer", [answered])
    made[asked] = [pair[0] if pair else value for pair, value in zip(said, made[asked], strict=True)]
    before = made.get(answered) or [None] * len(rows)
    made[answered] = [pair[1] if pair else value for pair, value in zip(said, before, strict=True)]
    places = [table.places[row] for row in rows] if table.places else None
    return Table(made, [table.numbers[row] for row in rows], turns, places)


CHAT_ANSWER = "(replies in the messages)"
"""Stands for the column of answers where the answers are messages of a chat."""


def _chats(values: Sequence[object]) -> dict[int, list[tuple[str, str]]]:
    """Row -> its messages, for rows that hold a list of them which ends with the assistant."""
    found: dict[int, list[tuple[str, str]]] = {}
    for row, value in enumerate(values):
        if isinstance(value, list) or (isinstance(value, str) and value.startswith(("[{", "[ {", "[\n"))):
            messages = messages_of(as_structure(value))
            spoken = [role for role, text in messages if role != "other" and text.strip()]
            if spoken and spoken[-1] == "assistant" and "user" in spoken:
                found[row] = messages
    return found


def _pairs(messages: Sequence[tuple[str, str]]) -> list[tuple[str, str | None]]:
    """(question, answer) of each turn; the replies up to the next question are its answer."""
    pairs: list[tuple[str, list[str]]] = []
    for role, text in messages:
        if not text.strip():
            continue
        if role == "user":
            pairs.append((text, []))
        elif role == "assistant" and pairs:
            pairs[-1][1].append(text)
    return [(question, "\n".join(replies) or None) for question, replies in pairs]
