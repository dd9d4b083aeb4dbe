"""The intake as plain text for a terminal: the same words and numbers as the page, without markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from workbench.numbers import count
from workbench.observing import counted
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
    "tenant": "tenant",
    "access_group": "access group",
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
    "model_calls": "model calls",
    "latency_ms": "latency",
    "cost": "cost",
    "feedback": "feedback",
    "review": "human review",
    "review_seconds": "review time",
    "answer_group": "group of questions with one answer",
}
"""`Interaction` field, or list of what was retrieved -> what people call it, in the order they look for them."""
MASKED_WORDS: Mapping[str, tuple[str, str]] = {
    "secret": ("secret", "secrets"),
    "email": ("e-mail address", "e-mail addresses"),
    "iban": ("account number", "account numbers"),
    "card": ("card number", "card numbers"),
    "ip": ("IP address", "IP addresses"),
    "mac": ("MAC address", "MAC addresses"),
    "wallet": ("wallet address", "wallet addresses"),
    "national id": ("national id", "national ids"),
    "phone": ("phone number", "phone numbers"),
}
"""Kind of what is masked -> what people call one and several of it."""
STATUSES = ("loaded", "empty", "unreadable", "skipped")
ASKED_WORDS: Mapping[str, str] = {"time zone": "name no time zone", "unit": "state no unit"}
"""What a question asks for -> words of the fault that says the same."""
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
        list(_notes(intake)),
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
    """The faults that are not put as a question anyway: times without a zone, values without a unit."""
    asked = {(question.path, ASKED_WORDS[question.ask]) for question in questions if question.ask in ASKED_WORDS}
    return [fault for fault in faults if not any(fault.startswith(path) and words in fault for path, words in asked)]


def _counts(intake: Intake) -> Iterator[str]:
    if intake.counts:
        yield f"{'':<22}" + "".join(f"{status:>12}" for status in STATUSES)
    for part, counts in intake.counts.items():
        cells = "".join(f"{count(counts[status]) if status in counts else '-':>12}" for status in STATUSES)
        yield f"{PART_NAMES.get(part, part):<22}{cells}"


def _files(intake: Intake, every_file: bool) -> Iterator[str]:
    unasked = [replace(file, warnings=tuple(_unasked(file, intake.log.questions))) for file in intake.files]
    files = [file for file in unasked if every_file or needs_a_look(file)]
    for file in files if every_file else files[:LISTED]:
        yield f"{file.status:<11} {file.path} ({file.kind})" + (f": {file.reason}" if file.reason else "")
        yield from (f"{'':<11}   {warning}" for warning in file.warnings)
    if not every_file and len(files) > LISTED:
        yield f"and {count(len(files) - LISTED)} more; --files lists them all"


def _unasked(file: IntakeFile, questions: Sequence[LogQuestion]) -> Iterator[str]:
    """What to know about a file, but for what is asked below anyway."""
    texts = {question.text for question in questions}
    said = [f"{file.path}: {warning}" for warning in file.warnings if warning not in texts]
    yield from (fault.removeprefix(f"{file.path}: ") for fault in unasked_faults(said, questions))


def _log(log: LogIntake) -> Iterator[str]:
    for mapping in (mapping for mapping in log.mappings if mapping.lines):
        held = f"{counted(mapping.interactions, 'question')} from {counted(mapping.lines, 'record')}"
        yield f"{mapping.path}: {mapping.format}, {held}"
        for guess in in_field_order(mapping.columns):
            sure = "set by a person" if guess.set_by_user else f"{guess.confidence:.0%} sure"
            words = FIELD_WORDS.get(guess.field, guess.field)
            # Key paths of traces are long: what is as wide as it likes comes last.
            yield f"  {words:<22} {sure:<16} {guess.column or '-'}"
    yield from (f"asked: {question.text}" for question in log.questions)
    if log.never_logged:
        yield f"never logged: {', '.join(FIELD_WORDS.get(name, name) for name in log.never_logged)}"


def _masked(intake: Intake) -> Iterator[str]:
    for what, counts in (("masked", intake.masked), ("found in documents and left there", intake.found)):
        if counts:
            yield f"{what}: {', '.join(_masked_words(kind, number) for kind, number in counts.items())}"


def _masked_words(kind: str, number: int) -> str:
    one, many = MASKED_WORDS.get(kind, (kind, kind))
    return f"{count(number)} {one if number == 1 else many}"


def _notes(intake: Intake) -> Iterator[str]:
    """The notes, but for what is said of a file already."""
    reasons = {file.reason for file in intake.files if file.reason}
    yield from (note for note in intake.notes if not any(note.endswith(reason) for reason in reasons))
