"""The section on metrics: what is scored, how surely, and beside what.

It reads names of metrics and fields and the observations on runs; it computes no score.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.evaluation.eval_runs import RETRIEVAL_METRIC, metric_names
from workbench.evaluation.maturity.evidence import Evidence, Found, Rule, by_signal, named, newest_run, no_runs, places
from workbench.observing import first_sources, listed, plain
from workbench.records import Source

INTERVAL = re.compile(
    r"^(low|high|lower|upper|ci|.* (low|high|lower|upper|ci)|ci .*)$|confidence|interval|std ?err|standard error"
)
COST = re.compile(r"\bcosts?\b|\btokens?\b|\bprice\b|\bspend\b")
SPEED = re.compile(r"latency|\bp9[059]\b|duration|\bseconds?\b|response time|\bms\b")
SLICE = re.compile(
    r"^(cluster|topic|category|segment|slice|group|user group|team|department|role|language|tenant|kind|tags?|intent)$"
)
OUTCOME = re.compile(
    r"accept|resol|settle|deflect|escalat|handled|conversion|override|satisf|csat|nps|complaint|outcome|saved|rework"
)
MOST_METRICS = 200
GENERIC = frozenset({"pass", "passed", "score", "judge", "value", "mean"})


def apart(evidence: Evidence) -> Found:
    """Retrieval and answer each have a metric (E-13); retrieval alone gives half."""
    if absent := no_runs(evidence):
        return absent
    found = by_signal(evidence, "E-13")
    answers = [name for name in metric_names(evidence.inputs) if not RETRIEVAL_METRIC.search(name)]
    if found.score == 1.0 and not answers:
        return Found(0.5, f"{found.finding} The answer itself is not scored.", found.sources, found.signals)
    return found


def judge(evidence: Evidence) -> Found:
    """The judge was compared with people (E-14): computed gives 1, only stated 0.5."""
    if absent := no_runs(evidence):
        return absent
    return by_signal(evidence, "E-14", clean=1.0 if evidence.signal("E-14").quality >= 1 else 0.5)


def intervals(evidence: Evidence) -> Found:
    """Intervals are kept with the scores; scores of each question (E-04) allow them, which gives half."""
    if absent := no_runs(evidence):
        return absent
    kept = named(evidence.run_fields, INTERVAL)
    if kept:
        finding = f"Scores are kept with an interval ({listed(f'`{name}`' for name in list(kept)[:3])})."
        return Found(1.0, finding, first_sources(kept.values()), ("E-04",))
    found = by_signal(evidence, "E-04", clean=0.5)
    return Found(found.score, f"{found.finding} No interval is kept.", found.sources, found.signals)


def business(evidence: Evidence) -> Found:
    """A charter or another paper names an evaluation metric (half), and the runs a measure of the outcome as well (full)."""
    if not evidence.inputs.artefacts:
        return Found(None, "No governance papers were handed over, so the outcome that is wanted is not known.")
    if absent := no_runs(evidence):
        return absent
    outcome = named(
        {**{plain(name.replace("_", " ")): r for name, r in _metrics(evidence).items()}, **evidence.run_fields}, OUTCOME
    )
    metrics = [name for name in _metrics(evidence) if name.casefold() not in GENERIC][:MOST_METRICS]
    words = "|".join(re.escape(name).replace("_", r"[\s_-]?") for name in metrics)
    papers = places(evidence.papers, re.compile(rf"\b({words})\b", re.IGNORECASE)) if words else ()
    sources = first_sources([*outcome.values(), *papers])
    if papers and outcome:
        return Found(
            1.0, f"Papers name metrics of the evaluation, and the runs carry {listed(list(outcome)[:3])}.", sources
        )
    if papers or outcome:
        fact = "Papers name metrics of the evaluation, but the runs carry" if papers else "The runs carry"
        what = (
            "no measure of the outcome"
            if papers
            else f"{listed(list(outcome)[:3])}, which no paper ties to the metrics"
        )
        return Found(0.5, f"{fact} {what}.", sources)
    return Found(0.0, "No paper names a metric of the evaluation, and the runs carry no measure of the outcome.")


def cost_latency(evidence: Evidence) -> Found:
    """Cost and speed stand in the runs; one of the two gives half."""
    if absent := no_runs(evidence):
        return absent
    cost, speed = named(evidence.run_fields, COST), named(evidence.run_fields, SPEED)
    parts = [name for name, found in (("cost", cost), ("speed", speed)) if found]
    sources = first_sources([*cost.values(), *speed.values()] or [newest_run(evidence).source])
    finding = (
        f"Beside quality the runs keep {listed(parts)}."
        if parts
        else "The runs keep neither cost nor speed beside quality."
    )
    return Found(len(parts) / 2, finding, sources)


def slices(evidence: Evidence) -> Found:
    """Runs carry topic or group of each question; where only the set does, half."""
    if absent := no_runs(evidence):
        return absent
    in_runs, in_set = named(evidence.run_fields, SLICE), named(evidence.fields, SLICE)
    if in_runs:
        names = listed(f"`{name}`" for name in list(in_runs)[:3])
        return Found(1.0, f"Runs can be split by {names}.", first_sources(in_runs.values()))
    if in_set:
        names = listed(f"`{name}`" for name in list(in_set)[:3])
        return Found(
            0.5, f"The questions carry {names}, the runs do not show scores by it.", first_sources(in_set.values())
        )
    return Found(
        0.0,
        "Neither the runs nor the questions carry a topic or a group of users.",
        (newest_run(evidence).source,),
    )


def _metrics(evidence: Evidence) -> dict[str, Source]:
    runs = evidence.inputs.evals.runs
    return {name: run.source for run in runs for name in (*run.scores, *run.summary)}


RULES: Mapping[str, Rule] = {
    "apart": apart,
    "judge": judge,
    "intervals": intervals,
    "business": business,
    "cost_latency": cost_latency,
    "slices": slices,
}
