from itertools import pairwise

import pytest
from fabricated_retrieval import document
from hypothesis import given
from hypothesis import strategies as st

from workbench.ingest.chunking import chunk

TEXTS = st.text(alphabet=st.sampled_from("aB1 .\n\f?é\u2028\t"), max_size=400)


@given(TEXTS, st.integers(1, 12))
def test_passages_are_slices_in_order_that_hold_every_word(text: str, max_words: int) -> None:
    passages = chunk(document("d", text), max_words=max_words)
    assert all(text[p.start : p.end] == p.text for p in passages)
    assert all(1 <= len(p.text.split()) <= max_words for p in passages)
    assert all(a.end <= b.start for a, b in pairwise(passages))
    assert [word for p in passages for word in p.text.split()] == text.split()


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
