"""Which questions a comparison runs: those of the case, else some of its log.

It chooses and numbers them; whether they are judged is known from the labels alone.
"""

from __future__ import annotations

from workbench.records import CaseInputs, Query

MAX_LOG_QUERIES = 500
"""Questions taken from the log when the case has none of its own: enough to look at, few enough to wait for."""


def questions_of(inputs: CaseInputs) -> list[Query]:
    """The case's questions; without any, the first distinct ones of its log as `log-1`, `log-2`; none where there is no log."""
    if inputs.queries:
        return list(inputs.queries)
    texts = dict.fromkeys(text for i in inputs.log.interactions if (text := i.query.strip()))
    return [Query(f"log-{number}", text) for number, text in enumerate(list(texts)[:MAX_LOG_QUERIES], start=1)]
