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
"""Name of the job that computes what the pages show."""


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
    """State of the steps that show computed results; steps without a computation are left out."""
    from workbench.compute import job_state
    from workbench.session import ANALYSIS, INTAKE, has_intake, stored_comparison, stored_diagnosis

    def missing_state(job_name: str) -> StepState:
        job = job_state(case.root, job_name)
        return "running" if job is not None and job.status in ("queued", "running") else "not measured"

    missing = missing_state(ANALYSIS)
    return {
        "intake": "done" if has_intake(case) else missing_state(INTAKE),
        "diagnosis": "done" if stored_diagnosis(case) is not None else missing,
        "lab": "done" if stored_comparison(case) is not None else missing,
    }
