"""Which report of a case's answers is shown: what a judge said stays until something better is there."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from fabricated_answers import ANSWERS, answers_case
from fabricated_retrieval import HashingEncoder
from fake_endpoint import serving

from workbench import compute, scoring
from workbench.errors import CancelledError, InputError
from workbench.records import JudgeSettings, MetricScore
from workbench.scoring import evaluating
from workbench.scoring.kept import answers_folder, gives_way, keep_judged, kept_taken

FAITHFULNESS = ["faithfulness"]


@pytest.fixture(autouse=True)
def _small_encoder(monkeypatch):
    monkeypatch.setattr("workbench.scoring.evaluating.load_encoder", lambda model: HashingEncoder())
    for name in [name for name in os.environ if name.startswith("WORKBENCH_JUDGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def case(tmp_path):
    return answers_case(tmp_path / "case")


def judged_scores(report):
    return [score for score in report.scores if score.metric == "faithfulness"]


def cancelled_at(words):
    def progress(share, message):
        if words in message:
            raise CancelledError("cancelled")

    return progress


@pytest.mark.parametrize("at", ["loading RAGAS", "working out what it would take"])
def test_a_cancel_before_the_judge_is_asked_leaves_what_needs_no_judge(case, at):
    judge = JudgeSettings(url="http://127.0.0.1:9/v1", model="m")
    with pytest.raises(CancelledError):
        scoring.evaluate(case, judge=judge, metrics=FAITHFULNESS, progress=cancelled_at(at))
    shown = scoring.stored_answers(case)
    assert (shown.rows, shown.judge, shown.stopped) == (ANSWERS, None, False)
    assert len(scoring.stored_rows(case)) == ANSWERS


def test_a_plan_that_is_not_confirmed_leaves_what_needs_no_judge(case):
    judge = JudgeSettings(url="http://127.0.0.1:9/v1", model="m")
    with pytest.raises(CancelledError, match="before the judge was asked"):
        scoring.evaluate(case, judge=judge, confirm=lambda plan: False)
    assert scoring.stored_answers(case).judge is None


def test_settings_and_keys_that_cannot_be_used_leave_what_needs_no_judge(case, monkeypatch):
    with pytest.raises(InputError):
        scoring.evaluate(case, judge=JudgeSettings(url="no address", model="m"), metrics=FAITHFULNESS)
    assert scoring.stored_answers(case).rows == ANSWERS
    url = "http://127.0.0.1:9/v1"
    monkeypatch.setenv("WORKBENCH_JUDGE_URL", url)
    monkeypatch.setenv("WORKBENCH_JUDGE_KEY", "two words")
    with pytest.raises(InputError, match="no usable key"):
        scoring.evaluate(case, judge=JudgeSettings(url=url, model="m"), metrics=FAITHFULNESS)
    assert scoring.stored_answers(case).rows == ANSWERS


@pytest.mark.local_network
def test_a_run_without_a_judge_renews_the_rest_and_keeps_what_a_judge_said(case):
    with serving() as endpoint:
        judged = scoring.evaluate(case, judge=JudgeSettings(url=endpoint.url, model="m"), metrics=FAITHFULNESS)
    returned = scoring.evaluate(case, own={"short": lambda row: len(row.answer) < 20})
    shown = scoring.stored_answers(case)
    assert returned.judge is None
    assert judged_scores(shown) == judged_scores(judged)
    assert [each for each in shown.targets if each.metric == "faithfulness"] == [
        each for each in judged.targets if each.metric == "faithfulness"
    ]
    assert (shown.judge, shown.judged_at, shown.usage) == (judged.judge, judged.judged_at, judged.usage)
    assert {score.value for score in shown.scores if score.metric == "short"} == {0.0, 1.0}
    assert shown.notes == judged.notes
    assert scoring.evaluate(case) == returned_without_own(returned)
    assert scoring.stored_answers(case) == judged


@pytest.mark.local_network
def test_what_another_process_judged_while_the_rest_was_renewed_stays(case, monkeypatch):
    with serving() as endpoint:
        judged = scoring.evaluate(case, judge=JudgeSettings(url=endpoint.url, model="m"), metrics=FAITHFULNESS)
    later = replace(judged, judge=JudgeSettings(url=endpoint.url, model="another"))
    taken_from = evaluating.judgement_of

    def meanwhile(report):
        assert keep_judged(answers_folder(case), later)
        return taken_from(report)

    monkeypatch.setattr(evaluating, "judgement_of", meanwhile)
    scoring.evaluate(case)
    assert scoring.stored_answers(case) == later


def returned_without_own(report):
    return replace(
        report,
        metrics=tuple(each for each in report.metrics if each.metric != "short"),
        scores=tuple(each for each in report.scores if each.metric != "short"),
    )


@pytest.mark.local_network
def test_a_run_without_a_judge_on_other_rows_leaves_the_judged_report_shown(case):
    with serving() as endpoint:
        judged = scoring.evaluate(case, judge=JudgeSettings(url=endpoint.url, model="m"), metrics=FAITHFULNESS)
    said = []
    assert scoring.evaluate(case, limit=3, progress=lambda share, message: said.append(message)).rows == 3
    assert said[-1] == "done; the earlier report of a judge is still the one shown"
    assert scoring.stored_answers(case) == judged
    assert {row.row_id for row in scoring.stored_rows(case)} == {f"r{n}" for n in range(ANSWERS)}


@pytest.mark.local_network
def test_a_run_of_another_judge_that_is_stopped_or_finds_nobody_leaves_the_complete_report(case):
    with serving() as endpoint:
        judged = scoring.evaluate(case, judge=JudgeSettings(url=endpoint.url, model="m"), metrics=FAITHFULNESS)
        endpoint.mode, endpoint.delay = "slow", 30.0
        other = JudgeSettings(url=endpoint.url, model="another", attempts=1)
        stopped = scoring.evaluate(case, judge=other, metrics=FAITHFULNESS, progress=cancelled_at("judging"))
        assert stopped.stopped
        assert scoring.stored_answers(case) == judged
        endpoint.mode = "error_500"
        failed = scoring.evaluate(case, judge=other, metrics=FAITHFULNESS)
        assert {score.status for score in judged_scores(failed)} == {"failed"}
        assert scoring.stored_answers(case) == judged
        endpoint.mode = "clean"
        better = scoring.evaluate(case, judge=other, metrics=FAITHFULNESS)
        assert scoring.stored_answers(case) == better


@pytest.mark.local_network
def test_a_smaller_sample_by_the_same_judge_leaves_the_whole_and_one_of_another_judge_is_shown(case):
    with serving() as endpoint:
        judge = JudgeSettings(url=endpoint.url, model="m")
        whole = scoring.evaluate(case, judge=judge, metrics=FAITHFULNESS)
        scoring.evaluate(case, judge=judge, metrics=FAITHFULNESS, limit=3)
        assert scoring.stored_answers(case) == whole
        fewer = scoring.evaluate(case, judge=replace(judge, model="other"), metrics=FAITHFULNESS, limit=3)
    assert scoring.stored_answers(case) == fewer
    assert len(scoring.stored_rows(case)) == 3


@pytest.mark.local_network
def test_what_a_judge_said_by_other_metrics_stays_when_one_more_is_asked_for(case):
    with serving() as endpoint:
        judge = JudgeSettings(url=endpoint.url, model="m")
        scoring.evaluate(case, judge=judge, metrics=FAITHFULNESS)
        scoring.evaluate(case, judge=judge, metrics=["answer_relevancy"])
        shown = scoring.stored_answers(case)
        other = scoring.evaluate(case, judge=replace(judge, model="other"), metrics=["answer_relevancy"])
    scored = {summary.metric: summary.scored for summary in shown.metrics}
    assert (scored["faithfulness"], scored["answer_relevancy"]) == (ANSWERS, ANSWERS)
    assert "faithfulness" not in {score.metric for score in other.scores}


def test_a_judge_that_never_answered_does_not_hide_what_was_measured_without_one(case):
    dead = JudgeSettings(url="http://127.0.0.1:9/v1", model="m", attempts=1)
    report = scoring.evaluate(case)
    failed = replace(report, rows=2, judge=dead, scores=(MetricScore("r0", "faithfulness", "failed", reason="down"),))
    keep_judged(answers_folder(case), failed)
    assert scoring.stored_answers(case) == report
    keep_judged(answers_folder(case), replace(failed, rows=report.rows))
    assert scoring.stored_answers(case).judge == dead


@pytest.mark.local_network
def test_a_cancel_during_relevancy_is_no_failure_of_a_row(case):
    with serving("slow", delay=0.1) as endpoint:
        judge = JudgeSettings(url=endpoint.url, model="m", concurrency=1)

        def progress(share, message):
            shares.append(share)
            if endpoint.calls >= 4:
                raise CancelledError("cancelled")

        shares = []
        report = scoring.evaluate(case, judge=judge, metrics=["answer_relevancy"], progress=progress)
    assert report.stopped
    assert {score.status for score in report.scores if score.metric == "answer_relevancy"} <= {"ok", "skipped"}
    assert shares == sorted(shares)


def test_a_damaged_judged_report_gives_way_to_the_one_without_a_judge(case):
    report = scoring.evaluate(case)
    (answers_folder(case) / "judged.json").write_text('{"version": "2", "report": 3}')
    assert scoring.stored_answers(case) == report
    assert scoring.evaluate(case) == report


def of(ok, failed=0, stopped=False, model="", *, report):
    scores = [MetricScore(f"r{n}", "faithfulness", "ok", 1.0) for n in range(ok)]
    scores += [MetricScore(f"f{n}", "faithfulness", "failed", reason="HTTP 500") for n in range(failed)]
    return replace(report, scores=tuple(scores), stopped=stopped, judge=JudgeSettings(model=model))


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        ((5,), (5,), True),  # as many
        ((5,), (4, 0, True), False),  # stopped with fewer
        ((5, 0, True), (6, 0, True), True),  # stopped with more
        ((5, 0, True), (4, 0, True), False),
        ((50,), (9, 1), False),  # fewer rows by the same judge
        ((50,), (9, 1, False, "other"), True),
        ((50, 0, True), (9, 1), True),  # the earlier one was stopped
        ((50,), (9, 2, False, "other"), False),  # more than a tenth failed
        ((5,), (0, 5), False),  # nobody answered
        ((0, 5), (0, 5), True),  # newer reasons
        ((5,), (0, 0), False),  # nothing was to be judged
    ],
)
def test_a_judged_report_gives_way_to_more_scores_or_to_a_complete_run(case, earlier, later, expected):
    report = scoring.evaluate(case)
    assert gives_way(of(*earlier, report=report), of(*later, report=report)) is expected


def test_rows_taken_before_are_found_again_and_are_those_of_a_plan(case, monkeypatch):
    folder = answers_folder(case)
    assert kept_taken(folder, None, 1_000) is None
    scoring.evaluate(case)
    scoring.evaluate(case, limit=3)
    everything, three = kept_taken(folder, None, 1_000), kept_taken(folder, "log", 3)
    assert ({row.row_id for row in everything}, len(three)) == ({f"r{n}" for n in range(ANSWERS)}, 3)
    assert three == everything[:3]
    assert kept_taken(folder, "evals", 1_000) is None
    assert kept_taken(folder, None, 5) is None
    judge = JudgeSettings(url="http://127.0.0.1:9/v1", model="m")
    expected = scoring.scoring_plan(case, judge, 5, FAITHFULNESS)
    # A question each for the statements of an answer; the verdicts on the two different answers are asked once.
    assert (expected.rows, expected.calls) == (5, 7)

    def unread(*arguments, **named):
        raise AssertionError("the log was read again")

    monkeypatch.setattr("workbench.scoring.evaluating.read_logs", unread)
    assert scoring.scoring_plan(case, judge, None, FAITHFULNESS).calls == ANSWERS + 2


def test_without_an_origin_rows_of_a_log_do_not_stand_for_evaluation_files(case, tmp_path):
    root = tmp_path / "case"
    (root / "evals").mkdir()
    (root / "evals" / "run.csv").write_text("question,answer,faithfulness\nIs flood covered?,No.,0.5\n")
    assert scoring.evaluate(case).origin == "evals"
    folder = answers_folder(case)
    for path in folder.glob("rows-evals-*"):
        path.unlink()
    scoring.evaluate(case, origin="log")
    assert kept_taken(folder, None, 1_000) is None
    assert kept_taken(folder, "log", 1_000) is not None


def test_a_cancel_that_comes_after_everything_is_kept_ends_nothing(case):
    assert scoring.evaluate(case, progress=cancelled_at("done")) == scoring.stored_answers(case)


def test_the_job_of_a_run_without_a_judge_says_done(case):
    scoring.run_scoring(str(case.root), None)
    assert compute.job_state(case.root, scoring.SCORING).message == "done"
