"""What to ask, fetch or compute next: the expected drop of uncertainty per minute of people's time.

Steps are judged one by one, each as if it were the only one; after it is done, everything is computed afresh.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from workbench.diagnosis.catalogue import HandOver
from workbench.diagnosis.weights import (
    Bools,
    Floats,
    Looked,
    Model,
    moot_signals,
    probabilities,
    rates,
    single_weights,
)
from workbench.records import NextStep

MOST_STEPS = 8
MOST_SIGNALS = 6  # outcomes are enumerated: 2 ** 6 of them for one hand-over
LEAST_GAIN = 0.01  # bits; below this a step is not worth a sentence


def next_steps(model: Model, looked: Looked, priors: Floats) -> tuple[NextStep, ...]:
    """At most eight steps, the one that tells most per minute first; () when nothing worthwhile is unknown."""
    weeks = np.array([entry.weeks_lost for entry in model.catalogue.causes])
    stakes = weeks / weeks.mean()
    steps = [
        (_step(model, hand_over, places, gains), float(gains @ stakes) * hand_over.chance / hand_over.minutes)
        for hand_over, places in open_groups(model, looked)
        for gains in [expected_gain(model, looked, priors, places)]
    ]
    worthwhile = [pair for pair in steps if pair[0].expected_gain >= LEAST_GAIN]
    best_first = sorted(worthwhile, key=lambda pair: (-pair[1], pair[0].text))
    return tuple(step for step, _ in best_first[:MOST_STEPS])


def open_signals(model: Model, looked: Looked) -> Bools:
    """(S,) signals that carry no weight yet and still could."""
    return ~looked.known & ~moot_signals(model, looked)


def open_groups(model: Model, looked: Looked) -> list[tuple[HandOver, list[int]]]:
    """Hand-overs with the positions of the open signals that each would settle."""
    is_open = open_signals(model, looked)
    groups = [
        (entry, [model.position[s.id] for s in model.catalogue.signals if s.hand_over == entry.id])
        for entry in model.catalogue.hand_overs
    ]
    kept = [(entry, [place for place in places if is_open[place]]) for entry, places in groups]
    return [(entry, places) for entry, places in kept if places]


def expected_gain(model: Model, looked: Looked, priors: Floats, places: list[int]) -> Floats:
    """(H,) expected drop of entropy per cause in bits when the signals at `places` become known; never negative.

    A group of more than six signals is judged by its six most telling ones, so its gain is a lower bound.
    """
    telling = sorted(places, key=lambda place: -float(model.size[place].sum()))[:MOST_SIGNALS]
    outcomes = np.array(list(product((True, False), repeat=len(telling))))
    now = probabilities(model, single_weights(model, looked), priors)
    after = probabilities(model, single_weights(model, settled(model, looked, telling, outcomes)), priors)
    with_cause, without = (_chance(rate[telling], outcomes) for rate in rates(model))
    predicted = now * with_cause + (1 - now) * without
    gain: Floats = entropy(now) - (predicted * entropy(after)).sum(axis=0)
    return np.clip(gain, 0, None)


def settled(model: Model, looked: Looked, places: list[int], outcomes: Bools) -> Looked:
    """(B, S) what is known once `places` turned out as `outcomes` (B, places), seen or clean, at their best quality."""
    batch = (len(outcomes), 1)
    seen, clean, strength = np.tile(looked.seen, batch), np.tile(looked.clean, batch), np.tile(looked.strength, batch)
    seen[:, places], clean[:, places] = outcomes, ~outcomes
    strength[:, places] = model.best[places]
    return Looked(seen, clean, strength)


def _chance(rate: Floats, outcomes: Bools) -> Floats:
    """(B, H) chance of each outcome; `rate` is (places, H)."""
    chance: Floats = np.where(outcomes[..., None], rate, 1 - rate).prod(axis=1)
    return chance


def entropy(probability: Floats) -> Floats:
    """Entropy of a yes/no question in bits; 0 at 0 and 1."""
    inner = np.clip(probability, 1e-12, 1 - 1e-12)
    bits: Floats = -(inner * np.log2(inner) + (1 - inner) * np.log2(1 - inner))
    return bits


def _step(model: Model, hand_over: HandOver, places: list[int], gains: Floats) -> NextStep:
    return NextStep(
        kind=hand_over.kind,
        text=hand_over.text,
        minutes=hand_over.minutes,
        expected_gain=float(gains.sum()) * hand_over.chance,
        signals=tuple(model.catalogue.signals[place].id for place in places),
    )
