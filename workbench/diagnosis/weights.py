"""Weights of evidence: what the observed signals say about each cause, as additive log-odds.

All sums are over arrays in the order of the catalogue, so the order of observations cannot matter. Causes are judged one by
one: they do not share out a total of 1. Axis names below: B any leading axes, S signals, H causes (order of `CAUSES`).

Precedents: Good's weights of evidence; Spiegelhalter & Knill-Jones 1984 (GLADYS); clusters against overconfidence as in Iliad.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from workbench.diagnosis.catalogue import Catalogue, Signal, load_catalogue
from workbench.records import CAUSES, Observation

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DECIBANS = 10 / np.log(10)  # one deciban is a tenth of a power of ten of odds (Turing, Good)
LEAST_RATE = 0.02  # LR- = 1 beside LR+ > 1 would mean a signal that never shows


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The catalogue as arrays.

    Attributes:
        seen: (S, H) ln LR+. clean: (S, H) ln LR-; both 0 where a signal says nothing about a cause.
        size: (S, H) the larger of the two without sign: how much the signal can tell.
        best: (S,) quality of the best evidence the signal can have.
        moot: (S, S) row makes column moot.
        slots: (clusters, longest cluster) signal positions, S where a cluster is shorter.
    """

    catalogue: Catalogue
    position: dict[str, int]
    seen: Floats
    clean: Floats
    size: Floats
    best: Floats
    moot: Bools
    slots: NDArray[np.intp]

    @property
    def main(self) -> Bools:
        """(H,) the causes a case is judged by."""
        return np.array([entry.main for entry in self.catalogue.causes])


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What was looked at, (B, S) each: seen, clean, and the strength 0 to 1 (quality x sample factor; 0 is unknown)."""

    seen: Bools
    clean: Bools
    strength: Floats

    @property
    def known(self) -> Bools:
        """(B, S) signals that carry any weight."""
        return (self.seen | self.clean) & (self.strength > 0)


@cache
def load_model() -> Model:
    """The model of the catalogue that ships with the workbench."""
    return build_model(load_catalogue())


def build_model(catalogue: Catalogue) -> Model:
    """The catalogue as arrays."""
    signals = catalogue.signals
    position = {signal.id: place for place, signal in enumerate(signals)}
    seen, clean = _log_ratios(signals, 0), _log_ratios(signals, 1)
    moot = np.zeros((len(signals), len(signals)), dtype=bool)
    for signal in signals:
        moot[position[signal.id], [position[other] for other in signal.makes_moot]] = True
    return Model(
        catalogue=catalogue,
        position=position,
        seen=seen,
        clean=clean,
        size=np.maximum(np.abs(seen), np.abs(clean)),
        best=np.array([catalogue.quality[signal.best_evidence] for signal in signals]),
        moot=moot,
        slots=_slots(signals),
    )


def _log_ratios(signals: Sequence[Signal], which: int) -> Floats:
    """(S, H) natural log of LR+ (which 0) or LR- (which 1)."""
    ratios = [[signal.lr.get(cause, (1.0, 1.0))[which] for cause in CAUSES] for signal in signals]
    return np.log(np.array(ratios, dtype=np.float64))


def _slots(signals: Sequence[Signal]) -> NDArray[np.intp]:
    """(clusters, longest cluster) positions, padded with S."""
    members: dict[str, list[int]] = {}
    for place, signal in enumerate(signals):
        members.setdefault(signal.cluster, []).append(place)
    longest = max(map(len, members.values()))
    return np.array([places + [len(signals)] * (longest - len(places)) for places in members.values()], dtype=np.intp)


def observe(model: Model, observations: Sequence[Observation]) -> Looked:
    """Observations as arrays.

    Raises:
        ValueError: unknown or repeated signal ids, a quality outside 0 to 1, a negative n, n_min below 1; lists all of them.
    """
    faults = list(_faults(model, observations))
    if faults:
        raise ValueError("; ".join(faults))
    looked = nothing_looked_at(model)
    for observation in observations:
        place = model.position[observation.signal]
        looked.seen[place] = observation.status == "seen"
        looked.clean[place] = observation.status == "clean"
        looked.strength[place] = strength(observation)
    return looked


def nothing_looked_at(model: Model) -> Looked:
    """A fresh board on which every signal is unknown."""
    signals = len(model.position)
    return Looked(np.zeros(signals, dtype=bool), np.zeros(signals, dtype=bool), np.zeros(signals))


def strength(observation: Observation) -> float:
    """0 to 1: quality x min(1, n / n_min); 0 for unknown, and for a finding that rests on no units."""
    if observation.status == "unknown":
        return 0.0
    return observation.quality * min(1.0, observation.n / observation.n_min)


def _faults(model: Model, observations: Sequence[Observation]) -> Iterator[str]:
    times = Counter(observation.signal for observation in observations)
    yield from (f"signal '{name}' is observed {count} times" for name, count in sorted(times.items()) if count > 1)
    yield from (f"signal '{name}' is not in signals.yaml" for name in sorted(times.keys() - model.position.keys()))
    for observation in sorted(observations, key=lambda each: each.signal):
        if not 0 <= observation.quality <= 1:
            yield f"signal '{observation.signal}': quality {observation.quality} is not within 0 to 1"
        if observation.n < 0 or observation.n_min < 1:
            yield f"signal '{observation.signal}': n {observation.n} of n_min {observation.n_min} is no sample"


def single_weights(model: Model, looked: Looked) -> Floats:
    """(B, S, H) weight of each signal by itself: strength x ln LR."""
    log_ratios = looked.seen[..., None] * model.seen + looked.clean[..., None] * model.clean
    weights: Floats = log_ratios * looked.strength[..., None]
    return weights


def total_weights(model: Model, weights: Floats) -> Floats:
    """(B, H) sum over clusters after the discount, capped. `weights` is (B, S, H)."""
    by_cluster = _in_clusters(model, weights)
    settings = model.catalogue.settings
    each = _discounted(by_cluster, settings.redundancy) - _discounted(-by_cluster, settings.redundancy)
    total: Floats = each.sum(axis=-2)
    return np.clip(total, -np.log(settings.cap), np.log(settings.cap))


def discounted_weights(model: Model, weights: Floats) -> Floats:
    """(S, H) weight of each signal after its cluster's discount; they sum to the uncapped total. `weights` is (S, H)."""
    by_cluster = _in_clusters(model, weights)
    scaled = np.zeros((len(weights) + 1, weights.shape[-1]))
    for sign in (1.0, -1.0):
        side = np.clip(sign * by_cluster, 0, None)
        plain = side.sum(axis=-2)
        scale = _discounted(side, model.catalogue.settings.redundancy) / np.where(plain > 0, plain, 1)
        scaled[model.slots] += sign * side * scale[:, None, :]
    return scaled[:-1]


