"""A client's evaluation harness in words: what its size can show, the rubric, and what a starter harness holds.

Pages, reports and the terminal share these sentences; nothing is measured here.
"""

from __future__ import annotations

from math import ceil, floor, log10

from workbench.numbers import count, measured
from workbench.observing import counted
from workbench.records import NeededItems, Rubric, RubricItem, RubricSection, SampleSize
from workbench.starter.report import StarterReport

SMALL_DROPS = (0.05, 0.03, 0.01)
"""Drops a person may want to see, largest first; the sentence names the first one below what the set can show."""


def sample_size_sentence(size: SampleSize) -> str:
    """What the eval set can show, and what it takes to see a smaller drop."""
    if not size.items:
        return f"There is no evaluation question with a reference; {_needs(size, None)}."
    if size.paired_drop is None:
        return f"Your {counted(size.items, 'item')} can show no drop at all; {_needs(size, None)}."
    seen = f"Your {counted(size.items, 'item')} can see a drop of {_points(size.paired_drop)}"
    further = _needs(size, size.paired_drop)
    return f"{seen}; {further}." if further else f"{seen}."


def sample_size_basis(size: SampleSize) -> str:
    """What `sample_size_sentence` rests on."""
    rate = f"{size.rate.value:.0%}".replace("%", " %") if size.rate.value is not None else "unknown"
    return (
        f"For a pass rate of {rate} ({size.rate_from}), when both versions answer the same items and disagree on"
        f" {100 * size.discordant:.0f} % of them ({size.discordant_from}): McNemar's exact test at 5 %, 80 % power."
    )


def rubric_sentence(rubric: Rubric) -> str:
    """The rubric in one sentence: the band, and the section that decides it."""
    weakest = rubric.sections[0]
    return (
        f"Maturity of the harness: {rubric.band}; the weakest section is {weakest.title.lower()},"
        f" with {section_points(weakest)} points."
    )


def rubric_lines(rubric: Rubric) -> tuple[str, ...]:
    """One sentence a section, weakest first, each with what it lacks most."""
    return tuple(_section_line(section) for section in rubric.sections)


def section_points(section: RubricSection) -> str:
    """Points of a section: "2.5 of 6", or "2 to 4 of 6" where something could not be looked at."""
    low, high = _number(section.low), _number(section.high)
    return f"{low} of {len(section.items)}" if low == high else f"{low} to {high} of {len(section.items)}"


def _section_line(section: RubricSection) -> str:
    lacking = [item for item in section.items if item.score is not None and item.score < 1]
    lacking.sort(key=lambda item: item.score or 0.0)
    unknown = sum(item.score is None for item in section.items)
    rest = f"; {unknown} could not be looked at" if unknown else ""
    return f"{section.title}: {section_points(section)}{_lacks(lacking)}{rest}."


def _lacks(items: list[RubricItem]) -> str:
    return f"; lacking {', '.join(item.text for item in items[:3])}" if items else ""


def _needs(size: SampleSize, beyond: float | None) -> str:
    """What it takes to see a drop that the set cannot see; "" where it sees all of them."""
    smaller = [needed for needed in size.needed if beyond is None or _smaller(needed, beyond)]
    named = next((needed for needed in smaller if needed.drop in SMALL_DROPS), smaller[0] if smaller else None)
    return f"to see {_points(named.drop)} you need {count(rounded_up(named.paired))} items" if named else ""


def _smaller(needed: NeededItems, drop: float) -> bool:
    return round(100 * needed.drop, 1) < round(100 * drop, 1)


def _points(drop: float) -> str:
    bare = _bare(drop)
    return f"{bare} {'point' if bare == '1' else 'points'}"


def _bare(drop: float) -> str:
    """Percentage points without a sign, whole from one point on."""
    return f"{100 * drop:.0f}" if drop >= 0.0095 else f"{100 * drop:.1f}"


def rounded_up(items: int) -> int:
    """Two digits, upwards: a plan is no more precise than that, and 337 items are not 330."""
    step = 10 ** max(0, floor(log10(items)) - 1) if items else 1
    return ceil(items / step) * step


def _number(value: float) -> str:
    return f"{value:g}"


def starter_summary(report: StarterReport) -> str:
    """What `workbench harness` wrote, for the terminal."""
    lines = [
        f"{count(report.dev)} questions for every change, {count(report.held_out)} held out,"
        f" from {counted(report.topics, 'topic')} of the log",
        f"{count(report.known)} of them with a known answer, {count(report.dev + report.held_out - report.known)} to be written,"
        f" and {counted(report.to_write, 'case')} the log cannot give",
        f"baseline: success@{report.k} of the deployed system on the dev set {measured(report.baseline, share=True)}",
    ]
    if report.drop is not None:
        lines.append(f"a drop of {_points(report.drop)} is found four times in five")
    lines += [f"kept, for somebody changed it: {path}" for path in report.kept]
    lines += report.notes
    return "\n".join(f"  {line}" for line in lines)
