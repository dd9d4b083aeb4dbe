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
        self.file = widgets.Dropdown(options=list(self._mappings), description="File")
        self.file.observe(safe_callback(lambda _: self._show()), "value")
        self._body, self._answer = column(), html("")
        self.form = _Form()
        head = html(
            section("Query log", _log_markup(log), note="Which column holds what, as far as the file shows it.")
        )
        if not self._mappings:
            self.widget = column(head)
            return
        line = widgets.HBox([self.file])
        line.add_class("wb-controls")
        line.add_class("wb-log-file")
        self.widget = column(head, *([line] if len(self._mappings) > 1 else []), self._body, self._answer)
        self._show()

    def _show(self) -> None:
        mapping = self._mappings[self.file.value]
        editable = mapping.format == "table" and self._case.writable
        self.form = _Form.of(mapping) if editable else _Form(questions=_question_controls(mapping))
        apply = widgets.Button(description="Store and read again", button_style="primary")
        apply.on_click(safe_callback(self._store))
        line = widgets.HBox([apply])
        line.add_class("wb-controls")
        asked = [
            html(section("To be asked", note="The file does not say; what depends on it is not measured until it is."))
        ]
        grid = widgets.GridBox(list(self.form.columns.values()))
        grid.add_class("wb-mapping")
        self._body.children = [
            *(asked if self.form.questions else []),
            *(column(html(paragraph(question.text)), control) for question, control in self.form.questions.items()),
            html(mapping_markup(mapping)),
            *([html(section("Correct it")), grid] if self.form.columns else []),
            *([line] if self.form.columns or self.form.questions else []),
        ]

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

    @classmethod
    def of(cls, mapping: FileMapping) -> _Form:
        return cls(_column_controls(mapping), _question_controls(mapping))

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
    rows = [_guess_row(guess, mapping) for guess in in_field_order(mapping.columns)]
    caption = (
        f"{count(mapping.interactions)} questions from {count(mapping.lines)} records"
        + (f", {count(mapping.bad_lines)} could not be read" if mapping.bad_lines else "")
        + (f"; {mapping.format}." if mapping.format != "table" else ".")
    )
    body = table(["Field", "Column", "How sure", "Unit", "Example, masked"], rows, caption=caption)
    trace = paragraph(TRACE, muted=True) if mapping.format != "table" else ""
    unused = details(f"Columns nothing was read from ({count(len(mapping.unused))})", bullets(mapping.unused))
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
        f'<span class="wb-num">{escape(sureness(guess))}</span>',
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


def _asked(question: LogQuestion, control: widgets.Widget) -> widgets.Widget:
    box = column(html(paragraph(question.text)), control)
    box.add_class("wb-question")
    return box


def _question_control(question: LogQuestion) -> widgets.Widget:
    choices: Sequence[str] = question.choices
    if question.ask == "time zone":
        zones = sorted(available_timezones())
        return widgets.Combobox(options=zones, placeholder="Europe/Berlin", ensure_option=True)
    if not choices:
        return widgets.Text()
    return widgets.Dropdown(options=[("not known", ""), *((choice, choice) for choice in choices)])


def _log_markup(log: LogIntake) -> str:
    if not log.mappings and not log.faults:
        return paragraph(NO_LOG, muted=True)
    span = f", {log.first:%Y-%m-%d} to {log.last:%Y-%m-%d}" if log.first and log.last else ", without times"
    lines = [paragraph(f"{count(log.interactions)} questions{span}.")]
    if log.never_logged:
        never = ", ".join(FIELD_WORDS.get(name, name) for name in log.never_logged)
        lines.append(paragraph(f"Never logged, which is evidence too: {never}."))
    faults = unasked_faults(log.faults, log.questions)
    more = [f"and {count(len(faults) - LISTED_FAULTS)} more"] if len(faults) > LISTED_FAULTS else []
    return "".join([*lines, bullets([*faults[:LISTED_FAULTS], *more])])
