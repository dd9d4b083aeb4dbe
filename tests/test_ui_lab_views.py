"""The scoreboard and the failures view of the lab, built in-process on a small fabricated comparison."""

import dataclasses

import example_results
import ipywidgets as widgets
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from workbench.records import Difference, Estimate, FailureBreakdown
from workbench.report.outcomes import OUTCOMES, outcomes, tally
from workbench.report.words import Changes, comparison_sentence, failure_name
from workbench.ui.lab.arms import main_arms
from workbench.ui.lab.failures import Failures, build_failures_view
from workbench.ui.lab.query_charts import FAINT, RIGHT_COLOUR, mark_questions, per_query_chart
from workbench.ui.lab.scoreboard import Scoreboard, build_scoreboard_view, opening, shown_differences
from workbench.ui.lab.state import Lab
from workbench.ui.tokens import arm_colour


def read(widget):
    return BeautifulSoup("".join(w.value for w in walk(widget) if isinstance(w, widgets.HTML)), "html.parser")


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def unlabelled(**more):
    stored = example_results.stored_comparison()
    return dataclasses.replace(
        stored,
        comparison=dataclasses.replace(example_results.unlabelled_comparison(), **more),
        per_query=stored.per_query.iloc[:0],
        qrels=stored.qrels.iloc[:0],
        failures=stored.failures.iloc[:0],
        queries=stored.queries.assign(judged=False),
    )


def only_dense():
    stored = example_results.stored_comparison()
    comparison = dataclasses.replace(
        stored.comparison,
        arms={"dense": stored.comparison.arms["dense"]},
        failures={"dense": stored.comparison.failures["dense"]},
        differences=(),
        harm=(),
        blame=None,
        few_labels=None,
    )
    kept = {
        name: getattr(stored, name)[getattr(stored, name)["run"] == "dense"]
        for name in ("rankings", "per_query", "failures")
    }
    return dataclasses.replace(stored, comparison=comparison, **kept)


def with_variants(*names):
    """The comparison with further arms that do as hybrid does; hostile names are a client's own."""
    stored = example_results.stored_comparison()
    comparison = stored.comparison
    like = {name: comparison.arms["hybrid"] for name in names}
    missed = {name: comparison.failures["hybrid"] for name in names}

    def copied(frame):
        hybrid = frame[frame["run"] == "hybrid"]
        return pd.concat([frame, *(hybrid.assign(run=name) for name in names)], ignore_index=True)

    return dataclasses.replace(
        stored,
        comparison=dataclasses.replace(
            comparison, arms={**comparison.arms, **like}, failures={**comparison.failures, **missed}
        ),
        rankings=copied(stored.rankings),
        per_query=copied(stored.per_query),
        failures=copied(stored.failures),
    )


def press(choices, *key):
    """What the page sends when a button is pressed."""
    choices._handle_custom_msg({"choose": list(key)}, [])


@pytest.fixture
def lab():
    lab = Lab(example_results.stored_comparison())
    lab.candidate = "hybrid"
    return lab


@pytest.fixture
def failures(lab):
    return Failures(lab)


def parts(failures):
    return {part["name"]: part for part in failures.became.data["parts"]}


def cells(failures):
    table = failures.codes.data["table"]
    arms = [column["key"][1] for column in table["columns"]]
    return {
        (row["head"]["key"][0], arm): cell
        for row in table["rows"]
        for arm, cell in zip(arms, row["cells"], strict=True)
    }


# ---------------------------------------------------------------- the sentence


def test_the_opening_follows_the_pair_of_arms(lab):
    assert "hybrid gets 8 of those 10 back and loses 2." in opening(lab)
    lab.baseline = "bm25"
    # bm25 misses q07, q08 and q11 to q17; hybrid q07, q08, q11, q12.
    assert "keyword search (BM25) misses the right document in the top 5 for 22 % [12, 38]" in opening(lab)
    assert "hybrid gets 5 of those 9 back and loses 0." in opening(lab)


