from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from fabricated_case import EMPTY, START, check, commit, evals, item, line, log
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluation import drift
from workbench.evaluation.drift import drifts, weeks
from workbench.evaluation.two_sample import (
    FOLDS,
    Question,
    _auc,
    _folds,
    _groups,
    tell_apart,
    telling_words,
)
from workbench.records import Repository

WORDS = [f"{first}{second}{third}" for first in "bdf" for second in "aeiou" for third in "klmnrst"]


def traffic(seed: int, sessions: int, *, new_word: float = 0.0, repeats: float = 0.0, first: int = 0):
    """Sessions of one to three questions, the later half of them with a new word; some questions come from a pool of ten."""
    rng = np.random.default_rng(seed)
    pool = [" ".join(rng.choice(WORDS, 5)) for _ in range(10)]
    found = []
    for session in range(first, first + sessions):
        late = session - first >= sessions // 2
        topic = " ".join(rng.choice(WORDS, 3))
        for _ in range(rng.integers(1, 4)):
            text = str(rng.choice(pool)) if rng.random() < repeats else f"{topic} {' '.join(rng.choice(WORDS, 3))}"
            found.append(Question(f"{text} cyber" if late and rng.random() < new_word else text, session, late))
    return found


def logged(questions, *, days: float = 40):
    """Log lines of `questions` in their order, evenly over some days."""
    step = timedelta(days=days) / len(questions)
    return log(
        *(
            line(number, one.text, at=START + number * step, session_id=f"s{one.unit}")
            for number, one in enumerate(questions)
        )
    )


def test_auc_is_the_share_of_pairs_within_a_fold_that_are_ranked_rightly():
    # Fold 0: current 3, reference 1 and 3: one pair right, one tied. Fold 1: current 0, reference 5: wrong. (1 + 0.5) / 3.
    scores, folds = np.array([3.0, 1.0, 3.0, 0.0, 5.0]), np.array([0, 0, 0, 1, 1])
    current = np.array([True, False, False, True, False])
    assert _auc(scores, current, folds, np.ones((1, 5))).tolist() == [0.5]
    # With the tied one left out and fold 1 twice over: 1 right of 1 + 4 pairs.
    assert _auc(scores, current, folds, np.array([[1.0, 1, 0, 2, 2]])).tolist() == [0.2]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, FOLDS - 1)), min_size=2, max_size=40))
def test_auc_agrees_with_counting_pairs_one_by_one(rows):
    pairs = [
        1.0 if one[0] > other[0] else 0.5 if one[0] == other[0] else 0.0
        for one in rows
        for other in rows
        if one[1] and not other[1] and one[2] == other[2]
    ]
    scores, current, folds = (np.array([row[part] for row in rows]) for part in range(3))
    found = _auc(scores.astype(float), current, folds, np.ones((1, len(rows))))[0]
    assert found == pytest.approx(np.mean(pairs) if pairs else 0.5)


def test_a_session_and_equal_wordings_are_in_one_fold():
    sample = traffic(1, 60, repeats=0.05)
    groups = _groups(sample)
    folds = _folds(groups, np.random.default_rng(0))
    for keys in ([one.unit for one in sample], [one.text for one in sample]):
        by_key = {}
        for key, fold in zip(keys, folds, strict=True):
            by_key.setdefault(key, set()).add(int(fold))
        assert all(len(found) == 1 for found in by_key.values())
    assert np.bincount(folds).min() > 0


def test_where_repeats_chain_all_sessions_up_only_repeats_stay_together():
    sample = [Question(text, unit, False) for unit in range(40) for text in (f"own {unit}", "hello")]
    assert len(set(_groups(sample).tolist())) == 41


def test_without_drift_about_one_comparison_in_twenty_is_called_drift():
    p_values = [tell_apart(traffic(seed, 40, repeats=0.2), np.random.default_rng(seed)).p_value for seed in range(60)]
    # 5 % of 60 are 3; four standard errors are 7.
    assert sum(p <= drift.ALPHA for p in p_values) <= 10
    # Under "no drift" p-values are spread evenly: about half lie under a half.
    assert 0.25 < np.mean([p < 0.5 for p in p_values]) < 0.75


