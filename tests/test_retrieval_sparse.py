import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from fabricated_retrieval import passages_of, query
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from workbench.case import open_case
from workbench.ingest.load import load_inputs
from workbench.records import Passage, Query
from workbench.retrieval.sparse import K1, B, SparseRetriever, tokenize
from workbench.retrieval.terms import CorpusTerms
from workbench.retrieval.tokens import TokenizedCorpus

WORDS = ["claim", "excess", "policy", "water", "storm", "roof", "theft", "motor", "flood", "drain", "fence", "boiler"]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def fabricated(number: int) -> tuple[list[Passage], list[Query]]:
    """Texts of common and rare words with copies among them, and questions that repeat words and hold unknown ones."""
    rng = np.random.default_rng(7)
    texts = {f"d{i}": " ".join(rng.choice(WORDS, size=rng.integers(4, 30))) + f" ref{i // 3}" for i in range(number)}
    queries = [query(f"q{i}", " ".join(rng.choice(WORDS, size=4)) + f" ref{i} zeppelin") for i in range(40)]
    return passages_of(texts), queries


def reference(passages: list[Passage], queries: list[Query], k: int) -> list[list[tuple[str, float]]]:
    """What rank-bm25 itself gives, with ties in passage order and scores of 0 left out."""
    index = BM25Okapi([tokenize(passage.text) for passage in passages], k1=K1, b=B, epsilon=0)
    rankings = []
    for asked in queries:
        scores = index.get_scores(tokenize(asked.text))
        best = sorted(range(len(passages)), key=lambda i: (-scores[i], i))[:k]
        rankings.append([(passages[i].passage_id, float(scores[i])) for i in best if scores[i] > 0])
    return rankings


def found(passages: list[Passage], queries: list[Query], k: int, **settings: str) -> list[list[tuple[str, float]]]:
    rankings = SparseRetriever(passages, **settings).retrieve_all(queries, k)  # type: ignore[arg-type]
    return [[(p.passage_id, p.score) for p in ranking] for ranking in rankings]


def test_identifiers_are_cut_at_punctuation_and_keep_their_numbers() -> None:
    assert tokenize("Form CF-207b, clause 4.3(c), END-H-114") == ["form", "cf", "207b", "claus", "end", "114"]


def test_lucene_score_is_the_published_formula() -> None:
    passages = passages_of({"a": "water water roof", "b": "roof theft"})
    score = SparseRetriever(passages).retrieve_all([query("q", "water")], 1)[0][0].score
    idf = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    length = 3 / 2.5
    # Without the factor (k1 + 1) of the first publications, which Lucene dropped in version 8; the order is the same.
    assert score == pytest.approx(idf * 2 / (2 + 1.5 * (1 - 0.75 + 0.75 * length)))


def test_a_word_asked_twice_counts_twice() -> None:
    passages = passages_of({"a": "water roof", "b": "roof theft", "c": "fence"})
    once, twice = SparseRetriever(passages).retrieve_all([query("q", "water"), query("r", "water water")], 1)
    assert twice[0].score == pytest.approx(2 * once[0].score)


def test_okapi_scores_are_those_of_rank_bm25_to_the_last_bit() -> None:
    passages, queries = fabricated(300)
    assert found(passages, queries, 10, variant="okapi") == reference(passages, queries, 10)


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=6), min_size=1, max_size=8), st.lists(st.sampled_from(WORDS)))
def test_okapi_is_rank_bm25_on_corpora_of_any_shape(texts: list[list[str]], asked: list[str]) -> None:
    passages = passages_of({f"d{i}": " ".join(words) for i, words in enumerate(texts)})
    if any(texts):
        queries = [query("q", " ".join(asked))]
        assert found(passages, queries, 10, variant="okapi") == reference(passages, queries, 10)


@pytest.mark.shared_data
def test_the_ten_best_of_scifact_are_those_of_rank_bm25() -> None:
    if not (DATA / "scifact").is_dir():
        pytest.skip("the development data 'scifact' is not beside this checkout")
    inputs = load_inputs(open_case(DATA / "scifact"))
    passages, queries = list(inputs.passages[:5000]), list(inputs.queries[:100])
    assert found(passages, queries, 10, variant="okapi") == reference(passages, queries, 10)


@pytest.mark.parametrize("variant", ["lucene", "okapi"])
def test_bm25s_gives_the_same_scores_in_single_precision(variant: str) -> None:
    passages, queries = fabricated(200)
    ours = found(passages, queries, 10, variant=variant)
    theirs = found(passages, queries, 10, engine="bm25s", variant=variant)
    for one, other in zip(ours, theirs, strict=True):
        assert [score for _, score in one] == pytest.approx([score for _, score in other], rel=1e-5)


def test_the_reference_engine_passes_through_the_same_selection() -> None:
    passages, queries = fabricated(60)
    assert found(passages, queries, 10, engine="rank-bm25", variant="okapi") == reference(passages, queries, 10)


def test_tokens_made_before_give_the_same_index_and_the_same_exact_terms() -> None:
    passages, queries = fabricated(50)
    tokens = TokenizedCorpus.of(passage.text for passage in passages)
    index = SparseRetriever(passages, tokens=tokens)
    assert index.tokens is tokens
    assert index.retrieve_all(queries, 5) == SparseRetriever(passages).retrieve_all(queries, 5)
    shared, own = CorpusTerms(passages, tokens=tokens), CorpusTerms(passages)
    assert [shared.exact_terms(q.text) for q in queries] == [own.exact_terms(q.text) for q in queries]
    assert shared.exact_terms("zeppelin ref7 water") == ("ref7",)


def test_a_mask_gives_what_is_left_of_the_whole_ranking() -> None:
    passages, queries = fabricated(50)
    mask = np.arange(50) % 3 == 0
    among = [mask, *[None] * (len(queries) - 1)]
    index = SparseRetriever(passages)
    whole, kept = index.retrieve_all(queries, 50), index.retrieve_all(queries, 5, among=among)
    allowed = {passage.passage_id for passage, is_allowed in zip(passages, mask, strict=True) if is_allowed}
    assert kept[0] == [passage for passage in whole[0] if passage.passage_id in allowed][:5]
    assert kept[1:] == [ranking[:5] for ranking in whole[1:]]


def test_tokens_of_another_corpus_are_refused() -> None:
    with pytest.raises(ValueError, match="1 tokenized texts for 2 passages"):
        SparseRetriever(passages_of({"a": "x y", "b": "z"}), tokens=TokenizedCorpus.of(["water"]))


def test_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="known are bm25s, rank-bm25, workbench"):
        SparseRetriever(passages_of({"a": "x y"}), engine="elastic")  # type: ignore[arg-type]


def test_rank_bm25_refuses_the_lucene_variant() -> None:
    with pytest.raises(ValueError, match="okapi"):
        SparseRetriever(passages_of({"a": "water roof"}), engine="rank-bm25")


@pytest.mark.parametrize("asked", ["the of", "", "zeppelin", "the zeppelin"])
@pytest.mark.parametrize("texts", [{}, {"a": "the of and"}, {"a": "", "b": "water"}])
def test_nothing_to_find_is_an_empty_ranking(texts: Mapping[str, str], asked: str) -> None:
    assert SparseRetriever(passages_of(texts)).retrieve_all([query("q", asked)], 5) == [[]]


def test_k_of_nothing_gives_nothing() -> None:
    assert SparseRetriever(passages_of({"a": "water"})).retrieve_all([query("q", "water")], 0) == [[]]
