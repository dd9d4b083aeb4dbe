from __future__ import annotations

import random
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.health import boilerplate
from workbench.health.boilerplate import boilerplate_of, holds_line, lines_of
from workbench.records import Boilerplate, Document, Source


def document(doc_id: str, text: str, path: str = "") -> Document:
    return Document(doc_id, doc_id, text, Source(path or f"corpus/{doc_id}"))


def pages(n: int, *lines: str) -> list[Document]:
    return [document(f"d{number}", "\n".join([f"own text {chr(97 + number)}", *lines])) for number in range(n)]


def test_a_footer_is_counted_once_a_document_and_with_all_its_characters():
    corpus = [
        document(f"d{n}", f"own {chr(97 + n)}\nPage {n} of 12\fmore {chr(97 + n)}\n  Page 3  of 12 ") for n in range(5)
    ]
    found = boilerplate_of(corpus)
    # "Page 0 of 12" and "Page 3 of 12": 12 characters each, in five documents.
    assert found.lines == (Boilerplate("Page 0 of 12", 5, 5 * 24),)
    assert (found.characters, found.documents) == (120, 5)


def test_a_line_in_four_documents_is_not_boilerplate_yet():
    assert boilerplate_of(pages(4, "Internal use only")).lines == ()
    assert len(boilerplate_of(pages(5, "Internal use only")).lines) == 1


def test_in_a_large_corpus_a_tenth_of_the_documents_must_hold_the_line():
    words = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(100)]
    rest = [document(word, f"own {word}\nother {word}") for word in words]
    single = [document(f"one {word}", "Internal use only") for word in words]  # one line: not looked at
    held = pages(10, "Internal use only")
    assert boilerplate_of([*rest[:91], *held[:9], *single]).lines == ()  # 9 of 100
    assert len(boilerplate_of([*rest[:90], *held, *single]).lines) == 1  # 10 of 100


def test_copies_of_one_document_make_no_boilerplate_but_their_lines_are_counted():
    copies = [document(f"c{n}", "Dear customer\nwe have received your claim") for n in range(6)]
    assert boilerplate_of(copies, frozenset(range(1, 6))).lines == ()
    corpus = [*pages(5, "Internal use only"), document("copy", "own text a\nInternal use only")]
    assert boilerplate_of(corpus, frozenset({5})).lines == (Boilerplate("Internal use only", 6, 6 * 17),)


def test_rules_bullets_and_page_numbers_alone_are_no_lines():
    assert list(lines_of("---\n17\n* \n|  |\nNo\n£ 5,000\nNote")) == [("note", "Note")]


def test_in_the_record_of_a_table_other_digits_are_another_line():
    corpus = [document(f"s.csv#{n}", f"name: {chr(97 + n)}\nphone: 0113 555 {n}", "corpus/s.csv") for n in range(8)]
    assert boilerplate_of(corpus).lines == ()
    assert boilerplate_of([document(one.doc_id, one.text) for one in corpus]).lines[0].documents == 8


def test_a_long_line_is_shown_cut_and_still_found_in_its_documents():
    disclaimer = "This message may hold confidential matter. " * 8
    corpus = pages(5, disclaimer)
    (line,) = boilerplate_of(corpus).lines
    assert len(line.line) == 200
    assert line.characters == 5 * len(disclaimer.strip())
    assert all(holds_line(one, line.line) for one in corpus)
    assert not holds_line(document("other", "This message\nis another"), line.line)


def test_the_most_of_it_comes_first_and_no_more_than_a_hundred_lines():
    many = [f"{'x' * (n // 26 + 1)} footer {chr(97 + n % 26)}" for n in range(130)]
    found = boilerplate_of(pages(5, *many))
    assert len(found.lines) == 100
    assert [line.characters for line in found.lines] == sorted((line.characters for line in found.lines), reverse=True)
    assert found.characters == 5 * sum(map(len, many))


@given(
    st.lists(
        st.lists(st.sampled_from(["Alpha one", "alpha  ONE", "beta 1", "beta 2", "gamma", "--", ""]), max_size=5),
        max_size=14,
    ),
    st.sampled_from([1, 2, 1 << 24]),
)
def test_lines_are_those_of_counting_them_all_however_few_slots_there_are(texts: list[list[str]], slots: int):
    corpus = [document(f"d{number}", "\n".join(lines)) for number, lines in enumerate(texts)]
    keys = [
        [(" ".join(line.split()).casefold().replace("2", "0").replace("1", "0"), line) for line in lines]
        for lines in texts
    ]
    holders: dict[str, set[int]] = defaultdict(set)
    looked_at = 0
    for number, lines in enumerate(keys):
        different = {key for key, _ in lines if len(key) > 2}
        looked_at += len(different) > 1
        for key in different if len(different) > 1 else ():
            holders[key].add(number)
    expected = sorted(len(found) for found in holders.values() if len(found) >= max(5, looked_at / 10))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boilerplate, "SLOTS", slots)
        found = boilerplate_of(corpus)
    assert sorted(line.documents for line in found.lines) == expected
    assert found.documents == looked_at


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_documents_changes_no_count(rng: random.Random):
    corpus = [*pages(6, "Page 3 of 7", "Internal use only"), *pages(3, "Draft")]
    shuffled = list(corpus)
    rng.shuffle(shuffled)
    counts = [
        {(line.line.casefold(), line.documents, line.characters) for line in boilerplate_of(one).lines}
        for one in (corpus, shuffled)
    ]
    assert counts[0] == counts[1]
