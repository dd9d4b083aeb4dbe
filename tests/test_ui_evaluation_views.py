"""The harness, coverage, runs and drift as views: what the report holds stands in them, and nothing of a client is markup."""

from __future__ import annotations

from dataclasses import replace

import fabricated_harness as made
import ipywidgets as widgets
import pytest

from workbench.records import AnswersReport, Coverage, Estimate, Rubric, RunHistory, Target
from workbench.ui.evaluation.coverage_chart import CHOSEN, COVERED, ITEMS, UNCOVERED, coverage_figure
from workbench.ui.evaluation.coverage_view import CoverageView, build_coverage_view, figures_markup, topics_markup
from workbench.ui.evaluation.drift_chart import drift_figure, weeks_figure
from workbench.ui.evaluation.drift_view import build_drift_view, drift_words
from workbench.ui.evaluation.harness_view import build_harness_view, harness_markup, rubric_markup, size_markup
from workbench.ui.evaluation.page import build_evaluation_panel
from workbench.ui.evaluation.runs_chart import MEASURED, STATED, runs_figure
from workbench.ui.evaluation.runs_markup import changes_markup, flipped_markup, history_words
from workbench.ui.evaluation.runs_view import RunsView, build_runs_view
from workbench.ui.evaluation.state import Evaluation, changes_of
from workbench.ui.evaluation.words import answers_sentence, client_scores, next_steps, opening, score_word


def all_markup(widget: widgets.Widget) -> str:
    """The text of every HTML widget inside."""
    inside = "".join(all_markup(child) for child in getattr(widget, "children", ()))
    return (widget.value if isinstance(widget, widgets.HTML) else "") + inside


def all_charts(widget: widgets.Widget) -> str:
    """Every chart inside, as what is sent to the page."""
    own = str(widget.chart.to_dict()) if hasattr(widget, "chart") else ""
    return own + "".join(all_charts(child) for child in getattr(widget, "children", ()))


VIEWS = (build_harness_view, build_coverage_view, build_runs_view, build_drift_view)


@pytest.mark.parametrize("build", VIEWS)
def test_hostile_texts_are_shown_and_never_become_markup(build) -> None:
    report = made.hostile_report()
    change = report.history.changes[1]
    state = Evaluation(
        report,
        items=made.items(made.HOSTILE, made.HOSTILE),
        asked={"metric": "passed", "run": f"{change.before}>{change.after}", "topic": "1"},
    )
    view = build(state)
    shown = all_markup(view)
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<script" not in all_charts(view)
    assert "<img" not in all_charts(view)


@pytest.mark.parametrize("build", VIEWS)
def test_where_nothing_was_handed_over_every_view_says_so(build) -> None:
    assert all_markup(build(Evaluation(made.empty_report())))


def test_the_panel_opens_on_the_view_of_the_address_and_writes_it_back() -> None:
    state = Evaluation(made.report(), asked={"view": "drift", "topic": "1", "metric": "passed"})
    panel = build_evaluation_panel(state)
    assert state.view == "drift"
    assert "AUC" in all_markup(panel)
    address = panel.children[2]
    state.topic = "0"
    assert address.values["topic"] == "0"
    assert address.values["view"] == "drift"


# ---------------------------------------------------------------- words


def test_the_sentence_tells_the_weakest_section_the_smallest_drop_and_that_nothing_was_scored() -> None:
    said = opening(made.report(), None)
    assert "research project" in said
    assert "automation" in said
    assert "19 points" in said
    assert said.endswith("No answer has been scored yet.")


def test_without_a_rubric_the_sentence_still_stands() -> None:
    report = replace(made.empty_report(), rubric=Rubric((), 0.0, 6.0, "not known"))
    assert opening(report, None).startswith("Whether there is an evaluation harness cannot be seen")
    assert "No part of a harness" in harness_markup(Evaluation(report))


def test_where_no_item_could_be_looked_at_no_band_is_told_and_the_step_is_to_hand_over() -> None:
    report = made.empty_report()
    assert opening(report, None).startswith("Whether there is an evaluation harness cannot be seen")
    assert ">Not measured<" in harness_markup(Evaluation(report))
    assert [step[:9] for step in next_steps(report)] == ["Hand over"]


def test_targets_are_told_by_their_verdict_the_missed_ones_first() -> None:
    targets = tuple(
        Target(metric, 0.8, "production", verdict, Estimate.not_measured("-"))
        for metric, verdict in [
            ("faithfulness", "met"),
            ("answer_relevancy", "missed"),
            ("context_precision", "missed"),
        ]
    )
    answers = AnswersReport("Acme", "log", 10, 10, (), targets, (), (), ())
    said = answers_sentence(answers)
    assert said == "Of the answers' targets, answer relevancy and context precision missed; faithfulness met."
    unjudged = tuple(replace(target, verdict="not_measured") for target in targets)
    assert (
        answers_sentence(replace(answers, targets=unjudged)) == "10 answers were looked at; no model has judged them."
    )
    own = Target("faithfulness", 0.7, "case", "met", Estimate.not_measured("-"))
    assert answers_sentence(replace(answers, targets=(*targets, own))) == said
    stricter, other = (
        replace(own, level=0.95, verdict="missed"),
        replace(own, metric="context_recall", verdict="missed"),
    )
    assert answers_sentence(replace(answers, targets=(*targets, stricter, other))) == (
        "Of the answers' targets, answer relevancy, context precision, faithfulness at the client's 0.950 and context "
        "recall missed; faithfulness met."
    )


