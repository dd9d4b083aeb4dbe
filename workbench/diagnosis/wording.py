"""The sentences of a diagnosis: what a consultant reads aloud. Words only; every number is computed elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.diagnosis.catalogue import Catalogue, Signal
from workbench.diagnosis.next_steps import open_signals
from workbench.diagnosis.weights import Looked, Model
from workbench.numbers import probability
from workbench.records import CaseVerdict, Cause, CauseFinding

TELLING = 4.0  # likelihood ratio from which an open signal deserves a line
SUPPORTED = ("established", "likely")
OPENINGS = {
    "established": "What blocks this pilot is",
    "likely": "What most likely blocks this pilot is",
    "suspected": "What blocks this pilot is suspected to be",
}


def case_sentence(
    catalogue: Catalogue, verdict: CaseVerdict, first: Cause | None, findings: Sequence[CauseFinding], stability: float
) -> str:
    """The verdict with probability and band in plain words, preceded and followed by what has to come first."""
    by_cause = {finding.cause: finding for finding in findings}
    if verdict == "not_enough_evidence":
        return _not_enough(catalogue, by_cause)
    if first is None:
        return _no_primary(catalogue, verdict, findings)
    suspected = first == "retrieval" and by_cause["evaluation"].verdict in SUPPORTED
    opening = OPENINGS["suspected" if suspected else verdict]
    sentences = (
        _outcome_first(by_cause, first),
        f"{opening} {catalogue.cause(first).name}: probability {_chance(by_cause[first])}.",
        _steadiness(catalogue, findings, stability),
        _measure_first(by_cause, first),
        _others(catalogue, findings, first),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _steadiness(catalogue: Catalogue, findings: Sequence[CauseFinding], stability: float) -> str:
    if sum(finding.verdict != "not_enough_evidence" for finding in findings) == 1:
        return "It is the only cause with enough evidence to judge."
    draws = catalogue.settings.draws
    return f"It stays first in {probability(stability)} of {draws} recalculations with other weights and priors."


def _outcome_first(by_cause: Mapping[Cause, CauseFinding], first: Cause | None = None) -> str:
    """No target can be met that nobody agreed, so that comes before any other cause."""
    outcome = by_cause["outcome"]
    if first == "outcome" or outcome.verdict not in SUPPORTED:
        return ""
    return f"First agree the outcome: it is missing with probability {probability(outcome.probability)}."


def _measure_first(by_cause: Mapping[Cause, CauseFinding], first: Cause) -> str:
    """Without a trusted evaluation, wrong retrieval cannot be told from wrong measurement."""
    if any(by_cause[cause].verdict not in SUPPORTED for cause in ("retrieval", "evaluation")):
        return ""
    if first == "retrieval":
        chance = probability(by_cause["evaluation"].probability)
        return f"Measure first: a trusted evaluation is missing with probability {chance}."
    return f"Wrong retrieval is suspected too ({probability(by_cause['retrieval'].probability)}): measure first."


def _others(catalogue: Catalogue, findings: Sequence[CauseFinding], first: Cause) -> str:
    """Causes occur together; those that another sentence names already are left out."""
    by_cause = {finding.cause: finding for finding in findings}
    told = {first, "outcome"} | ({"retrieval", "evaluation"} if _measure_first(by_cause, first) else set())
    rest = [finding for finding in findings if finding.verdict in SUPPORTED and finding.cause not in told]
    named = [f"{catalogue.cause(each.cause).name} ({probability(each.probability)})" for each in rest]
    return f"Beside it stands {' and '.join(named)}." if named else ""


def _not_enough(catalogue: Catalogue, by_cause: Mapping[Cause, CauseFinding]) -> str:
    shares = ", ".join(f"{cause} {probability(by_cause[cause].coverage)}" for cause in catalogue.main_causes)
    start = _outcome_first(by_cause)
    return (
        f"{start}{' ' if start else ''}There is not enough evidence to name a cause: covered so far are {shares} of what "
        f"could be known; {probability(catalogue.settings.min_coverage)} is needed."
    )


def _no_primary(catalogue: Catalogue, verdict: CaseVerdict, findings: Sequence[CauseFinding]) -> str:
    main = [finding for finding in findings if finding.cause in catalogue.main_causes]
    if verdict == "none_found":
        chances = ", ".join(f"{finding.cause} {probability(finding.probability)}" for finding in main)
        return f"None of the three main causes blocks this pilot as far as the evidence goes: {chances}."
    covered = [finding for finding in findings if finding.verdict != "not_enough_evidence"]
    nearest = max(covered, key=lambda finding: finding.probability)
    name = catalogue.cause(nearest.cause).name
    return f"The evidence does not decide yet: nearest is {name}, probability {_chance(nearest)}."


def _chance(finding: CauseFinding) -> str:
    return f"{probability(finding.probability)}, 80 % band {probability(finding.low)} to {probability(finding.high)}"


def not_measured(model: Model, looked: Looked, reasons: Mapping[str, str]) -> tuple[str, ...]:
    """One line for each open signal that could shift a cause by a likelihood ratio of 4 or more, in catalogue order.

    `reasons` says of some signals why they could not be looked at.
    """
    is_open = open_signals(model, looked) & (model.size.max(axis=1) >= np.log(TELLING))
    signals = [signal for signal, keep in zip(model.catalogue.signals, is_open, strict=True) if keep]
    return tuple(f"{s.title} ({s.id}): {reasons.get(s.id) or _not_looked_at(model.catalogue, s)}" for s in signals)


def _not_looked_at(catalogue: Catalogue, signal: Signal) -> str:
    why = "not looked at." if signal.computed else "this version does not look for it by itself."
    return f"{why} {catalogue.hand_over(signal.hand_over).text}"
