"""One answer to be read: question, contexts, the answer with unsupported sentences marked, what each metric says of it.

It shows what the report holds; the marks are the support proxy's, which is no faithfulness.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.numbers import count, significant
from workbench.records import AnswerRow, MetricScore, RowSupport
from workbench.ui.components import badge, bullets, details, escape, join, paragraph, source_link

UNSUPPORTED = 0.5
"""Support below which a sentence is marked for reading."""
MOST_CHARACTERS = 4_000
MOST_CONTEXTS = 20
MOST_PARTS = 50


def row_markup(row: AnswerRow, scores: Sequence[MetricScore], support: RowSupport | None, slug: str | None) -> str:
    """Everything known of one row."""
    liked = {1: badge("liked"), -1: badge("disliked")}.get(row.feedback or 0, "")
    reference = details("Reference answer", paragraph(_cut(row.reference))) if row.reference else ""
    source = source_link(row.source, slug) if row.source.path else ""
    return (
        f'<article class="wb-answer"><h3>{escape(_cut(row.question))}</h3>{liked}'
        f'<p class="wb-answer-text">{answer_markup(row, support)}</p>{join(_score(score) for score in scores)}'
        f"{_contexts(row)}{reference}{source}</article>"
    )


def answer_markup(row: AnswerRow, support: RowSupport | None) -> str:
    """The answer as markup, sentences with little support in the contexts marked."""
    answer, pieces, end = row.answer or "", [], 0
    if not answer:
        return '<span class="wb-muted">no answer</span>'
    shown = _cut(answer)
    for one in sorted(support.sentences, key=lambda each: each.start) if support else ():
        if one.support >= UNSUPPORTED or not end <= one.start < one.end <= min(len(answer), MOST_CHARACTERS):
            continue
        hint = f"little of it is found in the contexts: support {significant(one.support)}"
        pieces += [
            escape(answer[end : one.start]),
            f'<mark title="{hint}">{escape(answer[one.start : one.end])}</mark>',
        ]
        end = one.end
    return join([*pieces, escape(shown[end:])])


def _contexts(row: AnswerRow) -> str:
    if not row.contexts:
        return paragraph("No contexts are known for this answer.", muted=True)
    shown = join(f"<li>{escape(_cut(context))}</li>" for context in row.contexts[:MOST_CONTEXTS])
    head = f"{count(len(row.contexts))} contexts"
    if len(row.contexts) > MOST_CONTEXTS:
        head += f", the first {MOST_CONTEXTS} shown"
    return details(head, f"<ol>{shown}</ol>")


def _score(score: MetricScore) -> str:
    said = (
        significant(score.value) if score.value is not None else f"{score.status}: {score.reason or 'no reason given'}"
    )
    line = f"{score.metric.replace('_', ' ')}: {said}"
    if not score.parts:
        return paragraph(line)
    words = {1: "yes", 0: "no", None: "not judged"}
    parts = [
        f"{words.get(part.verdict, 'not judged')} · {_cut(part.text)}"
        + (f" ({_cut(part.reason)})" if part.reason else "")
        for part in score.parts[:MOST_PARTS]
    ]
    return details(line, bullets(parts))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
