"""How a page opens and how it fails: the case and query of this view, and one error boundary for everything.

It draws nothing itself beyond errors and empty states; pages are built in their own modules.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from importlib.resources import files
from pathlib import Path
from typing import ParamSpec
from urllib.parse import parse_qsl

import ipywidgets as widgets
from IPython.display import display

from workbench.case import Case
from workbench.errors import WorkbenchError
from workbench.ui.components import empty_state, error_box
from workbench.ui.figure import under_voila
from workbench.ui.navigation import CASES_VARIABLE, find_case, readable_cases, workspaces_from
from workbench.ui.steps import Step, step

log = logging.getLogger(__name__)
Arguments = ParamSpec("Arguments")


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page knows when it opens.

    Attributes:
        step: the page's step.
        case: the case looked at; None when none is chosen or there is none.
        cases: every case that can be opened.
        workspaces: folders the cases are in; a new case goes into the first.
        query: parameters of the address, "case" and the token left out.
        faults: one sentence per folder that looks like a case and cannot be opened.
    """

    step: Step
    case: Case | None
    cases: tuple[Case, ...]
    workspaces: tuple[Path, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


Builder = Callable[[PageContext], widgets.Widget]


def open_page(step_key: str) -> PageContext:
    """The context of this view: workspaces from the environment, the case from the address.

    In JupyterLab, where a page has no address, the case is the one named by WORKBENCH_CASE, else the first.

    Raises:
        CaseError: the address names a case that does not exist.
    """
    workspaces = workspaces_from(os.environ.get(CASES_VARIABLE, ""))
    cases, faults = readable_cases(workspaces)
    query = dict(parse_qsl(os.environ.get("QUERY_STRING", ""))) if under_voila() else {}
    wanted = query.get("case") if under_voila() else _lab_case(cases)
    kept = {name: value for name, value in query.items() if name not in ("case", "token")}
    case = find_case(cases, wanted) if wanted else None
    return PageContext(step(step_key), case, cases, workspaces, kept, faults)


def show(step_key: str, build: Builder, *, needs_case: bool = True) -> None:
    """Show a page: open it, build it, display it; whatever fails becomes a sentence, what to do, and a number.

    Args:
        step_key: key of the page's step.
        build: the page's builder.
        needs_case: without a case, say so instead of building.
    """
    if under_voila():
        _log_to_server()
    else:
        display(_style())  # type: ignore[no-untyped-call]
    display(_built(step_key, build, needs_case))  # type: ignore[no-untyped-call]


def guarded(build: Callable[[], widgets.Widget]) -> widgets.Widget:
    """What `build` gives, or the error it raised as something to read: one broken part does not take the page along."""
    try:
        return build()
    except Exception as error:
        return html(explain(error))


def safe_callback(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Wrap a widget callback: an error is shown at the end of the page instead of disappearing."""

    @wraps(function)
    def guarded_call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except Exception as error:
            _notices.value = explain(error)

    return guarded_call


def explain(error: Exception) -> str:
    """An error as markup: one sentence, what to do, a reference number; the traceback goes to the log under that number."""
    reference = secrets.token_hex(3)
    log.error("reference %s", reference, exc_info=error)
    if isinstance(error, WorkbenchError):
        return error_box(str(error), "Nothing was lost; correct this and reload the page.", reference)
    return error_box(
        "This part of the page could not be shown.",
        "Nothing was lost. Reload the page; if it happens again, quote the reference: the server's log has the details.",
        reference,
    )


def html(markup: str) -> widgets.HTML:
    """Markup as a widget of the page's full width."""
    widget = widgets.HTML(markup)
    widget.add_class("wb-html")
    return widget


def column(*children: widgets.Widget) -> widgets.VBox:
    """Widgets one below the other."""
    box = widgets.VBox(list(children))
    box.add_class("wb-column")
    return box


def _built(step_key: str, build: Builder, needs_case: bool) -> widgets.Widget:
    return column(guarded(lambda: _page(step_key, build, needs_case)), _notices)


def _page(step_key: str, build: Builder, needs_case: bool) -> widgets.Widget:
    context = open_page(step_key)
    if needs_case and context.case is None:
        return html(
            empty_state(
                "No case is open.",
                f"{context.step.title} shows results of one case.",
                "Choose a case at the top, or make one on the start page.",
            )
        )
    return build(context)


def _lab_case(cases: tuple[Case, ...]) -> str | None:
    return os.environ.get("WORKBENCH_CASE") or (cases[0].slug if cases else None)


def _log_to_server() -> None:
    # A kernel's stderr is sent to the page, where Voila drops it; the stream it replaced still leads to the server.
    descriptor = getattr(sys.stderr, "_original_stdstream_copy", None)
    if descriptor is not None and not log.handlers:
        log.addHandler(logging.StreamHandler(os.fdopen(os.dup(descriptor), "w", encoding="utf-8")))
        log.propagate = False


def _style() -> widgets.HTML:
    sheet = files("workbench.ui") / "share/jupyter/voila/templates/workbench/static/workbench.css"
    return widgets.HTML(f"<style>{sheet.read_text(encoding='utf-8')}</style>")


_notices = html("")
