"""Grades kept as lines: appended safely, read back, and hostile or torn files told in one sentence."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.case import GRADES
from workbench.errors import CaseError, InputError, WorkbenchError
from workbench.ingest import said_lines
from workbench.ingest.grades import Grade, append_grade, read_grade_file

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PLANNED = Grade("q1", "d1", 2, "d1::0", NOON, "Ada", "sequential Poisson, seed 0", 0.01)


def lines(root: Path, *content: object) -> None:
    text = "".join((entry if isinstance(entry, str) else json.dumps(entry)) + "\n" for entry in content)
    (root / GRADES).write_text(text, encoding="utf-8")


def test_a_case_without_the_file_has_no_grades(tmp_path: Path) -> None:
    assert read_grade_file(tmp_path).grades == ()


def test_grades_come_back_as_they_were_given_in_the_order_they_were_given(tmp_path: Path) -> None:
    given_ones = [PLANNED, Grade("q1", "d1", None, at=NOON), Grade("q ü", "a/b.pdf#3", 0, at=NOON)]
    for grade in given_ones:
        append_grade(tmp_path, grade)
    assert read_grade_file(tmp_path).grades == tuple(given_ones)


def test_a_line_holds_one_grade_with_the_facts_of_its_plan(tmp_path: Path) -> None:
    append_grade(tmp_path, PLANNED)
    assert json.loads((tmp_path / GRADES).read_text(encoding="utf-8")) == {
        "query_id": "q1",
        "doc_id": "d1",
        "grade": 2,
        "passage_id": "d1::0",
        "at": "2026-03-02T12:00:00+00:00",
        "by": "Ada",
        "plan": "sequential Poisson, seed 0",
        "probability": 0.01,
    }


def test_a_withdrawal_is_a_line_with_null(tmp_path: Path) -> None:
    append_grade(tmp_path, Grade("q1", "d1", None, at=NOON))
    assert json.loads((tmp_path / GRADES).read_text(encoding="utf-8"))["grade"] is None


def test_times_are_kept_in_universal_time(tmp_path: Path) -> None:
    append_grade(tmp_path, Grade("q1", "d1", 1, at=datetime(2026, 3, 2, 13, 0, tzinfo=timezone(timedelta(hours=1)))))
    assert "2026-03-02T12:00:00+00:00" in (tmp_path / GRADES).read_text(encoding="utf-8")
    assert read_grade_file(tmp_path).grades[0].at == NOON


def test_an_imported_list_needs_no_plan_and_is_told_apart(tmp_path: Path) -> None:
    lines(tmp_path, {"query_id": "q1", "doc_id": "d1", "grade": 3})
    append_grade(tmp_path, PLANNED)
    assert [grade.planned for grade in read_grade_file(tmp_path).grades] == [False, True]


def test_a_plan_without_a_probability_is_not_a_planned_grade() -> None:
    assert not Grade("q1", "d1", 2, plan="by hand").planned


def test_a_last_line_cut_off_by_a_crash_is_left_out_and_said(tmp_path: Path) -> None:
    append_grade(tmp_path, PLANNED)
    with (tmp_path / GRADES).open("ab") as stream:
        stream.write(b'{"query_id": "q2", "doc_')
    found = read_grade_file(tmp_path)
    assert found.grades == (PLANNED,)
    assert found.notes == (
        "labels.jsonl: the last line was cut off while it was written and is left out; grade that document again",
    )


def test_the_next_grade_after_a_crash_begins_a_line_of_its_own(tmp_path: Path) -> None:
    append_grade(tmp_path, PLANNED)
    with (tmp_path / GRADES).open("ab") as stream:
        stream.write(b'{"query_id": "q2", "doc_')
    append_grade(tmp_path, Grade("q2", "d2", 0, at=NOON))
    assert [grade.query_id for grade in read_grade_file(tmp_path).grades] == ["q1", "q2"]
    assert read_grade_file(tmp_path).notes == ()


def test_a_whole_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    (tmp_path / GRADES).write_text('{"query_id": "q1", "doc_id": "d1", "grade": 1}', encoding="utf-8")
    append_grade(tmp_path, PLANNED)
    assert [grade.grade for grade in read_grade_file(tmp_path).grades] == [1, 2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "line 1 is not JSON"),
        ("[1, 2]", "line 1 is list, expected an object"),
        ({"doc_id": "d", "grade": 1}, "line 1 has no query_id"),
        ({"query_id": "q", "doc_id": "d"}, "line 1 has no grade"),
        ({"query_id": "q", "doc_id": "d", "grade": 4}, "a grade of 4, expected 0, 1, 2, 3, or null"),
        ({"query_id": "q", "doc_id": "d", "grade": True}, "a grade of True"),
        ({"query_id": "q", "doc_id": "d", "grade": 1.5}, "a grade of 1.5"),
        ({"query_id": 7, "doc_id": "d", "grade": 1}, "a query_id of 7, expected text"),
        ({"query_id": "q", "doc_id": "d" * 2000, "grade": 1}, "expected text of at most 1000 characters"),
        ({"query_id": "q", "doc_id": "\ud800", "grade": 1}, "has a doc_id of"),
        ({"query_id": "q", "doc_id": "d", "grade": 1, "at": "2026-03-02"}, "expected one with its zone"),
        ({"query_id": "q", "doc_id": "d", "grade": 1, "at": "0001-01-01T00:00:00+14:00"}, "expected one with its zone"),
        ({"query_id": "q", "doc_id": "d", "grade": 1, "at": 12}, "has a time of 12"),
        ({"query_id": "q", "doc_id": "d", "grade": 1, "probability": 0}, "a probability of 0"),
        ('{"query_id": "q", "doc_id": "d", "grade": 1, "probability": NaN}', "a probability of nan"),
        ('{"query_id": "q", "doc_id": "d", "grade": ' + "9" * 6000 + "}", "line 1 is not JSON"),
        ({"query_id": "q", "doc_id": "d", "grade": 1, "note": "x" * 20_000}, "line 1 is longer than 16 KiB"),
        ("[" * 9_000, "line 1 is not JSON"),
    ],
)
def test_a_line_that_is_no_grade_is_named(tmp_path: Path, line: object, said: str) -> None:
    lines(tmp_path, line)
    with pytest.raises(InputError, match=r"labels\.jsonl: ") as caught:
        read_grade_file(tmp_path)
    assert said in str(caught.value)


def test_faults_are_told_together_and_the_rest_is_counted(tmp_path: Path) -> None:
    lines(tmp_path, *["x"] * 5)
    with pytest.raises(InputError, match=r"line 1 .*; line 2 .*; line 3 .* and 2 more; correct these lines"):
        read_grade_file(tmp_path)


def test_a_file_that_nobody_graded_by_hand_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said_lines, "MAX_BYTES", 200)
    append_grade(tmp_path, PLANNED)
    with pytest.raises(InputError, match="not kept, the file holds"):
        append_grade(tmp_path, PLANNED)
    lines(tmp_path, *[{"query_id": "q", "doc_id": "d", "grade": 1}] * 9)
    with pytest.raises(InputError, match="which nobody writes by hand"):
        read_grade_file(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        Grade("", "d", 1, at=NOON),
        Grade("q", "d", 7, at=NOON),
        Grade("q", "\ud800", 1, at=NOON),
        Grade("q", "d", 1, at=NOON, probability=2.0),
        Grade("q", "d", 1),
        Grade("q", "d", 1, at=NOON.replace(tzinfo=None)),
        Grade("q", "d", 1, at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
    ],
)
def test_a_grade_that_is_none_is_not_kept(tmp_path: Path, wrong: Grade) -> None:
    with pytest.raises(InputError, match="not kept, the grade"):
        append_grade(tmp_path, wrong)
    assert not (tmp_path / GRADES).exists()


def test_a_read_only_case_takes_no_grade(tmp_path: Path) -> None:
    root = tmp_path / "case"
    root.mkdir()
    root.chmod(0o555)
    try:
        with pytest.raises(CaseError, match="read-only, so nothing can be kept"):
            append_grade(root, PLANNED)
    finally:
        root.chmod(0o755)
    assert list(root.iterdir()) == []


def test_a_link_is_neither_read_nor_written(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    elsewhere.write_text('{"query_id": "q", "doc_id": "d", "grade": 1}\n', encoding="utf-8")
    root = tmp_path / "case"
    root.mkdir()
    (root / GRADES).symlink_to(elsewhere)
    assert read_grade_file(root).grades == ()
    with pytest.raises(CaseError, match="is a link"):
        append_grade(root, PLANNED)
    assert elsewhere.read_text(encoding="utf-8").count("\n") == 1


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / GRADES).mkdir()
    assert read_grade_file(tmp_path).grades == ()
    with pytest.raises(InputError, match="not kept"):
        append_grade(tmp_path, PLANNED)


def test_pages_that_grade_at_once_lose_nothing(tmp_path: Path) -> None:
    def grade_many(page: int) -> None:
        for number in range(20):
            append_grade(tmp_path, Grade(f"q{page}", f"d{number}", number % 4, at=NOON))

    pages = [threading.Thread(target=grade_many, args=(page,)) for page in range(4)]
    for page in pages:
        page.start()
    for page in pages:
        page.join()
    kept = read_grade_file(tmp_path).grades
    assert len(kept) == 80
    assert [grade.doc_id for grade in kept if grade.query_id == "q2"] == [f"d{number}" for number in range(20)]


def test_a_page_waits_for_another_and_says_so_when_it_waited_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl", reason="this system has no such locks")
    monkeypatch.setattr(said_lines, "LOCK_SECONDS", 0.05)
    append_grade(tmp_path, PLANNED)
    with (tmp_path / GRADES).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another program has held the file"):
            append_grade(tmp_path, PLANNED)
    append_grade(tmp_path, PLANNED)
    assert len(read_grade_file(tmp_path).grades) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_whatever_the_file_holds_the_answer_is_grades_or_a_typed_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / GRADES).write_bytes(content)
    try:
        assert isinstance(read_grade_file(tmp_path).grades, tuple)
        append_grade(tmp_path, PLANNED)
        assert read_grade_file(tmp_path).grades[-1] == PLANNED
    except WorkbenchError as error:
        assert str(error).startswith("labels.jsonl")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    whole=st.lists(st.sampled_from([0, 1, 2, 3, None]), max_size=3), cut=st.integers(0, 500), name=st.text(max_size=5)
)
def test_a_crash_at_any_byte_loses_the_grade_that_was_being_written_and_no_other(
    tmp_path: Path, whole: list[int | None], cut: int, name: str
) -> None:
    (tmp_path / GRADES).unlink(missing_ok=True)
    kept = [Grade(f"q{position}", "d", grade, at=NOON) for position, grade in enumerate(whole)]
    for grade in kept:
        append_grade(tmp_path, grade)
    before = (tmp_path / GRADES).read_bytes() if kept else b""
    try:
        append_grade(tmp_path, Grade("last", f"d{name}", 1, at=NOON))
    except InputError:  # half a character in the name
        return
    after = (tmp_path / GRADES).read_bytes()
    torn = after[: min(len(before) + cut, len(after) - 2)]
    (tmp_path / GRADES).write_bytes(torn)
    append_grade(tmp_path, PLANNED)
    assert read_grade_file(tmp_path).grades == (*kept, PLANNED)
