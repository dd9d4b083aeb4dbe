"""Small pictures for the report as inline SVG: a share with its band, a value with its interval.

They are drawn in a fixed box and coloured by class, so the page's style sheet decides about light, dark and print.
They hold no text: the numbers stand beside them, and `label` says the same to a screen reader.
"""

from __future__ import annotations

from markupsafe import Markup

from workbench.records import Estimate

WIDTH, HEIGHT = 240, 16
_SVG = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
_BOX = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
_DOT = Markup('<circle class="value" cx="{:.1f}" cy="{:.1f}" r="4"/>')
_RULE = Markup('<line class="zero" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/>')


def share_bar(value: float, low: float, high: float, *, css_class: str, label: str) -> Markup:
    """A bar from 0 to `value` on a scale of 0 to 1, with its band as a thin line across its end."""
    parts = [
        _BOX.format("ground", 0, 2, WIDTH, HEIGHT - 4),
        _BOX.format("value", 0, 2, WIDTH * _within(value), HEIGHT - 4),
        _band(_within(low), _within(high)),
    ]
    return _picture(css_class, label, parts)


def interval_mark(
    estimate: Estimate, *, label: str, css_class: str = "interval-mark", scale: tuple[float, float] = (0.0, 1.0)
) -> Markup:
    """A dot at the value and a thin bar over the interval, on a `scale` from left to right; zero is ruled when inside.

    "" when nothing was measured.
    """
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return Markup("")
    start, end = scale
    low, value, high = (_within((x - start) / (end - start)) for x in (estimate.low, estimate.value, estimate.high))
    rule = [_RULE.format(WIDTH * -start / (end - start), HEIGHT)] if start < 0 < end else []
    ground = _BOX.format("ground", 0, HEIGHT / 2 - 0.5, WIDTH, 1)
    dot = _DOT.format(4 + value * (WIDTH - 8), HEIGHT / 2)
    return _picture(css_class, label, [ground, *rule, _band(low, high), dot])


def _band(low: float, high: float) -> Markup:
    return _BOX.format("band", WIDTH * low, HEIGHT / 2 - 1, max(1.0, WIDTH * (high - low)), 2)


def _picture(css_class: str, label: str, parts: list[Markup]) -> Markup:
    return _SVG.format(css_class, WIDTH, HEIGHT, label, Markup("").join(parts))


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))
