"""Single keys as commands while their view is open; never while somebody types into a field."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

from workbench.ui.page import safe_callback


class KeyCatcher(anywidget.AnyWidget):
    """Tells which of some keys was pressed while it is on a visible part of the page.

    Attributes:
        caught: the keys, lower case.
    """

    _esm = Path(__file__).parent / "keys.js"
    caught: traitlets.List[str] = traitlets.List().tag(sync=True)

    def on_key(self, pressed: Callable[[str], None]) -> None:
        """Call `pressed` with the key; a message that names none of `caught` is passed over."""

        def received(_widget: object, content: object, _buffers: object) -> None:
            key = content.get("key") if isinstance(content, dict) else None
            if key in self.caught:
                pressed(str(key))

        self.on_msg(safe_callback(received))
