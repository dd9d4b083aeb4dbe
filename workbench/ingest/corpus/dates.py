"""Dates a document claims in its own words, and which of all known dates says how current it is.

Only a date right behind a word that says what it is a date of counts ("Last updated: 1 March 2025"), near the beginning; any
other date of a text may be about anything. The file's own time is kept as a date, but never says how current a document is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from workbench.records import DocumentDate

NEAR_TOP = 2000
"""Characters of a text that are searched: title page and document control, not the clauses."""
FIRST_YEAR, LAST_YEAR = 1900, 2100

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier", "february feb februar février", "march mar märz mars", "april apr avril",
            "may mai", "june jun juni juin", "july jul juli juillet", "august aug août", "september sep sept septembre",
            "october oct oktober octobre", "november nov novembre", "december dec dezember décembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = (
    r"(?:(?P<iso>\d{4}[-/.]\d{2}[-/.]\d{2})(?!\d)"
    rf"|(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[ \-](?:of )?(?P<month>{_MONTH})\.?,?[ \-](?P<year>\d{{4}})(?!\d)"
    rf"|(?P<us_month>{_MONTH})\.? (?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<us_year>\d{{4}})(?!\d)"
    r"|(?P<numbers>\d{1,2}[./]\d{1,2}[./]\d{4})(?!\d))"
)
_EVENTS = (
    ("modified", r"(?:last |date |date of )?(?:updated|revised|revision|amended|modified)(?: date)?|"
                 r"last (?:update|change|reviewed)|version [\w.]{1,12}|revision [\w.]{1,12}|"
                 r"stand|fassung vom|mise à jour|zuletzt geändert"),
    ("effective", r"effective(?: date)?|(?:date )?in force|valid|with effect|applies|applicable|gültig|en vigueur"),
    ("sent", r"^(?:sent|date):(?: [A-Z][a-z]{2,8},)?"),
    ("created", r"issued|date of issue|issue date|published|publication date|date published|adopted|approved"),
)  # fmt: skip
_LINK = r"(?:[ \t]{0,8}(?:[:,(=|–—-]|\b(?:on|from|as of|of|as at|dated|date|since|ab|am|du|le)\b)){0,3}[ \t]{0,8}\n?[ \t]{0,8}"
_CLAIMS = tuple(
    (event, re.compile(rf"(?<!\w)(?:{words})(?!\w){_LINK}(?<!\d){_DATE}", re.IGNORECASE | re.MULTILINE))
    for event, words in _EVENTS
)
_OF_ANOTHER = re.compile(
    r"\b(?:replac\w+|supersed\w+|previous(?:ly)?|former(?:ly)?|until|expir\w+|ersetzt)\b[^.\n]{0,60}$",
    re.IGNORECASE,
)


def claimed_dates(text: str) -> tuple[DocumentDate, ...]:
    r"""Dates the text itself states near its beginning, in text order.

    >>> claimed_dates("Claims manual\nLast updated: 1 March 2025\n")
    (DocumentDate(on=datetime.date(2025, 3, 1), basis='claimed', event='modified'),)
    >>> claimed_dates("The storm of 1 March 2025 damaged the roof.")
    ()
    """
    top = text[:NEAR_TOP]
    found = sorted((match.start(), event, on) for event, match, on in _matches(top) if not _about_another(top, match))
    return tuple(dict.fromkeys(DocumentDate(on, "claimed", event) for _, event, on in found))


def claimed(on: date | None, event: str) -> tuple[DocumentDate, ...]:
    """A date a record states, as a sequence; empty for none and for years that are no date of a document."""
    return (DocumentDate(on, "claimed", event),) if on is not None and FIRST_YEAR <= on.year <= LAST_YEAR else ()


def file_date(modified_ns: int) -> tuple[DocumentDate, ...]:
    """The day a file was last written (UTC), which a copy resets."""
    try:
        return (DocumentDate(datetime.fromtimestamp(modified_ns / 1e9, UTC).date(), "file", "modified"),)
    except (ValueError, OverflowError, OSError):  # a file system can hold times that no calendar has
        return ()


def updated_on(dates: Sequence[DocumentDate]) -> date | None:
    """How current a document is: its embedded date of change, else what it claims, else its embedded date of creation.

    >>> updated_on((DocumentDate(date(2026, 1, 1), "file", "modified"),)) is None
    True
    """
    return next((on for wanted in _PREFERENCE for on in _dated(dates, *wanted)), None)


_PREFERENCE = (
    ("embedded", "modified"),
    ("claimed", "modified"),
    ("claimed", "effective"),
    ("claimed", "created"),
    ("claimed", "sent"),
    ("embedded", "sent"),
    ("embedded", "created"),
    ("embedded", "effective"),
)


def _dated(dates: Iterable[DocumentDate], basis: str, event: str) -> Iterator[date]:
    return (known.on for known in dates if known.basis == basis and known.event == event)


def _matches(text: str) -> Iterator[tuple[str, re.Match[str], date]]:
    for event, pattern in _CLAIMS:
        for match in pattern.finditer(text):
            on = _date_in(match)
            if on is not None and FIRST_YEAR <= on.year <= LAST_YEAR:
                yield event, match, on


def _about_another(text: str, match: re.Match[str]) -> bool:
    """Whether the words before speak of another document or of an end: "replaces the policy effective 1 March 2023"."""
    return bool(_OF_ANOTHER.search(text[max(0, match.start() - 80) : match.start()]))


def _date_in(match: re.Match[str]) -> date | None:
    part = match.groupdict()
    try:
        if part["iso"]:
            year, month, day = map(int, re.split(r"[-/.]", part["iso"]))
            return date(year, month, day)
        if part["numbers"]:
            return _from_numbers(part["numbers"])
        prefix = "us_" if part["us_month"] else ""
        month = _MONTHS[part[f"{prefix}month"].lower()]
        return date(int(part[f"{prefix}year"]), month, int(part[f"{prefix}day"]))
    except ValueError:
        return None


def _from_numbers(text: str) -> date | None:
    """31.03.2025 is day first everywhere; of 03/04/2025 nobody can tell, so only a number above 12 decides."""
    first, second, year = map(int, re.split(r"[./]", text))
    if "." in text or first > 12 or first == second:
        return date(year, second, first)
    return date(year, first, second) if second > 12 else None
