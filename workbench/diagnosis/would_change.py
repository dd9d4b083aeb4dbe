"""What would change the answer: the smallest sets of missing or mistaken findings that move another cause to the front.

Looks at sets of up to three. Single findings are all tried; larger sets only among those that move the scales most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from workbench.diagnosis.next_steps import open_signals
from workbench.diagnosis.verdicts import primary
from workbench.diagnosis.weights import (
    Bools,
    Floats,
    Looked,
    Model,
    coverage,
    probabilities,
    single_weights,
    total_weights,
)
from workbench.records import CAUSES, Cause

MOST_SENTENCES = 3  # for missing and for mistaken findings each
TRIED = {1: None, 2: 24, 3: 12}  # set size -> how many of the most moving changes are combined


@dataclass(frozen=True, slots=True)
class Change:
    """One signal that turns out `seen` or not; `was_known` tells a mistake from a gap."""

    place: int
    seen: bool
    was_known: bool


def answer_changes(model: Model, looked: Looked, priors: Floats) -> tuple[str, ...]:
    """Sentences, missing findings before mistaken ones; says so when no set of three findings would change the answer."""
    is_open = open_signals(model, looked)
    gaps = [Change(int(place), seen, False) for place in np.flatnonzero(is_open) for seen in (True, False)]
    mistakes = [Change(int(place), not looked.seen[place], True) for place in np.flatnonzero(looked.known)]
    sentences = [
        _sentence(model, changes, answer)
        for options in (gaps, mistakes)
        for changes, answer in _smallest_sets(model, looked, priors, options)[:MOST_SENTENCES]
    ]
    return tuple(sentences) or ("No three findings, missing or mistaken, would change this answer.",)


def _smallest_sets(
    model: Model, looked: Looked, priors: Floats, options: Sequence[Change]
) -> list[tuple[tuple[Change, ...], Cause | None]]:
    """The smallest sets of options that change the answer, those that move the scales most first; [] when there is none."""
    now = _answers(model, [looked], priors)[0]
    moving = _most_moving_first(model, looked, options, now)
    for size, most in TRIED.items():
        sets = [each for each in combinations(moving[:most], size) if len({change.place for change in each}) == size]
        answers = _answers(model, [_changed(model, looked, each) for each in sets], priors)
        found = [(each, answer) for each, answer in zip(sets, answers, strict=True) if answer != now]
        if found:
            return found
    return []


def _most_moving_first(model: Model, looked: Looked, options: Sequence[Change], now: Cause | None) -> list[Change]:
    """Options by how far each moves some other cause ahead of the present answer."""
    if not options:
        return []
    before = total_weights(model, single_weights(model, looked))
    after = total_weights(model, single_weights(model, _stack([_changed(model, looked, (each,)) for each in options])))
    shift = after - before
    lead = shift[:, [CAUSES.index(now)]] if now else np.zeros((len(options), 1))
    others = [place for place, cause in enumerate(CAUSES) if cause != now]
    ahead = (shift[:, others] - lead).max(axis=1)
    return [options[place] for place in np.argsort(-ahead, kind="stable")]


def _changed(model: Model, looked: Looked, changes: Sequence[Change]) -> Looked:
    """What would be known after the changes; gaps are filled at their best quality, mistakes keep their strength."""
    seen, clean, strength = looked.seen.copy(), looked.clean.copy(), looked.strength.copy()
    for change in changes:
        seen[change.place], clean[change.place] = change.seen, not change.seen
        strength[change.place] = strength[change.place] if change.was_known else model.best[change.place]
    return Looked(seen, clean, strength)


def _stack(boards: Sequence[Looked]) -> Looked:
    seen: Bools = np.array([board.seen for board in boards])
    clean: Bools = np.array([board.clean for board in boards])
    strength: Floats = np.array([board.strength for board in boards])
    return Looked(seen, clean, strength)


def _answers(model: Model, boards: Sequence[Looked], priors: Floats) -> list[Cause | None]:
    """The primary cause of each board, None where there is none."""
    if not boards:
        return []
    stacked = _stack(boards)
    chances = probabilities(model, single_weights(model, stacked), priors)
    covered = coverage(model, stacked) >= model.catalogue.settings.min_coverage
    return [primary(model, each, seen_enough) for each, seen_enough in zip(chances, covered, strict=True)]


def _sentence(model: Model, changes: Sequence[Change], answer: Cause | None) -> str:
    kinds = dict.fromkeys(_TURNED_OUT[change.was_known, change.seen] for change in changes)
    conditions = "; ".join(_condition(model, changes, kind) for kind in kinds)
    then = (
        f"the answer would be {model.catalogue.cause(answer).name}" if answer else "no cause would stand out any more"
    )
    return f"If {conditions}, {then}."


_TURNED_OUT = {
    (True, True): "turned out to be there after all",
    (True, False): "turned out to be a mistake",
    (False, True): "were found",
    (False, False): "were ruled out",
}


def _condition(model: Model, changes: Sequence[Change], kind: str) -> str:
    """All changes of one kind in one clause: "both A (R-04) and B (R-08) turned out to be a mistake"."""
    signals = [model.catalogue.signals[c.place] for c in changes if _TURNED_OUT[c.was_known, c.seen] == kind]
    names = [f"“{signal.title}” ({signal.id})" for signal in signals]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{'each of ' if len(names) > 1 else ''}{listed} {kind}"
