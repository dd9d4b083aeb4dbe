"""A log as columns of numbers, its similar questions, and what a replay made of them: what every part of the cost analysis reads.

Rows are questions in time order. A node is a distinct text within a scope: questions of one node are exact repeats that a
cache may answer for one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EVIDENCE = 5
"""Documents of a question's evidence at most."""
NONE = -1
"""Stands for "not known" among codes, and for "no answer served" among rows."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The questions of a log in time order, one row each.

    Attributes:
        texts: the questions as they were asked.
        at: seconds since 1970; where the log holds no usable times, the place in the file instead, and `timed` is False.
        timed: whether `at` is a time.
        day: days since 1970 in UTC; empty where there are no times.
        node: distinct text within a scope, 0 to `nodes` - 1, in order of first appearance; -1 for a question without text.
        nodes: how many there are. first: row in which each node appears first.
        text: distinct normalised text whatever the scope, as a code; -1 for none. scope: tenant, access group, index and prompt
            version together, as a code.
        answered: whether the log holds an answer, or no line of it does: what was not answered cannot be served again.
        expires: when the first document a question's answer cites changed after it, as seconds since 1970; infinite for none.
        evidence: (rows, `EVIDENCE`) codes of the documents retrieved for a question, best first, -1 for none.
        group: questions of one group want the same answer, as a code; -1 where no label says so.
        user, session: codes; -1 where not logged.
        tokens_in, tokens_out, cost, calls, context_characters, context_items: as logged; NaN where not. `calls` are model calls
            for one question; context is what was retrieved.
        scope_fields: fields of the scope that the log holds. scope_missing: those it does not.
        currency: of `cost`; "" where the log does not say.
        notes: what a person should know of how the log was read, one sentence each.
    """

    texts: tuple[str, ...]
    at: Floats
    timed: bool
    day: Ints
    node: Ints
    nodes: int
    first: Ints
    text: Ints
    scope: Ints
    answered: Flags
    expires: Floats
    evidence: Ints
    group: Ints
    user: Ints
    session: Ints
    tokens_in: Floats
    tokens_out: Floats
    cost: Floats
    calls: Floats
    context_characters: Floats
    context_items: Floats
    scope_fields: tuple[str, ...]
    scope_missing: tuple[str, ...]
    currency: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each node the similar nodes of its scope, by falling cosine: compressed sparse rows.

    Attributes:
        indptr: (nodes + 1) where each node's neighbours begin. index: nodes, itself left out. cosine: of each.
        floor: least cosine kept. most: neighbours kept a node.
        full: whether a node may have more neighbours above the floor than were kept.
    """

    indptr: npt.NDArray[np.int64]
    index: Ints
    cosine: npt.NDArray[np.float32]
    floor: float
    most: int
    full: Flags


@dataclass(frozen=True, slots=True)
class Replay:
    """What a cache with one setting would have done, row by row.

    Attributes:
        server: row whose answer would have been served; -1 where the model would have been called.
        cosine: between the two questions; 1 for an exact repeat, NaN without a hit.
        exact: whether the hit is an exact repeat.
        unresolved: rows counted as misses because the kept neighbours do not reach down to the threshold.
        evicted: answers that left because the cache was full. expired: answers that were too old or whose documents changed.
    """

    server: Ints
    cosine: npt.NDArray[np.float32]
    exact: Flags
    unresolved: int
    evicted: int
    expired: int

    @property
    def hits(self) -> Flags:
        """Which rows would have been answered from the cache."""
        return self.server >= 0


@dataclass(frozen=True, slots=True)
class Marks:
    """Pairs of questions a person marked: does the answer to one also answer the other?

    Attributes:
        left, right: text codes of `Traffic.text`, left the smaller. same: whether it does.
    """

    left: Ints
    right: Ints
    same: Flags

    def __len__(self) -> int:
        return len(self.same)
