"""Near evaluation questions of a case: encoded, kept, and looked for again only where something changed."""

import pytest
from fabricated_retrieval import HashingEncoder

from workbench import session
from workbench.case import new_case, open_case
from workbench.comparison import compare as comparing
from workbench.errors import MissingPartError
from workbench.ingest.load import load_inputs

SET = """id,question,reference,held_out
1,who pays for the hire car,We do,0
2,the hire car: who pays for,We do,1
3,when does cover end,On Friday,1
"""


def missing(model):
    raise MissingPartError("no model")


@pytest.fixture
def encoder(monkeypatch):
    encoder = HashingEncoder()
    monkeypatch.setattr(comparing, "load_encoder", lambda model: encoder)
    return encoder


@pytest.fixture
def case(tmp_path):
    new_case(tmp_path, "acme")
    evals, prompts = tmp_path / "acme" / "evals", tmp_path / "acme" / "repo" / "prompts"
    for folder in (evals, prompts):
        folder.mkdir(parents=True, exist_ok=True)
    (evals / "set.csv").write_text(SET)
    (prompts / "answer.md").write_text("Be brief.\n\nQ: does cover end when, friend\n")
    return open_case(tmp_path / "acme")


def near_of(case):
    return session.with_near_questions(case, load_inputs(case)).near


def test_questions_are_held_against_each_other_and_against_the_prompts(case, encoder):
    near = near_of(case)
    # The hashing encoder counts words, "car:" and "car" being two: 5 of 6 in common.
    assert (near.encoder, near.questions, near.reason) == ("hashed words", 3, "")
    assert near.repeats == near.tuned == ()
    (case.root / "evals" / "set.csv").write_text(SET.replace("car:", "car"))
    again = near_of(case)
    assert [(one.question, one.other) for one in again.repeats] == [(1, 0)]
    assert [(one.question, one.other) for one in again.tuned] == [(1, 0)]
    assert [(str(one.source.path), one.source.locator) for one in again.tuned] == [("evals/set.csv", "row 1")]


def test_what_was_found_is_kept_until_a_file_changes(case, encoder):
    first = near_of(case)
    encoded = encoder.encoded
    assert (near_of(case), encoder.encoded) == (first, encoded)
    (case.root / "evals" / "set.csv").write_text(SET + "4,a fourth question asked,Yes,1\n")
    assert near_of(case).questions == 4
    assert encoder.encoded == encoded + 1  # the vectors of the others are kept


def test_a_kept_file_that_does_not_fit_the_set_is_made_anew(case, encoder):
    near_of(case)
    path = session.results_folder(case) / session.NEAR_FILE
    path.write_text(path.read_text().replace('"questions": 3', '"questions": 2'))
    assert near_of(case).questions == 3
    path.write_text("{broken")
    assert near_of(case).questions == 3


def test_without_an_encoder_nothing_is_kept_and_the_observation_says_so(case, monkeypatch):
    monkeypatch.setattr(comparing, "load_encoder", missing)
    inputs = session.with_near_questions(case, load_inputs(case))
    assert inputs.near.reason == "there is no encoder"
    assert not (session.results_folder(case) / session.NEAR_FILE).exists()
    told = {found.signal: found.finding for found in session.observe(inputs, None)}
    assert "by words alone (there is no encoder)" in told["E-07"]
    assert "by words alone (there is no encoder)" in told["E-08"]


def test_a_case_without_a_set_asks_for_no_encoder(tmp_path, monkeypatch):
    monkeypatch.setattr(comparing, "load_encoder", missing)
    new_case(tmp_path, "empty")
    assert near_of(open_case(tmp_path / "empty")).reason == "no evaluation set"


def test_questions_quoted_as_evidence_are_masked(case, encoder):
    told = "does jane.roe@example.org cover the hire car after a theft in france or spain on holiday"
    other = " ".join(reversed(told.split()))
    (case.root / "evals" / "set.csv").write_text(f"id,question,held_out\n1,{told},0\n2,{other},1\n")
    inputs = session.with_near_questions(case, load_inputs(case))
    finding = next(found.finding for found in session.observe(inputs, None) if found.signal == "E-07")
    assert "1 of 1 (100 %) held-out questions" in finding
    assert 'as "holiday on spain' in finding
    assert "jane.roe" not in finding
    assert "[email" in finding.casefold()
