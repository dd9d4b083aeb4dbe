"""A case diagnosed: what its files show put before the model of causes, the result kept.

Weights are decided in `workbench.diagnosis`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import workbench
from workbench import compute, store
from workbench.case import Case, check_out, open_case, waiting
from workbench.comparison import compare as comparing
from workbench.comparison.grading import with_grades
from workbench.comparison.near_questions import compared_questions
from workbench.comparison.signals import observe_comparison
from workbench.comparison.tables import StoredComparison
from workbench.compute import Progress, scaled
from workbench.costs.limits import observe as observe_limits
from workbench.diagnosis import diagnose as weigh
from workbench.errors import CaseError, MissingPartError
from workbench.evaluation.harness import observe as observe_harness
from workbench.evaluation.near_questions import MOST_QUESTIONS
from workbench.governance.operations import observe as observe_operations
from workbench.governance.readiness import observe as observe_governance
from workbench.ingest.load import load_inputs, unread_files
from workbench.records import CaseInputs, Diagnosis, NearQuestions, Observation
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.symptoms import observe as observe_symptoms
from workbench.session.comparing import by_default, keep_comparison, stored_comparison
from workbench.session.places import DIAGNOSIS_FILE, EMBEDDINGS, opened_case, results_folder, stored
from workbench.session.taking_in import intake, stored_intake

ANALYSIS = "analysis"
"""Name of the job that computes everything the pages show."""
MOST_FAULTS = 3
"""Unreadable log lines told one by one in a diagnosis."""
NEAR_FILE = "near_questions.json"


def diagnose(case: Case | Path | str, *, out: Path | None = None, progress: Progress | None = None) -> Diagnosis:
    """Weigh everything a case shows, keep the result for the pages, and write `diagnosis.json` and `report.html` to `out`.

    The comparison is taken from an earlier run of all arms with the default encoder and engine when the client's files
    have not changed since; where it cannot be made (no corpus, no questions, no encoder) its signals are unknown.

    Raises:
        CaseError: `out` cannot be written to. InputError: labels that contradict themselves.
    """
    opened = opened_case(case)
    check_out(opened, out)
    kept = results_folder(opened)
    inputs = load_inputs(opened, progress=scaled(progress, 0.0, 0.1))
    result = stored_comparison(opened)
    if result is None or not by_default(result):
        try:
            found = comparing.compare(inputs, opened.derived / EMBEDDINGS, progress=scaled(progress, 0.1, 0.8))
            keep_comparison(opened, found, inputs, kept)
            result = with_grades(found, opened.root)
        except (CaseError, MissingPartError):
            result = None
    tell = scaled(progress, 0.8, 1.0)
    tell(0.0, "looking for signs of each cause")
    diagnosis = weigh(observe(with_near_questions(opened, inputs), result), case=opened.name)
    diagnosis = replace(
        diagnosis,
        not_measured=(
            *_left_waiting(opened),
            *unread_files(inputs),
            *inputs.log.faults[:MOST_FAULTS],
            *diagnosis.not_measured,
        ),
    )
    for folder in (kept, *([out] if out else [])):
        _write_diagnosis(diagnosis, result, folder)
    tell(1.0, "done")
    return diagnosis


def observe(inputs: CaseInputs, result: StoredComparison | None) -> list[Observation]:
    """Observations of every analysis on one case."""
    found = [
        *observe_harness(inputs),
        *observe_governance(inputs),
        *observe_symptoms(inputs),
        *observe_limits(inputs),
        *observe_operations(inputs),
    ]
    return [*found, *observe_comparison(result.comparison if result else None)]


def with_near_questions(case: Case, inputs: CaseInputs, progress: Progress | None = None) -> CaseInputs:
    """The inputs with what is known of near evaluation questions: kept from an earlier time, else worked out and kept.

    What could not be worked out is not kept, so that it is tried again once there is an encoder.
    """
    near = stored(case, NEAR_FILE, NearQuestions)
    if near is None or near.questions != min(len(inputs.evals.items), MOST_QUESTIONS):
        # Before anything is encoded: a file that changes meanwhile must not pass for one that was read.
        kept = results_folder(case)
        near = compared_questions(inputs, case.derived / EMBEDDINGS, progress)
        if not near.reason:
            store.write_text(kept / NEAR_FILE, store.to_json(near, "near-questions"))
    return replace(inputs, near=near)


def stored_diagnosis(case: Case) -> Diagnosis | None:
    """The diagnosis of the client's files as they are now; None when there is none, or it is damaged."""
    return stored(case, DIAGNOSIS_FILE, Diagnosis)


def start_analysis(case: Case) -> None:
    """Have a worker compute everything the pages show; progress is the job "analysis" of the case."""
    compute.submit(case.root, ANALYSIS, run_analysis, str(case.root))


def run_analysis(case_root: str) -> None:
    """The job behind `start_analysis`: what the worker runs."""
    compute.run_job(Path(case_root), ANALYSIS, lambda progress: _analyse(case_root, progress))


def warm_up() -> None:
    """Load the encoder, so that the first analysis does not wait for it; without one there is nothing to warm."""
    try:
        load_encoder(None)
    except MissingPartError:
        return


def _analyse(case_root: str, progress: Progress) -> None:
    case = open_case(case_root)
    if stored_intake(case) is None or waiting(case.root):
        intake(case, progress=scaled(progress, 0.0, 0.2))
    diagnose(case, progress=scaled(progress, 0.2, 1.0))


def _left_waiting(case: Case) -> list[str]:
    number = waiting(case.root)
    if not number:
        return []
    wait, were = ("file waits", "was") if number == 1 else ("files wait", "were")
    return [f"{number} {wait} in the drop folder and {were} not looked at; take the files in first"]


def _write_diagnosis(diagnosis: Diagnosis, result: StoredComparison | None, folder: Path) -> None:
    from workbench.report.html import render_report

    report = render_report(
        diagnosis,
        result.comparison if result else None,
        produced_at=datetime.now(UTC),
        version=workbench.__version__,
    )
    with store.whole_folder(folder) as scratch:
        (scratch / "report.html").write_text(report, encoding="utf-8")
        (scratch / DIAGNOSIS_FILE).write_text(store.to_json(diagnosis, "diagnosis"), encoding="utf-8")
