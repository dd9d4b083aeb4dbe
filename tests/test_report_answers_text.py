"""What was measured of answers, in words: no target of the client is left out, and a silent judge has judged nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workbench.answers.summaries import summarise
from workbench.records import AnswersReport, Estimate, JudgeSettings, JudgeUsage, MetricScore, Target
from workbench.report.answers_text import answers_opening, answers_summary, judge_sentence, telling

NONE = Estimate.not_measured("no model was asked to judge")


def unmeasured(metric: str, set_by: str = "production", reason: str = "no model was asked to judge") -> Target:
    return Target(metric, 0.8, set_by, "not_measured", NONE, reason=reason)  # type: ignore[arg-type]


def measured(metric: str, verdict: str, set_by: str = "production", level: float = 0.9) -> Target:
    return Target(metric, level, set_by, verdict, Estimate(0.8, 0.7, 0.88, 60, "wilson"), 60)  # type: ignore[arg-type]


def report(*targets: Target, **more: object) -> AnswersReport:
    return AnswersReport("A", "log", 60, 60, (), targets, (), (), (), **more)  # type: ignore[arg-type]


def test_a_target_of_the_client_is_told_where_it_says_something_else() -> None:
    usual = measured("faithfulness", "missed")
    same = measured("faithfulness", "missed", "case", 0.85)
    lower = measured("faithfulness", "met", "case", 0.6)
    other = measured("context_recall", "missed", "case", 0.9)
    assert telling((usual, same)) == (usual,)
    assert telling((usual, lower, other)) == (usual, lower, other)
    assert answers_opening(report(usual, lower, other)) == (
        "On 60 answers: faithfulness 0.800, target 0.900 missed; faithfulness 0.800, the client's target 0.600 met; "
        "context recall 0.800, the client's target 0.900 missed."
    )


def test_one_reason_for_several_targets_stands_once() -> None:
    said = answers_opening(
        report(measured("exact", "met"), unmeasured("faithfulness"), unmeasured("context_precision"))
    )
    assert said == (
        "On 60 answers: exact 0.800, target 0.900 met; faithfulness and context precision not measured "
        "(no model was asked to judge)."
    )
    assert answers_opening(report(unmeasured("faithfulness"), unmeasured("context_recall", "case"))) == (
        "Of 60 answers none of the targets was measured: no model was asked to judge."
    )


def test_a_judge_that_gave_no_answer_is_not_said_to_have_judged() -> None:
    silent = report(judge=JudgeSettings(model="m"), usage=JudgeUsage(failures=12))
    assert judge_sentence(silent) == "m was asked to judge and gave no answer; questions given up: 12."
    assert "judge: m; it gave no answer; questions given up: 12" in answers_summary(silent)
    kept = replace(silent, usage=JudgeUsage(cached=3))
    assert judge_sentence(kept).startswith("Judged by m: 0 calls, 3 replies that were kept")


def test_one_cause_told_in_two_ways_is_one_count() -> None:
    down = [MetricScore(f"a{n}", "faithfulness", "failed", reason="HTTP 401") for n in range(3)]
    given_up = [
        MetricScore(f"b{n}", "faithfulness", "failed", reason="the endpoint is not answering (HTTP 401)")
        for n in range(2)
    ]
    bare = [MetricScore("c", "faithfulness", "skipped", reason="no contexts")]
    [summary] = summarise([*down, *given_up, *bare], np.random.default_rng(7))
    assert summary.value.reason == "no row has a value; 5 of 6 failed, mostly: HTTP 401"
    [summary] = summarise(down, np.random.default_rng(7))
    assert summary.value.reason == "no row has a value; 3 of 3 failed: HTTP 401"
