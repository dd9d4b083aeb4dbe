"""Scoring a case from end to end: with a judge over HTTP, without one, stopped, and as a command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest
from fabricated_answers import ANSWERS, answers_case
from fabricated_retrieval import HashingEncoder
from fake_endpoint import serving

from workbench import compute, scoring
from workbench.answers.report import worst_rows
from workbench.cli import main
from workbench.errors import CancelledError, CaseError
from workbench.records import JudgeSettings, MetricScore


@pytest.fixture(autouse=True)
def _small_encoder(monkeypatch):
    monkeypatch.setattr("workbench.scoring.evaluating.load_encoder", lambda model: HashingEncoder())
    for name in [name for name in os.environ if name.startswith("WORKBENCH_JUDGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def case(tmp_path):
    return answers_case(tmp_path / "case")


def summary(report, metric):
    return next(each for each in report.metrics if each.metric == metric)


def test_without_a_judge_the_targets_are_not_measured_and_the_rest_is(case, tmp_path):
    report = scoring.evaluate(case, out=tmp_path / "out")
    assert {target.verdict for target in report.targets} == {"not_measured"}
    assert {target.reason for target in report.targets} == {"no model was asked to judge"}
    assert summary(report, "support").scored == ANSWERS
    assert summary(report, "support").kind == "proxy"
    assert set(report.worst[:4]) == {"r1", "r3", "r5", "r7"} == {row.row_id for row in scoring.stored_rows(case)[:4]}
    written = json.loads((tmp_path / "out" / "answers.json").read_text())
    assert (written["schema"], written["rows"], written["judge"]) == ("workbench.answers/1", ANSWERS, None)
    assert scoring.stored_answers(case) == report
    assert len(scoring.stored_rows(case)) == ANSWERS


@pytest.mark.local_network
def test_with_a_judge_values_are_those_worked_out_by_hand_and_a_second_run_asks_nothing(case):
    with serving() as endpoint:
        judge = JudgeSettings(url=endpoint.url, model="m")
        report = scoring.evaluate(case, judge=judge, metrics=["faithfulness"])
        faithful = summary(report, "faithfulness")
        assert (faithful.value.value, faithful.scored) == (0.75, ANSWERS)  # four answers of 1, four of 1/2
        assert [
            (each.level, each.set_by, each.verdict) for each in report.targets if each.metric == "faithfulness"
        ] == [
            (0.9, "production", "missed" if faithful.value.high <= 0.9 else "undetermined"),
            (0.3, "case", "met"),
        ]
        assert not report.stopped
        asked = endpoint.calls
        assert asked
        plans = []
        again = scoring.evaluate(
            case, judge=judge, metrics=["faithfulness"], confirm=lambda plan: plans.append(plan) or True
        )
        assert (endpoint.calls, plans[0].calls, plans[0].cached) == (asked, 0, 2 * ANSWERS)
        assert again.scores == report.scores


@pytest.mark.local_network
def test_a_cancelled_job_keeps_its_report_with_rows_not_reached(case):
    with serving("slow", delay=30.0) as endpoint:
        judge = JudgeSettings(url=endpoint.url, model="m")

        def cancel(share, message):
            if "judging" in message:
                raise CancelledError("cancelled")

        report = scoring.evaluate(case, judge=judge, metrics=["faithfulness"], progress=cancel)
    faithful = summary(report, "faithfulness")
    assert (report.stopped, faithful.skipped, dict(faithful.reasons)) == (
        True,
        ANSWERS,
        {"skipped: not reached": ANSWERS},
    )
    assert scoring.stored_answers(case).stopped


def test_the_job_leaves_a_report(case):
    scoring.run_scoring(str(case.root), None)
    assert compute.job_state(case.root, scoring.SCORING).status == "done"
    assert scoring.stored_answers(case).rows == ANSWERS


def test_a_limit_takes_the_same_random_rows_every_time(case):
    first, again = (scoring.evaluate(case, limit=3) for _ in range(2))
    assert (first.rows, first.available) == (3, ANSWERS)
    assert [score.row_id for score in first.scores] == [score.row_id for score in again.scores]


def test_nothing_to_score_is_one_sentence(tmp_path):
    (tmp_path / "empty" / "logs").mkdir(parents=True)
    with pytest.raises(CaseError, match="no answers to score"):
        scoring.evaluate(tmp_path / "empty")


def test_a_function_of_ones_own_stands_beside_the_others(case, tmp_path, capsys):
    (tmp_path / "checks.py").write_text("def short(row):\n    return len(row.answer) < 20\n")
    assert main(["evaluate", str(case.root), "--no-judge", "--own", f"{tmp_path / 'checks.py'}:short"]) == 0
    assert "short (the client's own): 0.500" in capsys.readouterr().out
    assert summary(scoring.stored_answers(case), "short").value.value == 0.5


@pytest.mark.local_network
def test_the_command_shows_the_plan_and_asks_nothing_without_yes(case, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with serving() as endpoint:
        command = [
            "evaluate",
            str(case.root),
            "--judge-url",
            endpoint.url,
            "--judge-model",
            "m",
            "--metrics",
            "faithfulness",
        ]
        assert main(command) == 2
        shown = capsys.readouterr()
        assert "to judge: 8 rows, faithfulness" in shown.out
        assert shown.err.count("\n") == 1
        assert "add --yes" in shown.err
        assert endpoint.calls == 0
        assert main([*command, "--yes", "--out", str(tmp_path / "out")]) == 0
        assert "faithfulness above 0.900 (the usual target)" in capsys.readouterr().out
        assert endpoint.calls


def test_importing_and_scoring_without_a_judge_connects_to_nothing(case):
    program = """
