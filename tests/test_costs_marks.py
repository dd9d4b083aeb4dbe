"""Pairs people mark: kept, read, withdrawn; drawn at random; and listed to be read."""

import json

import numpy as np
import pytest
from fabricated_traffic import neighbours_of, replay_of, traffic

from workbench.case import CACHE_PAIRS, fingerprint
from workbench.costs.marks import keep_mark, pair_of, read_marks, to_mark
from workbench.costs.pairs import pairs
from workbench.costs.replay import replay
from workbench.errors import CaseError, InputError
from workbench.records import CacheSettings

QUESTIONS = ["Is hail covered?", "Is storm covered?", "Is flood covered?", "is HAIL covered"]


def test_a_mark_is_kept_and_read_for_both_orders_and_spellings(tmp_path):
    (tmp_path / "logs").mkdir()
    before = fingerprint(tmp_path)
    log = traffic(QUESTIONS)
    keep_mark(tmp_path, "Is storm covered?", "IS HAIL  covered", False, by="Ann")
    marks = read_marks(tmp_path, log)
    assert (marks.left.tolist(), marks.right.tolist(), marks.same.tolist()) == ([0], [1], [False])
    assert fingerprint(tmp_path) == before, "a mark changes nothing that was run"
    entry = json.loads((tmp_path / CACHE_PAIRS).read_text())
    assert entry["by"] == "Ann"
    assert entry["at"].endswith("+00:00")


def test_the_last_mark_of_a_pair_counts_and_null_withdraws(tmp_path):
    log = traffic(QUESTIONS)
    for same in (False, True):
        keep_mark(tmp_path, QUESTIONS[0], QUESTIONS[1], same)
    assert read_marks(tmp_path, log).same.tolist() == [True]
    keep_mark(tmp_path, QUESTIONS[1], QUESTIONS[0], None)
    assert len(read_marks(tmp_path, log)) == 0


def test_marks_of_questions_the_log_does_not_hold_are_passed_over(tmp_path):
    keep_mark(tmp_path, "Is hail covered?", "Who are you?", True)
    assert len(read_marks(tmp_path, traffic(QUESTIONS))) == 0
    assert len(read_marks(tmp_path / "nowhere", traffic(QUESTIONS))) == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "expected an object"),
        ('{"a": "x", "b": 3, "same": true}', "has a question 'b'"),
        ('{"a": "x", "b": "y"}', "says None"),
        ('{"a": "x", "b": "y", "same": "yes"}', "expected true, false, or null"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, line, said):
    (tmp_path / CACHE_PAIRS).write_text(f'{{"a": "x", "b": "y", "same": true}}\n{line}\n')
    with pytest.raises(InputError, match=f"{CACHE_PAIRS}: line 2 .*{said}"):
        read_marks(tmp_path, traffic(QUESTIONS))


def test_a_file_written_by_hand_may_name_a_pair_in_either_order(tmp_path):
    lines = [
        {"a": "b", "b": "a", "same": False},
        {"a": "a", "b": "b", "same": True},
        {"a": "b", "b": "a", "same": None},
    ]
    (tmp_path / CACHE_PAIRS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert len(read_marks(tmp_path, traffic(["a", "b"]))) == 0


def test_questions_without_text_and_read_only_cases_take_no_mark(tmp_path):
    with pytest.raises(InputError, match="two different questions with text"):
        keep_mark(tmp_path, " ?", "Is hail covered?", True)
    with pytest.raises(InputError, match="two different questions"):
        keep_mark(tmp_path, "hail", "Hail?", True)
    tmp_path.chmod(0o555)
    with pytest.raises(CaseError, match="read-only"):
        keep_mark(tmp_path, "a", "b", True)
    tmp_path.chmod(0o755)


def test_long_questions_in_any_writing_still_fit_a_line(tmp_path):
    long = ["保险" * 3000, '"\\' * 3000]
    log = traffic(long)
    keep_mark(tmp_path, *long, True)
    keep_mark(tmp_path, *long, False)
    assert read_marks(tmp_path, log).same.tolist() == [False]


def similar(number):
    """A hub and so many questions served by it, one cosine each."""
    log = traffic(["hub", *[f"question {place}" for place in range(number)]])
    return log, neighbours_of({(0, place + 1): 0.71 + 0.2 * place / number for place in range(number)}, log)


def test_pairs_to_mark_are_a_random_sample_whatever_the_threshold():
    log, near = similar(400)
    none = read_marks_nowhere(log)
    served = replay(log, near, CacheSettings(threshold=0.70))
    drawn = to_mark(log, served, none, n=40)
    assert len(set(drawn)) == 40
    assert 0.775 < served.cosine[drawn].mean() < 0.845, "neither the nearest nor the farthest first"
    stricter = replay(log, near, CacheSettings(threshold=0.80))
    above = [row for row in to_mark(log, served, none, n=400) if served.cosine[row] >= np.float32(0.80)]
    assert to_mark(log, stricter, none, n=400) == above, "a stricter threshold draws the same pairs in the same order"


def test_what_is_marked_is_not_asked_again(tmp_path):
    log, near = similar(5)
    served = replay(log, near, CacheSettings(threshold=0.70))
    first = to_mark(log, served, read_marks_nowhere(log))[0]
    keep_mark(tmp_path, log.texts[first], log.texts[int(served.server[first])], True)
    assert first not in to_mark(log, served, read_marks(tmp_path, log))
    assert len(to_mark(log, served, read_marks(tmp_path, log))) == 4


def test_pairs_are_listed_once_the_least_similar_first():
    log = traffic(["a", "b", "c", "b", "a"])
    served = replay_of({1: 0, 2: 0, 3: 0, 4: 0}, 5, cosine={1: 0.9, 2: 0.8, 3: 0.9})
    judged = np.array([-1, 1, 0, 1, 1], np.int8)
    listed, of = pairs(log, served, judged)
    assert [(pair.row, pair.server, pair.times, pair.verdict) for pair in listed] == [(2, 0, 1, 0), (1, 0, 2, 1)]
    assert of == 2
    assert [pair.row for pair in pairs(log, served, judged, only="false")[0]] == [2]
    assert pairs(log, served, judged, only="unjudged") == ([], 0)
    assert pairs(log, served, judged, exact=True)[1] == 3
    assert len(pairs(log, served, judged, limit=1)[0]) == 1


def test_a_pair_has_one_name():
    log = traffic(["a", "b"])
    assert pair_of(log, 0, 1) == pair_of(log, 1, 0) == (0, 1)


def read_marks_nowhere(log):
    from pathlib import Path

    return read_marks(Path("nowhere"), log)
