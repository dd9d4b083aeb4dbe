from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import CancelledError
from workbench.health import duplicates
from workbench.health.duplicates import Duplicates, duplicates_of
from workbench.health.groups import Groups
from workbench.health.shingles import count_words, word_pieces
from workbench.health.signatures import BANDS, NEIGHBOURS, VALUES, likely_pairs
from workbench.records import Document, Source

RUNS = 5


def document(doc_id: str, text: str, path: str = "", locator: str = "") -> Document:
    return Document(doc_id, doc_id, text, Source(path or f"corpus/{doc_id}", locator))


def find(documents: Sequence[Document]) -> Duplicates:
    return duplicates_of(documents, [count_words(one.text) for one in documents])


def groups(documents: Sequence[Document]) -> set[frozenset[str]]:
    return {frozenset(group.doc_ids) for group in find(documents).groups}


def numbered(n: int, start: int = 0) -> str:
    return " ".join(f"w{number}" for number in range(start, start + n))


def slow_groups(documents: Sequence[Document]) -> set[frozenset[str]]:
    """Every pair compared, without hashing."""
    words = [[word for piece in word_pieces(one.text) for word in piece] for one in documents]
    runs = [{tuple(one[start : start + RUNS]) for start in range(len(one) - RUNS + 1)} for one in words]
    joined = Groups(len(documents))
    for left, right in combinations(range(len(documents)), 2):
        near = min(len(words[left]), len(words[right])) >= 8 and len(runs[left] & runs[right]) >= 0.85 * len(
            runs[left] | runs[right]
        )
        if near or (words[left] and words[left] == words[right]):
            joined.join(left, right)
    families: dict[int, set[str]] = {}
    for position, one in enumerate(documents):
        families.setdefault(joined.root(position), set()).add(one.doc_id)
    return {frozenset(family) for family in families.values() if len(family) > 1}


@st.composite
def corpora(draw: st.DrawFn) -> list[Document]:
    """A few texts, each with copies in which some words were changed, dropped or only written otherwise."""
    texts = []
    for start in range(draw(st.integers(1, 3))):
        words = numbered(draw(st.integers(1, 120)), 1000 * start).split()
        texts.append(" ".join(words))
        for _ in range(draw(st.integers(0, 4))):
            edited = list(words)
            for _ in range(draw(st.integers(0, 6))):
                edited[draw(st.integers(0, len(edited) - 1))] = draw(st.sampled_from(["", "New,", "other"]))
            texts.append(draw(st.sampled_from([" ", "\n", ". "])).join(edited))
    return [document(f"d{number}", text) for number, text in enumerate(texts)]


@settings(max_examples=150)
@given(corpora())
def test_groups_are_those_of_comparing_every_pair(documents: list[Document]):
    assert groups(documents) == slow_groups(documents)


