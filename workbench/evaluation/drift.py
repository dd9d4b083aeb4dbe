"""Whether the questions changed: the eval set against the traffic, early against late traffic, and week by week (E-19).

It says that questions differ and by which words; whether answers got worse for it is for the runs to say.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from workbench.evaluation.eval_set import EVAL_FILE
from workbench.evaluation.two_sample import Question, Separation, tell_apart, telling_words
from workbench.numbers import significant
from workbench.observing import Signal, counted, first_sources, in_utc, unknown
from workbench.records import CaseInputs, Drift, Estimate, Interaction, Observation, Source, WeekOfQuestions

SET_AGAINST_TRAFFIC = "set_against_traffic"
EARLY_AGAINST_LATE = "early_against_late"

ALPHA = 0.05
TELLING = 0.55
"""AUC above which two sets count as different; less is no difference that matters, however sure it is (so does evidently)."""
SHORTEST_LOG = timedelta(days=14)
"""Below it, early and late are times of the day or days of the week."""
SEED = 0

FIRST_WEEKS = 2
FIRST_QUESTIONS = 100
"""Weeks at least, and questions at least, that later weeks are held against."""
MOST_FIRST = 400
MOST_A_WEEK = 400
"""Questions of each side that are looked at for one week."""
MOST_WEEKS = 53
"""Later weeks that are measured; of a longer log the newest."""
MOST_LINES = 20_000
"""Log lines looked at: whole days and sessions lie together, so a longer log is thinned by session."""


def drifts(inputs: CaseInputs) -> tuple[Drift, ...]:
    """The eval set against the traffic, and the first half of the log against the second.

    Returns:
        Always both; what cannot be measured says why. Drifted means p at most 5 % and an AUC above 0.55.
    """
    return _set_against_traffic(inputs), _early_against_late(inputs)


def weeks(inputs: CaseInputs) -> tuple[WeekOfQuestions, ...]:
    """How well the questions of each week are told from those of the first weeks; weeks begin on Monday, in UTC.

    The first weeks themselves, at least two and with 100 questions, are not measured, nor are weeks with fewer than 20 different
    questions. Of a log of more than 53 later weeks the newest 53 are measured. Empty for a log without times.
    """
    by_week: dict[date, list[Interaction]] = {}
    for line in sorted(_dated(inputs), key=_moment):
        day = _moment(line).date()
        by_week.setdefault(day - timedelta(days=day.weekday()), []).append(line)
    counts = np.cumsum([len(lines) for lines in by_week.values()])
    first = max(FIRST_WEEKS, int(np.searchsorted(counts, FIRST_QUESTIONS)) + 1)
    starts = list(by_week)
    reference = [_question(line, current=False) for start in starts[:first] for line in by_week[start]]
    measured = starts[first:][-MOST_WEEKS:]
    return tuple(
        WeekOfQuestions(
            datetime.combine(start, time.min, UTC),
            len(by_week[start]),
            _week(reference, by_week[start])
            if start in measured
            else Estimate.not_measured(_why_not(start, starts[:first])),
        )
        for start in starts
    )


def _why_not(start: date, first: Sequence[date]) -> str:
    return "one of the first weeks, which later ones are held against" if start in first else "too long ago"


def _week(reference: Sequence[Question], lines: Sequence[Interaction]) -> Estimate:
    later = [_question(line, current=True) for line in lines]
    return tell_apart([*reference, *later], np.random.default_rng(SEED), test=False, most=MOST_A_WEEK).auc


def _set_against_traffic(inputs: CaseInputs) -> Drift:
    logged = _thinned([line for line in inputs.log.interactions if line.query.strip()])
    traced = {line.interaction_id: _unit(line) for line in logged}
    items = [item for item in inputs.evals.items if item.question.strip()]
    # An item made from a logged question stays with it: the classifier must not learn the one from the other.
    of_set = [
        Question(item.question, traced.get(item.source_trace_id or "", ("item", item.item_id)), False) for item in items
    ]
    of_log = [_question(line, current=True) for line in logged]
    reason = "no evaluation set was handed over" if not of_set else "no log was handed over" if not of_log else None
    return _drift(SET_AGAINST_TRAFFIC, ("evaluation questions", "logged questions"), [*of_set, *of_log], reason)


def _early_against_late(inputs: CaseInputs) -> Drift:
    lines = sorted(_thinned(_dated(inputs)), key=_moment)
    if not lines:
        return _drift(
            EARLY_AGAINST_LATE, ("earlier questions", "later questions"), [], "no log with times was handed over"
        )
    span = _moment(lines[-1]) - _moment(lines[0])
    if span < SHORTEST_LOG:
        reason = f"the log covers {counted(max(1, span.days), 'day')}; {SHORTEST_LOG.days} are needed"
        return _drift(EARLY_AGAINST_LATE, ("earlier questions", "later questions"), [], reason)
    cut = cut_of(lines)
    begun = _begun(lines)
    questions = [Question(line.query, _unit(line), begun[_unit(line)] >= cut) for line in lines]
    names = (f"questions up to {cut.date()}", f"questions from {cut.date()}")
    return _drift(EARLY_AGAINST_LATE, names, questions, None)


def cut_of(lines: Sequence[Interaction]) -> datetime:
    """When half of the questions have been asked.

    Args:
        lines: with times, oldest first, at least one.
    """
    return _moment(lines[len(lines) // 2])


def _drift(key: str, names: tuple[str, str], questions: Sequence[Question], reason: str | None) -> Drift:
    later = sum(one.current for one in questions)
    found = (
        Separation(Estimate.not_measured(reason, len(questions)), None)
        if reason
        else tell_apart(questions, np.random.default_rng(SEED))
    )
    drifted = _drifted(found)
    words = telling_words(questions, *names) if drifted else ()
    return Drift(key, *names, len(questions) - later, later, found.auc, found.p_value, drifted, words)


def _drifted(found: Separation) -> bool | None:
    if found.auc.value is None or found.p_value is None:
        return None
    return found.p_value <= ALPHA and found.auc.value > TELLING


def _dated(inputs: CaseInputs) -> list[Interaction]:
    return [line for line in inputs.log.interactions if line.at is not None and line.query.strip()]


def _moment(line: Interaction) -> datetime:
    return in_utc(line.at) if line.at is not None else datetime.max.replace(tzinfo=UTC)


def _unit(line: Interaction) -> Hashable:
    """The session of a line on its day: some systems never end one."""
    if line.session_id is None:
        return ("line", line.interaction_id, line.source)
    return ("session", line.session_id, None if line.at is None else _moment(line).date())


def _begun(lines: Sequence[Interaction]) -> dict[Hashable, datetime]:
    begun: dict[Hashable, datetime] = {}
    for line in lines:
        begun.setdefault(_unit(line), _moment(line))
    return begun


def _question(line: Interaction, *, current: bool) -> Question:
    return Question(line.query, _unit(line), current)


def _thinned(lines: Sequence[Interaction]) -> list[Interaction]:
    """All lines of every n-th session, so that at most about 20,000 are left."""
    step = -(-len(lines) // MOST_LINES)
    if step <= 1:
        return list(lines)
    order: dict[Hashable, int] = {}
    return [line for line in lines if order.setdefault(_unit(line), len(order)) % step == 0]


def changed_and_not_refreshed(inputs: CaseInputs) -> Observation:
    """E-19. Seen: late questions are told from early ones, and nothing shows that the set was refreshed since.

    Refreshed: an item was added, or made from a question logged, after half of the questions had been asked; or a commit touched
    an evaluation file. Quality 0.7 where nothing shows it: an alert may have been raised outside of the files handed over.
    """
    found = _early_against_late(inputs)
    if found.drifted is None:
        return unknown("E-19", f"Early and late questions cannot be compared: {found.auc.reason}.")
    lines = sorted(_thinned(_dated(inputs)), key=_moment)
    cut, n = cut_of(lines), found.auc.n
    told = f"AUC {significant(found.auc.value or 0.0)}, {counted(n, 'different question')}"
    if not found.drifted:
        finding = f"Questions from {cut.date()} on are not told from earlier ones ({told})."
        return Observation("E-19", "clean", finding, (lines[-1].source,), n=n, n_min=100, value=found.auc)
    words = ", ".join(f'"{word.word}"' for word in found.words[:3])
    changed = f"Questions from {cut.date()} on are told from earlier ones ({told}{f'; by {words}' if words else ''})"
    refreshed = _refreshed(inputs, cut)
    sources = first_sources([*refreshed[:1], lines[-1].source, lines[0].source])
    if refreshed:
        finding = f"{changed}, and the evaluation set was refreshed since."
        return Observation("E-19", "clean", finding, sources, n=n, n_min=100, value=found.auc)
    if not _would_show(inputs):
        return unknown("E-19", f"{changed}; whether the evaluation set was refreshed since is not known.", sources)
    finding = f"{changed}, and nothing shows that the evaluation set was refreshed since."
    return Observation("E-19", "seen", finding, sources, 0.7, n, 100, found.auc)


def _refreshed(inputs: CaseInputs, cut: datetime) -> list[Source]:
    """Where it shows that the set was refreshed after a moment."""
    late = {line.interaction_id for line in _dated(inputs) if _moment(line) >= cut}
    items = [
        item.source
        for item in inputs.evals.items
        if (item.added_on is not None and item.added_on > cut.date()) or item.source_trace_id in late
    ]
    commits = inputs.repository.commits if inputs.repository else ()
    touching = [
        Source(path, f"commit {commit.commit_id[:7]}")
        for commit in commits
        for _, path in commit.files
        if in_utc(commit.authored) >= cut and EVAL_FILE.search(path)
    ]
    return [*items, *touching]


def _would_show(inputs: CaseInputs) -> bool:
    """Whether a refresh would be seen: items carry dates or traces, or commits say what was changed."""
    items = any(item.added_on or item.source_trace_id for item in inputs.evals.items)
    return items or bool(inputs.repository and inputs.repository.commits)


SIGNALS: Mapping[str, Signal] = {"E-19": changed_and_not_refreshed}
