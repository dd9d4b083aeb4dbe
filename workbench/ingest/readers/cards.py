"""Calendars (ics) and address cards (vcf): each entry as lines people can read, "Summary: Steering committee".

Pictures, keys and what only programs need are left out; times stay as they are written, in whatever zone they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from workbench.ingest.readers.extracted import Extracted, TextBuilder
from workbench.ingest.readers.text import read_text

NAMES = {
    "SUMMARY": "Summary", "DTSTART": "Start", "DTEND": "End", "DUE": "Due", "LOCATION": "Location", "ORGANIZER": "Organiser",
    "ATTENDEE": "Attendee", "DESCRIPTION": "Description", "COMMENT": "Comment", "CATEGORIES": "Categories", "STATUS": "Status",
    "FN": "Name", "ORG": "Organisation", "TITLE": "Title", "ROLE": "Role", "TEL": "Telephone", "EMAIL": "E-mail",
    "ADR": "Address", "NOTE": "Note", "BDAY": "Birthday", "URL": "Link",
}  # fmt: skip
"""Property of RFC 5545 or RFC 6350 -> what it is called in the text."""
HEADINGS = {"SUMMARY", "FN"}
_LINE = re.compile(r"(?:[\w-]+\.)?([A-Za-z-]+)((?:;[^:\"]*(?:\"[^\"]*\")?)*):(.*)", re.DOTALL)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ESCAPED = re.compile(r"\\(.)")


def read_cards(path: Path) -> Extracted:
    """Entries of a calendar or an address book, one below the other; its first entry names it.

    Raises:
        InputError: too large, or not text.
    """
    decoded = read_text(path)
    builder = TextBuilder()
    title = ""
    for entry in _entries(decoded.text):
        heading = next((value for name, value in entry if name in HEADINGS), "")
        title = title or heading
        builder.heading(heading, 1)
        for name, value in entry:
            if name not in HEADINGS:
                builder.add(f"{NAMES[name]}: {value}")
    return Extracted(title, builder.text(), sections=builder.sections(), warnings=decoded.warnings)


def _entries(text: str) -> Iterator[list[tuple[str, str]]]:
    entry: list[tuple[str, str]] = []
    # A line that begins with a blank goes on from the one before.
    for line in re.sub(r"\n[ \t]", "", text).split("\n"):
        found = _LINE.match(line)
        name = found.group(1).upper() if found else ""
        if found and name in NAMES and found.group(3).strip(" ;"):
            entry.append((name, _value(found.group(3), found.group(2))))
        elif name in ("BEGIN", "END") and entry:
            yield entry
            entry = []
    if entry:
        yield entry


def _value(raw: str, parameters: str) -> str:
    named = re.search(r"CN=\"?([^;:\"]+)", parameters, re.IGNORECASE)
    raw = raw.removeprefix("mailto:").removeprefix("MAILTO:")
    when = _TIME.fullmatch(raw)
    if when:
        year, month, day, hour, minute, zone = when.groups()
        return f"{year}-{month}-{day}" + (f" {hour}:{minute}{' UTC' if zone else ''}" if hour else "")
    text = raw.replace("\\n", " ").replace("\\N", " ")
    parts = (part.strip() for part in re.split(r"(?<!\\);", text))
    text = _ESCAPED.sub(r"\1", ", ".join(filter(None, parts)))
    return f"{named.group(1)} <{text}>" if named else text
