"""The table of questions of the lab: itables' DataTables, with the lab's chosen question in it and its rows saved as CSV.

Rows come from `queries`; which of them are shown is the lab's selection, which one is chosen is the lab's question.
Sorting, searching and paging happen in the page and ask nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd
import traitlets
from itables.widget import ITable

from workbench.numbers import count, signed
from workbench.report.exports import questions_csv
from workbench.report.words import failure_name
from workbench.retrieval.recipes import arm_name
from workbench.ui.assets import itables_loader
from workbench.ui.downloads import Download, Work
from workbench.ui.figure import under_voila
from workbench.ui.lab.queries import NOT_LABELLED, QuestionRow, question_rows
from workbench.ui.page import safe_callback

if TYPE_CHECKING:
    from workbench.ui.lab.state import Lab

MEASURE = "nDCG@10"
MOST_ROWS = 20_000
"""Questions sent to the browser, about 5 MB; of more the first are sent, and the caption says so."""
LONGEST_TEXT = 400
"""Characters of a question in the table; the reading below it has the whole."""
MISSING = -1_000_000_000
"""Sorts last in both directions; the same number stands in `table.js`."""
PAGE, PAGES = 10, [10, 25, 50]
PAGING = {"paging": {"buttons": 5, "firstLast": False}}
OUTCOME_ORDER = ("recovered", "lost", "still failing", "found by both", NOT_LABELLED)
NOT_REACHED = "not reached"
TEXTS = ("question", "outcome", "before", "after", "change", "codes", "region", "query_id")
"""What is shown, as text; the columns after them are the numbers some of them are sorted by."""
LONG = ("question", "codes", "region")
MAY_BE_EMPTY = ("before", "after", "change", "codes", "region")
"""Shown only where some question has something to say there: without labels, and without a map, they have nothing."""
SORTED_BY = ("outcome", "before", "after", "change")
"""Which of them are sorted by a number of their own, in the order of those columns."""


class QuestionTable(ITable):
    """itables' table with a chosen row.

    Rows are chosen by id and not by place, for the rows change under a click that is on its way.

    Attributes:
        long_columns: columns cut to two lines, with the whole text in the tooltip.
        sorted_by: column shown -> column of numbers it is sorted by.
        ids: query_id of each row sent.
        matching: places of the rows that are shown; None for all.
        chosen: the query_id that is marked; set from either side.
        shown: query_ids that a search or filter in the table leaves; None while it leaves all.
        label: what the table is, for screen readers.
    """

    long_columns = traitlets.List(traitlets.Int()).tag(sync=True)
    sorted_by = traitlets.Dict().tag(sync=True)
    ids = traitlets.List(traitlets.Unicode()).tag(sync=True)
    matching = traitlets.List(traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    chosen = traitlets.Unicode().tag(sync=True)
    shown = traitlets.List(traitlets.Unicode(), default_value=None, allow_none=True).tag(sync=True)
    label = traitlets.Unicode("Questions; j and k choose the next and the previous one").tag(sync=True)

    def __init__(self, frame: pd.DataFrame, **options: Any) -> None:  # noqa: ANN401 - options of DataTables
        # The library is loaded by address under Voila; in JupyterLab it travels with the widget.
        own = (Path(__file__).parent / "table.js").read_text(encoding="utf-8")
        self._esm = itables_loader(by_address=under_voila()) + own  # type: ignore[assignment]
        if under_voila():
            self._css = ""  # type: ignore[assignment]
        super().__init__(frame, **options)
        self.long_columns = [TEXTS.index(name) for name in LONG]
        self.sorted_by = {str(TEXTS.index(name)): place for place, name in enumerate(SORTED_BY, start=len(TEXTS))}


class _Table:
    """Keeps the widget and the lab in step."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._rows: dict[tuple[str, str], dict[str, QuestionRow]] = {}
        self._changes: dict[tuple[str, str], dict[str, float]] = {}
        self._sent: object = None
        self._held = self._to_hold()
        frame = self._frame()
        self.table = QuestionTable(frame, **options(frame))
        self._send()
        self.table.chosen = lab.question
        self.download = Download("", work=self._work)
        self.download.add_class("wb-table-save")
        self._name_download()
        lab.observe(safe_callback(self._changed), ["matching", "baseline", "candidate", "regions", "region_names"])
        lab.observe(safe_callback(self._question_changed), "question")
        self.table.observe(safe_callback(self._chosen), "chosen")
        self.table.observe(safe_callback(self._shown), "shown")

    def _pair(self) -> tuple[str, str]:
        return self._lab.baseline, self._lab.candidate

    def _to_hold(self) -> tuple[str, ...]:
        """The questions sent: all of them, so that narrowing sends no rows; where they are too many, the first that match."""
        every = tuple(self._lab.texts)
        return every if len(every) <= MOST_ROWS else tuple(self._lab.matching[:MOST_ROWS])

    def _frame(self) -> pd.DataFrame:
        lab, pair = self._lab, self._pair()
        if pair not in self._rows:
            self._rows[pair] = {row.query_id: row for row in question_rows(lab.stored, *pair, lab.k)}
            self._changes[pair] = measure_changes(lab.stored.per_query, *pair, MEASURE)
        rows = [self._rows[pair][query_id] for query_id in self._held]
        regions = {query_id: str(lab.region_names.get(region, "")) for query_id, region in lab.regions.items()}
        return question_frame(rows, self._changes[pair], pair, regions)

    def _send(self) -> None:
        lab, self._held = self._lab, self._to_hold()
        rows = (self._pair(), self._held, dict(lab.regions), dict(lab.region_names))
        with self.table.hold_sync():
            if rows != self._sent:
                self._sent = rows
                frame = self._frame()
                self.table.ids = list(self._held)
                self.table.update(frame, **options(frame))
            self.table.caption = caption(len(lab.matching))
            self.table.matching = self._places()  # type: ignore[assignment]
            self.table.shown = None  # type: ignore[assignment]

    def _places(self) -> list[int] | None:
        """Rows that match the selection; None for all of them."""
        matching = set(self._lab.matching)
        places = [place for place, query_id in enumerate(self._held) if query_id in matching]
        return None if len(places) == len(self._held) else places

    def _changed(self, _change: object) -> None:
        self._send()
        self._name_download()

    def _question_changed(self, _change: object) -> None:
        self.table.chosen = self._lab.question

    def _chosen(self, _change: object) -> None:
        if self.table.chosen in self._lab.texts:
            self._lab.question = self.table.chosen

    def _shown(self, _change: object) -> None:
        self._name_download()

    def _selected(self) -> Sequence[str]:
        if self.table.shown is None:
            return list(self._lab.matching)
        kept = set(self.table.shown)
        return [query_id for query_id in self._lab.matching if query_id in kept]

    def _name_download(self) -> None:
        n = len(self._selected())
        self.download.label = f"Save {count(n)} as CSV"
        self.download.hint = f"Save {count(n)} question{'' if n == 1 else 's'} as CSV"

    def _work(self) -> Work:
        lab, chosen = self._lab, self._selected()
        stored, pair, k = lab.stored, self._pair(), lab.k
        name = f"questions {lab.stored.comparison.case}.csv"
        return lambda: (name, questions_csv(stored, chosen, *pair, k).encode("utf-8-sig"))