def test_scores_of_the_clients_own_judge_are_pointed_to() -> None:
    history = made.report().history
    bare = replace(history, runs=(), changes=(), against_baseline=())
    assert client_scores(bare) == ""
    runs = tuple(replace(run, metrics={}, stated={"faithfulness": 0.8, "cost": 1.0}) for run in history.runs)
    assert client_scores(replace(bare, runs=runs)) == (
        "The client's own runs hold faithfulness, measured by the client: they stand under Runs and decide no target here."
    )


@pytest.mark.parametrize(
    ("score", "word"), [(1.0, "automated"), (0.5, "by hand"), (0.0, "not there"), (None, "not known")]
)
def test_every_score_has_its_word(score, word) -> None:
    assert score_word(score) == word


def test_the_next_steps_lead_with_a_released_drop_and_are_five_at_most() -> None:
    steps = next_steps(made.report())
    assert len(steps) == 5
    assert "v1.3 was released with it" in steps[0]
    assert "10 points" in steps[0]
    assert steps[1] == "Add: references 0 (automation)."
    perfect = Rubric((made.section("data", [1.0] * 6),), 6.0, 6.0, "reasonable")
    whole = replace(
        made.report(), rubric=perfect, drift=(), history=RunHistory(), coverage=replace(made.coverage(), topics=())
    )
    assert next_steps(whole) == ()


# ---------------------------------------------------------------- harness


def test_the_weakest_section_comes_first_and_is_open_and_every_item_has_finding_and_source() -> None:
    rubric = made.rubric()
    markup = rubric_markup(rubric, "acme")
    assert [markup.index(f'data-section="{one.key}"') for one in rubric.sections] == sorted(
        markup.index(f'data-section="{one.key}"') for one in rubric.sections
    )
    assert markup.count(" open>") == 1
    assert markup.count("<li ") == 24
    assert markup.count("Finding 3") == 4
    assert "/workbench/source?case=acme&amp;path=evals%2Fset.csv&amp;at=row+3" in markup


def test_more_than_three_sources_are_counted() -> None:
    one = made.rubric().sections[0]
    item = replace(one.items[0], sources=tuple(made.Source(f"f{i}") for i in range(5)))
    markup = rubric_markup(Rubric((replace(one, items=(item,)),), 0, 6, "x"), None)
    assert "f2" in markup
    assert "f3" not in markup
    assert "and 2 more" in markup


def test_the_size_card_holds_the_smallest_drop_and_what_smaller_ones_take() -> None:
    markup = size_markup(made.sample_size())
    assert ">19 points<" in markup
    assert ">340<" in markup
    assert ">21,000<" in markup
    assert "26 points" in markup
    none = size_markup(made.sample_size(0))
    assert "no drop" in none
    assert "0 items" in none


# ---------------------------------------------------------------- coverage


def test_the_map_tells_untouched_topics_from_touched_ones_and_rings_the_chosen_one() -> None:
    figure = coverage_figure(made.coverage(), topic=1)
    assert [len(figure.data[place].x) for place in (COVERED, UNCOVERED, ITEMS, CHOSEN)] == [4, 4, 2, 4]
    assert "hail damage" in figure.layout.annotations[0].text
    assert "n = 8 questions, 2 items" in figure.layout.xaxis.title.text
    assert len(coverage_figure(made.coverage()).data[CHOSEN].x) == 0


def test_a_map_of_no_points_says_why_and_can_become_another() -> None:
    figure = coverage_figure(Coverage((), made.NOTHING, made.NOTHING, None, reason="no log"))
    assert "no log" in figure.layout.annotations[0].text
    assert len(figure.data) == 4


def test_topics_stand_with_share_items_and_the_question_nobody_asks() -> None:
    markup = topics_markup(made.coverage(), "1")
    assert markup.count("no item asks about this") == 1
    assert markup.count("looked at") == 1
    assert "30 % [25, 35]" in markup
    assert "Chance alone gives up to 0.200" in figures_markup(made.coverage())


def test_a_topic_chosen_anywhere_is_shown_everywhere() -> None:
    state = Evaluation(made.report())
    view = CoverageView(state)
    state.topic = "1"
    assert view.which.value == "1"
    assert len(view.frame.chart.data[CHOSEN].x) == 4
    assert "No item asks about this" in view._topic.value
    view.which.value = "0"
    assert state.topic == "0"
    assert "item Is hail covered? 1" in view._topic.value
    bare = view.frame.chart.data[UNCOVERED]
    view._clicked(bare, type("Points", (), {"point_inds": [2]})(), None)
    assert state.topic == "1"
    view.which.value = ""
    assert view._topic.value == ""


