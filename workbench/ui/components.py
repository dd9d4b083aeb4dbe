"""The pieces a page is put together from, as HTML text: pure functions from a value to markup.

Everything that comes from outside is escaped here and nowhere else; no numbers are computed here, and their writing is
that of `workbench.numbers`. Classes belong to `workbench.css`.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlencode

from workbench import numbers
from workbench.records import Comparison, Difference, Estimate, Source
from workbench.report.words import arm_reason, difference_words, measure_labels
from workbench.retrieval.recipes import arm_name
from workbench.ui.tokens import ARM_COLOURS, css_name

Tone = Literal["plain", "accent", "muted", "failed"]
MEASURE_MEANINGS: Mapping[str, str] = {
    "nDCG@10": "how high the right documents stand among the first ten, 0 to 1",
    "recall@10": "share of the right documents among the first ten",
    "recall@5": "share of the right documents among the first five",
    "success@5": "share of questions with a right document among the first five",
    "MRR@10": "one divided by the rank of the first right document, averaged",
}
"""What a measure says, for those who meet it for the first time."""


def escape(value: object) -> str:
    """Text made safe for element content and for quoted attributes."""
    return html.escape(str(value), quote=True)


def join(parts: Iterable[str]) -> str:
    """Markup one after the other."""
    return "".join(parts)


def sentence(text: str) -> str:
    """The sentence a page opens with, to be read aloud."""
    return f'<h1 class="wb-sentence">{escape(text)}</h1>'


def section(title: str, *markup: str, note: str = "") -> str:
    """A titled part of a page; `markup` is HTML from this module, `note` is plain text under the title."""
    small = f'<p class="wb-note">{escape(note)}</p>' if note else ""
    return f'<section class="wb-section"><h2>{escape(title)}</h2>{small}{join(markup)}</section>'


def paragraph(text: str, *, muted: bool = False) -> str:
    """One paragraph of plain text."""
    return f'<p class="wb-text{" wb-muted" if muted else ""}">{escape(text)}</p>'


def bullets(lines: Sequence[str]) -> str:
    """A list of plain sentences; "" for none."""
    if not lines:
        return ""
    return f'<ul class="wb-list">{join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


def badge(text: str, tone: Tone = "plain") -> str:
    """A short word beside a title: a date, a version, a state."""
    return f'<span class="wb-badge wb-badge-{tone}">{escape(text)}</span>'


def row(*markup: str) -> str:
    """Pieces side by side in columns of equal width, wrapping where they do not fit."""
    return f'<div class="wb-row">{join(markup)}</div>'


def details(summary: str, markup: str) -> str:
    """Markup behind a line that opens it; closed at first."""
    return f'<details class="wb-details"><summary>{escape(summary)}</summary>{markup}</details>'


# ---------------------------------------------------------------- links to evidence


def source_href(source: Source, case_slug: str) -> str:
    """Address of the source viewer for a place in the client's files."""
    query = {"case": case_slug, "path": source.path, **({"at": source.locator} if source.locator else {})}
    return f"/workbench/source?{urlencode(query)}{'#marked' if source.locator else ''}"


def source_text(source: Source) -> str:
    """A place as people read it: "logs/trace.jsonl, line 14"."""
    return f"{source.path}, {source.locator}" if source.locator else source.path


def source_link(source: Source, case_slug: str | None) -> str:
    """A link that opens the file at the place in another tab; plain text where there is no case to open it in."""
    if case_slug is None:
        return f'<span class="wb-source">{escape(source_text(source))}</span>'
    href = escape(source_href(source, case_slug))
    return f'<a class="wb-source" href="{href}" target="_blank" rel="noopener">{escape(source_text(source))}</a>'


# ---------------------------------------------------------------- numbers


