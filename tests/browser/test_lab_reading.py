"""The reading of one question in a real browser: what each place shows, what is missing, and the flow of the ranks.

Which documents stand in the two columns is in `test_lab_views.py`; every value here is what Python gives, on both cases.
"""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from workbench.numbers import significant
from workbench.retrieval.recipes import arm_name
from workbench.ui.lab.places import Standing, folded
from workbench.ui.lab.rank_flow import rank_flow_chart
from workbench.ui.lab.rank_steps import Flow, flow_of, marks_of
from workbench.ui.lab.state import Lab
from workbench.ui.passages import query_stems, stem

K = 10
DRAWN = """() => document.querySelector('.wb-lab-reading .js-plotly-plot').data
    .map(trace => Array.from(trace.y ?? [], y => typeof y === 'number' && !isNaN(y) ? y : null))"""
"""The heights of every trace of the flow, as the browser holds them; no height stands between two documents."""


def missing(state: Lab, question: str) -> list[str]:
    """Right documents that one of the two arms does not have in its top k."""
    ranks = state.rankings.ranks(question)
    right = [doc_id for doc_id, grade in state.rankings.grades(question).items() if grade > 0]
    pair = (state.baseline, state.candidate)
    return [d for d in right if any(ranks.get(arm, {}).get(d, K + 1) > K for arm in pair)]


def telling_question(state: Lab) -> str:
    """One with a right document missing, a near copy folded away and a step that is marked, as far as there is one."""

    def worth(question: str) -> int:
        copies = [f for f in folded(state.rankings.hits(question, state.candidate, K)) if f.copies]
        return 2 * bool(missing(state, question)) + bool(copies) + bool(marks_of(flow(state, question)))

    return max(state.matching[:60], key=worth)


def flow(state: Lab, question: str) -> Flow:
    return flow_of(state.rankings, question, state.runs, k=K, cut=state.k)


def test_a_place_shows_score_date_and_marked_words_and_copies_are_folded(open_lab, state: Lab) -> None:
    state.narrow(outcome="recovered")
    question = telling_question(state)
    page = open_lab("scoreboard", question=question)
    expect(page.locator("h3.wb-question")).to_have_attribute("data-question", question)
    for arm in (state.baseline, state.candidate):
        hits = state.rankings.hits(question, arm, K)
        column = page.locator(f'.wb-ranking[data-run="{arm}"]')
        for hit in hits:
            place = column.locator(".wb-hit").filter(has=page.locator(f'xpath=self::*[@data-doc="{hit.doc_id}"]'))
            marks = place.locator(".wb-marks").first
            expect(marks).to_contain_text(significant(hit.score))
            if hit.updated_on:
                expect(marks).to_contain_text(hit.updated_on)
        folds = folded(hits)
        expect(column.locator("ol").first.locator("> .wb-hit")).to_have_count(len(folds))
        expect(column.locator(".wb-copies")).to_have_count(sum(bool(fold.copies) for fold in folds))
    marked = page.locator(".wb-rankings mark").all_text_contents()
    languages = {hit.language or "en" for arm in state.runs for hit in state.rankings.hits(question, arm, K)}
    wanted = {found for language in languages for found in query_stems(state.texts[question], language)}
    assert marked and {stem(word, language) for word in marked for language in languages} & wanted
    rows = page.locator(".wb-side .wb-table tbody tr")
    absent = missing(state, question)
    ranks = state.rankings.ranks(question)
    for doc_id in absent:
        row = rows.filter(has_text=state.rankings.titles.get(doc_id, doc_id)).first
        for arm in state.runs:
            standing = Standing(arm, ranks.get(arm, {}), state.rankings.depths.get(arm, 0))
            expect(row).to_contain_text(standing.words(doc_id))
    page.get_by_label("show every arm").check()
    for arm in state.runs:
        column = page.locator(f'.wb-ranking[data-run="{arm}"]')
        expect(column.locator("h4")).to_have_text(arm_name(arm))
        expect(column.locator(".wb-hit")).to_have_count(len(state.rankings.hits(question, arm, K)))


@pytest.mark.real_data
def test_the_flow_draws_what_python_gives_and_keys_change_it_within_a_second(open_lab, state: Lab) -> None:
    state.narrow(outcome="recovered")
    first = telling_question(state)
    page = open_lab("scoreboard", question=first, outcome="recovered")
    heading = page.locator("h3.wb-question")
    expect(heading).to_have_attribute("data-question", first)
    expect(page.locator(".wb-lab-reading .js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator(".wb-lab-table tbody tr[data-row]").first).to_be_visible()
    took, shown = [], first
    for key in "jjjk":
        before, started = shown, time.monotonic()
        page.keyboard.press(key)
        page.wait_for_function("old => document.querySelector('h3.wb-question').dataset.question !== old", arg=before)
        took.append(time.monotonic() - started)
        shown = str(heading.get_attribute("data-question"))
        assert shown in state.matching
        wanted = rank_flow_chart(flow(state, shown))
        heights = [[None if y is None else float(y) for y in trace.y or ()] for trace in wanted.data]
        page.wait_for_function(f"heights => JSON.stringify(({DRAWN})()) === JSON.stringify(heights)", arg=heights)
        expect(page.locator(".wb-flow-steps li")).to_have_count(len(marks_of(flow(state, shown))))
    assert min(took) < 1, f"changing the question took {took} seconds"
    documents = [*flow(state, shown).right, *flow(state, shown).others]
    rows = page.locator(".wb-lab-reading details", has_text="The same ranks as a table").locator("tbody tr")
    expect(rows).to_have_count(len(documents))
    for kind in ("gained", "harmed", "lost"):
        marks = [mark for mark in marks_of(flow(state, shown)) if mark.kind == kind]
        expect(page.locator(".wb-flow-steps li", has_text=f"{kind} by")).to_have_count(len(marks))
