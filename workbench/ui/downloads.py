"""A file made by the kernel and saved by the browser, without a folder on the server it would have to lie in.

It only carries bytes; what is in them is made by whoever asks, while the page goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from workbench.ui.page import log

File = tuple[str, bytes]
Work = Callable[[], File]
LONGEST_NAME = 80
TYPES = {".csv": "text/csv;charset=utf-8", ".html": "text/html;charset=utf-8", ".json": "application/json"}
FAILED = "The file could not be made."


class Download(anywidget.AnyWidget):
    """A button that saves a file.

    Attributes:
        label: words on the button. hint: the same in full, for screen readers and the tooltip.
        quiet: shown as a small button beside something larger.

    Args:
        label: words on the button.
        make: gives the file's name and its bytes; called at each click, in a thread.
        work: instead of `make`: called at each click on the kernel's own thread, it takes what the file is made of and
            gives the `make` of this click, so that a change in the meantime does not reach into the file.
        hint: what is saved, in full.
        quiet: see above.
    """

    _esm = Path(__file__).parent / "download.js"
    label = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    quiet = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        label: str,
        make: Work | None = None,
        *,
        work: Callable[[], Work] | None = None,
        hint: str = "",
        quiet: bool = False,
    ) -> None:
        if (make is None) == (work is None):
            raise TypeError("Download takes either `make` or `work`.")
        self._work: Callable[[], Work] = work or (lambda: make)  # type: ignore[assignment,return-value]
        self._making: set[asyncio.Task[None]] = set()
        super().__init__(label=label, hint=hint, quiet=quiet)
        self.on_msg(self._asked)

    def _asked(self, _widget: object, content: Any, _buffers: object) -> None:  # noqa: ANN401 - a message of the page
        ask = str(content.get("ask", "")) if isinstance(content, dict) else ""
        if ask:
            task = asyncio.ensure_future(self._answer(ask))
            self._making.add(task)
            task.add_done_callback(self._making.discard)

    async def _answer(self, ask: str) -> None:
        try:
            name, content = await asyncio.to_thread(self._work())
        except Exception:
            log.exception("download")
            self.send({"ask": ask, "fault": FAILED})
            return
        safe = file_name(name)
        self.send(
            {"ask": ask, "name": safe, "type": TYPES.get(Path(safe).suffix, "application/octet-stream")}, [content]
        )


def file_name(name: str) -> str:
    """A name that every file system takes: letters, digits, dots, dashes; bounded, its ending kept.

    >>> file_name("questions Calder & Wharf.csv")
    'questions-Calder-Wharf.csv'
    >>> file_name("../../<x>.html")
    'x.html'
    """
    stem, dot, ending = name.rpartition(".")
    kept = ["".join(c if c.isalnum() else " " for c in part).split() for part in (stem if dot else name, ending)]
    short = "-".join(kept[0])[:LONGEST_NAME] or "download"
    return f"{short}.{'-'.join(kept[1])[:10]}" if dot and kept[1] else short
