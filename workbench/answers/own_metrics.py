"""The client's own metrics: exact match, regular expression and JSON schema from `evals/metrics.toml`, a function from a call.

A function is never read from a case: a folder that is handed over runs no code. What a metric is worth is the client's business.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from workbench.errors import InputError
from workbench.records import AnswerRow, MetricScore

FILE = "evals/metrics.toml"
MAX_FILE = 256 * 1024
MAX_METRICS = 50
MAX_PATTERN = 2_000
MAX_SCHEMA = 128 * 1024
MAX_PARTS = 5_000
"""Parts of a schema with its references followed."""
MAX_ANSWER = 200_000
"""Characters of an answer a metric looks at; a longer one has no value."""
SECONDS_A_ROW = 1.0
"""Time of one regular expression on one answer."""
MAX_BOUND = 1_000_000
TAKEN = frozenset(
    {"faithfulness", "answer_relevancy", "context_precision", "context_recall", "semantic_similarity", "support"}
)

Kind = Literal["exact_match", "regex", "json_schema"]
Field = Literal["answer", "question", "reference"]
Own = Callable[[AnswerRow], float | bool | None]
"""A metric as a function: a number of 0 to 1, a bool, or None where it has no value for the row."""

_KEYS: Mapping[str, frozenset[str]] = {
    "exact_match": frozenset({"field"}),
    "regex": frozenset({"field", "pattern", "ignore_case"}),
    "json_schema": frozenset({"field", "schema"}),
}
_COMMON = frozenset({"name", "kind", "min_length", "max_length"})
_FIELDS = ("answer", "question", "reference")


@dataclass(frozen=True, slots=True)
class OwnMetric:
    """One entry of the file.

    Attributes:
        field: what the pattern or schema is held against; for an exact match the field the answer must equal.
        pattern: a regular expression that must be found somewhere in it. schema: a JSON schema, as JSON.
        min_length, max_length: characters the answer must have besides; a row outside gets 0.
    """

    name: str
    kind: Kind
    field: Field = "answer"
    pattern: str = ""
    ignore_case: bool = False
    schema: str = ""
    min_length: int = 0
    max_length: int | None = None


def read_own_metrics(root: Path) -> tuple[OwnMetric, ...]:
    """The metrics of `<root>/evals/metrics.toml`; none where the file is not there.

    Raises:
        InputError: the file cannot be read, or an entry is not a metric; the sentence names the entry.
    """
    import tomllib

    path = root / FILE
    if not path.is_file() or path.is_symlink() or path.parent.is_symlink():
        return ()
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_FILE + 1)
        if len(raw) > MAX_FILE:
            raise InputError(f"{FILE}: more than {MAX_FILE // 1024} KiB; keep the metrics alone in it")
        table = tomllib.loads(raw.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{FILE}: not valid TOML ({str(error)[:120]}); correct it") from error
    entries = table.get("metric", [])
    if set(table) - {"metric"} or not isinstance(entries, list):
        raise InputError(f"{FILE}: found {_shown(sorted(table))}, expected entries that begin with [[metric]]")
    if len(entries) > MAX_METRICS:
        raise InputError(f"{FILE}: {len(entries)} metrics, at most {MAX_METRICS} are computed; leave some out")
    metrics = tuple(_metric(place, entry) for place, entry in enumerate(entries, start=1))
    names = [metric.name for metric in metrics]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"{FILE}: two metrics are named '{twice[0]}'; give each a name of its own")
    return metrics


def own_scores(
    rows: Sequence[AnswerRow], metrics: Sequence[OwnMetric] = (), own: Mapping[str, Own] | None = None
) -> tuple[MetricScore, ...]:
    """The score of each row by each metric, metric by metric.

    A function that raises, or returns what is neither a number of 0 to 1 nor a bool nor None, gives a failed row with the
    reason; None is undefined. A regular expression that takes longer than a second on a row fails that row.

    Args:
        rows: those that lack the field a metric looks at are skipped.
        metrics: of the file.
        own: name -> function, given by whoever calls.

    Raises:
        InputError: a function has the name of another metric.
    """
    functions = dict(own or {})
    names = {metric.name for metric in metrics} | TAKEN
    if clash := sorted(names & functions.keys()):
        raise InputError(f"the function '{clash[0]}' has the name of another metric; give it a name of its own")
    checks = [(metric.name, _check_of(metric)) for metric in metrics]
    return (
        *(check(row) for _, check in checks for row in rows),
        *(_by_function(name, function, row) for name, function in functions.items() for row in rows),
    )


def _metric(place: int, entry: object) -> OwnMetric:
    where = f"{FILE}: metric {place}"
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected a table with name and kind")
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 80 or not name.isprintable():
        raise InputError(f"{where}: needs a name of 1 to 80 printable characters")
    where = f"{where} ('{name}')"
    if name in TAKEN:
        raise InputError(f"{where}: that name is taken by a metric of the workbench; choose another")
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise InputError(f"{where}: kind is {_shown(kind)}, expected one of {', '.join(sorted(_KEYS))}")
    if unknown := sorted(set(entry) - _COMMON - _KEYS[kind]):
        raise InputError(
            f"{where}: '{unknown[0]}' is no setting of kind {kind}; known are {', '.join(sorted(_COMMON | _KEYS[kind]))}"
        )
    field = entry.get("field", "reference" if kind == "exact_match" else "answer")
    if field not in _FIELDS or (kind == "exact_match" and field == "answer"):
        raise InputError(
            f"{where}: field is {_shown(field)}, expected one of {', '.join(_FIELDS[1:] if kind == 'exact_match' else _FIELDS)}"
        )
    ignore_case = entry.get("ignore_case", False)
    if not isinstance(ignore_case, bool):
        raise InputError(f"{where}: ignore_case is {_shown(ignore_case)}, expected true or false")
    least, most = _bound(where, entry, "min_length") or 0, _bound(where, entry, "max_length")
    if most is not None and most < least:
        raise InputError(f"{where}: max_length {most} is below min_length {least}; swap them")
    pattern = _pattern(where, entry) if kind == "regex" else ""
    schema = _schema(where, entry) if kind == "json_schema" else ""
    return OwnMetric(name, cast(Kind, kind), cast(Field, field), pattern, ignore_case, schema, least, most)


def _bound(where: str, entry: Mapping[str, Any], key: str) -> int | None:
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_BOUND:
        raise InputError(f"{where}: {key} is {_shown(value)}, expected a whole number of 0 to {MAX_BOUND:,}")
    return value


def _pattern(where: str, entry: Mapping[str, Any]) -> str:
    import regex

    pattern = entry.get("pattern")
    if not isinstance(pattern, str) or not 0 < len(pattern) <= MAX_PATTERN:
        raise InputError(f"{where}: needs a pattern of 1 to {MAX_PATTERN:,} characters")
    try:
        regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError, MemoryError, ValueError) as error:
        raise InputError(f"{where}: the pattern is no regular expression ({str(error)[:80]}); correct it") from error
    return pattern


def _schema(where: str, entry: Mapping[str, Any]) -> str:
    """The schema as JSON; the file holds it as a table or as JSON in a string."""
    import jsonschema

    value = entry.get("schema")
    try:
        schema = json.loads(value) if isinstance(value, str) else value
        text = json.dumps(schema)
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{where}: schema is not valid JSON ({str(error)[:80]}); correct it") from error
    if not isinstance(schema, dict) or len(text) > MAX_SCHEMA:
        raise InputError(f"{where}: needs a schema: a table, or JSON of at most {MAX_SCHEMA // 1024} KiB in a string")
    _spelled_out(where, schema)
    if {"pattern", "patternProperties"} & _keys(schema):
        raise InputError(
            f"{where}: the schema holds regular expressions, which have no time limit there; use kind regex for them"
        )
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except (jsonschema.SchemaError, RecursionError) as error:
        raise InputError(f"{where}: not a JSON schema ({str(error).splitlines()[0][:80]}); correct it") from error
    return text


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return {str(key) for key in value}.union(*(_keys(part) for part in value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list) else set()


def _spelled_out(where: str, schema: Mapping[str, Any]) -> None:
    """Refuse a schema that, its references followed, is endless or huge: a few references to references can stand for billions.

    Raises:
        InputError: or a reference leads out of the schema, or nowhere.
    """
    waiting: list[object] = [schema]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        if isinstance(value, dict):
            if {"$dynamicRef", "$dynamicAnchor", "$anchor", "$id"} & value.keys():
                raise InputError(
                    f"{where}: the schema names itself or its parts by address; refer to them with '#/$defs/...'"
                )
            if "$ref" in value:
                waiting.append(_referred(where, schema, value["$ref"]))
            waiting.extend(part for key, part in value.items() if key not in ("$defs", "definitions", "enum", "const"))
    raise InputError(f"{where}: the schema refers to itself or has more than {MAX_PARTS:,} parts; make it smaller")


def _referred(where: str, schema: Mapping[str, Any], reference: object) -> object:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        raise InputError(f"{where}: the schema refers to {_shown(reference)}; only '#/...' within it is followed")
    place: object = schema
    for key in reference[2:].split("/"):
        name = key.replace("~1", "/").replace("~0", "~")
        if not isinstance(place, dict) or name not in place:
            raise InputError(f"{where}: the schema refers to {_shown(reference)}, which is not in it; correct it")
        place = place[name]
    return place


def _check_of(metric: OwnMetric) -> Callable[[AnswerRow], MetricScore]:
    passes = {"exact_match": _exact_match, "regex": _regex, "json_schema": _json_schema}[metric.kind](metric)

    def check(row: AnswerRow) -> MetricScore:
        texts = {"answer": row.answer, "question": row.question, "reference": row.reference}
        missing = [name for name in dict.fromkeys(("answer", metric.field)) if not (texts[name] or "").strip()]
        if missing:
            return MetricScore(row.row_id, metric.name, "skipped", reason=", ".join(f"no {name}" for name in missing))
        answer, text = texts["answer"] or "", texts[metric.field] or ""
        if max(len(answer), len(text)) > MAX_ANSWER:
            return MetricScore(
                row.row_id, metric.name, "failed", reason=f"a text of more than {MAX_ANSWER:,} characters"
            )
        longest = math.inf if metric.max_length is None else metric.max_length
        if not metric.min_length <= len(answer.strip()) <= longest:
            return MetricScore(row.row_id, metric.name, "ok", 0.0)
        try:
            return MetricScore(row.row_id, metric.name, "ok", float(passes(answer, text)))
        except TimeoutError:
            return MetricScore(
                row.row_id, metric.name, "failed", reason=f"the pattern took more than {SECONDS_A_ROW:g} s"
            )
        except RecursionError:
            return MetricScore(row.row_id, metric.name, "failed", reason="nested too deep")

    return check


def _exact_match(_metric: OwnMetric) -> Callable[[str, str], bool]:
    return lambda answer, text: plain(answer) == plain(text)


def plain(text: str) -> str:
    """A text as exact matches compare it: case, width, white space and a full stop at the end do not count.

    >>> plain(" Hail  is Covered. ")
    'hail is covered'
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(".").rstrip()


