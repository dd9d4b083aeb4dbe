"""Work of a page off the thread that answers it: what takes longer than a fifth of a second and is no job of the case.

It starts work and hands over what came of it, on the page's own thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from workbench.ui.page import safe_callback

T = TypeVar("T")


class Background:
    """One piece of work at a time: what is begun later takes the place of what is still under way, whose outcome is dropped."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Have `work` done in a thread and give `done` what it returned; an error of either is shown at the end of the page.

        Where no page is served, as in a script, both are called at once.
        """
        self.drop()
        try:
            self._task = asyncio.get_running_loop().create_task(_worked(work, done))
        except RuntimeError:
            _at_once(work, done)

    def drop(self) -> None:
        """Forget what is under way: nobody waits for its outcome any more."""
        if self._task is not None:
            self._task.cancel()
        self._task = None


async def _worked(work: Callable[[], T], done: Callable[[T], None]) -> None:
    try:
        outcome = await asyncio.to_thread(work)
    except Exception as error:  # shown where an error of a callback is
        safe_callback(_raised)(error)
        return
    safe_callback(done)(outcome)


def _at_once(work: Callable[[], T], done: Callable[[T], None]) -> None:
    safe_callback(lambda: done(work()))()


def _raised(error: Exception) -> None:
    raise error