def figure_card(
    label: str,
    estimate: Estimate,
    *,
    meaning: str,
    share: bool = False,
    unit: str = "",
    source: Source | None = None,
    case_slug: str | None = None,
) -> str:
    """One key figure: what it is, its value, interval and n, and what it means in plain words."""
    measured = estimate.value is not None
    value = numbers.number(estimate, share=share, unit=unit) if measured else "not measured"
    link = source_link(source, case_slug) if source else ""
    return (
        f'<figure class="wb-card{"" if measured else " wb-unmeasured"}">'
        f'<figcaption class="wb-card-label">{escape(label)}</figcaption>'
        f'<div class="wb-card-value">{escape(value)}</div>'
        f'<div class="wb-card-interval">{escape(_basis(estimate, share=share))}</div>'
        f'<p class="wb-card-meaning">{escape(meaning if measured else estimate.reason or meaning)}</p>{link}</figure>'
    )


def count_card(label: str, number: int, *, meaning: str) -> str:
    """One count: a whole number of something counted in full, so it has no interval."""
    return (
        f'<figure class="wb-card"><figcaption class="wb-card-label">{escape(label)}</figcaption>'
        f'<div class="wb-card-value">{escape(numbers.count(number))}</div>'
        f'<p class="wb-card-meaning">{escape(meaning)}</p></figure>'
    )


def interval_bar(estimate: Estimate, *, low: float = 0.0, high: float = 1.0, colour_class: str = "") -> str:
    """The interval as a thin bar with a mark at the value, on an axis from `low` to `high`; "" where not measured.

    The axis has a line at 0 where 0 lies inside it. Bounds outside the axis are cut at its ends.
    """
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return ""
    left, mark, right = (_percent_along(bound, low, high) for bound in (estimate.low, estimate.value, estimate.high))
    zero = f'<i class="wb-zero" style="left:{_percent_along(0, low, high):.2f}%"></i>' if low < 0 < high else ""
    return (
        f'<span class="wb-interval {escape(colour_class)}" aria-hidden="true">{zero}'
        f'<i class="wb-band" style="left:{left:.2f}%;width:{max(right - left, 0.5):.2f}%"></i>'
        f'<i class="wb-tick" style="left:{mark:.2f}%"></i></span>'
    )


# ---------------------------------------------------------------- tables


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    caption: str = "",
    numeric: Sequence[int] = (),
    meanings: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """A table of cells that are already markup; `numeric` are the columns set to the right.

    Headings and caption are plain text; `meanings` says of a heading what it means when it is pointed at. The last cell
    of a row with too few spans what is left. A long table scrolls inside its frame.
    """
    aligned = {column: ' class="wb-num"' for column in numeric}
    head = join(
        f'<th scope="col"{aligned.get(i, "")}{_tooltip(meanings.get(text))}>{escape(text)}</th>'
        for i, text in enumerate(headings)
    )
    body = join(_row(cells, len(headings), aligned) for cells in rows)
    note = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="wb-table" tabindex="0"><table>{note}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def arm_label(arm: str) -> str:
    """An arm's name with its colour beside it."""
    known = f" wb-arm-{css_name(arm)}" if arm in ARM_COLOURS else ""
    return f'<span class="wb-arm{known}"><i aria-hidden="true"></i>{escape(arm_name(arm))}</span>'


def comparison_table(comparison: Comparison, measures: Sequence[str] | None = None, *, note: str = "") -> str:
    """Arms by measures, each cell with value, interval and an inline bar on 0 to 1; every measure when none are named.

    `note` is plain text added to the caption.
    """
    labels = tuple(measures) if measures is not None else measure_labels(comparison)
    rows = []
    for arm, report in comparison.arms.items():
        reason = arm_reason(report)
        cells = [_estimate_cell(report.measures.get(label), label, arm) for label in labels]
        if reason is not None:
            cells = [f'<span class="wb-muted">{escape(reason)}</span>'] if labels else []
        rows.append([arm_label(arm), *cells])
    caption = f"{numbers.count(comparison.judged)} judged questions; bars show 95 % intervals on 0 to 1."
    notes = [f"Not measured for {note}." for note in _unmeasured_notes(comparison, labels)]
    return table(
        ["Search", *labels], rows, caption=" ".join([caption, *notes, note]).rstrip(), meanings=MEASURE_MEANINGS
    )


