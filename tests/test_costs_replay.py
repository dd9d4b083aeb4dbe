"""The replay against a slow one of dicts and lists, and against what single cases come to by hand."""

import numpy as np
import pytest
from fabricated_traffic import START, neighbours_of, traffic
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.costs.replay import replay
from workbench.records import CacheSettings

FLOOR = 0.70


def slow_replay(log, pairs, most, wanted):
    """The same, as its description reads: `kept` holds, under each node, the row answered, its uses and the row of the last."""
    threshold = np.float32(wanted.threshold)
    kept, served, unresolved, evicted, expired = {}, [], 0, 0, 0
    for row in range(len(log)):
        now = log.at[row]
        for node in [node for node, entry in kept.items() if too_late(log, entry["row"], now, wanted)]:
            del kept[node]
            expired += 1
        node = int(log.node[row])
        if node < 0:
            served.append(None)
            continue
        if node in kept:
            use(kept[node], row)
            served.append((kept[node]["row"], 1.0, True))
            continue
        nearby, all_kept = nearest(node, pairs, most)
        reaching = [(cosine, other) for cosine, other in nearby if cosine >= threshold]
        live = [(cosine, other) for cosine, other in reaching if other in kept]
        if wanted.threshold <= 1 and live:
            cosine, other = live[0]
            use(kept[other], row)
            served.append((kept[other]["row"], cosine, False))
            continue
        served.append(None)
        hidden = threshold < np.float32(FLOOR) or (not all_kept and len(reaching) == len(nearby))
        if wanted.threshold <= 1 and hidden:
            unresolved += 1
        if not log.answered[row] or too_late(log, row, now, wanted) or wanted.capacity == 0:
            continue
        if wanted.capacity is not None and len(kept) == wanted.capacity:
            del kept[first_out(kept, wanted.eviction)]
            evicted += 1
        kept[node] = {"row": row, "uses": 0, "last": row}
    return served, unresolved, evicted, expired


def too_late(log, row, now, wanted):
    if not log.timed:
        return False
    aged = wanted.ttl is not None and now - log.at[row] > wanted.ttl
    return aged or (wanted.invalidate and log.expires[row] <= now)


def nearest(node, pairs, most):
    """Kept neighbours, nearest first and earlier first among equals, and whether none was cut."""
    found = []
    for (a, b), cosine in pairs.items():
        if node in (a, b) and cosine >= FLOOR:
            found.append((np.float32(cosine), b if node == a else a))
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    return found[:most], len(found) <= most


def use(entry, row):
    entry["uses"] += 1
    entry["last"] = row


def first_out(kept, eviction):
    if eviction == "lfu":
        return min(kept, key=lambda node: (kept[node]["uses"], kept[node]["last"]))
    return min(kept, key=lambda node: kept[node]["last"])


def told(found):
    """A replay in the form of the slow one."""
    served = [
        (int(source), float(cosine), bool(exact)) if source >= 0 else None
        for source, cosine, exact in zip(found.server, found.cosine, found.exact, strict=True)
    ]
    for source, cosine, exact in zip(found.server, found.cosine, found.exact, strict=True):
        assert source >= 0 or (np.isnan(cosine) and not exact)
    return served, found.unresolved, found.evicted, found.expired


@st.composite
def logs(draw):
    """A log of up to forty questions, its similar nodes, and how many of them are kept a node."""
    rows = draw(st.integers(1, 40))
    a_row = {"min_size": rows, "max_size": rows}
    questions = draw(st.lists(st.sampled_from([*"abcdefgh", "", "?"]), **a_row))
    at = np.cumsum(draw(st.lists(st.sampled_from([0, 0, 1, 2, 5]), **a_row))).astype(float)
    lives = draw(st.lists(st.sampled_from([np.inf, np.inf, np.inf, -1.0, 0.0, 1.0, 4.0, 9.0]), **a_row))
    log = traffic(
        questions,
        at=at,
        timed=draw(st.sampled_from([True, True, True, False])),
        scope=draw(st.lists(st.sampled_from([0, 0, 1]), **a_row)),
        answered=draw(st.lists(st.sampled_from([True, True, True, False]), **a_row)),
        expires=START + at + np.array(lives),
    )
    cosines = st.sampled_from([0.0, 0.65, 0.70, 0.75, 0.80, 0.90, 0.90, 1.0])
    pairs = {
        (a, b): draw(cosines)
        for a in range(log.nodes)
        for b in range(a + 1, log.nodes)
        if log.scope[log.first[a]] == log.scope[log.first[b]]
    }
    return log, pairs, draw(st.sampled_from([1, 2, 3, 64]))


caches = st.builds(
    CacheSettings,
    threshold=st.sampled_from([1.01, 1.0, 0.90, 0.80, 0.75, 0.70, 0.60]),
    ttl=st.sampled_from([None, None, 0.0, 1.0, 3.0, 10.0, 50.0]),
    capacity=st.sampled_from([None, None, 0, 1, 2, 3, 4, 6, 100]),
    eviction=st.sampled_from(["lru", "lfu"]),
    invalidate=st.booleans(),
)


