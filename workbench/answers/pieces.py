"""Rows taken some at a time, so that long work tells how far it is and answers a cancel soon.

How many go together follows from how long the last ones took; what is done with them is the caller's business.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from workbench.retrieval.protocols import Progress

T = TypeVar("T")

FIRST = 8
QUICK, SLOW = 0.2, 0.5
"""Seconds below which twice as many are taken the next time, and above which half as many."""


def pieces(items: Sequence[T], progress: Progress | None, what: str, *, most: int = 512) -> Iterator[Sequence[T]]:
    """The items in their order, in pieces; progress is told before each, and once at the end.

    Args:
        items: any number.
        progress: told the share done and what is being done; what it raises ends the work.
        what: is being done, in words.
        most: items of one piece.

    >>> told = []
    >>> [len(piece) for piece in pieces(range(20), lambda share, message: told.append((share, message)), "adding", most=8)]
    [8, 8, 4]
    >>> told[1]
    (0.4, 'adding (8 of 20)')
    """
    done, size = 0, min(FIRST, most)
    while done < len(items):
        _tell(progress, done, len(items), what)
        started = time.perf_counter()
        piece = items[done : done + size]
        yield piece
        done += len(piece)
        size = _next_size(size, time.perf_counter() - started, most)
    _tell(progress, done, len(items), what)


def _next_size(size: int, seconds: float, most: int) -> int:
    if seconds < QUICK:
        return min(2 * size, most)
    return max(size // 2, 1) if seconds > SLOW else size


def _tell(progress: Progress | None, done: int, total: int, what: str) -> None:
    if progress:
        progress(done / total if total else 1.0, f"{what} ({done:,} of {total:,})")