def _regex(metric: OwnMetric) -> Callable[[str, str], bool]:
    import regex

    # Without concurrent=True the time limit holds too; the flags are those of Python's own `re`.
    compiled = regex.compile(metric.pattern, regex.IGNORECASE if metric.ignore_case else 0)
    return lambda _answer, text: compiled.search(text, timeout=SECONDS_A_ROW) is not None


def _json_schema(metric: OwnMetric) -> Callable[[str, str], bool]:
    import jsonschema

    validator = jsonschema.Draft202012Validator(json.loads(metric.schema))

    def passes(_answer: str, text: str) -> bool:
        try:
            value = json.loads(text)
        except ValueError:
            return False
        return bool(validator.is_valid(value))

    return passes


def _by_function(name: str, function: Own, row: AnswerRow) -> MetricScore:
    try:
        value = function(row)
    # The function is somebody's own: whatever it raises must not lose the other rows; Ctrl-C still ends the run.
    except (Exception, SystemExit) as error:
        said = one_line(error, 200)
        reason = f"{type(error).__name__}: {said}" if said else type(error).__name__
        return MetricScore(row.row_id, name, "failed", reason=reason[:200])
    if value is None:
        return MetricScore(row.row_id, name, "undefined", reason="the function gave no value")
    try:
        number = float(value) if not isinstance(value, str | bytes) else math.nan
    except Exception:  # a value of a class of somebody's own may raise anything
        number = math.nan
    if not 0 <= number <= 1:
        return MetricScore(
            row.row_id, name, "failed", reason=f"returned {_shown(value)}, expected 0 to 1, a bool or None"
        )
    return MetricScore(row.row_id, name, "ok", number)


def one_line(error: BaseException, most: int) -> str:
    r"""What an error of somebody's own code says, on one line; empty where it says nothing or cannot.

    >>> one_line(ValueError("first line\nsecond"), 40)
    'first line second'
    """
    try:
        return " ".join(str(error).split())[:most]
    except Exception:
        return ""


def _shown(value: object) -> str:
    try:
        return " ".join(repr(value).split())[:60]
    except Exception:
        return type(value).__name__
