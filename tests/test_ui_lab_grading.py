"""The grading view: what is shown, what a message from the page does, and what is told when grades cannot be kept."""

import asyncio
import json
import re
from dataclasses import replace

import pytest
from example_case import write_example_case
from example_results import HOSTILE, QUERIES, stored_comparison, unlabelled_comparison

from workbench.case import GRADES, open_case
from workbench.comparison.grading import GradingDesk
from workbench.comparison.tables import frame
from workbench.evaluation.few_labels.plan import Planned
from workbench.ingest.grades import read_grade_file
from workbench.records import Estimate, FewLabels, PoweredEstimate
from workbench.ui.lab import grading_figures as figures
from workbench.ui.lab import grading_markup as markup
from workbench.ui.lab.grading import GradingView, build_grading_view
from workbench.ui.lab.grading_markup import DocumentText, PassageText
from workbench.ui.lab.state import Lab


def plain():
    """The example without the estimates it comes with: they belong to no file of grades."""
    stored = stored_comparison()
    return replace(stored, comparison=replace(stored.comparison, few_labels=None))


@pytest.fixture
def case(tmp_path):
    return write_example_case(tmp_path, results=False)


@pytest.fixture
def lab(case):
    return Lab(plain(), case=case)


@pytest.fixture
def view(lab, case):
    return GradingView(lab, case)


def text(widget):
    own = getattr(widget, "value", "")
    return (own if isinstance(own, str) else "") + "".join(text(child) for child in getattr(widget, "children", ()))


def press(view, **message):
    view._receive(view.keys, message, [])


def grade(view, value):
    card = view.keys.card
    press(view, act="grade", query_id=card["query_id"], doc_id=card["doc_id"], grade=value)


def grade_questions(view, number, value=0):
    done = []
    while len(done) < number and view.keys.card["doc_id"]:
        before = view.keys.card["query_id"]
        grade(view, value)
        if view.keys.card["query_id"] != before:
            done.append(before)
    return done


def test_the_view_opens_with_the_first_question_of_the_plan_and_its_first_document(view, case):
    labelling = GradingDesk(plain(), case.root).labelling
    first = labelling.plan.queries[0].query_id
    card = view.keys.card
    assert (card["query_id"], card["doc_id"]) == (first, labelling.pool.items[first][0].doc_id)
    assert card["grade"] is None
    assert (card["undoable"], card["ready"]) == (False, True)
    shown = text(view.widget)
    assert "Question 1 of 44 in the plan" in shown
    assert f"Document 1 of {len(labelling.pool.items[first])}" in shown


def test_nothing_before_the_end_of_a_question_names_an_arm(view):
    shown = view._parts["question"].value + view._parts["document"].value + json.dumps(view.keys.card)
    assert not re.search(r"dense|bm25|hybrid|rerank|deployed", shown, re.IGNORECASE)
    assert "What the searches returned" not in view._parts["behind"].value
    grade_questions(view, 1)
    assert "What the searches returned for the question before" in view._parts["behind"].value


def test_a_grade_shows_the_next_document_and_says_so(view, case):
    first = view.keys.card["doc_id"]
    grade(view, 0)
    card = view.keys.card
    assert card["doc_id"] != first
    assert card["status"].startswith("Graded 0. Document 2 of ")
    assert [document["grade"] for document in card["documents"]][:2] == [0, None]
    assert [document["here"] for document in card["documents"]].index(True) == 1
    assert [kept.grade for kept in read_grade_file(case.root).grades] == [0]


def test_a_page_that_was_still_loading_is_told_once_what_changed_meanwhile(view, monkeypatch):
    told = []
    monkeypatch.setattr(type(view.widget), "send_state", lambda self, key=None: told.append(self))
    press(view, act="shown")
    assert told == [view.widget]
    press(view, act="shown")
    assert told == [view.widget]


def test_undo_takes_the_grade_back_and_shows_its_document_again(view, case):
    first = dict(view.keys.card)
    grade(view, 2)
    press(view, act="undo")
    assert (view.keys.card["query_id"], view.keys.card["doc_id"]) == (first["query_id"], first["doc_id"])
    assert view.keys.card["grade"] is None
    assert [kept.grade for kept in read_grade_file(case.root).grades] == [2, None]


