"""Grading in a real browser: keys, undo, what the file of grades holds, and the intervals Python gives for it.

Every test grades a copy of a case, so that no grade reaches a case other tests look at.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Workbench
from playwright.sync_api import Page, expect

from workbench import session
from workbench.case import Case, open_case
from workbench.comparison.grading import GradingDesk
from workbench.evaluation.few_labels.forecast import width_of
from workbench.ingest.grades import read_grade_file
from workbench.numbers import measured
from workbench.report.words import comparison_sentence

GOOD, BAD = 3, 0


def copied(case: Case, root: Path) -> Case:
    """A copy of a case with its results: names, sizes and times of change stay, so the results are still those of its files."""
    shutil.copytree(case.root, root, copy_function=shutil.copy2)
    return open_case(root)


@pytest.fixture
def graded_case(lab_case: Case, workbench: Workbench) -> Iterator[Case]:
    case = copied(lab_case, workbench.workspace / f"{lab_case.slug}-graded")
    yield case
    shutil.rmtree(case.root)


@pytest.fixture
def unlabelled_case(sample_case: Case, workbench: Workbench) -> Iterator[Case]:
    """The sample without its questions and labels, as most clients come: questions from the log, nothing judged."""
    root = workbench.workspace / "unlabelled"
    unwanted = shutil.ignore_patterns(".workbench", "queries*", "qrels", "labels.jsonl")
    shutil.copytree(sample_case.root, root, ignore=unwanted)
    case = open_case(root)
    session.diagnose(case)
    yield case
    shutil.rmtree(root)


def desk_of(case: Case) -> GradingDesk:
    stored = session.stored_comparison(case)
    assert stored is not None
    return GradingDesk(stored, case.root)


def grade_until(case: Case, finished: int) -> None:
    """Finish questions of the plan through Python: every third one is found, the others are missed."""
    desk = desk_of(case)
    pool = desk.labelling.pool
    for place, entry in enumerate(desk.labelling.plan.queries[:finished]):
        while (item := pool.next_item(entry.query_id, desk.standing.grades)) is not None:
            desk.keep(item.query_id, item.doc_id, GOOD if place % 3 == 0 else BAD)
    assert len(desk.standing.counted) >= finished


def open_grading(page: Page, workbench: Workbench, case: Case) -> None:
    page.goto(f"{workbench.url}/voila/render/03_retrieval_lab.ipynb?case={case.slug}&view=grading")
    expect(page.locator(".wb-grading-document")).to_be_visible(timeout=30_000)


def press(page: Page, key: str, answer: str) -> None:
    """Press a key and wait for the sentence that answers it, and until the next key may be pressed."""
    page.keyboard.press(key)
    expect(page.locator(".wb-grading-status")).to_contain_text(answer)
    expect(page.locator(".wb-grading-bar[data-waiting]")).to_have_count(0)


def values(case: Case) -> list[int | None]:
    return [grade.grade for grade in read_grade_file(case.root).grades]


def finish_question(page: Page, case: Case, key: str) -> None:
    """Grade every document the question before the grader still needs."""
    counted = len(desk_of(case).standing.counted)
    while len(desk_of(case).standing.counted) == counted:
        press(page, key, f"Graded {key}.")


def assert_shows_intervals(page: Page, selector: str, case: Case) -> list[float]:
    """The table holds what Python gives for every arm; the widths of the intervals."""
    few = desk_of(case).comparison().few_labels
    assert few is not None
    widths = []
    rows = page.locator(f"{selector} tbody tr")
    expect(rows).to_have_count(len(few.arms))
    for place, powered in enumerate(few.arms.values()):
        assert powered.estimate.value is not None
        expect(rows.nth(place)).to_contain_text(measured(powered.estimate, share=True))
        widths.append(width_of(powered.estimate) or 0.0)
    return widths


def test_keys_grade_and_undo_takes_grades_back_across_questions(
    page: Page, workbench: Workbench, graded_case: Case
) -> None:
    open_grading(page, workbench, graded_case)
    desk = desk_of(graded_case)
    first, second = (entry.query_id for entry in desk.labelling.plan.queries[:2])
    question = page.locator(".wb-grading [data-question]")
    expect(question).to_have_attribute("data-question", first)
    press(page, "0", "Graded 0. Document 2 of")
    press(page, "1", "Graded 1. Document 3 of")
    assert values(graded_case) == [0, 1]
    finish_question(page, graded_case, "3")
    expect(question).to_have_attribute("data-question", second)
    given = values(graded_case)
    press(page, "2", "Graded 2.")
    taken = [2, *reversed(given)]
    for grade in taken:
        press(page, "u", f"Grade {grade} taken back.")
    assert values(graded_case) == [*given, 2, *[None] * len(taken)]
    expect(question).to_have_attribute("data-question", first)
    expect(page.locator(".wb-grading-place")).to_contain_text("Document 1 of")
    expect(page.locator("[data-act=undo]")).to_have_attribute("aria-disabled", "true")
    assert desk_of(graded_case).standing.grades == {}


def test_nothing_before_the_grader_names_a_search(page: Page, workbench: Workbench, graded_case: Case) -> None:
    open_grading(page, workbench, graded_case)
    seen = page.locator(".wb-grading-reading").evaluate("node => node.outerHTML").lower()
    for word in ("dense", "bm25", "hybrid", "rerank", "deployed", "naive", "keyword"):
        # The question or the document may hold the word itself.
        own = page.locator(".wb-grading-reading").inner_text().lower()
        assert seen.count(word) <= own.count(word), word


@pytest.mark.real_data
def test_intervals_appear_at_ten_questions_tighten_and_stand_on_the_scoreboard(
    page: Page, workbench: Workbench, graded_case: Case
) -> None:
    grade_until(graded_case, 9)
    open_grading(page, workbench, graded_case)
    expect(page.locator(".wb-grading-figures")).to_contain_text("1 more question until the first intervals.")
    expect(page.locator(".wb-grading-intervals table")).to_have_count(0)
    finish_question(page, graded_case, "3")
    wide = assert_shows_intervals(page, ".wb-grading-intervals", graded_case)
    grade_until(graded_case, 30)
    expect(page.locator(".wb-grading-status")).to_contain_text("changed elsewhere", timeout=15_000)
    narrow = assert_shows_intervals(page, ".wb-grading-intervals", graded_case)
    assert all(after < before for before, after in zip(wide, narrow, strict=True))
    page.locator("[data-tab=scoreboard]").click()
    said = page.locator("section, .wb-section", has_text="What the grades say").last
    few = desk_of(graded_case).comparison().few_labels
    assert few is not None
    for powered in few.arms.values():
        expect(said).to_contain_text(measured(powered.estimate, share=True))


def test_without_labels_the_sentence_is_what_the_grades_say(
    page: Page, workbench: Workbench, unlabelled_case: Case
) -> None:
    grade_until(unlabelled_case, 9)
    open_grading(page, workbench, unlabelled_case)
    finish_question(page, unlabelled_case, "3")
    assert_shows_intervals(page, ".wb-grading-intervals", unlabelled_case)
    stored = session.stored_comparison(unlabelled_case)
    assert stored is not None and stored.comparison.few_labels is not None
    assert stored.comparison.judged == 0
    sentence = page.locator("h1.wb-sentence")
    expect(sentence).to_contain_text("Going by")
    pair = ("dense", "hybrid+rerank")
    expect(sentence).to_have_text(comparison_sentence(stored.comparison, pair=pair))


def test_keys_do_nothing_in_other_views_and_in_text_fields(page: Page, workbench: Workbench, graded_case: Case) -> None:
    open_grading(page, workbench, graded_case)
    name = page.get_by_label("Your name")
    name.fill("")
    name.press("3")
    expect(name).to_have_value("3")
    name.press("Tab")
    page.locator("[data-tab=scoreboard]").click()
    expect(page.locator(".wb-panel-grading")).to_be_hidden()
    for key in "0123u":
        page.keyboard.press(key)
    page.locator("[data-tab=grading]").click()
    expect(page.locator(".wb-panel-grading")).to_be_visible()
    press(page, "1", "Graded 1.")
    assert values(graded_case) == [1]
    assert read_grade_file(graded_case.root).grades[0].by == "3"
