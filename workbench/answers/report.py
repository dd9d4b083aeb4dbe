"""Puts one report together from rows and scores: what needs no judge is computed here, targets are decided, rows are ordered.

It asks no model; scores of a judge are handed in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from workbench.answers.abstention import is_abstention
from workbench.answers.labels import depths, id_scores
from workbench.answers.own_metrics import Own, OwnMetric, own_scores
from workbench.answers.pieces import pieces
from workbench.answers.similarity import semantic_similarity
from workbench.answers.summaries import JUDGED_ABOUT, About, summarise
from workbench.answers.support import support, why_none
from workbench.answers.targets import targets
from workbench.compute import Progress, scaled
from workbench.records import (
    AnswerRow,
    AnswerRows,
    AnswersReport,
    JudgeSettings,
    JudgeUsage,
    MetricScore,
    RowSupport,
)
from workbench.retrieval.protocols import Encoder

SEED = 20_260
WORST = 50
"""Rows named as those to read first."""
SUPPORT = "support"

COMPUTED_ABOUT: Mapping[str, About] = {
    "semantic_similarity": About(
        "similarity to the reference",
        "computed",
        "Cosine of answer and reference answer; two answers that contradict each other can be near.",
        embedded=True,
    ),
    "id_recall": About(
        "recall of documents", "computed", "Share of the documents that hold the reference which were retrieved."
    ),
    "id_average_precision": About(
        "average precision of documents",
        "computed",
        "Average precision of the retrieved ids; not RAGAS' context precision.",
    ),
    "id_success": About(
        "any right document", "computed", "Share of answers for which at least one right document was retrieved."
    ),
    SUPPORT: About(
        "support proxy",
        "proxy",
        "How much of the answer's sentences is found in the contexts, by words and vectors; a triage list, not faithfulness.",
        embedded=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Unjudged:
    """What was measured without a judge."""

    scores: tuple[MetricScore, ...]
    support: tuple[RowSupport, ...]
    about: Mapping[str, About]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge said; `settings` carry no key."""

    settings: JudgeSettings
    at: datetime
    scores: tuple[MetricScore, ...]
    usage: JudgeUsage
    stopped: bool = False
    notes: tuple[str, ...] = ()


def sample_of(rows: Sequence[AnswerRow], limit: int | None, rng: np.random.Generator) -> tuple[AnswerRow, ...]:
    """At most `limit` rows drawn at random, in random order: a run that is stopped has then judged a random sample."""
    order = rng.permutation(len(rows)).tolist()
    return tuple(rows[place] for place in (order if limit is None else order[:limit]))


def unjudged(
    rows: Sequence[AnswerRow],
    encoder: Encoder | None,
    metrics: Sequence[OwnMetric] = (),
    own: Mapping[str, Own] | None = None,
    *,
    progress: Progress | None = None,
) -> Unjudged:
    """Everything that can be measured without a judge.

    Args:
        rows: those taken.
        encoder: for similarity and the proxy; None leaves the first out and rests the second on words alone.
        metrics: the client's own, of `evals/metrics.toml`.
        own: the client's own, as functions.
        progress: told some times a second; what it raises ends the work.

    Raises:
        InputError: a function has the name of another metric.
    """
    encode = encoder.encode if encoder else None
    client = _client_scores(rows, metrics, own, scaled(progress, 0.0, 0.1))
    told = pieces(rows, scaled(progress, 0.1, 0.3), "comparing answers with references")
    similar = [score for piece in told for score in semantic_similarity(piece, encode)]
    found = support(rows, encode, progress=scaled(progress, 0.3, 1.0))
    values = {each.row_id: each.support for each in found}
    proxy = tuple(
        MetricScore(row.row_id, SUPPORT, "ok", values[row.row_id])
        if row.row_id in values
        else MetricScore(row.row_id, SUPPORT, "skipped", reason=why_none(row))
        for row in rows
    )
    about = {
        name: About(name, "client", "The client's own metric.")
        for name in dict.fromkeys(each.metric for each in client)
    }
    k = depths(rows)
    notes = (_depth_note(*k),) if k else ()
    scores = (*id_scores(rows), *similar, *proxy, *client)
    return Unjudged(scores, found, {**COMPUTED_ABOUT, **about}, notes)


