"""The section on production: what is watched once people use the system, and what comes back from there.

It reads the log, papers and configuration; live systems are out of its sight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.evaluation.maturity.evidence import Evidence, Found, Rule, named, no_set, places
from workbench.observing import first_sources, listed, of
from workbench.records import Source

AUTOMATIC = re.compile(r"\b(eval|auto|automatic|automated|llm)\b|gpt|claude|gemini|llama|mistral", re.IGNORECASE)
TRACE_FIELDS = frozenset({"trace id", "span id", "run id", "interaction id", "observation id"})
MOST_READ = 200_000
"""Characters of a file of live scores that are looked through."""
_ASKED = r"(quer(y|ies)|questions?|topics?|inputs?|traffic|prompts?)"
_SEARCHED = r"(corpus|documents?|index|content)"
QUESTION_DRIFT = re.compile(
    rf"{_ASKED}[^.\n|]{{0,60}}(drift|shift)|(drift|shift)[^.\n|]{{0,60}}{_ASKED}|population stability|\bpsi\b|data[_ -]?drift",
    re.IGNORECASE,
)
CORPUS_DRIFT = re.compile(
    rf"{_SEARCHED}[^.\n|]{{0,60}}(drift|stale|older than|out of date)|(drift|stale|freshness)[^.\n|]{{0,40}}{_SEARCHED}",
    re.IGNORECASE,
)
ALERT = re.compile(r"\balerts?\b|\balarms?\b|\bpage[rd]?\b", re.IGNORECASE)
QUALITY = re.compile(
    r"faithful|thumbs|quality|eval|groundedness|recall|wrong answers|accuracy|dislik|override", re.IGNORECASE
)
BUDGET = re.compile(
    r"(budget|spend|cost)[^.\n|]{0,60}(alarm|alert|above|limit|exceed|%)|(alarm|alert)[^.\n|]{0,60}(budget|spend|cost)",
    re.IGNORECASE,
)
REJECTED = re.compile(r"reject|edit|wrong|declin|overrid", re.IGNORECASE)


def live_scoring(evidence: Evidence) -> Found:
    """Live answers are scored automatically (1) or by reviewers alone (0.5; E-18)."""
    seen = evidence.signal("E-18")
    logged = {line.interaction_id for line in evidence.inputs.log.interactions}
    for path, text in evidence.eval_files:
        if not evidence.fields_by_file[path] & TRACE_FIELDS:
            continue
        scored = {word for word in re.findall(r"[\w-]{4,64}", text[:MOST_READ]) if word in logged}
        if scored:
            automatic = bool(AUTOMATIC.search(text[:MOST_READ].partition("\n")[2]))
            how = "some of them automatically" if automatic else "by people"
            finding = f"{of(len(scored), len(logged))} logged answers have a live score in a file of their own, {how}."
            return Found(1.0 if automatic else 0.5, finding, (Source(path),), ("E-18",))
    score = {"clean": 0.5, "seen": 0.0}.get(seen.status)
    return Found(score, seen.finding, seen.sources, ("E-18",))


def drift(evidence: Evidence) -> Found:
    """Papers or code watch the questions and the documents for drift; one of the two gives half."""
    texts = [*evidence.papers, *evidence.code]
    if not texts:
        return Found(None, "Neither papers nor the pilot's repository were handed over.", (), ("E-19",))
    questions, corpus = places(texts, QUESTION_DRIFT), places(texts, CORPUS_DRIFT)
    parts = [name for name, found in (("the questions", questions), ("the documents", corpus)) if found]
    absent = [name for name in ("the questions", "the documents") if name not in parts]
    finding = f"Papers and code speak of watching {listed(parts)}" if parts else "No paper and no code speaks of drift"
    finding += f"; nothing is said of {listed(absent)}." if parts and absent else "."
    return Found(len(parts) / 2, finding, first_sources([*questions[:2], *corpus[:2]]), ("E-19",))


def feedback(evidence: Evidence) -> Found:
    """Feedback stands on the lines of the log (1); files of feedback that cannot be joined give half."""
    lines = evidence.inputs.log.interactions
    if not lines:
        return Found(None, "No query log was handed over.")
    rated = [line for line in lines if line.feedback is not None]
    if rated:
        return Found(
            1.0,
            f"{of(len(rated), len(lines))} logged answers carry users' feedback.",
            first_sources(line.source for line in rated),
        )
    apart = named(evidence.fields, re.compile(r"feedback|thumb|rating"))
    if apart:
        return Found(
            0.5, "Feedback is kept in a file of its own, not on the lines of the log.", first_sources(apart.values())
        )
    return Found(0.0, "The log carries no feedback of users.", (lines[0].source,))


def alerts(evidence: Evidence) -> Found:
    """A runbook has an alert on quality and an owner (1); a runbook without one of them gives half."""
    if not evidence.inputs.artefacts:
        return Found(None, "No governance papers were handed over.", (), ("P-01",))
    books = [paper for paper in evidence.inputs.artefacts if paper.kind == "runbook"]
    if not books:
        return Found(0.0, "No runbook is among the papers.", (), ("P-01",))
    texts = [(book.source.path, line) for book in books for line in book.text.splitlines()]
    has_alerts = any(ALERT.search(text) for _, text in texts)
    on_quality = places([(book.source.path, book.text) for book in books], QUALITY) if has_alerts else ()
    owners = [name for book in books for name in book.people.get("owner", ())]
    lacking = [what for what, there in (("an alert on quality", on_quality), ("an owner", owners)) if not there]
    finding = (
        f"A runbook is there, but without {listed(lacking)}."
        if lacking
        else f"The runbook has an alert on quality; it is owned by {owners[0]}."
    )
    return Found(0.5 if lacking else 1.0, finding, first_sources([*on_quality, books[0].source]), ("P-01",))


def failures(evidence: Evidence) -> Found:
    """Questions of the set come from traces (half), some of them from answers that failed in use (full)."""
    if absent := no_set(evidence):
        return absent
    items = evidence.inputs.evals.items
    traced = [item for item in items if item.source_trace_id]
    if not traced:
        return Found(0.0, f"None of {len(items)} questions says which trace it comes from.", (items[0].source,))
    lines = {line.interaction_id: line for line in evidence.inputs.log.interactions}
    origin = [(item, lines[item.source_trace_id]) for item in traced if item.source_trace_id in lines]
    failed = [item for item, line in origin if line.feedback == -1 or (line.review and REJECTED.search(line.review))]
    fact = f"{of(len(traced), len(items))} questions come from a trace"
    if not origin:
        return Found(0.5, f"{fact}, none of them in this log.", (traced[0].source,))
    finding = f"{fact}; of {len(origin)} found in this log, {len(failed)} were disliked or rejected."
    return Found(1.0 if failed else 0.5, finding, first_sources(item.source for item in failed or traced))


def cost(evidence: Evidence) -> Found:
    """The log carries the cost of an answer, and an alarm or limit on the budget is set (C-02); one gives half."""
    lines = evidence.inputs.log.interactions
    priced = [line for line in lines if line.cost is not None]
    limits, papers = evidence.signal("C-02"), [*evidence.papers, *evidence.code]
    alarm = places(papers, BUDGET)
    budget = limits.status == "clean" and "budget" in limits.finding.partition("; no ")[0]
    if not lines and not papers and limits.status == "unknown":
        return Found(None, "No query log, papers or configuration were handed over.", (), ("C-01", "C-02"))
    parts = [
        name
        for name, there in (
            ("the cost of an answer is logged", priced),
            ("a budget has an alarm or a limit", alarm or budget),
        )
        if there
    ]
    finding = (
        f"{listed(parts).capitalize()}."
        if parts
        else "Neither is the cost of an answer logged, nor has a budget an alarm."
    )
    sources = first_sources([*(line.source for line in priced[:1]), *alarm, *(limits.sources if budget else ())])
    return Found(len(parts) / 2, finding, sources, ("C-01", "C-02"))


RULES: Mapping[str, Rule] = {
    "live_scoring": live_scoring,
    "drift": drift,
    "feedback": feedback,
    "alerts": alerts,
    "failures": failures,
    "cost": cost,
}