@settings(max_examples=500, deadline=None)
@given(logs(), caches)
def test_every_row_is_served_as_the_slow_replay_says(drawn, wanted):
    log, pairs, most = drawn
    served, *counts = told(replay(log, neighbours_of(pairs, log, FLOOR, most), wanted))
    expected, *expected_counts = slow_replay(log, pairs, most, wanted)
    assert served == [found and (found[0], float(found[1]), found[2]) for found in expected]
    assert counts == expected_counts


@settings(max_examples=200, deadline=None)
@given(logs(), caches)
def test_cut_neighbours_change_nothing_where_no_row_is_unresolved(drawn, wanted):
    log, pairs, most = drawn
    cut = replay(log, neighbours_of(pairs, log, FLOOR, most), wanted)
    if cut.unresolved == 0:
        assert told(cut) == told(replay(log, neighbours_of(pairs, log, FLOOR, 64), wanted))


def servers(log, pairs=None, most=64, **wanted):
    wanted.setdefault("threshold", 0.9)
    return replay(log, neighbours_of(pairs or {}, log, FLOOR, most), CacheSettings(**wanted)).server.tolist()


def test_an_exact_repeat_is_served_before_a_similar_question():
    # One neighbour is kept a node: "b" does not see "a", so both are kept, and "a" sees "b" when it comes back.
    log = traffic(["a", "b", "a", "c"])
    found = replay(log, neighbours_of({(0, 1): 0.95, (1, 2): 1.0}, log, most=1), CacheSettings(threshold=0.9))
    assert found.server.tolist() == [-1, -1, 0, 1]
    assert found.exact.tolist() == [False, False, True, False]
    assert found.cosine.tolist()[2:] == [1.0, 1.0]
    assert found.unresolved == 1


def test_the_nearest_live_question_serves_and_of_equals_the_earlier():
    log = traffic(["a", "b", "c"])
    assert servers(log, {(0, 2): 0.91, (1, 2): 0.95}) == [-1, -1, 1]
    assert servers(log, {(0, 2): 0.95, (1, 2): 0.91}) == [-1, -1, 0]
    assert servers(log, {(0, 2): 0.95, (1, 2): 0.95}) == [-1, -1, 0]
    unanswered = traffic(["a", "b", "c"], answered=[True, False, True])
    assert servers(unanswered, {(0, 2): 0.91, (1, 2): 0.95}) == [-1, -1, 0]


def test_of_equals_the_earlier_question_serves_even_where_its_answer_is_the_newer():
    log = traffic(["a", "b", "a", "c"], answered=[False, True, True, True])
    assert servers(log, {(0, 2): 0.95, (1, 2): 0.95}) == [-1, -1, -1, 2]


def test_a_cosine_that_equals_the_threshold_is_a_hit():
    log = traffic(["a", "b"])
    for threshold in (0.70, 0.83, 0.9, 0.99, 1.0):
        assert servers(log, {(0, 1): threshold}, threshold=threshold) == [-1, 0]
        assert servers(log, {(0, 1): threshold - 1e-6}, threshold=threshold) == [-1, -1]


def test_above_one_only_exact_repeats_are_served_and_nothing_is_unresolved():
    log = traffic(["a", "b", "a", "c"])
    found = replay(log, neighbours_of({(0, 1): 1.0, (1, 2): 1.0}, log, most=1), CacheSettings(threshold=1.01))
    assert found.server.tolist() == [-1, -1, 0, -1]
    assert found.unresolved == 0


def test_a_hit_keeps_nothing_under_its_own_question():
    # "b" was served with the answer of "a"; "c" is similar to "b" alone, so nothing can serve it.
    log = traffic(["a", "b", "c", "b"])
    assert servers(log, {(0, 1): 0.95, (1, 2): 0.95}) == [-1, 0, -1, 0]


def test_an_answer_is_served_up_to_its_age_limit_and_not_a_second_longer():
    log = traffic(["a", "a", "a", "a"], at=[0, 10, 10.5, 20.5])
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=0.9, ttl=10.0))
    assert found.server.tolist() == [-1, 0, -1, 2]  # age 10, 10.5, 10; a hit does not make an answer younger
    assert found.expired == 1
    assert servers(log, ttl=0.0) == [-1, -1, -1, -1]
    assert servers(log, ttl=None) == [-1, 0, 0, 0]


def test_a_full_cache_lets_go_of_the_answer_least_recently_used():
    log = traffic(["a", "b", "a", "a", "b", "c", "b", "a"])
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=1.01, capacity=2, eviction="lru"))
    # At "c" the last use of "a" is row 3, of "b" row 4: "a" leaves; at the last "a" it is "c" that leaves.
    assert found.server.tolist() == [-1, -1, 0, 0, 1, -1, 1, -1]
    assert found.evicted == 2


