"""Taking stock of a case: every part read on its own, every file accounted for, the whole in one value.

A part that contradicts itself is a note and an unreadable file here, where an analysis would stop on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from workbench.case import Case
from workbench.compute import Progress, scaled
from workbench.errors import InputError
from workbench.health import corpus_health, observe_corpus
from workbench.ingest.artefacts import read_artefacts
from workbench.ingest.corpus.chunking import chunk
from workbench.ingest.evals.material import read_evals
from workbench.ingest.labels import find_beside, read_qrels, read_queries
from workbench.ingest.load import read_case_corpus
from workbench.ingest.logs.masking import case_key
from workbench.ingest.logs.reading import read_logs
from workbench.ingest.repository import read_repository
from workbench.intake.files import (
    eval_files,
    governance_files,
    label_files,
    log_files,
    repository_files,
    stray_files,
    with_reasons,
)
from workbench.intake.log_counts import logged_counts
from workbench.intake.words import intake_sentence
from workbench.records import (
    CorpusHealth,
    Document,
    EvalMaterial,
    FileMapping,
    Intake,
    IntakeFile,
    Interaction,
    LogIntake,
    Observation,
    Qrels,
    Query,
    QueryLog,
)

T = TypeVar("T")
NOT_LOGGED = frozenset({"interaction_id", "source"})
"""Fields every interaction has, whether anything was logged for them or not."""


def take_stock(case: Case, *, notes: Sequence[str] = (), progress: Progress | None = None) -> Intake:
    """Read everything a case holds and say what became of each file.

    Args:
        case: an opened case.
        notes: what is known from sorting the files in, to be told with the rest.
        progress: called with the share done, 0 to 1, and the file at hand; may raise to stop, what was read is kept.
    """
    faults: dict[str, str] = {}
    nothing: tuple[list[Document], list[IntakeFile]] = ([], [])
    documents, corpus_files = _or_note(
        faults, "corpus", lambda: read_case_corpus(case, progress=scaled(progress, 0.0, 0.5)), nothing
    )
    log = read_logs(case.root, derived=case.derived, progress=scaled(progress, 0.5, 0.75))
    tell = scaled(progress, 0.75, 0.8)
    tell(0.0, "reading evaluations, papers and history")
    evals = read_evals(case.root, key=case_key(case.derived))
    repository = read_repository(case.root)
    artefacts = read_artefacts(case.root, repository.commits if repository else ())
    queries, qrels = _labels(case.root, documents, faults)
    files = (
        *(corpus_files or _refused_corpus(case.root, faults)),
        *log_files(case.root, log),
        *eval_files(case.root, evals),
        *governance_files(case.root, artefacts),
        *repository_files(case.root, repository),
        *label_files(case.root, len(queries), len(qrels), faults),
        *stray_files(case.root),
    )
    health = corpus_health(documents, progress=scaled(progress, 0.8, 1.0)) if documents else None
    said = (*notes, *(f"{part}: {reason}" for part, reason in faults.items()))
    return _intake(case, with_reasons(case.root, files), documents, log, evals, health, said)


def _intake(
    case: Case,
    files: tuple[IntakeFile, ...],
    documents: Sequence[Document],
    log: QueryLog,
    evals: EvalMaterial,
    health: CorpusHealth | None,
    notes: tuple[str, ...],
) -> Intake:
    observations: tuple[Observation, ...] = tuple(observe_corpus(health, documents)) if health else ()
    return Intake(
        case=case.name,
        sentence=intake_sentence(files, len(documents), log.total, len(evals.items)),
        files=files,
        counts=_counts(files),
        documents=len(documents),
        passages=sum(len(chunk(document)) for document in documents),
        characters=sum(len(document.text) for document in documents),
        log=_log_intake(log),
        eval_items=len(evals.items),
        eval_runs=len(evals.runs),
        masked=_sum([log.masked, *(file.masked for file in files)]),
        found=_sum(file.found for file in files),
        health=health,
        observations=observations,
        notes=notes,
    )


def _log_intake(log: QueryLog) -> LogIntake:
    fields = [name for name in Interaction.__dataclass_fields__ if name not in NOT_LOGGED]
    counts, first, last = logged_counts(log)
    questions = tuple(question for mapping in log.mappings for question in mapping.questions)
    return LogIntake(
        interactions=log.total,
        first=first,
        last=last,
        logged={name: counts.get(name, 0) for name in fields if name in log.logged_fields},
        never_logged=tuple(name for name in fields if log.total and name not in log.logged_fields),
        mappings=tuple(sorted(log.mappings, key=_most_asked)),
        questions=questions,
        faults=log.faults,
    )


def _most_asked(mapping: FileMapping) -> tuple[int, int]:
    return -len(mapping.questions), -mapping.interactions


def _labels(root: Path, documents: Sequence[Document], notes: dict[str, str]) -> tuple[Sequence[Query], Qrels]:
    path = find_beside(root, "queries.jsonl")
    queries: list[Query] = _or_note(notes, path.name, lambda: read_queries(path), []) if path else []
    folder = root / "qrels"
    # Labels are checked against the documents; where those could not be read, every label would be blamed for it.
    if not folder.is_dir() or "corpus" in notes:
        return queries, {}
    empty: Qrels = {}
    return queries, _or_note(notes, "qrels", lambda: read_qrels(folder, queries, documents), empty)


def _refused_corpus(root: Path, notes: Mapping[str, str]) -> list[IntakeFile]:
    """The BEIR corpus that contradicts itself, as the one file there is to say so of."""
    path = find_beside(root, "corpus.jsonl") or find_beside(root / "corpus", "corpus.jsonl")
    if path is None or "corpus" not in notes:
        return []
    reason = notes["corpus"].removeprefix(f"{path.name}: ")
    return [IntakeFile(path.relative_to(root).as_posix(), "beir", "unreadable", reason, size=path.stat().st_size)]


def _or_note(notes: dict[str, str], part: str, read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except InputError as error:
        notes[part] = str(error)
        return otherwise


def _counts(files: Sequence[IntakeFile]) -> Mapping[str, Mapping[str, int]]:
    parts = dict.fromkeys(file.part for file in files)
    return {part: dict(Counter(file.status for file in files if file.part == part)) for part in parts}


def _sum(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for entry in counts:
        total.update(entry)
    return dict(sorted(total.items()))
