"""What a cache serves, by hand and against a slow replay written plainly; and which hits count as false."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fabricated_traffic import START, marks_of, neighbours_of, replay_of, traffic
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench
from workbench.costs.arrays import Marks
from workbench.costs.replay import replay
from workbench.costs.safety import Judge
from workbench.records import CacheSettings


def served(log, pairs, *, floor=0.70, most=64, **chosen):
    return replay(log, neighbours_of(pairs, log, floor, most), CacheSettings(**chosen))


def slow_replay(log, pairs, chosen, floor, most):  # noqa: C901 - one rule after the other is what makes it plain
    """One dictionary of kept answers, searched from end to end at every question."""
    kept, last_use, uses = {}, {}, {}
    server, unresolved, evicted, expired = [], 0, 0, 0
    limit = np.float32(chosen.threshold)
    for row in range(len(log)):
        now, own = log.at[row], int(log.node[row])
        for node, source in list(kept.items()):
            old = log.timed and chosen.ttl is not None and now - log.at[source] > chosen.ttl
            changed = log.timed and chosen.invalidate and now >= log.expires[source]
            if old or changed:
                del kept[node]
                expired += 1
        served_by = -1
        if own >= 0:
            around = [
                (b if a == own else a, np.float32(c)) for (a, b), c in pairs.items() if own in (a, b) and c >= floor
            ]
            around = sorted(around, key=lambda found: (-found[1], found[0]))
            seen = [found for found in around[:most] if found[1] >= limit]
            live = [found for found in seen if found[0] in kept]
            if own in kept:
                served_by = own
            elif chosen.threshold <= 1 and live:
                served_by = live[0][0]
            elif chosen.threshold <= 1 and (limit < np.float32(floor) or (len(around) > most and len(seen) == most)):
                unresolved += 1
            if served_by >= 0:
                last_use[served_by] = row
                uses[served_by] += 1
            changed = log.timed and chosen.invalidate and now >= log.expires[row]
            if served_by < 0 and log.answered[row] and chosen.capacity != 0 and not changed:
                if chosen.capacity is not None and len(kept) == chosen.capacity:
                    order = (lambda n: (uses[n], last_use[n])) if chosen.eviction == "lfu" else (lambda n: last_use[n])
                    del kept[min(kept, key=order)]
                    evicted += 1
                kept[own], last_use[own], uses[own] = row, row, 0
        server.append(kept[served_by] if served_by >= 0 else -1)
    return server, unresolved, evicted, expired


@st.composite
def replays(draw):
    rows = draw(st.integers(0, 30))
    words = draw(st.lists(st.sampled_from(["", *"abcdefgh"]), min_size=rows, max_size=rows))
    gaps = draw(st.lists(st.sampled_from([0.0, 1.0, 5.0]), min_size=rows, max_size=rows))
    at = np.cumsum([0.0, *gaps])[:rows]
    lives = draw(st.lists(st.sampled_from([np.inf, np.inf, 0.0, 1.0, 7.0]), min_size=rows, max_size=rows))
    log = traffic(
        words,
        at=at,
        timed=draw(st.booleans()),
        scope=draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows)),
        answered=draw(st.lists(st.sampled_from([True, True, False]), min_size=rows, max_size=rows)),
        expires=START + at + np.array(lives),
    )
    scope = log.scope[log.first]
    within = [(a, b) for a in range(log.nodes) for b in range(a) if scope[a] == scope[b]]
    pairs = {pair: draw(st.sampled_from([0.6, 0.75, 0.9, 0.9, 1.0])) for pair in within}
    chosen = CacheSettings(
        threshold=draw(st.sampled_from([1.01, 1.0, 0.9, 0.8, 0.7, 0.5])),
        ttl=draw(st.sampled_from([None, 0.0, 3.0, 20.0])),
        capacity=draw(st.sampled_from([None, 0, 1, 2, 3, 50])),
        eviction=draw(st.sampled_from(["lru", "lfu"])),
        invalidate=draw(st.booleans()),
    )
    return log, pairs, chosen, draw(st.sampled_from([1, 2, 64]))


@settings(deadline=None, max_examples=300)
@given(replays())
def test_the_fast_replay_serves_what_the_slow_one_does(case):
    log, pairs, chosen, most = case
    fast = replay(log, neighbours_of(pairs, log, 0.70, most), chosen)
    server, unresolved, evicted, expired = slow_replay(log, pairs, chosen, 0.70, most)
    assert fast.server.tolist() == server
    assert (fast.unresolved, fast.evicted, fast.expired) == (unresolved, evicted, expired)
    same_node = [s >= 0 and log.node[s] == log.node[row] for row, s in enumerate(server)]
    assert fast.exact.tolist() == same_node
    assert np.isnan(fast.cosine).tolist() == [s < 0 for s in server]


@settings(deadline=None)
@given(replays())
def test_no_answer_crosses_a_scope_or_comes_from_a_hit_or_the_future(case):
    log, pairs, chosen, most = case
    played = replay(log, neighbours_of(pairs, log, 0.70, most), chosen)
    rows = np.flatnonzero(played.hits)
    source = played.server[rows]
    assert (source < rows).all()
    assert (log.scope[source] == log.scope[rows]).all()
    assert log.answered[source].all()
    assert not played.hits[source].any()


def test_a_repeat_is_served_by_the_first_asking_and_a_similar_question_by_its_neighbour():
    log = traffic(["hail?", "storm", "Hail", "", "flood"])
    played = served(log, {(0, 1): 0.9, (0, 2): 0.8}, threshold=0.9)
    assert played.server.tolist() == [-1, 0, 0, -1, -1]
    assert played.exact.tolist() == [False, False, True, False, False]
    assert played.cosine[1] == np.float32(0.9)


def test_equal_cosines_are_served_by_the_earlier_question():
    log = traffic(["a", "b", "c"])
    assert served(log, {(2, 1): 0.9, (2, 0): 0.9}, threshold=0.9).server.tolist() == [-1, -1, 0]


def test_an_answer_is_as_old_as_when_it_was_given_not_as_when_it_was_last_served():
    log = traffic(["a", "a", "a", "a"], at=[0, 60, 120, 121])
    played = served(log, {}, threshold=1.01, ttl=100)
    assert played.server.tolist() == [-1, 0, -1, 2]
    assert played.expired == 1


def test_an_answer_whose_document_changed_is_not_served_unless_changes_are_ignored():
    log = traffic(["a", "a", "a"], at=[0, 60, 120], expires=[START + 60, np.inf, np.inf])
    assert served(log, {}, threshold=1.01).server.tolist() == [-1, -1, 1]
    assert served(log, {}, threshold=1.01, invalidate=False).server.tolist() == [-1, 0, 0]


def test_lru_lets_go_of_the_one_unused_longest_and_lfu_of_the_one_used_least():
    log = traffic(list("aaabcab"))
    assert served(log, {}, threshold=1.01, capacity=2, eviction="lru").server.tolist() == [-1, 0, 0, -1, -1, -1, -1]
    assert served(log, {}, threshold=1.01, capacity=2, eviction="lfu").server.tolist() == [-1, 0, 0, -1, -1, 0, -1]


def test_a_question_whose_neighbours_were_cut_off_is_unresolved_and_missed():
    log = traffic(list("abc"), answered=[False, True, True])
    played = served(log, {(2, 0): 0.95, (2, 1): 0.9}, most=1, threshold=0.8)
    assert played.server.tolist() == [-1, -1, -1]
    assert played.unresolved == 1


@pytest.mark.parametrize("wrong", [{}, {"threshold": 0.9, "ttl": -1.0}, {"threshold": 0.9, "capacity": -1}])
def test_an_open_threshold_and_negative_limits_are_refused(wrong):
    with pytest.raises(ValueError, match=r"threshold|negative"):
        served(traffic(["a"]), {}, **wrong)


def test_a_log_without_questions_or_with_empty_ones_alone_has_no_hits():
    assert not len(served(traffic([]), {}, threshold=0.9).server)
    assert not served(traffic(["", " "]), {}, threshold=0.9).hits.any()


def test_the_replay_runs_from_a_folder_nobody_can_write_to(tmp_path):
    package = tmp_path / "site" / "workbench"
    shutil.copytree(
        Path(workbench.__file__).parent / "costs", package / "costs", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("__init__.py", "errors.py"):
        shutil.copy(Path(workbench.__file__).parent / name, package / name)
    (package / "__init__.py").write_text("", encoding="utf-8")
    # A file where a folder would be made stops everyone from writing there, the superuser too.
    (package / "costs" / "__pycache__").write_text("", encoding="utf-8")
    (tmp_path / "home").write_text("", encoding="utf-8")
    program = (
        "import numpy as np; from workbench.costs.replay_loop import shared_evidence;"
        "print(shared_evidence(np.array([[1, 2], [2, 3]], np.int32), np.array([1], np.int32), np.array([0], np.int32)))"
    )
    nowhere = str(tmp_path / "home")
    variables = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    variables |= {"PYTHONPATH": str(tmp_path / "site"), "HOME": nowhere, "XDG_CACHE_HOME": nowhere}
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-B", "-c", program],
        env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[0.33333333]"


def test_labels_judge_both_exact_and_semantic_hits_and_only_where_both_are_known():
    log = traffic(["a", "a", "b", "c", "a"], group=[1, 2, 1, -1, 1])
    judge = Judge(log, marks_of(log, {("a", "b"): False}))
    played = replay_of({1: 0, 2: 0, 3: 0, 4: 0}, 5, cosine={2: 0.9, 3: 0.9})
    assert judge.method == "labelled"
    assert judge.judge(played).tolist() == [-1, 0, 1, -1, 1]


def test_a_marked_pair_judges_every_hit_of_its_texts_and_counts_once():
    log = traffic(["a", "b", "b", "c"], evidence=[[1]] * 4)
    judge = Judge(log, marks_of(log, {("b", "a"): False}))
    played = replay_of({1: 0, 2: 0, 3: 0}, 4, cosine={1: 0.9, 2: 0.9, 3: 0.9})
    assert judge.method == "marked"
    assert judge.judge(played).tolist() == [-1, 0, 0, -1]
    assert judge.counted(played).tolist() == [-1, 0, -1, -1]


def test_of_two_marks_on_one_pair_the_later_holds():
    log = traffic(["a", "b"])
    marks = Marks(np.array([0, 0], np.int32), np.array([1, 1], np.int32), np.array([False, True]))
    assert Judge(log, marks).judge(replay_of({1: 0}, 2, cosine={1: 0.9})).tolist() == [-1, 1]


def test_the_proxy_compares_evidence_as_sets_and_judges_nothing_without_it():
    log = traffic(list("abcde"), evidence=[[1, 2, 3], [3, 2, 9], [1, 8, 9], None, [1, 1, 2, 3]])
    judge = Judge(log)
    played = replay_of({1: 0, 2: 0, 3: 0, 4: 0}, 5, cosine=dict.fromkeys(range(1, 5), 0.9))
    assert judge.method == "proxy"
    assert judge.judge(played).tolist() == [-1, 1, 0, -1, 1]  # overlaps 2/4, 1/5, unknown, 3/3


def test_without_labels_marks_and_evidence_nothing_is_judged():
    judge = Judge(traffic(["a", "a"]))
    assert judge.method == "none"
    assert judge.judge(replay_of({1: 0}, 2)).tolist() == [-1, -1]