def test_an_arm_set_against_itself_changes_nothing(lab):
    lab.candidate = "dense"
    assert BeautifulSoup(opening(lab), "html.parser").h1.text.endswith("for 25 % [14, 40].")


def test_a_log_of_fewer_questions_is_not_said_to_hold_all_misses():
    found = comparison_sentence(example_results.comparison(), Changes("dense", "deployed", 2, 1, 3))
    assert found.endswith("the deployed system gets 2 of the 5 missed that both answered back and loses 1.")


def test_without_labels_the_sentence_says_what_the_grades_say():
    few = example_results.comparison().few_labels
    lab = Lab(unlabelled(few_labels=few))
    lab.candidate = "hybrid"
    assert BeautifulSoup(opening(lab), "html.parser").h1.text == (
        "Going by 96 grades, naive retrieval misses the right document in the top 5 for 30 % [22, 37] of questions, "
        "hybrid for 30 % [22, 37]."
    )


def test_too_few_grades_are_said_to_be_too_few():
    few = dataclasses.replace(example_results.comparison().few_labels, graded=1, arms={})
    said = opening(Lab(unlabelled(few_labels=few)))
    assert "Not measured yet: 1 grade so far" in said


def test_no_failure_is_named_in_the_words_of_the_program():
    assert failure_name("buried") == "too low in every search"
    assert failure_name("other") == "another search finds it"
    assert failure_name("C3") == "exact term missed (C3)"


# ---------------------------------------------------------------- scoreboard


def test_the_scoreboard_shows_every_measure_with_its_interval_and_what_was_left_out(lab):
    page = read(build_scoreboard_view(lab))
    assert "0.642 [0.562, 0.712]" in page.text
    assert "not measured: the log keeps no document ids" in page.text
    assert "not averaged: 4 questions nobody judged" in page.text
    assert "corrected for all 3 comparisons (Holm)" in page.text
    assert "not tested: no arm with +small was asked for" in page.text


def test_the_search_to_go_on_with_stands_above_the_measures(lab):
    page = read(build_scoreboard_view(lab))
    assert page.select_one(".wb-recommended")["data-arm"] == "hybrid+rerank"
    assert "Hybrid with reranker has nDCG@10 0.688." in page.text


def test_without_labels_there_is_one_sentence_and_no_empty_column():
    page = read(build_scoreboard_view(Lab(unlabelled())))
    assert page.text.count("not measured") == 0
    assert "No measure has a value" in page.text
    assert [cell.text for cell in page.select("th")] == ["Setting", "Value"]


def test_an_interval_tightens_when_a_grade_comes_in():
    few = example_results.comparison().few_labels
    lab = Lab(unlabelled(few_labels=few))
    board = Scoreboard(lab)
    assert "30 % [22, 37]" in board.grades.value
    tight = Estimate(0.3, 0.27, 0.33, 13, "PPI++")
    arms = {arm: dataclasses.replace(each, estimate=tight) for arm, each in few.arms.items()}
    lab.comparison = dataclasses.replace(lab.comparison, few_labels=dataclasses.replace(few, graded=97, arms=arms))
    assert "30 % [27, 33]" in board.grades.value
    assert "97 grades" in board.grades.value


def test_differences_are_drawn_in_the_measure_chosen(lab):
    board = Scoreboard(lab)
    assert board.measure.value == "nDCG@10"
    assert list(board.forest.chart.data[0].x) == [0.027, 0.108]
    board.measure.value = "success@5"
    assert list(board.forest.chart.data[0].x) == [0.15]
    assert board.forest.chart.layout.annotations[0].text == "+15 points [2, 28], better"


