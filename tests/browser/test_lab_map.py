"""The map of the lab in a real browser: points, regions, lines and choices as the Python API gives them.

The map itself is drawn once for each case.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from workbench import session
from workbench.case import Case
from workbench.comparison.corpus_map.tables import StoredMap
from workbench.numbers import count, interval, number
from workbench.ui.lab.map_charts import PASSAGES, QUESTIONS, ranked
from workbench.ui.lab.map_links import Places, link_shapes
from workbench.ui.lab.state import Lab
from workbench.ui.tokens import arm_colour

WATCH_FOR_FIRST_PICTURE = """new MutationObserver(() => {
    window.firstPictureSeen ||= document.querySelector(".wb-map")?.textContent.includes("First picture (PCA)");
}).observe(document, { subtree: true, childList: true, characterData: true });"""
"""On a quick machine a small map is finished between two looks of the test."""
DRAWN = 60_000
"""Milliseconds within which the t-SNE picture is there on a machine others use too."""


def picture(page: Page) -> Locator:
    return page.locator(".wb-panel-map .js-plotly-plot")


def points(page: Page, trace: int) -> int:
    found = picture(page).evaluate("(plot, trace) => plot._fullData[trace].x?.length ?? 0", trace)
    assert isinstance(found, int)
    return found


def counted(page: Page) -> Locator:
    return page.locator(".wb-count")


def finished(page: Page, case: Case) -> StoredMap:
    expect(page.locator(".wb-map")).to_contain_text("t-SNE: ", timeout=DRAWN)
    stored = session.stored_map(case)
    assert stored is not None
    return stored


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the map lies on the page, in pixels."""
    across, up = picture(page).evaluate(
        """(plot, [x, y]) => {
            const { xaxis, yaxis } = plot._fullLayout, corner = plot.getBoundingClientRect();
            return [corner.x + xaxis._offset + xaxis.d2p(x), corner.y + yaxis._offset + yaxis.d2p(y)];
        }""",
        [x, y],
    )
    return float(across), float(up)


def lonely(stored: StoredMap) -> str:
    """The question farthest from every other one, as the picture shows them: a click on it means no other."""
    spots = stored.queries[["x", "y"]].to_numpy(float)
    spots = (spots - spots.min(axis=0)) / (spots.max(axis=0) - spots.min(axis=0))
    away = ((spots[:, None] - spots[None]) ** 2).sum(axis=2)
    away[range(len(away)), range(len(away))] = 9
    return str(stored.queries["query_id"].iloc[int(away.min(axis=1).argmax())])


@pytest.fixture
def mapped(open_lab: Callable[..., Page], lab_case: Case) -> tuple[Page, StoredMap]:
    session.run_map(str(lab_case.root))  # whatever a test before left of it
    page = open_lab("map")
    return page, finished(page, lab_case)


def undrawn(case: Case) -> None:
    """Take the finished map away, and what is known of how it was made: the page then begins by itself."""
    for folder in case.derived.glob("results/*/map/*-t-sne"):
        shutil.rmtree(folder)
    (case.derived / "jobs" / "map.json").unlink(missing_ok=True)


@pytest.mark.real_data
def test_a_first_picture_is_there_at_once_the_page_answers_and_t_sne_follows(
    page: Page, open_lab: Callable[..., Page], lab_case: Case
) -> None:
    undrawn(lab_case)
    first = session.stored_map(lab_case)
    assert first is not None
    assert not first.map.final
    page.add_init_script(WATCH_FOR_FIRST_PICTURE)
    open_lab("map")
    expect(picture(page)).to_be_visible()
    top = picture(page).bounding_box()
    page.locator("[data-tab=failures]").click()
    expect(page.locator(".wb-panel-failures .wb-skeleton")).to_have_count(0)  # built, whatever the job does
    page.locator("[data-tab=map]").click()
    stored = finished(page, lab_case)
    assert stored.map.method == "t-sne"
    assert page.evaluate("window.firstPictureSeen")
    assert picture(page).bounding_box() == top  # progress comes and goes without moving the page
    assert (points(page, PASSAGES), points(page, QUESTIONS)) == (stored.map.passages, stored.map.queries)
    assert "t-SNE: " + count(stored.map.passages) in page.locator(".wb-map").inner_text()


