"""The progress of a job as a widget: how far, how long still, a button to stop it.

It only looks at the job's state, three times a second and beside the page's other work; the job runs elsewhere and
goes on when the page is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import ipywidgets as widgets

from workbench import compute
from workbench.case import Case
from workbench.compute import JobState
from workbench.numbers import count
from workbench.ui.components import error_box, escape
from workbench.ui.page import explain, html, safe_callback

INTERVAL = 1 / 3
"""Seconds between two looks at a job's state."""
UNFINISHED = ("failed", "cancelled")
STARTING = JobState("", "queued", message="Starting")
STOPPING = "Stopping…"


def progress_markup(state: JobState, what: str = "analysis") -> str:
    """A job's state as a line of words and a bar; an error box where it failed, "" where its result speaks for it."""
    if state.status == "failed":
        return _failure(state, what)
    if state.status == "done":
        return ""
    words = {"cancelled": "Stopped; what was finished is kept."}.get(state.status, _doing(state))
    return (
        '<div class="wb-progress" role="status"><div class="wb-progress-line">'
        f"<span>{escape(words)}</span><span>{escape(remaining(state))}</span></div>{_bar(state)}</div>"
    )


def remaining(state: JobState) -> str:
    """Time left in words for people: "about 40 seconds left"; "" where it is not known or no longer matters."""
    if not state.under_way or state.seconds_left is None:
        return ""
    if state.seconds_left < 10:
        return "a few seconds left"
    if state.seconds_left < 100:
        return f"about {round(state.seconds_left / 10) * 10} seconds left"
    minutes = round(state.seconds_left / 60)
    return f"about {count(minutes)} minutes left"


class JobProgress(widgets.VBox):  # type: ignore[misc]
    """Progress of one job of one case; empty where it never ran or ended well, else how it stands or how it last ended.

    Args:
        case: the case the job belongs to.
        job: the job's name.
        on_end: called once with the last state when the job ends, however it ends.
        what: what the job is, as people call it.
    """

    def __init__(self, case: Case, job: str, on_end: Callable[[JobState], None], *, what: str = "analysis") -> None:
        self._case, self._job, self._on_end, self._what = case, job, on_end, what
        self._line = html("")
        self._cancel = widgets.Button(description="Stop", tooltip=f"Stop the {what}; what is finished is kept")
        self._cancel.on_click(safe_callback(self._stop))
        self._watching: asyncio.Task[None] | None = None
        self._shown, self._stopping = STARTING, False
        super().__init__([])
        self.add_class("wb-job")
        last = self._state()
        if last is not None and last.under_way:
            self.follow()
        elif last is not None and last.status in UNFINISHED:
            self._show(last)

    @property
    def under_way(self) -> bool:
        """Whether a job is being followed."""
        return self._watching is not None and not self._watching.done()

    def follow(self, begin: Callable[[], None] | None = None) -> None:
        """Show the job from now on; `begin` starts it, off this thread, and may take its time."""
        if not self.under_way:
            self._cancel.disabled = self._stopping = False
            self._show(STARTING)
            self._watching = asyncio.ensure_future(self._watch(begin))

    async def _watch(self, begin: Callable[[], None] | None) -> None:
        try:
            if begin is not None:
                await asyncio.to_thread(begin)
            while (state := await asyncio.to_thread(self._state)) is not None and state.under_way:
                self._show(state)
                await asyncio.sleep(INTERVAL)
            ended = state or JobState(self._job, "cancelled")
            self._show(ended)
            # Whoever is told asks whether something is under way, and may begin it again.
            self._watching = None
            self._on_end(ended)
        except Exception as error:
            self._line.value = explain(error)
            self.children = [self._line]
            if self._watching is not None:  # nobody was told yet: it could not be started, or not be followed
                self._watching = None
                safe_callback(self._on_end)(JobState(self._job, "failed"))

    def _state(self) -> JobState | None:
        return compute.job_state(self._case.root, self._job)

    def _show(self, state: JobState) -> None:
        self._shown = state
        running = state.under_way
        words = replace(state, message=STOPPING, seconds_left=None) if running and self._stopping else state
        markup = progress_markup(words, self._what)
        if self._line.value != markup:
            self._line.value = markup
        self.children = [self._line, self._cancel] if running else [self._line] if markup else []

    def _stop(self, _: widgets.Button) -> None:
        self._cancel.disabled = self._stopping = True
        self._show(self._shown)
        compute.cancel(self._case.root, self._job)


def _failure(state: JobState, what: str) -> str:
    error = _sentence(state.error or "no reason was given")
    if state.fault == "internal":
        return error_box(f"The {what} did not finish: {error}", "What was finished is kept. Start it again.")
    return error_box(f"The {what} stopped: {error}", "Correct that, then start again.", failed=False)


def _sentence(error: str) -> str:
    return error if error.endswith((".", "!", "?")) else f"{error}."


def _doing(state: JobState) -> str:
    if state.status == "queued":
        return state.message or "Waiting for the worker"
    return state.message or "Working"


def _bar(state: JobState) -> str:
    if not state.under_way:
        return ""
    if state.fraction is None:
        return '<div class="wb-track wb-track-open"><i></i></div>'
    percent = round(100 * state.fraction)
    role = f'role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}"'
    return f'<div class="wb-track" {role}><i style="width:{percent}%"></i></div>'
