"""What the analyses find: observations and diagnoses; comparisons stand in `workbench.records.comparison`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.records.corpus import Estimate, Source

Cause = Literal["evaluation", "governance", "retrieval", "outcome", "cost", "operations"]
CAUSES: tuple[Cause, ...] = ("evaluation", "governance", "retrieval", "outcome", "cost", "operations")


Status = Literal["seen", "clean", "unknown"]


@dataclass(frozen=True, slots=True)
class Observation:
    """What one signal says about this case: the only thing the diagnosis knows.

    Attributes:
        signal: id in `signals.yaml`, e.g. "R-05".
        status: seen (it speaks for its cause), clean (looked and not there), unknown (could not look: weighs nothing).
        finding: one sentence with the numbers in it; for unknown, what was missing.
        sources: places in the client's files that show it, the best first.
        quality: 0 to 1, how far the evidence can be trusted: 1.0 computed from logs or commits, 0.7 a dated paper,
            0.5 an undated one, 0.4 spoken.
        n: units looked at; `n_min` units are needed for full weight (weight scales with n / n_min).
        value: the number behind the finding, where there is one.
    """

    signal: str
    status: Status
    finding: str
    sources: tuple[Source, ...] = ()
    quality: float = 1.0
    n: int = 0
    n_min: int = 1
    value: Estimate | None = None


CauseVerdict = Literal["established", "likely", "open", "unlikely", "not_enough_evidence"]
CaseVerdict = Literal["established", "likely", "open", "none_found", "not_enough_evidence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of a cause's ledger. Decibans are 10 log10 of the likelihood ratio after quality and cluster discount."""

    signal: str
    title: str
    cluster: str
    observed: Status
    finding: str
    decibans: float
    quality: float
    n: int
    source: Source | None
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class CauseFinding:
    """What the evidence says about one cause.

    Attributes:
        probability: 0 to 1; `low` and `high` bound the middle 80 % of draws over weights and priors.
        coverage: observed share of the attainable weight of evidence, 0 to 1.
    """

    cause: Cause
    probability: float
    low: float
    high: float
    coverage: float
    prior: float
    verdict: CauseVerdict
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something to ask, fetch or compute; `expected_gain` in bits of entropy over the causes."""

    kind: Literal["question", "file", "computation"]
    text: str
    minutes: int
    expected_gain: float
    signals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The verdict on a case, with everything needed to dispute it."""

    case: str
    primary: Cause | None
    verdict: CaseVerdict
    sentence: str
    causes: tuple[CauseFinding, ...]
    next_steps: tuple[NextStep, ...]
    would_change: tuple[str, ...]
    not_measured: tuple[str, ...]
    top_cause_stability: float
    signals_version: str
