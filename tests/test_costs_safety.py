"""Whether a served answer was right: by labels, by marks, by evidence, never by two of them at once."""

import numpy as np
import pytest
from fabricated_traffic import marks_of, neighbours_of, replay_of, traffic

from workbench.costs.arrays import Marks
from workbench.costs.replay import replay
from workbench.costs.safety import PROXY_OVERLAP, Judge
from workbench.records import CacheSettings

FOUR = ["how do I claim?", "how to claim", "where do I pay", "who is insured"]


def verdicts(log, served, marks=None):
    return Judge(log, marks).judge(replay_of(served, len(log), dict.fromkeys(served, 0.9))).tolist()


def test_labels_tell_where_both_questions_have_one():
    log = traffic(FOUR, group=[7, 7, 8, -1])
    assert Judge(log).method == "labelled"
    assert verdicts(log, {1: 0, 2: 0, 3: 0}) == [-1, 1, 0, -1]
    # The server may be the one without a label.
    log = traffic(FOUR, group=[-1, 7, 7, 8])
    assert verdicts(log, {1: 0, 2: 1, 3: 1}) == [-1, -1, 1, 0]


def test_marks_tell_where_no_label_does_whichever_question_came_first():
    log = traffic(FOUR)
    marks = marks_of(log, {(FOUR[0], FOUR[1]): True, (FOUR[3], FOUR[0]): False})
    assert Judge(log, marks).method == "marked"
    assert verdicts(log, {1: 0, 2: 0, 3: 0}, marks) == [-1, 1, -1, 0]
    assert verdicts(log, {1: 0, 3: 2}, marks) == [-1, 1, -1, -1]
    backwards = traffic(FOUR[::-1])
    assert verdicts(backwards, {2: 3, 3: 0}, marks_of(backwards, {(FOUR[0], FOUR[1]): True, (FOUR[3], FOUR[0]): False})) == [
        -1, -1, 1, 0,
    ]  # fmt: skip


def test_the_last_of_several_marks_on_a_pair_holds():
    log = traffic(FOUR)
    twice = Marks(np.array([0, 0, 1], np.int32), np.array([1, 1, 2], np.int32), np.array([True, False, True]))
    assert verdicts(log, {1: 0, 2: 1}, twice) == [-1, 0, 1, -1]
    assert verdicts(log, {1: 0, 2: 1}, Marks(twice.left, twice.right, ~twice.same)) == [-1, 1, 0, -1]


def test_a_mark_holds_for_the_same_texts_in_every_scope():
    log = traffic(["a", "b", "a", "b"], scope=[0, 0, 1, 1])
    marks = Marks(np.array([0], np.int32), np.array([1], np.int32), np.array([False]))
    assert verdicts(log, {1: 0, 3: 2}, marks) == [-1, 0, -1, 0]


def test_evidence_tells_where_nothing_else_does():
    log = traffic(FOUR, evidence=[[1, 2], [1, 2], [1, 3], None])
    assert Judge(log).method == "proxy"
    # The same documents; one of three; none logged.
    assert verdicts(log, {1: 0, 2: 0, 3: 0}) == [-1, 1, 0, -1]
    assert verdicts(log, {2: 3}) == [-1, -1, -1, -1]


@pytest.mark.parametrize(
    ("left", "right", "overlap"),
    [
        ([1, 2, 3], [2, 3, 4], 2 / 4),
        ([1, 2], [1], 1 / 2),
        ([1, 2], [2, 3], 1 / 3),
        ([1, 2, 3, 4, 5], [1, 2, 3, 4], 4 / 5),
        ([1, 2, 3, 4, 5], [1, 2, 3, 6, 7], 3 / 7),
        ([1, 2, 3], [3, 2, 1], 1.0),
        ([1], [2], 0.0),
        # Two passages of one document are one document.
        ([1, 1, 1, 2], [2, 2, 3], 1 / 3),
        ([1, 1, 2], [1, 2, 2, 2], 1.0),
        ([1, 1, 1, 1, 1], [1, 2], 1 / 2),
    ],
)
def test_at_half_the_documents_in_common_a_hit_is_right_by_proxy(left, right, overlap):
    assert PROXY_OVERLAP == 0.5
    assert len(set(left) & set(right)) / len(set(left) | set(right)) == overlap
    for one, other in ((left, right), (right, left)):
        assert verdicts(traffic(["a", "b"], evidence=[one, other]), {1: 0}) == [-1, int(overlap >= 0.5)]