def test_a_deployed_system_that_logs_few_results_sets_the_measure():
    stored = example_results.stored_comparison()
    logged = Difference(
        "deployed", "dense", "success@5", Estimate(0.1, 0, 0.2, 40, "bootstrap"), 0.1, 0.2, "better", None
    )
    differences = (*stored.comparison.differences, logged)
    stored = dataclasses.replace(stored, comparison=dataclasses.replace(stored.comparison, differences=differences))
    assert Scoreboard(Lab(stored)).measure.value == "success@5"


def test_of_many_arms_the_usual_ones_are_shown_and_the_rest_folded():
    names = [f"hybrid+{n}" for n in ("title", "small", "weighted", "filter", "title+small", "title+filter")]
    lab = Lab(with_variants(*names, example_results.HOSTILE))
    shown, folded = main_arms(lab, lab.comparison.arms)
    assert shown == ["dense", "bm25", "hybrid", "hybrid+rerank", "deployed"]
    assert folded == [*names, example_results.HOSTILE]
    lab.candidate = "hybrid+small"
    assert "hybrid+small" in main_arms(lab, lab.comparison.arms)[0]
    page = read(build_scoreboard_view(lab))
    assert "6 more variants" in page.text or "7 more variants" in page.text
    assert not page.find_all("script")


def test_a_folded_search_that_is_chosen_is_shown_in_the_table():
    lab = Lab(with_variants(*(f"hybrid+{n}" for n in ("title", "small", "weighted", "filter"))))
    board = Scoreboard(lab)
    assert "4 more variants" in board.scores.value
    lab.candidate = "hybrid+small"
    assert "3 more variants" in board.scores.value


def test_of_many_differences_twelve_are_drawn_and_the_chosen_pair_is_among_them():
    stored = example_results.stored_comparison()
    one = stored.comparison.differences[0]
    arms = ["dense", "bm25", "hybrid", "hybrid+rerank", "hybrid+title", "hybrid+small"]
    stored = with_variants("hybrid+title", "hybrid+small")
    pairs = [(b, c) for place, b in enumerate(arms) for c in arms[place + 1 :]]
    differences = tuple(dataclasses.replace(one, baseline=b, candidate=c) for b, c in pairs)
    lab = Lab(dataclasses.replace(stored, comparison=dataclasses.replace(stored.comparison, differences=differences)))
    lab.baseline, lab.candidate = "hybrid+small", "hybrid+title"
    drawn = shown_differences(lab, "nDCG@10")
    assert len(drawn) == 12
    assert ("hybrid+title", "hybrid+small") in [(d.baseline, d.candidate) for d in drawn]
    assert drawn == [d for d in differences if d in drawn]


def test_the_chart_of_measures_is_drawn_when_it_is_asked_for(lab):
    board = Scoreboard(lab)
    charts = len([w for w in walk(board) if hasattr(w, "add_traces")])
    board.as_chart.value = True
    assert len([w for w in walk(board) if hasattr(w, "add_traces")]) == charts + 1


def test_one_arm_needs_no_differences():
    board = Scoreboard(Lab(only_dense()))
    assert board.forest is None
    assert "0.534 [0.454, 0.604]" in read(board).text


# ---------------------------------------------------------------- outcomes


def test_outcomes_are_counted_with_their_share_and_n(failures):
    counted = {name: part["count"] for name, part in parts(failures).items()}
    assert counted == {"recovered": "8", "lost": "2", "still failing": "2", "found by both": "28", "not labelled": "4"}
    assert parts(failures)["recovered"]["basis"] == "20 % [10, 35], n\u00a0=\u00a040"


def test_pressing_an_outcome_looks_at_its_questions_and_pressing_it_again_at_all(lab, failures):
    press(failures.became, "lost")
    assert lab.matching == ("q11", "q12")
    assert parts(failures)["lost"]["pressed"]
    press(failures.became, "lost")
    assert len(lab.matching) == 44
    assert not parts(failures)["lost"]["pressed"]


