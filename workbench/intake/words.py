"""The intake in words to read aloud."""

from __future__ import annotations

from workbench.numbers import count
from workbench.records import IntakeFile

NOTHING = "Nothing has been handed over yet: put the client's files into the drop folder, or upload them here."


def intake_sentence(files: tuple[IntakeFile, ...], documents: int, questions: int, items: int) -> str:
    """What was read and what was not, in one sentence.

    Args:
        files: every file.
        documents: documents of the corpus.
        questions: questions of the query log.
        items: items of the eval sets.
    """
    if not files:
        return NOTHING
    loaded = sum(file.status == "loaded" for file in files)
    held = [
        f"{count(number)} {noun}{'' if number == 1 else 's'}"
        for number, noun in ((documents, "document"), (questions, "logged question"), (items, "eval item"))
        if number
    ]
    gave = f", which {'holds' if loaded == 1 else 'hold'} {_listing(held)}" if held else ""
    opening = f"{_read(loaded, len(files))}{gave}"
    rest = len(files) - loaded
    if not rest:
        return f"{opening}."
    unread = sum(file.status in ("unreadable", "empty") for file in files)
    if not unread:
        return f"{opening}; {count(rest)} {'was' if rest == 1 else 'were'} left out."
    return f"{opening}; {count(unread)} {'needs' if unread == 1 else 'need'} somebody to look."


def _read(loaded: int, files: int) -> str:
    """How many of the files were read, as it is said aloud."""
    if files == 1:
        return "The one file was read" if loaded else "The one file was not read"
    if loaded == files:
        return f"All {count(files)} files were read"
    return f"{count(loaded) if loaded else 'None'} of {count(files)} files {'were' if loaded > 1 else 'was'} read"


def _listing(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
