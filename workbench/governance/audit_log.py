"""Whether the log can explain a decision: versions, people, policy decisions, human review (G-11 to 15, G-18, G-19).

It counts fields of the log lines; what the papers promise about the log is judged in `papers`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from statistics import median

from workbench.intervals import wilson
from workbench.numbers import percent
from workbench.observing import (
    Signal,
    counted,
    first_sources,
    listed,
    of,
    seen_if,
    share_observation,
    share_status,
    unknown,
)
from workbench.records import CaseInputs, Interaction, Observation

MISSING_LIMIT = 0.05
ONE_ACCOUNT_LIMIT = 0.90
SHADOW_LIMIT = 0.01
FEWEST_DECISIONS = 300
FEWEST_REVIEWS = 50
LEAST_OVERRIDES = 0.005
SHORTEST_REVIEW_SECONDS = 5.0

VERSIONS = {"prompt_version": "prompt version", "model": "model", "index_version": "index version"}
ALLOWED = re.compile(r"\s*(allow(ed)?|pass(ed)?|permit(ted)?|success|none|ok|true)\s*", re.IGNORECASE)
NOT_ENFORCED = re.compile(
    r"shadow|draft|not[_ ]run|failed[_ ]to[_ ]respond|dry[_ -]?run|log[_ -]?only|monitor", re.IGNORECASE
)
CONFIRMED = re.compile(r"\s*(approv|accept|confirm|agree|ok\b|unchanged)", re.IGNORECASE)
_NO_LOG = "No query or audit log was handed over."


def _field_census(inputs: CaseInputs, signal: str, field: str, label: str) -> Observation:
    """Seen when the field is missing in more than 5 % of the lines (share rule)."""
    lines = inputs.log.interactions
    if not lines:
        return unknown(signal, _NO_LOG)
    bare = [line for line in lines if getattr(line, field) is None]
    finding = (
        f"No line of the log handed over holds the {label} ({counted(len(lines), 'line')})."
        if len(bare) == len(lines)
        else f"{of(len(lines) - len(bare), len(lines))} log lines hold the {label}."
    )
    sources = [line.source for line in bare or lines]
    return share_observation(signal, len(bare), len(lines), MISSING_LIMIT, finding, sources=sources)


def policy_version(inputs: CaseInputs) -> Observation:
    """G-11. Seen: the version of the policy in force is missing in more than 5 % of the lines."""
    return _field_census(inputs, "G-11", "policy_version", "policy version")


def component_versions(inputs: CaseInputs) -> Observation:
    """G-12. Seen: prompt, model or index version is missing in more than 5 % of the lines; the worst of the three counts."""
    lines = inputs.log.interactions
    if not lines:
        return unknown("G-12", _NO_LOG)
    bare = {field: [line for line in lines if getattr(line, field) is None] for field in VERSIONS}
    worst = max(bare, key=lambda field: len(bare[field]))
    shares = listed(
        f"{VERSIONS[field]} {percent(1 - len(found) / len(lines), len(lines))}" for field, found in bare.items()
    )
    finding = f"Of {counted(len(lines), 'log line')} these shares hold the versions used: {shares}."
    sources = [line.source for line in bare[worst] or lines]
    return share_observation("G-12", len(bare[worst]), len(lines), MISSING_LIMIT, finding, sources=sources)


def actor(inputs: CaseInputs) -> Observation:
    """G-13. Seen: the user is missing in more than 5 % of the lines, or one account has more than 90 % of the named ones."""
    missing = _field_census(inputs, "G-13", "user_id", "user")
    accounts = Counter(line.user_id for line in inputs.log.interactions if line.user_id)
    if missing.status != "clean" or not accounts:
        return missing
    account, count = accounts.most_common(1)[0]
    total = accounts.total()
    finding = f"{missing.finding[:-1]}; {counted(len(accounts), 'account')}, the busiest with {of(count, total)} lines."
    sources = [line.source for line in inputs.log.interactions if line.user_id == account]
    return share_observation("G-13", count, total, ONE_ACCOUNT_LIMIT, finding, sources=sources)


def complete_mediation(inputs: CaseInputs) -> Observation:
    """G-14. Seen: more than 5 % of the answers carry no policy decision."""
    return _field_census(inputs, "G-14", "policy_decision", "policy decision")


def enforcement(inputs: CaseInputs) -> Observation:
    """G-15. Seen: no denial in 300 decisions or more, or more than 1 % not enforced (shadow, not run; share rule).

    Everything but an allow counts as a denial: redacted and escalated answers were stopped as well. Unknown: no denial in
    fewer than 300 decisions.
    """
    decided = [line for line in inputs.log.interactions if line.policy_decision]
    if not decided:
        return unknown("G-15", "The log holds no policy decisions." if inputs.log.interactions else _NO_LOG)
    idle = [line for line in decided if NOT_ENFORCED.search(line.policy_decision or "")]
    if share_status(wilson(len(idle), len(decided)), SHADOW_LIMIT) == "seen":
        finding = f"{of(len(idle), len(decided))} policy decisions were not enforced (shadow, draft or not run)."
        sources = [line.source for line in idle]
        return share_observation("G-15", len(idle), len(decided), SHADOW_LIMIT, finding, sources=sources)
    return _denials(decided)


def _denials(decided: list[Interaction]) -> Observation:
    denied = [line for line in decided if not ALLOWED.fullmatch(line.policy_decision or "")]
    n = len(decided)
    value = wilson(len(denied), n)
    if denied:
        kinds = Counter((line.policy_decision or "").casefold() for line in denied)
        finding = f"The policy stopped or changed {of(len(denied), n)} answers ({_kinds(kinds)})."
        return Observation("G-15", "clean", finding, first_sources(line.source for line in denied), 1.0, n, 30, value)
    if n < FEWEST_DECISIONS:
        return unknown("G-15", f"No denial in {n} policy decisions: {FEWEST_DECISIONS} are needed to tell.")
    finding = f"Not one denial in {n:,} policy decisions: at most {3 / n:.2%} of answers can have been stopped."
    return Observation("G-15", "seen", finding, first_sources(line.source for line in decided), 1.0, n, 30, value)


def _kinds(kinds: Counter[str]) -> str:
    return listed(f"{count} {kind}" for kind, count in kinds.most_common(4))


def human_review(inputs: CaseInputs) -> Observation:
    """G-18. Seen: the case is regulated and no line of the log holds a human review; clean when one does.

    Unknown when the case does not say whether it is regulated, or says it is not.
    """
    lines = inputs.log.interactions
    if not lines:
        return unknown("G-18", _NO_LOG)
    reviewed = [line for line in lines if line.review]
    if reviewed:
        finding = f"{of(len(reviewed), len(lines))} answers went through a human review that is on record."
        return Observation(
            "G-18", "clean", finding, first_sources(line.source for line in reviewed), n=len(lines), n_min=30
        )
    if inputs.regulated:
        finding = (
            f"No review or override by a person is recorded in {counted(len(lines), 'log line')} of a regulated use."
        )
        return Observation("G-18", "seen", finding, (lines[0].source,), n=len(lines), n_min=30)
    reason = (
        "says its use is not regulated" if inputs.regulated is False else "does not say whether its use is regulated"
    )
    return unknown("G-18", f"No human review is logged; the case {reason}.")


def rubber_stamp(inputs: CaseInputs) -> Observation:
    """G-19. Seen: of 50 reviews or more, under 0.5% change anything and the median takes under 5 seconds."""
    reviewed = [line for line in inputs.log.interactions if line.review]
    seconds = [line.review_seconds for line in reviewed if line.review_seconds is not None]
    if len(reviewed) < FEWEST_REVIEWS or not seconds:
        return unknown(
            "G-19", f"Needs {FEWEST_REVIEWS} logged reviews with their duration, found {len(reviewed)} reviews."
        )
    changed = [line for line in reviewed if not CONFIRMED.match(line.review or "")]
    middle = median(seconds)
    stamped = len(changed) / len(reviewed) < LEAST_OVERRIDES and middle < SHORTEST_REVIEW_SECONDS
    changes = f"Reviewers changed or rejected {of(len(changed), len(reviewed))} answers"
    finding = f"{changes}; half of the reviews took {middle:.0f} seconds or less."
    sources = first_sources(line.source for line in changed or reviewed)
    value = wilson(len(changed), len(reviewed))
    return Observation("G-19", seen_if(stamped), finding, sources, 1.0, len(reviewed), FEWEST_REVIEWS, value)


SIGNALS: Mapping[str, Signal] = {
    "G-11": policy_version,
    "G-12": component_versions,
    "G-13": actor,
    "G-14": complete_mediation,
    "G-15": enforcement,
    "G-18": human_review,
    "G-19": rubber_stamp,
}
