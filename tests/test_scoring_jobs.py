"""Scoring as a job in a worker of its own: what a page sees while it runs, is cancelled, goes on, or finds no endpoint."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from fabricated_answers import ANSWERS, answers_case
from fake_endpoint import serving

from workbench import compute, scoring
from workbench.records import JudgeSettings

pytestmark = pytest.mark.local_network
KEY = "key-of-the-worker-alone"
FAITHFULNESS = ["faithfulness"]


@pytest.fixture(scope="module")
def worker():
    """An endpoint and a worker whose environment holds the key for it; the environment of the tests does not."""
    with serving() as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_JUDGE_URL", endpoint.url)
        patch.setenv("WORKBENCH_JUDGE_KEY", KEY)
        with compute.local_scheduler(warm_up=None):
            patch.delenv("WORKBENCH_JUDGE_KEY")
            yield endpoint


@pytest.fixture
def endpoint(worker):
    worker.mode, worker.delay = "clean", 5.0
    worker.requests.clear()
    return worker


@pytest.fixture
def case(tmp_path):
    return answers_case(tmp_path / "case")


def settings(endpoint, **more):
    return JudgeSettings(url=endpoint.url, model="m", attempts=1, **more)


def ended(case, seconds=90.0):
    """The state of the job once it ended, and every message on the way."""
    deadline, messages = time.monotonic() + seconds, {}
    while (state := compute.job_state(case.root, scoring.SCORING)) is None or state.status in {"queued", "running"}:
        assert time.monotonic() < deadline, state
        if state:
            messages[state.message] = None
        time.sleep(0.02)
    return SimpleNamespace(status=state.status, error=state.error, message=state.message, messages=list(messages))


def judged_scores(report):
    return [score for score in report.scores if score.metric in FAITHFULNESS]


def test_the_report_of_a_job_without_a_judge_is_that_of_a_call(case):
    scoring.start_scoring(case, None)
    assert ended(case).status == "done"
    kept = scoring.stored_answers(case)
    assert (kept.rows, kept.judge) == (ANSWERS, None)
    assert scoring.evaluate(case) == kept


def test_the_worker_judges_with_the_key_of_its_own_environment_and_tells_calls_and_cost(case, endpoint):
    endpoint.mode, endpoint.delay = "slow", 0.15
    judge = settings(endpoint, concurrency=1, input_per_million=1_000.0, output_per_million=1_000.0, currency="EUR")
    scoring.start_scoring(case, judge, metrics=FAITHFULNESS)
    end = ended(case)
    assert (end.status, end.message) == ("done", "done")
    kept = scoring.stored_answers(case)
    assert [score.value for score in judged_scores(kept)].count(0.5) == ANSWERS // 2
    assert {request.headers["authorization"] for request in endpoint.requests} == {f"Bearer {KEY}"}
    assert any(re.search(r"judging \(\d of 8 scores\); [1-9]\d* calls, [0-9.]+ EUR", said) for said in end.messages)
    assert not any(KEY in path.read_text(errors="replace") for path in case.derived.rglob("*") if path.is_file())
    asked = endpoint.calls
    again = scoring.evaluate(case, judge=judge, metrics=FAITHFULNESS)  # the replies are kept: no key is needed
    assert endpoint.calls == asked
    assert (again.scores, again.metrics, again.targets) == (kept.scores, kept.metrics, kept.targets)


def test_a_job_cancelled_while_judging_keeps_what_was_judged_and_goes_on_from_there(case, endpoint):
    endpoint.mode, endpoint.delay = "slow", 0.2
    judge = settings(endpoint, concurrency=1)
    scoring.start_scoring(case, judge, metrics=FAITHFULNESS)
    deadline = time.monotonic() + 60
    while endpoint.calls < 6:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    compute.cancel(case.root, scoring.SCORING)
    began = time.monotonic()
    assert ended(case).status == "cancelled"
    assert time.monotonic() - began < 5
    kept = scoring.stored_answers(case)
    done = [score for score in judged_scores(kept) if score.status == "ok"]
    assert kept.stopped
    assert 1 <= len(done) < ANSWERS
    assert {score.reason for score in judged_scores(kept) if score.status != "ok"} == {"not reached"}
    endpoint.mode = "clean"
    scoring.start_scoring(case, judge, metrics=FAITHFULNESS)
    assert ended(case).status == "done"
    whole = scoring.stored_answers(case)
    assert not whole.stopped
    assert {score.status for score in judged_scores(whole)} == {"ok"}
    assert set(done) <= set(judged_scores(whole))
    # The one call that was under way when the job was cancelled is asked again, no other.
    asked = Counter(request.prompt for request in endpoint.requests)
    assert sum(asked.values()) - len(asked) <= 1


def test_a_job_whose_endpoint_is_down_ends_with_failed_rows_and_the_reason(case):
    scoring.start_scoring(case, JudgeSettings(url="http://127.0.0.1:9/v1", model="m", attempts=1), metrics=FAITHFULNESS)
    assert ended(case).status == "done"
    kept = scoring.stored_answers(case)
    assert {score.status for score in judged_scores(kept)} == {"failed"}
    assert all(score.reason for score in judged_scores(kept))
    assert kept.support
    target = next(each for each in kept.targets if each.metric == "faithfulness")
    assert (target.verdict, target.scored) == ("not_measured", 0)


def test_settings_that_cannot_be_used_end_in_one_sentence_beside_what_needs_no_judge(case):
    scoring.start_scoring(case, JudgeSettings(url="no address", model="m"), metrics=FAITHFULNESS)
    end = ended(case)
    assert end.status == "failed"
    assert "judge" in end.error
    assert scoring.stored_answers(case).rows == ANSWERS


def test_a_second_start_while_one_is_under_way_is_left_alone(case, endpoint):
    endpoint.mode, endpoint.delay = "slow", 0.1
    for _ in range(2):
        scoring.start_scoring(case, settings(endpoint), metrics=FAITHFULNESS)
    assert ended(case).status == "done"
    asked = Counter(request.prompt for request in endpoint.requests)
    assert set(asked.values()) == {1}


def test_a_command_beside_a_job_on_one_case_gives_the_same_report_and_leaves_whole_files(case, endpoint):
    scoring.evaluate(case)
    endpoint.mode, endpoint.delay = "slow", 0.05
    judge = settings(endpoint)
    scoring.start_scoring(case, judge, metrics=FAITHFULNESS)
    reports = []
    beside = [
        threading.Thread(
            target=lambda: reports.append(scoring.evaluate(case, judge=judge, metrics=FAITHFULNESS)), daemon=True
        )
        for _ in range(2)
    ]
    for thread in beside:
        thread.start()
    for thread in beside:
        thread.join(60)
    assert ended(case).status == "done"
    kept = scoring.stored_answers(case)
    assert len(reports) == 2
    assert all(report.scores == kept.scores for report in reports)
    assert len(scoring.stored_rows(case)) == ANSWERS
