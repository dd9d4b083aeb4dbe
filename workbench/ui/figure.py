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

from workbench.ui.assets import plotly_widget

# Plotly's "Share chart..." uploads the data behind a chart to a host of its maker: nothing of a client leaves this machine.
PRIVATE = {"showSendToCloud": False, "plotlyServerURL": "", "typesetMath": False}
"""What every chart is configured with, shown or saved: no upload, and no formula made of client text."""
CONFIG = {**PRIVATE, "displaylogo": False, "displayModeBar": "hover", "responsive": True}


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
    return type("Fig", (go.FigureWidget,), {"_esm": plotly_widget()})


def Fig(figure: go.Figure) -> go.FigureWidget:
    """Wrap a finished figure as a widget; change it afterwards only through `batch_update` once it is shown."""
    widget = _widget_class()(figure)
    widget._config = {**widget._config, **CONFIG}
    return widget
