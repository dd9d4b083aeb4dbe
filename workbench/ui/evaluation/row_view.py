"""One answer to be read: question, contexts, the answer with unsupported sentences marked, what each metric says of it.

It shows what the report holds, and says whose the marks are: the judge's, or the support proxy's, which is no faithfulness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from workbench.answers.marking import Mark, marks_by_judge, marks_by_proxy
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
    row: AnswerRow,
    scores: Sequence[MetricScore],
    support: RowSupport | None,
    slug: str | None,
    mark_below: float = 0.0,
    titles: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Everything known of one row.

    Args:
        row: the answer.
        scores: what each metric says of it.
        support: the support of its sentences; None where it has none.
        slug: name of the case in links; None without a case.
        mark_below: sentences with less support are marked.
        titles: names of metrics for people; one without is called as it is.
    """
    liked = {1: badge("liked"), -1: badge("disliked")}.get(row.feedback or 0, "")
    reference = details("Reference answer", paragraph(_cut(row.reference))) if row.reference else ""
    source = source_link(row.source, slug) if row.source.path else ""
    marks, legend = _marked(row, scores, support, mark_below)
    return (
        f'<article class="wb-answer"><h3>{escape(_cut(row.question))}</h3>{liked}'
        f'<p class="wb-answer-text">{answer_markup(row, marks)}</p>{paragraph(legend, muted=True)}'
        f"{_scores(scores, titles)}{_contexts(row)}{reference}{source}</article>"
    )


def answer_markup(row: AnswerRow, marks: Sequence[Mark]) -> str:
    """The answer as markup, its marked places marked; a place outside the answer, or over another, is passed over."""
    answer, pieces, end = row.answer or "", [], 0
    if not answer:
        return '<span class="wb-muted">no answer</span>'
    for mark in sorted(marks, key=lambda each: each.start):
        if not end <= mark.start < mark.end <= min(len(answer), MOST_CHARACTERS):
            continue
        marked = f'<mark title="{escape(_cut(mark.why))}">{escape(answer[mark.start : mark.end])}</mark>'
        pieces += [escape(answer[end : mark.start]), marked]
        end = mark.end
    return join([*pieces, escape(_cut(answer)[end:])])


def _marked(
    row: AnswerRow, scores: Sequence[MetricScore], support: RowSupport | None, mark_below: float
) -> tuple[tuple[Mark, ...], str]:
    """Marks of an answer and what they mean: a judge's where one looked at it, else the proxy's."""
    judged = next((one for one in scores if one.metric == "faithfulness" and one.value is not None), None)
    if judged is not None:
        marks, lost = marks_by_judge(row.answer or "", judged.parts)
        told = f"Marked: {counted(len(marks), 'sentence')} in which the judge made out a statement the contexts do not hold."
        return marks, f"{told} {counted(lost, 'such statement')} could be laid to no sentence." if lost else told
    if support is None:
        return (), "No sentence is compared with the contexts, so none can be marked."
    marks = marks_by_proxy(support.sentences, mark_below)
    which = f"{count(len(marks))} of {count(len(support.sentences))} sentences"
    rule = f"support proxy below {significant(mark_below)}, the lowest fifth of all sentences; not faithfulness"
    return marks, f"Marked: {which}, {rule}."


def _contexts(row: AnswerRow) -> str:
    if not row.contexts:
        return paragraph("No contexts are known for this answer.", muted=True)
    shown = join(f"<li>{escape(_cut(context))}</li>" for context in row.contexts[:MOST_CONTEXTS])
    head = counted(len(row.contexts), "context")
    if len(row.contexts) > MOST_CONTEXTS:
        head += f", the first {MOST_CONTEXTS} shown"
    return details(head, f"<ol>{shown}</ol>")


def _scores(scores: Sequence[MetricScore], titles: Mapping[str, str]) -> str:
    """What was scored first, what failed next; what does not apply behind a line."""
    told = [score for score in scores if score.status != "skipped"]
    skipped = [score for score in scores if score.status == "skipped"]
    reasons = [f"{_name(score, titles)}: {score.reason or 'no reason given'}" for score in skipped]
    rest = details(f"Not applied: {counted(len(skipped), 'metric')}", bullets(reasons)) if skipped else ""
    return join(_score(score, _name(score, titles)) for score in told) + rest


def _score(score: MetricScore, name: str) -> str:
    if score.value is not None:
        line = f"{name}: {significant(score.value)}"
    else:
        line = f"{name}: {score.status}, {score.reason or 'no reason given'}"
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


def _name(score: MetricScore, titles: Mapping[str, str]) -> str:
    return titles.get(score.metric) or score.metric.replace("_", " ")


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
