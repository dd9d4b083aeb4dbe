"""What a person asks of a judge, and what it would take: worked out by a worker and kept, so that it is known before it begins.

Judging itself is `workbench.scoring`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench import compute, scoring, store
from workbench.answers.judge import ReplyCache, judge_from_environment, keep_judge, kept_judge
from workbench.case import Case, open_case
from workbench.compute import Progress
from workbench.errors import InputError
from workbench.records import JudgePlan, JudgeSettings, Origin
from workbench.session import results_folder

PLAN = "judging-plan"
"""Name of the job that works a plan out."""
PLAN_FILE = "judging-plan.json"
PLAN_VERSION = "1"
"""Raise it when plans kept by an older release must not be shown."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What is asked: which judge, which metrics, how many answers at most, and where they are taken from.

    Attributes:
        limit: None for as many as are taken without one. origin: None for evaluation files where they hold answers, else the log.
    """

    judge: JudgeSettings
    metrics: tuple[str, ...]
    limit: int | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    judging: Judging
    plan: JudgePlan


def known_judge(case: Case) -> JudgeSettings | None:
    """The judge the environment names, else the one kept with the case; None where there is none.

    Raises:
        InputError: what is there cannot be used.
    """
    return judge_from_environment() or kept_judge(case.root)


def start_plan(case: Case, judging: Judging) -> None:
    """Have a worker find out what judging would take; progress is the job "judging-plan" of the case.

    Raises:
        InputError: another plan is being worked out.
    """
    _check_idle(case, PLAN, "another plan is being worked out")
    compute.submit(case.root, PLAN, run_plan, str(case.root), judging)


def run_plan(case_root: str, judging: Judging) -> None:
    """The job behind `start_plan`: what the worker runs. Nothing is asked of the judge."""

    def work(progress: Progress) -> None:
        case = open_case(Path(case_root))
        # Before anything is read: a file that changes meanwhile must not pass for one that was read.
        folder = results_folder(case)
        plan = scoring.scoring_plan(
            case, judging.judge, judging.limit, judging.metrics, judging.origin, progress=progress
        )
        store.write_text(folder / PLAN_FILE, store.to_json(_Kept(PLAN_VERSION, judging, plan), "judging-plan"))
        progress(1.0, "done")

    compute.run_job(Path(case_root), PLAN, work)


def stored_plan(case: Case, judging: Judging) -> JudgePlan | None:
    """The plan for exactly this, the files as they are now and the replies that are kept; None where there is none."""
    path = results_folder(case) / PLAN_FILE
    if _outdated(path, ReplyCache.of(case.derived).store):
        return None
    kept = store.kept(path, _Kept)
    return kept.plan if kept and kept.version == PLAN_VERSION and kept.judging == judging else None


def start_judging(case: Case, judging: Judging) -> None:
    """Keep the judge with the case, where it can be written to, and have a worker judge; progress is the job "scoring".

    Raises:
        InputError: settings that cannot be used, or answers are being scored already.
    """
    _check_idle(case, scoring.SCORING, "answers are being scored already")
    if case.writable:
        keep_judge(case.root, judging.judge)
    scoring.start_scoring(case, judging.judge, judging.limit, judging.metrics, judging.origin)


def _outdated(plan: Path, replies: Path) -> bool:
    """Whether replies were kept since a plan was worked out, by whoever judged: it would take less now."""
    try:
        return plan.stat().st_mtime_ns < replies.stat().st_mtime_ns
    except FileNotFoundError:
        return False


def _check_idle(case: Case, job: str, busy: str) -> None:
    state = compute.job_state(case.root, job)
    if state is not None and state.under_way:
        raise InputError(f"{case.name}: {busy}; wait until that ends, or stop it, and begin again")
