"""Dense search against the formula it stands for, whatever the blocks; double precision is the reference."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fabricated_retrieval import query
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workbench.records import Passage, ScoredPassage
from workbench.retrieval.dense import DenseRetriever
from workbench.retrieval.ranking import top_k


class GivenVectors:
    """An encoder that was told the vectors: a text is the number of its row."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.vectors = vectors

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self.vectors[[int(text) for text in texts]]


def passages(number: int) -> list[Passage]:
    return [Passage(f"p{i}", f"d{i}", "", 0, 0) for i in range(number)]


def search(
    vectors: np.ndarray, asked: np.ndarray, k: int, rows: Sequence[int] | None = None, **blocks: int
) -> list[list[ScoredPassage]]:
    queries = [query(str(i), str(i)) for i in (range(len(asked)) if rows is None else rows)]
    return DenseRetriever(passages(len(vectors)), vectors, GivenVectors(asked), **blocks).retrieve_all(queries, k)


def formula(vectors: np.ndarray, asked: np.ndarray, k: int) -> list[list[ScoredPassage]]:
    """All scores at once, in double precision, sorted."""
    rankings = []
    for vector in asked:
        scores = (vectors.astype(np.float64) * vector.astype(np.float64)).sum(axis=1)
        rankings.append([ScoredPassage(f"p{i}", float(scores[i])) for i in top_k(scores, k)])
    return rankings


def unit_vectors(number: int, dimension: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((number, dimension), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


NUMBERS = st.one_of(st.sampled_from([0.0, 0.25, 0.5, -0.5, 1.0]), st.floats(-1, 1, width=32))


@given(st.data(), st.integers(1, 5), st.integers(0, 40), st.integers(0, 6), st.integers(0, 45))
def test_the_result_is_that_of_the_formula_whatever_the_blocks(
    data: st.DataObject, dimension: int, number: int, questions: int, k: int
) -> None:
    vectors = data.draw(arrays.arrays(np.float32, (number, dimension), elements=NUMBERS))
    asked = data.draw(arrays.arrays(np.float32, (questions, dimension), elements=NUMBERS))
    found = search(
        vectors, asked, k, query_block=data.draw(st.integers(1, 7)), passage_block=data.draw(st.integers(1, 50))
    )
    assert found == formula(vectors, asked, k)


def test_blocks_and_company_do_not_move_a_single_bit_at_the_size_of_a_real_model() -> None:
    vectors, asked = unit_vectors(3000, 384, seed=1), unit_vectors(40, 384, seed=2)
    expected = formula(vectors, asked, 50)
    assert search(vectors, asked, 50) == expected
    assert search(vectors, asked, 50, query_block=7, passage_block=333) == expected
    alone = [search(vectors, asked, 50, [i])[0] for i in range(5)]
    assert alone == expected[:5]


def test_copies_of_a_passage_tie_and_keep_corpus_order_across_blocks() -> None:
    vectors = unit_vectors(900, 384, seed=3)
    vectors[[5, 17, 18, 400, 899]] = vectors[5]
    found = search(vectors, vectors[[5]], 5, passage_block=100)[0]
    assert [passage.passage_id for passage in found] == ["p5", "p17", "p18", "p400", "p899"]
    assert len({passage.score for passage in found}) == 1


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 12))
def test_a_mask_gives_what_is_left_of_the_whole_ranking(seed: int, k: int, passage_block: int) -> None:
    vectors, asked = unit_vectors(25, 4, seed), unit_vectors(3, 4, seed + 1)
    rng = np.random.default_rng(seed)
    among = [rng.random(25) < 0.4, None, np.zeros(25, dtype=bool)]
    retriever = DenseRetriever(passages(25), vectors, GivenVectors(asked), passage_block=passage_block)
    found = retriever.retrieve_all([query(str(i), str(i)) for i in range(3)], k, among=among)
    kept = [passage for passage in formula(vectors, asked[:1], 25)[0] if among[0][int(passage.passage_id[1:])]]
    assert found == [kept[:k], formula(vectors, asked, k)[1], []]


def test_scores_are_cosines() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
    found = search(vectors, np.array([[0.8, 0.6]], dtype=np.float32), 3)[0]
    assert [passage.passage_id for passage in found] == ["p1", "p0", "p2"]
    assert [passage.score for passage in found] == pytest.approx([0.6 * 0.8 + 0.8 * 0.6, 0.8, 0.6])


def test_memory_does_not_grow_with_questions_times_passages() -> None:
    vectors, asked = unit_vectors(20_000, 16, seed=4), unit_vectors(400, 16, seed=5)
    retriever = DenseRetriever(passages(20_000), vectors, GivenVectors(asked), query_block=16, passage_block=2_000)
    queries = [query(str(i), str(i)) for i in range(400)]
    tracemalloc.start()
    retriever.retrieve_all(queries, 5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    whole = 20_000 * 400 * 4
    assert peak < whole / 8


def test_vectors_mapped_from_a_file_are_searched_as_they_are(tmp_path: Path) -> None:
    vectors, asked = unit_vectors(500, 32, seed=6), unit_vectors(3, 32, seed=7)
    (tmp_path / "v").write_bytes(vectors.tobytes())
    mapped = np.memmap(tmp_path / "v", dtype=np.float32, mode="r", shape=(500, 32))
    assert search(mapped, asked, 10, passage_block=64) == search(vectors, asked, 10)


def test_another_number_of_vectors_than_passages_is_refused() -> None:
    with pytest.raises(ValueError, match="2 vectors for 3 passages"):
        DenseRetriever(passages(3), np.zeros((2, 4), dtype=np.float32), GivenVectors(np.zeros((1, 4))))
