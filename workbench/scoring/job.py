"""Scoring as a job of a case: a worker does it, and pages follow it. What a report is made of is decided elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench import compute
from workbench.case import Case
from workbench.compute import Progress
from workbench.errors import CancelledError
from workbench.records import JudgeSettings, Origin
from workbench.scoring.evaluating import evaluate

SCORING = "scoring"
"""Name of the job that scores answers."""


def start_scoring(
    case: Case,
    settings: JudgeSettings | None,
    limit: int | None = None,
    metrics: Sequence[str] | None = None,
    origin: Origin | None = None,
) -> None:
    """Have a worker score a case's answers; progress is the job "scoring" of the case.

    The worker looks the judge's key up itself, in its own environment or the keyring: none is handed over.
    """
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
