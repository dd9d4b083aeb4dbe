"""Result files of evaluation tools, brought into the plain form of one row an item: promptfoo and DeepEval.

Tools whose files already are rows (ragas, Langfuse dataset items, LangSmith examples, csv) need nothing from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workbench.ingest.log_values import number_of

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Results:
    """Rows in plain form, and what the file says about the run as a whole."""

    rows: Sequence[Json]
    header: Json


def tool_results(value: object) -> Results | None:
    """The results in a parsed file when a known tool wrote it, else None."""
    if not isinstance(value, dict):
        return None
    return next((read(value) for recognised, read in TOOLS.values() if recognised(value)), None)


def _is_promptfoo(value: Json) -> bool:
    results = value.get("results")
    return (
        isinstance(results, dict)
        and isinstance(results.get("results"), list)
        and ("evalId" in value or "stats" in results)
    )


def _promptfoo(value: Json) -> Results:
    results = _object(value.get("results"))
    entries = [entry for entry in _list(results.get("results")) if isinstance(entry, dict)]
    eval_id = str(value.get("evalId") or "")
    several = len({entry.get("promptIdx") for entry in entries}) > 1
    header = {"run_id": eval_id or None, "at": results.get("timestamp") or value.get("createdAt")}
    return Results([_promptfoo_row(entry, eval_id, several) for entry in entries], header)


def _promptfoo_row(entry: Json, eval_id: str, several: bool) -> Json:
    test = _object(entry.get("testCase"))
    variables = {**_object(test.get("vars")), **_object(entry.get("vars"))}
    scores = {
        name: number
        for name, raw in _object(entry.get("namedScores")).items()
        if (number := number_of(raw)) is not None
    }
    named = {
        "item_id": _object(test.get("metadata")).get("id")
        or variables.pop("id", None)
        or test.get("description")
        or entry.get("testIdx"),
        "run_id": f"{eval_id} prompt {entry.get('promptIdx')}".strip() if several else None,
        "passed": entry.get("success"),
        "score": number_of(entry.get("score")),
    }
    return {**{f"vars.{name}": raw for name, raw in variables.items()}, **_component_scores(entry), **scores, **named}


def _component_scores(entry: Json) -> Json:
    components = _list(_object(entry.get("gradingResult")).get("componentResults"))
    found: dict[str, object] = {}
    for part in components:
        assertion = _object(_object(part).get("assertion"))
        name, score = assertion.get("metric") or assertion.get("type"), number_of(_object(part).get("score"))
        if isinstance(name, str) and score is not None:
            found.setdefault(name, score)
    return found


def _is_deepeval(value: Json) -> bool:
    run = _object(value.get("testRunData")) or value
    cases = _list(run.get("testCases")) or _list(run.get("test_cases"))
    return any("metricsData" in _object(case) or "metrics_data" in _object(case) for case in cases)


def _deepeval(value: Json) -> Results:
    run = _object(value.get("testRunData")) or value
    cases = _list(run.get("testCases")) or _list(run.get("test_cases"))
    header = {
        "run_id": run.get("identifier") or run.get("testRunId"),
        "at": run.get("createdAt") or run.get("timestamp"),
    }
    return Results([_deepeval_row(case) for case in cases if isinstance(case, dict)], header)


def _deepeval_row(case: Json) -> Json:
    metrics = _list(case.get("metricsData")) or _list(case.get("metrics_data"))
    scores = {name: score for name, score in map(_deepeval_score, metrics) if name and score is not None}
    named = {
        "item_id": case.get("name"),
        "question": case.get("input"),
        "reference": case.get("expectedOutput") or case.get("expected_output"),
        "passed": case.get("success"),
    }
    return {**scores, **named}


def _deepeval_score(metric: object) -> tuple[str, float | None]:
    return str(_object(metric).get("name") or ""), number_of(_object(metric).get("score"))


def _object(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


TOOLS: Mapping[str, tuple[Callable[[Json], bool], Callable[[Json], Results]]] = {
    "promptfoo": (_is_promptfoo, _promptfoo),
    "deepeval": (_is_deepeval, _deepeval),
}
"""Tool -> (whether a parsed file is its result, the result in plain form)."""
