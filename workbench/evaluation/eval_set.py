"""What the client's eval set is worth: existence, size, coverage, hard cases, duplicates, age (E-01, 02, 05, 06, 08, 09).

It judges the set, not the answers to it; how the runs were done is judged in `eval_runs` and `automation`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from workbench.evaluation.chunk_overlap import Copied, copied
from workbench.evaluation.ci_files import CI_FILE
from workbench.evaluation.coverage import FEWEST_QUERIES, TopicCoverage, coverage_of_traffic, enough
from workbench.evaluation.leakage import in_other_words
from workbench.evaluation.near_questions import repeated_wordings
from workbench.evaluation.population_stability import SHIFTED
from workbench.intervals import wilson
from workbench.numbers import percent, significant
from workbench.observing import (
    DocumentNames,
    Signal,
    counted,
    first_sources,
    in_utc,
    listed,
    of,
    seen_if,
    share_observation,
    unknown,
)
from workbench.records import CaseInputs, Estimate, EvalItem, Interaction, Observation, Source

FEWEST_REFERENCES = 50
UNCOVERED_LIMIT = 0.20
DUPLICATE_LIMIT = 0.10
LOST_REFERENCE_LIMIT = 0.05
COPIED_LIMIT = 0.25
FEWEST_ITEMS = 10
"""Evaluation questions below which their weights over topics are not held against those of the traffic."""

EVAL_FILE = re.compile(r"(eval|golden|test_?-?set)[^/]*\.(jsonl|json|csv|tsv|ya?ml|parquet)$", re.IGNORECASE)
HARD_KINDS = {
    "unanswerable": re.compile(r"unanswer|no[ _-]?answer|refus|out[ _-]of[ _-]scope|abst|negative", re.IGNORECASE),
    "multi-document": re.compile(r"multi|cross[ _-]?doc|compar|several", re.IGNORECASE),
    "permission": re.compile(r"permission|access|\bacl\b|authori[sz]|entitle|confidential", re.IGNORECASE),
    "adversarial": re.compile(r"advers|inject|jailbreak|red[ _-]?team|attack", re.IGNORECASE),
}
_NO_SET = "No evaluation set was handed over."


def existence(inputs: CaseInputs) -> Observation:
    """E-01. Seen: a repository is there and neither it nor the evaluation folder holds a set or a run.

    Clean: a set or a run could be read (quality 1), or the repository holds a data file named like one (quality 0.5).
    Unknown: no repository, or files in the evaluation folder that could not be recognised.
    """
    evals = inputs.evals
    if evals.items or evals.runs:
        found = f"{counted(len(evals.items), 'evaluation question')} and {counted(len(evals.runs), 'recorded run')}"
        sources = [*(item.source for item in evals.items[:1]), *(run.source for run in evals.runs[-1:])]
        return Observation("E-01", "clean", f"There is a harness to look at: {found}.", first_sources(sources), n=1)
    if evals.unrecognised:
        files = listed(evals.unrecognised[:3])
        return unknown("E-01", f"Evaluation files were handed over but not recognised as a set or a run: {files}.")
    if inputs.repository is None:
        return unknown("E-01", "Neither evaluation files nor the pilot's repository were handed over.")
    return _existence_in_repository(inputs.repository.files)


def _existence_in_repository(files: tuple[str, ...]) -> Observation:
    named = [Source(path) for path in files if EVAL_FILE.search(path) and not CI_FILE.search(path)]
    if named:
        finding = f"The repository holds {counted(len(named), 'file')} named like an evaluation set, not opened here."
        return Observation("E-01", "clean", finding, first_sources(named), 0.5, len(files))
    finding = f"No evaluation set and no record of a run among {counted(len(files), 'file')} of the repository."
    return Observation("E-01", "seen", finding, n=len(files))


def size(inputs: CaseInputs) -> Observation:
    """E-02. Seen: fewer than 50 questions carry a reference answer or reference documents; counted, not sampled."""
    items = inputs.evals.items
    if not items:
        return unknown("E-02", _NO_SET)
    with_reference = [item for item in items if item.reference or item.reference_doc_ids]
    n = len(with_reference)
    finding = f"{of(n, len(items))} evaluation questions have a reference{_precision(n)}."
    sources = first_sources(item.source for item in with_reference or items)
    return Observation(
        "E-02", seen_if(n < FEWEST_REFERENCES), finding, sources, n=len(items), value=Estimate.exact(n, len(items))
    )


def _precision(n: int) -> str:
    if not n:
        return ", so no answer can be checked"
    share = wilson(round(0.85 * n), n)
    half = ((share.high or 0.0) - (share.low or 0.0)) / 2
    return f": a pass rate of 85 % on them is known to about ±{half * 100:.0f} points"


def coverage(inputs: CaseInputs) -> Observation:
    """E-05. Seen: topics that hold more than 20 % of the logged questions have no evaluation question (share rule).

    Seen as well: the population stability index of the set against the traffic over the topics is above 0.25 and above what
    chance alone gives in 19 of 20 cases. Topics are groups of similar logged questions, found as `topics_of` says.
    """
    queries = [line.query for line in inputs.log.interactions if line.query.strip()]
    if not inputs.evals.items:
        return unknown("E-05", _NO_SET)
    if not enough(queries):
        return unknown("E-05", f"Fewer than {FEWEST_QUERIES} different logged questions to compare the set with.")
    found = coverage_of_traffic(queries, [item.question for item in inputs.evals.items])
    example = f', such as "{found.example}"' if found.example else ""
    shifted = _shifted(found)
    finding = (
        f"{of(found.uncovered, found.queries)} logged questions fall in {found.bare_topics} of {found.topics} topics"
        f" that no evaluation question touches{example} (topics by shared word parts).{_stability(found, shifted)}"
    )
    sources = [line.source for line in inputs.log.interactions if line.query == found.example]
    sources.append(inputs.evals.items[0].source)
    by_share = share_observation(
        "E-05", found.uncovered, found.queries, UNCOVERED_LIMIT, finding, sources=sources, n_min=100
    )
    if by_share.status == "seen" or not shifted:
        return by_share
    return replace(by_share, status="seen", finding=finding, value=found.psi)


def _shifted(found: TopicCoverage) -> bool:
    if found.psi.value is None or found.psi_limit is None or found.psi.n < FEWEST_ITEMS:
        return False
    return found.psi.value > max(SHIFTED, found.psi_limit)


def _stability(found: TopicCoverage, shifted: bool) -> str:
    if found.psi.value is None or found.psi_limit is None or found.psi.n < FEWEST_ITEMS:
        return ""
    index, limit = significant(found.psi.value), significant(found.psi_limit)
    if shifted:
        return f" The set weighs topics unlike the traffic: stability index {index}, by chance up to {limit}."
    return f" Stability index of the set against the traffic {index}, by chance up to {limit}."


def hard_cases(inputs: CaseInputs) -> Observation:
    """E-06. Seen: at most one of four kinds of hard case is in the set; unknown when the set marks no kinds.

    The kinds: unanswerable, multi-document, permission, adversarial. Two reference documents make a multi-document case.
    """
    items = inputs.evals.items
    if not items:
        return unknown("E-06", _NO_SET)
    if not any(item.kind for item in items):
        return unknown("E-06", f"The {len(items)} evaluation questions do not say what kind of case they are.")
    counts = {kind: sum(_is_kind(item, kind) for item in items) for kind in HARD_KINDS}
    there = [f"{count} {kind}" for kind, count in counts.items() if count]
    absent = [kind for kind, count in counts.items() if not count]
    finding = f"Of {len(items)} evaluation questions, hard cases are: {listed(there)}; without any: {listed(absent)}."
    hard = [item.source for item in items if any(_is_kind(item, kind) for kind in HARD_KINDS)]
    sources = first_sources(hard or [item.source for item in items])
    return Observation("E-06", seen_if(len(there) <= 1), finding, sources, n=len(items), n_min=20)


def _is_kind(item: EvalItem, kind: str) -> bool:
    several = kind == "multi-document" and len(set(item.reference_doc_ids)) > 1
    return several or bool(item.kind and HARD_KINDS[kind].search(item.kind))


def duplicates(inputs: CaseInputs) -> Observation:
    """E-08. Seen: more than 10 % of the questions nearly repeat an earlier one, or over 25 % copy a document (share rule).

    Nearly: Jaccard similarity of runs of four characters of 0.8 or more, with the same tokens that hold digits; or, where vectors
    were handed in, a cosine above 0.95 (`near_questions.nearest`). Copy: to share more phrases with the reference document than
    95 % of the logged questions share with any text.
    """
    items = inputs.evals.items
    if not items:
        return unknown("E-08", _NO_SET)
    worded = repeated_wordings(items)
    by_meaning = [near for near in inputs.near.repeats if near.question not in set(worded)] if inputs.near else []
    repeats = [items[place] for place in (*worded, *(near.question for near in by_meaning))]
    copies = copied(inputs)
    said = in_other_words(inputs, len(by_meaning), by_meaning[:1])
    finding = f"{of(len(repeats), len(items))} evaluation questions nearly repeat an earlier one{said}."
    sources = [item.source for item in repeats] or [items[0].source]
    repeated = share_observation("E-08", len(repeats), len(items), DUPLICATE_LIMIT, finding, sources=sources)
    if isinstance(copies, str):
        return repeated
    written = _written_from_text(copies)
    if repeated.status == "seen" or written.status == "clean":
        return replace(repeated, finding=f"{repeated.finding} {written.finding}")
    return replace(written, finding=f"{written.finding} {repeated.finding}")


def _written_from_text(copies: Copied) -> Observation:
    finding = (
        f"{of(copies.copies, copies.n)} questions share more phrases with their reference document"
        f" than 95 % of {copies.queries:,} logged questions share with any text"
        f" (word pairs in common: {percent(copies.median, copies.n)} of the usual item's,"
        f" {percent(copies.usual, copies.queries)} of the usual logged question's)."
    )
    sources = [item.source for item in copies.examples]
    return share_observation("E-08", copies.copies, copies.n, COPIED_LIMIT, finding, sources=sources)


def age(inputs: CaseInputs) -> Observation:
    """E-09. Seen: the newest question is older than the last change of index, prompt or model, or references are lost.

    Lost: more than 5 % of the reference documents are not in the corpus (share rule, full weight from 20 documents).
    The last change is the first logged use of a version that was not the first one logged.
    """
    if not inputs.evals.items:
        return unknown("E-09", _NO_SET)
    lost = _lost_references(inputs)
    change = last_change(inputs.log.interactions)
    newest = max((item.added_on for item in inputs.evals.items if item.added_on), default=None)
    if lost.status == "seen" or newest is None or change is None:
        return lost
    name, on, source = change
    stale = newest < on
    finding = (
        f"The newest evaluation question was added on {newest}, {'before' if stale else 'not before'} the last change"
        f" in use, {name} on {on}; {lost.finding[0].lower()}{lost.finding[1:]}"
    )
    newest_item = next(item.source for item in inputs.evals.items if item.added_on == newest)
    return Observation("E-09", seen_if(stale), finding, (newest_item, source), n=len(inputs.evals.items))


def _lost_references(inputs: CaseInputs) -> Observation:
    wanted = {doc_id: item.source for item in inputs.evals.items for doc_id in item.reference_doc_ids}
    if not wanted or not inputs.documents:
        return unknown("E-09", "Reference documents cannot be checked: no references or no corpus was handed over.")
    names = DocumentNames(inputs.documents)
    lost = {doc_id: source for doc_id, source in wanted.items() if names.find(doc_id) is None}
    finding = f"{of(len(lost), len(wanted))} reference documents are not in the corpus."
    sources = [*lost.values(), *wanted.values()]
    return share_observation("E-09", len(lost), len(wanted), LOST_REFERENCE_LIMIT, finding, sources=sources, n_min=20)


def last_change(interactions: tuple[Interaction, ...]) -> tuple[str, date, Source] | None:
    """The last version that came into use within the log: its name, the day and the line; None without a change."""
    changes = [
        change for field in ("index_version", "prompt_version", "model") for change in changes_of(interactions, field)
    ]
    return max(changes, key=lambda change: change[1], default=None)


def changes_of(interactions: tuple[Interaction, ...], field: str) -> list[tuple[str, date, Source]]:
    """First use of each version of `field` but the first: name, day in UTC and line, oldest first."""
    first: dict[str, tuple[str, date, Source]] = {}
    dated = ((in_utc(line.at), line) for line in interactions if line.at is not None)
    for at, line in sorted(dated, key=lambda pair: pair[0]):
        version = getattr(line, field)
        if version is not None:
            first.setdefault(str(version), (str(version), at.date(), line.source))
    return list(first.values())[1:]


SIGNALS: Mapping[str, Signal] = {
    "E-01": existence,
    "E-02": size,
    "E-05": coverage,
    "E-06": hard_cases,
    "E-08": duplicates,
    "E-09": age,
}
