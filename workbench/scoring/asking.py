"""A judge asked about rows: planned first, then asked in a thread with a loop of its own, stopped by a cancel or Ctrl-C.

What is asked, and what becomes of the replies, stands in `workbench.answers`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from workbench.answers.judge import Judge, ReplyCache, key_for
from workbench.answers.plan import plan
from workbench.answers.ragas_metrics import load_ragas
from workbench.answers.report import Judged
from workbench.answers.scoring import is_unfinished, score_rows
from workbench.compute import Progress, scaled
from workbench.errors import CancelledError
from workbench.numbers import count, significant
from workbench.records import AnswerRow, JudgePlan, JudgeSettings, JudgeUsage
from workbench.retrieval.protocols import Encoder

T = TypeVar("T")
Confirm = Callable[[JudgePlan], bool]

PLANNED = 0.02
"""Share of the progress of judging at which it is known what it would take."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a judge, and who is told.

    Attributes:
        encoder: for answer relevancy. It must raise nothing of its own to stop the work: a score would fail of it.
        confirm: told the plan; False ends the call.
    """

    settings: JudgeSettings
    metrics: tuple[str, ...]
    cache: ReplyCache
    encoder: Encoder | None
    confirm: Confirm | None
    progress: Progress


def planned(
    taken: Sequence[AnswerRow],
    metrics: Sequence[str],
    settings: JudgeSettings,
    cache: ReplyCache,
    *,
    embeds: bool,
    progress: Progress | None = None,
) -> JudgePlan:
    """What judging these rows would take; nothing is asked. `embeds` tells whether there is an encoder.

    Raises:
        InputError: settings that cannot be used. CancelledError: stopped.
    """
    scaled(progress, 0.0, 1.0)(0.0, "loading RAGAS")
    load_ragas()
    dry = Judge(settings, None, cache)

    async def planning(stop: threading.Event) -> JudgePlan:
        def tell(share: float, message: str) -> None:
            if stop.is_set():
                raise CancelledError("stopped before the judge was asked anything")
            scaled(progress, 0.0, 1.0)(share, message)

        return await plan(
            taken,
            metrics,
            dry.settings,
            lambda prompt, schema, sample: dry.cached(prompt, schema, sample=sample),
            embeds=embeds,
            progress=tell,
        )

    return _in_thread(planning)


def judged(taken: Sequence[AnswerRow], asked: Asked) -> Judged:
    """What the judge says of these rows, with what it said before; stopped, what it came to.

    Raises:
        CancelledError: not confirmed, or cancelled while planning. KeyboardInterrupt: Ctrl-C while planning.
        InputError: settings or a key that cannot be used.
    """
    found = planned(
        taken,
        asked.metrics,
        asked.settings,
        asked.cache,
        embeds=asked.encoder is not None,
        progress=scaled(asked.progress, 0.0, PLANNED),
    )
    if asked.confirm and not asked.confirm(found):
        raise CancelledError("stopped before the judge was asked anything")
    at = datetime.now(UTC)
    return _in_thread(lambda stop: _asking(taken, asked, at, stop))


async def _asking(taken: Sequence[AnswerRow], asked: Asked, at: datetime, stop: threading.Event) -> Judged:
    progress = scaled(asked.progress, PLANNED, 1.0)
    async with Judge(asked.settings, key_for(asked.settings), asked.cache) as judge:

        def tell(share: float, message: str) -> None:
            progress(share, f"{message}{_spent(judge.usage, asked.settings.currency)}")

        scores = await score_rows(
            taken,
            asked.metrics,
            judge,
            encoder=asked.encoder,
            concurrency=judge.settings.concurrency,
            progress=tell,
            stopped=stop.is_set,
        )
        notes = asked.cache.notes
        return Judged(judge.settings, at, tuple(scores), judge.usage, is_unfinished(scores), notes)


def _spent(usage: JudgeUsage, currency: str) -> str:
    cost = "" if usage.cost is None else f", {significant(usage.cost)} {currency}".rstrip()
    return f"; {count(usage.calls)} calls{cost}"


def _in_thread(work: Callable[[threading.Event], Awaitable[T]]) -> T:
    """Run a coroutine in a thread of its own: a notebook has a loop already, and Ctrl-C must stop it with what is there."""
    stop, done = threading.Event(), threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    async def awaited() -> T:
        return await work(stop)

    def run() -> None:
        try:
            results.append(asyncio.run(awaited()))
        except BaseException as error:  # handed to the thread that waits, and raised there
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name="scoring", daemon=True)
    thread.start()
    # Not `join`: before Python 3.13 one that Ctrl-C interrupts takes the thread for dead while it runs.
    while not done.is_set():
        try:
            done.wait()
        except KeyboardInterrupt:
            stop.set()
    if errors and stop.is_set():
        raise KeyboardInterrupt from errors[0]
    if errors:
        raise errors[0]
    return results[0]
