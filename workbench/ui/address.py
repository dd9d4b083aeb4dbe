"""What is looked at, written into the address of the page, so that a reload or another person sees the same."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class Address(anywidget.AnyWidget):
    """Keeps parameters of the page's address as `values` says; those with an empty value are taken out, others stay."""

    _esm = Path(__file__).parent / "address.js"
    values = traitlets.Dict(value_trait=traitlets.Unicode()).tag(sync=True)
