"""Component blame: how much of the gain over naive retrieval each component brings, as its exact Shapley value.

It reads values of a measure for every combination of components, one a question; running the combinations is the business
of whoever calls. A component that was not run has no value at all, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np

from workbench.evaluation.resampling import Values
from workbench.evaluation.statistics import difference_estimates, mean_estimate
from workbench.records import ComponentBlame, SubsetScore

MOST_COMPONENTS = 8
"""256 combinations; a pipeline with more parts than that is not one that is run in every combination."""

DECIMALS = 12
"""Gains are rounded here, so that what rounding leaves of equal values counts as equal."""

Subset = frozenset[str]


def component_blame(
    measure: str,
    values: Mapping[Subset, Mapping[str, float]],
    components: Sequence[str],
    rng: np.random.Generator,
    not_tested: Mapping[str, str] | None = None,
) -> ComponentBlame:
    """Shapley values of the components that were run, with intervals over questions.

    The gain of a component is what it adds to the measure, averaged over every order in which the components can be added
    to naive retrieval. The gains add up to the difference between all components and none, for each question and so for the
    mean; the intervals come from one set of resampled questions, so that they belong together.

    Args:
        measure: name of the measure.
        values: subset of components -> question -> value; the empty subset is naive retrieval. Every subset of the
            components that were run, over the same questions.
        components: in the order they are shown; those in `not_tested` are left out.
        rng: source of the resamples.
        not_tested: component -> why it was not run.

    Raises:
        ValueError: a subset is missing, two subsets hold other questions, or there are more than eight components.

    Source: Shapley 1953, "A value for n-person games", Contributions to the Theory of Games 2.
    """
    missing = dict(not_tested or {})
    run = [component for component in dict.fromkeys(components) if component not in missing]
    if len(run) > MOST_COMPONENTS:
        raise ValueError(f"{len(run)} components have {2 ** len(run)} combinations; name at most {MOST_COMPONENTS}")
    subsets = [frozenset(chosen) for size in range(len(run) + 1) for chosen in combinations(run, size)]
    scores = _aligned(values, subsets)
    gains = shapley_values(scores, run)
    return ComponentBlame(
        measure,
        dict(zip(run, difference_estimates(gains, rng), strict=True)),
        tuple(SubsetScore(tuple(c for c in run if c in s), mean_estimate(scores[s], rng)) for s in subsets),
        missing,
    )


def shapley_values(scores: Mapping[Subset, Values], components: Sequence[str]) -> Values:
    """Shapley value of each component for each question: shape (questions, components).

    >>> scores = {frozenset(): np.array([1.0]), frozenset("a"): np.array([3.0])}
    >>> scores |= {frozenset("b"): np.array([1.0]), frozenset("ab"): np.array([5.0])}
    >>> shapley_values(scores, ["a", "b"]).tolist()
    [[3.0, 1.0]]
    """
    count = len(components)
    gains = np.zeros((len(scores[frozenset()]), count))
    for column, component in enumerate(components):
        others = [one for one in components if one != component]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for chosen in combinations(others, size):
                without = frozenset(chosen)
                gains[:, column] += weight * (scores[without | {component}] - scores[without])
    return gains.round(DECIMALS)


def _aligned(values: Mapping[Subset, Mapping[str, float]], subsets: Sequence[Subset]) -> dict[Subset, Values]:
    """Values of each subset as an array, questions in one order."""
    absent = [subset for subset in subsets if subset not in values]
    if absent:
        raise ValueError(f"no values for {_named(absent[0])}; blame needs every combination of the components run")
    questions = sorted(values[frozenset()])
    for subset in subsets:
        if values[subset].keys() != set(questions):
            raise ValueError(f"{_named(subset)} was not measured on the same questions as no component")
    return {s: np.array([values[s][q] for q in questions], dtype=np.float64) for s in subsets}


def _named(subset: Subset) -> str:
    return " + ".join(sorted(subset)) or "no component"
