"""The client's answers scored: rows taken, a judge asked where one is set, the report made, kept and found again.

It puts the parts in order; every number comes from `workbench.answers`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from workbench import compute, store
from workbench.answers.judge import Judge, ReplyCache, key_for
from workbench.answers.own_metrics import Own, read_own_metrics
from workbench.answers.plan import plan
from workbench.answers.ragas_metrics import JUDGED, load_ragas
from workbench.answers.report import SEED, Judged, answers_report, sample_of, unjudged
from workbench.answers.rows import rows_of
from workbench.answers.scoring import is_unfinished, score_rows
from workbench.case import Case, open_case
from workbench.compute import Progress, scaled
from workbench.errors import CancelledError, CaseError, InputError, MissingPartError
from workbench.ingest.load import load_inputs
from workbench.numbers import count, significant
from workbench.records import AnswerRow, AnswersReport, JudgePlan, JudgeSettings, JudgeUsage, Origin
from workbench.retrieval.embeddings import CachedEncoder
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.protocols import Encoder
from workbench.session import EMBEDDINGS, check_out, results_folder

log = logging.getLogger(__name__)
T = TypeVar("T")

SCORING = "scoring"
"""Name of the job that scores answers."""
ANSWERS, FILE, ROWS = "answers", "answers.json", "rows.json"
ANSWERS_VERSION = "1"
"""Raise it when stored reports of an older release must not be shown."""
MOST_ROWS = 1_000
"""Rows taken where no limit is set; a sample of these narrows an interval enough, and a log may hold a million."""

Confirm = Callable[[JudgePlan], bool]


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    report: AnswersReport


@dataclass(frozen=True, slots=True)
class _Rows:
    version: str
    rows: tuple[AnswerRow, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of a judge, and who is told."""

    settings: JudgeSettings
    metrics: tuple[str, ...]
    cache: ReplyCache
    encoder: Encoder | None
    confirm: Confirm | None
    progress: Progress


def evaluate(
    case: Case | Path | str,
    *,
    judge: JudgeSettings | None = None,
    metrics: Sequence[str] | None = None,
    origin: Origin | None = None,
    limit: int | None = None,
    own: Mapping[str, Own] | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
    confirm: Confirm | None = None,
) -> AnswersReport:
    """Score a case's answers, keep the report for the pages, and write `answers.json` to `out`.

    Without a judge only what needs none is measured. A stopped run keeps what it judged; the same call goes on from there.

    Args:
        case: an opened case or its folder.
        judge: the model that judges; its key comes from the environment or the keyring.
        metrics: which of `JUDGED` are judged; None for all.
        origin: where answers are taken from; None takes evaluation files where they hold answers, else the log.
        limit: rows taken at most, a random sample that is the same every time; None for 1,000.
        own: the client's own metrics as functions, by name.
        out: where files are written; None writes none.
        progress: called with the share done and what is being done.
        confirm: told what judging would take before it begins; False ends the call.

    Raises:
        CaseError: no answers to score, or `out` cannot be written to. InputError: settings, targets or own metrics that cannot
            be used. CancelledError: not confirmed. ValueError: an unknown metric.
    """
    opened = case if isinstance(case, Case) else open_case(case)
    chosen = _chosen(metrics)
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}, expected 1 or more")
    check_out(opened, out)
    # Before anything is read: a file that changes meanwhile must not pass for one that was read.
    folder = results_folder(opened) / ANSWERS
    client = read_own_metrics(opened.root)
    rows = rows_of(load_inputs(opened, progress=scaled(progress, 0.0, 0.15)), origin)
    if not any((row.answer or "").strip() for row in rows.rows):
        raise CaseError(_nothing(opened, rows.available, origin))
    taken = sample_of(rows.rows, limit or MOST_ROWS, np.random.default_rng(SEED))
    encoder = _encoder(opened, scaled(progress, 0.15, 0.3))
    scaled(progress, 0.15, 0.3)(0.0, "measuring what needs no judge")
    without = unjudged(taken, encoder, client, own)
    judged = None
    if judge:
        cache = ReplyCache.of(opened.derived)
        asked = _Asked(judge, chosen, cache, encoder, confirm, scaled(progress, 0.3, 0.98))
        judged = _judged(taken, asked)
    name = encoder.name if encoder else ""
    report = answers_report(opened.name, rows, taken, without, judged, case_targets=opened.targets, embedding=name)
    _keep(report, taken, folder, out)
    if not report.stopped:
        scaled(progress, 0.98, 1.0)(1.0, "done")
    return report


def start_scoring(
    case: Case,
    settings: JudgeSettings | None,
    limit: int | None = None,
    metrics: Sequence[str] | None = None,
    origin: Origin | None = None,
) -> None:
    """Have a worker score a case's answers; progress is the job "scoring" of the case."""
    compute.submit(case.root, SCORING, run_scoring, str(case.root), settings, limit, metrics, origin)


def run_scoring(
    case_root: str,
    settings: JudgeSettings | None,
    limit: int | None = None,
    metrics: Sequence[str] | None = None,
    origin: Origin | None = None,
) -> None:
    """The job behind `start_scoring`: what the worker runs. Cancelled, it keeps what was judged."""

    def work(progress: Progress) -> None:
        report = evaluate(case_root, judge=settings, metrics=metrics, origin=origin, limit=limit, progress=progress)
        if report.stopped:
            raise CancelledError("scoring was cancelled; what was judged is kept")

    compute.run_job(Path(case_root), SCORING, work)