def build_question_table(lab: Lab) -> widgets.Widget:
    """The table of the lab's questions: one row is the lab's question, the rows are the lab's selection."""
    parts = _Table(lab)
    box = widgets.VBox([parts.download, parts.table])
    box.add_class("wb-lab-questions")
    return box


def question_frame(
    rows: Sequence[QuestionRow], changes: dict[str, float], pair: tuple[str, str], regions: dict[str, str]
) -> pd.DataFrame:
    """The rows as the table shows them: texts under their headings, then the numbers they are sorted by.

    Args:
        rows: the questions, in order.
        changes: query_id -> candidate minus baseline; questions nobody judged are left out.
        pair: baseline and candidate.
        regions: query_id -> name of its region; an empty mapping leaves the column empty.
    """
    order = {name: place for place, name in enumerate(OUTCOME_ORDER)}
    moved = [changes.get(row.query_id) for row in rows]
    columns: dict[str, list[str] | pd.Series] = {
        "Question": [_short(row.text) for row in rows],
        "Outcome": [row.outcome for row in rows],
        f"Right rank, {arm_name(pair[0])}": [_rank(row, row.before) for row in rows],
        # The space keeps the headings apart where an arm is compared with itself; nobody sees it.
        f"Right rank, {arm_name(pair[1])} ": [_rank(row, row.after) for row in rows],
        f"Change in {MEASURE}": ["" if value is None else signed(value) for value in moved],
        "Why missed": [", ".join(failure_name(code) for code in row.codes) for row in rows],
        "Region": [_short(regions.get(row.query_id, "")) for row in rows],
        "Query id": [_short(row.query_id) for row in rows],
        "outcome_order": _numbers([order[row.outcome] for row in rows]),
        "before_order": _numbers([row.before for row in rows]),
        "after_order": _numbers([row.after for row in rows]),
        "change_order": _numbers([None if value is None else round(value * 10_000) for value in moved]),
    }
    return pd.DataFrame(columns)


