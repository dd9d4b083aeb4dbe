"""Every date a governance paper shows, each with how it is known: commit, sign-off, document property, text, file time.

Nothing is reconciled here: dates that disagree are evidence, and are judged in `workbench.governance`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

from workbench.ingest.readers import parse_date
from workbench.records import Commit, DateBasis, DatedFact, Source

STRENGTH: tuple[DateBasis, ...] = ("commit", "event", "embedded", "claimed", "file")
GENERIC_NAMES = {"readme.md", "index.md", "index.html", "template.md", "notes.md", "changelog.md"}
"""Names many files have: only a path that agrees in its folder too is the same file."""
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
HEAD_LINES = 60

_DAY = (
    rf"(\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)? +(?:{MONTHS})[a-z]*,? +\d{{4}}"
    rf"|(?:{MONTHS})[a-z]* +\d{{1,2}}(?:st|nd|rd|th)?,? +\d{{4}}|\d{{1,2}}/\d{{1,2}}/\d{{4}})"
)
_ANY_DAY = re.compile(rf"(?<!\d){_DAY}(?!\d)", re.IGNORECASE)
_CLAIM = re.compile(
    r"^\W*(?:date|dated|(?:first |date )?(?:issued|created|approved|agreed|signed|opened|raised|reviewed)"
    r"|effective(?: from| date)?|(?:last )?updated|version date|decision date|approval date|issue date)\b"
    r"(?: on| by [^:|]{0,40})?\W{0,4}[:|]?(?P<rest>.*)$",
    re.IGNORECASE,
)
_SAID = re.compile(
    rf"\b(?:issued|approved|agreed|signed|dated|effective from|adopted|reviewed)\b[^.;\n]{{0,40}}?(?<!\d){_DAY}",
    re.IGNORECASE,
)
_FRONT_KEY = re.compile(r"date|issued|created|updated|approved|effective|reviewed|signed", re.IGNORECASE)
_OPENED = ("opened", "raised", "identified", "reported", "logged", "created", "asked", "date")
_SIGNED = ("date", "signed", "approved_on", "decided", "decision_date", "signed_on", "when")
_DECIDED = re.compile(r"decision|outcome|result|status|verdict|sign|approv", re.IGNORECASE)
_WORD_OF_DECISION = re.compile(
    r"approv|accept|agree|sign|reject|refus|declin|condition|withh|grant|\bgo\b|no[- ]go|\byes\b", re.IGNORECASE
)
_DECIDER = re.compile(r"approve|sign|name|who|reviewer|role|authori[sz]ed|by$", re.IGNORECASE)


def strongest_first(facts: Iterable[DatedFact]) -> tuple[DatedFact, ...]:
    """All facts, each once, by strength of their basis, then by date."""
    return tuple(sorted(dict.fromkeys(facts), key=lambda fact: (STRENGTH.index(fact.basis), fact.on)))


def day_in(text: str) -> date | None:
    """The first date in a text, day before month where it is written in figures; None without one."""
    match = _ANY_DAY.search(text)
    if match is None:
        return None
    plain = re.sub(r"(?<=\d)(st|nd|rd|th)\b|,", "", match.group(1), flags=re.IGNORECASE)
    american = re.fullmatch(r"([A-Za-z]+) +(\d{1,2}) +(\d{4})", plain)
    if american:
        plain = f"{american[2]} {american[1]} {american[3]}"
    return parse_date(plain.title() if re.search("[a-z]", plain, re.IGNORECASE) else plain)


def claimed_in_text(text: str, path: str) -> Iterator[DatedFact]:
    """Dates the opening of a paper states: lines such as "Date: 2026-02-20", phrases such as "first issued 20 February 2026"."""
    for number, line in enumerate(text.split("\n")[:HEAD_LINES], start=1):
        claim = _CLAIM.match(line)
        phrases = [claim["rest"]] if claim else [match.group(1) for match in _SAID.finditer(line)]
        for phrase in phrases:
            if on := day_in(phrase):
                yield DatedFact(on, "claimed", Source(path, f"line {number}"))


def claimed_in_front_matter(front: Mapping[str, object], path: str) -> Iterator[DatedFact]:
    """Dates in front matter, under any key that speaks of a date."""
    for key, value in front.items():
        on = value if type(value) is date else day_in(str(value))
        if _FRONT_KEY.search(key) and on:
            yield DatedFact(on, "claimed", Source(path, f"front matter '{key}'"))


def rows_opened(rows: Sequence[Mapping[str, str]], path: str) -> Iterator[DatedFact]:
    """The day each row of a register says it was opened."""
    for number, row in enumerate(rows, start=1):
        if on := _first_day(row, _OPENED):
            yield DatedFact(on, "claimed", Source(path, f"row {number}"))


def rows_signed(rows: Sequence[tuple[str, Mapping[str, str]]], path: str) -> Iterator[DatedFact]:
    """Rows of sign-off tables: those that hold who decided, a decision and a date.

    Args:
        rows: (locator, row by column name).
        path: the file, relative to the case folder.
    """
    for locator, row in rows:
        decided = any(_DECIDED.search(column) and _WORD_OF_DECISION.search(cell) for column, cell in row.items())
        by_somebody = any(_DECIDER.search(column.strip()) and cell.strip() for column, cell in row.items())
        on = _first_day(row, _SIGNED) if decided and by_somebody else None
        if on:
            yield DatedFact(on, "event", Source(path, locator))


def _first_day(row: Mapping[str, str], names: Sequence[str]) -> date | None:
    cells = {re.sub(r"\W+", "_", column.strip().lower()): cell for column, cell in row.items()}
    exact = [cells[name] for name in names if name in cells]
    partly = [
        cell
        for column, cell in cells.items()
        if any(name in column.split("_") for name in names) and "due" not in column
    ]
    return next((on for cell in (*exact, *partly) if (on := day_in(cell))), None)


def embedded(created: date | None, modified: date | None, path: str) -> Iterator[DatedFact]:
    """Dates a document carries in its own properties."""
    for on, name in ((created, "created"), (modified, "modified")):
        if on:
            yield DatedFact(on, "embedded", Source(path, f"document property '{name}'"))


def file_time(path: Path, name: str) -> DatedFact:
    """The day the file was last written here: weak, for copying resets it."""
    return DatedFact(datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).date(), "file", Source(name, "file time"))


class FirstCommits:
    """Where each file name of a repository's history first appears."""

    def __init__(self, commits: Iterable[Commit], history: str) -> None:
        self._history = history
        self._added: dict[str, list[tuple[str, Commit]]] = {}
        for commit in sorted(commits, key=lambda commit: commit.committed):
            for status, path in commit.files:
                if status == "A":
                    self._added.setdefault(PurePosixPath(path).name.lower(), []).append((path, commit))

    def of(self, path: str) -> Iterator[DatedFact]:
        """The first commit that added a file of this name, author's and committer's day where they differ; nothing if none did.

        Of several files of one name, that whose folders agree most with the given path counts.
        """
        parts = [part.lower() for part in PurePosixPath(path).parts]
        ranked = [(-_agreement(parts, added), place) for place, (added, _) in enumerate(self._added.get(parts[-1], ()))]
        if not ranked or (parts[-1] in GENERIC_NAMES and -min(ranked)[0] < 2):
            return
        commit = self._added[parts[-1]][min(ranked)[1]][1]
        source = Source(self._history, f"commit {commit.commit_id[:7]}")
        for on in dict.fromkeys((commit.committed.astimezone(UTC).date(), commit.authored.astimezone(UTC).date())):
            yield DatedFact(on, "commit", source)


def _agreement(parts: Sequence[str], added: str) -> int:
    others = [part.lower() for part in PurePosixPath(added).parts]
    pairs = zip(reversed(parts), reversed(others), strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(parts), len(others)))
