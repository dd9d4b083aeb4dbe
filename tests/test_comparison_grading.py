"""Grading a compared case: grades are joined to the stored comparison whenever it is shown, and change nothing else."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fabricated_retrieval import HashingEncoder, WriteCase

import workbench
from workbench import session
from workbench.case import GRADES, Case, fingerprint, open_case
from workbench.comparison import compare as comparing
from workbench.comparison.compare import compare
from workbench.comparison.grading import GradingDesk, labelling_of, qrels_tsv, with_grades
from workbench.comparison.grading_round import GradingRound
from workbench.comparison.tables import StoredComparison
from workbench.errors import CaseError, InputError
from workbench.evaluation.few_labels import in_force, powered_mean
from workbench.evaluation.few_labels.forecast import questions_for, width_at, width_of
from workbench.ingest.grades import Grade, read_grade_file
from workbench.ingest.load import load_inputs
from workbench.records import Estimate, FewLabels
from workbench.retrieval.arms import ARMS, ArmSettings

QUESTIONS = 12
CORPUS = {f"d{i}": f"clause {i} of the policy deals with code X-{100 + i}" for i in range(QUESTIONS + 3)}
QUERIES = {f"q{i}": f"what about code X-{100 + i}" for i in range(QUESTIONS)}


@pytest.fixture(autouse=True)
def _tiny_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "load_encoder", lambda model: HashingEncoder())


@pytest.fixture
def case(write_case: WriteCase, tmp_path: Path) -> Case:
    """A compared case without labels; the reranker is not there, so that no model is needed."""
    opened = open_case(write_case(CORPUS, QUERIES, {}))
    session.compare(opened, settings=ArmSettings(reranker=str(tmp_path / "none")), probed=0)
    return opened


def stored(case: Case) -> StoredComparison:
    found = session.stored_comparison(case)
    assert found is not None
    return found


def few(case: Case) -> FewLabels:
    found = stored(case).comparison.few_labels
    assert found is not None
    return found


def grade_all(case: Case) -> int:
    """Grade as the plan asks, a document exactly right when it has the question's number; the number of grades given."""
    labelling = labelling_of(stored(case))
    given = 0
    while (query_id := labelling.standing(case.root).next_query) is not None:
        item = labelling.pool.next_item(query_id, labelling.standing(case.root).grades)
        assert item is not None
        session.grade(case, query_id, item.doc_id, 3 if item.doc_id[1:] == query_id[1:] else 0, by="tester")
        given += 1
    return given


def a_pair(case: Case) -> tuple[str, str]:
    """A question and a document that is to be graded for it."""
    query_id, items = next(iter(labelling_of(stored(case)).pool.items.items()))
    return query_id, items[0].doc_id


def test_nothing_graded_leaves_the_comparison_as_it_is(case: Case) -> None:
    found = stored(case).comparison
    assert found.few_labels is None
    assert found.recommended is not None
    assert found.recommended.basis == "none"


def test_grading_the_plan_gives_every_arm_an_estimate_and_a_recommendation(case: Case) -> None:
    given = grade_all(case)
    found = few(case)
    assert (found.graded, found.queries, found.outside) == (given, QUESTIONS, 0)
    assert set(found.arms) == {"dense", "bm25", "hybrid"}
    for powered in found.arms.values():
        for estimate in (powered.estimate, powered.human_only):
            assert estimate.n == QUESTIONS
            assert estimate.low < estimate.high
            assert estimate.low <= estimate.value <= estimate.high
    # A code is a word of its own: BM25 finds every one of them.
    assert found.arms["bm25"].human_only.value == 0
    advised = stored(case).comparison.recommended
    assert (advised.arm, advised.basis) == ("bm25", "few labels")
    assert advised.reason.startswith("By 12 graded questions keyword (BM25) misses")


def test_a_question_that_is_half_graded_is_not_measured_and_the_reason_says_so(case: Case) -> None:
    found = session.grade(case, *a_pair(case), 0).comparison
    assert found.few_labels.graded == 1
    assert {powered.estimate.value for powered in found.few_labels.arms.values()} == {None}
    assert found.recommended.reason == "No arm is recommended yet: no question is graded to the end."


def test_a_few_questions_are_not_measured_and_the_reason_says_how_many_it_takes(case: Case) -> None:
    found = stored(case)
    first = labelling_of(found).plan.queries[0].query_id
    for item in labelling_of(found).pool.items[first]:
        session.grade(case, first, item.doc_id, 0)
    advised = stored(case).comparison.recommended
    assert advised.reason == "No arm is recommended yet: 1 of the 10 graded questions an interval needs."


