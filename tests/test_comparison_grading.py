"""Grading a compared case: grades are joined to the stored comparison whenever it is shown, and change nothing else."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest
from fabricated_retrieval import HashingEncoder, WriteCase

import workbench
from workbench import session
from workbench.case import GRADES, Case, fingerprint, open_case
from workbench.comparison import compare as comparing
from workbench.comparison.compare import compare
from workbench.comparison.grading import labelling_of, with_grades
from workbench.comparison.tables import StoredComparison
from workbench.errors import CaseError, InputError
from workbench.evaluation.few_labels import in_force
from workbench.ingest.grades import read_grade_file
from workbench.ingest.load import load_inputs
from workbench.records import FewLabels
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
        with pytest.raises(CaseError, match="the case is read-only, so grades cannot be kept; copy it and grade"):
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
