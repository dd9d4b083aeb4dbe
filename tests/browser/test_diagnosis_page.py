"""The diagnosis in a real browser: the values of the Python API, links into the files, the way to a first result."""

import example_results
import pytest
from example_case import write_example_case
from playwright.sync_api import Page, expect

from workbench import numbers
from workbench.report.ledgers import main_causes


@pytest.fixture(scope="module")
def case(workbench):
    return write_example_case(workbench.workspace, "with-diagnosis")


@pytest.fixture
def diagnosis(page: Page, workbench, case) -> Page:
    page.goto(f"{workbench.url}/voila/render/02_diagnosis.ipynb?case={case.slug}")
    page.wait_for_selector(".wb-verdict")
    return page


def test_the_page_opens_with_the_verdict(diagnosis: Page):
    expect(diagnosis.locator("h1.wb-sentence")).to_have_text(example_results.diagnosis().sentence)


def test_every_main_cause_shows_the_values_of_the_python_api(diagnosis: Page):
    bars = diagnosis.locator(".wb-verdicts .wb-verdict")
    for position, cause in enumerate(main_causes(example_results.diagnosis())):
        bar = bars.nth(position)
        expect(bar).to_have_attribute("data-cause", cause.cause)
        expect(bar.locator(".wb-verdict-value")).to_contain_text(numbers.probability(cause.probability))
        expect(bar.locator(".wb-verdict-coverage")).to_contain_text(numbers.probability(cause.coverage))


def test_the_answer_is_above_the_fold_of_a_projector(diagnosis: Page):
    last = diagnosis.locator(".wb-verdicts .wb-verdict").last.bounding_box()
    assert last["y"] + last["height"] < 720


def test_a_line_of_the_ledger_opens_its_place_in_the_file(diagnosis: Page):
    with diagnosis.context.expect_page() as opened:
        diagnosis.locator('[data-signal="R-05"] a').click()
    viewer = opened.value
    expect(viewer.locator(".wb-marked", has_text='"line": 14')).to_be_visible()


def test_hostile_findings_change_nothing(diagnosis: Page):
    expect(diagnosis.locator('[data-signal="R-05"]')).to_contain_text(example_results.HOSTILE)
    assert diagnosis.locator(".wb-ledgers script, .wb-ledgers mjx-container").count() == 0


def test_the_chart_is_drawn(diagnosis: Page):
    expect(diagnosis.locator(".js-plotly-plot .bars .point")).to_have_count(6)


def test_a_case_without_results_offers_the_analysis(page: Page, workbench):
    page.goto(f"{workbench.url}/voila/render/02_diagnosis.ipynb?case=acme")
    expect(page.locator(".wb-empty-missing")).to_have_text("This case has not been diagnosed yet.")
    expect(page.get_by_role("button", name="Start the analysis")).to_be_enabled()