def test_grading_keeps_the_stored_comparison(case: Case) -> None:
    before, folder = fingerprint(case.root), session.results_folder(case)
    session.grade(case, *a_pair(case), 2)
    assert (case.root / GRADES).is_file()
    assert (fingerprint(case.root), session.results_folder(case)) == (before, folder)
    assert set(ARMS) <= set(stored(case).comparison.arms)


def test_what_is_stored_holds_no_grades(case: Case) -> None:
    session.grade(case, *a_pair(case), 2)
    assert few(case).graded == 1
    (case.root / GRADES).unlink()
    assert stored(case).comparison.few_labels is None


def test_a_regrade_counts_instead_of_the_first_and_a_withdrawal_takes_it_back(case: Case) -> None:
    query_id, doc_id = a_pair(case)
    for value in (3, 0):
        session.grade(case, query_id, doc_id, value)
    assert in_force(read_grade_file(case.root).grades)[query_id, doc_id].grade == 0
    found = session.grade(case, query_id, doc_id, None)
    assert in_force(read_grade_file(case.root).grades) == {}
    assert len(read_grade_file(case.root).grades) == 3
    assert (found.comparison.few_labels.graded, found.comparison.few_labels.queries) == (0, 0)


def test_taking_every_grade_back_recommends_nothing_by_grades(case: Case) -> None:
    query_id, doc_id = a_pair(case)
    session.grade(case, query_id, doc_id, 3)
    advised = session.grade(case, query_id, doc_id, None).comparison.recommended
    assert (advised.arm, advised.basis) == (None, "none")
    assert "labelled" in advised.reason


@pytest.mark.parametrize("pair", [("q0", "nowhere"), ("nobody asked", "d0")])
def test_a_document_outside_the_pool_is_refused_and_nothing_is_kept(case: Case, pair: tuple[str, str]) -> None:
    with pytest.raises(InputError, match=f"'{pair[1]}' is not to be graded for question '{pair[0]}'"):
        session.grade(case, *pair, 3)
    assert not (case.root / GRADES).exists()


@pytest.mark.parametrize("value", [-1, 4, 1.5, True, "3"])
def test_a_value_that_is_no_grade_is_refused(case: Case, value: object) -> None:
    with pytest.raises(InputError, match="not kept"):
        session.grade(case, *a_pair(case), value)
    assert not (case.root / GRADES).exists()


def test_a_case_that_was_not_compared_says_what_to_do(write_case: WriteCase) -> None:
    with pytest.raises(CaseError, match="nothing to grade yet; run `workbench compare` first"):
        workbench.grade(write_case(CORPUS, QUERIES, {}), "q0", "d0", 3)


def test_a_damaged_file_of_grades_is_a_note_and_hides_nothing(case: Case) -> None:
    whole = stored(case)
    (case.root / GRADES).write_text("no grade\n", encoding="utf-8")
    found = stored(case)
    assert [note for note in found.comparison.notes if note.startswith(GRADES)] == [
        "labels.jsonl: line 1 is not JSON (Expecting value: line 1 column 1 (char 0)); "
        "correct these lines, or move the file away to begin anew"
    ]
    assert found.comparison.arms == whole.comparison.arms
    assert found.rankings.equals(whole.rankings)


def test_a_half_line_is_told_once_and_gone_with_the_next_grade(case: Case) -> None:
    (case.root / GRADES).write_text('{"query_id": "q0", "do', encoding="utf-8")
    assert sum(note.startswith(GRADES) for note in stored(case).comparison.notes) == 1
    graded = session.grade(case, *a_pair(case), 2).comparison
    assert [note for note in graded.notes if note.startswith(GRADES)] == []
    assert graded.few_labels.graded == 1


def test_joining_grades_twice_is_joining_them_once(case: Case) -> None:
    with (case.root / GRADES).open("a", encoding="utf-8") as file:
        file.write("no grade\n")
    once = with_grades(stored(case), case.root).comparison
    assert with_grades(with_grades(stored(case), case.root), case.root).comparison == once
    assert sum(note.startswith(GRADES) for note in once.notes) == 1


