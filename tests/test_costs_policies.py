"""Policies side by side, and the adaptive one: it learns answer by answer, and keeps its budget among all questions."""

import numpy as np
import pytest
from fabricated_traffic import marks_of, neighbours_of, traffic

from workbench.costs.adaptive import adaptive
from workbench.costs.curve import cache_curve
from workbench.costs.policies import policies
from workbench.costs.safety import Judge
from workbench.records import CacheSettings


def result(log, near, **settings):
    return adaptive(log, near, Judge(log), CacheSettings(**settings))


def test_the_model_is_called_until_six_answers_were_judged():
    log = traffic(["same"] * 200, group=1)
    found = result(log, neighbours_of({}, log), budget=0.05)
    assert 0 < found.exact_hits <= 200 - 7
    assert found.semantic_hits == 0
    assert found.false_hit_rate.value == 0.0


def test_what_cannot_be_judged_is_never_served():
    log = traffic(["same"] * 100)
    found = result(log, neighbours_of({}, log), budget=0.5)
    assert found.hit_rate.value == 0.0
    assert found.false_hit_rate.value is None
    assert "no pair can be judged" in found.note


def test_nothing_crosses_a_scope_and_old_answers_are_not_served():
    split = traffic(["same"] * 100, group=1, scope=list(range(100)))
    assert result(split, neighbours_of({}, split), budget=0.5).hit_rate.value == 0.0
    slow = traffic(["same"] * 100, group=1, every=100.0)
    assert result(slow, neighbours_of({}, slow), budget=0.5, ttl=50.0).hit_rate.value == 0.0
    assert result(slow, neighbours_of({}, slow), budget=0.5, ttl=1e9).exact_hits > 0


def stream(rng, entries=8, rows=3000):
    """Questions around some kept answers, right with a probability that rises around each answer's own threshold."""
    cuts = rng.uniform(0.78, 0.92, entries)
    of = rng.integers(0, entries, rows)
    cosines = rng.uniform(0.71, 0.999, rows)
    right = rng.random(rows) < 1 / (1 + np.exp(-60 * (cosines - cuts[of])))
    names = [f"hub {entry}" for entry in range(entries)] + [f"question {row}" for row in range(rows)]
    groups = [*range(entries), *np.where(right, of, 1000 + np.arange(rows)).tolist()]
    log = traffic(names, group=groups)
    return log, neighbours_of({(int(entry), entries + row): cosines[row] for row, entry in enumerate(of)}, log)


@pytest.mark.parametrize("budget", [0.02, 0.05])
def test_wrong_answers_among_all_questions_keep_the_budget(budget):
    shares, hits = [], []
    for seed in range(6):
        log, near = stream(np.random.default_rng(seed))
        found = result(log, near, budget=budget)
        wrong = found.false_hit_rate.value or 0.0
        shares.append(wrong * (found.exact_hits + found.semantic_hits) / len(log))
        hits.append(found.semantic_hits)
    assert np.mean(shares) <= budget
    assert np.mean(hits) > 300, "it serves a good part of what is right"


def test_the_table_of_policies_runs_from_careful_to_bold():
    questions = [f"q{number}" for number in range(40)]
    log = traffic(questions, group=[number // 2 for number in range(40)])
    near = neighbours_of({(number, number + 1): 0.95 if number % 2 == 0 else 0.75 for number in range(39)}, log)
    settings = CacheSettings(budget=0.2)
    curve = cache_curve(log, near, settings)
    found = {policy.key: policy for policy in policies(log, near, settings, curve, None, adaptive=result(log, near))}
    assert list(found) == ["exact", "fixed", "chosen", "adaptive"]
    assert (found["exact"].exact_hits, found["exact"].semantic_hits) == (0, 0)
    assert found["fixed"].semantic_hits == 20
    assert found["fixed"].false_hit_rate.value == 0.0
    assert curve.chosen is not None
    assert found["chosen"].semantic_hits >= 20


def test_where_no_threshold_keeps_the_budget_the_table_says_so():
    log = traffic(["a", "b"], group=[1, 2])
    near = neighbours_of({(0, 1): 0.99}, log)
    curve = cache_curve(log, near, CacheSettings(), marks_of(log, {}))
    (chosen,) = [policy for policy in policies(log, near, CacheSettings(), curve, None) if policy.key == "chosen"]
    assert chosen.hit_rate.value is None
    assert chosen.name.endswith("none")
