"""What holds of every diagnosis, whatever was observed."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.diagnosis import diagnose
from workbench.diagnosis.weights import (
    coverage,
    discounted_weights,
    load_model,
    observe,
    probabilities,
    single_weights,
    total_weights,
)
from workbench.records import Observation

MODEL = load_model()
SIGNALS = list(MODEL.position)
PRIORS = np.array([entry.prior for entry in MODEL.catalogue.causes])

observations = st.lists(
    st.builds(
        Observation,
        signal=st.sampled_from(SIGNALS),
        status=st.sampled_from(["seen", "clean", "unknown"]),
        finding=st.just("as found"),
        quality=st.floats(0, 1),
        n=st.integers(0, 100),
        n_min=st.integers(1, 60),
    ),
    unique_by=lambda observation: observation.signal,
    max_size=30,
)


def chances(observed):
    return probabilities(MODEL, single_weights(MODEL, observe(MODEL, observed)), PRIORS)


@settings(max_examples=25, deadline=None)
@given(observations, st.randoms(use_true_random=False))
def test_the_order_of_observations_changes_nothing(observed, random):
    shuffled = list(observed)
    random.shuffle(shuffled)
    assert diagnose(shuffled, case="c") == diagnose(observed, case="c")


@settings(max_examples=25, deadline=None)
@given(observations, st.integers(0, 9))
def test_every_number_stays_in_its_range(observed, seed):
    diagnosis = diagnose(observed, case="c", seed=seed)
    assert 0 <= diagnosis.top_cause_stability <= 1
    assert len(diagnosis.next_steps) <= 8
    assert all(step.expected_gain > 0 for step in diagnosis.next_steps)
    for finding in diagnosis.causes:
        assert 0 < finding.low <= finding.probability <= finding.high < 1
        assert 0 <= finding.coverage <= 1 + 1e-9
        assert finding.verdict == "not_enough_evidence" or finding.coverage >= 0.3
    if diagnosis.primary is not None:
        assert diagnosis.causes[0].cause == diagnosis.primary


@given(observations, st.sampled_from(SIGNALS), st.floats(0, 1))
def test_another_seen_signal_never_lowers_a_probability(observed, signal, quality):
    others = [each for each in observed if each.signal != signal]
    more = [*others, Observation(signal, "seen", "as found", quality=quality, n=1)]
    assert np.all(chances(more) >= chances(others) - 1e-12)


@given(observations, st.sampled_from(SIGNALS), st.floats(0, 1))
def test_another_clean_signal_never_raises_a_probability(observed, signal, quality):
    others = [each for each in observed if each.signal != signal]
    more = [*others, Observation(signal, "clean", "as found", quality=quality, n=1)]
    assert np.all(chances(more) <= chances(others) + 1e-12)


@given(observations)
def test_the_ledger_adds_up_to_the_total_before_the_cap(observed):
    weights = single_weights(MODEL, observe(MODEL, observed))
    cap = log(MODEL.catalogue.settings.cap)
    total = discounted_weights(MODEL, weights).sum(axis=0)
    assert np.clip(total, -cap, cap) == pytest.approx(total_weights(MODEL, weights), abs=1e-9)


@given(observations)
def test_unknown_observations_leave_every_number_at_its_prior(observed):
    silent = [replace(each, status="unknown") for each in observed]
    assert chances(silent) == pytest.approx(PRIORS)
    assert coverage(MODEL, observe(MODEL, silent)) == pytest.approx(np.zeros(len(PRIORS)))


def test_the_same_seed_gives_the_same_bands_and_another_seed_others():
    observed = [Observation("R-08", "seen", "as found", n=1)]
    first, again, other = (diagnose(observed, case="c", seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert [each.low for each in first.causes] != [each.low for each in other.causes]
