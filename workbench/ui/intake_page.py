"""The intake of a case: handing files over, what became of each, how the logs were read, the health of the corpus.

It shows a stored intake and starts the job that makes one; reading and counting are done elsewhere, through `workbench.session`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

from workbench.case import INBOX, OWN_FILES, Case, client_files, waiting
from workbench.compute import JobState
from workbench.intake.words import NOTHING
from workbench.numbers import count
from workbench.observing import counted
from workbench.records import Intake
from workbench.session import INTAKE, start_intake, stored_intake
from workbench.ui.components import count_card, empty_state, escape, join, paragraph, row, section, sentence
from workbench.ui.figure import under_voila
from workbench.ui.intake_files import UNREAD, FileTable
from workbench.ui.intake_health import health_markup
from workbench.ui.intake_mapping import MappingEditor
from workbench.ui.intake_masking import masking_markup
from workbench.ui.page import PageContext, column, guarded, html, safe_callback
from workbench.ui.progress import JobProgress
from workbench.ui.receiving import MAX_UPLOAD

BEING_READ = "The files of this case are being read."
GIVES = (
    "Documents, query logs, traces, eval sets and papers, in whatever form they come. Reading them shows which files hold text, "
    "how the query log was understood, and what should not be in the corpus."
)
HOW = "Nothing leaves this machine."
READ_ONLY = "This case is marked read-only: its files can be read, and nothing can be added to it."
NOT_A_HANDOVER = frozenset({"case.toml", *OWN_FILES})
"""Files the workbench itself makes: a case with these alone holds nothing of the client."""


class Upload(anywidget.AnyWidget):
    """Uploads files into a case with a bar that shows bytes really sent; `stored` counts those that arrived."""

    _esm = Path(__file__).parent / "upload.js"
    case_slug = traitlets.Unicode("").tag(sync=True)
    target = traitlets.Unicode(INBOX).tag(sync=True)
    limit = traitlets.Int(MAX_UPLOAD).tag(sync=True)
    stored = traitlets.Int(0).tag(sync=True)


class Announcer(anywidget.AnyWidget):
    """Text that screen readers say when it changes; nothing is seen of it."""

    _esm = """
    function render({ model, el }) {
      el.className = "wb-said";
      el.setAttribute("aria-live", "polite");
      const say = () => { el.textContent = model.get("said"); };
      model.on("change:said", say);
      say();
    }
    export default { render };
    """
    said = traitlets.Unicode("").tag(sync=True)


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
        self._intake: Intake | None = None
        self._files: FileTable | None = None
        self._once_more = False
        self._opening, self._waiting, self._results = html(""), html(""), column()
        self.announcer = Announcer()
        self.upload = Upload(case_slug=case.slug) if under_voila() and case.writable else None
        self.read = widgets.Button(tooltip="Sort in what was handed over and read every file")
        self.read.on_click(safe_callback(lambda _: self._start()))
        self.progress = JobProgress(case, INTAKE, self._ended, what="reading")
        if self.upload is not None:
            self.upload.observe(safe_callback(lambda _: self._start()), "stored")
        hand_over = widgets.HBox([*([self.upload] if self.upload is not None else []), self.read])
        hand_over.add_class("wb-hand-over")
        # One place for both, so that nothing below moves when a reading begins or ends.
        state = widgets.VBox([self._waiting, self.progress])
        state.add_class("wb-reading")
        self.children = [self._opening, hand_over, state, self.announcer, self._results]
        self._show()

    def _start(self) -> None:
        """Read what is there; what comes in or is corrected during a reading is read right after it."""
        if self.progress.under_way:
            self._once_more = True
            return
        self.progress.follow(lambda: start_intake(self._case))
        self._show_state(self._intake, under_way=True)
        if self._intake is None:
            self._results.children = []
        self.announcer.said = BEING_READ

    def _ended(self, state: JobState) -> None:
        self._show(under_way=False)
        if state.status == "done":
            self.announcer.said = self._intake.sentence if self._intake else ""
        else:
            self.announcer.said = "The reading was stopped." if state.status == "cancelled" else "The reading failed."
        if self._once_more and state.status != "cancelled":
            # The job still counts as under way until this call has returned.
            asyncio.get_running_loop().call_soon(safe_callback(self._start))
        self._once_more = False

    def _show(self, *, under_way: bool | None = None) -> None:
        """Results and state; results that did not change stay as they are, with the filters somebody set."""
        intake = stored_intake(self._case)
        self._show_state(intake, self.progress.under_way if under_way is None else under_way)
        if intake is None:
            self._results.children = [] if under_way else [html(empty_state("Nothing to show yet.", GIVES, HOW))]
        elif intake != self._intake:
            self._results.children = self._parts(intake)
        self._intake = intake

    def _show_state(self, intake: Intake | None, under_way: bool) -> None:
        self.read.disabled = under_way
        self.read.description = "Read the files again" if intake else "Read the files"
        to_read = not intake and not under_way and _handed_over(self._case)
        self.read.button_style = "primary" if to_read else ""
        self._waiting.value = waiting_markup(self._case)
        self._waiting.layout.display = "none" if under_way else ""
        shown = figures(intake) if intake and intake.files else ""
        self._opening.value = sentence(intake.sentence if intake else unread_sentence(self._case, under_way)) + shown

    def _parts(self, intake: Intake) -> list[widgets.Widget]:
        """The parts of a result, each on its own: one that cannot be shown does not take the others along."""
        return [
            guarded(lambda: self._file_table(intake)),
            guarded(lambda: MappingEditor(self._case, intake.log, corrected=self._start).widget),
            guarded(lambda: html(_health(intake, self._case.slug))),
            guarded(lambda: html(masking_markup(intake))),
            *([html(section("Also to know", join(map(paragraph, intake.notes))))] if intake.notes else []),
        ]

    def _file_table(self, intake: Intake) -> widgets.Widget:
        self._files = FileTable(
            self._case, intake.files, moved=self._start, questions=intake.log.questions, before=self._files
        )
        return self._files.widget


def unread_sentence(case: Case, under_way: bool) -> str:
    """What to say of a case without a result: that it is being read, that nothing is there, or how much waits to be read."""
    if under_way:
        return BEING_READ
    files = _handed_over(case)
    if not files:
        return NOTHING
    if files == 1:
        return "One file is here that has not been read yet, or has changed since."
    return f"{count(files)} files are here that have not been read yet, or have changed since."


def figures(intake: Intake) -> str:
    """The key figures of an intake side by side."""
    files = len(intake.files)
    loaded = sum(file.status == "loaded" for file in intake.files)
    unread = sum(file.status in UNREAD for file in intake.files)
    told = ["every file that was handed over" if loaded == files else f"of {count(files)}"]
    told += [f"{count(unread)} need{'s' if unread == 1 else ''} somebody to look"] if unread else []
    told += [f"{count(files - loaded - unread)} left out"] if files - loaded - unread else []
    cards = [
        count_card("Files read", loaded, meaning="; ".join(told)),
        count_card("Documents", intake.documents, meaning=f"in {counted(intake.passages, 'passage')} to search"),
        count_card("Logged questions", intake.log.interactions, meaning=_log_words(intake)),
        count_card("Masked", sum(intake.masked.values()), meaning=_masked_words(intake)),
    ]
    return f'<div class="wb-figures">{row(*cards)}</div>'


def waiting_markup(case: Case) -> str:
    """Where the drop folder is and how many files wait in it."""
    if not case.writable:
        return paragraph(READ_ONLY, muted=True)
    number = waiting(case.root)
    many = f"{counted(number, 'file')} wait{'s' if number == 1 else ''} there"
    return (
        f'<p class="wb-text wb-muted">Or copy them into the drop folder <code>{escape(case.root / INBOX)}</code> '
        f"({many if number else 'it is empty'}); reading sorts them in by their content.</p>"
    )


def _health(intake: Intake, case_slug: str) -> str:
    return health_markup(intake.health, intake.observations, case_slug) if intake.health else ""


def _masked_words(intake: Intake) -> str:
    left = sum(intake.found.values())
    if not left and not intake.masked:
        return "no secrets or personal data were seen"
    return f"secrets and personal data; {count(left)} left in documents" if left else "secrets and personal data"


def _log_words(intake: Intake) -> str:
    if not intake.log.mappings and not intake.log.interactions:
        return "no query log was handed over"
    logs = counted(len(intake.log.mappings), "log file")
    asked = len(intake.log.questions)
    return f"in {logs}; {counted(asked, 'thing')} to ask, below" if asked else f"in {logs}"


def _handed_over(case: Case) -> int:
    """Files of the client, those that wait included."""
    theirs = (path.relative_to(case.root).as_posix() for path in client_files(case.root))
    return sum(path not in NOT_A_HANDOVER for path in theirs) + waiting(case.root)