def test_a_selection_made_elsewhere_is_counted_beside_the_whole(lab, failures):
    lab.narrow(failure="C3", failed_arm="dense")  # q01 to q06, all of them recovered
    assert parts(failures)["recovered"]["count"] == "6 of 8"
    assert parts(failures)["recovered"]["within"] == pytest.approx(6 / 8)
    assert cells(failures)["C1", "dense"]["count"] == "0 of 2"
    assert cells(failures)["C3", "dense"]["pressed"]


def test_outcomes_follow_the_pair(lab, failures):
    lab.candidate = "hybrid+rerank"
    # q07 and q08 stay missed, q12 is lost
    assert [parts(failures)[name]["count"] for name in OUTCOMES] == ["8", "1", "2", "29"]
    assert parts(failures)["recovered"]["meaning"] == "only hybrid with reranker finds it"


@given(st.sets(st.sampled_from(example_results.QUERIES)))
def test_outcomes_within_a_selection_never_exceed_the_whole(among):
    each = outcomes(example_results.stored_comparison().per_query, "dense", "hybrid", 5)
    whole, within = tally(each), tally(each, among)
    assert all(0 <= within[name] <= whole[name] for name in OUTCOMES)
    assert sum(within.values()) == len(among & set(each.index))


# ---------------------------------------------------------------- codes


def test_every_code_is_counted_for_every_arm(failures):
    assert cells(failures)["C3", "dense"]["count"] == "6"
    assert cells(failures)["C3", "dense"]["basis"] == "15 % [7, 29]"  # Wilson of 6 in 40
    assert cells(failures)["C3", "bm25"] == {"plain": True, "count": "0"}
    heads = [column["basis"] for column in failures.codes.data["table"]["columns"]]
    assert heads[0] == "10 missed\n25 % [14, 40], n\u00a0=\u00a040"


def test_pressing_a_cell_looks_at_that_failure_of_that_arm(lab, failures):
    press(failures.codes, "C4", "bm25")
    assert (lab.selection.failure, lab.selection.failed_arm) == ("C4", "bm25")
    assert lab.matching == tuple(example_results.QUERIES[10:17])
    press(failures.codes, "", "bm25")
    assert len(lab.matching) == 9
    press(failures.codes, "", "bm25")
    assert not lab.selection.narrows


@pytest.mark.parametrize("key", [("C4",), ("no such code", "bm25"), ("C4", "no such arm"), ("C4", "bm25", "x")])
def test_a_message_that_names_nothing_known_changes_nothing(lab, failures, key):
    press(failures.codes, *key)
    press(failures.became, *key)
    failures.codes._handle_custom_msg({"choose": [1, 2]}, [])
    failures.codes._handle_custom_msg("choose", [])
    assert not lab.selection.narrows


def test_a_search_whose_misses_cannot_be_counted_says_why(lab):
    reason = "the log keeps 3 results a question, too few to look at 5"
    counted = {**lab.comparison.failures, "deployed": FailureBreakdown(Estimate.not_measured(reason), 5, {})}
    lab.comparison = dataclasses.replace(lab.comparison, failures=counted)
    assert f"Not counted for deployed system: {reason}." in Failures(lab).codes.data["table"]["caption"]


def test_where_nothing_is_missed_the_table_says_so(lab):
    none = FailureBreakdown(Estimate(0.0, 0.0, 0.09, 40, "wilson"), 5, {})
    lab.comparison = dataclasses.replace(lab.comparison, failures=dict.fromkeys(lab.comparison.failures, none))
    table = Failures(lab).codes.data["table"]
    assert table["rows"] == []
    assert "No search missed a question" in table["caption"]


def test_variants_are_folded_until_they_are_asked_for():
    lab = Lab(with_variants(*(f"hybrid+{n}" for n in ("title", "small", "weighted", "filter"))))
    view = Failures(lab)
    assert len(view.codes.data["table"]["columns"]) == 4
    assert view.every_arm.description == "Show 4 more variants"
    view.every_arm.value = True
    assert len(view.codes.data["table"]["columns"]) == 8