@given(corpora(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_order_of_the_documents_changes_no_group(documents: list[Document], files: int, rng: random.Random):
    documents = [replace(one, source=Source(f"{number % files}.csv")) for number, one in enumerate(documents)]
    shuffled = list(documents)
    rng.shuffle(shuffled)
    assert groups(shuffled) == groups(documents)


@given(corpora())
def test_copies_are_always_in_one_group_and_a_document_in_one_only(documents: list[Document]):
    found = find(documents)
    members = [doc_id for group in found.groups for doc_id in group.doc_ids]
    assert len(members) == len(set(members))
    of = {doc_id: number for number, group in enumerate(found.groups) for doc_id in group.doc_ids}
    by_digest: dict[bytes, set[int | None]] = {}
    for one in documents:
        counted = count_words(one.text)
        if counted.words:
            by_digest.setdefault(counted.digest, set()).add(of.get(one.doc_id))
    assert all(len(numbers) == 1 for numbers in by_digest.values())
    for group in found.groups:
        assert group.exact == (len({count_words(one.text) for one in documents if one.doc_id in group.doc_ids}) == 1)
        assert group.similarity == 1.0 if group.exact else 0.0 <= group.similarity <= 1.0


def test_one_changed_word_in_a_hundred_is_a_near_duplicate_with_its_similarity_told():
    changed = numbered(100).replace("w50 ", "other ")
    (group,) = find([document("a", numbered(100)), document("b", changed)]).groups
    # 96 runs each; five hold the word: 91 shared of 101.
    assert group.similarity == pytest.approx(91 / 101)
    assert (group.doc_ids, group.exact) == (("a", "b"), False)


def test_the_lowest_similarity_to_the_first_is_told_even_where_a_chain_goes_below_the_threshold():
    first, middle, last = numbered(100), numbered(100, 7), numbered(100, 14)
    # Shifted by 7: 89 runs shared of 103, 0.864; by 14: 82 of 110, 0.745.
    (group,) = find([document("a", first), document("b", middle), document("c", last)]).groups
    assert group.similarity == pytest.approx(82 / 110)


def test_texts_just_below_the_threshold_are_no_duplicates():
    # Shifted by 8: 88 runs shared of 104, 0.846.
    assert groups([document("a", numbered(100)), document("b", numbered(100, 8))]) == set()


def test_short_texts_are_compared_exactly_only():
    short = [
        document("a", "Yes, see form CF-207b."),
        document("b", "yes see form CF 207b"),
        document("c", "Yes, see form CF-207c."),
    ]
    assert groups(short) == {frozenset({"a", "b"})}
    assert groups([document("a", ""), document("b", " -- ")]) == set()


def test_positions_of_copies_are_all_but_the_first():
    found = find(
        [document("a", "one two"), document("b", "three"), document("c", "One, two."), document("d", "ONE TWO")]
    )
    assert found.copies == {2, 3}
    assert found.groups[0].doc_ids == ("a", "c", "d")


def records(names: Sequence[str], terms: str) -> list[Document]:
    return [
        document(f"suppliers.csv#{row}", f"{name} {terms}", "corpus/suppliers.csv", f"row {row}")
        for row, name in enumerate(names, 2)
    ]


def test_records_of_one_table_that_share_their_terms_are_no_duplicates():
    terms = numbered(200)
    rows = records([f"name{row} phone{row}" for row in range(40)], terms)
    assert groups(rows) == set()
    # As files of their own they would be: 196 of 200 runs are the same.
    assert len(groups([document(one.doc_id, one.text) for one in rows])) == 1


def test_a_record_entered_twice_is_found_among_records_that_share_their_terms():
    rows = records([f"name{row} phone{row} {numbered(100, 1000 * row)}" for row in range(1, 40)], numbered(100))
    again = document("suppliers.csv#99", rows[7].text.replace("w8050 ", "other "), "corpus/suppliers.csv", "row 99")
    assert groups([*rows, again]) == {frozenset({rows[7].doc_id, "suppliers.csv#99"})}


def test_pairs_to_look_at_grow_with_the_texts_and_still_connect_them_all():
    alike = np.tile(np.arange(VALUES, dtype=np.uint32), (300, 1))
    pairs = list(likely_pairs(alike))
    assert len(pairs) <= BANDS * NEIGHBOURS * 300  # every pair would be 44,850 a band
    joined = Groups(300)
    for left, right in pairs:
        joined.join(left, right)
    assert {joined.root(row) for row in range(300)} == {0}


def test_rows_that_agree_in_a_band_and_little_else_are_not_looked_at():
    left = np.arange(VALUES, dtype=np.uint32)
    right = np.where(left < 80, left, left + 1000).astype(np.uint32)  # 80 of 126 values: 0.63
    assert list(likely_pairs(np.array([left, right]))) == []


def test_more_likely_pairs_than_may_be_compared_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(duplicates, "CHECKS_A_DOCUMENT", 0)
    # Shifted by 8: likely by signature, and below the threshold.
    unlike = [document(f"d{n}", numbered(100, 8 * n)) for n in range(40)]
    assert not find(unlike).complete
    monkeypatch.undo()
    assert find(unlike).complete


def test_progress_never_goes_back():
    seen: list[float] = []
    texts = [document(f"d{n}", numbered(100, 9 * n)) for n in range(250)]
    duplicates_of(texts, [count_words(one.text) for one in texts], progress=lambda share, _: seen.append(share))
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] <= seen[-1] <= 1.0


def test_near_duplicates_of_long_texts_are_found_by_a_sample_of_their_runs():
    words = numbered(70_000).split()
    longer = " ".join(words)
    changed = " ".join([*words[:35_000], "other", *words[35_000:]])
    (group,) = find([document("a", longer), document("b", changed), document("c", numbered(70_000, 10**6))]).groups
    assert group.doc_ids == ("a", "b")
    assert group.similarity > 0.999


def test_what_progress_raises_ends_the_work():
    def cancel(share: float, message: str) -> None:
        raise CancelledError("cancelled")

    text = numbered(20)
    with pytest.raises(CancelledError):
        duplicates_of([document("a", text)], [count_words(text)], progress=cancel)
