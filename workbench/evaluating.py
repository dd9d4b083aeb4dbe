"""What a case shows of the client's evaluation harness: made, kept, found again.

It puts the parts in order; what they measure is decided in `workbench.evaluation`. Answers are scored by `workbench.scoring`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench import compute, store
from workbench.case import Case, open_case
from workbench.compute import Progress, scaled
from workbench.evaluation.coverage import coverage_report
from workbench.evaluation.drift import drifts, weeks
from workbench.evaluation.regressions import run_history
from workbench.evaluation.rubric import rubric
from workbench.evaluation.sample_size import sample_size
from workbench.ingest.load import load_inputs
from workbench.numbers import count
from workbench.records import CaseInputs, HarnessReport
from workbench.session import observe, results_folder, stored_comparison, with_near_questions

EVALUATION = "evaluation"
"""Name of the job that looks at the harness."""
HARNESS_FILE = "harness.json"
HARNESS_VERSION = "1"
"""Raise it when stored reports of an older release must not be shown."""


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    report: HarnessReport


def harness_report(case: Case | Path | str, *, progress: Progress | None = None) -> HarnessReport:
    """Everything the files of a case say about its evaluation harness; kept for the page.

    Args:
        case: an opened case or its folder.
        progress: called with the share done and what is being done.

    Raises:
        CaseError: no such case.
    """
    opened = case if isinstance(case, Case) else open_case(case)
    # Before anything is read: a file that changes meanwhile must not pass for one that was read.
    folder = results_folder(opened)
    inputs = load_inputs(opened, progress=scaled(progress, 0.0, 0.4))
    report = _report(opened, inputs, scaled(progress, 0.4, 1.0))
    store.write_text(folder / HARNESS_FILE, store.to_json(_Kept(HARNESS_VERSION, report), "harness"))
    return report


def start_evaluation(case: Case) -> None:
    """Have a worker look at the harness of a case; progress is the job "evaluation" of the case."""
    compute.submit(case.root, EVALUATION, run_evaluation, str(case.root))


def run_evaluation(case_root: str) -> None:
    """The job behind `start_evaluation`: what the worker runs."""
    compute.run_job(Path(case_root), EVALUATION, lambda progress: _run(case_root, progress))


def stored_harness(case: Case) -> HarnessReport | None:
    """The harness report of the client's files as they are now; None when there is none, or it is damaged or older."""
    kept = store.kept(results_folder(case) / HARNESS_FILE, _Kept)
    return kept.report if kept and kept.version == HARNESS_VERSION else None


def _run(case_root: str, progress: Progress) -> None:
    harness_report(case_root, progress=progress)


def _report(case: Case, inputs: CaseInputs, tell: Progress) -> HarnessReport:
    tell(0.0, "comparing evaluation runs")
    history = run_history(inputs)
    tell(0.2, "laying evaluation questions over the traffic")
    coverage = coverage_report(inputs)
    tell(0.5, "looking for drift")
    drift, by_week = drifts(inputs), weeks(inputs)
    tell(0.8, "going through the rubric")
    found = observe(with_near_questions(case, inputs, scaled(tell, 0.8, 0.95)), stored_comparison(case))
    report = HarnessReport(
        case=case.name,
        rubric=rubric(inputs, found),
        sample_size=sample_size(inputs, history),
        coverage=coverage,
        drift=drift,
        weeks=by_week,
        history=history,
        notes=tuple(_notes(inputs)),
    )
    tell(1.0, "done")
    return report


def _notes(inputs: CaseInputs) -> list[str]:
    notes = [f"Not read: {told}." for told in inputs.evals.unrecognised]
    looked = len(inputs.log.interactions)
    if inputs.log.total > looked:
        notes.append(f"Traffic is looked at in a sample of {count(looked)} of {count(inputs.log.total)} questions.")
    return notes
