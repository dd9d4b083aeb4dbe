"""A cache played over the log in time order: which question would have been answered with whose answer.

It decides what is served, not whether that was right; `workbench.costs.safety` judges that.
"""

from __future__ import annotations

import numpy as np

from workbench.costs.arrays import NONE, Flags, Neighbours, Replay, Traffic
from workbench.records import CacheSettings


def replay(traffic: Traffic, neighbours: Neighbours, settings: CacheSettings) -> Replay:
    """What a cache with these settings would have done.

    An answer is kept under its question when the model was called; a hit keeps nothing. An exact repeat is served first, else the
    most similar question whose answer is kept (the earlier one where cosines are equal). An answer leaves the cache at the moment
    it is older than `ttl`, or a document it cites has changed, and takes no room from then on; a full cache lets go of the one
    least recently used, or least often used and among those least recently.

    In a log without times neither age nor changes can be told, and nothing expires. Cosines are compared with the threshold in
    their own precision, so that a cosine of 0.9 reaches a threshold of 0.9.

    Args:
        traffic: rows by time.
        neighbours: of its nodes, by falling cosine.
        settings: a threshold above 1 serves exact repeats alone.

    Raises:
        ValueError: the threshold is open, or a limit is negative.
    """
    _check(settings)
    from workbench.costs.replay_loop import play

    rows = len(traffic)
    threshold = settings.threshold or 0.0
    server = np.full(rows, NONE, dtype=np.int32)
    cosine = np.full(rows, np.nan, dtype=np.float32)
    exact = np.zeros(rows, dtype=np.bool_)
    unresolved, evicted, expired = play(
        traffic.at,
        traffic.node,
        traffic.answered,
        traffic.expires,
        _changes(traffic) if settings.invalidate and traffic.timed else np.empty(0, dtype=np.int64),
        neighbours.indptr,
        neighbours.index,
        neighbours.cosine,
        _reaches(neighbours, threshold),
        np.float32(threshold),
        threshold <= 1,
        np.inf if settings.ttl is None or not traffic.timed else float(settings.ttl),
        -1 if settings.capacity is None else settings.capacity,
        settings.eviction == "lfu",
        server,
        cosine,
        exact,
    )
    return Replay(server, cosine, exact, unresolved, evicted, expired)


def _check(settings: CacheSettings) -> None:
    if settings.threshold is None:
        raise ValueError("a replay needs a threshold; choose one with cache_curve first")
    for name, limit in (("ttl", settings.ttl), ("capacity", settings.capacity)):
        if limit is not None and not limit >= 0:
            raise ValueError(f"{name} must not be negative: got {limit}")


def _changes(traffic: Traffic) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Rows whose answers lose a document they cite, by the time they do."""
    rows = np.flatnonzero(traffic.expires < np.inf)
    return rows[np.argsort(traffic.expires[rows], kind="stable")]


def _reaches(neighbours: Neighbours, threshold: float) -> Flags:
    """Nodes all of whose neighbours at or above the threshold were kept."""
    least = np.float32(threshold)
    if least < np.float32(neighbours.floor):
        return np.zeros(len(neighbours.full), dtype=np.bool_)
    reaches = ~neighbours.full
    cut = np.flatnonzero(neighbours.full & (np.diff(neighbours.indptr) > 0))
    reaches[cut] = neighbours.cosine[neighbours.indptr[cut + 1] - 1] < least
    return reaches
