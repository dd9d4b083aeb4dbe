"""A model judges from the page, in a real browser: the plan first, progress, a stop, the rest of it, and the values of Python."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from fake_endpoint import FakeEndpoint, serving
from playwright.sync_api import Page, expect

from workbench import scoring
from workbench.answers.judge import kept_judge
from workbench.case import Case, open_case
from workbench.numbers import measured

PATIENCE = 60_000
ANSWERS = 12
DRAWN = """values => {
  const plot = document.querySelector(".wb-panel-answers .js-plotly-plot");
  const drawn = (plot?._fullData ?? []).slice(0, 2).flatMap(trace => Array.from(trace.x ?? [])).sort();
  return drawn.length === values.length && drawn.every((value, place) => Math.abs(value - values[place]) < 1e-9);
}"""
"""Whether the values on the chart of targets are these."""


WHOLE_WIDTH = """() => {
  const plot = document.querySelector(".wb-panel-answers .js-plotly-plot");
  return plot?._fullLayout && Math.abs(plot._fullLayout.width - plot.parentElement.clientWidth) <= 1;
}"""
"""Whether the chart of targets is as wide as its place, although it was made while the page was open."""


@pytest.fixture
def judge() -> Iterator[FakeEndpoint]:
    with serving("fenced") as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def log_case(workbench) -> Case:
    """A case with nothing but a log of answers, each with a sentence its contexts hold and one they do not."""
    root: Path = workbench.workspace / "judged"
    (root / "logs").mkdir(parents=True)
    rows = [
        {
            "question": f"How is damage number {n} by hail paid?",
            "answer": f"Damage number {n} by hail is paid. Rockets carry {n} passengers.",
            "contexts": [f"Policy: damage number {n} by hail is paid in full.", "Storms are covered."],
        }
        for n in range(ANSWERS)
    ]
    (root / "logs" / "log.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return open_case(root)


def test_a_model_judges_from_the_page(page: Page, workbench, log_case, judge) -> None:
    page.goto(f"{workbench.url}/voila/render/04_evaluation.ipynb?case={log_case.slug}&view=answers")
    panel = page.locator(".wb-panel-answers")
    expect(panel).to_contain_text("No model has judged these answers.", timeout=2 * PATIENCE)
    page.wait_for_function(WHOLE_WIDTH)
    page.get_by_role("button", name="Have a model judge them").click()
    form = page.locator(".wb-judge-form")
    begin = form.get_by_role("button", name="Judge")
    expect(begin).to_be_disabled(timeout=PATIENCE)
    for label, text in {"Address": judge.url, "Model": "fake", "A million tokens in": "2", "Currency": "EUR"}.items():
        field = form.get_by_role("textbox", name=label, exact=True)
        field.fill(text)
        field.press("Tab")
    form.get_by_role("textbox", name="A million tokens out", exact=True).fill("4")
    form.get_by_role("textbox", name="A million tokens out", exact=True).press("Tab")
    expect(form).to_contain_text("would go to 127.0.0.1")
    form.get_by_role("button", name="Try it").click()
    expect(form).to_contain_text("fake answers and can be read", timeout=PATIENCE)
    tried = judge.calls
    form.get_by_role("button", name="What it takes").click()
    expect(form).to_contain_text(f"Judging {ANSWERS} answers by faithfulness", timeout=PATIENCE)
    expect(form).to_contain_text("EUR")
    assert judge.calls == tried

    judge.mode, judge.delay = "slow", 1.0
    begin.click()
    expect(panel).to_contain_text(" calls, ", timeout=PATIENCE)
    expect(begin).to_be_disabled()
    panel.get_by_role("button", name="Stop", exact=True).click()
    expect(panel).to_contain_text("Stopped before all answers were judged", timeout=PATIENCE)
    stopped = scoring.stored_answers(log_case)
    assert stopped is not None
    assert stopped.stopped
    asked = judge.calls

    judge.mode = "fenced"
    form.get_by_role("button", name="What it takes").click()
    expect(begin).to_be_enabled(timeout=PATIENCE)
    begin.click()
    expect(panel).to_contain_text("Judged by fake on", timeout=PATIENCE)
    expect(panel).not_to_contain_text("Stopped before all answers were judged", timeout=PATIENCE)
    report = scoring.stored_answers(log_case)
    assert report is not None
    faithful = next(summary for summary in report.metrics if summary.metric == "faithfulness")
    assert (faithful.value.value, faithful.scored) == (0.5, ANSWERS)
    expect(panel).to_contain_text(measured(faithful.value))
    values = sorted(target.value.value for target in report.targets if target.value.value is not None)
    page.wait_for_function(DRAWN, arg=values, timeout=PATIENCE)
    # Nothing that was kept is asked again: five questions an answer, and those that were in flight at the stop.
    assert judge.calls <= tried + 5 * ANSWERS + 4
    assert asked > tried
    first = page.locator("article.wb-answer")
    expect(first).to_contain_text("faithfulness: 0.500")
    first.get_by_text("faithfulness: 0.500").click()
    expect(first).to_contain_text("not in the contexts · Rockets carry")
    assert f"answer={report.worst[0]}" in unquote(page.url)
    settings = kept_judge(log_case.root)
    assert settings is not None
    assert (settings.model, settings.url) == ("fake", judge.url)


def test_an_endpoint_that_is_down_leaves_failed_rows_and_no_number(page: Page, workbench, log_case, judge) -> None:
    judge.mode = "error_500"
    page.goto(f"{workbench.url}/voila/render/04_evaluation.ipynb?case={log_case.slug}&view=answers")
    page.get_by_role("button", name="Have a model judge them").click(timeout=2 * PATIENCE)
    form = page.locator(".wb-judge-form")
    for label, text in {"Address": judge.url, "Model": "broken"}.items():
        field = form.get_by_role("textbox", name=label, exact=True)
        field.fill(text)
        field.press("Tab")
    form.get_by_role("button", name="Try it").click()
    expect(form).to_contain_text("It does not work: HTTP 500", timeout=PATIENCE)
