"""The costs page in a real browser: every view, with the values the Python API gives."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from workbench import costing
from workbench.case import CACHE_PAIRS, Case, open_case
from workbench.costs.study import projected
from workbench.numbers import number
from workbench.report.costs_text import lever_row, opening
from workbench.ui.costs.state import Costs

PATIENCE = 30_000
HOSTILE = "<script>document.title = 'taken over'</script> <img src=x onerror=\"document.title='taken over'\"> covered?"


@pytest.fixture(scope="module")
def costs_case(sample_case: Case) -> Case:
    """The sample with its cost study."""
    costing.run_costs(str(sample_case.root))
    return sample_case


@pytest.fixture
def state(costs_case: Case) -> Costs:
    """What the page shows, asked through Python."""
    study = costing.stored_costs(costs_case)
    assert study is not None
    return Costs(study, case=costs_case)


@pytest.fixture(scope="module")
def hostile_case(workbench) -> Case:
    """A log of two questions again and again, with texts that would take a page over."""
    path = workbench.workspace / "hostile" / "logs" / "log.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["question", "answer"])
        for round_ in range(10):
            rows.writerow([f"Is hail damage to the roof of a car in winter {round_} covered by the policy?", HOSTILE])
            rows.writerow([f"Is hail damage to the roof of a car in winter {round_} {HOSTILE}", "No."])
    return open_case(path.parents[1])


def opened(page: Page, workbench, case: Case, view: str) -> Page:
    page.goto(f"{workbench.url}/voila/render/06_costs.ipynb?case={case.slug}&view={view}")
    expect(page.locator(f"[data-tab={view}]")).to_have_attribute("aria-selected", "true", timeout=2 * PATIENCE)
    return page


def cards(page: Page) -> Iterator[str]:
    values = page.locator(".wb-panel-cache .wb-card-value")
    expect(values.first).to_be_visible(timeout=PATIENCE)
    return iter(values.all_inner_texts())


def test_the_sentence_the_figures_and_the_curve_are_those_of_python(page, workbench, costs_case, state) -> None:
    opened(page, workbench, costs_case, "cache")
    said = opening(state.outcome.point, state.curve, state.projection, state.spending)
    expect(page.locator(".wb-opening .wb-sentence")).to_have_text(said, timeout=PATIENCE)
    point = state.outcome.point
    assert next(cards(page)) == number(point.hit_rate, share=True)
    expect(page.locator(".wb-panel-cache .js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    drawn = page.locator(".wb-panel-cache .js-plotly-plot").evaluate("plot => plot.data[0].x.length")
    assert drawn == sum(one.threshold <= 1 for one in state.curve.points)
    rows = page.locator(".wb-panel-cache table tbody tr")
    assert rows.count() == len(state.policies)
    for row, policy in zip(rows.all(), state.policies, strict=True):
        expect(row).to_contain_text(policy.name)


def test_a_slider_and_a_choice_give_what_python_gives(page, workbench, costs_case, state) -> None:
    opened(page, workbench, costs_case, "cache")
    list(cards(page))
    handle = page.locator(".wb-cost-controls .noUi-handle").first
    handle.focus()
    for _ in range(20):
        handle.press("ArrowLeft")
    state.change(threshold=0.80)
    point = state.outcome.point
    told = f"{point.exact_hits} exact repeats, {point.semantic_hits} similar questions"
    expect(page.locator(".wb-panel-cache .wb-card").first).to_contain_text(told, timeout=PATIENCE)
    page.get_by_label("False hits at most").select_option("10 %")
    state.change(budget=0.10)
    expect(page.locator(".wb-panel-cache")).to_contain_text(state.curve.why, timeout=PATIENCE)
    page.get_by_role("button", name="Use what the budget allows").click()
    state.change(threshold=None)
    told = f"{state.outcome.point.exact_hits} exact repeats, {state.outcome.point.semantic_hits} similar questions"
    expect(page.locator(".wb-panel-cache .wb-card").first).to_contain_text(told, timeout=PATIENCE)


def test_pairs_are_read_marked_and_withdrawn_with_keys_and_hostile_text_is_text(page, workbench, hostile_case) -> None:
    opened(page, workbench, hostile_case, "pairs")  # the page makes the study itself
    listed = page.locator(".wb-pairs-list select option")
    expect(listed.first).to_be_attached(timeout=2 * PATIENCE)
    expect(page.locator(".wb-pair-answer").filter(has_text="<script>").first).to_be_visible(timeout=PATIENCE)
    assert page.title() != "taken over"
    marks = hostile_case.root / CACHE_PAIRS
    page.locator(".wb-pairs-list select").focus()
    page.keyboard.press("d")
    expect(page.locator(".wb-panel-pairs")).to_contain_text("1 pairs are marked", timeout=PATIENCE)
    assert '"same": false' in marks.read_text(encoding="utf-8")
    page.locator(".wb-pairs-list select").select_option(index=0)
    expect(page.locator(".wb-pair")).to_contain_text("marked: different", timeout=PATIENCE)
    page.locator(".wb-pair").click()
    page.keyboard.press("u")
    expect(page.locator(".wb-panel-pairs")).to_contain_text("0 pairs are marked", timeout=PATIENCE)
    assert page.title() != "taken over"


def test_the_context_holds_every_point(page, workbench, costs_case, state) -> None:
    opened(page, workbench, costs_case, "context")
    panel = page.locator(".wb-panel-context")
    expect(panel.locator(".js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    assert panel.locator("table tbody tr").count() == len(state.study.context.points)


def test_prices_change_the_bill_and_nonsense_is_refused(page, workbench, costs_case, state) -> None:
    opened(page, workbench, costs_case, "bill")
    panel = page.locator(".wb-panel-bill")
    expect(panel.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    bars = panel.locator(".js-plotly-plot").first.evaluate("plot => plot.data[0].x.length")
    assert bars == len(state.projection.waterfall)
    prices = replace(state.prices, rerank_per_thousand=2.0, source="entered on the page")
    expected = projected(state.study, state.outcome, state.curve, prices, state.assumptions)
    field = panel.get_by_label("A thousand reranked questions")
    field.fill("2")
    field.press("Enter")
    for lever in expected.levers:
        row = panel.locator("table").first.locator("tr").filter(has_text=lever_row(lever, expected.currency)[1])
        expect(row).not_to_have_count(0, timeout=PATIENCE)
    field.fill("two")
    field.press("Enter")
    expect(panel).to_contain_text("Not taken", timeout=PATIENCE)


def test_the_breaker_shows_its_limits_and_its_configuration(page, workbench, costs_case, state) -> None:
    opened(page, workbench, costs_case, "breaker")
    panel = page.locator(".wb-panel-breaker")
    expect(panel.locator("pre")).to_have_text(state.breaker.config, timeout=PATIENCE, use_inner_text=True)
    assert panel.locator("table tbody tr").count() == len(state.breaker.limits)
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Save the suggested budgets").click()
    assert Path(saved.value.path()).read_text(encoding="utf-8") == state.breaker.config


def test_a_case_without_a_log_says_what_to_hand_over(page, workbench) -> None:
    page.goto(f"{workbench.url}/voila/render/06_costs.ipynb?case=acme")
    expect(page.locator("body")).to_contain_text("no query log to replay", timeout=2 * PATIENCE)
    expect(page.get_by_role("button", name="Replay the log")).to_be_visible(timeout=PATIENCE)
