"""The tree of a corpus by hand: parts, order, shares and questions of each part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.evaluation.corpus_tree import MOST_CHILDREN, WHOLE, CorpusTree, PlacedDocument
from workbench.evaluation.findability import ProbeRank
from workbench.evaluation.findability_tree import FindabilityTree, Shown, findability_table
from workbench.evaluation.standing_out import standing_out
from workbench.intervals import wilson
from workbench.records import Estimate


def document(path: str, locator: str = "", title: str = "") -> PlacedDocument:
    doc_id = path.removeprefix("corpus/") + (f"#{locator}" if locator else "")
    return PlacedDocument(doc_id, title or doc_id, path, locator)


DOCUMENTS = [
    document("corpus/policies/home/10 theft.pdf"),
    document("corpus/policies/home/2 fire.pdf"),
    document("corpus/policies/motor/damage.pdf"),
    document("corpus/faq.csv", "row 2"),
    document("corpus/faq.csv", "row 3"),
    document("corpus/a/b/c/deep.txt"),
]
FIRE, THEFT, DAMAGE = "policies/home/2 fire.pdf", "policies/home/10 theft.pdf", "policies/motor/damage.pdf"


def ranks(doc_id: str, dense: int, words: int, kind: str = "title") -> list[ProbeRank]:
    text = f"{kind} of {doc_id}"
    return [ProbeRank(doc_id, kind, text, "dense", dense), ProbeRank(doc_id, kind, text, "bm25", words)]  # type: ignore[arg-type]


PROBES = [*ranks(FIRE, 1, 1), *ranks(FIRE, 9, 2, "sentence"), *ranks(THEFT, 0, 5), *ranks(DAMAGE, 3, 0)]
RIGHT = {"q1": [FIRE], "q2": [FIRE, THEFT], "q3": ["faq.csv#row 2"], "q4": ["not in the corpus"]}
FOUND = {"q1": True, "q2": False, "q3": True}


def tree(**more: object) -> FindabilityTree:
    return FindabilityTree(DOCUMENTS, PROBES, ["dense", "bm25"], 5, right=RIGHT, **more)  # type: ignore[arg-type]


def names(parts: list) -> list[str]:  # type: ignore[type-arg]
    return [part.name for part in parts]


def key(index: FindabilityTree, place: str) -> str:
    node = index.corpus.find(place)
    assert node is not None
    return node.key


def test_folders_files_and_documents_lie_in_each_other() -> None:
    index = tree()
    assert names(index.children(WHOLE, Shown())) == ["a/b/c/", "faq.csv", "policies/"]
    assert names(index.children(key(index, "corpus/policies/"), Shown())) == ["home/", "motor/"]
    assert names(index.children(key(index, "corpus/policies/home/"), Shown())) == [FIRE, THEFT]
    assert names(index.children(key(index, "corpus/faq.csv"), Shown())) == ["faq.csv#row 2", "faq.csv#row 3"]


def test_a_place_names_a_part_even_inside_a_chain_of_folders() -> None:
    corpus = CorpusTree(DOCUMENTS)
    chain = corpus.find("corpus/a/b/c/")
    assert chain is not None and chain.place == "corpus/a/b/c/"
    assert corpus.find("corpus/a/") == corpus.find("corpus/a/b/") == chain
    assert corpus.find("") == corpus.find("corpus/") == corpus.node(WHOLE)
    assert corpus.find(FIRE) == corpus.find(f"corpus/{FIRE}")
    assert corpus.find("elsewhere/") is None


def test_numbers_in_names_count_by_size_with_and_without_a_path() -> None:
    placed = [PlacedDocument(name, "", f"corpus/{name}.txt") for name in ("10", "9")]
    loose = [PlacedDocument(name, "", "") for name in ("note 10", "note 9")]
    assert [d.doc_id for d in CorpusTree([*placed, *loose]).documents] == ["note 9", "note 10", "9", "10"]


def test_where_most_documents_are_missed_comes_first_and_what_was_not_probed_last() -> None:
    index = tree()
    assert names(index.children(WHOLE, Shown("dense"))) == ["policies/", "a/b/c/", "faq.csv"]
    home = key(index, "corpus/policies/home/")
    # Dense misses theft, and finds fire by one of two probes; BM25 finds both, and damage not at all.
    assert names(index.children(home, Shown("dense"))) == [THEFT, FIRE]
    assert names(index.children(home, Shown("bm25"))) == [FIRE, THEFT]
    assert names(index.children(key(index, "corpus/policies/"), Shown("bm25"))) == ["motor/", "home/"]


def test_only_misses_leaves_out_what_is_found_and_what_was_not_probed() -> None:
    index = tree()
    shown = Shown("dense", only_missed=True)
    assert index.matching(shown) == 1
    assert names(index.children(WHOLE, shown)) == ["policies/"]
    assert names(index.children(key(index, "corpus/policies/home/"), shown)) == [THEFT]


def test_a_search_wants_every_word_in_title_path_or_id() -> None:
    index = tree()
    assert index.matching(Shown(words="POLICIES fire")) == 1
    assert index.matching(Shown(words="policies")) == 3
    assert index.children(WHOLE, Shown(words="nothing of the kind")) == []


def test_a_document_counts_by_the_share_of_its_probes() -> None:
    index = tree()
    home = index.standing(index.corpus.node(key(index, "corpus/policies/home/")))
    # Both documents of the folder were probed: one half and nothing; no chance is left in a sample that is everything.
    assert home.found["dense"] == Estimate.exact(0.25, 2)
    assert (home.documents, home.probed, home.missed) == (2, 2, {"dense": 1, "bm25": 0})
    whole = index.standing(index.corpus.node(WHOLE))
    assert (whole.documents, whole.probed, whole.missed) == (6, 3, {"dense": 1, "bm25": 1})
    assert whole.found["dense"].value == pytest.approx((0.5 + 0 + 1) / 3)
    assert whole.found["bm25"] == wilson(2, 3)


def test_the_whole_corpus_keeps_the_number_the_comparison_gives() -> None:
    known = wilson(150, 200)
    index = tree(whole={"dense": known})
    assert index.standing(index.corpus.node(WHOLE)).found["dense"] is known


def test_documents_that_were_not_probed_are_neither_found_nor_missed() -> None:
    index = tree(without_probe={"faq.csv#row 2": "no words of its own"})
    assert [index.state(d) for d in (FIRE, "faq.csv#row 2", "faq.csv#row 3")] == ["probed", "no probe", "not probed"]
    faq = index.standing(index.corpus.node(key(index, "corpus/faq.csv")))
    assert (faq.documents, faq.probed, faq.without_probe, faq.missed) == (2, 0, 1, {"dense": 0, "bm25": 0})
    assert faq.found["dense"].value is None


def test_a_part_that_was_drawn_whole_is_exact_though_one_gave_no_probe() -> None:
    documents = [document(f"corpus/x/{name}.txt") for name in "abc"]
    index = FindabilityTree(
        documents, ranks("x/a.txt", 1, 1) + ranks("x/b.txt", 0, 0), ["dense"], without_probe={"x/c.txt": ""}
    )
    assert index.standing(index.corpus.node(WHOLE)).found["dense"] == Estimate.exact(0.5, 2)


def test_a_question_counts_once_where_it_has_two_right_documents() -> None:
    index = tree()
    home = index.corpus.node(key(index, "corpus/policies/home/"))
    assert index.questions(home) == ["q1", "q2"]
    assert index.questions_missed(home, FOUND) == wilson(1, 2)
    assert index.questions(index.corpus.node(WHOLE)) == ["q1", "q2", "q3"]
    assert index.questions_missed(index.corpus.node(key(index, "corpus/a/b/c/")), FOUND).value is None


def test_the_trail_opens_the_way_to_a_document() -> None:
    index = tree()
    above = [WHOLE, key(index, "corpus/policies/"), key(index, "corpus/policies/home/")]
    assert index.trail(key(index, FIRE), Shown("dense")) == above


def test_one_file_with_thirty_thousand_records_never_becomes_one_list() -> None:
    documents = [PlacedDocument(str(i), f"Study {i}", "corpus/corpus.jsonl", f"line {i}") for i in range(30_000)]
    index = FindabilityTree(documents)
    opened = index.trail(key(index, "29999"), Shown())
    assert len(opened) == 4  # corpus, file, drawer, drawer
    assert all(len(index.children(part, Shown())) <= MOST_CHILDREN for part in opened)
    assert "29999" in [node.place for node in index.children(opened[-1], Shown())]


@given(st.integers(101, 400), st.data())
def test_drawers_hold_every_document_once(number: int, data: st.DataObject) -> None:
    corpus = CorpusTree([PlacedDocument(str(i), f"Title {i * 7919 % 1000}", "corpus/all.jsonl") for i in range(number)])
    kept = data.draw(st.sets(st.integers(0, number - 1), min_size=1))
    held: list[int] = []
    waiting = [WHOLE]
    while waiting:
        below = corpus.children(waiting.pop(), lambda node: any(at in kept for at in range(node.start, node.stop)))
        assert len(below) <= MOST_CHILDREN
        waiting += [node.key for node in below if node.opens]
        held += [node.start for node in below if node.kind == "document"]
    assert sorted(held) == sorted(kept)


@given(st.lists(st.text("ab/ \u202e9", min_size=1, max_size=12), min_size=1, max_size=20, unique=True))
def test_any_paths_give_a_tree_that_holds_each_document_once(paths: list[str]) -> None:
    corpus = CorpusTree([PlacedDocument(path, path, path) for path in paths])
    nodes = [node for _, node in corpus.every_node()]
    assert sorted(node.place for node in nodes if node.kind == "document") == sorted(paths)
    for node in nodes:
        below = corpus.children(node.key, lambda _node: True)
        assert sum(each.stop - each.start for each in below) == (
            0 if node.kind == "document" else node.stop - node.start
        )


@pytest.mark.parametrize("wrong", ["", "b", "b99", "d-1", "x0", "b0/", "b0/a-b", "d²", "b" + "9" * 5000])
def test_a_key_that_names_no_part_is_refused_or_holds_nothing_new(wrong: str) -> None:
    corpus = CorpusTree(DOCUMENTS)
    if wrong == "b0/":
        assert corpus.children(wrong, lambda _node: True) == corpus.children("b0", lambda _node: True)
        return
    with pytest.raises(KeyError):
        corpus.children(wrong, lambda _node: True)


def test_the_table_has_a_row_for_every_folder_file_and_document() -> None:
    table = findability_table(tree(), {"dense": FOUND})
    assert len(table) == 1 + 5 + 6
    home = table.set_index("place").loc["corpus/policies/home/"]
    assert (home["kind"], home["documents"], home["probed"], home["found dense"]) == ("folder", 2, 2, 0.25)
    assert (home["missed dense"], home["questions"], home["questions missed dense"]) == (1, 2, 0.5)
    assert table.set_index("place").loc["faq.csv#row 2"].isna()["found dense"]


def test_what_stands_out_is_what_chance_would_hardly_give() -> None:
    every = [f"d{i}" for i in range(20)]
    old, most, few = every[:3], every[:18], every[:2]
    shared = standing_out(every[:3], every, {"are old": old, "have a title": most, "are red": few})
    # All three of the three old ones: 1 of C(20, 3) = 1,140 draws. Two share too little to be looked at.
    assert [(s.words, s.count, s.n, s.count_all, s.n_all) for s in shared] == [("are old", 3, 3, 3, 20)]
    assert standing_out([], every, {"are old": old}) == []
