"""Similar questions are found exactly: as comparing every pair in double precision finds them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.costs import neighbours as search
from workbench.costs.arrays import Neighbours
from workbench.costs.neighbours import find_neighbours

WIDTH = 6


def by_hand(
    vectors: np.ndarray, scope: np.ndarray, floor: float, most: int
) -> list[tuple[list[int], list[float], bool]]:
    """Every pair in double precision: for each node its neighbours, their cosines, and whether there are more."""
    cosines = (vectors.astype(np.float64) @ vectors.astype(np.float64).T).astype(np.float32)
    found = []
    for node in range(len(vectors)):
        others = [
            other
            for other in range(len(vectors))
            if other != node and scope[other] == scope[node] and cosines[node, other] >= np.float32(floor)
        ]
        others.sort(key=lambda other: (-cosines[node, other], other))
        kept = others[:most]
        found.append((kept, [float(cosines[node, other]) for other in kept], len(others) > most))
    return found


def listed(found: Neighbours) -> list[tuple[list[int], list[float], bool]]:
    spans = [slice(*found.indptr[node : node + 2]) for node in range(len(found.full))]
    return [
        (found.index[span].tolist(), found.cosine[span].tolist(), bool(full))
        for span, full in zip(spans, found.full, strict=True)
    ]


def unit(rng: np.random.Generator, nodes: int, width: int, spread: float) -> np.ndarray:
    """Vectors in a few heaps, of length one."""
    centres = rng.normal(size=(max(1, nodes // 8), width))
    vectors = centres[rng.integers(0, len(centres), nodes)] + spread * rng.normal(size=(nodes, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@st.composite
def halves(draw: st.DrawFn) -> np.ndarray:
    """Vectors of four halves, whose cosines are quarters exactly in any arithmetic, or of zeros alone; repeats among them."""
    rows = []
    for _ in range(draw(st.integers(0, 14))):
        row = np.zeros(WIDTH, np.float32)
        if draw(st.integers(0, 9)):
            places = draw(st.permutations(range(WIDTH)))[:4]
            row[places] = [draw(st.sampled_from([0.5, 0.5, 0.5, -0.5])) for _ in range(4)]
        rows.append(row)
    return np.array(rows, np.float32).reshape(len(rows), WIDTH)


@settings(max_examples=150, deadline=None)
@given(
    vectors=halves(),
    data=st.data(),
    floor=st.sampled_from([0.25, 0.5, 0.75, 1.0, 0.7]),
    most=st.integers(1, 6),
    axes=st.sampled_from([1, 2, 4, 96]),
    rows=st.integers(1, 5),
    columns=st.integers(1, 6),
)
def test_what_is_found_is_what_comparing_every_pair_finds_whatever_the_blocks_and_axes(
    vectors: np.ndarray, data: st.DataObject, floor: float, most: int, axes: int, rows: int, columns: int
) -> None:
    codes = st.lists(st.integers(-1, 2), min_size=len(vectors), max_size=len(vectors))
    scope = np.array(data.draw(codes), np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "AXES", axes)
        patch.setattr(search, "ROWS", rows)
        patch.setattr(search, "COLUMNS", columns)
        patch.setattr(search, "FOUND", columns)
        found = find_neighbours(vectors, scope, floor=floor, most=most)
    assert listed(found) == by_hand(vectors, scope, floor, most)


@pytest.mark.parametrize("spread", [0.3, 0.05, 0.0])
def test_long_vectors_that_are_ruled_out_by_their_first_axes_lose_no_neighbour(spread: float) -> None:
    rng = np.random.default_rng(5)
    vectors = unit(rng, 400, 200, spread)
    scope = rng.integers(0, 2, 400).astype(np.int32)
    found = find_neighbours(vectors, scope, most=20)
    for (others, cosines, full), (expected, exact, more) in zip(
        listed(found), by_hand(vectors, scope, 0.70, 20), strict=True
    ):
        # Cosines are rounded once; where two lie closer than that, either may come first.
        assert cosines == pytest.approx(exact, abs=2e-7)
        assert full == more
        assert spread == 0.0 or set(others) == set(expected)


def test_blocks_change_no_bit_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit(np.random.default_rng(6), 500, 200, 0.1)
    scope = np.zeros(500, np.int32)
    whole = find_neighbours(vectors, scope, most=8)
    monkeypatch.setattr(search, "ROWS", 37)
    monkeypatch.setattr(search, "COLUMNS", 53)
    monkeypatch.setattr(search, "FOUND", 60)
    monkeypatch.setattr(search, "WORKERS", 3)
    parts = find_neighbours(vectors, scope, most=8)
    assert whole.full.any() and not whole.full.all()
    assert whole.index.tobytes() == parts.index.tobytes()
    assert whole.cosine.tobytes() == parts.cosine.tobytes()
    assert (whole.indptr == parts.indptr).all() and (whole.full == parts.full).all()


@pytest.mark.parametrize("nodes", [0, 1])
def test_none_and_one_have_no_neighbours(nodes: int) -> None:
    found = find_neighbours(np.eye(nodes, 384, dtype=np.float32), np.zeros(nodes, np.int32))
    assert found.indptr.tolist() == [0] * (nodes + 1)
    assert not len(found.index) and not len(found.cosine) and not found.full.any()
    assert (found.floor, found.most) == (0.70, 64)


def test_the_same_vector_many_times_keeps_the_lowest_nodes() -> None:
    vectors = np.tile(unit(np.random.default_rng(1), 1, 200, 0.0), (9, 1))
    found = find_neighbours(vectors, np.zeros(9, np.int32), most=3)
    assert found.index.reshape(9, 3)[[0, 1, 5]].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 2]]
    assert found.cosine == pytest.approx(1.0, abs=2e-7) and found.cosine.max() <= 1
    assert found.full.all()


def test_vectors_mapped_from_a_file_are_searched_where_they_lie(tmp_path: Path) -> None:
    vectors = unit(np.random.default_rng(2), 60, 200, 0.1)
    np.save(tmp_path / "vectors.npy", vectors)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    scope = np.zeros(60, np.int32)
    assert listed(find_neighbours(mapped, scope)) == listed(find_neighbours(vectors, scope))


def test_progress_rises_to_the_whole_and_what_it_raises_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "ROWS", 7)
    vectors = unit(np.random.default_rng(3), 40, 16, 0.2)
    scope = (np.arange(40) % 2).astype(np.int32)
    told: list[float] = []
    find_neighbours(vectors, scope, progress=lambda share, _: told.append(share))
    assert told == sorted(told) and told[-1] == 1.0 and len(told) == 6

    def stop(share: float, message: str) -> None:
        told.append(share)
        raise KeyboardInterrupt(message)

    told.clear()
    with pytest.raises(KeyboardInterrupt, match="of all pairs"):
        find_neighbours(vectors, scope, progress=stop)
    assert len(told) == 1


@pytest.mark.parametrize("fault", [2.0, np.nan])
def test_vectors_not_of_length_one_are_refused(fault: float) -> None:
    vectors = np.eye(3, 8, dtype=np.float32)
    vectors[1] *= fault
    with pytest.raises(ValueError, match="length one"):
        find_neighbours(vectors, np.zeros(3, np.int32))


@pytest.mark.parametrize(("nodes", "floor", "most"), [(2, 0.7, 4), (3, 0.0, 4), (3, 1.1, 4), (3, 0.7, 0)], ids=str)
def test_what_makes_no_sense_is_refused(nodes: int, floor: float, most: int) -> None:
    with pytest.raises(ValueError):
        find_neighbours(np.eye(3, 8, dtype=np.float32), np.zeros(nodes, np.int32), floor=floor, most=most)


@pytest.mark.shared_data
def test_real_questions_lose_no_neighbour_to_the_bound(tmp_path: Path) -> None:
    from workbench.retrieval.embeddings import encode_cached
    from workbench.retrieval.encoder import load_encoder

    path = Path(__file__).resolve().parents[2] / "shared" / "data" / "cache_banking77" / "queries.jsonl.gz"
    if not path.is_file():
        pytest.skip("the development data 'cache_banking77' is not beside this checkout")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for _, line in zip(range(600), lines, strict=False)]
    vectors = encode_cached(texts, load_encoder(None), tmp_path / "embeddings")
    scope = np.zeros(len(texts), np.int32)
    expected = by_hand(vectors, scope, 0.70, 64)
    for (others, cosines, full), (right, exact, more) in zip(
        listed(find_neighbours(vectors, scope)), expected, strict=True
    ):
        assert sorted(others) == sorted(right)
        assert cosines == pytest.approx(exact, abs=2e-7)
        assert full == more
