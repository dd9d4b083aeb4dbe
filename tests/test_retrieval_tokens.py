"""The tokenizer and the corpus of token ids: the fast way must give what the plain one gives, text by text."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import Stemmer
from bm25s.stopwords import STOPWORDS_EN
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.retrieval.tokens import TokenizedCorpus, tokenize

ROOFS = ["a storm hit the roof", "roof and roof tiles", "the tiles"]

# Mostly what documents are made of, and every other character too.
TEXTS = st.text(st.one_of(st.sampled_from("abc AB 12_-.'’“–\né\tİΣß"), st.characters()), max_size=40)


def plain(text: str) -> list[str]:
    """The definition: runs of two or more word characters between boundaries, stop words out, one stem a word."""
    words = [word for word in re.findall(r"\b\w\w+\b", text.lower()) if word not in STOPWORDS_EN]
    return [Stemmer.Stemmer("english").stemWord(word) for word in words]


def words_of(corpus: TokenizedCorpus, position: int) -> list[str]:
    words = list(corpus.vocabulary)
    return [words[token] for token in corpus.tokens(position)]


@given(TEXTS)
@example("Form CF-207b, clause 4.3(c), END-H-114")
def test_tokens_are_those_of_the_definition(text: str) -> None:
    assert tokenize(text) == plain(text)


@given(st.lists(TEXTS, max_size=6))
@example(["Claims CLAIM claim's", "", "der Schaden – “water” İstanbul ΑΣ.Β", "the of and", "\x1c\x1f a_b"])
def test_a_corpus_holds_the_same_tokens_as_its_texts_one_by_one(texts: list[str]) -> None:
    corpus = TokenizedCorpus.of(texts)
    assert len(corpus) == len(texts)
    assert [words_of(corpus, i) for i in range(len(texts))] == [plain(text) for text in texts]
    assert list(corpus.vocabulary.values()) == list(range(len(corpus.vocabulary)))
    assert corpus.lengths.tolist() == [len(plain(text)) for text in texts]


@given(st.lists(TEXTS, max_size=6))
def test_occurrences_count_every_token_in_every_text(texts: list[str]) -> None:
    corpus = TokenizedCorpus.of(texts)
    counted = corpus.occurrences.toarray()
    for place, text in enumerate(texts):
        tokens = plain(text)
        assert {word: counted[token, place] for word, token in corpus.vocabulary.items() if counted[token, place]} == {
            word: tokens.count(word) for word in tokens
        }
    assert corpus.document_frequency.tolist() == (counted > 0).sum(axis=1).tolist()


def test_document_frequency_counts_texts_not_words() -> None:
    corpus = TokenizedCorpus.of(ROOFS)
    frequency = {word: int(corpus.document_frequency[token]) for word, token in corpus.vocabulary.items()}
    assert frequency == {"storm": 1, "hit": 1, "roof": 2, "tile": 2}


def test_idf_is_the_published_formula_for_both_variants() -> None:
    corpus = TokenizedCorpus.of([*ROOFS, "a fence"])
    storm, roof = corpus.vocabulary["storm"], corpus.vocabulary["roof"]
    assert corpus.idf()[storm] == pytest.approx(math.log(1 + (4 - 1 + 0.5) / (1 + 0.5)))
    assert corpus.idf("okapi")[storm] == pytest.approx(math.log((4 - 1 + 0.5) / (1 + 0.5)))
    assert corpus.idf("okapi")[roof] == 0.0


def test_ids_of_another_text_leave_out_what_the_corpus_does_not_hold() -> None:
    corpus = TokenizedCorpus.of(ROOFS)
    ids = corpus.ids("Zebras on the roofs, tiled roofs")
    assert ids.tolist() == [corpus.vocabulary[word] for word in ("roof", "tile", "roof")]
    assert corpus.ids("").dtype == np.int32


def test_a_corpus_of_nothing_is_no_error() -> None:
    corpus = TokenizedCorpus.of([])
    assert len(corpus) == 0
    assert corpus.document_frequency.tolist() == []
    assert corpus.idf().tolist() == []
    assert TokenizedCorpus.of(["the", ""]).occurrences.shape == (0, 2)
