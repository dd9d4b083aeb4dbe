"""Diagnosis by hand: the arithmetic of one and two signals, the verdict words, the sentence read aloud."""

from math import exp, log, log10

import pytest

from workbench.diagnosis import diagnose, load_catalogue
from workbench.records import Cause, CauseFinding, Diagnosis, Observation, Source, Status


def observed(signal: str, status: Status = "seen", *, quality: float = 1.0, n: int = 1, n_min: int = 1) -> Observation:
    return Observation(signal, status, f"{signal} found in 3 of 4", quality=quality, n=n, n_min=n_min)


def seen(*signals: str) -> list[Observation]:
    return [observed(signal) for signal in signals]


def clean(*signals: str) -> list[Observation]:
    return [observed(signal, "clean") for signal in signals]


def about(diagnosis: Diagnosis, cause: Cause) -> CauseFinding:
    return next(finding for finding in diagnosis.causes if finding.cause == cause)


def probability(prior: float, weight: float) -> float:
    return 1 / (1 + exp(-(log(prior / (1 - prior)) + weight)))


HEALTHY_EVALUATION = clean("E-01", "E-02", "E-04", "E-05", "E-06", "E-09", "E-10", "E-11", "E-12", "E-13")
HEALTHY_GOVERNANCE = clean("G-01", "G-02", "G-03", "G-07", "G-09", "G-11", "G-12", "G-13", "G-14", "G-18")
WRONG_RETRIEVAL = seen("R-02", "R-04", "R-05", "R-08")


def test_one_seen_signal_multiplies_the_odds_by_its_likelihood_ratio():
    finding = about(diagnose(seen("R-04"), case="c"), "retrieval")
    odds = 0.4 / 0.6 * 5  # R-04 has LR+ 5
    assert finding.probability == pytest.approx(odds / (1 + odds))
    assert finding.evidence[0].decibans == pytest.approx(10 * log10(5))


def test_one_clean_signal_multiplies_the_odds_by_its_negative_likelihood_ratio():
    finding = about(diagnose(clean("R-04"), case="c"), "retrieval")
    odds = 0.4 / 0.6 * 0.6
    assert finding.probability == pytest.approx(odds / (1 + odds))
    assert finding.evidence[0].decibans == pytest.approx(10 * log10(0.6))


def test_two_seen_signals_of_one_cluster_are_divided_by_one_and_a_half():
    finding = about(diagnose(seen("R-05", "R-08"), case="c"), "retrieval")  # LR+ 5 and 10, both measured retrieval
    assert finding.probability == pytest.approx(probability(0.4, (log(5) + log(10)) / 1.5))
    assert {line.signal: line.decibans for line in finding.evidence} == pytest.approx(
        {"R-08": 10 * log10(10) / 1.5, "R-05": 10 * log10(5) / 1.5}
    )


def test_two_seen_signals_of_different_clusters_add_up_in_full():
    finding = about(diagnose(seen("R-02", "R-04"), case="c"), "retrieval")
    assert finding.probability == pytest.approx(probability(0.4, log(4) + log(5)))


def test_a_weak_finding_beside_a_strong_one_does_not_weaken_the_case():
    weak = observed("R-05", quality=0.1)
    alone = about(diagnose(seen("R-08"), case="c"), "retrieval")
    both = about(diagnose([*seen("R-08"), weak], case="c"), "retrieval")
    assert (log(10) + 0.1 * log(5)) / 1.5 < log(10)  # what dividing by all of them would give
    assert both.probability == pytest.approx(alone.probability)
    assert sum(line.decibans for line in both.evidence) == pytest.approx(10 * log10(10))


def test_for_and_against_within_a_cluster_are_discounted_apart():
    finding = about(diagnose([*seen("R-05"), *clean("R-08")], case="c"), "retrieval")
    assert finding.probability == pytest.approx(probability(0.4, log(5) + log(0.3)))


def test_quality_and_sample_size_scale_a_weight():
    finding = about(diagnose([observed("R-04", quality=0.7, n=10, n_min=40)], case="c"), "retrieval")
    assert finding.probability == pytest.approx(probability(0.4, 0.7 * 10 / 40 * log(5)))


def test_more_units_than_needed_do_not_weigh_more():
    finding = about(diagnose([observed("R-04", n=4000, n_min=40)], case="c"), "retrieval")
    assert finding.probability == pytest.approx(probability(0.4, log(5)))


