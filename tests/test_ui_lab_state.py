"""The state the views of the lab share, which questions a selection leaves, and the bar that changes it."""

from __future__ import annotations

import asyncio
import dataclasses

import example_results
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.report.outcomes import OUTCOMES
from workbench.ui.arrival import Arrival
from workbench.ui.lab.filters import FilterBar
from workbench.ui.lab.queries import NOT_LABELLED
from workbench.ui.lab.selection import Selection
from workbench.ui.lab.state import Lab
from workbench.ui.tabs import HIDDEN, Tabs, View


def lab(**asked: str) -> Lab:
    return Lab(example_results.stored_comparison(), asked=asked)


def ids(*numbers: int) -> tuple[str, ...]:
    return tuple(f"q{number:02d}" for number in numbers)


def test_the_lab_opens_with_naive_retrieval_against_the_best_candidate_and_every_question() -> None:
    opened = lab()
    assert (opened.baseline, opened.candidate) == ("dense", "hybrid+rerank")
    assert len(opened.matching) == 44
    assert opened.question == "q01"
    assert opened.k == 5


def test_an_address_is_followed_where_it_names_what_is_there() -> None:
    opened = lab(against="bm25", **{"with": "hybrid"}, question="q07", outcome="lost", region="2")
    assert (opened.baseline, opened.candidate, opened.question) == ("bm25", "hybrid", "q07")
    assert opened.selection == Selection(outcome="lost", region=2)


@pytest.mark.parametrize("region", ["-1", "two", "²", ""])
def test_an_address_that_names_nothing_known_is_passed_over(region: str) -> None:
    opened = lab(against="no arm", **{"with": "nor this"}, question="no question", region=region)
    assert (opened.baseline, opened.candidate, opened.question) == ("dense", "hybrid+rerank", "q01")
    assert opened.selection == Selection()


@pytest.mark.parametrize(
    ("outcome", "questions"),
    [("recovered", ids(1, 2, 3, 4, 5, 6, 9, 10)), ("lost", ids(11, 12)), ("still failing", ids(7, 8))],
)
def test_questions_are_chosen_by_what_became_of_them(outcome: str, questions: tuple[str, ...]) -> None:
    opened = lab(**{"with": "hybrid"})
    opened.narrow(outcome=outcome)
    assert opened.matching == questions


def test_a_failure_counts_for_the_arm_that_has_it_and_without_one_for_the_two_compared() -> None:
    opened = lab(**{"with": "hybrid"})
    first = opened.stored.failures[opened.stored.failures["first"]]
    of_dense = set(first.loc[(first["run"] == "dense") & (first["code"] == "C3"), "query_id"])
    of_bm25 = set(first.loc[(first["run"] == "bm25") & (first["code"] == "C4"), "query_id"])
    opened.narrow(failure="C3", failed_arm="dense")
    assert set(opened.matching) == of_dense != set()
    opened.narrow(failure="C4", failed_arm="")
    assert opened.matching == ()
    opened.narrow(failed_arm="bm25")
    assert set(opened.matching) == of_bm25 != set()


def test_a_region_holds_no_question_before_there_is_a_map() -> None:
    opened = lab()
    opened.narrow(region=0)
    assert opened.matching == ()
    opened.regions = {"q03": 0, "q05": 0, "q06": 1}
    assert opened.matching == ids(3, 5)


def test_questions_about_a_folder_are_those_whose_right_documents_lie_there() -> None:
    opened = lab()
    documents = opened.stored.documents
    path = str(documents.loc[documents["doc_id"] == "d3", "path"].iloc[0])
    for place in ("d3", path):
        opened.narrow(place=place)
        assert "q03" in opened.matching
        assert "q05" not in opened.matching
    opened.narrow(place=f"{path.partition('/')[0]}/")
    assert {"q03", "q05"} <= set(opened.matching)


def test_a_question_nobody_judged_is_about_the_document_its_candidate_ranks_first() -> None:
    opened = lab()
    rankings = opened.stored.rankings
    unjudged = opened.stored.queries.loc[~opened.stored.queries["judged"], "query_id"]
    best = rankings[(rankings["run"] == opened.candidate) & (rankings["rank"] == 1)].set_index("query_id")["doc_id"]
    for query_id in unjudged[unjudged.isin(best.index)]:
        opened.narrow(place=best[query_id])
        assert query_id in opened.matching


conditions = st.builds(
    Selection,
    outcome=st.sampled_from(["", *OUTCOMES, NOT_LABELLED]),
    failure=st.sampled_from(["", "C1", "C3", "other"]),
    failed_arm=st.sampled_from(["", "dense", "bm25", "hybrid"]),
    region=st.sampled_from([None, 0, 1]),
    place=st.sampled_from(["", "corpus/", "d3"]),
    picked=st.none() | st.frozensets(st.sampled_from(ids(*range(1, 20)))),
)
OPENED = lab()
OPENED.regions = {query_id: place % 3 for place, query_id in enumerate(OPENED.texts)}


