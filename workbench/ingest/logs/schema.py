"""The columns of the interaction table, and of the parts it is built from.

Arrow is loaded when a schema is asked for, not before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT_VERSION = 4
"""Rises when the same log would give another table."""


@lru_cache(maxsize=1)
def interaction_schema() -> pa.Schema:
    """The interaction table: fields of `Interaction`, its source as `source_path` and `source_locator`."""
    import pyarrow as pa

    item = pa.struct([("doc_id", pa.string()), ("text", pa.string()), ("score", pa.float64())])
    return pa.schema(
        [
            ("interaction_id", pa.string()),
            ("query", pa.string()),
            ("source_path", pa.string()),
            ("source_locator", pa.string()),
            ("answer", pa.string()),
            ("retrieved", pa.list_(item)),
            ("at", pa.timestamp("us", "UTC")),
            ("session_id", pa.string()),
            ("user_id", pa.string()),
            ("model", pa.string()),
            ("prompt_version", pa.string()),
            ("index_version", pa.string()),
            ("policy_version", pa.string()),
            ("policy_decision", pa.string()),
            ("tokens_in", pa.int64()),
            ("tokens_out", pa.int64()),
            ("latency_ms", pa.float64()),
            ("cost", pa.float64()),
            ("feedback", pa.int8()),
            ("review", pa.string()),
            ("review_seconds", pa.float64()),
            ("tenant", pa.string()),
            ("access_group", pa.string()),
            ("answer_group", pa.string()),
            ("model_calls", pa.int64()),
        ]
    )


@lru_cache(maxsize=1)
def part_schema() -> pa.Schema:
    """A part of one file: the table without what only all of the file tells, with what that is told from."""
    import pyarrow as pa

    kept = [field for field in interaction_schema() if field.name != "feedback"]
    return pa.schema(
        [
            *kept,
            pa.field("at_day_first", pa.timestamp("us", "UTC")),
            pa.field("at_month_first", pa.timestamp("us", "UTC")),
            pa.field("feedback_mark", pa.float64()),
            pa.field("feedback_word", pa.int8()),
            pa.field("addition", pa.bool_()),
            pa.field("number", pa.int64()),
            pa.field("turn", pa.int32()),
        ]
    )
