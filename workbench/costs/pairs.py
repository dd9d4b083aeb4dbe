"""Hits of a replay as pairs of questions a person can read: the one asked, and the one whose answer would have been served.

It lists rows; texts and answers are fetched for the few that are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from workbench.costs.arrays import Replay, Traffic

RIGHT, FALSE, UNJUDGED = 1, 0, -1
Only = Literal["false", "right", "unjudged", "all"]
SHOWN = 200
"""Pairs listed at most: more are not read."""
_WANTED: dict[Only, int | None] = {"false": FALSE, "right": RIGHT, "unjudged": UNJUDGED, "all": None}


@dataclass(frozen=True, slots=True)
class Pair:
    """A hit.

    Attributes:
        row: the question asked. server: the one whose answer would have been served.
        verdict: 1 right, 0 false, -1 not judged; by labels, marks or proxy as the replay was judged.
        times: how often this pair of texts occurs among the hits listed from.
    """

    row: int
    server: int
    cosine: float
    exact: bool
    verdict: int
    times: int


def pairs(
    traffic: Traffic,
    replay: Replay,
    judged: npt.NDArray[np.int8],
    *,
    only: Only = "all",
    exact: bool = False,
    limit: int = SHOWN,
) -> tuple[list[Pair], int]:
    """The hits of a replay, each pair of texts once, the least similar first: there the false ones are.

    Args:
        traffic: the log.
        replay: of it.
        judged: a verdict a row.
        only: which verdicts are listed.
        exact: whether exact repeats are listed too.
        limit: pairs at most.

    Returns:
        The pairs, and how many there are in all.
    """
    chosen = replay.hits if exact else replay.hits & ~replay.exact
    wanted = _WANTED[only]
    rows = np.flatnonzero(chosen if wanted is None else chosen & (judged == wanted))
    if not len(rows):
        return [], 0
    one, two = traffic.text[rows].astype(np.int64), traffic.text[replay.server[rows]].astype(np.int64)
    key = np.minimum(one, two) * (int(traffic.text.max()) + 1) + np.maximum(one, two)
    _, first, times = np.unique(key, return_index=True, return_counts=True)
    order = np.lexsort((first, replay.cosine[rows[first]]))[:limit]
    listed = [
        Pair(
            row=int(rows[first[place]]),
            server=int(replay.server[rows[first[place]]]),
            cosine=float(replay.cosine[rows[first[place]]]),
            exact=bool(replay.exact[rows[first[place]]]),
            verdict=int(judged[rows[first[place]]]),
            times=int(times[place]),
        )
        for place in order.tolist()
    ]
    return listed, len(first)
