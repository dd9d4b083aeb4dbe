"""Which columns of an eval file hold what: aliases from `eval_formats.yaml`, and which numbers are metrics.

It knows columns only; runs and items are put together in `workbench.ingest.evals.material`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from workbench.ingest.evals.parts import main_text
from workbench.ingest.logs.columns import Flat, names_of, normalised
from workbench.ingest.logs.values import as_structure, list_of, name_of, number_of, text_of, time_of
from workbench.ingest.readers import parse_date

_TRUE, _FALSE = (
    {"pass", "passed", "true", "success", "yes", "ok", "1"},
    {"fail", "failed", "false", "failure", "no", "error", "0"},
)
_HELD_OUT = frozenset({"true", "1", "yes", "test", "heldout", "holdout"})
_TUNING = frozenset({"false", "0", "no", "dev", "development", "train", "training", "tuning", "val", "validation"})
_NOT_A_SCORE = re.compile(r"(threshold|reason|low|high|ci|lower|upper|stderr|std|se|n|count|seconds|ms|tokens|cost)$")
_SCORE_COLUMN = re.compile(r"annotation_(.+)_score|(.+?)(?:/v\d+)?/(?:score|value)|Metric: (.+)")
_DATE_IN_NAME = re.compile(
    r"(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T_-]?([01]\d|2[0-3])[-:]?([0-5]\d)(?:[-:]?[0-5]\d)?)?(?!\d)"
)
_PERSON = {"human", "user"}


@lru_cache(maxsize=1)
def eval_formats() -> Mapping[str, Any]:
    """The packaged table of aliases."""
    text = files("workbench.ingest.evals").joinpath("eval_formats.yaml").read_text(encoding="utf-8")
    table: Mapping[str, Any] = yaml.safe_load(text)
    return table


@dataclass(frozen=True, slots=True)
class EvalColumns:
    """Field -> path, and the paths that hold metrics."""

    paths: Mapping[str, str]
    metrics: tuple[str, ...]

    def value(self, name: str, record: Flat) -> object:
        """Raw value of a field; None where the file has no such column or the cell is empty."""
        return record.get(self.paths.get(name, ""))

    @classmethod
    def of(cls, records: Sequence[Flat]) -> EvalColumns:
        """Columns by name, confirmed by values where a name alone says little."""
        values: dict[str, list[object]] = {}
        for record in records:
            for path, value in record.items():
                if value is not None:
                    values.setdefault(path, []).append(value)
        table = eval_formats()
        guesses = {name: best_path(aliases, values) for name, aliases in {**table["run"], **table["item"]}.items()}
        paths = {
            name: path
            for name, path in guesses.items()
            if path and all(_fits(name, cell) for cell in values[path][:200])
        }
        if _is_one_run(paths, values):
            del paths["run_id"]
        metrics = _metrics(paths, values)
        # A column that is a metric by name ("score") is not also the value of a long table without a column of metric names.
        if "metric" not in paths or "value" not in paths:
            paths = {field: path for field, path in paths.items() if field not in ("metric", "value")}
        return cls(paths, metrics)


def _is_one_run(paths: Mapping[str, str], values: Mapping[str, Sequence[object]]) -> bool:
    """Whether the run ids are those of single answers: LangSmith calls every answer to an example a run."""
    runs = values.get(paths.get("run_id", ""), ())
    return normalised(paths.get("item_id", "")) == "exampleid" and len(set(map(str, runs))) == len(runs) > 1


def best_path(aliases: Sequence[str], paths: Mapping[str, object]) -> str | None:
    """The column whose name comes first among the aliases, None where none is there."""
    ranks = {alias: rank for rank, alias in enumerate(aliases)}
    ranked = [(ranks[name], path) for path in paths for name in names_of(path) if name in ranks]
    return min(ranked)[1] if ranked else None


def _fits(field: str, value: object) -> bool:
    if field == "value":
        return number_of(value) is not None
    if field == "passed":
        return passed_of(value) is not None
    if field in ("at", "added_on"):
        return moment_of(value) is not None
    if field == "held_out":
        return held_out_of(value) is not None
    if field == "question":
        return question_of(value) is not None and number_of(value) is None
    if field == "metric":
        return text_of(value) is not None and number_of(value) is None
    return True


def _metrics(paths: Mapping[str, str], values: Mapping[str, Sequence[object]]) -> tuple[str, ...]:
    """Columns of numbers that are metrics by name; others only in a file that shows itself to be a result."""
    table = eval_formats()
    names = {path: normalised(metric_label(path)) for path in values}
    numeric = [path for path, cells in values.items() if all(score_of(cell) is not None for cell in cells)]
    plain = [
        path for path in numeric if names[path] not in table["not_metrics"] and not _NOT_A_SCORE.search(names[path])
    ]
    answered = any(name in table["answered"] for name in names.values())
    is_result = answered or "passed" in paths or "run_id" in paths or "reference" not in paths
    taken = {paths[field] for field in ("item_id", "run_id", "at", "question", "held_out") if field in paths}
    return tuple(path for path in plain if path not in taken and _is_metric(path, names[path], values[path], is_result))


def _is_metric(path: str, name: str, cells: Sequence[object], is_result: bool) -> bool:
    known = (
        name in eval_formats()["metrics"] or _SCORE_COLUMN.fullmatch(path) is not None or path.startswith("feedback.")
    )
    return known or (is_result and _all_shares(cells))


def score_of(value: object) -> float | None:
    """A score as a number; a verdict in words ("yes", "fail") counts as 1 or 0; None for anything that is neither."""
    number = number_of(value)
    if number is None and isinstance(value, str) and (verdict := passed_of(value)) is not None:
        return float(verdict)
    return number


def metric_label(path: str) -> str:
    """The name of the metric in a column.

    Phoenix writes "annotation_groundedness_score", MLflow "toxicity/v1/score", promptfoo "Metric: tone".

    >>> metric_label("toxicity/v1/score"), metric_label("feedback.correctness"), metric_label("Metric: tone")
    ('toxicity', 'correctness', 'tone')
    """
    match = _SCORE_COLUMN.fullmatch(path)
    return next(filter(None, match.groups())) if match else path.rpartition(".")[2]


def format_of(records: Sequence[Flat], *, scored: bool) -> str:
    """Name of the tool's format that the columns show; "" where they could be anybody's."""
    paths = {path for record in records[:50] for path in record}
    names = {normalised(part) for path in paths for part in (path, path.partition(".")[0])}
    return next(
        (
            str(signature["name"])
            for signature in eval_formats()["signatures"]
            if names.issuperset(signature["columns"]) and signature.get("scored", scored) == scored
        ),
        "",
    )


def _all_shares(cells: Sequence[object]) -> bool:
    numbers = [number_of(cell) for cell in cells]
    return all(number is not None and 0 <= number <= 1 for number in numbers)


def passed_of(value: object) -> bool | None:
    """A verdict as True or False; None for anything that is no verdict."""
    word = str(value).strip().lower() if isinstance(value, str | bool | int) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def held_out_of(value: object) -> bool | None:
    """Whether a cell says that an item is held out from tuning; None where it says something else.

    >>> held_out_of(True), held_out_of("dev"), held_out_of("fold 3")
    (True, False, None)
    """
    told = normalised(str(value))
    return True if told in _HELD_OUT else False if told in _TUNING else None


def moment_of(value: object) -> datetime | None:
    """The time of a run. Run times are compared by the day, so a time without a zone is taken as UTC, a date as its midnight."""
    if isinstance(value, datetime):  # YAML knows dates
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    moment = time_of(value, UTC)
    if isinstance(moment, datetime):
        return moment
    day = value if isinstance(value, date) else parse_date(value) if isinstance(value, str) else None
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def moment_in_name(name: str) -> datetime | None:
    """The date, and time where given, in a file name such as "nightly_2026-09-14.csv" or "run-20260914T0310"."""
    match = _DATE_IN_NAME.search(name)
    if match is None:
        return None
    year, month, day, hour, minute = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def ids_of(value: object) -> tuple[str, ...]:
    """Document ids out of a cell: a list, or text split at `|`, `;` or a comma."""
    parts = list_of(as_structure(value))
    names = (
        next((part[key] for key in ("doc_id", "id", "source") if key in part), None) if isinstance(part, dict) else part
        for part in parts
    )
    return tuple(name for part in names if (name := name_of(part)))


def question_of(value: object) -> str | None:
    """A question as text; of a conversation in ragas' form ({content, type: human or ai}), what the person said last."""
    structure = as_structure(value)
    if isinstance(structure, dict):
        return text_of(main_text(structure, "question"))
    turns = [part for part in structure if isinstance(part, dict)] if isinstance(structure, list) else []
    said = [part.get("content") for part in turns if part.get("type") in _PERSON]
    return text_of(said[-1] if said else value)


def reference_of(value: object) -> str | None:
    """A reference answer; of several, all of them, one a line; of an object, the answer in it."""
    structure = as_structure(value)
    if isinstance(structure, list):
        return "\n".join(text for part in structure if (text := text_of(part))) or None
    return text_of(main_text(structure, "answer") if isinstance(structure, dict) else value)


def question_id(question: str) -> str:
    """An id for an item that has none: the same question gets the same id in every file, so that runs can be paired."""
    return f"q-{hashlib.sha256(' '.join(question.lower().split()).encode()).hexdigest()[:10]}"
