"""Levels as files state them, and whether the newest run is precise enough for them (E-03)."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fabricated_case import EMPTY, check, evals, paper, run
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.levels import Claim, Level, claims, levels, spoken
from workbench.evaluation.precision import half_width, precise_enough
from workbench.records import Estimate, Repository, Source

METRICS = ["passed", "context_recall", "faithfulness"]


def case_with(root, files: dict[str, str], *runs):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    repository = Repository(tuple(path for path in files if path.startswith("repo/")))
    return replace(EMPTY, root=str(root), repository=repository, evals=evals(runs=runs))


def found(inputs) -> list[tuple[str, float, str, str]]:
    return [(one.metric, one.value, one.source.path, one.source.locator) for one in levels(inputs, METRICS)]


def passing(share: float, n: int):
    return run(1, passed={f"g{number}": number < round(share * n) for number in range(n)})


RECALL, FAITHFUL, PASSED = "context_recall", "faithfulness", "passed"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("repo/eval/thresholds.yaml", "merge:\n  context_recall: 0.55  # was 0.5\n", [(RECALL, 0.55, 2)]),
        ("repo/gate.json", '{"faithfulness": 0.9,\n "passRate": 85}', [(FAITHFUL, 0.9, 1), (PASSED, 0.85, 2)]),
        ("repo/eval/gate.toml", "[min]\ncontext-recall = 80 %", [(RECALL, 0.8, 2)]),
        ("repo/eval/a.yaml", "faithfulness:\n  model: x\n  min: 0.7\nother:\n  min: 0.1", [(FAITHFUL, 0.7, 3)]),
        ("repo/eval/b.yaml", "- metric: faithfulness\n  min: 0.7\n- metric: bleu\n  min: 0.2", [(FAITHFUL, 0.7, 2)]),
        (
            "repo/eval/c.yaml",
            "- type: x\n  metric: faithfulness\n  min: 0.7\n- type: y\n  min: 0.2",
            [(FAITHFUL, 0.7, 3)],
        ),
        ("repo/eval/d.yaml", "- metric: faithfulness\n- metric: bleu\n  min: 0.2", []),
        ("repo/test_eval.py", "metric = FaithfulnessMetric(threshold=0.8)", [(FAITHFUL, 0.8, 1)]),
        ("repo/test_eval.py", "metric = FaithfulnessMetric(\n    threshold=0.8,\n)", [(FAITHFUL, 0.8, 2)]),
        ("repo/eval/gate.py", 'assert scores["context_recall"] >= 0.75', [(RECALL, 0.75, 1)]),
        ("repo/eval/README.md", "Go-live level of context recall: 0.80. Not reached.", [(RECALL, 0.8, 1)]),
        ("repo/README.md", "Context recall was 0.66 in May.", []),
        ("repo/eval/thresholds.yaml", "latency_ms: 2000\ncontext_recall_old: 0.4\n# faithfulness: 0.3\n", []),
        ("repo/app/settings.yaml", "faithfulness: 0.3", []),
    ],
)
def test_a_level_is_read_with_its_line(tmp_path, path, text, expected):
    wanted = [(metric, value, path, f"line {number}") for metric, value, number in expected]
    assert found(case_with(tmp_path, {path: text})) == wanted


def test_the_targets_of_the_case_are_levels_and_its_prices_are_not(tmp_path):
    text = "[prices]\nfaithfulness = 0.2\n[targets]\ncontext_recall = 0.80\n"
    assert found(case_with(tmp_path, {"case.toml": text})) == [("context_recall", 0.8, "case.toml", "line 4")]


def test_papers_state_levels_too(tmp_path):
    (tmp_path / "governance").mkdir()
    (tmp_path / "governance" / "adr.md").write_text("x\nFaithfulness must be at least 85 %.\n")
    inputs = replace(EMPTY, root=str(tmp_path), artefacts=(paper("adr"),))
    assert levels(inputs, METRICS) == (Level("faithfulness", 0.85, Source("governance/adr.md", "line 2")),)


def test_the_same_level_in_two_files_counts_once(tmp_path):
    files = {"case.toml": "[targets]\nfaithfulness = 0.9\n", "repo/eval/gate.yaml": "faithfulness: 0.9\n"}
    assert len(found(case_with(tmp_path, files))) == 1


@pytest.mark.parametrize(
    ("text", "margin"),
    [
        ("Pass rate 82 % ± 2 points", 0.02),
        ("The pass rate is 0.82 +/- 0.03.", 0.03),
        ("Pass rate improved by 3 points", 0.03),
        ("Pass rate 82 %", None),
        ("The kettle boils at 100 ± 2.", None),
    ],
)
def test_a_claimed_margin_is_read_from_prose(tmp_path, text, margin):
    inputs = case_with(tmp_path, {"evals/README.md": f"# Results\n{text}\n"})
    expected = (Claim("passed", margin, Source("evals/README.md", "line 2")),) if margin else ()
    assert claims(inputs, METRICS) == expected


@given(st.sampled_from(METRICS), st.integers(1, 99))
def test_a_metric_is_recognised_however_its_words_are_joined(metric, percent):
    for joined in (metric, metric.replace("_", " "), metric.replace("_", "-").upper(), metric.title().replace("_", "")):
        assert spoken(metric).search(f"{joined}: 0.{percent:02}")
        assert not spoken(metric).search(f"x{joined}y: 0.{percent:02}")


def test_hostile_lines_cost_no_time(tmp_path):
    text = "\n".join(["faithfulness" + " " * 900, "improv" * 160, "faithfulness " + "= " * 400] * 300)
    inputs = case_with(tmp_path, {"repo/eval/README.md": text, "repo/eval/gate.yaml": text})
    assert levels(inputs, METRICS) == () == claims(inputs, METRICS)


@given(st.text(st.sampled_from("pass rate=:>0.9±%-{}[]#\n\t min"), max_size=200))
def test_any_text_gives_shares_or_nothing(text):
    with TemporaryDirectory() as folder:
        inputs = case_with(Path(folder), {"repo/eval/gate.yaml": text, "repo/eval/README.md": text})
        assert all(0 < one.value <= 1 for one in levels(inputs, METRICS))
        assert all(one.margin > 0 for one in claims(inputs, METRICS))


# ---------------------------------------------------------------- the signal


def test_half_a_width_is_half_of_the_whole_interval():
    assert half_width(Estimate(0.5, 0.3, 0.6, 9, "x")) == pytest.approx(0.15)
    assert half_width(Estimate.not_measured("nothing")) == float("inf")


def test_e03_is_seen_when_the_interval_is_wider_than_the_distance_to_the_level(tmp_path):
    # Wilson, 34 of 40: 0.709 to 0.929, half 0.110; the level 0.8 is 0.05 away.
    inputs = case_with(tmp_path, {"repo/eval/gate.yaml": "pass_rate: 0.8\n"}, passing(0.85, 40))
    seen = check(precise_enough, inputs, "seen", "1 of 1", "pass rate 85 % [71, 93] on 40 items against the level 0.80")
    assert seen.sources == (Source("repo/eval/gate.yaml", "line 1"), Source("evals/run1.json"))
    assert seen.n == 40
    # 340 of 400: half 0.035 is less than 0.05.
    many = case_with(tmp_path, {"repo/eval/gate.yaml": "pass_rate: 0.8\n"}, passing(0.85, 400))
    check(precise_enough, many, "clean", "0 of 1")


def test_e03_is_seen_when_a_claimed_margin_is_finer_than_the_interval(tmp_path):
    inputs = case_with(tmp_path, {"evals/README.md": "Pass rate 85 % ± 2 points.\n"}, passing(0.85, 400))
    check(precise_enough, inputs, "seen", "a claimed margin of 0.02")
    wide = case_with(tmp_path, {"evals/README.md": "Pass rate 85 % ± 5 points.\n"}, passing(0.85, 400))
    check(precise_enough, wide, "clean")


def test_e03_is_clean_when_one_level_of_three_lies_near_the_score(tmp_path):
    text = "merge:\n  pass_rate: 0.84\ngo_live:\n  pass_rate: 0.6\nstop:\n  pass_rate: 0.5\n"
    check(precise_enough, case_with(tmp_path, {"repo/eval/gate.yaml": text}, passing(0.85, 100)), "clean", "1 of 3")


def test_e03_looks_at_the_newest_run(tmp_path):
    old = run(1, 0, passed={f"g{n}": n < 17 for n in range(20)})
    new = run(2, 9, passed={f"g{n}": n < 340 for n in range(400)})
    inputs = case_with(tmp_path, {"repo/eval/gate.yaml": "pass_rate: 0.8\n"}, new, old)
    check(precise_enough, inputs, "clean", "400 items")


def test_e03_needs_scores_and_something_to_hold_them_against(tmp_path):
    check(precise_enough, EMPTY, "unknown", "No evaluation run")
    check(precise_enough, replace(EMPTY, evals=evals(runs=(run(1, summary={"f1": 0.8}),))), "unknown")
    check(precise_enough, case_with(tmp_path, {}, passing(0.85, 40)), "unknown", "No level", "[71, 93]")
