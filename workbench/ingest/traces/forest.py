"""The spans of one trace as trees, oldest first, whatever order they came in and whichever of them are missing.

Spans recorded twice are joined; loops of parents are cut. Nothing here knows what a span did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from workbench.ingest.traces.messages import Said
from workbench.ingest.traces.spans import Span

LATE = 1 << 63
"""Start of a span without a time: after all others."""


def age(span: Span) -> tuple[int, int, str]:
    """Order of spans: by start, the longer one first, then by id, so that it does not depend on the order of the file."""
    start = LATE if span.start is None else span.start
    return start, -(span.end or 0), span.span


def said(span: Span, name: str) -> Said | None:
    """A text a span holds under a name."""
    held = span.values.get(name)
    return Said(**held) if isinstance(held, dict) else None


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans with those recorded several times (once in a trace, once in a list) made one, oldest first."""
    by_id: dict[tuple[str, str], list[Span]] = {}
    for span in spans:
        by_id.setdefault((span.kind if span.kind == "score" else "", span.span), []).append(span)
    return sorted((_one(same) for same in by_id.values()), key=age)


def _one(same: Sequence[Span]) -> Span:
    if len(same) == 1:
        return same[0]
    ranked = sorted(same, key=lambda span: (-len(span.values), replace(span, locator="").packed()))
    first = ranked[0]
    values = {name: value for span in reversed(ranked) for name, value in span.values.items()}
    paths = {name: path for span in reversed(ranked) for name, path in span.paths.items()}
    starts = [span.start for span in ranked if span.start is not None]
    ends = [span.end for span in ranked if span.end is not None]
    return replace(
        first,
        parent=next((span.parent for span in ranked if span.parent), None),
        kind=next((span.kind for span in ranked if span.kind != "other"), "other"),
        start=min(starts, default=None),
        end=max(ends, default=None),
        local=next((span.local for span in ranked if span.local), None),
        values=values,
        paths=paths,
    )


@dataclass(slots=True)
class Forest:
    """Spans with their children.

    Attributes:
        spans: oldest first. roots: spans without a parent; where every one names a parent, those whose parent is not there.
        children: span id -> spans below it, oldest first.
    """

    spans: list[Span]
    roots: list[Span] = field(default_factory=list)
    children: dict[str, list[Span]] = field(default_factory=dict)

    @classmethod
    def of(cls, spans: Sequence[Span]) -> Forest:
        """The trees that parents tell."""
        forest = cls(sorted(spans, key=age))
        ids = {span.span for span in forest.spans}
        for span in forest.spans:
            if span.parent in ids:
                forest.children.setdefault(str(span.parent), []).append(span)
        starts = [span for span in forest.spans if span.parent not in ids]
        reached = {span.span for start in starts for span in forest.below(start)}
        for span in forest.spans:  # parents that go round in a circle
            if span.span not in reached:
                starts.append(span)
                reached.update(inner.span for inner in forest.below(span))
        true_roots = [span for span in starts if span.parent is None]
        forest.roots = sorted(true_roots or starts, key=age)
        return forest

    def below(self, span: Span) -> list[Span]:
        """A span and everything below it, the span first, then level by level."""
        found, seen = [span], {span.span}
        for outer in found:  # grows while it is walked: level by level
            for inner in self.children.get(outer.span, ()):
                if inner.span not in seen:
                    seen.add(inner.span)
                    found.append(inner)
        return found
