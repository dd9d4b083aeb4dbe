"""Views of one page behind tabs: each is built when it is opened first, and stays; the one open at first when it is asked for.

It knows nothing of what the views show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

from workbench.ui.components import skeleton
from workbench.ui.page import column, guarded, html, safe_callback

HIDDEN = "wb-hidden"


@dataclass(frozen=True, slots=True)
class View:
    """A view behind a tab: its key, the words on the tab, what it is good for in a few words, and how it is built."""

    key: str
    label: str
    meaning: str
    build: Callable[[], widgets.Widget]


class TabBar(anywidget.AnyWidget):
    """The row of tabs; `selected` is the key of the open view.

    In the browser it also shows that view and hides the others, at once: the kernel may be busy building one.
    """

    _esm = Path(__file__).parent / "tabs.js"
    label = traitlets.Unicode().tag(sync=True)
    tabs: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)


class Tabs(widgets.VBox):  # type: ignore[misc]
    """A row of tabs and under it the open view; the others stay in the page, hidden, as they were left.

    Args:
        views: at least one, in order.
        selected: key of the view that is open at first; the first one when unknown.
        label: what the tabs choose between, for people who do not see them.
    """

    def __init__(self, views: Sequence[View], *, selected: str = "", label: str = "Views") -> None:
        self._views = {view.key: view for view in views}
        first = selected if selected in self._views else views[0].key
        self.bar = TabBar(label=label, tabs=[[view.key, view.label, view.meaning] for view in views], selected=first)
        self._panels = {view.key: self._panel(view.key) for view in views}
        self._panels[first].remove_class(HIDDEN)
        self._built: set[str] = set()
        super().__init__([self.bar, *self._panels.values()])
        self.add_class("wb-tabs")
        self.bar.observe(safe_callback(lambda _change: self.build_open()), "selected")

    @property
    def selected(self) -> str:
        """Key of the open view."""
        return str(self.bar.selected)

    def show_view(self, key: str) -> None:
        """Open a view by its key.

        Raises:
            KeyError: no such view.
        """
        self.bar.selected = self._views[key].key

    def go_to(self, key: str) -> None:
        """Open a view by a key that may come from anywhere; one that is none changes nothing."""
        if key in self._views:
            self.show_view(key)

    def _panel(self, key: str) -> widgets.VBox:
        panel = column(html(skeleton(4)))
        for name in ("wb-panel", f"wb-panel-{key}", HIDDEN):
            panel.add_class(name)
        return panel

    def build_open(self) -> None:
        """Build the open view where it is not built yet: at first, when the page is ready for it."""
        if self.selected not in self._built:
            self._built.add(self.selected)
            self._panels[self.selected].children = [guarded(self._views[self.selected].build)]
