"""One case's answers scored from end to end: rows taken, measured without a judge and kept, then judged and kept.

Which report is shown stands in `workbench.scoring.kept`; every number comes from `workbench.answers`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from workbench import store
from workbench.answers.judge import ReplyCache
from workbench.answers.own_metrics import Own, read_own_metrics
from workbench.answers.ragas_metrics import JUDGED
from workbench.answers.report import SEED, SUPPORT, Judged, Unjudged, answers_report, judgement_of, sample_of, unjudged
from workbench.answers.rows import rows_of
from workbench.case import Case, check_out, open_case
from workbench.compute import Progress, scaled
from workbench.errors import CancelledError, CaseError, MissingPartError
from workbench.ingest.evals.material import read_evals
from workbench.ingest.logs.masking import case_key
from workbench.ingest.logs.reading import read_logs
from workbench.numbers import count
from workbench.records import AnswerRow, AnswerRows, AnswersReport, CaseInputs, JudgePlan, JudgeSettings, Origin
from workbench.retrieval.embeddings import encode_cached
from workbench.retrieval.encoder import load_encoder
from workbench.retrieval.protocols import Encoder, Vectors
from workbench.scoring.asking import Asked, Confirm, judged, planned
from workbench.scoring.kept import (
    WITH_JUDGE,
    answers_folder,
    keep_judged,
    keep_unjudged,
    kept_report,
    kept_taken,
    of_the_same_rows,
    says_something,
)
from workbench.session import EMBEDDINGS

log = logging.getLogger(__name__)

OUT_FILE = "answers.json"
MOST_ROWS = 1_000
"""Rows taken where no limit is set; a sample of these narrows an interval enough, and a log may hold a million."""
READ, MEASURED = 0.15, 0.98
"""Shares at which the rows are read, and at which what needs no judge is measured."""
BEFORE_JUDGE = 0.05
"""Share of the progress at which a judge is asked: nearly all of the time is its, and the bar says how many scores there are."""
EARLIER_SHOWN = "done; the earlier report of a judge is still the one shown"
"""What the job's last message says where its own report does not take the place of that one."""

_ReportOf = Callable[[Judged | None], AnswersReport]


@dataclass(frozen=True, slots=True)
class _Taken:
    """All rows of an origin, and those that are scored."""

    all: AnswerRows
    rows: tuple[AnswerRow, ...]


def evaluate(
    case: Case | Path | str,
    *,
    judge: JudgeSettings | None = None,
    metrics: Sequence[str] | None = None,
    origin: Origin | None = None,
    limit: int | None = None,
    own: Mapping[str, Own] | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
    confirm: Confirm | None = None,
) -> AnswersReport:
    """Score a case's answers, keep the report for the pages, and write `answers.json` to `out`.

    Without a judge only what needs none is measured. A stopped run keeps what it judged; the same call goes on from there.

    Two reports are kept for the client's files as they are. That without a judge is kept before a judge is asked anything, so
    that whatever ends the judging leaves it. The judged one is shown wherever there is one: a later judged run takes its place
    where it holds at least as many scores of a judge, or came to its end with hardly any failure; a run without a judge renews
    in it what needs none, where it took the same rows, and else leaves it as it is.

    Args:
        case: an opened case or its folder.
        judge: the model that judges; its key comes from the environment or the keyring.
        metrics: which of `JUDGED` are judged; None for all.
        origin: where answers are taken from; None takes evaluation files where they hold answers, else the log.
        limit: rows taken at most, a random sample that is the same every time; None for 1,000.
        own: the client's own metrics as functions, by name.
        out: where files are written, before a judge is asked and again after; None writes none.
        progress: called with the share done and what is being done.
        confirm: told what judging would take before it begins; False ends the call.

    Returns:
        The report of this call, also where an earlier judged one stays the one that is shown.

    Raises:
        CaseError: no answers to score, or `out` cannot be written to. InputError: settings, targets or own metrics that cannot
            be used. CancelledError: not confirmed, or cancelled before the judge was asked. ValueError: an unknown metric.
    """
    opened = case if isinstance(case, Case) else open_case(case)
    chosen, most = _chosen(metrics), _most(limit)
    check_out(opened, out)
    # Before anything is read: a file that changes meanwhile must not pass for one that was read.
    folder = answers_folder(opened)
    client = read_own_metrics(opened.root)
    first = scaled(progress, 0.0, BEFORE_JUDGE if judge else 1.0)
    taken = _take(opened, origin, most, scaled(first, 0.0, READ))
    tell = _Onward(scaled(first, READ, MEASURED))
    tell(0.0, "loading the encoder")
    encoder = _encoder(opened)
    without = unjudged(taken.rows, _keeping(encoder, opened, tell.again), client, own, progress=tell)
    tell(1.0, "putting the report together")

    def report_of(said: Judged | None) -> AnswersReport:
        return _report(opened, taken, without, said, encoder)

    report = report_of(None)
    keep_unjudged(folder, report, taken.rows, taken.all.available)
    _write_out(out, report)
    shown = _renewed(folder, report, report_of)
    if judge:
        quiet = _keeping(encoder, opened, None)
        cache = ReplyCache.of(opened.derived)
        asked = Asked(judge, chosen, cache, quiet, confirm, scaled(progress, BEFORE_JUDGE, MEASURED))
        report = report_of(_with_earlier(folder, report, judged(taken.rows, asked), chosen))
        shown = keep_judged(folder, report)
        _write_out(out, report)
    if not report.stopped:
        _end(scaled(progress, MEASURED, 1.0), shown)
    return report