def test_a_late_key_never_grades_the_document_that_is_shown_now(view, case):
    late = {name: view.keys.card[name] for name in ("query_id", "doc_id")}
    grade(view, 0)
    press(view, act="grade", grade=3, **late)
    assert view.keys.card["status"].startswith("Not kept")
    assert len(read_grade_file(case.root).grades) == 1


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"act": "format the disk"},
        {"act": ["undo"]},
        {"act": "grade"},
        {"act": "grade", "query_id": 1, "doc_id": "d", "grade": 1},
    ],
)
def test_a_message_that_asks_for_nothing_known_does_nothing(view, case, message):
    press(view, **message)
    assert not (case.root / GRADES).exists()
    assert view._parts["fault"].value == ""


@pytest.mark.parametrize("value", [True, "2", 2.0, None, 4, -1])
def test_a_value_that_is_no_grade_is_never_kept(view, case, value):
    grade(view, value)
    assert not (case.root / GRADES).exists()
    assert view.keys.card["doc_id"]


def test_the_state_of_the_lab_is_set_anew_after_every_grade(view, lab):
    seen = []
    lab.observe(lambda change: seen.append(change["new"].few_labels.graded), "comparison")
    grade(view, 0)
    grade(view, 0)
    press(view, act="undo")
    assert seen == [1, 2, 1]


def test_intervals_appear_at_ten_questions_and_are_set_beside_those_of_the_start(lab, case):
    view = GradingView(lab, case)
    assert "10 more questions until the first intervals." in text(view.widget)
    grade_questions(view, 9)
    assert "1 more question until the first intervals." in text(view.widget)
    grade_questions(view, 1)
    estimate = lab.comparison.few_labels.arms["dense"].estimate
    width = f"{100 * (estimate.high - estimate.low):.0f}"
    row = next(part for part in view._parts["intervals"].value.split("<tr>") if "naive dense" in part)
    assert f'<td>{width} <small class="wb-muted">none at the start</small></td>' in row
    again = GradingView(Lab(plain(), case=case), case)
    row = next(part for part in again._parts["intervals"].value.split("<tr>") if "naive dense" in part)
    assert f"{width} at the start" in row


def test_a_view_opened_on_a_graded_case_tells_the_lab_what_is_known(view, case):
    grade(view, 0)
    lab = Lab(plain(), case=case)
    GradingView(lab, case)
    assert lab.comparison.few_labels.graded == 1


def test_a_question_put_off_is_told_and_can_be_taken_up_again(view):
    first = view.keys.card["query_id"]
    press(view, act="put_off")
    assert view.keys.card["put_off"] == 1
    grade_questions(view, 1)
    said = view._parts["said"].value
    assert "Put off: 1 question." in said
    assert "Graded and waiting: 1 question behind one that is open" in said
    press(view, act="go_back")
    assert view.keys.card["query_id"] == first


def test_imported_grades_are_told_to_count_for_nothing(lab, case):
    (case.root / GRADES).write_text('{"query_id": "q40", "doc_id": "d40", "grade": 3}\n', encoding="utf-8")
    view = GradingView(lab, case)
    first = view.keys.card["query_id"]
    assert first != "q40"
    assert "Graded and not counted: 1 question," in view._parts["said"].value


def test_the_name_goes_into_the_grades(view, case):
    view.name.value = "Ada"
    grade(view, 0)
    assert read_grade_file(case.root).grades[0].by == "Ada"


def test_somebody_elses_grade_is_shown_with_their_name(view, lab, case):
    view.name.value = "Ada"
    grade(view, 0)
    other = GradingView(lab, case)
    press(other, act="previous")
    assert "graded 0 by Ada" in other._parts["document"].value


def test_the_end_of_the_plan_is_told_and_undo_still_works(view):
    grade_questions(view, len(QUERIES), value=3)
    assert "Every question is graded: 44 count." in text(view.widget)
    assert (view.keys.card["doc_id"], view.keys.card["undoable"]) == ("", True)
    press(view, act="undo")
    assert view.keys.card["doc_id"]


def few_questions(stored, keep, arms=None):
    """The example with some of its questions, and some of its arms."""
    rankings = stored.rankings[stored.rankings["query_id"].isin(keep)]
    rankings = rankings[rankings["run"].isin(arms)] if arms else rankings
    return replace(stored, rankings=rankings, queries=stored.queries[stored.queries["query_id"].isin(keep)])


