"""The retrieval lab in a real browser: values, choosing, filtering, keys, sources, hostile documents."""

import example_results
import pytest
from example_case import write_example_case
from playwright.sync_api import Page, expect

from workbench import numbers

DRAWN = """count => [...document.querySelectorAll('.js-plotly-plot')]
    .filter(chart => chart.querySelector('.xtick, .trace, .annotation')).length >= count"""


@pytest.fixture(scope="module")
def case(workbench):
    return write_example_case(workbench.workspace, "with-comparison")


@pytest.fixture
def address(workbench, case) -> str:
    return f"{workbench.url}/voila/render/03_retrieval_lab.ipynb?case={case.slug}"


@pytest.fixture
def lab(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_function(DRAWN, arg=6)
    page.wait_for_selector("[data-question=q01]")
    return page


def question(lab: Page, query_id: str):
    return lab.locator(f"tr[data-question={query_id}]")


def test_six_charts_are_drawn_from_one_copy_of_plotly(page: Page, address: str):
    fetched = []
    page.on("request", lambda request: fetched.append(request.url) if "plotly" in request.url else None)
    page.goto(address, wait_until="commit")
    page.wait_for_function(DRAWN, arg=6)
    assert len(fetched) == 1


def test_the_page_opens_with_what_changes(lab: Page):
    expect(lab.locator("h1.wb-sentence")).to_have_text(
        "On 40 questions naive retrieval misses the right document in the top 5 for 25 % [14, 40]; "
        "hybrid with reranker gets 8 of those 10 back and loses 1."
    )
    advised = example_results.comparison().recommended
    expect(lab.locator(".wb-recommended")).to_have_attribute("data-arm", advised.arm)
    expect(lab.locator(".wb-recommended")).to_contain_text(advised.reason)


def test_the_table_shows_the_values_of_the_python_api(lab: Page):
    table = lab.locator(".wb-table").first
    for arm, row in zip(example_results.VALUES, table.locator("tbody tr").all(), strict=False):
        for label, cell in zip(example_results.MEASURES, row.locator("td").all()[1:], strict=True):
            estimate = example_results.comparison().arms[arm].measures[label]
            expect(cell).to_contain_text(numbers.measured(estimate, share=numbers.is_share(label)))


def test_choosing_a_question_shows_its_rankings_at_once(lab: Page):
    question(lab, "q03").click()
    right = lab.locator(".wb-ranking[data-run=dense] .wb-hit[data-grade=right]")
    expect(right).to_have_attribute("data-doc", "d3")
    expect(right.locator(".wb-rank")).to_have_text("8")
    expect(lab.locator(".wb-ranking[data-run='hybrid+rerank'] .wb-hit[data-grade=right] .wb-rank")).to_have_text("3")


def test_the_choice_stands_in_the_address_and_survives_a_reload(lab: Page):
    question(lab, "q04").click()
    lab.wait_for_url("**question=q04**")
    lab.reload()
    expect(lab.locator("h3.wb-question")).to_have_attribute("data-question", "q04")


def test_j_and_k_walk_through_the_list(lab: Page):
    lab.keyboard.press("j")
    lab.keyboard.press("j")
    expect(question(lab, "q03")).to_have_attribute("aria-selected", "true")
    lab.keyboard.press("k")
    expect(lab.locator("h3.wb-question")).to_have_attribute("data-question", "q02")


def test_slash_goes_to_the_search_which_narrows_the_list(lab: Page):
    lab.keyboard.press("/")
    lab.keyboard.type("cf-214b")
    expect(lab.locator("tr[data-question]")).to_have_count(1)
    expect(question(lab, "q15")).to_be_visible()
    expect(lab.get_by_role("status")).to_have_text("1 of 44 questions")


def test_a_list_filtered_to_nothing_says_so_and_keeps_its_place(lab: Page):
    table = lab.locator(".wb-questions-table")
    before = table.bounding_box()["height"]
    lab.get_by_label("Search questions").fill("no question has these words")
    expect(table.locator("tbody")).to_have_text("No question matches.")
    assert table.bounding_box()["height"] == before


@pytest.mark.parametrize("width", [1280, 1024])
def test_the_question_keeps_most_of_the_width(lab: Page, width):
    lab.set_viewport_size({"width": width, "height": 768})
    assert question(lab, "q03").locator("td").first.bounding_box()["width"] > 340


def test_every_arm_beside_each_other_fits_the_projector(lab: Page):
    lab.get_by_label("show every arm").check()
    expect(lab.locator(".wb-ranking")).to_have_count(4)
    assert lab.locator(".wb-rankings").evaluate("grid => grid.scrollWidth <= grid.clientWidth")


@pytest.mark.parametrize(("outcome", "questions"), [("recovered", 8), ("lost", 1), ("still failing", 2)])
def test_the_list_is_filtered_by_what_became_of_a_question(lab: Page, outcome, questions):
    lab.get_by_label("Filter by outcome").select_option(outcome)
    expect(lab.locator("tr[data-question]")).to_have_count(questions)


def test_the_list_is_filtered_by_failure(lab: Page):
    lab.get_by_label("Filter by failure").select_option(label="exact term missed (C3)")
    expect(lab.locator("tr[data-question]")).to_have_count(6)


def test_the_list_is_sorted_by_a_column(lab: Page):
    lab.get_by_role("button", name="Right rank, naive dense").click()
    assert lab.locator("tr[data-question] td:nth-child(3)").first.inner_text() == "1"
    lab.get_by_role("button", name="Right rank, naive dense").click()
    expect(lab.locator("th[aria-sort=descending]")).to_contain_text("naive dense")


def test_a_reranked_document_says_why_it_stands_there(lab: Page):
    question(lab, "q01").click()
    why = lab.locator(".wb-ranking[data-run='hybrid+rerank'] details", has_text="Why it stands here")
    why.locator("summary").click()
    expect(why).to_contain_text("+1.25")


def test_another_arm_can_be_compared(lab: Page):
    lab.get_by_label("with").select_option(label="keyword (BM25)")
    lab.get_by_label("Filter by outcome").select_option("lost")
    expect(lab.locator("tr[data-question]")).to_have_count(7)
    expect(lab.locator(".wb-ranking[data-run=bm25]")).to_be_visible()


def test_a_hit_opens_its_document(lab: Page):
    with lab.context.expect_page() as opened:
        lab.locator(".wb-ranking[data-run=dense] [data-doc=d101] a").click()
    expect(opened.value.locator("body")).to_contain_text("Bulletin MB 2026-101. Use the claim forms")


def test_hostile_documents_and_questions_change_nothing(lab: Page):
    question(lab, "q02").click()
    expect(lab.locator("h3.wb-question")).to_have_text(example_results.HOSTILE)
    question(lab, "q01").click()
    expect(lab.locator(".wb-ranking[data-run='hybrid+rerank'] .wb-hit b").first).to_have_text(example_results.HOSTILE)
    assert lab.locator(".wb-rankings script, .wb-questions script, mjx-container").count() == 0
    annotation = lab.locator(".js-plotly-plot .annotation-text", has_text="alert").text_content()
    assert annotation.startswith("<script>alert('x')</script>")