def test_a_failure_of_folded_variants_alone_has_a_row_when_they_are_shown():
    stored = with_variants("hybrid+title", "hybrid+small", "hybrid+weighted", "dense+title")
    every = stored.comparison.failures
    rare = dataclasses.replace(every["hybrid+title"], by_code={"C12": 1})
    comparison = dataclasses.replace(stored.comparison, failures={**every, "hybrid+title": rare})
    view = Failures(Lab(dataclasses.replace(stored, comparison=comparison)))
    assert "C12" not in {code for code, _ in cells(view)}
    view.every_arm.value = True
    assert cells(view)["C12", "hybrid+title"]["count"] == "1"


def test_each_step_says_whom_it_helped_and_harmed(failures):
    page = read(failures)
    assert "20 % [10, 35]" in page.text and "5 % [1, 17]" in page.text


def test_without_labels_the_view_says_what_is_needed_and_leads_to_grading():
    lab = Lab(unlabelled())
    view = build_failures_view(lab)
    assert "None of the 44 questions is labelled" in read(view).text
    next(w for w in walk(view) if isinstance(w, widgets.Button)).click()
    assert lab.view == "grading"


def test_one_arm_shows_its_failures_and_compares_nothing():
    view = Failures(Lab(only_dense()))
    assert cells(view)["C3", "dense"]["count"] == "6"
    assert view.became not in view.children and view.change not in view.children


# ---------------------------------------------------------------- every question


def test_choosing_a_bar_opens_its_question(lab, failures):
    bars = failures.change.chart.data[0]
    last = len(bars.customdata) - 1
    failures._bar_clicked(bars, type("Points", (), {"point_inds": [last]})(), None)
    assert lab.question == bars.customdata[last]
    assert failures.change.chart.layout.annotations[0].text == "chosen"


def test_bars_of_questions_that_are_not_looked_at_are_faint(lab, failures):
    lab.narrow(outcome="lost")
    bars = failures.change.chart.data[0]
    looked_at = {str(q) for q, opacity in zip(bars.customdata, bars.marker.opacity, strict=True) if opacity == 1}
    assert looked_at == {"q11", "q12", lab.question}
    lab.widen()
    assert set(failures.change.chart.data[0].marker.opacity) == {1.0}


def test_the_chosen_question_alone_has_a_colour_of_its_own(lab, failures):
    bars = failures.change.chart.data[0]
    lab.question = str(bars.customdata[3])
    assert list(bars.marker.color) == [float(place == 3) for place in range(len(bars.x))]
    assert [colour for _, colour in bars.marker.colorscale] == [arm_colour("hybrid"), RIGHT_COLOUR]


def test_a_first_selection_draws_no_chart_anew(lab, failures, monkeypatch):
    monkeypatch.setattr("workbench.ui.lab.failures.refresh", lambda *_: pytest.fail("the whole chart was drawn again"))
    lab.narrow(outcome="recovered")
    assert set(failures.change.chart.data[0].marker.opacity) == {1.0, FAINT}


def test_a_question_that_stays_the_same_has_a_place_and_no_bar():
    figure = per_query_chart(example_results.stored_comparison().per_query, "dense", "hybrid", "nDCG@10")
    assert len(figure.data[0].x) == 10  # 8 better, 2 worse
    assert figure.data[0].x[-1] == 40
    mark_questions(figure, "hybrid", among=None, question="q20")
    assert len(figure.layout.annotations) == 0


def test_a_pair_of_which_one_has_no_values_says_not_measured(lab):
    lab.candidate = "dense"
    view = Failures(lab)
    lab.comparison = dataclasses.replace(lab.comparison, notes=())
    assert view.change.chart.layout.xaxis.title.text == "questions, sorted, n = 40: 0 better, 40 the same, 0 worse"
