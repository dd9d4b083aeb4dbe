"""When the client's system was released: from tags, a changelog with dates, or new prompt versions in the log.

It says when and where that is written; what a release should have been preceded by is judged by its readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path, PurePosixPath

from workbench.evaluation.eval_set import changes_of
from workbench.ingest.repository import history_source
from workbench.observing import in_utc, read_case_text
from workbench.records import CaseInputs, Repository, Source

DAY = timedelta(days=1)
TAGS_FILE = "repo/git-tags.txt"
MOST_RELEASES = 2_000
YEARS = range(1990, 2200)
"""Other years are slips, and days around them cannot be computed with."""

_CHANGELOG = re.compile(r"^(changelog|changes|history|release[-_ ]?notes)(\.(md|rst|txt))?$", re.IGNORECASE)
_HEADING = re.compile(r"^(?:#{1,4}\s*)?\[?(v?\d+(?:\.\d+)+[\w.+-]*)\]?[^\n]{0,40}?\b(\d{4}-\d{2}-\d{2})\b")


@dataclass(frozen=True, slots=True)
class Release:
    """One release.

    Attributes:
        at: when; the beginning of the day where only the day is known.
        closes: from when on it counts as past: `at`, or the end of that day.
    """

    name: str
    at: datetime
    closes: datetime
    source: Source


def releases_of(inputs: CaseInputs) -> tuple[Release, ...]:
    """Releases, oldest first: the repository's tags, else its changelog, else first days of new prompt versions in the log."""
    found: list[Release] = []
    if inputs.repository is not None:
        found = _tags(inputs, inputs.repository) or _changelog(inputs, inputs.repository)
    if not found:
        changes = changes_of(inputs.log.interactions, "prompt_version")
        found = [_on(name, day, source) for name, day, source in changes if day.year in YEARS]
    return tuple(sorted(found, key=lambda release: (release.at, release.name))[-MOST_RELEASES:])


def _tags(inputs: CaseInputs, repository: Repository) -> list[Release]:
    lines = _tag_lines(inputs.root)
    history = history_source(Path(inputs.root))
    sources = {name: lines.get(name) or Source(history, f"tag '{name}'") for name in repository.tags}
    moments = {name: in_utc(at) for name, at in repository.tags.items() if at.year in YEARS}
    return [Release(name, at, at, sources[name]) for name, at in moments.items()]


def _tag_lines(root: str) -> dict[str, Source]:
    lines = (read_case_text(root, TAGS_FILE) or "").splitlines()
    return {line.split("\t")[0].strip(): Source(TAGS_FILE, f"line {number}") for number, line in enumerate(lines, 1)}


def _changelog(inputs: CaseInputs, repository: Repository) -> list[Release]:
    paths = [path for path in repository.files if _CHANGELOG.match(PurePosixPath(path).name)]
    nearest = sorted(paths, key=lambda path: (path.count("/"), path))[:1]
    return [release for path in nearest for release in _headings(path, read_case_text(inputs.root, path) or "")]


def _headings(path: str, text: str) -> Iterator[Release]:
    """Headings that name a version and a day: "## v1.4 - 2026-09-28", "## [1.4.0] - 2026-09-28"."""
    for number, line in enumerate(text.splitlines(), 1):
        match = _HEADING.match(line[:200])
        if match:
            day = _day(match[2])
            if day is not None:
                yield _on(match[1], day, Source(path, f"line {number}"))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _on(name: str, day: date, source: Source) -> Release:
    start = datetime.combine(day, time.min, UTC)
    return Release(name, start, start + DAY, source)