@given(conditions)
def test_every_condition_only_takes_questions_away_and_their_order_stays(selection: Selection) -> None:
    OPENED.selection = selection
    both = OPENED.matching
    assert list(both) == [query_id for query_id in OPENED.texts if query_id in set(both)]
    for name in ("outcome", "failure", "region", "place", "picked"):
        single = Selection(**{name: getattr(selection, name)})
        if name == "failure":
            single = Selection(failure=selection.failure, failed_arm=selection.failed_arm)
        OPENED.selection = single
        assert set(both) <= set(OPENED.matching)


def test_widening_brings_every_question_back() -> None:
    opened = lab()
    opened.narrow(outcome="lost", picked=frozenset(ids(11)))
    opened.widen()
    assert not opened.selection.narrows
    assert len(opened.matching) == 44


# ---------------------------------------------------------------- the bar


def test_the_bar_follows_the_state_and_the_state_the_bar() -> None:
    opened = lab(**{"with": "hybrid"})
    bar = FilterBar(opened)
    bar.outcome.value = "lost"
    assert opened.matching == ids(11, 12)
    opened.narrow(outcome="still failing")
    assert bar.outcome.value == "still failing"
    bar.candidate.value = "bm25"
    assert opened.candidate == "bm25"


def test_every_condition_has_a_button_that_takes_it_back() -> None:
    opened = lab(**{"with": "hybrid"})
    bar = FilterBar(opened)
    opened.regions, opened.region_names = {"q11": 0, "q12": 1}, {0: "hail, repairer", 1: "excess"}
    opened.narrow(
        outcome="lost", region=0, place="corpus/", failure="C4", failed_arm="hybrid", picked=frozenset(ids(11))
    )
    words = [chip.description for chip in bar.chips.children[1:]]
    assert words[0] == "lost ×"
    assert "region: hail, repairer ×" in words
    assert "about: corpus/ ×" in words
    assert "picked on the map: 1 ×" in words
    assert words[-1] == "Every question"
    bar.chips.children[1].click()
    assert opened.selection.outcome == ""
    assert opened.selection.place == "corpus/"
    bar.chips.children[-1].click()
    assert not opened.selection.narrows
    assert "44 questions" in bar.chips.children[0].value


def test_a_condition_another_view_set_can_be_read_in_the_bar() -> None:
    opened = lab(**{"with": "hybrid"})
    bar = FilterBar(opened)
    opened.narrow(failure="C4", failed_arm="bm25")
    assert bar.failure.value == ("C4", "bm25")
    assert "missed by keyword (BM25)" in dict((value, words) for words, value in bar.failure.options)[("C4", "bm25")]
    opened.widen()
    assert bar.failure.value == ("", "")


def test_without_labels_the_bar_offers_no_outcome_and_no_failure_unless_an_address_set_one() -> None:
    stored = dataclasses.replace(
        example_results.stored_comparison(), comparison=example_results.unlabelled_comparison()
    )
    bar = FilterBar(Lab(stored))
    assert (bar.outcome.layout.display, bar.failure.layout.display) == ("none", "none")
    asked = FilterBar(Lab(stored, asked={"outcome": "lost"}))
    assert (asked.outcome.layout.display, asked.failure.layout.display) == (None, "none")
    labelled = FilterBar(lab())
    assert (labelled.outcome.layout.display, labelled.failure.layout.display) == (None, None)


# ---------------------------------------------------------------- tabs


def test_a_view_is_built_when_it_is_opened_first_and_stays() -> None:
    import ipywidgets as widgets

    built: list[str] = []

    def view(key: str) -> View:
        return View(key, key, "", lambda: built.append(key) or widgets.HTML(key))

    tabs = Tabs([view("one"), view("two")], selected="nothing known")
    assert built == []
    tabs.build_open()
    assert (tabs.selected, built) == ("one", ["one"])
    tabs.show_view("two")
    tabs.show_view("one")
    assert built == ["one", "two"]
    panels = tabs.children[1:]
    assert [HIDDEN in panel._dom_classes for panel in panels] == [False, True]  # then the browser does it


def test_a_view_that_cannot_be_built_says_so_and_the_others_stay() -> None:
    def broken() -> object:
        raise RuntimeError("no")

    tabs = Tabs([View("one", "One", "", broken)])  # type: ignore[arg-type]
    tabs.build_open()
    assert "could not be shown" in tabs.children[1].children[0].value


def test_where_nothing_is_served_a_page_is_whole_at_once() -> None:
    taken: list[str] = []
    Arrival(lambda: taken.append("first"), lambda: taken.append("second"))
    assert taken == ["first", "second"]


def test_where_a_page_is_served_the_rest_is_built_once_it_has_come_up_and_once_only() -> None:
    taken: list[str] = []

    def fails() -> None:
        raise RuntimeError("no")

    async def served() -> None:
        arrival = Arrival(lambda: taken.append("first"), fails, lambda: taken.append("second"))
        await asyncio.sleep(0.05)
        assert taken == []
        for _ in range(2):
            arrival._handle_custom_msg({"arrived": True}, [])
            await asyncio.sleep(0.05)

    asyncio.run(served())
    assert taken == ["first", "second"]
