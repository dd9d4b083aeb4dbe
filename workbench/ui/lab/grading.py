"""The grading view of the lab: one document of one question at a time, graded by key, and the intervals that tighten with it.

Widgets and callbacks only: what comes next and what is kept is in `comparison.grading_round`, what is said in
`grading_markup`. The disk and the estimates are reached from threads, so that the page never waits for them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from workbench.case import Case
from workbench.comparison.grading import agreement_with_labels
from workbench.comparison.grading_round import GradingRound
from workbench.errors import WorkbenchError
from workbench.numbers import count
from workbench.records import Comparison
from workbench.ui.components import bullets, empty_state, error_box, join, paragraph, skeleton
from workbench.ui.lab import grading_figures as figures
from workbench.ui.lab import grading_markup as markup
from workbench.ui.lab.grading_markup import DocumentText
from workbench.ui.lab.grading_material import GradingMaterial, grading_material, passages_of
from workbench.ui.lab.state import Lab
from workbench.ui.page import column, explain, html, safe_callback

GOALS = (20, 40, 80, 150, 300)
"""Numbers of questions to choose from beforehand."""
USUAL_GOAL = 40
WATCH_SECONDS = 3.0
"""Between two looks at whether somebody else graded."""
NOTHING_SHOWN: Mapping[str, object] = {
    "query_id": "",
    "doc_id": "",
    "documents": [],
    "grade": None,
    "ready": False,
    "undoable": False,
    "put_off": 0,
    "status": "",
    "answers": 0,
}


def build_grading_view(lab: Lab) -> widgets.Widget:
    """The grading view; it holds a skeleton until the plan is drawn, which takes seconds for thousands of questions."""
    if lab.case is None:
        return html(
            empty_state("Grades cannot be kept here.", "They belong to a case.", "Open the comparison of a case.")
        )
    if not lab.case.writable:
        return html(empty_state(*markup.read_only_words(lab.case.slug)))
    return GradingView(lab, lab.case).widget


class GradingKeys(anywidget.AnyWidget):
    """Buttons and keys. A message names the document it is about: `{"act": "grade", "query_id", "doc_id", "grade"}`."""

    _esm = Path(__file__).parent / "grading.js"
    meanings: traitlets.List[list[object]] = traitlets.List().tag(sync=True)
    card = traitlets.Dict().tag(sync=True)


class GradingView:
    """The view and what it shows; `widget` is what a page holds."""

    def __init__(self, lab: Lab, case: Case) -> None:
        self._lab, self._case = lab, case
        self._inbox: deque[Mapping[str, Any]] = deque()
        self._alone = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # Stale: grades came that no estimate has taken in. Behind: what is shown lacks grades, taken in meanwhile or not.
        self._stale, self._behind = False, False
        self._status, self._fault, self._file_fault = "", "", ""
        self._answers, self._seen = 0, False
        self._opened: GradingMaterial | None = None
        self._now: Comparison = lab.comparison
        self._parts = {
            name: html("")
            for name in (
                "fault",
                "labels",
                "question",
                "document",
                "progress",
                "intervals",
                "said",
                "differences",
                "behind",
            )
        }
        self.keys = GradingKeys(meanings=[list(one) for one in markup.MEANINGS], card=dict(NOTHING_SHOWN))
        self.keys.on_msg(self._receive)
        self.name = widgets.Text(description="Your name", placeholder="optional", continuous_update=False)
        self.name.observe(safe_callback(self._named), "value")
        # All widgets are made here, at once: one made while a page is still loading may never reach it.
        total = len(lab.texts)
        goals = [(f"{count(goal)} questions", goal) for goal in GOALS if goal < total]
        self.goal = widgets.Dropdown(options=[*goals, (f"all {count(total)} questions", total)], description="Grade")
        self.goal.observe(safe_callback(lambda _: self._show_figures()), "value")
        self.again = widgets.Button(description="Try again")
        self.again.on_click(safe_callback(lambda _: self._begin()))
        self._waiting = html(paragraph("Drawing the plan of questions", muted=True) + skeleton(6))
        self._layout = self._laid_out()
        self.widget = column()
        self.widget.add_class("wb-grading")
        self._begin()

    # ------------------------------------------------------------ opening

    def _begin(self) -> None:
        # The keys are there from the start, out of sight: they tell when a page shows them.
        self.widget.children = [self._waiting, self.keys]
        self._run("open", self._open(), lambda: self._ready(grading_material(self._lab.stored, self._case)))

    async def _open(self) -> None:
        self._ready(await asyncio.to_thread(grading_material, self._lab.stored, self._case))
        self._run("watch", self._watch(), lambda: None)

    def _ready(self, opened: GradingMaterial) -> None:
        self._opened, self._now = opened, opened.start
        total, counted = len(self._lab.texts), len(opened.round.desk.standing.counted)
        self.goal.value = next((goal for goal in (USUAL_GOAL, *GOALS) if counted < goal < total), total)
        self.widget.children = self._layout
        self._show()
        if opened.start != self._lab.comparison:
            self._lab.comparison = opened.start

    def _laid_out(self) -> list[widgets.Widget]:
        parts = self._parts
        reading = column(parts["question"], parts["document"], self.keys)
        reading.add_class("wb-grading-reading")
        controls = widgets.HBox([self.goal, self.name])
        controls.add_class("wb-controls")
        figures = column(controls, parts["progress"], parts["intervals"], parts["said"])
        figures.add_class("wb-grading-figures")
        both = widgets.HBox([reading, figures])
        both.add_class("wb-grading-both")
        return [parts["fault"], both, parts["labels"], parts["behind"], parts["differences"]]

    # ------------------------------------------------------------ what the grader does

    def _named(self, _change: object) -> None:
        if self._opened:
            self._opened.round.by = self.name.value

    def _receive(self, _widget: object, message: object, _buffers: object) -> None:
        if isinstance(message, dict) and message.get("act") == "shown":
            self._page_is_there()
        elif isinstance(message, dict) and self._opened is not None:
            self._inbox.append(message)
            self._run("answer", self._answer_all(), self._answer_now)

    def _page_is_there(self) -> None:
        """Tell a page once what changed while it was loading: what is sent before it listens never reaches it."""
        if self._seen:
            return
        self._seen = True
        for part in (*self._parts.values(), self.goal, self.name, self.keys, self.widget):
            part.send_state()

    async def _answer_all(self) -> None:
        while self._inbox:
            async with self._alone:
                outcome = await asyncio.to_thread(self._outcome, self._inbox.popleft())
            self._answered(outcome)

    def _answer_now(self) -> None:
        while self._inbox:
            self._answered(self._outcome(self._inbox.popleft()))

    def _outcome(self, message: Mapping[str, Any]) -> tuple[str, str]:
        """(what happened, what went wrong as markup) of one message; the disk may be reached."""
        assert self._opened is not None
        try:
            return _act(self._opened.round, message), ""
        except WorkbenchError as error:
            return "Not kept.", error_box(str(error), "Nothing was lost; correct this and go on.")
        except Exception as error:
            return "Not kept.", explain(error)

    def _answered(self, outcome: tuple[str, str]) -> None:
        self._status, self._fault = outcome
        # A count, for an answer that changes nothing else would not reach the page, which waits for it.
        self._answers += 1
        self._show()
        self._estimate_anew()

    async def _watch(self) -> None:
        """See what others grade meanwhile, and a file that was damaged or mended."""
        while self._opened is not None:
            await asyncio.sleep(WATCH_SECONDS)
            before = self._file_fault
            async with self._alone:
                changed = await asyncio.to_thread(self._look)
            if changed or before != self._file_fault:
                self._status = "The grades were changed elsewhere; they are read again." if changed else ""
                self._show()
                self._estimate_anew()

    def _look(self) -> bool:
        assert self._opened is not None
        try:
            changed = self._opened.round.refresh()
        except WorkbenchError as error:
            self._file_fault = error_box(str(error), "Until then no grade is kept.")
            return False
        self._file_fault = ""
        return changed

    # ------------------------------------------------------------ estimates

    def _estimate_anew(self) -> None:
        self._stale = self._behind = True
        self._show_figures()
        self._run("estimate", self._estimate(), self._estimate_now)

    async def _estimate(self) -> None:
        while self._stale:
            self._stale = False
            self._estimated(await asyncio.to_thread(self._joined))

    def _estimate_now(self) -> None:
        self._stale = False
        self._estimated(self._joined())

    def _joined(self) -> Comparison:
        assert self._opened is not None
        return self._opened.round.desk.comparison()

    def _estimated(self, comparison: Comparison) -> None:
        self._now, self._behind = comparison, self._stale
        self._show_figures()
        if not self._behind:
            self._lab.comparison = comparison

    # ------------------------------------------------------------ what is shown

    def _show(self) -> None:
        assert self._opened is not None
        self._set("fault", self._file_fault or self._fault)
        if self._opened.round.item is None:
            self._show_done(self._opened)
        else:
            self._show_document(self._opened)
        self._show_figures()
        self._show_behind(self._opened)

    def _show_done(self, opened: GradingMaterial) -> None:
        standing = opened.round.desk.standing
        self._set("question", "")
        self._set("document", markup.done_markup(len(opened.positions), len(standing.counted)))
        self.keys.card = {
            **NOTHING_SHOWN,
            "undoable": opened.round.undoable,
            "ready": True,
            "status": self._status,
            "answers": self._answers,
        }

    def _show_document(self, opened: GradingMaterial) -> None:
        place, item, entry = opened.round, opened.round.item, opened.round.entry
        assert item is not None and entry is not None
        documents = place.documents()
        here = next(document for document in documents if document.item == item)
        text = self._lab.texts.get(item.query_id, item.query_id)
        latest = place.desk.in_force(item.query_id, item.doc_id)
        by = latest.by if latest and latest.planned and latest.by != place.by else ""
        self._set(
            "question",
            markup.question_markup(text, entry, opened.positions[item.query_id], len(opened.positions)),
        )
        self._set(
            "document",
            markup.document_markup(
                opened.documents.get(item.doc_id, DocumentText(item.doc_id)),
                passages_of(opened, item, text),
                query=text,
                place=markup.place_words(documents, here),
                grade=here.grade,
                by=by,
                case_slug=self._lab.case_slug,
            ),
        )
        self.keys.card = {
            "query_id": item.query_id,
            "doc_id": item.doc_id,
            "documents": [{"state": d.state, "grade": d.grade, "here": d.item == item} for d in documents],
            "grade": here.grade,
            "ready": not self._file_fault,
            "undoable": place.undoable,
            "put_off": len(place.put_off),
            "status": self._status,
            "answers": self._answers,
        }

    def _show_figures(self) -> None:
        if self._opened is None:
            return
        opened, few = self._opened, self._now.few_labels
        total, goal = len(opened.positions), int(self.goal.value or 0)
        self._set("intervals", figures.intervals_markup(self._now, opened.start, updating=self._behind))
        lines = [
            *figures.forecast_words(few, goal, total),
            *figures.standing_words(
                few,
                put_off=len(opened.round.put_off),
                waiting=opened.round.waiting(),
                by_default=opened.by_default,
            ),
        ]
        counted = len(opened.round.desk.standing.counted)
        self._set("progress", figures.progress_markup(counted, goal, few.graded if few else 0))
        self._set("said", bullets(lines))
        self._set("differences", figures.differences_markup(few))

    def _show_behind(self, opened: GradingMaterial) -> None:
        place, labelling = opened.round, opened.round.desk.labelling
        grades = place.desk.standing.grades
        titles = {doc_id: document.title for doc_id, document in opened.documents.items()}
        text = self._lab.texts.get(place.finished, place.finished)
        # Of finished questions alone: told after each grade, it would give away the label of the document just graded.
        finished = {query_id for query_id, _ in grades if labelling.pool.settled(query_id, grades)}
        given = (grade for grade in place.desk.file.grades if grade.query_id in finished)
        agreement = agreement_with_labels(given, opened.labels)
        self._set("labels", paragraph(figures.labels_words(self._now, agreement), muted=True))
        self._set(
            "behind",
            join(
                [
                    markup.revealed_markup(labelling, place.finished, grades, text, titles),
                    markup.queue_markup(labelling, place.coming(markup.SHOWN_NEXT), self._lab.texts),
                    figures.method_markup(labelling.pool.k),
                ]
            ),
        )

    def _set(self, name: str, value: str) -> None:
        # The same text again would close what a reader has opened.
        if self._parts[name].value != value:
            self._parts[name].value = value

    # ------------------------------------------------------------ threads

    def _busy(self, name: str) -> bool:
        return name in self._tasks and not self._tasks[name].done()

    def _run(self, name: str, work: Coroutine[Any, Any, None], at_once: Callable[[], None]) -> None:
        """Do something beside the page's other work, once at a time; at once where no loop runs (a script, a test)."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            work.close()
            try:
                at_once()
            except Exception as error:
                self._failed(name, error)
            return
        if self._busy(name):
            work.close()
        else:
            self._tasks[name] = asyncio.ensure_future(self._guarded(name, work))

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            self._failed(name, error)

    def _failed(self, name: str, error: Exception) -> None:
        known = isinstance(error, WorkbenchError)
        said = error_box(str(error), "Correct that, then try again.") if known else explain(error)
        if name == "open":
            self.widget.children = [html(said), self.again]
        else:
            self._fault = said
            self._set("fault", said)


def _act(place: GradingRound, message: Mapping[str, Any]) -> str:
    """Do what a message from the page asks for; one that asks for nothing known does nothing."""
    acts: Mapping[str, Callable[[], str]] = {
        "undo": place.undo,
        "next": lambda: place.move(1),
        "previous": lambda: place.move(-1),
        "put_off": place.put_question_off,
        "go_back": place.go_back,
    }
    act = message.get("act")
    if act == "grade":
        query_id, doc_id, grade = message.get("query_id"), message.get("doc_id"), message.get("grade")
        if isinstance(query_id, str) and isinstance(doc_id, str) and type(grade) is int:
            return place.give(query_id, doc_id, grade)
        return ""
    return acts[act]() if isinstance(act, str) and act in acts else ""
