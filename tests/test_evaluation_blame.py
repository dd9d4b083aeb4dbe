from itertools import chain, combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.blame import component_blame, shapley_values

PARTS = ("bm25", "weights", "rerank")


def subsets(parts=PARTS):
    return [frozenset(s) for s in chain.from_iterable(combinations(parts, n) for n in range(len(parts) + 1))]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


SCORES = st.lists(
    st.lists(st.floats(0, 1, allow_subnormal=False), min_size=8, max_size=8), min_size=1, max_size=12
).map(lambda rows: {s: np.array([row[i] for row in rows]) for i, s in enumerate(subsets())})


def by_question(scores):
    return {s: {f"q{i:02}": float(v) for i, v in enumerate(values)} for s, values in scores.items()}


def test_shapley_values_by_hand() -> None:
    # bm25 alone +0.2, rerank alone +0.1, both +0.5: each gets half of its two marginal gains.
    scores = {
        frozenset(): 0.3,
        frozenset({"bm25"}): 0.5,
        frozenset({"rerank"}): 0.4,
        frozenset({"bm25", "rerank"}): 0.8,
    }
    gains = shapley_values({s: np.array([v]) for s, v in scores.items()}, ["bm25", "rerank"])
    assert gains[0].tolist() == pytest.approx([(0.2 + 0.4) / 2, (0.1 + 0.3) / 2])


@given(SCORES)
def test_values_equal_the_average_over_all_orders(scores) -> None:
    orders = list(permutations(PARTS))
    slow = np.zeros((len(scores[frozenset()]), len(PARTS)))
    for order in orders:
        for place, part in enumerate(order):
            before = frozenset(order[:place])
            slow[:, PARTS.index(part)] += (scores[before | {part}] - scores[before]) / len(orders)
    assert np.allclose(shapley_values(scores, PARTS), slow, atol=1e-9)


@given(SCORES)
def test_gains_add_up_to_everything_minus_nothing(scores) -> None:
    blame = component_blame("nDCG@10", by_question(scores), PARTS, rng())
    whole = scores[frozenset(PARTS)].mean() - scores[frozenset()].mean()
    assert sum(gain.value for gain in blame.gains.values()) == pytest.approx(whole, abs=1e-9)
    for gain in blame.gains.values():
        assert gain.low - 1e-9 <= gain.value <= gain.high + 1e-9


@given(SCORES)
def test_a_component_that_changes_nothing_has_no_gain(scores) -> None:
    idle = {s: scores[s - {"weights"}] for s in subsets()}
    assert not shapley_values(idle, PARTS)[:, 1].any()


@given(SCORES)
def test_components_that_can_stand_in_for_each_other_gain_the_same(scores) -> None:
    def mirrored(subset):
        return frozenset({"bm25": "rerank", "rerank": "bm25"}.get(part, part) for part in subset)

    even = {s: (scores[s] + scores[mirrored(s)]) / 2 for s in subsets()}
    gains = shapley_values(even, PARTS)
    assert np.allclose(gains[:, 0], gains[:, 2], atol=1e-9)


@given(SCORES, st.integers(0, 7))
def test_gains_of_a_sum_of_measures_are_sums_of_gains(scores, shift) -> None:
    keys = subsets()
    other = {s: scores[keys[(i + shift) % 8]] for i, s in enumerate(keys)}
    added = shapley_values({s: scores[s] + other[s] for s in keys}, PARTS)
    assert np.allclose(added, shapley_values(scores, PARTS) + shapley_values(other, PARTS), atol=1e-9)


def test_a_component_that_was_not_run_has_no_gain() -> None:
    values = {s: dict.fromkeys("abcdefgh", 0.1 * len(s)) for s in subsets(("bm25", "weights"))}
    blame = component_blame("nDCG@10", values, PARTS, rng(), {"rerank": "no model"})
    assert list(blame.gains) == ["bm25", "weights"]
    assert blame.not_tested == {"rerank": "no model"}
    assert [subset.components for subset in blame.subsets] == [(), ("bm25",), ("weights",), ("bm25", "weights")]
    assert blame.subsets[3].value.value == pytest.approx(0.2)


def test_without_components_there_are_no_gains() -> None:
    blame = component_blame("nDCG@10", {frozenset(): {"q": 0.5}}, [], rng())
    assert (blame.gains, len(blame.subsets)) == ({}, 1)


def test_without_questions_nothing_is_measured() -> None:
    blame = component_blame("nDCG@10", {s: {} for s in subsets()}, PARTS, rng())
    assert [gain.value for gain in blame.gains.values()] == [None, None, None]


def test_a_missing_combination_and_other_questions_are_refused() -> None:
    values = {s: {"q": 0.5} for s in subsets()}
    without = {s: v for s, v in values.items() if s != frozenset({"bm25", "rerank"})}
    with pytest.raises(ValueError, match=r"no values for bm25 \+ rerank; blame needs every combination"):
        component_blame("nDCG@10", without, PARTS, rng())
    with pytest.raises(ValueError, match=r"weights was not measured on the same questions"):
        component_blame("nDCG@10", values | {frozenset({"weights"}): {"r": 0.5}}, PARTS, rng())
    with pytest.raises(ValueError, match="9 components have 512 combinations"):
        component_blame("nDCG@10", values, "abcdefghi", rng())


def test_intervals_cover_the_true_gain_about_as_often_as_they_say() -> None:
    source = np.random.default_rng(8)
    hits = 0
    for _ in range(120):
        base = source.beta(2, 2, 40) * 0.5
        lift = source.choice([0.0, 0.3], 40, p=[0.6, 0.4])
        scores = {frozenset(): base, frozenset({"bm25"}): base + lift}
        gain = component_blame("nDCG@10", by_question(scores), ["bm25"], source).gains["bm25"]
        hits += gain.low <= 0.12 <= gain.high
    # 95 % nominal, three standard errors of 120 trials are 0.06.
    assert hits / 120 >= 0.89
