"""The data file of the diagnosis: what ships is complete, and every fault in an edited copy is told at once."""

import re
from importlib.resources import files

import numpy as np
import pytest
import yaml

from workbench.diagnosis.catalogue import load_catalogue, parse_catalogue
from workbench.diagnosis.weights import LEAST_RATE, load_model, rates
from workbench.errors import WorkbenchError
from workbench.records import CAUSES

TEXT = files("workbench.diagnosis").joinpath("signals.yaml").read_text(encoding="utf-8")


def test_every_signal_family_is_complete():
    counts = {"E": 20, "G": 26, "R": 8, "C": 2, "U": 2, "O": 2, "P": 1}
    expected = {f"{family}-{number:02d}" for family, last in counts.items() for number in range(1, last + 1)}
    assert {signal.id for signal in load_catalogue().signals} == expected


def test_causes_come_in_the_fixed_order():
    assert tuple(entry.cause for entry in load_catalogue().causes) == CAUSES
    assert load_catalogue().main_causes == ("evaluation", "governance", "retrieval")


def test_titles_are_short_and_unlike_each_other():
    titles = [signal.title for signal in load_catalogue().signals]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= 75


def test_every_hand_over_is_one_sentence():
    assert all(re.fullmatch(r"[A-Z][^.?]*(\.git[^.?]*)?[.?]", entry.text) for entry in load_catalogue().hand_overs)


def test_the_catalogue_is_read_once():
    assert load_catalogue() is load_catalogue()


def test_entries_can_be_looked_up():
    catalogue = load_catalogue()
    assert catalogue.signal("R-08").lr == {"retrieval": (10, 0.3)}
    assert catalogue.cause("cost").prior == 0.2
    assert catalogue.hand_over("charter").kind == "file"


def test_rates_give_back_the_likelihood_ratios():
    model = load_model()
    with_cause, without = rates(model)
    consistent = (model.size > 0) & (without > LEAST_RATE)
    assert np.allclose((with_cause / without)[consistent], np.exp(model.seen)[consistent])
    assert np.allclose(((1 - with_cause) / (1 - without))[consistent], np.exp(model.clean)[consistent])
    assert with_cause.max() < 1
    assert np.all(with_cause[model.size == 0] == 0.5)


def test_all_faults_of_an_edited_file_are_reported_together():
    raw = yaml.safe_load(TEXT)
    raw["signals"][0]["lr"]["evaluation"] = [0.5, 0.35]  # E-01: seen would speak against
    raw["signals"][1]["hand_over"] = "nothing"  # E-02
    raw["signals"][2]["colour"] = "red"  # E-03
    raw["signals"][3]["lr"] = {"luck": [2, 0.5]}  # E-04
    raw["signals"][4]["makes_moot"] = ["E-99"]  # E-05
    raw["signals"][5]["id"] = "E-07"
    raw["causes"].pop()
    del raw["signals"][7]["title"]  # E-08
    with pytest.raises(WorkbenchError) as caught:
        parse_catalogue(yaml.safe_dump(raw))
    for part in (
        "signals / E-01 / lr / evaluation / 0",
        "signals / E-02: hand_over 'nothing' is not among hand_overs",
        "signals / E-03 / colour",
        "signals / E-04 / lr / luck",
        "signals / E-05: makes_moot names 'E-99'",
        "signals / E-07: appears 2 times",
        "causes / operations: is missing",
        "signals / E-08 / title",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "found NoneType"), ("- a", "found list"), ("a: [", "not readable as YAML"), ("signals: 3", "signals: Input")],
)
def test_a_file_of_another_shape_is_refused(text, message):
    with pytest.raises(WorkbenchError, match=re.escape(message)):
        parse_catalogue(text)


def test_a_hand_over_that_no_signal_needs_is_a_fault():
    raw = yaml.safe_load(TEXT)
    raw["hand_overs"].append({**raw["hand_overs"][0], "id": "spare"})
    with pytest.raises(WorkbenchError, match="hand_overs / spare: no signal needs it"):
        parse_catalogue(yaml.safe_dump(raw))
