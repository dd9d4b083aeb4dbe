"""The section on data: who wrote the references, size, coverage, hard cases, leakage, age.

It reads items and observations; whether runs use them is the business of the other sections.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.evaluation.eval_set import HARD_KINDS, last_change
from workbench.evaluation.maturity.evidence import Evidence, Found, Rule, by_signal, named, no_set
from workbench.evaluation.sample_size import ASSUMED_RATE, has_reference, smallest_drop_paired
from workbench.observing import counted, first_sources, listed, of

MOST_WITHOUT = 0.1
FULL_DROP, HALF_DROP = 0.05, 0.10
ASKED_KINDS = ("unanswerable", "permission", "adversarial")
HELD_OUT = re.compile(r"\bheld ?out\b|\bhold ?out\b|^split$|^test split$")


def references(evidence: Evidence) -> Found:
    """References on nine in ten items, written by others than those who write the prompts (E-17)."""
    if absent := no_set(evidence):
        return absent
    items = evidence.inputs.evals.items
    with_reference = [item for item in items if has_reference(item)]
    fact = f"{of(len(with_reference), len(items))} questions have a reference"
    if not with_reference:
        return Found(0.0, f"{fact}.", (items[0].source,), ("E-02",))
    seen = evidence.signal("E-17")
    sources = first_sources([with_reference[0].source, *seen.sources])
    finding = f"{fact}; {seen.finding[:1].lower()}{seen.finding[1:]}"
    if seen.status == "unknown":
        return Found(None, finding, sources, ("E-17",))
    few = len(items) - len(with_reference) > MOST_WITHOUT * len(items)
    return Found(0.0 if seen.status == "seen" else 0.5 if few else 1.0, finding, sources, ("E-17",))


def size(evidence: Evidence) -> Found:
    """A drop of 5 points shows (1) or of 10 (0.5); scores too uncertain for what is claimed (E-03) cost half."""
    if absent := no_set(evidence):
        return absent
    n = sum(map(has_reference, evidence.inputs.evals.items))
    drop = smallest_drop_paired(n, ASSUMED_RATE)
    score = 0.0 if drop is None or drop > HALF_DROP else 0.5 if drop > FULL_DROP else 1.0
    shown = "no drop at all" if drop is None else f"a drop of {100 * drop:.0f} points"
    finding = f"{counted(n, 'question')} with a reference can show {shown}"
    unsure = evidence.signal("E-03")
    sources = first_sources([evidence.inputs.evals.items[0].source, *unsure.sources])
    if unsure.status == "seen":
        return Found(min(score, 0.5), f"{finding}; {unsure.finding}", sources, ("E-02", "E-03"))
    return Found(score, f"{finding}.", sources, ("E-02", "E-03"))


def coverage(evidence: Evidence) -> Found:
    """Topics without a question hold less than a fifth of the traffic (E-05)."""
    return no_set(evidence) or by_signal(evidence, "E-05")


def hard_cases(evidence: Evidence) -> Found:
    """Three kinds of hard case: unanswerable, permission, adversarial; one or two give half."""
    if absent := no_set(evidence):
        return absent
    items = evidence.inputs.evals.items
    if not any(item.kind for item in items):
        return Found(
            None, f"The {counted(len(items), 'question')} do not say what kind of case they are.", (), ("E-06",)
        )
    of_kind = {kind: [i for i in items if i.kind and HARD_KINDS[kind].search(i.kind)] for kind in ASKED_KINDS}
    there = [f"{len(found)} {kind}" for kind, found in of_kind.items() if found]
    absent_kinds = [kind for kind, found in of_kind.items() if not found]
    rest = f"; no {listed(absent_kinds)}" if absent_kinds else ""
    finding = (
        f"Of {counted(len(items), 'question')}: {listed(there)}{rest}."
        if there
        else f"There is no {listed(absent_kinds)} case."
    )
    score = 1.0 if not absent_kinds else 0.5 if there else 0.0
    return Found(score, finding, first_sources(found[0].source for found in of_kind.values() if found), ("E-06",))


def held_out(evidence: Evidence) -> Found:
    """A marked held-out part, and neither leakage (E-07) nor copies (E-08); one of the two gives half."""
    if absent := no_set(evidence):
        return absent
    leak, copies = evidence.signal("E-07"), evidence.signal("E-08")
    part = named(evidence.fields, HELD_OUT)
    fact = f"A held-out part is marked (`{next(iter(part))}`)" if part else "No held-out part is marked"
    sources = first_sources([*part.values(), *leak.sources, *copies.sources])
    seen = [signal.finding for signal in (leak, copies) if signal.status == "seen"]
    finding = f"{fact}. {' '.join(seen or [leak.finding, copies.finding])}"
    if seen:
        score: float | None = 0.5 if part else 0.0
    elif "unknown" in (leak.status, copies.status):
        score = None
    else:
        score = 1.0 if part else 0.5
    return Found(score, finding, sources, ("E-07", "E-08"))


def refreshed(evidence: Evidence) -> Found:
    """The newest question is not older than the last change in use, and references are in the corpus (E-09)."""
    if absent := no_set(evidence):
        return absent
    found = by_signal(evidence, "E-09")
    dated = any(item.added_on for item in evidence.inputs.evals.items)
    if found.score == 1.0 and not (dated and last_change(evidence.inputs.log.interactions)):
        reason = "the log shows no change of version" if dated else "no question says when it was added"
        return Found(None, f"Whether the set was refreshed cannot be told: {reason}.", found.sources, found.signals)
    return found


RULES: Mapping[str, Rule] = {
    "references": references,
    "size": size,
    "coverage": coverage,
    "hard_cases": hard_cases,
    "held_out": held_out,
    "refreshed": refreshed,
}
