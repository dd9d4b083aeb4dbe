"""The audit record: one line for each question, chained by hash, written before the answer is shown."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

REQUIRED = (
    "trace_id", "span_id", "parent_id", "request_id", "user_id", "groups", "session_id", "query",
    "model", "prompt_version", "index_version", "release", "policy", "review", "environment", "traffic",
)  # fmt: skip
START = "0" * 64


class Sink(Protocol):
    """Where lines go: the append-only store in the pilot, a list in tests."""

    def append(self, line: str, /) -> None: ...


class AuditWriter:
    """Writes lines in order. A line that cannot be written stops the answer."""

    def __init__(self, sink: Sink, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._sink = sink
        self._clock = clock
        self._sequence = 0
        self._previous = START

    def write(self, event_time: datetime, fields: Mapping[str, Any]) -> str:
        """Append one line and return its hash."""
        missing = [name for name in REQUIRED if name not in fields]
        if missing:
            raise ValueError(f"audit line without {', '.join(missing)}")
        body = {
            "event_time": event_time.isoformat(),
            "ingest_time": self._clock().isoformat(),
            "sequence": self._sequence + 1,
            "prev_hash": self._previous,
            **fields,
        }
        line = json.dumps(body, sort_keys=True, ensure_ascii=False)
        self._sink.append(line)
        self._sequence += 1
        self._previous = hashlib.sha256(line.encode()).hexdigest()
        return self._previous


def first_broken_line(lines: Iterable[str]) -> int | None:
    """Number (from 1) of the first line that does not fit the chain, or None."""
    previous = START
    for number, line in enumerate(lines, start=1):
        body = json.loads(line)
        if body["sequence"] != number or body["prev_hash"] != previous:
            return number
        previous = hashlib.sha256(line.encode()).hexdigest()
    return None
