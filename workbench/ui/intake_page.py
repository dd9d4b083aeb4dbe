"""The intake of a case: handing files over, what became of each, how the logs were read, the health of the corpus.

It shows a stored intake and starts the job that makes one; reading and counting are done elsewhere, through `workbench.session`.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

from workbench.case import INBOX, Case, files_below
from workbench.compute import JobState
from workbench.numbers import count
from workbench.records import Estimate, Intake
from workbench.session import INTAKE, start_intake, stored_intake
from workbench.ui.components import (
    count_card,
    empty_state,
    escape,
    figure_card,
    join,
    paragraph,
    row,
    section,
    sentence,
)
from workbench.ui.figure import under_voila
from workbench.ui.intake_files import FileTable
from workbench.ui.intake_health import health_markup
from workbench.ui.intake_mapping import MappingEditor
from workbench.ui.intake_masking import masking_markup
from workbench.ui.page import PageContext, column, guarded, html, safe_callback
from workbench.ui.progress import JobProgress

NOT_READ = "The files of this case have not been read yet, or have changed since."
GIVES = (
    "Reading them shows which files hold text, how the query log was understood, and what should not be in the corpus."
)
HOW = "Upload files or put them into the drop folder, then read them. Nothing leaves this machine."
READ_ONLY = "This case is marked read-only: its files can be read, and nothing can be added to it."
COUNTED = 1000
"""Files of the drop folder counted; above, "over 1,000" is as good as the number."""


class Upload(anywidget.AnyWidget):
    """Uploads files into a case with a bar that shows bytes really sent; `stored` counts those that arrived."""

    _esm = Path(__file__).parent / "upload.js"
    case_slug = traitlets.Unicode("").tag(sync=True)
    target = traitlets.Unicode(INBOX).tag(sync=True)
    stored = traitlets.Int(0).tag(sync=True)


def build_intake_page(context: PageContext) -> widgets.Widget:
    """The page of a case: handing over, progress, and what was read last."""
    assert context.case is not None  # the page is shown with needs_case
    return IntakePanel(context.case)


class IntakePanel(widgets.VBox):  # type: ignore[misc]
    """Handing over and results of one case; the results change without a reload when a reading ends.

    `read` starts the reading, `progress` follows it, `upload` is None where files cannot be added from the page.
    """

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.add_class("wb-column")
        self._case = case
        self._opening, self._waiting, self._results = html(""), html(""), column()
        self.upload = Upload(case_slug=case.slug) if under_voila() and case.writable else None
        self.read = widgets.Button(tooltip="Sort in what was handed over and read every file")
        self.read.on_click(safe_callback(self._start))
        self.progress = JobProgress(case, INTAKE, self._ended, what="reading")
        self.read.disabled = self.progress.under_way
        if self.upload is not None:
            self.upload.observe(safe_callback(self._arrived), "stored")
        line = widgets.HBox([self.read])
        line.add_class("wb-controls")
        hand_over = [self.upload] if self.upload is not None else []
        self.children = [
            self._opening,
            html(section("Hand files over")),
            *hand_over,
            self._waiting,
            line,
            self.progress,
            self._results,
        ]
        self._show()

    def _start(self, _: widgets.Button | None = None) -> None:
        self.read.disabled = True
        self.progress.follow(lambda: start_intake(self._case))

    def _arrived(self, _: object) -> None:
        self._show_waiting()
        if not self.progress.under_way:
            self._start()

    def _ended(self, _: JobState) -> None:
        self.read.disabled = False
        self._show()

    def _show(self) -> None:
        intake = stored_intake(self._case)
        self._show_waiting(read=intake is not None)
        if intake is None:
            self._opening.value = sentence(NOT_READ)
            self._results.children = [html(empty_state("Nothing to show yet.", GIVES, HOW))]
            return
        self._opening.value = sentence(intake.sentence) + figures(intake)
        # Each part on its own: one that cannot be shown does not take the others along.
        self._results.children = [
            guarded(lambda: FileTable(self._case, intake.files, moved=self._show).widget),
            guarded(lambda: MappingEditor(self._case, intake.log, corrected=self._start).widget),
            guarded(lambda: html(_health(intake, self._case.slug))),
            guarded(lambda: html(masking_markup(intake))),
            *([html(section("Also to know", join(map(paragraph, intake.notes))))] if intake.notes else []),
        ]

    def _show_waiting(self, *, read: bool = False) -> None:
        self.read.description = "Read the files again" if read else "Read the files"
        self.read.button_style = "" if read else "primary"
        self._waiting.value = waiting_markup(self._case)


def figures(intake: Intake) -> str:
    """The key figures of an intake side by side."""
    files = len(intake.files)
    loaded = sum(file.status == "loaded" for file in intake.files)
    read = Estimate.exact(loaded / files, files) if files else Estimate.not_measured("no file was handed over")
    asked = len(intake.log.questions)
    masked = sum(intake.masked.values())
    cards = [
        figure_card(
            "Files read", read, share=True, meaning=f"{count(loaded)} of {count(files)} files gave something to use"
        ),
        count_card("Documents", intake.documents, meaning=f"in {count(intake.passages)} passages to search"),
        count_card("Logged questions", intake.log.interactions, meaning=_asked_words(asked)),
        count_card("Masked", masked, meaning="secrets and personal data replaced before anything was stored"),
    ]
    return row(*cards)


def _health(intake: Intake, case_slug: str) -> str:
    return health_markup(intake.health, intake.observations, case_slug) if intake.health else ""


def waiting_markup(case: Case) -> str:
    """Where the drop folder is and how many files wait in it."""
    if not case.writable:
        return paragraph(READ_ONLY, muted=True)
    waiting = 0
    for waiting, _ in enumerate(files_below(case.root / INBOX), start=1):
        if waiting > COUNTED:
            break
    many = f"over {count(COUNTED)}" if waiting > COUNTED else count(waiting)
    state = (
        f"{many} file{'' if waiting == 1 else 's'} wait{'s' if waiting == 1 else ''} there"
        if waiting
        else "it is empty"
    )
    return (
        f'<p class="wb-text wb-muted">Or copy them into the drop folder <code>{escape(case.root / INBOX)}</code> ({state}); '
        "reading sorts them in by their content.</p>"
    )


def _asked_words(asked: int) -> str:
    if not asked:
        return "read from the query log"
    return f"read from the query log; {count(asked)} thing{'' if asked == 1 else 's'} to ask below"