import sys
met = []
sys.addaudithook(lambda name, args: met.append((name, str(args))) if name in ("socket.connect", "socket.getaddrinfo") else None)
import workbench
from workbench.answers.ragas_metrics import load_ragas
load_ragas()
workbench.evaluate(sys.argv[1])
print(met)
"""
    done = subprocess.run([sys.executable, "-c", program, str(case.root)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.local_network
def test_judging_connects_to_the_endpoint_alone(case):
    program = """
import sys
met = []
sys.addaudithook(lambda name, args: met.append(args) if name == "socket.connect" else None)
import workbench
from workbench.records import JudgeSettings
workbench.evaluate(sys.argv[1], judge=JudgeSettings(url=sys.argv[2], model="m"))
print({args[1][1] for args in met if isinstance(args[1], tuple)})
"""
    with serving() as endpoint:
        command = [sys.executable, "-c", program, str(case.root), endpoint.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{" + endpoint.root.rpartition(":")[2] + "}"


def test_answers_that_users_disliked_are_read_first_where_no_judge_looked() -> None:
    scores = [
        MetricScore(row_id, "support", "ok", value) for row_id, value in [("hi", 0.1), ("wrong", 0.4), ("fine", 1.0)]
    ]
    assert worst_rows(scores) == ("hi", "wrong")
    assert worst_rows(scores, disliked={"wrong"}) == ("wrong", "hi")
    judged = MetricScore("hi", "faithfulness", "ok", 0.5)
    assert worst_rows([*scores, judged], disliked={"wrong"}) == ("hi", "wrong")


def test_an_answer_that_declines_is_not_worst_for_the_relevancy_it_cannot_have() -> None:
    scores = [
        MetricScore("declines", "answer_relevancy", "ok", 0.0),
        MetricScore("wrong", "answer_relevancy", "ok", 0.4),
        MetricScore("declines", "context_precision", "ok", 0.6),
    ]
    assert worst_rows(scores) == ("declines", "wrong")
    assert worst_rows(scores, declined={"declines"}) == ("wrong", "declines")
    assert worst_rows(scores[:1], declined={"declines"}) == ()


def test_what_a_judge_found_perfect_is_not_read_first_for_its_support() -> None:
    scores = [
        MetricScore("perfect", "faithfulness", "ok", 1.0),
        MetricScore("perfect", "support", "ok", 0.05),
        MetricScore("nearly", "faithfulness", "ok", 0.9),
    ]
    assert worst_rows(scores) == ("nearly",)
