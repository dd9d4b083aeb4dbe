"""The evaluation page without a browser: a stored report is shown at once, otherwise the job starts by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import fabricated_harness as made
import pytest

from workbench.case import Case, open_case
from workbench.compute import JobState
from workbench.records import EvalItem, HarnessReport
from workbench.ui.evaluation import page as evaluation_page
from workbench.ui.evaluation.page import build_evaluation_page
from workbench.ui.evaluation.runs_view import build_runs_view, items_of
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.making import MadeOrMaking
from workbench.ui.page import PageContext
from workbench.ui.steps import step


@pytest.fixture
def case(tmp_path: Path) -> Case:
    (tmp_path / "mine" / "evals").mkdir(parents=True)
    (tmp_path / "mine" / "case.toml").write_text('name = "Mine"\n', encoding="utf-8")
    (tmp_path / "mine" / "evals" / "set.csv").write_text(
        "id,question,ground_truth\ni0,Is hail covered?,Yes\ni1,Is theft covered?,No\n", encoding="utf-8"
    )
    return open_case(tmp_path / "mine")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Cases whose job was started; the job itself does nothing."""
    found: list[Case] = []
    monkeypatch.setattr(evaluation_page.evaluating, "start_evaluation", found.append)
    return found


def keep(monkeypatch: pytest.MonkeyPatch, report: HarnessReport | None) -> None:
    monkeypatch.setattr(evaluation_page.evaluating, "stored_harness", lambda _case: report)
    monkeypatch.setattr("workbench.scoring.stored_answers", lambda _case: None)


def context(case: Case, **query: str) -> PageContext:
    return PageContext(step("evaluation"), case, (case,), (), query)


def test_a_stored_report_is_shown_without_a_job(case, started, monkeypatch) -> None:
    keep(monkeypatch, made.report())
    panel = build_evaluation_page(context(case, view="coverage"))
    assert started == []
    assert "research project" in panel.children[0].children[0].value


def test_without_a_report_the_job_starts_and_its_end_shows_the_report(case, started, monkeypatch) -> None:
    keep(monkeypatch, None)

    async def visit() -> MadeOrMaking:
        panel = build_evaluation_page(context(case))
        for _ in range(20):
            await asyncio.sleep(0.01)
        return panel

    panel = asyncio.run(visit())
    assert started == [case]
    assert "has not been looked at yet" in panel.children[0].value
    panel._ended(JobState("evaluation", "failed", error="no room left"))
    assert panel.again in panel.children
    keep(monkeypatch, made.report())
    panel._ended(JobState("evaluation", "done"))
    assert "research project" in panel.children[0].children[0].value


def test_items_of_the_eval_sets_are_read_for_the_runs_view(case) -> None:
    state = Evaluation(made.report(), case=case)
    build_runs_view(state)
    assert state.question_of("i1") == "Is theft covered?"
    assert isinstance(items_of(case)["i0"], EvalItem)
    assert state.question_of("no such item") == ""
