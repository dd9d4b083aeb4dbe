import csv
import io

import pytest
from example_results import HOSTILE, stored_comparison
from hypothesis import given
from hypothesis import strategies as st

from workbench.report.exports import FORMULA, csv_text, questions_csv, text_cell

K = 5


def parsed(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def stored():
    return stored_comparison()


def exported(stored, *query_ids):
    return parsed(questions_csv(stored, query_ids, "dense", "hybrid", K))


@pytest.mark.parametrize("first", [*FORMULA, " =", "\t=", "\r=", "\n=", "\u00a0=", "\u3000＝"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(first):
    assert text_cell(f"{first}1+1").startswith("'")


def test_a_text_that_only_contains_such_characters_stays_as_it_is():
    assert text_cell("cover = yes, 3 - 4 days + 1, mail@example.org") == "cover = yes, 3 - 4 days + 1, mail@example.org"


def test_a_cell_that_a_semicolon_would_begin_is_text_as_well():
    assert text_cell('see note; "=cmd|1"') == 'see note; "\'=cmd|1"'


def test_tabs_and_line_breaks_become_spaces():
    assert text_cell("one\ttwo\r\nthree") == "one two  three"


def test_half_a_character_does_not_stop_the_export():
    assert text_cell("broken \ud800 here").encode("utf-8") == b"broken ? here"


@given(st.lists(st.lists(st.text(max_size=30), min_size=2, max_size=2), max_size=6))
def test_no_text_cell_begins_a_formula_once_parsed_back(rows):
    for delimiter in ",;":
        for row in csv.reader(io.StringIO(csv_text(["a", "b"], rows), newline=""), delimiter=delimiter):
            assert not any(cell.strip().startswith(tuple(FORMULA)) for cell in row)


@given(st.lists(st.lists(st.text(alphabet="ab,\"'; ", max_size=20), min_size=2, max_size=2), max_size=6))
def test_harmless_text_is_parsed_back_as_it_was(rows):
    assert list(csv.reader(io.StringIO(csv_text(["x", "y"], rows), newline=""))) == [["x", "y"], *rows]


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6))
def test_a_number_stays_a_number_negative_ones_too(value):
    cell = csv_text(["x"], [[value]]).splitlines()[1]
    assert float(cell) == pytest.approx(value, abs=5e-7)


def test_nan_and_none_leave_the_cell_empty():
    assert csv_text(["a", "b"], [[float("nan"), None]]) == "a,b\r\n,\r\n"


def test_a_row_says_what_became_of_the_question_in_both_arms(stored):
    (row,) = exported(stored, "q01")
    assert (row["query_id"], row["outcome"]) == ("q01", "recovered")
    assert (row["arm baseline"], row["arm candidate"]) == ("naive dense", "hybrid")
    assert (row["right rank baseline"], row["right rank candidate"]) == ("8", "1")
    assert float(row["nDCG@10 baseline"]) == pytest.approx(0.315465, abs=1e-6)  # 1 / log2(8 + 1)
    assert row["nDCG@10 candidate"] == "1"
    assert (row["failures baseline"], row["why baseline"]) == ("exact term missed (C3)", "rule of C3")
    assert row["failures candidate"] == ""
    assert (row["best doc_id candidate"], row["best title candidate"]) == ("d1", HOSTILE)


def test_a_symptom_of_a_question_that_was_found_is_not_a_failure(stored):
    (row,) = exported(stored, "q02")
    assert row["failures candidate"] == ""


def test_what_no_ranking_reaches_is_said_in_words(stored):
    (row,) = exported(stored, "q07")
    assert (row["outcome"], row["right rank baseline"]) == ("still failing", "not reached")


def test_a_question_nobody_judged_has_no_rank_and_no_measure(stored):
    (row,) = exported(stored, "q44")
    assert (row["outcome"], row["right rank baseline"], row["nDCG@10 baseline"]) == ("not labelled", "", "")
    assert row["best doc_id baseline"] != ""


def test_rows_follow_the_ids_asked_for_and_unknown_ids_are_left_out(stored):
    assert [row["query_id"] for row in exported(stored, "q03", "nowhere", "q01")] == ["q03", "q01"]


def test_hostile_questions_come_back_letter_by_letter(stored):
    assert exported(stored, "q02")[0]["question"] == HOSTILE


def test_an_arm_can_be_exported_against_itself(stored):
    rows = parsed(questions_csv(stored, ["q01"], "dense", "dense", K))
    assert rows[0]["right rank baseline"] == rows[0]["right rank candidate"] == "8"
