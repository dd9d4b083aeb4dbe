"""The spans of one trace as questions of users: normally one, several where a session was traced as a whole.

What belongs together is told by parents, then by the history in the messages, then by time. What the values of a question are is
decided in `workbench.ingest.traces.answers`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.ingest.traces.forest import Forest, age, joined, said
from workbench.ingest.traces.spans import Span

CONTAINERS = ("agent", "chain", "other")
"""Kinds of spans that hold a whole turn."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The spans of one question.

    Attributes:
        heads: the outermost spans, oldest first. spans: all of them, oldest first.
        around: records that hold for the whole trace: its own record, and spans above the heads.
        scores: feedback and reviews that belong to it.
        alone: whether it is the only turn of its trace.
    """

    heads: tuple[Span, ...]
    spans: tuple[Span, ...]
    around: tuple[Span, ...] = ()
    scores: tuple[Span, ...] = ()
    alone: bool = True


def turns_of(spans: Sequence[Span]) -> list[Turn]:
    """The turns of one trace, oldest first.

    Args:
        spans: of one trace, in any order.
    """
    every = joined(spans)
    own = tuple(span for span in every if span.kind == "trace")
    scores = tuple(span for span in every if span.kind == "score")
    forest = Forest.of(_without_evaluations([span for span in every if span.kind not in ("trace", "score")]))
    asked_once = any(_asks(span) for span in own)
    heads = [] if asked_once else _heads(forest)
    if len(heads) < 2:
        return [Turn(tuple(forest.roots), tuple(forest.spans), own, scores)]
    members = _members(forest, heads)
    inside = {span.span for group in members for span in group}
    around = (*own, *(span for span in forest.spans if span.span not in inside))
    return [
        Turn((head,), tuple(group), around, _scores_of(scores, group, head is heads[-1]), alone=False)
        for head, group in zip(heads, members, strict=True)
    ]


def _without_evaluations(spans: Sequence[Span]) -> list[Span]:
    """Spans but for evaluators and what they called: a judge's questions are not a user's."""
    forest = Forest.of(spans)
    judging = {inner.span for span in forest.spans if span.kind == "evaluator" for inner in forest.below(span)}
    return [span for span in forest.spans if span.span not in judging]


def _asks(span: Span) -> bool:
    question = said(span, "query")
    return question is not None and question.sure and not question.stuffed


def _heads(forest: Forest) -> list[Span]:
    """Spans that each begin a turn, oldest first; none where the trace is one turn."""
    roots = forest.roots
    if len(roots) == 1:
        return [] if _asks(roots[0]) else _heads_below(forest, roots[0])
    containers = _outermost([root for root in roots if root.kind in CONTAINERS and _asks(root)])
    if containers:
        return containers if len(containers) > 1 else []
    calls = [root for root in roots if root.kind == "llm" and said(root, "query")]
    return _changes(_not_passed_on(calls), need_history=False)


def _heads_below(forest: Forest, root: Span) -> list[Span]:
    children = [span for span in forest.children.get(root.span, ()) if span.kind in CONTAINERS and _asks(span)]
    answered = _not_passed_on([span for span in children if (answer := said(span, "answer")) and answer.sure])
    questions = {question.text for span in answered if (question := said(span, "query"))}
    if len(answered) > 1 and len(questions) > 1 and root.kind in CONTAINERS:
        return answered
    return _changes([span for span in forest.spans if span.kind == "llm" and said(span, "query")], need_history=True)


def _not_passed_on(spans: Sequence[Span]) -> list[Span]:
    """Spans but for those that were asked what an earlier one answered: steps of a pipeline, not turns of a user."""
    answers: set[str] = set()
    kept: list[Span] = []
    for span in spans:
        question, answer = said(span, "query"), said(span, "answer")
        if question is None or question.text not in answers:
            kept.append(span)
        answers.update([answer.text] if answer else [])
    return kept


def _changes(calls: Sequence[Span], *, need_history: bool) -> list[Span]:
    """Calls of a model at which the user says something new.

    With `need_history` only a call counts that remembers the question before: otherwise a pipeline that rewrites the question
    for itself would look like a conversation.
    """
    heads: list[Span] = []
    before: tuple[int, ...] = ()
    for call in calls:
        question = said(call, "query")
        turns = question.turns if question else ()
        new = not before or (turns and turns[-1] != before[-1])
        if new and (not before or not need_history or before[-1] in turns[:-1]):
            heads.append(call)
            before = turns or before
    return heads if len(heads) > 1 else []


def _outermost(spans: Sequence[Span]) -> list[Span]:
    """Spans without those that ran wholly inside another: without parents, time tells what called what."""
    kept: list[Span] = []
    reach = -1
    for span in sorted(spans, key=age):
        if span.start is None or span.end is None or span.end > reach:
            kept.append(span)
            reach = max(reach, span.end or -1)
    return kept


def _members(forest: Forest, heads: Sequence[Span]) -> list[list[Span]]:
    """Spans of every turn: what is below its head; what has no head above it goes by time."""
    below = {inner.span: number for number, head in enumerate(heads) for inner in forest.below(head)}
    above = _ancestors(forest, heads)
    groups: list[list[Span]] = [[] for _ in heads]
    starts = [age(head)[0] for head in heads]
    for span in forest.spans:
        number = below.get(span.span)
        if number is None and span.span in above:
            continue
        groups[_by_time(span, heads, starts) if number is None else number].append(span)
    return groups


def _by_time(span: Span, heads: Sequence[Span], starts: Sequence[int]) -> int:
    start = age(span)[0]
    if heads[0].kind == "llm":
        # What was looked up or checked comes before the call of the model that it is for.
        return min(bisect_left(starts, start), len(heads) - 1)
    return max(0, bisect_left(starts, start + 1) - 1)


def _ancestors(forest: Forest, heads: Sequence[Span]) -> set[str]:
    by_id = {span.span: span for span in forest.spans}
    found: set[str] = set()
    for head in heads:
        parent = by_id.get(head.parent or "")
        while parent is not None and parent.span not in found:
            found.add(parent.span)
            parent = by_id.get(parent.parent or "")
    return found


def _scores_of(scores: Sequence[Span], group: Sequence[Span], last: bool) -> tuple[Span, ...]:
    """Scores of a turn: those that name one of its spans; those of the whole trace go to the last turn."""
    ids = {span.span for span in group}
    return tuple(score for score in scores if score.values.get("of") in ids or (last and not score.values.get("of")))