def difference_table(differences: Sequence[Difference], *, judged: int) -> str:
    """Candidates against their baselines: difference with interval around zero, corrected p and the verdict in words."""
    rows = [
        [
            f"{arm_label(d.candidate)} against {arm_label(d.baseline)}",
            f"<span{_tooltip(MEASURE_MEANINGS.get(d.measure))}>{escape(d.measure)}</span>",
            interval_bar(d.difference, low=-0.5, high=0.5)
            + f'<span class="wb-num">{escape(numbers.difference(d.difference, share=numbers.is_share(d.measure)))}</span>',
            escape(numbers.p_value(d.p_corrected)),
            escape(difference_words(d)),
        ]
        for d in differences
    ]
    caption = f"{numbers.count(judged)} judged questions, the same for both sides; p corrected for all lines (Holm)"
    return table(["Compared", "Measure", "Difference, −0.5 to 0.5", "Corrected p", "Verdict"], rows, caption=caption)


# ---------------------------------------------------------------- states


def empty_state(missing: str, gives: str, how: str) -> str:
    """What stands where a result would: what is missing, what it would give, how to add it."""
    return (
        f'<div class="wb-empty"><p class="wb-empty-missing">{escape(missing)}</p>'
        f'<p>{escape(gives)}</p><p class="wb-how">{escape(how)}</p></div>'
    )


def error_box(text: str, remedy: str, reference: str = "", *, failed: bool = True) -> str:
    """An error as a person meets it: one sentence, what to do, and the number to quote where the log has one.

    `failed` is False where not the tool failed but something it needs is missing: red is kept for the tool itself.
    """
    quoted = f'<p class="wb-muted">Reference {escape(reference)}</p>' if reference else ""
    kind = "wb-error" if failed else "wb-error wb-error-missing"
    return (
        f'<div class="{kind}" role="alert"><p class="wb-error-what">{escape(text)}</p><p>{escape(remedy)}</p>'
        f"{quoted}</div>"
    )


def skeleton(lines: int = 3) -> str:
    """Grey lines that hold the place of what is coming."""
    return f'<div class="wb-skeleton" aria-hidden="true">{"<i></i>" * lines}</div>'


def _tooltip(text: str | None) -> str:
    return f' title="{escape(text)}"' if text else ""


def _row(cells: Sequence[str], width: int, aligned: Mapping[int, str]) -> str:
    wide = f' colspan="{width - len(cells) + 1}"' if len(cells) < width else ""
    attributes = [aligned.get(column, "") for column in range(len(cells))]
    attributes[-1] += wide
    return f"<tr>{join(f'<td{attribute}>{cell}</td>' for attribute, cell in zip(attributes, cells, strict=True))}</tr>"


def _basis(estimate: Estimate, *, share: bool) -> str:
    bounds = numbers.interval(estimate, share=share)
    return f"{bounds}, n = {numbers.count(estimate.n)}" if bounds else f"n = {numbers.count(estimate.n)}"


def _estimate_cell(estimate: Estimate | None, label: str, arm: str) -> str:
    if estimate is None or estimate.value is None:
        reason = _tooltip(estimate.reason if estimate else None)
        return f'<span class="wb-muted"{reason}>not measured</span>'
    share = numbers.is_share(label)
    value, bounds = (escape(write(estimate, share=share)) for write in (numbers.number, numbers.interval))
    bar = interval_bar(estimate, colour_class=f"wb-arm-{css_name(arm)}")
    return f'<span class="wb-cell"><span class="wb-num">{value} <small>{bounds}</small></span>{bar}</span>'


def _unmeasured_notes(comparison: Comparison, labels: Sequence[str]) -> list[str]:
    """Why measures of arms that did run have no value, each reason once: "deployed system: the log keeps 5 results ..."."""
    arms: dict[str, list[str]] = {}
    for arm, report in comparison.arms.items():
        reasons = [report.measures[label].reason for label in labels if label in report.measures]
        for reason in dict.fromkeys(reason for reason in reasons if reason):
            arms.setdefault(reason, []).append(arm_name(arm))
    return [f"{', '.join(names)}: {reason}" for reason, names in arms.items()]


def _percent_along(value: float, low: float, high: float) -> float:
    return 100 * min(max((value - low) / (high - low), 0.0), 1.0)
