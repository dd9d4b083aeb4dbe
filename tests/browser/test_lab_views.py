"""Scoreboard, failures, documents, table and reading of the lab in a real browser.

Each opening of the page asserts many things, for opening it is what takes time; every value is what Python gives.
"""

from __future__ import annotations

import csv
import io

import pytest
from playwright.sync_api import Page, expect

from workbench import numbers
from workbench.evaluation.failures import CODES
from workbench.numbers import count, measured
from workbench.report.exports import questions_csv
from workbench.report.outcomes import OUTCOMES, outcomes, tally
from workbench.report.words import DIFFERENCE_WORDS, failure_name
from workbench.retrieval.recipes import arm_name
from workbench.ui.lab.document_words import summary
from workbench.ui.lab.documents import tree_of
from workbench.ui.lab.queries import question_rows
from workbench.ui.lab.rank_steps import flow_of, marks_of
from workbench.ui.lab.state import Lab


def counted(page: Page, state: Lab) -> None:
    """The bar counts the questions that the same selection leaves in Python."""
    left, whole = count(len(state.matching)), count(len(state.texts))
    words = f"{left} of {whole} questions" if state.selection.narrows else f"{whole} questions"
    expect(page.locator(".wb-count")).to_have_text(words)


def test_the_scoreboard_shows_every_measure_and_difference(open_lab, state: Lab) -> None:
    page = open_lab("scoreboard")
    page.wait_for_selector(".wb-scores")
    for arm, report in state.comparison.arms.items():
        line = page.locator(".wb-scores tbody tr", has=page.get_by_text(arm_name(arm), exact=True))
        for label, estimate in report.measures.items():
            if estimate.value is not None:
                share = numbers.is_share(label)
                expect(line).to_contain_text(numbers.number(estimate, share=share))
                expect(line).to_contain_text(numbers.interval(estimate, share=share))
    page.get_by_label("Measure", exact=True).select_option("nDCG@10")
    chart = page.locator(".wb-panel-scoreboard .js-plotly-plot")
    for each in state.comparison.differences:
        if each.measure == "nDCG@10" and each.difference.value is not None:
            words = chart.locator("text", has_text=numbers.signed(each.difference.value))
            expect(words.filter(has_text=DIFFERENCE_WORDS[each.verdict]).first).to_be_visible()


@pytest.mark.real_data
def test_failures_are_counted_as_in_python_and_every_count_narrows(open_lab, state: Lab) -> None:
    page = open_lab("failures")
    became = tally(outcomes(state.stored.per_query, state.baseline, state.candidate, state.k))
    for outcome in OUTCOMES:
        part = page.locator(".wb-part-name", has=page.get_by_text(outcome, exact=True))
        expect(part.locator("strong")).to_have_text(count(became[outcome]))
    for arm, failures in state.comparison.failures.items():
        expect(page.locator(f'.wb-column-choice[data-key=" {arm}"]')).to_contain_text(
            measured(failures.share, share=True)
        )
        for code, number in failures.by_code.items():
            expect(page.locator(f'.wb-cell-choice[data-key="{code} {arm}"] strong')).to_have_text(count(number))
    code = next(code for code in CODES if state.comparison.failures[state.baseline].by_code.get(code))
    cell = page.locator(f'.wb-cell-choice[data-key="{code} {state.baseline}"]')
    cell.click()
    state.narrow(failure=code, failed_arm=state.baseline)
    counted(page, state)
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".wb-chip")).to_contain_text(failure_name(code))
    expect(page.locator(".wb-lab-table")).to_contain_text(f"of {count(len(state.matching))}")
    cell.focus()
    page.keyboard.press("Enter")
    state.widen()
    counted(page, state)
    page.locator(".wb-part-name", has=page.get_by_text("recovered", exact=True)).press("Enter")
    state.narrow(outcome="recovered")
    counted(page, state)


@pytest.mark.real_data
def test_folders_and_documents_are_counted_as_in_python_and_narrow(open_lab, state: Lab) -> None:
    page = open_lab("documents")
    found = state.comparison.findability
    assert found is not None
    expect(page.locator(".wb-panel-documents")).to_contain_text(summary(found))
    tree = tree_of(state)
    lines = page.locator(".wb-panel-documents [role=treeitem]")
    expect(lines.first).to_be_visible()
    shown = {line["key"]: line["text"] for line in lines.evaluate_all(
        "lines => lines.map(line => ({ key: line.dataset.key, text: line.innerText }))"
    )}  # fmt: skip
    for key, text in shown.items():
        if "/" in key:
            continue  # a drawer: a run of documents that is no place of the client's
        standing = tree.standing(tree.corpus.node(key))
        assert f"{count(standing.probed)} of {count(standing.documents)}" in text
        if standing.probed:
            assert numbers.number(standing.found[state.baseline], share=True) in text
    folder = next(node for node in map(tree.corpus.node, [key for key in shown if "/" not in key][1:]) if node.place)
    page.locator(f'.wb-panel-documents [role=treeitem][data-key="{folder.key}"]').click()
    state.narrow(place=folder.place)
    counted(page, state)
    page.locator(".wb-chip").click()
    state.widen()
    counted(page, state)


def test_the_table_holds_the_questions_in_order_and_saves_them(open_lab, state: Lab) -> None:
    page = open_lab("scoreboard", outcome="recovered")
    state.narrow(outcome="recovered")
    kept = set(state.matching)
    rows = [
        row for row in question_rows(state.stored, state.baseline, state.candidate, state.k) if row.query_id in kept
    ]
    expect(page.locator(".wb-lab-table tbody tr[data-row]").first).to_be_visible()
    texts = page.locator(".wb-lab-table tbody tr td:first-child .wb-table-text").all_inner_texts()
    wanted = {" ".join(row.text.split())[:200] for row in rows}
    assert len(texts) == min(10, len(rows))
    assert {text[:200] for text in texts} <= wanted
    heading = page.locator("h3.wb-question")
    first = heading.get_attribute("data-question")
    page.keyboard.press("j")
    expect(heading).not_to_have_attribute("data-question", first)
    assert heading.get_attribute("data-question") in kept
    page.keyboard.press("k")
    expect(heading).to_have_attribute("data-question", first)
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Save {count(len(kept))} questions as CSV").click()
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    assert text == questions_csv(state.stored, list(state.matching), state.baseline, state.candidate, state.k)
    assert {line[0].removeprefix("'") for line in list(csv.reader(io.StringIO(text)))[1:]} == kept


def test_two_rankings_stand_side_by_side_and_every_document_has_its_way(open_lab, state: Lab) -> None:
    state.narrow(outcome="recovered")
    question = state.matching[0]
    page = open_lab("scoreboard", question=question)
    expect(page.locator("h3.wb-question")).to_have_attribute("data-question", question)
    for arm in (state.baseline, state.candidate):
        hits = state.rankings.hits(question, arm, 10)
        places = page.locator(f'.wb-ranking[data-run="{arm}"] .wb-hit')
        shown = places.evaluate_all("hits => hits.map(hit => [hit.dataset.doc, hit.dataset.grade])")
        for hit in hits:
            right = "right" if hit.grade else "open" if hit.grade is None else "wrong"
            assert [hit.doc_id, right] in shown
    assert page.locator(".wb-rankings mark").count() > 0
    flow = flow_of(state.rankings, question, state.runs, k=10, cut=state.k)
    steps = page.locator(".wb-flow-steps li")
    expect(steps).to_have_count(len(marks_of(flow)))
    page.get_by_label("show every arm").check()
    expect(page.locator(".wb-ranking")).to_have_count(len(state.runs))
