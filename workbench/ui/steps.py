"""The steps of a session in their order, and where their notebooks are.

Nothing here imports widgets: the server uses it for the navigation, the pages for their links.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from workbench.errors import MissingPartError


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a session.

    Attributes:
        key: short name used in addresses and code.
        title: what the top bar says.
        notebook: file name below the notebooks folder.
        minutes: planned minutes of a 30-minute session; 0 where the step is not part of it.
        say: what the consultant says when it opens.
    """

    key: str
    title: str
    notebook: str
    minutes: int
    say: str


STEPS: tuple[Step, ...] = (
    Step("start", "Start", "00_start.ipynb", 2, "What we look at, and what we will leave you with."),
    Step("intake", "Intake", "01_intake.ipynb", 4, "These are your files, and what we could read of them."),
    Step(
        "diagnosis", "Diagnosis", "02_diagnosis.ipynb", 8, "This is what holds the pilot up, and the evidence for it."
    ),
    Step(
        "lab",
        "Retrieval lab",
        "03_retrieval_lab.ipynb",
        8,
        "The same questions on your documents, searched four ways.",
    ),
    Step("evaluation", "Evaluation", "04_evaluation.ipynb", 3, "How you would know tomorrow that a change helped."),
    Step(
        "governance", "Governance", "05_governance.ipynb", 2, "What an auditor would ask for, and when it was written."
    ),
    Step("costs", "Costs", "06_costs.ipynb", 1, "What this costs at full use, and what would save."),
    Step("report", "Report", "07_report.ipynb", 2, "What you take with you, and what happens in the first week."),
)


def step(key: str) -> Step:
    """The step of this key.

    Raises:
        ValueError: no step has this key.
    """
    for candidate in STEPS:
        if candidate.key == key:
            return candidate
    raise ValueError(f"no step {key!r}; known: {', '.join(s.key for s in STEPS)}")


def notebooks_dir() -> Path:
    """The folder of the session's notebooks: beside the package in a checkout, or inside it where they were put there.

    Raises:
        MissingPartError: neither holds the start page.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "notebooks", package / "notebooks"):
        if (folder / STEPS[0].notebook).is_file():
            return folder
    raise MissingPartError("The notebooks are not there; run the workbench from its checkout (`make serve`).")


def available_steps(folder: Path | None = None) -> tuple[Step, ...]:
    """The steps whose notebook exists, in session order; the others are left out of the navigation."""
    where = folder or notebooks_dir()
    return tuple(s for s in STEPS if (where / s.notebook).is_file())


def step_href(key: str, case_slug: str | None = None) -> str:
    """Address of a step's page, relative to the server's root."""
    query = f"?{urlencode({'case': case_slug})}" if case_slug else ""
    return f"/voila/render/{step(key).notebook}{query}"
