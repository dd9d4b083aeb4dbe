"""Result files of evaluation tools whose frame shows who wrote them, brought into the plain form of one row an item.

Files that already are rows (ragas, LangSmith, TruLens, csv) need nothing from here: `workbench.ingest.evals.columns` knows their
columns. Shapes are those of the tools' sources and documentation: promptfoo `EvaluateSummaryV2` and `V3`, DeepEval `TestRun`,
Phoenix's download of an experiment, Langfuse's public API, MLflow's `log_table`, the recorder of OpenAI evals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.ingest.evals.columns import eval_formats, metric_label
from workbench.ingest.evals.event_logs import openai_run
from workbench.ingest.evals.parts import Json, contexts_in, json_list, json_object, main_text, named_scores
from workbench.ingest.evals.promptfoo import (
    is_promptfoo,
    is_promptfoo_table,
    is_promptfoo_tests,
    promptfoo_rows,
    promptfoo_tests,
    table_row,
)
from workbench.ingest.logs.columns import normalised
from workbench.ingest.logs.values import as_structure, number_of

LANGFUSE_RUN, LANGFUSE_SCORES = "langfuse dataset run", "langfuse scores"


@dataclass(frozen=True, slots=True)
class Results:
    """Rows in plain form, and what the file says about the run as a whole."""

    tool: str
    rows: Sequence[Json]
    header: Json = field(default_factory=dict)


def tool_results(value: object) -> Results | None:
    """The results in a parsed file when a known tool wrote it, else None."""
    if isinstance(value, list):
        return tool_rows(value)
    if not isinstance(value, dict):
        return None
    for name, (recognised, rows, header) in FRAMES.items():
        if recognised(value):
            return Results(name, rows(value), header(value))
    inner = next((value[key] for key in ("data", "scores") if isinstance(value.get(key), list)), None)
    return tool_rows(inner) if inner is not None else None


def tool_rows(records: Sequence[object]) -> Results | None:
    """The same for a file that is a list of records, or one record a line."""
    first = [record for record in records[:20] if isinstance(record, dict)]
    if not first:
        return None
    if any("spec" in record for record in first) and any("type" in record and "data" in record for record in first):
        rows, header = openai_run([record for record in records if isinstance(record, dict)])
        return Results("openai evals run", rows, header)
    if any(map(is_promptfoo_table, first)):
        return Results("promptfoo tests", [table_row(record) for record in records if isinstance(record, dict)])
    for name, (keys, row) in RECORDS.items():
        if all(keys <= record.keys() for record in first):
            return Results(name, [row(record) for record in records if isinstance(record, dict)])
    return None


def _is_deepeval(value: Json) -> bool:
    keys = ("metricsData", "metrics_data", "metricsMetadata")
    return any(key in json_object(case) for case in _deepeval_cases(value) for key in keys)


def _deepeval_cases(value: Json) -> list[object]:
    run = json_object(value.get("testRunData")) or value
    keys = ("testCases", "test_cases", "conversationalTestCases", "conversational_test_cases")
    return [case for key in keys for case in json_list(run.get(key))]


def _deepeval_rows(value: Json) -> Sequence[Json]:
    return [_deepeval_row(case) for case in _deepeval_cases(value) if isinstance(case, dict)]


def _deepeval_header(value: Json) -> Json:
    run = json_object(value.get("testRunData")) or value
    return {
        "run_id": run.get("identifier") or run.get("testRunId"),
        "at": run.get("createdAt") or run.get("timestamp"),
    }


def _deepeval_row(case: Json) -> Json:
    keys = ("metricsData", "metrics_data", "metricsMetadata")
    metrics = next((found for key in keys if (found := json_list(case.get(key)))), [])
    expected = (case.get(key) for key in ("expectedOutput", "expected_output", "expectedOutcome", "expected_outcome"))
    named = {
        "item_id": case.get("name"),
        "question": case.get("input") or case.get("scenario"),
        "reference": next((text for text in expected if text), None),
        "passed": case.get("success"),
        "said_answer": case.get("actualOutput") or case.get("actual_output"),
        "said_contexts": case.get("retrievalContext") or case.get("retrieval_context"),
    }
    return {**named_scores(metrics, ("name", "metric")), **named}


def _is_deepeval_cache(value: Json) -> bool:
    return isinstance(value.get("test_cases_lookup_map"), dict)


def _deepeval_cache_rows(value: Json) -> Sequence[Json]:
    """Rows of `.deepeval-cache.json`: there a case is the key, written as JSON, of what its metrics gave."""
    cases = json_object(value.get("test_cases_lookup_map"))
    return [
        _deepeval_row({**json_object(as_structure(key)), **_cached(json_object(kept))}) for key, kept in cases.items()
    ]


def _cached(kept: Json) -> Json:
    metrics = [json_object(part) for part in json_list(kept.get("cached_metrics_data"))]
    return {"metricsData": [metric.get("metric_data") or metric.get("metric_metadata") for metric in metrics]}


def _is_mlflow(value: Json) -> bool:
    columns, data = value.get("columns"), value.get("data")
    if (
        not isinstance(columns, list)
        or not isinstance(data, list)
        or not all(isinstance(row, list) for row in data[:20])
    ):
        return False
    return _shows_evaluation(map(str, columns))


def _mlflow_rows(value: Json) -> Sequence[Json]:
    columns = [str(column) for column in json_list(value.get("columns"))]
    rows = [row for row in json_list(value.get("data")) if isinstance(row, list)]
    return [dict(zip(columns, row, strict=False)) for row in rows]


def _is_frame(value: Json) -> bool:
    """Whether a JSON object is a pandas frame by column: every value maps the same row numbers to cells."""
    columns = list(value.values())
    if len(columns) < 2 or not all(isinstance(column, dict) and column for column in columns):
        return False
    rows = set(json_object(columns[0]))
    framed = all(row.isdecimal() for row in rows) and all(set(json_object(column)) == rows for column in columns)
    return framed and _shows_evaluation(value)


def _shows_evaluation(columns: Iterable[str]) -> bool:
    """Whether a frame's columns are those of an evaluation: a log can be kept in the same form."""
    told = {*eval_formats()["metrics"], "userinput", "reference", "groundtruth", "expectedoutput"}
    return any(metric_label(column) != column or normalised(column) in told for column in columns)


