"""Has a model judge the answers: which one, what it would take, and only then the start.

A key is never entered here: the page says whether the server finds one, and where. Judging runs as a job of the case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import ipywidgets as widgets

from workbench import judging
from workbench.answers.judge import key_for, try_judge
from workbench.answers.judge.addresses import host_of, hostname_of, is_near
from workbench.answers.judge.keys import KEY_NAME, KEYRING_SERVICE, URL_NAME
from workbench.answers.judge.vendors import base_address
from workbench.case import Case
from workbench.compute import JobState
from workbench.errors import InputError
from workbench.judging import Judging
from workbench.numbers import count
from workbench.records import JudgePlan, JudgeSettings
from workbench.report.answers_text import plan_sentence
from workbench.ui.background import Background
from workbench.ui.components import bullets, paragraph
from workbench.ui.evaluation.judge_fields import JudgeFields
from workbench.ui.fields import status
from workbench.ui.page import html, safe_callback
from workbench.ui.progress import JobProgress

BEGIN = "Judge the answers"


@dataclass(frozen=True, slots=True)
class _Known:
    judge: JudgeSettings | None
    fault: str = ""


class JudgeForm(widgets.VBox):  # type: ignore[misc]
    """Fields for a judge; "Judge" can be pressed once what exactly these fields would take is on the page.

    Attributes:
        fields: what is entered. trial: asks one tiny question. estimate: works out what judging would take. begin: starts it.
        planning: the job that works the plan out.

    Args:
        case: whose answers are judged.
        start: takes what was asked and has it done.
    """

    def __init__(self, case: Case, start: Callable[[Judging], None]) -> None:
        self._case, self._start = case, start
        known = _known(case)
        self._asked: Judging | None = None
        self._plan: JudgePlan | None = None
        self._busy = False
        self._looking, self._trying = Background(), Background()
        self.fields = JudgeFields(known.judge)
        self.trial = widgets.Button(description="Try it", tooltip="Ask the model one tiny question")
        self.estimate = widgets.Button(description="What it takes", tooltip="Work out calls, tokens and cost")
        self.begin = widgets.Button(description=BEGIN, button_style="primary")
        self.planning = JobProgress(case, judging.PLAN, self._planned, what="estimate")
        self._key, self._said, self._takes = html(""), html(status(known.fault)), html("")
        buttons = widgets.HBox([self.trial, self.estimate, self.begin])
        buttons.add_class("wb-controls")
        super().__init__([self.fields, self._key, buttons, self._said, self.planning, self._takes])
        self.add_class("wb-judge-form")
        self.trial.on_click(safe_callback(lambda _: self._try()))
        self.estimate.on_click(safe_callback(lambda _: self._estimate()))
        self.begin.on_click(safe_callback(lambda _: self._begin()))
        self.fields.on_change(self._entered)
        self._entered(first=True)

    @property
    def busy(self) -> bool:
        """Whether answers are being scored, and nothing else can be begun."""
        return self._busy

    @busy.setter
    def busy(self, busy: bool) -> None:
        self._busy = busy
        self._enable()

    def forget_plan(self) -> None:
        """Take a plan off the page: answers were judged since, and it would take less now."""
        self._looking.drop()
        self._plan, self._takes.value = None, ""
        self._enable()

    def _entered(self, *, first: bool = False) -> None:
        # What is still looked for or tried is of what was entered before.
        self._looking.drop()
        self._trying.drop()
        self._plan, self._takes.value = None, ""
        try:
            self._asked = self.fields.entered()
        except (ValueError, InputError) as error:
            self._asked, self._key.value = None, ""
            # An empty form is no mistake.
            untouched = not self.fields.model.value.strip() and not self.fields.url.value.strip()
            if not first:
                self._say("" if untouched else f"Not taken: {error}.")
        else:
            self._say("")
            self._look()
        self._enable()

    def _look(self) -> None:
        """Look for a key and for a plan of exactly what is entered."""
        if self._asked is not None:
            self._looking.run(partial(_found, self._case, self._asked), self._take)

    def _take(self, found: tuple[str, JudgePlan | None]) -> None:
        key_words, self._plan = found
        self._key.value = paragraph(key_words)
        if self._plan is not None:
            said = f'<div role="status">{paragraph(plan_sentence(self._plan))}</div>'
            self._takes.value = said + bullets(self._plan.notes)
        self._enable()

    def _try(self) -> None:
        if self._asked is not None:
            self._say("Asking the model one question…")
            self._trying.run(partial(_tried, self._asked.judge), self._say)

    def _estimate(self) -> None:
        if self._asked is not None:
            self._say("")
            self.planning.follow(partial(judging.start_plan, self._case, self._asked))
            self._enable()

    def _planned(self, _state: JobState) -> None:
        self._look()
        self._enable()

    def _begin(self) -> None:
        if self._asked is not None and self._plan is not None:
            self._start(self._asked)

    def _enable(self) -> None:
        ready, idle = self._asked is not None, not self._busy and not self.planning.under_way
        self.trial.disabled = not ready
        self.estimate.disabled = not (ready and idle)
        rows = self._plan.rows if self._plan else 0
        self.begin.disabled = not (ready and idle and rows)
        self.begin.description = f"Judge {count(rows)} answers" if rows else BEGIN
        self.begin.tooltip = "" if rows else "Press “What it takes” first"

    def _say(self, words: str) -> None:
        self._said.value = status(words)


def _known(case: Case) -> _Known:
    try:
        return _Known(judging.known_judge(case))
    except InputError as error:
        return _Known(None, f"{error}.")


def _tried(judge: JudgeSettings) -> str:
    return asyncio.run(try_judge(judge))


def _found(case: Case, asked: Judging) -> tuple[str, JudgePlan | None]:
    return _key_words(asked.judge), judging.stored_plan(case, asked)


def _key_words(judge: JudgeSettings) -> str:
    """Where texts would go, and whether a key is found for it; the key itself stays where it is."""
    host = host_of(base_address(judge))
    goes = f"Questions, answers and contexts would go to {host}."
    try:
        key = key_for(judge)
    except InputError as error:
        return f"{goes} {error}."
    if key is not None:
        return f"{goes} A key for it is found in {key.origin}; it is not shown or kept."
    needs = "; most models on one's own machines need none" if is_near(hostname_of(base_address(judge))) else ""
    return (
        f"{goes} No key for it is found{needs}. To give one, set {KEY_NAME} together with {URL_NAME} before the workbench is "
        f"started, or put it into the keyring: keyring set {KEYRING_SERVICE} {host}."
    )
