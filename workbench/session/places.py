"""Where results of a case are kept, and how one is found again: under a key of the client's files as they are now.

What the results hold is the business of whoever keeps them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from workbench import store
from workbench.case import Case, fingerprint, open_case

T = TypeVar("T")

INTAKE_FILE = "intake.json"
DIAGNOSIS_FILE = "diagnosis.json"
COMPARISON = "comparison"
EMBEDDINGS = "embeddings"
"""Folder of kept vectors in the derived results."""
RESULTS_VERSION = "6"
"""Part of every key: raise it when stored results of an older release must not be shown."""


def results_folder(case: Case) -> Path:
    """Where results for the client's files as they are now belong."""
    return case.derived / "results" / fingerprint(case.root, RESULTS_VERSION)


def stored(case: Case, name: str, kind: type[T]) -> T | None:
    """A result for the client's files as they are now, by the name of its file; None when there is none, or it is damaged."""
    return store.kept(results_folder(case) / name, kind)


def opened_case(case: Case | Path | str) -> Case:
    """The case itself, or opened by its folder.

    Raises:
        CaseError: no such case.
    """
    return case if isinstance(case, Case) else open_case(case)
