"""How a log file was read, for people to check: which column holds what and how surely, units, and what has to be asked.

It is worked out from the sample the columns were chosen by and from what was counted on the way; nothing is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from workbench.ingest.logs.masking import LogRedaction
from workbench.ingest.logs.parts import PartState
from workbench.ingest.logs.units import ZONES, column_of, date_order, questions_about, top_mark, units_of
from workbench.records import ColumnGuess, FileMapping, Interaction, LogQuestion

__all__ = ["column_of", "date_order", "field_sources", "file_mapping", "guesses", "mapping_from_json", "top_mark"]

EXAMPLE = 80
CONTENT_CONFIDENCE = 0.5
"""Highest confidence of a column told by its values alone."""
WRAPPED = 0.95
"""Quality of a name that is known once its grouping prefix is taken off ("metadata.user_id")."""
WORST_ALIAS = 0.6
"""Quality of the last alias of a field; the first has 1."""


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
    units, questions = dict(units_of(state, kept)), tuple(questions_about(name, state, kept))
    told = {(question.field, question.ask) for question in questions}
    asked = (
        LogQuestion(**{**entry, "choices": tuple(entry["choices"]) or _choices(entry["ask"])})
        for entry in state.questions
    )
    # A trace reader asks before it is known what a person said; a question answered meanwhile is not put again.
    questions = (*(question for question in asked if (question.field, question.ask) in told), *questions)
    questions = tuple({(question.field, question.ask): question for question in reversed(questions)}.values())
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


def field_sources(state: PartState, kept: FileCorrections, redaction: LogRedaction) -> dict[str, str]:
    """`Interaction` field -> the column it was read from, for people; also columns named for it that were never filled."""
    columns = state.columns
    names = [name for name in Interaction.__dataclass_fields__ if name not in ("source", "retrieved")]
    sources = {name: columns.source(name) for name in names if columns.source(name)}
    lists = [columns.source(name) for name in LISTS if columns.source(name)]
    if lists:
        sources["retrieved"] = ", ".join(lists)
    units = dict(units_of(state, kept))
    if "clock" in columns.chosen and "at" in sources:
        sources["at"] += f" with {columns.source('clock')}"
    if "latency_ms" in sources and "latency_ms" in units:
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
