"""The start page in a real browser: what it says, who may see it, how a case comes into being."""

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def start(page: Page, workbench) -> Page:
    page.goto(workbench.start)
    page.wait_for_selector(".wb-sentence")
    return page


def test_start_opens_with_one_sentence_about_the_workspace(start: Page):
    expect(start.locator("h1:visible")).to_have_count(1)
    expect(start.locator(".wb-sentence")).to_contain_text("in this workspace")


def test_start_lists_a_case_with_what_it_holds_and_what_is_missing(start: Page):
    row = start.locator(".wb-case-row[data-case=acme]")
    expect(row).to_contain_text("Acme & Sons <claims>")
    expect(row).to_contain_text("3 files in corpus")
    expect(row).to_contain_text("Not there: logs, evals, governance, repo and questions with right answers")


def test_the_token_leaves_the_address_and_never_reaches_the_log(start: Page, workbench, recorder):
    assert "token" not in start.url
    start.goto(f"{workbench.url}/voila/render/00_start.ipynb?case=acme&token=a-token-for-tests")
    start.wait_for_selector(".wb-sentence")
    assert start.url.endswith("?case=acme")
    recorder.expected_statuses.add(404)
    start.goto(f"{workbench.url}/voila/render/missing.ipynb?token=a-token-for-tests")
    start.request.get(f"{workbench.url}/missing?token=a-token-for-tests")
    logged = workbench.log.read_text().split("Stop it with")[-1]
    assert "a-token-for-tests" not in logged


def test_a_page_without_the_token_asks_for_it(stranger: Page, workbench):
    stranger.goto(f"{workbench.url}/voila/render/00_start.ipynb")
    expect(stranger).to_have_url(f"{workbench.url}/login?next=%2Fvoila%2Frender%2F00_start.ipynb")
    stranger.get_by_label("Token").fill("a-token-for-tests")
    stranger.get_by_role("button", name="Open the workbench").click()
    stranger.wait_for_selector(".wb-case-row")


def test_a_wrong_token_is_refused_in_words(stranger: Page, workbench, recorder):
    recorder.expected_statuses.add(401)
    stranger.goto(workbench.url)
    stranger.get_by_label("Token").fill("guessed")
    stranger.get_by_role("button", name="Open the workbench").click()
    expect(stranger.get_by_role("alert")).to_contain_text("not the token")


def test_only_steps_that_exist_are_in_the_navigation(start: Page):
    for link in start.locator(".wb-steps a").all():
        response = start.request.get(link.evaluate("link => link.href"), max_redirects=0)
        assert response.status == 200
    expect(start.locator(".wb-steps a[aria-current=page]")).to_have_text("Start")


def test_the_theme_is_kept_from_page_to_page(start: Page):
    start.get_by_role("button", name="Switch between light and dark").click()
    expect(start.locator("html")).to_have_attribute("data-theme", "dark")
    start.reload()
    expect(start.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_question_mark_opens_the_overview_of_keys_and_escape_closes_it(start: Page):
    start.keyboard.press("?")
    expect(start.get_by_role("dialog", name="Keys")).to_be_visible()
    start.keyboard.press("Escape")
    expect(start.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_session_clock_starts_and_goes_on_after_a_reload(start: Page):
    clock = start.get_by_role("button", name="Session clock")
    clock.click()
    expect(clock).to_contain_text("of 30:00")
    start.reload()
    expect(start.get_by_role("button", name="Session clock")).to_contain_text("of 30:00")


def test_a_new_case_gets_its_folders_and_says_what_goes_where(start: Page, workbench):
    start.get_by_label("Name").fill("beta-bank")
    start.get_by_role("button", name="New case").click()
    expect(start.locator(".wb-table")).to_contain_text("questions people asked it")
    assert (workbench.workspace / "beta-bank" / "governance").is_dir()


def test_enter_makes_the_case_and_the_list_shows_it_at_once(start: Page, workbench):
    start.get_by_label("Name").press_sequentially("gamma-mutual")
    start.get_by_label("Name").press("Enter")
    expect(start.locator(".wb-case-row[data-case=gamma-mutual]")).to_contain_text("Holds no files yet")
    assert (workbench.workspace / "gamma-mutual" / "corpus").is_dir()


def test_a_case_without_a_name_is_asked_for_one(start: Page):
    start.get_by_role("button", name="New case").click()
    expect(start.get_by_role("alert")).to_have_text("Give the case a name first.")


def test_the_running_clock_is_reset_only_after_a_question(start: Page):
    clock = start.get_by_role("button", name="Session clock")
    clock.click()
    start.once("dialog", lambda dialog: dialog.dismiss())
    clock.click()
    expect(clock).to_contain_text("of 30:00")
    start.once("dialog", lambda dialog: dialog.accept())
    clock.click()
    expect(clock).to_have_text("Start clock")


def test_a_case_name_that_leaves_the_workspace_is_refused(start: Page, workbench):
    start.get_by_label("Name").fill("../elsewhere")
    start.get_by_role("button", name="New case").click()
    expect(start.get_by_role("alert")).to_contain_text("cannot be a case name")
    assert not (workbench.workspace.parent / "elsewhere").exists()


def test_an_unknown_case_in_the_address_is_told_not_shown_blank(start: Page, workbench):
    start.goto(f"{workbench.url}/voila/render/00_start.ipynb?case=../../etc")
    expect(start.get_by_role("alert")).to_contain_text("no case of this name")
    expect(start.get_by_role("alert")).to_contain_text("Reference")


def test_switching_the_case_keeps_the_page(start: Page, workbench):
    start.get_by_label("Case", exact=True).select_option("acme")
    start.wait_for_url("**/00_start.ipynb?case=acme")
    expect(start.locator(".wb-sentence")).to_contain_text("Acme & Sons <claims>")