def test_the_total_is_capped_at_a_likelihood_ratio_of_fifty():
    finding = about(diagnose([*WRONG_RETRIEVAL, *seen("R-03", "R-06", "R-07", "G-17")], case="c"), "retrieval")
    assert finding.probability == pytest.approx(probability(0.4, log(50)))


def test_a_signal_speaks_for_every_cause_it_names():
    diagnosis = diagnose(seen("G-17"), case="c")
    expected = pytest.approx(probability(0.4, log(6)))
    assert about(diagnosis, "retrieval").probability == about(diagnosis, "governance").probability == expected
    assert about(diagnosis, "evaluation").evidence == ()


def test_coverage_is_the_observed_share_of_the_attainable_weight():
    finding = about(diagnose(clean("O-01"), case="c"), "outcome")
    paper = 0.7  # O-01 is read from a charter, and a paper is attainable at 0.7 at best
    attainable = paper * log(6) + log(3) + log(4) + log(3)  # O-01, O-02, U-01, U-02 at their larger weight
    assert finding.coverage == pytest.approx(paper * log(6) / attainable)


def test_poor_evidence_covers_less():
    full, spoken = (
        about(diagnose([observed("R-08", quality=quality)], case="c"), "retrieval").coverage for quality in (1.0, 0.4)
    )
    assert spoken == pytest.approx(0.4 * full)


def test_without_an_evaluation_set_its_properties_are_not_asked_for():
    diagnosis = diagnose(seen("E-01"), case="c")
    assert about(diagnosis, "evaluation").coverage > 0.3
    assert diagnosis.primary == "evaluation"
    assert not any("E-02" in step.signals for step in diagnosis.next_steps)
    assert not any("(E-05)" in line for line in diagnosis.not_measured)


def test_no_observations_give_the_priors_and_no_verdict():
    diagnosis = diagnose([], case="c")
    priors = {entry.cause: entry.prior for entry in load_catalogue().causes}
    assert {finding.cause: finding.probability for finding in diagnosis.causes} == pytest.approx(priors)
    assert {finding.verdict for finding in diagnosis.causes} == {"not_enough_evidence"}
    assert (diagnosis.verdict, diagnosis.primary, diagnosis.top_cause_stability) == ("not_enough_evidence", None, 0.0)
    assert diagnosis.next_steps


def test_unknown_observations_weigh_nothing_but_stand_in_the_ledger():
    diagnosis = diagnose([observed("R-04", "unknown")], case="c")
    finding = about(diagnosis, "retrieval")
    assert finding.probability == pytest.approx(0.4)
    assert [(line.observed, line.decibans) for line in finding.evidence] == [("unknown", 0.0)]
    assert any(line.endswith("(R-04): R-04 found in 3 of 4") for line in diagnosis.not_measured)


def test_a_finding_on_no_units_weighs_nothing_and_stays_open():
    diagnosis = diagnose([observed("R-04", n=0)], case="c")
    assert about(diagnosis, "retrieval").coverage == 0
    assert any("(R-04)" in line for line in diagnosis.not_measured)


def test_high_probability_with_little_coverage_gets_no_verdict():
    finding = about(diagnose(seen("R-08"), case="c"), "retrieval")
    assert finding.probability > 0.85
    assert (finding.coverage < 0.3, finding.verdict) == (True, "not_enough_evidence")


def test_wrong_retrieval_in_a_pilot_that_is_otherwise_in_order_is_established():
    diagnosis = diagnose([*HEALTHY_EVALUATION, *HEALTHY_GOVERNANCE, *WRONG_RETRIEVAL], case="c")
    assert (diagnosis.primary, diagnosis.verdict) == ("retrieval", "established")
    assert diagnosis.causes[0].cause == "retrieval"
    assert about(diagnosis, "evaluation").verdict == about(diagnosis, "governance").verdict == "unlikely"
    assert diagnosis.sentence.startswith(
        "What blocks this pilot is retrieval that brings the wrong documents: probability 97 %"
    )
    assert diagnosis.top_cause_stability > 0.95


def test_three_main_causes_looked_at_and_unlikely_mean_none_found():
    diagnosis = diagnose([*HEALTHY_EVALUATION, *HEALTHY_GOVERNANCE, *clean("R-02", "R-04", "R-05", "R-08")], case="c")
    assert (diagnosis.primary, diagnosis.verdict) == (None, "none_found")
    assert diagnosis.sentence.startswith("None of the three main causes")


