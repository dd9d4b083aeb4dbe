"""The one state the views of the evaluation page share: the harness report, the scored answers, and what is looked at.

A view reads it, observes it and changes it. Nothing here is a widget, and nothing is measured.
"""

from __future__ import annotations

from collections.abc import Mapping

import traitlets

from workbench.case import Case
from workbench.records import (
    AnswerRow,
    AnswersReport,
    EvalItem,
    HarnessReport,
    RunChange,
    RunHistory,
    TopicCover,
)

PASSED = "passed"
"""Name of the metric that counts items by verdict."""
BETWEEN = ">"
"""Stands between the two runs of a change in the address."""


class Evaluation(traitlets.HasTraits):
    """A harness report, the answers scored so far, and what is asked of them.

    Attributes:
        case: the case they belong to; None where a report is shown by itself, and then nothing can be started.
        report: what the client's files say of the harness.
        answers: scores of answers; None while nothing was scored.
        rows: the answers that were or can be scored; empty until a view reads them.
        items: item_id -> item of the client's eval sets; empty until a view reads them.
        view: key of the view that is open.
        topic: number of the topic that is looked at, as text. metric: metric of the runs. run: a change, "before>after".
        answer: id of the row that is read. Each "" for none.
    """

    report = traitlets.Instance(HarnessReport)
    answers = traitlets.Instance(AnswersReport, allow_none=True)
    rows: traitlets.Instance[tuple[AnswerRow, ...]] = traitlets.Instance(tuple, ())
    items: traitlets.Dict[str, EvalItem] = traitlets.Dict()
    view = traitlets.Unicode()
    topic = traitlets.Unicode()
    metric = traitlets.Unicode()
    run = traitlets.Unicode()
    answer = traitlets.Unicode()

    ADDRESSED = ("view", "topic", "metric", "run", "answer")
    """What is written into the address of the page."""

    def __init__(
        self,
        report: HarnessReport,
        *,
        case: Case | None = None,
        answers: AnswersReport | None = None,
        rows: tuple[AnswerRow, ...] = (),
        items: Mapping[str, EvalItem] | None = None,
        asked: Mapping[str, str] | None = None,
    ) -> None:
        """Open a report.

        Args:
            report: the harness.
            case: where it belongs.
            answers: scores, where there are some.
            rows: the answers themselves.
            items: items of the eval sets by their id.
            asked: parameters of the address; what they name and is not there is passed over.
        """
        wanted = {name: value for name, value in (asked or {}).items() if name in self.ADDRESSED}
        self.case = case
        super().__init__(report=report, answers=answers, rows=rows, items=dict(items or {}), **wanted)
        if self.metric not in metrics_of(report.history):
            self.metric = first_metric(report.history)
        if self.topic and self.chosen_topic is None:
            self.topic = ""
        if self.run and self.chosen_change is None:
            self.run = ""

    @property
    def slug(self) -> str | None:
        """Name of the case in links to its files; None without a case."""
        return self.case.slug if self.case else None

    @property
    def chosen_topic(self) -> TopicCover | None:
        """The topic that is looked at."""
        return next((topic for topic in self.report.coverage.topics if str(topic.topic) == self.topic), None)

    @property
    def chosen_change(self) -> RunChange | None:
        """The change that is looked at, in the metric that is looked at."""
        changes = changes_of(self.report.history, self.metric)
        return next((change for change in changes if change_key(change) == self.run), None)

    def question_of(self, item_id: str) -> str:
        """The question of an item, as far as the page knows it; "" where it does not."""
        item = self.items.get(item_id)
        if item is not None:
            return str(item.question)
        asked = next((row.question for row in self.rows if item_id in (row.item_id, row.row_id)), "")
        if asked:
            return str(asked)
        points = self.report.coverage.points
        return next((point.text for point in points if point.kind == "item" and point.item_id == item_id), "")

    def address(self) -> dict[str, str]:
        """What the address of the page says."""
        return {name: str(getattr(self, name)) for name in self.ADDRESSED}


def change_key(change: RunChange) -> str:
    """A change as the address names it."""
    return f"{change.before}{BETWEEN}{change.after}"


def changes_of(history: RunHistory, metric: str) -> list[RunChange]:
    """Changes in one metric, the newest first; that against the baseline leads, unless it is one of them."""
    changes = [change for change in reversed(history.changes) if change.metric == metric]
    known = {change_key(change) for change in changes}
    baseline = [c for c in history.against_baseline if c.metric == metric and change_key(c) not in known]
    return [*baseline, *changes]


def metrics_of(history: RunHistory) -> list[str]:
    """Metrics that runs or changes have, "passed" first."""
    found: dict[str, None] = {}
    if any(run.passed.value is not None for run in history.runs):
        found[PASSED] = None
    for run in history.runs:
        found.update(dict.fromkeys([*run.metrics, *run.stated]))
    found.update(dict.fromkeys(change.metric for change in (*history.changes, *history.against_baseline)))
    return list(found)


def first_metric(history: RunHistory) -> str:
    """The metric the runs open with: one with a shipped drop, else one with a drop, else the first."""
    changes = [*history.changes, *history.against_baseline]
    dropped = [change for change in changes if change.verdict == "worse"]
    metrics = metrics_of(history)
    leading = sorted(dropped, key=lambda change: (change.shipped is None, metrics.index(change.metric)))
    return leading[0].metric if leading else metrics[0] if metrics else ""
