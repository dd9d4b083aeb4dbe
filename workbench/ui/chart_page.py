"""A chart as a page of its own: one file that opens offline, with plotly inside and nothing asked for anywhere.

It takes the chart as it was drawn; text in it was made safe by the charts, and is kept out of the page's markup here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from workbench.ui.components import escape
from workbench.ui.figure import PRIVATE
from workbench.ui.tokens import CHART_TEXT, DARK, FONT_STACK, LIGHT

# WebGL charts compile their shaders, which counts as eval; no address but this file's own is allowed.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; worker-src blob:; connect-src data: blob:"
)
CONFIG = {**PRIVATE, "displaylogo": False, "responsive": True, "toImageButtonOptions": {"scale": 2}}
HEIGHT = 450
"""Pixels of a chart that has no height of its own."""


def chart_page(figure: Mapping[str, object], label: str, on: date) -> str:
    """The page: what the chart shows, the chart, the day it was saved; light or dark as the reader's system is.

    Args:
        figure: `data` and `layout` as plotly takes them.
        label: what the chart shows, in a sentence.
        on: the day it was saved.
    """
    from plotly.io import to_html

    layout = figure["layout"]
    height = layout.get("height") if isinstance(layout, Mapping) else None
    drawing = to_html(
        {"data": figure["data"], "layout": layout},
        config=CONFIG,
        include_plotlyjs=True,
        include_mathjax=False,
        full_html=False,
        default_height=f"{height or HEIGHT}px",
        validate=False,
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(label)}</title>'
        f"<style>{_style()}</style></head><body><main><h1>{escape(label)}</h1>"
        f'<div role="img" aria-label="{escape(label)}">{drawing}</div>'
        f'<p>Saved on <time datetime="{on.isoformat()}">{on.isoformat()}</time> with the pilot workbench.</p>'
        "</main></body></html>"
    )


def _style() -> str:
    red, green, blue = (int(CHART_TEXT[start : start + 2], 16) for start in (1, 3, 5))
    neutral = f'.js-plotly-plot text[style*="rgb({red}, {green}, {blue})"]'
    return (
        f":root {{ color-scheme: light dark; {_properties(LIGHT)} }}"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_properties(DARK)} }} }}"
        f"body {{ margin: 0; background: var(--surface); color: var(--text); font: 15px/1.5 {FONT_STACK}; }}"
        "main { max-width: 1280px; margin: 0 auto; padding: 24px; }"
        "h1 { margin: 0 0 16px; font-size: 18px; font-weight: 600; overflow-wrap: anywhere; }"
        "p { color: var(--text-muted); }"
        f"{neutral} {{ fill: var(--text) !important; }}"
        ".js-plotly-plot .gridlayer path { stroke: var(--line) !important; stroke-opacity: 1 !important; }"
    )


def _properties(theme: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {theme[name]};" for name in ("surface", "text", "text-muted", "line"))
