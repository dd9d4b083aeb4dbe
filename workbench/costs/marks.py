"""Pairs of questions people marked, as `cache_pairs.jsonl` beside `case.toml` keeps them, and which pairs to mark next.

A mark says whether the answer to one question also answers the other. What follows from marks is told in
`workbench.costs.safety`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from workbench.case import CACHE_PAIRS
from workbench.costs.arrays import Marks, Replay, Traffic
from workbench.costs.traffic import normalised
from workbench.errors import InputError
from workbench.ingest.logs.values import sound
from workbench.ingest.said_lines import MAX_LINE, REMEDY, append_line, read_lines
from workbench.ingest.tables.text_files import NOT_JSON, short

MOST_TEXT = 1_500
"""Characters of a question that are kept: two of them fit a line."""
MOST_NAME = 200
SHOWN_FAULTS = 3
TO_MARK = 40


def keep_mark(root: Path, question_a: str, question_b: str, same: bool | None, *, by: str = "") -> None:
    """Keep what a person said of two questions: whether one answer serves both; None withdraws an earlier mark.

    Raises:
        CaseError: the case is read-only.
        InputError: a question without text, twice the same question, or the file cannot be written to.
    """
    pair = sorted(_key(question) for question in (question_a, question_b))
    if not all(pair) or pair[0] == pair[1]:
        raise InputError(f"{CACHE_PAIRS}: not kept, a mark needs two different questions with text")
    entry = {"a": pair[0], "b": pair[1], "same": same, "by": sound(by)[:MOST_NAME], "at": datetime.now(UTC).isoformat()}
    append_line(root, CACHE_PAIRS, json.dumps(entry, ensure_ascii=False).encode())


def read_marks(root: Path, traffic: Traffic) -> Marks:
    """The marks of a case that name two different questions of a log; of several on one pair the last counts.

    Raises:
        InputError: the file cannot be read, or holds lines that are no marks; the first of them are named.
    """
    lines, _ = read_lines(root / CACHE_PAIRS)
    said: dict[tuple[str, str], bool | None] = {}
    faults: list[str] = []
    for number, line in lines:
        try:
            pair, same = _mark(line)
            said[pair] = same
        except ValueError as error:
            faults.append(f"line {number} {error}")
    if faults:
        more = f" and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise InputError(f"{CACHE_PAIRS}: {'; '.join(faults[:SHOWN_FAULTS])}{more}; {REMEDY}")
    return _coded({pair: same for pair, same in said.items() if same is not None}, traffic)


def to_mark(traffic: Traffic, replay: Replay, marks: Marks, n: int = TO_MARK) -> list[int]:
    """Rows whose semantic hits a person should mark next: a random sample of those of a replay, each pair of texts once.

    The order depends on the two texts alone, so that the marked ones are a simple random sample of the pairs this replay
    serves, whoever marks them and however often the page is opened. They stand for pairs, not for hits: a pair that is served
    fifty times counts once. Marks given out of this order count as well, but then no longer as a random sample.

    Args:
        traffic: the log.
        replay: with the threshold that is to be judged, or a lower one.
        marks: those given already.
        n: rows at most.
    """
    rows = np.flatnonzero(replay.hits & ~replay.exact)
    done = set(zip(marks.left.tolist(), marks.right.tolist(), strict=True))
    by_pair: dict[tuple[int, int], int] = {}
    for row in rows.tolist():
        pair = pair_of(traffic, row, int(replay.server[row]))
        if pair[0] != pair[1] and pair not in done:
            by_pair.setdefault(pair, row)
    ordered = sorted(by_pair, key=lambda pair: _draw(traffic, by_pair[pair], int(replay.server[by_pair[pair]])))
    return [by_pair[pair] for pair in ordered[:n]]


def pair_of(traffic: Traffic, row: int, other: int) -> tuple[int, int]:
    """The codes of two questions' texts, the smaller first."""
    one, two = int(traffic.text[row]), int(traffic.text[other])
    return (one, two) if one <= two else (two, one)


def _draw(traffic: Traffic, row: int, other: int) -> bytes:
    texts = sorted(_key(traffic.texts[place]) for place in (row, other))
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).digest()


def _key(question: str) -> str:
    return sound(normalised(question))[:MOST_TEXT]


def _coded(said: Mapping[tuple[str, str], bool], traffic: Traffic) -> Marks:
    if not said:
        return Marks(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.bool_))
    wanted = {text for pair in said for text in pair}
    codes: dict[str, int] = {}
    for row in traffic.first.tolist():
        if (key := _key(traffic.texts[row])) in wanted:
            codes.setdefault(key, int(traffic.text[row]))
    pairs = {
        (min(codes[a], codes[b]), max(codes[a], codes[b])): same
        for (a, b), same in said.items()
        if a in codes and b in codes and a != b
    }
    left, right = (np.array([pair[side] for pair in pairs], np.int32) for side in (0, 1))
    return Marks(left, right, np.array(list(pairs.values()), np.bool_))


def _mark(line: bytes) -> tuple[tuple[str, str], bool | None]:
    """The pair and the mark of a line.

    Raises:
        ValueError: it is none; the text goes on from "line 3".
    """
    if len(line) > MAX_LINE:
        raise ValueError(f"is longer than {MAX_LINE // 2**10} KiB")
    try:
        entry = json.loads(line.decode("utf-8-sig"))
    except NOT_JSON as error:
        raise ValueError(f"is not JSON ({short(error)})") from error
    if not isinstance(entry, dict):
        raise ValueError(f"is {type(entry).__name__}, expected an object")
    one, two = sorted((_text(entry, "a"), _text(entry, "b")))
    return (one, two), _same(entry)


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value or len(value) > MOST_TEXT:
        raise ValueError(
            f"has a question '{name}' of {ascii(value)[:60]}, expected text of at most {MOST_TEXT} characters"
        )
    return value


def _same(entry: Mapping[str, Any]) -> bool | None:
    if "same" not in entry or not isinstance(entry["same"], bool | None):
        raise ValueError(f"says {ascii(entry.get('same'))[:60]}, expected true, false, or null for withdrawn")
    return entry["same"]
