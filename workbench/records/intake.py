"""What became of everything a client handed over: the value behind `intake.json` and the intake page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from workbench.records.client import FileMapping, IntakeFile, LogQuestion
from workbench.records.findings import Observation
from workbench.records.health import CorpusHealth


@dataclass(frozen=True, slots=True)
class LogIntake:
    """What was read from the query log.

    Attributes:
        interactions: questions of the whole log.
        first, last: times of the oldest and newest dated one.
        logged: `Interaction` field -> interactions that hold it. never_logged: fields that no file logs at all.
        mappings: how each file was read. questions: what has to be asked before units and times can be used.
        faults: what could not be read, one sentence each.
    """

    interactions: int = 0
    first: datetime | None = None
    last: datetime | None = None
    logged: Mapping[str, int] = field(default_factory=dict)
    never_logged: tuple[str, ...] = ()
    mappings: tuple[FileMapping, ...] = ()
    questions: tuple[LogQuestion, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything read from a case, file by file and in sum.

    Attributes:
        case: the name people see.
        sentence: what was found, in words to read aloud.
        files: every client file, part by part.
        counts: part -> status -> files.
        documents, passages, characters: of the corpus.
        masked: kind of secret or personal data -> how many were masked, all files. found: the same, left in place.
        health: of the corpus; None without one.
        observations: signals about the corpus.
        notes: what a person should know that belongs to no file.
    """

    case: str
    sentence: str
    files: tuple[IntakeFile, ...]
    counts: Mapping[str, Mapping[str, int]]
    documents: int
    passages: int
    characters: int
    log: LogIntake
    eval_items: int
    eval_runs: int
    masked: Mapping[str, int]
    found: Mapping[str, int]
    health: CorpusHealth | None
    observations: tuple[Observation, ...] = ()
    notes: tuple[str, ...] = ()
