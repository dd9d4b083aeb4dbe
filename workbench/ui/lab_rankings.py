"""The rankings of two or more arms for one question side by side, as markup.

Client text is escaped by the components it passes through; which arms and which question is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.numbers import signed
from workbench.retrieval.recipes import arm_name
from workbench.ui.components import arm_label, badge, details, escape, join, paragraph, source_link, table
from workbench.ui.lab_queries import Hit, Rankings
from workbench.ui.passages import WORD, highlight, query_stems, stem

SNIPPET = 260
"""Characters of a passage shown before it is opened."""


def rankings_markup(
    rankings: Rankings, query_id: str, text: str, runs: Sequence[str], *, case_slug: str | None, k: int = 10
) -> str:
    """One column per arm with its top k: rank, title, date, passage with the question's words marked, grade, source."""
    columns = [_column(rankings.hits(query_id, run, k), run, text, case_slug) for run in runs]
    return (
        f'<h3 class="wb-question" data-question="{escape(query_id)}">{escape(text)}</h3>'
        f"{_labels_line(rankings, query_id)}"
        f'<div class="wb-rankings" style="--wb-columns:{len(columns)}">{join(columns)}</div>'
    )


def snippet(text: str, query: str, limit: int = SNIPPET) -> str:
    """The part of a passage with most of the question's words, at most `limit` characters, whole words, "…" where cut."""
    if len(text) <= limit:
        return text
    stems = query_stems(query)
    places = [match.start() for match in WORD.finditer(text) if stem(match.group()) in stems]
    starts = [0, *places]
    best = max(starts, key=lambda start: (sum(start <= place < start + limit for place in places), -start))
    begin = 0 if best < 40 else best
    cut = text[begin : begin + limit]
    end = begin + (len(cut) if begin + limit >= len(text) else max(cut.rfind(" "), 1))
    return f"{'… ' if begin else ''}{text[begin:end].strip()}{' …' if end < len(text) else ''}"


def _labels_line(rankings: Rankings, query_id: str) -> str:
    grades = rankings.grades(query_id)
    if not grades:
        return paragraph("Nobody has labelled a document for this question: compare the passages by eye.", muted=True)
    right = [rankings.titles.get(doc_id, doc_id) for doc_id, grade in grades.items() if grade > 0]
    shown = ", ".join(right[:3]) + (f" and {len(right) - 3} more" if len(right) > 3 else "")
    return paragraph(f"Right: {shown}" if right else "No document is labelled right for this question.", muted=True)


def _column(hits: Sequence[Hit], run: str, query: str, case_slug: str | None) -> str:
    places = join(_place(hit, query, case_slug) for hit in hits)
    if not hits:
        places = f"<li>{paragraph(f'{arm_name(run)} has no ranking for this question.', muted=True)}</li>"
    return f'<section class="wb-ranking" data-run="{escape(run)}"><h4>{arm_label(run)}</h4><ol>{places}</ol></section>'


def _place(hit: Hit, query: str, case_slug: str | None) -> str:
    dated = badge(hit.updated_on, "muted") if hit.updated_on else ""
    link = source_link(hit.source, case_slug) if hit.source else ""
    state = "right" if hit.grade else "open" if hit.grade is None else "wrong"
    return (
        f'<li class="wb-hit" data-doc="{escape(hit.doc_id)}" data-grade="{state}"><span class="wb-rank">{hit.rank}</span>'
        f"<div><header><b>{escape(hit.title)}</b>{dated}{_grade_mark(hit.grade)}</header>"
        f"{_passage(hit.text, query)}{_why(hit)}{link}</div></li>"
    )


def _why(hit: Hit) -> str:
    """What the reranker's features add to this document's score; "" where nothing is kept."""
    if not hit.reasons:
        return ""
    rows = [[escape(text), escape(signed(points))] for text, points in hit.reasons]
    return details("Why it stands here", table(["Feature", "Adds to the score"], rows, numeric=[1]))


def _grade_mark(grade: int | None) -> str:
    if grade is None:
        return ""
    return badge(f"right, grade {grade}", "accent") if grade > 0 else badge("labelled not right", "muted")


def _passage(text: str, query: str) -> str:
    if not text:
        return paragraph("Only the document is known here, not the passage.", muted=True)
    short = snippet(text, query)
    if short == text:
        return f'<p class="wb-hit-text">{highlight(text, query)}</p>'
    return (
        f'<details class="wb-hit-text"><summary>{highlight(short, query)}</summary>'
        f"<p>{highlight(text, query)}</p></details>"
    )
