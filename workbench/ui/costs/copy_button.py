"""A button that puts a text on the clipboard, in the browser; it keeps nothing and asks the kernel nothing."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class CopyButton(anywidget.AnyWidget):
    """The button.

    Attributes:
        label: words on it. text: what is copied.
    """

    _esm = Path(__file__).parent / "copy_button.js"
    label = traitlets.Unicode("Copy").tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