def scoring_plan(
    case: Case,
    settings: JudgeSettings,
    limit: int | None = None,
    metrics: Sequence[str] | None = None,
    origin: Origin | None = None,
    *,
    progress: Progress | None = None,
) -> JudgePlan:
    """What judging a case would take, with what earlier runs kept; nothing is asked.

    Rows that `evaluate` took before of the same files are not read again. It may be called from any thread.

    Raises:
        CaseError: no answers to score. InputError: settings that cannot be used. ValueError: an unknown metric.
        CancelledError: stopped.
    """
    chosen, most = _chosen(metrics), _most(limit)
    rows = kept_taken(answers_folder(case), origin, most)
    if rows is None:
        rows = _take(case, origin, most, scaled(progress, 0.0, 0.5)).rows
    embeds = _encoder(case) is not None
    return planned(
        rows, chosen, settings, ReplyCache.of(case.derived), embeds=embeds, progress=scaled(progress, 0.5, 1.0)
    )


def _write_out(out: Path | None, report: AnswersReport) -> None:
    if out:
        store.write_text(out / OUT_FILE, store.to_json(report, "answers"))


def _end(progress: Progress, shown: bool) -> None:
    with suppress(CancelledError):  # everything is kept: there is nothing left to be cancelled
        progress(1.0, "done" if shown else EARLIER_SHOWN)


def _chosen(metrics: Sequence[str] | None) -> tuple[str, ...]:
    chosen = tuple(JUDGED) if metrics is None else tuple(dict.fromkeys(metrics))
    if unknown := [name for name in chosen if name not in JUDGED]:
        raise ValueError(f"unknown metric '{unknown[0]}'; a judge can score {', '.join(JUDGED)}")
    return chosen


def _most(limit: int | None) -> int:
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}, expected 1 or more")
    return limit or MOST_ROWS


def _take(case: Case, origin: Origin | None, most: int, progress: Progress) -> _Taken:
    """The rows; of the case only what they are made of is read, for a corpus may be large."""
    inputs = CaseInputs(
        root=str(case.root),
        name=case.name,
        log=read_logs(case.root, derived=case.derived, progress=progress),
        evals=read_evals(case.root, key=case_key(case.derived)),
    )
    rows = rows_of(inputs, origin)
    if not any((row.answer or "").strip() for row in rows.rows):
        raise CaseError(_nothing(case, rows.available, origin))
    progress(1.0, "taking a sample of the answers")
    return _Taken(rows, sample_of(rows.rows, most, np.random.default_rng(SEED)))


def _nothing(case: Case, available: Mapping[str, int], origin: Origin | None) -> str:
    elsewhere = [f"{name} holds {count(number)}" for name, number in available.items() if number]
    if origin and elsewhere:
        return f"{case.name}: no answers to score in {origin}, but {' and '.join(elsewhere)}; choose it with --rows"
    return f"{case.name}: no answers to score; put a query log with answers into logs/, or results with answers into evals/"


def _report(
    case: Case, taken: _Taken, without: Unjudged, said: Judged | None, encoder: Encoder | None
) -> AnswersReport:
    name = encoder.name if encoder else ""
    return answers_report(case.name, taken.all, taken.rows, without, said, case_targets=case.targets, embedding=name)


def _renewed(folder: Path, report: AnswersReport, report_of: _ReportOf) -> bool:
    """Put what was measured without a judge into the judged report of the same rows; whether what was measured is shown."""
    earlier = kept_report(folder, WITH_JUDGE)
    if earlier is None or not says_something(earlier):
        return True
    # Else what the judge's metrics rest on would stand under the name of another encoder.
    same_encoder = _embeddings(earlier) == _embeddings(report)
    if not of_the_same_rows(earlier, report) or not same_encoder:
        return False
    renewed = report_of(judgement_of(earlier))
    # What another process judged meanwhile stays.
    return kept_report(folder, WITH_JUDGE) != earlier or keep_judged(folder, renewed)


def _with_earlier(folder: Path, report: AnswersReport, said: Judged, chosen: Sequence[str]) -> Judged:
    """What a judge said, with what it said of the same rows before by metrics that were not asked for now."""
    earlier = kept_report(folder, WITH_JUDGE)
    if earlier is None or earlier.judge != said.settings or not of_the_same_rows(earlier, report):
        return said
    if _embeddings(earlier) != _embeddings(report):
        return said
    others = [one for one in earlier.scores if one.metric in JUDGED and one.metric not in chosen]
    return replace(said, scores=(*said.scores, *others))


def _embeddings(report: AnswersReport) -> set[str]:
    return {each.embedding for each in report.metrics if each.metric == SUPPORT}


def _encoder(case: Case) -> Encoder | None:
    try:
        return load_encoder(None)
    except MissingPartError as error:
        log.warning("%s: %s", case.name, error)
        return None


def _keeping(encoder: Encoder | None, case: Case, progress: Progress | None) -> Encoder | None:
    """The encoder, with what it encodes kept in the case; progress is told between blocks of texts."""
    return _Keeping(encoder, case.derived / EMBEDDINGS, progress) if encoder else None


class _Keeping:
    """An encoder that keeps what it encodes, under its own name."""

    def __init__(self, encoder: Encoder, folder: Path, progress: Progress | None) -> None:
        self.name, self.fingerprint, self.dimension = encoder.name, encoder.fingerprint, encoder.dimension
        self._encoder, self._folder, self._progress = encoder, folder, progress

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `encode_cached`."""
        return encode_cached(texts, self._encoder, self._folder, what="answers and contexts", progress=self._progress)


class _Onward:
    """Progress that steps within a step do not throw back: they say again what was said, and hear whether to stop."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._said = progress, (0.0, "")

    def __call__(self, share: float, message: str) -> None:
        self._said = share, message
        self._progress(share, message)

    def again(self, _share: float, _message: str) -> None:
        self._progress(*self._said)
