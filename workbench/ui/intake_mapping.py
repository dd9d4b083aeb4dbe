"""How the query log was read, column by column, to correct: the guess with its confidence, units, time zones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import available_timezones

import ipywidgets as widgets

from workbench import numbers
from workbench.case import Case
from workbench.errors import WorkbenchError
from workbench.ingest.logs.corrections import save_column, save_currency, save_time_zone, save_unit
from workbench.numbers import count
from workbench.observing import counted
from workbench.records import ColumnGuess, FileMapping, LogIntake, LogQuestion
from workbench.report.intake_text import FIELD_WORDS, in_field_order, unasked_faults
from workbench.ui.components import bullets, details, escape, paragraph, section, table
from workbench.ui.page import column, html, safe_callback

NOWHERE = "not in this file"
UNSURE = 0.8
"""Confidence below which a guess is worth a look."""
NO_LOG = "No query log was handed over: most of what can be said about a pilot needs one."
TRACE = "A trace export: its keys are known, and each question was put together from its spans."
LISTED_FAULTS = 10
HEADINGS = ("Field", "Column", "How sure", "Unit", "Example, masked")
ASKED = (
    '<h3 class="wb-part">To be asked</h3>'
    '<p class="wb-note-top">The file does not say; what depends on it is not measured until somebody does.</p>'
)
COLUMNS = '<h3 class="wb-part">Which column holds what</h3>'


class MappingEditor:
    """The mappings of a case's log files and the questions about them; `widget` is what a page shows.

    Args:
        case: the case.
        log: what was read from its log.
        corrected: called after corrections were stored, to read the files again.
    """

    def __init__(self, case: Case, log: LogIntake, *, corrected: Callable[[], None]) -> None:
        self._case, self._corrected = case, corrected
        self._mappings = {mapping.path: mapping for mapping in log.mappings}
        self.file = widgets.Dropdown(options=list(map(_choice, log.mappings)), description="Log file")
        self.file.observe(safe_callback(lambda _: self._show()), "value")
        self._body, self._answer = column(), html("")
        self.form = _Form()
        head = html(section("Query log", _log_markup(log)))
        if not self._mappings:
            self.widget = column(head)
            return
        line = _controls(self.file)
        line.add_class("wb-log-file")
        self.widget = column(head, *([line] if len(self._mappings) > 1 else []), self._body, self._answer)
        self._show()

    def _show(self) -> None:
        mapping = self._mappings[self.file.value]
        self.form = _Form(questions=_question_controls(mapping) if self._case.writable else {})
        self.correct = widgets.Button(description="Correct the columns")
        self.correct.on_click(safe_callback(self._open_columns))
        correctable = mapping.format == "table" and self._case.writable
        self._columns = column(*([_controls(self.correct)] if correctable else []))
        questions = list(self.form.questions.values())
        asked = bullets([question.text for question in mapping.questions]) if not questions else ""
        self._body.children = [
            *([html(f"{ASKED}{asked}")] if mapping.questions else []),
            *([*questions, _controls(self._store_button())] if questions else []),
            html(mapping_markup(mapping)),
            self._columns,
        ]

    def _open_columns(self, _: widgets.Button) -> None:
        """The form of the columns, built only where somebody asks for it: it has a control for every field."""
        self.form.columns = _column_controls(self._mappings[self.file.value])
        grid = widgets.GridBox(list(self.form.columns.values()))
        grid.add_class("wb-mapping")
        self._columns.children = [html(COLUMNS), grid, _controls(self._store_button())]

    def _store_button(self) -> widgets.Button:
        button = widgets.Button(description="Store and read again", button_style="primary")
        button.on_click(safe_callback(self._store))
        return button

    def _store(self, _: widgets.Button) -> None:
        mapping = self._mappings[self.file.value]
        try:
            changed = self.form.store(self._case, mapping)
        except WorkbenchError as error:
            self._answer.value = f'<p class="wb-text" role="alert">{escape(error)}</p>'
            return
        self._answer.value = paragraph("Stored; the files are read again." if changed else "Nothing was changed.")
        if changed:
            self._corrected()


@dataclass(slots=True)
class _Form:
    """The controls of one file: field -> dropdown of its columns, question -> dropdown or box of its answers."""

    columns: dict[str, widgets.Dropdown] = field(default_factory=dict)
    questions: dict[LogQuestion, widgets.Widget] = field(default_factory=dict)

    def store(self, case: Case, mapping: FileMapping) -> int:
        """Store what differs from how the file was read; returns how many corrections that were."""
        guessed = {guess.field: guess.column for guess in mapping.columns}
        changed = {name: box.value for name, box in self.columns.items() if box.value != guessed.get(name, "")}
        for name, chosen in changed.items():
            save_column(case.root, mapping.path, name, chosen or None)
        answered = {question: box.value for question, box in self.questions.items() if box.value}
        for question, answer in answered.items():
            _SAVERS[question.ask](case, question, str(answer))
        return len(changed) + len(answered)


_SAVERS: Mapping[str, Callable[[Case, LogQuestion, str], None]] = {
    "unit": lambda case, question, answer: save_unit(case.root, question.path, question.field, answer),
    "time zone": lambda case, question, answer: save_time_zone(case.root, question.path, answer),
    "currency": lambda case, question, answer: save_currency(case.root, question.path, answer),
}


def mapping_markup(mapping: FileMapping) -> str:
    """One file's mapping as a table: field, column, how sure, an example; and the columns nothing was read from."""
    caption = f"{counted(mapping.interactions, 'question')} from {counted(mapping.lines, 'record')}"
    caption += f", {count(mapping.bad_lines)} could not be read" if mapping.bad_lines else ""
    caption += "." if mapping.format == "table" else f"; {mapping.format}."
    columns = _filled([_guess_row(guess, mapping) for guess in in_field_order(mapping.columns)])
    trace = paragraph(TRACE, muted=True) if mapping.format != "table" else ""
    unused = details(f"Columns nothing was read from ({count(len(mapping.unused))})", bullets(mapping.unused))
    body = f'<div class="wb-log-columns">{table(*columns, caption=caption)}</div>'
    return f"{trace}{body}{unused if mapping.unused else ''}"


