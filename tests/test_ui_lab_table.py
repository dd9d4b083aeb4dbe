import dataclasses
import json

import pandas as pd
import pytest
from example_results import HOSTILE, QUERIES, stored_comparison

from workbench.ui.lab.state import Lab
from workbench.ui.lab.table import LONGEST_TEXT, MISSING, QuestionTable, build_question_table, caption, measure_changes


@pytest.fixture
def lab():
    return Lab(stored_comparison())


def table_of(lab):
    return next(child for child in build_question_table(lab).children if isinstance(child, QuestionTable))


def rows(table):
    return json.loads(table._dt_args["data_json"])


def row(table, query_id):
    return rows(table)[table.ids.index(query_id)]


def hidden(table):
    return {
        column
        for definition in table._dt_args["columnDefs"]
        if definition.get("visible") is False
        for column in definition["targets"]
    }


def test_every_question_has_a_row_with_what_became_of_it(lab):
    table = table_of(lab)
    assert table.ids == QUERIES
    assert row(table, "q01")[:6] == [
        "Which form is needed for claim CF-200b?", "recovered", "8", "1", "+0.685", "exact term missed (C3)",
    ]  # fmt: skip


def test_ranks_and_changes_are_sorted_as_numbers_and_outcomes_by_what_changes(lab):
    table = table_of(lab)
    assert table.sorted_by == {"1": 8, "2": 9, "3": 10, "4": 11}
    assert row(table, "q01")[8:] == [0, 8, 1, 6845]  # recovered; 1 - 1 / log2(9)
    assert row(table, "q07")[8:] == [2, MISSING, MISSING, 0]  # reached by neither


def test_a_question_nobody_judged_shows_no_rank_and_no_change(lab):
    assert row(table_of(lab), "q44")[1:5] == ["not labelled", "", "", ""]


def test_hostile_text_is_sent_escaped(lab):
    sent = row(table_of(lab), "q02")[0]
    assert "<" not in sent
    assert sent.startswith("&lt;script&gt;alert('x')&lt;/script&gt; $\\frac")
    assert HOSTILE not in json.dumps(table_of(lab)._dt_args["table_html"])


def test_hostile_names_of_regions_are_sent_escaped_and_shown_only_where_there_are_regions(lab):
    table = table_of(lab)
    assert hidden(table) == {6, 7, 8, 9, 10, 11}
    lab.region_names = {1: HOSTILE}
    lab.regions = dict.fromkeys(QUERIES, 1)
    assert hidden(table) == {7, 8, 9, 10, 11}
    assert row(table, "q05")[6].startswith("&lt;script&gt;")


def test_columns_that_say_nothing_are_not_shown():
    stored = stored_comparison()
    unlabelled = dataclasses.replace(
        stored, per_query=stored.per_query.iloc[:0], qrels=stored.qrels.iloc[:0], failures=stored.failures.iloc[:0]
    )
    table = table_of(Lab(unlabelled))
    assert hidden(table) == {2, 3, 4, 5, 6, 7, 8, 9, 10, 11}  # the question and "not labelled" stay
    without_change = dataclasses.replace(stored, per_query=stored.per_query[stored.per_query["measure"] != "nDCG@10"])
    assert hidden(table_of(Lab(without_change))) == {4, 6, 7, 8, 9, 10, 11}


def shown(table):
    return table.ids if table.matching is None else [table.ids[place] for place in table.matching]


def test_narrowing_names_the_rows_that_match_and_sends_no_row_again(lab):
    table = table_of(lab)
    sent = table._dt_args
    lab.narrow(outcome="lost")
    assert shown(table) == ["q12"]
    lab.widen()
    assert shown(table) == QUERIES
    assert table._dt_args is sent


def test_nothing_is_left_where_nothing_matches(lab):
    table = table_of(lab)
    lab.narrow(place="nowhere/")
    assert shown(table) == []


def test_of_too_many_questions_the_first_that_match_are_sent(lab, monkeypatch):
    monkeypatch.setattr("workbench.ui.lab.table.MOST_ROWS", 10)
    table = table_of(lab)
    lab.narrow(outcome="found by both")
    assert shown(table) == table.ids == [f"q{i}" for i in range(11, 22) if i != 12]
    assert [each[1] for each in rows(table)] == ["found by both"] * 10
    assert table.caption.startswith("The table holds the first 10 of 29 questions")


def test_another_arm_changes_headings_and_rows(lab):
    table = table_of(lab)
    lab.candidate = "bm25"
    assert "keyword (BM25)" in table._dt_args["table_html"]
    assert row(table, "q11")[1] == "lost"


def test_an_arm_can_be_compared_with_itself(lab):
    table = table_of(lab)
    lab.candidate = "dense"
    assert row(table, "q01")[2:5] == ["8", "8", "0"]


def test_the_chosen_row_is_the_question_of_the_lab_either_way(lab):
    table = table_of(lab)
    assert table.chosen == lab.question == "q01"
    table.chosen = "q05"
    assert lab.question == "q05"
    lab.question = "q09"
    assert table.chosen == "q09"


def test_a_question_that_does_not_exist_is_not_chosen(lab):
    table = table_of(lab)
    table.chosen = "of another page"
    assert lab.question == "q01"


def test_the_table_holds_a_bounded_number_of_rows_and_says_so(lab, monkeypatch):
    monkeypatch.setattr("workbench.ui.lab.table.MOST_ROWS", 10)
    table = table_of(lab)
    assert table.ids == QUERIES[:10]
    assert table.caption == (
        "The table holds the first 10 of 44 questions; narrow further to see the others. The CSV has them all."
    )
    assert caption(10) == ""


def test_a_long_question_is_cut_and_its_line_breaks_are_gone():
    stored = stored_comparison()
    queries = stored.queries.copy()
    queries.loc[0, "text"] = "one\n\ttwo " + "long " * 500
    sent = row(table_of(Lab(dataclasses.replace(stored, queries=queries))), "q01")[0]
    assert sent.startswith("one two long")
    assert len(sent) == LONGEST_TEXT


def saved(lab, shown=None):
    box = build_question_table(lab)
    download, table = box.children
    if shown is not None:
        table.shown = shown
    name, content = download._work()()
    return download.label, name, content


def test_the_csv_has_every_question_that_matches_and_opens_in_a_spreadsheet(lab):
    lab.narrow(outcome="recovered")
    label, name, content = saved(lab)
    assert label == "Save 8 as CSV"
    assert name == "questions Calder & Wharf.csv"
    assert content.startswith(b"\xef\xbb\xbfquery_id,question,outcome,")
    assert content.count(b"\r\n") == 9


def test_the_csv_has_what_a_search_in_the_table_leaves_in_the_order_of_the_comparison(lab):
    label, _, content = saved(lab, ["q09", "q03"])
    assert label == "Save 2 as CSV"
    lines = content.decode("utf-8-sig").split("\r\n")
    assert [line[:3] for line in lines[1:3]] == ["q03", "q09"]


def test_changes_are_known_for_questions_both_arms_answer():
    per_query = pd.DataFrame(
        [("a", "q1", "M", 0.5), ("b", "q1", "M", 0.25), ("a", "q2", "M", 1.0), ("b", "q1", "N", 9.0)],
        columns=["run", "query_id", "measure", "value"],
    )
    assert measure_changes(per_query, "a", "b", "M") == {"q1": -0.25}