def test_one_main_cause_covered_and_undecided_leaves_the_case_open():
    diagnosis = diagnose([*seen("R-04"), *clean("R-02", "R-05", "R-08")], case="c")
    assert (diagnosis.primary, diagnosis.verdict) == (None, "open")
    assert diagnosis.sentence.startswith("The evidence does not decide yet")


def test_a_cause_beside_the_main_three_is_no_answer_while_these_are_not_looked_at():
    diagnosis = diagnose(seen("O-01", "U-01"), case="c")
    assert (about(diagnosis, "outcome").verdict, diagnosis.primary) == ("established", None)
    assert diagnosis.verdict == "not_enough_evidence"
    assert diagnosis.sentence.startswith("First agree the outcome")


def test_retrieval_without_a_trusted_evaluation_is_only_suspected():
    priors: dict[Cause, float] = {"evaluation": 0.2, "retrieval": 0.6}
    diagnosis = diagnose([*seen("E-01"), *WRONG_RETRIEVAL], case="c", priors=priors)
    assert diagnosis.primary == "retrieval"
    assert "is suspected to be retrieval" in diagnosis.sentence
    assert "Measure first: a trusted evaluation is missing" in diagnosis.sentence


def test_a_missing_evaluation_makes_retrieval_a_suspicion():
    diagnosis = diagnose([*seen("E-01", "E-10"), *WRONG_RETRIEVAL], case="c")
    assert diagnosis.primary == "evaluation"
    assert "Wrong retrieval is suspected too (97 %): measure first." in diagnosis.sentence


def test_a_second_cause_is_named_beside_the_first():
    diagnosis = diagnose([*WRONG_RETRIEVAL, *seen(*(each.signal for each in HEALTHY_GOVERNANCE))], case="c")
    assert "Beside it stands" in diagnosis.sentence


def test_a_missing_outcome_is_said_first():
    diagnosis = diagnose([*WRONG_RETRIEVAL, *seen("O-01", "U-01")], case="c")
    assert diagnosis.primary == "retrieval"
    assert diagnosis.sentence.startswith("First agree the outcome: it is missing with probability")


def test_the_only_cause_that_was_covered_is_said_to_be_the_only_one():
    assert "only cause with enough evidence" in diagnose(WRONG_RETRIEVAL, case="c").sentence


def test_priors_can_be_moved_and_are_reported():
    finding = about(diagnose(seen("R-04"), case="c", priors={"retrieval": 0.1}), "retrieval")
    assert finding.prior == 0.1
    assert finding.probability == pytest.approx(probability(0.1, log(5)))


def test_the_ledger_carries_the_places_in_the_clients_files():
    places = (Source("logs/a.jsonl", "line 3"), Source("logs/a.jsonl", "line 9"))
    observation = Observation("R-04", "seen", "12 of 40", sources=places, n=40)
    line = about(diagnose([observation], case="c"), "retrieval").evidence[0]
    assert (line.source, line.sources, line.finding, line.cluster) == (places[0], places, "12 of 40", "corpus state")


def test_the_ledger_puts_the_heaviest_line_first_and_unknown_ones_last():
    diagnosis = diagnose([observed("R-01", "unknown"), *clean("R-07"), *seen("R-08")], case="c")
    assert [line.signal for line in about(diagnosis, "retrieval").evidence] == ["R-08", "R-07", "R-01"]


def test_repeated_and_unknown_signals_are_refused_together():
    with pytest.raises(ValueError, match=r"'R-04' is observed 2 times; signal 'X-99' is not in signals.yaml"):
        diagnose([*seen("R-04", "X-99"), *clean("R-04")], case="c")


def test_impossible_quality_and_counts_are_refused():
    with pytest.raises(ValueError, match=r"'R-04': quality 1.5 .*'R-05': n 1 of n_min 0"):
        diagnose([observed("R-05", n_min=0), observed("R-04", quality=1.5)], case="c")


def test_impossible_priors_are_refused_together():
    with pytest.raises(ValueError, match=r"'retrieval': 1.0; prior of 'luck': 0.5"):
        diagnose([], case="c", priors={"retrieval": 1.0, "luck": 0.5})


def test_the_version_of_the_weights_is_part_of_the_result():
    assert diagnose([], case="c").signals_version == load_catalogue().version
