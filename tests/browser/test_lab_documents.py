"""The tree of documents in a real browser: by keyboard, in every column, searched and filtered, and taken back.

What it shares with the other views is in `test_lab_views.py`; every value here is what Python gives, on both cases.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from workbench.evaluation.corpus_tree import WHOLE, Node
from workbench.evaluation.findability_tree import FindabilityTree, Shown
from workbench.numbers import count, interval, number
from workbench.report.outcomes import found
from workbench.ui.lab.documents import tree_of
from workbench.ui.lab.state import Lab

PANEL = ".wb-panel-documents"


def line(page: Page, key: str) -> Locator:
    return page.locator(f'{PANEL} [role=treeitem][data-key="{key}"]')


def keys(page: Page) -> list[str]:
    lines = page.locator(f"{PANEL} [role=treeitem]")
    return [str(key) for key in lines.evaluate_all("lines => lines.map(line => line.dataset.key)")]


def cells(tree: FindabilityTree, node: Node, state: Lab) -> list[str]:
    """What stands in the columns of a folder or file."""
    standing = tree.standing(node)
    told = [f"{count(standing.probed)} of {count(standing.documents)}"]
    told += [count(standing.missed[state.baseline])] if standing.probed else []
    for arm in tree.arms if standing.probed else ():
        share = standing.found[arm]
        told += [number(share, share=True), interval(share, share=True)]
    asked = tree.questions(node)
    for arm in (state.baseline, state.candidate) if asked else ():
        hits = found(state.stored.per_query, arm, state.k)
        share = tree.questions_missed(node, {str(q): bool(hit) for q, hit in hits.items()})
        told += [count(len(asked)), number(share, share=True), interval(share, share=True)]
    return told


def questions_of(state: Lab) -> str:
    left, whole = count(len(state.matching)), count(len(state.texts))
    return f"{left} of {whole} questions" if state.selection.narrows else f"{whole} questions"


@pytest.mark.real_data
def test_the_tree_opens_by_keyboard_and_every_column_holds_what_python_gives(open_lab, state: Lab) -> None:
    page, tree = open_lab("documents"), tree_of(state)
    shown = Shown(state.baseline)
    top = line(page, WHOLE)
    expect(top).to_be_visible()
    top.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"{PANEL} [role=treeitem]")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    first = tree.children(WHOLE, shown)
    expect(line(page, first[0].key)).to_be_visible()
    assert [key for key in keys(page) if key in {node.key for node in first}] == [node.key for node in first]
    for node in [tree.corpus.node(WHOLE), *first][:4]:
        for told in cells(tree, node, state):
            expect(line(page, node.key)).to_contain_text(told)
    page.keyboard.press("ArrowDown")
    expect(line(page, first[0].key)).to_be_focused()
    if line(page, first[0].key).get_attribute("aria-expanded") == "false":
        page.keyboard.press("ArrowRight")
    below = tree.children(first[0].key, shown)
    expect(line(page, below[0].key)).to_be_visible()
    page.keyboard.press("Enter")
    state.narrow(place=first[0].place)
    expect(page.locator(".wb-count")).to_have_text(questions_of(state))
    judged, unjudged = state.about(first[0].place)
    reading = page.locator(f"{PANEL} .wb-section", has=page.locator(".wb-place"))
    expect(reading).to_contain_text(f"{count(len(judged))} judged question")
    if unjudged:
        expect(reading).to_contain_text(f"{count(len(unjudged))} question")
        expect(reading).to_contain_text("nobody judged")
    page.get_by_role("button", name="Look at every document").click()
    state.widen()
    expect(page.locator(".wb-count")).to_have_text(questions_of(state))
    expect(page.locator(".wb-place")).to_have_count(0)


def test_a_search_and_only_misses_leave_the_documents_python_gives(open_lab, state: Lab) -> None:
    page, tree = open_lab("documents"), tree_of(state)
    status = page.locator(f"{PANEL} .wb-tree-tools [role=status]")
    whole = count(len(tree.corpus.documents))
    expect(status).to_have_text(f"{whole} documents")
    page.get_by_label("only with misses").check()
    missed = Shown(state.baseline, only_missed=True)
    assert tree.matching(missed) == tree.standing(tree.corpus.node(WHOLE)).missed[state.baseline]
    expect(status).to_have_text(f"{count(tree.matching(missed))} of {whole} documents")
    documents = [tree.corpus.node(key) for key in keys(page) if key.startswith("d") and "/" not in key]
    assert all(tree.hits(node.place, state.baseline)[0] == 0 for node in documents)
    page.get_by_label("only with misses").uncheck()
    expect(status).to_have_text(f"{whole} documents")
    wanted = tree.corpus.documents[len(tree.corpus.documents) // 2].doc_id
    page.locator("h1.wb-sentence").click()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search folders and documents")
    expect(search).to_be_focused()
    search.fill(wanted)
    searched = Shown(state.baseline, words=wanted)
    expect(status).to_have_text(f"{count(tree.matching(searched))} of {whole} documents")
    assert tree.matching(searched) >= 1
    search.fill("no document holds words such as these")
    expect(status).to_have_text(f"0 of {whole} documents")
