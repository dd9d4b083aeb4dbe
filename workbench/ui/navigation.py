"""What the top bar shows: the cases, the steps whose page exists, the state of each step.

It runs in the server, before and beside the pages, so it imports no widgets and computes nothing about a case.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from workbench.case import SLUG, Case, is_case, open_case
from workbench.errors import CaseError
from workbench.ui.steps import STEPS, available_steps, step_href

StepState = Literal["done", "running", "not measured"]
CASES_VARIABLE = "WORKBENCH_CASES"
"""Environment variable with the workspace folders, separated by `os.pathsep`."""
COMPARISON_FILE = "comparison.json"
"""What `workbench.store.save_comparison` writes last."""


def workspaces_from(variable: str) -> tuple[Path, ...]:
    """The workspace folders a variable names; the current folder when it names none."""
    return tuple(Path(folder) for folder in variable.split(os.pathsep) if folder) or (Path.cwd(),)


def readable_cases(workspaces: Sequence[Path]) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """The cases of the workspaces in name order, and one sentence per folder that cannot be opened as one."""
    found: dict[str, Case] = {}
    faults = []
    for root in (root for folder in workspaces if folder.is_dir() for root in sorted(folder.iterdir())):
        if root.name in found or not SLUG.fullmatch(root.name) or not is_case(root):
            continue
        try:
            found[root.name] = open_case(root)
        except CaseError as error:
            faults.append(f"{root.name}: {error}")
    return tuple(sorted(found.values(), key=lambda case: case.slug)), tuple(faults)


def find_case(cases: Sequence[Case], slug: str) -> Case:
    """The case of this name among those that exist; a name is looked up, never made into a path.

    Raises:
        CaseError: there is none.
    """
    if SLUG.fullmatch(slug):
        for case in cases:
            if case.slug == slug:
                return case
    raise CaseError("There is no case of this name in the workspace; open one from the start page.")


def frame(notebook: str, case_slug: str, workspaces: Sequence[Path]) -> Mapping[str, object]:
    """What the template needs for the top bar of one page; plain values, escaped by the template.

    Args:
        notebook: file name of the page's notebook.
        case_slug: the case in the address; "" or an unknown name opens no case.
        workspaces: folders the cases are in.
    """
    cases, _ = readable_cases(workspaces)
    slug = case_slug if any(case.slug == case_slug for case in cases) else ""
    current = next((step for step in STEPS if step.notebook == notebook), STEPS[0])
    return {
        "home": step_href("start", slug),
        "case": slug,
        "cases": [{"slug": case.slug, "name": case.name} for case in cases],
        "state": f"/workbench/state?{urlencode({'case': slug})}" if slug else "",
        "step": current.key,
        "title": current.title,
        "steps": [
            {"key": step.key, "title": step.title, "href": step_href(step.key, slug)} for step in available_steps()
        ],
    }


def step_states(case: Case) -> Mapping[str, StepState]:
    """State of the steps that show computed results; steps without a computation are left out.

    A step is done when its result is there for the client's files as they are now. The file is looked for and not opened: a mark
    must not wait for megabytes, and a page whose result turns out to be damaged says so itself.
    """
    from workbench.compute import job_state
    from workbench.costing import COSTS, REST
    from workbench.evaluating import EVALUATION, HARNESS_FILE
    from workbench.session import ANALYSIS, COMPARISON, DIAGNOSIS_FILE, INTAKE, INTAKE_FILE, results_folder

    kept = results_folder(case)
    results = {
        "intake": (kept / INTAKE_FILE, INTAKE),
        "diagnosis": (kept / DIAGNOSIS_FILE, ANALYSIS),
        "lab": (kept / COMPARISON / COMPARISON_FILE, ANALYSIS),
        "evaluation": (kept / HARNESS_FILE, EVALUATION),
        "costs": (kept / COSTS / REST, COSTS),
    }

    def state(file: Path, job_name: str) -> StepState:
        if file.is_file():
            return "done"
        job = job_state(case.root, job_name)
        return "running" if job is not None and job.under_way else "not measured"

    return {key: state(file, job_name) for key, (file, job_name) in results.items()}
