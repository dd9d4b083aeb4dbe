"""Rows and metrics scored by a judge, a few at a time; a run can be stopped at any moment and keeps what is there.

What one score is stands in `workbench.answers.ragas_metrics`; that nothing is judged twice is the work of the judge's cache.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from workbench.answers.ragas_metrics import Asker, score_row
from workbench.errors import CancelledError
from workbench.records import AnswerRow, MetricScore
from workbench.retrieval.protocols import Encoder, Progress

NOT_REACHED = "not reached"
"""Why a score is missing from a run that was stopped."""
BEAT = 0.2
"""Seconds between two looks at whether the run is to be stopped."""

Job = tuple[int, AnswerRow, str]


async def score_rows(
    rows: Sequence[AnswerRow],
    metrics: Sequence[str],
    judge: Asker,
    *,
    encoder: Encoder | None = None,
    concurrency: int = 4,
    progress: Progress | None = None,
    stopped: Callable[[], bool] | None = None,
) -> list[MetricScore]:
    """A score for every row and metric, row by row, in the order given.

    A run that is stopped gives "skipped: not reached" for what it had not finished; calls under way are given up.

    Args:
        rows: in the order in which they are to be judged.
        metrics: names of `ragas_metrics.JUDGED`.
        judge: what is asked.
        encoder: for answer relevancy.
        concurrency: scores under way at most.
        progress: called some times a second with the share done; where it raises `CancelledError` the run is stopped.
        stopped: asked as often; True stops the run.
    """
    jobs = [(row, metric) for row in rows for metric in metrics]
    done: dict[int, MetricScore] = {}
    waiting = iter([(place, row, metric) for place, (row, metric) in enumerate(jobs)])
    workers = {asyncio.create_task(_work(waiting, done, judge, encoder)) for _ in range(max(1, concurrency))}
    try:
        while await _pending(workers):
            if _is_stopped(len(done), len(jobs), progress, stopped):
                break
    finally:
        for worker in workers:
            worker.cancel()
        ended = await asyncio.gather(*workers, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome
    return [done.get(place) or not_reached(row, metric) for place, (row, metric) in enumerate(jobs)]


def not_reached(row: AnswerRow, metric: str) -> MetricScore:
    """What stands for a score a stopped run did not come to."""
    return MetricScore(row.row_id, metric, "skipped", reason=NOT_REACHED)


def is_unfinished(scores: Sequence[MetricScore]) -> bool:
    """Whether scores are those of a run that was stopped."""
    return any(score.reason == NOT_REACHED for score in scores)


async def _work(waiting: Iterator[Job], done: dict[int, MetricScore], judge: Asker, encoder: Encoder | None) -> None:
    for place, row, metric in waiting:
        done[place] = await score_row(row, metric, judge, encoder)


async def _pending(workers: set[asyncio.Task[None]]) -> bool:
    _, pending = await asyncio.wait(workers, timeout=BEAT)
    return bool(pending)


def _is_stopped(done: int, jobs: int, progress: Progress | None, stopped: Callable[[], bool] | None) -> bool:
    try:
        if progress:
            progress(done / max(1, jobs), f"judging ({done:,} of {jobs:,} scores)")
    except CancelledError:
        return True
    return stopped is not None and stopped()
