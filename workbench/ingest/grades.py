"""Grades people gave to documents of a question, as `labels.jsonl` beside `case.toml` keeps them: appended, never changed.

It reads, checks and appends lines. Which grades count, and what they say of an arm, is the business of
`workbench.evaluation.few_labels`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.case import GRADES
from workbench.errors import InputError
from workbench.ingest.logs.values import sound
from workbench.ingest.said_lines import MAX_LINE, REMEDY, append_line, read_lines
from workbench.ingest.tables.text_files import NOT_JSON, short

MAX_TEXT = 1_000
"""Characters of an id, a name or the words of a plan."""
HIGHEST = 3
SHOWN_FAULTS = 3

_TEXTS = ("query_id", "doc_id", "passage_id", "by", "plan")


@dataclass(frozen=True, slots=True)
class Grade:
    """One grade as it was given.

    Attributes:
        grade: 0 unrelated, 1 on topic without an answer, 2 a partial or buried answer, 3 exactly; None withdraws the earlier one.
        passage_id: the passage that was shown, "" for the document.
        at: when, with its zone; None only where an imported list does not say. by: who, as they call themselves.
        plan: the design it was drawn by, in words; "" for an imported grade, which never counts into an interval.
        probability: chance of the question at one draw of that design; of n questions it is among them with about n times it.
    """

    query_id: str
    doc_id: str
    grade: int | None
    passage_id: str = ""
    at: datetime | None = None
    by: str = ""
    plan: str = ""
    probability: float | None = None

    @property
    def planned(self) -> bool:
        """Whether it was given under a plan that logged how probable the question was."""
        return bool(self.plan) and self.probability is not None


@dataclass(frozen=True, slots=True)
class GradeFile:
    """What a file of grades holds.

    Attributes:
        grades: in the order they were given. notes: sentences on what was left out.
    """

    grades: tuple[Grade, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileMark:
    """One state of a file: which it is, how long, when it was changed."""

    inode: int
    size: int
    changed: int


def read_grade_file(case_root: Path) -> GradeFile:
    """All grades of a case, regrades and withdrawals among them; none where the file is not there, or only as a link.

    A last line without an end that is no JSON was cut off by a crash before anybody was told that it was kept: it is left
    out, and said.

    Raises:
        InputError: the file cannot be read, is too large, or holds lines that are no grades; the first of them are named.
    """
    lines, torn = read_lines(case_root / GRADES)
    grades: list[Grade] = []
    faults: list[str] = []
    for number, line in lines:
        try:
            grades.append(_grade(line))
        except ValueError as error:
            faults.append(f"line {number} {error}")
    if faults:
        more = f" and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise InputError(f"{GRADES}: {'; '.join(faults[:SHOWN_FAULTS])}{more}; {REMEDY}")
    note = f"{GRADES}: the last line was cut off while it was written and is left out; grade that document again"
    return GradeFile(tuple(grades), (note,) if torn else ())


def grade_file_mark(case_root: Path) -> FileMark | None:
    """What tells one state of the file of grades from another; None where it is not there, or only as a link.

    Raises:
        InputError: the file cannot be looked at.
    """
    path = case_root / GRADES
    try:
        if path.is_symlink() or not path.is_file():
            return None
        state = path.stat()
    except OSError as error:
        raise InputError(f"{GRADES}: could not be read ({short(error)}); check its permissions") from error
    return FileMark(state.st_ino, state.st_size, state.st_mtime_ns)


def append_grade(case_root: Path, grade: Grade) -> tuple[int, int]:
    """Keep a grade: one line at the end of the file, on the disk before this returns; two pages may do so at once.

    A half line that a crash left at the end is cut off first; it was never a grade.

    Returns:
        Where its line begins and ends, in bytes: whoever knew the file up to there need not read it again.

    Raises:
        CaseError: the case is read-only.
        InputError: the grade is not one, or the file cannot be written to.
    """
    try:
        line = json.dumps(_record(grade), ensure_ascii=False).encode()
        _grade(line)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{GRADES}: not kept, the grade {error}") from error
    return append_line(case_root, GRADES, line)


def _record(grade: Grade) -> dict[str, Any]:
    """A grade as its line says it: what is not known is left out, but for the grade, whose null means withdrawn."""
    if grade.at is None or grade.at.tzinfo is None:
        raise ValueError("has no time with its zone")
    said = {**asdict(grade), "at": grade.at.astimezone(UTC).isoformat()}
    return {name: value for name, value in said.items() if name == "grade" or value not in (None, "")}


def _grade(line: bytes) -> Grade:
    """The grade of a line.

    Raises:
        ValueError: it is none; the text goes on from "line 3".
    """
    if len(line) > MAX_LINE:
        raise ValueError(f"is longer than {MAX_LINE // 2**10} KiB")
    try:
        entry = json.loads(line.decode("utf-8-sig"))
    except NOT_JSON as error:
        raise ValueError(f"is not JSON ({short(error)})") from error
    if not isinstance(entry, dict):
        raise ValueError(f"is {type(entry).__name__}, expected an object")
    return Grade(
        **{name: _text(entry, name) for name in _TEXTS},
        grade=_value(entry),
        at=_moment(entry.get("at")),
        probability=_probability(entry.get("probability")),
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT or sound(value) != value:
        raise ValueError(f"has a {name} of {ascii(value)[:60]}, expected text of at most {MAX_TEXT} characters")
    if not value and name in ("query_id", "doc_id"):
        raise ValueError(f"has no {name}")
    return value


def _value(entry: Mapping[str, Any]) -> int | None:
    if "grade" not in entry:
        raise ValueError("has no grade")
    value = entry["grade"]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HIGHEST:
        raise ValueError(f"has a grade of {ascii(value)[:60]}, expected 0, 1, 2, 3, or null for withdrawn")
    return value


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        # Arithmetic on the edge of the calendar overflows: it is done here, where that can be told.
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"has a time of {ascii(value)[:60]}, expected one with its zone like 2026-03-02T10:15:00+00:00")


def _probability(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1 and math.isfinite(value):
        return float(value)
    raise ValueError(f"has a probability of {ascii(value)[:60]}, expected a number above 0, at most 1")
