"""Whether the values of a column can be of a field: what a name suggests is confirmed here, or told by values alone.

What single values mean is told in `workbench.ingest.logs.values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from workbench.ingest.logs.durations import duration_of
from workbench.ingest.logs.feedback import is_feedback
from workbench.ingest.logs.times import clock_of, time_of, zone_of
from workbench.ingest.logs.values import (
    amount_of,
    count_of,
    decision_of,
    is_document_list,
    is_passage,
    is_question,
    is_score_list,
    labels_of,
    list_of,
    name_of,
    text_of,
    texts_of,
)

CONFIRMED_SHARE = 0.5
"""Share of a column's values in the sample that must fit a field before the column is believed to hold it."""
ASKING_SHARE = 0.3
"""Share of a column's values that must end with a question mark before it counts as the question by its content alone."""
QUESTION_WORDS = 3
ANSWER_WORDS = 5
FILE_NAME = re.compile(r"[\w)\]]\.(pdf|docx?|pptx?|xlsx?|html?|md|txt|csv|odt|rtf|eml|msg)(#.*)?$", re.IGNORECASE)


def _is_label(value: object) -> bool:
    return name_of(value) is not None and not is_passage(str(value))


def _yields(convert: Callable[[object], object]) -> Callable[[object], bool]:
    return lambda value: convert(value) is not None


def _is_group(value: object) -> bool:
    labels = labels_of(value)
    return bool(labels) and all(_is_label(label) and label.casefold() not in SPEAKERS for label in labels)


def _is_calls(value: object) -> bool:
    calls = count_of(value)
    return calls is not None and calls <= MOST_CALLS


SPEAKERS = frozenset({"user", "human", "assistant", "ai", "bot", "system", "developer", "tool", "function", "model"})
"""Roles in a chat: a column of them says who speaks, not what that person may read."""
MOST_CALLS = 1000
"""Calls of a model for one question; a larger number counts something else."""
COUNTS = ("tokens_in", "tokens_out")
_LABELS = (
    "interaction_id",
    "session_id",
    "user_id",
    "model",
    "prompt_version",
    "index_version",
    "policy_version",
    "review",
    "tenant",
    "answer_group",
)
CONFIRMS: Mapping[str, Callable[[object], bool]] = {
    "query": is_question,
    "answer": _yields(text_of),
    "at": _yields(time_of),
    "clock": _yields(clock_of),
    "timezone": _yields(zone_of),
    **dict.fromkeys(_LABELS, _is_label),
    "policy_decision": _yields(decision_of),
    **dict.fromkeys(COUNTS, lambda value: count_of(value) is not None or count_of(value, ",") is not None),
    "access_group": _is_group,
    "model_calls": _is_calls,
    "cost": _yields(amount_of),
    **dict.fromkeys(("latency_ms", "review_seconds"), _yields(duration_of)),
    "feedback": is_feedback,
    "retrieved.items": is_document_list,
    "retrieved.ids": is_document_list,
    "retrieved.texts": lambda value: bool(texts_of(value)),
    "retrieved.scores": is_score_list,
}
"""Field -> whether a value can be one of it: a name alone convinces nobody."""


def fitting(name: str, values: Sequence[object]) -> float:
    """Share of values that can be of a field, 0 to 1; 0 without values."""
    return sum(map(CONFIRMS[name], values)) / len(values) if values else 0.0


def confirmed(name: str, values: Sequence[object]) -> bool:
    """Whether the values of a column can be of a field."""
    share = fitting(name, values)
    return share > 0 and share >= CONFIRMED_SHARE


def _questions(values: Sequence[object]) -> float:
    """Share of values that are sentences; 0 unless some of them ask."""
    texts = [value for value in values if isinstance(value, str) and is_question(value)]
    asking = sum(text.rstrip().endswith(("?", "？", "؟")) for text in texts)
    worded = sum(len(text.split()) >= QUESTION_WORDS for text in texts)
    return len(texts) / len(values) if asking >= ASKING_SHARE * len(values) and worded >= len(values) / 2 else 0.0


def _times(values: Sequence[object]) -> float:
    return float(all(isinstance(value, str) and time_of(value) is not None and ":" in value for value in values))


def _file_names(values: Sequence[object]) -> float:
    names = [part for value in values for part in list_of(value)]
    fits = [isinstance(name, str) and FILE_NAME.search(name) is not None for name in names]
    return float(bool(fits) and sum(fits) >= 0.8 * len(fits))


def _sentences(values: Sequence[object]) -> float:
    """Share of values that are running text."""
    fits = sum(isinstance(value, str) and len(value.split()) >= ANSWER_WORDS for value in values)
    return fits / len(values) if fits >= 0.8 * len(values) else 0.0


CONTENT: Mapping[str, Callable[[Sequence[object]], float]] = {
    "query": _questions,
    "at": _times,
    "retrieved.ids": _file_names,
    "answer": _sentences,
}
"""Field -> how surely values alone are of it, 0 to 1: for headers in no known language, or none at all."""
