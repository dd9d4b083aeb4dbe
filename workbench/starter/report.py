"""What was written for a starter harness, as one value; its words stand in `workbench.report.harness_text`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.records import Estimate


@dataclass(frozen=True, slots=True)
class StarterReport:
    """A starter harness that was written.

    Attributes:
        folder: where it lies.
        written: paths of the files, relative to it. kept: files left as they were, for people have changed them since.
        dev, held_out: questions of each set. topics: groups of similar logged questions they were drawn from.
        known: questions with known documents or a reference answer, both sets.
        to_write: cases that people have to write: unanswerable ones and such that depend on who asks.
        k: depth of success@k.
        baseline: success@k of the deployed system on the dev set, as its log tells; not measured says why.
        drop: smallest drop of it that the dev set finds with 80 % chance; None where there is nothing to compare.
        notes: what else a person should know, one sentence each.
    """

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    dev: int
    held_out: int
    topics: int
    known: int
    to_write: int
    k: int
    baseline: Estimate
    drop: float | None
    notes: tuple[str, ...] = ()
