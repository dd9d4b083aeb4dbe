"""Jobs: what a page sees while work runs, is cancelled, fails, or dies."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from workbench import compute
from workbench.case import new_case
from workbench.compute import cancel, job_state, local_scheduler, run_job, scaled, submit
from workbench.errors import CaseError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_case(tmp_path, "acme").root


def test_a_job_that_never_ran_has_no_state(root: Path) -> None:
    assert job_state(root, "analysis") is None


def test_a_finished_job_says_done(root: Path) -> None:
    seen = []

    def work(progress) -> None:
        progress(0.5, "half way")
        seen.append(job_state(root, "analysis"))

    run_job(root, "analysis", work)
    state = job_state(root, "analysis")
    assert state is not None
    assert (state.status, state.fraction, state.error) == ("done", 1.0, None)
    assert seen[0].status == "running"


def test_a_cancelled_job_stops_at_its_next_step(root: Path) -> None:
    steps = []

    def work(progress) -> None:
        for step in range(5):
            steps.append(step)
            if step == 1:
                cancel(root, "analysis")
            progress(step / 5, "working")

    assert run_job(root, "analysis", work).status == "cancelled"
    assert steps == [0, 1]


def test_a_cancel_from_before_does_not_stop_the_next_job(root: Path) -> None:
    cancel(root, "analysis")
    assert run_job(root, "analysis", lambda progress: progress(0.1, "x")).status == "done"


def test_a_job_cancelled_while_it_waits_never_starts_its_work(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Queue:
        def submit(self, function, *args, pure):
            return None

    monkeypatch.setattr(compute, "_client", Queue)
    monkeypatch.setattr(compute._distributed(), "fire_and_forget", lambda future: None)
    submit(root, "analysis", print)
    assert job_state(root, "analysis").status == "queued"
    assert job_state(root, "analysis").waits_for == compute._this_process()
    cancel(root, "analysis")
    done = []

    def work(progress) -> None:
        progress(0.0, "first step")
        done.append("work")

    assert run_job(root, "analysis", work).status == "cancelled"
    assert done == []


def test_bad_input_is_told_in_its_own_sentence_and_a_defect_in_ours(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def bad_input(progress) -> None:
        raise CaseError("no documents in it")

    def defect(progress) -> None:
        raise KeyError("secret detail")

    assert run_job(root, "analysis", bad_input).error == "no documents in it"
    state = run_job(root, "analysis", defect)
    assert state.status == "failed"
    assert "secret detail" not in str(state.error)
    assert "secret detail" in caplog.text


def test_a_job_whose_process_was_killed_counts_as_failed(root: Path) -> None:
    long_ago = time.time() - 10 * compute.STALE_AFTER["running"]
    path = root / ".workbench" / "jobs" / "analysis.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"name": "analysis", "status": "running", "started": long_ago, "updated": long_ago}))
    state = job_state(root, "analysis")
    assert state is not None
    assert state.status == "failed"
    assert "worker stopped" in str(state.error)
    assert state.fault == "internal"


def _waiting(root: Path, process: str, since: float = 0.0) -> str:
    """Status of a job that waits for a process since some seconds."""
    path = root / ".workbench" / "jobs" / "analysis.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    now = time.time()
    state = compute.JobState("analysis", "queued", started=now - since, updated=now, waits_for=process)
    path.write_text(json.dumps(asdict(state)))
    return job_state(root, "analysis").status


def test_a_job_left_waiting_by_a_server_that_ended_counts_as_failed_at_once(root: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert _waiting(root, f"{platform.node()} {gone.pid}") == "failed"
    assert "server" in str(job_state(root, "analysis").error)


def test_a_later_process_with_the_number_of_the_server_is_not_taken_for_it(root: Path) -> None:
    began = psutil.Process().create_time()
    assert _waiting(root, compute._this_process(), time.time() - began + 60) == "failed"
    assert _waiting(root, compute._this_process(), time.time() - began + 1) == "queued"  # the clock was set a little


def test_a_server_that_was_killed_and_not_yet_buried_has_ended(root: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert _waiting(root, f"{platform.node()} {killed.pid}") == "queued"
    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
    assert _waiting(root, f"{platform.node()} {killed.pid}") == "failed"
    killed.communicate()


def test_a_job_waits_on_while_its_server_lives_or_is_on_another_machine(root: Path) -> None:
    assert _waiting(root, compute._this_process()) == "queued"
    assert _waiting(root, "elsewhere 999999999") == "queued"
    assert _waiting(root, "") == "queued"
    assert _waiting(root, f"{platform.node()} x") == "queued"


def test_a_half_written_state_is_no_state(root: Path) -> None:
    path = root / ".workbench" / "jobs" / "analysis.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"name": "anal')
    assert job_state(root, "analysis") is None


def test_progress_of_a_part_is_mapped_to_its_stretch() -> None:
    told = []
    part = scaled(lambda share, message: told.append((share, message)), 0.2, 0.6)
    part(0.5, "x")
    assert told == [(pytest.approx(0.4), "x")]
    scaled(None, 0, 1)(0.5, "nobody listens")


def _job(root: str) -> None:
    run_job(Path(root), "analysis", lambda progress: (Path(root) / "pid").write_text(str(os.getpid())))


@pytest.mark.local_network
def test_a_submitted_job_runs_in_the_worker_and_leaves_its_state_in_the_case(root: Path) -> None:
    with local_scheduler():
        location = Path(os.environ[compute.SCHEDULER_VARIABLE])
        assert location.stat().st_mode & 0o077 == 0
        submit(root, "analysis", _job, str(root))
        deadline = time.monotonic() + 60
        while (state := job_state(root, "analysis")) is None or state.status != "done":
            assert time.monotonic() < deadline, state
            time.sleep(0.05)
    assert int((root / "pid").read_text()) != os.getpid()
    assert compute.SCHEDULER_VARIABLE not in os.environ
