"""Every file of a case with what became of it: to search, to filter, and to move to another part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from workbench.case import PARTS, Case
from workbench.errors import WorkbenchError
from workbench.numbers import count
from workbench.records import IntakeFile, Source
from workbench.report.intake_text import PART_NAMES, needs_a_look
from workbench.ui.components import Tone, badge, escape, join, paragraph, section, source_link, table
from workbench.ui.page import column, html, safe_callback

SHOWN = 200
"""Files shown at once; a search narrows them down."""
LOOK, EVERY = "need a look", "every file"
STATUS_TONES: Mapping[str, Tone] = {"loaded": "accent", "empty": "plain", "unreadable": "plain", "skipped": "muted"}
STATUS_WORDS: Mapping[str, str] = {"loaded": "read", "empty": "empty", "unreadable": "not read", "skipped": "left out"}
HEADINGS = ("File", "Part", "Kind", "State", "Records", "Characters", "What to know")


class FileTable:
    """The table with its filters; `widget` is what a page shows.

    Args:
        case: the case.
        files: every file of it.
        moved: called after a file was moved to another part.
    """

    def __init__(self, case: Case, files: Sequence[IntakeFile], *, moved: Callable[[], None]) -> None:
        self._case, self._files, self._moved = case, files, moved
        parts = list(dict.fromkeys(file.part for file in files))
        statuses = [status for status in STATUS_WORDS if any(file.status == status for file in files)]
        look = [(LOOK, LOOK)] if any(map(needs_a_look, files)) else []
        self.search = widgets.Text(placeholder="Search names and reasons", description="", continuous_update=True)
        self.search.tooltip = "Search names and reasons"
        self.state = widgets.Dropdown(
            options=[*look, (EVERY, EVERY), *((STATUS_WORDS[status], status) for status in statuses)],
            description="Show",
        )
        self.part = widgets.Dropdown(
            options=[("every part", ""), *((PART_NAMES.get(part, part), part) for part in parts)], description="of"
        )
        self._table, self._answer = html(""), html("")
        for control in (self.search, self.state, self.part):
            control.observe(safe_callback(lambda _: self._show()), "value")
        tools = widgets.HBox([self.state, self.part, self.search])
        tools.add_class("wb-controls")
        self._show()
        note = "What was read from each file, and what to do about the others."
        self.widget = column(html(section("Files", note=note)), tools, self._table, *self._move_form(), self._answer)

    def matching(self) -> list[IntakeFile]:
        """Files that pass the filters, in order."""
        wanted = self.search.value.strip().lower()
        return [file for file in self._files if self._passes(file) and (not wanted or wanted in _words(file))]

    def _passes(self, file: IntakeFile) -> bool:
        chosen = self.state.value
        in_state = needs_a_look(file) if chosen == LOOK else chosen in (EVERY, file.status)
        return in_state and self.part.value in ("", file.part)

    def _show(self) -> None:
        found = self.matching()
        rows = [file_row(file, self._case.slug) for file in found[:SHOWN]]
        shown = f"{count(len(rows))} of {count(len(found))} files; search to see others." if len(found) > SHOWN else ""
        caption = shown or f"{count(len(found))} of {count(len(self._files))} files."
        self._table.value = (
            f'<div class="wb-files">{table(HEADINGS, rows, caption=caption, numeric=(4, 5))}</div>'
            if rows
            else paragraph("No file matches." if self._files else "No file was handed over.", muted=True)
        )

    def _move_form(self) -> list[widgets.Widget]:
        movable = [file.path for file in self._files if file.part in PARTS and (self._case.root / file.path).is_file()]
        if not movable or not self._case.writable:
            return []
        self.file = widgets.Combobox(options=movable, placeholder="corpus/…", description="Move", ensure_option=True)
        self.target = widgets.Dropdown(options=[(PART_NAMES[part], part) for part in PARTS], description="to")
        button = widgets.Button(description="Move", tooltip="Move the file to this part of the case")
        button.on_click(safe_callback(self._move))
        line = widgets.HBox([self.file, self.target, button])
        line.add_class("wb-controls")
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
        self._answer.value = paragraph(f"It is {place} now; read the files again.")
        self._moved()


def file_row(file: IntakeFile, case_slug: str | None) -> list[str]:
    """The cells of one file."""
    placed = [f"sorted in here: {file.sorted_by}"] if file.sorted_by and file.part != "corpus" else []
    said = [*([file.reason] if file.reason else []), *file.warnings, *placed]
    return [
        source_link(_source(file), case_slug),
        escape(PART_NAMES.get(file.part, file.part)),
        escape(file.kind),
        badge(STATUS_WORDS[file.status], STATUS_TONES[file.status]),
        count(file.documents) if file.documents else "",
        count(file.characters) if file.characters else "",
        join(f"<div>{escape(line)}</div>" for line in said),
    ]


def _source(file: IntakeFile) -> Source:
    """Where a file can be opened: a member of an archive through the archive."""
    for suffix in (".zip/", ".eml/", ".msg/", ".gz/"):
        outer, mark, member = file.path.partition(suffix)
        if mark:
            return Source(f"{outer}{suffix[:-1]}", f"member '{member}'")
    return Source(file.path)


def _words(file: IntakeFile) -> str:
    return " ".join([file.path, file.kind, file.reason or "", *file.warnings]).lower()
