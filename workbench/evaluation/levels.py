"""Levels a client holds the scores of its harness against, and margins it claims, as its files state them, with their lines.

It reads settings, eval code, the case file and papers line by line; whether a score is precise enough for them is judged in
`precision`. Nothing is run and no format is parsed, so that a broken file costs its own lines only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.case import files_below
from workbench.observing import read_case_text
from workbench.records import CaseInputs, Source

MOST_FILES = 100
MOST_TEXT = 100_000
"""Characters of a file that are read: what states levels is short."""
MOST_METRICS = 50
LONGEST_LINE = 1_000
LINES_OF_A_KEY = 8
NEAR = 60
"""Characters after the name of a metric in which its level must stand."""
CASE_FILE = "case.toml"

_SETTINGS = re.compile(
    r"(threshold|gate|level|target|eval|promptfoo|quality)[^/]*\.(ya?ml|toml|json|ini|cfg|py)$"
    r"|(^|/)(evals?|evaluation|\.github/workflows)/[^/]+\.(ya?ml|toml|ini|cfg|py)$",
    re.IGNORECASE,
)
_PROSE = re.compile(r"\.(md|rst|txt|adoc)$", re.IGNORECASE)
_EVAL_PROSE = re.compile(r"(^|/)[^/]*eval[^/]*(/|\.)|(^|/)readme\.", re.IGNORECASE)
_DEMANDED = re.compile(
    r"level|threshold|target|gate|minimum|at least|must|required?|go[- ]live|above|not (fall )?below|>=|≥|>",
    re.IGNORECASE,
)
_NUMBER = r"(\d{1,3}(?:\.\d+)?|\.\d+)\s*(%|percent)?"
_JOINING = r":|=|>=?|≥|at least|above|of|is|must|should|be|reach|level|threshold|target|minimum|\s|\||\*|`"
_VALUE = re.compile(rf"^\W{{0,4}}\s*(?:{_JOINING})*\s*{_NUMBER}(?![\d.]*\w)", re.IGNORECASE)
_INNER = re.compile(
    rf"[\"']?\b(?:threshold|min(?:imum)?(?:_score)?|level|target|at_least|gte)\b[\"']?\s*[:=]\s*{_NUMBER}(?![\d.]*\w)",
    re.IGNORECASE,
)
_PLUS_MINUS = re.compile(
    rf"(?:±|\+/-|\+-|margin of(?: error)?(?: of)?)\s*{_NUMBER}\s*(points?|pp|percentage points)?", re.IGNORECASE
)
_GAIN = re.compile(
    rf"\b(?:improv\w*|better|gain\w*|up|rose|raised|higher|increas\w*)\b"
    rf"[^.\d]{{0,30}}?{_NUMBER}\s*(points?|pp|percentage points)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Level:
    """A score of a metric that is asked for; `value` in the unit of the metric, percent of shares divided by 100."""

    metric: str
    value: float
    source: Source


@dataclass(frozen=True, slots=True)
class _Open:
    """A metric whose number is still to come: in lines further in than `indent`, up to line `last`."""

    metric: str
    indent: int
    last: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A precision or a difference that is claimed of a metric: half a width, or a gain, in the unit of the metric."""

    metric: str
    margin: float
    source: Source


def levels(inputs: CaseInputs, metrics: Sequence[str]) -> tuple[Level, ...]:
    """Levels stated for these metrics, in the order of files and lines; the same level of a metric once.

    Settings: a line with the metric as a key and a number, or a "threshold", "min", "level" or "target" on one of the lines that
    belong to the key. Prose (the read-me of the evaluation, papers): a line that names metric and number and demands it.

    Args:
        inputs: the case.
        metrics: names of metrics with scores between 0 and 1; "passed" stands for pass rate.
    """
    found: dict[tuple[str, float], Level] = {}
    for path, text, prose in _texts(inputs):
        for level in (
            _in_prose(path, text, metrics[:MOST_METRICS]) if prose else _in_settings(path, text, metrics[:MOST_METRICS])
        ):
            found.setdefault((level.metric, level.value), level)
    return tuple(found.values())


def claims(inputs: CaseInputs, metrics: Sequence[str]) -> tuple[Claim, ...]:
    """Margins claimed for these metrics in prose: "pass rate 82 % ± 2", "context recall improved by 3 points"."""
    found: dict[tuple[str, float], Claim] = {}
    for path, text, prose in _texts(inputs):
        if prose:
            for claim in _claims(path, text, metrics[:MOST_METRICS]):
                found.setdefault((claim.metric, claim.margin), claim)
    return tuple(found.values())


# ---------------------------------------------------------------- files


