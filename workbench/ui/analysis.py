"""What a result page shows while there is no result: what is missing, what it would give, a button, the progress.

When the analysis ends, the result takes the place of the button without a reload.
"""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from workbench.case import Case
from workbench.compute import JobState
from workbench.session import ANALYSIS, start_analysis
from workbench.ui.components import empty_state
from workbench.ui.page import html, safe_callback
from workbench.ui.progress import JobProgress

HOW = "The analysis reads the files of this case and runs on this machine; you can leave the page while it does."
STILL_NOTHING = "The analysis ended without this result; the intake page shows what could be read of the files."


class AnalysisPanel(widgets.VBox):  # type: ignore[misc]
    """The result of an analysis, or the button that starts it.

    Args:
        case: the case looked at.
        missing: what is not there, in one sentence.
        gives: what the analysis would show.
        result: the result as a widget, None while there is none; asked at once and again when the analysis ends.
    """

    def __init__(self, case: Case, *, missing: str, gives: str, result: Callable[[], widgets.Widget | None]) -> None:
        super().__init__()
        self.add_class("wb-column")
        self._case, self._result = case, result
        if self._show_result():
            return
        self._note = html(empty_state(missing, gives, HOW))
        self.start = widgets.Button(description="Start the analysis", button_style="primary")
        self.start.on_click(safe_callback(self._started))
        self.progress = JobProgress(case, ANALYSIS, self._ended)
        self.start.disabled = bool(self.progress.children)
        line = widgets.HBox([self.start])
        line.add_class("wb-controls")
        self.children = [self._note, line, self.progress]

    def _started(self, _: widgets.Button) -> None:
        self.start.disabled = True
        self.progress.follow(lambda: start_analysis(self._case))

    def _ended(self, state: JobState) -> None:
        self.start.disabled = False
        if state.status == "done" and not self._show_result():
            self._note.value = empty_state(STILL_NOTHING, "", HOW)

    def _show_result(self) -> bool:
        found = self._result()
        if found is not None:
            self.children = [found]
        return found is not None