def test_a_case_of_one_question_says_that_no_interval_will_come(case):
    view = GradingView(Lab(few_questions(plain(), ["q03"]), case=case), case)
    assert "An interval needs 10 questions; this case has 1." in text(view.widget)
    grade_questions(view, 1, value=3)
    assert "Every question is graded. An interval needs 10 of them, and this case has 1." in text(view.widget)


def test_one_arm_alone_can_be_graded(case):
    lab = Lab(few_questions(plain(), QUERIES, ["bm25"]), case=case)
    view = GradingView(lab, case)
    assert "as likely as others: the searches return the same documents" in view._parts["behind"].value
    grade_questions(view, 10)
    assert list(lab.comparison.few_labels.arms) == ["bm25"]
    assert view._parts["differences"].value == ""


def test_a_case_without_any_ranking_deep_enough_says_so(case):
    stored = plain()
    shallow = {arm: replace(report, depth=3) for arm, report in stored.comparison.arms.items()}
    lab = Lab(replace(stored, comparison=replace(stored.comparison, arms=shallow)), case=case)
    assert "There is no question to grade" in text(GradingView(lab, case).widget)


def test_a_question_without_results_counts_and_is_told(case):
    stored = plain()
    lab = Lab(replace(stored, rankings=stored.rankings[stored.rankings["query_id"] != "q05"]), case=case)
    assert "1 question without any result counts as missed" in text(GradingView(lab, case).widget)


def test_hostile_text_is_shown_as_text(view):
    grade_questions(view, len(QUERIES))
    press(view, act="undo")
    shown = text(view.widget) + markup.document_markup(
        DocumentText(HOSTILE, HOSTILE),
        [PassageText(HOSTILE, HOSTILE)],
        query=HOSTILE,
        place="1",
        grade=1,
        by=HOSTILE,
        case_slug=None,
    )
    shown += markup.question_markup(HOSTILE, Planned(HOSTILE, 0.5, 1, 1), 1, 2)
    assert "<script" not in shown
    assert "<b>bold" not in shown


def test_a_document_known_without_a_passage_shows_its_passage_nearest_to_the_question(case):
    stored = plain()
    rankings = stored.rankings.assign(
        passage_id=[
            ("" if run == "bm25" else p)
            for run, p in zip(stored.rankings["run"], stored.rankings["passage_id"], strict=True)
        ]
    )
    view = GradingView(Lab(replace(stored, rankings=rankings), case=case), case)
    for _ in range(40):
        assert markup.NO_PASSAGE not in view._parts["document"].value
        assert "wb-passage" in view._parts["document"].value
        grade(view, 0)


def test_the_nearest_passage_has_most_words_of_the_question():
    one, two = PassageText("glass is covered"), PassageText("excess for glass")
    assert markup.nearest([one, two], "excess on glasses") == [two]
    assert markup.nearest([], "excess") == []


def test_a_read_only_case_says_how_to_grade_a_copy(case):
    case.root.chmod(0o555)
    try:
        shown = build_grading_view(Lab(plain(), case=open_case(case.root))).value
    finally:
        case.root.chmod(0o755)
    assert "Grades cannot be kept here: the case is read-only." in shown
    assert "cp -a &quot;calder-wharf&quot; &quot;calder-wharf-grading&quot;" in shown


def test_a_comparison_without_a_case_says_that_nothing_can_be_kept():
    assert "Grades cannot be kept here." in build_grading_view(Lab(plain())).value


def test_a_case_that_became_read_only_says_so_and_stays_at_its_document(view, case):
    before = view.keys.card["doc_id"]
    case.root.chmod(0o555)
    try:
        grade(view, 1)
    finally:
        case.root.chmod(0o755)
    assert "the case is read-only" in view._parts["fault"].value
    assert (view.keys.card["doc_id"], view.keys.card["status"]) == (before, "Not kept.")
    grade(view, 1)
    assert view._parts["fault"].value == ""


def test_a_damaged_file_of_grades_is_told_and_can_be_tried_again(lab, case):
    (case.root / GRADES).write_text("no grade\n", encoding="utf-8")
    view = GradingView(lab, case)
    assert "labels.jsonl: line 1 is not JSON" in text(view.widget)
    (case.root / GRADES).unlink()
    view.again.click()
    assert view.keys.card["doc_id"]