# ---------------------------------------------------------------- runs


def test_runs_are_points_with_intervals_and_releases_are_lines() -> None:
    figure = runs_figure(made.history(), "passed")
    assert list(figure.data[MEASURED].y) == [0.8, 0.88, 0.78]
    assert len(figure.data[STATED].x) == 0
    assert figure.layout.annotations[0].text == "v1.3"
    assert len(figure.layout.shapes) == 1
    assert "n = 40 items each" in figure.layout.xaxis.title.text


def test_a_run_that_only_states_an_aggregate_is_hollow_and_has_no_interval() -> None:
    figure = runs_figure(made.history(), "faithfulness")
    assert list(figure.data[STATED].y) == [0.7]
    assert len(figure.data[MEASURED].x) == 2
    assert figure.data[STATED].error_y.array is None


def test_runs_without_dates_stand_in_their_order_without_releases() -> None:
    figure = runs_figure(made.history(dated=False), "passed")
    assert list(figure.data[MEASURED].x) == ["r0", "r1", "r2"]
    assert len(figure.layout.shapes) == 0
    assert "not measured" in runs_figure(RunHistory(), "passed").layout.annotations[0].text


def test_a_baseline_without_a_date_is_a_line_across_the_dated_runs() -> None:
    history = made.history()
    pinned = replace(made.run(1, 0.84, name="pinned"), at=None)
    figure = runs_figure(replace(history, runs=(*history.runs, pinned), baseline="pinned"), "passed")
    assert list(figure.data[MEASURED].customdata) == [0, 1, 2]
    assert {annotation.text for annotation in figure.layout.annotations} == {"v1.3", "baseline"}
    assert [shape.y0 for shape in figure.layout.shapes] == [0, 0.84]


def test_a_released_drop_is_marked_and_linked() -> None:
    state = Evaluation(made.report(), asked={"metric": "passed"})
    changes = changes_of(state.report.history, "passed")
    assert [(change.before, change.after) for change in changes] == [("r0", "r2"), ("r1", "r2"), ("r0", "r1")]
    markup = changes_markup(changes, state)
    assert markup.count("released in v1.3") == 1
    assert "repo/CHANGELOG.md, line 3" in markup
    assert "−10 points [−15, −5]" in markup
    assert history_words(changes, "passed").startswith("3 changes of items passed: 1 drop beyond chance, 1 of them")
    assert "No two runs share items" in history_words([], "passed")


def test_flipped_items_are_read_with_question_reference_and_place() -> None:
    state = Evaluation(made.report(), items=made.items())
    markup = flipped_markup(state.report.history.changes[1], state)
    assert markup.count("<li ") == 4
    assert "Is hail covered? 3" in markup
    assert "expected: Yes, by section 4." in markup
    assert "evals/set.csv, row 3" in markup
    unknown = flipped_markup(state.report.history.changes[0], state)
    assert "no eval set holds its question now" in unknown


def test_metric_and_change_are_chosen_and_the_view_follows() -> None:
    state = Evaluation(made.report())
    view = RunsView(state)
    assert state.metric == "passed"
    view.change.value = "r1>r2"
    assert state.run == "r1>r2"
    assert "Got worse" in view._items.value
    assert list(view.frame.chart.data[MEASURED].marker.size) == [9, 9, 14]
    view.which.value = "faithfulness"
    assert view.change.value == "r1>r2"  # the same two runs were compared in this metric too
    view.change.value = ""
    assert view._items.value == ""
    state.metric = "passed"
    view._clicked(view.frame.chart.data[MEASURED], type("Points", (), {"point_inds": [1]})(), None)
    assert state.run == "r0>r1"


def test_what_the_address_names_and_is_not_there_is_passed_over() -> None:
    state = Evaluation(made.report(), asked={"topic": "99", "metric": "no such", "run": "x>y", "case": "other"})
    assert (state.topic, state.metric, state.run) == ("", "passed", "")


# ---------------------------------------------------------------- drift


def test_drift_has_a_filled_point_where_two_sets_differ_and_words_to_tell_them_by() -> None:
    figure = drift_figure(made.drifts())
    assert list(figure.data[0].x) == [0.8]
    assert list(figure.data[0].marker.symbol) == ["circle"]
    assert "“hail”" in drift_words(made.drifts()[0])
    assert "not measured: nothing was handed over" in drift_words(made.drifts()[1])
    same = replace(made.drifts()[0], drifted=False, words=())
    assert "cannot be told apart" in drift_words(same)


def test_only_measured_weeks_are_drawn() -> None:
    assert len(weeks_figure(made.weeks()).data[0].x) == 2
    assert "not measured week by week: one of the first weeks" in weeks_figure(made.weeks(2)).layout.annotations[0].text
    assert "the log has no times" in weeks_figure(()).layout.annotations[0].text
