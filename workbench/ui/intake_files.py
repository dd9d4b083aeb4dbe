"""Every file of a case with what became of it: to search, to filter, to page through, and to move to another part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from workbench.case import PARTS, Case
from workbench.errors import WorkbenchError
from workbench.numbers import count
from workbench.observing import counted
from workbench.records import FileStatus, IntakeFile, LogQuestion, Source
from workbench.report.intake_text import PART_NAMES, unasked_faults
from workbench.ui.components import Tone, badge, escape, join, paragraph, section, source_link, table
from workbench.ui.page import column, html, safe_callback

SHOWN = 20
"""Files a page of the table holds."""
LOOK, REMARKS, EVERY = "need a look", "read, with remarks", "every file"
UNREAD: tuple[FileStatus, ...] = ("unreadable", "empty")
"""What the opening sentence counts as needing somebody to look."""
STATUS_TONES: Mapping[str, Tone] = {"loaded": "muted", "empty": "accent", "unreadable": "accent", "skipped": "plain"}
STATUS_WORDS: Mapping[str, str] = {"loaded": "read", "empty": "empty", "unreadable": "not read", "skipped": "left out"}
HEADINGS = ("File", "Kind", "State", "Records", "Characters", "What to know")
MEANINGS = {"Records": "documents of the corpus, questions of a log, items of an eval set, papers"}


class FileTable:
    """The table with its filters; `widget` is what a page shows.

    Args:
        case: the case.
        files: every file of it.
        moved: called after a file was moved to another part.
        questions: what the query log has to be asked, so that it is not said of its files a second time.
        before: the table this one takes the place of; its filters are kept.
    """

    def __init__(
        self,
        case: Case,
        files: Sequence[IntakeFile],
        *,
        moved: Callable[[], None],
        questions: Sequence[LogQuestion] = (),
        before: FileTable | None = None,
    ) -> None:
        self._case, self._files, self._moved = case, files, moved
        self._said = {file.path: remarks(file, questions) for file in files}
        parts = list(dict.fromkeys(file.part for file in files))
        self.search = widgets.Text(placeholder="names, kinds, reasons", description="Search", continuous_update=True)
        self.search.add_class("wb-search")
        self.state = widgets.Dropdown(options=self._states(), description="Show")
        self.part = widgets.Dropdown(
            options=[("every part", ""), *((PART_NAMES.get(part, part), part) for part in parts)], description="Part"
        )
        self.earlier, self.later = widgets.Button(description="Earlier"), widgets.Button(description="Later")
        self._first = 0
        self._table, self._range, self._answer = html(""), html(""), html("")
        self._range.add_class("wb-files-range")
        self.file = widgets.Combobox(placeholder="corpus/…", description="Move a file")
        if before is not None:
            _keep(self, before)
        self._show()
        for control in (self.search, self.state, self.part):
            control.observe(safe_callback(lambda _: self._show(0)), "value")
        self.earlier.on_click(safe_callback(lambda _: self._show(self._first - SHOWN)))
        self.later.on_click(safe_callback(lambda _: self._show(self._first + SHOWN)))
        tools = widgets.HBox([self.state, self.part, self.search, self._range, self.earlier, self.later])
        tools.add_class("wb-controls")
        tools.add_class("wb-files-tools")
        self.widget = column(html(section("Files")), tools, self._table, *self._move_form(), self._answer)

    def matching(self) -> list[IntakeFile]:
        """Files that pass the filters, in order."""
        wanted = self.search.value.strip().lower()
        return [file for file in self._files if self._passes(file) and (not wanted or wanted in self._words(file))]

    def _states(self) -> list[tuple[str, str]]:
        """What can be chosen, each with its number of files; what needs somebody comes first."""
        chosen = [LOOK, REMARKS, EVERY, *STATUS_WORDS]
        numbers = {choice: sum(self._is(file, choice) for file in self._files) for choice in chosen}
        return [
            (f"{STATUS_WORDS.get(choice, choice)} ({count(numbers[choice])})", choice)
            for choice in chosen
            if numbers[choice] or choice == EVERY
        ]

    def _is(self, file: IntakeFile, choice: str) -> bool:
        if choice == LOOK:
            return file.status in UNREAD
        if choice == REMARKS:
            return file.status == "loaded" and bool(self._said[file.path])
        return choice in (EVERY, file.status)

    def _passes(self, file: IntakeFile) -> bool:
        return self._is(file, self.state.value) and self.part.value in ("", file.part)

    def _words(self, file: IntakeFile) -> str:
        return " ".join([file.path, file.kind, *self._said[file.path]]).lower()

    def _show(self, first: int = 0) -> None:
        found = self.matching()
        self._first = first if 0 <= first < len(found) else 0
        shown = found[self._first : self._first + SHOWN]
        rows = [file_row(file, self._said[file.path], self._case.slug) for file in shown]
        self._range.value = f'<span role="status">{escape(_range(self._first, len(shown), len(found)))}</span>'
        self.earlier.disabled, self.later.disabled = self._first == 0, self._first + SHOWN >= len(found)
        for button in (self.earlier, self.later):
            button.layout.display = "" if len(found) > SHOWN else "none"
        self.file.options = [file.path for file in shown if file.part in PARTS]
        if rows:
            markup = table(HEADINGS, rows, numeric=(3, 4), meanings=MEANINGS)
            self._table.value = f'<div class="wb-files">{markup}</div>'
        else:
            self._table.value = paragraph("No file matches." if self._files else "No file was handed over.", muted=True)

    def _move_form(self) -> list[widgets.Widget]:
        if not self._case.writable or not any(file.part in PARTS for file in self._files):
            return []
        self.target = widgets.Dropdown(options=[(PART_NAMES[part], part) for part in PARTS], description="to")
        button = widgets.Button(description="Move", tooltip="Move the file to this part of the case")
        button.on_click(safe_callback(self._move))
        line = widgets.HBox([self.file, self.target, button])
        line.add_class("wb-controls")
        line.add_class("wb-form")
        return [line]

    def _move(self, _: widgets.Button) -> None:
        from workbench.ingest.handover.drop_folder import move_to

        if not self.file.value:
            self._answer.value = paragraph("Choose a file first.")
            return
        try:
            place = move_to(self._case.root, self.file.value, self.target.value)
        except WorkbenchError as error:
            self._answer.value = f'<p class="wb-text" role="alert">{escape(error)}</p>'
            return
        self._answer.value = paragraph(f"It is {place} now; the files are read again.")
        self._moved()


def remarks(file: IntakeFile, questions: Sequence[LogQuestion] = ()) -> list[str]:
    """What to know of a file, one line each: why it was not read, what was not reached, how many things it has to be asked."""
    asked = [entry for entry in questions if entry.path == file.path or entry.path.startswith(f"{file.path}/")]
    texts = {entry.text for entry in asked}
    said = [line for line in (file.reason, *file.warnings) if line and line not in texts]
    lines = [_without_name(file, line) for line in unasked_faults([f"{file.path}: {line}" for line in said], asked)]
    if asked:
        lines.append(f"{counted(len(asked), 'thing')} to ask, under Query log")
    if file.sorted_by and file.part != "corpus":
        lines.append(f"sorted in here: {file.sorted_by}")
    return lines


def file_row(file: IntakeFile, said: Sequence[str], case_slug: str | None) -> list[str]:
    """The cells of one file."""
    return [
        source_link(_source(file), case_slug),
        escape("" if file.kind in (file.status, "none") else file.kind),
        badge(STATUS_WORDS[file.status], STATUS_TONES[file.status]),
        count(file.documents) if file.documents else "",
        count(file.characters) if file.characters else "",
        join(f"<div>{escape(line)}</div>" for line in said),
    ]


def _range(first: int, shown: int, found: int) -> str:
    if shown == found:
        return counted(found, "file")
    return f"{count(first + 1)} to {count(first + shown)} of {count(found)} files"


def _keep(table_now: FileTable, before: FileTable) -> None:
    """Carry the filters over, as far as they still have anything to choose."""
    table_now.search.value = before.search.value
    for now, then in ((table_now.state, before.state), (table_now.part, before.part)):
        if any(value == then.value for _, value in now.options):
            now.value = then.value


def _without_name(file: IntakeFile, line: str) -> str:
    """A line without the file's own name before it: the name stands in the first column."""
    for name in (f"{file.path}: ", f"{file.path.rpartition('/')[2]}: "):
        line = line.removeprefix(name)
    return line


def _source(file: IntakeFile) -> Source:
    """Where a file can be opened: a member of an archive through the archive."""
    for suffix in (".zip/", ".eml/", ".msg/", ".gz/"):
        outer, mark, member = file.path.partition(suffix)
        if mark:
            return Source(f"{outer}{suffix[:-1]}", f"member '{member}'")
    return Source(file.path)