def _texts(inputs: CaseInputs) -> Iterator[tuple[str, str, bool]]:
    """Path, text and whether it is prose, of every file that may state a level."""
    targets = _table(read_case_text(inputs.root, CASE_FILE) or "", "targets")
    if targets:
        yield CASE_FILE, targets, False
    for path in _paths(inputs):
        text = read_case_text(inputs.root, path)
        if text:
            yield path, text[:MOST_TEXT], bool(_PROSE.search(path))
    for paper in inputs.artefacts[:MOST_FILES]:
        if _PROSE.search(paper.source.path):
            text = read_case_text(inputs.root, paper.source.path)
            if text:
                yield paper.source.path, text[:MOST_TEXT], True


def _paths(inputs: CaseInputs) -> list[str]:
    root = Path(inputs.root)
    evals = [path.relative_to(root).as_posix() for path in files_below(root / "evals")] if root.is_dir() else []
    repository = inputs.repository.files if inputs.repository else ()
    named = [*(path for path in evals if path not in inputs.evals.formats), *repository]
    return [path for path in dict.fromkeys(named) if _may_state(path)][:MOST_FILES]


def _may_state(path: str) -> bool:
    if _PROSE.search(path):
        return bool(_EVAL_PROSE.search(path))
    return bool(_SETTINGS.search(path))


def _table(text: str, name: str) -> str:
    """The lines of one table of a TOML file; all others emptied, so that line numbers stay."""
    inside, lines = False, []
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.startswith(f"[{name}]")
        lines.append(line if inside and not line.startswith("[") else "")
    return "\n".join(lines) if any(lines) else ""


# ---------------------------------------------------------------- lines


def spoken(metric: str) -> re.Pattern[str]:
    """How a metric may be written: "context_recall", "context recall", "ContextRecall"; verdicts as a rate of passing.

    >>> bool(spoken("context_recall").search("Context Recall: 0.80")), bool(spoken("recall").search("context_recall: 0.8"))
    (True, False)
    """
    if metric == "passed":
        return re.compile(r"(?<![\w])pass(ed)?([ _-]?rate)?(?![\w])|(?<![\w])success[ _-]?rate(?![\w])", re.IGNORECASE)
    parts = [re.escape(part) for part in re.split(r"[\W_]+", metric) if part]
    return re.compile(rf"(?<!\w){'[ _-]?'.join(parts)}(?:[_ ]?metric)?(?!\w)", re.IGNORECASE)


def _in_settings(path: str, text: str, metrics: Sequence[str]) -> Iterator[Level]:
    patterns = [(metric, spoken(metric)) for metric in metrics]
    opened: _Open | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = _without_comment(raw[:LONGEST_LINE])
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        named = next(((metric, match) for metric, wanted in patterns if (match := wanted.search(line))), None)
        if named is None:
            opened = opened if opened and indent > opened.indent and number <= opened.last else None
            metric, value = (opened.metric, _first(_INNER.search(line))) if opened else ("", None)
        else:
            metric, match = named
            value = _first(_INNER.search(line, match.end()), _VALUE.match(line[match.end() : match.end() + NEAR]))
            # "faithfulness:" and "- metric: faithfulness" own the deeper lines; "metric: faithfulness" the lines beside it.
            owns = match.start() <= indent + 1 or line.lstrip().startswith("- ")
            opened = _Open(metric, indent if owns else indent - 1, number + LINES_OF_A_KEY)
        if value is not None:
            opened = None
            yield Level(metric, value, Source(path, f"line {number}"))


def _in_prose(path: str, text: str, metrics: Sequence[str]) -> Iterator[Level]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw[:LONGEST_LINE]
        if not _DEMANDED.search(line):
            continue
        for metric in metrics:
            for match in spoken(metric).finditer(line):
                value = _first(_VALUE.match(line[match.end() : match.end() + NEAR]))
                if value is not None:
                    yield Level(metric, value, Source(path, f"line {number}"))


def _claims(path: str, text: str, metrics: Sequence[str]) -> Iterator[Claim]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw[:LONGEST_LINE]
        margin = _margin([_PLUS_MINUS.search(line), _GAIN.search(line)])
        if margin:
            for metric in metrics:
                if spoken(metric).search(line):
                    yield Claim(metric, margin, Source(path, f"line {number}"))


def _margin(matches: Iterable[re.Match[str] | None]) -> float | None:
    match = next((one for one in matches if one), None)
    if match is None:
        return None
    number = float(match[1])
    return number / 100 if match[2] or match[3] or number >= 1 else number


def _first(*matches: re.Match[str] | None) -> float | None:
    """The number of the first match, as a share; None where it is none between 0 and 1."""
    match = next((one for one in matches if one), None)
    if match is None:
        return None
    number = float(match[1])
    share = number / 100 if match[2] or number > 1 else number
    return share if 0 < share <= 1 else None


def _without_comment(line: str) -> str:
    return re.split(r"(?:^|\s)(?:#|//)", line, maxsplit=1)[0]