def test_the_table_says_what_the_map_says_and_a_region_pressed_leaves_its_questions(
    mapped: tuple[Page, StoredMap], state: Lab
) -> None:
    page, stored = mapped
    rows = page.locator(".wb-map-regions tbody tr")
    expect(rows).to_have_count(len(stored.map.regions))
    for row, region in zip(rows.all(), ranked(stored.map.regions, state.baseline), strict=True):
        assert row.locator("b").inner_text() == region.name
        for cell, arm in zip(row.locator("td").all()[1:], (state.baseline, state.candidate), strict=True):
            told, missed = cell.inner_text(), region.missed[arm]
            if missed.value is None:
                assert missed.reason in told
            else:
                assert f"{number(missed, share=True)} {interval(missed, share=True)}" in told
                assert f"n = {count(missed.n)}" in told
            assert ("stands out" in told) == (arm in region.stands_out)
    asked = dict(zip(map(str, stored.queries["query_id"]), map(int, stored.queries["region"]), strict=True))
    region = max(stored.map.regions, key=lambda region: region.queries)
    state.regions = asked
    state.narrow(region=region.region)
    assert len(state.matching) == region.queries
    button = page.locator(f".wb-map-regions tr[data-region='{region.region}'] button")
    button.click()
    expect(counted(page)).to_have_text(f"{count(region.queries)} of {count(len(asked))} questions")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(counted(page)).to_have_text(f"{count(len(asked))} questions")


def test_a_click_chooses_a_question_and_draws_what_both_arms_retrieved_and_colours_leave_every_point(
    mapped: tuple[Page, StoredMap], state: Lab
) -> None:
    page, stored = mapped
    question = lonely(stored)
    row = stored.queries[stored.queries["query_id"].astype(str) == question].iloc[0]
    page.mouse.click(*place(page, float(row["x"]), float(row["y"])))
    expect(page.locator(".wb-lab-below h3.wb-question")).to_contain_text(" ".join(state.texts[question].split())[:60])
    links = Places(stored).links(state.rankings, question, state.baseline, state.candidate, state.k)
    assert len(links.before.ends) == min(state.k, links.before.retrieved) - links.before.absent
    shapes = link_shapes(links, (arm_colour(state.baseline), arm_colour(state.candidate)))
    page.wait_for_function(
        "([lines, all]) => { const shapes = document.querySelector('.wb-panel-map .js-plotly-plot').layout.shapes; "
        "return shapes.length === all && shapes.filter((s) => s.type === 'line').length === lines; }",
        arg=[len(links.before.ends) + len(links.after.ends), len(shapes)],
    )
    key = page.locator(".wb-map-key")
    for label, words in (
        ("topic (region)", stored.map.regions[0].name),
        ("source", "Passages: "),
        ("what became of questions", "recovered"),
        ("share of questions missed", "share missed in their region"),
    ):
        page.get_by_label("Colour by").select_option(label=label)
        expect(key).to_contain_text(words)
        assert (points(page, PASSAGES), points(page, QUESTIONS)) == (stored.map.passages, stored.map.queries)


@pytest.mark.real_data
def test_a_box_drawn_around_questions_picks_those(mapped: tuple[Page, StoredMap]) -> None:
    page, stored = mapped
    page.locator(".wb-map button", has_text="box").click()
    page.wait_for_function("document.querySelector('.wb-panel-map .js-plotly-plot')._fullLayout.dragmode === 'select'")
    queries = stored.queries
    (left, low), (right, high) = (queries[["x", "y"]].astype(float).quantile(q).to_list() for q in (0.3, 0.7))
    one, other = place(page, left, low), place(page, right, high)
    page.mouse.move(*one)
    page.mouse.down()
    page.mouse.move(*((a + b) / 2 for a, b in zip(one, other, strict=True)))
    page.mouse.move(*other)
    page.mouse.up()
    expect(counted(page)).to_contain_text(" of ")
    inside = ((queries["x"] > left) & (queries["x"] < right) & (queries["y"] > low) & (queries["y"] < high)).sum()
    picked = int(counted(page).inner_text().partition(" of ")[0].replace(",", ""))
    assert abs(picked - inside) <= 3  # the browser rounds the corners to pixels
    page.locator(".wb-chip").first.click()
    expect(counted(page)).to_have_text(f"{count(len(queries))} questions")


@pytest.mark.real_data
def test_a_map_that_is_stopped_keeps_its_first_picture_and_can_be_finished(
    open_lab: Callable[..., Page], lab_case: Case
) -> None:
    if len(session.stored_map(lab_case).passages) < 1000:
        pytest.skip("a map this small is finished before anybody could stop it")
    undrawn(lab_case)
    page = open_lab("map")
    page.locator(".wb-map").get_by_role("button", name="Stop").click()
    expect(page.locator(".wb-map")).to_contain_text("Stopped; what was finished is kept.")
    expect(page.locator(".wb-map")).to_contain_text("First picture (PCA)")
    page.locator(".wb-map").get_by_role("button", name="Finish the map").click()
    assert finished(page, lab_case).map.final