def options(frame: pd.DataFrame) -> dict[str, Any]:
    """How DataTables shows such a frame: text only, empty columns hidden, sorted by outcome first, a page of ten."""
    places = {name: place for place, name in enumerate(TEXTS)}
    numbers = list(range(len(TEXTS), len(TEXTS) + len(SORTED_BY)))
    empty = [places[name] for name in MAY_BE_EMPTY if not (frame.iloc[:, places[name]] != "").any()]
    hidden = [*empty, places["query_id"]]
    return {
        "maxBytes": 0,
        "showIndex": False,
        "allow_html": False,
        "autoWidth": False,
        "classes": "wb-questions-grid",
        "style": "",
        "pageLength": PAGE,
        "lengthMenu": PAGES,
        "text_in_header_can_be_selected": False,
        "order": [[places["outcome"], "asc"]],
        "layout": {"topStart": "search", "topEnd": ["info", PAGING, "pageLength"], "bottomStart": None, "bottomEnd": None},
        "language": LANGUAGE,
        "columnDefs": [
            *({"targets": places[name], "className": f"wb-questions-{name}"} for name in TEXTS),
            {"targets": numbers, "visible": False, "searchable": False},
            {"targets": hidden, "visible": False},
        ],
    }  # fmt: skip


LANGUAGE = {
    "search": "",
    "info": "_START_ to _END_ of _TOTAL_",
    "infoEmpty": "no question",
    "infoFiltered": "(of _MAX_)",
    "lengthMenu": "_MENU_ a page",
    "emptyTable": "No question meets this selection.",
    "zeroRecords": "No question matches.",
}


def caption(matching: int) -> str:
    """What the table says of itself: "" while it holds every question that matches."""
    if matching <= MOST_ROWS:
        return ""
    return (
        f"The table holds the first {count(MOST_ROWS)} of {count(matching)} questions; narrow further to see the others. "
        "The CSV has them all."
    )


def measure_changes(per_query: pd.DataFrame, baseline: str, candidate: str, measure: str) -> dict[str, float]:
    """query_id -> the measure in the candidate minus that in the baseline, for questions that both have it for."""
    rows = per_query[per_query["measure"] == measure]
    before, after = (rows[rows["run"] == run].set_index("query_id")["value"] for run in (baseline, candidate))
    change = (after - before).dropna()
    return {str(query_id): float(value) for query_id, value in change.items()}


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1]}…"


def _rank(row: QuestionRow, rank: int | None) -> str:
    if row.outcome == NOT_LABELLED:
        return ""
    return NOT_REACHED if rank is None else str(rank)


def _numbers(values: Sequence[int | None]) -> pd.Series:
    return pd.Series([MISSING if value is None else value for value in values], dtype="int64")
