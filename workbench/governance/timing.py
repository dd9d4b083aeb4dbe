"""Was governance built in or added later? The order in time of papers, reviews, approvals, commits, log (G-01 to 04, G-09).

Each signal compares dates that `dates` found; a date that is not known is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from workbench.governance.dates import QUALITY, anchors, first_evidence, retrofit_index
from workbench.governance.people import REVIEWING, builders, cell, is_outside, named, rows_of
from workbench.ingest.repository import history_source
from workbench.numbers import percent
from workbench.observing import Signal, counted, first_sources, in_utc, of, seen_if, share_observation, unknown
from workbench.records import Artefact, CaseInputs, DatedFact, Observation, Source, Status

BUILT_IN = 0.25
RETROFITTED = 0.8
LATE_SHARE = 0.5
REVIEW_DAYS = 14
LOG_DAYS = 7
RELEASING = re.compile(r"pilot|go[- ]?live|deploy|release|production|launch|roll[- ]?out", re.IGNORECASE)
PREPARING = re.compile(r"posture|\badr\b|policy|assessment|\bdemo", re.IGNORECASE)
REFUSED = re.compile(r"reject|declin|refus|postpon|not approved|pending|withdrawn", re.IGNORECASE)
GOVERNANCE_PATH = re.compile(
    r"(^|/)(polic(y|ies)|governance|guardrails?|compliance|risk|adrs?|decisions)(/|[^/]*$)", re.IGNORECASE
)
LOG_ADR = re.compile(r"audit|\blog", re.IGNORECASE)


def retrofitted(inputs: CaseInputs) -> Observation:
    """G-01. Seen: index of 0.8 or more with its interval above 0.4, or half of the kinds dated after the first users.

    Clean: the whole interval lies below 0.8. Unknown: between the two, or under four dated kinds. Full weight from six.
    """
    found = retrofit_index(inputs)
    index = found.index
    if index.value is None or index.low is None or index.high is None:
        return unknown("G-01", f"The order of papers and build cannot be told: {index.reason}.")
    late = sum(fact.on > (anchors(inputs).first_users or date.max) for fact in found.dates.values())
    seen = (index.value >= RETROFITTED and index.low > RETROFITTED / 2) or found.late >= LATE_SHARE
    status: Status = "seen" if seen else "clean" if index.high < RETROFITTED else "unknown"
    elapsed = percent(index.value, len(found.dates))
    word = "built in" if index.value <= BUILT_IN else "added late" if seen else "neither early nor late"
    finding = (
        f"Half of the {len(found.dates)} kinds of governance paper were there when {elapsed} of the time from build"
        f" start to first users had passed ({word}); {late or 'none'} came after the first users."
    )
    quality = float(np.mean([QUALITY[fact.basis] for fact in found.dates.values()]))
    sources = [fact.source for fact in found.dates.values()]
    return Observation("G-01", status, finding, first_sources(sources), quality, len(found.dates), 6, index)


def outside_review(inputs: CaseInputs) -> Observation:
    """G-02. Seen: nobody outside the build team is named in a dated review, decision or approval by day 14 of the build."""
    start = anchors(inputs).build_start
    if start is None or not inputs.artefacts:
        return unknown("G-02", "Needs governance papers and the day the build started.")
    built_by = builders(inputs)
    reviews = list(_reviews(inputs))
    papers = counted(len(inputs.artefacts), "governance paper")
    if not reviews:
        return unknown("G-02", f"None of the {papers} names a reviewer with a date.")
    quality = 1.0 if built_by else 0.7
    outside = sorted((one for one in reviews if is_outside(one.name, built_by)), key=lambda one: one.fact.on)
    if not outside:
        finding = f"No dated review in the {papers} names anybody outside the build team."
        return Observation("G-02", "seen", finding, first_sources(one.place for one in reviews), quality, len(reviews))
    first = outside[0]
    days = (first.fact.on - start).days
    finding = f"The first reviewer outside the build team, {first.name}, is on record {_days_after(days)} build start ({start})."
    sources = first_sources([first.place, first.fact.source, *(one.place for one in outside)])
    quality *= QUALITY[first.fact.basis]
    return Observation("G-02", seen_if(days > REVIEW_DAYS), finding, sources, quality, len(reviews))


def _days_after(days: int) -> str:
    return f"{counted(abs(days), 'day')} {'after' if days >= 0 else 'before'}"


@dataclass(frozen=True, slots=True)
class _Review:
    """Somebody named in a review, the date of it and the place of the name."""

    name: str
    fact: DatedFact
    place: Source


def _reviews(inputs: CaseInputs) -> Iterator[_Review]:
    """Rows of sign-off tables by their own date, all other papers by their first date."""
    for fact, row in approvals(inputs):
        if name := cell(row, "approver", "approved_by", "signed_by", "name"):
            role = cell(row, "role", "team")
            yield _Review(f"{name} ({role})" if role else name, fact, fact.source)
    for paper in inputs.artefacts:
        first = first_evidence(paper)
        if first is not None and not (paper.kind == "approval" and paper.rows):
            yield from (_Review(name, first, paper.source) for name in named(paper, REVIEWING))


def approvals(inputs: CaseInputs) -> Iterator[tuple[DatedFact, Mapping[str, str]]]:
    """Rows of the sign-off tables with their own date; rows without a readable one are left out."""
    for paper, number, row in rows_of(inputs, "approval"):
        try:
            on = date.fromisoformat(cell(row, "date", "approved_on", "signed_on", "decided")[:10])
        except ValueError:
            continue
        yield DatedFact(on, "event", Source(paper.source.path, f"row {number}")), row


def late_approval(inputs: CaseInputs) -> Observation:
    """G-03. Seen: the first approval to use the pilot is dated after the first users, or else after planned go-live.

    An approval counts when its subject names pilot, release, deployment, production or go-live, and not a paper or a demo,
    and when it was not refused.
    """
    moments = anchors(inputs)
    limit, event = (
        (moments.first_users, "the first users") if moments.first_users else (moments.go_live, "the planned go-live")
    )
    if limit is None:
        return unknown("G-03", "Neither the day of the first users nor of the planned go-live is known.")
    found = min(_release_approvals(inputs), key=lambda fact: fact.on, default=None)
    if found is None:
        return unknown("G-03", "No dated approval of the pilot or of a release was handed over.")
    days = (found.on - limit).days
    finding = f"The pilot's use was first approved on {found.on}, {_days_after(days)} {event} ({limit})."
    return Observation("G-03", seen_if(days > 0), finding, (found.source,), QUALITY[found.basis], 1)


def _release_approvals(inputs: CaseInputs) -> Iterator[DatedFact]:
    for fact, row in approvals(inputs):
        subject = cell(row, "what", "subject", "item", "scope", "title", "decision_on")
        refused = REFUSED.search(cell(row, "decision", "status", "result", "outcome"))
        if RELEASING.search(subject) and not PREPARING.search(subject) and not refused:
            yield fact
    for paper in inputs.artefacts:
        first = first_evidence(paper)
        if first and paper.kind == "approval" and not paper.rows and RELEASING.search(f"{paper.title} {paper.text}"):
            yield first


def late_burst(inputs: CaseInputs) -> Observation:
    """G-04. Seen: more than 60 % of the commits on governance lie in the last fifth of the project's life (share rule).

    Commits on governance touch a file in a folder, or with a name, of policies, risk, guardrails, decisions or the like.
    """
    commits = inputs.repository.commits if inputs.repository else ()
    touching = [commit for commit in commits if any(GOVERNANCE_PATH.search(path) for _, path in commit.files)]
    if not touching:
        return unknown("G-04", "No history with commits on policies or governance papers was handed over.")
    times = [in_utc(commit.authored) for commit in commits]
    last_fifth = max(times) - (max(times) - min(times)) / 5
    late = [commit for commit in touching if in_utc(commit.authored) > last_fifth]
    since = f"the last fifth of the project, since {last_fifth.date()}"
    finding = f"{of(len(late), len(touching))} commits on governance lie in {since}."
    history = history_source(Path(inputs.root))
    sources = [Source(history, f"commit {commit.commit_id[:7]}") for commit in late or touching]
    return share_observation("G-04", len(late), len(touching), 0.6, finding, sources=sources, n_min=10)


def late_log(inputs: CaseInputs) -> Observation:
    """G-09. Seen: the first log line is more than 7 days after the first users and no earlier paper describes the log.

    Unknown when a log schema, or a decision on the audit log, dated in time says the log existed: then the file handed
    over may be an excerpt. Quality 0.7 when seen, for the same reason.
    """
    users = inputs.key_dates.get("first_users")
    dated = [(in_utc(line.at), line.source) for line in inputs.log.interactions if line.at is not None]
    if users is None or not dated:
        return unknown("G-09", "Needs the stated day of the first users and a log with times.")
    first, source = min(dated, key=lambda pair: pair[0])
    days = (first.date() - users).days
    finding = f"The log begins on {first.date()}, {_days_after(days)} the first users ({users})"
    if days <= LOG_DAYS:
        return Observation("G-09", "clean", f"{finding}.", (source,), 1.0, len(dated))
    papers = [fact for paper in inputs.artefacts if _describes_log(paper) and (fact := first_evidence(paper))]
    early = [fact.source for fact in papers if fact.on <= users + timedelta(days=LOG_DAYS)]
    if early:
        finding += ", but papers on the log are dated before that: it may be an excerpt, ask for the first weeks."
        return unknown("G-09", finding, [source, *early])
    return Observation("G-09", "seen", f"{finding}.", (source,), 0.7, len(dated))


def _describes_log(paper: Artefact) -> bool:
    return paper.kind == "log_schema" or (paper.kind == "adr" and bool(LOG_ADR.search(paper.title)))


SIGNALS: Mapping[str, Signal] = {
    "G-01": retrofitted,
    "G-02": outside_review,
    "G-03": late_approval,
    "G-04": late_burst,
    "G-09": late_log,
}
