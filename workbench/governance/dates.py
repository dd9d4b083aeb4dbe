"""When the pilot's governance came into being: the days it is measured against, the date of each paper, the retrofit index.

It compares dates and says how each is known. A file time alone is never used: copying resets it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from workbench.observing import in_utc
from workbench.records import Artefact, CaseInputs, DatedFact, Estimate

REQUIRED = (
    "adr", "risk_register", "impact_assessment", "approval", "policy", "runbook", "log_schema", "model_card", "system_card"
)  # fmt: skip
FEWEST_DATED = 4
RESAMPLES = 2000
FIRST_USERS = 3

QUALITY = {"commit": 1.0, "event": 1.0, "embedded": 0.7, "claimed": 0.7, "file": 0.5}
GOVERNANCE_ADR = re.compile(r"governance|policy|compliance|guardrail|audit|oversight|risk", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Anchors:
    """The days everything is measured against; None where nothing tells.

    Attributes:
        build_start: stated, else the first commit. first_demo: stated, else a tag that names a demo.
        first_users: stated, else the first logged day with three different users.
        go_live: the planned day, as stated.
    """

    build_start: date | None
    first_demo: date | None
    first_users: date | None
    go_live: date | None


@dataclass(frozen=True, slots=True)
class RetrofitIndex:
    """When the papers came into being between build start (0) and first users (1), 2 at most.

    Attributes:
        index: median over kinds of paper with a bootstrap interval over kinds; not measured under four dated kinds.
        by_kind: kind of paper -> its place in time. dates: kind of paper -> the date used.
        late: share of kinds first dated after the first users, 0 to 1.
    """

    index: Estimate
    by_kind: Mapping[str, float]
    dates: Mapping[str, DatedFact]
    late: float


def anchors(inputs: CaseInputs) -> Anchors:
    """Dates as the case states them, else as commits, tags and the log show them."""
    stated = inputs.key_dates
    commits = inputs.repository.commits if inputs.repository else ()
    tags = inputs.repository.tags if inputs.repository else {}
    demos = [in_utc(at).date() for name, at in tags.items() if "demo" in name.casefold()]
    return Anchors(
        stated.get("build_start") or min((in_utc(commit.authored).date() for commit in commits), default=None),
        stated.get("first_demo") or min(demos, default=None),
        stated.get("first_users") or _first_day_with_users(inputs),
        stated.get("go_live"),
    )


def _first_day_with_users(inputs: CaseInputs) -> date | None:
    users: dict[date, set[str]] = {}
    for line in inputs.log.interactions:
        if line.at is not None and line.user_id:
            users.setdefault(in_utc(line.at).date(), set()).add(line.user_id)
    return min((day for day, names in users.items() if len(names) >= FIRST_USERS), default=None)


def first_evidence(paper: Artefact) -> DatedFact | None:
    """The earliest date on the strongest basis a paper shows; None where it shows none but a file time."""
    known = [fact for fact in paper.dates if fact.basis != "file"]
    if not known:
        return None
    strongest = min(known, key=lambda fact: list(QUALITY).index(fact.basis)).basis
    return min((fact for fact in known if fact.basis == strongest), key=lambda fact: fact.on)


def retrofit_index(inputs: CaseInputs) -> RetrofitIndex:
    """Median over kinds of paper of clip((first date - build start) / (first users - build start), 0, 2).

    Each required kind counts once, by its first paper; of the ADRs only those on governance. A kind that was not handed
    over is left out: nobody knows whether it exists. The interval is a percentile bootstrap over kinds (seed 0, 2,000 draws).
    """
    moments = anchors(inputs)
    start, users = moments.build_start, moments.first_users
    if start is None or users is None or users <= start:
        reason = "no build start and first day of users, in this order, are known"
        return RetrofitIndex(Estimate.not_measured(reason), {}, {}, 0.0)
    dates = _first_by_kind(inputs)
    places = {kind: float(np.clip((fact.on - start) / (users - start), 0, 2)) for kind, fact in dates.items()}
    late = sum(fact.on > users for fact in dates.values()) / len(dates) if dates else 0.0
    return RetrofitIndex(_median_with_band(list(places.values())), places, dates, late)


def _first_by_kind(inputs: CaseInputs) -> dict[str, DatedFact]:
    first: dict[str, DatedFact] = {}
    for paper in inputs.artefacts:
        fact = first_evidence(paper)
        off_topic = paper.kind == "adr" and not GOVERNANCE_ADR.search(paper.title)
        if fact is None or paper.kind not in REQUIRED or off_topic:
            continue
        if paper.kind not in first or fact.on < first[paper.kind].on:
            first[paper.kind] = fact
    return dict(sorted(first.items(), key=lambda pair: pair[1].on))


def _median_with_band(places: list[float]) -> Estimate:
    if len(places) < FEWEST_DATED:
        return Estimate.not_measured(
            f"only {len(places)} kinds of dated papers, {FEWEST_DATED} are needed", len(places)
        )
    draws = np.random.default_rng(0).choice(np.sort(places), size=(RESAMPLES, len(places)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return Estimate(float(np.median(places)), float(low), float(high), len(places), "bootstrap")