def test_a_file_damaged_while_the_view_is_open_stops_the_keys_until_it_is_mended(view, case):
    grade(view, 0)
    whole = (case.root / GRADES).read_bytes()
    (case.root / GRADES).write_bytes(whole + b"no grade\n")
    view._look()
    view._show()
    assert "line 2 is not JSON" in view._parts["fault"].value
    assert not view.keys.card["ready"]
    (case.root / GRADES).write_bytes(whole)
    view._look()
    view._show()
    assert (view._parts["fault"].value, view.keys.card["ready"]) == ("", True)


def test_under_a_running_page_the_answer_comes_before_the_estimate(lab, case, monkeypatch):
    slow = GradingDesk.comparison

    async def scenario():
        view = GradingView(lab, case)
        assert "wb-skeleton" in text(view.widget)
        await view._tasks["open"]
        grade(view, 0)
        grade(view, 3)
        await view._tasks["answer"]
        assert "wb-updating" in view._parts["intervals"].value
        assert lab.comparison.few_labels is None
        await view._tasks["estimate"]
        assert "wb-updating" not in view._parts["intervals"].value
        return view

    view = asyncio.run(scenario())
    assert lab.comparison.few_labels.graded == len(read_grade_file(case.root).grades)
    assert lab.comparison == slow(view._opened.round.desk)


def test_labels_that_are_there_are_told_apart_from_grades(case):
    words = figures.labels_words(plain().comparison, (2, 3))
    assert words.startswith("40 of 44 questions have labels")
    assert "In finished questions grade and label agree on 2 of 3." in words
    assert figures.labels_words(unlabelled_comparison(), (0, 0)).startswith("No question has labels.")
    lab = Lab(replace(plain(), comparison=unlabelled_comparison(), qrels=frame("qrels", [])), case=case)
    assert "No question has labels." in text(GradingView(lab, case).widget)


@pytest.mark.parametrize(
    ("share", "disagreement", "said"),
    [
        (0.15, 0.0, "Drawn by chance, more likely than others: the searches return the same documents."),
        (0.08, 0.2, "Drawn by chance, less likely than others: the searches nearly agree."),
        (0.104, 0.9, "Drawn by chance, as likely as others: the searches return largely different documents."),
    ],
)
def test_why_a_question_comes_is_said_in_words(share, disagreement, said):
    assert markup.why_words(Planned("q", share, 1.0, disagreement), 10) == said


def test_the_question_before_the_grader_does_not_say_whether_the_searches_agree():
    assert "searches" not in markup.question_markup("Is hail covered?", Planned("q", 0.1, 0.1, 0.0), 1, 10)


def test_the_label_of_a_document_is_not_given_away_before_its_question_is_finished(view, case):
    desk = view._opened.round.desk
    pool = desk.labelling.pool
    labels = {(item.query_id, item.doc_id): 1 for items in pool.items.values() for item in items}
    view._opened = replace(view._opened, labels=labels)
    first = view.keys.card["query_id"]
    grade(view, 0)
    assert view.keys.card["query_id"] == first
    assert "agree" not in view._parts["labels"].value
    while view.keys.card["query_id"] == first:
        grade(view, 0)
    assert f"grade and label agree on 0 of {len(pool.items[first])}." in view._parts["labels"].value


def test_the_forecast_names_questions_still_to_grade_and_never_when_a_verdict_comes():
    wide = Estimate(0.3, 0.1, 0.5, 20, "t")
    few = FewLabels(5, 60, 20, 0, {"dense": PoweredEstimate(wide, wide)}, (), "nobody")
    # 0.4 x 1.9893 / 2.0930 x sqrt(24 / 87) is the first below 0.2: 83 questions, 20 of them graded.
    assert figures.forecast_words(few, 40, 400) == [
        "The widest interval is 40 points; about 63 more questions would bring it to 20."
    ]
    assert figures.forecast_words(few, 40, 50) == [
        "The widest interval is 40 points; grading all 50 questions would not bring it to 20."
    ]


def test_what_no_arm_has_yet_is_said_once(view):
    grade_questions(view, 3)
    shown = view._parts["intervals"].value
    assert shown.count("No interval yet: 3 of the 10 graded questions an interval needs.") == 1
    assert "<table" not in shown


def test_an_answer_that_changes_nothing_still_reaches_the_page(view):
    seen = []
    view.keys.observe(lambda change: seen.append(change["new"]["answers"]), "card")
    for _ in range(3):
        grade(view, 4)
    assert seen == [1, 2, 3]
