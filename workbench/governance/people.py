"""Who built the pilot and who is named in its papers.

It compares names only; it knows nothing of roles beyond the words that stand beside a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from workbench.observing import words
from workbench.records import Artefact, CaseInputs

CONTROL_FUNCTION = re.compile(
    r"risk|security|complian|legal|privacy|data protection|\bdpo\b|\bciso\b|\baudit|governance|conduct", re.IGNORECASE
)
BUILD_TEAM = re.compile(r"\bbuild|develop|\bdev\b|-dev\b|engineering|data science|\bml\b", re.IGNORECASE)
REVIEWING = ("decision-makers", "consulted", "approver", "reviewer")


def name_key(name: str) -> str:
    """A person's name without role, mail domain, case and order of its parts.

    >>> name_key("Raman, Priya <priya@example.org>") == name_key("Priya Raman (Lead Engineer)")
    True
    """
    return " ".join(sorted(words(re.sub(r"[(<\[@].*", "", name))))


def builders(inputs: CaseInputs) -> frozenset[str]:
    """Name keys of everyone who committed to the repository; empty without a history."""
    return frozenset(commits_by_author(inputs))


def commits_by_author(inputs: CaseInputs) -> Counter[str]:
    """Commits per author's name key, machine accounts left out."""
    commits = inputs.repository.commits if inputs.repository else ()
    return Counter(name_key(commit.author) for commit in commits if "[bot]" not in commit.author)


def is_outside(name: str, built_by: frozenset[str]) -> bool:
    """Whether a named reviewer is not of the build team; without a history only a control function counts as outside."""
    if built_by:
        return bool(name_key(name)) and name_key(name) not in built_by and not BUILD_TEAM.search(name)
    return bool(CONTROL_FUNCTION.search(name))


def named(paper: Artefact, functions: Iterable[str]) -> list[str]:
    """People a paper names in any of the functions, in the order of the functions."""
    wanted = [function.casefold() for function in functions]
    people = {function.casefold(): names for function, names in paper.people.items()}
    return [name for function in wanted for name in people.get(function, ())]


def cell(row: Mapping[str, str], *names: str) -> str:
    """The first non-empty cell of a row under one of the column names; "" where there is none.

    Names are tried in order, first as the whole heading, then as a part of it.
    """
    columns = {heading.casefold().strip().replace(" ", "_"): value.strip() for heading, value in row.items() if value}
    whole = (columns[name] for name in names if columns.get(name))
    part = (value for name in names for heading, value in columns.items() if name in heading and value)
    return next(whole, None) or next(part, "")


def rows_of(inputs: CaseInputs, kind: str) -> Iterator[tuple[Artefact, int, Mapping[str, str]]]:
    """Every table row of the papers of a kind, with its paper and its row number from 1."""
    for paper in inputs.artefacts:
        if paper.kind == kind:
            yield from ((paper, number, row) for number, row in enumerate(paper.rows, 1))
