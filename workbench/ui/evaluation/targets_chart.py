"""Targets as bullets: the level, the interval and the value, with the rows that were scored, undefined and failed.

A target that was not measured is drawn as such, with the reason; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.numbers import count, measured, significant
from workbench.records import Target
from workbench.ui.components import Tone, badge, escape, interval_bar, table

VERDICTS = {"met": "met", "missed": "missed", "undetermined": "cannot be decided yet", "not_measured": "not measured"}


def targets_markup(targets: Sequence[Target]) -> str:
    """A line a target; "" without targets."""
    if not targets:
        return ""
    rows = [[_name(each), _bullet(each), escape(counts(each)), _verdict(each)] for each in targets]
    caption = "Bars show 95 % intervals on 0 to 1; a target is met where the whole interval lies above its level."
    return table(["Metric", "Value", "Rows", "Against the target"], rows, caption=caption)


def counts(target: Target) -> str:
    """Rows by outcome, always together.

    >>> from workbench.records import Estimate
    >>> counts(Target("faithfulness", 0.9, "production", "met", Estimate(0.95, 0.92, 0.98, 40, "wilson"), 40, 3, 1))
    '40 scored, 3 undefined, 1 failed'
    """
    return f"{count(target.scored)} scored, {count(target.undefined)} undefined, {count(target.failed)} failed"


def _name(target: Target) -> str:
    name = escape(target.metric.replace("_", " "))
    return f"{name} <small>with {escape(target.embedding)}</small>" if target.embedding else name


def _bullet(target: Target) -> str:
    if target.value.value is None:
        return '<span class="wb-muted">not measured</span>'
    level = f'<i class="wb-level" style="left:{100 * min(max(target.level, 0.0), 1.0):.2f}%" aria-hidden="true"></i>'
    bar = f'<span class="wb-bullet">{interval_bar(target.value)}{level}</span>'
    return f'<span class="wb-num">{escape(measured(target.value))}</span>{bar}'


def _verdict(target: Target) -> str:
    tone: Tone = "muted" if target.verdict in ("not_measured", "undetermined") else "accent"
    more = f"about {count(target.more_rows)} more rows" if target.more_rows else ""
    why = "; ".join(part for part in (target.reason, more) if part)
    asked = f"over {significant(target.level)}" + (", set by the case" if target.set_by == "case" else "")
    return f"{badge(VERDICTS[target.verdict], tone)} {escape(asked)}" + (
        f"<br><small>{escape(why)}</small>" if why else ""
    )
