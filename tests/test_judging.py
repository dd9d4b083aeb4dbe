"""What judging would take: worked out by a job, kept for exactly what was asked, outdated once a reply is kept."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from workbench import judging
from workbench.answers.judge import ReplyCache, kept_judge
from workbench.answers.judge.cache import KeptReply
from workbench.case import Case, open_case
from workbench.compute import JobState, job_state
from workbench.errors import InputError
from workbench.judging import Judging
from workbench.records import JudgeSettings

JUDGE = JudgeSettings(url="http://127.0.0.1:9/v1", model="m")
ASKED = Judging(JUDGE, ("faithfulness",), limit=2)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    root = tmp_path / "mine"
    (root / "logs").mkdir(parents=True)
    (root / "case.toml").write_text('name = "Mine"\n', encoding="utf-8")
    rows = [{"question": f"{n} Is hail covered?", "answer": f"Yes, {n}.", "contexts": ["Hail is."]} for n in range(3)]
    (root / "logs" / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return open_case(root)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What scoring was asked for; nothing is scored."""
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(judging.scoring, "start_scoring", lambda *said: asked.append(said))
    return asked


def test_a_plan_is_kept_for_exactly_what_was_asked(case) -> None:
    judging.run_plan(str(case.root), ASKED)
    state = job_state(case.root, judging.PLAN)
    assert state is not None
    assert state.status == "done"
    plan = judging.stored_plan(case, ASKED)
    assert plan is not None
    # Statements are made and then judged: two calls a row.
    assert (plan.rows, plan.calls, plan.metrics) == (2, 4, ("faithfulness",))
    assert judging.stored_plan(case, Judging(JUDGE, ("faithfulness",), limit=3)) is None
    assert judging.stored_plan(case, Judging(JudgeSettings(url=JUDGE.url, model="other"), ("faithfulness",), 2)) is None


def test_a_plan_does_not_outlive_the_files_it_was_made_for(case) -> None:
    judging.run_plan(str(case.root), ASKED)
    with (case.root / "logs" / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write('\n{"question": "Another?", "answer": "Yes."}')
    assert judging.stored_plan(case, ASKED) is None


def test_a_damaged_plan_is_none(case) -> None:
    judging.run_plan(str(case.root), ASKED)
    (judging.results_folder(case) / judging.PLAN_FILE).write_text("{", encoding="utf-8")
    assert judging.stored_plan(case, ASKED) is None


def test_beginning_keeps_the_judge(case, started) -> None:
    judging.start_judging(case, ASKED)
    assert started == [(case, JUDGE, 2, ("faithfulness",), None)]
    assert kept_judge(case.root) == JUDGE


def test_a_case_that_cannot_be_written_to_is_judged_and_keeps_no_judge(case, started, monkeypatch) -> None:
    monkeypatch.setattr(Case, "writable", property(lambda self: False))
    judging.start_judging(case, ASKED)
    assert len(started) == 1
    assert kept_judge(case.root) is None


def test_a_plan_is_outdated_once_anyone_kept_a_reply(case) -> None:
    judging.run_plan(str(case.root), ASKED)
    assert judging.stored_plan(case, ASKED) is not None
    ReplyCache.of(case.derived).put(b"another run", KeptReply("{}"))
    assert judging.stored_plan(case, ASKED) is None


def test_a_case_without_answers_says_so_in_the_state_of_the_job(tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "case.toml").write_text('name = "Empty"\n', encoding="utf-8")
    judging.run_plan(str(tmp_path / "empty"), ASKED)
    state = job_state(tmp_path / "empty", judging.PLAN)
    assert state is not None
    assert (state.status, state.fault) == ("failed", "input")
    assert "no answers to score" in str(state.error)


def test_the_judge_of_the_environment_comes_before_the_one_kept(case, monkeypatch) -> None:
    for name in ("MODEL", "URL"):
        monkeypatch.delenv(f"WORKBENCH_JUDGE_{name}", raising=False)
    assert judging.known_judge(case) is None
    (case.root / "judge.json").write_text('{"model": "kept", "url": "http://127.0.0.1:9/v1"}', encoding="utf-8")
    known = judging.known_judge(case)
    assert known is not None
    assert known.model == "kept"
    monkeypatch.setenv("WORKBENCH_JUDGE_MODEL", "named")
    known = judging.known_judge(case)
    assert known is not None
    assert known.model == "named"


def test_a_damaged_judge_is_said(case) -> None:
    (case.root / "judge.json").write_text('{"key": "secret"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"judge\.json"):
        judging.known_judge(case)


@pytest.mark.parametrize("begin", [judging.start_plan, judging.start_judging])
def test_nothing_is_begun_or_kept_while_the_same_is_under_way(case, started, begin, monkeypatch) -> None:
    monkeypatch.setattr(judging.compute, "submit", lambda *said: started.append(said))
    running = JobState("any", "running", updated=time.time())
    monkeypatch.setattr(judging.compute, "job_state", lambda _root, _job: running)
    with pytest.raises(InputError, match="wait until that ends"):
        begin(case, ASKED)
    assert started == []
    assert not (case.root / "judge.json").exists()
