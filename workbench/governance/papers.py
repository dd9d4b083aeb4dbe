"""What the governance papers themselves show: posture, escalation criteria, risk register, independence (G-07, 20, 22, 25).

It reads text and tables by their words; it does not judge whether a decision was right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workbench.governance.dates import GOVERNANCE_ADR
from workbench.governance.people import CONTROL_FUNCTION, cell, commits_by_author, name_key, named, rows_of
from workbench.observing import Signal, counted, first_sources, listed, of, seen_if, share_observation, unknown
from workbench.records import Artefact, CaseInputs, Observation, Source

FAULTY_CRITERIA_LIMIT = 0.25
FEWEST_RISKS = 3
TOP_COMMITTERS = 3

CRITERION_HEADING = re.compile(r"condition|criteri|trigger|threshold", re.IGNORECASE)
ESCALATION = re.compile(r"\bescalat", re.IGNORECASE)
NUMBER = re.compile(r"\d")
OWNER = re.compile(
    r"\bowner|manager|\bhead of|\blead\b|officer|engineer|on[- ]call|duty|director|\b[A-Z][a-z]+ [A-Z][a-z]+\b"
)
CHANNEL = re.compile(r"pager|phone|\bcall|e-?mail|slack|\bteams\b|ticket|queue|channel|hotline|meeting", re.IGNORECASE)


def posture(inputs: CaseInputs) -> Observation:
    """G-07. Seen: no decision record on governance, or none that names risk, security, compliance or the like.

    A record is on governance when its title says so. Unknown when no governance paper was handed over. Quality 0.7.
    """
    if not inputs.artefacts:
        return unknown("G-07", "No governance papers were handed over.")
    records = [paper for paper in inputs.artefacts if paper.kind == "adr" and GOVERNANCE_ADR.search(paper.title)]
    heard = {paper.title: _control_functions(paper) for paper in records}
    best = max(records, key=lambda paper: len(heard[paper.title]), default=None)
    if best is None:
        papers = counted(len(inputs.artefacts), "governance paper")
        sources = first_sources(paper.source for paper in inputs.artefacts if paper.kind == "adr")
        return Observation("G-07", "seen", f"None of the {papers} is a decision record on governance.", sources, 0.7, 1)
    people = heard[best.title]
    finding = (
        f'"{best.title}" names {counted(len(people), "person")} from control functions: {listed(people[:4])}.'
        if people
        else f'"{best.title}" names nobody from risk, security or compliance among those who decided or were consulted.'
    ).replace("persons", "people")
    return Observation("G-07", seen_if(not people), finding, (best.source,), 0.7, len(records))


def _control_functions(paper: Artefact) -> list[str]:
    return [name for name in named(paper, ("decision-makers", "consulted")) if CONTROL_FUNCTION.search(name)]


def escalation(inputs: CaseInputs) -> Observation:
    """G-20. Seen: more than a quarter of the escalation criteria lack a number, an owner or a channel (share rule).

    Criteria are rows of tables with a column for the condition, and sentences on escalation where no table is; in runbooks,
    or in decision records where there is no runbook. A runbook without any criterion is seen. Quality 0.7.
    """
    books = [paper for paper in inputs.artefacts if paper.kind == "runbook"]
    books = books or [paper for paper in inputs.artefacts if paper.kind == "adr" and ESCALATION.search(paper.text)]
    if not books:
        return unknown("G-20", "No runbook and no decision record on escalation was handed over.")
    criteria = [criterion for book in books for criterion in criteria_of(book)]
    if not criteria:
        finding = f"The runbook ({books[0].title}) states no escalation criterion."
        return Observation("G-20", "seen", finding, (books[0].source,), 0.7, 1)
    faulty = [(source, faults) for source, faults in criteria if faults]
    lacking = sorted({fault for _, faults in faulty for fault in faults})
    finding = (
        f"{of(len(criteria) - len(faulty), len(criteria))} escalation criteria have a number, an owner and a channel"
    )
    finding += f"; the others lack {listed(lacking)}." if faulty else "."
    sources = [source for source, _ in faulty or criteria]
    return share_observation(
        "G-20", len(faulty), len(criteria), FAULTY_CRITERIA_LIMIT, finding, sources=sources, quality=0.7, n_min=4
    )


def criteria_of(paper: Artefact) -> list[tuple[Source, tuple[str, ...]]]:
    """Place of each escalation criterion with what it lacks: "number", "owner", "channel"."""
    lines = paper.text.splitlines()
    rows = list(_table_criteria(paper, lines))
    if rows:
        return rows
    sentences = ((number, line) for number, line in enumerate(lines, 1) if ESCALATION.search(line))
    return [
        (Source(paper.source.path, f"line {number}"), _faults(line, line, line))
        for number, line in sentences
        if not line.lstrip().startswith(("#", "title:")) and len(line.split()) > 4
    ]


def _table_criteria(paper: Artefact, lines: list[str]) -> Iterator[tuple[Source, tuple[str, ...]]]:
    headings: list[str] = []
    for number, line in enumerate(lines, 1):
        cells = [part.strip() for part in line.strip().strip("|").split("|")]
        if len(cells) < 2:
            headings = []
        elif not headings:
            headings = [heading.casefold() for heading in cells]
        elif not set(line) <= set("|-: \t") and any(CRITERION_HEADING.search(heading) for heading in headings):
            row = dict(zip(headings, cells, strict=False))
            condition = next(text for heading, text in row.items() if CRITERION_HEADING.search(heading))
            owner = _under(row, "owner|who|decide|responsible|escalate", line)
            channel = _under(row, "channel|contact|how|via", line)
            yield Source(paper.source.path, f"line {number}"), _faults(condition, owner, channel)


def _under(row: Mapping[str, str], heading: str, line: str) -> str:
    """The cell under a heading, marked as filled; the whole line where the table has no such column."""
    found = [text for name, text in row.items() if re.search(heading, name)]
    return line if not found else f"Owner: {found[0]} (channel)" if found[0].strip("-– ?") else ""


def _faults(condition: str, owner: str, channel: str) -> tuple[str, ...]:
    there = {
        "a number": NUMBER.search(condition),
        "an owner": re.search(r"Owner: ", owner) or OWNER.search(owner),
        "a channel": CHANNEL.search(channel),
    }
    return tuple(part for part, found in there.items() if not found)


def risk_register(inputs: CaseInputs) -> Observation:
    """G-22. Seen: most risks have no owner, none has a date, all were opened on one day, or all are rated low.

    The last two need three risks. Quality 0.7: a dated paper.
    """
    rows = list(rows_of(inputs, "risk_register"))
    if not rows:
        return unknown("G-22", "No risk register with rows was handed over.")
    owned = sum(bool(cell(row, "owner", "responsible", "accountable")) for _, _, row in rows)
    opened = [found for _, _, row in rows if (found := cell(row, "opened", "raised", "identified", "created", "date"))]
    ratings = [
        found.casefold()
        for _, _, row in rows
        if (found := cell(row, "rating", "inherent", "level", "severity", "score"))
    ]
    several = len(rows) >= FEWEST_RISKS
    faults = {
        "most have no owner": owned * 2 < len(rows),
        "none has a date": not opened,
        f"all were opened on {opened[0] if opened else ''}": several and len(opened) > 1 and len(set(opened)) == 1,
        "all are rated low": several and bool(ratings) and set(ratings) <= {"low", "1", "green", "minor"},
    }
    found_faults = [fault for fault, true in faults.items() if true]
    facts = (
        f"{counted(len(rows), 'risk')}, {owned} with an owner, opened on {counted(len(set(opened)), 'different day')}"
    )
    finding = f"{facts}: {listed(found_faults)}." if found_faults else f"{facts}, not all rated low."
    sources = first_sources(Source(paper.source.path, f"row {number}") for paper, number, _ in rows)
    return Observation("G-22", seen_if(bool(found_faults)), finding, sources, 0.7, len(rows), FEWEST_RISKS)


def independence(inputs: CaseInputs) -> Observation:
    """G-25. Seen: somebody who approved is among the three people with most commits."""
    commits = commits_by_author(inputs)
    signed = list(_approvers(inputs))
    if not commits or not signed:
        return unknown("G-25", "Needs the repository's history and papers that name who approved.")
    top = {author for author, _ in commits.most_common(TOP_COMMITTERS)}
    both = {name_key(name): (name, source) for name, source in signed if name_key(name) in top}
    approvers = len({name_key(name) for name, _ in signed})
    finding = (
        f"{listed(name for name, _ in both.values())} approved and is among the three who committed most."
        if both
        else f"None of the {counted(approvers, 'approver')} is among the three who committed most."
    )
    sources = first_sources([*(source for _, source in both.values()), *(source for _, source in signed)])
    return Observation("G-25", seen_if(bool(both)), finding, sources, 1.0, approvers)


def _approvers(inputs: CaseInputs) -> Iterator[tuple[str, Source]]:
    for paper, number, row in rows_of(inputs, "approval"):
        if name := cell(row, "approver", "approved_by", "signed_by"):
            yield name, Source(paper.source.path, f"row {number}")
    for paper in inputs.artefacts:
        if not (paper.kind == "approval" and paper.rows):
            yield from ((name, paper.source) for name in named(paper, ("approver",)))


SIGNALS: Mapping[str, Signal] = {
    "G-07": posture,
    "G-20": escalation,
    "G-22": risk_register,
    "G-25": independence,
}