def _in_clusters(model: Model, weights: Floats) -> Floats:
    """(B, clusters, members, H); missing members weigh 0."""
    nobody = np.zeros((*weights.shape[:-2], 1, weights.shape[-1]))
    return np.concatenate([weights, nobody], axis=-2)[..., model.slots, :]


def _discounted(weights: Floats, redundancy: float) -> Floats:
    """Positive part of each cluster: sum of its k weights / (1 + (k - 1) r). `weights` is (B, clusters, members, H).

    Of all choices of members the one with the largest value counts, so a weak finding beside a strong one never makes the
    case weaker. For members of similar weight that is simply all of them. For and against are discounted apart.
    """
    strongest_first = -np.sort(-np.clip(weights, 0, None), axis=-2)
    divisors = 1 + np.arange(weights.shape[-2]) * redundancy
    best: Floats = (np.cumsum(strongest_first, axis=-2) / divisors[:, None]).max(axis=-2)
    return best


def coverage(model: Model, looked: Looked) -> Floats:
    """(B, H) share 0 to 1 of the attainable weight that was observed.

    A signal counts with its size x strength, of at most its size x best quality. Moot signals that nobody looked at are not
    attainable: once there is no evaluation set, its size cannot be asked for.
    """
    relevant = looked.known | ~moot_signals(model, looked)
    observed = np.minimum(np.where(looked.known, looked.strength, 0), model.best) @ model.size
    share: Floats = observed / ((relevant * model.best) @ model.size)
    return share


def moot_signals(model: Model, looked: Looked) -> Bools:
    """(B, S) signals that no longer matter because of what was seen."""
    moot: Bools = (looked.known & looked.seen) @ model.moot
    return moot


def logit(probability: Floats) -> Floats:
    """Log-odds of a probability strictly between 0 and 1."""
    return np.log(probability) - np.log1p(-probability)


def probabilities(model: Model, weights: Floats, priors: Floats) -> Floats:
    """(B, H) probability of each cause. `weights` is (B, S, H), `priors` (B, H) or (H,)."""
    result: Floats = 1 / (1 + np.exp(-(logit(priors) + total_weights(model, weights))))
    return result


def rates(model: Model) -> tuple[Floats, Floats]:
    """(S, H) chance that a signal shows with the cause and without it, as its two likelihood ratios imply.

    From LR+ = a / b and LR- = (1 - a) / (1 - b); both are 0.5 where the signal says nothing about the cause.
    """
    plus, minus = np.exp(model.seen), np.exp(model.clean)
    silent = model.size == 0
    without = np.maximum((1 - minus) / np.where(silent, 1, plus - minus), LEAST_RATE)
    return np.where(silent, 0.5, plus * without), np.where(silent, 0.5, without)
