"""Similar questions of a log: for each node the nodes of its scope above a cosine, found once and exactly.

No index is built and nothing is approximate. Most pairs are ruled out by a bound that is cheap to compute; what is left is
computed in double precision, so that a cosine depends on its two vectors alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.compute import Progress
from workbench.costs.arrays import Flags, Ints, Neighbours
from workbench.costs.compiled import compiled
from workbench.retrieval.protocols import Vectors

FLOOR = 0.70
MOST = 64
AXES = 128
"""Principal axes of the bound. Of 384, 128 to 192 take two thirds of the processor time of comparing whole vectors of questions;
fewer leave too many pairs to be computed."""
ROWS, COLUMNS = 1_024, 8_192
"""Nodes compared at a time, and those they are compared with: 32 MB of bounds."""
SAMPLED = 20_000
"""Vectors the axes are taken from."""
WORKERS = 2
FOUND = 16 * COLUMNS
"""Pairs a worker holds before they are kept; at least one row of a block."""
_ROUNDING = 2.0**-24
_UNIT = 1e-3
"""How far the length of a vector may be from one."""

Singles = npt.NDArray[np.float32]


def find_neighbours(
    vectors: Vectors, scope: Ints, *, floor: float = FLOOR, most: int = MOST, progress: Progress | None = None
) -> Neighbours:
    """The nodes similar to each node, within its scope, by falling cosine; ties go to the lower node.

    A pair is ruled out when its cosine cannot reach the floor: with the vectors split into their part on the first principal
    axes and the rest, the cosine is at most the dot product of the first parts plus the product of the lengths of the rests
    (Cauchy-Schwarz). That bound is one dot product of short vectors. Cosines are kept, and compared with the floor, in single
    precision.

    Args:
        vectors: (nodes, dimension) float32 of length one, or zero for a node that is like none; may be mapped from a file.
        scope: code of each node's scope.
        floor: least cosine, above 0 and up to 1.
        most: neighbours kept a node.
        progress: called after each block with the share done; what it raises ends the search.

    Raises:
        ValueError: vectors that are not of length one, or not one a node; a floor or a number of neighbours out of range.
    """
    if len(vectors) != len(scope):
        raise ValueError(f"{len(vectors)} vectors for {len(scope)} nodes")
    if not 0 < floor <= 1 or most < 1:
        raise ValueError(f"floor {floor} must be above 0 and up to 1, and most {most} at least 1")
    _check_lengths(vectors)
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    kept = _Kept.empty(len(scope), most, floor)
    axes = _axes(vectors)
    groups = [nodes for nodes in _groups(scope) if len(nodes) > 1]
    done, work = 0, sum(len(nodes) * (len(nodes) - 1) // 2 for nodes in groups)
    with ThreadPoolExecutor(WORKERS) as pool:
        for nodes in groups:
            for pairs in _search(vectors, axes, nodes, np.float32(floor), kept, pool):
                done += pairs
                if progress:
                    progress(done / work, f"comparing questions ({done / work:.0%} of all pairs)")
    return kept.rows(floor, most)


class _Kept(NamedTuple):
    """The best of each node so far.

    Attributes:
        number: how many are kept. others: which. cosine: of each, falling. dropped: whether there were more.
        needed: bound below which a pair cannot change what is kept.
    """

    number: Ints
    others: Ints
    cosine: Singles
    dropped: Flags
    needed: Singles

    @classmethod
    def empty(cls, nodes: int, most: int, floor: float) -> _Kept:
        return cls(
            np.zeros(nodes, np.int32),
            np.zeros((nodes, most), np.int32),
            np.zeros((nodes, most), np.float32),
            np.zeros(nodes, np.bool_),
            np.full(nodes, floor - SLACK, np.float32),
        )

    def rows(self, floor: float, most: int) -> Neighbours:
        taken = np.arange(most, dtype=np.int32)[None, :] < self.number[:, None]
        indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.number, dtype=np.int64)])
        return Neighbours(indptr, self.others[taken], self.cosine[taken], floor, most, self.dropped)


SLACK = 2 * 2 * (AXES + 16) * _ROUNDING
"""How far a bound may fall below the cosine it bounds: rounding of a dot product of `AXES` + 1 numbers and of the short vectors,
doubled, and doubled again for vectors not quite of length one."""


def _check_lengths(vectors: Vectors) -> None:
    for start in range(0, len(vectors), COLUMNS):
        block = vectors[start : start + COLUMNS]
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64))
        if not ((np.abs(lengths - 1) <= _UNIT) | (lengths == 0)).all():
            raise ValueError("vectors of questions must have length one; normalise them first")


def _groups(scope: Ints) -> list[Ints]:
    """The nodes of each scope, ascending."""
    order = np.argsort(scope, kind="stable").astype(np.int32)
    return np.split(order, np.flatnonzero(np.diff(scope[order])) + 1)


def _axes(vectors: Vectors) -> npt.NDArray[np.float64] | None:
    """The first principal axes, as columns; None where the vectors are short as they are."""
    if vectors.shape[1] <= AXES + 1 or not len(vectors):
        return None
    rows = np.linspace(0, len(vectors) - 1, min(len(vectors), SAMPLED)).astype(np.intp)
    sample = vectors[rows].astype(np.float64)
    _, axes = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(axes[:, -AXES:])


def _search(
    vectors: Vectors,
    axes: npt.NDArray[np.float64] | None,
    nodes: Ints,
    floor: np.float32,
    kept: _Kept,
    pool: Executor,
) -> Iterator[int]:
    """Compare the nodes of one scope with each other, each pair once; yields how many pairs were done after each block."""
    short = _shortened(vectors, axes, nodes)
    room = np.empty(min(ROWS, len(nodes)) * min(COLUMNS, len(nodes)), np.float32)
    found = [_Found.empty(min(FOUND, len(nodes) ** 2)) for _ in range(WORKERS)]
    for start in range(0, len(nodes), ROWS):
        rows = short[start : start + ROWS]
        for left in range(start, len(nodes), COLUMNS):
            columns = short[left : left + COLUMNS]
            bounds = room[: len(rows) * len(columns)].reshape(len(rows), len(columns))
            np.matmul(rows, columns.T, out=bounds)
            cuts = np.linspace(start, start + len(rows), WORKERS + 1).astype(int).tolist()
            parts = list(pairwise(cuts))
            while any(begin < end for begin, end in parts):
                jobs = [
                    pool.submit(_survivors, bounds, start, left, begin, end, vectors, nodes, floor, kept.needed, *pairs)
                    for (begin, end), pairs in zip(parts, found, strict=True)
                ]
                reached = [job.result() for job in jobs]
                for (_, number), pairs in zip(reached, found, strict=True):
                    _keep(number, *pairs, kept.number, kept.others, kept.cosine, kept.dropped, kept.needed, SLACK)
                parts = [(place, end) for (place, _), (_, end) in zip(reached, parts, strict=True)]
        above = len(nodes) - start
        yield len(rows) * above - len(rows) * (len(rows) + 1) // 2


class _Found(NamedTuple):
    """Pairs above the floor that a worker found in a block."""

    one: Ints
    other: Ints
    cosine: Singles

    @classmethod
    def empty(cls, size: int) -> _Found:
        return cls(np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size, np.float32))


def _shortened(vectors: Vectors, axes: npt.NDArray[np.float64] | None, nodes: Ints) -> Vectors:
    """For each node a short vector; the dot product of two bounds that of their vectors from above."""
    if axes is None:
        return vectors[nodes]
    short = np.empty((len(nodes), AXES + 1), np.float32)
    for start in range(0, len(nodes), COLUMNS):
        block = vectors[nodes[start : start + COLUMNS]].astype(np.float64)
        part = short[start : start + COLUMNS]
        part[:, :AXES] = block @ axes
        # The rest is what the rounded coordinates leave, so that their rounding is bounded with it.
        rest = block - part[:, :AXES].astype(np.float64) @ axes.T
        part[:, AXES] = np.nextafter(np.sqrt(np.einsum("ij,ij->i", rest, rest)).astype(np.float32), np.float32(np.inf))
    return short


@compiled
def _dot(one: Singles, other: Singles) -> float:
    """Dot product in double precision, added up in one fixed order: four sums side by side, then together."""
    first = second = third = fourth = 0.0
    whole = len(one) // 4 * 4
    for axis in range(0, whole, 4):
        first += np.float64(one[axis]) * np.float64(other[axis])
        second += np.float64(one[axis + 1]) * np.float64(other[axis + 1])
        third += np.float64(one[axis + 2]) * np.float64(other[axis + 2])
        fourth += np.float64(one[axis + 3]) * np.float64(other[axis + 3])
    for axis in range(whole, len(one)):
        first += np.float64(one[axis]) * np.float64(other[axis])
    return (first + second) + (third + fourth)


@compiled
def _survivors(
    bounds: Singles,
    row0: int,
    column0: int,
    begin: int,
    end: int,
    vectors: Vectors,
    nodes: Ints,
    floor: np.float32,
    needed: Singles,
    one: Ints,
    other: Ints,
    cosine: Singles,
) -> tuple[int, int]:
    """Find the pairs above the floor in the rows from `begin` to `end`: the row it came to, and how many pairs it found."""
    number = 0
    width = bounds.shape[1]
    for row in range(begin, end):
        if number + width > len(one):
            return row, number
        node = nodes[row]
        least = needed[node]
        for column in range(max(0, row + 1 - column0), width):
            bound = bounds[row - row0, column]
            if bound < least and bound < needed[nodes[column0 + column]]:
                continue
            value = np.float32(min(_dot(vectors[node], vectors[nodes[column0 + column]]), 1.0))
            if value >= floor:
                one[number] = node
                other[number] = nodes[column0 + column]
                cosine[number] = value
                number += 1
    return end, number


@compiled
def _insert(
    node: int, other: int, value: np.float32, number: Ints, others: Ints, cosine: Singles, dropped: Flags
) -> None:
    """Put a neighbour where it belongs among those of a node; the last one leaves where there are too many."""
    place = number[node]
    if place == others.shape[1]:
        dropped[node] = True
        place -= 1
        if cosine[node, place] > value or (cosine[node, place] == value and others[node, place] < other):
            return
    else:
        number[node] += 1
    while place > 0 and (
        cosine[node, place - 1] < value or (cosine[node, place - 1] == value and others[node, place - 1] > other)
    ):
        cosine[node, place] = cosine[node, place - 1]
        others[node, place] = others[node, place - 1]
        place -= 1
    cosine[node, place] = value
    others[node, place] = other


@compiled
def _keep(
    pairs: int,
    left: Ints,
    right: Ints,
    value: Singles,
    number: Ints,
    others: Ints,
    cosine: Singles,
    dropped: Flags,
    needed: Singles,
    slack: float,
) -> None:
    """Put each pair among the neighbours of both its nodes."""
    last = others.shape[1] - 1
    for pair in range(pairs):
        for node, other in ((left[pair], right[pair]), (right[pair], left[pair])):
            _insert(node, other, value[pair], number, others, cosine, dropped)
            if dropped[node]:
                # Once more are known than are kept, only pairs that may beat the last matter.
                needed[node] = max(needed[node], np.float32(cosine[node, last] - slack))
