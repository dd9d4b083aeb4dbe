"""Units, scales, currencies and time zones of a log file: in which each field was read, and which have to be asked for.

Nothing is read again; it is told from names, from what was counted on the way, and from what a person said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.ingest.logs.corrections import DATE_ORDERS, FileCorrections
from workbench.ingest.logs.feedback import SCALES, highest_mark
from workbench.ingest.logs.parts import PartState
from workbench.ingest.logs.values import currency_of, unit_of_name
from workbench.records import LogQuestion

ZONES = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York")
FORMAT_CURRENCIES = {"Langfuse": "USD"}
"""Trace format -> the currency its costs are in, where its makers say so."""
CURRENCIES = ("EUR", "GBP", "USD")


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


def date_order(state: PartState, kept: FileCorrections) -> str | None:
    """Whether dates written in numbers have the day or the month first; None where there are none, or it cannot be told."""
    tally = state.tally
    if "at" in kept.units:
        return kept.units["at"]
    if bool(tally.day_first) == bool(tally.month_first):
        return None
    return "day first" if tally.day_first else "month first"


def column_of(state: PartState, name: str) -> str:
    """The column a field is read from, as people should see it: for a trace the key its reader named."""
    return state.sources.get(name) or state.columns.source(name)


def units_of(state: PartState, kept: FileCorrections) -> Iterator[tuple[str, str]]:
    """(field, unit its values were read in with who says so) of a file that was read to its end."""
    columns = state.columns
    unit_of = _column_unit if state.format == "table" else _trace_unit
    for name in ("latency_ms", "review_seconds"):
        if unit := unit_of(state, kept, name):
            yield name, unit
    if columns.source("at"):
        yield "at", _zone(state, kept) + _order(state, kept)
    if columns.decimal == ",":
        yield "numbers", "decimal comma (values)"
    if columns.source("cost"):
        yield "cost", _currency(state, kept)
    if columns.source("feedback") and (state.tally.highest or 0) > 1:
        top = top_mark(state, kept)
        told = "set by a person" if "feedback" in kept.units else "values"
        yield "feedback", f"marks up to {top:g} ({told})" if top else "marks on a scale that is not stated: left out"


def _column_unit(state: PartState, kept: FileCorrections, name: str) -> str | None:
    if name in kept.units:
        return f"{kept.units[name]} (set by a person)"
    stated = {unit for path in state.columns.chosen.get(name, ()) if (unit := unit_of_name(path))}
    if stated:
        return f"{' and '.join(sorted(stated))} (name)"
    if not state.columns.source(name):
        return None
    left_out = state.tally.unitless.get(name, 0)
    return f"not stated; values left out: {left_out:,}" if left_out else "stated by the values"


def _trace_unit(state: PartState, kept: FileCorrections, name: str) -> str | None:
    """The unit of a duration its reader has turned into that of the field; None where the trace holds none."""
    source, left_out = state.sources.get(name), state.tally.unitless.get(name, 0)
    if source is None and not left_out:
        return None
    if name in kept.units:
        return f"{kept.units[name]} (set by a person)"
    if left_out:
        return f"not stated; values left out: {left_out:,}"
    if source and re.search(r"\S - \S", source):
        return "milliseconds (computed from two times)"
    unit = unit_of_name(source or "")
    return f"{unit} (name)" if unit else f"stated by the format ({state.format})"


def _zone(state: PartState, kept: FileCorrections) -> str:
    if kept.time_zone:
        return f"{kept.time_zone} (set by a person)"
    if state.columns.source("at").lower().endswith(("utc", "gmt")):
        return "UTC (name)"
    if state.tally.local_times:
        return f"not stated; times left out: {state.tally.local_times:,}"
    return "stated by the values"


def _order(state: PartState, kept: FileCorrections) -> str:
    order, tally = date_order(state, kept), state.tally
    if order:
        return f", {order} ({'set by a person' if 'at' in kept.units else 'values'})"
    return f", day or month first not stated; dates left out: {tally.either_first:,}" if tally.either_first else ""


def _currency(state: PartState, kept: FileCorrections) -> str:
    if kept.currency:
        return f"{kept.currency} (set by a person)"
    named = currency_of(state.columns.source("cost"))
    if named:
        return f"{named} (name)"
    if state.format in FORMAT_CURRENCIES:
        return f"{FORMAT_CURRENCIES[state.format]} (format)"
    return "no currency stated" if state.tally.no_currency else "stated by the values"


def questions_about(name: str, state: PartState, kept: FileCorrections) -> Iterator[LogQuestion]:
    """What a file leaves open that only a person can say."""
    tally = state.tally
    for path, what in (("latency_ms", "the time an answer took"), ("review_seconds", "the time a review took")):
        if tally.unitless.get(path):
            yield LogQuestion(
                name,
                path,
                "unit",
                f"{name}: in which unit is {what} in '{column_of(state, path)}'? {tally.unitless[path]:,} values wait for it.",
                ("milliseconds", "seconds"),
            )
    if tally.local_times and not kept.time_zone:
        yield LogQuestion(
            name,
            "at",
            "time zone",
            f"{name}: which time zone are the times in '{column_of(state, 'at')}' in (such as {tally.local_example})? "
            f"{tally.local_times:,} of them name none.",
            ZONES,
        )
    if tally.either_first and date_order(state, kept) is None:
        yield LogQuestion(
            name,
            "at",
            "unit",
            f"{name}: are dates in '{column_of(state, 'at')}' (such as {tally.date_example}) written with the day or the month "
            f"first? {tally.either_first:,} of them can be read both ways.",
            DATE_ORDERS,
        )
    if tally.no_currency and not kept.currency and state.format not in FORMAT_CURRENCIES:
        yield LogQuestion(
            name,
            "cost",
            "currency",
            f"{name}: in which currency are the costs in '{column_of(state, 'cost')}'?",
            CURRENCIES,
        )
    if (tally.highest or 0) > 1 and top_mark(state, kept) is None:
        yield LogQuestion(
            name,
            "feedback",
            "unit",
            f"{name}: on which scale are the marks in '{column_of(state, 'feedback')}' given? They go from {tally.lowest:g} to "
            f"{tally.highest:g}.",
            tuple(SCALES),
        )
