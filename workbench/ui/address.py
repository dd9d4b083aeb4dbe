"""What is looked at, written into the address of the page, so that a reload or another person sees the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from workbench.ui.page import safe_callback


class Address(anywidget.AnyWidget):
    """Keeps parameters of the page's address as `values` says; those with an empty value are taken out, others stay.

    Another "view" among them is a step of the browser's history.

    Args:
        values: the parameters.
        on_back: told the view that the browser's Back or Forward leads to.
    """

    _esm = Path(__file__).parent / "address.js"
    values = traitlets.Dict(value_trait=traitlets.Unicode()).tag(sync=True)

    def __init__(self, values: dict[str, str], on_back: Callable[[str], None]) -> None:
        self._on_back = on_back
        super().__init__(values=values)
        self.on_msg(safe_callback(self._went))

    def _went(self, _widget: object, content: Any, _buffers: object) -> None:  # noqa: ANN401 - a message of the page
        view = content.get("view") if isinstance(content, dict) else None
        if isinstance(view, str):
            self._on_back(view)