def test_without_drift_the_interval_holds_a_half():
    found = [tell_apart(traffic(seed, 60), np.random.default_rng(seed), test=False).auc for seed in range(80)]
    # 95 % of 80 are 76; three standard errors are 6.
    assert sum(one.low <= 0.5 <= one.high for one in found) >= 70


def test_planted_drift_is_found_and_named():
    for seed in range(5):
        questions = traffic(seed, 150, new_word=0.5)
        found = tell_apart(questions, np.random.default_rng(seed))
        assert found.p_value <= drift.ALPHA
        assert found.auc.low > 0.5
        assert telling_words(questions, "early", "late")[0].word == "cyber"
        assert telling_words(questions, "early", "late")[0].towards == "late"


def test_a_script_that_asks_one_thing_a_thousand_times_is_no_drift():
    questions = traffic(3, 80)
    robot = [Question("is the service up and running", "robot", True)] * 1_000
    found = tell_apart([*questions, *robot], np.random.default_rng(0))
    assert found.p_value > 0.01
    assert found.auc.n <= len(questions) + 1


def test_equal_sets_are_not_told_apart():
    early = [one for one in traffic(5, 80) if not one.current]
    late = [replace(one, unit=f"late {one.unit}", current=True) for one in early]
    assert tell_apart([*early, *late], np.random.default_rng(0)).auc.value == pytest.approx(0.5, abs=0.05)


def test_fewer_than_twenty_different_questions_on_a_side_are_not_compared():
    found = tell_apart([Question("same", n, n % 2 == 0) for n in range(500)], np.random.default_rng(0))
    assert (found.auc.value, found.p_value) == (None, None)
    assert "20 are needed" in found.auc.reason


def test_questions_of_one_session_each_side_are_not_compared():
    questions = [Question(f"number {n} {WORDS[n]}", n % 2 == 0, n % 2 == 0) for n in range(80)]
    found = tell_apart(questions, np.random.default_rng(0))
    assert found.auc.value is None or found.p_value > drift.ALPHA


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.text(max_size=20), st.booleans()), max_size=120))
def test_any_texts_end_in_a_value_or_a_reason(rows):
    questions = [Question(text, number, current) for number, (text, current) in enumerate(rows)]
    found = tell_apart(questions, np.random.default_rng(0), test=False)
    assert found.auc.reason or 0 <= found.auc.low <= found.auc.value <= found.auc.high <= 1


def test_an_empty_case_says_of_both_comparisons_why_they_are_not_there():
    found = drifts(EMPTY)
    assert [one.key for one in found] == ["set_against_traffic", "early_against_late"]
    assert [one.auc.reason for one in found] == [
        "no evaluation set was handed over",
        "no log with times was handed over",
    ]
    assert {(one.p_value, one.drifted, one.words) for one in found} == {(None, None, ())}
    assert weeks(EMPTY) == ()
    check(drift.changed_and_not_refreshed, EMPTY, "unknown", "no log with times")


def test_a_log_of_three_days_has_no_early_and_late():
    inputs = replace(EMPTY, log=logged(traffic(1, 80), days=3))
    assert "14 are needed" in drifts(inputs)[1].auc.reason


@pytest.mark.parametrize("queries", [["one"], ["all the same"] * 300])
def test_one_question_or_one_wording_is_not_compared(queries):
    lines = [line(n, query, at=START + timedelta(days=n), session_id=f"s{n}") for n, query in enumerate(queries)]
    found = drifts(replace(EMPTY, log=log(*lines), evals=evals(*(item(n) for n in range(30)))))
    assert {one.drifted for one in found} == {None}
    assert all(week.auc.value is None for week in weeks(replace(EMPTY, log=log(*lines))))


