"""The rubric section by section, what the size of the set can show, and what to do next.

It shows what the report holds; the scores were given elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from workbench.numbers import count
from workbench.records import Rubric, RubricItem, RubricSection, SampleSize
from workbench.report.harness_text import rounded_up, rubric_lines, sample_size_basis, section_points
from workbench.ui.components import badge, bullets, empty_state, escape, join, paragraph, section, source_link, table
from workbench.ui.evaluation.state import Evaluation
from workbench.ui.evaluation.words import looked_at, next_steps, score_word
from workbench.ui.page import html, safe_callback

MOST_SOURCES = 3
"""Links under one finding; more are counted."""
NO_RUBRIC = (
    "No part of a harness could be looked at.",
    "It would show section by section what the harness has and what it lacks.",
    "Hand over eval sets and runs in the folder evals, and the repository with its CI files in the folder repo.",
)


def build_harness_view(state: Evaluation) -> widgets.Widget:
    """The view; it follows the report."""
    view = html(harness_markup(state))

    def follow(_change: object) -> None:
        view.value = harness_markup(state)

    state.observe(safe_callback(follow), "report")
    return view


def harness_markup(state: Evaluation) -> str:
    """Overview beside the size of the set, next steps, then every item of the rubric."""
    report = state.report
    steps = next_steps(report)
    todo = section("What to do next", _numbered(steps)) if steps else ""
    notes = bullets(report.notes)
    return (
        f'<div class="wb-harness"><div class="wb-harness-top"><div>{overview_markup(report.rubric)}{todo}</div>'
        f"{size_markup(report.sample_size)}</div>{rubric_markup(report.rubric, state.slug)}{notes}</div>"
    )


def overview_markup(rubric: Rubric) -> str:
    """The four sections as bars of points, the weakest first."""
    if not rubric.sections:
        return f"<div>{empty_state(*NO_RUBRIC)}</div>"
    band = rubric.band[:1].upper() + rubric.band[1:] if looked_at(rubric) else "Not measured"
    lines = join(_bar_line(one, lacks) for one, lacks in zip(rubric.sections, rubric_lines(rubric), strict=True))
    return (
        f'<section class="wb-harness-sections"><h2>{escape(band)}</h2>'
        f'<p class="wb-note">A harness is as good as its weakest section. A pale end is what could not be looked at.</p>'
        f"{lines}</section>"
    )


def _bar_line(one: RubricSection, lacks: str) -> str:
    most = max(len(one.items), 1)
    low, high = 100 * min(one.low / most, 1.0), 100 * min(one.high / most, 1.0)
    said = lacks.partition("; lacking ")[2].rstrip(".").partition(";")[0]
    lacking = f"<small>lacks {escape(said)}</small>" if said else ""
    return (
        f'<div class="wb-section-line" data-section="{escape(one.key)}"><b>{escape(one.title)}</b>'
        f'<span class="wb-points" aria-hidden="true"><i class="wb-points-open" style="width:{high:.1f}%"></i>'
        f'<i style="width:{low:.1f}%"></i></span><span class="wb-num">{escape(section_points(one))}</span>{lacking}</div>'
    )


def size_markup(size: SampleSize) -> str:
    """What a set of this size can see, and what it takes to see less."""
    drop = _points(size.paired_drop)
    meaning = (
        "is the smallest drop of the pass rate it can see, when both versions answer the same items."
        if size.paired_drop is not None
        else "No drop of the pass rate can be seen with this set."
    )
    rows = [[_points(one.drop), count(rounded_up(one.paired)), count(rounded_up(one.separate))] for one in size.needed]
    needed = table(
        ["To see a drop of", "Items, same for both", "Items, in each of two sets"],
        rows,
        caption="With 80 % power at 5 %; rounded up to two digits.",
        numeric=(1, 2),
    )
    return (
        f'<section class="wb-card wb-size"><div class="wb-card-label">what {_items(size.items)} with a reference can see'
        f'</div><div class="wb-card-value">{escape(drop)}</div><p class="wb-card-meaning">{escape(meaning)}</p>'
        f"{paragraph(_rest(size), muted=True)}{needed if rows else ''}</section>"
    )


def _rest(size: SampleSize) -> str:
    parts = [sample_size_basis(size)]
    if size.separate_drop is not None:
        parts.append(f"With other items for each version: {_points(size.separate_drop)}.")
    if size.topic_share is not None:
        share = f"{100 * size.topic_share:.0f} %" if size.topic_share >= 0.01 else "under 1 %"
        parts.append(
            f"A topic of {share} of the traffic or more has an item with 95 % chance, were items drawn at random."
        )
    return " ".join(parts)


def rubric_markup(rubric: Rubric, slug: str | None) -> str:
    """All items of all sections; the weakest section is open."""
    return join(_section(one, slug, opened=place == 0) for place, one in enumerate(rubric.sections))


def _section(one: RubricSection, slug: str | None, *, opened: bool) -> str:
    items = join(_item(item, slug) for item in one.items)
    return (
        f'<details class="wb-details wb-rubric" data-section="{escape(one.key)}"{" open" if opened else ""}>'
        f"<summary><b>{escape(one.title)}</b> {escape(section_points(one))}</summary>"
        f'<ul class="wb-rubric-items">{items}</ul></details>'
    )


def _item(item: RubricItem, slug: str | None) -> str:
    links = [source_link(source, slug) for source in item.sources[:MOST_SOURCES]]
    hidden = len(item.sources) - len(links)
    more = f'<span class="wb-muted">and {count(hidden)} more</span>' if hidden else ""
    state = "unknown" if item.score is None else f"{item.score:g}"
    word = badge(score_word(item.score), "muted" if item.score is None else "accent" if item.score >= 1 else "plain")
    return (
        f'<li data-score="{escape(state)}" data-item="{escape(item.key)}">{word}<div><b>{escape(item.text)}</b>'
        f'<p>{escape(item.finding)}</p><span class="wb-sources">{join(links)}{more}</span></div></li>'
    )


def _numbered(steps: Sequence[str]) -> str:
    return f'<ol class="wb-list wb-next">{join(f"<li>{escape(step)}</li>" for step in steps)}</ol>'


def _points(drop: float | None) -> str:
    if drop is None:
        return "no drop"
    digits = f"{100 * drop:.0f}" if drop >= 0.0095 else f"{100 * drop:.1f}"
    return f"{digits} {'point' if digits == '1' else 'points'}"


def _items(number: int) -> str:
    return f"{count(number)} item{'' if number == 1 else 's'}"
