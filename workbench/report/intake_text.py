"""The intake as plain text for a terminal: the same words and numbers as the page, without markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from workbench.numbers import count
from workbench.records import ColumnGuess, Intake, IntakeFile, LogIntake, LogQuestion

PART_NAMES: Mapping[str, str] = {
    "corpus": "corpus",
    "logs": "query log",
    "evals": "evaluation",
    "governance": "governance",
    "repo": "repository",
    "labels": "labels and settings",
    "inbox": "drop folder",
    "none": "outside the case",
}
FIELD_WORDS: Mapping[str, str] = {
    "query": "question",
    "answer": "answer",
    "at": "time",
    "interaction_id": "id",
    "session_id": "session",
    "user_id": "user",
    "retrieved": "retrieved documents",
    "retrieved.items": "retrieved: items",
    "retrieved.ids": "retrieved: ids",
    "retrieved.texts": "retrieved: texts",
    "retrieved.scores": "retrieved: scores",
    "model": "model",
    "prompt_version": "prompt version",
    "index_version": "index version",
    "policy_version": "policy version",
    "policy_decision": "policy decision",
    "tokens_in": "tokens in",
    "tokens_out": "tokens out",
    "latency_ms": "latency",
    "cost": "cost",
    "feedback": "feedback",
    "review": "human review",
    "review_seconds": "review time",
}
"""`Interaction` field, or list of what was retrieved -> what people call it, in the order they look for them."""
STATUSES = ("loaded", "empty", "unreadable", "skipped")
NO_ZONE = "name no time zone"
LISTED = 40
"""Files that need a look listed one by one; the rest is counted."""


def intake_summary(intake: Intake, *, every_file: bool = False) -> str:
    """Sentence, counts by part, files that need a look, how the logs were read, what was masked.

    Args:
        intake: what was taken in.
        every_file: list the loaded files too.
    """
    blocks = [
        [intake.sentence],
        list(_counts(intake)),
        list(_files(intake, every_file)),
        list(_log(intake.log)),
        list(_masked(intake)),
        [observation.finding for observation in intake.observations if observation.status == "seen"],
        list(intake.notes),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def needs_a_look(file: IntakeFile) -> bool:
    """Whether a person should see a file: it was not read, or something in it was not."""
    return file.status in ("unreadable", "empty") or bool(file.warnings)


def in_field_order(columns: Sequence[ColumnGuess]) -> list[ColumnGuess]:
    """The guesses in the order of `FIELD_WORDS`; fields it does not name come last."""
    places = {name: place for place, name in enumerate(FIELD_WORDS)}
    return sorted(columns, key=lambda guess: places.get(guess.field, len(places)))


def unasked_faults(faults: Sequence[str], questions: Sequence[LogQuestion]) -> list[str]:
    """The faults that are not put as a question anyway: times without a zone."""
    asked = {question.path for question in questions if question.ask == "time zone"}
    return [fault for fault in faults if not (NO_ZONE in fault and any(fault.startswith(path) for path in asked))]


def _counts(intake: Intake) -> Iterator[str]:
    if intake.counts:
        yield f"{'':<22}" + "".join(f"{status:>12}" for status in STATUSES)
    for part, counts in intake.counts.items():
        cells = "".join(f"{count(counts[status]) if status in counts else '-':>12}" for status in STATUSES)
        yield f"{PART_NAMES.get(part, part):<22}{cells}"


def _files(intake: Intake, every_file: bool) -> Iterator[str]:
    files = [file for file in intake.files if every_file or needs_a_look(file)]
    for file in files if every_file else files[:LISTED]:
        yield f"{file.status:<11} {file.path} ({file.kind})" + (f": {file.reason}" if file.reason else "")
        yield from (f"{'':<11}   {warning}" for warning in file.warnings)
    if not every_file and len(files) > LISTED:
        yield f"and {count(len(files) - LISTED)} more; --files lists them all"


def _log(log: LogIntake) -> Iterator[str]:
    for mapping in log.mappings:
        yield f"{mapping.path}: {mapping.format}, {count(mapping.interactions)} questions from {count(mapping.lines)} records"
        for guess in in_field_order(mapping.columns):
            sure = "set by a person" if guess.set_by_user else f"{guess.confidence:.0%} sure"
            words = FIELD_WORDS.get(guess.field, guess.field)
            yield f"  {words:<28} {guess.column or '-':<32} {sure}"
    yield from (f"asked: {question.text}" for question in log.questions)
    if log.never_logged:
        yield f"never logged: {', '.join(FIELD_WORDS.get(name, name) for name in log.never_logged)}"


def _masked(intake: Intake) -> Iterator[str]:
    for what, counts in (("masked", intake.masked), ("found in documents and left there", intake.found)):
        if counts:
            yield f"{what}: " + ", ".join(f"{count(number)} {kind}" for kind, number in counts.items())
