"""`Fig`: the plotly widget as pages show it, with its code loaded once by address instead of once per chart.

A chart is built as a plain `go.Figure`, finished, and wrapped here last; what is changed after wrapping and
before it is shown would be lost inside a container. Charts themselves are in `ui/charts`.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import cast

import plotly.graph_objects as go

ASSET_PATH = "workbench/assets/plotly-widget.js"
"""Where the server serves plotly's own widget code, below the base URL."""

# The code runs from a blob, where a root-relative address has no origin: it has to be made absolute.
_LOADER = """
const base = (document.body.dataset.baseUrl || '/voila/').replace(/voila\\/$/, '');
const address = new URL(base + '%s', document.location.origin).href;
const module = await import(address);
export default module.default;
"""


def under_voila() -> bool:
    """Whether this kernel serves a page of `workbench serve` rather than a notebook someone works in."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")


@cache
def _widget_class() -> type[go.FigureWidget]:
    if not under_voila():
        return cast("type[go.FigureWidget]", go.FigureWidget)
    # Importing FigureWidget pulls a grammar for RFC 3987 that costs two seconds and is optional: without it jsonschema
    # leaves one format check out.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    return type("Fig", (go.FigureWidget,), {"_esm": _LOADER % ASSET_PATH})


def Fig(figure: go.Figure) -> go.FigureWidget:
    """Wrap a finished figure as a widget; change it afterwards only through `batch_update` once it is shown."""
    widget = _widget_class()(figure)
    widget._config = {**widget._config, "displaylogo": False, "displayModeBar": "hover", "responsive": True}
    return widget
