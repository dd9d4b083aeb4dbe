"""What the evaluation page says aloud: the sentence on top, and what to do next, worst first.

It puts sentences together from reports; nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.answers.summaries import JUDGED_ABOUT
from workbench.numbers import count, difference, is_share, percent
from workbench.observing import listed
from workbench.records import (
    AnswersReport,
    HarnessReport,
    Rubric,
    RubricItem,
    RubricSection,
    RunChange,
    RunHistory,
    Target,
)
from workbench.report.answers_text import target_name, telling
from workbench.report.harness_text import rubric_sentence, sample_size_sentence
from workbench.ui.evaluation.state import PASSED, metrics_of

SCORE_WORDS = {1.0: "automated", 0.5: "by hand", 0.0: "not there"}
NOT_LOOKED_AT = "not known"
NOTHING_SEEN = "Whether there is an evaluation harness cannot be seen in these files."
HAND_OVER = (
    "Hand over eval sets and runs (folder evals), the repository with its CI files (repo) and the query log (logs)."
)
MOST_STEPS = 5
METRIC_NAMES = {PASSED: "items passed"}


def opening(report: HarnessReport, answers: AnswersReport | None) -> str:
    """The sentence to read aloud: what the harness is worth, what it can see, and where the answers stand."""
    worth = rubric_sentence(report.rubric) if looked_at(report.rubric) else NOTHING_SEEN
    return " ".join([worth, sample_size_sentence(report.sample_size), answers_sentence(answers)])


def looked_at(rubric: Rubric) -> bool:
    """Whether at least one item of the rubric could be looked at; without one its band says nothing."""
    return any(item.score is not None for section in rubric.sections for item in section.items)


def answers_sentence(answers: AnswersReport | None) -> str:
    """Where the answers stand against the targets."""
    if answers is None:
        return "No answer has been scored yet."
    targets = telling(answers.targets)
    if all(target.verdict == "not_measured" for target in targets):
        looked = f"{count(answers.rows)} answers were looked at"
        return f"{looked}; {'no model has judged them' if answers.judge is None else 'the model judged none of them'}."
    told = [
        f"{listed(titles)} {words}" for verdict, words in _VERDICTS.items() if (titles := _titles(targets, verdict))
    ]
    return f"Of the answers' targets, {'; '.join(told)}."


def client_scores(history: RunHistory) -> str:
    """That the client's own runs hold metrics a judge gives here, and where they stand; "" where they hold none."""
    names = [metric for metric in metrics_of(history) if metric.lower().replace(" ", "_") in JUDGED_ABOUT]
    if not names:
        return ""
    told = listed([name.replace("_", " ") for name in names])
    return (
        f"The client's own runs hold {told}, measured by the client: they stand under Runs and decide no target here."
    )


_VERDICTS = {
    "missed": "missed",
    "met": "met",
    "undetermined": "cannot be decided yet",
    "not_measured": "not measured",
}


def _titles(targets: Sequence[Target], verdict: str) -> list[str]:
    return [target_name(target) for target in targets if target.verdict == verdict]


def score_word(score: float | None) -> str:
    """What a score of the rubric means: "automated", "by hand", "not there", "not known"."""
    return NOT_LOOKED_AT if score is None else SCORE_WORDS.get(score, f"{score:g}")


def metric_name(metric: str) -> str:
    """A metric as people read it."""
    return METRIC_NAMES.get(metric, metric)


def in_shares(metric: str) -> bool:
    """Whether values of a metric of the runs read as percent."""
    return metric == PASSED or is_share(metric)


def change_words(change: RunChange) -> str:
    """The size of a change with its interval, in the form of its metric."""
    return difference(change.difference, share=in_shares(change.metric))


def next_steps(report: HarnessReport) -> tuple[str, ...]:
    """What to do next, the most telling first, at most five sentences; empty where nothing is lacking."""
    if not looked_at(report.rubric):
        return (HAND_OVER,)
    steps = [*_shipped(report), *_lacking(report.rubric.sections), *_topics(report), *_drifted(report)]
    return tuple(dict.fromkeys(steps))[:MOST_STEPS]


def _shipped(report: HarnessReport) -> list[str]:
    found = [change for change in report.history.changes if change.shipped and change.verdict == "worse"]
    return [
        f"Have a drop stop a release: {metric_name(change.metric)} fell by {change_words(change).lstrip('−')} in"
        f" {change.after}, and {change.shipped} was released with it."
        for change in sorted(found, key=lambda change: change.difference.value or 0.0)[:1]
    ]


def _lacking(sections: Sequence[RubricSection]) -> list[str]:
    """The first thing each section lacks, the weakest section first, then what the weakest lacks besides."""
    lacks = [(section, _worst(section.items)) for section in sections]
    firsts = [(section, items[0]) for section, items in lacks if items]
    more = [(section, item) for section, items in lacks[:1] for item in items[1:3]]
    return [f"{_todo(item)} ({section.title.lower()})." for section, item in [*firsts[:2], *more, *firsts[2:]]]


def _worst(items: Sequence[RubricItem]) -> list[RubricItem]:
    lacking = [item for item in items if item.score is not None and item.score < 1]
    return sorted(lacking, key=lambda item: item.score or 0.0)


def _todo(item: RubricItem) -> str:
    verb = "Complete" if item.score else "Add"
    return f"{verb}: {item.text.rstrip('.')}"


def _topics(report: HarnessReport) -> list[str]:
    topic = next((topic for topic in report.coverage.topics if not topic.touched), None)
    if topic is None:
        return []
    share = percent(topic.share.value or 0.0, topic.share.n)
    return [f"Write items for “{topic.name}”: {share} of the questions people ask, and no item asks about it."]


def _drifted(report: HarnessReport) -> list[str]:
    return [
        f"Refresh the set: {drift.reference} and {drift.current} can be told apart."
        for drift in report.drift
        if drift.drifted
    ]
