"""What the scores of a file are: a run of the harness, a pinned copy of one, marks of people beside a judge, or live scores.

Only runs make a history. The role is told by columns, head and name of the file; what it is worth is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Literal

from workbench.ingest.evals.columns import best_path, eval_formats, metric_label, moment_in_name
from workbench.ingest.evals.tables import Table
from workbench.ingest.logs.columns import normalised
from workbench.records import EvalRun

Role = Literal["run", "baseline", "marks", "live"]

FORMATS: Mapping[Role, str] = {
    "baseline": "pinned baseline",
    "marks": "judge beside people",
    "live": "scores of logged answers",
}
"""Role -> what a file without a tool's format is recognised as."""

_BASELINE = re.compile(r"baseline|pinned|champion", re.IGNORECASE)
_PINNED = frozenset({"pinned", "pinnedon", "pinnedat", "pinnedby", "isbaseline"})
_JUDGE = re.compile(r"judge|llm|auto", re.IGNORECASE)
_PERSON = re.compile(r"human|expert|annotator|person|people|reviewer", re.IGNORECASE)
_LIVE = re.compile(r"(^|[^a-z])(online|live|prod|production|sampled|traffic)([^a-z]|$)", re.IGNORECASE)
_HELD_OUT = re.compile(r"(^|[^a-z])(held[-_ ]?out|hold[-_ ]?out)([^a-z]|$)", re.IGNORECASE)
_TUNING = re.compile(r"(^|[^a-z])(dev|train|training|tune|tuning)([^a-z]|$)", re.IGNORECASE)


def role_of(table: Table) -> Role:
    """What the scores of a table are; a table without scores counts as a run here, and gives none.

    Marks: every score is one of a judge or of a person, both are there, and no run is named. Live: rows name a logged answer, or
    the file is named after live traffic, and they name no item, no reference and no run. Baseline: the file is named so or its
    head says that it was pinned, and no date in its name makes it one run of a series.
    """
    paths = table.columns.paths
    if _are_marks(table):
        return "marks"
    if "run_id" not in paths and "reference" not in paths and _are_live(table):
        return "live"
    head = {normalised(path) for path in table.header}
    pinned = bool(head & _PINNED) or bool(_BASELINE.search(_stem(table)))
    return "baseline" if pinned and moment_in_name(table.name) is None else "run"


def _are_marks(table: Table) -> bool:
    names = [metric_label(path) for path in table.columns.metrics]
    if "run_id" in table.columns.paths or "passed" in table.columns.paths:
        return False
    judges = [bool(_JUDGE.search(name)) for name in names]
    people = [bool(_PERSON.search(name)) for name in names]
    return any(judges) and any(people) and all(one or other for one, other in zip(judges, people, strict=True))


def _are_live(table: Table) -> bool:
    paths = table.columns.paths
    named = bool(_LIVE.search(_stem(table)))
    if "item_id" in paths:
        return False
    return named or (answer_column(table) is not None and "question" not in paths)


def answer_column(table: Table) -> str | None:
    """The column that says which logged answer a row scores; None where there is none."""
    names = {path: True for record in table.records[:50] for path in record.cells}
    return best_path(eval_formats()["live"]["answer_id"], names)


def without_copies(runs: Sequence[EvalRun], baselines: Sequence[EvalRun]) -> tuple[list[EvalRun], list[EvalRun]]:
    """(runs, baselines); where there is nothing but baselines they are the runs, for then they are the only record of one."""
    return (list(runs), list(baselines)) if runs else (list(baselines), [])


def held_out_by_name(names: Iterable[str]) -> Mapping[str, bool]:
    """File -> whether its items are held out, where one file is named so; those named after tuning are the other part."""
    stems = {name: PurePosixPath(name).stem for name in names}
    held = {name for name, stem in stems.items() if _HELD_OUT.search(stem)}
    tune = {name for name, stem in stems.items() if name not in held and _TUNING.search(stem)}
    return {**dict.fromkeys(held, True), **dict.fromkeys(tune, False)} if held else {}


def _stem(table: Table) -> str:
    return PurePosixPath(table.name).stem
