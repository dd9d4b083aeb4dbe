"""What was measured of a client's answers, in words: the sentence to read aloud, the plan, and the text of `workbench evaluate`.

Pages and terminal share these words; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.answers.targets import PRODUCTION_TARGETS
from workbench.numbers import count, measured, number, significant
from workbench.observing import listed
from workbench.records import AnswersReport, JudgePlan, JudgeUsage, MetricSummary, Target

VERDICTS = {"met": "met", "missed": "missed", "undetermined": "undetermined", "not_measured": "not measured"}
KINDS = {
    "judged": "judged by a model",
    "computed": "computed",
    "proxy": "a proxy, not faithfulness",
    "client": "the client's own",
}
SET_BY = {"production": "the usual target", "case": "the client's target"}


def answers_opening(report: AnswersReport) -> str:
    """The sentence to read aloud: which targets are met, and on how many answers."""
    told = telling(report.targets)
    if all(target.verdict == "not_measured" for target in told):
        reason = next((target.reason for target in told if target.reason), "")
        return f"Of {count(report.rows)} answers none of the targets was measured: {reason}."
    lacking: dict[str, list[str]] = {}
    for target in told:
        if target.verdict == "not_measured":
            lacking.setdefault(target.reason or "", []).append(target_name(target))
    parts = [_brief(target) for target in told if target.verdict != "not_measured"]
    parts += [f"{listed(names)} not measured ({reason})" for reason, names in lacking.items()]
    return f"On {count(report.rows)} answers: {'; '.join(parts)}."


def telling(targets: Sequence[Target]) -> tuple[Target, ...]:
    """The production targets, and those of the client that come out otherwise on the same metric, or are on another one."""
    usual = {target.metric: target.verdict for target in targets if target.set_by == "production"}
    return tuple(
        target for target in targets if target.set_by == "production" or usual.get(target.metric) != target.verdict
    )


def target_name(target: Target) -> str:
    """A target as it is named among others: its metric, with the level where the client's stands beside production's."""
    name = target.metric.replace("_", " ")
    alone = target.set_by == "production" or target.metric not in PRODUCTION_TARGETS
    return name if alone else f"{name} at the client's {significant(target.level)}"


def target_words(target: Target) -> str:
    """One target as a sentence."""
    name = target.metric.replace("_", " ")
    head = f"{name} above {significant(target.level)} ({SET_BY[target.set_by]}): {VERDICTS[target.verdict]}"
    if target.verdict == "not_measured":
        return f"{head}; {target.reason}"
    more = f"; about {count(target.more_rows)} more rows would decide" if target.more_rows else ""
    why = f"; {target.reason}" if target.reason else ""
    return f"{head}; {measured(target.value)} on {counts_words(target)}{_embedding(target.embedding)}{why}{more}"


def counts_words(counts: Target | MetricSummary) -> str:
    """How many rows a value rests on and how many it lacks: "90 scored, 4 undefined, 6 failed"."""
    return f"{count(counts.scored)} scored, {count(counts.undefined)} undefined, {count(counts.failed)} failed"


def plan_words(plan: JudgePlan) -> str:
    """What judging would take, as lines."""
    lines = [
        f"to judge: {count(plan.rows)} rows, {', '.join(plan.metrics)}",
        f"calls: {count(plan.calls)} to the model; {count(plan.cached)} more questions need none (asked before, or twice)",
    ]
    if plan.calls:
        lines.append(f"tokens: {_range(plan.input_tokens)} in, {_range(plan.output_tokens)} out")
    if plan.calls and plan.cost is not None:
        low, high = plan.cost
        lines.append(f"cost: {significant(low)} to {significant(high)} {plan.currency}".rstrip())
    return "\n".join([*lines, *(f"  {note}" for note in plan.notes)])


def plan_sentence(plan: JudgePlan) -> str:
    """What judging would take, in one sentence for a page."""
    kept = f" ({count(plan.cached)} more questions need none: asked before, or twice)" if plan.cached else ""
    metrics = ", ".join(name.replace("_", " ") for name in plan.metrics)
    if not plan.rows:
        return f"None of these answers can be judged by {metrics}."
    if not plan.calls:
        return f"Everything about these {count(plan.rows)} answers was asked before; judging takes no call."
    told = f"Judging {count(plan.rows)} answers by {metrics} takes {count(plan.calls)} calls to the model{kept}"
    tokens = f"{_range(plan.input_tokens)} tokens in and {_range(plan.output_tokens)} out"
    if plan.cost is None:
        return f"{told}, {tokens}."
    low, high = plan.cost
    return f"{told}, {tokens}, {significant(low)} to {significant(high)} {plan.currency}".rstrip() + "."


def judge_sentence(report: AnswersReport) -> str:
    """Which model judged, when, and what it took."""
    if report.judge is None:
        return "No model has judged these answers."
    usage, settings = report.usage, report.judge
    if _silent(usage):
        return f"{settings.model} was asked to judge and gave no answer; questions given up: {count(usage.failures)}."
    when = f" on {report.judged_at:%Y-%m-%d}" if report.judged_at else ""
    parts = [f"{count(usage.calls)} calls", f"{count(usage.cached)} replies that were kept"]
    if usage.failures:
        parts.append(f"{count(usage.failures)} questions given up")
    if usage.input_tokens is not None and usage.output_tokens is not None:
        parts.append(f"{count(usage.input_tokens)} tokens in and {count(usage.output_tokens)} out")
    if usage.cost is not None:
        parts.append(f"{significant(usage.cost)} {settings.currency}".rstrip())
    stopped = " Stopped before all answers were judged; judge again to go on from there." if report.stopped else ""
    return f"Judged by {settings.model}{when}: {', '.join(parts)}.{stopped}"


def answers_summary(report: AnswersReport) -> str:
    """The text of `workbench evaluate`."""
    lines = [answers_opening(report), "", _rows_words(report), *_judge_words(report), ""]
    lines += [target_words(target) for target in report.targets]
    lines += ["", *(_metric_words(summary) for summary in report.metrics)]
    for summary in report.metrics:
        lines += [f"  {summary.metric}: {reason} in {count(rows)} rows" for reason, rows in summary.reasons.items()]
    if report.worst:
        lines += ["", f"read first: {', '.join(report.worst[:10])}"]
    return "\n".join([*lines, *([""] if report.notes else []), *report.notes]).strip()


def _brief(target: Target) -> str:
    name, level = target.metric.replace("_", " "), significant(target.level)
    whose = "" if target.set_by == "production" else "the client's "
    return f"{name} {number(target.value)}, {whose}target {level} {VERDICTS[target.verdict]}"


def _rows_words(report: AnswersReport) -> str:
    where = "evaluation files" if report.origin == "evals" else "the query log"
    if report.rows == report.available:
        return f"{count(report.rows)} rows of {where}"
    return f"{count(report.rows)} of {count(report.available)} rows of {where}, drawn at random"


def _judge_words(report: AnswersReport) -> list[str]:
    if report.judge is None:
        return ["judge: none; metrics that need a model are not measured"]
    usage = report.usage
    if _silent(usage):
        return [f"judge: {report.judge.model}; it gave no answer; questions given up: {count(usage.failures)}"]
    cost = "" if usage.cost is None else f", {significant(usage.cost)} {report.judge.currency}".rstrip()
    lines = [
        f"judge: {report.judge.model}; {count(usage.calls)} calls, {count(usage.cached)} kept replies, "
        f"{count(usage.failures)} given up{cost}"
    ]
    return [
        *lines,
        *(["stopped before all rows were judged; the same command goes on from here"] if report.stopped else []),
    ]


def _silent(usage: JudgeUsage) -> bool:
    """Whether a judge was asked and never answered."""
    return usage.failures > 0 and not usage.calls and not usage.cached


def _metric_words(summary: MetricSummary) -> str:
    counts = f"{counts_words(summary)}, {count(summary.skipped)} skipped"
    return (
        f"{summary.title} ({KINDS[summary.kind]}): {measured(summary.value)}; {counts}{_embedding(summary.embedding)}"
    )


def _embedding(name: str) -> str:
    return f"; vectors of {name}" if name else ""


def _range(bounds: Sequence[int]) -> str:
    return f"{count(bounds[0])} to {count(bounds[1])}"
