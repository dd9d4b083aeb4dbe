"""The view of scored answers while a job scores them: what can be pressed, what is said when it ends, and where it fails."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import fabricated_harness as made
import ipywidgets as widgets
import pytest
from fabricated_answers import answers_case
from fabricated_retrieval import HashingEncoder

from workbench import compute, scoring
from workbench.case import Case, open_case
from workbench.compute import JobState
from workbench.ui.evaluation.answers_view import EARLIER_KEPT, AnswersView
from workbench.ui.evaluation.rows_view import RowsView
from workbench.ui.evaluation.state import Evaluation


@pytest.fixture(autouse=True)
def _small_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.scoring.evaluating.load_encoder", lambda model: HashingEncoder())


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return answers_case(tmp_path / "case")


def shown(view: AnswersView) -> str:
    return " ".join(child.value for child in view.children if hasattr(child, "value"))


async def ended(view: AnswersView) -> None:
    assert view.progress is not None
    ends = time.monotonic() + 60
    while view.progress.under_way or view.again.disabled:
        assert time.monotonic() < ends
        await asyncio.sleep(0.02)


def test_a_report_that_gives_no_way_is_said_and_one_that_does_is_not(case) -> None:
    scoring.evaluate(case)
    view = AnswersView(Evaluation(made.report(), case=case, answers=scoring.stored_answers(case)))
    view._ended(JobState(scoring.SCORING, "done", message=scoring.EARLIER_SHOWN))
    assert EARLIER_KEPT in view._said.value
    view._ended(JobState(scoring.SCORING, "done", message="done"))
    assert view._said.value == ""


def test_a_case_without_a_report_is_scored_at_once_and_nothing_is_begun_twice(case, monkeypatch) -> None:
    begun: list[str] = []
    let_go = threading.Event()

    def start(asked: Case, *_: object) -> None:
        begun.append(asked.name)
        let_go.wait(10)
        scoring.run_scoring(str(asked.root), None)

    monkeypatch.setattr(scoring, "start_scoring", start)

    async def visit() -> AnswersView:
        view = AnswersView(Evaluation(made.report(), case=case))
        await asyncio.sleep(0.05)
        assert view.again.disabled
        assert "No answer has been scored yet." in shown(view)
        view.again.click()
        let_go.set()
        await ended(view)
        await asyncio.sleep(0.2)
        return view

    view = asyncio.run(visit())
    assert begun == ["Acme"]
    assert "8 of 8 answers" in shown(view)
    assert isinstance(view._rows.children[0], RowsView)


def test_what_is_missing_is_told_once_where_there_is_nothing_to_score(tmp_path, monkeypatch) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "case.toml").write_text('name = "Bare"\n', encoding="utf-8")
    case = open_case(tmp_path / "bare")
    monkeypatch.setattr(scoring, "start_scoring", lambda asked, *_: scoring.run_scoring(str(asked.root), None))

    async def visit() -> AnswersView:
        view = AnswersView(Evaluation(made.report(), case=case))
        await ended(view)
        return view

    view = asyncio.run(visit())
    state = compute.job_state(case.root, scoring.SCORING)
    assert state is not None
    assert "no answers to score; put a query log with answers into logs/" in (state.error or "")
    assert "It needs" not in shown(view)
    offered = [
        button.description
        for box in view.children
        for button in getattr(box, "children", ())
        if isinstance(button, widgets.Button)
    ]
    assert offered == ["Score without a judge"]
