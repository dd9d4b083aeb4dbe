"""Items of a long loop with progress told on the way.

It keeps no time and knows no page; the callback may raise to end the work, and nothing here catches that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from workbench.compute import Progress

EVERY = 10

_T = TypeVar("_T")


def told(items: Sequence[_T], progress: Progress | None, message: str) -> Iterator[_T]:
    """The items, one by one, with progress before the first and every tenth.

    >>> list(told("ab", lambda share, message: print(share, message), "reading"))
    0.0 reading
    ['a', 'b']
    """
    for number, item in enumerate(items):
        if progress and number % EVERY == 0:
            progress(number / len(items), message)
        yield item
