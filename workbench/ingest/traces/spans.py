"""One record of an export as a `Span`: what the format's mapping reads from it, with the key each value was read from.

Which spans belong to one question, and which of their values count, is decided in `workbench.ingest.traces.turns`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from workbench.ingest.logs.values import amount_of, count_of, number_of
from workbench.ingest.traces.answer_texts import answer_in
from workbench.ingest.traces.decisions import decision_of_filters, decision_of_guardrail, decision_of_stop
from workbench.ingest.traces.documents import completed, documents_in
from workbench.ingest.traces.formats import Format, table, words_of
from workbench.ingest.traces.keys import find, find_all, named, parsed, paths_of
from workbench.ingest.traces.lookup import Lookup
from workbench.ingest.traces.messages import Said
from workbench.ingest.traces.question_texts import question_in
from workbench.ingest.traces.scores import judged, judged_table
from workbench.ingest.traces.unfold import Found

NO_PARENT = {"0", "0" * 16, "AAAAAAAAAAA="}
NAMES = (
    "interaction_id",
    "user_id",
    "session_id",
    "tenant",
    "access_group",
    "answer_group",
    "model",
    "prompt_version",
    "index_version",
    "policy_version",
)
MOST_LABELS = 200
"""Groups of one person that are read."""
READS_NO_QUESTION = {"embedding", "tool", "guardrail", "evaluator", "score", "policy"}
GIVES_NO_ANSWER = READS_NO_QUESTION | {"retrieval", "rerank"}


@dataclass(frozen=True, slots=True)
class Span:
    """One step of a trace, or a trace's own record, or a score.

    Attributes:
        kind: a key of `kinds` in the table, or "trace", "score", "policy", "other".
        start, end: nanoseconds since 1970; of a local time as if it were UTC, and then `local` is the time as logged.
        values: field -> plain value. paths: field -> key path it was read from.
    """

    trace: str
    span: str
    parent: str | None
    kind: str
    name: str
    locator: str
    start: int | None = None
    end: int | None = None
    local: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> str:
        """The span as one line of JSON."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, default=str)

    @classmethod
    def unpacked(cls, text: str) -> Span:
        """The span a line of `packed` holds."""
        return cls(**json.loads(text))


def span_of(found: Found, locator: str, form: Format) -> Span:
    """What the mapping reads from a record. A record without a trace of its own is one, under its place in the file."""
    return _Reader(found, locator, form).span()