def sureness(guess: ColumnGuess) -> str:
    """How sure a guess is, in words: the share, what it rests on, and whether a person chose."""
    if guess.set_by_user:
        return "set by a person"
    basis = f", n = {count(guess.values)}" if guess.values else ""
    words = "" if guess.confidence >= UNSURE else ": please check"
    return f"{numbers.percent(guess.confidence, guess.values)}{basis}{words}"


def _guess_row(guess: ColumnGuess, mapping: FileMapping) -> list[str]:
    return [
        escape(FIELD_WORDS.get(guess.field, guess.field)),
        f"<code>{escape(guess.column)}</code>" if guess.column else f'<span class="wb-muted">{NOWHERE}</span>',
        escape(sureness(guess) if mapping.format == "table" or guess.set_by_user else "known key"),
        escape(mapping.units.get(guess.field, "")),
        escape(guess.example),
    ]


def _column_controls(mapping: FileMapping) -> dict[str, widgets.Dropdown]:
    guessed = {guess.field: guess.column for guess in mapping.columns}
    available = sorted({*filter(None, guessed.values()), *mapping.unused})
    return {
        name: widgets.Dropdown(
            options=[(NOWHERE, ""), *((path, path) for path in available)],
            value=guessed.get(name, "") if guessed.get(name, "") in available else "",
            description=words,
        )
        for name, words in FIELD_WORDS.items()
        if name != "retrieved"  # put together from the lists, which are asked one by one
    }


def _question_controls(mapping: FileMapping) -> dict[LogQuestion, widgets.Widget]:
    return {question: _question_control(question) for question in mapping.questions}


def _question_control(question: LogQuestion) -> widgets.Widget:
    """The question is the label of its control, so that it is read out with it."""
    if question.ask == "time zone":
        zones = sorted(available_timezones())
        control = widgets.Combobox(options=zones, placeholder="Europe/Berlin", description=question.text)
    elif question.choices:
        choices = [("not known", ""), *((choice, choice) for choice in question.choices)]
        control = widgets.Dropdown(options=choices, description=question.text)
    else:
        control = widgets.Text(description=question.text)
    control.add_class("wb-asked")
    return control


def _filled(rows: Sequence[Sequence[str]]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Headings and rows without the columns in which no row says anything."""
    kept = [place for place in range(len(HEADINGS)) if any(row[place] for row in rows)]
    return [HEADINGS[place] for place in kept], [[row[place] for place in kept] for row in rows]


def _choice(mapping: FileMapping) -> tuple[str, str]:
    asked = f" ({counted(len(mapping.questions), 'thing')} to ask)" if mapping.questions else ""
    return f"{mapping.path}{asked}", mapping.path


def _controls(*controls: widgets.Widget) -> widgets.HBox:
    line = widgets.HBox(controls)
    line.add_class("wb-controls")
    return line


def _log_markup(log: LogIntake) -> str:
    if not log.mappings and not log.faults:
        return paragraph(NO_LOG, muted=True)
    span = f", {log.first:%Y-%m-%d} to {log.last:%Y-%m-%d}" if log.first and log.last else ", without times"
    lines = [paragraph(f"{counted(log.interactions, 'question')}{span}.")]
    if log.never_logged:
        never = ", ".join(FIELD_WORDS.get(name, name) for name in log.never_logged)
        lines.append(paragraph(f"Never logged, which is evidence too: {never}."))
    faults = unasked_faults(log.faults, log.questions)
    more = [f"and {count(len(faults) - LISTED_FAULTS)} more"] if len(faults) > LISTED_FAULTS else []
    return "".join([*lines, bullets([*faults[:LISTED_FAULTS], *more])])