def test_a_read_only_case_is_compared_and_shown_but_not_graded(
    write_case: WriteCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = write_case(CORPUS, QUERIES, {})
    root.chmod(0o555)
    try:
        opened = open_case(root)
        session.compare(opened, settings=ArmSettings(reranker=str(tmp_path / "none")), probed=0)
        with pytest.raises(CaseError, match=r"read-only, so nothing can be kept in labels\.jsonl; copy it"):
            session.grade(opened, *a_pair(opened), 3)
        assert stored(opened).comparison.few_labels is None
        assert not (root / GRADES).exists()
    finally:
        root.chmod(0o755)


def grade_one_question(root: str, query_id: str) -> None:
    """What another process does."""
    opened = open_case(root)
    for item in labelling_of(stored(opened)).pool.items[query_id]:
        session.grade(opened, query_id, item.doc_id, 1, by=query_id)


def test_two_processes_that_grade_at_once_lose_nothing(case: Case) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=grade_one_question, args=(str(case.root), f"q{i}")) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    items = labelling_of(stored(case)).pool.items
    wanted = {(f"q{i}", item.doc_id) for i in range(2) for item in items[f"q{i}"]}
    assert in_force(read_grade_file(case.root).grades).keys() == wanted
    assert len(read_grade_file(case.root).grades) == len(wanted)


