"""Runs of a client's harness laid side by side, and drops that were shipped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import comb
from pathlib import Path

import numpy as np
import pytest
from fabricated_case import EMPTY, START, check, evals, item, line, log, run
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.case import open_case
from workbench.evaluation import automation, harness
from workbench.evaluation.regressions import MOST_PAIRS, run_history, shipped_drop
from workbench.evaluation.releases import releases_of
from workbench.evaluation.run_pairs import item_scores, mcnemar_p_value, paired_p_value, pairings, stated_scores
from workbench.ingest.load import load_inputs
from workbench.records import Repository, Source

SAMPLE = Path(__file__).parent.parent / "sample_corpora" / "insurance_claims"


def verdicts(*, passed: int, failed: int = 0, first: int = 0) -> dict[str, bool]:
    """Items g0000, g0001 ...: the first ones pass, the others fail."""
    return {f"g{first + n:04}": n < passed for n in range(passed + failed)}


def tagged(**days: float) -> Repository:
    return Repository(("repo/app.py",), tags={name: START + timedelta(days=day) for name, day in days.items()})


def compared(*runs, repository: Repository | None = None):
    return replace(EMPTY, evals=evals(runs=runs), repository=repository)


# ---------------------------------------------------------------- McNemar's test


def test_mcnemars_test_adds_up_the_tails_of_a_fair_coin():
    # 6 against 0: twice 1 / 2^6 = 2 / 64. 8 against 1: twice (1 + 9) / 2^9 = 20 / 512.
    assert mcnemar_p_value(6, 0) == 0.03125
    assert mcnemar_p_value(8, 1) == pytest.approx(20 / 512)
    assert mcnemar_p_value(3, 3) == 1.0
    assert mcnemar_p_value(0, 0) == 1.0


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemars_test_equals_the_sum_of_binomial_coefficients_and_has_no_side(lost, gained):
    total = lost + gained
    tail = sum(comb(total, k) for k in range(min(lost, gained) + 1))
    assert mcnemar_p_value(lost, gained) == pytest.approx(min(1.0, 2 * tail / 2**total))
    assert mcnemar_p_value(lost, gained) == mcnemar_p_value(gained, lost)


def test_mcnemars_test_finds_nothing_more_often_than_it_says():
    rng = np.random.default_rng(7)
    p_values = []
    for _ in range(2_000):
        before, after = ((rng.random(120) < 0.8).astype(float) for _ in range(2))
        p_values.append(paired_p_value(before, after, rng))
    # Exact tests are conservative; three standard errors of 5 % in 2,000 are 1.5 points.
    assert np.mean(np.array(p_values) < 0.05) < 0.065


def test_random_signs_are_drawn_more_finely_where_the_p_value_is_small():
    # 40 items that all fell by different amounts: no sign pattern of 100,000 drawn ones is as extreme.
    before = np.linspace(0.6, 0.9, 40)
    assert paired_p_value(before, before / 2, np.random.default_rng(1)) == pytest.approx(2 / 100_000)


# ---------------------------------------------------------------- pairs of runs


def test_only_items_that_both_runs_scored_are_compared():
    before = run(1, passed=verdicts(passed=10))
    after = run(2, 1, passed=verdicts(passed=6, first=4))
    pair = pairings(before, after)[0]
    assert pair.items == tuple(f"g{n:04}" for n in range(4, 10))


def test_fewer_than_five_common_items_are_no_comparison():
    assert pairings(run(1, passed=verdicts(passed=4)), run(2, 1, passed=verdicts(passed=4))) == ()


def test_holm_corrects_over_the_metrics_of_a_pair_of_runs():
    # passed: 6 of 8 lost, none gained: p = 2/64. recall the same 6 lost: both p = 1/32, times 2 = 1/16.
    before = run(1, passed=verdicts(passed=8), scores={"recall": {f"g{n:04}": 1.0 for n in range(9)}})
    lost = {f"g{n:04}": float(n >= 6) for n in range(9)}
    after = run(2, 1, passed={f"g{n:04}": n >= 6 for n in range(8)}, scores={"recall": lost})
    assert [(pair.metric, pair.p_value, pair.p_corrected) for pair in pairings(before, after)] == [
        ("passed", 0.03125, 0.0625),
        ("recall", 0.03125, 0.0625),
    ]


def test_a_metric_that_repeats_the_verdicts_counts_once():
    passed = verdicts(passed=5, failed=3)
    scores = {"pass": {name: float(verdict) for name, verdict in passed.items()}}
    assert list(item_scores(run(1, passed=passed, scores=scores))) == ["passed"]


def test_an_aggregate_in_a_table_of_its_own_is_stated_and_not_scored():
    one = run(
        1, passed=verdicts(passed=5, failed=3), scores={"refusal_correctness": {"summary": 0.9}}, summary={"f1": 0.7}
    )
    assert list(item_scores(one)) == ["passed"]
    assert stated_scores(one) == {"f1": 0.7, "refusal_correctness": 0.9}


def test_values_that_are_no_numbers_are_no_scores():
    one = run(1, scores={"f1": {"a": float("nan"), "b": float("inf"), "c": 1e300, "d": 0.5, "e": 0.6}})
    assert item_scores(one) == {"f1": {"d": 0.5, "e": 0.6}}


# ---------------------------------------------------------------- the history


def test_a_run_beside_the_one_before_names_what_flipped():
    # 20 items; 8 that passed fail, 1 that failed passes: mean (1 - 8) / 20 = -0.35.
    before = run(1, passed={f"g{n:04}": n != 19 for n in range(20)})
    after = run(2, 3, passed={f"g{n:04}": n >= 8 for n in range(20)})
    change = run_history(compared(before, after)).changes[0]
    assert (change.metric, change.before, change.after, change.items) == ("passed", "r1", "r2", 20)
    assert change.difference.value == pytest.approx(-0.35)
    assert change.difference.low < -0.35 < change.difference.high < 0
    assert (change.better, change.worse, change.p_value) == (1, 8, pytest.approx(20 / 512))
    assert change.flipped == tuple(f"g{n:04}" for n in range(8))
    assert change.recovered == ("g0019",)
    assert change.verdict == "worse"


def test_less_of_a_bad_thing_is_an_improvement():
    before = run(1, scores={"hallucination": {f"g{n:04}": 1.0 for n in range(8)}})
    after = run(2, 1, scores={"hallucination": {f"g{n:04}": 0.0 for n in range(8)}})
    change = run_history(compared(before, after)).changes[0]
    assert (change.difference.value, change.better, change.worse, change.verdict) == (-1.0, 8, 0, "better")


def test_scores_on_a_scale_of_five_keep_their_scale():
    before = run(1, scores={"rating": {f"g{n:04}": 4.0 for n in range(12)}})
    after = run(2, 1, scores={"rating": {f"g{n:04}": 2.0 + n % 2 for n in range(12)}})
    history = run_history(compared(before, after))
    assert history.changes[0].difference.value == pytest.approx(-1.5)
    assert history.runs[0].metrics["rating"].value == pytest.approx(4.0)
    assert history.runs[1].metrics["rating"].value == pytest.approx(2.5)
    assert 2.0 <= history.runs[1].metrics["rating"].low < 2.5


def test_the_largest_fall_comes_first():
    before = run(1, scores={"f": {f"g{n:04}": 1.0 for n in range(6)}})
    after = run(
        2, 1, scores={"f": dict(zip((f"g{n:04}" for n in range(6)), (0.9, 0.2, 1.0, 0.5, 1.0, 1.0), strict=True))}
    )
    assert run_history(compared(before, after)).changes[0].flipped == ("g0001", "g0003", "g0000")


def test_a_drop_is_shipped_by_the_first_release_before_the_next_run():
    good, bad = verdicts(passed=30), verdicts(passed=20, failed=10)
    runs = (run(1, 0, passed=good), run(2, 5, passed=bad), run(3, 10, passed=good))
    history = run_history(compared(*runs, repository=tagged(early=1, shipped=6, later=7, fixed=11)))
    drop, recovery = history.changes
    assert (drop.verdict, drop.shipped) == ("worse", "shipped")
    assert drop.shipped_source == Source("repo/git-log.txt", "tag 'shipped'")
    assert (recovery.verdict, recovery.shipped) == ("better", None)
    held = run_history(compared(*runs, repository=tagged(early=1, fixed=11)))
    assert held.changes[0].shipped is None


def test_runs_without_a_date_are_compared_in_the_order_of_their_files():
    runs = [replace(run(n, passed=verdicts(passed=8)), at=None) for n in (1, 2)]
    history = run_history(compared(*runs, repository=tagged(one=1)))
    assert [(change.before, change.after) for change in history.changes] == [("r1", "r2")]
    assert any("order of their files" in note for note in history.notes)
    check(shipped_drop, compared(*runs, repository=tagged(one=1)), "unknown", "no run carries a date")


def test_a_table_without_date_and_without_a_metric_of_the_runs_is_no_run():
    marks = replace(run(9, scores={"human_mark": {"g0001": 1.0, "g0002": 0.0}}), at=None)
    history = run_history(compared(run(1, passed=verdicts(passed=8)), marks))
    assert [one.run_id for one in history.runs] == ["r1"]
    assert any("evals/run9.json" in note for note in history.notes)


def test_the_newest_run_is_held_against_the_pinned_baseline():
    pinned = replace(run(7, passed=verdicts(passed=30)), run_id="baseline", at=None)
    runs = (run(1, 0, passed=verdicts(passed=30)), run(2, 5, passed=verdicts(passed=18, failed=12)))
    history = run_history(compared(pinned, *runs))
    assert history.baseline == "baseline"
    assert [(one.before, one.after, one.verdict) for one in history.against_baseline] == [("baseline", "r2", "worse")]
    assert [one.run_id for one in history.runs] == ["r1", "r2", "baseline"]
    assert any("holds the scores of run r1" in note for note in history.notes)


def test_a_baseline_that_is_kept_apart_from_the_runs_is_held_against_the_newest():
    pinned = replace(run(7, passed=verdicts(passed=30)), run_id="kept", at=None)
    material = replace(
        evals(runs=(run(1, passed=verdicts(passed=30)), run(2, 7, passed=verdicts(passed=10)))), baselines=(pinned,)
    )
    history = run_history(replace(EMPTY, evals=material))
    assert (history.baseline, [one.before for one in history.against_baseline]) == ("kept", ["kept"])
    assert [one.run_id for one in history.runs] == ["r1", "r2", "kept"]


def test_a_name_that_every_run_has_marks_no_baseline():
    runs = [replace(run(n, n, passed=verdicts(passed=8)), run_id=f"baseline-{n}") for n in (1, 2)]
    history = run_history(compared(*runs))
    assert history.baseline is None
    assert [(one.before, one.after) for one in history.changes] == [("baseline-1", "baseline-2")]


def test_a_case_without_runs_has_an_empty_history():
    history = run_history(EMPTY)
    assert (history.runs, history.changes, history.against_baseline, history.baseline) == ((), (), (), None)


def test_only_the_newest_pairs_of_many_runs_are_compared():
    history = run_history(compared(*(run(n, n, passed=verdicts(passed=6)) for n in range(MOST_PAIRS + 3))))
    assert len(history.changes) == MOST_PAIRS
    assert history.changes[-1].after == f"r{MOST_PAIRS + 2}"
    assert any("2 older pairs left out" in note for note in history.notes)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=5, max_size=40), st.randoms())
def test_turning_two_runs_round_turns_the_difference_round_and_order_changes_nothing(pairs, random):
    before = run(1, passed={f"g{n}": left for n, (left, _) in enumerate(pairs)})
    after = run(2, 1, passed={f"g{n}": right for n, (_, right) in enumerate(pairs)})
    change = run_history(compared(before, after)).changes[0]
    back = run_history(compared(replace(after, at=START), replace(before, at=START + timedelta(1)))).changes[0]
    assert change.difference.value == pytest.approx(-back.difference.value)
    assert (change.p_value, change.flipped, change.recovered) == (back.p_value, back.recovered, back.flipped)
    assert change.better + change.worse <= change.items == len(pairs)
    shuffled = list(before.passed.items())
    random.shuffle(shuffled)
    assert run_history(compared(replace(before, passed=dict(shuffled)), after)).changes[0] == change


# ---------------------------------------------------------------- the signal


def test_e16_is_seen_when_a_drop_went_out():
    runs = (run(1, 0, passed=verdicts(passed=30)), run(2, 5, passed=verdicts(passed=20, failed=10)))
    found = check(
        shipped_drop,
        compared(*runs, repository=tagged(v2=6)),
        "seen",
        "The pass rate fell by 33 points from run r1 to r2 on the same 30 items",
        "10 worse, 0 better, p = 0.00195",
        "v2 went out on 2026-09-07",
    )
    assert found.sources[:2] == (Source("evals/run2.json"), Source("repo/git-log.txt", "tag 'v2'"))
    assert found.value.value == pytest.approx(-1 / 3)


def test_e16_is_clean_when_the_drop_was_held_back():
    runs = (
        run(1, 0, passed=verdicts(passed=30)),
        run(2, 5, passed=verdicts(passed=20, failed=10)),
        run(3, 8, passed=verdicts(passed=29, failed=1)),
    )
    found = check(shipped_drop, compared(*runs, repository=tagged(v2=9)), "clean", "1 release")
    assert (found.n, found.n_min) == (1, 3)


def test_e16_does_not_call_one_drop_among_many_releases_a_finding():
    # 6 of 30 lost: p = 1/32. Over 20 pairs that a release followed, chance alone gives such a drop.
    same = verdicts(passed=30)
    runs = [run(n, 2 * n, passed=same) for n in range(20)]
    runs.append(run(20, 40, passed={name: number >= 6 for number, name in enumerate(same)}))
    releases = {f"v{n}": 2 * n + 1 for n in range(21)}
    check(shipped_drop, compared(*runs, repository=tagged(**releases)), "unknown", "20 comparisons", "can be chance")
    check(shipped_drop, compared(*runs[-2:], repository=tagged(**releases)), "seen", "6 worse")


def noisy_runs(rng, rates, items=100):
    """A run every two days, each item passing by chance alone; consecutive runs are independent."""
    passes = [rng.random(items) < rate for rate in rates]
    return [
        run(n, 2 * n, passed={f"g{place}": bool(one) for place, one in enumerate(row)}) for n, row in enumerate(passes)
    ]


def test_e16_rarely_finds_a_drop_that_is_not_there_and_mostly_one_that_is():
    rng = np.random.default_rng(3)
    releases = tagged(**{f"v{n}": 2 * n + 1 for n in range(11)})
    steady = [noisy_runs(rng, [0.8] * 11) for _ in range(200)]
    fallen = [noisy_runs(rng, [0.8] * 10 + [0.5]) for _ in range(50)]
    seen = [
        np.mean([shipped_drop(compared(*runs, repository=releases)).status == "seen" for runs in sets])
        for sets in (steady, fallen)
    ]
    # At most 5 % by Holm, half of that for drops alone; three standard errors of 200 samples are 3.3 points.
    assert seen[0] < 0.06
    assert seen[1] > 0.8


def test_e16_leaves_out_drops_of_graded_scores_that_do_not_matter():
    high = {f"g{n:04}": 0.95 for n in range(40)}
    low = {name: 0.93 for name in high}
    lower = {name: 0.90 for name in high}
    release = tagged(v2=6)
    small = compared(run(1, scores={"faithfulness": high}), run(2, 5, scores={"faithfulness": low}), repository=release)
    check(shipped_drop, small, "clean")
    large = compared(
        run(1, scores={"faithfulness": high}), run(2, 5, scores={"faithfulness": lower}), repository=release
    )
    check(shipped_drop, large, "seen", "Faithfulness fell by 0.0500")


def test_e16_needs_runs_and_releases():
    check(shipped_drop, EMPTY, "unknown", "fewer than two runs")
    runs = (run(1, passed=verdicts(passed=8)), run(2, 1, passed=verdicts(passed=8)))
    check(shipped_drop, compared(*runs), "unknown", "no release is known")
    check(shipped_drop, compared(*runs, repository=tagged(v0=-3)), "unknown", "No release followed")


# ---------------------------------------------------------------- releases


def test_a_changelog_stands_in_for_tags_and_names_its_lines(tmp_path):
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [1.1.0] - 2026-09-07\n- faster\n\n## v1.0 (2026-09-02)\n"
        "- 1.0 of 2026-01-01 was never out\n## v0.9 - 2026-13-40\n"
    )
    inputs = replace(EMPTY, root=str(tmp_path), repository=Repository(("repo/CHANGELOG.md",)))
    found = releases_of(inputs)
    assert [(one.name, one.at, one.source.locator) for one in found] == [
        ("v1.0", datetime(2026, 9, 2, tzinfo=UTC), "line 6"),
        ("1.1.0", datetime(2026, 9, 7, tzinfo=UTC), "line 3"),
    ]
    # Only the day is known: a run of that day counts as before the release, here and in E-11.
    runs = (run(1, 0, passed=verdicts(passed=30)), run(2, 6.5, passed=verdicts(passed=20, failed=10)))
    check(shipped_drop, replace(inputs, evals=evals(runs=runs)), "seen", "1.1.0 went out on 2026-09-07")
    check(automation.runs_before_releases, replace(inputs, evals=evals(runs=runs)), "clean", "2 of 2")


def test_releases_of_impossible_years_are_left_out():
    first = datetime(1, 1, 1, tzinfo=UTC)
    inputs = compared(run(1, passed=verdicts(passed=8)), repository=Repository(("repo/app.py",), tags={"v0": first}))
    assert releases_of(inputs) == ()
    check(automation.runs_before_releases, inputs, "unknown")


def test_tags_are_found_in_their_file(tmp_path):
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "git-tags.txt").write_text("v1\tabc\t2026-09-01\nv2\tdef\t2026-09-02\n")
    found = releases_of(replace(EMPTY, root=str(tmp_path), repository=tagged(v2=1, v1=0)))
    assert [one.source for one in found] == [Source("repo/git-tags.txt", f"line {number}") for number in (1, 2)]


def test_new_prompt_versions_in_the_log_are_releases_where_nothing_else_is_known():
    lines = [line(n, at=START + timedelta(days=n), prompt_version=f"p{n}") for n in (1, 2)]
    found = releases_of(replace(EMPTY, log=log(*lines)))
    assert [(one.name, one.source.locator) for one in found] == [("p2", "line 2")]


# ---------------------------------------------------------------- the sample case


@pytest.fixture(scope="module")
def sample():
    return load_inputs(open_case(SAMPLE))


def test_the_harness_of_the_sample_case_is_in_good_order(sample):
    found = {one.signal: one for one in harness.observe(sample)}
    assert sorted(found) == [f"E-{number:02}" for number in range(1, 21)]
    assert {signal: one.finding for signal, one in found.items() if one.status == "seen"} == {}
    assert all(one.sources for one in found.values())


def test_the_sample_case_shows_nine_runs_and_its_baseline(sample):
    history = run_history(sample)
    assert [one.run_id for one in history.runs][-2:] == ["2026-10-07_v1.4", "baseline"]
    assert len(history.runs) == 10
    assert {one.metric for one in history.changes} == {"passed", "context_recall", "faithfulness", "answer_relevancy"}
    assert not [one for one in (*history.changes, *history.against_baseline) if one.verdict == "worse"]
    # The go-live levels in the head of the baseline are asked for, not reached.
    assert history.runs[-1].stated == {}
    # 119 of 180 pass in the newest run.
    assert history.runs[-2].passed.value == pytest.approx(119 / 180)


def test_an_item_of_the_set_is_not_needed_to_compare_runs():
    runs = (run(1, passed=verdicts(passed=8)), run(2, 1, passed=verdicts(passed=8)))
    with_set = replace(EMPTY, evals=evals(item(1), runs=runs))
    assert run_history(with_set).changes == run_history(compared(*runs)).changes
