"""What to do next and what would change the answer."""

import numpy as np
import pytest

from workbench.diagnosis import diagnose, load_catalogue
from workbench.diagnosis.next_steps import entropy, expected_gain
from workbench.diagnosis.weights import DECIBANS, load_model, nothing_looked_at
from workbench.records import CAUSES, Observation

MODEL = load_model()
PRIORS = np.array([entry.prior for entry in MODEL.catalogue.causes])


def found(status, *signals):
    return [Observation(signal, status, "as found", n=1) for signal in signals]


def everything(status):
    return found(status, *MODEL.position)


def test_expected_gain_of_one_signal_is_its_mutual_information():
    retrieval = CAUSES.index("retrieval")
    gain = expected_gain(MODEL, nothing_looked_at(MODEL), PRIORS, [MODEL.position["R-08"]])[retrieval]
    without = (1 - 0.3) / (10 - 0.3)  # LR+ 10 and LR- 0.3: a = 10 b and 1 - a = 0.3 (1 - b)
    shows = 0.4 * 10 * without + 0.6 * without
    after_seen, after_clean = 0.4 * 10 * without / shows, 0.4 * (1 - 10 * without) / (1 - shows)
    expected = entropy(np.array([0.4, after_seen, after_clean])) @ [1, -shows, -(1 - shows)]
    assert gain == pytest.approx(expected)


def test_a_signal_tells_nothing_about_a_cause_it_does_not_name():
    gain = expected_gain(MODEL, nothing_looked_at(MODEL), PRIORS, [MODEL.position["R-08"]])
    assert gain[CAUSES.index("cost")] == pytest.approx(0)


@pytest.mark.parametrize(("probability", "bits"), [(0.5, 1.0), (0.0, 0.0), (1.0, 0.0), (0.25, 0.8112781)])
def test_entropy_of_a_yes_or_no_question(probability, bits):
    assert entropy(np.array(probability)) == pytest.approx(bits, abs=1e-6)


def test_a_deciban_is_a_tenth_of_a_power_of_ten():
    assert DECIBANS * np.log(10) == pytest.approx(10)


def test_an_empty_case_is_told_what_to_hand_over():
    steps = diagnose([], case="c").next_steps
    assert len(steps) == 8
    assert {"file", "question"} <= {step.kind for step in steps}
    assert len({step.text for step in steps}) == 8


def test_what_was_answered_is_not_asked_again():
    steps = diagnose(found("clean", "E-14", "O-01"), case="c").next_steps
    assert not any({"E-14", "O-01"} & set(step.signals) for step in steps)


def test_a_case_in_which_everything_is_known_needs_nothing():
    diagnosis = diagnose(everything("clean"), case="c")
    assert (diagnosis.next_steps, diagnosis.not_measured) == ((), ())


def test_signals_that_are_not_computed_say_how_to_settle_them():
    lines = diagnose([], case="c").not_measured
    not_computed = [s for s in load_catalogue().signals if not s.computed and max(s.lr.values())[0] >= 4]
    assert not_computed
    for signal in not_computed:
        text = load_catalogue().hand_over(signal.hand_over).text
        assert f"{signal.title} ({signal.id}): this version does not look for it by itself. {text}" in lines


def test_a_single_finding_that_would_change_the_answer_is_named():
    changes = diagnose(found("seen", "E-01"), case="c").would_change
    assert (
        "If “No evaluation set and no test run” (E-01) turned out to be a mistake, no cause would stand out any more."
        in changes
    )


def test_larger_sets_are_named_only_where_no_smaller_one_will_do():
    changes = diagnose(found("seen", "E-01"), case="c").would_change
    missing = [sentence for sentence in changes if "were found" in sentence]
    assert missing
    assert all(" and “" in sentence for sentence in missing)


def test_what_is_said_to_change_the_answer_does():
    before = diagnose(found("seen", "E-01"), case="c")
    after = diagnose([*found("seen", "E-01"), *found("seen", "R-01", "R-08")], case="c")
    assert (before.primary, after.primary) == ("evaluation", "retrieval")
    assert any("R-01" in s and "R-08" in s and "retrieval that brings" in s for s in before.would_change)


def test_a_finding_that_was_missed_would_bring_a_cause_forward():
    changes = diagnose(everything("clean"), case="c").would_change
    assert changes
    assert all("turned out to be there after all" in sentence for sentence in changes)


def test_an_answer_that_nothing_small_can_change_says_so():
    retrieval = [signal for signal in MODEL.position if signal.startswith("R-")]
    others = [signal for signal in MODEL.position if not signal.startswith("R-")]
    diagnosis = diagnose([*found("seen", *retrieval), *found("clean", *others)], case="c")
    assert diagnosis.primary == "retrieval"
    assert diagnosis.would_change == ("No three findings, missing or mistaken, would change this answer.",)
