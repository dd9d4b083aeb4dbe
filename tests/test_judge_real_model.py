"""A real, small model judges one row, for those who ask for it: `tests/llama_endpoint.py` says how.

The model is far too small to judge well. What is tested is that a real one is asked, understood and counted, and that whatever
it says ends in a score within bounds or in a reason.
"""

from __future__ import annotations

import asyncio

import llama_endpoint
import pytest
from fabricated_retrieval import HashingEncoder

from workbench.answers.judge.cache import ReplyCache
from workbench.answers.judge.judge import Judge
from workbench.answers.ragas_metrics import JUDGED
from workbench.answers.scoring import score_rows
from workbench.records import AnswerRow, JudgeSettings

pytestmark = [
    pytest.mark.local_network,
    pytest.mark.skipif(llama_endpoint.why_not() is not None, reason=llama_endpoint.why_not() or ""),
]
ROW = AnswerRow(
    "row",
    "When does the shop open?",
    answer="The shop opens at nine.",
    contexts=("The shop opens at nine and closes at five.",),
    reference="At nine.",
)


def test_a_real_model_gives_scores_or_reasons_and_is_not_asked_twice(tmp_path) -> None:
    path = llama_endpoint.model_path()
    assert path is not None
    with llama_endpoint.serving(path) as url:
        settings = JudgeSettings(url=url, model="small", timeout=120.0, attempts=1, concurrency=1, max_tokens=256)

        async def judged():
            async with Judge(settings, None, ReplyCache.of(tmp_path)) as judge:
                scores = await score_rows([ROW], sorted(JUDGED), judge, encoder=HashingEncoder(), concurrency=1)
                return scores, judge.usage

        first, usage = asyncio.run(judged())
        again, usage_again = asyncio.run(judged())
    assert {score.metric for score in first} == set(JUDGED)
    for score in first:
        assert score.status in ("ok", "undefined", "failed")
        assert (score.value is not None) == (score.status == "ok")
        assert score.value is None or -1 <= score.value <= 1
        assert score.status == "ok" or score.reason
    assert usage.calls > 0
    assert usage.input_tokens is not None and usage.input_tokens > usage.calls
    kept = {score.metric: score.value for score in first if score.status == "ok"}
    assert kept
    assert {score.metric: score.value for score in again if score.metric in kept} == kept
    assert usage_again.cached > 0
