"""Runs, changes and flipped items as HTML text: pure functions from the history of a harness to markup.

Nothing is tested here; differences and their verdicts come with the history.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.numbers import count, p_value
from workbench.records import RunChange, RunHistory
from workbench.report.words import DIFFERENCE_WORDS
from workbench.ui.components import (
    badge,
    bullets,
    details,
    escape,
    interval_bar,
    join,
    paragraph,
    section,
    source_link,
    table,
)
from workbench.ui.evaluation.runs_chart import value_words
from workbench.ui.evaluation.state import Evaluation, change_key
from workbench.ui.evaluation.words import change_words, metric_name

MOST_ITEMS = 50
"""Flipped items that are listed."""


def history_words(changes: Sequence[RunChange], metric: str) -> str:
    """How many changes of a metric are drops, and how many of these were released."""
    name = metric_name(metric)
    if not changes:
        return f"No two runs share items scored for {name}, so no change can be told from chance."
    worse = [change for change in changes if change.verdict == "worse"]
    if not worse and not any(change.verdict == "better" for change in changes):
        return f"No change of {name} can be told from chance, in {count(len(changes))} comparisons of runs."
    told = f"{count(len(changes))} changes of {name}: {count(len(worse))} drop{'' if len(worse) == 1 else 's'} beyond chance"
    better = sum(change.verdict == "better" for change in changes)
    shipped = sum(change.shipped is not None for change in worse)
    released = f", {count(shipped)} of them released" if worse else ""
    return f"{told}{released}; {count(better)} better; the rest cannot be told from no change."


def changes_markup(changes: Sequence[RunChange], state: Evaluation) -> str:
    """Every change of a metric: how far, how surely, how many items, and whether it was released."""
    if not changes:
        return ""
    bounds = [abs(b) for c in changes for b in (c.difference.low, c.difference.high) if b is not None]
    reach = max([0.05, *bounds])
    baseline = state.report.history.baseline
    rows = [_change_row(change, reach, baseline, state) for change in changes]
    return table(
        ["Run", "Against", "Items", "Difference", "Got worse", "Got better", "Corrected p", "", "Released"],
        rows,
        caption=f"{metric_name(state.metric)}, paired by item, newest first; 95 % intervals, bars from "
        "the largest drop to the largest rise; p corrected over all changes of a pair of runs (Holm).",
        numeric=(2, 4, 5),
    )


def _change_row(change: RunChange, reach: float, baseline: str | None, state: Evaluation) -> list[str]:
    told = change.before == baseline and baseline != "baseline"  # where its name says it, a mark says it twice
    pinned = f" {badge('baseline', 'muted')}" if told else ""
    here = f" {badge('read below', 'accent')}" if change_key(change) == state.run else ""
    return [
        f"{escape(change.after)}{here}",
        f"{escape(change.before)}{pinned}",
        count(change.items),
        f"{interval_bar(change.difference, low=-reach, high=reach)}<span>{escape(change_words(change))}</span>",
        count(change.worse),
        count(change.better),
        escape(p_value(change.p_corrected)),
        escape(DIFFERENCE_WORDS[change.verdict]),
        _released(change, state.slug),
    ]


def _released(change: RunChange, slug: str | None) -> str:
    if change.shipped is None:
        return ""
    link = f" {source_link(change.shipped_source, slug)}" if change.shipped_source is not None else ""
    return f"{badge(f'released in {change.shipped}')}{link}"


def flipped_markup(change: RunChange, state: Evaluation) -> str:
    """The items behind a change: those that got worse, then those that recovered."""
    heading = f"{change.after} against {change.before}: {metric_name(change.metric)} {change_words(change)}"
    worse = _item_list(change.flipped, change.worse, state)
    better = _item_list(change.recovered, change.better, state)
    return section(
        heading,
        f'<div class="wb-row"><div><h3>Got worse, worst first ({count(change.worse)})</h3>{worse}</div>'
        f"<div><h3>Got better ({count(change.better)})</h3>{better}</div></div>",
        note=f"{count(change.items)} items both runs scored; {_released_words(change)}",
    )


def _released_words(change: RunChange) -> str:
    return f"released in {change.shipped}." if change.shipped else "no release is known to have followed it."


def _item_list(ids: Sequence[str], number: int, state: Evaluation) -> str:
    if not ids:
        return paragraph("None." if not number else "Which ones is not known.", muted=True)
    lines = join(_item(item_id, state) for item_id in ids[:MOST_ITEMS])
    hidden = max(number, len(ids)) - min(len(ids), MOST_ITEMS)
    more = paragraph(f"and {count(hidden)} more", muted=True) if hidden else ""
    return f'<ul class="wb-flipped">{lines}</ul>{more}'


def _item(item_id: str, state: Evaluation) -> str:
    item = state.items.get(item_id)
    question = state.question_of(item_id)
    said = escape(question) if question else '<span class="wb-muted">no eval set holds its question now</span>'
    wanted = f"<p>expected: {escape(_short(item.reference))}</p>" if item is not None and item.reference else ""
    link = source_link(item.source, state.slug) if item is not None and item.source.path else ""
    return f'<li data-item="{escape(item_id)}"><b>{escape(item_id)}</b> {said}{wanted}{link}</li>'


def _short(text: str, limit: int = 220) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def runs_markup(history: RunHistory, metric: str, slug: str | None) -> str:
    """Every run with its value and where it stands."""
    pinned = f" {badge('baseline', 'muted')}"
    rows = [
        [
            f"{escape(run.run_id)}{pinned if run.run_id == history.baseline else ''}",
            escape(run.at.date().isoformat() if run.at else "no date"),
            count(run.items),
            escape(value_words(run, metric)),
            source_link(run.source, slug),
        ]
        for run in history.runs
    ]
    listed = table(
        ["Run", "Date", "Items", metric_name(metric).capitalize(), "File"],
        rows,
        caption="Oldest first; 95 % intervals.",
        numeric=(2,),
    )
    return details(f"All {count(len(rows))} runs as a table", listed) + bullets(history.notes)
