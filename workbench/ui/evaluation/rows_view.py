"""The answers to read first, as a list beside the one that is read; j and k go through the list.

Which answers these are was decided with the report; the one being read stands in the address of the page.
"""

from __future__ import annotations

from collections import defaultdict

import ipywidgets as widgets

from workbench.answers.marking import mark_below
from workbench.numbers import count
from workbench.records import AnswerRow, AnswersReport, MetricScore, RowSupport
from workbench.report.exports import Cell, csv_text
from workbench.ui.components import paragraph, section
from workbench.ui.downloads import Download, Work
from workbench.ui.evaluation.row_view import row_markup
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.keys import KeyCatcher
from workbench.ui.page import column, html, safe_callback

SHOWN = 30
"""Rows listed at a time."""
HEAD = ("row", "metric", "status", "value", "reason")


class RowsView(widgets.VBox):  # type: ignore[misc]
    """A list of rows beside the one that is read.

    Attributes:
        list: the rows shown. earlier, later: the pages of the list.
    """

    def __init__(self, state: Evaluation) -> None:
        self._state, self._first, self._following = state, 0, False
        self._ids: tuple[str, ...] = ()
        self.list = widgets.Select(options=[], rows=12, layout=widgets.Layout(width="100%"))
        self.list.add_class("wb-pairs-list")
        self.earlier, self.later = widgets.Button(description="Earlier"), widgets.Button(description="Later")
        self.keyboard = KeyCatcher(caught=["j", "k"])
        self._said, self._reading = html(""), html("")
        save = Download("CSV", work=self._work, hint="Save the scores of all rows as CSV", quiet=True)
        self._tools = widgets.HBox([self.earlier, self.later, save, self.keyboard])
        self._tools.add_class("wb-controls")
        both = widgets.HBox([column(self._said, self.list, self._tools), column(self._reading)])
        both.add_class("wb-pairs-both")
        super().__init__([html(section("Answers to read first")), both])
        self.list.observe(safe_callback(lambda _: self._chosen()), "index")
        self.earlier.on_click(safe_callback(lambda _: self._turn(-SHOWN)))
        self.later.on_click(safe_callback(lambda _: self._turn(SHOWN)))
        self.keyboard.on_key(lambda key: self._step(1 if key == "j" else -1))
        state.observe(safe_callback(self._follow), ["answers", "rows"])
        self._take()

    def _follow(self, _change: object) -> None:
        self._take()

    def _take(self) -> None:
        """Go through the report once, so that a row is found at once however many there are."""
        report: AnswersReport | None = self._state.answers
        self._ids = report.worst if report else ()
        self._rows: dict[str, AnswerRow] = {row.row_id: row for row in self._state.rows}
        self._support: dict[str, RowSupport] = {one.row_id: one for one in report.support} if report else {}
        self._scores: defaultdict[str, list[MetricScore]] = defaultdict(list)
        for score in report.scores if report else ():
            self._scores[score.row_id].append(score)
        self._titles = {one.metric: one.title for one in report.metrics} if report else {}
        self._mark_below = mark_below(report.support) if report else 0.0
        place = self._ids.index(self._state.answer) if self._state.answer in self._ids else 0
        self._first = place // SHOWN * SHOWN
        self._list_again(place - self._first)

    def _turn(self, by: int) -> None:
        self._first = min(max(self._first + by, 0), max(len(self._ids) - 1, 0) // SHOWN * SHOWN)
        self._list_again(0)

    def _list_again(self, chosen: int) -> None:
        shown = self._ids[self._first : self._first + SHOWN]
        self._following = True  # a list that gets other options chooses among them by itself
        self.list.options = [(self._label(key), place) for place, key in enumerate(shown)]
        self.list.index = chosen if shown else None
        self._following = False
        self.earlier.disabled = self._first == 0
        self.later.disabled = self._first + SHOWN >= len(self._ids)
        last = self._first + len(shown)
        self._said.value = paragraph(
            f"{count(self._first + 1)} to {count(last)} of {count(len(self._ids))}, the worst first. "
            "Keys j and k go to the next and back."
            if shown
            else "No row stands out to be read first."
        )
        self._chosen()

    def _label(self, key: str) -> str:
        row = self._rows.get(key)
        return _short(row.question if row else key)

    def _step(self, by: int) -> None:
        """Go on in the list, over the end of what is shown of it too."""
        if self.list.index is None:
            return
        place = min(max(self._first + self.list.index + by, 0), len(self._ids) - 1)
        first = place // SHOWN * SHOWN
        if first != self._first:
            self._first = first
            self._list_again(place - first)
        else:
            self.list.index = place - first

    def _chosen(self) -> None:
        if self._following:
            return
        index = self.list.index
        place = None if index is None else self._first + index
        key = self._ids[place] if place is not None and place < len(self._ids) else ""
        self._state.answer = key
        self._reading.value = self._read(key) if key else ""

    def _read(self, key: str) -> str:
        row = self._rows.get(key)
        if row is None:
            return paragraph("The text of this row is not kept; score the answers again.", muted=True)
        scores = self._scores.get(key, [])
        support = self._support.get(key)
        return row_markup(row, scores, support, self._state.slug, self._mark_below, self._titles)

    def _work(self) -> Work:
        report = self._state.answers
        return lambda: ("answers.csv", scores_csv(report).encode("utf-8"))


def scores_csv(report: AnswersReport | None) -> str:
    """Scores as CSV, a line a row and metric; client text cannot become a formula."""
    lines: list[list[Cell]] = [
        [one.row_id, one.metric, one.status, one.value, one.reason] for one in (report.scores if report else ())
    ]
    return csv_text(HEAD, lines)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else f"{flat[:79]}…"
