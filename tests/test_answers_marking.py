"""Which sentences are marked for reading: by the judge's verdicts, else the lowest fifth by the proxy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.answers.marking import MARKED_SHARE, mark_below, marks_by_judge, marks_by_proxy
from workbench.records import JudgedPart, RowSupport, SentenceSupport

ANSWER = "Hail is covered. The excess is 350 pounds. Claims close on Friday."


def sentence(support: float) -> SentenceSupport:
    return SentenceSupport(0, 1, None, support, support, 0)


def marked(answer: str, *statements: tuple[str, int | None]) -> tuple[list[str], int]:
    marks, lost = marks_by_judge(answer, [JudgedPart(text, verdict) for text, verdict in statements])
    return [answer[mark.start : mark.end] for mark in marks], lost


def test_a_statement_without_support_marks_the_sentence_it_was_taken_from() -> None:
    assert marked(ANSWER, ("The excess for hail is 350 pounds.", 0), ("Hail is covered.", 1)) == (
        ["The excess is 350 pounds."],
        0,
    )


def test_two_statements_of_one_sentence_make_one_mark_that_names_both() -> None:
    marks, _ = marks_by_judge(
        "Hail and storm are covered.", [JudgedPart("Hail is covered.", 0), JudgedPart("Storm is covered.", 0)]
    )
    assert [mark.why for mark in marks] == ["the judge found no support for: Hail is covered.; Storm is covered."]


def test_a_statement_in_other_words_is_counted_as_lost_and_marks_nothing() -> None:
    assert marked(ANSWER, ("Reimbursement happens within a week.", 0)) == ([], 1)


def test_verdicts_of_one_and_none_mark_nothing() -> None:
    assert marked(ANSWER, ("Hail is covered.", 1), ("Claims close on Friday.", None)) == ([], 0)
    assert marked("", ("Hail is covered.", 0)) == ([], 1)


def test_where_all_share_the_least_support_none_stands_out() -> None:
    assert mark_below([RowSupport("r", 0.0, (sentence(0.0),) * 4)]) == 0.0
    assert marks_by_proxy((sentence(0.0),), 0.0) == ()
    assert mark_below([]) == 0.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_at_most_a_fifth_is_marked(supports: list[float]) -> None:
    below = mark_below([RowSupport("r", 0.0, tuple(sentence(value) for value in supports))])
    assert len(marks_by_proxy([sentence(value) for value in supports], below)) <= MARKED_SHARE * len(supports)


def test_a_statement_in_a_script_without_spaces_marks_its_sentence() -> None:
    assert marked("免赔额是250元。火箭也在承保范围内。", ("火箭在承保范围内。", 0)) == (["火箭也在承保范围内。"], 0)
