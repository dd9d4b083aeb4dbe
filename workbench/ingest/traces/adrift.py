"""Spans whose ids were lost, put together by time: what ran while a question was answered belongs to it.

Only where exactly one question was being answered: of two at once nobody can say, and then a span stays alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from workbench.ingest.traces.forest import said
from workbench.ingest.traces.spans import Span
from workbench.ingest.traces.turns import CONTAINERS

MAX_MEMBERS = 10_000


@dataclass(slots=True)
class _Open:
    """A question that is being answered, and what ran meanwhile."""

    head: Span
    members: list[Span] = field(default_factory=list)

    def covers(self, span: Span) -> bool:
        head = self.head
        stop = span.start if span.end is None else span.end
        return None not in (head.start, head.end, span.start) and head.start <= span.start and stop <= head.end  # type: ignore[operator]

    def group(self) -> list[Span]:
        below = (replace(span, trace=self.head.trace, parent=self.head.span) for span in self.members)
        return [self.head, *below]


def gathered_by_time(groups: Iterable[list[Span]]) -> Iterator[list[Span]]:
    """Groups of spans that belong together, out of spans that each stand alone.

    Args:
        groups: one span each, by start, the longer one first.
    """
    running: list[_Open] = []
    for group in groups:
        span = group[0]
        now = span.start
        for done in [question for question in running if now is None or (question.head.end or 0) < now]:
            running.remove(done)
            yield done.group()
        owners = [question for question in running if question.covers(span) and _fits(question.head, span)]
        if span.kind in CONTAINERS and said(span, "query") is not None and span.end is not None:
            running.append(_Open(span))
        elif len(owners) == 1 and len(owners[0].members) < MAX_MEMBERS:
            owners[0].members.append(span)
        else:
            yield group
    yield from (question.group() for question in running)


def _fits(head: Span, span: Span) -> bool:
    """Whether a span that asks anything asks the same."""
    asked, also = said(head, "query"), said(span, "query")
    return asked is not None and (also is None or asked.text == also.text)
