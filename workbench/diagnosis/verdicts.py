"""From probability, band and coverage to a word; the words and their limits are fixed here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.diagnosis.weights import Bools, Floats, Model
from workbench.records import CAUSES, CaseVerdict, Cause, CauseFinding, CauseVerdict

ESTABLISHED, ESTABLISHED_LOW = 0.85, 0.7
LIKELY = 0.6
OPEN = 0.35


def cause_verdict(probability: float, low: float, covered: bool) -> CauseVerdict:
    """The word for one cause; without enough coverage there is none, whatever the probability."""
    if not covered:
        return "not_enough_evidence"
    if probability >= ESTABLISHED and low >= ESTABLISHED_LOW:
        return "established"
    if probability >= LIKELY:
        return "likely"
    return "open" if probability >= OPEN else "unlikely"


def most_probable(probabilities: Floats, covered: Bools) -> int | None:
    """Position of the most probable cause among those covered, ties by the order of `CAUSES`; None when none is covered."""
    return int(np.where(covered, probabilities, -1.0).argmax()) if covered.any() else None


def primary(model: Model, probabilities: Floats, covered: Bools) -> Cause | None:
    """The most probable covered cause if it is at least likely; None otherwise, and when no main cause is covered."""
    top = most_probable(probabilities, covered)
    if top is None or not covered[model.main].any() or probabilities[top] < LIKELY:
        return None
    return CAUSES[top]


def case_verdict(first: Cause | None, findings: Sequence[CauseFinding], main: Sequence[Cause]) -> CaseVerdict:
    """The word for the case, given its primary cause."""
    words: Mapping[Cause, CauseVerdict] = {finding.cause: finding.verdict for finding in findings}
    main_words = {words[cause] for cause in main}
    if main_words == {"not_enough_evidence"}:
        return "not_enough_evidence"
    if first is not None:
        return "established" if words[first] == "established" else "likely"
    return "none_found" if main_words == {"unlikely"} else "open"