def _client_scores(
    rows: Sequence[AnswerRow], metrics: Sequence[OwnMetric], own: Mapping[str, Own] | None, progress: Progress
) -> list[MetricScore]:
    """The client's own metrics, metric by metric; a pattern may take a second on a row, so few rows go together then."""
    found = list(own_scores((), metrics, own))  # names that clash are told where there is no row, too
    if metrics or own:
        told = pieces(rows, progress, "computing the client's own metrics")
        found += [score for piece in told for score in own_scores(piece, metrics, own)]
    places = {name: place for place, name in enumerate(dict.fromkeys(score.metric for score in found))}
    return sorted(found, key=lambda score: places[score.metric])


def judgement_of(report: AnswersReport) -> Judged | None:
    """What a judge said in a report, to be put beside what is measured anew; None where none was asked.

    Its notes are all notes of the report: `answers_report` tells none twice.
    """
    if report.judge is None or report.judged_at is None:
        return None
    scores = tuple(score for score in report.scores if score.metric in JUDGED_ABOUT)
    return Judged(report.judge, report.judged_at, scores, report.usage, report.stopped, report.notes)


def answers_report(
    case: str,
    rows: AnswerRows,
    taken: Sequence[AnswerRow],
    without: Unjudged,
    judged: Judged | None,
    *,
    case_targets: Mapping[str, float],
    embedding: str,
) -> AnswersReport:
    """The report of one case.

    Args:
        case: name of the case.
        rows: all rows there were.
        taken: those that were measured.
        without: what needed no judge.
        judged: what a judge said; None where none was asked.
        case_targets: levels of `case.toml`.
        embedding: name of the encoder; "" for none.

    Raises:
        InputError: a level of the case outside 0 to 1.
    """
    scores = (*(judged.scores if judged else ()), *without.scores)
    about = {**without.about, **JUDGED_ABOUT}
    summaries = summarise(scores, np.random.default_rng(SEED), about=about, embedding=embedding)
    return AnswersReport(
        case=case,
        origin=rows.origin,
        rows=len(taken),
        available=len(rows.rows),
        metrics=summaries,
        targets=targets(summaries, case_targets),
        scores=scores,
        support=without.support,
        worst=worst_rows(
            scores,
            disliked={row.row_id for row in taken if (row.feedback or 0) < 0},
            declined={row.row_id for row in taken if is_abstention(row.answer or "")},
        ),
        judge=judged.settings if judged else None,
        judged_at=judged.at if judged else None,
        usage=judged.usage if judged else JudgeUsage(),
        stopped=judged.stopped if judged else False,
        notes=tuple(dict.fromkeys((*rows.notes, *without.notes, *(judged.notes if judged else ())))),
    )


def _depth_note(fewest: int, most: int) -> str:
    """How many retrieved contexts the metrics of ids rest on.

    >>> _depth_note(5, 5)
    'Ids are ranked over 5 retrieved contexts a row, as many as were logged.'
    """
    depth = str(most) if fewest == most else f"{fewest} to {most}"
    return f"Ids are ranked over {depth} retrieved contexts a row, as many as were logged."


def worst_rows(
    scores: Sequence[MetricScore], *, disliked: Collection[str] = (), declined: Collection[str] = ()
) -> tuple[str, ...]:
    """Rows to read first: by the lowest value a judge gave, then by the support proxy alone; perfect ones are left out.

    Answer relevancy does not count for answers that decline: it is 0 for them by definition, whether they were right to or not.
    Among those no judge looked at, answers that users disliked come first: small talk is found in no context either.

    Args:
        scores: of all rows.
        disliked: ids of answers that users disliked.
        declined: ids of answers that decline.
    """
    looked_at: set[str] = set()
    judged: dict[str, float] = {}
    proxy: dict[str, float] = {}
    for score in scores:
        if score.metric in JUDGED_ABOUT and score.value is not None:
            looked_at.add(score.row_id)
        if score.value is None or score.value >= 1:
            continue
        if score.metric == "answer_relevancy" and score.row_id in declined:
            continue
        if score.metric in JUDGED_ABOUT:
            judged[score.row_id] = min(score.value, judged.get(score.row_id, 1.0))
        elif score.metric == SUPPORT:
            proxy[score.row_id] = score.value
    # Ties by the proxy, then by id, so that the order does not depend on that of the rows.
    first = sorted(judged, key=lambda row_id: (judged[row_id], proxy.get(row_id, 1.0), row_id))
    then = sorted(proxy.keys() - looked_at, key=lambda row_id: (row_id not in disliked, proxy[row_id], row_id))
    return tuple([*first, *then][:WORST])