def scoring_plan(
    case: Case,
    settings: JudgeSettings,
    limit: int | None = None,
    metrics: Sequence[str] | None = None,
    origin: Origin | None = None,
) -> JudgePlan:
    """What judging a case would take, with what earlier runs kept; nothing is asked.

    Raises:
        CaseError: no answers to score. InputError: settings that cannot be used. ValueError: an unknown metric.
    """
    rows = rows_of(load_inputs(case), origin)
    if not any((row.answer or "").strip() for row in rows.rows):
        raise CaseError(_nothing(case, rows.available, origin))
    taken = sample_of(rows.rows, limit or MOST_ROWS, np.random.default_rng(SEED))
    judge = Judge(settings, None, ReplyCache.of(case.derived))
    return _in_thread(lambda _stop: _planned(taken, _chosen(metrics), judge))


def stored_answers(case: Case) -> AnswersReport | None:
    """The report of the client's files as they are now; None when there is none, or it is damaged or older."""
    kept = _read(results_folder(case) / ANSWERS / FILE, _Kept)
    return kept.report if kept and kept.version == ANSWERS_VERSION else None


def stored_rows(case: Case) -> tuple[AnswerRow, ...]:
    """The rows behind `stored_answers`, those to read first at the front; empty where there are none."""
    kept = _read(results_folder(case) / ANSWERS / ROWS, _Rows)
    return kept.rows if kept and kept.version == ANSWERS_VERSION else ()


def _chosen(metrics: Sequence[str] | None) -> tuple[str, ...]:
    chosen = tuple(JUDGED) if metrics is None else tuple(dict.fromkeys(metrics))
    if unknown := [name for name in chosen if name not in JUDGED]:
        raise ValueError(f"unknown metric '{unknown[0]}'; a judge can score {', '.join(JUDGED)}")
    return chosen


def _nothing(case: Case, available: Mapping[str, int], origin: Origin | None) -> str:
    elsewhere = [f"{name} holds {count(number)}" for name, number in available.items() if number]
    if origin and elsewhere:
        return f"{case.name}: no answers to score in {origin}, but {' and '.join(elsewhere)}; choose it with --rows"
    return f"{case.name}: no answers to score; put a query log with answers into logs/, or results with answers into evals/"


def _encoder(case: Case, progress: Progress) -> CachedNamed | None:
    try:
        encoder = load_encoder(None)
    except MissingPartError as error:
        log.warning("%s", error)
        return None
    return CachedNamed(encoder, CachedEncoder(encoder, case.derived / EMBEDDINGS, "answers and contexts", progress))


class CachedNamed:
    """An encoder that keeps what it encodes, under its own name."""

    def __init__(self, encoder: Encoder, kept: CachedEncoder) -> None:
        self.name, self.fingerprint, self.dimension = encoder.name, encoder.fingerprint, encoder.dimension
        self.encode = kept.encode


def _judged(taken: Sequence[AnswerRow], asked: _Asked) -> Judged:
    asked.progress(0.0, "loading RAGAS")
    load_ragas()
    dry = Judge(asked.settings, None, asked.cache)
    planned = _in_thread(lambda _stop: _planned(taken, asked.metrics, dry))
    if asked.confirm and not asked.confirm(planned):
        raise CancelledError("stopped before the judge was asked anything")
    at = datetime.now(UTC)
    return _in_thread(lambda stop: _asking(taken, asked, at, stop))


async def _planned(taken: Sequence[AnswerRow], metrics: Sequence[str], judge: Judge) -> JudgePlan:
    return await plan(
        taken, metrics, judge.settings, lambda prompt, schema, sample: judge.cached(prompt, schema, sample=sample)
    )


async def _asking(taken: Sequence[AnswerRow], asked: _Asked, at: datetime, stop: threading.Event) -> Judged:
    async with Judge(asked.settings, key_for(asked.settings), asked.cache) as judge:

        def tell(share: float, message: str) -> None:
            asked.progress(share, f"{message}{_spent(judge.usage, asked.settings.currency)}")

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
    stop = threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    async def awaited() -> T:
        return await work(stop)

    def run() -> None:
        try:
            results.append(asyncio.run(awaited()))
        except BaseException as error:  # handed to the thread that waits, and raised there
            errors.append(error)

    thread = threading.Thread(target=run, name="scoring", daemon=True)
    thread.start()
    while thread.is_alive():
        try:
            thread.join()
        except KeyboardInterrupt:
            stop.set()
    if errors:
        raise errors[0]
    return results[0]


def _keep(report: AnswersReport, taken: Sequence[AnswerRow], folder: Path, out: Path | None) -> None:
    places = {row_id: place for place, row_id in enumerate(report.worst)}
    ordered = sorted(taken, key=lambda row: places.get(row.row_id, len(places)))
    with store.whole_folder(folder) as scratch:
        kept = store.to_json(_Kept(ANSWERS_VERSION, report), "kept-answers")
        (scratch / FILE).write_text(kept, encoding="utf-8")
        rows = store.to_json(_Rows(ANSWERS_VERSION, tuple(ordered)), "answer-rows")
        (scratch / ROWS).write_text(rows, encoding="utf-8")
    if out:
        store.write_text(out / FILE, store.to_json(report, "answers"))


def _read(path: Path, kind: type[T]) -> T | None:
    try:
        return store.from_json(path.read_text(encoding="utf-8"), kind) if path.is_file() else None
    except (InputError, OSError, UnicodeDecodeError) as error:
        log.warning("%s", error)
        return None
