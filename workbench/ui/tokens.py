"""Colours, type scale and spacing: the one place where the look of the workbench is decided.

The style sheet and the chart template are written from these values; nothing here knows about pages or cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import plotly.graph_objects as go

Theme = Literal["light", "dark"]

LIGHT: Mapping[str, str] = {
    "page": "#f5f6f7",
    "surface": "#ffffff",
    "sunken": "#eceef0",
    "line": "#d3d8dd",
    "line-strong": "#7c858e",
    "text": "#1a1e23",
    "text-muted": "#515a63",
    "accent": "#0a5f6e",
    "accent-soft": "#dceef1",
    "on-accent": "#ffffff",
    "mark": "#fbe7a1",
    "danger": "#a8201a",
    "danger-soft": "#fbe9e7",
    "shadow": "#1a1e2324",
}
DARK: Mapping[str, str] = {
    "page": "#13161a",
    "surface": "#1b1f24",
    "sunken": "#23282e",
    "line": "#363d45",
    "line-strong": "#808a95",
    "text": "#e8ebee",
    "text-muted": "#a9b2bc",
    "accent": "#66c6d6",
    "accent-soft": "#17363c",
    "on-accent": "#0d1418",
    "mark": "#594708",
    "danger": "#ff9a90",
    "danger-soft": "#3a1c1a",
    "shadow": "#00000066",
}
THEMES: Mapping[Theme, Mapping[str, str]] = {"light": LIGHT, "dark": DARK}

# Okabe & Ito 2008 in their order, without the two hues that would mislead here: yellow vanishes on white,
# vermillion reads as red, and red is kept for a failure of the tool itself.
ARM_COLOURS: Mapping[str, str] = {
    "dense": "#e69f00",
    "bm25": "#56b4e9",
    "hybrid": "#009e73",
    "hybrid+rerank": "#0072b2",
    "deployed": "#cc79a7",
    "reference": "#999999",
}
CAUSE_COLOURS: Mapping[str, str] = {
    "evaluation": "#7565cf",
    "governance": "#858a22",
    "retrieval": "#ad4676",
    "outcome": "#77808a",
    "cost": "#77808a",
    "operations": "#77808a",
}
OTHER_COLOUR = "#77808a"
"""For an arm or a cause that has no fixed meaning."""

FONT_STACK = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
MONO_STACK = 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace'
TYPE_SCALE: tuple[int, ...] = (13, 15, 18, 24, 32)
"""Pixels. 13 is for what nobody has to read from the back of the room."""
SPACE = 4
RADIUS = 6

# A drawn chart cannot follow the page's theme by itself: these neutral values are legible on both
# backgrounds, and the style sheet replaces text and grid colours by the theme's own.
CHART_TEXT = "#6b747d"
CHART_GRID = "#9aa3ac55"


def arm_colour(arm: str) -> str:
    """Colour that always means this arm; neutral grey for an arm without a fixed colour."""
    return ARM_COLOURS.get(arm, OTHER_COLOUR)


def cause_colour(cause: str) -> str:
    """Colour that always means this cause; neutral grey for causes beside the three main ones."""
    return CAUSE_COLOURS.get(cause, OTHER_COLOUR)


def css_name(name: str) -> str:
    """Name as it appears in a custom property or class: "hybrid+rerank" becomes "hybrid-rerank"."""
    return name.replace("+", "-")


def generated_css() -> str:
    """The part of `workbench.css` that follows from this module: both themes, and charts that follow the theme."""
    shared = [
        *(f"--wb-arm-{css_name(arm)}: {colour};" for arm, colour in ARM_COLOURS.items()),
        *(f"--wb-cause-{cause}: {colour};" for cause, colour in CAUSE_COLOURS.items()),
        *(f"--wb-size-{step}: {size}px;" for step, size in enumerate(TYPE_SCALE, start=1)),
        f"--wb-space: {SPACE}px;",
        f"--wb-radius: {RADIUS}px;",
        f"--wb-font: {FONT_STACK};",
        f"--wb-mono: {MONO_STACK};",
    ]
    blocks = [
        _block(":root", [*shared, *_properties(LIGHT), "color-scheme: light;"]),
        # The second selector is how JupyterLab says that it is dark.
        _block(
            ':root[data-theme="dark"], body[data-jp-theme-light="false"]', [*_properties(DARK), "color-scheme: dark;"]
        ),
        *(_block(f".wb-arm-{css_name(arm)}", [f"--wb-hue: var(--wb-arm-{css_name(arm)});"]) for arm in ARM_COLOURS),
        *(_block(f".wb-cause-{cause}", [f"--wb-hue: var(--wb-cause-{cause});"]) for cause in CAUSE_COLOURS),
        # Text in the template's own colour follows the theme; text an author coloured keeps its colour.
        _block(f'.js-plotly-plot text[style*="{_rgb(CHART_TEXT)}"]', ["fill: var(--wb-text) !important;"]),
        _block(
            ".js-plotly-plot .gridlayer path", ["stroke: var(--wb-line) !important;", "stroke-opacity: 1 !important;"]
        ),
    ]
    return "\n".join(blocks)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two opaque `#rrggbb` colours, 1 to 21 (WCAG 2.2, 1.4.3); the order does not matter."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def plotly_template() -> go.layout.Template:
    """Chart template: no border, light grid on the value axis (y), no legend, system font, transparent ground.

    A chart with horizontal bars swaps the grid with `fig.update_xaxes(showgrid=True)` and `fig.update_yaxes(showgrid=False)`.
    """
    axis = {"zeroline": False, "showline": False, "ticks": "", "gridcolor": CHART_GRID, "automargin": True}
    return go.layout.Template(
        layout={
            "font": {"family": FONT_STACK, "size": TYPE_SCALE[1], "color": CHART_TEXT},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(ARM_COLOURS.values()),
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "showlegend": False,
            "hoverlabel": {"font": {"family": FONT_STACK, "size": TYPE_SCALE[1]}},
            "modebar": {"orientation": "v", "bgcolor": "rgba(0,0,0,0)", "color": CHART_GRID, "activecolor": CHART_TEXT},
            "xaxis": {**axis, "showgrid": False},
            "yaxis": {**axis, "showgrid": True},
        }
    )


def _properties(theme: Mapping[str, str]) -> list[str]:
    return [f"--wb-{name}: {value};" for name, value in theme.items()]


def _block(selector: str, lines: list[str]) -> str:
    return f"{selector} {{\n" + "".join(f"  {line}\n" for line in lines) + "}"


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[start : start + 2], 16)) for start in (1, 3, 5))})"


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
