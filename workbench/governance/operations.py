"""Whether operations can run the pilot, its outcome is agreed and its users are real (P-01, O-01, U-01, U-02).

It reads papers and the log; it asks nobody and judges no person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workbench.governance.people import BUILD_TEAM, builders, cell, name_key, named, rows_of
from workbench.intervals import wilson
from workbench.observing import (
    Signal,
    counted,
    first_sources,
    listed,
    observe_all,
    of,
    plain,
    seen_if,
    share_observation,
    share_status,
    unknown,
)
from workbench.records import Artefact, CaseInputs, Observation, Source

FEWEST_USERS = 10
BUILDER_LIMIT = 0.50
COPIED_LIMIT = 0.15

EXERCISE = re.compile(r"exercis|drill|rehears|tested|table-?top", re.IGNORECASE)
DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2} [A-Z][a-z]{2,8} \d{4}\b")
PLANNED = re.compile(r"\b(next|planned|to be|not yet|never)\b", re.IGNORECASE)
NOTHING = re.compile(
    r"^\W*(none|n/?a|tbd|tbc|unknown|open|to be (defined|agreed|confirmed)|\?+|-+)?\W*$", re.IGNORECASE
)
CHARTER_PARTS = {
    "metric": re.compile(r"\b(metrics?|measures?|kpis?|indicators?)\b", re.IGNORECASE),
    "baseline": re.compile(r"\bbase ?line\b", re.IGNORECASE),
    "target": re.compile(r"\btargets?\b", re.IGNORECASE),
    "population": re.compile(r"\b(population|users|cohort|who is covered|in scope)\b", re.IGNORECASE),
    "timeframe": re.compile(r"\b(time ?frame|period|deadline|due|by when)\b", re.IGNORECASE),
    "owner": re.compile(r"\b(owners?|accountable)\b", re.IGNORECASE),
}
NUMERIC_PARTS = frozenset({"baseline", "target"})


def runbook(inputs: CaseInputs) -> Observation:
    """P-01. Seen: the build team closed every incident, owns the runbook, or no dated exercise of it is on record.

    Unknown without a runbook and without closed incidents. Quality 0.7: papers.
    """
    books = [paper for paper in inputs.artefacts if paper.kind == "runbook"]
    closed = list(_closed_incidents(inputs))
    if not books and not closed:
        return unknown("P-01", "Neither a runbook nor a log of closed incidents was handed over.")
    built_by = builders(inputs)
    own = [source for source, name, team in closed if name_key(name) in built_by or BUILD_TEAM.search(team)]
    exercises = [place for book in books for place in exercises_of(book)]
    owners = [name for book in books for name in named(book, ("owner", "author"))]
    faults = {
        "the build team closed every one of them": bool(closed) and len(own) == len(closed),
        "the runbook was never exercised on a stated date": bool(books) and not exercises,
        "the runbook is owned by the build team": bool(owners) and all(name_key(name) in built_by for name in owners),
    }
    found = [fault for fault, true in faults.items() if true]
    facts = (
        f"{of(len(own), len(closed))} incidents closed by the build team, {counted(len(exercises), 'dated exercise')}"
    )
    finding = (
        f"{facts}: {listed(found)}."
        if found
        else f"{facts}, runbook owned by {listed(owners[:2] or ['nobody named'])}."
    )
    sources = first_sources(
        [*exercises[-2:], *(book.source for book in books), *own, *(source for source, _, _ in closed)]
    )
    return Observation("P-01", seen_if(bool(found)), finding, sources, 0.7, len(closed) + len(books))


def _closed_incidents(inputs: CaseInputs) -> Iterator[tuple[Source, str, str]]:
    """Place, closing person and team of every incident that names either."""
    for paper, number, row in rows_of(inputs, "incident_log"):
        name = cell(row, "resolved_by", "closed_by", "resolver", "assignee")
        team = cell(row, "resolver_team", "closed_by_team", "assignment_group", "team")
        if name or team:
            yield Source(paper.source.path, f"row {number}"), name, team


def exercises_of(book: Artefact) -> list[Source]:
    """Lines of a runbook that record an exercise: a date, in a section or line on exercises, not one still planned."""
    found, in_section = [], False
    for number, line in enumerate(book.text.splitlines(), 1):
        if line.startswith("#"):
            in_section = bool(EXERCISE.search(line))
        if (in_section or EXERCISE.search(line)) and DAY.search(line) and not PLANNED.search(line):
            found.append(Source(book.source.path, f"line {number}"))
    return found


def charter(inputs: CaseInputs) -> Observation:
    """O-01. Seen: the outcome charter lacks metric, baseline, target, population, timeframe or owner.

    A part is there when a line names it and goes on to say something; baseline and target need a number. Quality 0.7.
    """
    papers = [paper for paper in inputs.artefacts if paper.kind == "charter"]
    if not papers:
        return unknown("O-01", "No outcome charter was handed over.")
    absent = min((_absent_parts(paper) for paper in papers), key=len)
    best = min(papers, key=lambda paper: len(_absent_parts(paper)))
    parts = len(CHARTER_PARTS)
    finding = f'The outcome charter ("{best.title}") states {parts - len(absent)} of {parts} parts'
    finding += (
        f"; {listed(absent)} {'is' if len(absent) == 1 else 'are'} missing."
        if absent
        else ", with numbers for baseline and target."
    )
    return Observation("O-01", seen_if(bool(absent)), finding, (best.source,), 0.7, len(papers))


def _absent_parts(paper: Artefact) -> list[str]:
    lines = [*paper.text.splitlines(), *(f"{name}: {value}" for row in paper.rows for name, value in row.items())]
    owned = {"owner"} if named(paper, ("owner",)) else set()
    return [part for part in CHARTER_PARTS if part not in owned and not any(_states(part, line) for line in lines)]


def _states(part: str, line: str) -> bool:
    label = CHARTER_PARTS[part].search(line)
    if label is None:
        return False
    content = line[label.end() :]
    return not NOTHING.match(content) and (part not in NUMERIC_PARTS or any(letter.isdigit() for letter in content))


def users(inputs: CaseInputs) -> Observation:
    """U-01. Seen: fewer than 10 different users outside the build team, or more than half of the traffic from builders.

    Quality 0.7 where builders cannot be told: no history, or user ids that are no names.
    """
    lines = [line for line in inputs.log.interactions if line.user_id]
    if not lines:
        return unknown("U-01", "No log that names users was handed over.")
    # Ids like "h-017" cannot be compared with the names of committers.
    are_names = any(" " in name_key(line.user_id or "").strip("0123456789 ") for line in lines)
    built_by = builders(inputs) if are_names else frozenset()
    own = [line for line in lines if name_key(line.user_id or "") in built_by]
    outside = {line.user_id for line in lines} - {line.user_id for line in own}
    share = wilson(len(own), len(lines))
    few = len(outside) < FEWEST_USERS
    status = seen_if(few or share_status(share, BUILDER_LIMIT) == "seen")
    told = f"{of(len(own), len(lines))} questions came from builders"
    compared = told if built_by else "whether builders are among them cannot be told"
    group = "user outside the build team" if built_by else "different user"
    finding = f"{_people(len(outside), group)} asked {counted(len(lines), 'question')}; {compared}."
    sources = first_sources(line.source for line in own or lines)
    return Observation("U-01", status, finding, sources, 1.0 if built_by else 0.7, len(lines), 30, share)


def _people(n: int, group: str) -> str:
    return f"{n:,} {group if n == 1 else group.replace('user', 'users', 1)}"


def copied_queries(inputs: CaseInputs) -> Observation:
    """U-02. Seen: more than 15 % of the logged questions repeat an eval question word for word (share rule).

    Eval questions taken from the log (those that name their trace) are left out: they repeat it by design.
    """
    lines = inputs.log.interactions
    written = {plain(item.question): item.source for item in inputs.evals.items if item.source_trace_id is None}
    if not lines or not written:
        return unknown("U-02", "Needs a log and evaluation questions that were not taken from it.")
    copied = [line for line in lines if plain(line.query) in written]
    finding = (
        f"{of(len(copied), len(lines))} logged questions repeat one of {len(written)} written evaluation questions."
    )
    sources = [line.source for line in copied or lines]
    return share_observation("U-02", len(copied), len(lines), COPIED_LIMIT, finding, sources=sources)


SIGNALS: Mapping[str, Signal] = {"O-01": charter, "P-01": runbook, "U-01": users, "U-02": copied_queries}


def observe(inputs: CaseInputs) -> list[Observation]:
    """One observation per signal on operations, outcome and users."""
    return observe_all(SIGNALS, inputs)
