"""What a result page shows while there is no result: what is missing, what it would give, a button, the progress.

When the analysis ends, the result takes the place of the button without a reload.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from workbench.case import Case, files_below
from workbench.compute import JobState
from workbench.ingest.labels import find_beside
from workbench.session import ANALYSIS, start_analysis, stored_diagnosis
from workbench.ui.components import empty_state
from workbench.ui.page import html, safe_callback
from workbench.ui.progress import JobProgress

HOW = "The analysis reads the files of this case and runs on this machine; you can leave the page while it does."
COMPARED = (
    "A comparison shows on the client's documents how often naive retrieval misses, and what other searches find."
)
NO_DOCUMENTS = "The analysis found no documents to search."
NO_QUESTIONS = "The analysis found no questions to search for."
NO_RESULT = "The analysis ended without this result."
PUT_DOCUMENTS = "Put the documents the pilot answers from into the folder corpus/ of the case"
PUT_QUESTIONS = "put queries.jsonl (questions to test with) beside it, or a query log into logs/"
PUT_ALSO_QUESTIONS = (
    "Put queries.jsonl (questions to test with) into the case folder, or a query log into its folder logs/"
)
AGAIN = "Then start the analysis again."
NOTHING_READABLE = "The files in corpus/ hold no readable text, or those in logs/ and queries.jsonl no questions."
SIGNAL = re.compile(r"\([A-Z]-\d+\): ")
"""Marks the lines of `not_measured` that are about a signal; the others are about files that could not be read."""


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
        self._missing, self._gives = missing, gives
        self._note = html(self._what_is_missing())
        self.start = widgets.Button(description="Start the analysis", button_style="primary")
        self.start.on_click(safe_callback(self._started))
        self.progress = JobProgress(case, ANALYSIS, self._ended)
        self.start.disabled = self.progress.under_way
        line = widgets.HBox([self.start])
        line.add_class("wb-controls")
        self.children = [self._note, line, self.progress]

    def _started(self, _: widgets.Button) -> None:
        self.start.disabled = True
        self.progress.follow(lambda: start_analysis(self._case))

    def _ended(self, state: JobState) -> None:
        self.start.disabled = False
        if state.status == "done" and not self._show_result():
            self._note.value = self._what_is_missing(ended=True)

    def _what_is_missing(self, *, ended: bool = False) -> str:
        diagnosis = stored_diagnosis(self._case)
        if diagnosis is None:
            return empty_state(NO_RESULT if ended else self._missing, self._gives, HOW)
        return without_result(self._case, diagnosis.not_measured)

    def _show_result(self) -> bool:
        found = self._result()
        if found is not None:
            self.children = [found]
        return found is not None


def without_result(case: Case, not_measured: Sequence[str]) -> str:
    """Why an analysis that has run brought no comparison, what one would give, and where to put what is missing."""
    documents, questions = _holds(case, "corpus", "corpus.jsonl"), _holds(case, "logs", "queries.jsonl")
    reasons = [_sentence(line) for line in not_measured if not SIGNAL.search(line)]
    if not documents:
        missing, steps = NO_DOCUMENTS, [f"{PUT_DOCUMENTS}{'' if questions else f', and {PUT_QUESTIONS}'}."]
    elif not questions:
        missing, steps = NO_QUESTIONS, [f"{PUT_ALSO_QUESTIONS}."]
    else:
        missing, steps = NO_RESULT, [] if reasons else [NOTHING_READABLE]
    return empty_state(missing, COMPARED, " ".join([*reasons, *steps, AGAIN]))


def _holds(case: Case, folder: str, file: str) -> bool:
    return find_beside(case.root, file) is not None or any(True for _ in files_below(case.root / folder))


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
