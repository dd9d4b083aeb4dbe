"""The values of one turn: what was asked and answered, what was retrieved, and what it took.

Every value comes with the key it was read from; a value that no span holds is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from workbench.ingest.traces.decisions import strictest
from workbench.ingest.traces.documents import Item
from workbench.ingest.traces.forest import Forest, said
from workbench.ingest.traces.messages import Said
from workbench.ingest.traces.spans import Span
from workbench.ingest.traces.times import iso
from workbench.ingest.traces.turns import CONTAINERS, Turn

LABELS = (
    "session_id",
    "user_id",
    "tenant",
    "access_group",
    "answer_group",
    "prompt_version",
    "index_version",
    "policy_version",
    "review_seconds",
)
CALLS = "spans that call a model"
"""Shown as the source of what is counted and not read."""
RETRIEVES = ("retrieval", "rerank")
_Try = tuple[Sequence[Span], Callable[[Said], bool], str]
"""Spans to look at in their order, which of their texts will do, and the field it stands in."""
QUOTED = 80
"""Characters at the beginning of a retrieved text that tell a prompt with texts stuffed into it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One row: field -> value, field -> key path it was read from, and where its first span stands."""

    values: Mapping[str, object]
    paths: Mapping[str, str]
    locator: str


def answered(turn: Turn) -> Answered | None:
    """The row of a turn; without a question only where it adds a decision, feedback or a review to a question elsewhere."""
    row = _Row(turn)
    row.fill()
    adds = row.values.keys() & {"feedback", "review", "policy_decision"}
    asked = "query" in row.values
    if not asked and not (adds and "interaction_id" in row.values and _only_adds(turn)):
        return None
    first = next(iter((*turn.heads, *turn.around, *turn.spans, *turn.scores)))
    return Answered(row.values, row.paths, first.locator)


def _only_adds(turn: Turn) -> bool:
    return all(span.kind == "policy" for span in turn.spans)


class _Row:
    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.forest = Forest.of(turn.spans)
        self.own = tuple(span for span in turn.around if span.kind == "trace")
        self.calls = [span for span in turn.spans if span.kind == "llm"]
        self.values: dict[str, object] = {}
        self.paths: dict[str, str] = {}

    def fill(self) -> None:
        """Every field, each from the span that says it best."""
        turn = self.turn
        everyone = (*self.own, *turn.heads, *turn.spans, *turn.around, *turn.scores)
        self._retrieved()
        self._question()
        self._answer()
        self._identity(everyone)
        self._time()
        for name in LABELS:
            self._take(name, everyone)
        self._take(
            "model",
            (*reversed([call for call in self.calls if said(call, "answer")]), *reversed(self.calls), *everyone),
        )
        self._sum("tokens_in")
        self._sum("tokens_out")
        self._cost()
        self._model_calls()
        self._decisions()
        for name in ("feedback", "review"):
            self._take(name, (*turn.scores[::-1], *everyone))

    def _set(self, name: str, value: object, path: str) -> None:
        self.values[name], self.paths[name] = value, path

    def _take(self, name: str, spans: Iterable[Span]) -> None:
        found = next((span for span in spans if span.values.get(name) is not None), None)
        if found is not None:
            self._set(name, found.values[name], found.paths.get(name, ""))

    def _containers(self) -> list[Span]:
        """Spans that may hold the plain question and answer, the outermost first."""
        ordered = [span for head in self.turn.heads for span in self.forest.below(head)]
        inside = {span.span for span in ordered}
        ordered += [span for span in self.turn.spans if span.span not in inside]
        return [span for span in ordered if span.kind in CONTAINERS]

    def _question(self) -> None:
        containers, heads = self._containers(), [head for head in self.turn.heads if head.kind in CONTAINERS]
        retrievals = [span for span in self.turn.spans if span.kind in RETRIEVES]
        own = self.own if self.turn.alone else ()
        tries: tuple[_Try, ...] = (
            ((*own, *heads, *containers, *self.calls, *retrievals), self._is_plain, "query"),
            ((*own, *heads, *containers, *self.calls), _is_sure, "query"),
            ((*own, *heads), _is_there, "query_preview"),
            ((*own, *heads, *containers, *self.calls), _is_there, "query"),
        )
        self._say("query", tries)

    def _is_plain(self, text: Said) -> bool:
        return text.sure and not text.stuffed and not self._quotes(text)

    def _quotes(self, text: Said) -> bool:
        """Whether a text holds what was retrieved: then it is a prompt, not the question."""
        documents = self.values.get("retrieved")
        beginnings = [item["text"] for item in documents if item["text"]] if isinstance(documents, list) else []
        return any(str(begin)[:QUOTED] in text.text for begin in beginnings if len(str(begin)) >= QUOTED)

    def _answer(self) -> None:
        containers, heads = self._containers(), [head for head in self.turn.heads if head.kind in CONTAINERS]
        calls = sorted(
            self.calls, key=lambda span: (span.end or span.start or 0, span.start or 0, span.span), reverse=True
        )
        own = self.own if self.turn.alone else ()
        tries: tuple[_Try, ...] = (
            ((*own, *heads, *calls, *containers), _is_sure, "answer"),
            ((*own, *heads), _is_there, "answer_preview"),
            ((*own, *heads, *containers), _is_there, "answer"),
        )
        self._say("answer", tries)

    def _say(self, name: str, tries: Sequence[_Try]) -> None:
        for spans, good, key in tries:
            for span in spans:
                text = said(span, key)
                if text is not None and text.text and good(text):
                    self._set(name, text.text, span.paths.get(key, ""))
                    return

    def _retrieved(self) -> None:
        for kind in reversed(RETRIEVES):
            told = [span for span in self._outermost(kind) if isinstance(span.values.get("documents"), list)]
            if kind == "rerank":
                told = told[-1:]
            if told:
                self._set("retrieved", _distinct(told), _paths_of(told, "documents"))
                return
        given = [span for span in self.turn.spans if span.kind not in RETRIEVES and span.values.get("documents")]
        if given:
            self._set("retrieved", _distinct(given), _paths_of(given, "documents"))

    def _outermost(self, kind: str) -> list[Span]:
        """Spans of a kind that tell what they gave, without those that another such span called."""
        telling = [span for span in self.turn.spans if span.kind == kind and "documents" in span.values]
        inner = {below.span for span in telling for below in self.forest.below(span)[1:]}
        return [span for span in telling if span.span not in inner]

    def _identity(self, everyone: Sequence[Span]) -> None:
        if self.turn.alone:
            self._take("interaction_id", everyone)
            return
        head = self.turn.heads[0]
        trace = head.trace if not head.trace.startswith("\n") else None
        named = head.values.get("interaction_id")
        if isinstance(named, str) and named != trace:
            self._set("interaction_id", named, head.paths.get("interaction_id", ""))
        elif not head.span.startswith("\n"):
            self._set("interaction_id", head.span, head.paths.get("interaction_id", "") or "span id")

    def _time(self) -> None:
        turn = self.turn
        timed = [span for span in turn.heads if span.start is not None]
        spread = not turn.alone and turn.heads and turn.heads[0].kind == "llm"
        spans = [span for span in turn.spans if span.start is not None] if spread or not timed else timed
        spans = spans or [span for span in self.own if span.start is not None]
        if not spans:
            return self._logged_latency()
        first = min(spans, key=lambda span: span.start or 0)
        self._set("at", first.local or iso(first.start or 0), first.paths.get("at", ""))
        ends = [span.end for span in spans if span.end is not None]
        if ends and (spread or first.end is not None):
            last = max(ends)
            self._set("latency_ms", (last - (first.start or 0)) / 1e6, first.paths.get("latency", ""))
            return None
        return self._logged_latency()

    def _logged_latency(self) -> None:
        spans = (*(self.own if self.turn.alone else ()), *self.turn.heads)
        self._take("latency_ms", spans)
        if "latency_ms" not in self.values:
            self._take("latency_unit_unknown", spans)

    def _deepest(self, name: str, spans: Sequence[Span]) -> list[Span]:
        """Spans that hold a value none of those below them holds: parents repeat the sum of their children."""
        holding = {span.span for span in spans if _amount(span, name)}
        return [
            span
            for span in spans
            if span.span in holding and not any(below.span in holding for below in self.forest.below(span)[1:])
        ]

    def _sum(self, name: str) -> None:
        spans = self._deepest(name, self.calls)
        if not spans:
            zero = [call for call in self.calls if call.values.get(name) is not None]
            totals = [
                span for span in (*(self.own if self.turn.alone else ()), *self.turn.heads) if _amount(span, name)
            ]
            spans = (
                totals[:1]
                or zero[:1]
                or self._deepest(name, [span for span in self.turn.spans if span.kind != "embedding"])
            )
        if spans:
            self._set(name, sum(int(_amount(span, name)) for span in spans), _paths_of(spans, name))

    def _cost(self) -> None:
        totals = [span for span in (*(self.own if self.turn.alone else ()), *self.turn.heads) if _amount(span, "cost")]
        spans = totals[:1] if len(self.turn.heads) < 2 or (totals and totals[0].kind == "trace") else []
        spans = spans or self._deepest("cost", self.turn.spans)
        spans = spans or [call for call in self.calls if call.values.get("cost") is not None][:1]
        if spans:
            self._set("cost", fsum(_amount(span, "cost") for span in spans), _paths_of(spans, "cost"))

    def _model_calls(self) -> None:
        """How many spans are calls of a model; one around others is what wraps them, not a call of its own."""
        inner = {span.span for span in self.calls}
        calls = [call for call in self.calls if not any(below.span in inner for below in self.forest.below(call)[1:])]
        if calls:
            self._set("model_calls", len(calls), CALLS)

    def _decisions(self) -> None:
        telling = [span for span in (*self.turn.spans, *self.turn.around) if span.values.get("policy_decision")]
        decision = strictest([str(span.values["policy_decision"]) for span in telling])
        if decision:
            self._set("policy_decision", decision, _paths_of(telling, "policy_decision"))


def _is_sure(text: Said) -> bool:
    return text.sure


def _is_there(text: Said) -> bool:
    return bool(text.text)


def _amount(span: Span, name: str) -> float:
    value = span.values.get(name)
    return value if isinstance(value, int | float) else 0


def _paths_of(spans: Sequence[Span], name: str) -> str:
    paths = dict.fromkeys(span.paths.get(name, "") for span in spans)
    return ", ".join([path for path in paths if path][:3])


def _distinct(spans: Sequence[Span]) -> list[Item]:
    """What several retrievals gave, one after the other, each thing once."""
    found: dict[tuple[object, object], Item] = {}
    for span in spans:
        items = span.values.get("documents")
        for item in items if isinstance(items, list) else ():
            found.setdefault((item["doc_id"], item["text"]), item)
    return list(found.values())