def test_nothing_is_judged_where_nothing_tells():
    log = traffic(FOUR)
    for marks in (None, marks_of(log, {})):
        assert Judge(log, marks).method == "none"
        assert verdicts(log, {1: 0, 2: 0}, marks) == [-1] * 4


def test_labels_silence_marks_and_marks_silence_evidence():
    evidence = [[1], [1], [1], [2]]
    log = traffic(FOUR, evidence=evidence)
    marks = marks_of(log, {(FOUR[0], FOUR[1]): False})
    assert Judge(log, marks).method == "marked"
    # Evidence would say that row 2 is right and row 3 false; nobody marked them.
    assert verdicts(log, {1: 0, 2: 0, 3: 0}, marks) == [-1, 0, -1, -1]
    labelled = traffic(FOUR, evidence=evidence, group=[5, 5, -1, -1])
    assert Judge(labelled, marks).method == "labelled"
    # The mark would say that row 1 is false, evidence that row 2 is right.
    assert verdicts(labelled, {1: 0, 2: 0, 3: 0}, marks) == [-1, 1, -1, -1]


def test_rows_without_a_hit_are_never_judged():
    log = traffic(["a", "a", "b"], group=1, evidence=[[1], [1], [1]])
    assert verdicts(log, {}) == [-1, -1, -1]
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=0.9))
    assert Judge(log).judge(found).tolist() == [-1, 1, -1]


def test_exact_repeats_are_judged_like_any_hit():
    log = traffic(["a", "a", "a"], group=[1, 2, 1])
    assert Judge(log).judge(replay_of({1: 0, 2: 0}, 3)).tolist() == [-1, 0, 1]


def test_a_log_of_nothing_is_judged_by_nothing():
    judge = Judge(traffic([]))
    assert (judge.method, judge.judge(replay_of({}, 0)).tolist()) == ("none", [])
    empty = Judge(traffic(["", ""]))
    assert empty.judge(replay_of({}, 2)).tolist() == [-1, -1]


def test_a_marked_pair_counts_once_however_often_it_comes_up():
    log = traffic(["a", "b", "b", "c", "b", "a", "c"])
    marks = Marks(np.array([0, 0], np.int32), np.array([1, 2], np.int32), np.array([False, True]))
    # Rows 1, 2 and 4 are the pair (a, b), as is row 5 the other way round; 3 and 6 are (a, c).
    found = replay_of({1: 0, 2: 0, 3: 0, 4: 0, 5: 1, 6: 0}, 7, dict.fromkeys(range(1, 7), 0.9))
    judge = Judge(log, marks)
    assert judge.judge(found).tolist() == [-1, 0, 0, 1, 0, 0, 1]
    assert judge.counted(found).tolist() == [-1, 0, -1, 1, -1, -1, -1]


def test_labels_and_evidence_count_question_by_question():
    found = replay_of({1: 0, 2: 0, 3: 0}, 4, {1: 0.9, 2: 0.9, 3: 0.9})
    for log in (
        traffic(["a", "b", "b", "b"], group=[1, 2, 2, 1]),
        traffic(["a", "b", "b", "b"], evidence=[[1], [2], [2], [1]]),
    ):
        assert Judge(log).counted(found).tolist() == [-1, 0, 0, 1]


def test_judging_does_not_change_what_counts_later():
    log = traffic(["a", "b", "b"])
    judge = Judge(log, marks_of(traffic(["a", "b"]), {("a", "b"): True}))
    found = replay_of({1: 0, 2: 0}, 3, {1: 0.9, 2: 0.9})
    assert judge.counted(found).tolist() == judge.counted(found).tolist() == [-1, 1, -1]
    assert judge.judge(found).tolist() == [-1, 1, 1]
