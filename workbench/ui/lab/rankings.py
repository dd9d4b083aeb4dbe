"""The rankings of two or more arms for one question side by side, as markup.

Client text is escaped by the components it passes through; which arms and which question is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from workbench.evaluation.failures import FAILURE_K
from workbench.numbers import signed, significant
from workbench.retrieval.recipes import arm_name
from workbench.ui.components import arm_label, details, escape, join, paragraph, source_link, table
from workbench.ui.lab.missing import failures_markup, missing_markup
from workbench.ui.lab.places import Fold, ScoreKind, Standing, fold_words, folded, movement, score_kind
from workbench.ui.lab.queries import Hit, Rankings
from workbench.ui.passages import ENGLISH, highlight, marked_spans

SNIPPET = 220
"""Characters of a passage shown before it is opened."""
SHOWN = 10
"""Places shown of each arm."""
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Column:
    """What the places of one column have in common.

    Attributes:
        before: the arm movements are read from. after: the arm they are read to.
    """

    query: str
    run: str
    before: Standing
    after: Standing
    score: ScoreKind
    case_slug: str | None
    k: int


def rankings_markup(
    rankings: Rankings,
    query_id: str,
    text: str,
    runs: Sequence[str],
    *,
    case_slug: str | None,
    k: int = SHOWN,
    compared: tuple[str, str] | None = None,
    arms: Sequence[str] = (),
    cut: int = FAILURE_K,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> str:
    """One column per arm with its top k, then the right documents that are missing and why.

    Args:
        rankings: the comparison's rankings.
        query_id: the question.
        text: its words.
        runs: arms shown.
        case_slug: the case in links to sources; None writes places as plain text.
        k: places shown.
        compared: the arms movements are read from and to; the first two shown by default.
        arms: every arm, for where a missing document stands; those shown by default.
        cut: rank at which a question counts as missed.
        settings: settings of the comparison, for what the scores mean.
    """
    ranks = rankings.ranks(query_id)
    every = list(dict.fromkeys([*(arms or runs), *runs]))
    standings = {run: Standing(run, ranks.get(run, {}), rankings.depths.get(run, 0)) for run in every}
    baseline, candidate = compared or (runs[0], runs[min(1, len(runs) - 1)])
    columns = []
    for run in runs:
        # Each arm beside the pair is set against the arm compared, as the pair itself is.
        other = candidate if run == baseline else run
        column = _Column(text, run, standings[baseline], standings[other], score_kind(run, settings), case_slug, k)
        columns.append(_column(rankings.hits(query_id, run, k), column))
    # More columns than fit scroll sideways, and what scrolls has to be reached by keyboard.
    wide = ' wb-every" tabindex="0" role="region" aria-label="Every arm side by side' if len(runs) > 2 else ""
    grades = rankings.grades(query_id)
    return (
        f'<section class="wb-side" aria-label="The question chosen, side by side">'
        f'<h3 class="wb-question" data-question="{escape(query_id)}" dir="auto">{escape(text)}</h3>'
        f"{_labels_line(grades, rankings.titles)}"
        f'<div class="wb-rankings{wide}" style="--wb-columns:{len(columns)}">{join(columns)}</div>'
        f"{missing_markup(grades, rankings.titles, list(standings.values()), runs, k)}"
        f"{failures_markup(rankings.failures(query_id), runs, cut)}</section>"
    )


def snippet(text: str, query: str, limit: int = SNIPPET, language: str = ENGLISH) -> str:
    """The part of a passage with most of the question's words, at most `limit` characters, whole words, "…" where cut."""
    if len(text) <= limit:
        return text
    places = [start for start, _ in marked_spans(text, query, language)]
    starts = [0, *places]
    best = max(starts, key=lambda start: (sum(start <= place < start + limit for place in places), -start))
    begin = 0 if best < 40 else best
    cut = text[begin : begin + limit]
    end = begin + (len(cut) if begin + limit >= len(text) else max(cut.rfind(" "), 1))
    return f"{'… ' if begin else ''}{text[begin:end].strip()}{' …' if end < len(text) else ''}"


def _labels_line(grades: Mapping[str, int], titles: Mapping[str, str]) -> str:
    if not grades:
        return paragraph("Nobody has labelled a document for this question: compare the passages by eye.", muted=True)
    right = [f"<bdi>{escape(titles.get(doc_id, doc_id))}</bdi>" for doc_id, grade in grades.items() if grade > 0]
    if not right:
        return paragraph("No document is labelled right for this question.", muted=True)
    more = f" and {len(right) - 3} more" if len(right) > 3 else ""
    return f'<p class="wb-text wb-muted wb-labels">Right: {", ".join(right[:3])}{more}</p>'


