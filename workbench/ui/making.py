"""What a page shows of a result that a job makes by itself: the result where it is stored, the job where it is not.

What is made, and how it looks, belongs to the page; a result that a person has to ask for is `workbench.ui.analysis`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as widgets

from workbench.case import Case
from workbench.compute import JobState
from workbench.ui.components import empty_state
from workbench.ui.page import html, safe_callback
from workbench.ui.progress import UNFINISHED, JobProgress


@dataclass(frozen=True, slots=True)
class Making:
    """A result and the job that makes it.

    Attributes:
        job: the job's name. what: what it is, as people call it.
        begin: words on the button that starts it by hand.
        missing: what is not there, what it gives, how long it takes.
        start: has the worker make it.
        result: the result as a widget; None while none is stored. Asked at once and again when the job ends.
    """

    job: str
    what: str
    begin: str
    missing: tuple[str, str, str]
    start: Callable[[], None]
    result: Callable[[], widgets.Widget | None]


class MadeOrMaking(widgets.VBox):  # type: ignore[misc]
    """The result where there is one, and the job that makes it.

    Attributes:
        progress: the job; starts by itself where there is no result, unless the last attempt ended badly.
        again: starts it by hand after it was stopped or failed.
    """

    def __init__(self, case: Case, making: Making) -> None:
        super().__init__()
        self.add_class("wb-column")
        self._making = making
        self.again = widgets.Button(description=making.begin, button_style="primary")
        self.again.on_click(safe_callback(lambda _: self._begin()))
        self.progress = JobProgress(case, making.job, self._ended, what=making.what)
        if not self._show():
            if not self.progress.under_way and not self.progress.children:
                self._begin()
            self._wait(stopped=not self.progress.under_way)

    def _begin(self) -> None:
        self.progress.follow(self._making.start)
        self._wait(stopped=False)

    def _ended(self, state: JobState) -> None:
        if not self._show():
            self._wait(stopped=state.status in UNFINISHED)

    def _wait(self, *, stopped: bool) -> None:
        missing = html(empty_state(*self._making.missing))
        self.children = [missing, self.progress, *([self.again] if stopped else [])]

    def _show(self) -> bool:
        found = self._making.result()
        if found is not None:
            self.children = [found]
        return found is not None
