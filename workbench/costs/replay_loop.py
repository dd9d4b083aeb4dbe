"""The loop of a replay: one pass over the rows of a log, with what a cache holds at each of them.

It is compiled and knows arrays alone; `workbench.costs.replay` says what they stand for and checks settings.

What would be evicted next is the root of a binary heap whose keys order the answers: by last use for LRU, by uses and then last
use for LFU. One structure serves both, any answer can leave it, and every step is O(log n). Without a limit it is not touched.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.costs.arrays import Flags, Floats, Ints
from workbench.costs.compiled import compiled

Longs = npt.NDArray[np.int64]
Cosines = npt.NDArray[np.float32]

USE = 1 << 40
"""What a use adds to an LFU key: more than any row number, so that the row of the last use only breaks ties."""


@compiled
def play(  # noqa: C901 - the steps share the state of one pass; apart they would hand a dozen arrays around
    at: Floats,
    node: Ints,
    answered: Flags,
    expires: Floats,
    changes: Longs,
    indptr: Longs,
    index: Ints,
    similar: Cosines,
    reaches: Flags,
    threshold: np.float32,
    semantic: bool,
    ttl: float,
    capacity: int,
    by_uses: bool,
    server: Ints,
    cosine: Cosines,
    exact: Flags,
) -> tuple[int, int, int]:
    """Fill `server`, `cosine` and `exact` row by row; give rows left unresolved, answers evicted, answers expired.

    `changes` are rows whose answers expire by a change of a document, by the time they do. `reaches` says whether the kept
    neighbours of a node are all there are above the threshold, `semantic` whether similar questions are looked at at all. A
    `capacity` of -1 is no limit, `by_uses` is LFU. The last three arrays are written to; they come filled with -1, NaN and False.
    """
    nodes = len(indptr) - 1
    kept = np.full(nodes, -1, np.int32)  # row of the answer kept under each node
    limited = capacity >= 0
    places = min(capacity, nodes) if limited else 0
    heap = np.empty(places, np.int32)
    place = np.full(nodes if limited else 0, -1, np.int32)
    key = np.zeros(nodes if limited else 0, np.int64)
    held = unresolved = evicted = expired = oldest = changed = 0
    for row in range(len(at)):
        now = at[row]
        # Rows come in time order: what grows too old does so in the order of the rows, what changes in the order of `changes`.
        while oldest < row and now - at[oldest] > ttl:
            gone = node[oldest]
            if gone >= 0 and kept[gone] == oldest:
                kept[gone] = -1
                expired += 1
                if limited:
                    held = _leave(heap, place, key, held, gone)
            oldest += 1
        while changed < len(changes) and expires[changes[changed]] <= now:
            source = changes[changed]
            gone = node[source]
            if gone >= 0 and kept[gone] == source:
                kept[gone] = -1
                expired += 1
                if limited:
                    held = _leave(heap, place, key, held, gone)
            changed += 1
        own = node[row]
        if own < 0:
            continue
        found = -1
        if kept[own] >= 0:
            found = own
            cosine[row] = 1.0
            exact[row] = True
        elif semantic:
            found, best = _most_similar(index, similar, kept, indptr[own], indptr[own + 1], threshold)
            if found >= 0:
                cosine[row] = best
            elif not reaches[own]:
                unresolved += 1
        if found >= 0:
            server[row] = kept[found]
            if limited:
                key[found] = (key[found] // USE * USE + USE if by_uses else 0) + row
                _sink(heap, place, key, held, place[found])
        elif answered[row] and capacity != 0 and not (len(changes) and expires[row] <= now):
            if limited and held == capacity:
                gone = heap[0]
                kept[gone] = -1
                evicted += 1
                held = _leave(heap, place, key, held, gone)
            kept[own] = row
            if limited:
                key[own] = row
                held = _enter(heap, place, key, held, own)
    return unresolved, evicted, expired


@compiled
def _most_similar(
    index: Ints, similar: Cosines, kept: Ints, start: int, stop: int, threshold: np.float32
) -> tuple[int, np.float32]:
    """The live neighbour with the highest cosine, the earlier node where several share it; -1 for none."""
    for at in range(start, stop):
        if similar[at] < threshold:
            break
        if kept[index[at]] >= 0:
            found, best = index[at], similar[at]
            for tied in range(at + 1, stop):
                if similar[tied] < best:
                    break
                if kept[index[tied]] >= 0 and index[tied] < found:
                    found = index[tied]
            return found, best
    return -1, threshold


@compiled
def _enter(heap: Ints, place: Ints, key: Longs, held: int, node: int) -> int:
    heap[held] = node
    place[node] = held
    _rise(heap, place, key, held)
    return held + 1


@compiled
def _leave(heap: Ints, place: Ints, key: Longs, held: int, node: int) -> int:
    """Take a node out: the last one takes its place and goes where it belongs."""
    hole = place[node]
    last = heap[held - 1]
    place[node] = -1
    if last != node:
        heap[hole] = last
        place[last] = hole
        _rise(heap, place, key, hole)
        _sink(heap, place, key, held - 1, place[last])
    return held - 1


@compiled
def _rise(heap: Ints, place: Ints, key: Longs, at: int) -> None:
    node = heap[at]
    while at > 0:
        above = (at - 1) // 2
        if key[heap[above]] <= key[node]:
            break
        heap[at] = heap[above]
        place[heap[at]] = at
        at = above
    heap[at] = node
    place[node] = at


@compiled
def _sink(heap: Ints, place: Ints, key: Longs, held: int, at: int) -> None:
    node = heap[at]
    while True:
        below = 2 * at + 1
        if below >= held:
            break
        if below + 1 < held and key[heap[below + 1]] < key[heap[below]]:
            below += 1
        if key[heap[below]] >= key[node]:
            break
        heap[at] = heap[below]
        place[heap[at]] = at
        at = below
    heap[at] = node
    place[node] = at


@compiled
def shared_evidence(evidence: Ints, row: Ints, server: Ints) -> Floats:
    """Jaccard overlap of the evidence of each row and of the row that answers it, as sets; NaN where either has none."""
    overlap = np.full(len(row), np.nan)
    width = evidence.shape[1]
    for pair in range(len(row)):
        left, right = row[pair], server[pair]
        of_left = of_right = both = 0
        for i in range(width):
            if evidence[left, i] >= 0 and _is_first(evidence, left, i):
                of_left += 1
                for j in range(width):
                    if evidence[right, j] == evidence[left, i]:
                        both += 1
                        break
            if evidence[right, i] >= 0 and _is_first(evidence, right, i):
                of_right += 1
        if of_left and of_right:
            overlap[pair] = both / (of_left + of_right - both)
    return overlap


@compiled
def _is_first(evidence: Ints, row: int, place: int) -> bool:
    """Whether a document stands at this place for the first time in the row."""
    for earlier in range(place):  # noqa: SIM110 - a generator would not compile
        if evidence[row, earlier] == evidence[row, place]:
            return False
    return True
