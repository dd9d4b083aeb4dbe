"""The documents view in-process: its lines, what it sets and follows in the lab, and what is said without probes."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterator
from typing import Any

import example_results
import ipywidgets as widgets
import pytest

from workbench.comparison.finding import SHARED_TITLE
from workbench.comparison.tables import StoredComparison, frame
from workbench.evaluation.corpus_tree import WHOLE
from workbench.intervals import wilson
from workbench.records import Estimate, Findability
from workbench.ui.lab.document_words import summary
from workbench.ui.lab.documents import DocumentsView, build_documents_view
from workbench.ui.lab.selection import Selection
from workbench.ui.lab.state import Lab

ARMS = ("dense", "hybrid")
PLACES = {
    "d1": "corpus/old/a.txt",
    "d2": "corpus/old/b.txt",
    "d3": "corpus/new/c.txt",
    "d4": "corpus/mail.zip",
    "d5": "corpus/mail.zip",
}
RANKS = {"d1": (0, 0), "d2": (0, 1), "d3": (1, 1)}
"""doc_id -> rank in dense and in hybrid; d4 gave no probe, d5 was not drawn."""


def probed(**more: Any) -> Findability:
    return Findability(
        5, 3, 3, 5,
        {"dense": wilson(1, 3), "hybrid": wilson(2, 3), "bm25": Estimate.not_measured("the run keeps 3 results a probe")},
        {}, wilson(2, 3), wilson(1, 3), ("d1", "d2"), ("d1",),
        **({"without_probe": {"d4": SHARED_TITLE}} | more),
    )  # fmt: skip


def stored() -> StoredComparison:
    whole = example_results.stored_comparison()
    documents = whole.documents[whole.documents["doc_id"].isin(PLACES)].assign(path=lambda t: t["doc_id"].map(PLACES))
    rows = [
        (doc_id, "title", example_results.HOSTILE, run, rank)
        for doc_id, each in RANKS.items()
        for run, rank in zip(ARMS, each, strict=True)
    ]
    comparison = dataclasses.replace(whole.comparison, findability=probed())
    return dataclasses.replace(whole, documents=documents, probes=frame("probes", rows), comparison=comparison)


@pytest.fixture
def lab() -> Lab:
    return Lab(stored(), asked={"with": "hybrid"})


@pytest.fixture
def view(lab: Lab) -> DocumentsView:
    return DocumentsView(lab)


def every_widget(top: widgets.Widget) -> Iterator[widgets.Widget]:
    yield top
    for child in getattr(top, "children", ()):
        yield from every_widget(child)


def read(top: widgets.Widget) -> str:
    return "".join(each.value for each in every_widget(top) if isinstance(each, widgets.HTML))


def answers(view: DocumentsView, key: object, edition: int | None = None) -> list[dict[str, Any]]:
    """What the kernel sends when the page asks for the lines of a part."""
    sent: list[dict[str, Any]] = []
    view.tree.send = sent.append
    view._answer(view.tree, {"ask": key, "edition": view.tree.edition if edition is None else edition}, [])
    return sent


def lines(view: DocumentsView, key: str) -> dict[str, dict[str, Any]]:
    return {line["key"]: line for line in view.tree.branches.get(key) or answers(view, key)[0]["rows"]}


def key_of(view: DocumentsView, place: str) -> str:
    node = view.index.corpus.find(place)
    assert node is not None
    return node.key


def texts(line: dict[str, Any]) -> list[str]:
    return [cell["text"] for cell in line["cells"]]


def test_a_folder_says_what_is_probed_missed_found_and_asked(view: DocumentsView) -> None:
    old = lines(view, WHOLE)[key_of(view, "corpus/old/")]
    # Two of two probed and missed by dense; hybrid finds one. Of q01 and q02 dense misses both, hybrid none.
    assert texts(old) == ["2 of 2", "2", "0 %", "50 %", "2", "100 %", "0 %"]
    heads = [(each["group"], each["title"]) for each in view.tree.columns]
    assert heads[2:4] == [
        ("Found by their own words, first 5", "naive dense"),
        ("Found by their own words, first 5", "hybrid"),
    ]


def test_an_arm_that_did_not_run_every_probe_is_no_column_and_has_its_reason(lab: Lab, view: DocumentsView) -> None:
    assert view.index.arms == ARMS
    assert "Not measured for keyword (BM25): the run keeps 3 results a probe." in read(build_documents_view(lab))


def test_a_document_is_found_or_not_and_opens_to_its_probes_with_ranks(view: DocumentsView) -> None:
    below = lines(view, key_of(view, "corpus/old/"))
    assert texts(below[key_of(view, "d2")])[2:4] == ["not found", "found"]
    probe = next(iter(lines(view, key_of(view, "d2")).values()))
    assert texts(probe)[2:] == ["not among 100", "rank 1"]
    assert example_results.HOSTILE in probe["name"]


def test_what_was_not_probed_is_not_called_found_or_missed(view: DocumentsView) -> None:
    below = lines(view, key_of(view, "corpus/mail.zip"))
    assert texts(below[key_of(view, "d4")])[:4] == ["no probe", "", "", ""]
    assert texts(below[key_of(view, "d5")])[:4] == ["not probed", "", "", ""]
    assert not below[key_of(view, "d5")]["opens"]


def test_choosing_a_folder_narrows_the_lab_and_can_be_taken_back(lab: Lab, view: DocumentsView) -> None:
    view.tree.chosen = key_of(view, "corpus/old/")
    assert lab.selection == Selection(place="corpus/old/")
    assert {"q01", "q02"} <= set(lab.matching) and "q03" not in lab.matching
    assert "2 judged questions have a right document here" in view.reading.value
    judged, unjudged = lab.about("corpus/old/")
    assert set(lab.matching) == judged | unjudged and judged == {"q01", "q02"}
    view.back.click()
    assert lab.selection == Selection()
    assert view.tree.chosen == "" and view.reading.value == ""


def test_questions_nobody_judged_are_told_apart_from_those_the_tree_counts(lab: Lab) -> None:
    stored = lab.stored
    kept = stored.qrels[stored.qrels["query_id"] != "q02"]
    rankings = stored.rankings.copy()
    first = (rankings["query_id"] == "q02") & (rankings["run"] == "hybrid") & (rankings["rank"] == 1)
    rankings.loc[first, "doc_id"] = "d3"
    fewer = Lab(dataclasses.replace(stored, qrels=kept, rankings=rankings), asked={"with": "hybrid"})
    fewer.narrow(place="d3")
    judged, unjudged = fewer.about("d3")
    assert "q02" in unjudged and "q03" in judged
    assert set(fewer.matching) == judged | unjudged
    assert f"{len(unjudged)} question" in (said := DocumentsView(fewer).reading.value)
    assert "nobody judged" in said and "the first document of hybrid lies here" in said


def test_the_mark_follows_what_is_chosen_elsewhere_and_is_in_sight(lab: Lab, view: DocumentsView) -> None:
    lab.narrow(place="d2")
    assert view.tree.chosen == key_of(view, "d2")
    assert key_of(view, "corpus/old/") in view.tree.opened
    lab.narrow(place="nowhere/")
    assert view.tree.chosen == ""
    assert "is no folder, file or document" in view.reading.value
    lab.widen()
    assert view.tree.chosen == ""


def test_other_conditions_stay_when_a_document_is_chosen(lab: Lab, view: DocumentsView) -> None:
    lab.narrow(outcome="recovered")
    view.tree.chosen = key_of(view, "d1")
    assert lab.selection == Selection(outcome="recovered", place="d1")


def test_the_reading_of_a_document_shows_hostile_words_as_text(lab: Lab, view: DocumentsView) -> None:
    lab.narrow(place="d1")
    assert "<script>" not in view.reading.value and "&lt;script&gt;" in view.reading.value
    assert "dated 2026-01-31" in view.reading.value
    assert "not among 100" in view.reading.value
    lab.narrow(place="d4")
    assert SHARED_TITLE in view.reading.value


def test_only_misses_and_search_open_what_they_leave(view: DocumentsView) -> None:
    view.tree.only_missed = True
    assert view.tree.status == "2 of 5 documents"
    assert set(lines(view, WHOLE)) == {key_of(view, "corpus/old/")}
    assert key_of(view, "corpus/old/") in view.tree.opened
    view.tree.words = "b.txt"
    assert view.tree.status == "1 of 5 documents"
    view.tree.order = "hybrid"
    assert view.tree.status == "0 of 5 documents"


def test_the_arm_chosen_orders_the_tree(view: DocumentsView) -> None:
    assert next(iter(lines(view, key_of(view, "corpus/old/")))) == key_of(view, "d1")
    view.tree.order = "not an arm"
    assert [each["title"] for each in view.tree.columns][:2] == ["Probed of all", "naive dense"]


def test_other_arms_compared_are_the_ones_whose_questions_are_counted(lab: Lab, view: DocumentsView) -> None:
    lab.candidate = "bm25"
    assert view.tree.columns[-1]["title"] == "keyword (BM25)"


@pytest.mark.parametrize("key", ["b99", "", "b0/x", None, 7, "d" + "9" * 5000, "../../x"])
def test_a_part_that_is_not_there_gets_no_answer(view: DocumentsView, key: object) -> None:
    assert answers(view, key) == []


def test_what_was_asked_before_the_tree_changed_is_not_answered(view: DocumentsView) -> None:
    assert answers(view, WHOLE, edition=view.tree.edition - 1) == []
    assert answers(view, WHOLE)[0]["branch"] == WHOLE


def test_documents_nobody_finds_come_first_with_their_places(lab: Lab) -> None:
    page = read(build_documents_view(lab))
    assert "Of 3 probed documents 67&nbsp;%" in page
    assert page.index("No search finds: 1") < page.index("Naive dense does not find: 2")
    assert "corpus/old/a.txt" in page
    assert "favours keyword search" in page
    assert f"1: drawn, but {SHARED_TITLE}." in page
    assert "1 of 5 documents: not drawn." in page
    assert "<script>" not in page


def test_the_sentence_says_what_is_not_measured_as_little_as_it_can() -> None:
    assert summary(probed()) == (
        "Of 3 probed documents 67 % [21, 94] are found by none of their probes with naive retrieval, "
        "33 % [6, 79] with any search."
    )
    alone = dataclasses.replace(probed(), naive_misses=Estimate.not_measured("the arm dense was not run"))
    assert summary(alone) == "Of 3 probed documents 33 % [6, 79] are found by none of their probes with any search."
    exact = dataclasses.replace(probed(), naive_misses=Estimate.exact(0.5, 4), all_miss=Estimate.exact(0.0, 4))
    assert summary(exact).endswith("50 % are found by none of their probes with naive retrieval, 0 % with any search.")


def test_without_probes_it_says_how_to_get_them_and_still_counts_questions(lab: Lab) -> None:
    whole = stored()
    comparison = dataclasses.replace(whole.comparison, findability=None)
    bare = Lab(dataclasses.replace(whole, comparison=comparison, probes=frame("probes", [])))
    built = build_documents_view(bare)
    assert "No document was searched for by its own words." in read(built)
    tree = next(each for each in every_widget(built) if isinstance(each, DocumentsView)).tree
    assert [each["title"] for each in tree.columns][:2] == ["Documents", "Questions"]


def test_a_thousand_documents_send_few_bytes_until_they_are_opened() -> None:
    whole = stored()
    one = whole.documents.iloc[[0]]
    many = one.loc[one.index.repeat(5_000)].assign(
        doc_id=[f"x{i}" for i in range(5_000)], path="corpus/corpus.jsonl", locator=[f"line {i}" for i in range(5_000)]
    )
    view = DocumentsView(Lab(dataclasses.replace(whole, documents=many)))
    assert len(json.dumps(view.tree.branches)) < 60_000
    assert all(len(lines(view, key)) <= 100 for key in view.tree.opened)


def test_what_is_counted_of_every_part_is_saved_safe_against_formulas(lab: Lab, view: DocumentsView) -> None:
    name, content = view._save()()
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert name == "documents.csv"
    assert rows[0][:5] == ["level", "kind", "name", "place", "documents"]
    whole = dict(zip(*rows[:2], strict=True))
    assert int(whole["documents"]) == len(lab.stored.documents)
    (_, first), *_ = view.index.corpus.every_node()
    assert float(whole["found dense"]) == pytest.approx(view.index.standing(first).found["dense"].value, abs=1e-6)
    assert len(rows) == 1 + sum(1 for _ in view.index.corpus.every_node())
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@"))]
