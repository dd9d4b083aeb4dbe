"""The evidence of a diagnosis in the order people read it: main causes first, heaviest lines first, silent lines apart."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.records import CauseFinding, Diagnosis, Evidence
from workbench.report.words import MAIN_CAUSES


@dataclass(frozen=True, slots=True)
class Ledger:
    """The evidence of one cause: what speaks for or against it, heaviest first, and what could not be looked at."""

    cause: CauseFinding
    weighed: tuple[Evidence, ...]
    silent: tuple[Evidence, ...]


def main_causes(diagnosis: Diagnosis) -> list[CauseFinding]:
    """The three causes a case is about, the most probable first."""
    return sorted((c for c in diagnosis.causes if c.cause in MAIN_CAUSES), key=lambda c: -c.probability)


def other_causes(diagnosis: Diagnosis) -> list[CauseFinding]:
    """The causes beside the three, in the order the diagnosis gives them."""
    return [c for c in diagnosis.causes if c.cause not in MAIN_CAUSES]


def ledger(cause: CauseFinding) -> Ledger:
    """The ledger of one cause."""
    weighed = sorted((e for e in cause.evidence if e.observed != "unknown"), key=lambda e: -abs(e.decibans))
    silent = tuple(e for e in cause.evidence if e.observed == "unknown")
    return Ledger(cause, tuple(weighed), silent)


def ledgers(diagnosis: Diagnosis) -> list[Ledger]:
    """Ledgers of all causes with any evidence, main causes first."""
    return [ledger(cause) for cause in (*main_causes(diagnosis), *other_causes(diagnosis)) if cause.evidence]
