"""Counts that are chosen by pressing them: a bar of parts, or a table of cells, every one of them a button.

The counting and what a choice means belong to the view; here is only the widget that shows and reports.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from workbench.ui.page import safe_callback

Key = tuple[str, ...]


class Choices(anywidget.AnyWidget):
    """Parts or a table, as `data` describes them; a press calls back with the key of what was pressed.

    Attributes:
        data: {"parts": [...]} or {"table": {...}}; see `lab/failures` for what they hold.
    """

    _esm = Path(__file__).parent / "choices.js"
    data = traitlets.Dict().tag(sync=True)

    def on_choice(self, chosen: Callable[[Key], None]) -> None:
        """Call `chosen` with the key of the button that was pressed; a message that names no key is passed over."""

        def received(_widget: object, content: object, _buffers: object) -> None:
            key = content.get("choose") if isinstance(content, dict) else None
            if isinstance(key, list) and all(isinstance(part, str) for part in key):
                chosen(tuple(key))

        self.on_msg(safe_callback(received))