def test_a_set_written_otherwise_is_told_from_the_traffic():
    asked = [one.text for one in traffic(9, 80)]
    inputs = replace(
        EMPTY,
        log=logged(traffic(8, 150)),
        evals=evals(*(item(n, f"What is the {text}?") for n, text in enumerate(asked))),
    )
    found = drifts(inputs)[0]
    assert (found.drifted, found.p_value) == (True, 0.005)
    assert found.auc.value > 0.9
    assert {"question mark", "what"} <= {word.word for word in found.words if word.towards == "evaluation questions"}
    assert (found.reference_n, found.current_n) == (len(asked), len(inputs.log.interactions))


def test_a_set_drawn_from_the_log_is_not_told_from_it():
    questions = traffic(8, 150)
    items = [item(n, one.text, source_trace_id=f"i{4 * n}") for n, one in enumerate(questions[::4])]
    found = drifts(replace(EMPTY, log=logged(questions), evals=evals(*items)))[0]
    assert found.drifted is False
    assert found.words == ()


def changed():
    return replace(EMPTY, log=logged(traffic(2, 200, new_word=0.6)))


def test_e19_is_seen_where_questions_changed_and_the_set_is_old():
    old = evals(*(item(n, added_on=date(2026, 8, 1)) for n in range(5)))
    found = check(drift.changed_and_not_refreshed, replace(changed(), evals=old), "seen", "cyber", "nothing shows")
    assert found.quality == 0.7
    assert found.value.value > drift.TELLING


def test_e19_is_clean_after_a_refresh_by_item_trace_or_commit():
    old = [item(n, added_on=date(2026, 8, 1)) for n in range(5)]
    said = "was refreshed since"
    added = evals(*old, item(9, added_on=date(2026, 10, 5)))
    check(drift.changed_and_not_refreshed, replace(changed(), evals=added), "clean", said)
    last = changed().log.interactions[-1].interaction_id
    check(
        drift.changed_and_not_refreshed,
        replace(changed(), evals=evals(*old, item(9, source_trace_id=last))),
        "clean",
        said,
    )
    # Commits of the fabricated case count days from 1 February; 245 is the fourth of October.
    touched = Repository(commits=(commit(245, "Ada", "repo/eval/golden_set.jsonl"),))
    check(drift.changed_and_not_refreshed, replace(changed(), evals=evals(*old), repository=touched), "clean", said)
    before = Repository(commits=(commit(100, "Ada", "repo/eval/golden_set.jsonl"),))
    check(drift.changed_and_not_refreshed, replace(changed(), evals=evals(*old), repository=before), "seen")


def test_e19_does_not_judge_a_set_without_dates():
    check(drift.changed_and_not_refreshed, replace(changed(), evals=evals(item(1))), "unknown", "not known")


def test_e19_is_clean_where_questions_stayed_what_they_were():
    same = replace(EMPTY, log=logged(traffic(4, 200)), evals=evals(item(1, added_on=date(2026, 1, 1))))
    check(drift.changed_and_not_refreshed, same, "clean", "not told from earlier ones")


def test_weeks_begin_on_monday_and_the_first_ones_are_the_yardstick():
    found = weeks(replace(EMPTY, log=logged(traffic(2, 200, new_word=0.9), days=42)))
    assert all(week.starts.weekday() == 0 and week.starts.hour == 0 for week in found)
    assert sum(week.n for week in found) == len(logged(traffic(2, 200)).interactions)
    measured = [week.auc for week in found if week.auc.value is not None]
    assert found[0].auc.reason.startswith("one of the first weeks")
    assert found[1].auc.reason.startswith("one of the first weeks")
    assert measured[-1].low > 0.5
    assert measured[-1].value > measured[0].value


def test_of_a_long_log_the_newest_weeks_are_measured():
    lines = [line(n, " ".join(WORDS[n % 90 : n % 90 + 4]), at=START + timedelta(days=n / 2)) for n in range(1_200)]
    found = weeks(replace(EMPTY, log=log(*lines)))
    assert sum(week.auc.reason == "too long ago" for week in found) == len(found) - 53 - 8


def test_times_without_a_zone_are_taken_as_utc():
    lines = [
        replace(one, at=datetime(2026, 9, 1) + timedelta(days=n))
        for n, one in enumerate(logged(traffic(1, 40)).interactions)
    ]
    assert weeks(replace(EMPTY, log=log(*lines)))
