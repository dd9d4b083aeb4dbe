"""The frame of the retrieval lab in a real browser: tabs, the pair of arms, conditions, and the address that keeps them.

Every test asserts what the Python API gives for its case.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from workbench.evaluation.failures import CODES
from workbench.numbers import count
from workbench.report.outcomes import changes
from workbench.report.words import comparison_sentence
from workbench.ui.lab.state import Lab

VIEWS = ("scoreboard", "failures", "map", "documents", "grading")


@pytest.fixture
def lab(open_lab) -> Page:
    return open_lab("scoreboard")


def counted(page: Page):
    return page.locator(".wb-count")


def test_the_page_opens_with_the_sentence_the_report_has(lab: Page, state: Lab) -> None:
    changed = changes(state.stored.per_query, state.baseline, state.candidate, state.k)
    expect(lab.locator("h1.wb-sentence")).to_have_text(comparison_sentence(state.comparison, changed))
    expect(counted(lab)).to_have_text(f"{count(len(state.texts))} questions")


def test_every_view_opens_by_mouse_and_by_keyboard_and_hides_the_others(lab: Page) -> None:
    for view in VIEWS:
        lab.locator(f"[data-tab={view}]").click()
        expect(lab.locator(f".wb-panel-{view}")).to_be_visible()
        for other in set(VIEWS) - {view}:
            expect(lab.locator(f".wb-panel-{other}")).to_be_hidden()
        expect(lab.locator(f".wb-panel-{view} .wb-skeleton")).to_have_count(0)
        expect(lab.locator(f".wb-panel-{view} .wb-error")).to_have_count(0)
    expect(lab.locator(".wb-lab-below")).to_be_hidden()
    lab.locator("[data-tab=grading]").focus()
    lab.keyboard.press("Home")
    expect(lab.locator("[data-tab=scoreboard]")).to_be_focused()
    lab.keyboard.press("ArrowRight")
    expect(lab.locator(".wb-panel-failures")).to_be_visible()
    expect(lab.locator(".wb-lab-below")).to_be_visible()


def test_the_last_of_many_tabs_pressed_is_seen_at_once_and_stays_while_the_others_are_built(lab: Page) -> None:
    seen = lab.evaluate(
        """async (views) => {
            const open = () => views.filter((view) => document.querySelector(`.wb-panel-${view}`).checkVisibility());
            for (const view of views) document.querySelector(`[data-tab=${view}]`).click();
            const seen = [];
            for (let look = 0; look < 60; look += 1) {
                seen.push(open().join());
                await new Promise((go) => setTimeout(go, 50));
            }
            return [...new Set(seen)];
        }""",
        VIEWS,
    )
    assert seen == ["grading"]


@pytest.mark.real_data
def test_conditions_leave_the_questions_the_api_gives_and_are_taken_back(lab: Page, state: Lab) -> None:
    lab.get_by_label("Outcome", exact=True).select_option(label="recovered")
    state.narrow(outcome="recovered")
    expect(counted(lab)).to_have_text(f"{count(len(state.matching))} of {count(len(state.texts))} questions")
    lab.get_by_label("Failure", exact=True).select_option(index=1)
    state.narrow(failed_arm=state.baseline)
    expect(counted(lab)).to_have_text(f"{count(len(state.matching))} of {count(len(state.texts))} questions")
    lab.locator(".wb-chip", has_text="recovered").click()
    state.narrow(outcome="")
    expect(counted(lab)).to_have_text(f"{count(len(state.matching))} of {count(len(state.texts))} questions")
    lab.locator(".wb-chip").first.click()
    expect(counted(lab)).to_have_text(f"{count(len(state.texts))} questions")


def test_another_pair_of_arms_changes_the_sentence(lab: Page, state: Lab) -> None:
    lab.get_by_label("with", exact=True).select_option(value="keyword (BM25)")
    changed = changes(state.stored.per_query, state.baseline, "bm25", state.k)
    expect(lab.locator("h1.wb-sentence")).to_have_text(comparison_sentence(state.comparison, changed))


@pytest.mark.real_data
def test_what_is_looked_at_stands_in_the_address_and_survives_a_reload(lab: Page, state: Lab) -> None:
    lab.locator("[data-tab=failures]").click()
    lab.get_by_label("Outcome", exact=True).select_option(label="still failing")
    lab.wait_for_url("**view=failures**outcome=still*failing**")
    lab.reload()
    state.narrow(outcome="still failing")
    expect(counted(lab)).to_have_text(f"{count(len(state.matching))} of {count(len(state.texts))} questions")
    expect(lab.locator(".wb-panel-failures")).to_be_visible()
    code = next(code for code in CODES if code in state.comparison.failures[state.baseline].by_code)
    address = lab.url.partition("?")[0]
    lab.goto(f"{address}?case={state.case_slug}&failure={code}&failed_arm={state.baseline}")
    state.selection = replace(state.selection, outcome="", failure=code, failed_arm=state.baseline)
    assert len(state.matching) == state.comparison.failures[state.baseline].by_code[code]
    expect(counted(lab)).to_have_text(f"{count(len(state.matching))} of {count(len(state.texts))} questions")
