"""From observations to a diagnosis that can be disputed line by line.

Knows nothing of files: everything about the case comes in as observations, everything about weights from `signals.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.diagnosis.catalogue import Signal
from workbench.diagnosis.draws import draw
from workbench.diagnosis.next_steps import next_steps
from workbench.diagnosis.verdicts import case_verdict, cause_verdict, most_probable, primary
from workbench.diagnosis.weights import (
    DECIBANS,
    Floats,
    Looked,
    Model,
    coverage,
    discounted_weights,
    load_model,
    observe,
    probabilities,
    single_weights,
)
from workbench.diagnosis.wording import case_sentence, not_measured
from workbench.diagnosis.would_change import answer_changes
from workbench.records import CAUSES, Cause, CauseFinding, Diagnosis, Evidence, Observation


def diagnose(
    observations: Sequence[Observation], *, case: str, priors: Mapping[Cause, float] | None = None, seed: int = 0
) -> Diagnosis:
    """What blocks the pilot, judged cause by cause from what was observed.

    Without observations every cause stays at its prior and the verdict is `not_enough_evidence`. The same observations give
    the same diagnosis in whatever order they come. `causes` are ordered: enough coverage first, then by probability.

    Args:
        observations: at most one per signal; signals that are not mentioned are unknown.
        case: name of the case.
        priors: probability per cause before any evidence, strictly between 0 and 1; causes left out keep that of the catalogue.
        seed: of the draws behind the bands and `top_cause_stability` (0 when no cause has enough coverage).

    Raises:
        ValueError: unknown or repeated signals, impossible quality or n, impossible priors; lists all of a kind.
    """
    model = load_model()
    looked, start = observe(model, observations), _priors(model, priors or {})
    weights = single_weights(model, looked)
    chances, shares = probabilities(model, weights, start), coverage(model, looked)
    covered = shares >= model.catalogue.settings.min_coverage
    shaken = draw(model, looked, start, np.random.default_rng(seed))
    low, high = shaken.band()
    ledger = discounted_weights(model, weights)
    findings = [
        _finding(cause, chances[h], (low[h], high[h]), shares[h], bool(covered[h]), start[h], evidence)
        for h, cause in enumerate(CAUSES)
        for evidence in [_ledger(model, observations, ledger[:, h], cause)]
    ]
    ranked = tuple(sorted(findings, key=lambda each: (each.verdict == "not_enough_evidence", -each.probability)))
    first = primary(model, chances, covered)
    verdict = case_verdict(first, findings, model.catalogue.main_causes)
    stability = shaken.stability(most_probable(chances, covered), covered)
    return Diagnosis(
        case=case,
        primary=first,
        verdict=verdict,
        sentence=case_sentence(model.catalogue, verdict, first, ranked, stability),
        causes=ranked,
        next_steps=next_steps(model, looked, start),
        would_change=answer_changes(model, looked, start),
        not_measured=_not_measured(model, looked, observations),
        top_cause_stability=stability,
        signals_version=model.catalogue.version,
    )


def _priors(model: Model, chosen: Mapping[Cause, float]) -> Floats:
    """(H,) priors of the catalogue, replaced where chosen."""
    faults = [
        f"prior of '{cause}': {value}" for cause, value in chosen.items() if cause not in CAUSES or not 0 < value < 1
    ]
    if faults:
        raise ValueError(f"priors are for {', '.join(CAUSES)}, strictly between 0 and 1; found " + "; ".join(faults))
    return np.array([chosen.get(entry.cause, entry.prior) for entry in model.catalogue.causes])


def _finding(
    cause: Cause,
    probability: float,
    band: tuple[float, float],
    share: float,
    covered: bool,
    prior: float,
    evidence: tuple[Evidence, ...],
) -> CauseFinding:
    """One cause; the band is widened to hold the estimate itself where the draws lie to one side of it."""
    low, high = min(float(band[0]), float(probability)), max(float(band[1]), float(probability))
    return CauseFinding(
        cause=cause,
        probability=float(probability),
        low=low,
        high=high,
        coverage=float(share),
        prior=float(prior),
        verdict=cause_verdict(float(probability), low, covered),
        evidence=evidence,
    )


def _ledger(model: Model, observations: Sequence[Observation], weights: Floats, cause: Cause) -> tuple[Evidence, ...]:
    """The observations that bear on the cause, heaviest first; unknown ones last with weight 0."""
    lines = [
        _evidence(signal, observation, DECIBANS * weights[model.position[signal.id]])
        for observation in observations
        for signal in [model.catalogue.signals[model.position[observation.signal]]]
        if cause in signal.lr
    ]
    return tuple(sorted(lines, key=lambda line: (line.observed == "unknown", -abs(line.decibans), line.signal)))


def _evidence(signal: Signal, observation: Observation, decibans: float) -> Evidence:
    return Evidence(
        signal=signal.id,
        title=signal.title,
        cluster=signal.cluster,
        observed=observation.status,
        finding=observation.finding,
        decibans=float(decibans),
        quality=observation.quality,
        n=observation.n,
        source=observation.sources[0] if observation.sources else None,
        sources=observation.sources,
    )


def _not_measured(model: Model, looked: Looked, observations: Sequence[Observation]) -> tuple[str, ...]:
    reasons = {observation.signal: observation.finding for observation in observations}
    return not_measured(model, looked, reasons)