def test_a_full_cache_lets_go_of_the_answer_least_often_used():
    log = traffic(["a", "b", "a", "a", "b", "c", "b", "a"])
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=1.01, capacity=2, eviction="lfu"))
    # At "c" "a" was used twice and "b" once: "b" leaves; at the second "b" it is "c", never used, that leaves.
    assert found.server.tolist() == [-1, -1, 0, 0, 1, -1, -1, 0]
    assert found.evicted == 2


def test_of_answers_used_as_often_the_least_recently_used_leaves():
    log = traffic(["a", "b", "b", "a", "c", "a", "b"])
    # At "c" each was used once, "b" longer ago.
    assert servers(log, capacity=2, eviction="lfu") == [-1, -1, 1, 0, -1, 0, -1]


def test_serving_a_similar_question_counts_as_use():
    log = traffic(["a", "b", "like a", "c", "a", "b"])
    for eviction in ("lru", "lfu"):
        assert servers(log, {(0, 2): 0.95}, capacity=2, eviction=eviction) == [-1, -1, 0, -1, 0, -1]


def test_an_answer_that_grew_too_old_takes_no_room():
    log = traffic(["a", "b", "c", "b"], at=[0, 8, 12, 13])
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=0.9, ttl=10.0, capacity=2))
    assert (found.server.tolist(), found.evicted, found.expired) == ([-1, -1, -1, 1], 0, 1)


def test_nothing_is_kept_without_room():
    log = traffic(["a", "a"])
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=0.9, capacity=0))
    assert (found.server.tolist(), found.evicted) == ([-1, -1], 0)


def test_a_changed_document_drops_the_answer_from_its_moment_on():
    log = traffic(["a", "a", "a", "a"], at=[0, 9, 10, 11], expires=[START + 10, np.inf, np.inf, np.inf])
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=0.9))
    assert found.server.tolist() == [-1, 0, -1, 2]
    assert found.expired == 1
    assert servers(log, invalidate=False) == [-1, 0, 0, 0]


def test_without_times_nothing_expires():
    log = traffic(["a", "a", "a"], timed=False, expires=0.0)
    assert servers(log, ttl=0.0) == [-1, 0, 0]


def test_nothing_crosses_a_scope():
    log = traffic(["a", "a", "a", "a"], scope=[0, 1, 0, 1])
    assert servers(log) == [-1, -1, 0, 1]


def test_what_was_not_answered_serves_nobody():
    log = traffic(["a", "a", "a"], answered=[False, True, False])
    assert servers(log) == [-1, -1, 1]


def test_empty_questions_are_never_hits():
    log = traffic(["", "", "  ", "?"])
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=0.7))
    assert (found.server.tolist(), found.unresolved) == ([-1] * 4, 0)


def test_a_threshold_below_what_neighbours_were_kept_for_leaves_misses_unresolved():
    log = traffic(["a", "b", "a"])
    found = replay(log, neighbours_of({(0, 1): 0.8}, log, floor=0.70), CacheSettings(threshold=0.69))
    assert (found.server.tolist(), found.unresolved) == ([-1, 0, 0], 1)


def test_a_miss_is_unresolved_only_where_cut_neighbours_could_reach_the_threshold():
    # Of "d" only "a" at 0.95 is kept, and "a" was not answered; "b" at 0.92 could have served it, at 0.94 it could not.
    log = traffic(["a", "b", "d"], answered=[False, True, True])
    near = neighbours_of({(0, 2): 0.95, (1, 2): 0.92}, log, most=1)
    found = {t: replay(log, near, CacheSettings(threshold=t)) for t in (0.90, 0.95, 0.96)}
    assert {t: part.unresolved for t, part in found.items()} == {0.90: 1, 0.95: 1, 0.96: 0}
    assert not any(part.hits.any() for part in found.values())


def test_one_question_and_no_question():
    assert servers(traffic(["a"])) == [-1]
    found = replay(traffic([]), neighbours_of({}, 0), CacheSettings(threshold=0.9, capacity=1, ttl=1.0))
    assert (found.server.tolist(), found.unresolved, found.evicted, found.expired) == ([], 0, 0, 0)


def test_a_question_asked_over_and_over_is_answered_once():
    log = traffic(["a"] * 1000)
    found = replay(log, neighbours_of({}, log), CacheSettings(threshold=0.9, capacity=1, eviction="lfu"))
    assert found.server.tolist() == [-1] + [0] * 999
    assert found.exact.sum() == 999


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"threshold": None}, "needs a threshold"),
        ({"threshold": 0.9, "ttl": -1.0}, "ttl must not be negative"),
        ({"threshold": 0.9, "ttl": float("nan")}, "ttl must not be negative"),
        ({"threshold": 0.9, "capacity": -1}, "capacity must not be negative"),
    ],
)
def test_an_open_threshold_and_negative_limits_are_refused(wanted, said):
    log = traffic(["a"])
    with pytest.raises(ValueError, match=said):
        replay(log, neighbours_of({}, log), CacheSettings(**wanted))
