"""A case's files taken in: sorted, read, and what was found kept. What reading means is decided in `workbench.intake`."""

from __future__ import annotations

from pathlib import Path

from workbench import compute, store
from workbench.case import Case, check_out
from workbench.compute import Progress, scaled
from workbench.ingest.handover.drop_folder import take_in
from workbench.intake import take_stock
from workbench.records import Intake
from workbench.session.places import INTAKE_FILE, opened_case, results_folder, stored

INTAKE = "intake"
"""Name of the job that sorts in what was handed over and reads it."""


def intake(case: Case | Path | str, *, out: Path | None = None, progress: Progress | None = None) -> Intake:
    """Sort in what lies in the drop folder, read every file, keep the result for the pages, write `intake.json` to `out`.

    What was read before and has not changed since is not read again, also after a run that was stopped or killed.

    Raises:
        CaseError: `out` cannot be written to, or a file of the drop folder cannot be moved.
    """
    opened = opened_case(case)
    check_out(opened, out)
    placed = take_in(opened.root, progress=scaled(progress, 0.0, 0.1)) if opened.writable else []
    notes = [f"{entry.from_path}: {entry.reason}" for entry in placed if entry.reason]
    # Before anything is read: a file that changes meanwhile must not pass for one that was read.
    kept = results_folder(opened)
    found = take_stock(opened, notes=notes, progress=scaled(progress, 0.1, 1.0))
    for folder in (kept, *([out] if out else [])):
        store.write_text(folder / INTAKE_FILE, store.to_json(found, "intake"))
    return found


def stored_intake(case: Case) -> Intake | None:
    """The intake of the client's files as they are now; None when there is none, or it is damaged."""
    return stored(case, INTAKE_FILE, Intake)


def start_intake(case: Case) -> None:
    """Have a worker take the client's files in; progress is the job "intake" of the case."""
    compute.submit(case.root, INTAKE, run_intake, str(case.root))


def run_intake(case_root: str) -> None:
    """The job behind `start_intake`: what the worker runs."""
    compute.run_job(Path(case_root), INTAKE, lambda progress: _take_in(case_root, progress))


def _take_in(case_root: str, progress: Progress) -> None:
    intake(case_root, progress=progress)
