"""Small values for the tests of signals: log lines, eval items, papers and commits with only what a test needs."""

from datetime import UTC, date, datetime, timedelta

from workbench.observing import Signal
from workbench.records import (
    Artefact,
    CaseInputs,
    Commit,
    DatedFact,
    Document,
    EvalItem,
    EvalMaterial,
    EvalRun,
    Interaction,
    Observation,
    QueryLog,
    RetrievedItem,
    Source,
)

START = datetime(2026, 9, 1, 9, tzinfo=UTC)
EMPTY = CaseInputs("case", "empty")


def line(number: int = 1, query: str = "what is the excess", **fields: object) -> Interaction:
    return Interaction(f"i{number}", query, Source("logs/log.jsonl", f"line {number}"), **fields)


def lines(count: int, query: str = "what is the excess", first: int = 1, **fields: object) -> tuple[Interaction, ...]:
    return tuple(line(first + index, query, **fields) for index in range(count))


def log(*interactions: Interaction) -> QueryLog:
    return QueryLog(interactions)


def got(*doc_ids: str, text: str | None = None, score: float | None = None) -> tuple[RetrievedItem, ...]:
    return tuple(RetrievedItem(doc_id, text, score) for doc_id in doc_ids)


def item(number: int, question: str | None = None, **fields: object) -> EvalItem:
    place = Source("evals/set.jsonl", f"line {number}")
    return EvalItem(f"q{number}", question or f"question number {number}", source=place, **fields)


def run(number: int = 1, days: float = 0, **fields: object) -> EvalRun:
    empty: dict[str, object] = {"scores": {}, "passed": {}, "summary": {}}
    return EvalRun(
        f"r{number}", START + timedelta(days=days), source=Source(f"evals/run{number}.json"), **{**empty, **fields}
    )


def evals(*items: EvalItem, runs: tuple[EvalRun, ...] = ()) -> EvalMaterial:
    return EvalMaterial(items, runs)


def paper(
    kind: str, title: str = "", text: str = "", on: date | None = None, basis: str = "claimed", **fields
) -> Artefact:
    source = Source(f"governance/{title or kind}.md")
    dates = (DatedFact(on, basis, source),) if on else ()
    return Artefact(kind, title or kind, text, source, dates, **fields)


def table(kind: str, *rows: dict[str, str], **fields: object) -> Artefact:
    return Artefact(kind, kind, "", Source(f"governance/{kind}.csv"), rows=rows, **fields)


def commit(day: float, author: str = "Ada Builder", *paths: str) -> Commit:
    at = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=day)
    return Commit(f"{int(day * 10):07d}abc", author, at, at, "work", tuple(("M", path) for path in paths))


def document(doc_id: str, text: str = "", title: str = "", updated_on: date | None = None) -> Document:
    return Document(doc_id, title or doc_id, text, Source(f"corpus/{doc_id}"), updated_on)


def check(signal: Signal, inputs: CaseInputs, status: str, *said: str) -> Observation:
    found = signal(inputs)
    assert found.status == status, found.finding
    for words in said:
        assert words in found.finding
    assert found.finding.endswith(".")
    assert len(found.sources) <= 5
    return found
