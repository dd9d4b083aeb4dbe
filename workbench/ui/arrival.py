"""Builds the rest of a page when its beginning is read: a page that is still loading loses widgets that are made meanwhile.

It decides when; what is built is the page's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import anywidget

from workbench.ui.page import safe_callback


class Arrival(anywidget.AnyWidget):
    """Belongs into a page, shows nothing, and takes some steps, one after the other, once the page shows it.

    The page is answered between two steps, and one that fails stops no other. Where no page is served, as in a script, all
    are taken at once.
    """

    _esm = Path(__file__).parent / "arrival.js"

    def __init__(self, *steps: Callable[[], None]) -> None:
        self._steps: Sequence[Callable[[], None]] = steps
        self._under_way: asyncio.Task[None] | None = None
        super().__init__()
        self.on_msg(safe_callback(self._arrived))
        if not _served():
            for step in steps:
                step()

    def _arrived(self, _widget: object, _content: object, _buffers: object) -> None:
        if self._under_way is None:  # a page tells it again when it is drawn anew
            self._under_way = asyncio.ensure_future(self._take())

    async def _take(self) -> None:
        for step in self._steps:
            safe_callback(step)()
            await asyncio.sleep(0)


def _served() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
