"""Reports of a case's answers and the rows behind them, kept for the pages: which one is shown, and which gives way.

Two reports of the same client files are kept: the last without a judge, and the best with one. The judged one is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench import store
from workbench.answers.ragas_metrics import JUDGED
from workbench.case import Case
from workbench.records import AnswerRow, AnswersReport, MetricStatus, Origin
from workbench.session import results_folder

ANSWERS = "answers"
"""Folder of these files among the results for the client's files as they are now."""
WITH_JUDGE, WITHOUT_JUDGE = "judged.json", "unjudged.json"
ANSWERS_VERSION = "2"
"""Raise it when stored reports of an older release must not be shown."""
MAY_FAIL = 0.1
"""Share of scores the judge may have failed to give in a report that takes the place of one with more of them."""

_ROWS_NAME = re.compile(r"rows-(?:evals|log)-(\d+)-of-(\d+)\.json")


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    report: AnswersReport


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows as they were taken; `available` tells how many each origin has."""

    version: str
    rows: tuple[AnswerRow, ...]
    available: Mapping[str, int] = field(default_factory=dict)


def stored_answers(case: Case) -> AnswersReport | None:
    """The report of the client's files as they are now: the judged one where a judge said something, else that without a judge.

    A judged report without a score is shown only beside its own rows: it says why. None when there is none, or it is damaged or
    older.
    """
    folder = answers_folder(case)
    with_judge, without = kept_report(folder, WITH_JUDGE), kept_report(folder, WITHOUT_JUDGE)
    if with_judge is None or without is None:
        return with_judge or without
    return with_judge if says_something(with_judge) or of_the_same_rows(with_judge, without) else without


def shows(case: Case, report: AnswersReport) -> bool:
    """Whether the report that is shown says what this one says, alone or beside what a judge said before."""
    shown = stored_answers(case)
    return shown is not None and all(summary in shown.metrics for summary in report.metrics)


def stored_rows(case: Case, report: AnswersReport | None = None) -> tuple[AnswerRow, ...]:
    """The rows behind a report of `stored_answers`, those to read first at the front; empty where there are none.

    Args:
        case: the case.
        report: the report; None reads the stored one.
    """
    report = report or stored_answers(case)
    kept = _rows(answers_folder(case) / _rows_name(report.origin, report.rows, report.available)) if report else None
    if report is None or kept is None:
        return ()
    places = {row_id: place for place, row_id in enumerate(report.worst)}
    return tuple(sorted(kept.rows, key=lambda row: places.get(row.row_id, len(places))))


def answers_folder(case: Case) -> Path:
    """Where reports and rows for the client's files as they are now belong."""
    return results_folder(case) / ANSWERS


def kept_report(folder: Path, name: str) -> AnswersReport | None:
    """One of the two reports; None when it is not there, or is damaged or older."""
    kept = store.kept(folder / name, _Kept)
    return kept.report if kept and kept.version == ANSWERS_VERSION else None


def kept_taken(folder: Path, origin: Origin | None, limit: int) -> tuple[AnswerRow, ...] | None:
    """The rows an earlier run took of these files with this origin and limit; None where none did.

    Reading them takes a moment, where reading a long log anew takes many seconds.
    """
    for wanted in [origin] if origin else ["evals", "log"]:
        for path, rows, available in _rows_files(folder, wanted):
            kept = _rows(path) if rows == min(limit, available) else None
            # Without an origin the log is taken only where the evaluation files hold no answers.
            if kept and (origin or wanted == "evals" or not kept.available.get("evals")):
                return kept.rows
    return None


def keep_unjudged(
    folder: Path, report: AnswersReport, taken: tuple[AnswerRow, ...], available: Mapping[str, int]
) -> None:
    """Keep what was measured without a judge, and the rows; a judged report stays as it is."""
    rows = _Rows(ANSWERS_VERSION, taken, dict(available))
    # The rows first: a report that is there has its rows. Of the same client files they are the same every time.
    name = _rows_name(report.origin, report.rows, report.available)
    store.write_text(folder / name, store.to_json(rows, "answer-rows"))
    _write(folder / WITHOUT_JUDGE, report)


def keep_judged(folder: Path, report: AnswersReport) -> bool:
    """Keep what a judge said, unless `gives_way` says that the judged report there is the better one; whether it was kept."""
    earlier = kept_report(folder, WITH_JUDGE)
    if earlier is not None and not gives_way(earlier, report):
        return False
    _write(folder / WITH_JUDGE, report)
    return True


def gives_way(earlier: AnswersReport, later: AnswersReport) -> bool:
    """Whether a judged report gives way to a later one.

    It does to one with at least as many scores of a judge, and to one of another judge, or after one that was stopped, that came
    to its end with hardly any failure. It does not to a smaller sample by the same judge, nor to one that was stopped, or whose
    endpoint was down, with fewer scores: what a judge said stays until there is something better.
    """
    scored = _judged(later, "ok")
    if scored >= _judged(earlier, "ok"):
        return True
    failed = _judged(later, "failed")
    whole = scored > 0 and not later.stopped and failed <= MAY_FAIL * (scored + failed)
    return whole and (earlier.stopped or earlier.judge != later.judge)


def says_something(report: AnswersReport) -> bool:
    """Whether a report holds a score of a judge."""
    return _judged(report, "ok") > 0


def of_the_same_rows(one: AnswersReport, other: AnswersReport) -> bool:
    """Whether two reports of the same client files are of the same rows: a sample of as many of them is the same."""
    return (one.origin, one.rows, one.available) == (other.origin, other.rows, other.available)


def _judged(report: AnswersReport, status: MetricStatus) -> int:
    return sum(score.metric in JUDGED and score.status == status for score in report.scores)


def _rows_name(origin: str, rows: int, available: int) -> str:
    return f"rows-{origin}-{rows}-of-{available}.json"


def _rows_files(folder: Path, origin: str) -> Iterator[tuple[Path, int, int]]:
    for path in sorted(folder.glob(f"rows-{origin}-*.json")):
        if match := _ROWS_NAME.fullmatch(path.name):
            yield path, int(match[1]), int(match[2])


def _rows(path: Path) -> _Rows | None:
    kept = store.kept(path, _Rows)
    return kept if kept and kept.version == ANSWERS_VERSION else None


def _write(path: Path, report: AnswersReport) -> None:
    store.write_text(path, store.to_json(_Kept(ANSWERS_VERSION, report), "kept-answers"))
