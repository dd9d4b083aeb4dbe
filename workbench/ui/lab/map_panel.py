"""The map view of the lab: the stored map, or the job that makes it and shows a first picture on the way.

It waits and exchanges; a map that is there is shown by `map_view`, and computed by a job of `workbench.session`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import ipywidgets as widgets

from workbench import session
from workbench.case import Case
from workbench.compute import JobState
from workbench.ui.components import empty_state, paragraph
from workbench.ui.lab.map_view import MapView
from workbench.ui.lab.state import Lab
from workbench.ui.page import guarded, html, safe_callback
from workbench.ui.progress import UNFINISHED, JobProgress

if TYPE_CHECKING:
    from workbench.comparison.corpus_map.tables import StoredMap

LOOK_AGAIN = 1.0
"""Seconds between two looks for the first picture while the map is computed."""
WAITING = "A first picture comes within seconds, the map itself later; you can leave this view meanwhile."


def build_map_view(lab: Lab) -> widgets.Widget:
    """The map of a lab's case; without a case, or while there is no map, what is missing and how it comes."""
    if lab.case is None:
        return html(
            empty_state(
                "There is no map here.",
                "A map shows where questions lie among the passages and in which regions they are missed.",
                "It belongs to a case: open the lab from one.",
            )
        )
    case = lab.case
    return guarded(lambda: MapPanel(lab, case))


class MapPanel(widgets.VBox):  # type: ignore[misc]
    """The map where there is one, and the job that makes it.

    Attributes:
        view: the map shown; None while there is none.
        progress: the job; starts by itself where there is no finished map, unless the last attempt ended badly.
        again: starts it by hand after it was stopped or failed.
    """

    def __init__(self, lab: Lab, case: Case) -> None:
        super().__init__()
        self.add_class("wb-column")
        self._lab, self._case = lab, case
        self.view: MapView | None = None
        self._waiting: asyncio.Task[None] | None = None
        self.again = widgets.Button(description="Make the map", button_style="primary")
        self.again.on_click(safe_callback(lambda _: self._begin()))
        self.progress = JobProgress(case, session.MAP, self._ended, what="map")
        self._show(session.stored_map(case))
        if self.progress.under_way:
            self._wait()
        elif self._unfinished and not self.progress.children:
            self._begin()
        self._arrange()

    @property
    def _unfinished(self) -> bool:
        return self.view is None or not self.view.stored.map.final

    def _begin(self) -> None:
        self.progress.follow(lambda: session.start_map(self._case))
        self._wait()
        self._arrange()

    def _wait(self) -> None:
        if self.view is None:
            self._waiting = asyncio.ensure_future(self._first_picture())

    async def _first_picture(self) -> None:
        while self.view is None and self.progress.under_way:
            await asyncio.sleep(LOOK_AGAIN)
            self._look()

    def _look(self) -> None:
        def look() -> None:
            self._show(session.stored_map(self._case))
            self._arrange()

        safe_callback(look)()

    def _ended(self, state: JobState) -> None:
        self._show(session.stored_map(self._case))
        self._arrange(ended=state)

    def _show(self, stored: StoredMap | None) -> None:
        if stored is None:
            return
        if self.view is None:
            self.view = MapView(self._lab, stored)
        else:
            self.view.replace(stored)

    def _arrange(self, *, ended: JobState | None = None) -> None:
        stopped = ended.status in UNFINISHED if ended else not self.progress.under_way
        self.again.description = "Finish the map" if self.view else "Make the map"
        controls = [self.again] if stopped and self._unfinished else []
        waiting = [] if self.view or stopped else [html(paragraph(WAITING, muted=True))]
        if self.view is None:
            self.children = [self.progress, *controls, *waiting]
        else:  # in a corner of the picture, where it comes and goes without moving the page
            self.view.status.children = [self.progress, *controls]
            self.children = [self.view]
