"""The evaluation page in a real browser: every view, with the values the Python API gives."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from workbench import evaluating, scoring
from workbench.case import Case, open_case
from workbench.numbers import count, interval, measured, number
from workbench.records import HarnessReport
from workbench.report.harness_text import section_points
from workbench.ui.evaluation.drift_view import drift_words
from workbench.ui.evaluation.words import opening

PATIENCE = 60_000
HOSTILE = "<script>document.title = 'taken over'</script> <img src=x onerror=\"document.title='taken over'\"> covered?"


@pytest.fixture(scope="module")
def harness(sample_case: Case) -> HarnessReport:
    """The sample's harness, looked at through Python; its answers are scored without a model."""
    scoring.evaluate(sample_case)
    return evaluating.harness_report(sample_case)


@pytest.fixture(scope="module")
def hostile_case(workbench) -> Case:
    """A case with nothing but a small set and a log, with texts that would take a page over."""
    root: Path = workbench.workspace / "hostile-evals"
    for name, rows in {
        "evals/set.jsonl": [{"id": f"i{n}", "user_input": f"{n} {HOSTILE}", "reference": HOSTILE} for n in range(8)],
        "logs/log.jsonl": [{"question": f"{n} {HOSTILE}", "answer": f"{HOSTILE} Yes."} for n in range(12)],
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return open_case(root)


def opened(page: Page, workbench, case: Case, view: str) -> Page:
    page.goto(f"{workbench.url}/voila/render/04_evaluation.ipynb?case={case.slug}&view={view}")
    expect(page.locator(f"[data-tab={view}]")).to_have_attribute("aria-selected", "true", timeout=2 * PATIENCE)
    return page


def test_the_sentence_and_the_rubric_are_those_of_python(page, workbench, sample_case, harness) -> None:
    opened(page, workbench, sample_case, "harness")
    said = opening(harness, scoring.stored_answers(sample_case))
    expect(page.locator(".wb-opening .wb-sentence")).to_have_text(said, timeout=PATIENCE)
    lines = page.locator(".wb-panel-harness .wb-section-line")
    expect(lines).to_have_count(4)
    assert lines.locator("b").all_inner_texts() == [section.title for section in harness.rubric.sections]
    assert lines.locator(".wb-num").all_inner_texts() == [section_points(one) for one in harness.rubric.sections]
    for section in harness.rubric.sections:
        place = page.locator(f".wb-rubric[data-section={section.key}]")
        if place.get_attribute("open") is None:
            place.locator("summary").click()
        expect(place.locator("li")).to_have_count(len(section.items))
        for item in section.items:
            expect(place).to_contain_text(item.text)


def test_coverage_shows_every_topic_with_its_traffic_and_items(page, workbench, sample_case, harness) -> None:
    opened(page, workbench, sample_case, "coverage")
    panel = page.locator(".wb-panel-coverage")
    rows = panel.locator("tbody tr")
    expect(rows).to_have_count(len(harness.coverage.topics), timeout=PATIENCE)
    for row, topic in zip(rows.all(), harness.coverage.topics, strict=True):
        told = row.inner_text()
        assert topic.name in told
        assert f"{number(topic.share, share=True)} {interval(topic.share, share=True)}" in told
        assert row.locator("td, th").last.inner_text().strip() == count(topic.items)
    drawn = panel.locator(".js-plotly-plot")
    expect(drawn).to_be_visible(timeout=PATIENCE)
    drawn_points = drawn.evaluate("plot => plot._fullData.reduce((sum, trace) => sum + (trace.x?.length ?? 0), 0)")
    assert drawn_points == len(harness.coverage.points)


def test_back_leads_to_the_view_before(page, workbench, sample_case, harness) -> None:
    opened(page, workbench, sample_case, "harness")
    chosen = page.locator("[role=tab][aria-selected=true]")
    for view in ("runs", "drift"):
        page.locator(f"[data-tab={view}]").click()
        page.wait_for_url(f"**view={view}*")
        expect(page.locator(f".wb-panel-{view} .wb-skeleton")).to_have_count(0, timeout=PATIENCE)
    page.go_back()
    expect(chosen).to_have_text("Runs")
    expect(page.locator(".wb-panel-runs")).to_be_visible()
    page.go_back()
    expect(chosen).to_have_text("Harness")
    page.wait_for_url("**view=harness*")
    page.go_forward()
    expect(chosen).to_have_text("Runs")


def test_without_a_model_targets_are_not_measured_and_the_rest_is(page, workbench, sample_case, harness) -> None:
    opened(page, workbench, sample_case, "answers")
    report = scoring.stored_answers(sample_case)
    assert report is not None
    panel = page.locator(".wb-panel-answers")
    expect(panel).to_contain_text("not measured", timeout=PATIENCE)
    assert {target.verdict for target in report.targets} == {"not_measured"}
    for summary in report.metrics:
        if summary.value.value is not None:
            expect(panel).to_contain_text(measured(summary.value))
            expect(panel).to_contain_text(summary.title)
    assert "faithfulness" not in {summary.metric for summary in report.metrics if summary.scored}


def test_the_worst_answers_can_be_read_one_after_the_other(page, workbench, sample_case, harness) -> None:
    opened(page, workbench, sample_case, "answers")
    rows = scoring.stored_rows(sample_case)
    first = page.locator(".wb-panel-answers article.wb-answer h3")
    expect(first).to_contain_text(rows[0].question[:40], timeout=PATIENCE)
    page.locator(".wb-panel-answers select").last.select_option(index=3)
    expect(first).to_contain_text(rows[3].question[:40])
    expect(page.locator(".wb-panel-answers article.wb-answer")).to_contain_text((rows[3].answer or "")[:40])


def test_runs_and_drift_are_those_of_python(page, workbench, sample_case, harness) -> None:
    opened(page, workbench, sample_case, "runs")
    changes = (*harness.history.against_baseline, *harness.history.changes)
    passed = [change for change in changes if change.metric == "passed"]
    rows = page.locator(".wb-panel-runs table").first.locator("tbody tr")
    expect(rows).to_have_count(len(passed), timeout=PATIENCE)
    shown = {tuple(row.locator("td, th").all_inner_texts()[:3]) for row in rows.all()}
    assert shown == {(change.after, change.before, count(change.items)) for change in passed}
    page.locator("[data-tab=drift]").click()
    for drift in harness.drift:
        expect(page.locator(".wb-panel-drift")).to_contain_text(drift_words(drift), timeout=PATIENCE)


def test_a_case_that_has_little_says_what_is_missing_and_its_texts_stay_texts(page, workbench, hostile_case) -> None:
    opened(page, workbench, hostile_case, "harness")
    expect(page.locator(".wb-opening .wb-sentence")).to_be_visible(timeout=PATIENCE)
    title = page.title()
    for view in ("coverage", "answers", "runs", "drift", "harness"):
        page.locator(f"[data-tab={view}]").click()
        # Built before the next is opened: a view that is passed over quickly is never asked for.
        expect(page.locator(f".wb-panel-{view} .wb-skeleton")).to_have_count(0, timeout=PATIENCE)
        expect(page.locator(f".wb-panel-{view} .wb-error")).to_have_count(0)
    expect(page.locator(".wb-panel-runs")).to_contain_text("no run", ignore_case=True)
    expect(page.locator(".wb-panel-answers")).to_contain_text("not measured", timeout=PATIENCE)
    assert page.title() == title
