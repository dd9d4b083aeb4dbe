"""How a log file was read, for people to check: which column holds what and how surely, units, and what has to be asked.

It is worked out from the sample the columns were chosen by and from what was counted on the way; nothing is read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.ingest.logs.columns import (
    LISTS,
    Columns,
    Flat,
    alias_rank,
    fitting,
    values_by_path,
)
from workbench.ingest.logs.corrections import FileCorrections
from workbench.ingest.logs.feedback import SCALES, highest_mark
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.parts import PartState
from workbench.ingest.logs.values import currency_of, unit_of_name
from workbench.records import ColumnGuess, FileMapping, Interaction, LogQuestion

EXAMPLE = 80
CONTENT_CONFIDENCE = 0.5
"""Highest confidence of a column told by its values alone."""
WRAPPED = 0.95
"""Quality of a name that is known once its grouping prefix is taken off ("metadata.user_id")."""
WORST_ALIAS = 0.6
"""Quality of the last alias of a field; the first has 1."""
ZONES = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York")
FORMAT_CURRENCIES = {"Langfuse": "USD"}
"""Trace format -> the currency its costs are in, where its makers say so."""
CURRENCIES = ("EUR", "GBP", "USD")


def guesses(columns: Columns, sample: Sequence[Flat], redaction: LogRedaction) -> list[ColumnGuess]:
    """One guess a field that is read, surest first.

    Args:
        columns: of the file.
        sample: its first records.
        redaction: applied to names and examples.
    """
    values = values_by_path(sample)
    found = [_guess(name, columns, values, redaction) for name in {**columns.chosen, **columns.parallel}]
    return sorted(found, key=lambda guess: (-guess.confidence, guess.field))


def _guess(name: str, columns: Columns, values: Mapping[str, Sequence[object]], redaction: LogRedaction) -> ColumnGuess:
    paths = columns.chosen.get(name) or [path for _, path in columns.parallel.get(name, ())]
    held = [value for path in paths for value in values.get(path, ())]
    share = fitting(name, held) if held else 1.0  # a column met behind the sample was confirmed by its first value
    example = redaction.text(str(held[0]))[:EXAMPLE] if held else ""
    return ColumnGuess(
        field=name,
        column=redaction.text(columns.source(name)),
        confidence=round(_name_quality(name, paths[0], columns) * share, 2),
        values=len(held),
        example=example,
        set_by_user=name in columns.fixed,
    )


def _name_quality(name: str, path: str, columns: Columns) -> float:
    if name in columns.fixed:
        return 1.0
    if name in columns.by_content:
        return CONTENT_CONFIDENCE
    if name in columns.parallel and name not in columns.chosen:
        return WRAPPED
    place, stripped = alias_rank(path)
    return (1 - (1 - WORST_ALIAS) * place) * (WRAPPED if stripped else 1.0)


def file_mapping(name: str, state: PartState, kept: FileCorrections, redaction: LogRedaction) -> FileMapping:
    """How a file that was read to its end was read."""
    units, questions = dict(_units(state, kept)), tuple(_questions(name, state, kept))
    told = {question.field for question in questions}
    asked = (
        LogQuestion(**{**entry, "choices": tuple(entry["choices"]) or _choices(entry["ask"])})
        for entry in state.questions
    )
    # A trace reader asks before it is known what a person said; a question answered meanwhile is not put again.
    questions = (*(question for question in asked if question.field in told), *questions)
    questions = tuple({question.field: question for question in reversed(questions)}.values())
    return FileMapping(
        path=name,
        format=state.format,
        columns=_all_guesses(state, redaction),
        unused=tuple(state.unused) or tuple(redaction.text(path) for path in state.columns.unused()),
        units=units,
        questions=questions,
        lines=state.tally.records,
        interactions=state.tally.interactions,
        bad_lines=state.tally.bad,
    )


def _choices(ask: str) -> tuple[str, ...]:
    return ZONES if ask == "time zone" else ()


def _all_guesses(state: PartState, redaction: LogRedaction) -> tuple[ColumnGuess, ...]:
    """Guesses of the sample, and of columns that turned up behind it; for a trace the paths its reader named."""
    if state.format != "table":
        return tuple(ColumnGuess(name, path, 1.0) for name, path in state.sources.items())
    sampled = {kept["field"]: ColumnGuess(**kept) for kept in state.guesses}
    later = guesses(state.columns, (), redaction)
    found = [sampled.get(guess.field, guess) for guess in later]
    return tuple(sorted(found, key=lambda guess: (-guess.confidence, guess.field)))


def top_mark(state: PartState, kept: FileCorrections) -> float | None:
    """The highest mark feedback of a file can have; None where no marks are given, or it cannot be told."""
    if (state.tally.highest or 0) <= 1:
        return None
    if "feedback" in kept.units:
        return SCALES[kept.units["feedback"]]
    if state.tally.top is not None:
        return state.tally.top
    if "star" in state.columns.source("feedback").lower() and (state.tally.highest or 0) <= 5:
        return 5.0
    return highest_mark([state.tally.highest or 0])


def column_of(state: PartState, name: str) -> str:
    """The column a field is read from, as people should see it: for a trace the key its reader named."""
    return state.sources.get(name) or state.columns.source(name)


def _units(state: PartState, kept: FileCorrections) -> Iterator[tuple[str, str]]:
    columns = state.columns
    for name in ("latency_ms", "review_seconds"):
        stated = {unit for path in columns.chosen.get(name, ()) if (unit := unit_of_name(path))}
        if name in kept.units:
            yield name, f"{kept.units[name]} (set by a person)"
        elif stated:
            yield name, f"{' and '.join(sorted(stated))} (name)"
        elif columns.source(name):
            left_out = state.tally.unitless.get(name, 0)
            yield name, f"not stated: {left_out:,} values left out" if left_out else "stated by the values"
    if columns.source("at"):
        yield "at", _zone(state, kept)
    if columns.source("cost"):
        yield "cost", _currency(state, kept)
    if columns.source("feedback") and (state.tally.highest or 0) > 1:
        top = top_mark(state, kept)
        told = "set by a person" if "feedback" in kept.units else "values"
        yield "feedback", f"marks up to {top:g} ({told})" if top else "marks on a scale that is not stated: left out"


def _zone(state: PartState, kept: FileCorrections) -> str:
    if kept.time_zone:
        return f"{kept.time_zone} (set by a person)"
    if state.columns.source("at").lower().endswith(("utc", "gmt")):
        return "UTC (name)"
    if state.tally.local_times:
        return f"not stated: {state.tally.local_times:,} times left out"
    return "stated by the values"


def _currency(state: PartState, kept: FileCorrections) -> str:
    if kept.currency:
        return f"{kept.currency} (set by a person)"
    named = currency_of(state.columns.source("cost"))
    if named:
        return f"{named} (name)"
    if state.format in FORMAT_CURRENCIES:
        return f"{FORMAT_CURRENCIES[state.format]} (format)"
    return "no currency stated" if state.tally.no_currency else "stated by the values"


def _questions(name: str, state: PartState, kept: FileCorrections) -> Iterator[LogQuestion]:
    tally = state.tally
    for path, what in (("latency_ms", "the time an answer took"), ("review_seconds", "the time a review took")):
        if tally.unitless.get(path):
            yield LogQuestion(
                name,
                path,
                "unit",
                f"In which unit is {what} in '{column_of(state, path)}'? {tally.unitless[path]:,} values wait for it.",
                ("milliseconds", "seconds"),
            )
    if tally.local_times and not kept.time_zone:
        yield LogQuestion(
            name,
            "at",
            "time zone",
            f"Which time zone are the times in '{column_of(state, 'at')}' in (such as {tally.local_example})? "
            f"{tally.local_times:,} of them name none.",
            ZONES,
        )
    if tally.no_currency and not kept.currency and state.format not in FORMAT_CURRENCIES:
        yield LogQuestion(
            name, "cost", "currency", f"In which currency are the costs in '{column_of(state, 'cost')}'?", CURRENCIES
        )
    if (tally.highest or 0) > 1 and top_mark(state, kept) is None:
        yield LogQuestion(
            name,
            "feedback",
            "unit",
            f"On which scale are the marks in '{column_of(state, 'feedback')}' given? They go from {tally.lowest:g} to "
            f"{tally.highest:g}.",
            tuple(SCALES),
        )


def field_sources(state: PartState, kept: FileCorrections, redaction: LogRedaction) -> dict[str, str]:
    """`Interaction` field -> the column it was read from, for people; also columns named for it that were never filled."""
    columns = state.columns
    names = [name for name in Interaction.__dataclass_fields__ if name not in ("source", "retrieved")]
    sources = {name: columns.source(name) for name in names if columns.source(name)}
    lists = [columns.source(name) for name in LISTS if columns.source(name)]
    if lists:
        sources["retrieved"] = ", ".join(lists)
    units = dict(_units(state, kept))
    if "latency_ms" in sources:
        sources["latency_ms"] += f" ({units['latency_ms'].removesuffix(' (name)')})"
    unfilled = {name.partition(".")[0]: path for name, path in columns.unfilled().items() if name != "timezone"}
    found = {name: f"{path} (never filled)" for name, path in unfilled.items()} | sources
    return {name: redaction.text(path) for name, path in found.items()}


def mapping_from_json(kept: Mapping[str, Any]) -> FileMapping:
    """A mapping as `dataclasses.asdict` and JSON gave it."""
    columns = tuple(ColumnGuess(**guess) for guess in kept["columns"])
    questions = tuple(
        LogQuestion(**{**question, "choices": tuple(question["choices"])}) for question in kept["questions"]
    )
    return FileMapping(**{**kept, "columns": columns, "questions": questions, "unused": tuple(kept["unused"])})
