"""Synthetic pilots with planted causes: the model finds what its own likelihood ratios planted, and says how sure it may be.

This checks the method, not its accuracy on real pilots: the weights themselves stay expert guesses.
"""

import numpy as np
import pytest

from workbench.diagnosis import diagnose
from workbench.diagnosis.weights import coverage, load_model, observe, probabilities, rates, single_weights
from workbench.records import CAUSES, Observation

MODEL = load_model()
PRIORS = np.array([entry.prior for entry in MODEL.catalogue.causes])
CLUSTERS = [signal.cluster for signal in MODEL.catalogue.signals]


def synthetic_pilot(causes, rng, *, looked_at=0.7, dependence=0.3):
    """Observations of a pilot with `causes` (H,) planted; signals of a cluster copy each other's luck at times.

    A signal shows by itself at its rate without any cause, and each cause that is there adds its own chance to show it.
    """
    with_cause, without = rates(MODEL)
    silent = MODEL.size == 0
    alone = np.where(silent, 1.0, without).min(axis=1)
    extra = np.where(silent | ~causes, 0.0, 1 - (1 - with_cause) / (1 - without))
    chance = 1 - (1 - alone) * (1 - extra).prod(axis=1)
    shared = {cluster: rng.random() for cluster in sorted(set(CLUSTERS))}
    luck = [shared[cluster] if rng.random() < dependence else rng.random() for cluster in CLUSTERS]
    shows = np.array(luck) < chance
    return [
        Observation(signal, "seen" if shows[place] else "clean", "planted", n=1)
        for signal, place in MODEL.position.items()
        if rng.random() < looked_at
    ]


def chances(observed):
    looked = observe(MODEL, observed)
    return probabilities(MODEL, single_weights(MODEL, looked), PRIORS), coverage(MODEL, looked)


def only(cause):
    return np.array([each == cause for each in CAUSES])


@pytest.mark.parametrize("cause", ["evaluation", "governance", "retrieval"])
def test_a_single_planted_main_cause_is_ranked_first_in_nine_of_ten_pilots(cause):
    rng = np.random.default_rng(7)
    first = [CAUSES[int(chances(synthetic_pilot(only(cause), rng))[0].argmax())] for _ in range(200)]
    assert first.count(cause) / len(first) >= 0.9


def test_probabilities_are_calibrated_on_pilots_drawn_from_the_priors():
    rng = np.random.default_rng(11)
    truths = rng.random((800, len(CAUSES))) < PRIORS
    said = np.array([chances(synthetic_pilot(truth, rng))[0] for truth in truths])
    bins = np.minimum((said * 10).astype(int), 9)
    gaps = [
        (np.count_nonzero(bins == each), abs(said[bins == each].mean() - truths[bins == each].mean()))
        for each in np.unique(bins)
    ]
    calibration_error = sum(count * gap for count, gap in gaps) / said.size
    assert calibration_error < 0.05
    assert truths[said > 0.9].mean() > 0.9


def test_a_pilot_with_no_planted_cause_is_rarely_given_one():
    rng = np.random.default_rng(13)
    verdicts = [diagnose(synthetic_pilot(only(None), rng), case="c").verdict for _ in range(40)]
    assert verdicts.count("established") <= 4
    assert (
        verdicts.count("none_found") + verdicts.count("open") >= 26
    )  # one in four or so is called likely: see the docs


def test_a_planted_cause_is_the_primary_one_of_the_full_diagnosis():
    rng = np.random.default_rng(17)
    diagnoses = [diagnose(synthetic_pilot(only("retrieval"), rng), case="c") for _ in range(30)]
    assert sum(each.primary == "retrieval" for each in diagnoses) >= 27


def test_hardly_any_evidence_gives_no_verdict():
    rng = np.random.default_rng(19)
    sparse = [diagnose(synthetic_pilot(only("governance"), rng, looked_at=0.03), case="c") for _ in range(20)]
    assert sum(each.verdict == "not_enough_evidence" for each in sparse) >= 18
    assert diagnose([], case="c").verdict == "not_enough_evidence"
