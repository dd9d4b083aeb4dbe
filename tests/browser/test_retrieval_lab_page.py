"""The retrieval lab in a real browser on fabricated results: values, choosing, keys, sources, hostile documents."""

import csv
import io
import json

import example_results
import pytest
from example_case import write_example_case
from playwright.sync_api import Page, expect

from workbench import numbers
from workbench.report.exports import questions_csv
from workbench.retrieval.recipes import arm_name


@pytest.fixture(scope="module")
def case(workbench):
    return write_example_case(workbench.workspace, "with-comparison")


@pytest.fixture
def address(workbench, case) -> str:
    return f"{workbench.url}/voila/render/03_retrieval_lab.ipynb?case={case.slug}"


@pytest.fixture
def lab(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector(".wb-lab-table tbody tr[data-row]")
    page.wait_for_selector(".wb-ranking")
    return page


def row(lab: Page, query_id: str):
    words = example_results.query_text(example_results.QUERIES.index(query_id))
    return lab.locator(".wb-lab-table tbody tr", has_text=words)


def chosen(lab: Page):
    return lab.locator("h3.wb-question")


def test_plotly_and_the_table_are_each_fetched_once(page: Page, address: str):
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "/assets/" in request.url else None)
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".wb-lab-table tbody tr[data-row]")
    page.wait_for_selector(".js-plotly-plot .main-svg")
    assert len(fetched) == len(set(fetched)) == 3  # the style of the table is a file of its own


def test_the_page_opens_with_what_changes(lab: Page):
    expect(lab.locator("h1.wb-sentence")).to_have_text(
        "On 40 questions naive retrieval misses the right document in the top 5 for 25 % [14, 40]; "
        "hybrid with reranker gets 8 of those 10 back and loses 1."
    )
    advised = example_results.comparison().recommended
    expect(lab.locator(".wb-recommended")).to_have_attribute("data-arm", advised.arm)
    expect(lab.locator(".wb-recommended")).to_contain_text(advised.reason)


def test_the_table_shows_the_values_of_the_python_api(lab: Page):
    table = lab.locator(".wb-scores .wb-table").first
    for arm in example_results.VALUES:
        line = table.locator("tbody tr", has=lab.get_by_text(arm_name(arm), exact=True))
        for label, cell in zip(example_results.MEASURES, line.locator("td").all()[1:], strict=True):
            estimate = example_results.comparison().arms[arm].measures[label]
            share = numbers.is_share(label)
            expect(cell).to_contain_text(numbers.number(estimate, share=share))
            expect(cell).to_contain_text(numbers.interval(estimate, share=share))


def test_choosing_a_question_shows_its_rankings_at_once(lab: Page):
    row(lab, "q03").click()
    right = lab.locator(".wb-ranking[data-run=dense] .wb-hit[data-grade=right]")
    expect(right).to_have_attribute("data-doc", "d3")
    expect(right.locator(".wb-rank")).to_have_text("8")
    expect(lab.locator(".wb-ranking[data-run='hybrid+rerank'] .wb-hit[data-grade=right] .wb-rank")).to_have_text("3")


def test_the_choice_stands_in_the_address_and_survives_a_reload(lab: Page):
    row(lab, "q04").click()
    lab.wait_for_url("**question=q04**")
    lab.reload()
    expect(chosen(lab)).to_have_attribute("data-question", "q04")
    expect(row(lab, "q04")).to_have_attribute("aria-selected", "true")


def test_a_question_beyond_the_first_page_of_the_table_is_brought_into_sight(page: Page, address: str):
    page.goto(f"{address}&question=q30")
    expect(row(page, "q30")).to_have_attribute("aria-selected", "true")
    expect(row(page, "q30")).to_be_visible()


def test_j_and_k_walk_through_the_table_in_its_order(lab: Page):
    expect(row(lab, "q01")).to_have_attribute("aria-selected", "true")
    lab.keyboard.press("j")
    lab.keyboard.press("j")
    expect(row(lab, "q03")).to_have_attribute("aria-selected", "true")
    lab.keyboard.press("k")
    expect(chosen(lab)).to_have_attribute("data-question", "q02")


def test_slash_goes_to_the_search_which_narrows_the_table(lab: Page):
    lab.keyboard.press("/")
    lab.keyboard.type("cf-214b")
    expect(lab.locator(".wb-lab-table tbody tr[data-row]")).to_have_count(1)
    expect(row(lab, "q15")).to_be_visible()
    expect(lab.get_by_role("button", name="Save 1 question as CSV")).to_be_visible()


def test_a_search_for_nothing_known_says_so(lab: Page):
    lab.get_by_label("Search questions").fill("no question has these words")
    expect(lab.locator(".wb-lab-table tbody")).to_have_text("No question matches.")