def test_a_question_for_which_the_deployed_system_returned_nothing_is_missed_and_not_left_out(
    write_case: WriteCase, tmp_path: Path
) -> None:
    root = write_case(CORPUS, QUERIES, {query_id: {f"d{query_id[1:]}": 1} for query_id in QUERIES})
    (root / "logs").mkdir()
    five = [f"d{i}" for i in range(5)]
    lines = [
        {"timestamp": f"2026-03-02T10:{i:02}:00Z", "query": QUERIES[f"q{i}"], "retrieved_ids": five if i < 6 else []}
        for i in range(10)
    ]
    (root / "logs" / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    found = compare(load_inputs(open_case(root)), tmp_path / "v", arms=["bm25"], probed=0)
    assert labelling_of(found).runs["deployed"].rankings.keys() == {f"q{i}" for i in range(10)}


# ---------------------------------------------------------------- the desk, and a round at it


def round_of(case: Case, by: str = "") -> GradingRound:
    found = GradingRound(GradingDesk(stored(case), case.root))
    found.by = by
    return found


def here(place: GradingRound) -> tuple[str, str]:
    assert place.item is not None
    return place.item.query_id, place.item.doc_id


def finish(place: GradingRound, value: int) -> str:
    """Grade the question before the grader to its end; its id."""
    query_id = here(place)[0]
    while place.item is not None and place.item.query_id == query_id:
        place.give(*here(place), value)
    return query_id


def lines_of(case: Case) -> list[int | None]:
    return [grade.grade for grade in read_grade_file(case.root).grades]


def test_a_desk_says_after_each_grade_what_joining_the_file_anew_says(case: Case) -> None:
    place = round_of(case)
    for value in (0, 3, 1, 2) * 8:
        if place.item is not None:
            place.give(*here(place), value)
            assert place.desk.comparison() == stored(case).comparison


def test_a_grade_reads_neither_the_rankings_nor_the_file_again(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    place = round_of(case)
    place.give(*here(place), 0)
    for name in ("labelling_of", "read_grade_file"):
        monkeypatch.setattr(f"workbench.comparison.grading.{name}", lambda *_: pytest.fail("read again"))
    place.give(*here(place), 0)
    place.undo()
    assert place.desk.comparison().few_labels.graded == 1


def test_questions_come_in_the_order_of_the_plan_and_documents_in_that_of_the_pool(case: Case) -> None:
    labelling = labelling_of(stored(case))
    place = round_of(case)
    order = [finish(place, 0) for _ in range(QUESTIONS)]
    assert order == [entry.query_id for entry in labelling.plan.queries]
    assert place.item is None
    assert place.desk.standing.outside == ()
    first = order[0]
    graded = [g.doc_id for g in read_grade_file(case.root).grades if g.query_id == first]
    assert graded == [item.doc_id for item in labelling.pool.items[first]]


def test_a_good_document_that_all_arms_share_finishes_its_question_at_once(case: Case) -> None:
    place = round_of(case)
    labelling = place.desk.labelling
    while True:
        query_id, doc_id = here(place)
        if all(doc_id in top for top in labelling.pool.tops[query_id].values()):
            break
        finish(place, 0)
    assert place.give(query_id, doc_id, 2) == "Graded 2. Question finished; the next one is shown."
    assert place.finished == query_id
    assert here(place)[0] != query_id


def test_a_grade_for_a_document_that_is_no_longer_shown_is_not_kept_and_not_given_to_the_next(case: Case) -> None:
    place = round_of(case)
    shown = here(place)
    place.give(*shown, 0)
    after = here(place)
    assert place.give(*shown, 3).startswith("Not kept")
    assert here(place) == after
    assert lines_of(case) == [0]


def test_undo_goes_back_step_by_step_across_questions_and_appends_withdrawals(case: Case) -> None:
    place = round_of(case)
    seen = []
    for _ in range(20):
        seen.append(here(place))
        place.give(*here(place), 0)
    assert len({query_id for query_id, _ in seen}) > 1
    for pair in reversed(seen):
        assert place.undo().startswith("Grade 0 taken back.")
        assert here(place) == pair
    assert not place.undoable
    assert place.undo().startswith("Nothing to undo")
    assert lines_of(case) == [0] * 20 + [None] * 20
    assert place.desk.standing.grades == {}


def test_undoing_a_regrade_brings_the_earlier_grade_back(case: Case) -> None:
    place = round_of(case, "Ada")
    pair = here(place)
    place.give(*pair, 1)
    place.move(-1)
    assert here(place) == pair
    place.give(*pair, 0)
    place.undo()
    assert place.desk.standing.grades[pair] == 1
    assert lines_of(case) == [1, 0, None, 1]
    assert place.desk.in_force(*pair).by == "Ada"


def test_undo_leaves_a_grade_alone_that_somebody_else_gave_since(case: Case) -> None:
    mine, theirs = round_of(case, "Ada"), round_of(case, "Ben")
    pair = here(mine)
    mine.give(*pair, 1)
    theirs.give(*pair, 0)
    assert mine.undo() == "Not undone: somebody graded that document again since."
    assert mine.desk.standing.grades[pair] == 0
    assert not mine.undoable


def test_two_desks_see_each_others_grades(case: Case) -> None:
    mine, theirs = round_of(case, "Ada"), round_of(case, "Ben")
    mine.give(*here(mine), 0)
    assert theirs.refresh()
    assert not theirs.refresh()
    theirs.move(1)
    theirs.give(*here(theirs), 0)
    # What Ben appended is read before Ada's next grade is, so that both are there.
    mine.give(*here(mine), 0)
    assert {grade.by for grade in mine.desk.file.grades} == {"Ada", "Ben"}
    assert mine.desk.file == read_grade_file(case.root)


def test_a_grade_by_another_page_never_moves_the_document_before_the_grader(case: Case) -> None:
    mine, theirs = round_of(case), round_of(case)
    shown = here(mine)
    finish(theirs, 0)
    assert mine.refresh()
    assert here(mine) == shown


def test_a_question_put_off_leaves_a_gap_that_is_told_and_closed(case: Case) -> None:
    place = round_of(case)
    first = here(place)[0]
    assert place.put_question_off() == "Question put off. What you grade from here on counts once it is graded."
    second = finish(place, 0)
    assert second != first
    assert place.desk.standing.counted == ()
    assert (place.put_off, place.waiting()) == ([first], 1)
    assert place.desk.comparison().few_labels.queries == 0
    place.go_back()
    assert here(place)[0] == first
    assert finish(place, 0) == first
    assert place.desk.standing.counted[:2] == (first, second)
    assert (place.put_off, place.waiting()) == ([], 0)


def test_questions_put_off_come_back_when_no_other_is_open(case: Case) -> None:
    place = round_of(case)
    first = here(place)[0]
    place.put_question_off()
    order = [finish(place, 0) for _ in range(QUESTIONS)]
    assert order[-1] == first
    assert place.item is None
    assert len(place.desk.standing.counted) == QUESTIONS


def test_the_last_open_question_cannot_be_put_off(case: Case) -> None:
    place = round_of(case)
    for _ in range(QUESTIONS - 1):
        finish(place, 0)
    last = here(place)
    assert place.put_question_off() == "No other question is open: this one is the only one left."
    assert here(place) == last


def test_moving_stays_within_the_question_and_keeps_nothing(case: Case) -> None:
    place = round_of(case)
    query_id = here(place)[0]
    number = len(place.documents())
    assert place.move(-1) == "This is the first document of the question."
    for step in range(1, number):
        assert place.move(1) == f"Document {step + 1} of {number}."
    assert place.move(1) == "This is the last document of the question."
    assert here(place)[0] == query_id
    assert not (case.root / GRADES).exists()


def test_imported_grades_neither_settle_a_question_nor_are_lost_by_undo(case: Case) -> None:
    pair = here(round_of(case))
    line = {"query_id": pair[0], "doc_id": pair[1], "grade": 3}
    (case.root / GRADES).write_text(json.dumps(line) + "\n", encoding="utf-8")
    place = round_of(case)
    assert here(place) == pair
    assert place.documents()[0].grade is None
    place.give(*pair, 0)
    place.undo()
    assert place.desk.in_force(*pair).grade == 3
    assert place.desk.standing.grades == {}


def test_a_name_is_kept_short_and_whole(case: Case) -> None:
    place = round_of(case, "  Ada \ud800" + "x" * 500)
    place.give(*here(place), 0)
    assert read_grade_file(case.root).grades[0].by == "Ada " + "x" * 96


def test_a_file_damaged_meanwhile_takes_no_grade(case: Case) -> None:
    place = round_of(case)
    place.give(*here(place), 0)
    with (case.root / GRADES).open("a", encoding="utf-8") as file:
        file.write("no grade\n")
    with pytest.raises(InputError, match=r"labels.jsonl: line 2 is not JSON"):
        place.give(*here(place), 0)
    assert (case.root / GRADES).read_text(encoding="utf-8").endswith("no grade\n")
    with pytest.raises(InputError, match=r"labels.jsonl: line 2"):
        session.grade(case, *here(place), 0)


def test_a_file_taken_away_meanwhile_takes_its_grades_along(case: Case) -> None:
    place = round_of(case)
    finish(place, 0)
    (case.root / GRADES).unlink()
    assert place.refresh()
    assert place.desk.comparison() == stored(case).comparison
    assert place.desk.comparison().few_labels is None


def test_a_question_no_arm_returned_anything_for_counts_as_missed_and_is_never_shown(case: Case) -> None:
    found = stored(case)
    without = "q3"
    place = GradingRound(
        GradingDesk(replace(found, rankings=found.rankings[found.rankings["query_id"] != without]), case.root)
    )
    graded = {finish(place, 3) for _ in range(QUESTIONS - 1)}
    assert (without in graded, place.item) == (False, None)
    few = place.desk.comparison().few_labels
    assert few.queries == QUESTIONS
    assert few.arms["bm25"].human_only.value == pytest.approx(1 / QUESTIONS, abs=0.02)


def test_qrels_hold_what_is_in_force_and_no_tab_of_an_id() -> None:
    given = [Grade("q1", "a\tb", 3), Grade("q1", "c", 1), Grade("q0", "c", 0), Grade("q1", "c", None)]
    assert qrels_tsv(given) == "query-id\tcorpus-id\tscore\nq0\tc\t0\nq1\ta%09b\t3\n"
    assert qrels_tsv([]) == "query-id\tcorpus-id\tscore\n"


def test_qrels_written_from_grades_are_read_as_labels(case: Case) -> None:
    place = round_of(case)
    for value in (3, 0, 1, 2):
        place.give(*here(place), value)
    folder = case.root / "qrels"
    (folder / "test.tsv").write_text(qrels_tsv(place.desk.file.grades), encoding="utf-8")
    inputs = load_inputs(open_case(case.root))
    read = {(q, d): grade for q, grades in inputs.qrels.items() for d, grade in grades.items()}
    assert read == {pair: grade.grade for pair, grade in in_force(place.desk.file.grades).items()}


def test_the_forecast_width_is_near_the_width_that_comes() -> None:
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(200):
        outcomes = (rng.random(160) < 0.3).astype(float)
        flat, everywhere, ones = np.full(160, 0.5), np.full(400, 0.5), np.ones(160)

        def interval(n: int, outcomes=outcomes, flat=flat, everywhere=everywhere, ones=ones) -> Estimate:
            own = powered_mean(outcomes[:n], flat[:n], everywhere, ones[:n], kind="share", rng=np.random.default_rng(0))
            return own.estimate

        ratios.append(width_at(interval(40), 160, "share") / width_of(interval(160)))
    # Exact on average; one sample of 40 knows the spread of 0.3 to about a tenth.
    assert abs(np.mean(ratios) - 1) < 0.02
    assert np.quantile(np.abs(np.array(ratios) - 1), 0.9) < 0.2


def test_a_forecast_needs_a_measured_interval_and_as_many_questions_as_there_are() -> None:
    measured = Estimate(0.3, 0.1, 0.5, 20, "t")
    assert width_at(Estimate.not_measured("none"), 40, "share") is None
    assert width_at(measured, 5, "share") is None
    assert questions_for(measured, 0.5, 400, "share") == 20
    assert questions_for(measured, 0.2, 400, "share") == 83  # 0.4 x 1.9893 / 2.0930 x sqrt(24 / 87)
    assert width_at(measured, 83, "share") <= 0.2 < width_at(measured, 82, "share")
    assert questions_for(measured, 0.2, 82, "share") is None
