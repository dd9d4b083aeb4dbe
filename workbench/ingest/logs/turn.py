"""One reading of a case's logs at a time: whoever comes second waits, and finds what the first one read.

It knows nothing of logs; readers of one folder, in this process or another, take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = ".reading.lock"
LOOK = 0.3
"""Seconds between two looks at whether it is one's turn."""


@contextmanager
def turn(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """A turn with a folder, which is made when missing; one that a process died in is free again.

    Args:
        folder: what is taken turns with.
        waiting: called some times a second while another has it; what it raises ends the wait.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, thread_local=False)
    # A file system without locks, as some shares are, has readers who do not wait: rarely two at once.
    with suppress(NotImplementedError):
        _acquire(lock, waiting)
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock, waiting: Callable[[], None]) -> None:
    while not lock.is_locked:
        try:
            lock.acquire(timeout=LOOK)
        except Timeout:
            waiting()
