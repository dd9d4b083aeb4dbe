"""Whether the client's automatic judge was ever compared with people (E-14).

It computes agreement from tables of double-marked answers where there are any, and else looks for a stated figure.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from workbench.case import files_below
from workbench.evaluation.eval_runs import metric_names
from workbench.numbers import measured
from workbench.observing import Signal, first_sources, line_of, listed, read_case_text, seen_if, unknown
from workbench.records import CaseInputs, Estimate, Observation, Source

LEAST_KAPPA = 0.40
"""Below it agreement is called poor to fair at best (Landis & Koch 1977)."""

FEWEST_MARKED = 10
FULL_WEIGHT_MARKED = 50
MOST_LABELS = 6
RESAMPLES = 500
MOST_FILES = 200

JUDGED_METRIC = re.compile(
    r"faithful|relevan|correct|grounded|hallucin|coheren|helpful|g[-_ ]?eval|judge|context_(recall|precision)",
    re.IGNORECASE,
)
JUDGE_COLUMN = re.compile(r"judge|llm|auto", re.IGNORECASE)
HUMAN_COLUMN = re.compile(r"human|expert|annotator|person|people", re.IGNORECASE)
KAPPA = re.compile(r"kappa\b([^\n]{0,60}?)(-?[01]?\.\d+)", re.IGNORECASE)
DEMANDED = re.compile(r"at least|minimum|threshold|target|require|must|>=|≥|above|below", re.IGNORECASE)

Marks = tuple[list[str], list[str]]


def checked_judge(inputs: CaseInputs) -> Observation:
    """E-14. Seen: metrics that a model usually judges, and no comparison with people, or a kappa below 0.4.

    Quality 1.0 where kappa is computed from double-marked answers, 0.5 where a figure is only stated or nothing is found.
    """
    marked = next(_double_marked(inputs), None)
    if marked is not None:
        return _computed(*marked)
    judged = [name for name in metric_names(inputs) if JUDGED_METRIC.search(name)]
    if not judged:
        return unknown("E-14", "No recorded metric is known to be judged by a model.")
    stated = next(_stated_kappas(inputs), None)
    if stated is not None:
        return _stated(*stated, n=len(judged))
    finding = f"{listed(judged[:4]).capitalize()} are judged by a model; no comparison of it with people was found."
    runs = first_sources(run.source for run in reversed(inputs.evals.runs))
    return Observation("E-14", "seen", finding, runs, 0.5, len(judged))


def kappa_estimate(judge: Sequence[str], human: Sequence[str], rng: np.random.Generator) -> Estimate:
    """Cohen's kappa of two markings of the same answers, -1 to 1, with a bootstrap interval over answers.

    One label throughout gives no kappa: agreement by chance is then certain.

    Source: Cohen 1960, "A coefficient of agreement for nominal scales", Educ. Psychol. Meas. 20.
    """
    value = _kappa(np.asarray(judge), np.asarray(human))
    if value is None:
        return Estimate.not_measured("every answer got the same mark", n=len(judge))
    rows = rng.integers(0, len(judge), size=(RESAMPLES, len(judge)))
    draws = [_kappa(np.asarray(judge)[row], np.asarray(human)[row]) for row in rows]
    low, high = np.quantile([draw for draw in draws if draw is not None], [0.025, 0.975])
    return Estimate(value, float(low), float(high), len(judge), "bootstrap percentile")


def _kappa(judge: np.ndarray, human: np.ndarray) -> float | None:
    agreed = float((judge == human).mean())
    labels = np.union1d(judge, human)
    chance = float(sum((judge == label).mean() * (human == label).mean() for label in labels))
    return None if chance == 1 else (agreed - chance) / (1 - chance)


def _computed(marks: Marks, source: Source) -> Observation:
    kappa = kappa_estimate(*marks, np.random.default_rng(0))
    if kappa.value is None:
        return unknown("E-14", f"Judge and people cannot be compared: {kappa.reason}.", [source])
    finding = (
        f"Judge and people marked the same {kappa.n} answers: kappa {measured(kappa)}; {LEAST_KAPPA:.1f} is the least."
    )
    seen = seen_if(kappa.value < LEAST_KAPPA)
    return Observation("E-14", seen, finding, (source,), n=kappa.n, n_min=FULL_WEIGHT_MARKED, value=kappa)


def _stated(kappa: float, source: Source, *, n: int) -> Observation:
    fair = kappa >= LEAST_KAPPA
    words = "at or above" if fair else "below"
    finding = f"The judge is said to have been compared with people: kappa {kappa:.2f}, {words} {LEAST_KAPPA:.1f}."
    return Observation("E-14", seen_if(not fair), finding, (source,), 0.5, n)


def _double_marked(inputs: CaseInputs) -> Iterator[tuple[Marks, Source]]:
    for path, text in _files(inputs):
        if path.endswith(".csv"):
            rows = list(csv.DictReader(io.StringIO(text)))
            marks = _marks(rows)
            if marks is not None:
                yield marks, Source(path)


def _marks(rows: Sequence[Mapping[str, str | None]]) -> Marks | None:
    """The first judge and person columns that hold marks of one small set, for rows that have both."""
    names = [name for name in (rows[0] if rows else {}) if name]
    for judge in filter(JUDGE_COLUMN.search, names):
        for human in filter(HUMAN_COLUMN.search, names):
            pairs = [(row[judge], row[human]) for row in rows if row.get(judge) and row.get(human)]
            first, second = [str(a) for a, _ in pairs], [str(b) for _, b in pairs]
            shared = set(first) & set(second)
            if len(pairs) >= FEWEST_MARKED and shared and len({*first, *second}) <= MOST_LABELS:
                return first, second
    return None


def _stated_kappas(inputs: CaseInputs) -> Iterator[tuple[float, Source]]:
    texts = [*_files(inputs), *((paper.source.path, paper.text) for paper in inputs.artefacts)]
    for path, text in texts:
        for match in KAPPA.finditer(text):
            if not DEMANDED.search(match.group(1)):
                yield float(match.group(2)), Source(path, line_of(text, match.start()))


def _files(inputs: CaseInputs) -> Iterator[tuple[str, str]]:
    root = Path(inputs.root)
    files = [path.relative_to(root).as_posix() for path in files_below(root / "evals")]
    files += [
        path for path in (inputs.repository.files if inputs.repository else ()) if re.search("eval|judge|golden", path)
    ]
    for path in files[:MOST_FILES]:
        text = read_case_text(inputs.root, path)
        if text:
            yield path, text


SIGNALS: Mapping[str, Signal] = {"E-14": checked_judge}