def _frame_rows(value: Json) -> Sequence[Json]:
    columns = {name: json_object(cells) for name, cells in value.items()}
    return [{name: cells.get(row) for name, cells in columns.items()} for row in next(iter(columns.values()))]


def _is_langfuse_run(value: Json) -> bool:
    return isinstance(value.get("datasetRunItems"), list)


def _langfuse_run_rows(value: Json) -> Sequence[Json]:
    items = [item for item in json_list(value.get("datasetRunItems")) if isinstance(item, dict)]
    return [_langfuse_run_row({"datasetRunName": value.get("name"), **item}) for item in items]


def _langfuse_run_row(item: Json) -> Json:
    trace = json_object(item.get("trace"))
    named = {
        "item_id": item.get("datasetItemId"),
        "run_id": item.get("datasetRunName") or item.get("datasetRunId"),
        "run_trace": item.get("traceId") or trace.get("id"),
        "at": item.get("createdAt"),
        "said_answer": main_text(trace.get("output"), "answer"),
        "said_contexts": contexts_in(trace.get("output")),
    }
    return {**named_scores(json_list(item.get("scores")) or json_list(trace.get("scores")), ("name",)), **named}


def _langfuse_score(score: Json) -> Json:
    return {"run_trace": score.get("traceId"), "metric": score.get("name"), "value": number_of(score.get("value"))}


def _phoenix_row(record: Json) -> Json:
    repetition = number_of(record.get("repetition_number")) or 1
    named = {
        "item_id": record.get("example_id"),
        "question": main_text(record.get("input"), "question"),
        "reference": main_text(record.get("reference_output"), "answer"),
        "at": record.get("start_time"),
        "repetition": int(repetition),
        "said_answer": main_text(record.get("output"), "answer"),
        "said_contexts": contexts_in(record.get("output")),
    }
    return {**named_scores(json_list(record.get("annotations")), ("name",)), **named}


def _no_header(_value: Json) -> Json:
    return {}


Recognised = Callable[[Json], bool]
Rows = Callable[[Json], Sequence[Json]]
Header = Callable[[Json], Json]

FRAMES: Mapping[str, tuple[Recognised, Rows, Header]] = {
    "promptfoo results": (is_promptfoo, *promptfoo_rows),
    "promptfoo tests": (is_promptfoo_tests, promptfoo_tests, _no_header),
    "deepeval test run": (_is_deepeval, _deepeval_rows, _deepeval_header),
    "deepeval cache": (_is_deepeval_cache, _deepeval_cache_rows, _no_header),
    LANGFUSE_RUN: (_is_langfuse_run, _langfuse_run_rows, _no_header),
    "mlflow eval table": (_is_mlflow, _mlflow_rows, _no_header),
    "data frame as json": (_is_frame, _frame_rows, _no_header),
}
"""Format -> (whether a parsed object is one, its rows, what it says about the run)."""

RECORDS: Mapping[str, tuple[frozenset[str], Callable[[Json], Json]]] = {
    "phoenix experiment": (frozenset({"example_id", "reference_output", "annotations"}), _phoenix_row),
    LANGFUSE_RUN: (frozenset({"datasetItemId", "traceId"}), _langfuse_run_row),
    LANGFUSE_SCORES: (frozenset({"traceId", "name", "value"}), _langfuse_score),
}
"""Format -> (keys every record has, the record in plain form)."""