def _column(hits: Sequence[Hit], column: _Column) -> str:
    places = join(_fold(fold, column) for fold in folded(hits))
    if not hits:
        missing = paragraph(f"{arm_name(column.run)} has no ranking for this question.", muted=True)
        places = f'<li class="wb-hit-none">{missing}</li>'
    name = escape(f"{arm_name(column.run)}, first {column.k}")
    return (
        f'<section class="wb-ranking" data-run="{escape(column.run)}" aria-label="{name}">'
        f"<h4>{arm_label(column.run)}</h4><ol>{places}</ol></section>"
    )


def _fold(fold: Fold, column: _Column) -> str:
    copies = join(_place(hit, column) for hit in fold.copies)
    right = " wb-copies-right" if any(hit.grade for hit in fold.copies) else ""
    behind = (
        f'<details class="wb-copies{right}"><summary>{escape(fold_words(fold.copies))}</summary><ol>{copies}</ol></details>'
        if copies
        else ""
    )
    return _place(fold.first, column, behind)


def _place(hit: Hit, column: _Column, behind: str = "") -> str:
    state = "right" if hit.grade else "open" if hit.grade is None else "wrong"
    title = escape(hit.title)
    section = escape(_section(hit))
    where = f'<span class="wb-hit-section" dir="auto" title="{section}">{section}</span>' if section else ""
    link = source_link(hit.source, column.case_slug) if hit.source else ""
    return (
        f'<li class="wb-hit" data-doc="{escape(hit.doc_id)}" data-grade="{state}"><span class="wb-rank">{hit.rank}</span>'
        f'<div><header><b dir="auto" title="{title}">{title}</b></header>'
        f'<div class="wb-marks">{_grade_mark(hit.grade)}{_movement(hit, column)}{_dated(hit)}'
        f"{_score(hit, column.score)}{_version(hit)}</div>"
        f'{_passage(hit, column.query)}<div class="wb-hit-foot">{where}{link}{_why(hit)}</div>'
        f"{behind}</div></li>"
    )


def _section(hit: Hit) -> str:
    """The headings above a passage, without one that repeats the title."""
    return hit.section.removeprefix(hit.title).lstrip(" ›,") if hit.section.startswith(hit.title) else hit.section


def _why(hit: Hit) -> str:
    """What the reranker's features add to this document's score; "" where nothing is kept."""
    if not hit.reasons:
        return ""
    rows = [[escape(text), escape(signed(points))] for text, points in hit.reasons]
    return details("Why it stands here", table(["Feature", "Adds to the score"], rows, numeric=[1]))


def _mark(words: str, tone: str, meaning: str = "") -> str:
    tooltip = f' title="{escape(meaning)}"' if meaning else ""
    return f'<span class="wb-badge wb-badge-{tone}"{tooltip}><bdi>{escape(words)}</bdi></span>'


def _grade_mark(grade: int | None) -> str:
    if grade is None:
        return ""
    return _mark(f"right, grade {grade}", "accent") if grade > 0 else _mark("labelled not right", "muted")


def _movement(hit: Hit, column: _Column) -> str:
    moved = movement(hit.doc_id, column.before, column.after, column.k)
    if moved is None:
        return ""
    return f'<span class="wb-moved wb-moved-{moved.direction}" title="{escape(moved.meaning)}">{escape(moved.words)}</span>'


def _dated(hit: Hit) -> str:
    return _mark(hit.updated_on, "muted", "The date the document shows.") if hit.updated_on else ""


def _version(hit: Hit) -> str:
    if hit.newer:
        return _mark("older version", "older", f"A newer version is in the corpus: {hit.newer}")
    return (
        _mark(f"newest of {hit.versions}", "muted", "Versions of this document in the corpus.")
        if hit.versions > 1
        else ""
    )


def _score(hit: Hit, kind: ScoreKind) -> str:
    written = f"{kind.name} {significant(hit.score)}" if hit.score is not None else kind.name
    return f'<span class="wb-score" title="{escape(kind.meaning)}">{escape(written)}</span>'


def _passage(hit: Hit, query: str) -> str:
    if not hit.text.strip():
        known = "This passage holds no text." if hit.passage_id else "Only the document is known here, not the passage."
        return paragraph(known, muted=True)
    language = hit.language or ENGLISH
    short = snippet(hit.text, query, language=language)
    if short == hit.text:
        return f'<p class="wb-hit-text" dir="auto">{highlight(hit.text, query, language)}</p>'
    return (
        f'<details class="wb-hit-text"><summary><span class="wb-hit-short" dir="auto">{highlight(short, query, language)}</span>'
        f'<span class="wb-hit-less">Show less</span></summary><p dir="auto">{highlight(hit.text, query, language)}</p></details>'
    )
