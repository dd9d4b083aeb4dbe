from itertools import pairwise

import pytest
from fabricated_retrieval import document
from hypothesis import given
from hypothesis import strategies as st

from workbench.ingest.corpus.chunking import MIN_WORDS, chunk, with_context
from workbench.records import Document, Passage, Section, Source

TEXTS = st.text(alphabet=st.sampled_from("aB1 .\n\f?é\u2028\t"), max_size=400)
HEADINGS = st.lists(st.sampled_from("ABC"), max_size=3).map(tuple)
PLACES = st.sampled_from(["", "page 1", "page 2", "sheet 'Q1'", "slide 2"])


@st.composite
def documents_with_sections(draw: st.DrawFn) -> Document:
    text = draw(TEXTS)
    starts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    sections = tuple(Section(start, draw(HEADINGS), draw(PLACES)) for start in starts)
    return Document("d", "Manual", text, Source("corpus/d"), sections=sections)


def sectioned(*parts: tuple[str, tuple[str, ...], str]) -> Document:
    """A document of parts: text, headings, locator."""
    text, sections = "", []
    for body, headings, locator in parts:
        sections.append(Section(len(text), headings, locator))
        text += f"{body}\n"
    return Document("d", "Manual", text, Source("corpus/d"), sections=tuple(sections))


def words(name: str, number: int = MIN_WORDS) -> str:
    return " ".join([name] * number)


@given(TEXTS, st.integers(1, 12))
def test_passages_are_slices_in_order_that_hold_every_word(text: str, max_words: int) -> None:
    passages = chunk(document("d", text), max_words=max_words)
    assert all(text[p.start : p.end] == p.text for p in passages)
    assert all(1 <= len(p.text.split()) <= max_words for p in passages)
    assert all(a.end <= b.start for a, b in pairwise(passages))
    assert [word for p in passages for word in p.text.split()] == text.split()


@given(documents_with_sections(), st.integers(1, 12))
def test_sections_lose_no_word_and_every_passage_names_the_one_it_begins_in(found: Document, max_words: int) -> None:
    passages = chunk(found, max_words=max_words)
    assert [word for p in passages for word in p.text.split()] == found.text.split()
    assert all(found.text[p.start : p.end] == p.text for p in passages)
    for passage in passages:
        above = [section for section in found.sections if section.start <= passage.start]
        expected = (above[-1].headings, above[-1].locator) if above else ((), "")
        assert (passage.headings, passage.locator, passage.title) == (*expected, "Manual")


def test_cuts_fall_between_sentences() -> None:
    passages = chunk(document("d", "One two three. Four five six. Seven eight."), max_words=5)
    assert [p.text for p in passages] == ["One two three.", "Four five six. Seven eight."]


def test_a_sentence_longer_than_a_passage_is_cut_between_words() -> None:
    assert [p.text for p in chunk(document("d", "a b c d e"), max_words=2)] == ["a b", "c d", "e"]


def test_a_document_without_words_gives_no_passage() -> None:
    assert chunk(document("d", " \n\f ")) == []


def test_passages_of_no_words_are_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        chunk(document("d", "a"), max_words=0)


def test_a_passage_ends_where_a_new_sheet_or_slide_begins() -> None:
    found = sectioned((words("one"), (), "sheet 'Q1'"), (words("two"), (), "sheet 'Q2'"))
    assert [(p.text.split()[0], p.locator) for p in chunk(found)] == [("one", "sheet 'Q1'"), ("two", "sheet 'Q2'")]


def test_a_passage_goes_on_over_a_page_and_over_a_heading_of_the_third_level() -> None:
    deep = (("Claims", "Theft", "Keys"), ("Claims", "Theft", "Cards"))
    found = sectioned((words("one"), deep[0], "page 1"), (words("two"), deep[1], "page 2"))
    assert [(p.headings, p.locator) for p in chunk(found)] == [(deep[0], "page 1")]


def test_a_heading_of_the_second_level_begins_a_passage() -> None:
    found = sectioned((words("one"), ("Claims", "Theft"), ""), (words("two"), ("Claims", "Fire"), ""))
    assert [p.headings for p in chunk(found)] == [("Claims", "Theft"), ("Claims", "Fire")]


def test_short_sections_are_joined_and_a_short_last_one_to_the_one_before() -> None:
    parts = [("title page", ("A",), ""), (words("one"), ("B",), ""), ("thanks", ("C",), ""), ("bye", ("D",), "")]
    assert [p.text.split() for p in chunk(sectioned(*parts))] == [
        ["title", "page", *["one"] * MIN_WORDS, "thanks", "bye"]
    ]


def test_pages_alone_change_no_cut() -> None:
    text = "".join(f"Sentence number {number} of the text. " for number in range(300))
    plain = chunk(document("d", text))
    paged = chunk(
        Document("d", "d", text, Source("corpus/d"), sections=(Section(0, (), "page 1"), Section(999, (), "page 2")))
    )
    assert [p.text for p in paged] == [p.text for p in plain]
    assert {p.locator for p in paged} == {"page 1", "page 2"}


def test_context_names_title_and_headings_once_each() -> None:
    passage = Passage("d::0", "d", "Report it.", 0, 10, "Claims", ("Claims", "Theft"))
    assert with_context(passage) == "Claims > Theft\nReport it."
    assert with_context(Passage("d::0", "d", "Report it.", 0, 10)) == "Report it."