class _Reader:
    """Reads one record, and remembers which keys it read."""

    def __init__(self, found: Found, locator: str, form: Format) -> None:
        self.record, self.record_kind, self.locator, self.form = found.values, found.kind, locator, form
        self.look = Lookup(self.record, form)
        self.values: dict[str, object] = {}
        self.paths: dict[str, str] = {}

    def span(self) -> Span:
        ids = self.form.ids.get(self.record_kind, {})
        trace, span, parent, of = (self.look.name(ids.get(key, ())) for key in ("trace", "span", "parent", "of"))
        name = named(self.record.get("name")) or ""
        kind = self._kind(name, parent)
        start, local, started = self.look.moment(self.form.start)
        end, _, ended = self.look.moment(self.form.end)
        self._read(kind)
        if trace:
            self.values.setdefault("interaction_id", trace)
            self.paths.setdefault("interaction_id", self.look.path_of(ids["trace"]))
        if of:
            self.values["of"] = of
        if start is not None:
            self.paths["at"], self.paths["latency"] = started, f"{ended} - {started}"
        return Span(
            trace=trace or ("" if of else f"\n{self.locator}"),  # no id holds a line break: it cannot clash with one
            span=f"trace {trace}" if kind == "trace" else span or f"\n{self.locator}",
            parent=None if parent in NO_PARENT or parent == span else parent,
            kind=kind,
            name=name[:200],
            locator=self.locator,
            start=start,
            end=end if start is not None and end is not None and end >= start else None,
            local=local,
            values=self.values,
            paths=self.paths,
        )

    def _read(self, kind: str) -> None:
        form = self.form
        if kind == "score":
            self._judged(self.record, self.form.name)
            return
        if kind not in READS_NO_QUESTION:
            self._said("query", kind, question_in)
        if kind not in GIVES_NO_ANSWER:
            self._said("answer", kind, lambda value: answer_in(value, whole=kind != "llm"))
        self._documents(kind)
        for name in NAMES:
            if name in form.fields:
                self._keep(name, form.fields[name], _labels if name == "access_group" else named)
        for name, convert in (
            ("tokens_in", count_of),
            ("tokens_out", count_of),
            ("cost", amount_of),
            ("latency_ms", amount_of),
        ):
            self._keep(name, form.fields.get(name, ()), convert)
        self._latency()
        self._decision(kind)
        for path in form.scores:
            for judgement in find_all(self.record, path):
                self._judged(judgement, path)
        for path in form.score_tables:
            self._set(judged_table(find(self.record, path)), path)
        self._custom()

    def _kind(self, name: str, parent: str | None) -> str:
        if self.form.kind_fixed or self.record_kind in ("trace", "score"):
            return self.form.kind_fixed or self.record_kind
        told = self.look.first(self.form.kind_keys)
        kind = kinds().get(words_of(parsed(told)), "") if told is not None else ""
        if parent and kind in ("", "tool", "chain"):
            kind = next(
                (other for other, pattern in _name_patterns() if self._named_so(pattern, name, other, kind)), kind
            )
        if not kind:
            fields = self.form.fields
            kind = (
                "llm"
                if self.look.first(fields.get("model", ())) and self.look.first(fields.get("tokens_in", ()))
                else "other"
            )
        return kind

    def _named_so(self, pattern: re.Pattern[str], name: str, other: str, kind: str) -> bool:
        """Whether a step below another is what its name says; a retrieval must also give documents and nothing like an answer."""
        if not pattern.search(name.lower()):
            return False
        if other == "guardrail":
            return True
        outputs = [value for _, value in self.look.candidates(self.form.fields.get("documents", ()))]
        if not any(documents_in(value) for value in outputs):
            return False
        return kind == "tool" or not any((said := answer_in(value)) and said.sure for value in outputs)

    def _keep(self, name: str, paths: tuple[str, ...], convert: Callable[[object], object]) -> None:
        for path, value in self.look.candidates(paths):
            converted = convert(value)
            if converted is not None:
                self.values[name], self.paths[name] = converted, path
                return

    def _set(self, values: Mapping[str, object], path: str) -> None:
        for name, value in values.items():
            if name not in self.values:
                self.values[name], self.paths[name] = value, path

    def _judged(self, judgement: object, path: str) -> None:
        values, key = judged(judgement)
        self._set(values, f"{path}.{key}" if path != self.form.name else key)

    def _said(self, name: str, kind: str, read: Callable[[object], Said | None]) -> None:
        """The question or the answer: the surest of what the paths hold, in their order."""
        fields = self.form.fields
        paths = (*(fields.get(f"llm_{name}", ()) if kind == "llm" else ()), *fields.get(name, ()))
        found = [(path, said) for path, value in self.look.candidates(paths) if (said := read(value))]
        best = next((entry for entry in found if entry[1].sure and not entry[1].stuffed), None)
        best = best or next((entry for entry in found if entry[1].sure), found[0] if found else None)
        if best:
            path, said = best
            self.values[name], self.paths[name] = said.packed(), path
        for path, value in self.look.candidates(fields.get(f"{name}_preview", ())):
            preview = read(value)
            if preview:
                self.values[f"{name}_preview"], self.paths[f"{name}_preview"] = preview.packed(), path
                break

    def _documents(self, kind: str) -> None:
        retrieves = kind in ("retrieval", "rerank")
        paths = (
            *(self.form.fields.get("documents", ()) if retrieves else ()),
            *self.form.fields.get("documents_given", ()),
        )
        found: list[tuple[str, list[dict[str, object]]]] = []
        for path, value in self.look.candidates(paths):
            items = self._retrieved(path) if path in self.form.fields.get("documents_given", ()) else None
            items = documents_in(value, loose=retrieves) if items is None else items
            if items is not None:
                found.append((path, items))
        if not found and retrieves:
            found = self._empty_retrieval(paths)
        if found:
            path, items = found[0]
            for other, more in found[1:]:
                richer = completed(items, more)
                if richer != items:
                    items, path = richer, f"{path}, {other}"
            self.values["documents"], self.paths["documents"] = items, path

    def _retrieved(self, path: str) -> list[dict[str, object]] | None:
        """All things below a path that goes through lists (citations of an answer)."""
        every = find_all(self.record, path)
        return documents_in(every, loose=True) if len(every) > 1 else None

    def _empty_retrieval(self, paths: tuple[str, ...]) -> list[tuple[str, list[dict[str, object]]]]:
        variants = [variant for variant in self.look.variants(*paths) if "*" not in variant]
        empty = (variant for variant in variants if find(self.record, variant) in ([], ()))
        return [(variant, []) for variant in list(empty)[:1]]

    def _latency(self) -> None:
        if "latency_ms" in self.values:
            return
        seconds = self.form.fields.get("latency_s", ())
        self._keep("latency_ms", seconds, amount_of)
        if "latency_ms" not in self.values:
            return
        for asked in self.form.asked_units:
            if any(key in self.record for key in asked["beside"]):
                self.values["latency_unit_unknown"] = self.values.pop("latency_ms")
                self.paths["latency_unit_unknown"] = self.paths.pop("latency_ms")
                return
        read = amount_of(self.values["latency_ms"])
        self.values["latency_ms"] = round((read or 0.0) * 1000, 6)

    def _decision(self, kind: str) -> None:
        fields = self.form.fields
        if kind in ("guardrail", "policy") or self.form.kind_fixed:
            self._keep("policy_decision", fields.get("decision", ()), decision_of_guardrail)
        for name, read in (
            ("decisions", decision_of_guardrail),
            ("filters", decision_of_filters),
            ("stop_reason", decision_of_stop),
        ):
            for variant in self.look.variants(*fields.get(name, ())):
                decision = read(find_all(self.record, variant)) if "policy_decision" not in self.values else None
                if decision:
                    self.values["policy_decision"], self.paths["policy_decision"] = decision, variant

    def _custom(self) -> None:
        custom = self.form.custom
        for path, value in paths_of(self.record, 4):
            name = custom.get(_last_part(path))
            if not name or name in self.values:
                continue
            if label := _labels(value) if name == "access_group" else named(value):
                converted = number_of(value) if name == "review_seconds" else label
                if converted is not None:
                    self.values[name], self.paths[name] = converted, path


def _labels(value: object) -> list[str] | str | None:
    """A label, or the labels of a list; None for anything else."""
    structure = parsed(value)
    if not isinstance(structure, list | tuple):
        return named(value)
    return [label for part in structure[:MOST_LABELS] if (label := named(part))] or None


@lru_cache(maxsize=8192)
def _last_part(path: str) -> str:
    parts = path.split(".")
    last = words_of(parts[-1])
    # "policy.version" says what "policy_version" says; "session.id" likewise.
    return words_of(".".join(parts[-2:])) if last in ("version", "id", "decision", "outcome", "result") else last


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, str]:
    """Word of a kind key -> kind."""
    return {word: kind for kind, words in table()["kinds"].items() for word in words}


@lru_cache(maxsize=1)
def _name_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in table()["names"].items())
