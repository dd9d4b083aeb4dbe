"""The table of questions and the exports of a chart in a real browser.

Order, search and what is saved are those that Python gives; what each view counts is in `test_lab_views`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from workbench import numbers
from workbench.numbers import count
from workbench.report.exports import questions_csv
from workbench.report.outcomes import changes
from workbench.report.words import comparison_sentence
from workbench.retrieval.recipes import arm_name
from workbench.ui.lab.scoreboard import shown_differences
from workbench.ui.lab.state import Lab
from workbench.ui.lab.table import MEASURE, measure_changes

PAGE = 10
PNG = b"\x89PNG\r\n\x1a\n"
GROUND_OF_A_ROW = """row => document.querySelector(".wb-panel-scoreboard .js-plotly-plot")._fullLayout.shapes
    .some(({ type, y0, y1 }) => type === "rect" && y0 === row - 0.5 && y1 === row + 0.5)"""


def ids_shown(page: Page, state: Lab) -> list[str]:
    """query_ids of the rows on this page of the table, top down; a row knows its place among all questions."""
    every = list(state.texts)
    places = page.locator(".wb-lab-table tbody tr[data-row]").evaluate_all("rows => rows.map(row => row.dataset.row)")
    return [every[int(place)] for place in places]


def by_change(state: Lab) -> list[str]:
    """The worst change first, as the table sorts it; questions without one last, ties in the order of the comparison."""
    change = measure_changes(state.stored.per_query, state.baseline, state.candidate, MEASURE)
    return sorted(state.matching, key=lambda q: (q not in change, round(change.get(q, 0) * 10_000)))


@pytest.mark.real_data
def test_the_table_is_sorted_read_searched_and_saved_as_it_is_shown(open_lab, state: Lab) -> None:
    page = open_lab("scoreboard")
    rows, heading = page.locator(".wb-lab-table tbody tr[data-row]"), page.locator("h3.wb-question")
    expect(rows.first).to_be_visible(timeout=30_000)
    page.locator(".wb-lab-table thead th", has_text=f"Change in {MEASURE}").click()
    expect(page.locator(".wb-lab-table th[aria-sort=ascending]")).to_contain_text(f"Change in {MEASURE}")
    wanted = by_change(state)
    assert ids_shown(page, state) == wanted[:PAGE]
    rows.nth(PAGE - 2).click()
    expect(heading).to_have_attribute("data-question", wanted[PAGE - 2])
    for key, place in (("j", PAGE - 1), ("j", PAGE), ("k", PAGE - 1)):  # over the end of the page and back
        page.keyboard.press(key)
        expect(heading).to_have_attribute("data-question", wanted[place])
    word = max(state.texts[wanted[0]].split(), key=len)
    page.keyboard.press("/")
    page.keyboard.type(word)
    expect(page.locator(".wb-lab-table .dt-info")).to_contain_text(f"(of {len(state.texts)})")
    save = page.locator(".wb-table-save button")
    expect(save).not_to_have_text(f"Save {count(len(state.texts))} as CSV")
    left = int("".join(filter(str.isdigit, save.inner_text())))
    with page.expect_download() as waiting:
        save.click()
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    found = [query_id for query_id, words in state.texts.items() if word.lower() in words.lower()]
    assert set(found) <= {query_id for query_id in state.texts if f"\r\n{query_id}," in text}
    saved = [query_id for query_id in state.matching if f"\r\n{query_id}," in text]
    assert len(saved) == left
    assert text == questions_csv(state.stored, saved, state.baseline, state.candidate, state.k)


def test_another_pair_changes_sentence_chart_and_headings_and_the_chart_is_saved(
    open_lab, state: Lab, tmp_path: Path
) -> None:
    page = open_lab("scoreboard")
    chart = page.locator(".wb-panel-scoreboard .wb-chart").first
    expect(chart.locator(".js-plotly-plot text").first).to_be_visible(timeout=30_000)
    measure = page.get_by_label("Measure", exact=True).input_value()
    page.get_by_label("with", exact=True).select_option(label=arm_name("bm25"))
    state.candidate = "bm25"
    changed = changes(state.stored.per_query, state.baseline, state.candidate, state.k)
    expect(page.locator("h1.wb-sentence")).to_have_text(comparison_sentence(state.comparison, changed))
    expect(page.locator(".wb-lab-table thead")).to_contain_text(f"Right rank, {arm_name('bm25')}")
    drawn = shown_differences(state, measure)
    row = next(place for place, each in enumerate(drawn) if {each.baseline, each.candidate} == {state.baseline, "bm25"})
    page.wait_for_function(GROUND_OF_A_ROW, arg=row)
    chart.hover()
    with page.expect_download() as picture:
        chart.get_by_role("button", name="Save chart as a PNG picture").click()
    assert picture.value.suggested_filename == "differences.png"
    assert picture.value.path().read_bytes().startswith(PNG)
    with page.expect_download() as saved:
        chart.get_by_role("button", name="Save chart as a page").click()
    assert saved.value.suggested_filename == "differences.html"
    opened = page.context.new_page()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    opened.goto(file.as_uri())
    for each in state.comparison.differences:
        if (
            each.measure == measure
            and each.difference.value is not None
            and state.baseline in (each.baseline, each.candidate)
        ):
            share = numbers.is_share(measure)
            expect(
                opened.locator("text", has_text=numbers.interval(each.difference, share=share)).first
            ).to_be_visible()


def test_regions_have_a_column_once_the_map_is_there(open_lab, state: Lab) -> None:
    page = open_lab("scoreboard")
    head = page.locator(".wb-lab-table thead")
    expect(head).to_be_visible(timeout=30_000)
    expect(head).not_to_contain_text("Region")
    page.locator("[data-tab=map]").click()
    expect(head).to_contain_text("Region", timeout=60_000)