@pytest.mark.parametrize("width", [1280, 1024])
def test_the_question_has_the_widest_column(lab: Page, width):
    lab.set_viewport_size({"width": width, "height": 768})
    widths = [cell.bounding_box()["width"] for cell in row(lab, "q03").locator("td").all()]
    assert widths[0] == max(widths) > 240


@pytest.mark.parametrize("width", [1280, 1440, 1024])
@pytest.mark.parametrize("view", ["scoreboard", "failures", "map", "documents", "grading"])
def test_nothing_runs_out_of_the_page_sideways(page: Page, address: str, width, view):
    page.set_viewport_size({"width": width, "height": 720})
    page.goto(f"{address}&view={view}")
    expect(page.locator(f"[data-tab={view}]")).to_have_attribute("aria-selected", "true")
    expect(page.locator(f".wb-panel-{view} .wb-skeleton")).to_have_count(0, timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_every_arm_beside_each_other_fits_the_projector(lab: Page):
    lab.get_by_label("show every arm").check()
    expect(lab.locator(".wb-ranking")).to_have_count(4)
    assert lab.locator(".wb-rankings").evaluate("grid => grid.scrollWidth <= grid.clientWidth")


@pytest.mark.parametrize(("outcome", "questions"), [("recovered", 8), ("lost", 1), ("still failing", 2)])
def test_the_table_is_narrowed_by_what_became_of_a_question(lab: Page, outcome, questions):
    lab.get_by_label("Outcome", exact=True).select_option(outcome)
    expect(lab.locator(".wb-lab-table tbody tr[data-row]")).to_have_count(questions)


def test_the_table_is_narrowed_by_failure(lab: Page):
    lab.get_by_label("Failure", exact=True).select_option(label="exact term missed (C3)")
    expect(lab.locator(".wb-lab-table tbody tr[data-row]")).to_have_count(6)


def test_a_reranked_document_says_why_it_stands_there(lab: Page):
    row(lab, "q01").click()
    why = lab.locator(".wb-ranking[data-run='hybrid+rerank'] details", has_text="Why it stands here")
    why.locator("summary").click()
    expect(why).to_contain_text("+1.25")


def test_another_arm_can_be_compared(lab: Page):
    lab.get_by_label("with", exact=True).select_option(label="keyword (BM25)")
    lab.get_by_label("Outcome", exact=True).select_option("lost")
    expect(lab.locator(".wb-lab-table tbody tr[data-row]")).to_have_count(7)
    expect(lab.locator(".wb-ranking[data-run=bm25]")).to_be_visible()


def test_a_hit_opens_its_document(lab: Page):
    with lab.context.expect_page() as opened:
        lab.locator(".wb-ranking[data-run=dense] [data-doc=d101] a").click()
    expect(opened.value.locator("body")).to_contain_text("Bulletin MB 2026-101. Use the claim forms")


def test_the_questions_looked_at_are_saved_as_a_table(lab: Page):
    lab.get_by_label("Outcome", exact=True).select_option("lost")
    with lab.expect_download() as waiting:
        lab.get_by_role("button", name="Save 1 question as CSV").click()
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    stored = example_results.stored_comparison()
    assert text == questions_csv(stored, ["q12"], "dense", "hybrid+rerank", 5)
    assert [line[0] for line in csv.reader(io.StringIO(text))][1:] == ["q12"]


def test_a_chart_is_saved_as_a_picture_and_as_a_page_that_asks_no_host(lab: Page, recorder):
    frame = lab.locator(".wb-panel-scoreboard .wb-chart").first
    frame.hover()
    with lab.expect_download() as waiting:
        frame.locator("button", has_text="PNG").click()
    assert waiting.value.path().read_bytes().startswith(b"\x89PNG")
    with lab.expect_download() as waiting:
        frame.locator("button", has_text="HTML").click()
    saved = waiting.value.path().rename(waiting.value.path().with_suffix(".html"))
    alone = lab.context.new_page()
    recorder.watch(alone)
    alone.goto(saved.as_uri())
    expect(alone.locator(".js-plotly-plot .main-svg").first).to_be_visible()


def test_the_toolbar_of_a_chart_offers_no_upload(lab: Page):
    titles = lab.locator(".modebar-btn").evaluate_all("buttons => buttons.map(b => b.dataset.title ?? '')")
    assert titles
    assert not [title for title in titles if "cloud" in title.lower() or "share" in title.lower()], json.dumps(titles)


def test_hostile_documents_and_questions_change_nothing(lab: Page):
    row(lab, "q02").click()
    expect(chosen(lab)).to_have_text(example_results.HOSTILE)
    row(lab, "q01").click()
    expect(lab.locator(".wb-ranking[data-run='hybrid+rerank'] .wb-hit b").first).to_have_text(example_results.HOSTILE)
    assert lab.locator(".wb-rankings script, .wb-lab-table script, mjx-container").count() == 0
    assert lab.title() != "taken over"
