"""One answer to be read: question, contexts, the answer with unsupported sentences marked, what each metric says of it.

It shows what the report holds; the marks are the support proxy's, which is no faithfulness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.numbers import count, significant
from workbench.observing import counted
from workbench.records import AnswerRow, MetricScore, RowSupport
from workbench.ui.components import badge, bullets, details, escape, join, paragraph, source_link

MOST_CHARACTERS = 4_000
MOST_CONTEXTS = 20
MOST_PARTS = 50
VERDICTS: Mapping[str, tuple[str, str]] = {
    "faithfulness": ("not in the contexts", "in the contexts"),
    "context_precision": ("not useful", "useful"),
    "context_recall": ("not in the contexts", "in the contexts"),
}
"""Metric -> what a verdict of 0 and of 1 says of a part; other parts carry no verdict."""


def row_markup(
    row: AnswerRow, scores: Sequence[MetricScore], support: RowSupport | None, slug: str | None, mark_below: float = 0.0
) -> str:
    """Everything known of one row.

    Args:
        row: the answer.
        scores: what each metric says of it.
        support: the support of its sentences; None where it has none.
        slug: name of the case in links; None without a case.
        mark_below: sentences with less support are marked.
    """
    liked = {1: badge("liked"), -1: badge("disliked")}.get(row.feedback or 0, "")
    reference = details("Reference answer", paragraph(_cut(row.reference))) if row.reference else ""
    source = source_link(row.source, slug) if row.source.path else ""
    return (
        f'<article class="wb-answer"><h3>{escape(_cut(row.question))}</h3>{liked}'
        f'<p class="wb-answer-text">{answer_markup(row, support, mark_below)}</p>{_legend(support, mark_below)}'
        f"{_scores(scores)}{_contexts(row)}{reference}{source}</article>"
    )


def answer_markup(row: AnswerRow, support: RowSupport | None, mark_below: float) -> str:
    """The answer as markup, sentences with little support in the contexts marked."""
    answer, pieces, end = row.answer or "", [], 0
    if not answer:
        return '<span class="wb-muted">no answer</span>'
    shown = _cut(answer)
    for one in sorted(support.sentences, key=lambda each: each.start) if support else ():
        if one.support >= mark_below or not end <= one.start < one.end <= min(len(answer), MOST_CHARACTERS):
            continue
        hint = f"little of it is found in the contexts: support proxy {significant(one.support)}"
        pieces += [
            escape(answer[end : one.start]),
            f'<mark title="{hint}">{escape(answer[one.start : one.end])}</mark>',
        ]
        end = one.end
    return join([*pieces, escape(shown[end:])])


def _legend(support: RowSupport | None, mark_below: float) -> str:
    if support is None:
        return paragraph("No sentence is compared with the contexts, so none can be marked.", muted=True)
    marked = sum(one.support < mark_below for one in support.sentences)
    which = f"{count(marked)} of {count(len(support.sentences))} sentences marked"
    rule = f"support proxy below {significant(mark_below)}, the lowest fifth of all sentences; not faithfulness"
    return paragraph(f"{which}: {rule}.", muted=True)


def _contexts(row: AnswerRow) -> str:
    if not row.contexts:
        return paragraph("No contexts are known for this answer.", muted=True)
    shown = join(f"<li>{escape(_cut(context))}</li>" for context in row.contexts[:MOST_CONTEXTS])
    head = f"{count(len(row.contexts))} contexts"
    if len(row.contexts) > MOST_CONTEXTS:
        head += f", the first {MOST_CONTEXTS} shown"
    return details(head, f"<ol>{shown}</ol>")


def _scores(scores: Sequence[MetricScore]) -> str:
    """What was scored first, what failed next; what does not apply behind a line."""
    told = [score for score in scores if score.status != "skipped"]
    skipped = [score for score in scores if score.status == "skipped"]
    reasons = [f"{_name(score)}: {score.reason or 'no reason given'}" for score in skipped]
    rest = details(f"Not applied: {counted(len(skipped), 'metric')}", bullets(reasons)) if skipped else ""
    return join(_score(score) for score in told) + rest


def _score(score: MetricScore) -> str:
    if score.value is not None:
        line = f"{_name(score)}: {significant(score.value)}"
    else:
        line = f"{_name(score)}: {score.status}, {score.reason or 'no reason given'}"
    if not score.parts:
        return paragraph(line)
    words = VERDICTS.get(score.metric)
    parts = [
        (f"{words[part.verdict]} · " if words and part.verdict is not None else "")
        + _cut(part.text)
        + (f" ({_cut(part.reason)})" if part.reason else "")
        for part in score.parts[:MOST_PARTS]
    ]
    return details(line, bullets(parts))


def _name(score: MetricScore) -> str:
    return score.metric.replace("_", " ")


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
